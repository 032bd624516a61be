//! What happens during an operation, for those who watch.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::plan::StepKind;
use crate::stack::Address;

/// Something that happened.
///
/// As text it is one line for people, as [`Lines`](crate::Lines) shows it; serialized it is what
/// [`JsonLines`](crate::JsonLines) writes, with names that stay.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A plan begins to be carried out.
    Started {
        /// The stack.
        stack: String,
        /// How many steps it has.
        steps: usize,
    },
    /// A step begins.
    StepStarted {
        /// The resource.
        address: Address,
        /// The step.
        step: StepKind,
    },
    /// A step still waits.
    Waiting {
        /// The resource.
        address: Address,
        /// What is missing.
        what: String,
        /// How long it has waited.
        #[serde(rename = "elapsed_ms", serialize_with = "millis")]
        elapsed: Duration,
    },
    /// Something is no failure, and should be looked at.
    Warning {
        /// The resource.
        address: Address,
        /// What it is.
        text: String,
    },
    /// A call is tried again after a while.
    Retrying {
        /// The resource; none while observing.
        address: Option<Address>,
        /// The API operation.
        operation: &'static str,
        /// AWS's error code.
        code: Option<String>,
        /// Which attempt failed, from 1.
        attempt: u32,
        /// Until the next attempt.
        #[serde(rename = "delay_ms", serialize_with = "millis")]
        delay: Duration,
    },
    /// A step is done.
    StepFinished {
        /// The resource.
        address: Address,
        /// The step.
        step: StepKind,
        /// How long it took.
        #[serde(rename = "elapsed_ms", serialize_with = "millis")]
        elapsed: Duration,
    },
    /// A step failed.
    StepFailed {
        /// The resource.
        address: Address,
        /// The step.
        step: StepKind,
        /// Why, with everything that the error tells.
        error: String,
        /// AWS's error code, if AWS refused something.
        code: Option<String>,
        /// The id of the refused request, for AWS's support.
        request_id: Option<String>,
    },
    /// A step was not begun, or a wait was given up: one that it needs failed, or the operation was
    /// interrupted or out of time.
    StepSkipped {
        /// The resource.
        address: Address,
        /// The step.
        step: StepKind,
    },
    /// All is done, or as much as could be.
    Finished {
        /// The stack.
        stack: String,
        /// How long it took.
        #[serde(rename = "elapsed_ms", serialize_with = "millis")]
        elapsed: Duration,
        /// How many steps failed.
        failed: usize,
        /// How many were not begun or given up.
        skipped: usize,
    },
}

fn millis<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(crate::telemetry::millis(*time))
}

/// Watches an operation. Called from the task that runs it: return at once.
///
/// What happens is not told apart by deploy: several that run at once are each given a reporter of
/// their own.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use purlin::{Event, Reporter};
///
/// struct Count(AtomicUsize);
///
/// impl Reporter for Count {
///     fn report(&self, _event: &Event) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
/// ```
pub trait Reporter: Send + Sync {
    /// Takes note of something that happened.
    fn report(&self, event: &Event);
}

/// Any function of an event watches.
impl<F: Fn(&Event) + Send + Sync> Reporter for F {
    fn report(&self, event: &Event) {
        self(event);
    }
}
