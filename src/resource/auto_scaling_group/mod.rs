//! Auto Scaling groups: how many instances there are, where, and who looks after them.

mod launch;
mod options;
mod parts;
mod refresh;
mod validate;

use std::collections::BTreeMap;
use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::{AutoScalingGroupName, TargetGroupArn};
use crate::input::{Input, IntoInput, sources};
use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::{Consequence, Describe, Operation, Property, ResourceType, Rights, Update, Visit, tags};

pub use launch::*;
pub use options::*;
pub use parts::*;
pub use refresh::*;

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
    /// Registers the instances with a target group of VPC Lattice, by its ARN; may be repeated.
    /// Sets `TrafficSources`.
    pub fn vpc_lattice_target_group(&mut self, arn: impl Into<String>) {
        self.traffic_sources.push(arn.into());
    }
    /// Names who else besides EC2 says whether an instance is healthy; may be repeated. AWS's
    /// default is nobody. Sets `HealthCheckType`.
    pub fn health_check(&mut self, check: GroupHealthCheck) {
        if !self.health_checks.contains(&check) {
            self.health_checks.push(check);
        }
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
    /// Adds a lifecycle hook; may be repeated. Sets `LifecycleHookSpecificationList`.
    pub fn lifecycle_hook(&mut self, hook: LifecycleHook) {
        self.lifecycle_hooks.push(hook);
    }
    /// Sets a tag of the group and of what it launches from now on; may be repeated. Sets `Tags`.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key.into(), GroupTag { value: value.into(), propagate: true });
    }
    /// Sets a tag of the group only; may be repeated. Sets `Tags`.
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
    /// What is launched: a template of the stack, whose latest version is followed by number; any
    /// template by id and version ([`TemplateVersion`]); or several instance types around one
    /// ([`MixedInstances`]). Sets `LaunchTemplate` or `MixedInstancesPolicy`.
    #[builder(setter(transform = |launch: impl Into<GroupLaunch>| launch.into()))]
    pub(crate) launch_template: GroupLaunch,
    /// Where it is launched, spread over the zones: subnets, or the default subnets of zones
    /// ([`DefaultSubnets`]). Sets `VPCZoneIdentifier`, or `AvailabilityZones` or
    /// `AvailabilityZoneIds`.
    #[builder(setter(transform = |place: impl IntoGroupPlace| place.into_place()))]
    pub(crate) subnets: GroupPlace,
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
    /// What the sizes count, where instances are chosen by requirements. AWS's default is
    /// instances. Sets `DesiredCapacityType`.
    #[builder(default, setter(strip_option))]
    pub(crate) capacity_unit: Option<CapacityUnit>,
    /// How long health checks of new instances are ignored, in seconds. AWS's default is zero. Sets
    /// `HealthCheckGracePeriod`.
    #[builder(default, setter(strip_option))]
    pub(crate) health_check_grace_period: Option<Duration>,
    /// How long a simple scaling waits after another, in seconds. AWS's default is 300 s. Sets
    /// `DefaultCooldown`.
    #[builder(default, setter(strip_option))]
    pub(crate) default_cooldown: Option<Duration>,
    /// How long a new instance's metrics do not count, and an instance refresh waits for it, in
    /// seconds. AWS's default is none. Sets `DefaultInstanceWarmup`.
    #[builder(default, setter(strip_option))]
    pub(crate) default_instance_warmup: Option<Duration>,
    /// Whether new instances are protected from scale-in. AWS's default is no. Sets
    /// `NewInstancesProtectedFromScaleIn`.
    #[builder(default, setter(strip_option))]
    pub(crate) protect_from_scale_in: Option<bool>,
    /// Whether Spot Instances that AWS is about to take back are replaced beforehand. AWS's default
    /// is no. Sets `CapacityRebalance`.
    #[builder(default, setter(strip_option))]
    pub(crate) capacity_rebalance: Option<bool>,
    /// How long an instance may live: a day at least. AWS's default is no limit. Sets
    /// `MaxInstanceLifetime`.
    #[builder(default, setter(strip_option))]
    pub(crate) max_instance_lifetime: Option<Duration>,
    /// Which instance goes first at scale-in, by policies that are asked in this order. AWS's
    /// default is [`TerminationPolicy::Default`]. Sets `TerminationPolicies`.
    #[builder(default, setter(transform = |policies: impl IntoIterator<Item = TerminationPolicy>| {
        policies.into_iter().collect()
    }))]
    pub(crate) termination_policies: Vec<TerminationPolicy>,
    /// The name of the placement group, up to 255 characters; a cluster placement group takes one
    /// zone only. AWS's default is none. Sets `PlacementGroup`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) placement_group: Option<String>,
    /// The service-linked role by whose ARN the group calls other services. AWS's default is
    /// `AWSServiceRoleForAutoScaling`. Sets `ServiceLinkedRoleARN`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) service_linked_role: Option<String>,
    /// Reserved by AWS. AWS has no way to take it away again: left out, it stays. Sets `Context`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) context: Option<String>,
    /// How much of the desired capacity must stay in service, and may be there at most, when AWS
    /// replaces instances: percentages of 0 to 100 and 100 to 200, at most 100 apart. AWS's default
    /// is none. Sets `InstanceMaintenancePolicy`.
    #[builder(default, setter(transform = |healthy: std::ops::RangeInclusive<u32>| {
        Some((*healthy.start(), *healthy.end()))
    }))]
    pub(crate) instance_maintenance: Option<(u32, u32)>,
    /// How instances are spread when launches fail in a zone. AWS's default is
    /// [`ZoneDistribution::BalancedBestEffort`]. Sets `AvailabilityZoneDistribution`.
    #[builder(default, setter(strip_option))]
    pub(crate) zone_distribution: Option<ZoneDistribution>,
    /// What happens when a zone is impaired. Sets `AvailabilityZoneImpairmentPolicy`.
    #[builder(default, setter(strip_option))]
    pub(crate) zone_impairment: Option<ZoneImpairment>,
    /// Whether zonal shift is taken together with load balancers that do not balance across zones.
    /// It goes with each request, and AWS does not keep it. Sets `SkipZonalShiftValidation`.
    #[builder(default)]
    pub(crate) skip_zonal_shift_validation: bool,
    /// Which Capacity Reservations instances are launched into. Sets
    /// `CapacityReservationSpecification`.
    #[builder(default, setter(strip_option))]
    pub(crate) capacity_reservations: Option<GroupCapacityReservations>,
    /// What becomes of an instance whose terminating hook was abandoned. AWS's default is that it
    /// is terminated. Sets `InstanceLifecyclePolicy.RetentionTriggers.TerminateHookAbandon`.
    #[builder(default, setter(strip_option))]
    pub(crate) terminate_hook_abandon: Option<RetentionAction>,
    /// Whether the group can be deleted. A protected group is not deleted, nor replaced, before a
    /// deploy has taken the protection off: planning that is refused. AWS's default is that it can.
    /// Sets `DeletionProtection`.
    #[builder(default, setter(strip_option))]
    pub(crate) deletion_protection: Option<DeletionProtection>,
    /// What the group does not do by itself for now. Left out, nothing is suspended. Instances are
    /// not waited for while `Launch` is. Sets `ScalingProcesses` of `SuspendProcesses`.
    #[builder(default, setter(transform = |processes: impl IntoIterator<Item = ScalingProcess>| {
        processes.into_iter().collect()
    }))]
    pub(crate) suspended_processes: Vec<ScalingProcess>,
    /// Instances that are kept prepared. AWS's default is none. Sets the members of `PutWarmPool`.
    #[builder(default, setter(strip_option))]
    pub(crate) warm_pool: Option<WarmPool>,
    /// How instances are replaced when what is launched changes. Left out, they keep what they were
    /// launched with. Sets the members of `StartInstanceRefresh`.
    #[builder(default, setter(strip_option))]
    pub(crate) instance_refresh: Option<InstanceRefresh>,
    #[builder(via_mutators)]
    pub(crate) health_checks: Vec<GroupHealthCheck>,
    #[builder(via_mutators)]
    pub(crate) target_groups: Vec<Input<TargetGroupArn>>,
    #[builder(via_mutators)]
    pub(crate) traffic_sources: Vec<String>,
    #[builder(via_mutators)]
    pub(crate) metrics: Vec<GroupMetric>,
    #[builder(via_mutators)]
    pub(crate) lifecycle_hooks: Vec<LifecycleHook>,
    #[builder(via_mutators)]
    pub(crate) tags: BTreeMap<String, GroupTag>,
    /// The instances of an observed group.
    #[builder(default, setter(skip))]
    pub(crate) members: Vec<Member>,
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

/// What is known of an instance of a group; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The template and version that it was launched from; none where AWS does not say.
    pub(crate) template: Option<(String, String)>,
    pub(crate) protected: bool,
    pub(crate) standby: bool,
}

/// The name of the service-linked role that groups have by default.
pub(crate) const DEFAULT_ROLE: &str = "AWSServiceRoleForAutoScaling";

/// The tag of a group that records one of its parts; tags have 128 characters at most.
pub(crate) fn record_of(prefix: &str, name: &str) -> String {
    use sha2::{Digest, Sha256};
    if prefix.len() + name.len() <= 128 {
        return format!("{prefix}{name}");
    }
    let digest = Sha256::digest(name);
    let digest: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}{digest}")
}

impl AutoScalingGroup {
    /// What is launched, as properties of which a change means that instances are replaced.
    fn launches_otherwise(changed: &str) -> bool {
        changed.starts_with("launch_template.") || changed.starts_with("mixed_instances.")
    }

    /// Whether a refresh brings what is launched, and not an update: AWS can only go back to what the
    /// group launched when the refresh began.
    pub(crate) fn launch_rides(&self, observed: Option<&Self>) -> bool {
        self.instance_refresh.as_ref().is_some_and(InstanceRefresh::rolls_back)
            && observed.is_some_and(|observed| !observed.members.is_empty())
    }

    /// Whether the same is launched.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only the engine starts refreshes"))]
    pub(crate) fn launches_like(&self, observed: &Self) -> bool {
        Self::PROPERTIES
            .iter()
            .filter(|property| {
                matches!(property.path, "launch_template.id" | "launch_template.version" | "mixed_instances")
            })
            .all(|property| {
                let meant = |group| property.read(group).or_defaults(&property.default(group));
                meant(self) == meant(observed)
            })
    }

    /// The instances that a refresh would replace although nothing changes: they come from another
    /// version, as after a run that ended between the two calls.
    fn outdated(&self, refresh: &InstanceRefresh, observed: &Self) -> usize {
        let wanted: Vec<_> = self
            .launch_template
            .templates()
            .into_iter()
            .map(|template| Some((template.id.as_known()?.as_str().to_owned(), template.version.as_known()?.clone())))
            .collect();
        // What AWS picks by itself cannot be told from what it picked before.
        let Some(wanted) = wanted.into_iter().collect::<Option<Vec<_>>>() else { return 0 };
        if refresh.is_partial() || self.launch_template.templates().iter().any(|template| template.floats()) {
            return 0;
        }
        let spared = |member: &Member| {
            (member.protected && refresh.scale_in_protected == Some(ProtectedInstances::Ignore))
                || (member.standby && refresh.standby == Some(StandbyInstances::Ignore))
        };
        let outdated = |member: &&Member| {
            member.template.as_ref().is_some_and(|template| !wanted.contains(template)) && !spared(member)
        };
        observed.members.iter().filter(outdated).count()
    }
}

fn launch_update(desired: &AutoScalingGroup, observed: &AutoScalingGroup) -> Update<AutoScalingGroup> {
    Update::Call(if desired.launch_rides(Some(observed)) { Operation::StartInstanceRefresh } else { UPDATE })
}

const UPDATE: Operation = Operation::UpdateAutoScalingGroup;

/// A list, or unset where there is nothing in it.
fn list<T: ToValue>(values: &Vec<T>) -> Value {
    Value::of(values).unless_empty()
}

impl Describe for AutoScalingGroup {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "CreateAutoScalingGroup.AutoScalingGroupName", |r| Value::of(&r.name)),
        Property::<Self>::new("launch_template.id", "CreateAutoScalingGroup.LaunchTemplate.LaunchTemplateId", |r| {
            r.launch_template.template().map_or(Value::Unset, |template| Value::of(&template.id))
        })
        .depends(launch_update),
        Property::<Self>::new("launch_template.version", "CreateAutoScalingGroup.LaunchTemplate.Version", |r| {
            r.launch_template.template().map_or(Value::Unset, |template| Value::of(&template.version))
        })
        .depends(launch_update),
        Property::<Self>::new("mixed_instances", "CreateAutoScalingGroup.MixedInstancesPolicy", |r| {
            r.launch_template.mixed().map_or(Value::Unset, Value::of)
        })
        .or(|r| r.launch_template.mixed().map_or(Value::Unset, MixedInstances::defaults))
        .depends(launch_update),
        Property::<Self>::new("subnets", "CreateAutoScalingGroup.VPCZoneIdentifier", |r| {
            r.subnets.subnets().map_or(Value::Unset, Value::of)
        })
        .unordered()
        .updated_by(UPDATE),
        Property::<Self>::new("zones", "CreateAutoScalingGroup.AvailabilityZones", |r| {
            r.subnets.zones().map_or(Value::Unset, |zones| list(&zones.names))
        })
        .unordered()
        .depends(|desired, _| match desired.subnets.zones() {
            Some(zones) if !zones.by_id => Update::Call(UPDATE),
            _ => Update::Initial,
        }),
        Property::<Self>::new("zone_ids", "CreateAutoScalingGroup.AvailabilityZoneIds", |r| {
            r.subnets.zones().map_or(Value::Unset, |zones| list(&zones.ids))
        })
        .unordered()
        .depends(|desired, _| match desired.subnets.zones() {
            Some(zones) if zones.by_id => Update::Call(UPDATE),
            _ => Update::Initial,
        }),
        Property::<Self>::new("min_size", "CreateAutoScalingGroup.MinSize", |r| Value::of(&r.sizes.0))
            .updated_by(UPDATE),
        Property::<Self>::new("max_size", "CreateAutoScalingGroup.MaxSize", |r| Value::of(&r.sizes.1))
            .updated_by(UPDATE),
        Property::<Self>::new("desired_capacity", "CreateAutoScalingGroup.DesiredCapacity", |r| {
            Value::of(&r.desired_capacity)
        })
        .unmanaged()
        .depends(|desired, _| if desired.pin_desired_capacity { Update::Call(UPDATE) } else { Update::Initial }),
        Property::<Self>::new("capacity_unit", "CreateAutoScalingGroup.DesiredCapacityType", |r| {
            Value::of(&r.capacity_unit)
        })
        .or(|_| Value::of(&CapacityUnit::Units))
        .updated_by(UPDATE),
        Property::<Self>::new("target_groups", "CreateAutoScalingGroup.TargetGroupARNs", |r| list(&r.target_groups))
            .elements(Operation::AttachLoadBalancerTargetGroups, Operation::DetachLoadBalancerTargetGroups),
        Property::<Self>::new("traffic_sources", "CreateAutoScalingGroup.TrafficSources", |r| list(&r.traffic_sources))
            .elements(Operation::AttachTrafficSources, Operation::DetachTrafficSources),
        Property::<Self>::new("health_check", "CreateAutoScalingGroup.HealthCheckType", |r| list(&r.health_checks))
            .unordered()
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
        Property::<Self>::new("capacity_rebalance", "CreateAutoScalingGroup.CapacityRebalance", |r| {
            Value::of(&r.capacity_rebalance)
        })
        .or(|_| Value::Bool(false))
        .updated_by(UPDATE),
        Property::<Self>::new("max_instance_lifetime", "CreateAutoScalingGroup.MaxInstanceLifetime", |r| {
            Value::of(&r.max_instance_lifetime)
        })
        .updated_by(UPDATE),
        Property::<Self>::new("termination_policies", "CreateAutoScalingGroup.TerminationPolicies", |r| {
            list(&r.termination_policies)
        })
        .or(|_| Value::List(vec![Value::of("Default")]))
        .updated_by(UPDATE),
        Property::<Self>::new("placement_group", "CreateAutoScalingGroup.PlacementGroup", |r| {
            Value::of(&r.placement_group)
        })
        .updated_by(UPDATE),
        Property::<Self>::new("service_linked_role", "CreateAutoScalingGroup.ServiceLinkedRoleARN", |r| {
            let own = r.service_linked_role.as_ref().filter(|arn| !arn.ends_with(&format!("/{DEFAULT_ROLE}")));
            own.map_or(Value::Unset, Value::of)
        })
        .updated_by(UPDATE),
        Property::<Self>::new("context", "CreateAutoScalingGroup.Context", |r| Value::of(&r.context))
            .unmanaged()
            .updated_by(UPDATE),
        Property::<Self>::new("instance_maintenance", "CreateAutoScalingGroup.InstanceMaintenancePolicy", |r| {
            r.instance_maintenance.map_or(Value::Unset, |(min, max)| {
                Value::map([("min_healthy_percentage", Value::of(&min)), ("max_healthy_percentage", Value::of(&max))])
            })
        })
        .updated_by(UPDATE),
        Property::<Self>::new("zone_distribution", "CreateAutoScalingGroup.AvailabilityZoneDistribution", |r| {
            Value::of(&r.zone_distribution)
        })
        .or(|_| Value::of(&ZoneDistribution::BalancedBestEffort))
        .updated_by(UPDATE),
        Property::<Self>::new("zone_impairment", "CreateAutoScalingGroup.AvailabilityZoneImpairmentPolicy", |r| {
            Value::of(&r.zone_impairment)
        })
        .or(|_| {
            Value::map([
                ("zonal_shift", Value::Bool(false)),
                ("unhealthy", Value::of(&ImpairedZoneHealthCheck::Replace)),
            ])
        })
        .updated_by(UPDATE),
        Property::<Self>::new(
            "capacity_reservations",
            "CreateAutoScalingGroup.CapacityReservationSpecification",
            |r| Value::of(&r.capacity_reservations),
        )
        .or(|_| Value::map([("preference", Value::of(&CapacityReservationPreference::Default))]))
        .updated_by(UPDATE),
        Property::<Self>::new("terminate_hook_abandon", "CreateAutoScalingGroup.InstanceLifecyclePolicy", |r| {
            Value::of(&r.terminate_hook_abandon)
        })
        .or(|_| Value::of(&RetentionAction::Terminate))
        .updated_by(UPDATE),
        Property::<Self>::new("deletion_protection", "CreateAutoScalingGroup.DeletionProtection", |r| {
            Value::of(&r.deletion_protection)
        })
        .or(|_| Value::of(&DeletionProtection::None))
        .updated_by(UPDATE),
        Property::<Self>::new("metrics", "EnableMetricsCollection.Metrics", |r| list(&r.metrics))
            .elements(Operation::EnableMetricsCollection, Operation::DisableMetricsCollection)
            .after_create(),
        Property::<Self>::new("suspended_processes", "SuspendProcesses.ScalingProcesses", |r| {
            list(&r.suspended_processes)
        })
        .elements(Operation::SuspendProcesses, Operation::ResumeProcesses)
        .after_create(),
        Property::<Self>::new("warm_pool", "PutWarmPool", |r| Value::of(&r.warm_pool)).after_create().depends(
            |desired, _| {
                Update::Call(match desired.warm_pool {
                    Some(_) => Operation::PutWarmPool,
                    None => Operation::DeleteWarmPool,
                })
            },
        ),
        // Before what they record: they are there before it is, and go after it.
        Property::<Self>::new("tags", "CreateAutoScalingGroup.Tags", |r| Value::of(&r.tags).unless_empty())
            .elements(Operation::CreateOrUpdateTags, Operation::DeleteTags),
        Property::<Self>::new("lifecycle_hooks", "CreateAutoScalingGroup.LifecycleHookSpecificationList", |r| {
            let hooks = r.lifecycle_hooks.iter().map(|hook| (hook.name.as_str(), Value::of(hook)));
            Value::map(hooks).unless_empty()
        })
        .elements(Operation::PutLifecycleHook, Operation::DeleteLifecycleHook),
    ];
    const CREATE: Operation = Operation::CreateAutoScalingGroup;
    const DELETE: Operation = Operation::DeleteAutoScalingGroup;
    const SAME: &'static str = "P31";
    const TYPE: ResourceType = ResourceType::AutoScalingGroup;
    const FOUND_BY: &'static [&'static str] = &["autoscaling:DescribeAutoScalingGroups"];
    const SETTLES: bool = true;
    const LINGERS: bool = true;

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["autoscaling:DescribePolicies", "autoscaling:DescribeScalingActivities"]);
        if !self.target_groups.is_empty() {
            rights.reads(&["elasticloadbalancing:DescribeTargetHealth"]);
        }
        if !self.lifecycle_hooks.is_empty() {
            rights.reads(&["autoscaling:DescribeLifecycleHooks"]);
        }
        let hooks = self.lifecycle_hooks.iter().filter_map(|hook| hook.notify.as_ref());
        let roles = hooks.map(|notify| notify.role.as_str()).chain(self.service_linked_role.as_deref());
        roles.for_each(|role| rights.passes(Some(role), "autoscaling"));
    }

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.name)]
    }

    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        Some((&mut self.name, 255))
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key.to_owned(), GroupTag { value: value.to_owned(), propagate: false });
    }

    fn drop_ownership(&mut self) {
        self.tags.retain(|key, _| !key.starts_with(tags::PREFIX));
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.contains_key(key)
    }

    fn notes(&self, address: &str) -> Vec<(String, String)> {
        self.lifecycle_hooks.iter().map(|hook| (record_of(tags::HOOK, &hook.name), address.to_owned())).collect()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        self.launch_template.inputs(visit);
        if let GroupPlace::Subnets(subnets) = &mut self.subnets {
            visit(subnets);
        }
        self.target_groups.iter_mut().for_each(|group| visit(group));
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        self.check(problems);
    }

    fn consequences(&self, observed: &Self, changed: &[(&str, Option<Operation>)]) -> Vec<Consequence> {
        let Some(refresh) = &self.instance_refresh else { return Vec::new() };
        let number = if changed.iter().any(|(path, _)| Self::launches_otherwise(path)) {
            observed.members.len()
        } else {
            self.outdated(refresh, observed)
        };
        if number == 0 {
            return Vec::new();
        }
        vec![Consequence {
            path: "instances",
            before: Value::Text(format!("{number} launched from what was declared before")),
            after: Value::of("replaced by an instance refresh"),
            call: Operation::StartInstanceRefresh,
        }]
    }

    fn protected(&self) -> Option<String> {
        let word = match self.deletion_protection? {
            DeletionProtection::None => return None,
            DeletionProtection::PreventForceDeletion if self.members.is_empty() => return None,
            protection => protection.as_str(),
        };
        Some(format!("its deletion protection is {word:?}"))
    }

    fn output(outputs: &AutoScalingGroupOutputs, name: &str) -> Value {
        if name == "name" { Value::of(&outputs.name) } else { Value::Unset }
    }

    fn id(outputs: &AutoScalingGroupOutputs) -> &str {
        outputs.name.as_str()
    }
}
