//! Every rule of AWS that purlin knows: what is just inside passes, what is just outside is reported
//! under the id of the rule. The table `tests/rules.csv` says of each rule how it is enforced.

mod auto_scaling_group;
mod balancer;
mod case;
mod launch_template;
mod listener;
mod policy;
mod security_group;
mod table;
mod target_group;

use case::Case;

fn cases() -> Vec<Case> {
    [
        balancer::cases(),
        target_group::cases(),
        listener::cases(),
        security_group::cases(),
        launch_template::cases(),
        auto_scaling_group::cases(),
        policy::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[tokio::test(start_paused = true)]
async fn every_rule_passes_what_is_inside_and_reports_what_is_outside() {
    let only = std::env::var("RULES").unwrap_or_default();
    let cases: Vec<_> = cases().into_iter().filter(|case| only.is_empty() || case.id == only).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        if let Err(error) = case.run().await {
            wrong.push(error);
        }
    }
    let checked = table::check(&cases, &only, &mut wrong);
    println!("rules: {} cases; {checked}", cases.len());
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
