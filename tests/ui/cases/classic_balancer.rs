use purlin::LoadBalancer;

fn main() {
    let balancer = LoadBalancer::classic().name("Web-CLB");
}
