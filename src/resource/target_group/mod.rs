//! Target groups: where a load balancer sends its traffic, and how it checks that it may.

mod builder;
mod health_check;
mod rules;
mod targets;
mod traffic;

pub use builder::*;
pub use health_check::*;
pub(crate) use targets::{GroupTargetType, HostId, Recorded};
pub use targets::{Target, Targets};
pub use traffic::*;

use crate::id::{TargetGroupArn, VpcId};
use crate::input::{Input, sources};
use crate::problem::Problems;
use crate::value::Value;

use super::{Attributes, Describe, Operation, Property, ResourceType, Rights, Tags, Visit};

/// A target group: targets of one kind, with a port and a health check.
///
/// [`TargetGroup::builder`] for instances, IP addresses and load balancers, [`TargetGroup::lambda`]
/// for a Lambda function. Follows `CreateTargetGroup` and `ModifyTargetGroup` of the Elastic Load
/// Balancing API. Name, protocol, port, VPC, target type, IP address type and target control port
/// cannot change on an existing group; changing one replaces it by a successor under a derived
/// name, to which listeners and Auto Scaling groups move before the old one goes.
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
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TargetGroup {
    pub(crate) name: String,
    /// A Lambda function has none, and receives no traffic of its own.
    pub(crate) vpc: Option<Input<VpcId>>,
    pub(crate) traffic: Option<Received>,
    pub(crate) target_type: Option<GroupTargetType>,
    pub(crate) ip_address_type: Option<TargetIpAddressType>,
    pub(crate) target_control_port: Option<u16>,
    pub(crate) health_check: HealthCheck,
    /// Of an observed group, those that the stack has registered.
    pub(crate) targets: Targets,
    pub(crate) attributes: Attributes,
    pub(crate) tags: Tags,
}

impl TargetGroup {
    /// Begins a target group of instances, IP addresses, or an application load balancer. Which
    /// options there are depends on the [`Traffic`] that it receives.
    ///
    /// ```
    /// use std::time::Duration;
    /// use purlin::{Stack, Target, TargetGroup, TargetType, Traffic, Vpc};
    ///
    /// let mut stack = Stack::new("db");
    /// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// let group = TargetGroup::builder()
    ///     .name("Database")
    ///     .vpc(vpc)
    ///     .traffic(Traffic::tcp(5432))
    ///     .target_type(TargetType::Ip)
    ///     .target(Target::ip([10, 0, 2, 10]))
    ///     .preserve_client_ip(true)
    ///     .terminate_deregistered(true);
    /// stack.add("db", group.build());
    /// ```
    pub fn builder<F>() -> TargetGroupBuilder<F> {
        TargetGroupOptions::builder()
    }

    /// Begins a target group whose target is a Lambda function, behind an application load balancer.
    ///
    /// ```
    /// use purlin::{Stack, TargetGroup};
    ///
    /// let mut stack = Stack::new("web");
    /// let function = "arn:aws:lambda:ap-northeast-2:123456789012:function:orders".parse()?;
    /// let group = TargetGroup::lambda().name("Orders").function(function).multi_value_headers(true);
    /// stack.add("orders", group.build());
    /// # Ok::<(), purlin::InvalidId>(())
    /// ```
    pub fn lambda() -> LambdaTargetGroupBuilder {
        LambdaTargetGroup::builder()
    }
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

/// Which load balancers forward to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forwarder {
    Application,
    Network,
    Gateway,
}

impl TargetGroup {
    /// Which load balancers forward to it.
    pub(crate) fn forwarder(&self) -> Forwarder {
        match self.traffic {
            Some(traffic) if traffic.is_geneve() => Forwarder::Gateway,
            Some(traffic) if !traffic.is_http() => Forwarder::Network,
            _ => Forwarder::Application,
        }
    }

    pub(crate) fn is_lambda(&self) -> bool {
        self.target_type == Some(GroupTargetType::Lambda)
    }

    pub(crate) fn is_grpc(&self) -> bool {
        self.traffic.is_some_and(|traffic| traffic.version == Some(HttpVersion::Grpc))
    }

    fn port(&self) -> u16 {
        self.traffic.map_or(0, |traffic| traffic.port)
    }

    /// The protocol of the health check; a function is called instead.
    fn check_protocol(&self) -> Option<HealthCheckProtocol> {
        if self.is_lambda() {
            return None;
        }
        let http = self.forwarder() == Forwarder::Application || self.target_type == Some(GroupTargetType::Alb);
        let default = if http { HealthCheckProtocol::Http } else { HealthCheckProtocol::Tcp };
        Some(self.health_check.protocol.unwrap_or(default))
    }

    fn checks_by_http(&self) -> bool {
        self.check_protocol() != Some(HealthCheckProtocol::Tcp)
    }

    fn default_check_port(&self) -> Value {
        match self.forwarder() {
            _ if self.is_lambda() => Value::Unset,
            Forwarder::Gateway => Value::of("80"),
            _ => Value::of("traffic-port"),
        }
    }

    fn default_path(&self) -> Value {
        match self.checks_by_http() {
            false => Value::Unset,
            true if self.is_grpc() => Value::of("/AWS.ALB/healthcheck"),
            true => Value::of("/"),
        }
    }

    fn default_interval(&self) -> Value {
        Value::Integer(match self.forwarder() {
            _ if self.is_lambda() => 35,
            Forwarder::Gateway => 10,
            _ => 30,
        })
    }

    fn default_timeout(&self) -> Value {
        // ModifyTargetGroup documents: 5 s for HTTP, HTTPS groups; for network load balancers 6 s
        // for HTTP checks and 10 s for TCP and HTTPS checks.
        Value::Integer(match (self.forwarder(), self.check_protocol()) {
            _ if self.is_lambda() => 30,
            (Forwarder::Application | Forwarder::Gateway, _) => 5,
            (Forwarder::Network, Some(HealthCheckProtocol::Http)) => 6,
            (Forwarder::Network, _) => 10,
        })
    }

    fn default_codes(&self) -> Value {
        match self.forwarder() {
            _ if !self.checks_by_http() || self.is_grpc() => Value::Unset,
            Forwarder::Application => Value::of("200"),
            Forwarder::Network | Forwarder::Gateway => Value::of("200-399"),
        }
    }

    /// The codes that a good answer may have.
    fn code_bounds(&self) -> std::ops::RangeInclusive<u16> {
        match self.forwarder() {
            Forwarder::Application => 200..=499,
            Forwarder::Network => 200..=599,
            Forwarder::Gateway => 200..=399,
        }
    }

    /// AWS's defaults of the attributes that every group of this kind has.
    fn attribute_defaults(&self) -> Value {
        if self.is_lambda() {
            return Value::map([("lambda.multi_value_headers.enabled", Value::of("false"))]);
        }
        let flag = |flag: bool| if flag { "true" } else { "false" };
        let mut defaults = vec![("deregistration_delay.timeout_seconds", "300"), ("stickiness.enabled", "false")];
        if self.forwarder() != Forwarder::Gateway {
            defaults.extend([
                ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
                ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
                ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
                ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
                ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
            ]);
        }
        match self.forwarder() {
            Forwarder::Application => defaults.extend([
                ("stickiness.type", "lb_cookie"),
                ("stickiness.lb_cookie.duration_seconds", "86400"),
                ("stickiness.app_cookie.cookie_name", ""),
                ("stickiness.app_cookie.duration_seconds", "86400"),
                ("slow_start.duration_seconds", "0"),
                ("load_balancing.algorithm.type", "round_robin"),
                ("load_balancing.algorithm.anomaly_mitigation", "off"),
            ]),
            Forwarder::Network => {
                let udp = self.traffic.is_some_and(Received::is_udp);
                let tcp = self
                    .traffic
                    .is_some_and(|traffic| matches!(traffic.protocol, TargetProtocol::Tcp | TargetProtocol::Tls));
                defaults.extend([
                    ("stickiness.type", "source_ip"),
                    ("deregistration_delay.connection_termination.enabled", flag(udp)),
                    ("preserve_client_ip.enabled", flag(!(tcp && self.target_type == Some(GroupTargetType::Ip)))),
                    ("proxy_protocol_v2.enabled", "false"),
                    ("target_health_state.unhealthy.connection_termination.enabled", flag(!udp)),
                    ("target_health_state.unhealthy.draining_interval_seconds", "0"),
                ]);
            }
            // AWS does not say which type of stickiness there is while there is none.
            Forwarder::Gateway => defaults.extend([
                ("target_failover.on_deregistration", "no_rebalance"),
                ("target_failover.on_unhealthy", "no_rebalance"),
                ("send_tcp_reset.on_unhealthy.enabled", "false"),
                ("send_tcp_reset.on_deregistration.enabled", "false"),
            ]),
        }
        Value::map(defaults.into_iter().map(|(key, value)| (key, Value::of(value))))
    }
}

const MODIFY: Operation = Operation::ModifyTargetGroup;

impl TargetGroup {
    /// Whether the declaration itself registers targets.
    pub(crate) fn registers(&self) -> bool {
        !matches!(&self.targets, Targets::Hosts(hosts) if hosts.is_empty())
    }
}

impl Describe for TargetGroup {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "CreateTargetGroup.Name", |r| Value::of(&r.name)),
        Property::<Self>::new("vpc", "CreateTargetGroup.VpcId", |r| Value::of(&r.vpc)),
        Property::<Self>::new("protocol", "CreateTargetGroup.Protocol", |r| {
            r.traffic.map_or(Value::Unset, |traffic| Value::of(&traffic.protocol))
        }),
        Property::<Self>::new("port", "CreateTargetGroup.Port", |r| {
            r.traffic.map_or(Value::Unset, |traffic| Value::of(&traffic.port))
        }),
        Property::<Self>::new("protocol_version", "CreateTargetGroup.ProtocolVersion", |r| {
            Value::of(&r.traffic.and_then(|traffic| traffic.version))
        })
        .or(|r| if r.traffic.is_some_and(Received::is_http) { Value::of(&HttpVersion::Http1) } else { Value::Unset }),
        Property::<Self>::new("target_type", "CreateTargetGroup.TargetType", |r| Value::of(&r.target_type))
            .or(|_| Value::of(&GroupTargetType::Instance)),
        Property::<Self>::new("ip_address_type", "CreateTargetGroup.IpAddressType", |r| Value::of(&r.ip_address_type))
            .or(|r| if r.is_lambda() { Value::Unset } else { Value::of(&TargetIpAddressType::Ipv4) }),
        Property::<Self>::new("target_control_port", "CreateTargetGroup.TargetControlPort", |r| {
            Value::of(&r.target_control_port)
        }),
        Property::<Self>::new("health_check.enabled", "CreateTargetGroup.HealthCheckEnabled", |r| {
            Value::of(&r.health_check.enabled)
        })
        .or(|r| Value::Bool(!r.is_lambda()))
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.protocol", "CreateTargetGroup.HealthCheckProtocol", |r| {
            Value::of(&r.health_check.protocol)
        })
        .or(|r| Value::of(&r.check_protocol()))
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.port", "CreateTargetGroup.HealthCheckPort", |r| {
            r.health_check.port.map_or(Value::Unset, |port| Value::Text(port.to_string()))
        })
        .or(Self::default_check_port)
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.path", "CreateTargetGroup.HealthCheckPath", |r| {
            Value::of(&r.health_check.path)
        })
        .or(Self::default_path)
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.interval", "CreateTargetGroup.HealthCheckIntervalSeconds", |r| {
            Value::of(&r.health_check.interval)
        })
        .or(Self::default_interval)
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
        .or(|r| Value::Integer(if r.is_lambda() { 5 } else { 2 }))
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.success_codes", "CreateTargetGroup.Matcher.HttpCode", |r| {
            Value::of(&r.health_check.success_codes)
        })
        .or(Self::default_codes)
        .updated_by(MODIFY),
        Property::<Self>::new("health_check.grpc_codes", "CreateTargetGroup.Matcher.GrpcCode", |r| {
            Value::of(&r.health_check.grpc_codes)
        })
        .or(|r| if r.is_grpc() { Value::of("12") } else { Value::Unset })
        .updated_by(MODIFY),
        Property::<Self>::new("attributes", "ModifyTargetGroupAttributes.Attributes", |r| Value::of(&r.attributes))
            .or(Self::attribute_defaults)
            .open()
            .only_by(Operation::ModifyTargetGroupAttributes),
        // Tags record which targets are the stack's: they are there before a target is, and go after it.
        Property::<Self>::new("tags", "CreateTargetGroup.Tags", |r| Value::of(&r.tags))
            .elements(Operation::AddTags, Operation::RemoveTags),
        Property::<Self>::new("targets", "RegisterTargets.Targets", |r| r.targets.to_value(r.port()).unless_empty())
            .elements(Operation::RegisterTargets, Operation::DeregisterTargets)
            .after_create(),
    ];
    const CREATE: Operation = Operation::CreateTargetGroup;
    const DELETE: Operation = Operation::DeleteTargetGroup;
    const SAME: &'static str = "V6";
    const TYPE: ResourceType = ResourceType::TargetGroup;
    const FOUND_BY: &'static [&'static str] =
        &["elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTags"];

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["elasticloadbalancing:DescribeTargetGroupAttributes"]);
        if self.registers() {
            rights.reads(&["elasticloadbalancing:DescribeTargetHealth"]);
        }
    }

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.name)]
    }

    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        Some((&mut self.name, 32))
    }

    fn notes(&self, address: &str) -> Vec<(String, String)> {
        self.targets.records(self.port()).into_iter().map(|tag| (tag, address.to_owned())).collect()
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
        if let Some(vpc) = &mut self.vpc {
            visit(vpc);
        }
        if let Targets::LoadBalancer(balancer) = &mut self.targets {
            visit(balancer);
        }
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        super::load_balancer::validate_name(["V40"; 3], &self.name, problems);
        problems.range("V42", "traffic.port", self.traffic.map(|traffic| traffic.port), 1..=65535);
        problems.range("V42", "target_control_port", self.target_control_port, 1..=65535);
        self.validate_health_check(problems);
        self.validate_attributes(problems);
        self.validate_targets(problems);
        self.tags.validate(problems);
    }

    fn output(outputs: &TargetGroupOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &TargetGroupOutputs) -> &str {
        outputs.arn.as_str()
    }
}
