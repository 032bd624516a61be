//! What is the stack's and what is not: values that scaling moves, addresses that change, resources
//! that are taken over and let go.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::{
    LaunchTemplateSpecification, MetricType, PredefinedMetricSpecification, TargetTrackingConfiguration,
};
use aws_sdk_ec2::types::{IpPermission, IpRange, RequestLaunchTemplateData, UserIdGroupPair};
use aws_sdk_elasticloadbalancingv2::types as elb;
use purlin::sim::SimAws;
use purlin::{PlannedAction as Action, *};

use crate::support::{self, LAB, Variant, actions, assert_same, deploy, destroy, hurry, inventory, writes};

const SERVICE: Variant = Variant { drains: false, ..LAB };
const TOPIC: &str = "arn:aws:sns:ap-northeast-2:123456789012:operators";

fn account() -> SimAws {
    let sim = support::given(&[80]);
    hurry(&sim);
    sim
}

async fn plan(sim: &SimAws, stack: &Stack) -> Plan {
    Deployer::new(sim.aws()).plan(stack).await.expect("a plan")
}

/// Every kind once, each with a name of its own.
fn everything(adopt: bool) -> Stack {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("web", Image::named("Web Server v1"));
    let entry = SecurityGroup::builder().name("entry").description("HTTP from anywhere").vpc(vpc);
    let entry = stack.add("entry", entry.ingress(Ingress::http().from_anywhere_ipv4()).build());
    let inside = SecurityGroup::builder().name("inside").description("From the balancer").vpc(vpc);
    let inside = stack.add("inside", inside.ingress(Ingress::tcp(22).from_ipv4("10.0.0.0/8")).build());
    let rule = stack.add("rule", SecurityGroupRule::ingress(inside, Ingress::tcp(80).from_group(entry)));
    let targets = TargetGroup::builder().name("web").vpc(vpc).traffic(Traffic::http(80));
    let targets = stack.add("web", targets.build());
    let balancer = LoadBalancer::application().name("web").subnets(public).security_group(entry);
    let balancer = stack.add("web", balancer.build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    let listener = stack.add("http", listener.action(purlin::Action::forward(targets)).build());
    let path = ListenerRule::builder().listener(listener).priority(10).condition(Condition::path(["/old"]));
    let path = stack.add("old", path.action(purlin::Action::fixed_response(410)).build());
    let template = LaunchTemplate::builder().name("web").image(image).instance_type("t2.micro");
    let template = stack.add("web", template.security_group(inside).build());
    let group = AutoScalingGroup::builder().name("web").launch_template(template).subnets(private);
    let group = stack.add("web", group.target_group(targets).sizes(1..=3).build());
    let policy = ScalingPolicy::builder().name("cpu").group(group).scaling(TargetTracking::average_cpu(30.0));
    let policy = stack.add("cpu", policy.build());
    let action = ScheduledAction::builder().name("nightly").group(group).schedule(Recurrence::cron("0 2 * * *"));
    let action = stack.add("nightly", action.desired_capacity(1).build());
    let notification = Notification::builder().group(group).topic(TOPIC).on([NotificationType::LaunchError]);
    let notification = stack.add("operators", notification.build());
    if adopt {
        stack.adopt(entry).adopt(inside).adopt(rule).adopt(targets).adopt(balancer).adopt(listener).adopt(path);
        stack.adopt(template).adopt(group).adopt(policy).adopt(action).adopt(notification);
    }
    stack
}

fn permission(port: i32) -> aws_sdk_ec2::types::builders::IpPermissionBuilder {
    IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port)
}

/// The same as in [`everything`], made by plain SDK calls, as a console does.
async fn by_hand(sim: &SimAws) {
    let (ec2, elbv2, scaling) = (sim.ec2(), sim.elbv2(), sim.autoscaling());
    let vpcs = ec2.describe_vpcs().send().await.expect("VPCs");
    let vpc = vpcs.vpcs()[0].vpc_id().expect("an id");
    let subnets = ec2.describe_subnets().send().await.expect("subnets").subnets.expect("subnets");
    let subnets = |name: &str| -> Vec<String> {
        let is = |subnet: &&aws_sdk_ec2::types::Subnet| {
            subnet.tags().iter().any(|tag| tag.value().is_some_and(|value| value.starts_with(name)))
        };
        subnets.iter().filter(is).map(|subnet| subnet.subnet_id().expect("an id").to_owned()).collect()
    };
    let images = ec2.describe_images().send().await.expect("images");
    let image = images.images()[0].image_id().expect("an id");
    let group = async |name: &str, description: &str| {
        let group = ec2.create_security_group().group_name(name).description(description).vpc_id(vpc);
        group.send().await.expect("a group").group_id.expect("an id")
    };
    let entry = group("entry", "HTTP from anywhere").await;
    let inside = group("inside", "From the balancer").await;
    let anywhere = permission(80).ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
    ec2.authorize_security_group_ingress().group_id(&entry).ip_permissions(anywhere).send().await.expect("a rule");
    let admins = permission(22).ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/8").build()).build();
    let balancer = permission(80).user_id_group_pairs(UserIdGroupPair::builder().group_id(&entry).build()).build();
    let rules =
        ec2.authorize_security_group_ingress().group_id(&inside).ip_permissions(admins).ip_permissions(balancer);
    rules.send().await.expect("two rules");

    let targets = elbv2.create_target_group().name("web").vpc_id(vpc).protocol(elb::ProtocolEnum::Http).port(80);
    let targets = targets.send().await.expect("a target group").target_groups.expect("one").remove(0);
    let targets = targets.target_group_arn.expect("an ARN");
    let balancer =
        elbv2.create_load_balancer().name("web").set_subnets(Some(subnets("Public"))).security_groups(&entry);
    let balancer = balancer.send().await.expect("a balancer").load_balancers.expect("one").remove(0);
    let forward = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward).target_group_arn(&targets).build();
    let listener = elbv2.create_listener().load_balancer_arn(balancer.load_balancer_arn.expect("an ARN"));
    let listener = listener.protocol(elb::ProtocolEnum::Http).port(80).default_actions(forward);
    let listener = listener.send().await.expect("a listener").listeners.expect("one").remove(0);
    let path = elb::PathPatternConditionConfig::builder().values("/old").build();
    let path = elb::RuleCondition::builder().field("path-pattern").path_pattern_config(path).build();
    let response = elb::FixedResponseActionConfig::builder().status_code("410").build();
    let response = elb::Action::builder().r#type(elb::ActionTypeEnum::FixedResponse).fixed_response_config(response);
    let rule = elbv2.create_rule().listener_arn(listener.listener_arn.expect("an ARN")).priority(10);
    rule.conditions(path).actions(response.build()).send().await.expect("a rule");

    let data = RequestLaunchTemplateData::builder().image_id(image).instance_type("t2.micro".into());
    let template = ec2.create_launch_template().launch_template_name("web");
    let template = template.launch_template_data(data.security_group_ids(&inside).build()).send().await;
    let template = template.expect("a template").launch_template.expect("one").launch_template_id.expect("an id");
    let template = LaunchTemplateSpecification::builder().launch_template_id(template).version("1").build();
    let group = scaling.create_auto_scaling_group().auto_scaling_group_name("web").launch_template(template);
    let group = group.min_size(1).max_size(3).vpc_zone_identifier(subnets("Private").join(","));
    group.target_group_arns(&targets).send().await.expect("a group");
    let metric = PredefinedMetricSpecification::builder().predefined_metric_type(MetricType::AsgAverageCpuUtilization);
    let tracking = TargetTrackingConfiguration::builder().target_value(30.0);
    let tracking = tracking.predefined_metric_specification(metric.build()).build();
    let policy = scaling.put_scaling_policy().auto_scaling_group_name("web").policy_name("cpu");
    let policy = policy.policy_type("TargetTrackingScaling").target_tracking_configuration(tracking);
    policy.send().await.expect("a policy");
    let action = scaling.put_scheduled_update_group_action().auto_scaling_group_name("web");
    let action = action.scheduled_action_name("nightly").recurrence("0 2 * * *").desired_capacity(1);
    action.send().await.expect("an action");
    let notification = scaling.put_notification_configuration().auto_scaling_group_name("web").topic_arn(TOPIC);
    let notification = notification.notification_types("autoscaling:EC2_INSTANCE_LAUNCH_ERROR");
    notification.send().await.expect("a notification");
}

/// What of the account is not a tag.
async fn untagged(sim: &SimAws) -> Vec<String> {
    let lines = inventory(sim).await.into_iter();
    let untagged = lines.filter(|line| !line.starts_with("tags: ")).map(|mut line| {
        while let Some(begin) = line.find("tags: Some([").or_else(|| line.find("tags: [")) {
            let open = begin + line[begin..].find('[').expect("it was found");
            let end = open + line[open..].find(']').expect("the end of a list");
            line.replace_range(begin..=end, "");
        }
        line
    });
    untagged.collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_made_by_hand_is_adopted_by_tags_alone_whatever_its_kind() {
    let sim = account();
    by_hand(&sim).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let before = untagged(&sim).await;
    let error = Deployer::new(sim.aws()).plan(&everything(false)).await.expect_err("all of it is somebody's");
    assert!(error.is_conflict(), "{error}");

    let stack = everything(true);
    let adoption = plan(&sim, &stack).await;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for change in adoption.changes() {
        *kinds.entry(change.address.kind()).or_default() += 1;
        assert_eq!(change.action, Action::Adopt, "{adoption}");
        assert!(change.properties.iter().all(PropertyChange::is_ownership), "{adoption}");
    }
    assert_eq!(kinds.len(), 11, "every kind: {kinds:?}");
    let since = sim.calls().len();
    Deployer::new(sim.aws()).apply(adoption).await.expect("an adoption");
    let mut calls = writes(&sim, since);
    assert_eq!(calls.len(), 9, "one for each resource that has tags: {calls:?}");
    calls.dedup();
    assert_eq!(calls, ["AddTags", "CreateOrUpdateTags", "CreateTags"]);
    assert_same(&untagged(&sim).await, &before, "after the adoption");

    let next = plan(&sim, &stack).await;
    assert!(next.is_empty(), "{next}");
    let next = plan(&sim, &everything(false)).await;
    assert!(next.is_empty(), "adopted is adopted: {next}");
    let empty = account();
    destroy(&sim, &stack).await.expect("it is the stack's own");
    assert_same(&inventory(&sim).await, &inventory(&empty).await, "after the destroy");
}

/// What a stack has that is gone from the account afterwards is the stack's tags.
#[tokio::test(start_paused = true)]
async fn what_is_released_stays_as_it_is_and_is_invisible_whatever_its_kind() {
    let sim = account();
    deploy(&sim, &everything(false)).await.expect("a deploy");
    let before = untagged(&sim).await;
    let mut released = Stack::new("web-lab");
    released.release::<SecurityGroup>("entry").release::<SecurityGroup>("inside").release::<TargetGroup>("web");
    released.release::<SecurityGroupRule>("rule").release::<LoadBalancer>("web").release::<Listener>("http");
    released.release::<ListenerRule>("old").release::<LaunchTemplate>("web").release::<AutoScalingGroup>("web");
    released.release::<ScalingPolicy>("cpu").release::<ScheduledAction>("nightly");
    released.release::<Notification>("operators");
    let release = plan(&sim, &released).await;
    assert_eq!(release.summary().release, 12, "{release}");
    assert!(release.changes().iter().all(|change| change.action == Action::Release), "{release}");
    assert!(release.to_string().contains("^ TargetGroup.web release: it stays"), "{release}");

    // It dies on the way, anywhere, and running again finds the rest.
    let deployer = Deployer::new(sim.aws());
    let run = async || {
        let release = deployer.plan(&released).await.expect("a plan");
        deployer.apply(release).await.expect("a release");
    };
    for calls in (12..40).step_by(2) {
        sim.crash_after(calls);
        tokio::select! {
            () = sim.crashed() => {}
            () = run() => {}
        }
        sim.restart();
    }
    deploy(&sim, &released).await.expect("the rest of the release");
    assert_same(&untagged(&sim).await, &before, "after the release");
    let left = inventory(&sim).await.join("\n");
    assert!(!left.contains("purlin:"), "{left}");
    let since = sim.calls().len();
    assert!(plan(&sim, &released).await.is_empty());
    destroy(&sim, &released).await.expect("nothing is the stack's");
    assert_eq!(writes(&sim, since), [""; 0]);

    // And back again.
    let back = plan(&sim, &everything(true)).await;
    assert!(back.changes().iter().all(|change| change.action == Action::Adopt), "{back}");
}

#[tokio::test(start_paused = true)]
async fn one_of_many_is_released_when_the_stack_is_destroyed() {
    let sim = account();
    deploy(&sim, &everything(false)).await.expect("a deploy");
    let mut stack = Stack::new("web-lab");
    stack.release::<SecurityGroup>("entry");
    destroy(&sim, &stack).await.expect("a destroy");
    let groups = sim.ec2().describe_security_groups().send().await.expect("groups");
    let names: Vec<_> = groups.security_groups().iter().filter_map(|group| group.group_name()).collect();
    assert_eq!(names, ["default", "entry"]);
    let left = inventory(&sim).await.join("\n");
    assert!(!left.contains("purlin:"), "{left}");
}

#[tokio::test(start_paused = true)]
async fn what_is_released_keeps_what_it_needs() {
    let sim = account();
    deploy(&sim, &everything(false)).await.expect("a deploy");
    let since = sim.calls().len();
    for (release, needs) in [
        ((|stack| stack.release::<Listener>("http")) as fn(&mut Stack) -> &mut Stack, "needs LoadBalancer.web"),
        (|stack| stack.release::<ScalingPolicy>("cpu"), "needs AutoScalingGroup.web"),
        (|stack| stack.release::<LaunchTemplate>("web"), "needs SecurityGroup.inside"),
    ] {
        let mut stack = Stack::new("web-lab");
        release(&mut stack);
        let error = Deployer::new(sim.aws()).plan_destroy(&stack).await.expect_err("it would lose what it needs");
        assert!(error.is_conflict() && error.to_string().contains(needs), "{error}");
    }
    assert_eq!(writes(&sim, since), [""; 0]);
}

/// A child that AWS cannot tag is let go by its parent, which stays the stack's.
#[tokio::test(start_paused = true)]
async fn a_policy_is_released_and_its_group_stays() {
    let sim = account();
    deploy(&sim, &SERVICE.stack().0).await.expect("a deploy");
    let (mut stack, _) = Variant { policy: false, ..SERVICE }.stack();
    stack.release::<ScalingPolicy>("cpu");
    let since = sim.calls().len();
    deploy(&sim, &stack).await.expect("a release");
    assert_eq!(writes(&sim, since), ["DeleteTags"]);
    assert!(plan(&sim, &stack).await.is_empty());
    let policies = sim.autoscaling().describe_policies().send().await.expect("policies");
    assert_eq!(policies.scaling_policies().len(), 1);
    // Declared again, it is somebody else's, until it is adopted.
    let (mut stack, refs) = Variant { policy: false, ..SERVICE }.stack();
    let cpu = stack.add("cpu", support::cpu_policy(refs.group));
    assert!(Deployer::new(sim.aws()).plan(&stack).await.expect_err("it is taken").is_conflict());
    stack.adopt(cpu);
    deploy(&sim, &stack).await.expect("an adoption");
    assert!(plan(&sim, &stack).await.is_empty());
}

fn listening(name: &str, port: u16, targets: &str, former: &[&str]) -> Stack {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let group = TargetGroup::builder().name("web").vpc(vpc).traffic(Traffic::http(80)).build();
    let group = stack.add(targets, group);
    let balancer = LoadBalancer::application().name("web").subnets(public);
    let balancer = stack.add("web", balancer.build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(port));
    let listener = stack.add(name, listener.action(purlin::Action::forward(group)).build());
    for former in former {
        stack.moved(former, listener);
    }
    stack
}

#[tokio::test(start_paused = true)]
async fn a_renamed_address_keeps_the_resource_through_a_chain_of_names() {
    let sim = account();
    deploy(&sim, &listening("a", 80, "web", &[])).await.expect("a deploy");
    let arn = async || {
        let balancers = sim.elbv2().describe_load_balancers().send().await.expect("balancers");
        let balancer = balancers.load_balancers()[0].load_balancer_arn().expect("an ARN");
        let listeners = sim.elbv2().describe_listeners().load_balancer_arn(balancer).send().await.expect("listeners");
        assert_eq!(listeners.listeners().len(), 1);
        listeners.listeners()[0].listener_arn().expect("an ARN").to_owned()
    };
    let before = arn().await;
    // `b` was never deployed here.
    let stack = listening("c", 80, "web", &["a", "b"]);
    let moves = plan(&sim, &stack).await;
    assert_eq!(actions(&moves), [("Listener.c".to_owned(), Action::Update)]);
    let change = moves.change("Listener.c").expect("a change");
    assert_eq!(change.moved_from.as_ref().map(Address::as_str), Some("Listener.a"));
    assert!(change.properties.iter().all(PropertyChange::is_ownership), "{moves}");
    assert!(moves.to_string().contains("~ Listener.c update, renamed from Listener.a"), "{moves}");
    let since = sim.calls().len();
    Deployer::new(sim.aws()).apply(moves).await.expect("a move");
    assert_eq!(writes(&sim, since), ["AddTags"]);
    assert!(plan(&sim, &stack).await.is_empty(), "the second time there is nothing to move");
    assert!(plan(&sim, &listening("c", 80, "web", &[])).await.is_empty());

    // And to another port at once, which would be another listener without it.
    let stack = listening("d", 8080, "web", &["a", "b", "c"]);
    let since = sim.calls().len();
    deploy(&sim, &stack).await.expect("a move");
    assert_eq!(writes(&sim, since), ["AddTags", "ModifyListener"]);
    assert_eq!(arn().await, before);
    assert!(plan(&sim, &stack).await.is_empty());
}

/// A rename and a replacement in one: also where the run dies in between.
#[tokio::test(start_paused = true)]
async fn a_renamed_resource_can_be_replaced_at_the_same_time() {
    let group = |name: &str, port: u16| {
        let mut stack = Stack::new("web-lab");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
        let group = TargetGroup::builder().name("web").vpc(vpc).traffic(Traffic::http(port)).build();
        let group = stack.add(name, group);
        let balancer = stack.add("web", LoadBalancer::application().name("web").subnets(public).build());
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
        stack.add("http", listener.action(purlin::Action::forward(group)).build());
        if name != "old" {
            stack.moved("old", group);
        }
        stack
    };
    let (old, new) = (group("old", 80), group("new", 8080));
    for calls in (0..).step_by(3) {
        let sim = account();
        deploy(&sim, &old).await.expect("a deploy");
        let replaces = plan(&sim, &new).await;
        let change = replaces.change("TargetGroup.new").expect("a change");
        assert_eq!(change.action, Action::Replace, "{replaces}");
        assert_eq!(change.moved_from.as_ref().map(Address::as_str), Some("TargetGroup.old"));
        sim.crash_after(calls + 1);
        let deployer = Deployer::new(sim.aws());
        let done = tokio::select! {
            () = sim.crashed() => false,
            done = deployer.apply(replaces.approve()) => { done.expect("a replacement"); true }
        };
        sim.restart();
        deploy(&sim, &new).await.expect("it goes on");
        let next = plan(&sim, &new).await;
        assert!(next.is_empty(), "after a crash at call {calls}:\n{next}");
        let groups = sim.elbv2().describe_target_groups().send().await.expect("groups");
        let names: Vec<_> = groups.target_groups().iter().filter_map(|group| group.target_group_name()).collect();
        assert_eq!(names, ["web-2"], "after a crash at call {calls}");
        // The derived name stays when the address changes again; the declared one, in a tag, is its key.
        if done {
            deploy(&sim, &group("third", 8080)).await.expect("a move");
            let groups = sim.elbv2().describe_target_groups().send().await.expect("groups");
            let names: Vec<_> = groups.target_groups().iter().filter_map(|group| group.target_group_name()).collect();
            assert_eq!(names, ["web-2"]);
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_both_addresses_have_something_the_plan_says_what_goes() {
    let sim = account();
    let rules = |names: &[(&str, u16)], moved: bool| {
        let (mut stack, listener) = with_listener();
        for (name, priority) in names {
            let rule = ListenerRule::builder().listener(listener).priority(*priority);
            let rule = rule.condition(Condition::path([format!("/{priority}")]));
            let rule = stack.add(name, rule.action(purlin::Action::fixed_response(410)).build());
            if moved {
                stack.moved("old", rule);
            }
        }
        stack
    };
    deploy(&sim, &rules(&[("old", 1), ("new", 2)], false)).await.expect("a deploy");
    let both = plan(&sim, &rules(&[("new", 2)], true)).await;
    assert_eq!(actions(&both), [("ListenerRule.old".to_owned(), Action::Delete)]);
    let advice: Vec<_> = both.advisories().iter().filter(|advisory| advisory.id == "not-renamed").collect();
    assert_eq!(advice.len(), 1, "{both}");
    assert!(advice[0].text.contains("ListenerRule.new, which exists already"), "{both}");
}

fn with_listener() -> (Stack, Ref<Listener>) {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let balancer = stack.add("web", LoadBalancer::application().name("web").subnets(public).build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    let listener = stack.add("http", listener.action(purlin::Action::fixed_response(404)).build());
    (stack, listener)
}

#[test]
fn moves_and_releases_that_contradict_the_declaration_are_problems() {
    let (mut stack, listener) = with_listener();
    let (_, other) = with_listener();
    stack.moved("http", listener).moved("old", listener).moved("old", listener).moved("older", other);
    stack.release::<LoadBalancer>("web").release::<Listener>("old").release::<Listener>("gone");
    let error = Plan::preview(&stack).expect_err("contradictions");
    let found: Vec<_> = error.problems().iter().map(|problem| (problem.id, problem.address.as_str())).collect();
    assert_eq!(
        found,
        [
            ("P3", "Listener.older"),
            ("P63", "Listener.http"),
            ("P64", "Listener.old"),
            ("P65", "LoadBalancer.web"),
            ("P65", "Listener.old"),
        ]
    );
}

/// I23: a deploy does not send the desired capacity, so it is not reset.
/// I24: what a policy moved is no drift.
/// I25: nor is it reset during a scale-up.
#[tokio::test(start_paused = true)]
async fn the_desired_capacity_that_scaling_moved_is_no_drift_and_is_never_sent() {
    let sim = account();
    deploy(&sim, &SERVICE.stack().0).await.expect("a deploy");
    sim.set_load("Web-ASG", 95.0);
    tokio::time::sleep(std::time::Duration::from_secs(1800)).await;
    let desired = || sim.auto_scaling_group("Web-ASG").expect("the group").desired;
    assert_eq!(desired(), 4, "the policy has moved it");

    let deployer = Deployer::new(sim.aws());
    let drift = deployer.drift(&SERVICE.stack().0).await.expect("drift");
    assert!(drift.is_empty(), "{drift}");
    assert!(plan(&sim, &SERVICE.stack().0).await.is_empty());

    // A deploy that updates the group leaves it alone.
    sim.configure(|settings| settings.record_requests = true);
    let since = sim.calls().len();
    deploy(&sim, &Variant { instance_type: "t3.micro", ..SERVICE }.stack().0).await.expect("an update");
    let calls = sim.calls().split_off(since);
    let updates: Vec<_> = calls.iter().filter(|call| call.operation == "UpdateAutoScalingGroup").collect();
    assert_eq!(updates.len(), 1);
    let request = updates[0].request.as_ref().expect("what was asked");
    assert!(request.contains("desired_capacity: None"), "{request}");
    assert!(!calls.iter().any(|call| call.operation == "SetDesiredCapacity"));
    assert_eq!(desired(), 4);
}

fn sized(sizes: std::ops::RangeInclusive<u32>, pinned: Option<u32>) -> Stack {
    let (mut stack, refs) = Variant { policy: false, ..SERVICE }.stack();
    let private = Subnets::named(["Private subnet A"]).in_vpc(refs.vpc);
    let private = stack.add("other", private);
    let group = AutoScalingGroup::builder().name("Other").launch_template(refs.template).subnets(private);
    let group = group.sizes(sizes);
    let group = match pinned {
        Some(pinned) => group.desired_capacity(pinned).pin_desired_capacity(true).build(),
        None => group.build(),
    };
    stack.add("other", group);
    stack
}

/// I23, I24: bounds move it only as far as AWS itself does.
#[tokio::test(start_paused = true)]
async fn new_bounds_move_the_desired_capacity_only_into_them() {
    let sim = account();
    deploy(&sim, &sized(1..=4, None)).await.expect("a deploy");
    let set = async |desired| {
        let set = sim.autoscaling().set_desired_capacity().auto_scaling_group_name("Other").desired_capacity(desired);
        set.send().await.expect("a capacity");
    };
    for (given, sizes, expected) in [(3, 1..=5, 3), (3, 2..=5, 3), (3, 4..=5, 4), (5, 2..=3, 3), (2, 1..=3, 2)] {
        set(given).await;
        deploy(&sim, &sized(sizes.clone(), None)).await.expect("an update");
        assert_eq!(sim.auto_scaling_group("Other").expect("the group").desired, expected, "{given} in {sizes:?}");
    }
}

/// I23: pinned, each deploy sets it.
#[tokio::test(start_paused = true)]
async fn a_pinned_desired_capacity_is_set_by_each_deploy() {
    let sim = account();
    deploy(&sim, &sized(1..=4, Some(2))).await.expect("a deploy");
    let set = sim.autoscaling().set_desired_capacity().auto_scaling_group_name("Other").desired_capacity(3);
    set.send().await.expect("a capacity");
    let drift = Deployer::new(sim.aws()).drift(&sized(1..=4, Some(2))).await.expect("drift");
    assert_eq!(drift.resources[0].properties[0].path, "desired_capacity");
    deploy(&sim, &sized(1..=4, Some(2))).await.expect("a deploy");
    assert_eq!(sim.auto_scaling_group("Other").expect("the group").desired, 2);
}

/// I22: stacks share a load balancer; each owns what it adds, and none knows of the others.
#[tokio::test(start_paused = true)]
async fn stacks_share_a_load_balancer_without_knowing_of_each_other() {
    let sim = account();
    let live = deploy(&sim, &SERVICE.stack().0).await.expect("the shared service");
    let id = |address: &str| {
        let found = live.ids().find(|(at, _)| at.as_str() == address);
        found.expect("it exists").1.to_owned()
    };
    let before = inventory(&sim).await;
    let tenant = |name: &'static str, priority: u16, port: u16| {
        let mut stack = Stack::new(name);
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let listener: ListenerArn = id("Listener.http").parse().expect("an ARN");
        let instances: SecurityGroupId = id("SecurityGroup.instances").parse().expect("an id");
        let entry: SecurityGroupId = id("SecurityGroup.alb").parse().expect("an id");
        let targets = TargetGroup::builder().name(name).vpc(vpc).traffic(Traffic::http(port));
        let targets = stack.add("web", targets.build());
        let rule = ListenerRule::builder().listener(listener).priority(priority);
        let rule = rule.condition(Condition::path([format!("/{name}")]));
        stack.add("web", rule.action(purlin::Action::forward(targets)).build());
        stack.add("web", SecurityGroupRule::ingress(instances, Ingress::tcp(port).from_group(entry)));
        stack
    };
    let (one, two) = (tenant("one", 10, 8081), tenant("two", 20, 8082));
    deploy(&sim, &one).await.expect("a tenant");
    deploy(&sim, &two).await.expect("another");
    for stack in [&one, &two, &SERVICE.stack().0] {
        let next = plan(&sim, stack).await;
        assert!(next.is_empty(), "{}: {next}", stack.name());
    }
    // Each is changed and destroyed by itself, in any order.
    deploy(&sim, &tenant("one", 15, 8083)).await.expect("a change");
    assert!(plan(&sim, &two).await.is_empty());
    destroy(&sim, &one).await.expect("a tenant goes");
    assert!(plan(&sim, &two).await.is_empty());
    destroy(&sim, &two).await.expect("the other goes");
    assert_same(&inventory(&sim).await, &before, "after the tenants");
    assert!(plan(&sim, &SERVICE.stack().0).await.is_empty());
}
