use purlin::{LoadBalancer, SubnetMapping};

fn main() {
    let balancer = LoadBalancer::application().name("Web-ALB").subnet_mapping(SubnetMapping::new());
}
