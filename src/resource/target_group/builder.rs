//! The builders of target groups.

use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::{FunctionArn, LoadBalancerArn, VpcId};
use crate::input::{Input, IntoInput};

use super::super::names::names;
use super::super::{Attributes, Tags};
use super::targets::{Target, Targets};
use super::traffic::{
    FromApplication, FromApplicationOrNetwork, FromGateway, FromNetwork, ToHosts, ToLoadBalancer, Traffic,
};
use super::{GroupTargetType, HealthCheck, LambdaHealthCheck, TargetGroup};

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
    /// The addresses of targets.
    TargetIpAddressType {
        /// IPv4, AWS's default.
        Ipv4 = "ipv4",
        /// IPv6.
        Ipv6 = "ipv6",
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

names! {
    /// What makes packets a flow that a gateway load balancer keeps at one target.
    FlowStickiness {
        /// Source and destination address.
        SourceIpDestIp = "source_ip_dest_ip",
        /// Source and destination address, and the protocol.
        SourceIpDestIpProto = "source_ip_dest_ip_proto",
    }
}

names! {
    /// What a gateway load balancer does with the flows of a target that goes.
    TargetFailover {
        /// They go to other targets.
        Rebalance = "rebalance",
        /// They stay where they are.
        NoRebalance = "no_rebalance",
    }
}

/// How many targets of a zone must be healthy: a number, a share, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinimumHealthy {
    count: Option<u32>,
    percentage: Option<u8>,
}

impl MinimumHealthy {
    /// At least so many targets, 1 or more.
    #[must_use]
    pub fn count(targets: u32) -> Self {
        Self { count: Some(targets), percentage: None }
    }

    /// At least so many percent of the targets, 1 to 100.
    #[must_use]
    pub fn percentage(percent: u8) -> Self {
        Self { count: None, percentage: Some(percent) }
    }

    /// As many percent of the targets, too, 1 to 100.
    #[must_use]
    pub fn and_percentage(self, percent: u8) -> Self {
        Self { percentage: Some(percent), ..self }
    }

    fn set(self, attributes: &mut Attributes, action: &str) {
        let key = |unit| format!("target_group_health.{action}.minimum_healthy_targets.{unit}");
        if let Some(count) = self.count {
            attributes.set(&key("count"), count);
        }
        if let Some(percentage) = self.percentage {
            attributes.set(&key("percentage"), percentage);
        }
    }
}

/// The options of a target group of instances, IP addresses, or an application load balancer.
///
/// Which of them there are depends on where the traffic comes from, by [`Traffic`].
#[derive(Debug, Clone, TypedBuilder)]
#[builder(doc, builder_type(name = TargetGroupBuilder), build_method(into = TargetGroup), mutators(
    /// What targets are. AWS's default is instances. Sets `TargetType`.
    pub fn target_type(&mut self, target_type: TargetType) where F: ToHosts {
        self.target_type = Some(target_type);
    }
    /// The addresses of the targets. AWS's default is IPv4. Sets `IpAddressType`.
    pub fn ip_address_type(&mut self, kind: TargetIpAddressType) where F: ToHosts {
        self.ip_address_type = Some(kind);
    }
    /// The port, 1 to 65535, on which the load balancer and the agent of the target optimizer talk.
    /// AWS's default is that there is no agent. Sets `TargetControlPort`.
    pub fn target_control_port(&mut self, port: u16) where F: FromApplication {
        self.target_control_port = Some(port);
    }
    /// Registers a target; may be repeated. Targets that others register, such as Auto Scaling
    /// groups, are left alone: tags of the group record which ones are the stack's. Sets
    /// `RegisterTargets.Targets`.
    pub fn target(&mut self, target: Target) where F: ToHosts {
        if let Targets::Hosts(targets) = &mut self.targets {
            targets.push(target);
        }
    }
    /// Registers the application load balancer that receives the traffic. It needs a listener on
    /// the port of the group. Sets `RegisterTargets.Targets`.
    pub fn load_balancer(&mut self, balancer: impl IntoInput<LoadBalancerArn>) where F: ToLoadBalancer {
        self.targets = Targets::LoadBalancer(balancer.into_input());
    }
    /// How long a target may finish its requests after it was deregistered: 0 to 3600 s. AWS's
    /// default is 300 s. Sets the attribute `deregistration_delay.timeout_seconds`.
    pub fn deregistration_delay(&mut self, delay: Duration) {
        self.attributes.set("deregistration_delay.timeout_seconds", delay.as_secs());
    }
    /// How long a new target's share of the requests grows: 30 to 900 s, or zero for not at all,
    /// AWS's default. Sets the attribute `slow_start.duration_seconds`.
    pub fn slow_start(&mut self, duration: Duration) where F: FromApplication {
        self.attributes.set("slow_start.duration_seconds", duration.as_secs());
    }
    /// How a target is chosen. AWS's default is round robin. Sets the attribute
    /// `load_balancing.algorithm.type`.
    pub fn algorithm(&mut self, algorithm: Algorithm) where F: FromApplication {
        self.attributes.set("load_balancing.algorithm.type", algorithm);
    }
    /// Whether targets that answer unlike the others get fewer requests; needs the algorithm
    /// [`Algorithm::WeightedRandom`]. AWS's default is no. Sets the attribute
    /// `load_balancing.algorithm.anomaly_mitigation`.
    pub fn anomaly_mitigation(&mut self, enabled: bool) where F: FromApplication {
        self.attributes.set("load_balancing.algorithm.anomaly_mitigation", if enabled { "on" } else { "off" });
    }
    /// Binds clients to targets by a cookie of the load balancer for a time: 1 s to 7 days. Without
    /// it, AWS's default, they are not bound. Sets the attributes `stickiness.enabled`,
    /// `stickiness.type` and `stickiness.lb_cookie.duration_seconds`.
    pub fn sticky_by_cookie(&mut self, duration: Duration) where F: FromApplication {
        self.attributes.set("stickiness.enabled", true);
        self.attributes.set("stickiness.type", "lb_cookie");
        self.attributes.set("stickiness.lb_cookie.duration_seconds", duration.as_secs());
    }
    /// Binds clients to targets by a cookie that the application sets, for a time: 1 s to 7 days.
    /// Names that begin with `AWSALB` are reserved. Without it, AWS's default, they are not bound.
    /// Sets the attributes `stickiness.enabled`, `stickiness.type`,
    /// `stickiness.app_cookie.cookie_name` and `stickiness.app_cookie.duration_seconds`.
    pub fn sticky_by_app_cookie(&mut self, name: impl Into<String>, duration: Duration) where F: FromApplication {
        self.attributes.set("stickiness.enabled", true);
        self.attributes.set("stickiness.type", "app_cookie");
        self.attributes.set("stickiness.app_cookie.cookie_name", name.into());
        self.attributes.set("stickiness.app_cookie.duration_seconds", duration.as_secs());
    }
    /// Binds clients to targets by their address; not for TLS. Without it, AWS's default, they are
    /// not bound. Sets the attributes `stickiness.enabled` and `stickiness.type`.
    pub fn sticky_by_source_ip(&mut self) where F: FromNetwork {
        self.attributes.set("stickiness.enabled", true);
        self.attributes.set("stickiness.type", "source_ip");
    }
    /// Binds flows to targets by fewer things than AWS's default, which is addresses, ports and
    /// protocol. Sets the attributes `stickiness.enabled` and `stickiness.type`.
    pub fn sticky_by_flow(&mut self, flow: FlowStickiness) where F: FromGateway {
        self.attributes.set("stickiness.enabled", true);
        self.attributes.set("stickiness.type", flow);
    }
    /// Whether each node sends to the targets of all zones. AWS's default is what the load balancer
    /// says. Sets the attribute `load_balancing.cross_zone.enabled`.
    pub fn cross_zone(&mut self, enabled: bool) where F: FromApplicationOrNetwork {
        self.attributes.set("load_balancing.cross_zone.enabled", enabled);
    }
    /// How many targets of a zone must be healthy, or else DNS leaves the zone out. AWS's default
    /// is one. Sets the attributes `target_group_health.dns_failover.minimum_healthy_targets.count`
    /// and `target_group_health.dns_failover.minimum_healthy_targets.percentage`.
    pub fn dns_failover(&mut self, minimum: MinimumHealthy) where F: FromApplicationOrNetwork {
        minimum.set(&mut self.attributes, "dns_failover");
    }
    /// Lets DNS name a zone however many of its targets are healthy. Sets the attribute
    /// `target_group_health.dns_failover.minimum_healthy_targets.count`.
    pub fn no_dns_failover(&mut self) where F: FromApplicationOrNetwork {
        self.attributes.set("target_group_health.dns_failover.minimum_healthy_targets.count", "off");
    }
    /// How many targets of a zone must be healthy, or else requests go to the unhealthy ones, too.
    /// AWS's default is one. Sets the attributes
    /// `target_group_health.unhealthy_state_routing.minimum_healthy_targets.count` and
    /// `target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage`.
    pub fn unhealthy_state_routing(&mut self, minimum: MinimumHealthy) where F: FromApplicationOrNetwork {
        minimum.set(&mut self.attributes, "unhealthy_state_routing");
    }
    /// Whether targets see the address of the client; always so for UDP. AWS's default is no for IP
    /// addresses that receive TCP or TLS, yes otherwise. Sets the attribute
    /// `preserve_client_ip.enabled`.
    pub fn preserve_client_ip(&mut self, enabled: bool) where F: FromNetwork {
        self.attributes.set("preserve_client_ip.enabled", enabled);
    }
    /// Whether connections begin with a header of the Proxy Protocol, version 2. AWS's default is
    /// no. Sets the attribute `proxy_protocol_v2.enabled`.
    pub fn proxy_protocol_v2(&mut self, enabled: bool) where F: FromNetwork {
        self.attributes.set("proxy_protocol_v2.enabled", enabled);
    }
    /// Whether connections are cut when the deregistration delay is over. AWS's default is yes for
    /// UDP and TCP_UDP, no otherwise. Sets the attribute
    /// `deregistration_delay.connection_termination.enabled`.
    pub fn terminate_deregistered(&mut self, enabled: bool) where F: FromNetwork {
        self.attributes.set("deregistration_delay.connection_termination.enabled", enabled);
    }
    /// Whether connections to unhealthy targets are cut; never so for UDP and TCP_UDP. AWS's
    /// default is yes otherwise. Sets the attribute
    /// `target_health_state.unhealthy.connection_termination.enabled`.
    pub fn terminate_unhealthy(&mut self, enabled: bool) where F: FromNetwork {
        self.attributes.set("target_health_state.unhealthy.connection_termination.enabled", enabled);
    }
    /// How long a target is drained before it counts as unhealthy: 0 to 360000 s, without cutting
    /// its connections. AWS's default is 0 s. Sets the attributes
    /// `target_health_state.unhealthy.draining_interval_seconds` and, to no,
    /// `target_health_state.unhealthy.connection_termination.enabled`.
    pub fn drain_unhealthy(&mut self, interval: Duration) where F: FromNetwork {
        self.attributes.set("target_health_state.unhealthy.draining_interval_seconds", interval.as_secs());
        self.attributes.set("target_health_state.unhealthy.connection_termination.enabled", false);
    }
    /// What becomes of the flows of a target that is deregistered or unhealthy. AWS's default is
    /// that they stay. Sets the attributes `target_failover.on_deregistration` and
    /// `target_failover.on_unhealthy`, which AWS wants to be the same.
    pub fn target_failover(&mut self, failover: TargetFailover) where F: FromGateway {
        self.attributes.set("target_failover.on_deregistration", failover);
        self.attributes.set("target_failover.on_unhealthy", failover);
    }
    /// Whether the senders of flows get a TCP reset when the target becomes unhealthy; without
    /// effect where flows are rebalanced or bound by fewer than five things. AWS's default is no.
    /// Sets the attribute `send_tcp_reset.on_unhealthy.enabled`.
    pub fn tcp_reset_on_unhealthy(&mut self, enabled: bool) where F: FromGateway {
        self.attributes.set("send_tcp_reset.on_unhealthy.enabled", enabled);
    }
    /// Whether the senders of flows get a TCP reset after the target was deregistered; without
    /// effect where flows are rebalanced or bound by fewer than five things. AWS's default is no.
    /// Sets the attribute `send_tcp_reset.on_deregistration.enabled`.
    pub fn tcp_reset_on_deregistration(&mut self, enabled: bool) where F: FromGateway {
        self.attributes.set("send_tcp_reset.on_deregistration.enabled", enabled);
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
pub struct TargetGroupOptions<F> {
    /// The name: 1 to 32 letters, digits and hyphens, unique in the account and region. Sets
    /// `Name`.
    #[builder(setter(into))]
    name: String,
    /// The VPC of the targets. Sets `VpcId`.
    #[builder(setter(transform = |vpc: impl IntoInput<VpcId>| vpc.into_input()))]
    vpc: Input<VpcId>,
    /// The protocol and port on which targets receive traffic. Sets `Protocol`, `Port` and
    /// `ProtocolVersion`.
    traffic: Traffic<F>,
    /// How the health of targets is checked. Left out, AWS's defaults for the protocol.
    #[builder(default)]
    health_check: HealthCheck,
    #[builder(via_mutators)]
    target_type: Option<TargetType>,
    #[builder(via_mutators)]
    ip_address_type: Option<TargetIpAddressType>,
    #[builder(via_mutators)]
    target_control_port: Option<u16>,
    #[builder(via_mutators)]
    targets: Targets,
    #[builder(via_mutators)]
    attributes: Attributes,
    #[builder(via_mutators)]
    tags: Tags,
}

impl<F> From<TargetGroupOptions<F>> for TargetGroup {
    fn from(options: TargetGroupOptions<F>) -> Self {
        let hosts = options.target_type.map(|target_type| match target_type {
            TargetType::Instance => GroupTargetType::Instance,
            TargetType::Ip => GroupTargetType::Ip,
        });
        Self {
            name: options.name,
            vpc: Some(options.vpc),
            traffic: Some(options.traffic.received),
            target_type: if options.traffic.to_load_balancer { Some(GroupTargetType::Alb) } else { hosts },
            ip_address_type: options.ip_address_type,
            target_control_port: options.target_control_port,
            health_check: options.health_check,
            targets: options.targets,
            attributes: options.attributes,
            tags: options.tags,
        }
    }
}

/// The options of a target group whose target is a Lambda function.
#[derive(Debug, Clone, TypedBuilder)]
#[builder(doc, builder_type(name = LambdaTargetGroupBuilder), build_method(into = TargetGroup), mutators(
    /// Registers the function. Its policy has to let `elasticloadbalancing.amazonaws.com` invoke
    /// it, or AWS refuses; that permission is yours to give. Sets `RegisterTargets.Targets`.
    pub fn function(&mut self, function: FunctionArn) {
        self.targets = Targets::Function(function);
    }
    /// Whether headers and query parameters are arrays, so that none is lost where several have one
    /// name. AWS's default is no. Sets the attribute `lambda.multi_value_headers.enabled`.
    pub fn multi_value_headers(&mut self, enabled: bool) {
        self.attributes.set("lambda.multi_value_headers.enabled", enabled);
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
pub struct LambdaTargetGroup {
    /// The name: 1 to 32 letters, digits and hyphens, unique in the account and region. Sets
    /// `Name`.
    #[builder(setter(into))]
    name: String,
    /// How the health of the function is checked. Left out, it is not.
    #[builder(default)]
    health_check: LambdaHealthCheck,
    #[builder(via_mutators)]
    targets: Targets,
    #[builder(via_mutators)]
    attributes: Attributes,
    #[builder(via_mutators)]
    tags: Tags,
}

impl From<LambdaTargetGroup> for TargetGroup {
    fn from(options: LambdaTargetGroup) -> Self {
        Self {
            name: options.name,
            vpc: None,
            traffic: None,
            target_type: Some(GroupTargetType::Lambda),
            ip_address_type: None,
            target_control_port: None,
            health_check: options.health_check.into(),
            targets: options.targets,
            attributes: options.attributes,
            tags: options.tags,
        }
    }
}
