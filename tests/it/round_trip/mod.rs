//! Every property through its life: set, changed, left out again, changed by somebody else. The
//! table `tests/coverage.csv` says which member of the API each case stands for; what the table
//! claims is checked against the requests that the cases made.

mod case;
mod scaling_policy;
mod scheduled_action;
mod security_group;
mod table;
mod target_group;

use std::collections::BTreeMap;

pub(crate) use case::Case;
use case::Seen;

/// All cases; a kind's are in its file.
pub(crate) fn cases() -> Vec<Case> {
    [scaling_policy::cases(), scheduled_action::cases(), security_group::cases(), target_group::cases()]
        .into_iter()
        .flatten()
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_property_is_set_changed_left_out_and_watched() {
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    let mut wrong = Vec::new();
    let only = std::env::var("ROUND_TRIP").unwrap_or_default();
    for case in cases().iter().filter(|case| case.name.contains(&only)) {
        match case.run().await {
            Ok(requests) => assert!(seen.insert(case.name, requests).is_none(), "two cases {}", case.name),
            Err(error) => wrong.push(error),
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    let checked = table::check(&seen, &only);
    println!("round trip: {} cases; {checked}", seen.len());
}
