//! Target groups.

use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;

use super::balancer::network;
use super::case::{Case, Found};

/// A stack with a target group of this traffic, and its options.
macro_rules! group {
    ($traffic:expr; $($option:ident $value:tt)*) => {{
        let mut stack = Stack::new("rules");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        stack.add("it", TargetGroup::builder().name("it").vpc(vpc).traffic($traffic)$(.$option $value)*.build());
        stack
    }};
}

/// A stack with a target group of this traffic, and what its health check has.
macro_rules! check {
    ($traffic:expr; $($option:ident $value:tt)*) => {
        group!($traffic; health_check(HealthCheck::builder()$(.$option $value)*.build()))
    };
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn pick<T>(inside: bool, within: T, without: T) -> T {
    if inside { within } else { without }
}

fn named(name: &str) -> Stack {
    let mut stack = Stack::new("rules");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    stack.add("it", TargetGroup::builder().name(name).vpc(vpc).traffic(Traffic::http(80)).build());
    stack
}

fn two(names: [&str; 2]) -> Stack {
    let mut stack = Stack::new("rules");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    for (name, port) in names.into_iter().zip([80, 81]) {
        let group = TargetGroup::builder().name(name).vpc(vpc).traffic(Traffic::http(port));
        stack.add(format!("it-{port}"), group.build());
    }
    stack
}

/// A function with these attributes.
fn function(key: &str, value: &str) -> Stack {
    let mut stack = Stack::new("rules");
    stack.add("it", TargetGroup::lambda().name("it").attribute(key, value).build());
    stack
}

/// A network load balancer that passes traffic on.
fn passing<P: protocol::Protocol>(accept: Accept<P>, traffic: Traffic<NetworkTraffic>) -> Stack {
    let (mut stack, subnets) = network(&["Public subnet A"]);
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = stack.add("it", TargetGroup::builder().name("it").vpc(vpc).traffic(traffic).build());
    let balancer = stack.add("it", LoadBalancer::network().name("it").subnets(subnets).build());
    let listener = Listener::builder().load_balancer(balancer).accept(accept);
    stack.add("it", listener.action(Action::forward(group)).build());
    stack
}

/// Two load balancers, which forward to one group or to one each.
fn shared(inside: bool) -> Stack {
    let (mut stack, subnets) = network(&["Public subnet A"]);
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let [first, second] = ["first", "second"]
        .map(|name| stack.add(name, TargetGroup::builder().name(name).vpc(vpc).traffic(Traffic::tcp(80)).build()));
    for (name, group) in [("first", first), ("second", if inside { second } else { first })] {
        let balancer = stack.add(name, LoadBalancer::network().name(name).subnets(subnets).build());
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::tcp(80));
        stack.add(name, listener.action(Action::forward(group)).build());
    }
    stack
}

fn other_vpc(sim: &SimAws) {
    sim.add_vpc("VPC-Other", "10.9.0.0/16");
}

/// A load balancer of the lab's VPC that forwards to a group of a VPC.
fn forwarding(inside: bool) -> Stack {
    let (mut stack, subnets) = network(&["Public subnet A", "Public subnet C"]);
    let vpc = stack.add("vpc", Vpc::named(pick(inside, "VPC-Lab", "VPC-Other")));
    let group = TargetGroup::builder().name("it").vpc(vpc).traffic(Traffic::http(80)).build();
    let group = stack.add("it", group);
    let balancer = stack.add("it", LoadBalancer::application().name("it").subnets(subnets).build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    stack.add("it", listener.action(Action::forward(group)).build());
    stack
}

/// An Auto Scaling group of the lab's VPC that registers its instances with a group of a VPC.
fn registering(inside: bool) -> Stack {
    let (mut stack, subnets) = network(&["Private subnet A"]);
    let vpc = stack.add("vpc", Vpc::named(pick(inside, "VPC-Lab", "VPC-Other")));
    let group = TargetGroup::builder().name("it").vpc(vpc).traffic(Traffic::http(80)).build();
    let group = stack.add("it", group);
    let image = stack.add("web", Image::named("Web Server v1"));
    let template = LaunchTemplate::builder().name("its").image(image).instance_type("t3.micro").build();
    let template = stack.add("it", template);
    let group = AutoScalingGroup::builder().name("it").launch_template(template).subnets(subnets).target_group(group);
    stack.add("it", group.sizes(0..=1).build());
    stack
}

pub(super) fn cases() -> Vec<Case> {
    [settings(), health_checks(), attributes(), targets()].into_iter().flatten().collect()
}

fn settings() -> Vec<Case> {
    vec![
        Case::new("V40", "1 character", "name", |inside| named(pick(inside, "a", ""))),
        Case::new("V40", "32 characters", "name", |inside| named(&"a".repeat(pick(inside, 32, 33)))),
        Case::new("V40", "letters, digits, hyphens", "name", |inside| named(pick(inside, "a-1", "a.1"))),
        Case::new("V40", "a hyphen at the end", "name", |inside| named(pick(inside, "a-b", "a-"))),
        Case::new("V40", "a hyphen at the beginning", "name", |inside| named(pick(inside, "a-b", "-b"))),
        Case::new("V6", "two of one name", "(identity)", |inside| two(["same", pick(inside, "other", "same")])),
        Case::new("V42", "a port", "traffic.port", |inside| group!(Traffic::http(pick(inside, 1, 0));)),
        Case::new(
            "V42",
            "the port of the agent",
            "target_control_port",
            |inside| group!(Traffic::http(80); target_control_port(pick(inside, 1, 0))),
        ),
        Case::new("V42", "the port of a target", "targets[0]", |inside| {
            let target = Target::ip([10, 0, 2, 10]).port(pick(inside, 1, 0));
            group!(Traffic::http(80); target_type(TargetType::Ip) target(target))
        }),
        Case::new("V46", "the port of a target", "targets[0]", |inside| {
            let target = Target::ip([10, 0, 2, 10]).port(pick(inside, 6081, 6082));
            group!(Traffic::geneve(); target_type(TargetType::Ip) target(target))
        }),
    ]
}

fn health_checks() -> Vec<Case> {
    let (protocol, path, codes) = ("health_check.protocol", "health_check.path", "health_check.success_codes");
    let (interval, timeout) = ("health_check.interval", "health_check.timeout");
    let (healthy, unhealthy) = ("health_check.healthy_threshold", "health_check.unhealthy_threshold");
    use HealthCheckProtocol::{Http, Tcp};
    vec![
        Case::new(
            "V49",
            "HTTP groups",
            protocol,
            |inside| check!(Traffic::http(80); protocol(pick(inside, Http, Tcp))),
        ),
        Case::new(
            "V49",
            "load balancers as targets",
            protocol,
            |inside| check!(Traffic::to_load_balancer(80); protocol(pick(inside, Http, Tcp))),
        ),
        Case::new(
            "V50",
            "a path",
            path,
            |inside| check!(Traffic::tcp(80); protocol(pick(inside, Http, Tcp)) path("/")),
        ),
        Case::new(
            "V50",
            "codes",
            codes,
            |inside| check!(Traffic::tcp(80); protocol(pick(inside, Http, Tcp)) success_codes("200")),
        ),
        Case::new(
            "V51",
            "5 s",
            interval,
            |inside| check!(Traffic::http(80); timeout(seconds(2)) interval(seconds(pick(inside, 5, 4)))),
        ),
        Case::new(
            "V51",
            "300 s",
            interval,
            |inside| check!(Traffic::http(80); interval(seconds(pick(inside, 300, 301)))),
        ),
        Case::new("V52", "2 s", timeout, |inside| check!(Traffic::http(80); timeout(seconds(pick(inside, 2, 1))))),
        Case::new(
            "V52",
            "120 s",
            timeout,
            |inside| check!(Traffic::http(80); interval(seconds(300)) timeout(seconds(pick(inside, 120, 121)))),
        ),
        Case::new(
            "V53",
            "above the timeout",
            interval,
            |inside| check!(Traffic::http(80); timeout(seconds(10)) interval(seconds(pick(inside, 11, 10)))),
        ),
        Case::new(
            "V53",
            "the timeout",
            interval,
            |inside| check!(Traffic::tcp(80); timeout(seconds(10)) interval(seconds(pick(inside, 10, 9)))),
        ),
        Case::new(
            "V53",
            "the default timeout",
            interval,
            |inside| check!(Traffic::tcp(80); interval(seconds(pick(inside, 10, 9)))),
        ),
        Case::new(
            "V54",
            "2 passed",
            healthy,
            |inside| check!(Traffic::http(80); healthy_threshold(pick(inside, 2, 1))),
        ),
        Case::new(
            "V54",
            "10 passed",
            healthy,
            |inside| check!(Traffic::http(80); healthy_threshold(pick(inside, 10, 11))),
        ),
        Case::new(
            "V54",
            "2 failed",
            unhealthy,
            |inside| check!(Traffic::http(80); unhealthy_threshold(pick(inside, 2, 1))),
        ),
        Case::new(
            "V54",
            "10 failed",
            unhealthy,
            |inside| check!(Traffic::http(80); unhealthy_threshold(pick(inside, 10, 11))),
        ),
        Case::new("V55", "1 character", path, |inside| check!(Traffic::http(80); path(pick(inside, "/", "")))),
        Case::new(
            "V55",
            "1024 characters",
            path,
            |inside| check!(Traffic::http(80); path(format!("/{}", "a".repeat(pick(inside, 1023, 1024))))),
        ),
        Case::new("V55", "a slash", path, |inside| check!(Traffic::http(80); path(pick(inside, "/a", "a")))),
        Case::new("V55", "printable", path, |inside| check!(Traffic::http(80); path(pick(inside, "/a?b", "/a b")))),
        Case::new("V56", "a port", "health_check.port", |inside| check!(Traffic::http(80); port(pick(inside, 1, 0)))),
        Case::new("V57", "200", codes, |inside| check!(Traffic::http(80); success_codes(pick(inside, "200", "199")))),
        Case::new(
            "V57",
            "499",
            codes,
            |inside| check!(Traffic::http(80); success_codes(pick(inside, "200-499", "200-500"))),
        ),
        Case::new(
            "V57",
            "599",
            codes,
            |inside| check!(Traffic::tcp(80); protocol(Http) success_codes(pick(inside, "200,599", "200,600"))),
        ),
        Case::new(
            "V57",
            "399",
            codes,
            |inside| check!(Traffic::geneve(); protocol(Http) success_codes(pick(inside, "200-399", "200-400"))),
        ),
        Case::new(
            "V57",
            "gRPC",
            "health_check.grpc_codes",
            |inside| check!(Traffic::grpc(80); grpc_codes(pick(inside, "0-99", "0-100"))),
        ),
        Case::new(
            "V57",
            "codes of HTTP",
            codes,
            |inside| check!(pick(inside, Traffic::http2(80), Traffic::grpc(80)); success_codes("200")),
        ),
        Case::new(
            "V57",
            "codes of gRPC",
            "health_check.grpc_codes",
            |inside| check!(pick(inside, Traffic::grpc(80), Traffic::http2(80)); grpc_codes("12")),
        ),
    ]
}

fn attributes() -> Vec<Case> {
    let cookie = "attributes.stickiness.app_cookie.cookie_name";
    let lb_duration = "attributes.stickiness.lb_cookie.duration_seconds";
    let app_duration = "attributes.stickiness.app_cookie.duration_seconds";
    let slow_start = "attributes.slow_start.duration_seconds";
    let draining = "attributes.target_health_state.unhealthy.draining_interval_seconds";
    let dns = |unit: &'static str| match unit {
        "count" => "attributes.target_group_health.dns_failover.minimum_healthy_targets.count",
        _ => "attributes.target_group_health.dns_failover.minimum_healthy_targets.percentage",
    };
    use Algorithm::{LeastOutstandingRequests, RoundRobin, WeightedRandom};
    vec![
        Case::new("V33", "of a function", "attributes.deregistration_delay.timeout_seconds", |inside| {
            if inside {
                group!(Traffic::http(80); attribute("deregistration_delay.timeout_seconds", "30"))
            } else {
                function("deregistration_delay.timeout_seconds", "30")
            }
        }),
        Case::new("V33", "of another type", slow_start, |inside| {
            if inside {
                group!(Traffic::http(80); attribute("slow_start.duration_seconds", "30"))
            } else {
                group!(Traffic::tcp(80); attribute("slow_start.duration_seconds", "30"))
            }
        }),
        Case::new(
            "V59",
            "3600 s",
            "attributes.deregistration_delay.timeout_seconds",
            |inside| group!(Traffic::http(80); deregistration_delay(seconds(pick(inside, 3600, 3601)))),
        ),
        Case::new(
            "V60",
            "30 s",
            slow_start,
            |inside| group!(Traffic::http(80); slow_start(seconds(pick(inside, 30, 29)))),
        ),
        Case::new(
            "V60",
            "900 s",
            slow_start,
            |inside| group!(Traffic::http(80); slow_start(seconds(pick(inside, 900, 901)))),
        ),
        Case::new(
            "V60",
            "none",
            slow_start,
            |inside| group!(Traffic::http(80); slow_start(seconds(pick(inside, 0, 1)))),
        ),
        Case::new(
            "V61",
            "weighted random",
            slow_start,
            |inside| group!(Traffic::http(80); slow_start(seconds(30)) algorithm(pick(inside, RoundRobin, WeightedRandom))),
        ),
        Case::new("V61", "least requests", slow_start, |inside| {
            let algorithm = pick(inside, RoundRobin, LeastOutstandingRequests);
            group!(Traffic::http(80); slow_start(seconds(30)) algorithm(algorithm))
        }),
        Case::new(
            "V62",
            "weighted random",
            "attributes.load_balancing.algorithm.anomaly_mitigation",
            |inside| group!(Traffic::http(80); anomaly_mitigation(true) algorithm(pick(inside, WeightedRandom, RoundRobin))),
        ),
        Case::new(
            "V63",
            "1 s",
            lb_duration,
            |inside| group!(Traffic::http(80); sticky_by_cookie(seconds(pick(inside, 1, 0)))),
        ),
        Case::new(
            "V63",
            "7 days",
            lb_duration,
            |inside| group!(Traffic::http(80); sticky_by_cookie(seconds(pick(inside, 604_800, 604_801)))),
        ),
        Case::new(
            "V63",
            "1 s of the application",
            app_duration,
            |inside| group!(Traffic::http(80); sticky_by_app_cookie("it", seconds(pick(inside, 1, 0)))),
        ),
        Case::new(
            "V63",
            "7 days of the application",
            app_duration,
            |inside| group!(Traffic::http(80); sticky_by_app_cookie("it", seconds(pick(inside, 604_800, 604_801)))),
        ),
        Case::new(
            "V64",
            "a name",
            cookie,
            |inside| group!(Traffic::http(80); sticky_by_app_cookie(pick(inside, "a", ""), seconds(60))),
        ),
        Case::new(
            "V64",
            "a reserved name",
            cookie,
            |inside| group!(Traffic::http(80); sticky_by_app_cookie(pick(inside, "AWSAL", "AWSALB"), seconds(60))),
        ),
        Case::new(
            "V64",
            "printable",
            cookie,
            |inside| group!(Traffic::http(80); sticky_by_app_cookie(pick(inside, "a_b", "a b"), seconds(60))),
        ),
        Case::new("V64", "no name", "attributes.stickiness.type", |inside| {
            group!(Traffic::http(80); attribute("stickiness.enabled", "true")
                attribute("stickiness.type", pick(inside, "lb_cookie", "app_cookie")))
        }),
        Case::new(
            "V65",
            "of another type",
            "attributes.stickiness.type",
            |inside| group!(Traffic::tcp(80); attribute("stickiness.type", pick(inside, "source_ip", "lb_cookie"))),
        ),
        Case::new(
            "V65",
            "TLS",
            "attributes.stickiness.enabled",
            |inside| group!(pick(inside, Traffic::tcp(80), Traffic::tls(80)); sticky_by_source_ip()),
        ),
        Case::new("V66", "by its key", "attributes.lambda.multi_value_headers.enabled", |inside| {
            let key = "lambda.multi_value_headers.enabled";
            if inside { function(key, "true") } else { group!(Traffic::http(80); attribute(key, "true")) }
        }),
        Case::new(
            "V67",
            "a count",
            dns("count"),
            |inside| group!(Traffic::http(80); dns_failover(MinimumHealthy::count(pick(inside, 1, 0)))),
        ),
        Case::new(
            "V67",
            "1 percent",
            dns("percentage"),
            |inside| group!(Traffic::http(80); dns_failover(MinimumHealthy::percentage(pick(inside, 1, 0)))),
        ),
        Case::new(
            "V67",
            "100 percent",
            dns("percentage"),
            |inside| group!(Traffic::http(80); dns_failover(MinimumHealthy::percentage(pick(inside, 100, 101)))),
        ),
        Case::new(
            "V67",
            "a count for routing",
            "attributes.target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
            |inside| {
                let key = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count";
                group!(Traffic::http(80); attribute(key, pick(inside, "1", "off")))
            },
        ),
        Case::new(
            "V68",
            "UDP",
            "attributes.preserve_client_ip.enabled",
            |inside| group!(pick(inside, Traffic::tcp(80), Traffic::udp(80)); preserve_client_ip(false)),
        ),
        Case::new(
            "V68",
            "TCP and UDP",
            "attributes.preserve_client_ip.enabled",
            |inside| group!(Traffic::tcp_udp(80); preserve_client_ip(inside)),
        ),
        Case::new(
            "V69",
            "360000 s",
            draining,
            |inside| group!(Traffic::tcp(80); drain_unhealthy(seconds(pick(inside, 360_000, 360_001)))),
        ),
        Case::new(
            "V69",
            "connections that stay",
            draining,
            |inside| group!(Traffic::tcp(80); drain_unhealthy(seconds(60)) terminate_unhealthy(!inside)),
        ),
        Case::new(
            "V69",
            "UDP",
            "attributes.target_health_state.unhealthy.connection_termination.enabled",
            |inside| group!(Traffic::udp(80); terminate_unhealthy(!inside)),
        ),
        Case::new("V70", "both", "attributes.target_failover.on_unhealthy", |inside| {
            let failover = pick(inside, "no_rebalance", "rebalance");
            group!(Traffic::geneve(); attribute("target_failover.on_unhealthy", failover))
        }),
    ]
}

fn targets() -> Vec<Case> {
    let by_address =
        |address: std::net::IpAddr| group!(Traffic::http(80); target_type(TargetType::Ip) target(Target::ip(address)));
    vec![
        Case::new("V71", "TCP and UDP", "action", |inside| {
            passing(Accept::tcp_udp(53), pick(inside, Traffic::tcp_udp(53), Traffic::udp(53)))
        }),
        Case::new("V71", "TCP and QUIC", "action", |inside| {
            passing(Accept::tcp_quic(443), pick(inside, Traffic::tcp_quic(443), Traffic::quic(443)))
        }),
        Case::new("V72", "one type", "targets[0]", |inside| {
            let kind = pick(inside, TargetType::Ip, TargetType::Instance);
            group!(Traffic::http(80); target_type(kind) target(Target::ip([10, 0, 2, 10])))
        }),
        Case::new("V72", "one type of address", "targets[0]", move |inside| {
            by_address(pick(inside, "10.0.2.10", "2001:db8::5").parse().expect("an address"))
        }),
        Case::new("V72", "once", "targets[1]", |inside| {
            let [first, second] = [10, pick(inside, 11, 10)].map(|last| Target::ip([10, 0, 2, last]));
            group!(Traffic::http(80); target_type(TargetType::Ip) target(first) target(second))
        })
        .aws_accepts(),
        Case::new("V73", "two load balancers", "action", shared),
        Case::new("V74", "of the load balancer", "action", forwarding).found(Found::Planning).given(other_vpc),
        Case::new("V74", "of the instances", "target_groups[0]", registering).found(Found::Planning).given(other_vpc),
    ]
}
