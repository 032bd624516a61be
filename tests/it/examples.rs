//! The stacks of the examples beside the lab, as their readers run them.

use purlin::Stack;
use purlin::sim::{SimAws, SimImage};

use crate::support;

macro_rules! example {
    ($name:ident, $path:literal) => {
        #[path = $path]
        #[allow(dead_code, reason = "only the stack is of use here")]
        mod $name;
    };
}

example!(https_services, "../../examples/https_services.rs");
example!(many_tenants, "../../examples/many_tenants.rs");
example!(own_tests, "../../examples/own_tests.rs");
example!(spot_schedule, "../../examples/spot_schedule.rs");
example!(tcp_service, "../../examples/tcp_service.rs");
example!(two_groups, "../../examples/two_groups.rs");

/// All of them by name.
pub fn stacks() -> Vec<(String, Stack)> {
    let all = [
        ("https_services", https_services::site().0),
        ("many_tenants", many_tenants::tenant("acme")),
        ("own_tests", own_tests::api("t3.micro")),
        ("spot_schedule", spot_schedule::workers()),
        ("tcp_service", tcp_service::broker().0),
        ("two_groups", two_groups::cache()),
    ];
    all.map(|(name, stack)| (name.to_owned(), stack)).into()
}

/// An account that has what any of them looks up.
pub fn account() -> SimAws {
    let sim = SimAws::new();
    support::network(&sim);
    for (name, ports) in [
        ("orders v1", vec![8080]),
        ("users v1", vec![9090]),
        ("Api v1", vec![80]),
        ("Worker v1", vec![]),
        ("Broker v1", vec![1883]),
    ] {
        sim.add_custom_image(SimImage::named(name).serves(&ports));
    }
    sim
}

/// An example that is not listed is not looked at.
#[test]
fn every_example_is_listed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut names: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "web_asg")
        .collect();
    names.sort();
    assert_eq!(stacks().into_iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
}
