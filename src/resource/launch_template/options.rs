//! Options of instances: metadata, processors, placement, market and the like.

use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::problem::Problems;
use crate::resource::names::names;
use crate::resource::record::record;
use crate::timestamp::Timestamp;
use crate::value::{ToValue, Value};

record! {
    /// How instances reach their metadata.
    #[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct MetadataOptions {
        /// Whether requests need a token (IMDSv2). Sets `HttpTokens`.
        pub(crate) tokens_required: Option<bool>,
        /// How many network hops an answer may take: 1 to 64. Sets `HttpPutResponseHopLimit`.
        pub(crate) hop_limit: Option<i32>,
        /// Whether metadata can be reached at all. Sets `HttpEndpoint`.
        pub(crate) enabled: Option<bool>,
        /// Whether metadata can be reached over IPv6. Sets `HttpProtocolIpv6`.
        pub(crate) ipv6: Option<bool>,
        /// Whether metadata contains the tags of the instance. Sets `InstanceMetadataTags`.
        pub(crate) instance_tags: Option<bool>,
    }
}

record! {
    /// The processors of the instances.
    #[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct CpuOptions {
        /// The number of cores. AWS's default is all that the instance type has. Sets `CoreCount`.
        pub(crate) cores: Option<u32>,
        /// Threads for each core: 1 turns multithreading off. AWS's default is 2 on most instance
        /// types. Sets `ThreadsPerCore`.
        pub(crate) threads_per_core: Option<u32>,
        /// Whether memory is encrypted by AMD SEV-SNP, which M6a, R6a and C6a instances can do.
        /// AWS's default is no. Sets `AmdSevSnp`.
        pub(crate) amd_sev_snp: Option<bool>,
        /// Whether instances can run virtual machines, which C8i, M8i and R8i instances can do. AWS's
        /// default is no. Sets `NestedVirtualization`.
        pub(crate) nested_virtualization: Option<bool>,
    }
}

names! {
    /// What an instance whose performance can burst does without CPU credits.
    CpuCredits {
        /// It slows down to its baseline.
        Standard = "standard",
        /// It goes on, and costs more.
        Unlimited = "unlimited",
    }
}

names! {
    /// Whether other customers' instances may run on the same hardware.
    Tenancy {
        /// They may; AWS's default.
        Default = "default",
        /// They may not.
        Dedicated = "dedicated",
        /// They may not: it is a Dedicated Host of one's own.
        Host = "host",
    }
}

names! {
    /// Whether a stopped instance comes back to its Dedicated Host.
    HostAffinity {
        /// It starts on any host.
        Default = "default",
        /// It starts on the same host.
        Host = "host",
    }
}

record! {
    /// Where instances run.
    #[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(into, strip_option)))]
    #[non_exhaustive]
    pub struct Placement {
        /// The Availability Zone, such as `ap-northeast-2a`. Auto Scaling groups choose it
        /// themselves. Not together with `availability_zone_id`. Sets `AvailabilityZone`.
        pub(crate) availability_zone: Option<String>,
        /// The Availability Zone by its id, such as `apne2-az1`. Sets `AvailabilityZoneId`.
        pub(crate) availability_zone_id: Option<String>,
        /// The placement group, by name. Sets `GroupName`.
        pub(crate) group_name: Option<String>,
        /// The placement group, by id: needed for one that another account shares. Sets `GroupId`.
        pub(crate) group_id: Option<String>,
        /// The partition of a placement group that is divided into partitions: 1 to 7. Sets
        /// `PartitionNumber`.
        #[builder(setter(!into))]
        pub(crate) partition_number: Option<u32>,
        /// Whether the hardware is shared. AWS's default is [`Tenancy::Default`]. Sets `Tenancy`.
        pub(crate) tenancy: Option<Tenancy>,
        /// The Dedicated Host, by id. Not together with `host_resource_group`. Sets `HostId`.
        pub(crate) host_id: Option<String>,
        /// The host resource group, by ARN. Sets `HostResourceGroupArn`.
        pub(crate) host_resource_group: Option<String>,
        /// Whether a stopped instance comes back to its Dedicated Host. Sets `Affinity`.
        pub(crate) affinity: Option<HostAffinity>,
        /// Reserved by AWS for future use. Sets `SpreadDomain`.
        pub(crate) spread_domain: Option<String>,
    }
}

impl Placement {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        if self.availability_zone.is_some() && self.availability_zone_id.is_some() {
            let text = "is not possible together with `availability_zone`";
            problems.report("D41", "placement.availability_zone_id", "", text);
        }
        if let Some(group) = self.host_resource_group.as_ref().filter(|_| self.host_id.is_some()) {
            let text = "is not possible together with `host_id`";
            problems.report("V147", "placement.host_resource_group", format!("{group:?}"), text);
        }
        if self.host_resource_group.is_some() && self.tenancy.is_some_and(|tenancy| tenancy != Tenancy::Host) {
            let text = "must be `host`, or left out, for a host resource group";
            problems.report("D41", "placement.tenancy", Value::of(&self.tenancy), text);
        }
        problems.range("D41", "placement.partition_number", self.partition_number, 1..=7);
    }
}

names! {
    /// How a Spot request goes on once an instance has ended.
    SpotRequest {
        /// It is over; AWS's default, and all that Auto Scaling groups take.
        OneTime = "one-time",
        /// It asks for another instance.
        Persistent = "persistent",
    }
}

names! {
    /// What happens to a Spot Instance that AWS needs back.
    InterruptionBehavior {
        /// It hibernates.
        Hibernate = "hibernate",
        /// It stops.
        Stop = "stop",
        /// It terminates; AWS's default.
        Terminate = "terminate",
    }
}

record! {
    /// How Spot Instances are bought.
    #[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct SpotOptions {
        /// The greatest price for an hour in US dollars, such as `0.05`: more than 0.001. AWS's
        /// default is the On-Demand price, and AWS advises against another. Sets `MaxPrice`.
        #[builder(setter(into))]
        pub(crate) max_price: Option<String>,
        /// How the request goes on once an instance has ended. AWS's default is once. Sets
        /// `SpotInstanceType`.
        pub(crate) request: Option<SpotRequest>,
        /// For how long the instance is not interrupted: 1 to 6 whole hours. AWS has retired it for
        /// new customers. Sets `BlockDurationMinutes`.
        pub(crate) block_duration: Option<Duration>,
        /// When a persistent request ends. AWS's default is after 7 days. Sets `ValidUntil`.
        pub(crate) valid_until: Option<Timestamp>,
        /// What happens to an instance that AWS needs back. AWS's default is that it terminates.
        /// Sets `InstanceInterruptionBehavior`.
        pub(crate) interruption: Option<InterruptionBehavior>,
    }
}

names! {
    /// How instances are bought.
    MarketType {
        /// By the hour, for as long as they are wanted; AWS's default.
        OnDemand = "on-demand",
        /// For less, until AWS needs them back.
        Spot = "spot",
        /// In a block that was reserved for a time.
        CapacityBlock = "capacity-block",
        /// In a reservation that its owner can take back.
        InterruptibleCapacityReservation = "interruptible-capacity-reservation",
    }
}

/// How instances are bought; only Spot Instances have options.
///
/// ```
/// use purlin::{InterruptionBehavior, Market, SpotOptions};
///
/// let spot = Market::spot();
/// let stopping = Market::from(SpotOptions::builder().interruption(InterruptionBehavior::Stop).build());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    pub(crate) kind: MarketType,
    pub(crate) spot: Option<SpotOptions>,
}

impl Market {
    /// Buys Spot Instances; [`SpotOptions`] become a market, too.
    pub fn spot() -> Self {
        Self { kind: MarketType::Spot, spot: None }
    }

    /// Buys instances by the hour.
    pub fn on_demand() -> Self {
        Self { kind: MarketType::OnDemand, spot: None }
    }

    /// Runs in a capacity block, which the capacity reservation names.
    pub fn capacity_block() -> Self {
        Self { kind: MarketType::CapacityBlock, spot: None }
    }

    /// Runs in a capacity reservation that its owner can take back.
    pub fn interruptible_capacity_reservation() -> Self {
        Self { kind: MarketType::InterruptibleCapacityReservation, spot: None }
    }
}

impl From<SpotOptions> for Market {
    fn from(options: SpotOptions) -> Self {
        Self { kind: MarketType::Spot, spot: Some(options) }
    }
}

impl ToValue for Market {
    fn to_value(&self) -> Value {
        Value::map([("type", Value::of(&self.kind)), ("spot", Value::of(&self.spot).unless_empty())])
    }
}

impl Market {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        let Some(spot) = &self.spot else { return };
        if let Some(price) = &spot.max_price
            && !price.parse::<f64>().is_ok_and(|price| price > 0.001)
        {
            problems.report("D40", "market.spot.max_price", price, "must be a number of dollars above 0.001");
        }
        if let Some(duration) = spot.block_duration {
            let seconds = duration.as_secs();
            if seconds % 3600 != 0 || !(3600..=6 * 3600).contains(&seconds) {
                let value = format!("{seconds} s");
                problems.report("V138", "market.spot.block_duration", value, "must be 1 to 6 whole hours");
            }
        }
        if let Some(until) = spot.valid_until.filter(|_| spot.request != Some(SpotRequest::Persistent)) {
            problems.report("D40", "market.spot.valid_until", until, "is only for persistent requests");
        }
    }
}

/// In which capacity reservations instances run. AWS takes a preference or a target, not both.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CapacityReservation {
    /// In any open reservation that fits, or without one; AWS's default.
    Open,
    /// In none.
    None,
    /// In a reservation or not at all.
    Only,
    /// In this reservation, by id, such as `cr-0a1b2c3d4e5f60718`.
    Reservation(String),
    /// In the reservations of this resource group, by ARN.
    ResourceGroup(String),
}

impl CapacityReservation {
    /// The word of the preference, if it is one.
    pub(crate) fn preference(&self) -> Option<&'static str> {
        match self {
            Self::Open => Some("open"),
            Self::None => Some("none"),
            Self::Only => Some("capacity-reservations-only"),
            Self::Reservation(_) | Self::ResourceGroup(_) => None,
        }
    }
}

impl ToValue for CapacityReservation {
    fn to_value(&self) -> Value {
        match self {
            Self::Reservation(id) => Value::map([("id", Value::of(id))]),
            Self::ResourceGroup(arn) => Value::map([("resource_group", Value::of(arn))]),
            preference => Value::map([("preference", preference.preference().map_or(Value::Unset, Value::of))]),
        }
    }
}

names! {
    /// What the host names of instances are made from.
    HostnameType {
        /// The private IPv4 address.
        IpName = "ip-name",
        /// The id of the instance.
        ResourceName = "resource-name",
    }
}

record! {
    /// The host names of the instances. AWS's defaults are those of the subnet.
    #[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
    #[builder(doc, field_defaults(default, setter(strip_option)))]
    #[non_exhaustive]
    pub struct PrivateDnsNames {
        /// What host names are made from. Sets `HostnameType`.
        pub(crate) hostname_type: Option<HostnameType>,
        /// Whether the name with the instance's id has an IPv4 address. Sets
        /// `EnableResourceNameDnsARecord`.
        pub(crate) resource_name_a_record: Option<bool>,
        /// Whether the name with the instance's id has an IPv6 address. Sets
        /// `EnableResourceNameDnsAAAARecord`.
        pub(crate) resource_name_aaaa_record: Option<bool>,
    }
}

names! {
    /// Which of two bandwidths is greater, at the cost of the other.
    BandwidthWeighting {
        /// Neither; AWS's default.
        Default = "default",
        /// That of the network.
        Network = "vpc-1",
        /// That to EBS.
        Ebs = "ebs-1",
    }
}

names! {
    /// What shutting the operating system down does.
    ShutdownBehavior {
        /// The instance stops; AWS's default.
        Stop = "stop",
        /// The instance terminates.
        Terminate = "terminate",
    }
}
