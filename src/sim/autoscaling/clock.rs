//! Virtual time as Auto Scaling writes it.

use std::time::Duration;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use crate::sim::world::World;

/// A moment of virtual time as a timestamp.
pub(super) fn date(at: Duration) -> DateTime {
    World::timestamp(at)
}

/// A moment as the texts of scaling activities have it: `2026-01-01T00:00:03Z`.
pub(super) fn stamp(at: Duration) -> String {
    date(Duration::from_secs(at.as_secs())).fmt(Format::DateTime).unwrap_or_default()
}

/// A count of seconds; settings below zero mean none.
pub(super) fn seconds(count: i32) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or_default())
}
