use purlin::{Ingress, Ref, SecurityGroup, Stack, Vpc};

fn main() {
    let mut stack = Stack::new("peers");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = |other: Ref<SecurityGroup>| {
        SecurityGroup::builder().name("a").description("a").vpc(vpc).ingress(Ingress::tcp(7000).from_group(other)).build()
    };
    let a = stack.add("a", group(b));
    let b = stack.add("b", group(a));
}
