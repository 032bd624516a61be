//! Plans that interrupt something are applied only with a yes.

use purlin::*;

use super::{WEB, Web, running};
use crate::support::{deploy, given, hurry};

fn sized(sizes: std::ops::RangeInclusive<u32>) -> (Stack, Ref<AutoScalingGroup>) {
    let mut stack = Stack::new("web-lab");
    let private = stack.add("private", Subnets::named(["Private subnet A"]));
    let image = stack.add("web", Image::named("Web Server v1"));
    let template = LaunchTemplate::builder().name("Web").image(image).instance_type("t3.micro");
    let template = stack.add("web", template.build());
    let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(private);
    let group = stack.add("web", group.sizes(sizes).build());
    (stack, group)
}

/// I25: a deploy that would terminate live instances says how many, and waits for a yes.
#[tokio::test(start_paused = true)]
async fn instances_are_not_terminated_without_a_yes() {
    let sim = given(&[80]);
    hurry(&sim);
    deploy(&sim, &sized(3..=4).0).await.expect("three instances");
    let deployer = Deployer::new(sim.aws());
    let (mut smaller, group) = sized(0..=1);
    let plan = deployer.plan(&smaller).await.expect("a plan");
    assert!(plan.needs_approval());
    assert_eq!(plan.interruptions()[0].instances, Some(2));
    assert_eq!(plan.to_json()["interruptions"][0]["instances"], 2);
    assert!(plan.to_string().contains("2 of 3 instances go: the declared sizes leave 1 (needs a yes)"), "{plan}");
    let failure = deployer.apply(plan.clone()).await.expect_err("nobody has said yes");
    let error = &failure.errors()[0];
    assert!(error.needs_approval() && error.hint().is_some(), "{error:?}");
    assert!(error.to_string().contains("AutoScalingGroup.web scale-in: 2 of 3 instances go"), "{error}");

    // The group has grown since: the yes was to two, not to three.
    let approved = plan.approve();
    let client = sim.autoscaling();
    client.set_desired_capacity().auto_scaling_group_name("Web-ASG").desired_capacity(4).send().await.expect("a size");
    let failure = deployer.apply(approved).await.expect_err("more instances would go");
    assert!(failure.errors()[0].is_conflict(), "{failure}");
    assert!(failure.errors()[0].to_string().contains("3 of 4 instances go"), "{failure}");

    // A stack can say yes beforehand, with the reason.
    smaller.accept(group, "scale-in", "the campaign is over");
    let plan = deployer.plan(&smaller).await.expect("a plan");
    assert!(plan.interruptions()[0].accepted && !plan.needs_approval(), "{plan}");
    deployer.apply(plan).await.expect("it was accepted");
}

/// A group that is no longer declared goes with its instances, after a yes; destroying is one itself.
#[tokio::test(start_paused = true)]
async fn a_group_that_is_no_longer_declared_goes_only_with_a_yes() {
    let sim = given(&[80]);
    hurry(&sim);
    let (stack, _) = sized(2..=2);
    deploy(&sim, &stack).await.expect("two instances");
    let deployer = Deployer::new(sim.aws());
    let mut empty = Stack::new("web-lab");
    let plan = deployer.plan(&empty).await.expect("a plan");
    let [interruption] = plan.interruptions() else { panic!("{plan}") };
    assert_eq!((interruption.id, interruption.instances), ("terminates-instances", Some(2)));
    assert!(deployer.apply(plan).await.expect_err("nobody has said yes").errors()[0].needs_approval());
    empty.accept_everywhere("terminates-instances", "it is replaced by another service");
    assert!(!deployer.plan(&empty).await.expect("a plan").needs_approval());

    let plan = deployer.plan_destroy(&stack).await.expect("a plan");
    assert!(plan.interruptions().is_empty(), "to destroy is to ask for it");
    deployer.apply(plan).await.expect("a destroy");
}

/// A target group that must be replaced is handed over without a gap: no yes is asked for.
#[tokio::test(start_paused = true)]
async fn what_can_be_replaced_without_a_gap_asks_nothing() {
    let sim = running(&WEB).await;
    let changed = Web { port: 8080, texts: ["outer", "inner"], ..WEB };
    let plan = Deployer::new(sim.aws()).plan(&changed.stack()).await.expect("a plan");
    assert!(!plan.needs_approval(), "{plan}");
    super::change(&sim, &changed.stack(), &[]).await;
}
