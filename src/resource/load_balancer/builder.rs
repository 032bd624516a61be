//! The builder of load balancers: each type of balancer has the options that belong to it.

use std::marker::PhantomData;
use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::{SecurityGroupId, SubnetId};
use crate::input::{Input, IntoInput};

use super::super::names::names;
use super::super::{Attributes, Tags};
use super::{LoadBalancer, LoadBalancerKind, Scheme, SubnetMapping};

names! {
    /// The addresses that a network or gateway load balancer has.
    IpAddressType {
        /// IPv4; AWS's default.
        Ipv4 = "ipv4",
        /// IPv4 and IPv6.
        Dualstack = "dualstack",
    }
}

names! {
    /// The addresses that an application load balancer has.
    ApplicationIpAddressType {
        /// IPv4; AWS's default.
        Ipv4 = "ipv4",
        /// IPv4 and IPv6.
        Dualstack = "dualstack",
        /// Public IPv6, and private IPv4 and IPv6.
        DualstackWithoutPublicIpv4 = "dualstack-without-public-ipv4",
    }
}

impl From<IpAddressType> for ApplicationIpAddressType {
    fn from(kind: IpAddressType) -> Self {
        match kind {
            IpAddressType::Ipv4 => Self::Ipv4,
            IpAddressType::Dualstack => Self::Dualstack,
        }
    }
}

names! {
    /// What is done with requests that could be meant to desynchronize two servers.
    DesyncMitigation {
        /// They are let through, and counted.
        Monitor = "monitor",
        /// Those that are dangerous are refused, or their connection closed; AWS's default.
        Defensive = "defensive",
        /// All that do not follow RFC 7230 are refused.
        Strictest = "strictest",
    }
}

names! {
    /// What is done with the header `X-Forwarded-For` of a request.
    XffHeader {
        /// The address of the client is added; AWS's default.
        Append = "append",
        /// It stays as it is.
        Preserve = "preserve",
        /// It is removed.
        Remove = "remove",
    }
}

names! {
    /// Which zone's address a client gets from DNS.
    ClientRoutingPolicy {
        /// That of its own zone.
        AvailabilityZoneAffinity = "availability_zone_affinity",
        /// That of its own zone in 85 of 100 cases.
        PartialAvailabilityZoneAffinity = "partial_availability_zone_affinity",
        /// That of any zone; AWS's default.
        AnyAvailabilityZone = "any_availability_zone",
    }
}

/// Where a load balancer puts logs: a bucket, and a prefix in it.
///
/// The bucket must be in the region of the balancer, and its policy must let Elastic Load Balancing
/// write to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBucket {
    bucket: String,
    prefix: Option<String>,
}

impl LogBucket {
    /// The root of a bucket.
    pub fn named(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), prefix: None }
    }

    /// Below a prefix, without a slash at its end.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    fn set(self, attributes: &mut Attributes, logs: &str) {
        attributes.set(&format!("{logs}.s3.enabled"), true);
        attributes.set(&format!("{logs}.s3.bucket"), self.bucket);
        if let Some(prefix) = self.prefix {
            attributes.set(&format!("{logs}.s3.prefix"), prefix);
        }
    }
}

impl From<&str> for LogBucket {
    fn from(bucket: &str) -> Self {
        Self::named(bucket)
    }
}

impl From<String> for LogBucket {
    fn from(bucket: String) -> Self {
        Self::named(bucket)
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A type of load balancer; it decides which options there are.
pub trait BalancerType: sealed::Sealed {
    /// The addresses that balancers of the type can have.
    type AddressType: Into<ApplicationIpAddressType>;
    /// The type as the API names it.
    const KIND: LoadBalancerKind;
}

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident: $kind:ident, $addresses:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {}

        impl sealed::Sealed for $name {}

        impl BalancerType for $name {
            type AddressType = $addresses;
            const KIND: LoadBalancerKind = LoadBalancerKind::$kind;
        }
    )+};
}
types! {
    /// Application load balancers, for HTTP and HTTPS.
    ApplicationBalancer: Application, ApplicationIpAddressType;
    /// Network load balancers, for TCP, TLS, UDP and QUIC.
    NetworkBalancer: Network, IpAddressType;
    /// Gateway load balancers, for virtual appliances.
    GatewayBalancer: Gateway, IpAddressType;
}

/// Application load balancers.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` does not have this option",
    label = "an option of application load balancers"
)]
pub trait IsApplication: BalancerType {}
impl IsApplication for ApplicationBalancer {}

/// Network load balancers.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` does not have this option",
    label = "an option of network load balancers"
)]
pub trait IsNetwork: BalancerType {}
impl IsNetwork for NetworkBalancer {}

/// Application and network load balancers.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` does not have this option",
    label = "an option of application and network load balancers"
)]
pub trait ApplicationOrNetwork: BalancerType {}
impl ApplicationOrNetwork for ApplicationBalancer {}
impl ApplicationOrNetwork for NetworkBalancer {}

/// Network and gateway load balancers.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` does not have this option",
    label = "an option of network and gateway load balancers",
    note = "application load balancers always send to the targets of all zones"
)]
pub trait NetworkOrGateway: BalancerType {}
impl NetworkOrGateway for NetworkBalancer {}
impl NetworkOrGateway for GatewayBalancer {}

/// The options of a load balancer; which of them there are depends on its type.
#[derive(Debug, Clone, TypedBuilder)]
#[builder(doc, builder_type(name = LoadBalancerBuilder), build_method(into = LoadBalancer), mutators(
    /// The addresses that the balancer has: [`IpAddressType`], or [`ApplicationIpAddressType`] for
    /// application load balancers. AWS's default is IPv4. Sets `IpAddressType`.
    pub fn ip_address_type(&mut self, kind: impl Into<K::AddressType>) {
        self.ip_address_type = Some(kind.into().into());
    }
    /// Who can reach the balancer. AWS's default is the internet. Sets `Scheme`.
    pub fn scheme(&mut self, scheme: Scheme) where K: ApplicationOrNetwork {
        self.scheme = Some(scheme);
    }
    /// Adds a security group; may be repeated, up to 5. Without any, AWS takes the default group of
    /// the VPC for a new application load balancer, and those of an existing one stay. A network
    /// load balancer made without any can never have one: adding the first replaces it, and so does
    /// removing the last. Sets `SecurityGroups`.
    pub fn security_group(&mut self, group: impl IntoInput<SecurityGroupId>) where K: ApplicationOrNetwork {
        self.security_groups.push(group.into_input());
    }
    /// Whether the rules of the security groups count for traffic that comes by AWS PrivateLink;
    /// needs security groups. AWS's default is yes. Sets
    /// `EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic`.
    pub fn enforce_rules_on_private_link(&mut self, enforce: bool) where K: IsNetwork {
        self.enforce_rules_on_private_link = Some(enforce);
    }
    /// Whether each subnet has an IPv6 prefix for source NAT, which UDP listeners of a balancer with
    /// [`IpAddressType::Dualstack`] need. AWS's default is no. Sets `EnablePrefixForIpv6SourceNat`.
    pub fn ipv6_source_nat(&mut self, enabled: bool) where K: IsNetwork {
        self.ipv6_source_nat = Some(enabled);
    }
    /// The customer-owned address pool, `ipv4pool-coip-…`, on an Outpost. AWS's default is none.
    /// Sets `CustomerOwnedIpv4Pool`.
    pub fn customer_owned_ipv4_pool(&mut self, pool: impl Into<String>) where K: IsApplication {
        self.customer_owned_ipv4_pool = Some(pool.into());
    }
    /// The pool of Amazon VPC IP Address Manager, `ipam-pool-…`, that public IPv4 addresses come
    /// from, for balancers that face the internet. AWS's default is a pool of its own. Sets
    /// `IpamPools.Ipv4IpamPoolId`.
    pub fn ipv4_ipam_pool(&mut self, pool: impl Into<String>) where K: IsApplication {
        self.ipv4_ipam_pool = Some(pool.into());
    }
    /// The capacity that is kept ready, and paid for, in load balancer capacity units: at least 100
    /// for application load balancers; 2750 to 45000 for each zone for network load balancers.
    /// AWS's default is none; what others have reserved is left alone. AWS lowers it a few times a
    /// day only. Sets `MinimumLoadBalancerCapacity.CapacityUnits`.
    pub fn minimum_capacity_units(&mut self, units: u32) where K: ApplicationOrNetwork {
        self.minimum_capacity_units = Some(units);
    }
    /// Sets the addresses in a subnet; repeated for each subnet, in their order. Sets
    /// `SubnetMappings`.
    pub fn subnet_mapping(&mut self, mapping: SubnetMapping) where K: IsNetwork {
        self.mappings.push(mapping);
    }
    /// Whether each node sends to the targets of all zones. AWS's default is no. Sets the
    /// attribute `load_balancing.cross_zone.enabled`.
    pub fn cross_zone(&mut self, enabled: bool) where K: NetworkOrGateway {
        self.attributes.set("load_balancing.cross_zone.enabled", enabled);
    }
    /// Writes a log of requests, or of TLS requests on network load balancers, to a bucket.
    /// AWS's default is none. Sets the attributes `access_logs.s3.enabled`,
    /// `access_logs.s3.bucket` and `access_logs.s3.prefix`.
    pub fn access_logs(&mut self, logs: impl Into<LogBucket>) where K: ApplicationOrNetwork {
        logs.into().set(&mut self.attributes, "access_logs");
    }
    /// Whether what comes through an internet gateway is kept out, over IPv6, too. AWS's
    /// default is yes for internal balancers, no for others. Not for the address type IPv4.
    /// Sets the attribute `ipv6.deny_all_igw_traffic`.
    pub fn deny_all_igw_traffic(&mut self, enabled: bool) where K: ApplicationOrNetwork {
        self.attributes.set("ipv6.deny_all_igw_traffic", enabled);
    }
    /// Whether a zone can be taken out by Amazon Application Recovery Controller. AWS's default
    /// is no. Sets the attribute `zonal_shift.config.enabled`.
    pub fn zonal_shift(&mut self, enabled: bool) where K: ApplicationOrNetwork {
        self.attributes.set("zonal_shift.config.enabled", enabled);
    }
    /// How long a connection may be idle: 1 to 4000 s. AWS's default is 60 s. Sets the attribute
    /// `idle_timeout.timeout_seconds`.
    pub fn idle_timeout(&mut self, timeout: Duration) where K: IsApplication {
        self.attributes.set("idle_timeout.timeout_seconds", timeout.as_secs());
    }
    /// How long a client may keep a connection: 60 to 604800 s. AWS's default is 3600 s. Sets the
    /// attribute `client_keep_alive.seconds`.
    pub fn client_keep_alive(&mut self, time: Duration) where K: IsApplication {
        self.attributes.set("client_keep_alive.seconds", time.as_secs());
    }
    /// Writes a log of connections to a bucket. AWS's default is none. Sets the attributes
    /// `connection_logs.s3.enabled`, `connection_logs.s3.bucket` and `connection_logs.s3.prefix`.
    pub fn connection_logs(&mut self, logs: impl Into<LogBucket>) where K: IsApplication {
        logs.into().set(&mut self.attributes, "connection_logs");
    }
    /// Writes a log of health checks to a bucket. AWS's default is none. Sets the attributes
    /// `health_check_logs.s3.enabled`, `health_check_logs.s3.bucket` and
    /// `health_check_logs.s3.prefix`.
    pub fn health_check_logs(&mut self, logs: impl Into<LogBucket>) where K: IsApplication {
        logs.into().set(&mut self.attributes, "health_check_logs");
    }
    /// What is done with requests that could be meant to desynchronize two servers. AWS's default
    /// is [`DesyncMitigation::Defensive`]. Sets the attribute
    /// `routing.http.desync_mitigation_mode`.
    pub fn desync_mitigation(&mut self, mode: DesyncMitigation) where K: IsApplication {
        self.attributes.set("routing.http.desync_mitigation_mode", mode);
    }
    /// Whether headers with invalid names are dropped. AWS's default is no. Sets the attribute
    /// `routing.http.drop_invalid_header_fields.enabled`.
    pub fn drop_invalid_headers(&mut self, enabled: bool) where K: IsApplication {
        self.attributes.set("routing.http.drop_invalid_header_fields.enabled", enabled);
    }
    /// Whether targets get the `Host` header as the client sent it. AWS's default is no. Sets the
    /// attribute `routing.http.preserve_host_header.enabled`.
    pub fn preserve_host_header(&mut self, enabled: bool) where K: IsApplication {
        self.attributes.set("routing.http.preserve_host_header.enabled", enabled);
    }
    /// Whether targets get the headers `x-amzn-tls-version` and `x-amzn-tls-cipher-suite`. AWS's
    /// default is no. Sets the attribute
    /// `routing.http.x_amzn_tls_version_and_cipher_suite.enabled`.
    pub fn tls_headers(&mut self, enabled: bool) where K: IsApplication {
        self.attributes.set("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", enabled);
    }
    /// Whether `X-Forwarded-For` has the port of the client, too. AWS's default is no. Sets the
    /// attribute `routing.http.xff_client_port.enabled`.
    pub fn xff_client_port(&mut self, enabled: bool) where K: IsApplication {
        self.attributes.set("routing.http.xff_client_port.enabled", enabled);
    }
    /// What is done with the header `X-Forwarded-For`. AWS's default is [`XffHeader::Append`]. Sets
    /// the attribute `routing.http.xff_header_processing.mode`.
    pub fn xff_header(&mut self, mode: XffHeader) where K: IsApplication {
        self.attributes.set("routing.http.xff_header_processing.mode", mode);
    }
    /// Whether HTTP/2 is offered. AWS's default is yes. Sets the attribute
    /// `routing.http2.enabled`.
    pub fn http2(&mut self, enabled: bool) where K: IsApplication {
        self.attributes.set("routing.http2.enabled", enabled);
    }
    /// Whether requests go to targets while AWS WAF cannot be asked. AWS's default is no. Sets the
    /// attribute `waf.fail_open.enabled`.
    pub fn waf_fail_open(&mut self, enabled: bool) where K: IsApplication {
        self.attributes.set("waf.fail_open.enabled", enabled);
    }
    /// Which zone's address a client gets from DNS. AWS's default is that of any. Sets the
    /// attribute `dns_record.client_routing_policy`.
    pub fn client_routing_policy(&mut self, policy: ClientRoutingPolicy) where K: IsNetwork {
        self.attributes.set("dns_record.client_routing_policy", policy);
    }
    /// How many further addresses the balancer has in each subnet, for more connections at once: 0
    /// to 7. AWS's default is 0. It can only rise: less replaces the balancer. Sets the attribute
    /// `secondary_ips.auto_assigned.per_subnet`.
    pub fn secondary_ips(&mut self, addresses: u8) where K: IsNetwork {
        self.attributes.set("secondary_ips.auto_assigned.per_subnet", addresses);
    }
    /// Whether deleting the balancer is refused. AWS's default is no. Sets the attribute
    /// `deletion_protection.enabled`.
    pub fn deletion_protection(&mut self, enabled: bool) {
        self.attributes.set("deletion_protection.enabled", enabled);
    }
    /// Sets an attribute by its key in the AWS API; may be repeated. For keys newer than this
    /// version of the crate.
    pub fn attribute(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.attributes.0.insert(key.into(), value.into());
    }
    /// Sets a tag; may be repeated. Sets `Tags`.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key, value);
    }
))]
#[non_exhaustive]
pub struct LoadBalancerOptions<K: BalancerType> {
    /// The name: 1 to 32 letters, digits and hyphens, unique in the account and region. Sets
    /// `Name`.
    #[builder(setter(into))]
    name: String,
    /// The subnets, one in each Availability Zone, and at least two for application load balancers.
    /// A gateway load balancer cannot leave a subnet: leaving one out replaces it. Sets `Subnets`,
    /// or `SubnetMappings` where a network load balancer's addresses are set.
    #[builder(setter(transform = |subnets: impl IntoInput<Vec<SubnetId>>| subnets.into_input()))]
    subnets: Input<Vec<SubnetId>>,
    #[builder(via_mutators)]
    mappings: Vec<SubnetMapping>,
    #[builder(via_mutators)]
    security_groups: Vec<Input<SecurityGroupId>>,
    #[builder(via_mutators)]
    enforce_rules_on_private_link: Option<bool>,
    #[builder(via_mutators)]
    scheme: Option<Scheme>,
    #[builder(via_mutators)]
    ip_address_type: Option<ApplicationIpAddressType>,
    #[builder(via_mutators)]
    ipv6_source_nat: Option<bool>,
    #[builder(via_mutators)]
    customer_owned_ipv4_pool: Option<String>,
    #[builder(via_mutators)]
    ipv4_ipam_pool: Option<String>,
    #[builder(via_mutators)]
    minimum_capacity_units: Option<u32>,
    #[builder(via_mutators)]
    attributes: Attributes,
    #[builder(via_mutators)]
    tags: Tags,
    #[builder(via_mutators)]
    of: PhantomData<fn() -> K>,
}

impl<K: BalancerType> From<LoadBalancerOptions<K>> for LoadBalancer {
    fn from(options: LoadBalancerOptions<K>) -> Self {
        Self {
            kind: K::KIND,
            name: options.name,
            subnets: options.subnets,
            mappings: options.mappings,
            security_groups: options.security_groups,
            enforce_rules_on_private_link: options.enforce_rules_on_private_link,
            scheme: options.scheme,
            ip_address_type: options.ip_address_type,
            ipv6_source_nat: options.ipv6_source_nat,
            customer_owned_ipv4_pool: options.customer_owned_ipv4_pool,
            ipv4_ipam_pool: options.ipv4_ipam_pool,
            minimum_capacity_units: options.minimum_capacity_units,
            attributes: options.attributes,
            tags: options.tags,
        }
    }
}
