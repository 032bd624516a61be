//! What is logged: `tracing` spans and events.
//!
//! Whoever installs a `tracing` subscriber sees every operation, step and call. Targets, names and
//! fields are part of the API: none is renamed or taken away without a major version; new ones may
//! come. No field holds user data, a client secret or a request's body.
//!
//! # Spans
//!
//! | Span | Target | Level | Fields |
//! |---|---|---|---|
//! | `plan` | `purlin::plan` | info | `stack`, `goal` |
//! | `apply` | `purlin::apply` | info | `stack`, `goal` |
//! | `step` | `purlin::step` | info | `address`, `step` |
//! | `call` | `purlin::call` | debug | `operation`, `attempt`, `address`, `request_id`, `code` |
//!
//! An apply plans once more, so that a `plan` is in it, and `step`s are in it; a `call` is in what it
//! is made for. `goal` is `deploy` or `destroy`; `step` the API operation or, of a wait, `ready` or
//! `gone`. A `call` is one attempt, from 1, from when it is sent until it is answered;
//! `address` is that of the resource, `request_id` AWS's id of the request, and `code` AWS's error
//! code, each if there is one.
//!
//! # Events
//!
//! | Event | Target | Level | Fields |
//! |---|---|---|---|
//! | `planned` | `purlin::plan` | info | `stack`, `steps` |
//! | `started` | `purlin::apply` | info | `stack`, `steps` |
//! | `step_started` | `purlin::step` | debug | `address`, `step` |
//! | `waiting` | `purlin::wait` | debug | `address`, `what`, `elapsed_ms` |
//! | `warning` | `purlin::warning` | warn | `address`, `text` |
//! | `retrying` | `purlin::retry` | info | `address`, `operation`, `code`, `attempt`, `delay_ms` |
//! | `step_finished` | `purlin::step` | info | `address`, `step`, `elapsed_ms` |
//! | `step_failed` | `purlin::step` | error | `address`, `step`, `error`, `code`, `request_id` |
//! | `step_skipped` | `purlin::step` | warn | `address`, `step` |
//! | `finished` | `purlin::apply` | info | `stack`, `elapsed_ms`, `failed`, `skipped` |
//! | `answered` | `purlin::call` | debug | `elapsed_ms` |
//! | `refused` | `purlin::call` | debug | `elapsed_ms` |
//!
//! The name is the event's message. All but the first and the last two are what a
//! [`Reporter`](crate::Reporter) is told as an [`Event`], with the same names as in
//! [`JsonLines`](crate::JsonLines); `answered` and `refused` end a `call`, whose fields say the rest.
//!
//! ```text
//! RUST_LOG=purlin=info         # operations and their steps
//! RUST_LOG=purlin::call=debug  # every call with its request id
//! ```

use std::time::Duration;

use tracing::field::Empty;
use tracing::{Span, debug, debug_span, error, info, info_span, warn};

use crate::engine::Event;
use crate::plan::{Goal, Plan, StepKind};
use crate::stack::Address;

/// Milliseconds, as all fields that end in `_ms` have them.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn name(goal: Goal) -> &'static str {
    match goal {
        Goal::Deploy => "deploy",
        Goal::Destroy => "destroy",
    }
}

pub(crate) fn plan(stack: &str, goal: Goal) -> Span {
    info_span!(target: "purlin::plan", "plan", stack, goal = name(goal))
}

pub(crate) fn apply(stack: &str, goal: Goal) -> Span {
    info_span!(target: "purlin::apply", "apply", stack, goal = name(goal))
}

pub(crate) fn step(address: &Address, step: StepKind) -> Span {
    info_span!(target: "purlin::step", "step", %address, %step)
}

pub(crate) fn call(operation: &'static str, attempt: u32, address: Option<&Address>) -> Span {
    let address = address.map(Address::as_str);
    debug_span!(target: "purlin::call", "call", operation, attempt, address, request_id = Empty, code = Empty)
}

/// Tells that a plan was made.
pub(crate) fn planned(plan: &Plan) {
    info!(target: "purlin::plan", stack = plan.stack, steps = plan.steps.len(), "planned");
}

/// Tells that a call was answered as asked.
pub(crate) fn answered(call: &Span, request_id: Option<&str>, elapsed: Duration) {
    call.record("request_id", request_id);
    call.in_scope(|| debug!(target: "purlin::call", elapsed_ms = millis(elapsed), "answered"));
}

/// Tells that a call was refused, or not answered at all.
pub(crate) fn refused(call: &Span, request_id: Option<&str>, code: Option<&str>, elapsed: Duration) {
    call.record("request_id", request_id).record("code", code);
    call.in_scope(|| debug!(target: "purlin::call", elapsed_ms = millis(elapsed), "refused"));
}

/// Tells what those who watch are told.
pub(crate) fn record(event: &Event) {
    match event {
        Event::Started { stack, steps } => info!(target: "purlin::apply", stack, steps, "started"),
        Event::StepStarted { address, step } => {
            debug!(target: "purlin::step", %address, %step, "step_started");
        }
        Event::Waiting { address, what, elapsed } => {
            debug!(target: "purlin::wait", %address, what, elapsed_ms = millis(*elapsed), "waiting");
        }
        Event::Warning { address, text } => warn!(target: "purlin::warning", %address, text, "warning"),
        Event::Retrying { address, operation, code, attempt, delay } => {
            let (address, delay_ms) = (address.as_ref().map(Address::as_str), millis(*delay));
            info!(target: "purlin::retry", address, operation, code, attempt, delay_ms, "retrying");
        }
        Event::StepFinished { address, step, elapsed } => {
            info!(target: "purlin::step", %address, %step, elapsed_ms = millis(*elapsed), "step_finished");
        }
        Event::StepFailed { address, step, error, code, request_id } => {
            error!(target: "purlin::step", %address, %step, error, code, request_id, "step_failed");
        }
        Event::StepSkipped { address, step } => warn!(target: "purlin::step", %address, %step, "step_skipped"),
        Event::Finished { stack, elapsed, failed, skipped } => {
            info!(target: "purlin::apply", stack, elapsed_ms = millis(*elapsed), failed, skipped, "finished");
        }
    }
}
