//! What AWS refuses for a while, shows late, or never brings about: one test for each sort of it. The
//! rows are those of the table `tests/engine.csv`.

mod auto_scaling;
mod balancing;
mod gone;
mod lags;
mod security;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;

use crate::support;

/// The lab's network and image, with everything fast.
fn account() -> SimAws {
    let sim = support::given(&[80]);
    support::hurry(&sim);
    sim
}

const SERVICE: support::Variant = support::Variant { drains: false, ..support::LAB };

/// How often an operation was called since so many calls had arrived, and how often it was refused.
fn tries(sim: &SimAws, since: usize, operation: &str) -> (usize, usize) {
    let calls = &sim.calls()[since..];
    let these: Vec<_> = calls.iter().filter(|call| call.operation == operation).collect();
    (these.len(), these.iter().filter(|call| call.error.is_some()).count())
}

/// The operations that changed something since so many calls had arrived, in their order.
fn sent(sim: &SimAws, since: usize) -> Vec<&'static str> {
    sim.calls()[since..].iter().filter(|call| !call.is_read()).map(|call| call.operation).collect()
}

/// What was reported, beside a deployer that reports it.
fn watched(sim: &SimAws) -> (Deployer, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let notes = events.clone();
    let reporter = move |event: &Event| notes.lock().expect("events").push(event.clone());
    (Deployer::new(sim.aws()).with_reporter(reporter), events)
}

/// Deploys; returns how that ended, and how long it took in simulated time.
async fn timed(sim: &SimAws, stack: &Stack) -> (Result<Live, Failure>, Duration) {
    let began = sim.now();
    let ended = support::deploy(sim, stack).await;
    (ended, sim.now() - began)
}

/// The one error of a failure.
#[track_caller]
fn only(ended: Result<Live, Failure>) -> Error {
    let failure = ended.expect_err("it cannot work");
    let [error] = failure.errors() else { panic!("{failure}") };
    error.clone()
}

async fn next(sim: &SimAws, stack: &Stack) -> Plan {
    Deployer::new(sim.aws()).plan(stack).await.expect("it can be planned")
}
