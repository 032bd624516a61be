//! Faults that a test injects: refusals by operation and count.

use super::error::ApiError;

/// A refusal to inject into the simulated AWS.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use purlin::sim::{Fault, SimAws};
///
/// let sim = SimAws::new();
/// sim.inject(Fault::on("CreateLoadBalancer").code("Throttling").times(2));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    operation: String,
    error: ApiError,
    after: usize,
    times: usize,
    lose_answer: bool,
}

impl Fault {
    /// Makes every call of `operation` (such as `CreateLoadBalancer`) fail with
    /// `InternalFailure`, until narrowed down by the other methods.
    #[must_use]
    pub fn on(operation: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            error: ApiError::new("InternalFailure", "An internal error has occurred.").with_status(500),
            after: 0,
            times: usize::MAX,
            lose_answer: false,
        }
    }

    /// Sets the error code. A client error (HTTP 400) unless the code is one of AWS's server
    /// errors.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.error.code = code.into();
        self.error.status = match self.error.code.as_str() {
            "InternalFailure" | "InternalError" => 500,
            "ServiceUnavailable" | "Unavailable" => 503,
            _ => 400,
        };
        self
    }

    /// Sets the error message.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.error.message = message.into();
        self
    }

    /// Lets the first `calls` calls through.
    #[must_use]
    pub fn after(mut self, calls: usize) -> Self {
        self.after = calls;
        self
    }

    /// Fails only `times` calls, then lets the rest through.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Does the work and loses the answer: the call fails, and has happened all the same.
    #[must_use]
    pub fn lose_answer(mut self) -> Self {
        self.lose_answer = true;
        self
    }
}

/// A fault and how often it was met.
#[derive(Debug)]
pub(crate) struct FaultState {
    fault: Fault,
    seen: usize,
}

/// What to do with a call.
pub(crate) enum Verdict {
    Proceed,
    Refuse(ApiError),
    LoseAnswer(ApiError),
}

impl Fault {
    pub(crate) fn armed(self) -> FaultState {
        FaultState { fault: self, seen: 0 }
    }

    /// Asks the faults in the order in which they were injected; the first that applies decides.
    pub(crate) fn verdict(faults: &mut [FaultState], operation: &str) -> Verdict {
        for state in faults.iter_mut().filter(|state| state.fault.operation == operation) {
            let nth = state.seen;
            state.seen += 1;
            let fault = &state.fault;
            if nth >= fault.after && nth - fault.after < fault.times {
                return if fault.lose_answer {
                    Verdict::LoseAnswer(fault.error.clone())
                } else {
                    Verdict::Refuse(fault.error.clone())
                };
            }
        }
        Verdict::Proceed
    }
}
