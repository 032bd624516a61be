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
}
