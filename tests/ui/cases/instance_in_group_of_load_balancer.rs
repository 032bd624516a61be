use purlin::{Target, TargetGroup, Traffic};

fn main() {
    let group = TargetGroup::builder().traffic(Traffic::to_load_balancer(80)).target(Target::ip([10, 0, 0, 1]));
}
