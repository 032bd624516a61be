//! Auto Scaling groups, hooks and warm pools.

use super::case::Case;

pub(super) fn cases() -> Vec<Case> {
    Vec::new()
}
