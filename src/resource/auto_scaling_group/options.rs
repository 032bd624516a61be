//! The settings of a group apart from what it launches.

use typed_builder::TypedBuilder;

use crate::id::SubnetId;
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::resource::names::names;
use crate::resource::record::record;
use crate::value::{ToValue, Value};

/// Where a group launches; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum GroupPlace {
    Subnets(Input<Vec<SubnetId>>),
    Zones(DefaultSubnets),
}

impl GroupPlace {
    pub(crate) fn subnets(&self) -> Option<&Input<Vec<SubnetId>>> {
        match self {
            Self::Subnets(subnets) => Some(subnets),
            Self::Zones(_) => None,
        }
    }

    pub(crate) fn zones(&self) -> Option<&DefaultSubnets> {
        match self {
            Self::Subnets(_) => None,
            Self::Zones(zones) => Some(zones),
        }
    }
}

/// Where a group can launch: subnets, or zones whose default subnets are meant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` says no place where instances can be launched",
    label = "neither subnets nor zones",
    note = "pass a `Ref` to `Subnets`, a list of `SubnetId`s, or `DefaultSubnets`"
)]
pub trait IntoGroupPlace {
    #[doc(hidden)]
    fn into_place(self) -> GroupPlace;
}

impl<T: IntoInput<Vec<SubnetId>>> IntoGroupPlace for T {
    fn into_place(self) -> GroupPlace {
        GroupPlace::Subnets(self.into_input())
    }
}

impl IntoGroupPlace for DefaultSubnets {
    fn into_place(self) -> GroupPlace {
        GroupPlace::Zones(self)
    }
}

/// The default subnets of Availability Zones, in the default VPC.
///
/// Also for templates that bring a network interface of their own: it says where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultSubnets {
    pub(crate) names: Vec<String>,
    pub(crate) ids: Vec<String>,
    /// Whether the ids were given: AWS answers with both.
    pub(crate) by_id: bool,
}

impl DefaultSubnets {
    /// Those of zones by name, such as `ap-northeast-2a`. Sets `AvailabilityZones`.
    pub fn in_zones<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), ids: Vec::new(), by_id: false }
    }

    /// Those of zones by id, such as `apne2-az1`: the same place in all accounts. Sets
    /// `AvailabilityZoneIds`.
    pub fn in_zone_ids<T: Into<String>>(ids: impl IntoIterator<Item = T>) -> Self {
        Self { names: Vec::new(), ids: ids.into_iter().map(Into::into).collect(), by_id: true }
    }
}

names! {
    /// Who else besides EC2 says whether an instance is healthy.
    GroupHealthCheck {
        /// EBS: volumes that are not reachable or whose input and output has stopped.
        Ebs = "EBS",
        /// The load balancers.
        LoadBalancer = "ELB",
        /// VPC Lattice.
        VpcLattice = "VPC_LATTICE",
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

names! {
    /// Something that a group does by itself, and that can be suspended.
    ScalingProcess {
        /// Launching instances.
        Launch = "Launch",
        /// Terminating instances.
        Terminate = "Terminate",
        /// Registering new instances with target groups.
        AddToLoadBalancer = "AddToLoadBalancer",
        /// Taking notice of the alarms of scaling policies.
        AlarmNotification = "AlarmNotification",
        /// Keeping the zones equal.
        AzRebalance = "AZRebalance",
        /// Checking the health of instances.
        HealthCheck = "HealthCheck",
        /// Replacing instances in an instance refresh.
        InstanceRefresh = "InstanceRefresh",
        /// Replacing unhealthy instances.
        ReplaceUnhealthy = "ReplaceUnhealthy",
        /// Carrying out scheduled actions.
        ScheduledActions = "ScheduledActions",
    }
}

/// Which instance goes first when the group shrinks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TerminationPolicy {
    /// AWS's own choice: `Default`.
    Default,
    /// The instance that fits the allocation strategy least.
    AllocationStrategy,
    /// The one whose paid hour ends next.
    ClosestToNextInstanceHour,
    /// The newest.
    NewestInstance,
    /// The oldest.
    OldestInstance,
    /// The one from the oldest launch configuration.
    OldestLaunchConfiguration,
    /// The one from the oldest launch template.
    OldestLaunchTemplate,
    /// What a Lambda function says, by the ARN of a version or an alias; only as the first.
    Function(String),
}

impl TerminationPolicy {
    const WORDS: [(Self, &'static str); 7] = [
        (Self::Default, "Default"),
        (Self::AllocationStrategy, "AllocationStrategy"),
        (Self::ClosestToNextInstanceHour, "ClosestToNextInstanceHour"),
        (Self::NewestInstance, "NewestInstance"),
        (Self::OldestInstance, "OldestInstance"),
        (Self::OldestLaunchConfiguration, "OldestLaunchConfiguration"),
        (Self::OldestLaunchTemplate, "OldestLaunchTemplate"),
    ];

    /// Returns the word that the AWS API uses.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Function(arn) => arn,
            other => Self::WORDS.iter().find(|(policy, _)| policy == other).map_or("Default", |(_, word)| word),
        }
    }

    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only observation reads words"))]
    pub(crate) fn from_word(word: &str) -> Self {
        let known = Self::WORDS.iter().find(|(_, known)| *known == word);
        known.map_or_else(|| Self::Function(word.to_owned()), |(policy, _)| policy.clone())
    }
}

impl ToValue for TerminationPolicy {
    fn to_value(&self) -> Value {
        Value::of(self.as_str())
    }
}

names! {
    /// Whether a group can be deleted.
    DeletionProtection {
        /// It can; AWS's default.
        None = "none",
        /// Only once it has no instances.
        PreventForceDeletion = "prevent-force-deletion",
        /// Not at all.
        PreventAllDeletion = "prevent-all-deletion",
    }
}

names! {
    /// What the desired capacity counts, where instances are chosen by requirements.
    CapacityUnit {
        /// Instances; AWS's default.
        Units = "units",
        /// Virtual CPUs.
        Vcpu = "vcpu",
        /// Memory, in MiB.
        MemoryMib = "memory-mib",
    }
}

names! {
    /// How instances are spread over the zones when launches fail in one of them.
    ZoneDistribution {
        /// They go to another zone; AWS's default.
        BalancedBestEffort = "balanced-best-effort",
        /// They are tried in the failing zone again.
        BalancedOnly = "balanced-only",
        /// They go where Capacity Reservations are; the rest is balanced.
        ReservationsThenBalanced = "reservations-then-balanced",
    }
}

record! {
    /// What happens when an Availability Zone is impaired.
    #[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct ZoneImpairment {
        /// Whether the group takes part in zonal shifts. AWS's default is no. Sets
        /// `ZonalShiftEnabled`.
        pub(crate) zonal_shift: Option<bool>,
        /// What becomes of unhealthy instances in the impaired zone. AWS's default is that they
        /// are replaced. Sets `ImpairedZoneHealthCheckBehavior`.
        pub(crate) unhealthy: Option<ImpairedZoneHealthCheck>,
    }
}

names! {
    /// What becomes of unhealthy instances in an impaired zone.
    ImpairedZoneHealthCheck {
        /// They are replaced; AWS's default.
        Replace = "ReplaceUnhealthy",
        /// They are left alone while the zone is shifted away.
        Ignore = "IgnoreUnhealthy",
    }
}

record! {
    /// Which Capacity Reservations instances are launched into.
    #[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)), mutators(
        /// Names a Capacity Reservation; may be repeated. Sets `CapacityReservationIds`.
        pub fn reservation(&mut self, id: impl Into<String>) {
            self.reservations.push(id.into());
        }
        /// Names a resource group of Capacity Reservations by its ARN; may be repeated. Sets
        /// `CapacityReservationResourceGroupArns`.
        pub fn resource_group(&mut self, arn: impl Into<String>) {
            self.resource_groups.push(arn.into());
        }
    ))]
    #[non_exhaustive]
    pub struct GroupCapacityReservations {
        /// How much they matter. AWS's default is that of the template, else any open reservation
        /// that fits. Sets `CapacityReservationPreference`.
        pub(crate) preference: Option<CapacityReservationPreference>,
        #[builder(via_mutators)]
        pub(crate) reservations: Vec<String>,
        #[builder(via_mutators)]
        pub(crate) resource_groups: Vec<String>,
    }
}

names! {
    /// How much Capacity Reservations matter.
    CapacityReservationPreference {
        /// As the launch template says; AWS's default.
        Default = "default",
        /// None are used.
        None = "none",
        /// They are used first; On-Demand capacity is taken when there is none left.
        First = "capacity-reservations-first",
        /// Launches fail when there is none left.
        Only = "capacity-reservations-only",
    }
}

impl GroupCapacityReservations {
    pub(crate) fn validate(&self, problems: &mut Problems<'_>) {
        let path = "capacity_reservations";
        let named = !self.reservations.is_empty() || !self.resource_groups.is_empty();
        let uses =
            matches!(self.preference, Some(CapacityReservationPreference::First | CapacityReservationPreference::Only));
        if named && !uses {
            problems.report("D23", path, "", "named reservations go with the preference `First` or `Only`");
        }
        for id in self.reservations.iter().filter(|id| !id.starts_with("cr-")) {
            problems.report("D23", format!("{path}.reservations"), format!("{id:?}"), "must be ids (`cr-…`)");
        }
        for arn in self.resource_groups.iter().filter(|arn| !arn.starts_with("arn:")) {
            problems.report("D23", format!("{path}.resource_groups"), format!("{arn:?}"), "must be ARNs");
        }
    }
}

names! {
    /// What becomes of an instance whose terminating hook was abandoned.
    RetentionAction {
        /// It is terminated; AWS's default.
        Terminate = "terminate",
        /// It is kept, and costs what it costs, until somebody terminates it.
        Retain = "retain",
    }
}
