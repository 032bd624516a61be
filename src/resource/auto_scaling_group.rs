//! Auto Scaling groups: how many instances there are, where, and who looks after them.

use std::collections::BTreeMap;
use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::{AutoScalingGroupName, LaunchTemplateId, SubnetId, TargetGroupArn};
use crate::input::{Input, IntoInput, Ref, sources};
use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::names::names;
use super::{Describe, LaunchTemplate, Operation, Property, Visit};

/// An Auto Scaling group: a number of equal instances, kept up and scaled.
///
/// Follows `CreateAutoScalingGroup` and `UpdateAutoScalingGroup` of the EC2 Auto Scaling API. Only
/// the name forces a replacement. The desired capacity is where the group starts; afterwards it
/// belongs to scaling, unless it is pinned.
///
/// ```
/// # use purlin::{LaunchTemplate, Ref, Stack, Subnets, TargetGroup};
/// use purlin::AutoScalingGroup;
///
/// # fn declare(stack: &mut Stack, template: Ref<LaunchTemplate>, private: Ref<Subnets>, targets: Ref<TargetGroup>) {
/// stack.add(
///     "web",
///     AutoScalingGroup::builder()
///         .name("Web-ASG")
///         .launch_template(template)
///         .subnets(private)
///         .target_group(targets)
///         .sizes(2..=4)
///         .desired_capacity(2)
///         .group_metrics()
///         .tag("Name", "ASG-Web-Instance")
///         .build(),
/// );
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, mutators(
    /// Registers the instances with a target group; may be repeated. Sets `TargetGroupARNs`.
    pub fn target_group(&mut self, group: impl IntoInput<TargetGroupArn>) {
        self.target_groups.push(group.into_input());
    }
    /// Has the group send all its metrics to CloudWatch, a value a minute
    /// (`EnableMetricsCollection`).
    pub fn group_metrics(&mut self) {
        self.metrics = GroupMetric::ALL.to_vec();
    }
    /// Has the group send some of its metrics to CloudWatch, a value a minute
    /// (`EnableMetricsCollection`).
    pub fn group_metrics_of(&mut self, metrics: impl IntoIterator<Item = GroupMetric>) {
        self.metrics = metrics.into_iter().collect();
    }
    /// Sets a tag of the group and of what it launches from now on; may be repeated.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key.into(), GroupTag { value: value.into(), propagate: true });
    }
    /// Sets a tag of the group only; may be repeated.
    pub fn tag_group_only(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key.into(), GroupTag { value: value.into(), propagate: false });
    }
))]
#[non_exhaustive]
pub struct AutoScalingGroup {
    /// The name: 1 to 255 printable ASCII characters without spaces and `:`, unique in the account
    /// and region. Sets `AutoScalingGroupName`.
    #[builder(setter(into))]
    pub(crate) name: String,
    /// What is launched: a template of the stack, whose latest version is followed by number, or
    /// any template by id and version. Sets `LaunchTemplate`.
    #[builder(setter(transform = |template: impl Into<TemplateVersion>| template.into()))]
    pub(crate) launch_template: TemplateVersion,
    /// The subnets, over whose zones instances are spread. Sets `VPCZoneIdentifier`.
    #[builder(setter(transform = |subnets: impl IntoInput<Vec<SubnetId>>| subnets.into_input()))]
    pub(crate) subnets: Input<Vec<SubnetId>>,
    /// The least and the greatest number of instances, both from 0. Sets `MinSize` and `MaxSize`.
    #[builder(setter(transform = |sizes: std::ops::RangeInclusive<u32>| (*sizes.start(), *sizes.end())))]
    pub(crate) sizes: (u32, u32),
    /// The number of instances that the group starts with; scaling owns it afterwards. AWS's
    /// default is the least size. Sets `DesiredCapacity`.
    #[builder(default, setter(strip_option))]
    pub(crate) desired_capacity: Option<u32>,
    /// Whether each deploy sets the number of instances to `desired_capacity` again. For groups
    /// that nothing scales.
    #[builder(default)]
    pub(crate) pin_desired_capacity: bool,
    /// Who else besides EC2 says whether an instance is healthy. AWS's default is nobody. Sets
    /// `HealthCheckType`.
    #[builder(default, setter(strip_option))]
    pub(crate) health_check: Option<GroupHealthCheck>,
    /// How long health checks of new instances are ignored. AWS's default is zero. Sets
    /// `HealthCheckGracePeriod`.
    #[builder(default, setter(strip_option))]
    pub(crate) health_check_grace_period: Option<Duration>,
    /// How long a simple scaling waits after another. AWS's default is 300 s. Sets
    /// `DefaultCooldown`.
    #[builder(default, setter(strip_option))]
    pub(crate) default_cooldown: Option<Duration>,
    /// How long a new instance's metrics do not count. Sets `DefaultInstanceWarmup`.
    #[builder(default, setter(strip_option))]
    pub(crate) default_instance_warmup: Option<Duration>,
    /// Whether new instances are protected from scale-in. AWS's default is no. Sets
    /// `NewInstancesProtectedFromScaleIn`.
    #[builder(default, setter(strip_option))]
    pub(crate) protect_from_scale_in: Option<bool>,
    /// How long an instance may live: at least a day. AWS's default is no limit. Sets
    /// `MaxInstanceLifetime`.
    #[builder(default, setter(strip_option))]
    pub(crate) max_instance_lifetime: Option<Duration>,
    /// Which instance goes first at scale-in, such as `OldestInstance`. AWS's default is
    /// `Default`. Sets `TerminationPolicies`.
    #[builder(default, setter(transform = |policies: impl IntoIterator<Item = &'static str>| {
        policies.into_iter().map(ToOwned::to_owned).collect()
    }))]
    pub(crate) termination_policies: Vec<String>,
    #[builder(via_mutators)]
    pub(crate) target_groups: Vec<Input<TargetGroupArn>>,
    #[builder(via_mutators)]
    pub(crate) metrics: Vec<GroupMetric>,
    #[builder(via_mutators)]
    pub(crate) tags: BTreeMap<String, GroupTag>,
}

/// What AWS hands out for an Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AutoScalingGroupOutputs {
    /// The name, which is a derived one after a replacement.
    pub name: AutoScalingGroupName,
}

sources! {
    AutoScalingGroup => "name": AutoScalingGroupName;
}

/// A launch template and which of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateVersion {
    pub(crate) id: Input<LaunchTemplateId>,
    pub(crate) version: Input<String>,
}

impl TemplateVersion {
    /// A version of a template: a number, `$Latest` or `$Default`.
    pub fn new(template: impl IntoInput<LaunchTemplateId>, version: impl Into<String>) -> Self {
        Self { id: template.into_input(), version: Input::known(version.into()) }
    }
}

/// The latest version, by number: the group changes when the template does.
impl From<Ref<LaunchTemplate>> for TemplateVersion {
    fn from(template: Ref<LaunchTemplate>) -> Self {
        Self { id: template.into_input(), version: Input::pending(template.attr("latest_version")) }
    }
}

/// The value of a tag, and whether instances get it too; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTag {
    pub(crate) value: String,
    pub(crate) propagate: bool,
}

impl ToValue for GroupTag {
    fn to_value(&self) -> Value {
        if self.propagate {
            Value::map([("value", Value::of(&self.value)), ("propagate", Value::Bool(true))])
        } else {
            Value::of(&self.value)
        }
    }
}

names! {
    /// Who else besides EC2 says whether an instance is healthy.
    GroupHealthCheck {
        /// Nobody; AWS's default.
        Ec2 = "EC2",
        /// The load balancers.
        LoadBalancer = "ELB",
    }
}

names! {
    /// A metric that an Auto Scaling group sends to CloudWatch.
    GroupMetric {
        /// The least size.
        MinSize = "GroupMinSize",
        /// The greatest size.
        MaxSize = "GroupMaxSize",
        /// The desired capacity.
        DesiredCapacity = "GroupDesiredCapacity",
        /// Instances in service.
        InServiceInstances = "GroupInServiceInstances",
        /// Instances that are not in service yet.
        PendingInstances = "GroupPendingInstances",
        /// Instances on standby.
        StandbyInstances = "GroupStandbyInstances",
        /// Instances that are going.
        TerminatingInstances = "GroupTerminatingInstances",
        /// All instances.
        TotalInstances = "GroupTotalInstances",
        /// Capacity units in service.
        InServiceCapacity = "GroupInServiceCapacity",
        /// Capacity units that are not in service yet.
        PendingCapacity = "GroupPendingCapacity",
        /// Capacity units on standby.
        StandbyCapacity = "GroupStandbyCapacity",
        /// Capacity units that are going.
        TerminatingCapacity = "GroupTerminatingCapacity",
        /// All capacity units.
        TotalCapacity = "GroupTotalCapacity",
        /// The desired capacity of the warm pool.
        WarmPoolDesiredCapacity = "WarmPoolDesiredCapacity",
        /// Warm instances.
        WarmPoolWarmedCapacity = "WarmPoolWarmedCapacity",
        /// Instances of the warm pool that are not warm yet.
        WarmPoolPendingCapacity = "WarmPoolPendingCapacity",
        /// Instances of the warm pool that are going.
        WarmPoolTerminatingCapacity = "WarmPoolTerminatingCapacity",
        /// All instances of the warm pool.
        WarmPoolTotalCapacity = "WarmPoolTotalCapacity",
        /// Desired capacity of the group and its warm pool.
        GroupAndWarmPoolDesiredCapacity = "GroupAndWarmPoolDesiredCapacity",
        /// All capacity of the group and its warm pool.
        GroupAndWarmPoolTotalCapacity = "GroupAndWarmPoolTotalCapacity",
    }
}

impl GroupMetric {
    /// All metrics, as AWS enables them when none is named.
    pub(crate) const ALL: [Self; 20] = [
        Self::MinSize,
        Self::MaxSize,
        Self::DesiredCapacity,
        Self::InServiceInstances,
        Self::PendingInstances,
        Self::StandbyInstances,
        Self::TerminatingInstances,
        Self::TotalInstances,
        Self::InServiceCapacity,
        Self::PendingCapacity,
        Self::StandbyCapacity,
        Self::TerminatingCapacity,
        Self::TotalCapacity,
        Self::WarmPoolDesiredCapacity,
        Self::WarmPoolWarmedCapacity,
        Self::WarmPoolPendingCapacity,
        Self::WarmPoolTerminatingCapacity,
        Self::WarmPoolTotalCapacity,
        Self::GroupAndWarmPoolDesiredCapacity,
        Self::GroupAndWarmPoolTotalCapacity,
    ];
}

impl AutoScalingGroup {
    /// All templates that the group launches from, each with its version.
    pub(crate) fn template_versions(&self) -> impl Iterator<Item = &TemplateVersion> {
        std::iter::once(&self.launch_template)
    }
}

const UPDATE: Operation = Operation::UpdateAutoScalingGroup;

impl Describe for AutoScalingGroup {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "CreateAutoScalingGroup.AutoScalingGroupName", |r| Value::of(&r.name)),
        Property::<Self>::new("launch_template.id", "CreateAutoScalingGroup.LaunchTemplate.LaunchTemplateId", |r| {
            Value::of(&r.launch_template.id)
        })
        .updated_by(UPDATE),
        Property::<Self>::new("launch_template.version", "CreateAutoScalingGroup.LaunchTemplate.Version", |r| {
            Value::of(&r.launch_template.version)
        })
        .updated_by(UPDATE),
        Property::<Self>::new("subnets", "CreateAutoScalingGroup.VPCZoneIdentifier", |r| Value::of(&r.subnets))
            .unordered()
            .updated_by(UPDATE),
        Property::<Self>::new("min_size", "CreateAutoScalingGroup.MinSize", |r| Value::of(&r.sizes.0))
            .updated_by(UPDATE),
        Property::<Self>::new("max_size", "CreateAutoScalingGroup.MaxSize", |r| Value::of(&r.sizes.1))
            .updated_by(UPDATE),
        Property::<Self>::new("desired_capacity", "CreateAutoScalingGroup.DesiredCapacity", |r| {
            Value::of(&r.desired_capacity)
        })
        .unmanaged()
        .depends(|desired, _| {
            if desired.pin_desired_capacity { super::Update::Call(UPDATE) } else { super::Update::Initial }
        }),
        Property::<Self>::new("target_groups", "CreateAutoScalingGroup.TargetGroupARNs", |r| {
            if r.target_groups.is_empty() { Value::Unset } else { Value::of(&r.target_groups) }
        })
        .elements(Operation::AttachLoadBalancerTargetGroups, Operation::DetachLoadBalancerTargetGroups),
        Property::<Self>::new("health_check", "CreateAutoScalingGroup.HealthCheckType", |r| Value::of(&r.health_check))
            .or(|_| Value::of(&GroupHealthCheck::Ec2))
            .updated_by(UPDATE),
        Property::<Self>::new("health_check_grace_period", "CreateAutoScalingGroup.HealthCheckGracePeriod", |r| {
            Value::of(&r.health_check_grace_period)
        })
        .or(|_| Value::Integer(0))
        .updated_by(UPDATE),
        Property::<Self>::new("default_cooldown", "CreateAutoScalingGroup.DefaultCooldown", |r| {
            Value::of(&r.default_cooldown)
        })
        .or(|_| Value::Integer(300))
        .updated_by(UPDATE),
        Property::<Self>::new("default_instance_warmup", "CreateAutoScalingGroup.DefaultInstanceWarmup", |r| {
            Value::of(&r.default_instance_warmup)
        })
        .updated_by(UPDATE),
        Property::<Self>::new(
            "protect_from_scale_in",
            "CreateAutoScalingGroup.NewInstancesProtectedFromScaleIn",
            |r| Value::of(&r.protect_from_scale_in),
        )
        .or(|_| Value::Bool(false))
        .updated_by(UPDATE),
        Property::<Self>::new("max_instance_lifetime", "CreateAutoScalingGroup.MaxInstanceLifetime", |r| {
            Value::of(&r.max_instance_lifetime)
        })
        .updated_by(UPDATE),
        Property::<Self>::new("termination_policies", "CreateAutoScalingGroup.TerminationPolicies", |r| {
            if r.termination_policies.is_empty() { Value::Unset } else { Value::of(&r.termination_policies) }
        })
        .or(|_| Value::List(vec![Value::of("Default")]))
        .updated_by(UPDATE),
        Property::<Self>::new("metrics", "EnableMetricsCollection.Metrics", |r| {
            if r.metrics.is_empty() { Value::Unset } else { Value::of(&r.metrics) }
        })
        .elements(Operation::EnableMetricsCollection, Operation::DisableMetricsCollection)
        .after_create(),
        Property::<Self>::new("tags", "CreateAutoScalingGroup.Tags", |r| {
            if r.tags.is_empty() { Value::Unset } else { Value::of(&r.tags) }
        })
        .elements(Operation::CreateOrUpdateTags, Operation::DeleteTags),
    ];
    const CREATE: Operation = Operation::CreateAutoScalingGroup;
    const DELETE: Operation = Operation::DeleteAutoScalingGroup;
    const SETTLES: bool = true;
    const LINGERS: bool = true;

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.name)]
    }

    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        Some((&mut self.name, 255))
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key.to_owned(), GroupTag { value: value.to_owned(), propagate: false });
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.contains_key(key)
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.launch_template.id);
        visit(&mut self.launch_template.version);
        visit(&mut self.subnets);
        self.target_groups.iter_mut().for_each(|group| visit(group));
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        problems.text(
            "V153",
            "name",
            &self.name,
            1..=255,
            |c| c.is_ascii_graphic() && c != ':',
            "printable ASCII characters other than space and `:`",
        );
        let (min, max) = self.sizes;
        if min > max {
            problems.report("V154", "sizes", format!("{min}..={max}"), "the least size must not be above the greatest");
        } else {
            problems.range("V155", "desired_capacity", self.desired_capacity, min..=max);
        }
        if self.pin_desired_capacity && self.desired_capacity.is_none() {
            problems.report("V155", "desired_capacity", "", "is needed to pin it");
        }
        if self.health_check == Some(GroupHealthCheck::LoadBalancer) && self.target_groups.is_empty() {
            problems.report("V162", "health_check", "ELB", "needs a target group");
        }
        problems.range(
            "V164",
            "max_instance_lifetime",
            self.max_instance_lifetime.map(|d| d.as_secs()),
            86400..=31_536_000,
        );
        let tags = super::Tags(self.tags.iter().map(|(key, tag)| (key.clone(), tag.value.clone())).collect());
        tags.validate(problems);
    }

    fn output(outputs: &AutoScalingGroupOutputs, name: &str) -> Value {
        if name == "name" { Value::of(&outputs.name) } else { Value::Unset }
    }

    fn id(outputs: &AutoScalingGroupOutputs) -> &str {
        outputs.name.as_str()
    }
}
