//! Listeners, their actions and certificates.

use aws_sdk_elasticloadbalancingv2::operation::create_listener::builders::CreateListenerFluentBuilder as Create;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::{ActionTypeEnum as Type, LoadBalancerTypeEnum, ProtocolEnum};

use super::{CERTIFICATE, Lab, MISSING_CERTIFICATE, OTHER_CERTIFICATE, assert_refused, certificate, fixed, forward};

const POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

impl Lab {
    fn create_listener(&self, balancer: &str, protocol: ProtocolEnum, port: i32) -> Create {
        self.elb.create_listener().load_balancer_arn(balancer).protocol(protocol).port(port)
    }

    fn https(&self, balancer: &str) -> Create {
        self.create_listener(balancer, ProtocolEnum::Https, 443).certificates(certificate(CERTIFICATE))
    }
}

fn redirect() -> sdk::builders::RedirectActionConfigBuilder {
    sdk::RedirectActionConfig::builder().status_code(sdk::RedirectActionStatusCodeEnum::Http301)
}

fn redirecting(config: sdk::builders::RedirectActionConfigBuilder) -> sdk::Action {
    sdk::Action::builder().r#type(Type::Redirect).redirect_config(config.build()).build()
}

fn weighted(groups: &[(&str, i32)]) -> sdk::builders::ForwardActionConfigBuilder {
    groups.iter().fold(sdk::ForwardActionConfig::builder(), |config, (group, weight)| {
        config.target_groups(sdk::TargetGroupTuple::builder().target_group_arn(*group).weight(*weight).build())
    })
}

fn forwarding(config: sdk::builders::ForwardActionConfigBuilder) -> sdk::Action {
    sdk::Action::builder().r#type(Type::Forward).forward_config(config.build()).build()
}

fn oidc() -> sdk::builders::AuthenticateOidcActionConfigBuilder {
    sdk::AuthenticateOidcActionConfig::builder()
        .issuer("https://idp.example.com")
        .authorization_endpoint("https://idp.example.com/auth")
        .token_endpoint("https://idp.example.com/token")
        .user_info_endpoint("https://idp.example.com/user")
        .client_id("client")
}

fn authenticating(config: sdk::builders::AuthenticateOidcActionConfigBuilder, order: i32) -> sdk::Action {
    let config = config.build();
    sdk::Action::builder().r#type(Type::AuthenticateOidc).authenticate_oidc_config(config).order(order).build()
}

fn ordered(action: sdk::Action, order: i32) -> sdk::Action {
    let mut action = action;
    action.order = Some(order);
    action
}

#[tokio::test(start_paused = true)]
async fn a_single_target_group_is_answered_in_both_forms() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let group = lab.group("Web-TG").await;
    let arn = lab.listener(&balancer, forward(&group)).await;
    let (_, path) = balancer.split_once('/').unwrap();
    assert!(arn.contains(&format!(":listener/{path}/")), "{arn}");
    let listener = lab.described_listener(&arn).await;
    assert_eq!((listener.port(), listener.protocol()), (Some(80), Some(&ProtocolEnum::Http)));
    let stickiness = sdk::TargetGroupStickinessConfig::builder().enabled(false).build();
    let config = weighted(&[(&group, 1)]).target_group_stickiness_config(stickiness);
    let mut expected = forwarding(config);
    expected.target_group_arn = Some(group.clone());
    assert_eq!(listener.default_actions(), [expected.clone()]);

    let rules = lab.elb.describe_rules().listener_arn(&arn).send().await.unwrap();
    let [default] = rules.rules() else { panic!("{rules:?}") };
    assert_eq!((default.priority(), default.is_default()), (Some("default"), Some(true)));
    assert_eq!(default.actions(), [expected]);
    assert!(default.rule_arn().unwrap().contains(":listener-rule/app/Web-ALB/"));
}

#[tokio::test(start_paused = true)]
async fn creating_the_same_again_answers_the_existing() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let group = lab.group("Web-TG").await;
    let arn = lab.listener(&balancer, forward(&group)).await;
    let again = lab.create_listener(&balancer, ProtocolEnum::Http, 80);
    let again = again.default_actions(forwarding(weighted(&[(&group, 1)]))).send().await.unwrap();
    assert_eq!(again.listeners()[0].listener_arn(), Some(arn.as_str()));
    let other = lab.create_listener(&balancer, ProtocolEnum::Http, 80).default_actions(fixed("200")).send().await;
    let text = format!("A listener already exists on this port for this load balancer '{balancer}'");
    assert_refused(other, "DuplicateListener", &text);
    let https = lab.https(&balancer).port(80).default_actions(forward(&group)).send().await;
    assert_refused(https, "DuplicateListener", &text);
}

#[tokio::test(start_paused = true)]
async fn settings_are_checked() {
    let lab = Lab::new();
    let application = lab.balancer("Web-ALB").await;
    let network = lab.balancer_of("Web-NLB", LoadBalancerTypeEnum::Network).await;
    let gateway = lab.balancer_of("Web-GWLB", LoadBalancerTypeEnum::Gateway).await;
    let tcp = lab.group_of("Tcp-TG", ProtocolEnum::Tcp).await;
    let geneve = lab.group_of("Geneve-TG", ProtocolEnum::Geneve).await;
    use ProtocolEnum::{Http, Https, Tcp, Tls};
    let web = |protocol| lab.create_listener(&application, protocol, 80).default_actions(fixed("200"));
    let net = |protocol| lab.create_listener(&network, protocol, 80).default_actions(forward(&tcp));
    let https = || lab.https(&application).default_actions(fixed("200"));
    let mutual = |mode: &str| sdk::MutualAuthenticationAttributes::builder().mode(mode);
    let store = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:truststore/missing/1";
    let default = sdk::Certificate::builder().certificate_arn(CERTIFICATE).is_default(true).build();
    let bare = lab.elb.create_listener().load_balancer_arn(&application).default_actions(fixed("200"));
    for (request, code, text) in [
        (bare.clone().port(80), "ValidationError", "A protocol must be specified"),
        (bare.protocol(Http), "ValidationError", "A port must be specified"),
        (web(Http).port(0), "ValidationError", "greater than or equal to 1"),
        (web(Http).port(65536), "ValidationError", "less than or equal to 65535"),
        (web("HTTP3".into()), "ValidationError", "GENEVE, HTTP"),
        (web(Tcp), "UnsupportedProtocol", "'TCP' is not supported"),
        (net(Http), "UnsupportedProtocol", "'HTTP' is not supported"),
        (web(Https), "ValidationError", "A certificate must be specified for HTTPS listeners"),
        (net(Tls), "ValidationError", "A certificate must be specified for TLS listeners"),
        (web(Http).certificates(certificate(CERTIFICATE)), "ValidationError", "cannot be specified for HTTP listeners"),
        (web(Http).ssl_policy(POLICY), "ValidationError", "cannot be specified for HTTP listeners"),
        (https().certificates(certificate(OTHER_CERTIFICATE)), "ValidationError", "exactly one certificate"),
        (https().set_certificates(Some(vec![default])), "ValidationError", "IsDefault"),
        (web(Https).certificates(certificate("certificate")), "ValidationError", "'certificate' is not valid"),
        (web(Https).certificates(certificate(MISSING_CERTIFICATE)), "CertificateNotFound", MISSING_CERTIFICATE),
        (https().ssl_policy("ELBSecurityPolicy-None"), "SSLPolicyNotFound", "ELBSecurityPolicy-None"),
        (https().alpn_policy("HTTP2Only"), "ValidationError", "An ALPN policy"),
        (net(Tls).certificates(certificate(CERTIFICATE)).alpn_policy("HTTP3"), "ALPNPolicyNotFound", "HTTP3"),
        (web(Http).mutual_authentication(mutual("off").build()), "ValidationError", "Mutual authentication"),
        (https().mutual_authentication(mutual("on").build()), "ValidationError", "[off, passthrough, verify]"),
        (https().mutual_authentication(mutual("verify").build()), "ValidationError", "A trust store ARN must be"),
        (
            https().mutual_authentication(mutual("passthrough").trust_store_arn(store).build()),
            "ValidationError",
            "'passthrough'",
        ),
        (https().mutual_authentication(mutual("verify").trust_store_arn(store).build()), "TrustStoreNotFound", store),
        (
            lab.elb.create_listener().load_balancer_arn(&gateway).port(80).default_actions(forward(&geneve)),
            "ValidationError",
            "A port cannot be specified",
        ),
        (web(Http).load_balancer_arn(format!("{application}0")), "LoadBalancerNotFound", "not found"),
        (lab.create_listener(&application, Http, 80), "ValidationError", "At least one action"),
    ] {
        assert_refused(request.send().await, code, text);
    }
    for balancer in [&application, &network, &gateway] {
        let found = lab.elb.describe_listeners().load_balancer_arn(balancer).send().await.unwrap();
        assert!(found.listeners().is_empty());
    }
    let request = lab.elb.create_listener().load_balancer_arn(&gateway).default_actions(forward(&geneve));
    let created = request.send().await.unwrap();
    assert_eq!((created.listeners()[0].port(), created.listeners()[0].protocol()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn actions_are_checked() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let network = lab.balancer_of("Web-NLB", LoadBalancerTypeEnum::Network).await;
    let [a, b] = [lab.group("A").await, lab.group("B").await];
    let typed = |kind: Type| sdk::Action::builder().r#type(kind);
    let response = |config: sdk::builders::FixedResponseActionConfigBuilder| {
        typed(Type::FixedResponse).fixed_response_config(config.build()).build()
    };
    let ok = || sdk::FixedResponseActionConfig::builder().status_code("200");
    let sticky =
        |duration| sdk::TargetGroupStickinessConfig::builder().enabled(true).set_duration_seconds(duration).build();
    let jwt = sdk::JwtValidationActionConfig::builder().jwks_endpoint("https://a.b/jwks").issuer("me").build();
    let (invalid, validation) = ("InvalidLoadBalancerAction", "ValidationError");
    let cases: Vec<(Vec<sdk::Action>, &str, &str)> = vec![
        (vec![typed("teleport".into()).build()], validation, "teleport"),
        (vec![sdk::Action::builder().build()], validation, "must not be null"),
        (vec![typed(Type::Forward).build()], invalid, "A target group must be specified"),
        (vec![typed(Type::Redirect).build()], invalid, "A config must be specified"),
        (vec![typed(Type::FixedResponse).target_group_arn(&a).build()], invalid, "cannot be specified for actions"),
        (vec![forwarding(weighted(&[(&a, 1000)]))], validation, "less than or equal to 999"),
        (vec![forwarding(weighted(&[(&a, 1), (&a, 1)]))], invalid, "more than once"),
        (vec![forwarding(weighted(&[("x", 1); 6]))], validation, "at most '5'"),
        (
            vec![forwarding(weighted(&[(&a, 1)]).target_group_stickiness_config(sticky(None)))],
            invalid,
            "A duration must be specified",
        ),
        (
            vec![forwarding(weighted(&[(&a, 1)]).target_group_stickiness_config(sticky(Some(604_801))))],
            validation,
            "less than or equal to 604800",
        ),
        (
            vec![typed(Type::Forward).target_group_arn(&a).forward_config(weighted(&[(&b, 1)]).build()).build()],
            invalid,
            "must be the only target group",
        ),
        (vec![redirecting(redirect())], invalid, "creates a loop"),
        (vec![redirecting(redirect().query("a=b"))], invalid, "creates a loop"),
        (vec![redirecting(redirect().protocol("TCP"))], validation, "regular expression"),
        (vec![redirecting(redirect().port("65536"))], validation, "1 to 65535"),
        (vec![redirecting(redirect().path("a"))], validation, "must begin with a '/'"),
        (vec![redirecting(redirect().host("x".repeat(129)))], validation, "less than or equal to 128"),
        (vec![redirecting(redirect().host("a").status_code("HTTP_307".into()))], validation, "HTTP_301"),
        (vec![fixed("300")], validation, "regular expression"),
        (vec![fixed("20")], validation, "regular expression"),
        (vec![response(ok().content_type("text/xml"))], validation, "text/plain"),
        (vec![response(ok().message_body("x".repeat(1025)))], validation, "less than or equal to 1024"),
        (vec![authenticating(oidc().client_secret("s"), 1), ordered(fixed("200"), 2)], invalid, "only on HTTPS"),
        (vec![typed(Type::JwtValidation).jwt_validation_config(jwt).build()], invalid, "only on HTTPS"),
        (vec![fixed("200"), forward(&a)], invalid, "An order must be specified"),
        (vec![ordered(fixed("200"), 1), ordered(forward(&a), 1)], invalid, "must be unique"),
        (vec![ordered(fixed("200"), 1), ordered(forward(&a), 2)], invalid, "exactly one action"),
        (vec![ordered(fixed("200"), 0)], validation, "greater than or equal to 1"),
        ((1..=6).map(|order| ordered(fixed("200"), order)).collect(), "TooManyActions", "limit"),
    ];
    for (actions, code, text) in cases {
        let request = lab.create_listener(&balancer, ProtocolEnum::Http, 80).set_default_actions(Some(actions));
        assert_refused(request.send().await, code, text);
    }
    let downgrade = lab.https(&balancer).default_actions(redirecting(redirect().protocol("HTTP"))).send().await;
    assert_refused(downgrade, invalid, "You can't redirect HTTPS to HTTP");
    let request = lab.create_listener(&network, ProtocolEnum::Tcp, 80).default_actions(fixed("200"));
    assert_refused(request.send().await, invalid, "not supported for load balancers with type 'network'");
}

#[tokio::test(start_paused = true)]
async fn redirects_and_weights_have_defaults() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let arn = lab.listener(&balancer, redirecting(redirect().protocol("HTTPS").port("443"))).await;
    let listener = lab.described_listener(&arn).await;
    let config = listener.default_actions()[0].redirect_config().unwrap();
    let expected = redirect().protocol("HTTPS").port("443").host("#{host}").path("/#{path}").query("#{query}");
    assert_eq!(*config, expected.build());

    let [a, b] = [lab.group("A").await, lab.group("B").await];
    let sticky = sdk::TargetGroupStickinessConfig::builder().enabled(true).duration_seconds(60).build();
    let config = weighted(&[(&a, 90), (&b, 10)]).target_group_stickiness_config(sticky);
    let action = forwarding(config);
    lab.elb.modify_listener().listener_arn(&arn).default_actions(action.clone()).send().await.unwrap();
    // Several target groups have one form only.
    assert_eq!(lab.described_listener(&arn).await.default_actions(), [action]);
    for group in [&a, &b] {
        assert_eq!(lab.described_group(group).await.load_balancer_arns(), std::slice::from_ref(&balancer));
    }
}

#[tokio::test(start_paused = true)]
async fn the_secret_is_never_answered() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let actions = |config| vec![ordered(fixed("200"), 2), authenticating(config, 1)];
    for (config, code, text) in [
        (oidc(), "InvalidLoadBalancerAction", "A client secret must be specified"),
        (oidc().use_existing_client_secret(true), "InvalidLoadBalancerAction", "no existing client secret"),
        (oidc().client_secret("s").issuer("http://idp"), "ValidationError", "HTTPS"),
        (oidc().client_secret("s").session_timeout(604_801), "ValidationError", "604800"),
    ] {
        let request = lab.https(&balancer).set_default_actions(Some(actions(config)));
        assert_refused(request.send().await, code, text);
    }
    let request = lab.https(&balancer).set_default_actions(Some(actions(oidc().client_secret("s"))));
    let created = request.send().await.unwrap();
    let listener = &created.listeners()[0];
    // Actions are answered in order.
    let types: Vec<_> = listener.default_actions().iter().filter_map(|action| action.r#type()).collect();
    assert_eq!(types, [&Type::AuthenticateOidc, &Type::FixedResponse]);
    let config = listener.default_actions()[0].authenticate_oidc_config().unwrap();
    assert_eq!(config.client_secret(), None);
    assert_eq!(config.session_cookie_name(), Some("AWSELBAuthSessionCookie"));
    assert_eq!((config.scope(), config.session_timeout()), (Some("openid"), Some(604_800)));

    let modify = lab.elb.modify_listener().listener_arn(listener.listener_arn().unwrap());
    let existing = actions(oidc().use_existing_client_secret(true).scope("email"));
    let modified = modify.set_default_actions(Some(existing)).send().await.unwrap();
    let config = modified.listeners()[0].default_actions()[0].authenticate_oidc_config().unwrap();
    assert_eq!(config.scope(), Some("email"));
}

#[tokio::test(start_paused = true)]
async fn tokens_and_pools_authenticate() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let claim = |name: &str, values: &[&str]| {
        sdk::JwtValidationActionAdditionalClaim::builder()
            .name(name)
            .format(sdk::JwtValidationActionAdditionalClaimFormatEnum::SpaceSeparatedValues)
            .set_values(Some(values.iter().map(|&value| value.to_owned()).collect()))
            .build()
    };
    let jwt = |claim| {
        let config = sdk::JwtValidationActionConfig::builder().jwks_endpoint("https://a.b/jwks").issuer("me");
        let config = config.additional_claims(claim).build();
        vec![
            sdk::Action::builder().r#type(Type::JwtValidation).jwt_validation_config(config).order(1).build(),
            ordered(fixed("200"), 2),
        ]
    };
    for (claim, text) in [
        (claim("iss", &["a"]), "validated by default"),
        (claim("scope", &["a b"]), "cannot include spaces"),
        (claim("scope", &[]), "must not be null"),
    ] {
        let request = lab.https(&balancer).set_default_actions(Some(jwt(claim)));
        assert_refused(request.send().await, "ValidationError", text);
    }
    let cognito = |pool: &str| {
        let config = sdk::AuthenticateCognitoActionConfig::builder();
        let config = config.user_pool_arn(pool).user_pool_client_id("client").user_pool_domain("domain").build();
        vec![
            sdk::Action::builder()
                .r#type(Type::AuthenticateCognito)
                .authenticate_cognito_config(config)
                .order(1)
                .build(),
            ordered(fixed("200"), 2),
        ]
    };
    let malformed = lab.https(&balancer).set_default_actions(Some(cognito("pool"))).send().await;
    assert_refused(malformed, "ValidationError", "user pool ARN");
    let valid = jwt(claim("scope", &["read"]));
    let created = lab.https(&balancer).set_default_actions(Some(valid.clone())).send().await.unwrap();
    assert_eq!(created.listeners()[0].default_actions(), valid);
    let modify = lab.elb.modify_listener().listener_arn(created.listeners()[0].listener_arn().unwrap());
    let pool = cognito("arn:aws:cognito-idp:ap-northeast-2:123456789012:userpool/a");
    let modified = modify.set_default_actions(Some(pool)).send().await.unwrap();
    let config = modified.listeners()[0].default_actions()[0].authenticate_cognito_config().unwrap();
    assert_eq!(config.scope(), Some("openid"));
}

#[tokio::test(start_paused = true)]
async fn protocols_change_with_what_belongs_to_them() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let arn = lab.listener(&balancer, fixed("200")).await;
    let modify = || lab.elb.modify_listener().listener_arn(&arn);
    let https = modify().protocol(ProtocolEnum::Https).send().await;
    assert_refused(https, "ValidationError", "A certificate must be specified");
    modify().protocol(ProtocolEnum::Https).certificates(certificate(CERTIFICATE)).send().await.unwrap();
    let listener = lab.described_listener(&arn).await;
    assert_eq!(listener.ssl_policy(), Some("ELBSecurityPolicy-2016-08"));
    assert_eq!(listener.certificates(), [certificate(CERTIFICATE)]);
    assert_eq!(listener.mutual_authentication().and_then(|mutual| mutual.mode()), Some("off"));
    modify().ssl_policy(POLICY).port(443).send().await.unwrap();
    let listener = lab.described_listener(&arn).await;
    assert_eq!((listener.ssl_policy(), listener.port()), (Some(POLICY), Some(443)));
    assert_eq!(listener.default_actions(), [fixed("200")]);

    // Authentication needs HTTPS as long as it is there.
    let login = vec![authenticating(oidc().client_secret("s"), 1), ordered(fixed("200"), 2)];
    modify().set_default_actions(Some(login)).send().await.unwrap();
    let http = modify().protocol(ProtocolEnum::Http).send().await;
    assert_refused(http, "InvalidLoadBalancerAction", "only on HTTPS");
    modify().protocol(ProtocolEnum::Http).default_actions(fixed("200")).send().await.unwrap();
    let listener = lab.described_listener(&arn).await;
    assert_eq!((listener.ssl_policy(), listener.certificates().len()), (None, 0));

    lab.create_listener(&balancer, ProtocolEnum::Http, 80).default_actions(fixed("200")).send().await.unwrap();
    assert_refused(modify().port(80).send().await, "DuplicateListener", &balancer);
    let unknown = lab.elb.modify_listener().listener_arn(format!("{arn}0")).port(81).send().await;
    assert_refused(unknown, "ListenerNotFound", "not found");
}

#[tokio::test(start_paused = true)]
async fn certificates_are_added_and_removed() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let created = lab.https(&balancer).default_actions(fixed("200")).send().await.unwrap();
    let arn = created.listeners()[0].listener_arn().unwrap();
    let add = |certificate| lab.elb.add_listener_certificates().listener_arn(arn).certificates(certificate);
    let remove = |certificate| lab.elb.remove_listener_certificates().listener_arn(arn).certificates(certificate);
    for _ in 0..2 {
        add(certificate(OTHER_CERTIFICATE)).send().await.unwrap();
    }
    let describe = || lab.elb.describe_listener_certificates().listener_arn(arn).send();
    let described = describe().await.unwrap();
    let described: Vec<_> = described
        .certificates()
        .iter()
        .map(|one| (one.certificate_arn().unwrap(), one.is_default().unwrap()))
        .collect();
    assert_eq!(described, [(CERTIFICATE, true), (OTHER_CERTIFICATE, false)]);

    assert_refused(add(certificate(MISSING_CERTIFICATE)).send().await, "CertificateNotFound", "missing");
    let two = add(certificate(CERTIFICATE)).certificates(certificate(OTHER_CERTIFICATE));
    assert_refused(two.send().await, "ValidationError", "exactly one");
    assert_refused(remove(certificate(CERTIFICATE)).send().await, "OperationNotPermitted", "default certificate");
    remove(certificate(OTHER_CERTIFICATE)).send().await.unwrap();
    assert_eq!(describe().await.unwrap().certificates().len(), 1);

    for number in 0..25 {
        add(certificate(&format!("{CERTIFICATE}{number}"))).send().await.unwrap();
    }
    assert_refused(add(certificate(OTHER_CERTIFICATE)).send().await, "TooManyCertificates", "limit");
    let plain = lab.listener(&balancer, fixed("200")).await;
    let plain = lab.elb.add_listener_certificates().listener_arn(plain).certificates(certificate(CERTIFICATE));
    assert_refused(plain.send().await, "ValidationError", "only to HTTPS and TLS");
}

#[tokio::test(start_paused = true)]
async fn describes_and_deletion() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let arn = lab.listener(&balancer, fixed("200")).await;
    let describe = || lab.elb.describe_listeners();
    let found = describe().load_balancer_arn(&balancer).send().await.unwrap();
    assert_eq!(found.listeners()[0].listener_arn(), Some(arn.as_str()));
    assert_refused(describe().send().await, "ValidationError", "either");
    let both = describe().load_balancer_arn(&balancer).listener_arns(&arn).send().await;
    assert_refused(both, "ValidationError", "both");
    let unknown = describe().load_balancer_arn(format!("{balancer}0")).send().await;
    assert_refused(unknown, "LoadBalancerNotFound", "not found");
    let rules = lab.elb.describe_rules().listener_arn(&arn).send().await.unwrap();
    let rule = rules.rules()[0].rule_arn().unwrap();
    lab.elb.delete_listener().listener_arn(&arn).send().await.unwrap();
    assert_refused(lab.elb.describe_rules().rule_arns(rule).send().await, "RuleNotFound", "not found");
    assert_refused(lab.elb.delete_listener().listener_arn(&arn).send().await, "ListenerNotFound", &arn);
    assert_refused(lab.elb.describe_rules().listener_arn(&arn).send().await, "ListenerNotFound", &arn);
}

#[tokio::test(start_paused = true)]
async fn the_quota_of_listeners_holds() {
    let lab = Lab::new();
    let balancer = lab.balancer("Web-ALB").await;
    let create = |port| lab.create_listener(&balancer, ProtocolEnum::Http, port).default_actions(fixed("200"));
    for port in 1..=50 {
        create(port).send().await.unwrap();
    }
    assert_refused(create(51).send().await, "TooManyListeners", "limit");
}

#[tokio::test(start_paused = true)]
async fn policies_and_quotas_are_listed() {
    let lab = Lab::new();
    let describe = || lab.elb.describe_ssl_policies();
    let named = describe().names(POLICY).send().await.unwrap();
    assert_eq!(named.ssl_policies()[0].ssl_protocols(), ["TLSv1.2", "TLSv1.3"]);
    let gateway = describe().load_balancer_type(LoadBalancerTypeEnum::Gateway).send().await.unwrap();
    assert!(gateway.ssl_policies().is_empty());
    assert_refused(describe().names("None").send().await, "SSLPolicyNotFound", "'None'");
    let limits = lab.elb.describe_account_limits().page_size(1).send().await.unwrap();
    assert_eq!(limits.limits()[0].name(), Some("application-load-balancers"));
    assert_eq!(limits.next_marker(), Some("1"));
}
