use purlin::{Stack, TargetGroup, Traffic, Vpc};

fn main() {
    let mut stack = Stack::new("web");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let targets = TargetGroup::builder().name("Web-TG").name("Other-TG").vpc(vpc).traffic(Traffic::http(80));
    stack.add("web", targets.build());
}
