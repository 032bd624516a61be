use purlin::InstanceRequirements;

fn main() {
    let requirements = InstanceRequirements::builder().vcpus(2..=4).build();
}
