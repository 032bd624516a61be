//! What is sent for Auto Scaling groups: values that clear, and refreshes.

use std::time::Duration;

use aws_sdk_autoscaling::operation::attach_traffic_sources::AttachTrafficSourcesInput;
use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::DescribeAutoScalingGroupsOutput;
use aws_sdk_autoscaling::operation::describe_instance_refreshes::DescribeInstanceRefreshesOutput;
use aws_sdk_autoscaling::operation::start_instance_refresh::{StartInstanceRefreshInput, StartInstanceRefreshOutput};
use aws_sdk_autoscaling::operation::update_auto_scaling_group::UpdateAutoScalingGroupInput;
use aws_sdk_autoscaling::types as asg;
use purlin::*;

use super::canned::{Canned, answer};
use super::deploy;

/// The group as AWS has it: with AWS's defaults, or with everything else.
fn existing(builder: asg::builders::AutoScalingGroupBuilder) -> DescribeAutoScalingGroupsOutput {
    let tag = |key: &str, value: &str| asg::TagDescription::builder().key(key).value(value).build();
    let template = asg::LaunchTemplateSpecification::builder().launch_template_id("lt-1").version("3");
    let group = builder
        .auto_scaling_group_name("Web-ASG")
        .launch_template(template.build())
        .vpc_zone_identifier("subnet-1")
        .min_size(0)
        .max_size(4)
        .desired_capacity(0)
        .tags(tag("purlin:address", "AutoScalingGroup.web"))
        .tags(tag("purlin:stack", "web"));
    DescribeAutoScalingGroupsOutput::builder().auto_scaling_groups(group.build()).build()
}

fn template(version: &str) -> TemplateVersion {
    TemplateVersion::new("lt-1".parse::<LaunchTemplateId>().expect("an id"), version)
}

fn place() -> [SubnetId; 1] {
    ["subnet-1".parse().expect("an id")]
}

/// What is left out goes back to AWS's default by the value that clears it (aws.md, section 2.6).
#[tokio::test(start_paused = true)]
async fn what_is_left_out_is_cleared() {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    canned.autoscaling = vec![
        answer!(sent, aws_sdk_autoscaling::describe_auto_scaling_groups, |_input| {
            let maintenance = asg::InstanceMaintenancePolicy::builder().min_healthy_percentage(90);
            let impairment = asg::AvailabilityZoneImpairmentPolicy::builder().zonal_shift_enabled(true);
            let role =
                "arn:aws:iam::1:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_own";
            existing(
                asg::AutoScalingGroup::builder()
                    .default_cooldown(60)
                    .health_check_type("ELB,EBS")
                    .health_check_grace_period(30)
                    .default_instance_warmup(30)
                    .max_instance_lifetime(86_400)
                    .capacity_rebalance(true)
                    .new_instances_protected_from_scale_in(true)
                    .termination_policies("OldestInstance")
                    .placement_group("close")
                    .service_linked_role_arn(role)
                    .context("kept")
                    .desired_capacity_type("vcpu")
                    .instance_maintenance_policy(maintenance.max_healthy_percentage(110).build())
                    .availability_zone_impairment_policy(impairment.build())
                    .deletion_protection(asg::DeletionProtection::PreventAllDeletion),
            )
        }),
        answer!(sent, aws_sdk_autoscaling::update_auto_scaling_group => UpdateAutoScalingGroupOutput),
    ];
    let mut stack = Stack::new("web");
    let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template("3")).subnets(place());
    stack.add("web", group.sizes(0..=4).build());
    deploy(canned, &stack).await;

    assert_eq!(sent.writes(), ["update_auto_scaling_group"]);
    let specification = asg::LaunchTemplateSpecification::builder().launch_template_id("lt-1").version("3");
    let maintenance = asg::InstanceMaintenancePolicy::builder().min_healthy_percentage(-1).max_healthy_percentage(-1);
    let impairment = asg::AvailabilityZoneImpairmentPolicy::builder()
        .zonal_shift_enabled(false)
        .impaired_zone_health_check_behavior(asg::ImpairedZoneHealthCheckBehavior::ReplaceUnhealthy);
    let expected = UpdateAutoScalingGroupInput::builder()
        .auto_scaling_group_name("Web-ASG")
        .launch_template(specification.build())
        .vpc_zone_identifier("subnet-1")
        .min_size(0)
        .max_size(4)
        .default_cooldown(300)
        .health_check_type("EC2")
        .health_check_grace_period(0)
        .default_instance_warmup(-1)
        .max_instance_lifetime(0)
        .capacity_rebalance(false)
        .new_instances_protected_from_scale_in(false)
        .termination_policies("Default")
        .placement_group("")
        .service_linked_role_arn(
            "arn:aws:iam::1:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        )
        .desired_capacity_type("units")
        .instance_maintenance_policy(maintenance.build())
        .availability_zone_impairment_policy(impairment.build())
        .deletion_protection(asg::DeletionProtection::None);
    assert_eq!(sent.one::<UpdateAutoScalingGroupInput>(), expected.build().expect("a request"));
}

#[tokio::test(start_paused = true)]
async fn traffic_sources_are_attached_by_ten() {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    canned.autoscaling = vec![
        answer!(sent, aws_sdk_autoscaling::describe_auto_scaling_groups, |_input| existing(
            asg::AutoScalingGroup::builder()
        )),
        answer!(sent, aws_sdk_autoscaling::attach_traffic_sources => AttachTrafficSourcesOutput),
    ];
    let mut stack = Stack::new("web");
    let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template("3")).subnets(place());
    let group = (0..21).fold(group.sizes(0..=4), |group, number| {
        group.vpc_lattice_target_group(format!("arn:aws:vpc-lattice:eu-west-1:1:targetgroup/tg-{number:02}"))
    });
    stack.add("web", group.build());
    deploy(canned, &stack).await;

    assert_eq!(sent.writes(), ["attach_traffic_sources"; 3], "and nothing else");
    let requests = sent.all::<AttachTrafficSourcesInput>();
    assert_eq!(requests.iter().map(|request| request.traffic_sources().len()).collect::<Vec<_>>(), [10, 10, 1]);
    let kinds = requests.iter().flat_map(|request| request.traffic_sources()).map(|source| source.r#type());
    assert!(kinds.clone().all(|kind| kind == Some("vpc-lattice")) && kinds.count() == 21);
}

/// All that can be said of a refresh, with the strategy that the simulated AWS does not have.
#[tokio::test(start_paused = true)]
async fn a_refresh_is_asked_for_as_declared() {
    let mut canned = Canned::default();
    let sent = canned.sent.clone();
    canned.autoscaling =
        vec![
            answer!(sent, aws_sdk_autoscaling::describe_auto_scaling_groups, |_input| {
                let template = asg::LaunchTemplateSpecification::builder().launch_template_id("lt-1").version("2");
                let instance = asg::Instance::builder().instance_id("i-1").launch_template(template.build());
                existing(asg::AutoScalingGroup::builder().instances(
                    instance.lifecycle_state(asg::LifecycleState::InService).health_status("Healthy").build(),
                ))
            }),
            answer!(sent, aws_sdk_autoscaling::start_instance_refresh, |_input| {
                StartInstanceRefreshOutput::builder().instance_refresh_id("refresh").build()
            }),
            answer!(sent, aws_sdk_autoscaling::describe_instance_refreshes, |_input| {
                let refresh = asg::InstanceRefresh::builder().status(asg::InstanceRefreshStatus::Successful);
                DescribeInstanceRefreshesOutput::builder().instance_refreshes(refresh.build()).build()
            }),
        ];
    let refresh = InstanceRefresh::builder()
        .strategy(RefreshStrategy::ReplaceRootVolume)
        .min_healthy_percentage(50)
        .max_healthy_percentage(150)
        .warmup(Duration::from_secs(10))
        .checkpoints([10, 100])
        .checkpoint_delay(Duration::from_secs(20))
        .skip_matching(false)
        .auto_rollback(true)
        .scale_in_protected(ProtectedInstances::Ignore)
        .standby(StandbyInstances::Ignore)
        .alarms(["slow", "wrong"])
        .bake_time(Duration::from_secs(30))
        .build();
    let mut stack = Stack::new("web");
    let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template("3")).subnets(place());
    stack.add("web", group.sizes(0..=4).instance_refresh(refresh).build());
    deploy(canned, &stack).await;

    let specification = asg::LaunchTemplateSpecification::builder().launch_template_id("lt-1").version("3");
    let preferences = asg::RefreshPreferences::builder()
        .min_healthy_percentage(50)
        .max_healthy_percentage(150)
        .instance_warmup(10)
        .set_checkpoint_percentages(Some(vec![10, 100]))
        .checkpoint_delay(20)
        .skip_matching(false)
        .auto_rollback(true)
        .scale_in_protected_instances(asg::ScaleInProtectedInstances::Ignore)
        .standby_instances(asg::StandbyInstances::Ignore)
        .alarm_specification(asg::AlarmSpecification::builder().alarms("slow").alarms("wrong").build())
        .bake_time(30);
    let expected = StartInstanceRefreshInput::builder()
        .auto_scaling_group_name("Web-ASG")
        .strategy(asg::RefreshStrategy::ReplaceRootVolume)
        .desired_configuration(asg::DesiredConfiguration::builder().launch_template(specification.build()).build())
        .preferences(preferences.build());
    assert_eq!(sent.writes(), ["start_instance_refresh"]);
    assert_eq!(sent.one::<StartInstanceRefreshInput>(), expected.build().expect("a request"));
}
