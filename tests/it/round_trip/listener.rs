//! Listeners.

use std::collections::BTreeMap;
use std::time::Duration;

use purlin::protocol::{Https, Protocol};
use purlin::*;

use super::case::Case;
use super::case::Change::{self, InPlace, Replace};
use super::case::Setting;

const MODIFY: Change = InPlace(&["ModifyListener"]);
const ATTRIBUTES: Change = InPlace(&["ModifyListenerAttributes"]);
const CERTIFICATES: Change = InPlace(&["AddListenerCertificates", "RemoveListenerCertificates"]);

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

tokio::task_local! {
    /// The certificates of an account that has its own, by name; elsewhere any will do.
    pub(crate) static OWN_CERTIFICATES: BTreeMap<&'static str, CertificateArn>;
}

pub(super) fn certificate(name: &str) -> CertificateArn {
    let own = OWN_CERTIFICATES.try_with(|certificates| certificates.get(name).cloned());
    own.ok().flatten().unwrap_or_else(|| {
        format!("arn:aws:acm:ap-northeast-2:123456789012:certificate/{name}").parse().expect("an ARN")
    })
}

fn trust_store(name: &str) -> TrustStoreArn {
    format!("arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:truststore/{name}/0123456789abcdef")
        .parse()
        .expect("an ARN")
}

pub(super) fn application(stack: &mut Stack) -> Ref<LoadBalancer> {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let group = SecurityGroup::builder().name("alb").description("web").vpc(vpc);
    let group = stack.add("alb", group.ingress(Ingress::https().from_anywhere_ipv4()).build());
    stack.add("web", LoadBalancer::application().name("web").subnets(public).security_group(group).build())
}

pub(super) fn network(stack: &mut Stack, addresses: IpAddressType) -> Ref<LoadBalancer> {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    stack.add("net", LoadBalancer::network().name("net").subnets(public).ip_address_type(addresses).build())
}

pub(super) fn targets<F>(stack: &mut Stack, name: &str, traffic: Traffic<F>) -> Ref<TargetGroup> {
    let vpc = stack.add(format!("vpc-{name}"), Vpc::named("VPC-Lab"));
    stack.add(name, TargetGroup::builder().name(name).vpc(vpc).traffic(traffic).build())
}

/// What a listener of an application balancer accepts.
fn web<P: Protocol + 'static>(
    name: &'static str,
    change: Change,
    accept: impl Fn(Setting) -> Accept<P> + 'static,
) -> Case
where
    FixedResponse: ActionOn<P>,
{
    Case::new(name, change, move |setting| {
        let mut stack = Stack::new("round-trip");
        let balancer = application(&mut stack);
        let it = Listener::builder().load_balancer(balancer).accept(accept(setting));
        stack.add("it", it.action(Action::fixed_response(404)).build());
        stack
    })
}

/// What an HTTPS listener accepts.
fn https<T>(
    name: &'static str,
    change: Change,
    values: impl Fn() -> [T; 2] + 'static,
    with: impl Fn(Accept<Https>, T) -> Accept<Https> + 'static,
) -> Case {
    web(name, change, move |setting| {
        let accept = Accept::https(443, certificate("default"));
        let [first, second] = values();
        match setting.pick(first, second) {
            None => accept,
            Some(value) => with(accept, value),
        }
    })
}

/// What a listener of a network balancer accepts.
fn net<P: Protocol + 'static>(
    name: &'static str,
    change: Change,
    traffic: fn(u16) -> Traffic<NetworkTraffic>,
    accept: impl Fn(Setting) -> Accept<P> + 'static,
) -> Case
where
    Forward: ActionOn<P>,
{
    Case::new(name, change, move |setting| {
        let mut stack = Stack::new("round-trip");
        let balancer = network(&mut stack, IpAddressType::Ipv4);
        let targets = targets(&mut stack, "targets", traffic(53));
        let it = Listener::builder().load_balancer(balancer).accept(accept(setting));
        stack.add("it", it.action(Action::forward(targets)).build());
        stack
    })
}

/// What an HTTPS listener does.
fn does<A: ActionOn<Https>>(
    name: &'static str,
    action: impl Fn(Setting, [Ref<TargetGroup>; 2]) -> A + 'static,
) -> Case {
    Case::new(name, MODIFY, move |setting| {
        let mut stack = Stack::new("round-trip");
        let balancer = application(&mut stack);
        let groups = ["blue", "green"].map(|name| targets(&mut stack, name, Traffic::http(80)));
        let it = Listener::builder().load_balancer(balancer).accept(Accept::https(443, certificate("default")));
        stack.add("it", it.action(action(setting, groups)).build());
        stack
    })
}

/// The required members of a login with OpenID Connect.
macro_rules! oidc {
    ($($path:ident = $value:expr),*) => {{
        #[derive(Clone, Copy)]
        struct Idp { issuer: &'static str, authorization_endpoint: &'static str, token_endpoint: &'static str, user_info_endpoint: &'static str, client_id: &'static str, client_secret: &'static str }
        #[allow(unused_mut, reason = "not every case changes something")]
        let mut idp = Idp {
            issuer: "https://id.example.com",
            authorization_endpoint: "https://id.example.com/authorize",
            token_endpoint: "https://id.example.com/token",
            user_info_endpoint: "https://id.example.com/userinfo",
            client_id: "web",
            client_secret: "correct horse",
        };
        $(idp.$path = $value;)*
        Oidc::builder()
            .issuer(idp.issuer)
            .authorization_endpoint(idp.authorization_endpoint)
            .token_endpoint(idp.token_endpoint)
            .user_info_endpoint(idp.user_info_endpoint)
            .client_id(idp.client_id)
            .client_secret(idp.client_secret)
    }};
}
pub(super) use oidc;

/// The required members of a login with Cognito.
macro_rules! cognito {
    ($pool:expr, $client:expr, $domain:expr) => {
        Cognito::builder()
            .user_pool(
                format!("arn:aws:cognito-idp:ap-northeast-2:123456789012:userpool/{}", $pool)
                    .parse::<UserPoolArn>()
                    .expect("an ARN"),
            )
            .client_id($client)
            .domain($domain)
    };
}

fn answer() -> FixedResponse {
    Action::fixed_response(404)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("Listener.load_balancer", Replace, |setting| {
            let mut stack = Stack::new("round-trip");
            let one = application(&mut stack);
            let public = Subnets::named(["Public subnet A", "Public subnet C"]);
            let public = stack.add("again", public);
            let other = stack.add("other", LoadBalancer::application().name("other").subnets(public).build());
            let balancer = setting.pick(one, other).expect("it is required");
            let it = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
            stack.add("it", it.action(answer()).build());
            stack
        })
        .required(),
        Case::new("Listener.protocol", MODIFY, |setting| {
            let mut stack = Stack::new("round-trip");
            let balancer = application(&mut stack);
            match setting.pick(false, true) {
                Some(true) => {
                    let it = Listener::builder().load_balancer(balancer).accept(Accept::https(80, certificate("a")));
                    stack.add("it", it.action(answer()).build());
                }
                _ => {
                    let it = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
                    stack.add("it", it.action(answer()).build());
                }
            }
            stack
        })
        .shows(["protocol", "certificate", "security_policy", "mutual_tls.mode"])
        .required(),
        Case::new("Listener.protocol.network", MODIFY, |setting| {
            let mut stack = Stack::new("round-trip");
            let balancer = network(&mut stack, IpAddressType::Ipv4);
            let targets = targets(&mut stack, "targets", Traffic::tcp(443));
            match setting.pick(false, true) {
                Some(true) => {
                    let it = Listener::builder().load_balancer(balancer).accept(Accept::tls(443, certificate("a")));
                    stack.add("it", it.action(Action::forward(targets)).build());
                }
                _ => {
                    let it = Listener::builder().load_balancer(balancer).accept(Accept::tcp(443));
                    stack.add("it", it.action(Action::forward(targets)).build());
                }
            }
            stack
        })
        .shows(["protocol", "certificate", "security_policy", "alpn"])
        .required(),
        web("Listener.port", MODIFY, |setting| Accept::http(setting.pick(80, 81).expect("it is required"))).required(),
        web("Listener.certificate", MODIFY, |setting| {
            Accept::https(443, certificate(setting.pick("a", "b").expect("it is required")))
        })
        .required(),
        https(
            "Listener.certificates",
            CERTIFICATES,
            || [["a", "b"], ["b", "c"]],
            |accept, names| names.iter().fold(accept, |accept, name| accept.certificate(certificate(name))),
        ),
        https(
            "Listener.security_policy",
            MODIFY,
            || ["ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06"],
            Accept::security_policy,
        ),
        net("Listener.alpn", MODIFY, Traffic::tls, |setting| {
            let accept = Accept::tls(53, certificate("default"));
            match setting.pick(AlpnPolicy::Http2Preferred, AlpnPolicy::Http1Only) {
                None => accept,
                Some(policy) => accept.alpn(policy),
            }
        }),
        https("Listener.mutual_tls.mode", MODIFY, || [MutualTls::Passthrough, MutualTls::Off], Accept::mutual_tls)
            .second_is_default(),
        https(
            "Listener.mutual_tls.trust_store",
            MODIFY,
            || ["a", "b"],
            |accept, name| accept.mutual_tls(MutualTls::verify(trust_store(name))),
        )
        .required(),
    ];
    cases.push(Case::new("Listener.tags.Team", InPlace(&["AddTags", "RemoveTags"]), |setting| {
        let mut stack = Stack::new("round-trip");
        let balancer = application(&mut stack);
        let it = Listener::builder().load_balancer(balancer).accept(Accept::http(80)).action(answer());
        match setting.pick("a", "b") {
            None => stack.add("it", it.build()),
            Some(team) => stack.add("it", it.tag("Team", team).build()),
        };
        stack
    }));
    for (name, advertise) in
        [("Listener.mutual_tls.ignore_expiry", false), ("Listener.mutual_tls.advertise_ca_names", true)]
    {
        let case = web(name, MODIFY, move |setting| {
            let verify = MutualTls::verify(trust_store("a"));
            let verify = match setting.pick(true, false) {
                None => verify,
                Some(value) if advertise => verify.advertise_ca_names(value),
                Some(value) => verify.ignore_expiry(value),
            };
            Accept::https(443, certificate("default")).mutual_tls(verify)
        });
        cases.push(case.second_is_default());
    }
    attributes(&mut cases);
    actions(&mut cases);
    logins(&mut cases);
    cases
}

fn attributes(cases: &mut Vec<Case>) {
    macro_rules! response {
        ($($key:literal, [$first:expr, $second:expr], $method:ident;)+) => {$(
            cases.push(https(
                concat!("Listener.attributes.routing.http.response.", $key),
                ATTRIBUTES,
                || [$first, $second],
                Accept::$method,
            ));
        )+};
    }
    response! {
        "strict_transport_security.header_value", ["max-age=1", "max-age=2"], strict_transport_security;
        "access_control_allow_origin.header_value", ["*", "https://example.com"], access_control_allow_origin;
        "access_control_allow_methods.header_value", [vec!["GET", "PUT"], vec!["GET"]], access_control_allow_methods;
        "access_control_allow_headers.header_value", [vec!["X-A", "X-B"], vec!["*"]], access_control_allow_headers;
        "access_control_expose_headers.header_value", [vec!["X-A", "X-B"], vec!["*"]], access_control_expose_headers;
        "access_control_max_age.header_value", [seconds(60), seconds(120)], access_control_max_age;
        "content_security_policy.header_value", ["default-src 'self'", "default-src 'none'"], content_security_policy;
        "x_frame_options.header_value",
            [FrameOptions::Deny, FrameOptions::AllowFrom("https://example.com".to_owned())], frame_options;
    }
    macro_rules! flags {
        ($($key:literal, $method:ident, $default:literal;)+) => {$(
            cases.push(https(
                concat!("Listener.attributes.routing.http.response.", $key),
                ATTRIBUTES,
                || [!$default, $default],
                Accept::$method,
            ).second_is_default());
        )+};
    }
    flags! {
        "server.enabled", server_header, true;
        "access_control_allow_credentials.header_value", access_control_allow_credentials, false;
        "x_content_type_options.header_value", no_sniff, false;
    }
    macro_rules! request {
        ($($key:literal, $method:ident;)+) => {$(
            cases.push(https(
                concat!("Listener.attributes.routing.http.request.", $key, ".header_name"),
                ATTRIBUTES,
                || ["X-One", "X-Two"],
                Accept::$method,
            ));
        )+};
    }
    request! {
        "x_amzn_mtls_clientcert_serial_number", client_serial_number_header;
        "x_amzn_mtls_clientcert_issuer", client_issuer_header;
        "x_amzn_mtls_clientcert_subject", client_subject_header;
        "x_amzn_mtls_clientcert_validity", client_validity_header;
        "x_amzn_mtls_clientcert_leaf", client_leaf_header;
        "x_amzn_mtls_clientcert", client_certificate_header;
        "x_amzn_tls_version", tls_version_header;
        "x_amzn_tls_cipher_suite", tls_cipher_suite_header;
    }
    cases.push(
        Case::new("Listener.attributes.send_tcp_reset.on_idle_timeout.enabled", ATTRIBUTES, |setting| {
            let mut stack = Stack::new("round-trip");
            let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]));
            let balancer = stack.add("gateway", LoadBalancer::gateway().name("gateway").subnets(public).build());
            let targets = targets(&mut stack, "targets", Traffic::geneve());
            let accept = match setting.pick(true, false) {
                None => Accept::gateway(),
                Some(enabled) => Accept::gateway().send_tcp_reset(enabled),
            };
            let it = Listener::builder().load_balancer(balancer).accept(accept);
            stack.add("it", it.action(Action::forward(targets)).build());
            stack
        })
        .second_is_default(),
    );
    cases.push(
        Case::new("Listener.action.forward.gateway", MODIFY, |setting| {
            let mut stack = Stack::new("round-trip");
            let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]));
            let balancer = stack.add("gateway", LoadBalancer::gateway().name("gateway").subnets(public).build());
            let [blue, green] = ["blue", "green"].map(|name| targets(&mut stack, name, Traffic::geneve()));
            let it = Listener::builder().load_balancer(balancer).accept(Accept::gateway());
            let group = setting.pick(blue, green).expect("it is required");
            stack.add("it", it.action(Action::forward(group)).build());
            stack
        })
        .shows(["action.forward"])
        .required(),
    );
    cases.push(net("Listener.attributes.tcp.idle_timeout.seconds", ATTRIBUTES, Traffic::tcp, |setting| {
        let accept = Accept::tcp(53);
        match setting.pick(seconds(60), seconds(6000)) {
            None => accept,
            Some(timeout) => accept.tcp_idle_timeout(timeout),
        }
    }));
}

fn actions(cases: &mut Vec<Case>) {
    cases.push(
        does("Listener.action.forward", |setting, [blue, green]| {
            Action::forward(setting.pick(blue, green).expect("it is required"))
        })
        .required(),
    );
    cases.push(
        does("Listener.action.forward[0].weight", |setting, [blue, green]| {
            Action::forward_weighted().group(blue, setting.pick(90, 80).expect("it is required")).group(green, 10)
        })
        .required(),
    );
    cases.push(does("Listener.action.stickiness", |setting, [blue, green]| {
        let forward = Action::forward_weighted().group(blue, 90).group(green, 10);
        match setting.pick(60, 120) {
            None => forward,
            Some(time) => forward.sticky(seconds(time)),
        }
    }));
    macro_rules! redirect {
        ($($path:literal, [$first:expr, $second:expr], |$b:ident, $v:ident| $with:expr;)+) => {$(
            cases.push(does(concat!("Listener.action.redirect.", $path), |setting, _| {
                let $b = Redirect::builder().path("/to");
                match setting.pick($first, $second) {
                    None => $b.build(),
                    Some($v) => $with.build(),
                }
            }));
        )+};
    }
    redirect! {
        "host", ["a.example.com", "b.example.com"], |b, v| b.host(v);
        "port", ["8443", "9443"], |b, v| b.port(v);
        "query", ["a=1", "b=1"], |b, v| b.query(v);
    }
    cases.push(does("Listener.action.redirect.path", |setting, _| {
        let redirect = Redirect::builder().host("www.example.com");
        match setting.pick("/a", "/b") {
            None => redirect.build(),
            Some(path) => redirect.path(path).build(),
        }
    }));
    cases.push(
        does("Listener.action.redirect.status", |setting, _| {
            let redirect = Redirect::builder().path("/to");
            match setting.pick(true, false) {
                None => redirect.build(),
                Some(temporary) => redirect.temporary(temporary).build(),
            }
        })
        .second_is_default(),
    );
    cases.push(Case::new("Listener.action.redirect.protocol", MODIFY, |setting| {
        let mut stack = Stack::new("round-trip");
        let balancer = application(&mut stack);
        let redirect = Redirect::builder().path("/to");
        let redirect = match setting.pick("HTTPS", "HTTP") {
            None => redirect.build(),
            Some(protocol) => redirect.protocol(protocol).build(),
        };
        stack.add("it", Listener::builder().load_balancer(balancer).accept(Accept::http(80)).action(redirect).build());
        stack
    }));
    cases.push(
        does("Listener.action.fixed_response.status", |setting, _| {
            Action::fixed_response(setting.pick(404, 410).expect("it is required"))
        })
        .required(),
    );
    cases.push(does("Listener.action.fixed_response.content_type", |setting, _| {
        let response = FixedResponse::builder().status(404).body("{}");
        match setting.pick("text/html", "application/json") {
            None => response.build(),
            Some(kind) => response.content_type(kind).build(),
        }
    }));
    cases.push(does("Listener.action.fixed_response.body", |setting, _| {
        let response = FixedResponse::builder().status(404).content_type("text/plain");
        match setting.pick("gone", "away") {
            None => response.build(),
            Some(body) => response.body(body).build(),
        }
    }));
}

fn logins(cases: &mut Vec<Case>) {
    macro_rules! required_of_oidc {
        ($($path:ident [$first:literal, $second:literal])+) => {$(
            cases.push(
                does(concat!("Listener.authenticate.oidc.", stringify!($path)), |setting, _| {
                    oidc!($path = setting.pick($first, $second).expect("it is required")).build().then(answer())
                })
                .required(),
            );
        )+};
    }
    required_of_oidc! {
        issuer ["https://a.example.com", "https://b.example.com"]
        authorization_endpoint ["https://id.example.com/a", "https://id.example.com/b"]
        token_endpoint ["https://id.example.com/a", "https://id.example.com/b"]
        user_info_endpoint ["https://id.example.com/a", "https://id.example.com/b"]
        client_id ["a", "b"]
    }
    cases.push(
        does("Listener.authenticate.oidc.client_secret", |setting, _| {
            oidc!(client_secret = setting.pick("first", "second").expect("it is required")).build().then(answer())
        })
        .required(),
    );
    macro_rules! optional {
        ($kind:literal, $base:expr, $($path:literal, [$first:expr, $second:expr], |$b:ident, $v:ident| $with:expr;)+) => {$(
            cases.push(does(concat!("Listener.authenticate.", $kind, ".", $path), |setting, _| {
                let $b = $base;
                match setting.pick($first, $second) {
                    None => $b.build().then(answer()),
                    Some($v) => $with.build().then(answer()),
                }
            }));
        )+};
    }
    optional! { "oidc", oidc!(),
        "session_cookie_name", ["a", "b"], |b, v| b.session_cookie_name(v);
        "scope", ["openid email", "openid profile"], |b, v| b.scope(v);
        "session_timeout", [seconds(60), seconds(120)], |b, v| b.session_timeout(v);
        "on_unauthenticated", [OnUnauthenticated::Deny, OnUnauthenticated::Allow], |b, v| b.on_unauthenticated(v);
        "extra_params.prompt", ["login", "consent"], |b, v| b.extra_param("prompt", v);
    }
    optional! { "cognito", cognito!("pool", "client", "domain"),
        "session_cookie_name", ["a", "b"], |b, v| b.session_cookie_name(v);
        "scope", ["openid email", "openid profile"], |b, v| b.scope(v);
        "session_timeout", [seconds(60), seconds(120)], |b, v| b.session_timeout(v);
        "on_unauthenticated", [OnUnauthenticated::Deny, OnUnauthenticated::Allow], |b, v| b.on_unauthenticated(v);
        "extra_params.lang", ["ko", "en"], |b, v| b.extra_param("lang", v);
    }
    let jwt = || JwtValidation::builder().jwks_endpoint("https://id.example.com/keys").issuer("https://id.example.com");
    cases.push(does("Listener.authenticate.jwt.claims", move |setting, _| {
        let claim = |name: &str| JwtClaim::new(name, ClaimFormat::StringArray, ["web", "api"]);
        match setting.pick(vec![claim("aud")], vec![claim("scp"), claim("roles")]) {
            None => jwt().build().then(answer()),
            Some(claims) => claims.into_iter().fold(jwt(), |jwt, claim| jwt.claim(claim)).build().then(answer()),
        }
    }));
    cases.push(
        does("Listener.authenticate.cognito.user_pool", |setting, _| {
            cognito!(setting.pick("a", "b").expect("required"), "client", "domain").build().then(answer())
        })
        .required(),
    );
    cases.push(
        does("Listener.authenticate.cognito.client_id", |setting, _| {
            cognito!("pool", setting.pick("a", "b").expect("required"), "domain").build().then(answer())
        })
        .required(),
    );
    cases.push(
        does("Listener.authenticate.cognito.domain", |setting, _| {
            cognito!("pool", "client", setting.pick("a", "b").expect("required")).build().then(answer())
        })
        .required(),
    );
    // All of a check, which comes and goes.
    cases.push(
        does("Listener.authenticate.jwt", |setting, _| match setting.pick("a", "b") {
            None => answer().into(),
            Some(name) => {
                let jwt = JwtValidation::builder().jwks_endpoint(format!("https://{name}.example.com/keys"));
                jwt.issuer(name).build().then(answer())
            }
        })
        .shows(["authenticate.jwt.jwks_endpoint", "authenticate.jwt.issuer"]),
    );
    cases.push(
        does("Listener.authenticate.oidc", |setting, _| match setting.pick(["a", "1"], ["b", "2"]) {
            None => answer().into(),
            Some([name, _]) => {
                let url = |path: &str| format!("https://{name}.example.com/{path}");
                Oidc::builder()
                    .issuer(url(""))
                    .authorization_endpoint(url("authorize"))
                    .token_endpoint(url("token"))
                    .user_info_endpoint(url("userinfo"))
                    .client_id(name)
                    .client_secret(name)
                    .session_cookie_name(name)
                    .scope(name)
                    .session_timeout(if name == "a" { seconds(60) } else { seconds(120) })
                    .on_unauthenticated(if name == "a" { OnUnauthenticated::Allow } else { OnUnauthenticated::Deny })
                    .build()
                    .then(answer())
            }
        })
        .shows([
            "authenticate.oidc.issuer",
            "authenticate.oidc.authorization_endpoint",
            "authenticate.oidc.token_endpoint",
            "authenticate.oidc.user_info_endpoint",
            "authenticate.oidc.client_id",
            "authenticate.oidc.client_secret",
            "authenticate.oidc.session_cookie_name",
            "authenticate.oidc.scope",
            "authenticate.oidc.session_timeout",
            "authenticate.oidc.on_unauthenticated",
        ]),
    );
    cases.push(
        does("Listener.authenticate.cognito", |setting, _| match setting.pick("a", "b") {
            None => answer().into(),
            Some(name) => cognito!(name, name, name)
                .session_cookie_name(name)
                .scope(name)
                .session_timeout(if name == "a" { seconds(60) } else { seconds(120) })
                .on_unauthenticated(if name == "a" { OnUnauthenticated::Allow } else { OnUnauthenticated::Deny })
                .build()
                .then(answer()),
        })
        .shows([
            "authenticate.cognito.user_pool",
            "authenticate.cognito.client_id",
            "authenticate.cognito.domain",
            "authenticate.cognito.session_cookie_name",
            "authenticate.cognito.scope",
            "authenticate.cognito.session_timeout",
            "authenticate.cognito.on_unauthenticated",
        ]),
    );
}
