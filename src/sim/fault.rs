//! Faults that a test injects: by operation, count, chance and time; refusals, lost answers, throttling
//! and slowness.

use std::time::Duration;

use super::error::{ApiError, Service};
use super::limit;

/// Something to go wrong in the simulated AWS.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use purlin::sim::{Fault, SimAws};
///
/// let sim = SimAws::new();
/// // The first two calls are asked to slow down.
/// sim.inject(Fault::on("CreateLoadBalancer").throttle().times(2));
/// // One call in ten of whatever sort is done and not answered, in the first minute.
/// sim.inject(Fault::anywhere().lose_answer().chance(0.1, 42).between(Duration::ZERO, Duration::from_secs(60)));
/// // Answers to this one take ten seconds longer.
/// sim.inject(Fault::on("DescribeTags").slow(Duration::from_secs(10)));
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    /// `None` for every operation.
    operation: Option<String>,
    error: ApiError,
    kind: Kind,
    after: usize,
    times: usize,
    chance: f64,
    seed: u64,
    from: Duration,
    until: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Refuse,
    LoseAnswer,
    Throttle,
    Slow(Duration),
}

impl Fault {
    /// Makes every call of `operation` (such as `CreateLoadBalancer`) fail with
    /// `InternalFailure`, until narrowed down by the other methods.
    #[must_use]
    pub fn on(operation: impl Into<String>) -> Self {
        Self { operation: Some(operation.into()), ..Self::anywhere() }
    }

    /// Makes every call of any operation fail with `InternalFailure`, until narrowed down by the
    /// other methods. Launches by Auto Scaling groups are met only by faults on `RunInstances`.
    #[must_use]
    pub fn anywhere() -> Self {
        Self {
            operation: None,
            error: ApiError::new("InternalFailure", "An internal error has occurred.").with_status(500),
            kind: Kind::Refuse,
            after: 0,
            times: usize::MAX,
            chance: 1.0,
            seed: 0,
            from: Duration::ZERO,
            until: Duration::MAX,
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

    /// Does the work and loses the answer: the call fails, and has happened all the same.
    #[must_use]
    pub fn lose_answer(mut self) -> Self {
        self.kind = Kind::LoseAnswer;
        self
    }

    /// Refuses as the called service does when it asks to slow down; a code and a message that are
    /// set do not matter.
    #[must_use]
    pub fn throttle(mut self) -> Self {
        self.kind = Kind::Throttle;
        self
    }

    /// Lets the call succeed, and its answer take so much longer.
    #[must_use]
    pub fn slow(mut self, latency: Duration) -> Self {
        self.kind = Kind::Slow(latency);
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

    /// Meets a call only with this chance, from 0 to 1; the same seed meets the same calls.
    #[must_use]
    pub fn chance(mut self, chance: f64, seed: u64) -> Self {
        (self.chance, self.seed) = (chance, seed);
        self
    }

    /// Meets only calls between two instants of virtual time, as [`SimAws::now`](super::SimAws::now)
    /// tells it; the second one is no longer a part.
    #[must_use]
    pub fn between(mut self, from: Duration, until: Duration) -> Self {
        (self.from, self.until) = (from, until);
        self
    }

    pub(crate) fn armed(self) -> FaultState {
        FaultState { random: self.seed, fault: self, seen: 0, met: 0 }
    }
}

/// A fault and how often it was met.
#[derive(Debug)]
pub(crate) struct FaultState {
    fault: Fault,
    /// Calls that it could have met.
    seen: usize,
    met: usize,
    random: u64,
}

impl FaultState {
    fn is_slow(&self) -> bool {
        matches!(self.fault.kind, Kind::Slow(_))
    }

    /// Whether this call is met.
    fn meets(&mut self, operation: &str, now: Duration) -> bool {
        let fault = &self.fault;
        if fault.operation.as_ref().is_some_and(|only| only != operation) || !(fault.from..fault.until).contains(&now) {
            return false;
        }
        self.seen += 1;
        let met = self.seen > fault.after && self.met < fault.times && self.draw() < self.fault.chance;
        self.met += usize::from(met);
        met
    }

    /// A number from 0 up to 1: splitmix64, which is enough for a coin.
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What to do with a call.
pub(crate) enum Verdict {
    Proceed,
    Refuse(ApiError),
    LoseAnswer(ApiError),
}

/// Asks the faults in the order in which they were injected; the first that applies decides.
pub(crate) fn verdict(faults: &mut [FaultState], service: Service, operation: &str, now: Duration) -> Verdict {
    let Some(met) =
        faults.iter_mut().find_map(|state| (!state.is_slow() && state.meets(operation, now)).then_some(state))
    else {
        return Verdict::Proceed;
    };
    match met.fault.kind {
        Kind::LoseAnswer => Verdict::LoseAnswer(met.fault.error.clone()),
        Kind::Throttle => Verdict::Refuse(limit::slow_down(service)),
        Kind::Refuse | Kind::Slow(_) => Verdict::Refuse(met.fault.error.clone()),
    }
}

/// What is in the way of a launch by an Auto Scaling group, which calls `RunInstances` by itself: only
/// faults that name this operation are meant for it.
pub(crate) fn launch(faults: &mut [FaultState], now: Duration) -> Option<ApiError> {
    let mut meant = faults.iter_mut().filter(|state| state.fault.operation.is_some() && !state.is_slow());
    let met = meant.find_map(|state| state.meets("RunInstances", now).then_some(state))?;
    Some(if met.fault.kind == Kind::Throttle { limit::slow_down(Service::Ec2) } else { met.fault.error.clone() })
}

/// How much longer the answer to a call takes.
pub(crate) fn latency(faults: &mut [FaultState], operation: &str, now: Duration) -> Duration {
    let met = faults.iter_mut().filter(|state| state.is_slow()).filter_map(|state| {
        let Kind::Slow(latency) = state.fault.kind else { return None };
        state.meets(operation, now).then_some(latency)
    });
    met.sum()
}
