//! Two programs work on one stack at the same time, and plans are older than what they are applied to.
//!
//! The one starts a little later than the other, in ever larger steps: from both at once to one after
//! the other, and with another order of calls each time.

use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;
use tokio::time::Instant;

use crate::support::{self, DEPLOY, LAB, Variant, actions, assert_same, deploy, destroy, inventory, writes};

const SERVICE: Variant = Variant { drains: false, open: &[80, 8080], ..LAB };

fn given() -> SimAws {
    let sim = support::given(&[80, 8080]);
    support::hurry(&sim);
    sim
}

#[derive(Clone, Copy)]
enum Do<'a> {
    Deploy(&'a Stack),
    Destroy(&'a Stack),
}

impl Do<'_> {
    async fn plan(self, deployer: &Deployer) -> Result<Plan, purlin::Error> {
        match self {
            Self::Deploy(stack) => deployer.plan(stack).await,
            Self::Destroy(stack) => deployer.plan_destroy(stack).await,
        }
    }

    /// A whole program, with clients of its own, begun after a while. Returns when it ended, and how.
    async fn run(self, sim: &SimAws, after: Duration, calls: usize) -> (Instant, Result<(), Vec<purlin::Error>>) {
        tokio::time::sleep(after).await;
        let deployer = Deployer::new(sim.aws()).with_concurrency(calls).with_deadline(Duration::from_secs(300));
        let done = match self.plan(&deployer).await {
            Ok(plan) => deployer.apply(plan).await.map(|_| ()).map_err(|failure| failure.errors().to_vec()),
            Err(error) => Err(vec![error]),
        };
        (Instant::now(), done)
    }
}

/// How far apart two programs begin, and how many calls the later one has in flight.
fn leads(most: u64, step: usize) -> impl Iterator<Item = (Duration, usize)> {
    // Not a divisor of the latencies, so that calls do not always meet in the same order.
    (0..most).step_by(step).enumerate().map(|(n, lead)| (Duration::from_millis(lead), [10, 1, 3][n % 3]))
}

/// Runs both at once. What ended last ended well or in an error; if well, AWS has what it was to bring
/// about. Returns how many ended well.
async fn both(sim: &SimAws, one: Do<'_>, two: Do<'_>, lead: Duration, calls: usize) -> usize {
    let same = matches!((one, two), (Do::Deploy(one), Do::Deploy(two)) if std::ptr::eq(one, two));
    let (one_ended, two_ended) = tokio::join!(one.run(sim, Duration::ZERO, 10), two.run(sim, lead, calls));
    let (last, (_, result)) = if one_ended.0 > two_ended.0 { (one, &one_ended) } else { (two, &two_ended) };
    if result.is_ok() {
        let deployer = Deployer::new(sim.aws());
        let next = last.plan(&deployer).await.expect("a plan");
        assert!(next.is_empty(), "the last one ended well, {lead:?} apart, and there is something left:\n{next}");
    }
    let mut well = 0;
    for (_, result) in [&one_ended, &two_ended] {
        match result {
            Ok(()) => well += 1,
            // Whoever works against the other may also meet refusals of AWS.
            Err(errors) => {
                let conflict = errors.iter().any(purlin::Error::is_conflict);
                assert!(conflict || !same, "{lead:?} apart, and no conflict: {errors:#?}");
            }
        }
    }
    well
}

/// What there is of each kind.
async fn counts(sim: &SimAws) -> [usize; 7] {
    let (ec2, elbv2, scaling) = (sim.ec2(), sim.elbv2(), sim.autoscaling());
    let balancers = elbv2.describe_load_balancers().send().await.expect("balancers");
    let mut listeners = 0;
    for balancer in balancers.load_balancers() {
        let listed = elbv2.describe_listeners().load_balancer_arn(balancer.load_balancer_arn().expect("an ARN"));
        listeners += listed.send().await.expect("listeners").listeners().len();
    }
    [
        ec2.describe_security_groups().send().await.expect("groups").security_groups().len(),
        elbv2.describe_target_groups().send().await.expect("groups").target_groups().len(),
        balancers.load_balancers().len(),
        listeners,
        ec2.describe_launch_templates().send().await.expect("templates").launch_templates().len(),
        scaling.describe_auto_scaling_groups().send().await.expect("groups").auto_scaling_groups().len(),
        scaling.describe_policies().send().await.expect("policies").scaling_policies().len(),
    ]
}

#[tokio::test(start_paused = true)]
async fn two_first_deploys_of_one_stack_make_everything_once() {
    let stack = SERVICE.stack().0;
    let undisturbed = given();
    deploy(&undisturbed, &stack).await.expect("a deploy");
    let expected = inventory(&undisturbed).await;
    for (lead, calls) in leads(5000, 270) {
        let sim = given();
        let well = both(&sim, Do::Deploy(&stack), Do::Deploy(&stack), lead, calls).await;
        // One that planned while the other was at work may find more to do than it announced.
        assert!(well >= 1, "{lead:?} apart");
        if well < 2 {
            deploy(&sim, &stack).await.expect("a run by itself");
        }
        assert_same(&inventory(&sim).await, &expected, &format!("{lead:?} apart"));
        let calls = sim.calls().len();
        deploy(&sim, &stack).await.expect("a deploy");
        assert_eq!(writes(&sim, calls), [""; 0], "{lead:?} apart");
    }
}

#[tokio::test(start_paused = true)]
async fn two_updates_and_replacements_to_one_declaration_meet() {
    let before = SERVICE.stack().0;
    for changed in [
        Variant { instance_type: "t3.micro", open: &[80, 8443], policy: false, ..SERVICE },
        Variant { port: 8080, ..SERVICE },
    ] {
        let stack = changed.stack().0;
        for (lead, calls) in leads(3000, 430) {
            let sim = given();
            deploy(&sim, &before).await.expect("a deploy");
            both(&sim, Do::Deploy(&stack), Do::Deploy(&stack), lead, calls).await;
            deploy(&sim, &stack).await.expect("a run by itself");
            let next = Deployer::new(sim.aws()).plan(&stack).await.expect("a plan");
            assert!(next.is_empty(), "{lead:?} apart:\n{next}");
            let policies = usize::from(changed.policy);
            assert_eq!(counts(&sim).await, [3, 1, 1, 1, 1, 1, policies], "{lead:?} apart");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn deploys_of_two_declarations_end_in_one_of_them_or_in_a_conflict() {
    let before = SERVICE.stack().0;
    let one = Variant { instance_type: "t3.micro", open: &[80, 8443], ..SERVICE }.stack().0;
    let two = Variant { port: 8080, instance_type: "t3.small", ..SERVICE }.stack().0;
    let mut conflicts = 0;
    for deployed in [false, true] {
        for (lead, calls) in leads(4000, 370) {
            let sim = given();
            if deployed {
                deploy(&sim, &before).await.expect("a deploy");
            }
            conflicts += 2 - both(&sim, Do::Deploy(&one), Do::Deploy(&two), lead, calls).await;
            // Whoever runs next, by itself, gets there.
            let stack = if calls == 1 { &one } else { &two };
            deploy(&sim, stack).await.expect("a run by itself");
            let next = Deployer::new(sim.aws()).plan(stack).await.expect("a plan");
            assert!(next.is_empty(), "{lead:?} apart:\n{next}");
            assert_eq!(counts(&sim).await, [3, 1, 1, 1, 1, 1, 1], "{lead:?} apart");
        }
    }
    assert!(conflicts > 10, "they did meet: {conflicts}");
}

#[tokio::test(start_paused = true)]
async fn a_deploy_and_a_destroy_at_once_leave_nothing_half() {
    let stack = SERVICE.stack().0;
    let empty = inventory(&given()).await;
    for deployed in [false, true] {
        for (lead, calls) in leads(6000, 610) {
            for turned in [false, true] {
                let sim = given();
                if deployed {
                    deploy(&sim, &stack).await.expect("a deploy");
                }
                let (one, two) = (Do::Deploy(&stack), Do::Destroy(&stack));
                let (one, two) = if turned { (two, one) } else { (one, two) };
                both(&sim, one, two, lead, calls).await;
                if calls == 1 {
                    deploy(&sim, &stack).await.expect("a deploy by itself");
                    assert_eq!(counts(&sim).await, [3, 1, 1, 1, 1, 1, 1], "{lead:?} apart");
                }
                destroy(&sim, &stack).await.expect("a destroy by itself");
                assert_same(&inventory(&sim).await, &empty, &format!("{lead:?} apart"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_applied_twice_changes_nothing_the_second_time() {
    let stack = SERVICE.stack().0;
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let plan = deployer.plan(&stack).await.expect("a plan");
    let since = sim.calls().len();
    deployer.apply(plan.clone()).await.expect("a deploy");
    assert_eq!(writes(&sim, since).len(), DEPLOY.len() + 1, "the lab, and one rule more");
    let since = sim.calls().len();
    deployer.apply(plan).await.expect("nothing to do");
    assert_eq!(writes(&sim, since), [""; 0]);
}

/// Plans that were made before somebody else did something that they do not announce.
#[tokio::test(start_paused = true)]
async fn a_stale_plan_ends_in_a_conflict_with_nothing_changed() {
    let (first, other) = (SERVICE.stack().0, Variant { instance_type: "t3.micro", ..SERVICE }.stack().0);
    // Deployed, planned for, then done by somebody else.
    for (deployed, planned, then) in [
        (None, Do::Deploy(&first), Do::Deploy(&other)),
        (Some(&first), Do::Deploy(&other), Do::Destroy(&first)),
        (None, Do::Destroy(&first), Do::Deploy(&first)),
    ] {
        let sim = given();
        if let Some(stack) = deployed {
            deploy(&sim, stack).await.expect("a deploy");
        }
        let deployer = Deployer::new(sim.aws());
        let stale = planned.plan(&deployer).await.expect("a plan");
        then.run(&sim, Duration::ZERO, 10).await.1.expect("it works");
        let (since, before) = (sim.calls().len(), inventory(&sim).await);
        let failure = deployer.apply(stale.clone()).await.expect_err("it is stale");
        assert!(failure.errors()[0].is_conflict(), "{failure}");
        assert!(failure.to_string().contains("has changed since the plan was made"), "{failure}");
        assert_eq!(writes(&sim, since), [""; 0], "{:?}", actions(&stale));
        assert_same(&inventory(&sim).await, &before, "after the conflict");
    }
    // What somebody else has done already needs not be done.
    let sim = given();
    let deployer = Deployer::new(sim.aws());
    let stale = deployer.plan(&first).await.expect("a plan");
    deploy(&sim, &first).await.expect("a deploy");
    let since = sim.calls().len();
    deployer.apply(stale).await.expect("it is done");
    assert_eq!(writes(&sim, since), [""; 0]);
}

/// `CreateTargetGroup` answers with what exists where name and settings are the same: that it is
/// somebody else's shows only afterwards.
#[tokio::test(start_paused = true)]
async fn what_somebody_else_makes_in_the_meantime_is_never_taken_for_ones_own() {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    stack.add("web", TargetGroup::builder().name("web").vpc(vpc).traffic(Traffic::http(80)).build());
    let mut foreign = 0;
    for lead in (0..500).step_by(20) {
        let sim = given();
        let vpcs = sim.ec2().describe_vpcs().send().await.expect("VPCs");
        let vpc = vpcs.vpcs()[0].vpc_id().expect("an id").to_owned();
        let deployer = Deployer::new(sim.aws());
        let plan = deployer.plan(&stack).await.expect("a plan");
        let somebody = async {
            tokio::time::sleep(Duration::from_millis(lead)).await;
            let group = sim.elbv2().create_target_group().name("web").vpc_id(vpc);
            let group = group.protocol("HTTP".into()).port(80).send().await;
            group.expect("it is idempotent").target_groups.expect("one").remove(0).target_group_arn.expect("an ARN")
        };
        let (applied, arn) = tokio::join!(deployer.apply(plan), somebody);
        let tags = sim.elbv2().describe_tags().resource_arns(&arn).send().await.expect("tags");
        if tags.tag_descriptions()[0].tags().is_empty() {
            foreign += 1;
            let failure = applied.expect_err("it is somebody else's");
            assert!(failure.errors()[0].is_conflict(), "{failure}");
            assert!(failure.to_string().contains("which no stack owns"), "{failure}");
        } else {
            applied.expect("it was the first");
        }
        destroy(&sim, &stack).await.expect("a destroy");
        let left = sim.elbv2().describe_target_groups().send().await.expect("groups").target_groups().len();
        assert_eq!(left, usize::from(tags.tag_descriptions()[0].tags().is_empty()), "{lead} ms");
    }
    assert!((1..25).contains(&foreign), "both cases were met: {foreign}");
}
