use purlin::{AutoScalingGroup, LaunchTemplate, MixedInstances, Ref};

fn main() {}

fn declare(template: Ref<LaunchTemplate>) {
    let mixed = MixedInstances::builder().template(template).build();
    AutoScalingGroup::builder().name("Web-ASG").launch_template(template).launch_template(mixed);
}
