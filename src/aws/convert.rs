//! Small conversions between the SDK's types and ours.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_ec2::types::Filter;

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

/// Two lists as one, each thing once.
pub(super) fn join<T>(first: Vec<T>, second: Vec<T>, id: fn(&T) -> Option<&str>) -> Vec<T> {
    let known: HashSet<String> = first.iter().filter_map(id).map(ToOwned::to_owned).collect();
    let new = second.into_iter().filter(|item| !id(item).is_some_and(|id| known.contains(id)));
    first.into_iter().chain(new).collect()
}

/// A filter of EC2's reads.
pub(super) fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(ToOwned::to_owned).collect())).build()
}

/// What `wanted` has more than `present`.
pub(super) fn more<T: PartialEq + Clone>(wanted: &[T], present: &[T]) -> Vec<T> {
    wanted.iter().filter(|item| !present.contains(item)).cloned().collect()
}
