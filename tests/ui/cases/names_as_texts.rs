use purlin::{AutoScalingGroup, LifecycleHook};

fn main() {
    AutoScalingGroup::builder().group_metrics_of(["GroupMinSize"]);
    AutoScalingGroup::builder().suspended_processes(["Launch"]);
    LifecycleHook::builder().name("drain").transition("autoscaling:EC2_INSTANCE_TERMINATING");
}
