//! Load balancers.

use purlin::*;

use super::case::Case;

fn named(name: &str) -> Stack {
    let mut stack = Stack::new("rules");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    stack.add("it", LoadBalancer::application().name(name).subnets(public).build());
    stack
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("V1", "32 characters", "name", |inside| named(&"a".repeat(if inside { 32 } else { 33 }))),
        Case::new("V2", "letters, digits, hyphens", "name", |inside| named(if inside { "a-1" } else { "a_1" })),
        Case::new("V3", "a hyphen at the end", "name", |inside| named(if inside { "a-b" } else { "a-" })),
        Case::new("V4", "internal-", "name", |inside| named(if inside { "internal" } else { "internal-a" })),
    ]
}
