//! The attributes of target groups.

use aws_sdk_elasticloadbalancingv2::operation::describe_target_group_attributes::{
    DescribeTargetGroupAttributesInput, DescribeTargetGroupAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group_attributes::{
    ModifyTargetGroupAttributesInput, ModifyTargetGroupAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum as Protocol;

use super::{Key, Values, View};
use crate::sim::elbv2::check::invalid_configuration;
use crate::sim::elbv2::model::{Kind, Resource, TargetGroup, TargetGroupSettings, find, find_mut, see};
use crate::sim::error::ApiError;
use crate::sim::world::World;

const DELAY: &str = "deregistration_delay.timeout_seconds";
const STICKY: &str = "stickiness.enabled";
const STICKY_TYPE: &str = "stickiness.type";
const COOKIE: &str = "stickiness.app_cookie.cookie_name";
const ALGORITHM: &str = "load_balancing.algorithm.type";
const ANOMALY: &str = "load_balancing.algorithm.anomaly_mitigation";
const SLOW_START: &str = "slow_start.duration_seconds";
const PRESERVE_IP: &str = "preserve_client_ip.enabled";
const TERMINATE_UNHEALTHY: &str = "target_health_state.unhealthy.connection_termination.enabled";
const DRAIN_UNHEALTHY: &str = "target_health_state.unhealthy.draining_interval_seconds";
const FAILOVER: [&str; 2] = ["target_failover.on_deregistration", "target_failover.on_unhealthy"];

const fn key(
    name: &'static str,
    default: fn(&TargetGroupSettings) -> &'static str,
    values: fn(&TargetGroupSettings) -> Values,
    excluded: fn(&TargetGroupSettings) -> Option<String>,
) -> Key<TargetGroupSettings> {
    Key { name, default, values, excluded }
}

const TABLE: &[Key<TargetGroupSettings>] = &[
    key(DELAY, |_| "300", |_| Values::Between(0, 3600), |group| not_type(group.is_lambda(), group)),
    key(STICKY, |_| "false", |_| Values::Flag, |_| None),
    key(
        STICKY_TYPE,
        |group| match group.kind() {
            Kind::Application => "lb_cookie",
            Kind::Network => "source_ip",
            Kind::Gateway => "source_ip_dest_ip_proto",
        },
        |group| {
            Values::OneOf(match group.kind() {
                Kind::Application => &["lb_cookie", "app_cookie"],
                Kind::Network => &["source_ip"],
                Kind::Gateway => &["source_ip_dest_ip", "source_ip_dest_ip_proto"],
            })
        },
        |_| None,
    ),
    key(
        "load_balancing.cross_zone.enabled",
        |_| "use_load_balancer_configuration",
        |_| Values::OneOf(&["true", "false", "use_load_balancer_configuration"]),
        not_gateway,
    ),
    key(
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        |_| "1",
        |_| Values::OffOr(1, u32::MAX),
        not_gateway,
    ),
    key(
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        |_| "off",
        |_| Values::OffOr(1, 100),
        not_gateway,
    ),
    key(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        |_| "1",
        |_| Values::Between(1, u32::MAX),
        not_gateway,
    ),
    key(
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        |_| "off",
        |_| Values::OffOr(1, 100),
        not_gateway,
    ),
    key(
        ALGORITHM,
        |_| "round_robin",
        |_| Values::OneOf(&["round_robin", "least_outstanding_requests", "weighted_random"]),
        only_http,
    ),
    key(ANOMALY, |_| "off", |_| Values::OneOf(&["on", "off"]), only_http),
    key(SLOW_START, |_| "0", |_| Values::ZeroOr(30, 900), only_http),
    key(COOKIE, |_| "", |_| Values::Matching(is_cookie_name, "a cookie name without a reserved prefix"), only_http),
    key("stickiness.app_cookie.duration_seconds", |_| "86400", |_| Values::Between(1, 604_800), only_http),
    key("stickiness.lb_cookie.duration_seconds", |_| "86400", |_| Values::Between(1, 604_800), only_http),
    key(
        "lambda.multi_value_headers.enabled",
        |_| "false",
        |_| Values::Flag,
        |group| not_type(!group.is_lambda(), group),
    ),
    key(
        "deregistration_delay.connection_termination.enabled",
        |group| if is_udp(group) { "true" } else { "false" },
        |_| Values::Flag,
        only_network,
    ),
    key(
        PRESERVE_IP,
        |group| {
            let by_address = group.target_type == sdk::TargetTypeEnum::Ip;
            if by_address && matches!(group.protocol, Some(Protocol::Tcp | Protocol::Tls)) { "false" } else { "true" }
        },
        |_| Values::Flag,
        only_network,
    ),
    key("proxy_protocol_v2.enabled", |_| "false", |_| Values::Flag, only_network),
    key(TERMINATE_UNHEALTHY, |group| if is_udp(group) { "false" } else { "true" }, |_| Values::Flag, only_network),
    key(DRAIN_UNHEALTHY, |_| "0", |_| Values::Between(0, 360_000), only_network),
    key(FAILOVER[0], |_| "no_rebalance", |_| Values::OneOf(&["rebalance", "no_rebalance"]), only_gateway),
    key(FAILOVER[1], |_| "no_rebalance", |_| Values::OneOf(&["rebalance", "no_rebalance"]), only_gateway),
    key("send_tcp_reset.on_unhealthy.enabled", |_| "false", |_| Values::Flag, only_gateway),
    key("send_tcp_reset.on_deregistration.enabled", |_| "false", |_| Values::Flag, only_gateway),
];

fn is_udp(group: &TargetGroupSettings) -> bool {
    matches!(group.protocol, Some(Protocol::Udp | Protocol::TcpUdp))
}

fn not_type(excluded: bool, group: &TargetGroupSettings) -> Option<String> {
    excluded.then(|| format!("for target groups with target type '{}'", group.target_type))
}

fn not_protocol(excluded: bool, group: &TargetGroupSettings) -> Option<String> {
    match &group.protocol {
        Some(protocol) => excluded.then(|| format!("for target groups with the '{}' protocol", protocol.as_str())),
        None => not_type(excluded, group),
    }
}

fn not_gateway(group: &TargetGroupSettings) -> Option<String> {
    not_protocol(group.kind() == Kind::Gateway, group)
}

fn only_gateway(group: &TargetGroupSettings) -> Option<String> {
    not_protocol(group.kind() != Kind::Gateway, group)
}

fn only_network(group: &TargetGroupSettings) -> Option<String> {
    not_protocol(group.kind() != Kind::Network, group)
}

/// Behind an Application Load Balancer, and no Lambda function.
fn only_http(group: &TargetGroupSettings) -> Option<String> {
    not_protocol(group.kind() != Kind::Application || group.is_lambda(), group)
}

/// Empty for none yet. `AWSALB` begins the other two reserved prefixes too.
fn is_cookie_name(name: &str) -> bool {
    name.len() <= 4096
        && !name.starts_with("AWSALB")
        && name.chars().all(|character| character.is_ascii_graphic() && !",;".contains(character))
}

pub(super) fn view(group: &TargetGroup) -> View<'_, TargetGroupSettings> {
    View { table: TABLE, noun: TargetGroup::NOUN, subject: &group.settings, set: group.attributes.clone() }
}

fn output(view: &View<'_, TargetGroupSettings>) -> Vec<sdk::TargetGroupAttribute> {
    view.all().map(|(key, value)| sdk::TargetGroupAttribute::builder().key(key).value(value).build()).collect()
}

pub(in crate::sim::elbv2) fn describe(
    world: &mut World,
    input: &DescribeTargetGroupAttributesInput,
) -> Result<DescribeTargetGroupAttributesOutput, ApiError> {
    let attributes = output(&view(see(world, input.target_group_arn())?));
    Ok(DescribeTargetGroupAttributesOutput::builder().set_attributes(Some(attributes)).build())
}

pub(in crate::sim::elbv2) fn modify(
    world: &mut World,
    input: &ModifyTargetGroupAttributesInput,
) -> Result<ModifyTargetGroupAttributesOutput, ApiError> {
    let group = find::<TargetGroup>(world, input.target_group_arn())?;
    let mut after = view(group);
    let names = after.apply(input.attributes().iter().map(|attribute| (attribute.key(), attribute.value())))?;
    check(&after, names.contains(DRAIN_UNHEALTHY))?;
    let attributes = output(&after);
    let set = after.set;
    find_mut::<TargetGroup>(world, input.target_group_arn())?.attributes = set;
    Ok(ModifyTargetGroupAttributesOutput::builder().set_attributes(Some(attributes)).build())
}

/// The rules across attributes.
fn check(after: &View<'_, TargetGroupSettings>, sets_draining: bool) -> Result<(), ApiError> {
    let group = after.subject;
    let refusal = if after.get(ANOMALY) == "on" && after.get(ALGORITHM) != "weighted_random" {
        "Anomaly mitigation requires the 'weighted_random' load balancing algorithm"
    } else if after.get(SLOW_START) != "0" && after.get(ALGORITHM) != "round_robin" {
        "Slow start requires the 'round_robin' load balancing algorithm"
    } else if after.get(STICKY) == "true" && after.get(STICKY_TYPE) == "app_cookie" && after.get(COOKIE).is_empty() {
        "Application-based stickiness requires a cookie name"
    } else if after.get(STICKY) == "true" && group.protocol == Some(Protocol::Tls) {
        "Stickiness is not supported for target groups with the 'TLS' protocol"
    } else if is_udp(group) && after.get(PRESERVE_IP) == "false" {
        "Client IP preservation cannot be disabled for UDP and TCP_UDP target groups"
    } else if is_udp(group) && after.get(TERMINATE_UNHEALTHY) == "true" {
        "Connection termination for unhealthy targets cannot be enabled for UDP and TCP_UDP target groups"
    } else if sets_draining && after.get(DRAIN_UNHEALTHY) != "0" && after.get(TERMINATE_UNHEALTHY) == "true" {
        "The unhealthy draining interval requires connection termination for unhealthy targets to be disabled"
    } else if after.get(FAILOVER[0]) != after.get(FAILOVER[1]) {
        "'target_failover.on_deregistration' and 'target_failover.on_unhealthy' must have the same value"
    } else {
        return Ok(());
    };
    Err(invalid_configuration(refusal))
}
