//! Scaling policies.

use std::time::Duration;

use purlin::*;

use super::case::Change::{self, InPlace, Replace};
use super::case::{Case, Setting};

const PUT: Change = InPlace(&["PutScalingPolicy"]);

/// A group, what it needs, and two target groups behind a balancer.
struct Given {
    group: Ref<AutoScalingGroup>,
    balancer: Ref<LoadBalancer>,
    targets: [Ref<TargetGroup>; 2],
}

/// A group without instances.
pub(super) fn group(stack: &mut Stack) -> Ref<AutoScalingGroup> {
    let [group] = groups(stack, ["group"]);
    group
}

pub(super) fn two_groups(stack: &mut Stack) -> [Ref<AutoScalingGroup>; 2] {
    groups(stack, ["group-1", "group-2"])
}

fn groups<const N: usize>(stack: &mut Stack, names: [&str; N]) -> [Ref<AutoScalingGroup>; N] {
    let template = template(stack);
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let subnets = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    names.map(|name| {
        let group = AutoScalingGroup::builder().name(name).launch_template(template).subnets(subnets);
        // moto has another default for the grace period.
        stack.add(name, group.sizes(0..=4).health_check_grace_period(Duration::from_secs(60)).build())
    })
}

fn template(stack: &mut Stack) -> Ref<LaunchTemplate> {
    let image = stack.add("image", Image::named("Web Server v1"));
    stack.add("template", LaunchTemplate::builder().name("template").image(image).instance_type("t2.micro").build())
}

fn balanced(stack: &mut Stack) -> Given {
    let template = template(stack);
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let targets = ["one", "other"].map(|name| {
        let group = TargetGroup::builder().name(name).vpc(vpc).traffic(Traffic::http(80));
        stack.add(name, group.build())
    });
    let group = AutoScalingGroup::builder().name("group").launch_template(template).subnets(private).sizes(0..=4);
    let group = group.health_check_grace_period(Duration::from_secs(60));
    let group = stack.add("group", group.target_group(targets[0]).target_group(targets[1]).build());
    let balancer = stack.add("balancer", LoadBalancer::application().name("balancer").subnets(public).build());
    for (port, group) in [(80, targets[0]), (81, targets[1])] {
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(port));
        stack.add(format!("listener-{port}"), listener.action(Action::forward(group)).build());
    }
    Given { group, balancer, targets }
}

/// A case of how a policy scales.
fn scales<S: Into<Scaling>>(name: &'static str, scaling: impl Fn(Setting) -> S + 'static) -> Case {
    Case::new(name, PUT, move |setting| {
        let mut stack = Stack::new("round-trip");
        let group = group(&mut stack);
        stack.add("it", ScalingPolicy::builder().name("it").group(group).scaling(scaling(setting)).build());
        stack
    })
}

/// A case of a metric that counts the requests to a target group.
fn counts<S: Into<Scaling> + 'static>(
    name: &'static str,
    path: &'static str,
    scaling: fn(Ref<LoadBalancer>, Ref<TargetGroup>) -> S,
) -> Case {
    Case::new(name, PUT, move |setting| {
        let mut stack = Stack::new("round-trip");
        let Given { group, balancer, targets: [one, other] } = balanced(&mut stack);
        let scaling = scaling(balancer, one_of(setting, one, other));
        stack.add("it", ScalingPolicy::builder().name("it").group(group).scaling(scaling).build());
        stack
    })
    .shows([path])
    .required()
}

/// One of two values, where the property cannot be left out.
fn one_of<T>(setting: Setting, first: T, second: T) -> T {
    setting.pick(first, second).expect("a required property")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn cases() -> Vec<Case> {
    [policies(), adjustments(), tracking(), metric_math(), predictive()].into_iter().flatten().collect()
}

fn policies() -> Vec<Case> {
    let policy =
        |group, name: &str| ScalingPolicy::builder().name(name).group(group).scaling(TargetTracking::average_cpu(30.0));
    vec![
        Case::new("ScalingPolicy.name", Replace, move |setting| {
            let mut stack = Stack::new("round-trip");
            let group = group(&mut stack);
            stack.add("it", policy(group, one_of(setting, "it-1", "it-2")).build());
            stack
        })
        .required(),
        Case::new("ScalingPolicy.group", Replace, move |setting| {
            let mut stack = Stack::new("round-trip");
            let [one, other] = two_groups(&mut stack);
            stack.add("it", policy(one_of(setting, one, other), "it").build());
            stack
        })
        .required(),
        Case::new("ScalingPolicy.enabled", PUT, move |setting| {
            let mut stack = Stack::new("round-trip");
            let group = group(&mut stack);
            let it = policy(group, "it");
            match setting.pick(false, true) {
                None => stack.add("it", it.build()),
                Some(enabled) => stack.add("it", it.enabled(enabled).build()),
            };
            stack
        })
        .second_is_default(),
        Case::new("ScalingPolicy.type", PUT, move |setting| {
            let mut stack = Stack::new("round-trip");
            let group = group(&mut stack);
            let simple = SimpleScaling::builder().adjustment_type(AdjustmentType::ChangeInCapacity).adjustment(1);
            let steps = StepScaling::builder().adjustment_type(AdjustmentType::ChangeInCapacity);
            let it = ScalingPolicy::builder().name("it").group(group);
            match one_of(setting, 1, 2) {
                1 => stack.add("it", it.scaling(simple.build()).build()),
                _ => stack.add("it", it.scaling(steps.step(Some(0.0), None, 1).build()).build()),
            };
            stack
        })
        .shows(["type", "adjustment", "steps", "aggregation"])
        .required(),
    ]
}

fn adjustments() -> Vec<Case> {
    use AdjustmentType::{ChangeInCapacity, ExactCapacity, PercentChangeInCapacity};
    let simple = || SimpleScaling::builder().adjustment(10);
    let step = || StepScaling::builder().adjustment_type(PercentChangeInCapacity).step(Some(0.0), None, 10);
    vec![
        scales("ScalingPolicy.adjustment_type", move |setting| {
            simple().adjustment_type(one_of(setting, ChangeInCapacity, ExactCapacity)).build()
        })
        .required(),
        scales("ScalingPolicy.adjustment", move |setting| {
            let simple = SimpleScaling::builder().adjustment_type(ChangeInCapacity);
            simple.adjustment(one_of(setting, 1, -1)).build()
        })
        .required(),
        scales("ScalingPolicy.cooldown", move |setting| {
            let simple = simple().adjustment_type(ChangeInCapacity);
            match setting.pick(60, 120) {
                None => simple.build(),
                Some(cooldown) => simple.cooldown(seconds(cooldown)).build(),
            }
        }),
        scales("ScalingPolicy.min_adjustment", move |setting| match setting.pick(2, 3) {
            None => simple().adjustment_type(PercentChangeInCapacity).build(),
            Some(least) => simple().adjustment_type(PercentChangeInCapacity).min_adjustment(least).build(),
        }),
        scales("ScalingPolicy.aggregation", move |setting| {
            match setting.pick(MetricAggregation::Maximum, MetricAggregation::Minimum) {
                None => step().build(),
                Some(aggregation) => step().aggregation(aggregation).build(),
            }
        }),
        scales("ScalingPolicy.warmup", move |setting| match setting.pick(60, 120) {
            None => step().build(),
            Some(warmup) => step().warmup(seconds(warmup)).build(),
        }),
        scales("ScalingPolicy.steps.adjustment", move |setting| {
            let steps = StepScaling::builder().adjustment_type(ChangeInCapacity);
            steps.step(None, Some(0.0), -1).step(Some(0.0), None, one_of(setting, 1, 2)).build()
        })
        .shows(["steps[1].adjustment"])
        .required(),
        scales("ScalingPolicy.steps.bounds", move |setting| {
            let bound = one_of(setting, 10.0, 20.0);
            let steps = StepScaling::builder().adjustment_type(ChangeInCapacity);
            steps.step(Some(0.0), Some(bound), 1).step(Some(bound), None, 2).build()
        })
        .shows(["steps[0].upper", "steps[1].lower"])
        .required(),
    ]
}

fn tracking() -> Vec<Case> {
    let custom = || CustomMetric::builder().namespace("Worker").name("Backlog").statistic(Statistic::Average);
    let track = |metric| TargetTracking::custom(metric, 10.0);
    vec![
        scales("ScalingPolicy.metric", |setting| {
            let metric = one_of(
                setting,
                PredefinedMetric::AverageNetworkIn,
                PredefinedMetric::AverageCpuUtilizationHighResolution,
            );
            TargetTracking::predefined(metric, 50.0)
        })
        .required(),
        counts("ScalingPolicy.metric.label", "metric.label", |balancer, targets| {
            TargetTracking::requests_per_target(balancer, targets, 1000.0)
        }),
        scales("ScalingPolicy.target", |setting| TargetTracking::average_cpu(one_of(setting, 30.0, 40.5))).required(),
        scales("ScalingPolicy.disable_scale_in", |setting| {
            let tracking = TargetTracking::average_cpu(30.0);
            if setting == Setting::First { tracking.without_scale_in() } else { tracking }
        })
        .second_is_default(),
        scales("ScalingPolicy.metric.name", move |setting| {
            let metric = CustomMetric::builder().namespace("Worker").name(one_of(setting, "Backlog", "Age"));
            track(metric.statistic(Statistic::Average).build())
        })
        .required(),
        scales("ScalingPolicy.metric.namespace", move |setting| {
            let metric = CustomMetric::builder().namespace(one_of(setting, "Worker", "Web")).name("Backlog");
            track(metric.statistic(Statistic::Average).build())
        })
        .required(),
        scales("ScalingPolicy.metric.statistic", move |setting| {
            let metric = CustomMetric::builder().namespace("Worker").name("Backlog");
            track(metric.statistic(one_of(setting, Statistic::Sum, Statistic::SampleCount)).build())
        })
        .required(),
        scales("ScalingPolicy.metric.unit", move |setting| match setting.pick("Count", "Percent") {
            None => track(custom().build()),
            Some(unit) => track(custom().unit(unit).build()),
        }),
        scales("ScalingPolicy.metric.period", move |setting| match setting.pick(10, 30) {
            None => track(custom().build()),
            Some(period) => track(custom().period(seconds(period)).build()),
        }),
        scales("ScalingPolicy.metric.dimensions.Queue", move |setting| match setting.pick("orders", "mails") {
            None => track(custom().build()),
            Some(queue) => track(custom().dimension("Queue", queue).build()),
        }),
    ]
}

fn queue(name: &str) -> Metric {
    Metric::builder().namespace("AWS/SQS").name("Messages").dimension("QueueName", name).build()
}

/// Metric math in target tracking: half of what a queue holds.
fn half(
    change: impl Fn(TargetTrackingMetricStat) -> TargetTrackingMetricStat,
    input: impl Fn(TargetTrackingMetricDataQuery) -> TargetTrackingMetricDataQuery,
    result: TargetTrackingMetricDataQuery,
) -> TargetTracking {
    let stat = change(TargetTrackingMetricStat::new(queue("orders"), "Sum"));
    TargetTracking::metric_math(result, [input(TargetTrackingMetricDataQuery::stat("m1", stat))], 100.0)
}

fn result() -> TargetTrackingMetricDataQuery {
    TargetTrackingMetricDataQuery::expression("e1", "m1 / 2")
}

fn metric_math() -> Vec<Case> {
    let same = |stat: TargetTrackingMetricStat| stat;
    let query = |query: TargetTrackingMetricDataQuery| query;
    vec![
        // Which query returns data.
        scales("ScalingPolicy.metric.result", move |setting| {
            let one = TargetTrackingMetricDataQuery::expression("e1", "m1 / 2");
            let other = TargetTrackingMetricDataQuery::expression("e2", "m1 / 3");
            let stat = TargetTrackingMetricStat::new(queue("orders"), "Sum");
            let stat = TargetTrackingMetricDataQuery::stat("m1", stat);
            let (result, input) = one_of(setting, (one.clone(), other.clone()), (other, one));
            TargetTracking::metric_math(result, [stat, input], 100.0)
        })
        .required(),
        scales("ScalingPolicy.metric.queries.e1.expression", move |setting| {
            let result = TargetTrackingMetricDataQuery::expression("e1", one_of(setting, "m1 / 2", "m1 / 3"));
            half(same, query, result)
        })
        .required(),
        scales("ScalingPolicy.metric.queries.e1.period", move |setting| match setting.pick(10, 30) {
            None => half(same, query, result()),
            Some(period) => half(same, query, result().period(seconds(period))),
        }),
        scales("ScalingPolicy.metric.queries.m1.label", move |setting| match setting.pick("one", "other") {
            None => half(same, query, result()),
            Some(label) => half(same, |query| query.label(label), result()),
        }),
        scales("ScalingPolicy.metric.queries.m1.stat.unit", move |setting| match setting.pick("Count", "Bytes") {
            None => half(same, query, result()),
            Some(unit) => half(|stat| stat.unit(unit), query, result()),
        }),
        scales("ScalingPolicy.metric.queries.m1.stat.period", move |setting| match setting.pick(10, 30) {
            None => half(same, query, result()),
            Some(period) => half(|stat| stat.period(seconds(period)), query, result()),
        }),
        scales("ScalingPolicy.metric.queries.m1.stat.stat", move |setting| {
            let stat = TargetTrackingMetricStat::new(queue("orders"), one_of(setting, "Average", "p99"));
            TargetTracking::metric_math(TargetTrackingMetricDataQuery::stat("m1", stat), [], 100.0)
        })
        .required(),
        scales("ScalingPolicy.metric.queries.m1.stat.metric", move |setting| {
            let metric = Metric::builder().namespace("Worker").name(one_of(setting, "Backlog", "Age")).build();
            let stat = TargetTrackingMetricStat::new(metric, "Average");
            TargetTracking::metric_math(TargetTrackingMetricDataQuery::stat("m1", stat), [], 100.0)
        })
        .shows(["metric.queries.m1.stat.metric.name"])
        .required(),
    ]
}

/// The sum over a queue, in a predictive policy.
fn sum(name: &str) -> MetricDataQuery {
    MetricDataQuery::stat("m1", MetricStat::new(queue(name), "Sum"))
}

fn separate(scaling: ScalingMetric, load: LoadMetric) -> PredictiveScaling {
    PredictiveScaling::metrics(PredictiveMetrics::new(scaling, load), 40.0)
}

fn predictive() -> Vec<Case> {
    let pair = || PredictiveScaling::pair(MetricPair::cpu_utilization(), 40.0);
    let by_load = |load| separate(ScalingMetric::average_cpu_utilization(), load);
    let mut cases = vec![
        scales("ScalingPolicy.mode", move |setting| {
            let mode = setting.pick(PredictiveMode::ForecastAndScale, PredictiveMode::ForecastOnly);
            mode.map_or_else(pair, |mode| pair().mode(mode))
        })
        .second_is_default(),
        scales("ScalingPolicy.scheduling_buffer", move |setting| {
            setting.pick(60, 600).map_or_else(pair, |buffer| pair().scheduling_buffer(seconds(buffer)))
        }),
        scales("ScalingPolicy.max_capacity_buffer", move |setting| {
            setting.pick(10, 20).map_or_else(pair, |percent| pair().increase_max_capacity(percent))
        }),
        scales("ScalingPolicy.target.predictive", |setting| {
            PredictiveScaling::pair(MetricPair::cpu_utilization(), one_of(setting, 40.0, 50.0))
        })
        .shows(["target"])
        .required(),
        scales("ScalingPolicy.metric.pair", |setting| {
            PredictiveScaling::pair(one_of(setting, MetricPair::network_in(), MetricPair::network_out()), 1e6)
        })
        .required(),
        scales("ScalingPolicy.metric.scaling", |setting| {
            let metric = one_of(setting, ScalingMetric::average_network_in(), ScalingMetric::average_network_out());
            separate(metric, LoadMetric::total_cpu_utilization())
        })
        .required(),
        scales("ScalingPolicy.metric.load", move |setting| {
            by_load(one_of(setting, LoadMetric::total_network_in(), LoadMetric::total_network_out()))
        })
        .required(),
        scales("ScalingPolicy.metric.scaling.queries", |setting| {
            let result = MetricDataQuery::expression("e1", one_of(setting, "m1 / 2", "m1 / 3"));
            let scaling = ScalingMetric::metric_math(result, [sum("orders")]);
            separate(scaling, LoadMetric::metric_math(sum("orders"), []))
        })
        .shows(["metric.scaling.queries.e1.expression"])
        .required(),
        scales("ScalingPolicy.metric.load.queries", move |setting| {
            by_load(LoadMetric::metric_math(sum(one_of(setting, "orders", "mails")), []))
        })
        .shows(["metric.load.queries.m1.stat.metric.dimensions.QueueName"])
        .required(),
        scales("ScalingPolicy.metric.load.queries.m1.label", move |setting| {
            by_load(LoadMetric::metric_math(
                setting.pick("one", "other").map_or_else(|| sum("orders"), |label| sum("orders").label(label)),
                [],
            ))
        }),
        scales("ScalingPolicy.metric.load.queries.m1.stat.unit", move |setting| {
            let stat = || MetricStat::new(queue("orders"), "Sum");
            let stat = setting.pick("Count", "Bytes").map_or_else(stat, |unit| stat().unit(unit));
            by_load(LoadMetric::metric_math(MetricDataQuery::stat("m1", stat), []))
        }),
        scales("ScalingPolicy.metric.load.queries.m1.stat.stat", move |setting| {
            let stat = MetricStat::new(queue("orders"), one_of(setting, "Sum", "Average"));
            by_load(LoadMetric::metric_math(MetricDataQuery::stat("m1", stat), []))
        })
        .required(),
        scales("ScalingPolicy.metric.capacity", |setting| {
            let metrics =
                PredictiveMetrics::new(ScalingMetric::average_cpu_utilization(), LoadMetric::total_cpu_utilization());
            PredictiveScaling::metrics(metrics.capacity(sum(one_of(setting, "orders", "mails")), []), 40.0)
        })
        .shows(["metric.capacity.queries.m1.stat.metric.dimensions.QueueName"])
        .required(),
    ];
    cases.extend([
        counts("ScalingPolicy.metric.pair.label", "metric.pair.label", |balancer, targets| {
            PredictiveScaling::pair(MetricPair::request_count(balancer, targets), 1000.0)
        }),
        counts("ScalingPolicy.metric.scaling.label", "metric.scaling.label", |balancer, targets| {
            let scaling = ScalingMetric::request_count_per_target(balancer, targets);
            separate(scaling, LoadMetric::total_cpu_utilization())
        }),
        counts("ScalingPolicy.metric.load.label", "metric.load.label", |balancer, targets| {
            let load = LoadMetric::target_group_request_count(balancer, targets);
            separate(ScalingMetric::average_cpu_utilization(), load)
        }),
    ]);
    cases
}
