//! Elastic Load Balancing through its SDK client.

mod attribute;
mod balancer;
mod health;
mod listener;
mod rule;
mod tag;
mod target_group;

use std::fmt::Debug;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::{ActionTypeEnum, LoadBalancerTypeEnum, ProtocolEnum};

use crate::sim::SimAws;

const CERTIFICATE: &str = "arn:aws:acm:ap-northeast-2:123456789012:certificate/0001";
const OTHER_CERTIFICATE: &str = "arn:aws:iam::123456789012:server-certificate/other";
const MISSING_CERTIFICATE: &str = "arn:aws:acm:ap-northeast-2:123456789012:certificate/missing";

/// A VPC with two public and two private subnets in the same two zones.
struct Lab {
    sim: SimAws,
    elb: Client,
    vpc: String,
    public: [String; 2],
    private: [String; 2],
}

impl Lab {
    fn new() -> Self {
        let sim = SimAws::new();
        let vpc = sim.add_vpc("Lab-VPC", "10.0.0.0/16");
        let public = [
            sim.add_public_subnet(&vpc, "Public-A", "ap-northeast-2a", "10.0.1.0/24"),
            sim.add_public_subnet(&vpc, "Public-B", "ap-northeast-2b", "10.0.2.0/24"),
        ];
        let private = [
            sim.add_subnet(&vpc, "Private-A", "ap-northeast-2a", "10.0.11.0/24"),
            sim.add_subnet(&vpc, "Private-B", "ap-northeast-2b", "10.0.12.0/24"),
        ];
        Self { elb: sim.elbv2(), sim, vpc, public, private }
    }

    /// An internet-facing Application Load Balancer.
    async fn balancer(&self, name: &str) -> String {
        self.balancer_of(name, LoadBalancerTypeEnum::Application).await
    }

    async fn balancer_of(&self, name: &str, kind: LoadBalancerTypeEnum) -> String {
        let request = self.elb.create_load_balancer().name(name).r#type(kind);
        let created = request.set_subnets(Some(self.public.to_vec())).send().await.unwrap();
        created.load_balancers()[0].load_balancer_arn().unwrap().to_owned()
    }

    /// A target group of instances, for HTTP on port 80.
    async fn group(&self, name: &str) -> String {
        self.group_of(name, ProtocolEnum::Http).await
    }

    async fn group_of(&self, name: &str, protocol: ProtocolEnum) -> String {
        let port = if protocol == ProtocolEnum::Geneve { 6081 } else { 80 };
        let request = self.elb.create_target_group().name(name).vpc_id(&self.vpc);
        let created = request.protocol(protocol).port(port).send().await.unwrap();
        created.target_groups()[0].target_group_arn().unwrap().to_owned()
    }

    /// A listener for HTTP on port 80.
    async fn listener(&self, balancer: &str, action: sdk::Action) -> String {
        let request = self.elb.create_listener().load_balancer_arn(balancer).default_actions(action);
        let created = request.protocol(ProtocolEnum::Http).port(80).send().await.unwrap();
        created.listeners()[0].listener_arn().unwrap().to_owned()
    }

    async fn described(&self, balancer: &str) -> sdk::LoadBalancer {
        let found = self.elb.describe_load_balancers().load_balancer_arns(balancer).send().await.unwrap();
        found.load_balancers()[0].clone()
    }

    async fn described_group(&self, group: &str) -> sdk::TargetGroup {
        let found = self.elb.describe_target_groups().target_group_arns(group).send().await.unwrap();
        found.target_groups()[0].clone()
    }

    async fn described_listener(&self, listener: &str) -> sdk::Listener {
        let found = self.elb.describe_listeners().listener_arns(listener).send().await.unwrap();
        found.listeners()[0].clone()
    }
}

fn forward(group: &str) -> sdk::Action {
    sdk::Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(group).build()
}

fn fixed(status: &str) -> sdk::Action {
    let config = sdk::FixedResponseActionConfig::builder().status_code(status).build();
    sdk::Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(config).build()
}

fn certificate(arn: &str) -> sdk::Certificate {
    sdk::Certificate::builder().certificate_arn(arn).build()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// The code and the message of a refusal.
#[track_caller]
fn refusal<T: Debug, E: ProvideErrorMetadata + Debug>(result: Result<T, SdkError<E>>) -> (String, String) {
    let error = result.expect_err("AWS refuses this");
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    (text(error.code()), text(error.message()))
}

/// Checks that AWS refuses with the code, and with a message that contains the text.
#[track_caller]
fn assert_refused<T: Debug, E: ProvideErrorMetadata + Debug>(result: Result<T, SdkError<E>>, code: &str, text: &str) {
    let (actual, message) = refusal(result);
    assert_eq!(actual, code, "{message}");
    assert!(message.contains(text), "{message:?} does not contain {text:?}");
}
