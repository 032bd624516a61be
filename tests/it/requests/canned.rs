//! SDK clients whose answers are given beforehand, and a record of what was sent to them.

use std::any::Any;
use std::sync::{Arc, Mutex};

use aws_smithy_mocks::{MockResponseInterceptor, Rule, RuleMode, create_mock_http_client};
use purlin::Aws;

/// What was sent, in its order.
#[derive(Clone, Default)]
pub struct Sent(Arc<Mutex<Vec<Request>>>);

/// The operation, and its input.
type Request = (&'static str, Box<dyn Any + Send>);

impl Sent {
    pub fn note(&self, method: &'static str, input: impl Any + Send) {
        self.0.lock().expect("no test panics here").push((method, Box::new(input)));
    }

    /// All requests of one operation.
    pub fn all<I: Any + Clone>(&self) -> Vec<I> {
        let sent = self.0.lock().expect("no test panics here");
        sent.iter().filter_map(|(_, input)| input.downcast_ref::<I>()).cloned().collect()
    }

    /// The one request of an operation.
    pub fn one<I: Any + Clone>(&self) -> I {
        let mut all = self.all();
        assert_eq!(all.len(), 1, "{}", std::any::type_name::<I>());
        all.remove(0)
    }

    /// The names of the operations that change something, in their order.
    pub fn writes(&self) -> Vec<&'static str> {
        let sent = self.0.lock().expect("no test panics here");
        sent.iter().map(|(method, _)| *method).filter(|method| !method.starts_with("describe_")).collect()
    }
}

/// A rule that notes what is sent, and answers with what is given.
macro_rules! answer {
    ($sent:expr, $service:ident::$method:ident, |$input:ident| $output:expr) => {{
        let sent: crate::requests::canned::Sent = $sent.clone();
        aws_smithy_mocks::mock!($service::Client::$method).then_compute_output(move |$input| {
            sent.note(stringify!($method), $input.clone());
            $output
        })
    }};
    // An answer that says no more than that it was done, or that there is nothing.
    ($sent:expr, $service:ident::$method:ident => $output:ident) => {
        answer!($sent, $service::$method, |_input| $service::operation::$method::$output::builder().build())
    };
}
pub(super) use answer;

/// The rules of the three clients. The first that fits answers; an account that has nothing of the
/// stack answers what no rule was given for.
#[derive(Default)]
pub struct Canned {
    pub sent: Sent,
    pub ec2: Vec<Rule>,
    pub elbv2: Vec<Rule>,
    pub autoscaling: Vec<Rule>,
}

macro_rules! client {
    ($service:ident, $rules:expr) => {{
        let rules: Vec<Rule> = $rules;
        let mocks = MockResponseInterceptor::new().rule_mode(RuleMode::MatchAny);
        let credentials = $service::config::Credentials::builder()
            .access_key_id("canned")
            .secret_access_key("canned")
            .provider_name("canned");
        let config = $service::Config::builder()
            .behavior_version($service::config::BehaviorVersion::latest())
            .region($service::config::Region::new("ap-northeast-2"))
            .credentials_provider(credentials.build())
            .retry_config($service::config::retry::RetryConfig::disabled())
            .http_client(create_mock_http_client())
            .interceptor(rules.iter().fold(mocks, |mocks, rule| mocks.with_rule(rule)));
        $service::Client::from_conf(config.build())
    }};
}

impl Canned {
    pub fn aws(mut self) -> Aws {
        let sent = &self.sent;
        self.ec2.extend([
            answer!(sent, aws_sdk_ec2::describe_security_groups => DescribeSecurityGroupsOutput),
            answer!(sent, aws_sdk_ec2::describe_security_group_rules => DescribeSecurityGroupRulesOutput),
            answer!(sent, aws_sdk_ec2::describe_tags => DescribeTagsOutput),
            answer!(sent, aws_sdk_ec2::describe_launch_templates => DescribeLaunchTemplatesOutput),
        ]);
        self.elbv2.extend([
            answer!(sent, aws_sdk_elasticloadbalancingv2::describe_load_balancers => DescribeLoadBalancersOutput),
            answer!(sent, aws_sdk_elasticloadbalancingv2::describe_target_groups => DescribeTargetGroupsOutput),
        ]);
        self.autoscaling.extend([
            answer!(sent, aws_sdk_autoscaling::describe_auto_scaling_groups => DescribeAutoScalingGroupsOutput),
            answer!(sent, aws_sdk_autoscaling::describe_policies => DescribePoliciesOutput),
            answer!(sent, aws_sdk_autoscaling::describe_load_balancer_target_groups => DescribeLoadBalancerTargetGroupsOutput),
            answer!(sent, aws_sdk_autoscaling::describe_traffic_sources => DescribeTrafficSourcesOutput),
        ]);
        Aws::from_clients(
            client!(aws_sdk_ec2, self.ec2),
            client!(aws_sdk_elasticloadbalancingv2, self.elbv2),
            client!(aws_sdk_autoscaling, self.autoscaling),
        )
    }
}
