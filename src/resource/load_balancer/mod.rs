//! Load balancers: application, network and gateway.

mod builder;
mod mapping;
mod rules;

pub use builder::*;
pub(crate) use mapping::SourceNatPrefix;
pub use mapping::SubnetMapping;
pub(super) use rules::validate_name;

use crate::id::{LoadBalancerArn, SecurityGroupId, SubnetId, VpcId};
use crate::input::{Input, sources};
use crate::problem::Problems;
use crate::value::Value;

use super::names::names;
use super::tags::CAPACITY;
use super::{Attributes, Describe, Operation, Property, ResourceType, Rights, Tags, Update, Visit};

/// A load balancer: [`LoadBalancer::application`] for HTTP and HTTPS, [`LoadBalancer::network`] for
/// TCP, TLS, UDP and QUIC, [`LoadBalancer::gateway`] for virtual appliances.
///
/// Follows `CreateLoadBalancer` of the Elastic Load Balancing API. Name, type, scheme and
/// customer-owned address pool cannot change on an existing balancer; changing one replaces it.
///
/// ```
/// use purlin::{Ingress, LoadBalancer, SecurityGroup, Stack, Subnets, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
/// let group = stack.add(
///     "alb",
///     SecurityGroup::builder()
///         .name("Web-ALB-SG")
///         .description("HTTP from anywhere")
///         .vpc(vpc)
///         .ingress(Ingress::http().from_anywhere_ipv4())
///         .build(),
/// );
/// stack.add("web", LoadBalancer::application().name("Web-ALB").subnets(public).security_group(group).build());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LoadBalancer {
    pub(crate) kind: LoadBalancerKind,
    pub(crate) name: String,
    pub(crate) subnets: Input<Vec<SubnetId>>,
    /// What is set in each subnet, in their order; may be empty.
    pub(crate) mappings: Vec<SubnetMapping>,
    pub(crate) security_groups: Vec<Input<SecurityGroupId>>,
    pub(crate) enforce_rules_on_private_link: Option<bool>,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) ip_address_type: Option<ApplicationIpAddressType>,
    pub(crate) ipv6_source_nat: Option<bool>,
    pub(crate) customer_owned_ipv4_pool: Option<String>,
    pub(crate) ipv4_ipam_pool: Option<String>,
    pub(crate) minimum_capacity_units: Option<u32>,
    pub(crate) attributes: Attributes,
    pub(crate) tags: Tags,
}

/// What AWS hands out for a load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadBalancerOutputs {
    /// The ARN of the balancer.
    pub arn: LoadBalancerArn,
    /// The DNS name under which it answers; empty for gateway load balancers, which have none.
    pub dns_name: String,
    /// The id of the Route 53 zone for alias records to it; empty for gateway load balancers.
    pub hosted_zone_id: String,
    /// The name, which is a derived one after a replacement.
    pub name: String,
    /// The VPC that its subnets are in, where AWS says so.
    pub vpc: Option<VpcId>,
}

sources! {
    LoadBalancer => "arn": LoadBalancerArn;
}

names! {
    /// The type of a load balancer.
    LoadBalancerKind {
        /// HTTP and HTTPS.
        Application = "application",
        /// TCP, TLS, UDP and QUIC.
        Network = "network",
        /// GENEVE, to virtual appliances.
        Gateway = "gateway",
    }
}

impl LoadBalancerKind {
    /// As ARNs name it.
    pub(crate) fn in_arns(self) -> &'static str {
        match self {
            Self::Application => "app",
            Self::Network => "net",
            Self::Gateway => "gwy",
        }
    }
}

names! {
    /// Who can reach a load balancer.
    Scheme {
        /// The internet; AWS's default.
        InternetFacing = "internet-facing",
        /// Only the VPC and what is connected to it.
        Internal = "internal",
    }
}

impl LoadBalancer {
    /// Begins an application load balancer, for HTTP and HTTPS.
    pub fn application() -> LoadBalancerBuilder<ApplicationBalancer> {
        LoadBalancerOptions::builder()
    }

    /// Begins a network load balancer, for TCP, TLS, UDP and QUIC.
    ///
    /// ```
    /// use purlin::{LoadBalancer, Stack, SubnetMapping, Subnets};
    ///
    /// let mut stack = Stack::new("game");
    /// let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]));
    /// let balancer = LoadBalancer::network()
    ///     .name("Game-NLB")
    ///     .subnets(public)
    ///     .subnet_mapping(SubnetMapping::new().allocation("eipalloc-0a1b".parse()?))
    ///     .subnet_mapping(SubnetMapping::new().allocation("eipalloc-0c2d".parse()?))
    ///     .cross_zone(true);
    /// stack.add("game", balancer.build());
    /// # Ok::<(), purlin::InvalidId>(())
    /// ```
    pub fn network() -> LoadBalancerBuilder<NetworkBalancer> {
        LoadBalancerOptions::builder()
    }

    /// Begins a gateway load balancer, which passes traffic through virtual appliances.
    ///
    /// ```
    /// use purlin::{LoadBalancer, Stack, Subnets};
    ///
    /// let mut stack = Stack::new("inspection");
    /// let inside = stack.add("inside", Subnets::named(["Private subnet A"]));
    /// stack.add("firewall", LoadBalancer::gateway().name("Firewall").subnets(inside).build());
    /// ```
    pub fn gateway() -> LoadBalancerBuilder<GatewayBalancer> {
        LoadBalancerOptions::builder()
    }

    /// A setting of the subnets, by subnet where those are known.
    fn by_subnet(&self, get: fn(&SubnetMapping) -> Value) -> Value {
        let values = self.mappings.iter().map(get);
        match self.subnets.as_known() {
            Some(subnets) => Value::map(subnets.iter().map(SubnetId::as_str).zip(values)),
            None => Value::List(values.filter(|value| !value.is_unset()).collect()),
        }
        .unless_empty()
    }

    fn has_ipv6(&self) -> bool {
        self.ip_address_type.is_some_and(|kind| kind != ApplicationIpAddressType::Ipv4)
    }

    fn default_deny_igw(&self) -> Value {
        Value::of(if self.scheme == Some(Scheme::Internal) { "true" } else { "false" })
    }

    /// What the attributes become that are no longer set.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only the engine sends attributes"))]
    pub(crate) fn cleared_attributes(&self) -> Value {
        let mut all = self.attribute_defaults();
        if let (Value::Map(all), true) = (&mut all, self.has_ipv6()) {
            all.insert(DENY_IGW.to_owned(), self.default_deny_igw());
        }
        all
    }

    /// AWS's defaults of the attributes that can change on a balancer of this kind. Cross-zone load
    /// balancing is always on for application load balancers.
    fn attribute_defaults(&self) -> Value {
        Value::map(attributes(self.kind).into_iter().map(|(key, value)| (key, Value::of(value))))
    }
}

/// The attributes that balancers of a kind have whatever else they are, and their defaults.
fn attributes(kind: LoadBalancerKind) -> Vec<(&'static str, &'static str)> {
    let mut all = vec![("deletion_protection.enabled", "false")];
    if kind != LoadBalancerKind::Gateway {
        all.extend([
            ("access_logs.s3.enabled", "false"),
            ("access_logs.s3.bucket", ""),
            ("access_logs.s3.prefix", ""),
            ("zonal_shift.config.enabled", "false"),
        ]);
    }
    if kind != LoadBalancerKind::Application {
        all.push((CROSS_ZONE, "false"));
    }
    match kind {
        LoadBalancerKind::Application => all.extend([
            ("idle_timeout.timeout_seconds", "60"),
            ("client_keep_alive.seconds", "3600"),
            ("connection_logs.s3.enabled", "false"),
            ("connection_logs.s3.bucket", ""),
            ("connection_logs.s3.prefix", ""),
            ("health_check_logs.s3.enabled", "false"),
            ("health_check_logs.s3.bucket", ""),
            ("health_check_logs.s3.prefix", ""),
            ("routing.http.desync_mitigation_mode", "defensive"),
            ("routing.http.drop_invalid_header_fields.enabled", "false"),
            ("routing.http.preserve_host_header.enabled", "false"),
            ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
            ("routing.http.xff_client_port.enabled", "false"),
            ("routing.http.xff_header_processing.mode", "append"),
            ("routing.http2.enabled", "true"),
            ("waf.fail_open.enabled", "false"),
        ]),
        LoadBalancerKind::Network => all.push(("dns_record.client_routing_policy", "any_availability_zone")),
        LoadBalancerKind::Gateway => {}
    }
    all
}

/// Its default depends on the scheme, and it is there only with IPv6.
const DENY_IGW: &str = "ipv6.deny_all_igw_traffic";
const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
/// It can rise only, and is a property of its own for that.
const SECONDARY_IPS: &str = "secondary_ips.auto_assigned.per_subnet";

/// Security groups of a network load balancer can change only if it was made with some; an
/// application load balancer keeps the ones that it has where none are declared.
fn groups_update(desired: &LoadBalancer, observed: &LoadBalancer) -> Update<LoadBalancer> {
    let crosses_none = desired.security_groups.is_empty() != observed.security_groups.is_empty();
    match desired.kind {
        LoadBalancerKind::Network if crosses_none => Update::Replace(
            "a network load balancer made without security groups cannot get any, and one made with some cannot lose them all",
        ),
        LoadBalancerKind::Application if desired.security_groups.is_empty() => Update::Initial,
        _ => Update::Call(Operation::SetSecurityGroups),
    }
}

fn subnets_update(desired: &LoadBalancer, observed: &LoadBalancer) -> Update<LoadBalancer> {
    if let (LoadBalancerKind::Gateway, Some(desired), Some(observed)) =
        (desired.kind, desired.subnets.as_known(), observed.subnets.as_known())
        && observed.iter().any(|subnet| !desired.contains(subnet))
    {
        return Update::Replace("a gateway load balancer cannot leave a subnet");
    }
    Update::Call(Operation::SetSubnets)
}

/// What needs an address type goes with it, in one call.
fn address_type_update(desired: &LoadBalancer, observed: &LoadBalancer) -> Update<LoadBalancer> {
    let ipv6 = |r: &LoadBalancer| (r.by_subnet(ipv6), r.by_subnet(source_nat_prefix));
    let source_nat = |r: &LoadBalancer| r.ipv6_source_nat.unwrap_or(false);
    let alone = ipv6(desired) == ipv6(observed) && source_nat(desired) == source_nat(observed);
    Update::Call(if alone { Operation::SetIpAddressType } else { Operation::SetSubnets })
}

fn secondary_ips_update(desired: &LoadBalancer, observed: &LoadBalancer) -> Update<LoadBalancer> {
    let count = |r: &LoadBalancer| r.attributes.0.get(SECONDARY_IPS).and_then(|count| count.parse::<u32>().ok());
    if count(desired).unwrap_or(0) < count(observed).unwrap_or(0) {
        Update::Replace("the number of secondary addresses can only rise")
    } else {
        Update::Call(Operation::ModifyLoadBalancerAttributes)
    }
}

fn deny_igw_update(desired: &LoadBalancer, observed: &LoadBalancer) -> Update<LoadBalancer> {
    let is_there = desired.has_ipv6() && observed.has_ipv6();
    if is_there || desired.attributes.0.contains_key(DENY_IGW) {
        Update::Call(Operation::ModifyLoadBalancerAttributes)
    } else {
        Update::Initial
    }
}

fn ipv6(mapping: &SubnetMapping) -> Value {
    mapping.ipv6.map_or(Value::Unset, |address| Value::Text(address.to_string()))
}

fn source_nat_prefix(mapping: &SubnetMapping) -> Value {
    match &mapping.source_nat_prefix {
        Some(SourceNatPrefix::Network(network)) => Value::of(network),
        // AWS answers with the prefix that it has chosen.
        Some(SourceNatPrefix::Auto) | None => Value::Unset,
    }
}

impl Describe for LoadBalancer {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "CreateLoadBalancer.Name", |r| Value::of(&r.name)),
        Property::<Self>::new("type", "CreateLoadBalancer.Type", |r| Value::of(&r.kind)),
        Property::<Self>::new("scheme", "CreateLoadBalancer.Scheme", |r| Value::of(&r.scheme)).or(|r| match r.kind {
            LoadBalancerKind::Gateway => Value::Unset,
            _ => Value::of(&Scheme::InternetFacing),
        }),
        Property::<Self>::new("customer_owned_ipv4_pool", "CreateLoadBalancer.CustomerOwnedIpv4Pool", |r| {
            Value::of(&r.customer_owned_ipv4_pool)
        }),
        Property::<Self>::new("ip_address_type", "CreateLoadBalancer.IpAddressType", |r| Value::of(&r.ip_address_type))
            .or(|_| Value::of(&IpAddressType::Ipv4))
            .depends(address_type_update),
        Property::<Self>::new("ipv4_ipam_pool", "CreateLoadBalancer.IpamPools", |r| Value::of(&r.ipv4_ipam_pool))
            .updated_by(Operation::ModifyIpPools),
        Property::<Self>::new("subnets", "CreateLoadBalancer.Subnets", |r| Value::of(&r.subnets))
            .unordered()
            .depends(subnets_update),
        Property::<Self>::new("subnet_mappings.allocation_id", "CreateLoadBalancer.SubnetMappings", |r| {
            r.by_subnet(|mapping| Value::of(&mapping.allocation))
        })
        .updated_by(Operation::SetSubnets),
        // AWS answers with the addresses that it has chosen, too: those are left alone.
        Property::<Self>::new("subnet_mappings.private_ipv4_address", "CreateLoadBalancer.SubnetMappings", |r| {
            r.by_subnet(|mapping| mapping.private_ipv4.map_or(Value::Unset, |ip| Value::Text(ip.to_string())))
        })
        .open()
        .updated_by(Operation::SetSubnets),
        Property::<Self>::new("subnet_mappings.ipv6_address", "CreateLoadBalancer.SubnetMappings", |r| {
            r.by_subnet(ipv6)
        })
        .open()
        .updated_by(Operation::SetSubnets),
        Property::<Self>::new("subnet_mappings.source_nat_ipv6_prefix", "CreateLoadBalancer.SubnetMappings", |r| {
            r.by_subnet(source_nat_prefix)
        })
        .open()
        .updated_by(Operation::SetSubnets),
        Property::<Self>::new("ipv6_source_nat", "CreateLoadBalancer.EnablePrefixForIpv6SourceNat", |r| {
            Value::of(&r.ipv6_source_nat)
        })
        .or(|_| Value::Bool(false))
        .updated_by(Operation::SetSubnets),
        Property::<Self>::new("security_groups", "CreateLoadBalancer.SecurityGroups", |r| {
            // AWS puts the default group of the VPC where an application balancer names none.
            if r.security_groups.is_empty() { Value::Unset } else { Value::of(&r.security_groups) }
        })
        .unordered()
        .or(|_| Value::List(Vec::new()))
        .depends(groups_update),
        Property::<Self>::new(
            "enforce_rules_on_private_link",
            "SetSecurityGroups.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
            |r| Value::of(&r.enforce_rules_on_private_link),
        )
        .or(|_| Value::Bool(true))
        .only_by(Operation::SetSecurityGroups),
        Property::<Self>::new("attributes", "ModifyLoadBalancerAttributes.Attributes", |r| {
            Value::map(
                r.attributes
                    .0
                    .iter()
                    .filter(|(key, _)| ![SECONDARY_IPS, DENY_IGW].contains(&key.as_str()))
                    .map(|(key, value)| (key.as_str(), Value::of(value))),
            )
            .unless_empty()
        })
        .or(Self::attribute_defaults)
        .open()
        .only_by(Operation::ModifyLoadBalancerAttributes),
        Property::<Self>::new("attributes.ipv6.deny_all_igw_traffic", "ModifyLoadBalancerAttributes.Attributes", |r| {
            r.attributes.0.get(DENY_IGW).map_or(Value::Unset, Value::of)
        })
        .or(Self::default_deny_igw)
        .only_by(Operation::ModifyLoadBalancerAttributes)
        .depends(deny_igw_update),
        Property::<Self>::new(
            "attributes.secondary_ips.auto_assigned.per_subnet",
            "ModifyLoadBalancerAttributes.Attributes",
            |r| r.attributes.0.get(SECONDARY_IPS).map_or(Value::Unset, Value::of),
        )
        .or(|_| Value::of("0"))
        .only_by(Operation::ModifyLoadBalancerAttributes)
        .depends(secondary_ips_update),
        Property::<Self>::new(
            "minimum_capacity_units",
            "ModifyCapacityReservation.MinimumLoadBalancerCapacity.CapacityUnits",
            |r| Value::of(&r.minimum_capacity_units),
        )
        .only_by(Operation::ModifyCapacityReservation),
        Property::<Self>::new("tags", "CreateLoadBalancer.Tags", |r| Value::of(&r.tags))
            .elements(Operation::AddTags, Operation::RemoveTags),
    ];
    const CREATE: Operation = Operation::CreateLoadBalancer;
    const DELETE: Operation = Operation::DeleteLoadBalancer;
    const SAME: &'static str = "V6";
    const TYPE: ResourceType = ResourceType::LoadBalancer;
    const FOUND_BY: &'static [&'static str] =
        &["elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTags"];
    const SETTLES: bool = true;

    fn takes(&self, call: Operation) -> bool {
        match call {
            Operation::ModifyIpPools => self.kind == LoadBalancerKind::Application,
            Operation::SetSecurityGroups => self.kind != LoadBalancerKind::Gateway,
            _ => true,
        }
    }

    fn rights(&self, rights: &mut Rights) {
        rights
            .reads(&["elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeListeners"]);
        if self.minimum_capacity_units.is_some() {
            rights.reads(&["elasticloadbalancing:DescribeCapacityReservation"]);
        }
    }

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.name)]
    }

    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        Some((&mut self.name, 32))
    }

    fn notes(&self, address: &str) -> Vec<(String, String)> {
        self.minimum_capacity_units.map(|_| (CAPACITY.to_owned(), address.to_owned())).into_iter().collect()
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key, value);
    }

    fn drop_ownership(&mut self) {
        self.tags.drop_ownership();
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.get(key).is_some()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.subnets);
        self.security_groups.iter_mut().for_each(|group| visit(group));
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        rules::validate(self, problems);
    }

    fn output(outputs: &LoadBalancerOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &LoadBalancerOutputs) -> &str {
        outputs.arn.as_str()
    }
}
