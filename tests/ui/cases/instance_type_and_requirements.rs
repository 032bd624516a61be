use purlin::{InstanceRequirements, LaunchTemplate};

fn main() {
    let requirements = InstanceRequirements::builder().vcpus(2..=4).memory_mib(4096..).build();
    let template = LaunchTemplate::builder().name("Web").instance_type("t3.micro").instance_type(requirements).build();
}
