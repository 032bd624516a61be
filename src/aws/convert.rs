//! Small conversions between the SDK's types and ours.

use std::time::Duration;

/// Seconds as the APIs take them.
pub(super) fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

/// Seconds as the APIs answer them.
pub(super) fn duration(seconds: i32) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// A count as the APIs take it.
pub(super) fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A count as the APIs answer it.
pub(super) fn uncount(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

/// What `wanted` has more than `present`.
pub(super) fn more<T: PartialEq + Clone>(wanted: &[T], present: &[T]) -> Vec<T> {
    wanted.iter().filter(|item| !present.contains(item)).cloned().collect()
}
