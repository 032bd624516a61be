use purlin::{ApplicationIpAddressType, LoadBalancer};

fn main() {
    let kind = ApplicationIpAddressType::DualstackWithoutPublicIpv4;
    let balancer = LoadBalancer::network().name("Web-NLB").ip_address_type(kind);
}
