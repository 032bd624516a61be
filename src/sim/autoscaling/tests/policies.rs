//! Scaling policies.

use aws_sdk_autoscaling::operation::put_scaling_policy::builders::PutScalingPolicyFluentBuilder;
use aws_sdk_autoscaling::types::builders::{StepAdjustmentBuilder, TargetTrackingConfigurationBuilder};
use aws_sdk_autoscaling::types::{
    CustomizedMetricSpecification, MetricStatistic, MetricType, PredefinedMetricSpecification,
    PredictiveScalingConfiguration, StepAdjustment, TargetTrackingConfiguration,
};

use super::{Lab, pass, refused};

impl Lab {
    fn put(&self, name: &str) -> PutScalingPolicyFluentBuilder {
        self.client.put_scaling_policy().auto_scaling_group_name("web").policy_name(name)
    }

    fn track(&self, name: &str, configuration: TargetTrackingConfigurationBuilder) -> PutScalingPolicyFluentBuilder {
        self.put(name).policy_type("TargetTrackingScaling").target_tracking_configuration(configuration.build())
    }

    fn steps(&self, steps: &[StepAdjustmentBuilder]) -> PutScalingPolicyFluentBuilder {
        let steps = steps.iter().map(|step| step.clone().build()).collect();
        let put = self.put("steps").policy_type("StepScaling").adjustment_type("ChangeInCapacity");
        put.set_step_adjustments(Some(steps))
    }
}

fn predefined(kind: MetricType) -> PredefinedMetricSpecification {
    PredefinedMetricSpecification::builder().predefined_metric_type(kind).build()
}

fn cpu(target: f64) -> TargetTrackingConfigurationBuilder {
    TargetTrackingConfiguration::builder()
        .predefined_metric_specification(predefined(MetricType::AsgAverageCpuUtilization))
        .target_value(target)
}

#[tokio::test(start_paused = true)]
async fn a_group_follows_its_target() {
    let lab = Lab::running().await;
    lab.track("cpu", cpu(50.0)).estimated_instance_warmup(60).send().await.unwrap();
    // Half of what two instances can do: just on target.
    lab.sim.set_load("web", 100.0);
    pass(1800).await;
    assert_eq!(lab.desired(), 2);
    lab.sim.set_load("web", 140.0);
    pass(100).await;
    assert_eq!(lab.desired(), 2, "not yet three minutes");
    pass(120).await;
    assert_eq!(lab.desired(), 3);
    assert!(lab.activities().await[0].cause().unwrap().contains("-AlarmHigh-"));
    pass(1800).await;
    // 140 / 3 = 46.7: within 90 % of the target.
    assert_eq!(lab.desired(), 3);
    lab.sim.set_load("web", 80.0);
    pass(13 * 60).await;
    assert_eq!(lab.desired(), 3, "not yet fifteen minutes");
    pass(4 * 60).await;
    assert_eq!(lab.desired(), 2);
    // Work that no number of instances in bounds can do.
    lab.sim.set_load("web", 1000.0);
    pass(1200).await;
    assert_eq!(lab.desired(), 4);
    lab.sim.set_load("web", 0.0);
    pass(3600).await;
    assert_eq!(lab.desired(), 1);
}

#[tokio::test(start_paused = true)]
async fn instances_that_warm_up_delay_further_steps() {
    let lab = Lab::running().await;
    lab.track("cpu", cpu(50.0)).estimated_instance_warmup(600).send().await.unwrap();
    lab.sim.set_load("web", 130.0);
    pass(500).await;
    assert_eq!(lab.desired(), 2, "the two warm up themselves");
    pass(200).await;
    assert_eq!(lab.desired(), 3);
    lab.sim.set_load("web", 400.0);
    pass(550).await;
    assert_eq!(lab.desired(), 3);
    pass(200).await;
    assert_eq!(lab.desired(), 4);
}

#[tokio::test(start_paused = true)]
async fn scaling_in_can_be_disabled_and_so_can_policies_and_alarms() {
    let lab = Lab::running().await;
    lab.track("cpu", cpu(50.0).disable_scale_in(true)).send().await.unwrap();
    pass(7200).await;
    assert_eq!(lab.desired(), 2);
    lab.track("cpu", cpu(50.0)).enabled(false).send().await.unwrap();
    pass(7200).await;
    assert_eq!(lab.desired(), 2);
    lab.track("cpu", cpu(50.0)).send().await.unwrap();
    let suspend = lab.client.suspend_processes().auto_scaling_group_name("web");
    suspend.scaling_processes("AlarmNotification").send().await.unwrap();
    pass(7200).await;
    assert_eq!(lab.desired(), 2);
    lab.client.resume_processes().auto_scaling_group_name("web").send().await.unwrap();
    pass(120).await;
    assert_eq!(lab.desired(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_the_cpu_is_followed_and_a_metric_has_one_policy() {
    let lab = Lab::running().await;
    let network = TargetTrackingConfiguration::builder()
        .predefined_metric_specification(predefined(MetricType::AsgAverageNetworkIn))
        .target_value(1.0);
    lab.track("network", network).send().await.unwrap();
    lab.track("cpu", cpu(50.0)).send().await.unwrap();
    refused!(
        lab.track("more", cpu(60.0)),
        "ValidationError",
        "Only one TargetTrackingScaling policy for a given metric"
    );
    lab.sim.set_load("web", 150.0);
    pass(600).await;
    assert_eq!(lab.desired(), 3, "policies on metrics that nobody simulates stand still");
}

#[tokio::test(start_paused = true)]
async fn a_target_tracking_policy_makes_and_keeps_its_alarms() {
    let lab = Lab::running().await;
    let put = lab.track("cpu", cpu(50.0)).send().await.unwrap();
    assert!(put.policy_arn().unwrap().ends_with(":autoScalingGroupName/web:policyName/cpu"));
    let names: Vec<&str> = put.alarms().iter().filter_map(|alarm| alarm.alarm_name()).collect();
    assert!(
        names[0].starts_with("TargetTracking-web-AlarmHigh-") && names[1].starts_with("TargetTracking-web-AlarmLow-")
    );
    assert!(put.alarms()[0].alarm_arn().unwrap().starts_with("arn:aws:cloudwatch:"));
    let again = lab.track("cpu", cpu(60.0)).send().await.unwrap();
    assert_eq!((again.policy_arn(), again.alarms()), (put.policy_arn(), put.alarms()));
    let described = lab.client.describe_policies().auto_scaling_group_name("web").send().await.unwrap();
    let [policy] = described.scaling_policies() else { panic!("one policy") };
    assert_eq!(policy.alarms(), put.alarms());
    assert_eq!(policy.enabled(), Some(true));
    assert_eq!(policy.target_tracking_configuration().unwrap().target_value(), Some(60.0));
    assert_eq!(policy.target_tracking_configuration().unwrap().disable_scale_in(), Some(false));
    let outward = lab.track("cpu", cpu(60.0).disable_scale_in(true)).send().await.unwrap();
    assert_eq!(outward.alarms(), &put.alarms()[..1]);
}

#[tokio::test(start_paused = true)]
async fn policies_are_described_by_name_and_type_and_deleted() {
    let lab = Lab::running().await;
    lab.track("cpu", cpu(50.0)).send().await.unwrap();
    let simple = lab.put("simple").adjustment_type("ChangeInCapacity").scaling_adjustment(1).send().await.unwrap();
    let describe = || lab.client.describe_policies().auto_scaling_group_name("web");
    for (request, count) in [
        (describe(), 2),
        (describe().policy_names("cpu").policy_names("none"), 1),
        (describe().policy_names(simple.policy_arn().unwrap()), 1),
        (describe().policy_types("SimpleScaling"), 1),
        (describe().max_records(1), 1),
    ] {
        assert_eq!(request.send().await.unwrap().scaling_policies().len(), count);
    }
    refused!(describe().policy_types("Nope"), "ValidationError", "policyTypes");
    refused!(lab.client.describe_policies().auto_scaling_group_name("x"), "ValidationError", "not found");
    let delete = || lab.client.delete_policy();
    refused!(delete().auto_scaling_group_name("web").policy_name("none"), "ValidationError", "No policy found");
    refused!(delete().policy_name("cpu"), "ValidationError", "named by its ARN");
    delete().policy_name(simple.policy_arn().unwrap()).send().await.unwrap();
    delete().auto_scaling_group_name("web").policy_name("cpu").send().await.unwrap();
    assert!(describe().send().await.unwrap().scaling_policies().is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_type_of_policy_has_its_own_members() {
    let lab = Lab::running().await;
    refused!(lab.put("p").policy_type("Magic"), "ValidationError", "policyType");
    refused!(lab.put("p"), "ValidationError", "Value null at 'adjustmentType'");
    let simple = || lab.put("p").adjustment_type("ChangeInCapacity");
    refused!(simple(), "ValidationError", "Value null at 'scalingAdjustment'");
    refused!(simple().scaling_adjustment(1).adjustment_type("Double"), "ValidationError", "adjustmentType");
    refused!(
        simple().scaling_adjustment(1).estimated_instance_warmup(1),
        "ValidationError",
        "EstimatedInstanceWarmup is not supported"
    );
    refused!(
        simple().scaling_adjustment(1).metric_aggregation_type("Average"),
        "ValidationError",
        "MetricAggregationType is not supported"
    );
    refused!(simple().scaling_adjustment(1).min_adjustment_magnitude(1), "ValidationError", "PercentChangeInCapacity");
    refused!(simple().scaling_adjustment(-1).adjustment_type("ExactCapacity"), "ValidationError", "non-negative");
    refused!(lab.track("p", cpu(50.0)).cooldown(1), "ValidationError", "Cooldown is not supported");
    refused!(lab.put("p").policy_type("TargetTrackingScaling"), "ValidationError", "targetTrackingConfiguration");
    refused!(lab.put("p").policy_type("PredictiveScaling"), "ValidationError", "predictiveScalingConfiguration");
    let nothing = PredictiveScalingConfiguration::builder().build();
    refused!(
        lab.put("p").policy_type("PredictiveScaling").predictive_scaling_configuration(nothing),
        "ValidationError",
        "exactly one metric specification"
    );
}

#[tokio::test(start_paused = true)]
async fn target_tracking_needs_exactly_one_sensible_metric() {
    let lab = Lab::running().await;
    let none = || TargetTrackingConfiguration::builder().target_value(50.0);
    refused!(lab.track("p", none()), "ValidationError", "Exactly one of");
    let custom =
        || CustomizedMetricSpecification::builder().metric_name("m").namespace("n").statistic(MetricStatistic::Average);
    refused!(
        lab.track("p", cpu(50.0).customized_metric_specification(custom().build())),
        "ValidationError",
        "Exactly one of"
    );
    refused!(lab.track("p", cpu(0.0)), "ValidationError", "greater than zero");
    refused!(lab.track("p", cpu(50.0).set_target_value(None)), "ValidationError", "targetValue");
    let odd = none().predefined_metric_specification(predefined("Moon".into()));
    refused!(lab.track("p", odd), "ValidationError", "predefinedMetricType");
    let custom_with = |metric: CustomizedMetricSpecification| none().customized_metric_specification(metric);
    refused!(lab.track("p", custom_with(custom().period(15).build())), "ValidationError", "10, 30 or 60");
    refused!(lab.track("p", custom_with(custom().set_namespace(None).build())), "ValidationError", "namespace");
    lab.track("p", custom_with(custom().build())).send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn request_count_needs_the_label_of_an_attached_target_group() {
    let lab = Lab::running().await;
    let arn = lab.target_group("front", true).await;
    let suffix = arn.split_once(":targetgroup/").unwrap().1;
    let counting = |label: Option<String>| {
        let metric = PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::AlbRequestCountPerTarget)
            .set_resource_label(label)
            .build();
        lab.track(
            "p",
            TargetTrackingConfiguration::builder().predefined_metric_specification(metric).target_value(100.0),
        )
    };
    let balancers = lab.sim.elbv2().describe_load_balancers().names("front-lb").send().await.unwrap();
    let balancer = balancers.load_balancers()[0].load_balancer_arn().unwrap().split_once(":loadbalancer/").unwrap().1;
    let label = format!("{balancer}/targetgroup/{suffix}");
    refused!(counting(None), "ValidationError", "A resource label is required");
    refused!(counting(Some("front".to_owned())), "ValidationError", "Invalid resource label");
    refused!(counting(Some(label.clone())), "ValidationError", "not attached");
    let attach = lab.client.attach_load_balancer_target_groups().auto_scaling_group_name("web");
    attach.target_group_arns(&arn).send().await.unwrap();
    let other = format!("app/other-lb/0123456789abcdef/targetgroup/{suffix}");
    refused!(counting(Some(other)), "ValidationError", "does not route traffic");
    counting(Some(label.clone())).send().await.unwrap();
    let cpu = PredefinedMetricSpecification::builder()
        .predefined_metric_type(MetricType::AsgAverageCpuUtilization)
        .resource_label(label)
        .build();
    refused!(
        lab.track("q", TargetTrackingConfiguration::builder().predefined_metric_specification(cpu).target_value(1.0)),
        "ValidationError",
        "not supported for the metric"
    );
}

#[tokio::test(start_paused = true)]
async fn steps_must_cover_a_range_without_gap_or_overlap() {
    let lab = Lab::running().await;
    let step = || StepAdjustment::builder().scaling_adjustment(1);
    let from = |bound: f64| step().metric_interval_lower_bound(bound);
    let between = |low: f64, high: f64| from(low).metric_interval_upper_bound(high);
    let cases: [(&[StepAdjustmentBuilder], &str); 8] = [
        (&[], "At least one step adjustment"),
        (&[step()], "cannot be null in the same"),
        (&[between(10.0, 10.0)], "greater than the lower bound"),
        (&[between(0.0, 10.0), from(5.0)], "overlap"),
        (&[between(0.0, 10.0), from(20.0)], "gap"),
        (&[between(0.0, 10.0)], "unspecified upper bound"),
        (&[between(-10.0, 0.0)], "unspecified lower bound"),
        (&[from(0.0).set_scaling_adjustment(None)], "scalingAdjustment"),
    ];
    for (steps, text) in cases {
        refused!(lab.steps(steps), "ValidationError", text);
    }
    let many: Vec<_> = (0..21).map(|number| between(f64::from(number), f64::from(number + 1))).collect();
    refused!(lab.steps(&many), "ValidationError", "less than or equal to 20");
    lab.steps(&[from(10.0), between(0.0, 10.0)]).send().await.unwrap();
    let described = lab.client.describe_policies().auto_scaling_group_name("web").send().await.unwrap();
    assert_eq!(described.scaling_policies()[0].metric_aggregation_type(), Some("Average"));
}

#[tokio::test(start_paused = true)]
async fn policies_are_executed_on_request() {
    let lab = Lab::running().await;
    let bounds = StepAdjustment::builder();
    lab.steps(&[
        bounds.clone().metric_interval_lower_bound(0.0).metric_interval_upper_bound(10.0).scaling_adjustment(1),
        bounds.metric_interval_lower_bound(10.0).scaling_adjustment(9),
    ])
    .send()
    .await
    .unwrap();
    let execute = |name: &str| lab.client.execute_policy().auto_scaling_group_name("web").policy_name(name);
    refused!(execute("steps"), "ValidationError", "metricValue");
    refused!(execute("steps").metric_value(40.0).breach_threshold(50.0), "ValidationError", "No step adjustment found");
    execute("steps").metric_value(59.0).breach_threshold(50.0).send().await.unwrap();
    assert_eq!(lab.desired(), 3);
    // The bound between two steps belongs to the upper one; and the maximum of the group holds.
    execute("steps").metric_value(60.0).breach_threshold(50.0).send().await.unwrap();
    assert_eq!(lab.desired(), 4);
    let set = lab.client.set_desired_capacity().auto_scaling_group_name("web").desired_capacity(2);
    set.send().await.unwrap();
    execute("steps").metric_value(60.0).breach_threshold(50.0).send().await.unwrap();
    assert_eq!(lab.desired(), 4, "by the first step it would be 3");
    lab.put("half").adjustment_type("PercentChangeInCapacity").scaling_adjustment(-50).send().await.unwrap();
    execute("half").send().await.unwrap();
    assert_eq!(lab.desired(), 2);
    refused!(execute("half").honor_cooldown(true), "ScalingActivityInProgress", "cooldown");
    lab.track("cpu", cpu(50.0)).send().await.unwrap();
    refused!(execute("cpu"), "ValidationError", "can be executed");
    let set = lab.client.set_desired_capacity().auto_scaling_group_name("web").desired_capacity(1);
    refused!(set.clone().honor_cooldown(true), "ScalingActivityInProgress", "cooldown");
    pass(500).await;
    set.honor_cooldown(true).send().await.unwrap();
}
