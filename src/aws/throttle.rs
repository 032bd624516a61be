//! Slowing down together: what one call is told to, all calls of the same operation do.
//!
//! AWS limits each operation by a bucket of tokens that refills at its own rate (EC2 developer guide,
//! "Request throttling"; Elastic Load Balancing user guide, "Request throttling"). A client does not
//! know the rate, so it is found by trying: lowered at every refusal, raised a little by every answer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The rates at which operations are called; those that AWS has not slowed down have none.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    rates: Mutex<HashMap<&'static str, Rate>>,
}

#[derive(Debug, Clone, Copy)]
struct Rate {
    /// Calls a second.
    per_second: f64,
    /// When the next call may go.
    next: Instant,
    /// When the rate was lowered last: refusals of calls that went before say nothing new.
    lowered: Instant,
}

/// Where the search begins: the order of what AWS documents for writes (3 to 5 a second).
const FIRST: f64 = 4.0;
const LEAST: f64 = 0.5;
/// What a refusal leaves, as in the adaptive mode of the SDKs.
const LOWER: f64 = 0.7;
/// As fast as this, nothing needs to be held back any more.
const ENOUGH: f64 = 40.0;
/// What an answer adds.
const RAISE: f64 = 0.1;

impl Throttle {
    fn change<T>(&self, change: impl FnOnce(&mut HashMap<&'static str, Rate>) -> T) -> T {
        change(&mut self.rates.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for the turn of a call.
    pub(crate) async fn turn(&self, operation: &'static str) {
        let turn = self.change(|rates| {
            let rate = rates.get_mut(operation)?;
            let turn = rate.next.max(Instant::now());
            rate.next = turn + Duration::from_secs_f64(1.0 / rate.per_second);
            Some(turn)
        });
        if let Some(turn) = turn {
            tokio::time::sleep_until(turn).await;
        }
    }

    /// AWS asked to slow down, of a call that was sent at `sent`.
    pub(crate) fn refused(&self, operation: &'static str, sent: Instant) {
        self.change(|rates| {
            let now = Instant::now();
            match rates.get_mut(operation) {
                None => {
                    rates.insert(operation, Rate { per_second: FIRST, next: now, lowered: now });
                }
                Some(rate) if sent > rate.lowered => {
                    rate.per_second = (rate.per_second * LOWER).max(LEAST);
                    rate.lowered = now;
                }
                Some(_) => {}
            }
        });
    }

    /// AWS answered.
    pub(crate) fn answered(&self, operation: &'static str) {
        self.change(|rates| {
            if let Some(rate) = rates.get_mut(operation) {
                rate.per_second += RAISE;
                if rate.per_second >= ENOUGH {
                    rates.remove(operation);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_refusal_slows_all_calls_of_the_operation_and_no_others() {
        let throttle = Throttle::default();
        let began = Instant::now();
        for _ in 0..100 {
            throttle.turn("CreateRule").await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        throttle.refused("CreateRule", Instant::now());
        for _ in 0..21 {
            throttle.turn("CreateRule").await;
        }
        assert!((4950..5100).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
        let began = Instant::now();
        throttle.turn("CreateListener").await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_of_one_burst_count_once_and_answers_bring_the_speed_back() {
        let throttle = Throttle::default();
        let burst = Instant::now();
        throttle.refused("CreateRule", burst);
        tokio::time::advance(Duration::from_secs(1)).await;
        for _ in 0..10 {
            throttle.refused("CreateRule", burst);
        }
        let rate = |throttle: &Throttle| throttle.change(|rates| rates.get("CreateRule").map(|rate| rate.per_second));
        assert_eq!(rate(&throttle), Some(FIRST));
        throttle.refused("CreateRule", Instant::now());
        assert_eq!(rate(&throttle), Some(FIRST * LOWER));
        for _ in 0..1000 {
            throttle.answered("CreateRule");
        }
        assert_eq!(rate(&throttle), None);
    }
}
