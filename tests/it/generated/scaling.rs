//! Auto Scaling groups with what belongs to them.

use purlin::*;

use super::Base;
use super::tape::{TAG, Tape, some};
use super::template;

/// A template that can be launched.
fn launchable(tape: &Tape, base: &Base, groups: &[Ref<SecurityGroup>], stack: &mut Stack) -> Ref<LaunchTemplate> {
    let mut it = LaunchTemplate::builder()
        .name(tape.unique(9, "abcXYZ019()-./_", 3..=128))
        .image(base.image)
        .instance_type(tape.pick(&["t2.micro", "t3.micro", "m5.large"]))
        .auto_scaling_guidance(true);
    for group in groups.iter().take(5) {
        it = it.security_group(*group);
    }
    it =
        it.tag_launched([InstanceTag::Instance, InstanceTag::Volume], tape.text(TAG, 1..=128), tape.text(TAG, 0..=256));
    let it = some!(tape, it;
        version_description(tape.text("abc 019", 0..=255));
        user_data(tape.text("abc", 0..=16384));
        metadata(template::metadata(tape));
        detailed_monitoring(tape.chance());
    );
    stack.add("launched", it)
}

fn hook(tape: &Tape, index: usize, transition: LifecycleTransition) -> LifecycleHook {
    // What launches is not held up by somebody who never answers.
    let it = LifecycleHook::builder().name(tape.unique(index, "abcXYZ019-_/", 1..=255)).transition(transition);
    some!(tape, it.default_result(LifecycleResult::Continue).heartbeat(tape.seconds(30..=7200));
        metadata(tape.text("abc XYZ019!~", 1..=4000));
    )
}

fn mixed(tape: &Tape, template: Ref<LaunchTemplate>) -> (MixedInstances, bool) {
    let mut it = MixedInstances::builder().template(template);
    let by_requirements = tape.chance();
    if by_requirements {
        for least in 1..=tape.within(1..=4_u32) {
            let requirements =
                InstanceRequirements::builder().vcpus(least..).memory_mib(512..).burstable(Inclusion::Included);
            it = it.launch_override(LaunchOverride::requirements(requirements.build()));
        }
    } else {
        let weighted = tape.chance();
        for name in ["t2.micro", "t3.micro", "t3.small"].iter().take(tape.up_to(3)) {
            let item = LaunchOverride::instance_type(*name);
            it = it.launch_override(if weighted { item.weight(tape.within(1..=999)) } else { item });
        }
    }
    let distribution = match tape.up_to(2) {
        0 => some!(tape, InstancesDistribution::builder();
            on_demand_base(tape.within(0..=10));
            on_demand_percentage(tape.within(0..=100));
            spot_pools(tape.within(1..=20));
            spot_allocation(SpotAllocation::LowestPrice);
            spot_max_price("0.05");
        ),
        1 => some!(tape, InstancesDistribution::builder();
            spot_allocation(tape.pick(&[SpotAllocation::CapacityOptimized, SpotAllocation::PriceCapacityOptimized]));
            on_demand_allocation(OnDemandAllocation::LowestPrice);
            on_demand_percentage(tape.within(0..=100));
        ),
        _ => InstancesDistribution::builder().build(),
    };
    (it.distribution(distribution).build(), by_requirements)
}

/// The options of a group, whatever it launches; a macro, for the builder has many types.
macro_rules! options {
    ($tape:expr, $group:expr) => {{
        let tape = $tape;
        some!(tape, $group;
            health_check_grace_period(tape.seconds(0..=7200));
            default_cooldown(tape.seconds(0..=86_400));
            default_instance_warmup(tape.seconds(0..=86_400));
            protect_from_scale_in(tape.chance());
            capacity_rebalance(tape.chance());
            max_instance_lifetime(tape.seconds(86_400..=31_536_000));
            termination_policies([TerminationPolicy::OldestInstance, TerminationPolicy::Default]);
            instance_maintenance({
                let least = tape.within(0..=100_u32);
                least..=tape.within(100..=least + 100)
            });
            zone_distribution(tape.pick(&[ZoneDistribution::BalancedBestEffort, ZoneDistribution::BalancedOnly]));
            zone_impairment(some!(tape, ZoneImpairment::builder();
                zonal_shift(tape.chance());
                unhealthy(tape.pick(&[ImpairedZoneHealthCheck::Replace, ImpairedZoneHealthCheck::Ignore]));
            ));
            terminate_hook_abandon(RetentionAction::Terminate);
            suspended_processes([ScalingProcess::AzRebalance, ScalingProcess::ScheduledActions]);
            deletion_protection(DeletionProtection::None);
        )
    }};
}

fn refresh(tape: &Tape) -> InstanceRefresh {
    let least = tape.within(0..=100_u32);
    if tape.chance() {
        let checkpoints = [1, tape.within(2..=99), 100];
        return some!(tape, InstanceRefresh::builder().checkpoints(checkpoints);
            checkpoint_delay(tape.seconds(0..=172_800));
            warmup(tape.seconds(0..=3600));
        );
    }
    some!(tape, InstanceRefresh::builder().min_healthy_percentage(least);
        max_healthy_percentage(tape.within(100..=least + 100));
        bake_time(tape.seconds(0..=172_800));
        skip_matching(tape.chance());
        auto_rollback(tape.chance());
        alarms(["alarm"]);
    )
}

fn query(name: &str) -> TargetTrackingMetricDataQuery {
    let metric = Metric::builder().namespace("Worker").name(name).dimension("Queue", "orders").build();
    TargetTrackingMetricDataQuery::stat(name, TargetTrackingMetricStat::new(metric, "Sum"))
}

fn policies(tape: &Tape, group: Ref<AutoScalingGroup>, stack: &mut Stack) {
    let tracked = [
        PredefinedMetric::AverageCpuUtilization,
        PredefinedMetric::AverageNetworkIn,
        PredefinedMetric::AverageNetworkOut,
    ];
    for index in 0..tape.up_to(5) {
        let scaling: Scaling = match index {
            0 => {
                let target = f64::from(tape.within(1..=10_000_u32)) / 100.0;
                TargetTracking::predefined(tape.pick(&tracked), target).warmup(tape.seconds(0..=86_400)).into()
            }
            1 => {
                let custom = CustomMetric::builder().namespace("Worker").name("Backlog").statistic(Statistic::Average);
                let custom = some!(tape, custom;
                    unit("Percent");
                    period(super::seconds(tape.pick(&[10, 30, 60])));
                );
                TargetTracking::custom(custom, 0.5).without_scale_in().into()
            }
            2 => {
                let result = TargetTrackingMetricDataQuery::expression("result", tape.text("a+", 1..=2047));
                let inputs = (0..tape.within(1..=9_u32)).map(|input| query(&format!("m{input}")));
                TargetTracking::metric_math(result, inputs, 100.0).into()
            }
            3 => {
                let kind = tape.pick(&[
                    AdjustmentType::ChangeInCapacity,
                    AdjustmentType::ExactCapacity,
                    AdjustmentType::PercentChangeInCapacity,
                ]);
                let mut steps = StepScaling::builder().adjustment_type(kind);
                let count = tape.within(1..=20_u32);
                for step in 0..count {
                    let upper = (step + 1 < count).then(|| f64::from(step + 1));
                    steps = steps.step(Some(f64::from(step)), upper, tape.within(0..=100));
                }
                some!(tape, steps;
                    aggregation(tape.pick(&[MetricAggregation::Average, MetricAggregation::Minimum, MetricAggregation::Maximum]));
                    warmup(tape.seconds(0..=86_400));
                )
                .into()
            }
            _ if tape.chance() => {
                let simple = SimpleScaling::builder().adjustment_type(AdjustmentType::PercentChangeInCapacity);
                some!(tape, simple.adjustment(tape.within(-100..=100));
                    cooldown(tape.seconds(0..=86_400));
                    min_adjustment(tape.within(1..=100));
                )
                .into()
            }
            _ => {
                let mut ahead = PredictiveScaling::pair(MetricPair::cpu_utilization(), 40.0);
                if tape.chance() {
                    ahead = ahead.mode(PredictiveMode::ForecastOnly).scheduling_buffer(tape.seconds(0..=3599));
                }
                if tape.chance() {
                    ahead = ahead.increase_max_capacity(tape.within(0..=100));
                }
                ahead.into()
            }
        };
        let name = tape.unique(index, TAG, 1..=100);
        let it = some!(tape, ScalingPolicy::builder().name(name.clone()).group(group).scaling(scaling.clone());
            enabled(tape.chance());
        );
        stack.add(format!("policy-{index}"), it);
    }
}

fn schedules(tape: &Tape, group: Ref<AutoScalingGroup>, stack: &mut Stack) {
    for index in 0..tape.up_to(3) {
        let schedule: Schedule = match tape.up_to(2) {
            0 => "2027-01-01T00:00:00Z".parse::<Timestamp>().expect("a time").into(),
            1 => Recurrence::cron("30 8 * * MON-FRI").time_zone("Asia/Seoul").into(),
            _ => Recurrence::cron("0 0 1 1 *")
                .starts("2026-06-01T00:00:00Z".parse().expect("a time"))
                .ends("2029-06-01T00:00:00Z".parse().expect("a time"))
                .into(),
        };
        let least = tape.within(0..=10_u32);
        let most = tape.within(least..=20);
        // Two actions never run at one time.
        let schedule = if index == 0 { schedule } else { Recurrence::cron(format!("{index} 3 * * *")).into() };
        let it = ScheduledAction::builder().name(tape.unique(index, TAG, 1..=100)).group(group).schedule(schedule);
        let it = some!(tape, it.desired_capacity(tape.within(least..=most));
            min_size(least);
            max_size(most);
        );
        stack.add(format!("schedule-{index}"), it);
    }
}

pub(super) fn declare(tape: &Tape, base: &Base, groups: &[Ref<SecurityGroup>], stack: &mut Stack) {
    let launched = launchable(tape, base, groups, stack);
    let least = tape.within(0..=2_u32);
    let most = tape.within(least..=10_000);
    // A warm pool fills up to the greatest size.
    let sort = tape.up_to(3);
    let most = if sort == 1 { most.min(4) } else { most };
    let mut group = AutoScalingGroup::builder()
        .name(tape.unique(8, "abcXYZ019-_./()", 1..=255))
        .subnets(base.private)
        .sizes(least..=most)
        .desired_capacity(tape.within(least..=most.min(2)));
    for (index, transition) in
        [LifecycleTransition::Launching, LifecycleTransition::Terminating].into_iter().enumerate().take(tape.up_to(2))
    {
        group = group.lifecycle_hook(hook(tape, index, transition));
    }
    match tape.up_to(2) {
        0 => {}
        1 => group = group.group_metrics(),
        _ => group = group.group_metrics_of([GroupMetric::MinSize, GroupMetric::WarmPoolTotalCapacity]),
    }
    for tag in 0..tape.up_to(3) {
        let (key, value) = (tape.unique(tag, TAG, 1..=128), tape.text(TAG, 0..=256));
        group = if tape.chance() { group.tag(key, value) } else { group.tag_group_only(key, value) };
    }
    let group = match sort {
        0 => options!(tape, group.launch_template(launched)),
        1 => {
            let least = tape.within(0..=2_u32);
            let pool = some!(tape, WarmPool::builder().min_size(least);
                max_prepared_capacity(tape.within(most..=most + 2));
                state(tape.pick(&[WarmPoolState::Stopped, WarmPoolState::Running]));
                reuse_on_scale_in(tape.chance());
            );
            options!(tape, group.launch_template(launched).warm_pool(pool.clone()))
        }
        2 => options!(tape, group.launch_template(launched).instance_refresh(refresh(tape))),
        _ => {
            let (mixed, by_requirements) = mixed(tape, launched);
            if by_requirements {
                let unit = tape.pick(&[CapacityUnit::Units, CapacityUnit::Vcpu]);
                options!(tape, group.launch_template(mixed.clone()).capacity_unit(unit))
            } else {
                options!(tape, group.launch_template(mixed.clone()))
            }
        }
    };
    let group = stack.add("scaling", group);
    policies(tape, group, stack);
    schedules(tape, group, stack);
    if tape.chance() {
        let it = Notification::builder().group(group).topic("arn:aws:sns:ap-northeast-2:123456789012:operators");
        stack.add("told", it.on([NotificationType::Launch, NotificationType::TerminateError]).build());
    }
}
