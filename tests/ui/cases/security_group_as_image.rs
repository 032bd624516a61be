use purlin::{LaunchTemplate, Ref, SecurityGroup};

fn main() {}

fn declare(group: Ref<SecurityGroup>) {
    let template = LaunchTemplate::builder().name("Web").image(group).build();
}
