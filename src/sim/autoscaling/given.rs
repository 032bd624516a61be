//! What tests give to the simulated Auto Scaling and see inside it.

use aws_sdk_autoscaling::operation::create_auto_scaling_group::CreateAutoScalingGroupInput;
use aws_sdk_autoscaling::types::LaunchTemplateSpecification;

use super::group;
use super::state::{Group, Member};
use crate::sim::SimAws;

/// The size of a simulated Auto Scaling group, and its instances.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimAutoScalingGroup {
    /// The minimum size.
    pub min: i32,
    /// The maximum size.
    pub max: i32,
    /// The desired capacity.
    pub desired: i32,
    /// All instances of the group, those on their way in and out included, in order of launch.
    pub instances: Vec<SimGroupInstance>,
}

impl SimAutoScalingGroup {
    /// Counts the instances in service.
    #[must_use]
    pub fn in_service(&self) -> usize {
        self.instances.iter().filter(|instance| instance.lifecycle == "InService").count()
    }
}

/// An instance of a simulated Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimGroupInstance {
    /// The instance id.
    pub id: String,
    /// The subnet in which it runs.
    pub subnet: String,
    /// The availability zone of the subnet.
    pub zone: String,
    /// The version of the launch template that it was launched from.
    pub template_version: i64,
    /// The lifecycle state as AWS names it: `Pending`, `InService`, `Terminating`, …
    pub lifecycle: String,
    /// Whether Auto Scaling holds it to be healthy.
    pub healthy: bool,
}

impl SimAutoScalingGroup {
    fn of(group: &Group) -> Self {
        Self {
            min: group.size.min,
            max: group.size.max,
            desired: group.size.desired,
            instances: group.members.iter().map(SimGroupInstance::of).collect(),
        }
    }
}

impl SimGroupInstance {
    fn of(member: &Member) -> Self {
        Self {
            id: member.id.clone(),
            subnet: member.subnet.clone(),
            zone: member.zone.clone(),
            template_version: member.template.version,
            lifecycle: member.lifecycle().as_str().to_owned(),
            healthy: member.healthy,
        }
    }
}

impl SimAws {
    /// Sets the CPU work of an Auto Scaling group, in percent of one instance.
    ///
    /// It is spread evenly: the CPU utilization of an instance is the work divided by the number of
    /// instances in service, at most 100. The group need not exist yet; without this call it has no
    /// work. Target tracking policies on the average CPU utilization follow it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// // As much as two and a half instances can do.
    /// sim.set_load("web", 250.0);
    /// # }
    /// ```
    pub fn set_load(&self, group: &str, percent: f64) {
        self.shared.lock().autoscaling.loads.insert(group.to_owned(), percent.max(0.0));
    }

    /// Looks at the size and the instances of an Auto Scaling group; `None` when there is no such
    /// group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use purlin::sim::SimAws;
    ///
    /// let sim = SimAws::new();
    /// assert!(sim.auto_scaling_group("web").is_none());
    /// # }
    /// ```
    #[must_use]
    pub fn auto_scaling_group(&self, group: &str) -> Option<SimAutoScalingGroup> {
        self.shared.lock().autoscaling.groups.get(group).map(SimAutoScalingGroup::of)
    }

    /// Adds an Auto Scaling group as if somebody else had created it, with `size` instances from
    /// the default version of a launch template (by name) in the subnets.
    ///
    /// # Panics
    ///
    /// Panics when AWS would refuse it, for instance because the template does not exist.
    pub fn add_auto_scaling_group(&self, name: &str, template: &str, subnets: &[&str], size: i32) {
        let input = CreateAutoScalingGroupInput::builder()
            .auto_scaling_group_name(name)
            .launch_template(LaunchTemplateSpecification::builder().launch_template_name(template).build())
            .vpc_zone_identifier(subnets.join(","))
            .min_size(size)
            .max_size(size)
            .build()
            .unwrap_or_else(|error| panic!("{error}"));
        let refused = group::create(&mut self.shared.lock(), &input).err();
        if let Some(error) = refused {
            panic!("cannot add the Auto Scaling group {name}: {}: {}", error.code, error.message);
        }
    }
}
