//! What templates say of single things, and what they cannot say.

use purlin::export::cloudformation::{Exporter, Template};
use purlin::sim::SimAws;
use purlin::*;

fn stack() -> (Stack, Ref<Vpc>) {
    let mut stack = Stack::new("web");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    (stack, vpc)
}

fn template(stack: &Stack) -> serde_json::Value {
    parse(&Exporter::new().export(stack).expect("a template"))
}

fn parse(template: &Template) -> serde_json::Value {
    serde_json::from_str(&template.to_json()).expect("JSON")
}

fn group(name: &str, vpc: Ref<Vpc>) -> SecurityGroup {
    SecurityGroup::builder().name(name).description("web").vpc(vpc).build()
}

/// What the export refuses, as id and place.
fn refused(stack: &Stack) -> Vec<(&'static str, String)> {
    let error = Exporter::new().export(stack).expect_err("something that CloudFormation cannot express");
    let place = |problem: &Problem| (problem.id, format!("{}.{}", problem.address, problem.path));
    error.problems().iter().map(place).collect()
}

#[test]
fn ids_have_letters_and_digits_and_are_unique() {
    let (mut stack, vpc) = stack();
    for name in ["a-b", "a.b", "rule-x", "a_b"] {
        stack.add(name, group(name, vpc));
    }
    let a = stack.add("x", group("x", vpc));
    stack.add("x", SecurityGroupRule::ingress(a, Ingress::tcp(1).from_anywhere_ipv4()));
    let template = Exporter::new().export(&stack).expect("a template");
    let ids: Vec<_> = ["SecurityGroup.a-b", "SecurityGroup.a.b", "SecurityGroup.a_b", "SecurityGroupRule.x"]
        .iter()
        .map(|address| template.logical_id(address).expect("an id").to_owned())
        .collect();
    assert_eq!(ids[0], "SecurityGroupAB");
    assert_eq!(template.logical_id("SecurityGroup.rule-x"), Some("SecurityGroupRuleX"));
    assert_eq!(template.logical_id("SecurityGroup.none"), None);
    let resources = &parse(&template)["Resources"];
    assert_eq!(resources.as_object().map(serde_json::Map::len), Some(6), "{resources:#}");
    for id in ids {
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric()), "{id}");
        assert!(resources[&id].is_object(), "{id}");
    }
}

#[test]
fn what_is_looked_up_by_id_is_the_default_of_its_parameter() {
    let mut stack = Stack::new("web");
    let vpc = stack.add("vpc", Vpc::id("vpc-0123456789abcdef0".parse().expect("an id")));
    let ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"].map(|id| id.parse().expect("an id"));
    let inside = stack.add("inside", Subnets::ids(ids).in_vpc(vpc));
    stack.add("firewall", LoadBalancer::gateway().name("Firewall").subnets(inside).build());
    let template = Exporter::new().export(&stack).expect("a template");
    // Nothing of the template refers to the VPC.
    let [subnets] = template.parameters() else { panic!("{:?}", template.parameters()) };
    assert_eq!(subnets.default.as_deref(), Some("subnet-0123456789abcdef0,subnet-0123456789abcdef1"));
}

#[test]
fn tags_of_the_stack_are_there_and_those_of_purlin_are_not() {
    let (mut stack, vpc) = stack();
    stack.tag("team", "web");
    stack.add("web", group("Web-SG", vpc));
    stack.add("web", TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80)).build());
    let template = template(&stack);
    let tags = serde_json::json!([{ "Key": "team", "Value": "web" }]);
    assert_eq!(template["Resources"]["SecurityGroupWeb"]["Properties"]["Tags"], tags);
    assert_eq!(template["Resources"]["TargetGroupWeb"]["Properties"]["Tags"], tags);
    assert!(!template.to_string().contains("purlin:"), "{template:#}");
}

#[test]
fn a_secret_is_a_parameter_that_nobody_sees_and_user_data_is_shown_by_the_template_alone() {
    let (mut stack, vpc) = stack();
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let targets = stack.add("web", TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80)).build());
    let balancer = stack.add("web", LoadBalancer::application().name("Web-ALB").subnets(public).build());
    let login = Oidc::builder()
        .issuer("https://id.example.com")
        .authorization_endpoint("https://id.example.com/authorize")
        .token_endpoint("https://id.example.com/token")
        .user_info_endpoint("https://id.example.com/userinfo")
        .client_id("web")
        .client_secret("correct horse battery staple")
        .build();
    let certificate: CertificateArn =
        "arn:aws:acm:us-east-1:123456789012:certificate/12345678".parse().expect("an ARN");
    let https = Listener::builder().load_balancer(balancer).accept(Accept::https(443, certificate));
    stack.add("https", https.action(login.then(Action::forward(targets))).build());
    stack.add("web", LaunchTemplate::builder().name("Web").user_data("#!/bin/sh\necho on\n").build());
    stack.add("raw", LaunchTemplate::builder().name("Raw").user_data(vec![0xff, 0xfe]).build());

    let template = Exporter::new().export(&stack).expect("a template");
    let secret = template.parameters().iter().find(|it| it.no_echo).expect("a parameter");
    assert_eq!((secret.name.as_str(), secret.default.as_deref()), ("ListenerHttpsClientSecret", None));
    assert!(!template.to_yaml().contains("horse"));
    assert!(!format!("{template:?}").contains("echo on"), "{template:?}");
    let json = parse(&template);
    let config = &json["Resources"]["ListenerHttps"]["Properties"]["DefaultActions"][0]["AuthenticateOidcConfig"];
    assert_eq!(config["ClientSecret"], serde_json::json!({ "Ref": "ListenerHttpsClientSecret" }));
    let data = |id: &str| json["Resources"][id]["Properties"]["LaunchTemplateData"]["UserData"].clone();
    assert_eq!(data("LaunchTemplateWeb"), serde_json::json!({ "Fn::Base64": "#!/bin/sh\necho on\n" }));
    assert_eq!(data("LaunchTemplateRaw"), "//4=");
}

#[test]
fn what_belongs_together_is_one_resource_or_comes_in_order() {
    let (mut stack, vpc) = stack();
    let other = stack.add("other", Vpc::named("VPC-Other"));
    let inside = stack.add("inside", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let peers = SecurityGroup::builder().name("Peers").description("peers").vpc(vpc).associated_vpc(other);
    let peers = stack.add("peers", peers.ingress(Ingress::tcp(7000).from_self()).build());
    let targets = stack.add("web", TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80)).build());
    let balancer = LoadBalancer::application().name("Web").subnets(inside).security_group(peers);
    let balancer = stack.add("web", balancer.build());
    let http = Listener::builder().load_balancer(balancer).accept(Accept::http(80)).action(Action::forward(targets));
    stack.add("http", http.build());
    let image = stack.add("web", Image::named("Web Server v1"));
    let launch = LaunchTemplate::builder().name("Web").image(image).instance_type("t3.micro");
    let launch = stack.add("web", launch.build());
    let scaling = AutoScalingGroup::builder().name("Web").launch_template(launch).subnets(inside).sizes(1..=2);
    let scaling = scaling.target_group(targets).warm_pool(WarmPool::builder().min_size(1).build());
    let refresh = InstanceRefresh::builder().min_healthy_percentage(100).max_healthy_percentage(150).build();
    let scaling = stack.add("web", scaling.instance_refresh(refresh).build());
    let requests = TargetTracking::requests_per_target(balancer, targets, 100.0);
    let requests = ScalingPolicy::builder().name("requests").group(scaling).scaling(requests);
    let requests = stack.add("requests", requests.build());
    let topic = "arn:aws:sns:ap-northeast-2:123456789012:scaling";
    stack.add("launches", Notification::builder().group(scaling).topic(topic).on([NotificationType::Launch]).build());

    assert_eq!(refused(&stack), [("C1", "ScalingPolicy.requests.name".to_owned())]);
    stack.accept(requests, "C1", "any name will do");
    let template = Exporter::new().without_outputs().export(&stack).expect("a template");
    insta::assert_snapshot!(template.to_yaml());
}

#[test]
fn outbound_rules_that_cloudformation_would_change_are_refused() {
    let (mut stack, vpc) = stack();
    stack.add("silent", SecurityGroup::builder().name("silent").description("none").vpc(vpc).no_egress().build());
    let open = stack.add("open", group("open", vpc));
    stack.add("more", SecurityGroupRule::egress(open, Egress::https().to_anywhere_ipv4()));
    // Where CloudFormation makes this rule, it takes away the one that lets everything out.
    let narrow = SecurityGroup::builder().name("narrow").description("HTTPS").vpc(vpc).no_egress().build();
    let narrow = stack.add("narrow", narrow);
    stack.add("https", SecurityGroupRule::egress(narrow, Egress::https().to_anywhere_ipv4()).tag("team", "web"));
    assert_eq!(
        refused(&stack),
        [
            ("C2", "SecurityGroup.silent.egress".to_owned()),
            ("C3", "SecurityGroup.open.egress".to_owned()),
            ("C4", "SecurityGroupRule.https.tags".to_owned()),
        ],
    );
    let template = Exporter::new().leave_out("C2").leave_out("C3").leave_out("C4").export(&stack).expect("a template");
    assert_eq!(template.left_out().len(), 3);
}

#[test]
fn what_others_have_or_what_is_not_known_is_refused() {
    let (mut stack, vpc) = stack();
    let account = "210987654321".parse().expect("an account");
    let theirs: SecurityGroupId = "sg-0123456789abcdef0".parse().expect("an id");
    let rule = Egress::https().to_group_of(account, theirs);
    stack.add("web", SecurityGroup::builder().name("Web-SG").description("web").vpc(vpc).egress(rule).build());
    let tagged = stack.add("edge", Subnets::tagged("tier", "edge").in_vpc(vpc));
    let fixed = SubnetMapping::new().allocation("eipalloc-0123456789abcdef0".parse().expect("an id"));
    stack.add("edge", LoadBalancer::network().name("Edge").subnets(tagged).subnet_mapping(fixed).build());
    let listener: ListenerArn =
        "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2"
            .parse()
            .expect("an ARN");
    let rule = ListenerRule::builder().listener(listener).condition(Condition::path(["/old/*"]));
    stack.add("old", rule.action(Action::fixed_response(410)).build());
    let name: AutoScalingGroupName = "Theirs".parse().expect("a name");
    let topic = "arn:aws:sns:ap-northeast-2:123456789012:scaling";
    let launches = Notification::builder().group(Input::known(name)).topic(topic).on([NotificationType::Launch]);
    stack.add("theirs", launches.build());
    assert_eq!(
        refused(&stack),
        [
            ("C5", "SecurityGroup.web.egress[0].peer".to_owned()),
            ("C8", "LoadBalancer.edge.subnet_mappings".to_owned()),
            ("C8", "ListenerRule.old.priority".to_owned()),
            ("C9", "Notification.theirs.group".to_owned()),
        ],
    );
}

#[test]
fn a_template_that_is_too_large_is_refused_whatever_is_left_out() {
    let (mut stack, vpc) = stack();
    for number in 0..501 {
        stack.add(number.to_string(), group(&format!("group-{number}"), vpc));
    }
    let error = Exporter::new().leave_out_all().export(&stack).expect_err("too many");
    let limits: Vec<_> = error.problems().iter().map(|problem| (problem.id, problem.value.as_str())).collect();
    assert_eq!(limits, [("P80", "501 resources"), ("P80", "501 outputs")]);
    let error = Exporter::new().without_outputs().export(&stack).expect_err("too many");
    assert_eq!(error.problems().len(), 1, "{error}");
}

#[test]
fn a_stack_that_is_wrong_is_refused_as_it_is_by_plans() {
    let (mut stack, vpc) = stack();
    stack.add("web", group("sg-web", vpc));
    let error = Exporter::new().leave_out_all().export(&stack).expect_err("a name");
    assert_eq!(error.problems(), Plan::preview(&stack).expect_err("a name").problems());
}

#[tokio::test(start_paused = true)]
async fn lookups_are_carried_out_where_there_are_clients() {
    let sim = SimAws::new();
    crate::support::network(&sim);
    sim.add_image("Web Server v1");
    let (stack, _) = crate::web_asg::lab("t2.micro");
    let exporter = Exporter::new().leave_out("C1");
    let deployer = Deployer::new(sim.aws());
    let template = exporter.export_resolved(&stack, &deployer).await.expect("a template");
    assert!(template.parameters().is_empty(), "{:?}", template.parameters());
    let balancer = &parse(&template)["Resources"]["LoadBalancerWeb"]["Properties"];
    let subnets = balancer["Subnets"].as_array().expect("subnets");
    assert!(subnets.len() == 2 && subnets.iter().all(|it| it.as_str().is_some_and(|it| it.starts_with("subnet-"))));
    // What purlin has deployed of the stack is nothing to CloudFormation.
    deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect("a deploy");
    let later = exporter.export_resolved(&stack, &deployer).await.expect("a template");
    assert_eq!(later.to_yaml(), template.to_yaml());

    let empty = Deployer::new(SimAws::new().aws());
    assert!(exporter.export_resolved(&stack, &empty).await.expect_err("no network").is_not_found());
}
