//! Operations that are ended before they are done: by an interrupt, by a deadline, or because nobody
//! waits for them any more. There is no lock, so nothing has to be cleared away afterwards (I37).

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;
use tokio::time::Instant;

use crate::support::{self, LAB, Variant, assert_same, deploy, inventory};

const SERVICE: Variant = Variant { drains: false, ..LAB };

fn given() -> SimAws {
    let sim = support::given(&[80, 8080]);
    support::hurry(&sim);
    sim
}

/// What runs are ended in: what exists before, and what is to come about.
fn scenarios() -> [(Option<Stack>, Stack, bool); 3] {
    let service = || SERVICE.stack().0;
    let replaced = Variant { port: 8080, open: &[80, 8080], instance_type: "t3.micro", ..SERVICE }.stack().0;
    [(None, service(), false), (Some(service()), replaced, false), (Some(service()), service(), true)]
}

async fn prepared(before: Option<&Stack>) -> SimAws {
    let sim = given();
    if let Some(stack) = before {
        deploy(&sim, stack).await.expect("a deploy");
    }
    sim
}

async fn planned(deployer: &Deployer, stack: &Stack, destroy: bool) -> Plan {
    let plan = if destroy { deployer.plan_destroy(stack).await } else { deployer.plan(stack).await };
    plan.expect("a plan")
}

/// What the account holds after a run that nobody ended.
async fn undisturbed(before: Option<&Stack>, stack: &Stack, destroy: bool) -> Vec<String> {
    let sim = prepared(before).await;
    let deployer = Deployer::new(sim.aws());
    let plan = planned(&deployer, stack, destroy).await;
    deployer.apply(plan).await.expect("a run");
    inventory(&sim).await
}

/// The addresses of what exists; what still is to be replaced does not count.
fn existing(next: &Plan) -> BTreeSet<String> {
    let there = |change: &&ResourceChange| matches!(change.action, PlannedAction::Keep | PlannedAction::Update);
    next.changes().iter().filter(there).map(|change| change.address.to_string()).collect()
}

fn told(failure: &Failure) -> BTreeSet<String> {
    let lookups = ["Vpc", "Subnets", "Image"];
    let ids = failure.live().ids().filter(|(address, _)| !lookups.contains(&address.kind()));
    ids.map(|(address, _)| address.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_drained_run_sends_nothing_more_tells_what_exists_and_is_finished_by_running_again() {
    for (before, stack, destroy) in scenarios() {
        let expected = undisturbed(before.as_ref(), &stack, destroy).await;
        for (drained, at) in (0..30_000).step_by(610).enumerate() {
            let sim = prepared(before.as_ref()).await;
            let interrupt = Interrupt::new();
            let deployer = Deployer::new(sim.aws()).with_interrupt(&interrupt);
            let plan = planned(&deployer, &stack, destroy).await;
            let drain = async {
                tokio::time::sleep(Duration::from_millis(at)).await;
                interrupt.drain();
                (sim.now(), Instant::now())
            };
            let apply = async {
                let done = deployer.apply(plan).await;
                (done, Instant::now())
            };
            let ((done, ended), (raised, raised_at)) = tokio::join!(apply, drain);
            let Err(failure) = done else {
                assert!(drained > 3, "{drained}");
                break;
            };
            assert!(failure.is_cancelled() && failure.errors()[0].is_cancelled(), "{failure}");
            assert_eq!(failure.errors().len(), 1, "{failure}");
            let late = sim.calls().into_iter().find(|call| !call.is_read() && call.at > raised);
            assert!(late.is_none(), "sent after {raised:?}: {late:?}");
            // What was in flight has ended; nothing that takes AWS its time was waited for.
            assert!(ended.saturating_duration_since(raised_at) <= Duration::from_secs(1));

            let again = Deployer::new(sim.aws());
            if !destroy {
                let next = planned(&again, &stack, false).await;
                assert_eq!(told(&failure), existing(&next), "drained after {at} ms: {failure}");
                let named = failure.skipped().iter().chain(failure.unfinished());
                let named: BTreeSet<_> = named.map(ToString::to_string).collect();
                for change in next.changes().iter().filter(|change| change.action == PlannedAction::Create) {
                    assert!(named.contains(change.address.as_str()), "{} is missing in {failure}", change.address);
                }
            }
            let plan = planned(&again, &stack, destroy).await;
            again.apply(plan).await.expect("the rest");
            assert_same(&inventory(&sim).await, &expected, &format!("after {at} ms"));
            assert!(planned(&again, &stack, destroy).await.is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_interrupt_waits_for_calls_in_flight_and_the_second_does_not() {
    let stack = SERVICE.stack().0;
    for (second, ends_after) in [(None, 10), (Some(4), 5)] {
        let sim = given();
        sim.configure(|settings| settings.write_latency = Duration::from_secs(10));
        let interrupt = Interrupt::new();
        let deployer = Deployer::new(sim.aws()).with_interrupt(&interrupt);
        let plan = planned(&deployer, &stack, false).await;
        let began = Instant::now();
        let interrupts = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(!interrupt.is_raised());
            interrupt.drain();
            assert!(interrupt.is_raised());
            if let Some(second) = second {
                tokio::time::sleep(Duration::from_secs(second)).await;
                interrupt.abort();
            }
        };
        let (done, ()) = tokio::join!(deployer.apply(plan), interrupts);
        let failure = done.expect_err("it was interrupted");
        assert!(failure.is_cancelled());
        assert_eq!(began.elapsed().as_secs(), ends_after, "{failure}");
        let groups = ["SecurityGroup.alb", "TargetGroup.web"];
        let told = told(&failure);
        if second.is_none() {
            assert!(groups.iter().all(|group| told.contains(*group)), "they were made: {told:?}");
        } else {
            assert!(told.is_empty(), "nobody knows: {told:?}");
            let unfinished: Vec<_> = failure.unfinished().iter().map(Address::as_str).collect();
            assert!(groups.iter().all(|group| unfinished.contains(group)), "they may exist: {unfinished:?}");
        }
        assert!(failure.skipped().iter().any(|address| address.as_str() == "LoadBalancer.web"), "{failure}");
        deploy(&sim, &stack).await.expect("the rest");
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_that_came_before_changes_nothing() {
    let stack = SERVICE.stack().0;
    for abort in [false, true] {
        let sim = given();
        let interrupt = Interrupt::new();
        let deployer = Deployer::new(sim.aws()).with_interrupt(&interrupt);
        let plan = planned(&deployer, &stack, false).await;
        if abort {
            interrupt.abort();
        } else {
            interrupt.drain();
        }
        interrupt.drain();
        let since = sim.calls().len();
        let failure = deployer.apply(plan).await.expect_err("it was interrupted");
        assert!(failure.is_cancelled(), "{failure}");
        assert!(failure.errors()[0].hint().expect("advice").contains("run again"), "{failure}");
        assert_eq!(support::writes(&sim, since), [""; 0]);
        if abort {
            assert!(deployer.plan(&stack).await.expect_err("it was aborted").is_cancelled());
        }
        deploy(&sim, &stack).await.expect("others are not interrupted");
    }
}

/// Polls a future so many times and drops it. Returns whether it ended before.
async fn dropped_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(cx).map(|_| true)
    })
    .await
}

/// I37: a run that nobody waits for any more leaves no lock and nothing else behind: the next one, by
/// whomever, goes on at once. The same deployer, which has a permit for each call, has them all back.
#[tokio::test(start_paused = true)]
async fn a_run_dropped_at_any_point_leaves_nothing_behind_and_is_finished_by_running_again() {
    for (before, stack, destroy) in scenarios() {
        let expected = undisturbed(before.as_ref(), &stack, destroy).await;
        let mut polls = 1;
        loop {
            let sim = prepared(before.as_ref()).await;
            let deployer = Deployer::new(sim.aws()).with_concurrency(2).with_deadline(Duration::from_secs(300));
            let plan = planned(&deployer, &stack, destroy).await;
            let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
            if dropped_after(polls, deployer.apply(plan)).await {
                break;
            }
            assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), tasks);
            let plan = planned(&deployer, &stack, destroy).await;
            deployer.apply(plan).await.expect("the rest");
            assert_same(&inventory(&sim).await, &expected, &format!("dropped after {polls} polls"));
            assert!(planned(&deployer, &stack, destroy).await.is_empty());
            // Steps of no common divisor with anything: each scenario is cut at other places.
            polls += 23;
        }
        assert!(polls > 40, "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_that_of_the_whole_operation() {
    let sim = support::given(&[80]);
    let stack = SERVICE.stack().0;
    // A balancer takes 150 seconds; what comes before and after it has the same deadline.
    let deployer = Deployer::new(sim.aws()).with_deadline(Duration::from_secs(100));
    let plan = planned(&deployer, &stack, false).await;
    let began = Instant::now();
    let failure = deployer.apply(plan).await.expect_err("it takes longer");
    assert_eq!(began.elapsed().as_secs(), 100, "{failure}");
    assert!(failure.errors().iter().all(purlin::Error::is_deadline), "{failure}");
    assert!(!failure.is_cancelled());
    let told = told(&failure);
    assert!(told.contains("LoadBalancer.web") && told.contains("AutoScalingGroup.web"), "{told:?}");
    // Running again waits for the rest.
    let plan = planned(&deployer, &stack, false).await;
    deployer.apply(plan).await.expect("it was on its way");
}

/// A call that is never answered ends with the operation, not never.
#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_ends_at_the_deadline() {
    let stack = SERVICE.stack().0;
    for calls in [3, 12, 16, 20, 25] {
        let sim = given();
        let deployer = Deployer::new(sim.aws()).with_deadline(Duration::from_secs(60));
        let plan = planned(&deployer, &stack, false).await;
        sim.crash_after(calls);
        let began = Instant::now();
        let failure = deployer.apply(plan).await.expect_err("nobody answers");
        assert_eq!(began.elapsed().as_secs(), 60, "{failure}");
        assert!(failure.errors().iter().all(purlin::Error::is_deadline), "{failure}");
        sim.restart();
        deploy(&sim, &stack).await.expect("the rest");
    }
}
