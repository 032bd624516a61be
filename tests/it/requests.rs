//! What is sent to AWS, request by request: all that was declared, and nothing that was not.

mod auto_scaling;
mod canned;
mod groups;
mod lab;
mod launch_template;
mod listener;
mod load_balancing;

use aws_sdk_autoscaling::operation::attach_load_balancer_target_groups::AttachLoadBalancerTargetGroupsInput;
use aws_sdk_autoscaling::types as asg;
use aws_sdk_ec2::operation::authorize_security_group_ingress::AuthorizeSecurityGroupIngressInput;
use aws_sdk_ec2::operation::revoke_security_group_ingress::RevokeSecurityGroupIngressInput;
use aws_sdk_ec2::types as ec2;
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group_attributes::ModifyTargetGroupAttributesInput;
use aws_sdk_elasticloadbalancingv2::types as elb;
use purlin::*;

use canned::{Canned, answer};

const TARGET_GROUP: &str = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/Web-TG/1";

async fn deploy(canned: Canned, stack: &Stack) {
    let deployer = Deployer::new(canned.aws()).with_confirmation(false);
    let plan = deployer.plan(stack).await.expect("it can be planned");
    deployer.apply(plan).await.expect("it can be deployed");
}

fn vpc() -> VpcId {
    "vpc-1".parse().expect("an id")
}

fn ec2_tags<const N: usize>(tags: [(&str, &str); N]) -> Vec<ec2::Tag> {
    tags.map(|(key, value)| ec2::Tag::builder().key(key).value(value).build()).into()
}

fn permission(port: i32) -> aws_sdk_ec2::types::builders::IpPermissionBuilder {
    ec2::IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port)
}

/// What is wanted is let in before what is not wanted is shut out: nothing is missing in between.
#[tokio::test(start_paused = true)]
async fn rules_are_authorized_before_others_are_revoked() {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    canned.ec2 = vec![
        answer!(sent, aws_sdk_ec2::describe_security_groups, |_input| {
            let group = ec2::SecurityGroup::builder().group_id("sg-1").group_name("Web").description("Web");
            let tags = ec2_tags([("purlin:address", "SecurityGroup.web"), ("purlin:stack", "web")]);
            aws_sdk_ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput::builder()
                .security_groups(group.vpc_id("vpc-1").set_tags(Some(tags)).build())
                .build()
        }),
        answer!(sent, aws_sdk_ec2::describe_security_group_rules, |_input| {
            let rule = |id: &str| ec2::SecurityGroupRule::builder().security_group_rule_id(id).group_id("sg-1");
            let ingress = rule("sgr-1").is_egress(false).ip_protocol("tcp").from_port(80).to_port(80);
            let egress = rule("sgr-2").is_egress(true).ip_protocol("-1").from_port(-1).to_port(-1);
            aws_sdk_ec2::operation::describe_security_group_rules::DescribeSecurityGroupRulesOutput::builder()
                .security_group_rules(ingress.cidr_ipv4("0.0.0.0/0").build())
                .security_group_rules(egress.cidr_ipv4("0.0.0.0/0").build())
                .build()
        }),
        answer!(sent, aws_sdk_ec2::authorize_security_group_ingress => AuthorizeSecurityGroupIngressOutput),
        answer!(sent, aws_sdk_ec2::revoke_security_group_ingress => RevokeSecurityGroupIngressOutput),
    ];

    let mut stack = Stack::new("web");
    let group = SecurityGroup::builder().name("Web").description("Web").vpc(vpc());
    stack.add("web", group.ingress(Ingress::https().from_anywhere_ipv4().description("TLS")).build());
    deploy(canned, &stack).await;

    assert_eq!(sent.writes(), ["authorize_security_group_ingress", "revoke_security_group_ingress"]);
    let tags = ec2_tags([("purlin:address", "SecurityGroup.web"), ("purlin:stack", "web")]);
    let specification = ec2::TagSpecification::builder()
        .resource_type(ec2::ResourceType::SecurityGroupRule)
        .set_tags(Some(tags))
        .build();
    let range = ec2::IpRange::builder().cidr_ip("0.0.0.0/0").description("TLS").build();
    let authorize = AuthorizeSecurityGroupIngressInput::builder()
        .group_id("sg-1")
        .ip_permissions(permission(443).ip_ranges(range).build())
        .tag_specifications(specification);
    assert_eq!(sent.one::<AuthorizeSecurityGroupIngressInput>(), authorize.build().expect("a request"));
    let revoke = RevokeSecurityGroupIngressInput::builder().group_id("sg-1").security_group_rule_ids("sgr-1");
    assert_eq!(sent.one::<RevokeSecurityGroupIngressInput>(), revoke.build().expect("a request"));
}

#[tokio::test(start_paused = true)]
async fn attributes_are_sent_by_twenty() {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    canned.elbv2 = vec![
        answer!(sent, aws_sdk_elasticloadbalancingv2::create_target_group, |_input| {
            let group = elb::TargetGroup::builder().target_group_arn(TARGET_GROUP).target_group_name("Web-TG");
            aws_sdk_elasticloadbalancingv2::operation::create_target_group::CreateTargetGroupOutput::builder()
                .target_groups(group.build())
                .build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::modify_target_group_attributes => ModifyTargetGroupAttributesOutput),
    ];

    let mut stack = Stack::new("web");
    let mut targets = TargetGroup::builder().name("Web-TG").vpc(vpc()).traffic(Traffic::http(80));
    for number in 0..45 {
        targets = targets.attribute(format!("attribute.{number:02}"), number.to_string());
    }
    stack.add("web", targets.build());
    deploy(canned, &stack).await;

    let requests = sent.all::<ModifyTargetGroupAttributesInput>();
    let keys = |request: &ModifyTargetGroupAttributesInput| -> Vec<String> {
        request.attributes().iter().filter_map(|attribute| attribute.key.clone()).collect()
    };
    assert_eq!(requests.iter().map(|request| keys(request).len()).collect::<Vec<_>>(), [20, 20, 5]);
    let all: Vec<_> = requests.iter().flat_map(keys).collect();
    assert_eq!(all, (0..45).map(|number| format!("attribute.{number:02}")).collect::<Vec<_>>());
    assert!(requests.iter().all(|request| request.target_group_arn() == Some(TARGET_GROUP)));
}

#[tokio::test(start_paused = true)]
async fn target_groups_are_attached_by_ten() {
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
                .tags(tag("purlin:stack", "web"));
            aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput::builder()
                .auto_scaling_groups(group.build())
                .build()
        }),
        answer!(sent, aws_sdk_autoscaling::attach_load_balancer_target_groups => AttachLoadBalancerTargetGroupsOutput),
    ];

    let arn = |number: usize| TARGET_GROUP.replace("/1", &format!("/{number:02}"));
    let mut stack = Stack::new("web");
    let mut group = AutoScalingGroup::builder()
        .name("Web-ASG")
        .launch_template(TemplateVersion::new("lt-1".parse::<LaunchTemplateId>().expect("an id"), "3"))
        .subnets(["subnet-1".parse::<SubnetId>().expect("an id")])
        .sizes(0..=4);
    for number in 0..25 {
        group = group.target_group(arn(number).parse::<TargetGroupArn>().expect("an ARN"));
    }
    stack.add("web", group.build());
    deploy(canned, &stack).await;

    assert_eq!(sent.writes(), ["attach_load_balancer_target_groups"; 3], "and nothing else");
    let requests = sent.all::<AttachLoadBalancerTargetGroupsInput>();
    let sizes: Vec<_> = requests.iter().map(|request| request.target_group_arns().len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
    let all: Vec<_> = requests.iter().flat_map(|request| request.target_group_arns().to_vec()).collect();
    assert_eq!(all, (0..25).map(arn).collect::<Vec<_>>());
}
