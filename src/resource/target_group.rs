//! Target groups: where a load balancer sends its traffic, and how it checks that it may.

use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::{TargetGroupArn, VpcId};
use crate::input::{Input, IntoInput, sources};
use crate::problem::Problems;
use crate::value::Value;

use super::names::names;
use super::{Attributes, Describe, Operation, Property, Tags, Visit};

/// A target group: targets of one kind, with a port and a health check.
///
/// Follows `CreateTargetGroup` and `ModifyTargetGroup` of the Elastic Load Balancing API. Name,
/// protocol, port, VPC and target type cannot change on an existing group; changing one replaces
/// it by a successor under a derived name, to which listeners and Auto Scaling groups move before
/// the old one goes.
///
/// ```
/// use std::time::Duration;
/// use purlin::{HealthCheck, Stack, TargetGroup, Traffic, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// stack.add(
///     "web",
///     TargetGroup::builder()
///         .name("Web-TG")
///         .vpc(vpc)
///         .traffic(Traffic::http(80))
///         .health_check(HealthCheck::builder().path("/health").interval(Duration::from_secs(10)).build())
///         .deregistration_delay(Duration::from_secs(30))
///         .build(),
/// );
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, mutators(
    /// How long a target may finish its requests after it was deregistered: 0 to 3600 s. AWS's
    /// default is 300 s. Sets the attribute `deregistration_delay.timeout_seconds`.
    pub fn deregistration_delay(&mut self, delay: Duration) {
        self.attributes.set("deregistration_delay.timeout_seconds", delay.as_secs());
    }
    /// How long a new target's share of the requests grows: 30 to 900 s, or zero for not at all,
    /// AWS's default. Sets the attribute `slow_start.duration_seconds`.
    pub fn slow_start(&mut self, duration: Duration) {
        self.attributes.set("slow_start.duration_seconds", duration.as_secs());
    }
    /// How a target is chosen. AWS's default is round robin. Sets the attribute
    /// `load_balancing.algorithm.type`.
    pub fn algorithm(&mut self, algorithm: Algorithm) {
        self.attributes.set("load_balancing.algorithm.type", algorithm);
    }
    /// Binds clients to targets by a cookie of the load balancer for a time: 1 s to 7 days. Sets
    /// the attributes `stickiness.enabled`, `stickiness.type` and
    /// `stickiness.lb_cookie.duration_seconds`.
    pub fn sticky_by_cookie(&mut self, duration: Duration) {
        self.attributes.set("stickiness.enabled", true);
        self.attributes.set("stickiness.type", "lb_cookie");
        self.attributes.set("stickiness.lb_cookie.duration_seconds", duration.as_secs());
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
pub struct TargetGroup {
    /// The name: 1 to 32 letters, digits and hyphens, unique in the account and region. Sets
    /// `Name`.
    #[builder(setter(into))]
    pub(crate) name: String,
    /// The VPC of the targets. Sets `VpcId`.
    #[builder(setter(transform = |vpc: impl IntoInput<VpcId>| vpc.into_input()))]
    pub(crate) vpc: Input<VpcId>,
    /// The protocol and port on which targets receive traffic. Sets `Protocol`, `Port` and
    /// `ProtocolVersion`.
    pub(crate) traffic: Traffic,
    /// What targets are. AWS's default is instances. Sets `TargetType`.
    #[builder(default, setter(strip_option))]
    pub(crate) target_type: Option<TargetType>,
    /// How the health of targets is checked. Left out, AWS's defaults for the protocol.
    #[builder(default)]
    pub(crate) health_check: HealthCheck,
    #[builder(via_mutators)]
    pub(crate) attributes: Attributes,
    #[builder(via_mutators)]
    pub(crate) tags: Tags,
}

/// What AWS hands out for a target group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetGroupOutputs {
    /// The ARN of the group.
    pub arn: TargetGroupArn,
    /// The name, which is a derived one after a replacement.
    pub name: String,
}

sources! {
    TargetGroup => "arn": TargetGroupArn;
}

names! {
    /// The protocol in which a load balancer talks to targets.
    TargetProtocol {
        /// HTTP, for application load balancers.
        Http = "HTTP",
        /// HTTPS, for application load balancers.
        Https = "HTTPS",
        /// TCP, for network load balancers.
        Tcp = "TCP",
        /// TLS, for network load balancers.
        Tls = "TLS",
        /// UDP, for network load balancers.
        Udp = "UDP",
        /// TCP and UDP on one port, for network load balancers.
        TcpUdp = "TCP_UDP",
    }
}

names! {
    /// The version of HTTP in which an application load balancer talks to targets.
    HttpVersion {
        /// HTTP/1.1, AWS's default.
        Http1 = "HTTP1",
        /// HTTP/2.
        Http2 = "HTTP2",
        /// gRPC.
        Grpc = "GRPC",
    }
}

names! {
    /// What the targets of a group are.
    TargetType {
        /// Instances, by id.
        Instance = "instance",
        /// IP addresses.
        Ip = "ip",
    }
}

names! {
    /// How a target is chosen for a request.
    Algorithm {
        /// Each in turn.
        RoundRobin = "round_robin",
        /// The one with the fewest requests under way.
        LeastOutstandingRequests = "least_outstanding_requests",
        /// At random by weight; needed for anomaly mitigation.
        WeightedRandom = "weighted_random",
    }
}

/// A protocol and port on which targets receive traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    pub(crate) protocol: TargetProtocol,
    pub(crate) port: u16,
    pub(crate) version: Option<HttpVersion>,
}

impl Traffic {
    fn new(protocol: TargetProtocol, port: u16) -> Self {
        Self { protocol, port, version: None }
    }

    /// HTTP/1.1 on a port from 1 to 65535.
    #[must_use]
    pub fn http(port: u16) -> Self {
        Self::new(TargetProtocol::Http, port)
    }

    /// HTTPS with HTTP/1.1 on a port from 1 to 65535.
    #[must_use]
    pub fn https(port: u16) -> Self {
        Self::new(TargetProtocol::Https, port)
    }

    /// HTTP/2 without TLS on a port from 1 to 65535.
    #[must_use]
    pub fn http2(port: u16) -> Self {
        Self { version: Some(HttpVersion::Http2), ..Self::http(port) }
    }

    /// gRPC without TLS on a port from 1 to 65535.
    #[must_use]
    pub fn grpc(port: u16) -> Self {
        Self { version: Some(HttpVersion::Grpc), ..Self::http(port) }
    }

    /// TCP on a port from 1 to 65535.
    #[must_use]
    pub fn tcp(port: u16) -> Self {
        Self::new(TargetProtocol::Tcp, port)
    }

    /// TLS on a port from 1 to 65535.
    #[must_use]
    pub fn tls(port: u16) -> Self {
        Self::new(TargetProtocol::Tls, port)
    }

    /// UDP on a port from 1 to 65535.
    #[must_use]
    pub fn udp(port: u16) -> Self {
        Self::new(TargetProtocol::Udp, port)
    }

    /// TCP and UDP on one port from 1 to 65535.
    #[must_use]
    pub fn tcp_udp(port: u16) -> Self {
        Self::new(TargetProtocol::TcpUdp, port)
    }

    /// Whether application load balancers forward to it; network load balancers otherwise.
    pub(crate) fn is_http(self) -> bool {
        matches!(self.protocol, TargetProtocol::Http | TargetProtocol::Https)
    }
}

/// How a load balancer checks the health of targets; what is left out is AWS's default for the
/// protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
#[builder(doc, field_defaults(default, setter(strip_option)))]
#[non_exhaustive]
pub struct HealthCheck {
    /// HTTP, HTTPS or TCP. AWS's default is HTTP for HTTP and HTTPS groups, TCP for others. Sets
    /// `HealthCheckProtocol`.
    pub(crate) protocol: Option<TargetProtocol>,
    /// The port, 1 to 65535. AWS's default is the port of each target. Sets `HealthCheckPort`.
    pub(crate) port: Option<u16>,
    /// The path, 1 to 1024 characters beginning with `/`. AWS's default is `/`. Sets
    /// `HealthCheckPath`.
    #[builder(setter(into))]
    pub(crate) path: Option<String>,
    /// The time between two checks: 5 to 300 s. AWS's default is 30 s. Sets
    /// `HealthCheckIntervalSeconds`.
    pub(crate) interval: Option<Duration>,
    /// The time for an answer: 2 to 120 s, below the interval. AWS's default is 5 s for HTTP, 10 s
    /// for TCP and HTTPS of network load balancers. Sets `HealthCheckTimeoutSeconds`.
    pub(crate) timeout: Option<Duration>,
    /// Passed checks until a target is healthy: 2 to 10. AWS's default is 5. Sets
    /// `HealthyThresholdCount`.
    pub(crate) healthy_threshold: Option<u8>,
    /// Failed checks until a target is unhealthy: 2 to 10. AWS's default is 2. Sets
    /// `UnhealthyThresholdCount`.
    pub(crate) unhealthy_threshold: Option<u8>,
    /// The codes of a good answer, such as `200` or `200-299`; for gRPC groups, gRPC codes. AWS's
    /// default is `200` (`12` for gRPC, `200-399` for TCP groups). Sets `Matcher`.
    #[builder(setter(into))]
    pub(crate) success_codes: Option<String>,
}

impl TargetGroup {
    fn check_protocol(&self) -> TargetProtocol {
        self.health_check.protocol.unwrap_or(if self.traffic.is_http() {
            TargetProtocol::Http
        } else {
            TargetProtocol::Tcp
        })
    }

    fn checks_by_http(&self) -> bool {
        self.check_protocol() != TargetProtocol::Tcp
    }

    fn default_timeout(&self) -> Value {
        // ModifyTargetGroup documents: 5 s for HTTP, HTTPS groups; for network load balancers 6 s
        // for HTTP checks and 10 s for TCP and HTTPS checks.
        Value::Integer(match (self.traffic.is_http(), self.check_protocol()) {
            (true, _) => 5,
            (false, TargetProtocol::Http) => 6,
            (false, _) => 10,
        })
    }

    fn default_codes(&self) -> Value {
        match (self.checks_by_http(), self.traffic.version) {
            (false, _) => Value::Unset,
            (true, Some(HttpVersion::Grpc)) => Value::of("12"),
            (true, _) if self.traffic.is_http() => Value::of("200"),
            (true, _) => Value::of("200-399"),
        }
    }

    /// AWS's defaults of the attributes that every group of this kind has.
    fn attribute_defaults(&self) -> Value {
        let common = [("deregistration_delay.timeout_seconds", "300"), ("stickiness.enabled", "false")];
        let more: &[(&str, &str)] = if self.traffic.is_http() {
            &[
                ("stickiness.type", "lb_cookie"),
                ("stickiness.lb_cookie.duration_seconds", "86400"),
                ("stickiness.app_cookie.cookie_name", ""),
                ("stickiness.app_cookie.duration_seconds", "86400"),
                ("slow_start.duration_seconds", "0"),
                ("load_balancing.algorithm.type", "round_robin"),
                ("load_balancing.algorithm.anomaly_mitigation", "off"),
                ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
                ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
                ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
                ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
                ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
            ]
        } else {
            &[
                ("stickiness.type", "source_ip"),
                ("deregistration_delay.connection_termination.enabled", "false"),
                ("proxy_protocol_v2.enabled", "false"),
                ("target_health_state.unhealthy.connection_termination.enabled", "true"),
                ("target_health_state.unhealthy.draining_interval_seconds", "0"),
                ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
                ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
                ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
                ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
                ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
            ]
        };
        Value::map(common.iter().chain(more).map(|(key, value)| (*key, Value::of(*value))))
    }
}

const MODIFY: Operation = Operation::ModifyTargetGroup;

impl Describe for TargetGroup {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "CreateTargetGroup.Name", |r| Value::of(&r.name)),
        Property::<Self>::new("vpc", "CreateTargetGroup.VpcId", |r| Value::of(&r.vpc)),
        Property::<Self>::new("protocol", "CreateTargetGroup.Protocol", |r| Value::of(&r.traffic.protocol)),
        Property::<Self>::new("port", "CreateTargetGroup.Port", |r| Value::of(&r.traffic.port)),
        Property::<Self>::new("protocol_version", "CreateTargetGroup.ProtocolVersion", |r| {
            Value::of(&r.traffic.version)
        })
        .or(|r| if r.traffic.is_http() { Value::of(&HttpVersion::Http1) } else { Value::Unset }),
        Property::<Self>::new("target_type", "CreateTargetGroup.TargetType", |r| Value::of(&r.target_type))
            .or(|_| Value::of(&TargetType::Instance)),
        Property::<Self>::new("health_check.protocol", "CreateTargetGroup.HealthCheckProtocol", |r| {
            Value::of(&r.health_check.protocol)
        })
        .or(|r| Value::of(&r.check_protocol()))
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.port", "CreateTargetGroup.HealthCheckPort", |r| {
            r.health_check.port.map_or(Value::Unset, |port| Value::Text(port.to_string()))
        })
        .or(|_| Value::of("traffic-port"))
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.path", "CreateTargetGroup.HealthCheckPath", |r| {
            Value::of(&r.health_check.path)
        })
        .or(|r| match (r.checks_by_http(), r.traffic.version) {
            (false, _) => Value::Unset,
            (true, Some(HttpVersion::Grpc)) => Value::of("/AWS.ALB/healthcheck"),
            (true, _) => Value::of("/"),
        })
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.interval", "CreateTargetGroup.HealthCheckIntervalSeconds", |r| {
            Value::of(&r.health_check.interval)
        })
        .or(|_| Value::Integer(30))
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.timeout", "CreateTargetGroup.HealthCheckTimeoutSeconds", |r| {
            Value::of(&r.health_check.timeout)
        })
        .or(Self::default_timeout)
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.healthy_threshold", "CreateTargetGroup.HealthyThresholdCount", |r| {
            Value::of(&r.health_check.healthy_threshold)
        })
        .or(|_| Value::Integer(5))
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.unhealthy_threshold", "CreateTargetGroup.UnhealthyThresholdCount", |r| {
            Value::of(&r.health_check.unhealthy_threshold)
        })
        .or(|_| Value::Integer(2))
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.success_codes", "CreateTargetGroup.Matcher", |r| {
            Value::of(&r.health_check.success_codes)
        })
        .or(Self::default_codes)
        .updated_by(MODIFY),
        Property::<Self>::new("attributes", "ModifyTargetGroupAttributes.Attributes", |r| Value::of(&r.attributes))
            .or(Self::attribute_defaults)
            .open()
            .only_by(Operation::ModifyTargetGroupAttributes),
        Property::<Self>::new("tags", "CreateTargetGroup.Tags", |r| Value::of(&r.tags))
            .elements(Operation::AddTags, Operation::RemoveTags),
    ];
    const CREATE: Operation = Operation::CreateTargetGroup;
    const DELETE: Operation = Operation::DeleteTargetGroup;

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
        visit(&mut self.vpc);
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        super::load_balancer::validate_name("V40", &self.name, problems);
        problems.range("V42", "traffic.port", Some(self.traffic.port), 1..=65535);
        let check = &self.health_check;
        if let Some(protocol) = check.protocol {
            if !matches!(protocol, TargetProtocol::Http | TargetProtocol::Https | TargetProtocol::Tcp) {
                problems.report("V48", "health_check.protocol", protocol, "must be HTTP, HTTPS or TCP");
            } else if self.traffic.is_http() && protocol == TargetProtocol::Tcp {
                problems.report(
                    "V49",
                    "health_check.protocol",
                    protocol,
                    "must be HTTP or HTTPS for HTTP and HTTPS groups",
                );
            }
        }
        if !self.checks_by_http() {
            for (path, value) in
                [("health_check.path", &check.path), ("health_check.success_codes", &check.success_codes)]
            {
                if let Some(value) = value {
                    problems.report("V50", path, format!("{value:?}"), "has no meaning for TCP health checks");
                }
            }
        }
        problems.range("V51", "health_check.interval", check.interval.map(|d| d.as_secs()), 5..=300);
        problems.range("V52", "health_check.timeout", check.timeout.map(|d| d.as_secs()), 2..=120);
        if let (Value::Integer(timeout), interval) = (
            check.timeout.map_or_else(|| self.default_timeout(), |d| Value::of(&d)),
            check.interval.map_or(30, |d| d.as_secs()),
        ) && i64::try_from(interval).is_ok_and(|interval| interval <= timeout)
        {
            problems.report(
                "V53",
                "health_check.interval",
                interval,
                format!("must be above the timeout of {timeout} s"),
            );
        }
        problems.range("V54", "health_check.healthy_threshold", check.healthy_threshold, 2..=10);
        problems.range("V54", "health_check.unhealthy_threshold", check.unhealthy_threshold, 2..=10);
        if let Some(path) = &check.path {
            problems.text(
                "V55",
                "health_check.path",
                path,
                1..=1024,
                |c| c.is_ascii_graphic(),
                "printable ASCII characters",
            );
            if !path.starts_with('/') {
                problems.report("V55", "health_check.path", format!("{path:?}"), "must begin with `/`");
            }
        }
        problems.range("V56", "health_check.port", check.port, 1..=65535);
        self.attributes.range("V59", "deregistration_delay.timeout_seconds", &[0..=3600], problems);
        self.attributes.range("V60", "slow_start.duration_seconds", &[0..=0, 30..=900], problems);
        self.attributes.range("V63", "stickiness.lb_cookie.duration_seconds", &[1..=604_800], problems);
        self.attributes.range("V63", "stickiness.app_cookie.duration_seconds", &[1..=604_800], problems);
        self.tags.validate(problems);
    }

    fn output(outputs: &TargetGroupOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &TargetGroupOutputs) -> &str {
        outputs.arn.as_str()
    }
}
