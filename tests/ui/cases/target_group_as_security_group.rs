use purlin::{Ingress, Stack, TargetGroup, Traffic, Vpc};

fn main() {
    let mut stack = Stack::new("web");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let targets = TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80)).build();
    let targets = stack.add("web", targets);
    let rule = Ingress::http().from_group(targets);
}
