//! Load balancers: application and network.

use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::{LoadBalancerArn, SecurityGroupId, SubnetId};
use crate::input::{Input, IntoInput, sources};
use crate::problem::Problems;
use crate::value::Value;

use super::names::names;
use super::{Attributes, Describe, Operation, Property, Tags, Update, Visit};

/// A load balancer: [`LoadBalancer::application`] for HTTP and HTTPS, [`LoadBalancer::network`] for
/// TCP, TLS and UDP.
///
/// Follows `CreateLoadBalancer` of the Elastic Load Balancing API. Name, type and scheme cannot
/// change on an existing balancer; changing one replaces it.
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
    pub(crate) security_groups: Vec<Input<SecurityGroupId>>,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) ip_address_type: Option<IpAddressType>,
    pub(crate) attributes: Attributes,
    pub(crate) tags: Tags,
}

/// What AWS hands out for a load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadBalancerOutputs {
    /// The ARN of the balancer.
    pub arn: LoadBalancerArn,
    /// The DNS name under which it answers.
    pub dns_name: String,
    /// The id of the Route 53 zone for alias records to it.
    pub hosted_zone_id: String,
    /// The name, which is a derived one after a replacement.
    pub name: String,
}

sources! {
    LoadBalancer => "arn": LoadBalancerArn;
}

names! {
    /// The type of a load balancer.
    LoadBalancerKind {
        /// HTTP and HTTPS.
        Application = "application",
        /// TCP, TLS and UDP.
        Network = "network",
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

names! {
    /// The addresses that a load balancer has.
    IpAddressType {
        /// IPv4; AWS's default.
        Ipv4 = "ipv4",
        /// IPv4 and IPv6.
        Dualstack = "dualstack",
    }
}

impl LoadBalancer {
    /// Begins an application load balancer, for HTTP and HTTPS.
    pub fn application() -> ApplicationLoadBalancerBuilder {
        ApplicationLoadBalancer::builder()
    }

    /// Begins a network load balancer, for TCP, TLS and UDP.
    pub fn network() -> NetworkLoadBalancerBuilder {
        NetworkLoadBalancer::builder()
    }
}

/// The options of an application load balancer.
#[derive(Debug, Clone, TypedBuilder)]
#[builder(doc, build_method(into = LoadBalancer), mutators(
    /// Adds a security group; may be repeated, up to 5. Without any, AWS takes the default group
    /// of the VPC. Sets `SecurityGroups`.
    pub fn security_group(&mut self, group: impl IntoInput<SecurityGroupId>) {
        self.security_groups.push(group.into_input());
    }
    /// How long a connection may be idle: 1 to 4000 s. AWS's default is 60 s. Sets the attribute
    /// `idle_timeout.timeout_seconds`.
    pub fn idle_timeout(&mut self, timeout: Duration) {
        self.attributes.set("idle_timeout.timeout_seconds", timeout.as_secs());
    }
    /// Whether HTTP/2 is offered. AWS's default is yes. Sets the attribute
    /// `routing.http2.enabled`.
    pub fn http2(&mut self, enabled: bool) {
        self.attributes.set("routing.http2.enabled", enabled);
    }
    /// Whether headers with invalid names are dropped. AWS's default is no. Sets the attribute
    /// `routing.http.drop_invalid_header_fields.enabled`.
    pub fn drop_invalid_headers(&mut self, enabled: bool) {
        self.attributes.set("routing.http.drop_invalid_header_fields.enabled", enabled);
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
    /// Sets a tag; may be repeated.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key, value);
    }
))]
#[non_exhaustive]
pub struct ApplicationLoadBalancer {
    /// The name: 1 to 32 letters, digits and hyphens, unique in the account and region. Sets
    /// `Name`.
    #[builder(setter(into))]
    name: String,
    /// The subnets, from at least two Availability Zones. Sets `Subnets`.
    #[builder(setter(transform = |subnets: impl IntoInput<Vec<SubnetId>>| subnets.into_input()))]
    subnets: Input<Vec<SubnetId>>,
    /// Who can reach the balancer. AWS's default is the internet. Sets `Scheme`.
    #[builder(default, setter(strip_option))]
    scheme: Option<Scheme>,
    /// The addresses that the balancer has. AWS's default is IPv4. Sets `IpAddressType`.
    #[builder(default, setter(strip_option))]
    ip_address_type: Option<IpAddressType>,
    #[builder(via_mutators)]
    security_groups: Vec<Input<SecurityGroupId>>,
    #[builder(via_mutators)]
    attributes: Attributes,
    #[builder(via_mutators)]
    tags: Tags,
}

/// The options of a network load balancer.
#[derive(Debug, Clone, TypedBuilder)]
#[builder(doc, build_method(into = LoadBalancer), mutators(
    /// Adds a security group; may be repeated, up to 5. A balancer made without any can never
    /// have one: adding the first replaces it. Sets `SecurityGroups`.
    pub fn security_group(&mut self, group: impl IntoInput<SecurityGroupId>) {
        self.security_groups.push(group.into_input());
    }
    /// Whether each node sends to the targets of all zones. AWS's default is no. Sets the
    /// attribute `load_balancing.cross_zone.enabled`.
    pub fn cross_zone(&mut self, enabled: bool) {
        self.attributes.set("load_balancing.cross_zone.enabled", enabled);
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
    /// Sets a tag; may be repeated.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key, value);
    }
))]
#[non_exhaustive]
pub struct NetworkLoadBalancer {
    /// The name: 1 to 32 letters, digits and hyphens, unique in the account and region. Sets
    /// `Name`.
    #[builder(setter(into))]
    name: String,
    /// The subnets, one per Availability Zone. Sets `Subnets`.
    #[builder(setter(transform = |subnets: impl IntoInput<Vec<SubnetId>>| subnets.into_input()))]
    subnets: Input<Vec<SubnetId>>,
    /// Who can reach the balancer. AWS's default is the internet. Sets `Scheme`.
    #[builder(default, setter(strip_option))]
    scheme: Option<Scheme>,
    /// The addresses that the balancer has. AWS's default is IPv4. Sets `IpAddressType`.
    #[builder(default, setter(strip_option))]
    ip_address_type: Option<IpAddressType>,
    #[builder(via_mutators)]
    security_groups: Vec<Input<SecurityGroupId>>,
    #[builder(via_mutators)]
    attributes: Attributes,
    #[builder(via_mutators)]
    tags: Tags,
}

macro_rules! into_load_balancer {
    ($($options:ident => $kind:ident),+) => {$(
        impl From<$options> for LoadBalancer {
            fn from(options: $options) -> Self {
                let $options { name, subnets, security_groups, scheme, ip_address_type, attributes, tags } = options;
                Self { kind: LoadBalancerKind::$kind, name, subnets, security_groups, scheme, ip_address_type, attributes, tags }
            }
        }
    )+};
}
into_load_balancer!(ApplicationLoadBalancer => Application, NetworkLoadBalancer => Network);

impl LoadBalancer {
    /// AWS's defaults of the attributes that can change on a balancer of this kind. Cross-zone load
    /// balancing is always on for application load balancers.
    fn attribute_defaults(&self) -> Value {
        let common = [
            ("deletion_protection.enabled", "false"),
            ("access_logs.s3.enabled", "false"),
            ("access_logs.s3.bucket", ""),
            ("access_logs.s3.prefix", ""),
            ("ipv6.deny_all_igw_traffic", if self.scheme == Some(Scheme::Internal) { "true" } else { "false" }),
            ("zonal_shift.config.enabled", "false"),
        ];
        let more: &[(&str, &str)] = match self.kind {
            LoadBalancerKind::Application => &[
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
            ],
            LoadBalancerKind::Network => &[
                ("load_balancing.cross_zone.enabled", "false"),
                ("dns_record.client_routing_policy", "any_availability_zone"),
                ("secondary_ips.auto_assigned.per_subnet", "0"),
            ],
        };
        Value::map(common.iter().chain(more).map(|(key, value)| (*key, Value::of(*value))))
    }
}

/// Security groups of a network load balancer can change only if it was made with some.
fn groups_update(desired: &LoadBalancer, observed: &LoadBalancer) -> Update<LoadBalancer> {
    let crosses_none = desired.security_groups.is_empty() != observed.security_groups.is_empty();
    if desired.kind == LoadBalancerKind::Network && crosses_none {
        Update::Replace(
            "a network load balancer made without security groups cannot get any, and one made with some cannot lose them all",
        )
    } else {
        Update::Call(Operation::SetSecurityGroups)
    }
}

impl Describe for LoadBalancer {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "CreateLoadBalancer.Name", |r| Value::of(&r.name)),
        Property::<Self>::new("type", "CreateLoadBalancer.Type", |r| Value::of(&r.kind)),
        Property::<Self>::new("scheme", "CreateLoadBalancer.Scheme", |r| Value::of(&r.scheme))
            .or(|_| Value::of(&Scheme::InternetFacing)),
        Property::<Self>::new("ip_address_type", "CreateLoadBalancer.IpAddressType", |r| Value::of(&r.ip_address_type))
            .or(|_| Value::of(&IpAddressType::Ipv4))
            .updated_by(Operation::SetIpAddressType),
        Property::<Self>::new("subnets", "CreateLoadBalancer.Subnets", |r| Value::of(&r.subnets))
            .unordered()
            .updated_by(Operation::SetSubnets),
        Property::<Self>::new("security_groups", "CreateLoadBalancer.SecurityGroups", |r| {
            // AWS puts the default group of the VPC where an application balancer names none.
            if r.security_groups.is_empty() { Value::Unset } else { Value::of(&r.security_groups) }
        })
        .unordered()
        .unmanaged()
        .depends(groups_update),
        Property::<Self>::new("attributes", "ModifyLoadBalancerAttributes.Attributes", |r| Value::of(&r.attributes))
            .or(Self::attribute_defaults)
            .open()
            .only_by(Operation::ModifyLoadBalancerAttributes),
        Property::<Self>::new("tags", "CreateLoadBalancer.Tags", |r| Value::of(&r.tags))
            .elements(Operation::AddTags, Operation::RemoveTags),
    ];
    const CREATE: Operation = Operation::CreateLoadBalancer;
    const DELETE: Operation = Operation::DeleteLoadBalancer;
    const SETTLES: bool = true;

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.name)]
    }

    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        Some((&mut self.name, 32))
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key, value);
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.get(key).is_some()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.subnets);
        self.security_groups.iter_mut().for_each(|group| visit(group));
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        validate_name("V1", &self.name, problems);
        if self.name.starts_with("internal-") {
            problems.report("V4", "name", format!("{:?}", self.name), "must not begin with `internal-`");
        }
        if let Some(subnets) = self.subnets.as_known() {
            let least = if self.kind == LoadBalancerKind::Application { 2 } else { 1 };
            if subnets.len() < least {
                problems.report("V7", "subnets", subnets.len(), format!("must be at least {least}"));
            }
        }
        problems.range("V36", "security_groups", Some(self.security_groups.len()), 0..=5);
        self.attributes.range("V22", "idle_timeout.timeout_seconds", &[1..=4000], problems);
        self.attributes.range("V23", "client_keep_alive.seconds", &[60..=604_800], problems);
        self.tags.validate(problems);
    }

    fn output(outputs: &LoadBalancerOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &LoadBalancerOutputs) -> &str {
        outputs.arn.as_str()
    }
}

/// The rule for names of load balancers and target groups.
pub(super) fn validate_name(id: &'static str, name: &str, problems: &mut Problems<'_>) {
    problems.text(id, "name", name, 1..=32, |c| c.is_ascii_alphanumeric() || c == '-', "letters, digits and `-`");
    if name.starts_with('-') || name.ends_with('-') {
        problems.report(id, "name", format!("{name:?}"), "must not begin or end with `-`");
    }
}
