use purlin::{LoadBalancer, SecurityGroupId};

fn main() {
    let group: SecurityGroupId = "sg-1".parse().unwrap();
    let balancer = LoadBalancer::gateway().name("Firewall").security_group(group);
}
