use purlin::{Stack, TargetGroup, Vpc};

fn main() {
    let mut stack = Stack::new("web");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    stack.add("web", TargetGroup::builder().name("Web-TG").vpc(vpc).build());
}
