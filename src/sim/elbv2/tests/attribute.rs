//! Attributes.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    ListenerAttribute, LoadBalancerAttribute, LoadBalancerTypeEnum, ProtocolEnum, TargetGroupAttribute, TargetTypeEnum,
};

use super::{CERTIFICATE, Lab, assert_refused, certificate, fixed, forward};

type Pairs<'a> = &'a [(&'a str, &'a str)];

impl Lab {
    async fn balancer_attributes(&self, arn: &str) -> BTreeMap<String, String> {
        let found = self.elb.describe_load_balancer_attributes().load_balancer_arn(arn).send().await.unwrap();
        found.attributes().iter().map(|one| (one.key.clone().unwrap(), one.value.clone().unwrap())).collect()
    }

    async fn group_attributes(&self, arn: &str) -> BTreeMap<String, String> {
        let found = self.elb.describe_target_group_attributes().target_group_arn(arn).send().await.unwrap();
        found.attributes().iter().map(|one| (one.key.clone().unwrap(), one.value.clone().unwrap())).collect()
    }

    async fn listener_attributes(&self, arn: &str) -> BTreeMap<String, String> {
        let found = self.elb.describe_listener_attributes().listener_arn(arn).send().await.unwrap();
        found.attributes().iter().map(|one| (one.key.clone().unwrap(), one.value.clone().unwrap())).collect()
    }
}

/// Sets the attributes of a balancer.
macro_rules! modify_balancer {
    ($lab:expr, $arn:expr, $pairs:expr) => {{
        let attribute = |(key, value): &(&str, &str)| LoadBalancerAttribute::builder().key(*key).value(*value).build();
        let attributes = $pairs.iter().map(attribute).collect();
        $lab.elb.modify_load_balancer_attributes().load_balancer_arn($arn).set_attributes(Some(attributes)).send()
    }};
}

/// Sets the attributes of a target group.
macro_rules! modify_group {
    ($lab:expr, $arn:expr, $pairs:expr) => {{
        let attribute = |(key, value): &(&str, &str)| TargetGroupAttribute::builder().key(*key).value(*value).build();
        let attributes = $pairs.iter().map(attribute).collect();
        $lab.elb.modify_target_group_attributes().target_group_arn($arn).set_attributes(Some(attributes)).send()
    }};
}

/// Sets the attributes of a listener.
macro_rules! modify_listener {
    ($lab:expr, $arn:expr, $pairs:expr) => {{
        let attribute = |(key, value): &(&str, &str)| ListenerAttribute::builder().key(*key).value(*value).build();
        let attributes = $pairs.iter().map(attribute).collect();
        $lab.elb.modify_listener_attributes().listener_arn($arn).set_attributes(Some(attributes)).send()
    }};
}

#[tokio::test(start_paused = true)]
async fn balancers_have_the_attributes_of_their_type() {
    let lab = Lab::new();
    let application = lab.balancer("Web-ALB").await;
    let network = lab.balancer_of("Web-NLB", LoadBalancerTypeEnum::Network).await;
    let gateway = lab.balancer_of("Web-GWLB", LoadBalancerTypeEnum::Gateway).await;
    let dualstack = lab.elb.set_ip_address_type().load_balancer_arn(&application);
    dualstack.ip_address_type("dualstack".into()).send().await.unwrap();
    let attributes = lab.balancer_attributes(&application).await;
    // 25 keys less the two of Network Load Balancers.
    assert_eq!(attributes.len(), 23);
    for (key, value) in [
        ("deletion_protection.enabled", "false"),
        ("load_balancing.cross_zone.enabled", "true"),
        ("idle_timeout.timeout_seconds", "60"),
        ("client_keep_alive.seconds", "3600"),
        ("routing.http.desync_mitigation_mode", "defensive"),
        ("routing.http.xff_header_processing.mode", "append"),
        ("routing.http2.enabled", "true"),
        ("access_logs.s3.bucket", ""),
    ] {
        assert_eq!(attributes[key], value, "{key}");
    }
    let attributes = lab.balancer_attributes(&network).await;
    assert_eq!(attributes.len(), 8);
    assert_eq!(attributes["load_balancing.cross_zone.enabled"], "false");
    assert_eq!(attributes["dns_record.client_routing_policy"], "any_availability_zone");
    assert_eq!(lab.balancer_attributes(&gateway).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn balancer_attributes_are_checked() {
    let lab = Lab::new();
    let application = lab.balancer("Web-ALB").await;
    let network = lab.balancer_of("Web-NLB", LoadBalancerTypeEnum::Network).await;
    let (validation, configuration) = ("ValidationError", "InvalidConfigurationRequest");
    let cases: &[(&str, Pairs<'_>, &str, &str)] = &[
        (&application, &[("x", "1")], validation, "Load balancer attribute key 'x' is not recognized"),
        (
            &network,
            &[("idle_timeout.timeout_seconds", "60")],
            validation,
            "'idle_timeout.timeout_seconds' is not supported for load balancers with type 'network'",
        ),
        (&application, &[("secondary_ips.auto_assigned.per_subnet", "1")], validation, "type 'application'"),
        (&application, &[("ipv6.deny_all_igw_traffic", "true")], validation, "IP address type 'ipv4'"),
        (&application, &[("idle_timeout.timeout_seconds", "4001")], validation, "between 1 and 4000"),
        (&application, &[("client_keep_alive.seconds", "59")], validation, "between 60 and 604800"),
        (&application, &[("routing.http2.enabled", "yes")], validation, "'true' or 'false'"),
        (&application, &[("routing.http.desync_mitigation_mode", "off")], validation, "strictest"),
        (&application, &[("load_balancing.cross_zone.enabled", "false")], configuration, "cannot be disabled"),
        (&application, &[("access_logs.s3.enabled", "true")], validation, "'access_logs.s3.bucket' cannot be empty"),
        (&network, &[("dns_record.client_routing_policy", "any")], validation, "availability_zone_affinity"),
        (&network, &[("secondary_ips.auto_assigned.per_subnet", "8")], validation, "between 0 and 7"),
        (
            &application,
            &[("waf.fail_open.enabled", "true"), ("waf.fail_open.enabled", "true")],
            validation,
            "more than once",
        ),
        (&application, &[], validation, "At least one"),
        // The first alone would do.
        (&application, &[("waf.fail_open.enabled", "true"), ("routing.http2.enabled", "1")], validation, "http2"),
    ];
    for (arn, pairs, code, text) in cases {
        assert_refused(modify_balancer!(lab, *arn, pairs).await, code, text);
    }
    assert_eq!(lab.balancer_attributes(&application).await["waf.fail_open.enabled"], "false");
    let many = vec![("waf.fail_open.enabled", "true"); 21];
    assert_refused(modify_balancer!(lab, &application, many).await, validation, "less than or equal to 20");

    let logs = [("access_logs.s3.enabled", "true"), ("access_logs.s3.bucket", "logs")];
    modify_balancer!(lab, &application, logs).await.unwrap();
    modify_balancer!(lab, &application, [("idle_timeout.timeout_seconds", "120")]).await.unwrap();
    let attributes = lab.balancer_attributes(&application).await;
    assert_eq!(attributes["access_logs.s3.bucket"], "logs");
    assert_eq!(attributes["idle_timeout.timeout_seconds"], "120");

    modify_balancer!(lab, &network, [("secondary_ips.auto_assigned.per_subnet", "3")]).await.unwrap();
    let fewer = modify_balancer!(lab, &network, [("secondary_ips.auto_assigned.per_subnet", "2")]).await;
    assert_refused(fewer, configuration, "cannot be decreased");
}

#[tokio::test(start_paused = true)]
async fn protected_balancers_stay() {
    let lab = Lab::new();
    let arn = lab.balancer("Web-ALB").await;
    modify_balancer!(lab, &arn, [("deletion_protection.enabled", "true")]).await.unwrap();
    let delete = || lab.elb.delete_load_balancer().load_balancer_arn(&arn).send();
    let text = format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
    assert_refused(delete().await, "OperationNotPermitted", &text);
    modify_balancer!(lab, &arn, [("deletion_protection.enabled", "false")]).await.unwrap();
    delete().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn groups_have_the_attributes_of_their_type() {
    let lab = Lab::new();
    let http = lab.group("Http-TG").await;
    let tcp = lab.group_of("Tcp-TG", ProtocolEnum::Tcp).await;
    let udp = lab.group_of("Udp-TG", ProtocolEnum::Udp).await;
    let geneve = lab.group_of("Geneve-TG", ProtocolEnum::Geneve).await;
    let ip = lab.elb.create_target_group().name("Ip-TG").vpc_id(&lab.vpc).port(80).protocol(ProtocolEnum::Tcp);
    let ip = ip.target_type(TargetTypeEnum::Ip).send().await.unwrap();
    let ip = ip.target_groups()[0].target_group_arn().unwrap();
    let lambda = lab.elb.create_target_group().name("Lambda-TG").target_type(TargetTypeEnum::Lambda);
    let lambda = lambda.send().await.unwrap();
    let lambda = lambda.target_groups()[0].target_group_arn().unwrap();
    // Of 24 keys: 3 are common, 5 of two types, 6 of HTTP, 1 of Lambda, 5 of Network, 4 of Gateway.
    for (arn, count, key, value) in [
        (http.as_str(), 14, "stickiness.type", "lb_cookie"),
        (&http, 14, "deregistration_delay.timeout_seconds", "300"),
        (&http, 14, "load_balancing.algorithm.type", "round_robin"),
        (&tcp, 13, "preserve_client_ip.enabled", "true"),
        (&tcp, 13, "stickiness.type", "source_ip"),
        (&tcp, 13, "deregistration_delay.connection_termination.enabled", "false"),
        (&udp, 13, "deregistration_delay.connection_termination.enabled", "true"),
        (&udp, 13, "target_health_state.unhealthy.connection_termination.enabled", "false"),
        (ip, 13, "preserve_client_ip.enabled", "false"),
        (&geneve, 7, "target_failover.on_unhealthy", "no_rebalance"),
        (lambda, 8, "lambda.multi_value_headers.enabled", "false"),
    ] {
        let attributes = lab.group_attributes(arn).await;
        assert_eq!((attributes.len(), attributes[key].as_str()), (count, value), "{key} of {arn}");
    }
}

#[tokio::test(start_paused = true)]
async fn group_attributes_are_checked() {
    let lab = Lab::new();
    let http = lab.group("Http-TG").await;
    let tcp = lab.group_of("Tcp-TG", ProtocolEnum::Tcp).await;
    let udp = lab.group_of("Udp-TG", ProtocolEnum::Udp).await;
    let tls = lab.group_of("Tls-TG", ProtocolEnum::Tls).await;
    let geneve = lab.group_of("Geneve-TG", ProtocolEnum::Geneve).await;
    let (validation, configuration) = ("ValidationError", "InvalidConfigurationRequest");
    let anomaly = "load_balancing.algorithm.anomaly_mitigation";
    let terminate = "target_health_state.unhealthy.connection_termination.enabled";
    let drain = "target_health_state.unhealthy.draining_interval_seconds";
    let cookie = "stickiness.app_cookie.cookie_name";
    let dns = "target_group_health.dns_failover.minimum_healthy_targets";
    let (dns_count, dns_percentage) = (format!("{dns}.count"), format!("{dns}.percentage"));
    let cases: &[(&str, Pairs<'_>, &str, &str)] = &[
        (&http, &[("x", "1")], validation, "Target group attribute key 'x' is not recognized"),
        (&http, &[("lambda.multi_value_headers.enabled", "true")], validation, "target type 'instance'"),
        (&http, &[("proxy_protocol_v2.enabled", "true")], validation, "'HTTP' protocol"),
        (&geneve, &[("load_balancing.cross_zone.enabled", "true")], validation, "'GENEVE' protocol"),
        (&http, &[("deregistration_delay.timeout_seconds", "3601")], validation, "between 0 and 3600"),
        (&http, &[("slow_start.duration_seconds", "29")], validation, "0, or between 30 and 900"),
        (&http, &[("stickiness.type", "source_ip")], validation, "lb_cookie, app_cookie"),
        (&http, &[("stickiness.lb_cookie.duration_seconds", "0")], validation, "between 1 and 604800"),
        (&http, &[(cookie, "AWSALBTG")], validation, "reserved prefix"),
        (&http, &[("stickiness.enabled", "true"), ("stickiness.type", "app_cookie")], configuration, "cookie name"),
        (&http, &[(anomaly, "on")], configuration, "weighted_random"),
        (
            &http,
            &[("slow_start.duration_seconds", "30"), ("load_balancing.algorithm.type", "weighted_random")],
            configuration,
            "Slow start",
        ),
        (&http, &[(&dns_count, "0")], validation, "'off'"),
        (&http, &[(&dns_percentage, "101")], validation, "between 1 and 100"),
        (&tls, &[("stickiness.enabled", "true")], configuration, "'TLS' protocol"),
        (&udp, &[("preserve_client_ip.enabled", "false")], configuration, "cannot be disabled"),
        (&udp, &[(terminate, "true")], configuration, "cannot be enabled"),
        (&tcp, &[(drain, "60")], configuration, "to be disabled"),
        (&geneve, &[("target_failover.on_unhealthy", "rebalance")], configuration, "the same value"),
    ];
    for (arn, pairs, code, text) in cases {
        assert_refused(modify_group!(lab, *arn, pairs).await, code, text);
    }
    let random = [(anomaly, "on"), ("load_balancing.algorithm.type", "weighted_random")];
    modify_group!(lab, &http, random).await.unwrap();
    assert_eq!(lab.group_attributes(&http).await[anomaly], "on");
    // What was set before counts too.
    let back = modify_group!(lab, &http, [("load_balancing.algorithm.type", "round_robin")]).await;
    assert_refused(back, configuration, "weighted_random");
    modify_group!(lab, &tcp, [(drain, "60"), (terminate, "false")]).await.unwrap();
    let failover = [("target_failover.on_unhealthy", "rebalance"), ("target_failover.on_deregistration", "rebalance")];
    modify_group!(lab, &geneve, failover).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn listeners_have_the_attributes_of_their_protocol() {
    let lab = Lab::new();
    let application = lab.balancer("Web-ALB").await;
    let http = lab.listener(&application, fixed("200")).await;
    let https = lab.elb.create_listener().load_balancer_arn(&application).protocol(ProtocolEnum::Https).port(443);
    let https = https.certificates(certificate(CERTIFICATE)).default_actions(fixed("200")).send().await.unwrap();
    let https = https.listeners()[0].listener_arn().unwrap();
    let network = lab.balancer_of("Web-NLB", LoadBalancerTypeEnum::Network).await;
    let tcp = lab.group_of("Tcp-TG", ProtocolEnum::Tcp).await;
    let listen = |port, protocol| lab.elb.create_listener().load_balancer_arn(&network).port(port).protocol(protocol);
    let tcp_listener = listen(80, ProtocolEnum::Tcp).default_actions(forward(&tcp)).send().await.unwrap();
    let tcp_listener = tcp_listener.listeners()[0].listener_arn().unwrap();
    let tls_listener = listen(443, ProtocolEnum::Tls).certificates(certificate(CERTIFICATE));
    let tls_listener = tls_listener.default_actions(forward(&tcp)).send().await.unwrap();
    let tls_listener = tls_listener.listeners()[0].listener_arn().unwrap();
    let gateway = lab.balancer_of("Web-GWLB", LoadBalancerTypeEnum::Gateway).await;
    let geneve = lab.group_of("Geneve-TG", ProtocolEnum::Geneve).await;
    let gateway = lab.elb.create_listener().load_balancer_arn(gateway).default_actions(forward(&geneve));
    let gateway = gateway.send().await.unwrap();
    let gateway = gateway.listeners()[0].listener_arn().unwrap();

    assert_eq!(lab.listener_attributes(&http).await.len(), 11);
    let attributes = lab.listener_attributes(https).await;
    assert_eq!(attributes.len(), 19);
    assert_eq!(attributes["routing.http.request.x_amzn_tls_version.header_name"], "X-Amzn-Tls-Version");
    assert_eq!(attributes["routing.http.response.server.enabled"], "true");
    assert_eq!(lab.listener_attributes(tcp_listener).await["tcp.idle_timeout.seconds"], "350");
    assert!(lab.listener_attributes(tls_listener).await.is_empty());
    assert_eq!(lab.listener_attributes(gateway).await.len(), 2);

    let response = |header: &str| format!("routing.http.response.{header}.header_value");
    for (arn, key, value, text) in [
        (http.as_str(), "x".to_owned(), "1", "Listener attribute key 'x' is not recognized"),
        (&http, "tcp.idle_timeout.seconds".to_owned(), "60", "protocol 'HTTP'"),
        (&http, "routing.http.request.x_amzn_tls_version.header_name".to_owned(), "X", "protocol 'HTTP'"),
        (https, "routing.http.request.x_amzn_tls_version.header_name".to_owned(), "X Y", "a header name"),
        (tcp_listener, "tcp.idle_timeout.seconds".to_owned(), "59", "between 60 and 6000"),
        (tls_listener, "tcp.idle_timeout.seconds".to_owned(), "60", "protocol 'TLS'"),
        (tcp_listener, response("x_frame_options"), "DENY", "protocol 'TCP'"),
        (&http, response("x_frame_options"), "ALLOW", "SAMEORIGIN"),
        (&http, response("x_content_type_options"), "sniff", "nosniff"),
        (&http, response("access_control_max_age"), "86401", "86400"),
        (&http, response("access_control_allow_methods"), "FETCH", "HTTP methods"),
        (&http, response("access_control_allow_credentials"), "false", "true"),
    ] {
        assert_refused(modify_listener!(lab, arn, [(key.as_str(), value)]).await, "ValidationError", text);
    }
    let methods = response("access_control_allow_methods");
    modify_listener!(lab, &http, [(methods.as_str(), "GET, POST")]).await.unwrap();
    assert_eq!(lab.listener_attributes(&http).await[&methods], "GET, POST");
}
