use purlin::LaunchTemplate;

fn main() {
    let arn = "arn:aws:iam::123456789012:instance-profile/web";
    let template = LaunchTemplate::builder().name("Web").instance_profile("web").instance_profile(arn).build();
}
