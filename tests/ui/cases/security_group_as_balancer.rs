use purlin::{Accept, Listener, SecurityGroup, Stack, Vpc};

fn main() {
    let mut stack = Stack::new("web");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc).build();
    let group = stack.add("web", group);
    let listener = Listener::builder().load_balancer(group).accept(Accept::http(80));
}
