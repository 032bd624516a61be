use purlin::{Ingress, SecurityGroup, Stack, Vpc};

fn main() {
    let mut stack = Stack::new("web");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = SecurityGroup::builder().name("web").description("web").vpc(vpc);
    let group = group.ingress(Ingress::http());
}
