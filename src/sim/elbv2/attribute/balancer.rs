//! The attributes of load balancers.

use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancer_attributes::{
    DescribeLoadBalancerAttributesInput, DescribeLoadBalancerAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::modify_load_balancer_attributes::{
    ModifyLoadBalancerAttributesInput, ModifyLoadBalancerAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::{Key, Values, View};
use crate::sim::elbv2::check::invalid_configuration;
use crate::sim::elbv2::model::{Balancer, BalancerSettings, Kind, Resource, find, find_mut, see};
use crate::sim::error::ApiError;
use crate::sim::world::World;

const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const SECONDARY_IPS: &str = "secondary_ips.auto_assigned.per_subnet";

const fn key(
    name: &'static str,
    default: fn(&BalancerSettings) -> &'static str,
    values: fn(&BalancerSettings) -> Values,
    excluded: fn(&BalancerSettings) -> Option<String>,
) -> Key<BalancerSettings> {
    Key { name, default, values, excluded }
}

const TABLE: &[Key<BalancerSettings>] = &[
    key("deletion_protection.enabled", |_| "false", |_| Values::Flag, |_| None),
    key(
        CROSS_ZONE,
        |balancer| if balancer.kind == Kind::Application { "true" } else { "false" },
        |_| Values::Flag,
        |_| None,
    ),
    key("access_logs.s3.enabled", |_| "false", |_| Values::Flag, not_gateway),
    key("access_logs.s3.bucket", |_| "", |_| Values::Text(63), not_gateway),
    key("access_logs.s3.prefix", |_| "", |_| Values::Text(1024), not_gateway),
    key(
        "ipv6.deny_all_igw_traffic",
        |balancer| if balancer.is_internal() { "true" } else { "false" },
        |_| Values::Flag,
        |balancer| {
            not_gateway(balancer).or_else(|| {
                (balancer.ip_address_type == "ipv4").then(|| "on load balancers with IP address type 'ipv4'".to_owned())
            })
        },
    ),
    key("zonal_shift.config.enabled", |_| "false", |_| Values::Flag, not_gateway),
    key("idle_timeout.timeout_seconds", |_| "60", |_| Values::Between(1, 4000), only_application),
    key("client_keep_alive.seconds", |_| "3600", |_| Values::Between(60, 604_800), only_application),
    key("connection_logs.s3.enabled", |_| "false", |_| Values::Flag, only_application),
    key("connection_logs.s3.bucket", |_| "", |_| Values::Text(63), only_application),
    key("connection_logs.s3.prefix", |_| "", |_| Values::Text(1024), only_application),
    key("health_check_logs.s3.enabled", |_| "false", |_| Values::Flag, only_application),
    key("health_check_logs.s3.bucket", |_| "", |_| Values::Text(63), only_application),
    key("health_check_logs.s3.prefix", |_| "", |_| Values::Text(1024), only_application),
    key(
        "routing.http.desync_mitigation_mode",
        |_| "defensive",
        |_| Values::OneOf(&["monitor", "defensive", "strictest"]),
        only_application,
    ),
    key("routing.http.drop_invalid_header_fields.enabled", |_| "false", |_| Values::Flag, only_application),
    key("routing.http.preserve_host_header.enabled", |_| "false", |_| Values::Flag, only_application),
    key("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", |_| "false", |_| Values::Flag, only_application),
    key("routing.http.xff_client_port.enabled", |_| "false", |_| Values::Flag, only_application),
    key(
        "routing.http.xff_header_processing.mode",
        |_| "append",
        |_| Values::OneOf(&["append", "preserve", "remove"]),
        only_application,
    ),
    key("routing.http2.enabled", |_| "true", |_| Values::Flag, only_application),
    key("waf.fail_open.enabled", |_| "false", |_| Values::Flag, only_application),
    key(
        "dns_record.client_routing_policy",
        |_| "any_availability_zone",
        |_| {
            Values::OneOf(&[
                "availability_zone_affinity",
                "partial_availability_zone_affinity",
                "any_availability_zone",
            ])
        },
        only_network,
    ),
    key(SECONDARY_IPS, |_| "0", |_| Values::Between(0, 7), only_network),
];

fn not(excluded: bool, balancer: &BalancerSettings) -> Option<String> {
    excluded.then(|| format!("for load balancers with type '{}'", balancer.kind.name()))
}

fn not_gateway(balancer: &BalancerSettings) -> Option<String> {
    not(balancer.kind == Kind::Gateway, balancer)
}

fn only_application(balancer: &BalancerSettings) -> Option<String> {
    not(balancer.kind != Kind::Application, balancer)
}

fn only_network(balancer: &BalancerSettings) -> Option<String> {
    not(balancer.kind != Kind::Network, balancer)
}

pub(super) fn view(balancer: &Balancer) -> View<'_, BalancerSettings> {
    View { table: TABLE, noun: Balancer::NOUN, subject: &balancer.settings, set: balancer.attributes.clone() }
}

fn output(view: &View<'_, BalancerSettings>) -> Vec<sdk::LoadBalancerAttribute> {
    view.all().map(|(key, value)| sdk::LoadBalancerAttribute::builder().key(key).value(value).build()).collect()
}

pub(in crate::sim::elbv2) fn describe(
    world: &mut World,
    input: &DescribeLoadBalancerAttributesInput,
) -> Result<DescribeLoadBalancerAttributesOutput, ApiError> {
    let attributes = output(&view(see(world, input.load_balancer_arn())?));
    Ok(DescribeLoadBalancerAttributesOutput::builder().set_attributes(Some(attributes)).build())
}

pub(in crate::sim::elbv2) fn modify(
    world: &mut World,
    input: &ModifyLoadBalancerAttributesInput,
) -> Result<ModifyLoadBalancerAttributesOutput, ApiError> {
    let balancer = find::<Balancer>(world, input.load_balancer_arn())?;
    let before = view(balancer);
    let mut after = view(balancer);
    after.apply(input.attributes().iter().map(|attribute| (attribute.key(), attribute.value())))?;
    check(&before, &after)?;
    let attributes = output(&after);
    let set = after.set;
    find_mut::<Balancer>(world, input.load_balancer_arn())?.attributes = set;
    Ok(ModifyLoadBalancerAttributesOutput::builder().set_attributes(Some(attributes)).build())
}

/// The rules across attributes.
fn check(before: &View<'_, BalancerSettings>, after: &View<'_, BalancerSettings>) -> Result<(), ApiError> {
    if after.subject.kind == Kind::Application && after.get(CROSS_ZONE) == "false" {
        return Err(invalid_configuration(
            "Cross-zone load balancing cannot be disabled for load balancers with type 'application'",
        ));
    }
    for logs in ["access_logs", "connection_logs", "health_check_logs"] {
        let bucket = format!("{logs}.s3.bucket");
        if after.get(&format!("{logs}.s3.enabled")) == "true" && after.get(&bucket).is_empty() {
            return Err(ApiError::validation(format!("The value of '{bucket}' cannot be empty")));
        }
    }
    let secondary = |view: &View<'_, BalancerSettings>| view.get(SECONDARY_IPS).parse::<u8>().unwrap_or_default();
    if secondary(after) < secondary(before) {
        return Err(invalid_configuration(format!("The value of '{SECONDARY_IPS}' cannot be decreased")));
    }
    Ok(())
}
