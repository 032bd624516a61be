use purlin::{AutoScalingGroup, LaunchTemplate, Stack};

fn main() {
    let mut stack = Stack::new("web");
    let template = stack.add("web", LaunchTemplate::builder().name("Web").instance_type("t2.micro").build());
    stack.add("web", AutoScalingGroup::builder().name("Web-ASG").launch_template(template).sizes(2..=4).build());
}
