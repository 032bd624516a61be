//! Target groups and their health checks.

use aws_sdk_elasticloadbalancingv2::operation::create_target_group::builders::CreateTargetGroupFluentBuilder as Create;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::{LoadBalancerTypeEnum, ProtocolEnum, TargetTypeEnum};

use super::{Lab, assert_refused, fixed, forward};

impl Lab {
    fn create_group(&self, protocol: ProtocolEnum) -> Create {
        self.elb.create_target_group().name("Web-TG").vpc_id(&self.vpc).protocol(protocol).port(80)
    }
}

fn http(codes: &str) -> sdk::Matcher {
    sdk::Matcher::builder().http_code(codes).build()
}

fn grpc(codes: &str) -> sdk::Matcher {
    sdk::Matcher::builder().grpc_code(codes).build()
}

/// Protocol, port, path; interval, timeout, thresholds; matcher of a health check.
type HealthCheck<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>, [i32; 4], Option<sdk::Matcher>);

fn health_check(group: &sdk::TargetGroup) -> HealthCheck<'_> {
    (
        group.health_check_protocol().map(ProtocolEnum::as_str),
        group.health_check_port(),
        group.health_check_path(),
        [
            group.health_check_interval_seconds().unwrap(),
            group.health_check_timeout_seconds().unwrap(),
            group.healthy_threshold_count().unwrap(),
            group.unhealthy_threshold_count().unwrap(),
        ],
        group.matcher().cloned(),
    )
}

#[tokio::test(start_paused = true)]
async fn health_checks_have_defaults() {
    let lab = Lab::new();
    let traffic = Some("traffic-port");
    let cases = [
        (lab.create_group(ProtocolEnum::Http), (Some("HTTP"), traffic, Some("/"), [30, 5, 5, 2], Some(http("200")))),
        (
            lab.create_group(ProtocolEnum::Https).protocol_version("GRPC"),
            (Some("HTTP"), traffic, Some("/AWS.ALB/healthcheck"), [30, 5, 5, 2], Some(grpc("12"))),
        ),
        (lab.create_group(ProtocolEnum::Tcp), (Some("TCP"), traffic, None, [30, 10, 5, 2], None)),
        (
            lab.create_group(ProtocolEnum::Tcp).health_check_protocol(ProtocolEnum::Http),
            (Some("HTTP"), traffic, Some("/"), [30, 6, 5, 2], Some(http("200-399"))),
        ),
        (
            lab.create_group(ProtocolEnum::Tcp).target_type(TargetTypeEnum::Alb),
            (Some("HTTP"), traffic, Some("/"), [30, 6, 5, 2], Some(http("200-399"))),
        ),
        (lab.create_group(ProtocolEnum::Geneve).port(6081), (Some("TCP"), Some("80"), None, [10, 5, 5, 2], None)),
        (
            lab.elb.create_target_group().name("Web-TG").target_type(TargetTypeEnum::Lambda),
            (None, None, Some("/"), [35, 30, 5, 5], Some(http("200"))),
        ),
    ];
    for (request, expected) in cases {
        let created = request.send().await.unwrap();
        let group = &created.target_groups()[0];
        assert_eq!(health_check(group), expected);
        assert_eq!(group.health_check_enabled(), Some(group.target_type() != Some(&TargetTypeEnum::Lambda)));
        lab.elb.delete_target_group().target_group_arn(group.target_group_arn().unwrap()).send().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn settings_are_checked() {
    let lab = Lab::new();
    use ProtocolEnum::{Geneve, Http, Https, Tcp, Tls, Udp};
    let group = |protocol| lab.create_group(protocol);
    let bare = || lab.elb.create_target_group().name("Web-TG");
    let lambda = || bare().target_type(TargetTypeEnum::Lambda);
    for (request, text) in [
        (group(Http).name("Web_TG"), "can only contain"),
        (group(Http).name("-TG"), "cannot begin or end"),
        (group(Http).name("a23456789012345678901234567890123"), "cannot be longer than '32'"),
        (group(Http).target_type("pod".into()), "[alb, instance, ip, lambda]"),
        (group("HTTP3".into()), "GENEVE, HTTP"),
        (group(Http).ip_address_type("ipv5".into()), "[ipv4, ipv6]"),
        (bare().port(80).vpc_id(&lab.vpc), "A protocol must be specified"),
        (bare().protocol(Http).vpc_id(&lab.vpc), "A port must be specified"),
        (bare().protocol(Http).port(80), "A VPC ID must be specified"),
        (group(Http).vpc_id("vpc-0"), "The VPC ID 'vpc-0' is not found"),
        (group(Http).port(0), "greater than or equal to 1"),
        (group(Http).port(65536), "less than or equal to 65535"),
        (group(Geneve), "6081"),
        (group(Udp).target_type(TargetTypeEnum::Alb), "not supported"),
        (group(Tcp).protocol_version("HTTP2"), "Protocol version"),
        (group(Http).protocol_version("HTTP3"), "[HTTP1, HTTP2, GRPC]"),
        (group(Tcp).target_control_port(3000), "target control port"),
        (lambda().port(80), "Port cannot be specified"),
        (lambda().protocol(Http), "Protocol cannot be specified"),
        (lambda().vpc_id(&lab.vpc), "VPC ID cannot be specified"),
        (lambda().protocol_version("HTTP1"), "Protocol version cannot be specified"),
        (lambda().health_check_port("80"), "Health check port cannot be specified"),
        (lambda().health_check_protocol(Http), "Health check protocol cannot be specified"),
        (group(Http).health_check_protocol(Tcp), "not supported"),
        (group(Tcp).health_check_protocol(Tls), "not supported"),
        (group(Tcp).health_check_protocol(Udp), "not supported"),
        (group(Tcp).health_check_path("/"), "path not supported"),
        (group(Tcp).matcher(http("200")), "matcher not supported"),
        (group(Http).health_check_enabled(false), "must be true"),
        (group(Http).health_check_interval_seconds(4), "greater than or equal to 5"),
        (group(Http).health_check_interval_seconds(301), "less than or equal to 300"),
        (group(Http).health_check_timeout_seconds(1), "greater than or equal to 2"),
        (group(Http).health_check_timeout_seconds(121), "less than or equal to 120"),
        (group(Http).health_check_interval_seconds(5), "interval must be greater than the timeout"),
        (group(Http).healthy_threshold_count(1), "greater than or equal to 2"),
        (group(Http).unhealthy_threshold_count(11), "less than or equal to 10"),
        (group(Http).health_check_path("health"), "must begin with a '/'"),
        (group(Http).health_check_path(format!("/{}", "x".repeat(1024))), "less than or equal to 1024"),
        (group(Http).health_check_port("65536"), "1 to 65535"),
        (group(Http).health_check_port("0"), "1 to 65535"),
        (group(Http).matcher(http("199")), "200-499"),
        (group(Http).matcher(http("200,500")), "200-499"),
        (group(Http).matcher(http("299-200")), "200-499"),
        (group(Http).matcher(grpc("12")), "An HTTP code"),
        (group(Https).protocol_version("GRPC").matcher(http("200")), "A gRPC code"),
        (group(Https).protocol_version("GRPC").matcher(grpc("0-100")), "0-99"),
        (group(Geneve).port(6081).health_check_protocol(Http).matcher(http("400")), "200-399"),
    ] {
        assert_refused(request.send().await, "ValidationError", text);
    }
    assert!(lab.elb.describe_target_groups().send().await.unwrap().target_groups().is_empty());
    group(Tcp).health_check_protocol(Http).matcher(http("200,404-599")).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn creating_the_same_again_answers_the_existing() {
    let lab = Lab::new();
    let arn = lab.group("Web-TG").await;
    assert!(arn.starts_with("arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/Web-TG/"));
    assert_eq!(lab.group("Web-TG").await, arn);
    for other in [
        lab.create_group(ProtocolEnum::Http).port(81),
        lab.create_group(ProtocolEnum::Https),
        lab.create_group(ProtocolEnum::Http).health_check_path("/health"),
    ] {
        let text = "A target group with the same name 'Web-TG' exists, but with different settings";
        assert_refused(other.send().await, "DuplicateTargetGroupName", text);
    }
}

#[tokio::test(start_paused = true)]
async fn modification_keeps_what_it_does_not_name() {
    let lab = Lab::new();
    let arn = lab.group("Web-TG").await;
    let modify = || lab.elb.modify_target_group().target_group_arn(&arn);
    modify().health_check_path("/health").health_check_interval_seconds(10).send().await.unwrap();
    modify().unhealthy_threshold_count(4).matcher(http("200-299")).send().await.unwrap();
    let described = lab.described_group(&arn).await;
    let expected = (Some("HTTP"), Some("traffic-port"), Some("/health"), [10, 5, 5, 4], Some(http("200-299")));
    assert_eq!(health_check(&described), expected);
    assert_refused(
        modify().health_check_timeout_seconds(10).send().await,
        "ValidationError",
        "interval must be greater than the timeout",
    );
    assert_refused(modify().health_check_protocol(ProtocolEnum::Tcp).send().await, "ValidationError", "not supported");
    assert_eq!(health_check(&lab.described_group(&arn).await), expected);

    // What belongs to HTTP goes with it, and comes back with its defaults.
    let network = lab.create_group(ProtocolEnum::Tcp).name("Net-TG").health_check_protocol(ProtocolEnum::Http);
    let network = network.health_check_path("/health").send().await.unwrap();
    let network = network.target_groups()[0].target_group_arn().unwrap();
    let modify = |protocol| lab.elb.modify_target_group().target_group_arn(network).health_check_protocol(protocol);
    modify(ProtocolEnum::Tcp).send().await.unwrap();
    assert_eq!(lab.described_group(network).await.health_check_path(), None);
    modify(ProtocolEnum::Https).send().await.unwrap();
    assert_eq!(lab.described_group(network).await.health_check_path(), Some("/"));
}

#[tokio::test(start_paused = true)]
async fn a_group_in_use_stays() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let [in_listener, in_rule] = [lab.group("Listener-TG").await, lab.group("Rule-TG").await];
    let listener = lab.listener(&balancer, forward(&in_listener)).await;
    let condition = sdk::RuleCondition::builder().field("path-pattern").values("/a").build();
    let rule = lab.elb.create_rule().listener_arn(&listener).priority(1).conditions(condition);
    let rule = rule.actions(forward(&in_rule)).send().await.unwrap();
    let rule = rule.rules()[0].rule_arn().unwrap();
    for group in [&in_listener, &in_rule] {
        assert_eq!(lab.described_group(group).await.load_balancer_arns(), std::slice::from_ref(&balancer));
        let text = format!("Target group '{group}' is currently in use by a listener or a rule");
        assert_refused(lab.elb.delete_target_group().target_group_arn(group).send().await, "ResourceInUse", &text);
    }
    lab.elb.delete_rule().rule_arn(rule).send().await.unwrap();
    lab.elb.modify_listener().listener_arn(&listener).default_actions(fixed("200")).send().await.unwrap();
    for group in [&in_listener, &in_rule] {
        assert!(lab.described_group(group).await.load_balancer_arns().is_empty());
        lab.elb.delete_target_group().target_group_arn(group).send().await.unwrap();
        let found = lab.elb.describe_target_groups().target_group_arns(group).send().await;
        assert_refused(found, "TargetGroupNotFound", "One or more target groups not found");
        lab.elb.delete_target_group().target_group_arn(group).send().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn describes_find_groups() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let used = lab.group("Used-TG").await;
    let idle = lab.group("Idle-TG").await;
    lab.listener(&balancer, forward(&used)).await;
    let describe = || lab.elb.describe_target_groups();
    let of_balancer = describe().load_balancer_arn(&balancer).send().await.unwrap();
    assert_eq!(of_balancer.target_groups().len(), 1);
    assert_eq!(of_balancer.target_groups()[0].target_group_arn(), Some(used.as_str()));
    let named = describe().names("Idle-TG").send().await.unwrap();
    assert_eq!(named.target_groups()[0].target_group_arn(), Some(idle.as_str()));
    let page = describe().page_size(1).send().await.unwrap();
    assert_eq!((page.target_groups().len(), page.next_marker().is_some()), (1, true));
    assert_refused(describe().names("Other").send().await, "TargetGroupNotFound", "not found");
    assert_refused(describe().names("Idle-TG").target_group_arns(idle).send().await, "ValidationError", "Only one");
    assert_refused(
        describe().target_group_arns("tg").send().await,
        "ValidationError",
        "'tg' is not a valid target group ARN",
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_has_one_balancer_of_its_kind() {
    let lab = Lab::new();
    let [first, second] = [lab.balancer("First").await, lab.balancer("Second").await];
    let network = lab.balancer_of("Network", LoadBalancerTypeEnum::Network).await;
    let group = lab.group("Web-TG").await;
    lab.listener(&first, forward(&group)).await;
    let listen = |balancer: &str, protocol, group: &str| {
        let request = lab.elb.create_listener().load_balancer_arn(balancer).protocol(protocol).port(80);
        request.default_actions(forward(group))
    };
    let text = format!("The following target groups cannot be associated with more than one load balancer: {group}");
    let elsewhere = listen(&second, ProtocolEnum::Http, &group).send().await;
    assert_refused(elsewhere, "TargetGroupAssociationLimit", &text);
    let other = lab.group("Other-TG").await;
    assert_refused(
        listen(&network, ProtocolEnum::Tcp, &other).send().await,
        "IncompatibleProtocols",
        "'HTTP' is not compatible with listeners with protocol 'TCP'",
    );
    let both = lab.group_of("Both-TG", ProtocolEnum::TcpUdp).await;
    assert_refused(listen(&second, ProtocolEnum::Http, &both).send().await, "IncompatibleProtocols", "TCP_UDP");
    listen(&network, ProtocolEnum::TcpUdp, &both).send().await.unwrap();
    let vpc = lab.sim.add_vpc("Other", "10.1.0.0/16");
    let far = lab.sim.add_target_group("Far-TG", &vpc, 80);
    let elsewhere = listen(&second, ProtocolEnum::Http, &far).send().await;
    assert_refused(elsewhere, "InvalidConfigurationRequest", "is not in the VPC");
    let unknown = group.replace("Web-TG", "No-TG");
    assert_refused(listen(&second, ProtocolEnum::Http, &unknown).send().await, "TargetGroupNotFound", &unknown);
}
