use purlin::{AutoScalingGroup, Ref, TargetGroup};

fn main() {}

fn declare(targets: Ref<TargetGroup>) {
    AutoScalingGroup::builder().name("Web-ASG").target_group(targets).vpc_lattice_target_group(targets);
}
