//! What many stacks in one account cost together.

use futures_util::future::try_join_all;
use purlin::*;

use crate::many::{account, deploy, service};

/// Listing what is in the account is shared: its cost grows with what there is, not with that times the
/// number of stacks.
#[tokio::test(start_paused = true)]
async fn plans_at_the_same_time_share_the_reads_of_the_account() {
    const STACKS: usize = 45;
    let sim = account(STACKS);
    deploy(&sim, STACKS).await;
    sim.configure(|settings| settings.request_limits = sim::RequestLimits::Unlimited);
    let deployer = Deployer::new(sim.aws());
    let before = sim.calls().len();
    let stacks: Vec<_> = (0..STACKS).map(service).collect();
    let plans = try_join_all(stacks.iter().map(|stack| deployer.plan(stack))).await.expect("plans");
    assert!(plans.iter().all(Plan::is_empty));
    let calls = sim.calls();
    let count = |operation: &str| calls[before..].iter().filter(|call| call.operation == operation).count();
    // The first who asks begins a read, and all others share the one after that.
    assert_eq!(count("DescribeLoadBalancers"), 2);
    assert_eq!(count("DescribeTargetGroups"), 2);
    // Three calls for the tags of 45 balancers, and of 45 target groups; one for each stack's listener,
    // and one for what it has of EC2's.
    assert_eq!(count("DescribeTags"), 2 * (3 + 3) + 2 * STACKS);
}

#[tokio::test(start_paused = true)]
async fn a_plan_sees_what_was_made_before_it_was_asked_for() {
    let sim = account(3);
    let deployer = Deployer::new(sim.aws());
    let (one, other) = (service(1), service(2));
    // A read is on its way for the one stack while the other is deployed by somebody else.
    let (plan, ()) = tokio::join!(deployer.plan(&one), async {
        let elsewhere = Deployer::new(sim.aws());
        let plan = elsewhere.plan(&other).await.expect("a plan");
        elsewhere.apply(plan).await.expect("it can be deployed");
        assert!(deployer.plan(&other).await.expect("a plan").is_empty());
    });
    assert!(!plan.expect("a plan").is_empty());
}

#[tokio::test(start_paused = true)]
async fn many_stacks_deploy_within_the_documented_request_limits() {
    const STACKS: usize = 60;
    let report = deploy(&account(STACKS), STACKS).await;
    let (answered, refused) = report.total();
    println!("{} stacks: {answered} calls, {refused} refused, {:?}", report.stacks, report.took);
    assert_eq!(report.answered("CreateLoadBalancer"), STACKS);
    // A call in four at most is made in vain.
    assert!(refused * 3 < answered, "{refused} of {answered} calls were refused");
}
