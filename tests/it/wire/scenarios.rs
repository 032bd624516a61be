//! What the lab does not have, deployed with the library and read back with the plain SDK.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types as elb;
use purlin::{
    Accept, Action, CertificateArn, Condition, Deployer, FixedResponse, HealthCheck, Ingress, Listener, ListenerRule,
    Live, LoadBalancer, Ref, SecurityGroup, SecurityGroupRule, Stack, Subnets, TargetGroup, Traffic, Vpc,
};

use super::emulator::Emulator;
use super::{left, values};

/// Nothing takes long here: what does is a fault, and is to be seen soon.
fn deployer(emulator: &Emulator) -> Deployer {
    Deployer::new(emulator.aws()).with_deadline(Duration::from_secs(60))
}

/// Deploys a stack; a second plan must be empty, and a second deploy write nothing.
async fn deploy(emulator: &Emulator, stack: &Stack) -> Live {
    let deployer = deployer(emulator);
    let live = deployer.apply(deployer.plan(stack).await.expect("a plan").approve()).await.expect("a deploy");
    let before = emulator.actions().len();
    let again = deployer.plan(stack).await.expect("a second plan");
    assert!(again.is_empty(), "a second plan must be empty:\n{again}");
    deployer.apply(again).await.expect("a second deploy");
    assert_eq!(emulator.writes_since(before), Vec::<String>::new());
    live
}

async fn destroy(emulator: &Emulator, stack: &Stack) {
    let deployer = deployer(emulator);
    let plan = deployer.plan_destroy(stack).await.expect("a plan");
    deployer.apply(plan).await.expect("a destroy");
    assert!(deployer.plan_destroy(stack).await.expect("a plan").is_empty());
}

fn network(stack: &mut Stack) -> (Ref<Vpc>, Ref<Subnets>) {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    (vpc, public)
}

/// The groups that a group's inbound rules let in, by port.
async fn peers(emulator: &Emulator, name: &str) -> Vec<(i32, String)> {
    let group = values::security_group(emulator, name).await;
    let pairs = group.ip_permissions().iter().flat_map(|permission| {
        let port = permission.from_port().unwrap_or_default();
        permission.user_id_group_pairs().iter().map(move |pair| (port, pair.group_id().unwrap_or_default().to_owned()))
    });
    pairs.collect()
}

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn two_groups_allow_each_other() {
    let emulator = Emulator::start("mutual").await;
    let given = emulator.given().await;
    let mut stack = Stack::new("mutual");
    let (vpc, _) = network(&mut stack);
    let group = |name: &str| SecurityGroup::builder().name(name).description("peers").vpc(vpc).build();
    let a = stack.add("a", group("peers-a"));
    let b = stack.add("b", group("peers-b"));
    let from_b = stack.add("a-from-b", SecurityGroupRule::ingress(a, Ingress::tcp(7000).from_group(b)));
    stack.add("b-from-a", SecurityGroupRule::ingress(b, Ingress::tcp(7000).from_group(a)));
    stack.add("a-from-a", SecurityGroupRule::ingress(a, Ingress::tcp(7001).from_self()));

    let live = deploy(&emulator, &stack).await;
    let (id_a, id_b) = (live.get(a).id.to_string(), live.get(b).id.to_string());
    assert_eq!(peers(&emulator, "peers-b").await, [(7000, id_a.clone())]);
    let mut of_a = peers(&emulator, "peers-a").await;
    of_a.sort();
    assert_eq!(of_a, [(7000, id_b), (7001, id_a.clone())]);

    // One of them goes behind purlin's back, and comes again.
    let rule = live.get(from_b).id.as_str();
    let revoke = emulator.ec2().revoke_security_group_ingress().group_id(&id_a).security_group_rule_ids(rule);
    revoke.send().await.expect("a rule less");
    let drift = deployer(&emulator).drift(&stack).await.expect("drift");
    assert_eq!(drift.to_string(), "SecurityGroupRule.a-from-b is declared and does not exist\n");
    deploy(&emulator, &stack).await;

    destroy(&emulator, &stack).await;
    left::nothing(&emulator).await;
    left::the_given(&emulator, &given).await;
}

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn a_network_load_balancer_with_tcp() {
    let emulator = Emulator::start("network").await;
    let given = emulator.given().await;
    let mut stack = Stack::new("network");
    let (vpc, public) = network(&mut stack);
    let targets = stack.add("db", TargetGroup::builder().name("db").vpc(vpc).traffic(Traffic::tcp(5432)).build());
    let balancer = stack.add("db", LoadBalancer::network().name("db").subnets(public).cross_zone(true).build());
    let tcp = Listener::builder().load_balancer(balancer).accept(Accept::tcp(5432)).action(Action::forward(targets));
    let tcp = stack.add("tcp", tcp.build());

    let live = deploy(&emulator, &stack).await;
    let elbv2 = emulator.elbv2();
    let balancers = elbv2.describe_load_balancers().send().await.expect("load balancers");
    let [found] = balancers.load_balancers() else { panic!("{balancers:?}") };
    assert_eq!(found.load_balancer_arn(), Some(live.get(balancer).arn.as_str()));
    assert_eq!(found.r#type(), Some(&elb::LoadBalancerTypeEnum::Network));
    let groups = elbv2.describe_target_groups().send().await.expect("target groups");
    let [found] = groups.target_groups() else { panic!("{groups:?}") };
    assert_eq!((found.protocol(), found.port()), (Some(&elb::ProtocolEnum::Tcp), Some(5432)));
    let listeners = elbv2.describe_listeners().listener_arns(live.get(tcp).arn.as_str()).send().await;
    let listeners = listeners.expect("the listener");
    let listener = &listeners.listeners()[0];
    assert_eq!((listener.protocol(), listener.port()), (Some(&elb::ProtocolEnum::Tcp), Some(5432)));
    let attributes = elbv2.describe_load_balancer_attributes().load_balancer_arn(live.get(balancer).arn.as_str());
    let attributes = attributes.send().await.expect("attributes");
    let cross_zone =
        attributes.attributes().iter().find(|attribute| attribute.key() == Some("load_balancing.cross_zone.enabled"));
    assert_eq!(cross_zone.and_then(|attribute| attribute.value()), Some("true"));

    destroy(&emulator, &stack).await;
    left::nothing(&emulator).await;
    left::the_given(&emulator, &given).await;
}

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn https_with_rules_of_several_conditions() {
    let emulator = Emulator::start("rules").await;
    let given = emulator.given().await;
    let mut stack = Stack::new("rules");
    let (vpc, public) = network(&mut stack);
    let group = |name: &str| TargetGroup::builder().name(name).vpc(vpc).traffic(Traffic::http(80)).build();
    let blue = stack.add("blue", group("blue"));
    let green = stack.add("green", group("green"));
    let balancer = stack.add("web", LoadBalancer::application().name("web").subnets(public).build());
    let redirect = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    stack.add("http", redirect.action(Action::redirect_to_https(443)).build());
    let certificate: CertificateArn = emulator.certificate().parse().expect("an ARN");
    let https = Listener::builder().load_balancer(balancer).accept(Accept::https(443, certificate.clone()));
    let https = stack.add("https", https.action(Action::fixed_response(404)).build());
    let conditions = [
        Condition::host(["www.example.com", "*.example.org"]),
        Condition::path(["/api/*"]),
        Condition::method(["GET"]),
    ];
    let weighted = Action::forward_weighted().group(blue, 90).group(green, 10).sticky(Duration::from_secs(60));
    let api = ListenerRule::builder().listener(https).priority(10).action(weighted);
    let api = conditions.into_iter().fold(api, |rule, condition| rule.condition(condition));
    let api = stack.add("api", api.build());
    let gone = FixedResponse::builder().status(410).content_type("text/plain").body("gone").build();
    let old = ListenerRule::builder()
        .listener(https)
        .priority(20)
        .action(gone)
        .condition(Condition::header("X-Version", ["1", "2"]))
        .condition(Condition::query([("version", "1")]))
        .condition(Condition::source_ip(["10.0.0.0/8"]));
    stack.add("old", old.build());

    let live = deploy(&emulator, &stack).await;
    let elbv2 = emulator.elbv2();
    let listeners = elbv2.describe_listeners().load_balancer_arn(live.get(balancer).arn.as_str()).send().await;
    let listeners = listeners.expect("listeners");
    let by_port: BTreeMap<_, _> = listeners.listeners().iter().map(|one| (one.port(), one)).collect();
    let to_https = by_port[&Some(80)].default_actions()[0].redirect_config().expect("a redirect");
    assert_eq!((to_https.protocol(), to_https.port()), (Some("HTTPS"), Some("443")));
    assert_eq!(to_https.status_code(), Some(&elb::RedirectActionStatusCodeEnum::Http301));
    let secure = by_port[&Some(443)];
    assert_eq!(secure.protocol(), Some(&elb::ProtocolEnum::Https));
    assert_eq!(secure.certificates()[0].certificate_arn(), Some(certificate.as_str()));

    let rules = elbv2.describe_rules().listener_arn(live.get(https).arn.as_str()).send().await.expect("rules");
    let by_priority: BTreeMap<_, _> = rules.rules().iter().map(|rule| (rule.priority(), rule)).collect();
    assert_eq!(by_priority.keys().copied().flatten().collect::<Vec<_>>(), ["10", "20", "default"]);
    let rule = by_priority[&Some("10")];
    assert_eq!(rule.rule_arn(), Some(live.get(api).arn.as_str()));
    assert_eq!(fields(rule), BTreeSet::from(["host-header", "http-request-method", "path-pattern"]));
    let forward = rule.actions()[0].forward_config().expect("weights");
    let weights: BTreeMap<_, _> =
        forward.target_groups().iter().map(|group| (group.target_group_arn(), group.weight())).collect();
    let expected = [(blue, 90), (green, 10)].map(|(group, weight)| (Some(live.get(group).arn.as_str()), Some(weight)));
    assert_eq!(weights, BTreeMap::from(expected));
    let sticky = forward.target_group_stickiness_config().and_then(|config| config.duration_seconds());
    assert_eq!(sticky, Some(60));
    let rule = by_priority[&Some("20")];
    assert_eq!(fields(rule), BTreeSet::from(["http-header", "query-string", "source-ip"]));
    let response = rule.actions()[0].fixed_response_config().expect("a response");
    assert_eq!((response.status_code(), response.message_body()), (Some("410"), Some("gone")));

    destroy(&emulator, &stack).await;
    left::nothing(&emulator).await;
    left::the_given(&emulator, &given).await;
}

fn fields(rule: &elb::Rule) -> BTreeSet<&str> {
    rule.conditions().iter().filter_map(|condition| condition.field()).collect()
}

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn a_group_made_by_hand_is_a_conflict_until_it_is_adopted() {
    let emulator = Emulator::start("adoption").await;
    let given = emulator.given().await;
    let ec2 = emulator.ec2();
    let by_hand = ec2.create_security_group().group_name("web").description("web servers").vpc_id(&given.vpc);
    let by_hand = by_hand.send().await.expect("a group").group_id.expect("an id");
    let ssh = ec2.authorize_security_group_ingress().group_id(&by_hand).ip_permissions(values::tcp_from_anywhere(22));
    ssh.send().await.expect("a rule");

    let mut stack = Stack::new("adoption");
    let (vpc, _) = network(&mut stack);
    let http = Ingress::http().from_anywhere_ipv4();
    let group = SecurityGroup::builder().name("web").description("web servers").vpc(vpc).ingress(http).build();
    let group = stack.add("web", group);

    let deployer = deployer(&emulator);
    let before = emulator.actions().len();
    let refused = deployer.plan(&stack).await.expect_err("nobody allowed it");
    assert!(refused.is_conflict() && refused.to_string().contains(&by_hand), "{refused:?}");
    assert_eq!(emulator.writes_since(before), Vec::<String>::new());

    stack.adopt(group);
    let before = emulator.actions().len();
    let live = deploy(&emulator, &stack).await;
    assert_eq!(live.get(group).id.as_str(), by_hand);
    let mut writes = emulator.writes_since(before);
    writes.sort();
    assert_eq!(writes, ["AuthorizeSecurityGroupIngress", "CreateTags", "RevokeSecurityGroupIngress"]);
    let adopted = values::security_group(&emulator, "web").await;
    let ports: Vec<_> = adopted.ip_permissions().iter().map(|permission| permission.from_port()).collect();
    assert_eq!(ports, [Some(80)]);
    let tags: BTreeMap<_, _> = adopted.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    assert_eq!(tags.get(&Some("purlin:stack")), Some(&Some("adoption")));

    destroy(&emulator, &stack).await;
    left::nothing(&emulator).await;
    left::the_given(&emulator, &given).await;
}

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn a_target_group_is_replaced_under_its_listener() {
    let emulator = Emulator::start("replacement").await;
    let given = emulator.given().await;
    let declare = |port: u16| {
        let mut stack = Stack::new("replacement");
        let (vpc, public) = network(&mut stack);
        let check = HealthCheck::builder().path("/health").build();
        let targets = TargetGroup::builder().name("web").vpc(vpc).traffic(Traffic::http(port)).health_check(check);
        let targets = stack.add("web", targets.build());
        let balancer = stack.add("web", LoadBalancer::application().name("web").subnets(public).build());
        let http = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
        let http = stack.add("http", http.action(Action::forward(targets)).build());
        (stack, targets, http)
    };
    let (stack, targets, http) = declare(80);
    let live = deploy(&emulator, &stack).await;
    let (old, listener) = (live.get(targets).arn.clone(), live.get(http).arn.clone());

    let (changed, targets, http) = declare(8080);
    let before = emulator.actions().len();
    let live = deploy(&emulator, &changed).await;
    // The listener goes over before the old group goes.
    assert_eq!(emulator.writes_since(before), ["CreateTargetGroup", "ModifyListener", "DeleteTargetGroup"]);
    let new = &live.get(targets).arn;
    assert_ne!(*new, old);
    assert_eq!(live.get(http).arn, listener);
    let groups = emulator.elbv2().describe_target_groups().send().await.expect("target groups");
    let [found] = groups.target_groups() else { panic!("{groups:?}") };
    assert_eq!(found.target_group_arn(), Some(new.as_str()));
    assert_eq!((found.port(), found.health_check_path()), (Some(8080), Some("/health")));
    let listeners = emulator.elbv2().describe_listeners().listener_arns(listener.as_str()).send().await;
    let action = &listeners.expect("the listener").listeners.expect("listeners")[0].default_actions()[0].clone();
    assert_eq!(action.target_group_arn(), Some(new.as_str()));

    destroy(&emulator, &changed).await;
    left::nothing(&emulator).await;
    left::the_given(&emulator, &given).await;
}
