//! Security groups and their rules, scaling policies and scheduled actions: what a change sends.

use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::operation::describe_policies::DescribePoliciesOutput;
use aws_sdk_autoscaling::operation::put_scaling_policy::PutScalingPolicyInput;
use aws_sdk_autoscaling::types as asg;
use aws_sdk_ec2::operation::describe_security_group_rules::DescribeSecurityGroupRulesOutput;
use aws_sdk_ec2::operation::describe_security_group_vpc_associations::DescribeSecurityGroupVpcAssociationsOutput;
use aws_sdk_ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput;
use aws_sdk_ec2::operation::modify_security_group_rules::ModifySecurityGroupRulesInput;
use aws_sdk_ec2::types as ec2;
use purlin::*;

use super::canned::{Canned, Sent, answer};
use super::{deploy, ec2_tags, vpc};

/// A rule of the stack on somebody's group, which lets HTTP in from everywhere.
fn one_rule() -> Canned {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    canned.ec2 = vec![
        answer!(sent, aws_sdk_ec2::describe_tags, |_input| {
            let tag = ec2::TagDescription::builder().resource_id("sgr-1").key("purlin:stack").value("web").build();
            aws_sdk_ec2::operation::describe_tags::DescribeTagsOutput::builder().tags(tag).build()
        }),
        answer!(sent, aws_sdk_ec2::describe_security_group_rules, |_input| {
            let tags = ec2_tags([("purlin:address", "SecurityGroupRule.http"), ("purlin:stack", "web")]);
            let rule = ec2::SecurityGroupRule::builder().security_group_rule_id("sgr-1").group_id("sg-1");
            let rule = rule.is_egress(false).ip_protocol("tcp").from_port(80).to_port(80).cidr_ipv4("0.0.0.0/0");
            DescribeSecurityGroupRulesOutput::builder().security_group_rules(rule.set_tags(Some(tags)).build()).build()
        }),
        answer!(sent, aws_sdk_ec2::modify_security_group_rules => ModifySecurityGroupRulesOutput),
        answer!(sent, aws_sdk_ec2::authorize_security_group_ingress, |_input| {
            let rule = ec2::SecurityGroupRule::builder().security_group_rule_id("sgr-2").build();
            aws_sdk_ec2::operation::authorize_security_group_ingress::AuthorizeSecurityGroupIngressOutput::builder()
                .security_group_rules(rule)
                .build()
        }),
        answer!(sent, aws_sdk_ec2::revoke_security_group_ingress => RevokeSecurityGroupIngressOutput),
    ];
    canned
}

async fn sent_for(rule: Ingress) -> Sent {
    let canned = one_rule();
    let sent = canned.sent.clone();
    let mut stack = Stack::new("web");
    let group: SecurityGroupId = "sg-1".parse().expect("an id");
    stack.add("http", SecurityGroupRule::ingress(group, rule));
    deploy(canned, &stack).await;
    sent
}

#[tokio::test(start_paused = true)]
async fn a_rule_of_its_own_changes_in_one_call_and_keeps_its_id() {
    let sent = sent_for(Ingress::https().from_ipv4("10.0.0.0/16").description("TLS")).await;
    assert_eq!(sent.writes(), ["modify_security_group_rules"]);
    let rule = ec2::SecurityGroupRuleRequest::builder().ip_protocol("tcp").from_port(443).to_port(443);
    let rule = rule.cidr_ipv4("10.0.0.0/16").description("TLS").build();
    let update = ec2::SecurityGroupRuleUpdate::builder().security_group_rule_id("sgr-1").security_group_rule(rule);
    let expected = ModifySecurityGroupRulesInput::builder().group_id("sg-1").security_group_rules(update.build());
    assert_eq!(sent.one::<ModifySecurityGroupRulesInput>(), expected.build().expect("a request"));
}

#[tokio::test(start_paused = true)]
async fn a_source_of_another_sort_is_let_in_before_the_old_one_is_shut_out() {
    let sent = sent_for(Ingress::http().from_anywhere_ipv6()).await;
    assert_eq!(sent.writes(), ["authorize_security_group_ingress", "revoke_security_group_ingress"]);
}

#[tokio::test(start_paused = true)]
async fn a_group_is_associated_before_it_is_taken_out_elsewhere() {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    let log = sent.clone();
    canned.ec2 = vec![
        answer!(sent, aws_sdk_ec2::describe_security_groups, |_input| {
            let tags = [
                ("purlin:address", "SecurityGroup.web"),
                ("purlin:stack", "web"),
                ("purlin:vpcs", "SecurityGroup.web"),
            ];
            let group = ec2::SecurityGroup::builder().group_id("sg-1").group_name("Web").description("Web");
            let group = group.vpc_id("vpc-1").set_tags(Some(ec2_tags(tags))).build();
            DescribeSecurityGroupsOutput::builder().security_groups(group).build()
        }),
        answer!(sent, aws_sdk_ec2::describe_security_group_rules, |_input| {
            let rule = ec2::SecurityGroupRule::builder().security_group_rule_id("sgr-2").group_id("sg-1");
            let rule = rule.is_egress(true).ip_protocol("-1").from_port(-1).to_port(-1).cidr_ipv4("0.0.0.0/0");
            DescribeSecurityGroupRulesOutput::builder().security_group_rules(rule.build()).build()
        }),
        answer!(sent, aws_sdk_ec2::describe_security_group_vpc_associations, |_input| {
            use ec2::SecurityGroupVpcAssociationState::{Associated, Disassociated};
            let writes = log.writes();
            let state = |there: bool| if there { Associated } else { Disassociated };
            let of = |vpc: &str, there: bool| {
                let one = ec2::SecurityGroupVpcAssociation::builder().group_id("sg-1").vpc_id(vpc);
                one.state(state(there)).build()
            };
            DescribeSecurityGroupVpcAssociationsOutput::builder()
                .security_group_vpc_associations(of("vpc-2", !writes.contains(&"disassociate_security_group_vpc")))
                .security_group_vpc_associations(of("vpc-3", writes.contains(&"associate_security_group_vpc")))
                .build()
        }),
        answer!(sent, aws_sdk_ec2::associate_security_group_vpc => AssociateSecurityGroupVpcOutput),
        answer!(sent, aws_sdk_ec2::disassociate_security_group_vpc => DisassociateSecurityGroupVpcOutput),
    ];

    let mut stack = Stack::new("web");
    let group = SecurityGroup::builder().name("Web").description("Web").vpc(vpc());
    let group = group.associated_vpc("vpc-3".parse::<VpcId>().expect("an id"));
    stack.add("web", group.build());
    deploy(canned, &stack).await;
    assert_eq!(sent.writes(), ["associate_security_group_vpc", "disassociate_security_group_vpc"]);
}

/// What a policy no longer says is said explicitly: AWS might keep it.
#[tokio::test(start_paused = true)]
async fn a_policy_that_changes_is_sent_whole() {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    canned.autoscaling = vec![
        answer!(sent, aws_sdk_autoscaling::describe_auto_scaling_groups, |_input| {
            let tag = |key: &str, value: &str| asg::TagDescription::builder().key(key).value(value).build();
            let template = asg::LaunchTemplateSpecification::builder().launch_template_id("lt-1").version("3");
            let group = asg::AutoScalingGroup::builder()
                .auto_scaling_group_name("Web-ASG")
                .launch_template(template.build())
                .vpc_zone_identifier("subnet-1")
                .min_size(0)
                .max_size(4)
                .desired_capacity(0)
                .default_cooldown(300)
                .health_check_type("EC2")
                .tags(tag("purlin:address", "AutoScalingGroup.web"))
                .tags(tag("purlin:child:cpu", "ScalingPolicy.cpu"))
                .tags(tag("purlin:stack", "web"));
            DescribeAutoScalingGroupsOutput::builder().auto_scaling_groups(group.build()).build()
        }),
        answer!(sent, aws_sdk_autoscaling::describe_policies, |_input| {
            let metric = asg::PredefinedMetricSpecification::builder()
                .predefined_metric_type(asg::MetricType::AsgAverageCpuUtilization)
                .build();
            let tracking = asg::TargetTrackingConfiguration::builder()
                .predefined_metric_specification(metric)
                .target_value(30.0)
                .disable_scale_in(true);
            let policy = asg::ScalingPolicy::builder()
                .auto_scaling_group_name("Web-ASG")
                .policy_name("cpu")
                .policy_arn("arn:aws:autoscaling:policy")
                .policy_type("TargetTrackingScaling")
                .target_tracking_configuration(tracking.build())
                .estimated_instance_warmup(60)
                .enabled(false);
            DescribePoliciesOutput::builder().scaling_policies(policy.build()).build()
        }),
        answer!(sent, aws_sdk_autoscaling::put_scaling_policy => PutScalingPolicyOutput),
    ];

    let mut stack = Stack::new("web");
    let group = AutoScalingGroup::builder()
        .name("Web-ASG")
        .launch_template(TemplateVersion::new("lt-1".parse::<LaunchTemplateId>().expect("an id"), "3"))
        .subnets(["subnet-1".parse::<SubnetId>().expect("an id")])
        .sizes(0..=4);
    let group = stack.add("web", group.build());
    let tracking = TargetTracking::average_cpu(30.0);
    stack.add("cpu", ScalingPolicy::builder().name("cpu").group(group).scaling(tracking).build());
    deploy(canned, &stack).await;

    // No scheduled action is declared or recorded, so nobody asked for them.
    assert_eq!(sent.writes(), ["put_scaling_policy"]);
    let metric = asg::PredefinedMetricSpecification::builder()
        .predefined_metric_type(asg::MetricType::AsgAverageCpuUtilization)
        .build();
    let tracking = asg::TargetTrackingConfiguration::builder()
        .predefined_metric_specification(metric)
        .target_value(30.0)
        .disable_scale_in(false);
    let expected = PutScalingPolicyInput::builder()
        .auto_scaling_group_name("Web-ASG")
        .policy_name("cpu")
        .policy_type("TargetTrackingScaling")
        .target_tracking_configuration(tracking.build())
        .enabled(true);
    assert_eq!(sent.one::<PutScalingPolicyInput>(), expected.build().expect("a request"));
}
