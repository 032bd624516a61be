//! Every property through its life: set, changed, left out again, changed by somebody else. The
//! table `tests/coverage.csv` says which member of the API each case stands for; what the table
//! claims is checked against the requests that the cases made.

mod case;
mod table;
mod target_group;

use std::collections::BTreeMap;

use case::{Case, Seen};

/// All cases; a kind's are in its file.
fn cases() -> Vec<Case> {
    [target_group::cases()].into_iter().flatten().collect()
}

#[tokio::test(start_paused = true)]
async fn every_property_is_set_changed_left_out_and_watched() {
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    let only = std::env::var("ROUND_TRIP").unwrap_or_default();
    for case in cases().iter().filter(|case| case.name.contains(&only)) {
        let requests = case.run().await;
        assert!(seen.insert(case.name, requests).is_none(), "{}: there are two cases of this name", case.name);
    }
    let checked = table::check(&seen, &only);
    println!("round trip: {} cases; {checked}", seen.len());
}
