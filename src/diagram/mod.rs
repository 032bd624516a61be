//! Pictures for design documents: the architecture of a stack, and the steps of a plan.

mod grid;
mod launch;
mod layout;
mod mermaid;
mod model;
mod panel;
mod places;
mod read;
mod route;
mod scene;
mod steps;
mod svg;
#[cfg(test)]
mod tests;
mod text;

use crate::plan::Plan;
use crate::stack::Stack;

#[cfg(feature = "aws")]
use model::Instance;
use model::Model;
pub use steps::DeployGraph;

/// The architecture of a stack as a picture: who is outside, load balancers and what they listen
/// to, target groups, Availability Zones with their subnets, instances, and security groups with
/// who may talk to whom.
///
/// [`Architecture::of`] shows what a stack declares, and needs no account; there, Availability Zones
/// are assumed from the names or the order of subnets. [`Architecture::planned`] shows it with what
/// [`Deployer::plan`](crate::Deployer::plan) has found: zones, ids, DNS names.
///
/// User data, client secrets and the values of header and query conditions are never in it.
///
/// ```
/// use purlin::{Architecture, Ingress, LoadBalancer, SecurityGroup, Stack, Subnets, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
/// let group = SecurityGroup::builder().name("Web-ALB-SG").description("HTTP").vpc(vpc);
/// let group = stack.add("alb", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
/// stack.add("web", LoadBalancer::application().name("Web-ALB").subnets(public).security_group(group).build());
///
/// let picture = Architecture::of(&stack).to_svg();
/// assert!(picture.starts_with("<svg") && picture.contains("TCP 80 from anywhere (IPv4)"));
/// ```
#[derive(Debug, Clone)]
pub struct Architecture {
    model: Model,
}

impl Architecture {
    /// Reads what a stack declares. What is wrong with the stack is not reported here, but by
    /// planning it.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        Self { model: read::read(stack, &[]) }
    }

    /// Reads what the stack of a plan declares, with what is known of it from AWS.
    #[must_use]
    pub fn planned(plan: &Plan) -> Self {
        Self { model: read::read(&plan.declared, &plan.known) }
    }

    /// Reads what a stack declares, with what a deploy of it has brought about. What has become of a
    /// stack since, a new plan and [`with_status`](Self::with_status) tell.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use purlin::{LoadBalancer, Stack, Subnets, sim::SimAws};
    /// # let sim = SimAws::new();
    /// # let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// # sim.add_public_subnet(&vpc, "Public subnet A", "ap-northeast-2a", "10.0.0.0/24");
    /// # sim.add_public_subnet(&vpc, "Public subnet C", "ap-northeast-2c", "10.0.1.0/24");
    /// # let mut stack = Stack::new("web");
    /// # let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]));
    /// # let balancer = stack.add("web", LoadBalancer::application().name("Web-ALB").subnets(public).build());
    /// use purlin::{Architecture, Deployer};
    ///
    /// let deployer = Deployer::new(sim.aws());
    /// let live = deployer.apply(deployer.plan(&stack).await?).await?;
    /// let picture = Architecture::deployed(&stack, &live).to_svg();
    /// assert!(picture.contains(&live.get(balancer).dns_name) && picture.contains("ap-northeast-2a"));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the stack is not the one that was deployed.
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn deployed(stack: &Stack, live: &crate::Live) -> Self {
        assert_eq!(stack.id(), live.stack_id, "what is live belongs to another stack");
        Self { model: read::read(stack, &live.outputs) }
    }

    /// Returns the picture as an SVG document. It needs nothing from elsewhere, and has a width and
    /// a height.
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::write(&layout::draw(&self.model))
    }

    /// Returns the picture as a Mermaid flowchart, which renders where Markdown is shown. Nodes stand
    /// where Mermaid puts them; the SVG is the better picture.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        mermaid::write(&self.model)
    }

    /// Shows the instances that the Auto Scaling groups have, with their ids and how they are, in
    /// the place of those that they start with.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use purlin::{AutoScalingGroup, Image, LaunchTemplate, Stack, Subnets, Vpc, sim::SimAws};
    /// # let sim = SimAws::new();
    /// # let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// # sim.add_subnet(&vpc, "Private subnet A", "ap-northeast-2a", "10.0.2.0/24");
    /// # sim.add_image("Web Server v1");
    /// # let mut stack = Stack::new("web");
    /// # let private = stack.add("private", Subnets::named(["Private subnet A"]));
    /// # let image = stack.add("web", Image::named("Web Server v1"));
    /// # let template = LaunchTemplate::builder().name("Web").image(image).instance_type("t2.micro").build();
    /// # let template = stack.add("web", template);
    /// # let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(private);
    /// # stack.add("web", group.sizes(1..=2).build());
    /// use purlin::{Architecture, Deployer};
    ///
    /// let deployer = Deployer::new(sim.aws());
    /// deployer.apply(deployer.plan(&stack).await?).await?;
    ///
    /// let plan = deployer.plan(&stack).await?;
    /// let status = deployer.status(&stack).await?;
    /// let picture = Architecture::planned(&plan).with_status(&status).to_svg();
    /// assert!(picture.contains(&status.groups[0].instances[0].id));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn with_status(mut self, status: &crate::Status) -> Self {
        let Model { bands, subnets, zones, .. } = &mut self.model;
        for group in &status.groups {
            let Some(band) = bands.iter_mut().find(|band| !band.is_balancer && band.title == group.name) else {
                continue;
            };
            if let Some(line) = band.lines.first_mut() {
                *line = format!("{} to {} instances, {} wanted now", group.min, group.max, group.desired);
            }
            let place = |zone: &str| {
                let of_zone = band.subnets.iter().find(|subnet| zones[subnets[**subnet].zone].name == zone);
                of_zone.or(band.subnets.first()).copied()
            };
            let instance = |instance: &crate::InstanceStatus| {
                let targets = instance.targets.iter().map(String::as_str);
                let parts = [instance.instance_type.as_str(), instance.lifecycle.as_str()].into_iter().chain(targets);
                let line = parts.collect::<Vec<_>>().join(", ");
                Some((place(&instance.zone)?, Instance { title: instance.id.clone(), line }))
            };
            band.instances = group.instances.iter().filter_map(instance).collect();
        }
        self
    }
}
