use purlin::{SecurityGroup, Stack, Vpc};

fn main() {
    let mut stack = Stack::new("web");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    stack.add("web", SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc));
}
