//! Listeners and rules.

use std::time::Duration;

use purlin::*;

use super::case::Case;

fn certificate() -> CertificateArn {
    "arn:aws:acm:ap-northeast-2:123456789012:certificate/default".parse().expect("an ARN")
}

fn application(stack: &mut Stack) -> Ref<LoadBalancer> {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    stack.add("web", LoadBalancer::application().name("web").subnets(public).build())
}

fn network(stack: &mut Stack) -> Ref<LoadBalancer> {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let balancer = LoadBalancer::network().name("net").subnets(public).ip_address_type(IpAddressType::Dualstack);
    stack.add("net", balancer.build())
}

fn targets<F>(stack: &mut Stack, name: &str, traffic: Traffic<F>) -> Ref<TargetGroup> {
    let vpc = stack.add(format!("vpc-{name}"), Vpc::named("VPC-Lab"));
    stack.add(name, TargetGroup::builder().name(name).vpc(vpc).traffic(traffic).build())
}

fn http(stack: &mut Stack) -> Ref<Listener> {
    let balancer = application(stack);
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    stack.add("http", listener.action(Action::fixed_response(404)).build())
}

fn tcp(stack: &mut Stack) -> (Ref<Listener>, Ref<TargetGroup>) {
    let balancer = network(stack);
    let group = targets(stack, "tcp", Traffic::tcp(80));
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::tcp(80));
    (stack.add("tcp", listener.action(Action::forward(group)).build()), group)
}

/// A value inside or outside.
fn pick<T>(inside: bool, values: [T; 2]) -> T {
    let [within, beyond] = values;
    if inside { within } else { beyond }
}

fn long(inside: bool, most: usize) -> String {
    "a".repeat(if inside { most } else { most + 1 })
}

/// What an HTTP listener does.
fn does<A: ActionOn<protocol::Http>>(
    id: &'static str,
    name: &'static str,
    path: &'static str,
    action: impl Fn(bool) -> A + 'static,
) -> Case {
    Case::new(id, name, path, move |inside| {
        let mut stack = Stack::new("rules");
        let balancer = application(&mut stack);
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
        stack.add("it", listener.action(action(inside)).build());
        stack
    })
}

/// What an HTTPS listener does and accepts.
fn https<A: ActionOn<protocol::Https>>(
    id: &'static str,
    name: &'static str,
    path: &'static str,
    declare: impl Fn(bool, Accept<protocol::Https>) -> (Accept<protocol::Https>, A) + 'static,
) -> Case {
    Case::new(id, name, path, move |inside| {
        let mut stack = Stack::new("rules");
        let balancer = application(&mut stack);
        let (accept, action) = declare(inside, Accept::https(443, certificate()));
        stack.add("it", Listener::builder().load_balancer(balancer).accept(accept).action(action).build());
        stack
    })
}

fn answer() -> FixedResponse {
    Action::fixed_response(404)
}

/// A rule of an HTTP listener with these conditions.
fn asks(
    id: &'static str,
    name: &'static str,
    path: &'static str,
    conditions: impl Fn(bool) -> Vec<Condition> + 'static,
) -> Case {
    Case::new(id, name, path, move |inside| {
        let mut stack = Stack::new("rules");
        let listener = http(&mut stack);
        let mut rule = ListenerRule::builder().listener(listener).action(Action::fixed_response(410));
        for condition in conditions(inside) {
            rule = rule.condition(condition);
        }
        stack.add("it", rule.build());
        stack
    })
}

/// A rule of an HTTP listener.
macro_rules! rule {
    ($id:literal, $name:literal, $path:literal, |$rule:ident, $inside:ident| $built:expr) => {
        Case::new($id, $name, $path, |$inside| {
            let mut stack = Stack::new("rules");
            let listener = http(&mut stack);
            let $rule = ListenerRule::builder().listener(listener).condition(Condition::path(["/a"]));
            stack.add("it", $built);
            stack
        })
    };
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = entrances();
    cases.extend(actions());
    cases.extend(redirects());
    cases.extend(checks());
    cases.extend(rules());
    cases.extend(conditions());
    cases
}

fn port(port: u16) -> Stack {
    let mut stack = Stack::new("rules");
    let balancer = application(&mut stack);
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(port));
    stack.add("it", listener.action(answer()).build());
    stack
}

fn idle(seconds: u64) -> Stack {
    let mut stack = Stack::new("rules");
    let balancer = network(&mut stack);
    let group = targets(&mut stack, "tcp", Traffic::tcp(80));
    let accept = Accept::tcp(80).tcp_idle_timeout(Duration::from_secs(seconds));
    stack.add("it", Listener::builder().load_balancer(balancer).accept(accept).action(Action::forward(group)).build());
    stack
}

fn entrances() -> Vec<Case> {
    const IDLE: &str = "attributes.tcp.idle_timeout.seconds";
    vec![
        // The type ends at 65535.
        Case::new("V75", "1", "port", |inside| port(u16::from(inside))),
        Case::new("V76", "HTTP on a network balancer", "accept", |inside| {
            let mut stack = Stack::new("rules");
            let balancer = if inside { application(&mut stack) } else { network(&mut stack) };
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
            stack.add("it", listener.action(answer()).build());
            stack
        }),
        Case::new("V76", "TCP on an application balancer", "accept", |inside| {
            let mut stack = Stack::new("rules");
            let balancer = if inside { network(&mut stack) } else { application(&mut stack) };
            // Though the target group does not go with it either, this is one mistake.
            let group = if inside {
                targets(&mut stack, "tcp", Traffic::tcp(80))
            } else {
                targets(&mut stack, "http", Traffic::http(80))
            };
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::tcp(80));
            stack.add("it", listener.action(Action::forward(group)).build());
            stack
        }),
        Case::new("V80", "one port", "(identity)", |inside| {
            let mut stack = Stack::new("rules");
            let balancer = application(&mut stack);
            for (name, port, status) in [("it", 80, 404), ("other", if inside { 81 } else { 80 }, 410)] {
                let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(port));
                stack.add(name, listener.action(Action::fixed_response(status)).build());
            }
            stack
        }),
        https(
            "V92",
            "86400 s for browsers",
            "attributes.routing.http.response.access_control_max_age.header_value",
            |inside, accept| {
                (accept.access_control_max_age(Duration::from_secs(pick(inside, [86_400, 86_401]))), answer())
            },
        ),
        Case::new("V92", "60 s", IDLE, |inside| idle(pick(inside, [60, 59]))),
        Case::new("V92", "6000 s", IDLE, |inside| idle(pick(inside, [6000, 6001]))),
        https(
            "V98",
            "a header of 40 characters",
            "attributes.routing.http.request.x_amzn_tls_version.header_name",
            |inside, accept| (accept.tls_version_header(long(inside, 40)), answer()),
        ),
        https(
            "V98",
            "a header's characters",
            "attributes.routing.http.request.x_amzn_tls_version.header_name",
            |inside, accept| (accept.tls_version_header(pick(inside, ["a-b_1", "a.b"])), answer()),
        ),
    ]
}

/// An HTTP listener that forwards to so many target groups.
fn forwards(count: usize, weight: impl Fn(usize) -> u16) -> Stack {
    let mut stack = Stack::new("rules");
    let balancer = application(&mut stack);
    let mut forward = Action::forward_weighted();
    for index in 0..count {
        let group = targets(&mut stack, &format!("targets-{index}"), Traffic::http(80));
        forward = forward.group(group, weight(index));
    }
    stack.add("it", Listener::builder().load_balancer(balancer).accept(Accept::http(80)).action(forward).build());
    stack
}

fn sticky(seconds: u64) -> Stack {
    let mut stack = Stack::new("rules");
    let balancer = application(&mut stack);
    let [blue, green] = ["blue", "green"].map(|name| targets(&mut stack, name, Traffic::http(80)));
    let forward = Action::forward_weighted().group(blue, 1).group(green, 1).sticky(Duration::from_secs(seconds));
    stack.add("it", Listener::builder().load_balancer(balancer).accept(Accept::http(80)).action(forward).build());
    stack
}

fn actions() -> Vec<Case> {
    let status = |name, values: [u16; 2]| {
        does("V88", name, "action.fixed_response.status", move |inside| Action::fixed_response(pick(inside, values)))
    };
    vec![
        Case::new("V82", "1 target group", "action.forward", |inside| forwards(usize::from(inside), |_| 1)),
        Case::new("V82", "5 target groups", "action.forward", |inside| forwards(pick(inside, [5, 6]), |_| 1)),
        Case::new("V82", "weight 999", "action.forward[1].weight", |inside| {
            forwards(2, move |index| if index == 0 { 0 } else { pick(inside, [999, 1000]) })
        }),
        Case::new("V82", "twice", "action.forward[1]", |inside| {
            let mut stack = Stack::new("rules");
            let balancer = application(&mut stack);
            let [blue, green] = ["blue", "green"].map(|name| targets(&mut stack, name, Traffic::http(80)));
            let forward = Action::forward_weighted().group(blue, 1).group(if inside { green } else { blue }, 1);
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
            stack.add("it", listener.action(forward).build());
            stack
        }),
        Case::new("V83", "1 s", "action.stickiness", |inside| sticky(u64::from(inside))),
        Case::new("V83", "7 days", "action.stickiness", |inside| sticky(pick(inside, [604_800, 604_801]))),
        status("200", [200, 199]),
        status("299", [299, 300]),
        status("400", [400, 399]),
        status("599", [599, 600]),
        does("V88", "1024 characters", "action.fixed_response.body", |inside| {
            FixedResponse::builder().status(404).body(long(inside, 1024)).build()
        }),
        does("V88", "five types", "action.fixed_response.content_type", |inside| {
            let kind = pick(inside, ["application/json", "application/xml"]);
            FixedResponse::builder().status(404).content_type(kind).body("{}").build()
        }),
    ]
}

fn redirects() -> Vec<Case> {
    let port = |name, values: [&'static str; 2]| {
        does("V85", name, "action.redirect.port", move |inside| Redirect::builder().port(pick(inside, values)).build())
    };
    vec![
        does("V85", "protocol", "action.redirect.protocol", |inside| {
            Redirect::builder().protocol(pick(inside, ["HTTPS", "https"])).port("443").build()
        }),
        port("port 1", ["1", "0"]),
        port("port 65535", ["65535", "65536"]),
        port("port as it is, and 8080", ["8080", "#{host}"]),
        does("V85", "a host", "action.redirect.host", |inside| {
            Redirect::builder().host(pick(inside, ["a", ""])).build()
        }),
        does("V85", "host of 128", "action.redirect.host", |inside| {
            Redirect::builder().host(long(inside, 128)).build()
        }),
        does("V85", "a path", "action.redirect.path", |inside| {
            Redirect::builder().path(pick(inside, ["/", ""])).build()
        }),
        does("V85", "path of 128", "action.redirect.path", |inside| {
            Redirect::builder().path(format!("/{}", long(inside, 127))).build()
        }),
        does("V85", "query of 128", "action.redirect.query", |inside| {
            Redirect::builder().path("/").query(long(inside, 128)).build()
        }),
        does("V86", "/", "action.redirect.path", |inside| {
            Redirect::builder().path(pick(inside, ["/#{path}/a", "#{path}/a"])).build()
        }),
        does("V86", "only the query", "action.redirect", |inside| {
            let redirect = Redirect::builder().query("a=1");
            if inside { redirect.port("8080").build() } else { redirect.port("#{port}").build() }
        }),
        https("V87", "a listener", "action.redirect.protocol", |inside, accept| {
            (accept, Redirect::builder().protocol(pick(inside, ["HTTPS", "HTTP"])).port("8080").build())
        }),
        Case::new("V87", "a rule", "action.redirect.protocol", |inside| {
            let mut stack = Stack::new("rules");
            let balancer = application(&mut stack);
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::https(443, certificate()));
            let listener = stack.add("https", listener.action(answer()).build());
            let redirect = Redirect::builder().protocol(pick(inside, ["HTTPS", "HTTP"])).port("8080").build();
            let rule = ListenerRule::builder().listener(listener).condition(Condition::path(["/a"]));
            stack.add("it", rule.action(redirect).build());
            stack
        }),
    ]
}

fn login() -> OidcParts {
    OidcParts { issuer: "https://id.example.com".to_owned(), timeout: 1, params: 0 }
}

struct OidcParts {
    issuer: String,
    timeout: u64,
    params: usize,
}

impl OidcParts {
    fn build(self) -> Oidc {
        let mut oidc = Oidc::builder()
            .issuer(self.issuer)
            .authorization_endpoint("https://id.example.com/authorize")
            .token_endpoint("https://id.example.com/token")
            .user_info_endpoint("https://id.example.com/userinfo")
            .client_id("web")
            .client_secret("correct horse")
            .session_timeout(Duration::from_secs(self.timeout));
        for index in 0..self.params {
            oidc = oidc.extra_param(format!("param-{index}"), "1");
        }
        oidc.build()
    }
}

fn jwt(endpoint: impl Into<String>, issuer: impl Into<String>, claims: Vec<JwtClaim>) -> JwtValidation {
    let mut jwt = JwtValidation::builder().jwks_endpoint(endpoint).issuer(issuer);
    for claim in claims {
        jwt = jwt.claim(claim);
    }
    jwt.build()
}

const KEYS: &str = "https://id.example.com/keys";

/// What a claim says.
fn claim(name: &'static str, path: &'static str, claims: impl Fn(bool) -> Vec<JwtClaim> + 'static) -> Case {
    https("V90", name, path, move |inside, accept| (accept, jwt(KEYS, "a", claims(inside)).then(answer())))
}

fn checks() -> Vec<Case> {
    use ClaimFormat::{SingleString, SpaceSeparatedValues, StringArray};
    vec![
        https("V81", "one login", "authenticate", |inside, accept| {
            let actions = login().build().then(answer());
            (accept, if inside { actions } else { login().build().then(actions) })
        }),
        https("V81", "a session of 1 s", "authenticate.oidc.session_timeout", |inside, accept| {
            (accept, OidcParts { timeout: u64::from(inside), ..login() }.build().then(answer()))
        }),
        https("V81", "a session of 7 days", "authenticate.oidc.session_timeout", |inside, accept| {
            (accept, OidcParts { timeout: pick(inside, [604_800, 604_801]), ..login() }.build().then(answer()))
        }),
        https("V81", "10 parameters", "authenticate.oidc.extra_params", |inside, accept| {
            (accept, OidcParts { params: pick(inside, [10, 11]), ..login() }.build().then(answer()))
        }),
        rule!("V89", "tokens on HTTP", "authenticate", |rule, inside| {
            if inside {
                rule.action(answer()).build()
            } else {
                rule.action(jwt(KEYS, "a", Vec::new()).then(answer())).build()
            }
        }),
        https("V90", "an issuer's URL", "authenticate.oidc.issuer", |inside, accept| {
            let issuer = pick(inside, ["https://id.example.com", "http://id.example.com"]).to_owned();
            (accept, OidcParts { issuer, ..login() }.build().then(answer()))
        }),
        https("V90", "HTTPS for the keys", "authenticate.jwt.jwks_endpoint", |inside, accept| {
            (accept, jwt(pick(inside, [KEYS, "http://id.example.com/keys"]), "a", Vec::new()).then(answer()))
        }),
        https("V90", "256 characters of the keys' URL", "authenticate.jwt.jwks_endpoint", |inside, accept| {
            (accept, jwt(format!("https://{}", long(inside, 248)), "a", Vec::new()).then(answer()))
        }),
        https("V90", "an issuer", "authenticate.jwt.issuer", |inside, accept| {
            (accept, jwt(KEYS, pick(inside, ["a", ""]), Vec::new()).then(answer()))
        }),
        https("V90", "256 characters of the issuer", "authenticate.jwt.issuer", |inside, accept| {
            (accept, jwt(KEYS, long(inside, 256), Vec::new()).then(answer()))
        }),
        claim("10 claims", "authenticate.jwt.claims", |inside| {
            (0..pick(inside, [10, 11])).map(|index| JwtClaim::new(format!("c{index}"), SingleString, ["a"])).collect()
        }),
        claim("those always checked", "authenticate.jwt.claims[0].name", |inside| {
            vec![JwtClaim::new(pick(inside, ["aud", "iss"]), SingleString, ["a"])]
        }),
        claim("a value", "authenticate.jwt.claims[0].values", |inside| {
            vec![JwtClaim::new("aud", StringArray, vec!["a"; usize::from(inside)])]
        }),
        claim("10 values", "authenticate.jwt.claims[0].values", |inside| {
            vec![JwtClaim::new("aud", StringArray, (0..pick(inside, [10, 11])).map(|index| index.to_string()))]
        }),
        claim("256 characters of a value", "authenticate.jwt.claims[0].values", |inside| {
            vec![JwtClaim::new("aud", SingleString, [long(inside, 256)])]
        }),
        claim("spaces", "authenticate.jwt.claims[0].values", |inside| {
            vec![JwtClaim::new("aud", SpaceSeparatedValues, [pick(inside, ["a", "a b"])])]
        }),
    ]
}

fn ranked(priority: u16) -> Stack {
    let mut stack = Stack::new("rules");
    let listener = http(&mut stack);
    let rule = ListenerRule::builder().listener(listener).priority(priority).condition(Condition::path(["/a"]));
    stack.add("it", rule.action(answer()).build());
    stack
}

/// A rule of a network balancer's listener.
macro_rules! network_rule {
    ($id:literal, $name:literal, $path:literal, |$rule:ident, $group:ident, $inside:ident| $built:expr) => {
        Case::new($id, $name, $path, |$inside| {
            let mut stack = Stack::new("rules");
            let (listener, $group) = tcp(&mut stack);
            let ipv6 = Condition::source_address_type(SourceAddressType::Ipv6);
            let $rule = ListenerRule::builder().listener(listener).condition(ipv6);
            stack.add("it", $built);
            stack
        })
    };
}

fn rules() -> Vec<Case> {
    vec![
        network_rule!("V81", "a rule of a network balancer answers", "action", |rule, group, inside| {
            if inside { rule.action(Action::forward(group)).build() } else { rule.action(answer()).build() }
        }),
        Case::new("V93", "1", "priority", |inside| ranked(u16::from(inside))),
        Case::new("V93", "50000", "priority", |inside| ranked(pick(inside, [50_000, 50_001]))),
        Case::new("V94", "one number", "(identity)", |inside| {
            let mut stack = Stack::new("rules");
            let listener = http(&mut stack);
            for (name, priority) in [("it", 10), ("other", pick(inside, [11, 10]))] {
                let rule = ListenerRule::builder().listener(listener).priority(priority);
                let rule = rule.condition(Condition::path([format!("/{name}")]));
                stack.add(name, rule.action(answer()).build());
            }
            stack
        }),
        Case::new("V101", "a gateway's target group", "action.forward[0]", |inside| {
            let mut stack = Stack::new("rules");
            let listener = http(&mut stack);
            let group = if inside {
                targets(&mut stack, "web", Traffic::http(80))
            } else {
                targets(&mut stack, "geneve", Traffic::geneve())
            };
            let rule = ListenerRule::builder().listener(listener).condition(Condition::path(["/a"]));
            stack.add("it", rule.action(Action::forward(group)).build());
            stack
        }),
        rule!("V102", "1024 characters to match", "rewrite_host.regex", |rule, inside| {
            rule.action(answer()).rewrite_host(Rewrite::new(long(inside, 1024), "a")).build()
        }),
        rule!("V102", "something to match", "rewrite_url.regex", |rule, inside| {
            rule.action(answer()).rewrite_url(Rewrite::new(pick(inside, ["a", ""]), "b")).build()
        }),
        rule!("V102", "1024 characters instead", "rewrite_url.replace", |rule, inside| {
            rule.action(answer()).rewrite_url(Rewrite::new("a", long(inside, 1024))).build()
        }),
        network_rule!("V102", "a rule of a network balancer rewrites", "rewrite_url", |rule, group, inside| {
            let rule = rule.action(Action::forward(group));
            if inside { rule.build() } else { rule.rewrite_url(Rewrite::new("a", "b")).build() }
        }),
    ]
}

fn values(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("/{index}")).collect()
}

fn conditions() -> Vec<Case> {
    const FIRST: &str = "conditions[0]";
    vec![
        asks("V95", "two of one field", "conditions", |inside| {
            let paths = vec![Condition::path(["/a"]), Condition::path_regex(["^/b"])];
            if inside { paths.into_iter().take(1).collect() } else { paths }
        }),
        asks("V95", "several headers and queries", "conditions", |inside| {
            let mut conditions = vec![
                Condition::header("a", ["1"]),
                Condition::header("a", ["2"]),
                Condition::query([("a", "1")]),
                Condition::query([("b", "2")]),
            ];
            if !inside {
                conditions[1..].fill(Condition::method(["GET"]));
                conditions.truncate(3);
            }
            conditions
        }),
        asks("V95", "the type of address", "conditions", |inside| {
            let kind = Condition::source_address_type(SourceAddressType::Ipv6);
            vec![if inside { Condition::source_ip(["10.0.0.0/8"]) } else { kind }]
        }),
        network_rule!("V95", "a rule of a network balancer asks for a path", "conditions", |rule, group, inside| {
            let rule = rule.action(Action::forward(group));
            if inside { rule.build() } else { rule.condition(Condition::path(["/a"])).build() }
        }),
        asks(
            "V96",
            "a condition",
            "conditions",
            |inside| {
                if inside { vec![Condition::path(["/a"])] } else { Vec::new() }
            },
        ),
        asks("V96", "a value", FIRST, |inside| vec![Condition::path(values(usize::from(inside)))]),
        asks("V97", "5 values", "conditions", |inside| vec![Condition::path(values(pick(inside, [5, 6])))]),
        asks("V97", "5 values together", "conditions", |inside| {
            vec![Condition::path(values(3)), Condition::host(vec!["a.example.com"; pick(inside, [2, 3])])]
        }),
        asks("V97", "6 wildcards", "conditions", |inside| {
            vec![Condition::path([pick(inside, ["/*/*/*/*/*/*", "/*/*/*/*/*/*/?"])])]
        }),
        asks("V98", "path of 128", FIRST, |inside| vec![Condition::path([long(inside, 128)])]),
        asks("V98", "path of 1", FIRST, |inside| vec![Condition::path([pick(inside, ["/", ""])])]),
        asks("V98", "a path's characters", FIRST, |inside| {
            vec![Condition::path([pick(inside, ["/_-.$/~\"'@:+&*?", "/a b"])])]
        }),
        asks("V98", "path expression of 128", FIRST, |inside| vec![Condition::path_regex([long(inside, 128)])]),
        asks("V98", "host of 128", FIRST, |inside| vec![Condition::host([format!("{}.com", long(inside, 124))])]),
        asks("V98", "host of 1", FIRST, |inside| vec![Condition::host([pick(inside, ["a.b", ""])])]),
        asks("V98", "a host's characters", FIRST, |inside| {
            vec![Condition::host([pick(inside, ["*.a-1.com", "a/b.com"])])]
        }),
        asks("V98", "host expression of 128", FIRST, |inside| vec![Condition::host_regex([long(inside, 128)])]),
        asks("V98", "header of 40", FIRST, |inside| vec![Condition::header(long(inside, 40), ["1"])]),
        asks("V98", "header of 1", FIRST, |inside| vec![Condition::header(pick(inside, ["a", ""]), ["1"])]),
        asks("V98", "a header's name's characters", FIRST, |inside| {
            vec![Condition::header(pick(inside, ["a!#$%&'*+,.^_`|~-", "a:b"]), ["1"])]
        }),
        asks("V98", "header value of 128", FIRST, |inside| vec![Condition::header("a", [long(inside, 128)])]),
        asks("V98", "header expression of 128", FIRST, |inside| {
            vec![Condition::header_regex("a", [long(inside, 128)])]
        }),
        asks("V98", "method of 40", FIRST, |inside| vec![Condition::method([long(inside, 40).to_uppercase()])]),
        asks("V98", "a method's characters", FIRST, |inside| {
            vec![Condition::method([pick(inside, ["M-SEARCH_A", "get"])])]
        }),
        asks("V98", "query key of 128", FIRST, |inside| vec![Condition::query([(long(inside, 128), "1")])]),
        asks("V98", "query value of 128", FIRST, |inside| vec![Condition::query([("a", long(inside, 128))])]),
        asks("V98", "query value of 1", FIRST, |inside| vec![Condition::query_values([pick(inside, ["a", ""])])]),
        asks("V99", "a point", FIRST, |inside| vec![Condition::host([pick(inside, ["a.com", "localhost"])])]),
        asks("V99", "letters after the last point", FIRST, |inside| {
            vec![Condition::host([pick(inside, ["*.com", "example.*"])])]
        }),
        asks("V99", "the header of the host", FIRST, |inside| {
            vec![Condition::header(pick(inside, ["hosts", "Host"]), ["a"])]
        }),
        asks("V100", "a prefix", FIRST, |inside| {
            vec![Condition::source_ip([pick(inside, ["10.0.0.1/32", "10.0.0.1"])])]
        }),
        asks("V100", "a prefix of IPv4", FIRST, |inside| {
            vec![Condition::source_ip([pick(inside, ["0.0.0.0/0", "10.0.0.0/33"])])]
        }),
        asks("V100", "host bits", FIRST, |inside| {
            vec![Condition::source_ip([pick(inside, ["2001:db8::/32", "2001:db8::1/32"])])]
        }),
    ]
}
