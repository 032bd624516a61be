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
pub(crate) use listener::OWN_CERTIFICATES;

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

/// Runs every so-manieth case; each thread has a runtime and a simulated AWS of its own.
fn share(nth: usize, of: usize, only: &str) -> Vec<(&'static str, Result<Seen, String>)> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    let cases = cases().into_iter().filter(|case| case.name.contains(only)).skip(nth).step_by(of);
    cases.map(|case| (case.name, runtime.block_on(case.run()))).collect()
}

#[tokio::test(start_paused = true)]
async fn every_property_is_set_changed_left_out_and_watched() {
    let only = std::env::var("ROUND_TRIP").unwrap_or_default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut outcomes = std::thread::scope(|scope| {
        let shares: Vec<_> = (0..threads)
            .map(|nth| {
                let only = &only;
                scope.spawn(move || share(nth, threads, only))
            })
            .collect();
        shares.into_iter().flat_map(|share| share.join().expect("the cases run")).collect::<Vec<_>>()
    });
    let cases = outcomes.len();
    // What AWS keeps nothing of makes no round trip: only its requests are looked at.
    if auto_scaling_group::REFRESHES.contains(&only) {
        outcomes.push((auto_scaling_group::REFRESHES, auto_scaling_group::refreshes().await));
    }
    let only_sent = outcomes.len() - cases;
    let (mut seen, mut wrong) = (BTreeMap::new(), Vec::new());
    for (name, outcome) in outcomes {
        match outcome {
            Ok(requests) => assert!(seen.insert(name, requests).is_none(), "two cases {name}"),
            Err(error) => wrong.push(error),
        }
    }
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    let checked = table::check(&seen, &only);
    println!("round trip: {cases} cases, {only_sent} of requests only; {checked}");
}
