use purlin::{AutoScalingGroup, Ref, Subnets};

fn main() {}

fn declare(private: Ref<Subnets>) {
    AutoScalingGroup::builder().name("Web-ASG").subnets(private).sizes(2..=4).build();
}
