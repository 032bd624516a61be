//! Through the real SDK client: what groups do, and what they refuse.

mod groups;
mod life;
mod parts;
mod policies;
mod refreshes;
mod settings;

use std::time::Duration;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::operation::create_auto_scaling_group::builders::CreateAutoScalingGroupFluentBuilder;
use aws_sdk_autoscaling::types::{Activity, AutoScalingGroup, LaunchTemplateSpecification};
use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};

use crate::sim::SimAws;

/// Sends a request that must be refused with a code and a text in the message.
macro_rules! refused {
    ($request:expr, $code:literal, $text:expr) => {{
        use aws_sdk_autoscaling::error::ProvideErrorMetadata;
        let error = $request.send().await.expect_err("this request must be refused");
        assert_eq!(error.code(), Some($code), "{:?}", error.message());
        let message = error.message().unwrap_or_default();
        assert!(message.contains($text), "`{message}` does not contain `{}`", $text);
    }};
}
use refused;

/// An account with two subnets, an image, and the launch template `web` at version 1.
struct Lab {
    sim: SimAws,
    client: Client,
    vpc: String,
    subnets: Vec<String>,
    security_group: String,
}

impl Lab {
    async fn new() -> Self {
        let sim = SimAws::new();
        let vpc = sim.add_vpc("Lab", "10.0.0.0/16");
        let subnets = vec![
            sim.add_subnet(&vpc, "A", "ap-northeast-2a", "10.0.1.0/24"),
            sim.add_subnet(&vpc, "C", "ap-northeast-2c", "10.0.2.0/24"),
        ];
        let image = sim.add_image("Web");
        let security_group = sim.add_security_group(&vpc, "web");
        let lab = Self { client: sim.autoscaling(), sim, vpc, subnets, security_group };
        lab.sim
            .ec2()
            .create_launch_template()
            .launch_template_name("web")
            .launch_template_data(lab.template(&image))
            .send()
            .await
            .unwrap();
        lab
    }

    fn template(&self, image: &str) -> RequestLaunchTemplateData {
        RequestLaunchTemplateData::builder()
            .image_id(image)
            .instance_type(InstanceType::T3Micro)
            .security_group_ids(&self.security_group)
            .build()
    }

    /// Adds a version of the template `web`.
    async fn new_version(&self, image: &str) {
        self.sim
            .ec2()
            .create_launch_template_version()
            .launch_template_name("web")
            .launch_template_data(self.template(image))
            .send()
            .await
            .unwrap();
    }

    /// A request for the group `web`: 1 to 4 instances, 2 desired.
    fn create(&self) -> CreateAutoScalingGroupFluentBuilder {
        self.client
            .create_auto_scaling_group()
            .auto_scaling_group_name("web")
            .launch_template(web("1"))
            .vpc_zone_identifier(self.subnets.join(","))
            .min_size(1)
            .max_size(4)
            .desired_capacity(2)
    }

    /// The group `web`, with its instances in service.
    async fn running() -> Self {
        let lab = Self::new().await;
        lab.create().send().await.unwrap();
        pass(60).await;
        assert_eq!(lab.in_service(), 2);
        lab
    }

    async fn group(&self) -> Option<AutoScalingGroup> {
        let groups = self.client.describe_auto_scaling_groups().auto_scaling_group_names("web").send().await.unwrap();
        groups.auto_scaling_groups.unwrap().pop()
    }

    /// The activities of the group, newest first.
    async fn activities(&self) -> Vec<Activity> {
        let activities = self.client.describe_scaling_activities().auto_scaling_group_name("web").send().await.unwrap();
        activities.activities.unwrap()
    }

    fn desired(&self) -> i32 {
        self.sim.auto_scaling_group("web").unwrap().desired
    }

    fn in_service(&self) -> usize {
        self.sim.auto_scaling_group("web").unwrap().in_service()
    }

    /// Lifecycle states of the instances, in order of launch.
    fn states(&self) -> Vec<String> {
        self.sim.auto_scaling_group("web").unwrap().instances.into_iter().map(|instance| instance.lifecycle).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.sim.auto_scaling_group("web").unwrap().instances.into_iter().map(|instance| instance.id).collect()
    }

    fn versions(&self) -> Vec<i64> {
        self.sim.auto_scaling_group("web").unwrap().instances.iter().map(|instance| instance.template_version).collect()
    }

    /// A target group behind a listener of a load balancer, reachable, or not reachable for health checks.
    async fn target_group(&self, name: &str, reachable: bool) -> String {
        let elb = self.sim.elbv2();
        let arn = self.sim.add_target_group(name, &self.vpc, 80);
        let balancer = self.sim.add_load_balancer(format!("{name}-lb"), &self.subnets);
        let forward = aws_sdk_elasticloadbalancingv2::types::Action::builder()
            .r#type(aws_sdk_elasticloadbalancingv2::types::ActionTypeEnum::Forward)
            .target_group_arn(&arn)
            .build();
        elb.create_listener()
            .load_balancer_arn(balancer)
            .protocol(aws_sdk_elasticloadbalancingv2::types::ProtocolEnum::Http)
            .port(80)
            .default_actions(forward)
            .send()
            .await
            .unwrap();
        if reachable {
            self.open().await;
        }
        arn
    }

    /// Lets everybody reach the instances on port 80.
    async fn open(&self) {
        self.sim
            .ec2()
            .authorize_security_group_ingress()
            .group_id(&self.security_group)
            .ip_protocol("tcp")
            .from_port(80)
            .to_port(80)
            .cidr_ip("0.0.0.0/0")
            .send()
            .await
            .unwrap();
    }

    fn healths(&self, target_group: &str) -> Vec<String> {
        self.sim.target_health(target_group).into_iter().map(|target| target.state).collect()
    }
}

fn web(version: &str) -> LaunchTemplateSpecification {
    LaunchTemplateSpecification::builder().launch_template_name("web").version(version).build()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
