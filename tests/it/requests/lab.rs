//! Every request that the deploy of the lab sends.

use aws_sdk_autoscaling as autoscaling;
use aws_sdk_autoscaling::operation::create_auto_scaling_group::CreateAutoScalingGroupInput;
use aws_sdk_autoscaling::operation::enable_metrics_collection::EnableMetricsCollectionInput;
use aws_sdk_autoscaling::operation::put_scaling_policy::PutScalingPolicyInput;
use aws_sdk_autoscaling::types as asg;
use aws_sdk_ec2::operation::authorize_security_group_ingress::AuthorizeSecurityGroupIngressInput;
use aws_sdk_ec2::operation::create_launch_template::CreateLaunchTemplateInput;
use aws_sdk_ec2::operation::create_security_group::CreateSecurityGroupInput;
use aws_sdk_ec2::types as ec2;
use aws_sdk_elasticloadbalancingv2 as elbv2;
use aws_sdk_elasticloadbalancingv2::operation::create_listener::CreateListenerInput;
use aws_sdk_elasticloadbalancingv2::operation::create_load_balancer::CreateLoadBalancerInput;
use aws_sdk_elasticloadbalancingv2::operation::create_target_group::CreateTargetGroupInput;
use aws_sdk_elasticloadbalancingv2::types as elb;

use super::canned::{Canned, Sent, answer};
use super::{TARGET_GROUP, deploy, ec2_tags, permission};

const BALANCER: &str = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/Web-ALB/1";
const LISTENER: &str = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:listener/app/Web-ALB/1/2";

/// The network and the image of the lab, and an answer to every call that makes something.
fn canned() -> Canned {
    let sent = Sent::default();
    Canned { ec2: ec2_rules(&sent), elbv2: elbv2_rules(&sent), autoscaling: autoscaling_rules(&sent), sent }
}

fn ec2_rules(sent: &Sent) -> Vec<aws_smithy_mocks::Rule> {
    use aws_sdk_ec2::operation::*;
    let subnet = |id: &str, zone: &str, name: &str| {
        let tags = ec2_tags([("Name", name)]);
        let subnet = ec2::Subnet::builder().subnet_id(id).vpc_id("vpc-1").availability_zone(zone);
        subnet.available_ip_address_count(250).set_tags(Some(tags)).build()
    };
    let subnets = [
        subnet("subnet-1a", "ap-northeast-2a", "Public subnet A"),
        subnet("subnet-1c", "ap-northeast-2c", "Public subnet C"),
        subnet("subnet-2a", "ap-northeast-2a", "Private subnet A"),
        subnet("subnet-2c", "ap-northeast-2c", "Private subnet C"),
    ];
    vec![
        answer!(sent, aws_sdk_ec2::describe_vpcs, |_input| {
            let tags = ec2_tags([("Name", "VPC-Lab")]);
            describe_vpcs::DescribeVpcsOutput::builder()
                .vpcs(ec2::Vpc::builder().vpc_id("vpc-1").set_tags(Some(tags)).build())
                .build()
        }),
        answer!(sent, aws_sdk_ec2::describe_subnets, |_input| {
            describe_subnets::DescribeSubnetsOutput::builder().set_subnets(Some(subnets.to_vec())).build()
        }),
        answer!(sent, aws_sdk_ec2::describe_route_tables, |_input| {
            let main = ec2::RouteTableAssociation::builder().main(true).build();
            let out = ec2::Route::builder().destination_cidr_block("0.0.0.0/0").gateway_id("igw-1").build();
            describe_route_tables::DescribeRouteTablesOutput::builder()
                .route_tables(ec2::RouteTable::builder().vpc_id("vpc-1").associations(main).routes(out).build())
                .build()
        }),
        answer!(sent, aws_sdk_ec2::describe_images, |_input| {
            describe_images::DescribeImagesOutput::builder()
                .images(ec2::Image::builder().image_id("ami-1").name("Web Server v1").build())
                .build()
        }),
        answer!(sent, aws_sdk_ec2::create_security_group, |input| {
            let id = if input.group_name() == Some("Web-ALB-SG") { "sg-1" } else { "sg-2" };
            create_security_group::CreateSecurityGroupOutput::builder().group_id(id).build()
        }),
        answer!(sent, aws_sdk_ec2::authorize_security_group_ingress => AuthorizeSecurityGroupIngressOutput),
        answer!(sent, aws_sdk_ec2::create_launch_template, |_input| {
            let template = ec2::LaunchTemplate::builder().launch_template_id("lt-1").launch_template_name("Web");
            create_launch_template::CreateLaunchTemplateOutput::builder()
                .launch_template(template.latest_version_number(1).default_version_number(1).build())
                .build()
        }),
    ]
}

fn elbv2_rules(sent: &Sent) -> Vec<aws_smithy_mocks::Rule> {
    use elbv2::operation::*;
    let balancer = || {
        let state = elb::LoadBalancerState::builder().code(elb::LoadBalancerStateEnum::Active).build();
        elb::LoadBalancer::builder().load_balancer_arn(BALANCER).load_balancer_name("Web-ALB").state(state).build()
    };
    let made = sent.clone();
    vec![
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_load_balancers, |_input| {
            let exists = !made.all::<CreateLoadBalancerInput>().is_empty();
            describe_load_balancers::DescribeLoadBalancersOutput::builder()
                .set_load_balancers(exists.then(|| vec![balancer()]))
                .build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::create_target_group, |_input| {
            let group = elb::TargetGroup::builder().target_group_arn(TARGET_GROUP).target_group_name("Web-TG");
            create_target_group::CreateTargetGroupOutput::builder().target_groups(group.build()).build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::create_load_balancer, |_input| {
            create_load_balancer::CreateLoadBalancerOutput::builder().load_balancers(balancer()).build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::create_listener, |_input| {
            let listener = elb::Listener::builder().listener_arn(LISTENER).build();
            create_listener::CreateListenerOutput::builder().listeners(listener).build()
        }),
        answer!(sent, aws_sdk_elasticloadbalancingv2::describe_target_health, |_input| {
            let healthy = elb::TargetHealth::builder().state(elb::TargetHealthStateEnum::Healthy).build();
            let target = |id: &str| {
                elb::TargetHealthDescription::builder()
                    .target(elb::TargetDescription::builder().id(id).build())
                    .target_health(healthy.clone())
                    .build()
            };
            describe_target_health::DescribeTargetHealthOutput::builder()
                .target_health_descriptions(target("i-1"))
                .target_health_descriptions(target("i-2"))
                .build()
        }),
    ]
}

fn autoscaling_rules(sent: &Sent) -> Vec<aws_smithy_mocks::Rule> {
    use autoscaling::operation::*;
    let group = || {
        let instance = |id: &str| {
            let instance = asg::Instance::builder().instance_id(id).health_status("Healthy");
            instance.lifecycle_state(asg::LifecycleState::InService).build()
        };
        asg::AutoScalingGroup::builder()
            .auto_scaling_group_name("Web-ASG")
            .min_size(2)
            .desired_capacity(2)
            .max_size(4)
            .target_group_arns(TARGET_GROUP)
            .instances(instance("i-1"))
            .instances(instance("i-2"))
            .build()
    };
    let made = sent.clone();
    vec![
        answer!(sent, aws_sdk_autoscaling::describe_auto_scaling_groups, |_input| {
            let exists = !made.all::<CreateAutoScalingGroupInput>().is_empty();
            describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput::builder()
                .set_auto_scaling_groups(exists.then(|| vec![group()]))
                .build()
        }),
        answer!(sent, aws_sdk_autoscaling::create_auto_scaling_group => CreateAutoScalingGroupOutput),
        answer!(sent, aws_sdk_autoscaling::enable_metrics_collection => EnableMetricsCollectionOutput),
        answer!(sent, aws_sdk_autoscaling::put_scaling_policy => PutScalingPolicyOutput),
    ]
}

/// Deploys the lab and returns what was sent.
async fn deployed() -> Sent {
    let canned = canned();
    let sent = canned.sent.clone();
    deploy(canned, &crate::web_asg::lab("t2.micro").0).await;
    sent
}

fn owned(address: &str) -> Vec<ec2::Tag> {
    ec2_tags([("purlin:address", address), ("purlin:stack", "web-lab")])
}

fn owned_elb(address: &str) -> Option<Vec<elb::Tag>> {
    let tag = |key: &str, value: &str| elb::Tag::builder().key(key).value(value).build();
    Some(vec![tag("purlin:address", address), tag("purlin:stack", "web-lab")])
}

fn specification(kind: ec2::ResourceType, address: &str) -> ec2::TagSpecification {
    ec2::TagSpecification::builder().resource_type(kind).set_tags(Some(owned(address))).build()
}

/// Exact requests: a member that is not named here is not sent.
#[tokio::test(start_paused = true)]
async fn security_groups() {
    let sent = deployed().await;
    let group = |name: &str, description: &str, address: &str| {
        CreateSecurityGroupInput::builder()
            .group_name(name)
            .description(description)
            .vpc_id("vpc-1")
            .tag_specifications(specification(ec2::ResourceType::SecurityGroup, address))
            .build()
            .expect("a request")
    };
    let mut groups = sent.all::<CreateSecurityGroupInput>();
    groups.sort_by_key(|group| group.group_name.clone());
    let expected = [
        group("ASG-Web-Inst-SG", "HTTP Allow", "SecurityGroup.instances"),
        group("Web-ALB-SG", "HTTP from anywhere", "SecurityGroup.alb"),
    ];
    assert_eq!(groups, expected);

    let authorize = |group: &str, permission: ec2::IpPermission, address: &str| {
        AuthorizeSecurityGroupIngressInput::builder()
            .group_id(group)
            .ip_permissions(permission)
            .tag_specifications(specification(ec2::ResourceType::SecurityGroupRule, address))
            .build()
            .expect("a request")
    };
    let mut rules = sent.all::<AuthorizeSecurityGroupIngressInput>();
    rules.sort_by_key(|rule| rule.group_id.clone());
    let anyone = permission(80).ip_ranges(ec2::IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
    let balancer = permission(80).user_id_group_pairs(ec2::UserIdGroupPair::builder().group_id("sg-1").build()).build();
    let expected =
        [authorize("sg-1", anyone, "SecurityGroup.alb"), authorize("sg-2", balancer, "SecurityGroup.instances")];
    assert_eq!(rules, expected);
}

#[tokio::test(start_paused = true)]
async fn load_balancing() {
    let sent = deployed().await;
    let targets = CreateTargetGroupInput::builder()
        .name("Web-TG")
        .vpc_id("vpc-1")
        .protocol(elb::ProtocolEnum::Http)
        .port(80)
        .set_tags(owned_elb("TargetGroup.web"));
    assert_eq!(sent.one::<CreateTargetGroupInput>(), targets.build().expect("a request"));

    let balancer = CreateLoadBalancerInput::builder()
        .name("Web-ALB")
        .r#type(elb::LoadBalancerTypeEnum::Application)
        .subnets("subnet-1a")
        .subnets("subnet-1c")
        .security_groups("sg-1")
        .set_tags(owned_elb("LoadBalancer.web"));
    assert_eq!(sent.one::<CreateLoadBalancerInput>(), balancer.build().expect("a request"));

    let forward = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward).target_group_arn(TARGET_GROUP);
    let listener = CreateListenerInput::builder()
        .load_balancer_arn(BALANCER)
        .protocol(elb::ProtocolEnum::Http)
        .port(80)
        .default_actions(forward.build())
        .set_tags(owned_elb("Listener.http"));
    assert_eq!(sent.one::<CreateListenerInput>(), listener.build().expect("a request"));
}

#[tokio::test(start_paused = true)]
async fn launch_template() {
    let sent = deployed().await;
    let tagged = |kind: ec2::ResourceType| {
        ec2::LaunchTemplateTagSpecificationRequest::builder()
            .resource_type(kind)
            .set_tags(Some(ec2_tags([("Name", "Web Instance")])))
            .build()
    };
    let data = ec2::RequestLaunchTemplateData::builder()
        .image_id("ami-1")
        .instance_type(ec2::InstanceType::T2Micro)
        .security_group_ids("sg-2")
        .tag_specifications(tagged(ec2::ResourceType::Instance))
        .tag_specifications(tagged(ec2::ResourceType::Volume));
    let template = CreateLaunchTemplateInput::builder()
        .launch_template_name("Web")
        .version_description("Immersion Day Web Instances Template – Web only")
        .launch_template_data(data.build())
        .tag_specifications(specification(ec2::ResourceType::LaunchTemplate, "LaunchTemplate.web"));
    let mut request = sent.one::<CreateLaunchTemplateInput>();
    // The SDK gives each request a random token where none is set.
    request.client_token = None;
    assert_eq!(request, template.build().expect("a request"));
}

#[tokio::test(start_paused = true)]
async fn scaling() {
    let sent = deployed().await;
    let tag = |key: &str, value: &str, propagate: bool| {
        let tag = asg::Tag::builder().resource_id("Web-ASG").resource_type("auto-scaling-group");
        tag.key(key).value(value).propagate_at_launch(propagate).build()
    };
    let template = asg::LaunchTemplateSpecification::builder().launch_template_id("lt-1").version("1").build();
    let group = CreateAutoScalingGroupInput::builder()
        .auto_scaling_group_name("Web-ASG")
        .launch_template(template)
        .vpc_zone_identifier("subnet-2a,subnet-2c")
        .min_size(2)
        .max_size(4)
        .desired_capacity(2)
        .target_group_arns(TARGET_GROUP)
        .tags(tag("Name", "ASG-Web-Instance", true))
        .tags(tag("purlin:address", "AutoScalingGroup.web", false))
        // The policy, which AWS cannot tag, is recorded on its group before it exists.
        .tags(tag("purlin:child:Web-ASG-cpu", "ScalingPolicy.cpu", false))
        .tags(tag("purlin:stack", "web-lab", false));
    assert_eq!(sent.one::<CreateAutoScalingGroupInput>(), group.build().expect("a request"));

    let metrics = sent.one::<EnableMetricsCollectionInput>();
    assert_eq!((metrics.auto_scaling_group_name(), metrics.granularity()), (Some("Web-ASG"), Some("1Minute")));
    assert_eq!(metrics.metrics().len(), 20, "each metric of the group by its name: {metrics:?}");

    let cpu = asg::PredefinedMetricSpecification::builder();
    let tracking = asg::TargetTrackingConfiguration::builder()
        .predefined_metric_specification(cpu.predefined_metric_type(asg::MetricType::AsgAverageCpuUtilization).build())
        .target_value(30.0);
    let policy = PutScalingPolicyInput::builder()
        .auto_scaling_group_name("Web-ASG")
        .policy_name("Web-ASG-cpu")
        .policy_type("TargetTrackingScaling")
        .target_tracking_configuration(tracking.build());
    assert_eq!(sent.one::<PutScalingPolicyInput>(), policy.build().expect("a request"));
}

/// What is needed is sent before what needs it, and nothing else is sent.
#[tokio::test(start_paused = true)]
async fn eleven_writes_in_an_order_that_works() {
    let writes = deployed().await.writes();
    assert_eq!(writes.len(), 11, "{writes:?}");
    let place = |method: &str| writes.iter().position(|write| *write == method).expect("it is sent");
    let order = [
        ("create_security_group", "create_load_balancer"),
        ("create_security_group", "create_launch_template"),
        ("create_load_balancer", "create_listener"),
        ("create_target_group", "create_listener"),
        ("create_target_group", "create_auto_scaling_group"),
        ("create_launch_template", "create_auto_scaling_group"),
        ("create_auto_scaling_group", "enable_metrics_collection"),
        ("create_auto_scaling_group", "put_scaling_policy"),
    ];
    for (earlier, later) in order {
        assert!(place(earlier) < place(later), "{earlier} before {later}: {writes:?}");
    }
}
