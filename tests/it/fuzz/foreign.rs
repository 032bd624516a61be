//! What belongs to others: one of every kind, beside what is fuzzed. And what is left in the end.

use std::time::Duration;

use aws_sdk_autoscaling::types::{PredefinedMetricSpecification, TargetTrackingConfiguration};
use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, LoadBalancerTypeEnum, PathPatternConditionConfig, ProtocolEnum,
    RuleCondition, Tag,
};
use purlin::sim::SimAws;
use tokio::sync::OnceCell;

use crate::support;

/// Adds one of every kind by the clients that anybody has.
pub async fn add(sim: &SimAws) {
    let (ec2, elb, scaling) = (sim.ec2(), sim.elbv2(), sim.autoscaling());
    let vpcs = ec2.describe_vpcs().send().await.expect("VPCs");
    let vpc = vpcs.vpcs()[0].vpc_id().expect("an id").to_owned();
    let subnets = ec2.describe_subnets().send().await.expect("subnets");
    let mut subnets: Vec<_> = subnets.subnets().iter().filter_map(|subnet| subnet.subnet_id.clone()).collect();
    subnets.sort();
    subnets.truncate(2);
    sim.add_security_group(&vpc, "console");
    let group = sim.add_security_group(&vpc, "foreign");
    ec2.authorize_security_group_ingress()
        .group_id(group)
        .ip_protocol("tcp")
        .from_port(22)
        .to_port(22)
        .cidr_ip("10.0.0.0/8")
        .send()
        .await
        .expect("a rule");
    let targets = sim.add_target_group("foreign", &vpc, 80);
    let forward = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(targets).build();
    
    let balancer = sim.add_load_balancer("foreign", &subnets);
    // As another stack of purlin's owns it, with an address that is in use here, too.
    let owned = [("purlin:stack", "another"), ("purlin:address", "LoadBalancer.web"), ("purlin:name", "foreign")];
    let owned = owned.map(|(key, value)| Tag::builder().key(key).value(value).build());
    elb.add_tags().resource_arns(&balancer).set_tags(Some(owned.to_vec())).send().await.expect("tags");
    let listener = elb.create_listener().load_balancer_arn(balancer).protocol(ProtocolEnum::Http).port(80);
    let listener = listener.default_actions(forward).send().await.expect("a listener");
    let listener = listener.listeners()[0].listener_arn().expect("an ARN");
    let condition = RuleCondition::builder().field("path-pattern");
    let condition = condition.path_pattern_config(PathPatternConditionConfig::builder().values("/a").build()).build();
    let answer = FixedResponseActionConfig::builder().status_code("404").build();
    let answer = Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(answer).build();
    let rule = elb.create_rule().listener_arn(listener).priority(10).conditions(condition);
    rule.actions(answer).send().await.expect("a rule");
    let data = RequestLaunchTemplateData::builder().image_id("ami-0a1b2c3d4e5f60718").instance_type(InstanceType::T2Micro);
    let template = ec2.create_launch_template().launch_template_name("foreign").launch_template_data(data.build());
    template.send().await.expect("a template");
    sim.add_auto_scaling_group("foreign", "foreign", &[&subnets[0]], 0);
    let metric = PredefinedMetricSpecification::builder()
        .predefined_metric_type(aws_sdk_autoscaling::types::MetricType::AsgAverageCpuUtilization)
        .build();
    let tracking = TargetTrackingConfiguration::builder().predefined_metric_specification(metric).target_value(50.0);
    scaling
        .put_scaling_policy()
        .auto_scaling_group_name("foreign")
        .policy_name("cpu")
        .policy_type("TargetTrackingScaling")
        .target_tracking_configuration(tracking.build())
        .send()
        .await
        .expect("a policy");
    let action = scaling.put_scheduled_update_group_action().auto_scaling_group_name("foreign");
    let action = action.scheduled_action_name("morning").recurrence("0 0 1 6 *").min_size(0);
    action.send().await.expect("a scheduled action");
    let notification = scaling.put_notification_configuration().auto_scaling_group_name("foreign");
    let notification = notification.topic_arn("arn:aws:sns:ap-northeast-2:123456789012:operators");
    notification.notification_types("autoscaling:TEST_NOTIFICATION").send().await.expect("a notification");
    // Known balancer types are all there are; a network one stands for those without groups.
    let net = elb.create_load_balancer().name("foreign-net").r#type(LoadBalancerTypeEnum::Network);
    net.subnets(&subnets[0]).send().await.expect("a balancer");
}

/// Everything in the account, in an order of its own and without what AWS counts.
pub async fn everything(sim: &SimAws) -> Vec<String> {
    // Balancers are provisioned and instances terminated by then.
    tokio::time::sleep(Duration::from_secs(600)).await;
    support::inventory(sim).await
}

/// What is left of every life: what was there before, but for the group that may be taken over.
pub async fn expected(adopted: bool) -> Vec<String> {
    static EXPECTED: OnceCell<Vec<String>> = OnceCell::const_new();
    let all = EXPECTED.get_or_init(|| async {
        let sim = support::given(&[80, 8080]);
        support::hurry(&sim);
        add(&sim).await;
        everything(&sim).await
    });
    let kept = all.await.iter().filter(|line| !(adopted && line.contains("console")));
    kept.cloned().collect()
}
