//! What goes wrong: each error says what, why and what to do; nothing is lost, and running again
//! when the cause is gone brings the same end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_ec2::types::{InstanceType, IpPermission, IpRange, RequestLaunchTemplateData, UserIdGroupPair};
use purlin::sim::{Fault, SimAws, SimImage};
use purlin::*;

use crate::support::{self, LAB, Variant, assert_same, deploy, destroy, inventory, writes};

const SERVICE: Variant = Variant { drains: false, ..LAB };

/// The writes of a deploy, each with the address that makes it first.
const WRITES: [(&str, &str); 9] = [
    ("CreateSecurityGroup", "SecurityGroup.alb"),
    ("AuthorizeSecurityGroupIngress", "SecurityGroup.alb"),
    ("CreateTargetGroup", "TargetGroup.web"),
    ("CreateLoadBalancer", "LoadBalancer.web"),
    ("CreateListener", "Listener.http"),
    ("CreateLaunchTemplate", "LaunchTemplate.web"),
    ("CreateAutoScalingGroup", "AutoScalingGroup.web"),
    ("EnableMetricsCollection", "AutoScalingGroup.web"),
    ("PutScalingPolicy", "ScalingPolicy.cpu"),
];

fn given() -> SimAws {
    let sim = support::given(&[80]);
    support::hurry(&sim);
    sim
}

/// What a deploy that meets no hindrance ends with.
async fn undisturbed() -> Vec<String> {
    let sim = given();
    deploy(&sim, &SERVICE.stack().0).await.expect("a deploy");
    inventory(&sim).await
}

/// Runs again, and asserts that the end is that of an undisturbed run.
async fn assert_finished_by_running_again(sim: &SimAws, after: &str) {
    let (stack, _) = SERVICE.stack();
    deploy(sim, &stack).await.expect(after);
    assert_same(&inventory(sim).await, &undisturbed().await, after);
    let next = Deployer::new(sim.aws()).plan(&stack).await.expect("a plan");
    assert!(next.is_empty(), "{after}: {next}");
}

/// The one error of a failure.
#[track_caller]
fn only(failure: &Failure) -> &Error {
    let [error] = failure.errors() else { panic!("{failure}") };
    error
}

fn address(error: &Error) -> &str {
    error.address().expect("an address").as_str()
}

#[tokio::test(start_paused = true)]
async fn throttled_calls_are_tried_again() {
    let sim = given();
    let operations = WRITES.map(|(operation, _)| operation);
    for operation in operations.iter().chain(&["DescribeVpcs", "DescribeTargetGroups", "DescribeAutoScalingGroups"]) {
        sim.inject(Fault::on(*operation).code("Throttling").message("Rate exceeded").times(3));
    }
    deploy(&sim, &SERVICE.stack().0).await.expect("a deploy");
    for operation in operations {
        let refused = sim.calls().iter().filter(|call| call.operation == operation && call.error.is_some()).count();
        assert_eq!(refused, 3, "{operation}");
    }
    assert_same(&inventory(&sim).await, &undisturbed().await, "after throttling");
}

#[tokio::test(start_paused = true)]
async fn throttling_that_lasts_ends_at_the_deadline() {
    let sim = given();
    let deployer = Deployer::new(sim.aws()).with_deadline(Duration::from_secs(60));
    let (stack, _) = SERVICE.stack();
    sim.inject(Fault::on("CreateLoadBalancer").code("Throttling").message("Rate exceeded"));
    let plan = deployer.plan(&stack).await.expect("a plan");
    let began = sim.now();
    let failure = deployer.apply(plan).await.expect_err("it is throttled");
    // The launch of the group does not need the balancer; its health does, and is not waited for.
    assert!(sim.now() - began < Duration::from_secs(65), "{:?}", sim.now() - began);
    let error = only(&failure);
    assert!(error.is_throttled(), "{error:?}");
    assert_eq!((error.code(), error.operation()), (Some("Throttling"), Some("CreateLoadBalancer")));
    assert_eq!(address(error), "LoadBalancer.web");
    assert!(error.hint().expect("advice").contains("run again"), "{error:?}");
    assert!(error.to_string().contains("Rate exceeded"), "{error}");

    sim.clear_faults();
    assert_finished_by_running_again(&sim, "after throttling").await;

    sim.inject(Fault::on("DescribeLaunchTemplates").code("RequestLimitExceeded"));
    let error = deployer.plan(&stack).await.expect_err("it is throttled");
    assert!(error.is_throttled(), "{error:?}");
}

/// R31: what a call bumps into may be its own work.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_makes_no_duplicate() {
    let expected = undisturbed().await;
    let mut lost: Vec<_> = WRITES.iter().map(|(operation, _)| (*operation, 0)).collect();
    lost.extend([("CreateSecurityGroup", 1), ("AuthorizeSecurityGroupIngress", 1)]);
    for (operation, after) in lost {
        let sim = given();
        sim.inject(Fault::on(operation).after(after).times(1).lose_answer());
        deploy(&sim, &SERVICE.stack().0).await.expect(operation);
        let lost = sim.calls().iter().filter(|call| call.error.as_deref() == Some("InternalFailure")).count();
        assert_eq!(lost, 1, "{operation}");
        assert_same(&inventory(&sim).await, &expected, operation);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_named_with_all_that_helps() {
    let expected = undisturbed().await;
    for (operation, resource) in WRITES {
        let sim = given();
        let code = if operation.contains("Security") || operation.contains("Template") {
            "UnauthorizedOperation"
        } else {
            "AccessDenied"
        };
        sim.inject(Fault::on(operation).code(code).message("You are not authorized to perform this operation."));
        let failure = deploy(&sim, &SERVICE.stack().0).await.expect_err(operation);
        // Both groups get their rules at the same time.
        let count = if operation == "AuthorizeSecurityGroupIngress" { 2 } else { 1 };
        assert_eq!(failure.errors().len(), count, "{failure}");
        let error = &failure.errors()[0];
        assert!(error.is_permission_denied(), "{error:?}");
        assert_eq!((error.code(), error.operation()), (Some(code), Some(operation)));
        assert_eq!(address(error), resource);
        assert!(failure.skipped().iter().all(|skipped| skipped.as_str() != resource), "{failure}");
        let request = error.request_id().expect("a request id");
        assert!(error.to_string().contains(request), "{error}");
        assert!(error.to_string().contains("not authorized"), "{error}");
        assert!(error.hint().expect("advice").contains(operation), "{error:?}");

        sim.clear_faults();
        deploy(&sim, &SERVICE.stack().0).await.expect(operation);
        assert_same(&inventory(&sim).await, &expected, operation);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_to_read_is_named_too() {
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    let mut reads: Vec<_> = sim.calls().iter().filter(|call| call.is_read()).map(|call| call.operation).collect();
    reads.sort_unstable();
    reads.dedup();
    // Those are of waiting, not of planning.
    reads.retain(|read| !["DescribeTargetHealth", "DescribeScalingActivities"].contains(read));
    assert!(reads.len() >= 9, "{reads:?}");
    let before = sim.calls().len();
    for read in reads {
        sim.inject(Fault::on(read).code("AccessDenied"));
        let error = deployer.plan(&stack).await.expect_err(read);
        assert!(error.is_permission_denied(), "{error:?}");
        assert_eq!((error.operation(), error.code()), (Some(read), Some("AccessDenied")));
        assert!(error.request_id().is_some() && error.hint().is_some_and(|hint| hint.contains(read)), "{error:?}");
        sim.clear_faults();
    }
    assert_eq!(writes(&sim, before), [""; 0]);
}

async fn add_template(sim: &SimAws, name: &str) -> String {
    let images = sim.ec2().describe_images().owners("self").send().await.expect("images");
    let data = RequestLaunchTemplateData::builder().image_id(images.images()[0].image_id().expect("an id"));
    let data = data.instance_type(InstanceType::T2Micro).build();
    let created = sim.ec2().create_launch_template().launch_template_name(name).launch_template_data(data);
    let created = created.send().await.expect("a template");
    created.launch_template().and_then(|template| template.launch_template_id()).expect("an id").to_owned()
}

async fn subnet_ids(sim: &SimAws) -> Vec<String> {
    let subnets = sim.ec2().describe_subnets().send().await.expect("subnets");
    subnets.subnets().iter().filter_map(|subnet| subnet.subnet_id.clone()).collect()
}

async fn vpc_id(sim: &SimAws) -> String {
    let vpcs = sim.ec2().describe_vpcs().send().await.expect("VPCs");
    vpcs.vpcs()[0].vpc_id().expect("an id").to_owned()
}

/// R1: nothing of somebody else is taken over.
#[tokio::test(start_paused = true)]
async fn a_name_that_somebody_else_holds_is_a_conflict_that_names_the_holder() {
    for kind in ["SecurityGroup", "TargetGroup", "LoadBalancer", "LaunchTemplate", "AutoScalingGroup"] {
        let sim = given();
        let (vpc, subnets) = (vpc_id(&sim).await, subnet_ids(&sim).await);
        let (address, holder) = match kind {
            "SecurityGroup" => ("SecurityGroup.alb", sim.add_security_group(&vpc, "Web-ALB-SG")),
            "TargetGroup" => ("TargetGroup.web", sim.add_target_group("Web-TG", &vpc, 80)),
            "LoadBalancer" => ("LoadBalancer.web", sim.add_load_balancer("Web-ALB", &subnets[..2])),
            "LaunchTemplate" => ("LaunchTemplate.web", add_template(&sim, "Web").await),
            _ => {
                add_template(&sim, "Somebodys").await;
                sim.add_auto_scaling_group("Web-ASG", "Somebodys", &[&subnets[2]], 1);
                tokio::time::sleep(Duration::from_secs(60)).await;
                ("AutoScalingGroup.web", "Web-ASG".to_owned())
            }
        };
        let (before, calls) = (inventory(&sim).await, sim.calls().len());
        let error = Deployer::new(sim.aws()).plan(&SERVICE.stack().0).await.expect_err(kind);
        assert!(error.is_conflict(), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(address) && text.contains(&holder) && text.contains("no stack owns"), "{text}");
        assert!(error.hint().expect("advice").contains("Stack::adopt"), "{error:?}");
        assert_eq!(writes(&sim, calls), [""; 0]);
        assert_same(&inventory(&sim).await, &before, kind);
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_another_stack_holds_is_a_conflict_that_names_the_stack() {
    let sim = given();
    let mut other = Stack::new("other");
    let vpc = other.add("vpc", Vpc::named("VPC-Lab"));
    other.add("mine", TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80)).build());
    deploy(&sim, &other).await.expect("a deploy");
    let before = inventory(&sim).await;
    let (mut stack, refs) = SERVICE.stack();
    // Not even adoption takes from another stack.
    stack.adopt(refs.targets);
    let error = Deployer::new(sim.aws()).plan(&stack).await.expect_err("it is taken");
    assert!(error.is_conflict(), "{error:?}");
    assert!(error.to_string().contains("the stack \"other\" owns as TargetGroup.mine"), "{error}");
    assert_same(&inventory(&sim).await, &before, "after the conflict");
}

/// A stack with nothing but a lookup.
fn looking<D: Declare>(lookup: D) -> (Stack, Ref<D>) {
    let mut stack = Stack::new("looking");
    let found = stack.add("it", lookup);
    (stack, found)
}

async fn refused<D: Declare>(sim: &SimAws, lookup: D) -> Error {
    let (stack, _) = looking(lookup);
    let error = Deployer::new(sim.aws()).plan(&stack).await.expect_err("a lookup is strict");
    assert_eq!(address(&error), format!("{}.it", D::KIND));
    assert!(error.hint().is_some(), "{error:?}");
    error
}

#[tokio::test(start_paused = true)]
async fn a_lookup_without_a_match_says_what_there_is_not() {
    let sim = given();
    for error in [
        refused(&sim, Vpc::named("Nowhere")).await,
        refused(&sim, Vpc::tagged("team", "Nowhere")).await,
        refused(&sim, Subnets::named(["Public subnet A", "Nowhere"])).await,
        refused(&sim, Subnets::tagged("team", "Nowhere")).await,
        refused(&sim, Image::named("Nowhere")).await,
        refused(&sim, ExistingSecurityGroup::named("Nowhere")).await,
        refused(&sim, ExistingTargetGroup::named("Nowhere")).await,
    ] {
        assert!(error.is_not_found(), "{error:?}");
        assert!(error.to_string().contains("\"Nowhere\""), "{error}");
    }
    let absent = "vpc-0000000000000dead".parse::<VpcId>().expect("an id");
    let error = refused(&sim, Vpc::id(absent)).await;
    assert!(error.is_not_found() && error.to_string().contains("vpc-0000000000000dead"), "{error:?}");
    let absent = "sg-0000000000000dead".parse::<SecurityGroupId>().expect("an id");
    assert!(refused(&sim, ExistingSecurityGroup::id(absent)).await.is_not_found());
    let absent = "ami-0000000000000dead".parse::<ImageId>().expect("an id");
    assert!(refused(&sim, Image::id(absent)).await.is_not_found());
}

#[tokio::test(start_paused = true)]
async fn a_lookup_with_two_matches_lists_them() {
    let sim = given();
    let first = vpc_id(&sim).await;
    let second = sim.add_vpc("VPC-Lab", "10.1.0.0/16");
    let subnets = [&first, &second].map(|vpc| {
        sim.add_subnet(vpc, "Twice", "ap-northeast-2b", if *vpc == first { "10.0.9.0/24" } else { "10.1.9.0/24" })
    });
    let images = [sim.add_image("Twice"), sim.add_image("Twice")];
    let groups = [sim.add_security_group(&first, "Twice"), sim.add_security_group(&second, "Twice")];
    for (error, listed) in [
        (refused(&sim, Vpc::named("VPC-Lab")).await, [&first, &second]),
        (refused(&sim, Subnets::named(["Twice"])).await, [&subnets[0], &subnets[1]]),
        (refused(&sim, Image::named("Twice")).await, [&images[0], &images[1]]),
        (refused(&sim, ExistingSecurityGroup::named("Twice")).await, [&groups[0], &groups[1]]),
    ] {
        assert!(error.is_ambiguous(), "{error:?}");
        assert!(listed.iter().all(|id| error.to_string().contains(id.as_str())), "{error}");
    }

    // Inside one VPC there is one, and of images the newest can be taken.
    let mut stack = Stack::new("looking");
    let within: VpcId = second.parse().expect("an id");
    let subnet = stack.add("it", Subnets::named(["Twice"]).in_vpc(within.clone()));
    let group = stack.add("it", ExistingSecurityGroup::named("Twice").in_vpc(within));
    let image = stack.add("it", Image::named("Twice").newest());
    let live = deploy(&sim, &stack).await.expect("lookups");
    assert_eq!(live.get(subnet).ids[0].as_str(), subnets[1]);
    assert_eq!(live.get(group).id.as_str(), groups[1]);
    assert_eq!(live.get(image).id.as_str(), images[1]);
}

#[tokio::test(start_paused = true)]
async fn subnets_come_in_the_order_in_which_they_are_asked_for() {
    let sim = given();
    let ids = subnet_ids(&sim).await;
    for (names, expected) in [
        (["Private subnet C", "Public subnet A"], [&ids[3], &ids[0]]),
        (["Public subnet A", "Private subnet C"], [&ids[0], &ids[3]]),
    ] {
        let (stack, subnets) = looking(Subnets::named(names));
        let live = deploy(&sim, &stack).await.expect("a lookup");
        let found: Vec<_> = live.get(subnets).ids.iter().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    }
}

/// Deploys, and returns the failure with when each step failed.
async fn failing(sim: &SimAws, stack: &Stack, deadline: Duration) -> (Failure, Vec<(String, Duration)>) {
    let failed = Arc::new(Mutex::new(Vec::new()));
    let (notes, clock, began) = (failed.clone(), sim.clone(), sim.now());
    let deployer = Deployer::new(sim.aws()).with_deadline(deadline).with_reporter(move |event: &Event| {
        if let Event::StepFailed { address, .. } = event {
            notes.lock().expect("notes").push((address.to_string(), clock.now() - began));
        }
    });
    let plan = deployer.plan(stack).await.expect("a plan");
    let failure = deployer.apply(plan).await.expect_err("it cannot work");
    let failed = failed.lock().expect("notes").clone();
    (failure, failed)
}

/// R41: a failed launch ends the wait.
#[tokio::test(start_paused = true)]
async fn a_launch_that_fails_is_told_at_once_in_the_words_of_aws() {
    let sim = given();
    for zone in ["ap-northeast-2a", "ap-northeast-2c"] {
        sim.set_insufficient_capacity(zone, true);
    }
    let (failure, failed) = failing(&sim, &SERVICE.stack().0, Duration::from_secs(900)).await;
    let error = only(&failure);
    assert!(error.is_capacity(), "{error:?}");
    assert_eq!(address(error), "AutoScalingGroup.web");
    assert!(error.to_string().contains("do not have sufficient t2.micro capacity"), "{error}");
    assert!(error.hint().is_some(), "{error:?}");
    assert_eq!(failed[0].0, "AutoScalingGroup.web");
    assert!(failed[0].1 < Duration::from_secs(30), "{failed:?}");

    for zone in ["ap-northeast-2a", "ap-northeast-2c"] {
        sim.set_insufficient_capacity(zone, false);
    }
    assert_finished_by_running_again(&sim, "when there is capacity again").await;
}

#[tokio::test(start_paused = true)]
async fn instances_that_never_turn_healthy_end_at_the_deadline_with_what_is_missing() {
    // Nothing is let in to the instances.
    let sim = given();
    let closed = Variant { open: &[], ..SERVICE };
    let (failure, failed) = failing(&sim, &closed.stack().0, Duration::from_secs(300)).await;
    let error = only(&failure);
    assert!(error.is_deadline(), "{error:?}");
    assert_eq!(address(error), "AutoScalingGroup.web");
    let missing = "2 of 2 instances in service, 0 healthy in the target group (Target.Timeout)";
    assert!(error.to_string().contains(missing), "{error}");
    assert!(error.hint().expect("advice").contains("run again"), "{error:?}");
    assert!(failed[0].1 >= Duration::from_secs(300) && failed[0].1 < Duration::from_secs(320), "{failed:?}");
    assert_finished_by_running_again(&sim, "when the balancer is let in").await;

    // An image that serves nothing.
    let sim = SimAws::new();
    support::network(&sim);
    sim.add_custom_image(SimImage::named("Web Server v1").serves(&[]));
    let (failure, _) = failing(&sim, &SERVICE.stack().0, Duration::from_secs(300)).await;
    assert!(only(&failure).is_deadline() && failure.to_string().contains(missing), "{failure}");
}

/// R3: `failed` is the end.
#[tokio::test(start_paused = true)]
async fn a_balancer_that_cannot_be_provisioned_is_told_once_and_at_once() {
    let sim = given();
    sim.fail_provisioning("Web-ALB");
    let (failure, failed) = failing(&sim, &SERVICE.stack().0, Duration::from_secs(900)).await;
    let error = only(&failure);
    assert_eq!((error.kind(), address(error)), (ErrorKind::Service, "LoadBalancer.web"));
    assert!(error.to_string().contains("could not set up the load balancer"), "{error}");
    assert!(error.hint().expect("advice").contains("delete it and run again"), "{error:?}");
    assert!(failed[0].1 < Duration::from_secs(30), "{failed:?}");
    // Nobody waits for targets of a balancer that will never be.
    assert!(sim.now() < Duration::from_secs(60), "{:?}", sim.now());

    let balancers = sim.elbv2().describe_load_balancers().names("Web-ALB").send().await.expect("the balancer");
    let arn = balancers.load_balancers()[0].load_balancer_arn().expect("an ARN").to_owned();
    sim.elbv2().delete_load_balancer().load_balancer_arn(arn).send().await.expect("a deletion");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_finished_by_running_again(&sim, "when the failed balancer is gone").await;
}

/// R25, I4: interfaces and rules of others are named and stay.
#[tokio::test(start_paused = true)]
async fn a_group_that_somebody_else_uses_stays_and_the_error_names_the_user() {
    let sim = given();
    let (stack, refs) = SERVICE.stack();
    let vpc = vpc_id(&sim).await;
    let live = deploy(&sim, &stack).await.expect("a deploy");
    let (balancer, instances) =
        (live.get(refs.balancer_group).id.to_string(), live.get(refs.instance_group).id.to_string());
    let interface = sim.add_interface(&subnet_ids(&sim).await[0], &[&instances]);
    let foreign = sim.add_security_group(&vpc, "Database-SG");
    let pair = UserIdGroupPair::builder().group_id(&balancer).build();
    let rule =
        IpPermission::builder().ip_protocol("tcp").from_port(5432).to_port(5432).user_id_group_pairs(pair).build();
    let ec2 = sim.ec2();
    let authorized = ec2.authorize_security_group_ingress().group_id(&foreign).ip_permissions(rule.clone());
    authorized.send().await.expect("a rule");

    let deployer = Deployer::new(sim.aws()).with_deadline(Duration::from_secs(60));
    let plan = deployer.plan_destroy(&stack).await.expect("a plan");
    let failure = deployer.apply(plan).await.expect_err("both are in use");
    // The group of the balancer is not tried: rules of the other one still refer to it.
    let error = only(&failure);
    assert!(error.is_in_use(), "{error:?}");
    assert_eq!((error.code(), address(error)), (Some("DependencyViolation"), "SecurityGroup.instances"));
    assert!(error.to_string().contains(&interface), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("run again")), "{error:?}");
    let skipped: Vec<_> = failure.skipped().iter().map(Address::as_str).collect();
    assert_eq!(skipped, ["SecurityGroup.alb"]);
    let left = deployer.plan_destroy(&stack).await.expect("a plan");
    assert_eq!(left.summary().delete, 2, "{left}");

    sim.remove_interface(&interface);
    let failure = deployer.apply(left).await.expect_err("one is still in use");
    let error = only(&failure);
    assert!(error.is_in_use(), "{error:?}");
    assert_eq!(address(error), "SecurityGroup.alb");
    assert!(error.to_string().contains(&format!("security group {foreign} (Database-SG) refers to it")), "{error}");

    let revoked = ec2.revoke_security_group_ingress().group_id(&foreign).ip_permissions(rule);
    revoked.send().await.expect("a revoke");
    destroy(&sim, &stack).await.expect("a destroy");
    let groups = ec2.describe_security_groups().send().await.expect("groups");
    let mut names: Vec<_> = groups.security_groups().iter().filter_map(|group| group.group_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Database-SG", "default"]);
}

fn ssh() -> IpPermission {
    let anywhere = IpRange::builder().cidr_ip("0.0.0.0/0").build();
    IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(anywhere).build()
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_no_longer_true_is_refused_and_nothing_is_changed() {
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let (stack, refs) = SERVICE.stack();
    let first = deployer.plan(&stack).await.expect("a plan");
    // Somebody takes a name after the first plan.
    let arn = sim.add_target_group("Web-TG", vpc_id(&sim).await, 80);
    let failure = deployer.apply(first).await.expect_err("the name is taken");
    assert!(only(&failure).is_conflict(), "{failure}");
    assert!(failure.to_string().contains(&arn), "{failure}");
    assert_eq!(writes(&sim, 0), [""; 0]);
    sim.elbv2().delete_target_group().target_group_arn(arn).send().await.expect("a deletion");

    // Somebody changes a group after the plan of an update that leaves it alone.
    let live = deploy(&sim, &stack).await.expect("a deploy");
    let (changed, _) = Variant { instance_type: "t3.micro", ..SERVICE }.stack();
    let update = deployer.plan(&changed).await.expect("a plan");
    let group = live.get(refs.balancer_group).id.as_str();
    let ec2 = sim.ec2();
    ec2.authorize_security_group_ingress().group_id(group).ip_permissions(ssh()).send().await.expect("a rule");
    let (before, calls) = (inventory(&sim).await, sim.calls().len());
    let failure = deployer.apply(update).await.expect_err("the plan is stale");
    let error = only(&failure);
    assert!(error.is_conflict(), "{error:?}");
    assert!(error.to_string().contains("SecurityGroup.alb"), "{error}");
    assert!(error.hint().expect("advice").contains("plan again"), "{error:?}");
    assert_eq!(writes(&sim, calls), [""; 0]);
    assert_same(&inventory(&sim).await, &before, "after the refusal");

    // What was done in the meantime by the same means is no conflict.
    let update = deployer.plan(&changed).await.expect("a plan");
    deploy(&sim, &changed).await.expect("an update");
    let calls = sim.calls().len();
    deployer.apply(update).await.expect("nothing is left to do");
    assert_eq!(writes(&sim, calls), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_need_the_failed_is_done_and_the_rest_is_listed() {
    let sim = given();
    sim.inject(Fault::on("CreateTargetGroup").code("AccessDenied"));
    let (stack, refs) = SERVICE.stack();
    let failure = deploy(&sim, &stack).await.expect_err("it is denied");
    assert_eq!(address(only(&failure)), "TargetGroup.web");
    let skipped: Vec<_> = failure.skipped().iter().map(Address::as_str).collect();
    assert_eq!(skipped, ["Listener.http", "AutoScalingGroup.web", "ScalingPolicy.cpu"]);
    assert!(failure.to_string().contains("Listener.http, AutoScalingGroup.web, ScalingPolicy.cpu"), "{failure}");
    let live = failure.live();
    assert!(live.find(refs.balancer).is_some() && live.find(refs.template).is_some());
    assert!(live.find(refs.targets).is_none() && live.find(refs.listener).is_none() && live.find(refs.group).is_none());
    assert_eq!(
        writes(&sim, 0),
        [
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupIngress",
            "CreateLaunchTemplate",
            "CreateLoadBalancer",
            "CreateSecurityGroup",
            "CreateSecurityGroup",
            "CreateTargetGroup",
        ]
    );
    sim.clear_faults();
    assert_finished_by_running_again(&sim, "when it is allowed").await;
}

/// I36: there is no state that could hold it, and nothing else does.
#[tokio::test(start_paused = true)]
async fn user_data_is_never_shown() {
    const SCRIPT: &str = "#!/bin/sh\nexport TOKEN=hunter2-hunter2";
    const OTHER: &str = "#!/bin/sh\nexport TOKEN=hunter3-hunter3";
    let shown = Arc::new(Mutex::new(Vec::<String>::new()));
    let sim = given();
    let events = shown.clone();
    let deployer = Deployer::new(sim.aws()).with_reporter(move |event: &Event| {
        let json = serde_json::to_string(event).expect("JSON");
        events.lock().expect("texts").extend([format!("{event:?}"), json]);
    });
    let show = |text: String| shown.lock().expect("texts").push(text);
    let show_plan = |plan: &Plan| {
        show(plan.to_string());
        show(format!("{plan:#?}"));
        show(plan.to_json().to_string());
        show(format!("{:#?}", plan.changes()));
    };
    let (stack, _) = Variant { user_data: Some(SCRIPT), ..SERVICE }.stack();
    show(format!("{stack:#?}"));

    let plan = deployer.plan(&stack).await.expect("a plan");
    assert!(plan.change("LaunchTemplate.web").expect("a change").to_string().contains("user_data"), "{plan}");
    show_plan(&plan);
    sim.inject(Fault::on("CreateLaunchTemplate").code("AccessDenied").times(1));
    let failure = deployer.apply(plan).await.expect_err("it is denied");
    show(failure.to_string());
    show(format!("{failure:#?}"));
    for error in failure.errors() {
        show(format!("{error:#?}"));
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            show(format!("{error} {error:?}"));
            source = error.source();
        }
    }
    deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect("a deploy");

    // The instances got it, as a look past purlin shows.
    let versions = sim.ec2().describe_launch_template_versions().launch_template_name("Web").send().await;
    let versions = versions.expect("versions");
    let data = versions.launch_template_versions()[0].launch_template_data().expect("data");
    let base64 = data.user_data().expect("user data").to_owned();
    assert!(base64.starts_with("IyEvYmluL3NoC"), "{base64}");

    let (changed, _) = Variant { user_data: Some(OTHER), ..SERVICE }.stack();
    let plan = deployer.plan(&changed).await.expect("a plan");
    assert!(plan.change("LaunchTemplate.web").expect("a change").to_string().contains("user_data"), "{plan}");
    show_plan(&plan);
    let drift = deployer.drift(&changed).await.expect("drift");
    show(format!("{drift} {drift:#?} {}", serde_json::to_string(&drift).expect("JSON")));
    let live = deployer.apply(plan).await.expect("an update");
    show(format!("{live:#?}"));
    let status = deployer.status(&changed).await.expect("a status");
    show(format!("{status} {status:#?}"));
    show_plan(&deployer.plan_destroy(&changed).await.expect("a plan"));
    // Nothing of it is kept in tags or descriptions either.
    for line in inventory(&sim).await {
        show(line);
    }

    let shown = shown.lock().expect("texts");
    assert!(shown.len() > 100);
    for text in shown.iter() {
        for secret in ["hunter", "export TOKEN", &base64[20..40]] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_over_as_declared_is_left_alone() {
    let sim = SimAws::new();
    let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    let foreign = sim.add_security_group(&vpc, "web");
    let mut stack = Stack::new("adopting");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = SecurityGroup::builder().name("web").description("another description").vpc(vpc).build();
    let group = stack.add("web", group);
    stack.adopt(group);
    let error = Deployer::new(sim.aws()).plan(&stack).await.expect_err("it would have to be replaced");
    assert!(error.is_conflict(), "{error}");
    let text = error.to_string();
    assert!(text.contains(&foreign) && text.contains("description is"), "{text}");
}
