use purlin::{AutoScalingGroup, Ref, Vpc};

fn main() {}

fn declare(vpc: Ref<Vpc>) {
    AutoScalingGroup::builder().name("Web-ASG").subnets(vpc);
}
