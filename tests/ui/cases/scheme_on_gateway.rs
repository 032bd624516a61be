use purlin::{LoadBalancer, Scheme};

fn main() {
    let balancer = LoadBalancer::gateway().name("Firewall").scheme(Scheme::Internal);
}
