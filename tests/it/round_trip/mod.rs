//! Every property through its life: set, changed, left out again, changed by somebody else. The
//! table `tests/coverage.csv` says which member of the API each case stands for; what the table
//! claims is checked against the requests that the cases made.

mod auto_scaling_group;
mod case;
mod launch_template;
mod listener;
mod listener_rule;
mod load_balancer;
mod notification;
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
    [
        auto_scaling_group::cases(),
        launch_template::cases(),
        listener::cases(),
        listener_rule::cases(),
        load_balancer::cases(),
        notification::cases(),
        scaling_policy::cases(),
        scheduled_action::cases(),
        security_group::cases(),
        target_group::cases(),
    ]
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
    // What AWS keeps nothing of makes no round trip: only its requests are looked at.
    let mut only_sent = 0;
    if auto_scaling_group::REFRESHES.contains(&only) {
        only_sent += 1;
        match auto_scaling_group::refreshes().await {
            Ok(requests) => drop(seen.insert(auto_scaling_group::REFRESHES, requests)),
            Err(error) => wrong.push(error),
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    let checked = table::check(&seen, &only);
    println!("round trip: {} cases, {only_sent} of requests only; {checked}", seen.len() - only_sent);
}
