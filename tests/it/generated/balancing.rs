//! Target groups, load balancers, listeners and rules.

use purlin::protocol::Protocol;
use purlin::*;

use super::Base;
use super::tape::{NAME, PATH, TAG, Tape, some};

fn certificate(name: usize) -> CertificateArn {
    format!("arn:aws:acm:ap-northeast-2:123456789012:certificate/{name}").parse().expect("an ARN")
}

/// Health checks of one sort of group: whether by HTTP, the codes, and what the interval exceeds
/// the timeout by.
fn health_check(tape: &Tape, http: bool, grpc: bool, most_code: u16, apart: u32) -> HealthCheck {
    let timeout = tape.within(2..=120_u32);
    let interval = tape.within((timeout + apart).max(5)..=300);
    let base = || HealthCheck::builder();
    let timed = || base().timeout(super::seconds(timeout.into())).interval(super::seconds(interval.into()));
    let codes = |most: u16, least: u16| {
        let from = tape.within(least..=most);
        match tape.up_to(2) {
            0 => from.to_string(),
            1 => format!("{from}-{}", tape.within(from..=most)),
            _ => format!("{least},{from}"),
        }
    };
    if !http {
        return some!(tape, timed().protocol(HealthCheckProtocol::Tcp);
            port(tape.within(1..=65535));
            healthy_threshold(tape.within(2..=10));
            unhealthy_threshold(tape.within(2..=10));
        );
    }
    if grpc {
        return some!(tape, timed();
            grpc_codes(codes(99, 0));
            path(format!("/{}", tape.text("abcXYZ./", 1..=1023)));
            healthy_threshold(tape.within(2..=10));
        );
    }
    let protocol = tape.pick(&[HealthCheckProtocol::Http, HealthCheckProtocol::Https]);
    some!(tape, timed().protocol(protocol);
        path(format!("/{}", tape.text(PATH, 0..=1023)));
        port(tape.within(1..=65535));
        healthy_threshold(tape.within(2..=10));
        unhealthy_threshold(tape.within(2..=10));
        success_codes(codes(most_code, 200));
    )
}

/// The least numbers of healthy targets; a zone is left out no later than the unhealthy are used.
fn healthy(tape: &Tape) -> (MinimumHealthy, MinimumHealthy) {
    let (count, percent) = (tape.within(1..=1000_u32), tape.within(1..=100_u8));
    (
        MinimumHealthy::count(count).and_percentage(percent),
        MinimumHealthy::count(tape.within(1..=count)).and_percentage(tape.within(1..=percent)),
    )
}

pub(super) fn web_targets(tape: &Tape, base: &Base, index: usize, stack: &mut Stack) -> Ref<TargetGroup> {
    let port = tape.within(1..=65535);
    let traffic = match tape.up_to(4) {
        0 => Traffic::http(port),
        1 => Traffic::https(port),
        2 => Traffic::http2(port),
        3 => Traffic::grpc(port),
        _ => Traffic::https(port).version(HttpVersion::Http1),
    };
    let grpc = traffic == Traffic::grpc(port);
    let mut group = TargetGroup::builder().name(tape.unique(index, NAME, 1..=32)).vpc(base.vpc).traffic(traffic);
    if tape.chance() {
        group = group.target_type(TargetType::Ip);
        for host in 0..tape.up_to(3) {
            let target = Target::ip([10, 0, 2, 100 + u8::try_from(host).expect("few")]);
            group = group.target(if tape.chance() { target.port(tape.within(1..=65535)) } else { target });
        }
    }
    if tape.chance() {
        group = group.deregistration_delay(tape.seconds(0..=3600));
    }
    group = match tape.up_to(4) {
        0 => group,
        1 => group.slow_start(tape.seconds(30..=900)),
        2 => group.slow_start(super::seconds(0)).algorithm(Algorithm::RoundRobin),
        3 => group.algorithm(Algorithm::LeastOutstandingRequests).anomaly_mitigation(false),
        _ => group.algorithm(Algorithm::WeightedRandom).anomaly_mitigation(tape.chance()),
    };
    group = match tape.up_to(3) {
        0 => group,
        1 => group.sticky_by_cookie(tape.seconds(1..=604_800)),
        2 => group.sticky_by_app_cookie(tape.text("abcXYZ019", 1..=50), tape.seconds(1..=604_800)),
        _ => group.cross_zone(tape.chance()),
    };
    let (dns, routing) = healthy(tape);
    group = match tape.up_to(3) {
        0 => group,
        1 => group.dns_failover(dns),
        2 => group.no_dns_failover(),
        _ => group.dns_failover(dns).unhealthy_state_routing(routing),
    };
    if tape.chance() {
        group = group.tag(tape.text(TAG, 1..=128), tape.text(TAG, 0..=256));
    }
    let group =
        if tape.chance() { group.health_check(health_check(tape, true, grpc, 499, 1)).build() } else { group.build() };
    stack.add(format!("web-{index}"), group)
}

fn function(tape: &Tape, index: usize, stack: &mut Stack) -> Ref<TargetGroup> {
    let function = "arn:aws:lambda:ap-northeast-2:123456789012:function:orders".parse().expect("an ARN");
    let mut group = TargetGroup::lambda().name(tape.unique(index, NAME, 1..=32)).function(function);
    if tape.chance() {
        group = group.multi_value_headers(tape.chance());
    }
    let timeout = tape.within(2..=120_u32);
    let check = LambdaHealthCheck::builder().timeout(super::seconds(timeout.into()));
    let check = some!(tape, check.interval(tape.seconds((timeout + 1).max(5)..=300)).enabled(true);
        path(format!("/{}", tape.text(PATH, 0..=1023)));
        healthy_threshold(tape.within(2..=10));
        unhealthy_threshold(tape.within(2..=10));
        success_codes("200-499");
    );
    let group = if tape.chance() { group.health_check(check).build() } else { group.build() };
    stack.add(format!("function-{index}"), group)
}

fn flow_targets(
    tape: &Tape,
    base: &Base,
    index: usize,
    made: fn(u16) -> Traffic<NetworkTraffic>,
    stack: &mut Stack,
) -> Ref<TargetGroup> {
    let port = tape.within(1..=65535);
    let port = |traffic: fn(u16) -> Traffic<NetworkTraffic>| traffic(port);
    let is = |other: fn(u16) -> Traffic<NetworkTraffic>| port(other) == port(made);
    let traffic = port(made);
    let (udp, tls) = (is(Traffic::udp) || is(Traffic::tcp_udp), is(Traffic::tls));
    let quic = is(Traffic::quic) || is(Traffic::tcp_quic);
    let mut group = TargetGroup::builder().name(tape.unique(index, NAME, 1..=32)).vpc(base.vpc).traffic(traffic);
    if tape.chance() {
        group = group.deregistration_delay(tape.seconds(0..=3600));
    }
    if !quic {
        if tape.chance() {
            group = group.target_type(TargetType::Ip).target(Target::ip([10, 0, 2, 90]));
        }
        if tape.chance() && !tls {
            group = group.sticky_by_source_ip();
        }
        if tape.chance() {
            group = group.proxy_protocol_v2(tape.chance()).preserve_client_ip(udp || tape.chance());
        }
        if tape.chance() {
            group = group.terminate_deregistered(tape.chance());
        }
        group = match tape.up_to(2) {
            0 => group,
            1 => group.terminate_unhealthy(!udp && tape.chance()),
            _ => group.drain_unhealthy(tape.seconds(0..=360_000)),
        };
    }
    if tape.chance() {
        group = group.cross_zone(tape.chance());
    }
    let (dns, routing) = healthy(tape);
    if tape.chance() {
        group = group.dns_failover(dns).unhealthy_state_routing(routing);
    }
    let http = tape.chance();
    let group =
        if tape.chance() { group.health_check(health_check(tape, http, false, 599, 0)).build() } else { group.build() };
    stack.add(format!("flow-{index}"), group)
}

fn web_balancer(tape: &Tape, base: &Base, groups: &[Ref<SecurityGroup>], stack: &mut Stack) -> Ref<LoadBalancer> {
    let mut balancer = LoadBalancer::application().name(tape.unique(1, NAME, 1..=32));
    macro_rules! maybe {
        ($($set:ident($($value:expr),+);)+) => {$(if tape.chance() { balancer = balancer.$set($($value),+); })+};
    }
    maybe! {
        idle_timeout(tape.seconds(1..=4000));
        client_keep_alive(tape.seconds(60..=604_800));
        access_logs(LogBucket::named("logs").prefix("access"));
        connection_logs("logs");
        health_check_logs("logs");
        desync_mitigation(tape.pick(&[DesyncMitigation::Monitor, DesyncMitigation::Defensive, DesyncMitigation::Strictest]));
        drop_invalid_headers(tape.chance());
        preserve_host_header(tape.chance());
        tls_headers(tape.chance());
        xff_client_port(tape.chance());
        xff_header(tape.pick(&[XffHeader::Append, XffHeader::Preserve, XffHeader::Remove]));
        http2(tape.chance());
        waf_fail_open(tape.chance());
        zonal_shift(tape.chance());
        deletion_protection(false);
        minimum_capacity_units(tape.within(100..=1500));
        tag(tape.text(TAG, 1..=128), tape.text(TAG, 0..=256));
    }
    for group in groups.iter().take(5) {
        maybe! { security_group(*group); }
    }
    let subnets = if tape.chance() {
        balancer = balancer.scheme(Scheme::Internal);
        base.private
    } else {
        maybe! { scheme(Scheme::InternetFacing); ipv4_ipam_pool("ipam-pool-0a1b2c3d4e5f60718"); }
        base.public
    };
    stack.add("web", balancer.subnets(subnets).build())
}

fn actions(tape: &Tape, targets: &[Ref<TargetGroup>]) -> Action {
    match tape.up_to(3) {
        0 => Action::fixed_response(tape.pick(&[200, 299, 400, 599])).into(),
        1 if !targets.is_empty() => {
            let mut forward = targets
                .iter()
                .take(5)
                .fold(Action::forward_weighted(), |forward, group| forward.group(*group, tape.within(1..=999)));
            if tape.chance() {
                forward = forward.sticky(tape.seconds(1..=604_800));
            }
            forward.into()
        }
        2 => some!(tape, Redirect::builder().port(tape.within(1..=65535_u32).to_string());
            protocol(tape.pick(&["HTTPS", "#{protocol}"]));
            host(tape.text("abc019", 1..=128));
            path(format!("/{}", tape.text("abc019", 0..=127)));
            query(tape.text("abc019=", 0..=128));
            temporary(tape.chance());
        )
        .into(),
        _ => some!(tape, FixedResponse::builder().status(tape.within(400..=599));
            content_type(tape.pick(&["text/plain", "text/css", "text/html", "application/javascript", "application/json"]));
            body(tape.text("abc 019", 0..=1024));
        )
        .into(),
    }
}

fn conditions(tape: &Tape) -> Vec<Condition> {
    // All conditions together have up to six wildcards, and here up to four values.
    let wild = |characters: &str, most: u32| {
        let text = tape.text(characters, 1..=most);
        let first = text.find(['*', '?']).map_or(text.len(), |at| at + 1);
        text[..first].to_owned() + &text[first..].replace(['*', '?'], "a")
    };
    let texts = |characters: &str, most: u32| {
        let (one, other) = (wild(characters, most), wild(characters, most));
        if tape.chance() && one != other { vec![one, other] } else { vec![one] }
    };
    let one = match tape.up_to(4) {
        0 => Condition::path(texts("abcXYZ019*?_-.$/~\"'@:+&", 128)),
        1 => Condition::path_regex(["^/a"]),
        2 => Condition::host([format!("{}.com", tape.text("abc-019", 1..=124))]),
        3 => Condition::host_regex(["^a"]),
        _ => Condition::method(["GET", "A-B_C"]),
    };
    let other = match tape.up_to(4) {
        0 => Condition::source_ip(["10.0.0.0/8", "2001:db8::/32"]),
        1 => Condition::query([(tape.text("abc019", 1..=128), wild("abc019*?", 128))]),
        2 => Condition::query_values(texts("abc019*?", 128)),
        3 => Condition::header(tape.text("abc-_019", 1..=40), texts("abc019*?", 128)),
        _ => Condition::header_regex("x-a", ["^a"]),
    };
    if tape.chance() { vec![one, other] } else { vec![if tape.chance() { other } else { one }] }
}

fn with_headers<P: protocol::Web>(tape: &Tape, mut accept: Accept<P>) -> Accept<P> {
    macro_rules! maybe {
        ($($set:ident($value:expr);)+) => {$(if tape.chance() { accept = accept.$set($value); })+};
    }
    maybe! {
        server_header(tape.chance());
        strict_transport_security("max-age=31536000");
        access_control_allow_origin("*");
        access_control_allow_methods(["GET", "POST"]);
        access_control_allow_headers(["x-a", "x-b"]);
        access_control_allow_credentials(tape.chance());
        access_control_expose_headers(["*"]);
        access_control_max_age(tape.seconds(0..=86_400));
        content_security_policy("default-src 'self'");
        no_sniff(tape.chance());
        frame_options(FrameOptions::Deny);
    }
    accept
}

fn web(tape: &Tape, base: &Base, groups: &[Ref<SecurityGroup>], stack: &mut Stack) {
    let balancer = web_balancer(tape, base, groups, stack);
    let mut targets: Vec<_> = (0..tape.up_to(3)).map(|index| web_targets(tape, base, index, stack)).collect();
    if tape.chance() {
        // Functions stand apart: they are not divided by weight with others here.
        targets.truncate(2);
        function(tape, 10, stack);
    }
    let http = tape.within(1..=65535_u16);
    let accept = with_headers(tape, Accept::http(http));
    let listener = Listener::builder().load_balancer(balancer).accept(accept).action(actions(tape, &targets));
    let listener = stack.add("http", listener.build());
    let mut next = 1;
    for rule in 0..tape.up_to(3) {
        let mut it = ListenerRule::builder().listener(listener).action(actions(tape, &targets));
        for condition in conditions(tape) {
            it = it.condition(condition);
        }
        let it = match tape.up_to(2) {
            0 => it.build(),
            1 => {
                let priority = (next <= 50_000).then(|| tape.within(next..=50_000_u16));
                next = priority.unwrap_or(next).saturating_add(1);
                if let Some(priority) = priority { it.priority(priority).build() } else { it.build() }
            }
            _ => it.rewrite_url(Rewrite::new(tape.text("abc", 1..=1024), tape.text("abc", 0..=1024))).build(),
        };
        stack.add(format!("rule-{rule}"), it);
    }
    if tape.chance() {
        https(tape, balancer, if http == 443 { 444 } else { 443 }, &targets, stack);
    }
}

fn https(tape: &Tape, balancer: Ref<LoadBalancer>, port: u16, targets: &[Ref<TargetGroup>], stack: &mut Stack) {
    let mut accept = with_headers(tape, Accept::https(port, certificate(0)));
    for other in 1..=tape.up_to(25) {
        accept = accept.certificate(certificate(other));
    }
    if tape.chance() {
        accept = accept.security_policy("ELBSecurityPolicy-TLS13-1-2-2021-06");
    }
    if tape.chance() {
        accept = accept.tls_version_header(tape.text("abc-_019", 1..=40));
    }
    if tape.chance() {
        accept = accept.mutual_tls(MutualTls::Passthrough);
    }
    let last = actions(tape, targets);
    let action: Actions = match tape.up_to(2) {
        0 => last.into(),
        1 => some!(tape, Oidc::builder()
            .issuer("https://id.example.com")
            .authorization_endpoint("https://id.example.com/authorize")
            .token_endpoint("https://id.example.com/token")
            .user_info_endpoint("https://id.example.com/userinfo")
            .client_id("web")
            .client_secret("correct horse");
            session_timeout(tape.seconds(1..=604_800));
            scope("openid email");
            session_cookie_name("session");
            on_unauthenticated(tape.pick(&[OnUnauthenticated::Deny, OnUnauthenticated::Allow]));
        )
        .then(last),
        _ => JwtValidation::builder()
            .jwks_endpoint("https://id.example.com/keys")
            .issuer(tape.text("abc", 1..=256))
            .build()
            .then(last),
    };
    let listener = Listener::builder().load_balancer(balancer).accept(accept).action(action);
    stack.add("https", listener.build());
}

fn listen<P: Protocol>(accept: Accept<P>, balancer: Ref<LoadBalancer>, group: Ref<TargetGroup>) -> Listener
where
    Forward: ActionOn<P>,
{
    Listener::builder().load_balancer(balancer).accept(accept).action(Action::forward(group)).build()
}

fn flows(tape: &Tape, base: &Base, groups: &[Ref<SecurityGroup>], stack: &mut Stack) {
    let mut balancer = LoadBalancer::network().name(tape.unique(2, NAME, 1..=32));
    macro_rules! maybe {
        ($($set:ident($($value:expr),+);)+) => {$(if tape.chance() { balancer = balancer.$set($($value),+); })+};
    }
    maybe! {
        cross_zone(tape.chance());
        access_logs("logs");
        zonal_shift(tape.chance());
        client_routing_policy(tape.pick(&[
            ClientRoutingPolicy::AvailabilityZoneAffinity,
            ClientRoutingPolicy::PartialAvailabilityZoneAffinity,
            ClientRoutingPolicy::AnyAvailabilityZone,
        ]));
        secondary_ips(tape.within(0..=7));
        minimum_capacity_units(tape.within(5500..=90_000));
    }
    let grouped = tape.chance() && !groups.is_empty();
    if grouped {
        balancer = balancer.security_group(tape.pick(groups));
        maybe! { enforce_rules_on_private_link(tape.chance()); }
    }
    let subnets = if tape.chance() {
        balancer = balancer.scheme(Scheme::Internal);
        if tape.chance() {
            for net in [2, 3] {
                let address = std::net::Ipv4Addr::new(10, 0, net, 40);
                balancer = balancer.subnet_mapping(SubnetMapping::new().private_ipv4(address));
            }
        }
        base.private
    } else {
        base.public
    };
    let balancer = stack.add("flows", balancer.subnets(subnets).build());
    let port = tape.within(1..=65535_u16);
    let idle = tape.seconds(60..=6000);
    let made =
        |traffic: fn(u16) -> Traffic<NetworkTraffic>, stack: &mut Stack| flow_targets(tape, base, 20, traffic, stack);
    let listener = match tape.up_to(if grouped { 3 } else { 5 }) {
        0 => listen(Accept::tcp(port).tcp_idle_timeout(idle), balancer, made(Traffic::tcp, stack)),
        1 => {
            let traffic: fn(u16) -> Traffic<NetworkTraffic> = if tape.chance() { Traffic::tls } else { Traffic::tcp };
            let alpn = [AlpnPolicy::None, AlpnPolicy::Http1Only, AlpnPolicy::Http2Only, AlpnPolicy::Http2Preferred];
            listen(Accept::tls(port, certificate(0)).alpn(tape.pick(&alpn)), balancer, made(traffic, stack))
        }
        2 => {
            let traffic: fn(u16) -> Traffic<NetworkTraffic> =
                if tape.chance() { Traffic::udp } else { Traffic::tcp_udp };
            listen(Accept::udp(port), balancer, made(traffic, stack))
        }
        3 => listen(Accept::tcp_udp(port).tcp_idle_timeout(idle), balancer, made(Traffic::tcp_udp, stack)),
        4 => listen(Accept::quic(port), balancer, made(Traffic::quic, stack)),
        _ => listen(Accept::tcp_quic(port), balancer, made(Traffic::tcp_quic, stack)),
    };
    stack.add("flows", listener);
}

fn gateway(tape: &Tape, base: &Base, stack: &mut Stack) {
    let mut balancer = LoadBalancer::gateway().name(tape.unique(3, NAME, 1..=32)).subnets(base.private);
    if tape.chance() {
        balancer = balancer.cross_zone(tape.chance());
    }
    let balancer = stack.add("gateway", balancer.build());
    let mut group = TargetGroup::builder().name(tape.unique(30, NAME, 2..=32)).vpc(base.vpc).traffic(Traffic::geneve());
    if tape.chance() {
        group = group.target_failover(tape.pick(&[TargetFailover::Rebalance, TargetFailover::NoRebalance]));
    }
    if tape.chance() {
        group = group.sticky_by_flow(tape.pick(&[FlowStickiness::SourceIpDestIp, FlowStickiness::SourceIpDestIpProto]));
    }
    let http = tape.chance();
    let group =
        if tape.chance() { group.health_check(health_check(tape, http, false, 399, 1)).build() } else { group.build() };
    let group = stack.add("gateway", group);
    let mut accept = Accept::gateway();
    if tape.chance() {
        accept = accept.tcp_idle_timeout(tape.seconds(60..=6000)).send_tcp_reset(tape.chance());
    }
    stack.add("gateway", listen(accept, balancer, group));
}

pub(super) fn declare(tape: &Tape, base: &Base, groups: &[Ref<SecurityGroup>], stack: &mut Stack) {
    if tape.chance() {
        web(tape, base, groups, stack);
    }
    if tape.chance() {
        flows(tape, base, groups, stack);
    }
    if tape.chance() {
        gateway(tape, base, stack);
    }
}
