//! The process dies after every single call, one after another: running again always converges.

use purlin::sim::SimAws;
use purlin::*;

use crate::support::{self, LAB, Variant, assert_same, deploy, destroy, inventory};

/// Fast, and without the five minutes that targets drain by default.
const SERVICE: Variant = Variant { drains: false, open: &[80, 8080], ..LAB };

fn given() -> SimAws {
    let sim = support::given(&[80, 8080]);
    support::hurry(&sim);
    sim
}

/// Lets `run` die after its first call, after its second and so on, until it gets through; runs it
/// again each time, and compares with a run that was not interrupted. Returns how often it died.
async fn dying_everywhere(
    prepare: impl AsyncFn(&SimAws),
    run: impl AsyncFn(&SimAws),
    end: &Stack,
    goal: Goal,
) -> usize {
    let undisturbed = given();
    prepare(&undisturbed).await;
    run(&undisturbed).await;
    let expected = inventory(&undisturbed).await;

    for calls in 1.. {
        let sim = given();
        prepare(&sim).await;
        sim.crash_after(calls);
        let got_through = tokio::select! {
            () = run(&sim) => true,
            () = sim.crashed() => false,
        };
        sim.restart();
        if got_through {
            return calls - 1;
        }
        run(&sim).await;
        assert_same(&inventory(&sim).await, &expected, &format!("after a crash at call {calls}"));
        let deployer = Deployer::new(sim.aws());
        let next = match goal {
            Goal::Deploy => deployer.plan(end).await,
            _ => deployer.plan_destroy(end).await,
        };
        let next = next.expect("it can be planned");
        assert!(next.is_empty(), "after a crash at call {calls}:\n{next}");
    }
    unreachable!("a run has an end")
}

#[tokio::test(start_paused = true)]
async fn a_deploy_that_died_anywhere_is_finished_by_running_again() {
    let (stack, _) = SERVICE.stack();
    let died = dying_everywhere(
        async |_| {},
        async |sim| {
            deploy(sim, &stack).await.expect("a deploy");
        },
        &stack,
        Goal::Deploy,
    )
    .await;
    assert!(died > 40, "{died}");
}

/// Another instance type, a rule instead of another, and a policy that is declared no more.
#[tokio::test(start_paused = true)]
async fn an_update_that_died_anywhere_is_finished_by_running_again() {
    let (stack, _) = SERVICE.stack();
    let (changed, _) = Variant { instance_type: "t3.micro", open: &[80, 8443], policy: false, ..SERVICE }.stack();
    let died = dying_everywhere(
        async |sim| {
            deploy(sim, &stack).await.expect("a deploy");
        },
        async |sim| {
            deploy(sim, &changed).await.expect("an update");
        },
        &changed,
        Goal::Deploy,
    )
    .await;
    assert!(died > 20, "{died}");
}

#[tokio::test(start_paused = true)]
async fn a_replacement_that_died_anywhere_is_finished_by_running_again() {
    let (stack, _) = SERVICE.stack();
    let (changed, _) = Variant { port: 8080, ..SERVICE }.stack();
    let died = dying_everywhere(
        async |sim| {
            deploy(sim, &stack).await.expect("a deploy");
        },
        async |sim| {
            deploy(sim, &changed).await.expect("a replacement");
        },
        &changed,
        Goal::Deploy,
    )
    .await;
    assert!(died > 20, "{died}");
}

#[tokio::test(start_paused = true)]
async fn a_destroy_that_died_anywhere_is_finished_by_running_again() {
    let (stack, _) = SERVICE.stack();
    let died = dying_everywhere(
        async |sim| {
            deploy(sim, &stack).await.expect("a deploy");
        },
        async |sim| {
            destroy(sim, &stack).await.expect("a destroy");
        },
        &stack,
        Goal::Destroy,
    )
    .await;
    assert!(died > 20, "{died}");
}
