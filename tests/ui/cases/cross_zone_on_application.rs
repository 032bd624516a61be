use purlin::LoadBalancer;

fn main() {
    let balancer = LoadBalancer::application().name("Web-ALB").cross_zone(true);
}
