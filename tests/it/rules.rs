//! Rules and their places, and logins with their secrets, on the simulated AWS.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types as elb;
use purlin::sim::SimAws;
use purlin::*;

use crate::support::{deploy, given, hurry, writes};

fn account() -> SimAws {
    let sim = given(&[80]);
    hurry(&sim);
    sim
}

fn balancer(stack: &mut Stack) -> Ref<LoadBalancer> {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    stack.add("web", LoadBalancer::application().name("web").subnets(public).build())
}

/// A stack with these rules on one listener, by name and number.
fn rules(rules: &[(&str, Option<u16>)]) -> Stack {
    let mut stack = Stack::new("rules");
    let balancer = balancer(&mut stack);
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    let listener = stack.add("http", listener.action(Action::fixed_response(404)).build());
    for (name, number) in rules {
        let rule = ListenerRule::builder().listener(listener).condition(Condition::path([format!("/{name}")]));
        let rule = rule.action(Action::fixed_response(410));
        match number {
            Some(number) => stack.add(name, rule.priority(*number).build()),
            None => stack.add(name, rule.build()),
        };
    }
    stack
}

/// The numbers of the rules, by their paths.
async fn places(sim: &SimAws) -> BTreeMap<String, String> {
    let mut places = BTreeMap::new();
    for rule in all(sim).await {
        let path = rule.conditions().first().and_then(|condition| condition.path_pattern_config());
        if let Some(path) = path.and_then(|path| path.values().first()) {
            places.insert(path.trim_start_matches('/').to_owned(), rule.priority().expect("a number").to_owned());
        }
    }
    places
}

async fn all(sim: &SimAws) -> Vec<elb::Rule> {
    let elbv2 = sim.elbv2();
    let balancers = elbv2.describe_load_balancers().send().await.expect("balancers");
    let balancer = balancers.load_balancers()[0].load_balancer_arn().expect("an ARN");
    let listeners = elbv2.describe_listeners().load_balancer_arn(balancer).send().await.expect("listeners");
    let listener = listeners.listeners()[0].listener_arn().expect("an ARN");
    elbv2.describe_rules().listener_arn(listener).send().await.expect("rules").rules.unwrap_or_default()
}

/// Deploys; afterwards there is nothing left to do. Returns the calls and the places.
async fn reach(sim: &SimAws, stack: &Stack) -> (Vec<&'static str>, BTreeMap<String, String>) {
    let calls = sim.calls().len();
    deploy(sim, stack).await.expect("a deploy");
    let plan = Deployer::new(sim.aws()).plan(stack).await.expect("a plan");
    assert!(plan.is_empty(), "{plan}");
    assert!(sim.calls()[calls..].iter().all(|call| call.error.is_none()), "{:#?}", &sim.calls()[calls..]);
    (writes(sim, calls), places(sim).await)
}

fn at<const N: usize>(places: [(&str, &str); N]) -> BTreeMap<String, String> {
    places.into_iter().map(|(name, number)| (name.to_owned(), number.to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn all_rules_of_a_listener_change_places_in_one_call() {
    let sim = account();
    reach(&sim, &rules(&[("a", Some(10)), ("b", Some(20)), ("c", Some(30)), ("d", Some(40))])).await;
    let (calls, places) =
        reach(&sim, &rules(&[("a", Some(20)), ("b", Some(30)), ("c", Some(10)), ("d", Some(5))])).await;
    assert_eq!(calls, ["SetRulePriorities"]);
    assert_eq!(places, at([("a", "20"), ("b", "30"), ("c", "10"), ("d", "5")]));
}

#[tokio::test(start_paused = true)]
async fn a_new_rule_takes_the_place_that_another_leaves() {
    let sim = account();
    reach(&sim, &rules(&[("b", Some(10))])).await;
    // The new one is declared first.
    let (calls, places) = reach(&sim, &rules(&[("a", Some(10)), ("b", Some(20))])).await;
    assert_eq!(calls, ["CreateRule", "SetRulePriorities"]);
    assert_eq!(places, at([("a", "10"), ("b", "20")]));
}

#[tokio::test(start_paused = true)]
async fn a_rule_on_its_way_out_makes_room() {
    let sim = account();
    reach(&sim, &rules(&[("a", Some(10)), ("b", Some(20))])).await;
    let (calls, places) = reach(&sim, &rules(&[("a", Some(20))])).await;
    assert_eq!(calls, ["DeleteRule", "SetRulePriorities"]);
    assert_eq!(places, at([("a", "20")]));
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_somebody_else_is_in_the_way() {
    let sim = account();
    let stack = rules(&[("a", Some(10))]);
    let live = deploy(&sim, &stack).await.expect("a deploy");
    drop(live);
    let listener = all(&sim).await[0].rule_arn().expect("an ARN").to_owned();
    let (listener, _) = listener.rsplit_once('/').expect("an ARN");
    let path = elb::PathPatternConditionConfig::builder().values("/theirs").build();
    let theirs = elb::RuleCondition::builder().field("path-pattern").path_pattern_config(path).build();
    let response = elb::FixedResponseActionConfig::builder().status_code("404").build();
    let response = elb::Action::builder().r#type(elb::ActionTypeEnum::FixedResponse).fixed_response_config(response);
    let create = sim.elbv2().create_rule().listener_arn(listener.replace(":listener-rule/", ":listener/"));
    create.priority(20).conditions(theirs).actions(response.build()).send().await.expect("their rule");

    let error = Deployer::new(sim.aws()).plan(&rules(&[("a", Some(20))])).await.expect_err("a conflict");
    assert!(error.is_conflict(), "{error}");
    assert!(error.to_string().contains("ListenerRule.a: its place 20 is taken by arn:"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn rules_without_a_number_come_last_and_keep_theirs() {
    let sim = account();
    let (_, places) = reach(&sim, &rules(&[("a", None), ("b", None), ("c", None)])).await;
    assert_eq!(places, at([("a", "1"), ("b", "2"), ("c", "3")]));

    // Others come and go, in whatever order.
    let (calls, places) = reach(&sim, &rules(&[("x", Some(10)), ("d", None), ("c", None), ("b", None)])).await;
    assert_eq!(calls, ["CreateRule", "CreateRule", "DeleteRule"]);
    assert_eq!(places, at([("x", "10"), ("d", "11"), ("c", "3"), ("b", "2")]));

    // A number that is declared goes to the rule that declares it.
    let (calls, places) = reach(&sim, &rules(&[("y", Some(3)), ("x", None), ("d", None), ("c", None)])).await;
    assert_eq!(calls, ["CreateRule", "DeleteRule", "SetRulePriorities"]);
    assert_eq!(places, at([("y", "3"), ("x", "10"), ("d", "11"), ("c", "12")]));

    // The last place of all is taken: the others come before it.
    let (_, places) = reach(&sim, &rules(&[("last", Some(50_000)), ("x", None), ("e", None), ("f", None)])).await;
    assert_eq!(places, at([("last", "50000"), ("x", "10"), ("e", "13"), ("f", "14")]));
}

fn login(secret: &str, scope: &str) -> Stack {
    let mut stack = Stack::new("login");
    let balancer = balancer(&mut stack);
    let certificate: CertificateArn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/a".parse().expect("an ARN");
    let oidc = Oidc::builder()
        .issuer("https://id.example.com")
        .authorization_endpoint("https://id.example.com/authorize")
        .token_endpoint("https://id.example.com/token")
        .user_info_endpoint("https://id.example.com/userinfo")
        .client_id("web")
        .client_secret(secret)
        .scope(scope)
        .build();
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::https(443, certificate));
    stack.add("https", listener.action(oidc.then(Action::fixed_response(404))).build());
    stack
}

/// I36: the same for secrets of logins.
#[tokio::test(start_paused = true)]
async fn a_client_secret_is_sent_when_it_changes_and_never_shown() {
    let sim = account();
    sim.configure(|settings| settings.record_requests = true);
    let deployer = Deployer::new(sim.aws());
    let mut sent = Vec::new();
    for (secret, scope) in [("hunter-one", "openid"), ("hunter-one", "email"), ("hunter-two", "email")] {
        let stack = login(secret, scope);
        let plan = deployer.plan(&stack).await.expect("a plan");
        let drift = deployer.drift(&stack).await.expect("drift");
        for shown in [
            plan.to_string(),
            plan.to_json().to_string(),
            format!("{plan:?}"),
            format!("{stack:?}"),
            drift.to_string(),
            format!("{drift:?}"),
        ] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
        let calls = sim.calls().len();
        deployer.apply(plan).await.expect("a deploy");
        let plan = deployer.plan(&stack).await.expect("a plan");
        assert!(plan.is_empty(), "{plan}");
        sent.extend(sim.calls()[calls..].iter().filter(|call| !call.is_read()).filter_map(|call| {
            let request = call.request.as_ref().filter(|request| request.contains("AuthenticateOidcActionConfig {"))?;
            let existing = request.contains("use_existing_client_secret: Some(true)");
            Some((call.operation, request.contains("hunter"), existing))
        }));
    }
    assert_eq!(
        sent,
        [("CreateListener", true, false), ("ModifyListener", false, true), ("ModifyListener", true, false)]
    );
}

#[test]
fn plans_show_a_change_of_a_login_readably() {
    let plan = Plan::preview(&login("hunter", "openid email")).expect("a plan").to_string();
    let line = plan.lines().find(|line| line.contains("client_secret")).expect("a line");
    assert!(line.contains("authenticate.oidc.client_secret") && line.contains("(hidden, digest "), "{plan}");
    assert!(plan.contains("\"openid email\""), "{plan}");
}

#[test]
fn checks_need_https() {
    let mut stack = Stack::new("login");
    let balancer = balancer(&mut stack);
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    let listener = stack.add("http", listener.action(Action::fixed_response(404)).build());
    let jwt = JwtValidation::builder().jwks_endpoint("http://id.example.com/keys").issuer("id").build();
    let rule = ListenerRule::builder().listener(listener).condition(Condition::path(["/a"]));
    stack.add("a", rule.action(jwt.then(Action::fixed_response(200))).build());
    let error = Plan::preview(&stack).expect_err("it is wrong");
    let ids: Vec<_> = error.problems().iter().map(|problem| problem.id).collect();
    assert_eq!(ids, ["V90", "V89"], "{error}");
}

/// HTTP becomes HTTPS with all that belongs to it, and HTTP again.
#[tokio::test(start_paused = true)]
async fn a_listener_changes_its_protocol_with_all_that_belongs_to_it() {
    let sim = account();
    let arn = |name: &str| -> CertificateArn {
        format!("arn:aws:acm:ap-northeast-2:123456789012:certificate/{name}").parse().expect("an ARN")
    };
    let stack = |https: bool| {
        let mut stack = Stack::new("login");
        let balancer = balancer(&mut stack);
        if https {
            let accept = Accept::https(80, arn("a"))
                .certificate(arn("b"))
                .mutual_tls(MutualTls::Passthrough)
                .client_certificate_header("X-Client")
                .strict_transport_security("max-age=60");
            let listener = Listener::builder().load_balancer(balancer).accept(accept);
            stack.add("web", listener.action(Action::fixed_response(404)).build());
        } else {
            let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
            stack.add("web", listener.action(Action::fixed_response(404)).build());
        }
        stack
    };
    let reach = async |https: bool| {
        let calls = sim.calls().len();
        let stack = stack(https);
        deploy(&sim, &stack).await.expect("a deploy");
        let plan = Deployer::new(sim.aws()).plan(&stack).await.expect("a plan");
        assert!(plan.is_empty(), "{plan}");
        let writes: Vec<_> = sim.calls()[calls..].iter().filter(|c| !c.is_read()).map(|c| c.operation).collect();
        writes
    };
    assert_eq!(reach(false).await, ["CreateLoadBalancer", "CreateListener"]);
    let https = ["ModifyListener", "AddListenerCertificates", "ModifyListenerAttributes"];
    assert_eq!(reach(true).await, https);
    assert_eq!(reach(false).await, ["ModifyListener", "ModifyListenerAttributes"]);
    assert_eq!(reach(true).await, https);
}
