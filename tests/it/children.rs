//! What hangs on groups: associations of security groups, scheduled actions, policies on requests.

use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;

use crate::support::{assert_same, deploy, destroy, hurry, inventory, network};

fn account() -> SimAws {
    let sim = SimAws::new();
    network(&sim);
    sim.add_vpc("VPC-Other", "10.1.0.0/16");
    sim.add_image("Web Server v1");
    hurry(&sim);
    sim
}

/// AWS deletes no group that is associated with a VPC: purlin takes it out first.
#[tokio::test(start_paused = true)]
async fn an_associated_group_can_be_destroyed() {
    let sim = account();
    let before = inventory(&sim).await;
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let other = stack.add("other", Vpc::named("VPC-Other"));
    let group = SecurityGroup::builder().name("Web").description("Web").vpc(vpc).associated_vpc(other);
    stack.add("web", group.build());
    deploy(&sim, &stack).await.expect("it can be deployed");
    destroy(&sim, &stack).await.expect("it can be destroyed");
    assert_same(&inventory(&sim).await, &before, "after the destroy");
}

/// What others associate is theirs as long as the stack declares no association.
#[tokio::test(start_paused = true)]
async fn associations_are_looked_at_only_where_some_are_declared() {
    let sim = account();
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = stack.add("web", SecurityGroup::builder().name("Web").description("Web").vpc(vpc).build());
    let live = deploy(&sim, &stack).await.expect("it can be deployed");
    let vpcs = sim.ec2().describe_vpcs().send().await.expect("VPCs");
    let other = vpcs.vpcs()[1].vpc_id().expect("an id");
    let id = live.get(group).id.to_string();
    sim.ec2().associate_security_group_vpc().group_id(&id).vpc_id(other).send().await.expect("an association");
    let since = sim.calls().len();
    assert!(Deployer::new(sim.aws()).plan(&stack).await.expect("a plan").is_empty());
    let asked = sim.calls()[since..].iter().any(|call| call.operation.contains("Association"));
    assert!(!asked, "{:#?}", &sim.calls()[since..]);
}

fn scheduled(actions: &[(&str, Schedule)]) -> Stack {
    let mut stack = Stack::new("web-lab");
    let image = stack.add("web", Image::named("Web Server v1"));
    let template = LaunchTemplate::builder().name("Web").image(image).instance_type("t2.micro");
    let template = stack.add("web", template.build());
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let subnets = stack.add("private", Subnets::named(["Private subnet A"]).in_vpc(vpc));
    let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(subnets).sizes(0..=4);
    let group = stack.add("web", group.desired_capacity(0).build());
    for (name, schedule) in actions {
        let action = ScheduledAction::builder().name(*name).group(group).schedule(schedule.clone());
        stack.add(*name, action.desired_capacity(2).build());
    }
    stack
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_action_runs_and_those_of_others_stay() {
    let sim = account();
    let recurring = Schedule::from(Recurrence::cron("0 2 * * *"));
    let once = Schedule::from("2026-01-01T01:00:00Z".parse::<Timestamp>().expect("a time"));
    deploy(&sim, &scheduled(&[("nightly", recurring.clone()), ("once", once.clone())])).await.expect("a deploy");
    let theirs = sim.autoscaling().put_scheduled_update_group_action().auto_scaling_group_name("Web-ASG");
    let theirs = theirs.scheduled_action_name("theirs").recurrence("0 3 * * *").desired_capacity(0);
    theirs.send().await.expect("an action");

    tokio::time::sleep(Duration::from_secs(3700)).await;
    assert_eq!(sim.auto_scaling_group("Web-ASG").expect("the group").desired, 2);
    // It has run, and AWS has forgotten it: it cannot be made again.
    let failure = deploy(&sim, &scheduled(&[("nightly", recurring.clone()), ("once", once)])).await;
    let text = failure.expect_err("its time has passed").to_string();
    assert!(text.contains("take the declaration away"), "{text}");

    // A run has moved the start that AWS answers with; that is no drift.
    tokio::time::sleep(Duration::from_secs(3700)).await;
    let stack = scheduled(&[("nightly", recurring)]);
    deploy(&sim, &stack).await.expect("a deploy");
    assert!(Deployer::new(sim.aws()).plan(&stack).await.expect("a plan").is_empty());

    deploy(&sim, &scheduled(&[])).await.expect("a deploy");
    let left = sim.autoscaling().describe_scheduled_actions().send().await.expect("actions");
    let names: Vec<_> =
        left.scheduled_update_group_actions().iter().filter_map(|a| a.scheduled_action_name()).collect();
    assert_eq!(names, ["theirs"]);
}

/// A place that somebody else's action takes is a conflict, and not overwritten.
#[tokio::test(start_paused = true)]
async fn somebody_elses_action_is_not_overwritten() {
    let sim = account();
    deploy(&sim, &scheduled(&[])).await.expect("a deploy");
    let theirs = sim.autoscaling().put_scheduled_update_group_action().auto_scaling_group_name("Web-ASG");
    let theirs = theirs.scheduled_action_name("nightly").recurrence("0 3 * * *").desired_capacity(0);
    theirs.send().await.expect("an action");
    let stack = scheduled(&[("nightly", Recurrence::cron("0 2 * * *").into())]);
    let error = Deployer::new(sim.aws()).plan(&stack).await.expect_err("a conflict");
    assert!(error.is_conflict(), "{error}");
}
