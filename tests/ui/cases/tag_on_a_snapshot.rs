use purlin::{InstanceTag, LaunchTemplate};

fn main() {
    let template = LaunchTemplate::builder().name("Web").tag_launched([InstanceTag::Snapshot], "Name", "Web").build();
}
