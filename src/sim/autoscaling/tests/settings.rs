//! The settings of a group, and what AWS says about impossible ones.

use aws_sdk_autoscaling::operation::update_auto_scaling_group::builders::UpdateAutoScalingGroupFluentBuilder;
use aws_sdk_autoscaling::types::{
    AvailabilityZoneDistribution, AvailabilityZoneImpairmentPolicy, CapacityDistributionStrategy,
    CapacityReservationPreference, CapacityReservationSpecification, ImpairedZoneHealthCheckBehavior,
    InstanceLifecyclePolicy, InstanceMaintenancePolicy, InstanceRequirements, InstancesDistribution, LaunchTemplate,
    LaunchTemplateOverrides, LaunchTemplateSpecification, MemoryMiBRequest, MixedInstancesPolicy, Operator,
    RetentionAction, RetentionTriggers, VCpuCountRequest,
};
use aws_sdk_ec2::types::{InstanceType, LaunchTemplateInstanceMarketOptionsRequest, MarketType};

use super::{Lab, pass, refused, web};

impl Lab {
    fn update(&self) -> UpdateAutoScalingGroupFluentBuilder {
        self.client.update_auto_scaling_group().auto_scaling_group_name("web")
    }
}

fn maintenance(min: i32, max: i32) -> InstanceMaintenancePolicy {
    InstanceMaintenancePolicy::builder().min_healthy_percentage(min).max_healthy_percentage(max).build()
}

#[tokio::test(start_paused = true)]
async fn all_settings_are_kept_and_described() {
    let lab = Lab::new().await;
    let triggers = RetentionTriggers::builder().terminate_hook_abandon(RetentionAction::Retain).build();
    lab.create()
        .default_cooldown(10)
        .health_check_type("EBS,ELB")
        .health_check_grace_period(20)
        .placement_group("pg")
        .termination_policies("OldestInstance")
        .termination_policies("Default")
        .new_instances_protected_from_scale_in(true)
        .capacity_rebalance(true)
        .service_linked_role_arn("arn:aws:iam::123456789012:role/mine")
        .max_instance_lifetime(86_400)
        .context("reserved")
        .desired_capacity_type("units")
        .default_instance_warmup(30)
        .instance_maintenance_policy(maintenance(90, 120))
        .availability_zone_distribution(
            AvailabilityZoneDistribution::builder()
                .capacity_distribution_strategy(CapacityDistributionStrategy::BalancedOnly)
                .build(),
        )
        .availability_zone_impairment_policy(
            AvailabilityZoneImpairmentPolicy::builder()
                .zonal_shift_enabled(true)
                .impaired_zone_health_check_behavior(ImpairedZoneHealthCheckBehavior::IgnoreUnhealthy)
                .build(),
        )
        .skip_zonal_shift_validation(true)
        .capacity_reservation_specification(
            CapacityReservationSpecification::builder()
                .capacity_reservation_preference(CapacityReservationPreference::None)
                .build(),
        )
        .instance_lifecycle_policy(InstanceLifecyclePolicy::builder().retention_triggers(triggers.clone()).build())
        .operator(Operator::builder().principal("eks.amazonaws.com").build())
        .send()
        .await
        .unwrap();
    let group = lab.group().await.unwrap();
    assert_eq!(group.default_cooldown(), Some(10));
    assert_eq!(group.health_check_type(), Some("EBS,ELB"));
    assert_eq!(group.health_check_grace_period(), Some(20));
    assert_eq!(group.placement_group(), Some("pg"));
    assert_eq!(group.termination_policies(), ["OldestInstance", "Default"]);
    assert_eq!(group.new_instances_protected_from_scale_in(), Some(true));
    assert_eq!(group.capacity_rebalance(), Some(true));
    assert_eq!(group.service_linked_role_arn(), Some("arn:aws:iam::123456789012:role/mine"));
    assert_eq!(group.max_instance_lifetime(), Some(86_400));
    assert_eq!(group.context(), Some("reserved"));
    assert_eq!(group.desired_capacity_type(), Some("units"));
    assert_eq!(group.default_instance_warmup(), Some(30));
    assert_eq!(group.instance_maintenance_policy(), Some(&maintenance(90, 120)));
    let distribution = group.availability_zone_distribution().unwrap();
    assert_eq!(distribution.capacity_distribution_strategy(), Some(&CapacityDistributionStrategy::BalancedOnly));
    assert_eq!(group.availability_zone_impairment_policy().unwrap().zonal_shift_enabled(), Some(true));
    let reservation = group.capacity_reservation_specification().unwrap();
    assert_eq!(reservation.capacity_reservation_preference(), Some(&CapacityReservationPreference::None));
    assert_eq!(group.instance_lifecycle_policy().unwrap().retention_triggers(), Some(&triggers));
    assert_eq!(group.operator().unwrap().principal(), Some("eks.amazonaws.com"));
    pass(10).await;
    assert_eq!(lab.group().await.unwrap().instances()[0].protected_from_scale_in(), Some(true));
}

#[tokio::test(start_paused = true)]
async fn settings_are_cleared_as_documented() {
    let lab = Lab::new().await;
    lab.create()
        .max_instance_lifetime(90_000)
        .default_instance_warmup(30)
        .instance_maintenance_policy(maintenance(90, 120))
        .health_check_type("ELB")
        .termination_policies("NewestInstance")
        .send()
        .await
        .unwrap();
    lab.update()
        .max_instance_lifetime(0)
        .default_instance_warmup(-1)
        .instance_maintenance_policy(maintenance(-1, -1))
        .health_check_type("EC2")
        .termination_policies("Default")
        .send()
        .await
        .unwrap();
    let group = lab.group().await.unwrap();
    assert_eq!(group.max_instance_lifetime(), None);
    assert_eq!(group.default_instance_warmup(), None);
    assert_eq!(group.instance_maintenance_policy(), None);
    assert_eq!(group.health_check_type(), Some("EC2"));
    assert_eq!(group.termination_policies(), ["Default"]);
}

#[tokio::test(start_paused = true)]
async fn impossible_settings_are_refused_on_creation_and_on_update() {
    let lab = Lab::new().await;
    lab.create().auto_scaling_group_name("other").send().await.unwrap();
    let update = || lab.client.update_auto_scaling_group().auto_scaling_group_name("other");
    macro_rules! both {
        ($text:literal, $member:ident($value:expr)) => {
            refused!(lab.create().$member($value), "ValidationError", $text);
            refused!(update().$member($value), "ValidationError", $text);
        };
    }
    both!("healthCheckType", health_check_type("PING"));
    both!("cannot be combined", health_check_type("EC2,ELB"));
    both!("healthCheckGracePeriod", health_check_grace_period(-1));
    both!("defaultCooldown", default_cooldown(-1));
    both!("defaultInstanceWarmup", default_instance_warmup(-2));
    both!("86400", max_instance_lifetime(3600));
    both!("terminationPolicies", termination_policies("Random"));
    both!("desiredCapacityType", desired_capacity_type("cores"));
    both!("only supported with InstanceRequirements", desired_capacity_type("vcpu"));
    both!("deletionProtection", deletion_protection("maybe".into()));
    both!("cannot be greater than 100", instance_maintenance_policy(maintenance(50, 151)));
    both!("less than or equal to 100", instance_maintenance_policy(maintenance(101, 150)));
    both!("greater than or equal to 100", instance_maintenance_policy(maintenance(50, 99)));
    both!(
        "Both MinHealthyPercentage and MaxHealthyPercentage",
        instance_maintenance_policy(InstanceMaintenancePolicy::builder().min_healthy_percentage(90).build())
    );
    both!(
        "capacityDistributionStrategy",
        availability_zone_distribution(
            AvailabilityZoneDistribution::builder().capacity_distribution_strategy("none".into()).build()
        )
    );
    both!(
        "capacityReservationPreference",
        capacity_reservation_specification(
            CapacityReservationSpecification::builder().capacity_reservation_preference("all".into()).build()
        )
    );
    both!("VPCZoneIdentifier", vpc_zone_identifier("x".repeat(5001)));
    both!("does not exist", vpc_zone_identifier("subnet-1"));
    both!("fully-formed", launch_template(web("9")));
    let twice = update().launch_template(web("1")).mixed_instances_policy(mixed(&[]));
    refused!(twice, "ValidationError", "Valid requests must contain either");
    let function = "arn:aws:lambda:ap-northeast-2:123456789012:function:f:1";
    refused!(
        lab.create().termination_policies("Default").termination_policies(function),
        "ValidationError",
        "Lambda function must be the first"
    );
    assert!(lab.group().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn new_subnets_must_suit_the_template() {
    let lab = Lab::new().await;
    lab.create().send().await.unwrap();
    let other = lab.sim.add_vpc("Other", "10.1.0.0/16");
    let far = lab.sim.add_subnet(&other, "Far", "ap-northeast-2a", "10.1.1.0/24");
    refused!(lab.update().vpc_zone_identifier(&far), "ValidationError", "belong to different networks");
    lab.update().vpc_zone_identifier(&lab.subnets[1]).send().await.unwrap();
    let group = lab.group().await.unwrap();
    assert_eq!(group.availability_zones(), ["ap-northeast-2c"]);
    pass(10).await;
    assert!(lab.sim.instances().iter().all(|instance| instance.subnet == lab.subnets[1]));
}

fn typed(instance_type: &str) -> LaunchTemplateOverrides {
    LaunchTemplateOverrides::builder().instance_type(instance_type).build()
}

fn weighted(instance_type: &str, weight: &str) -> LaunchTemplateOverrides {
    LaunchTemplateOverrides::builder().instance_type(instance_type).weighted_capacity(weight).build()
}

fn required(cpus: Option<i32>, most: Option<i32>) -> LaunchTemplateOverrides {
    let requirements = InstanceRequirements::builder()
        .v_cpu_count(VCpuCountRequest::builder().set_min(cpus).set_max(most).build())
        .memory_mib(MemoryMiBRequest::builder().min(1024).build())
        .build();
    LaunchTemplateOverrides::builder().instance_requirements(requirements).build()
}

fn mixed(overrides: &[LaunchTemplateOverrides]) -> MixedInstancesPolicy {
    let template = LaunchTemplate::builder().launch_template_specification(web("1"));
    let template = template.set_overrides(Some(overrides.to_vec())).build();
    MixedInstancesPolicy::builder().launch_template(template).build()
}

fn distributed(distribution: InstancesDistribution) -> MixedInstancesPolicy {
    let mut policy = mixed(&[]);
    policy.instances_distribution = Some(distribution);
    policy
}

#[tokio::test(start_paused = true)]
async fn a_mixed_instances_policy_launches_the_first_override() {
    let lab = Lab::new().await;
    let policy = mixed(&[typed("t3.small"), typed("t3.medium")]);
    lab.create().set_launch_template(None).mixed_instances_policy(policy).send().await.unwrap();
    pass(60).await;
    assert!(lab.sim.instances().iter().all(|instance| instance.instance_type == "t3.small"));
    let group = lab.group().await.unwrap();
    assert_eq!(group.launch_template(), None);
    let policy = group.mixed_instances_policy().unwrap();
    let distribution = policy.instances_distribution().unwrap();
    assert_eq!(distribution.on_demand_allocation_strategy(), Some("prioritized"));
    assert_eq!(distribution.on_demand_percentage_above_base_capacity(), Some(100));
    assert_eq!(
        (distribution.spot_allocation_strategy(), distribution.spot_instance_pools()),
        (Some("lowest-price"), Some(2))
    );
    let template = policy.launch_template().unwrap().launch_template_specification().unwrap();
    assert!(template.launch_template_id().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_update_of_a_mixed_instances_policy_may_leave_the_template_out() {
    let lab = Lab::new().await;
    let policy = mixed(&[typed("t3.small")]);
    lab.create().set_launch_template(None).mixed_instances_policy(policy).send().await.unwrap();
    let mut change = distributed(InstancesDistribution::builder().on_demand_base_capacity(1).build());
    change.launch_template = None;
    lab.update().mixed_instances_policy(change.clone()).send().await.unwrap();
    let group = lab.group().await.unwrap();
    let policy = group.mixed_instances_policy().unwrap();
    assert_eq!(policy.launch_template().unwrap().overrides()[0].instance_type(), Some("t3.small"));
    assert_eq!(policy.instances_distribution().unwrap().on_demand_base_capacity(), Some(1));
    lab.update().launch_template(web("1")).send().await.unwrap();
    refused!(lab.update().mixed_instances_policy(change), "ValidationError", "either launchTemplateId or");
}

#[tokio::test(start_paused = true)]
async fn weights_count_towards_the_desired_capacity() {
    let lab = Lab::new().await;
    let policy = mixed(&[weighted("t3.large", "2")]);
    lab.create().set_launch_template(None).mixed_instances_policy(policy).desired_capacity(3).send().await.unwrap();
    pass(60).await;
    assert_eq!(lab.in_service(), 2, "two of two units each are the least that makes three");
    assert_eq!(lab.group().await.unwrap().instances()[0].weighted_capacity(), Some("2"));
    pass(600).await;
    assert_eq!(lab.in_service(), 2, "one unit too many is no reason to terminate");
}

#[tokio::test(start_paused = true)]
async fn instances_can_be_chosen_by_attributes() {
    let lab = Lab::new().await;
    let policy = mixed(&[required(Some(2), Some(2))]);
    let create = lab.create().set_launch_template(None).mixed_instances_policy(policy).desired_capacity_type("vcpu");
    create.send().await.unwrap();
    pass(60).await;
    assert!(lab.in_service() > 0);
}

#[tokio::test(start_paused = true)]
async fn mixed_instances_policies_are_checked() {
    let lab = Lab::new().await;
    let with_both = {
        let mut item = required(Some(1), None);
        item.instance_type = Some("t3.micro".to_owned());
        item
    };
    let distribution = InstancesDistribution::builder;
    let cases = [
        (MixedInstancesPolicy::builder().build(), "either launchTemplateId or LaunchTemplateName"),
        (mixed(&[weighted("t3.small", "1"), typed("t3.large")]), "for all overrides"),
        (mixed(&[weighted("t3.small", "1000")]), "weightedCapacity"),
        (mixed(&[weighted("t3.small", "01")]), "weightedCapacity"),
        (mixed(&[with_both]), "both InstanceType and InstanceRequirements"),
        (mixed(&[required(None, None)]), "vCpuCount.min"),
        (mixed(&[required(Some(4), Some(2))]), "less than or equal to its maximum"),
        (mixed(&vec![typed("t3.small"); 41]), "less than or equal to 40"),
        (
            distributed(distribution().on_demand_percentage_above_base_capacity(101).build()),
            "less than or equal to 100",
        ),
        (distributed(distribution().on_demand_base_capacity(-1).build()), "greater than or equal to 0"),
        (distributed(distribution().spot_allocation_strategy("cheap").build()), "spotAllocationStrategy"),
        (
            distributed(distribution().spot_allocation_strategy("capacity-optimized").spot_instance_pools(2).build()),
            "SpotInstancePools option is only available",
        ),
    ];
    for (policy, text) in cases {
        refused!(lab.create().set_launch_template(None).mixed_instances_policy(policy), "ValidationError", text);
    }
    let image = lab.sim.add_image("Spot");
    let mut spot = lab.template(&image);
    let market = LaunchTemplateInstanceMarketOptionsRequest::builder().market_type(MarketType::Spot).build();
    spot.instance_market_options = Some(market);
    spot.instance_type = Some(InstanceType::T3Micro);
    let create = lab.sim.ec2().create_launch_template().launch_template_name("spot").launch_template_data(spot);
    create.send().await.unwrap();
    let named = LaunchTemplateSpecification::builder().launch_template_name("spot").build();
    let policy = MixedInstancesPolicy::builder()
        .launch_template(LaunchTemplate::builder().launch_template_specification(named).build())
        .build();
    refused!(
        lab.create().set_launch_template(None).mixed_instances_policy(policy),
        "ValidationError",
        "Incompatible launch template"
    );
}
