use purlin::{AutoScalingGroup, GroupHealthCheck};

fn main() {
    // EC2's own check is always there.
    AutoScalingGroup::builder().health_check(GroupHealthCheck::LoadBalancer).health_check(GroupHealthCheck::Ec2);
}
