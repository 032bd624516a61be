use std::time::Duration;

use purlin::LoadBalancer;

fn main() {
    let balancer = LoadBalancer::network().name("Web-NLB").idle_timeout(Duration::from_secs(30));
}
