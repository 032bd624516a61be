use purlin::{AutoScalingGroup, DefaultSubnets, Ref, Subnets};

fn main() {}

fn declare(private: Ref<Subnets>) {
    let zones = DefaultSubnets::in_zones(["ap-northeast-2a"]);
    AutoScalingGroup::builder().name("Web-ASG").subnets(private).subnets(zones);
}
