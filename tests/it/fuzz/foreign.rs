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

/// Adds one of every kind by the clients that anybody has. Returns the group that may be taken over.
pub async fn add(sim: &SimAws) -> String {
    let (ec2, elb, scaling) = (sim.ec2(), sim.elbv2(), sim.autoscaling());
    let vpcs = ec2.describe_vpcs().send().await.expect("VPCs");
    let vpc = vpcs.vpcs()[0].vpc_id().expect("an id").to_owned();
    let subnets = ec2.describe_subnets().send().await.expect("subnets");
    let mut subnets: Vec<_> = subnets.subnets().iter().filter_map(|subnet| subnet.subnet_id.clone()).collect();
    subnets.sort();
    subnets.truncate(2);
    let console = sim.add_security_group(&vpc, "console");
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
    let data =
        RequestLaunchTemplateData::builder().image_id("ami-0a1b2c3d4e5f60718").instance_type(InstanceType::T2Micro);
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
    console
}

/// Everything in the account that could be somebody's, in an order of its own.
pub async fn everything(sim: &SimAws) -> Vec<String> {
    // Balancers are provisioned and instances terminated by then.
    tokio::time::sleep(Duration::from_secs(600)).await;
    let (ec2, elb, scaling) = (sim.ec2(), sim.elbv2(), sim.autoscaling());
    let mut all = Vec::new();
    let groups = ec2.describe_security_groups().send().await.expect("groups");
    all.extend(groups.security_groups().iter().map(|group| format!("{group:?}")));
    let rules = ec2.describe_security_group_rules().send().await.expect("rules");
    all.extend(rules.security_group_rules().iter().map(|rule| format!("{rule:?}")));
    let templates = ec2.describe_launch_templates().send().await.expect("templates");
    all.extend(templates.launch_templates().iter().map(|template| format!("{template:?}")));
    let interfaces = ec2.describe_network_interfaces().send().await.expect("interfaces");
    all.push(format!("{} interfaces", interfaces.network_interfaces().len()));
    let mut arns = Vec::new();
    let targets = elb.describe_target_groups().send().await.expect("target groups");
    for group in targets.target_groups() {
        arns.extend(group.target_group_arn.clone());
        all.push(format!("{group:?}"));
        let attributes = elb.describe_target_group_attributes().set_target_group_arn(group.target_group_arn.clone());
        all.push(format!("{:?}", attributes.send().await.expect("attributes").attributes()));
    }
    let balancers = elb.describe_load_balancers().send().await.expect("balancers");
    for balancer in balancers.load_balancers() {
        arns.extend(balancer.load_balancer_arn.clone());
        all.push(format!("{balancer:?}"));
        let attributes = elb.describe_load_balancer_attributes();
        let attributes = attributes.set_load_balancer_arn(balancer.load_balancer_arn.clone());
        all.push(format!("{:?}", attributes.send().await.expect("attributes").attributes()));
        let listeners = elb.describe_listeners().set_load_balancer_arn(balancer.load_balancer_arn.clone());
        for listener in listeners.send().await.expect("listeners").listeners() {
            arns.extend(listener.listener_arn.clone());
            all.push(format!("{listener:?}"));
            let rules = elb.describe_rules().set_listener_arn(listener.listener_arn.clone());
            for rule in rules.send().await.expect("rules").rules() {
                arns.extend(rule.rule_arn.clone().filter(|_| rule.is_default() != Some(true)));
                all.push(format!("{rule:?}"));
            }
        }
    }
    if !arns.is_empty() {
        let tags = elb.describe_tags().set_resource_arns(Some(arns)).send().await.expect("tags");
        all.extend(tags.tag_descriptions().iter().map(|tags| format!("{tags:?}")));
    }
    let groups = scaling.describe_auto_scaling_groups().send().await.expect("groups");
    all.extend(groups.auto_scaling_groups().iter().map(|group| format!("{group:?}")));
    let policies = scaling.describe_policies().send().await.expect("policies");
    all.extend(policies.scaling_policies().iter().map(|policy| format!("{policy:?}")));
    let actions = scaling.describe_scheduled_actions().send().await.expect("scheduled actions");
    all.extend(actions.scheduled_update_group_actions().iter().map(|action| format!("{action:?}")));
    let notifications = scaling.describe_notification_configurations().send().await.expect("notifications");
    all.extend(notifications.notification_configurations().iter().map(|one| format!("{one:?}")));
    all.sort();
    all
}

/// What is left of every life: what was there before, but for the group that may be taken over.
pub async fn expected(adopted: bool) -> Vec<String> {
    static BEFORE: OnceCell<(Vec<String>, String)> = OnceCell::const_new();
    let (before, console) = BEFORE
        .get_or_init(|| async {
            let sim = support::given(&[80, 8080]);
            let console = add(&sim).await;
            (everything(&sim).await, console)
        })
        .await;
    before.iter().filter(|line| !(adopted && line.contains(console.as_str()))).cloned().collect()
}
