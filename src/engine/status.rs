//! Status: what of a stack exists, and how its instances are.

use std::fmt;

use serde::Serialize;

use crate::aws::{Cx, group_snapshots};
use crate::error::Result;
use crate::look::{Line, Look, Tone};
use crate::plan::{Action, Plan, short};
use crate::resource::AnyOutputs;
use crate::stack::Address;

/// What of a stack exists, and how its instances are. Show it with `Display`.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use purlin::{Deployer, Ingress, SecurityGroup, Stack, Vpc, sim::SimAws};
/// # let sim = SimAws::new();
/// # sim.add_vpc("VPC-Lab", "10.0.0.0/16");
/// # let mut stack = Stack::new("web");
/// # let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// # let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
/// # let group = stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
/// # let deployer = Deployer::new(sim.aws());
/// deployer.apply(deployer.plan(&stack).await?).await?;
/// let status = deployer.status(&stack).await?;
/// assert!(status.resources[0].as_declared);
/// println!("{status}");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// The declared resources, in the order of declaration.
    pub resources: Vec<ResourceStatus>,
    /// The Auto Scaling groups that exist.
    pub groups: Vec<GroupStatus>,
    /// The addresses at which load balancers answer.
    pub dns_names: Vec<(Address, String)>,
}

/// A declared resource.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct ResourceStatus {
    /// The address in the stack.
    pub address: Address,
    /// The id or ARN, if it exists.
    pub id: Option<String>,
    /// Whether it is as declared.
    pub as_declared: bool,
}

/// An Auto Scaling group.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct GroupStatus {
    /// The name.
    pub name: String,
    /// The least number of instances.
    pub min: i32,
    /// The greatest number of instances.
    pub max: i32,
    /// The number of instances that it is to have now.
    pub desired: i32,
    /// The instances that it has.
    pub instances: Vec<InstanceStatus>,
}

/// An instance of an Auto Scaling group.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct InstanceStatus {
    /// The id.
    pub id: String,
    /// The Availability Zone.
    pub zone: String,
    /// The instance type.
    pub instance_type: String,
    /// The version of the launch template that it was launched from.
    pub template_version: Option<String>,
    /// The state in the group, such as `InService`.
    pub lifecycle: String,
    /// What the group thinks of it: `Healthy` or `Unhealthy`.
    pub health: String,
    /// What each of the target groups thinks of it, such as `healthy`.
    pub targets: Vec<String>,
}

pub(super) async fn status(cx: &Cx<'_>, plan: Plan) -> Result<Status> {
    let mut names = Vec::new();
    let mut dns_names = Vec::new();
    for (address, outputs) in plan.addresses.iter().zip(&plan.known) {
        match outputs {
            Some(AnyOutputs::AutoScalingGroup(group)) => names.push(group.name.to_string()),
            Some(AnyOutputs::LoadBalancer(balancer)) => dns_names.push((address.clone(), balancer.dns_name.clone())),
            _ => {}
        }
    }
    let groups = group_snapshots(cx, &names).await?.into_iter().map(|group| GroupStatus {
        name: group.name,
        min: group.min,
        max: group.max,
        desired: group.desired,
        instances: group
            .instances
            .into_iter()
            .map(|instance| InstanceStatus {
                id: instance.id,
                zone: instance.zone,
                instance_type: instance.instance_type,
                template_version: instance.template_version,
                lifecycle: instance.lifecycle,
                health: instance.health,
                targets: instance.targets.into_iter().map(|target| target.state).collect(),
            })
            .collect(),
    });
    let resources = plan
        .changes
        .iter()
        .filter(|change| !change.action.is_delete() && change.action != Action::Release)
        .map(|change| ResourceStatus {
            address: change.address.clone(),
            id: change.id.clone(),
            as_declared: change.action == Action::Keep,
        })
        .collect();
    Ok(Status { resources, groups: groups.collect(), dns_names })
}

impl Status {
    /// Returns the status as text that looks as asked for; ids are shortened where they would not fit.
    pub fn display(&self, look: Look) -> impl fmt::Display + '_ {
        fmt::from_fn(move |f| self.write(look, f))
    }

    fn write(&self, look: Look, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for resource in &self.resources {
            let line = Line::new(4).add(Tone::Strong, resource.address.as_str()).plain("  ");
            let (tone, note) = match &resource.id {
                None => (Tone::Old, "does not exist"),
                Some(_) if resource.as_declared => (Tone::Plain, ""),
                Some(_) => (Tone::Changed, "  (not as declared)"),
            };
            let id = resource.id.clone().unwrap_or_default();
            let whole = line.clone().plain(&id).add(tone, note);
            if look.fits(&whole) {
                whole.write(look, f)?;
            } else {
                line.plain(short(&id)).add(tone, note).write(look, f)?;
            }
        }
        for (address, name) in &self.dns_names {
            let line = Line::new(4).add(Tone::Strong, address.as_str());
            line.plain(format!(" answers at http://{name}")).write(look, f)?;
        }
        for group in &self.groups {
            let sizes = format!(": {} instances wanted, from {} to {}", group.desired, group.min, group.max);
            Line::new(4).add(Tone::Strong, &group.name).plain(sizes).write(look, f)?;
            for instance in &group.instances {
                let InstanceStatus { id, zone, instance_type, lifecycle, targets, .. } = instance;
                let line = Line::new(8).plain(format!("    {id}  {zone}  {instance_type}  {lifecycle}  target "));
                let tone = if targets.iter().all(|state| state == "healthy") { Tone::New } else { Tone::Changed };
                let line = match targets.is_empty() {
                    true => line.add(Tone::Faint, "not registered"),
                    false => line.add(tone, targets.join(", ")),
                };
                line.write(look, f)?;
            }
        }
        Ok(())
    }
}

/// As [`Status::display`] shows it, without colours and with whole ids.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Look::plain(), f)
    }
}
