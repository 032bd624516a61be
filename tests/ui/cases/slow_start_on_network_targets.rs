use std::time::Duration;

use purlin::{Stack, TargetGroup, Traffic, Vpc};

fn main() {
    let mut stack = Stack::new("db");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = TargetGroup::builder().name("db").vpc(vpc).slow_start(Duration::from_secs(30));
    stack.add("db", group.traffic(Traffic::tcp(5432)).build());
}
