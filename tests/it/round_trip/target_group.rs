//! Target groups.

use std::time::Duration;

use purlin::*;

use super::case::Change::{self, InPlace, Replace};
use super::case::{Case, Setting, case};

const MODIFY: Change = InPlace(&["ModifyTargetGroup"]);
const ATTRIBUTES: Change = InPlace(&["ModifyTargetGroupAttributes"]);
const TARGETS: Change = InPlace(&["RegisterTargets", "DeregisterTargets"]);

/// A group that receives this traffic.
macro_rules! group {
    ($traffic:expr) => {
        |stack: &mut Stack| {
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            TargetGroup::builder().name("it").vpc(vpc).traffic($traffic)
        }
    };
}

/// A group of instances for HTTP.
macro_rules! http {
    () => {
        group!(Traffic::http(80))
    };
}

macro_rules! tcp {
    () => {
        group!(Traffic::tcp(80))
    };
}

macro_rules! geneve {
    () => {
        group!(Traffic::geneve())
    };
}

macro_rules! lambda {
    () => {
        |_: &mut Stack| TargetGroup::lambda().name("it")
    };
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A case for what a group cannot be without: `declare` makes the group of a value.
macro_rules! required {
    ($cases:ident, $path:literal, [$first:expr, $second:expr], |$vpc:ident, $v:ident| $group:expr) => {
        $cases.push(
            Case::new(concat!("TargetGroup.", $path), Replace, |setting| {
                let mut stack = Stack::new("round-trip");
                let $vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
                let $v = setting.pick($first, $second).expect("a value");
                stack.add("it", $group.build());
                stack
            })
            .required(),
        )
    };
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    identity(&mut cases);
    health_checks(&mut cases);
    attributes_of_all(&mut cases);
    attributes_of_application(&mut cases);
    attributes_of_network(&mut cases);
    attributes_of_gateway(&mut cases);
    targets(&mut cases);
    case!(cases, TargetGroup."tags.team", InPlace(&["AddTags", "RemoveTags"]), ["web", "shop"], http!(), |b, v| b.tag("team", v));
    cases
}

fn identity(cases: &mut Vec<Case>) {
    required!(cases, "name", ["it", "that"], |vpc, v| TargetGroup::builder()
        .name(v)
        .vpc(vpc)
        .traffic(Traffic::http(80)));
    required!(cases, "protocol", [Traffic::http(80), Traffic::https(80)], |vpc, v| {
        TargetGroup::builder().name("it").vpc(vpc).traffic(v)
    });
    required!(cases, "port", [80, 81], |vpc, v| TargetGroup::builder().name("it").vpc(vpc).traffic(Traffic::http(v)));
    let vpc = Case::new("TargetGroup.vpc", Replace, |setting| {
        let mut stack = Stack::new("round-trip");
        let lab = stack.add("lab", Vpc::named("VPC-Lab"));
        let other = stack.add("other", Vpc::named("VPC-Targets"));
        let vpc = setting.pick(lab, other).expect("a value");
        stack.add("it", TargetGroup::builder().name("it").vpc(vpc).traffic(Traffic::http(80)).build());
        stack
    });
    cases.push(vpc.required().given(|sim| {
        sim.add_vpc("VPC-Targets", "10.9.0.0/16");
    }));
    let version = Case::new("TargetGroup.protocol_version", Replace, |setting| {
        let mut stack = Stack::new("round-trip");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let version = setting.pick(HttpVersion::Http2, HttpVersion::Http1);
        let traffic = version.map_or(Traffic::https(443), |version| Traffic::https(443).version(version));
        stack.add("it", TargetGroup::builder().name("it").vpc(vpc).traffic(traffic).build());
        stack
    });
    cases.push(version.second_is_default());
    case!(cases, TargetGroup."target_type", Replace, [TargetType::Ip, TargetType::Instance], http!(), |b, v| b.target_type(v), second_is_default());
    case!(cases, TargetGroup."ip_address_type", Replace, [TargetIpAddressType::Ipv6, TargetIpAddressType::Ipv4], http!(), |b, v| b.ip_address_type(v), second_is_default());
    case!(cases, TargetGroup."target_control_port", Replace, [3000, 3001], http!(), |b, v| b.target_control_port(v));
}

fn health_checks(cases: &mut Vec<Case>) {
    /// A case for a setting of the health check.
    macro_rules! check {
        ($path:literal, [$first:expr, $second:expr], $base:expr, |$c:ident, $v:ident| $with:expr $(, $more:ident())?) => {
            case!(cases, TargetGroup.$path, MODIFY, [$first, $second], $base, |b, $v| {
                let $c = HealthCheck::builder();
                b.health_check($with.build())
            } $(, $more())?);
        };
    }
    let protocols = [HealthCheckProtocol::Https, HealthCheckProtocol::Http];
    check!("health_check.protocol", [protocols[0], protocols[1]], http!(), |c, v| c.protocol(v), second_is_default());
    check!("health_check.port", [8080, 8081], http!(), |c, v| c.port(v));
    check!("health_check.path", ["/up", "/health"], http!(), |c, v| c.path(v));
    check!("health_check.interval", [20, 40], http!(), |c, v| c.interval(seconds(v)));
    check!("health_check.timeout", [3, 4], http!(), |c, v| c.timeout(seconds(v)));
    check!("health_check.healthy_threshold", [2, 3], http!(), |c, v| c.healthy_threshold(v));
    check!("health_check.unhealthy_threshold", [4, 3], http!(), |c, v| c.unhealthy_threshold(v));
    check!("health_check.success_codes", ["200-299", "200,404"], http!(), |c, v| c.success_codes(v));
    check!("health_check.grpc_codes", ["0", "0-5"], group!(Traffic::grpc(80)), |c, v| c.grpc_codes(v));
    case!(cases, TargetGroup."health_check.enabled", MODIFY, [true, false], lambda!(), |b, v| {
        b.health_check(LambdaHealthCheck::builder().enabled(v).build())
    }, second_is_default());
}

fn attributes_of_all(cases: &mut Vec<Case>) {
    case!(cases, TargetGroup."attributes.deregistration_delay.timeout_seconds", ATTRIBUTES, [20, 40], http!(), |b, v| {
        b.deregistration_delay(seconds(v))
    });
    case!(cases, TargetGroup."attributes.load_balancing.cross_zone.enabled", ATTRIBUTES, [true, false], tcp!(), |b, v| b.cross_zone(v));
    let count = "attributes.target_group_health.dns_failover.minimum_healthy_targets.count";
    let counts = Case::new(
        "TargetGroup.attributes.target_group_health.dns_failover.minimum_healthy_targets.count",
        ATTRIBUTES,
        |setting| {
            let mut stack = Stack::new("round-trip");
            let base = http!()(&mut stack);
            let it = match setting {
                Setting::Unset => base,
                Setting::First => base.dns_failover(MinimumHealthy::count(2)),
                Setting::Second => base.no_dns_failover(),
            };
            stack.add("it", it.build());
            stack
        },
    );
    cases.push(counts.shows([count]));
    case!(cases, TargetGroup."attributes.target_group_health.dns_failover.minimum_healthy_targets.percentage", ATTRIBUTES, [50, 60], tcp!(), |b, v| {
        b.dns_failover(MinimumHealthy::percentage(v))
    });
    case!(cases, TargetGroup."attributes.target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", ATTRIBUTES, [2, 3], http!(), |b, v| {
        b.unhealthy_state_routing(MinimumHealthy::count(v))
    });
    case!(cases, TargetGroup."attributes.target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", ATTRIBUTES, [50, 60], tcp!(), |b, v| {
        b.unhealthy_state_routing(MinimumHealthy::count(1).and_percentage(v))
    });
    case!(cases, TargetGroup."attributes.lambda.multi_value_headers.enabled", ATTRIBUTES, [true, false], lambda!(), |b, v| b.multi_value_headers(v), second_is_default());
    case!(cases, TargetGroup."attributes.stickiness.enabled", ATTRIBUTES, [true, false], tcp!(), |b, v| {
        if v { b.sticky_by_source_ip() } else { b.attribute("stickiness.enabled", "false") }
    }, second_is_default());
}

fn attributes_of_application(cases: &mut Vec<Case>) {
    case!(cases, TargetGroup."attributes.slow_start.duration_seconds", ATTRIBUTES, [30, 60], http!(), |b, v| b.slow_start(seconds(v)));
    case!(cases, TargetGroup."attributes.load_balancing.algorithm.type", ATTRIBUTES, [Algorithm::LeastOutstandingRequests, Algorithm::WeightedRandom], http!(), |b, v| {
        b.algorithm(v)
    });
    let weighted = |stack: &mut Stack| http!()(stack).algorithm(Algorithm::WeightedRandom);
    case!(cases, TargetGroup."attributes.load_balancing.algorithm.anomaly_mitigation", ATTRIBUTES, [true, false], weighted, |b, v| {
        b.anomaly_mitigation(v)
    }, second_is_default());
    case!(cases, TargetGroup."attributes.stickiness.lb_cookie.duration_seconds", ATTRIBUTES, [100, 200], http!(), |b, v| {
        b.sticky_by_cookie(seconds(v))
    }, may_show(["attributes.stickiness.enabled"]));
    case!(cases, TargetGroup."attributes.stickiness.app_cookie.cookie_name", ATTRIBUTES, ["session", "basket"], http!(), |b, v| {
        b.sticky_by_app_cookie(v, seconds(86400))
    }, may_show(["attributes.stickiness.enabled", "attributes.stickiness.type"]));
    case!(cases, TargetGroup."attributes.stickiness.app_cookie.duration_seconds", ATTRIBUTES, [100, 200], http!(), |b, v| {
        b.sticky_by_app_cookie("session", seconds(v))
    }, may_show(["attributes.stickiness.app_cookie.cookie_name", "attributes.stickiness.enabled", "attributes.stickiness.type"]));
}

fn attributes_of_network(cases: &mut Vec<Case>) {
    case!(cases, TargetGroup."attributes.deregistration_delay.connection_termination.enabled", ATTRIBUTES, [true, false], tcp!(), |b, v| {
        b.terminate_deregistered(v)
    }, second_is_default());
    case!(cases, TargetGroup."attributes.preserve_client_ip.enabled", ATTRIBUTES, [false, true], tcp!(), |b, v| b.preserve_client_ip(v), second_is_default());
    case!(cases, TargetGroup."attributes.proxy_protocol_v2.enabled", ATTRIBUTES, [true, false], tcp!(), |b, v| b.proxy_protocol_v2(v), second_is_default());
    case!(cases, TargetGroup."attributes.target_health_state.unhealthy.connection_termination.enabled", ATTRIBUTES, [false, true], tcp!(), |b, v| {
        b.terminate_unhealthy(v)
    }, second_is_default());
    case!(cases, TargetGroup."attributes.target_health_state.unhealthy.draining_interval_seconds", ATTRIBUTES, [30, 60], tcp!(), |b, v| {
        b.drain_unhealthy(seconds(v))
    }, may_show(["attributes.target_health_state.unhealthy.connection_termination.enabled"]));
}

fn attributes_of_gateway(cases: &mut Vec<Case>) {
    let both = ["attributes.target_failover.on_deregistration", "attributes.target_failover.on_unhealthy"];
    case!(cases, TargetGroup."attributes.target_failover.on_deregistration", ATTRIBUTES, [TargetFailover::Rebalance, TargetFailover::NoRebalance], geneve!(), |b, v| {
        b.target_failover(v)
    }, shows(both).second_is_default());
    case!(cases, TargetGroup."attributes.send_tcp_reset.on_unhealthy.enabled", ATTRIBUTES, [true, false], geneve!(), |b, v| b.tcp_reset_on_unhealthy(v), second_is_default());
    case!(cases, TargetGroup."attributes.send_tcp_reset.on_deregistration.enabled", ATTRIBUTES, [true, false], geneve!(), |b, v| {
        b.tcp_reset_on_deregistration(v)
    }, second_is_default());
    // AWS says no default: left out, what there is stays, and stickiness is off.
    case!(cases, TargetGroup."attributes.stickiness.type", ATTRIBUTES, [FlowStickiness::SourceIpDestIp, FlowStickiness::SourceIpDestIpProto], geneve!(), |b, v| {
        b.sticky_by_flow(v)
    }, required());
}

fn targets(cases: &mut Vec<Case>) {
    let ip = |stack: &mut Stack| tcp!()(stack).target_type(TargetType::Ip);
    let target = || Target::ip([10, 0, 2, 10]);
    case!(cases, TargetGroup."targets.port", TARGETS, [8080, 8081], ip, |b, v| b.target(target().port(v)), shows(["targets"]));
    let zone = Case::new("TargetGroup.targets.availability_zone", TARGETS, move |setting| {
        let mut stack = Stack::new("round-trip");
        let zone = setting.pick("all", "ap-northeast-2a");
        let target = zone.map_or(target(), |zone| target().availability_zone(zone));
        let it = ip(&mut stack).target(target).target(Target::ip([10, 0, 2, 11]));
        stack.add("it", it.build());
        stack
    });
    cases.push(zone.shows(["targets"]));
    let quic = |stack: &mut Stack| group!(Traffic::quic(443))(stack).target_type(TargetType::Ip);
    case!(cases, TargetGroup."targets.quic_server_id", TARGETS, ["0x0123456789abcdef", "0x0123456789abcdee"], quic, |b, v| {
        b.target(target().quic_server_id(v))
    }, shows(["targets"]));
    case!(cases, TargetGroup."targets.function", TARGETS, ["orders", "basket"], lambda!(), |b, v| {
        b.function(format!("arn:aws:lambda:ap-northeast-2:123456789012:function:{v}").parse().expect("an ARN"))
    }, shows(["targets[0].function"]).may_show(["targets"]));
    let balancer = Case::new("TargetGroup.targets.load_balancer", TARGETS, |setting| {
        let mut stack = Stack::new("round-trip");
        let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]));
        let [one, two] = ["one", "two"].map(|name| {
            let balancer = LoadBalancer::application().name(name).subnets(public);
            let balancer = stack.add(name, balancer.build());
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
            stack.add(name, listener.action(Action::fixed_response(404)).build());
            balancer
        });
        let it = group!(Traffic::to_load_balancer(80))(&mut stack);
        match setting.pick(one, two) {
            Some(balancer) => stack.add("it", it.load_balancer(balancer).build()),
            None => stack.add("it", it.build()),
        };
        stack
    });
    cases.push(balancer.shows(["targets"]));
}
