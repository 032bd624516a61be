use purlin::{LoadBalancer, Ref, TargetTracking};

fn tracking(balancer: Ref<LoadBalancer>) -> TargetTracking {
    TargetTracking::requests_per_target(balancer, balancer, 1000.0)
}

fn main() {}
