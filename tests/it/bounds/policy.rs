//! Scaling policies and scheduled actions.

use std::time::Duration;

use purlin::*;

use super::auto_scaling_group::{Lab, web, with};
use super::case::{Case, Found};

/// A stack with a group and policies.
fn scaled<const N: usize>(of: impl Fn(&mut Lab, bool) -> [Scaling; N] + 'static) -> impl Fn(bool) -> Stack + 'static {
    with(move |lab, inside| {
        let policies = of(lab, inside);
        let group = web!(lab;);
        let group = lab.stack.add("web", group);
        for (number, scaling) in policies.into_iter().enumerate() {
            let name = format!("policy-{number}");
            lab.stack.add(&name, ScalingPolicy::builder().name(&name).group(group).scaling(scaling).build());
        }
    })
}

fn policy<S: Into<Scaling>>(
    id: &'static str,
    name: &'static str,
    path: &'static str,
    of: impl Fn(bool) -> S + 'static,
) -> Case {
    Case::new(id, name, path, scaled(move |_, inside| [of(inside).into()]))
}

/// A policy of the requests that a target gets, of a group, a balancer and a listener.
fn requests(name: &'static str, of: impl Fn(&mut Lab, bool) + 'static) -> Case {
    Case::new("V180", name, "scaling", with(of))
}

fn schedule(name: &'static str, path: &'static str, of: fn(bool) -> ScheduledActionParts) -> Case {
    let declare = with(move |lab, inside| {
        let group = web!(lab;);
        let group = lab.stack.add("web", group);
        let ScheduledActionParts(schedule, [min, max, desired]) = of(inside);
        let action = ScheduledAction::builder().name("it").group(group).schedule(schedule);
        let action = match (min, max, desired) {
            (None, None, None) => action.build(),
            (None, None, Some(desired)) => action.desired_capacity(desired).build(),
            (Some(min), Some(max), None) => action.min_size(min).max_size(max).build(),
            (Some(min), None, Some(desired)) => action.min_size(min).desired_capacity(desired).build(),
            (None, Some(max), Some(desired)) => action.max_size(max).desired_capacity(desired).build(),
            _ => panic!("not asked for"),
        };
        lab.stack.add("it", action);
    });
    Case::new("V186", name, path, declare)
}

/// When, and minimum, maximum and desired sizes.
struct ScheduledActionParts(Schedule, [Option<u32>; 3]);

fn daily() -> Schedule {
    Recurrence::cron("30 8 * * *").into()
}

pub(super) fn cases() -> Vec<Case> {
    [targets(), labels(), steps(), math(), schedules(), siblings()].into_iter().flatten().collect()
}

fn targets() -> Vec<Case> {
    let predictive = |target| PredictiveScaling::pair(MetricPair::cpu_utilization(), target);
    vec![
        policy("V181", "above 0", "target", |inside| TargetTracking::average_cpu(if inside { 0.1 } else { 0.0 })),
        policy("V181", "a number", "target", |inside| {
            let bytes = if inside { 1e9 } else { f64::INFINITY };
            TargetTracking::predefined(PredefinedMetric::AverageNetworkIn, bytes)
        }),
        // Never reached, and so never scaled by.
        policy("V181", "100 percent", "target", |inside| {
            TargetTracking::average_cpu(if inside { 100.0 } else { 100.1 })
        })
        .aws_accepts(),
        policy("V181", "a forecast above 0", "target", move |inside| predictive(if inside { 0.1 } else { 0.0 })),
        policy("V181", "a forecast of 100 percent", "target", move |inside| {
            predictive(if inside { 100.0 } else { 100.1 })
        })
        .aws_accepts(),
    ]
}

fn labels() -> Vec<Case> {
    fn declare(lab: &mut Lab, attached: bool, forwarded: bool, counted: Option<Ref<LoadBalancer>>) {
        let targets = lab.targets();
        let public = Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(lab.vpc);
        let public = lab.stack.add("public", public);
        let balancer = LoadBalancer::application().name("Web-ALB").subnets(public).build();
        let balancer = lab.stack.add("web", balancer);
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
        let listener = if forwarded {
            listener.action(Action::forward(targets)).build()
        } else {
            listener.action(Action::fixed_response(404)).build()
        };
        lab.stack.add("http", listener);
        let group = if attached { web!(lab; .target_group(targets)) } else { web!(lab;) };
        let group = lab.stack.add("web", group);
        let tracking = TargetTracking::requests_per_target(counted.unwrap_or(balancer), targets, 1000.0);
        lab.stack.add("it", ScalingPolicy::builder().name("it").group(group).scaling(tracking).build());
    }
    vec![
        requests("a target group of the group", |lab, inside| declare(lab, inside, true, None)),
        requests("a target group of the balancer", |lab, inside| declare(lab, true, inside, None)),
        requests("an application load balancer", |lab, inside| {
            let public = Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(lab.vpc);
            let public = lab.stack.add("network", public);
            let other = LoadBalancer::network().name("Web-NLB").subnets(public).build();
            let other = lab.stack.add("other", other);
            declare(lab, true, true, Some(other).filter(|_| !inside));
        }),
    ]
}

fn steps() -> Vec<Case> {
    /// Lower and upper bounds of steps.
    type Bounds = Vec<(Option<f64>, Option<f64>)>;
    let step = |name, of: fn(bool) -> Bounds| {
        policy("V183", name, "steps", move |inside| {
            let mut steps = StepScaling::builder().adjustment_type(AdjustmentType::ChangeInCapacity);
            for (lower, upper) in of(inside) {
                steps = steps.step(lower, upper, 1);
            }
            steps.build()
        })
    };
    let stairs = |number: u32| -> Bounds {
        let lower = |step: u32| Some(f64::from(step));
        (0..number).map(|step| (lower(step), lower(step + 1).filter(|_| step + 1 < number))).collect()
    };
    let simple = |adjustment_type, adjustment| {
        SimpleScaling::builder().adjustment_type(adjustment_type).adjustment(adjustment).build()
    };
    vec![
        step("a step", |inside| if inside { vec![(Some(0.0), None)] } else { vec![] }),
        policy("V183", "20 steps", "steps", move |inside| {
            let mut steps = StepScaling::builder().adjustment_type(AdjustmentType::ChangeInCapacity);
            for (lower, upper) in stairs(if inside { 20 } else { 21 }) {
                steps = steps.step(lower, upper, 1);
            }
            steps.build()
        }),
        step("no gap", |inside| vec![(Some(0.0), Some(1.0)), (Some(if inside { 1.0 } else { 1.1 }), None)]),
        step("no overlap", |inside| vec![(Some(0.0), Some(1.0)), (Some(if inside { 1.0 } else { 0.9 }), None)]),
        step("upwards", |inside| vec![(Some(0.0), Some(if inside { 1.0 } else { 0.0 })), (Some(1.0), None)]),
        step("a bound", |inside| vec![(Some(0.0).filter(|_| inside), None)]),
        step("an open end above", |inside| vec![(Some(0.0), Some(1.0).filter(|_| !inside))]),
        step("an open end below", |inside| vec![(Some(-1.0).filter(|_| !inside), Some(0.0))]),
        policy("V182", "an exact capacity of 0", "adjustment", move |inside| {
            simple(AdjustmentType::ExactCapacity, if inside { 0 } else { -1 })
        }),
        policy("V184", "a least change of percentages", "min_adjustment", |inside| {
            let percent = AdjustmentType::PercentChangeInCapacity;
            let counted = if inside { percent } else { AdjustmentType::ChangeInCapacity };
            SimpleScaling::builder().adjustment_type(counted).adjustment(10).min_adjustment(1).build()
        }),
    ]
}

fn math() -> Vec<Case> {
    fn metric() -> Metric {
        Metric::builder().namespace("Web").name("Load").build()
    }
    fn stat(id: impl Into<String>, stat: impl Into<String>) -> TargetTrackingMetricDataQuery {
        TargetTrackingMetricDataQuery::stat(id, TargetTrackingMetricStat::new(metric(), stat))
    }
    let tracking = |name, path, of: fn(bool) -> (TargetTrackingMetricDataQuery, Vec<TargetTrackingMetricDataQuery>)| {
        policy("V185", name, path, move |inside| {
            let (result, inputs) = of(inside);
            TargetTracking::metric_math(result, inputs, 1.0)
        })
    };
    let one = |name, path, of: fn(bool) -> TargetTrackingMetricDataQuery| {
        policy("V185", name, path, move |inside| TargetTracking::metric_math(of(inside), [], 1.0))
    };
    let forecast = |name, path, of: fn(bool) -> MetricDataQuery| {
        policy("V185", name, path, move |inside| {
            let scaling = ScalingMetric::metric_math(of(inside), []);
            PredictiveScaling::metrics(PredictiveMetrics::new(scaling, LoadMetric::total_cpu_utilization()), 1.0)
        })
    };
    vec![
        tracking("10 queries", "metric.queries", |inside| {
            let inputs = (0..if inside { 9 } else { 10 }).map(|number| stat(format!("m{number}"), "Sum"));
            (TargetTrackingMetricDataQuery::expression("e", "m0 / 2"), inputs.collect())
        }),
        tracking("an id of its own", "metric.queries", |inside| {
            (TargetTrackingMetricDataQuery::expression("e", "m / 2"), vec![stat(if inside { "m" } else { "e" }, "Sum")])
        }),
        one("an id of 64 characters", "metric.queries", |inside| stat("a".repeat(if inside { 64 } else { 65 }), "Sum")),
        one("an id of a character", "metric.queries", |inside| stat(if inside { "a" } else { "" }, "Sum")),
        one("a lower-case letter", "metric.queries", |inside| stat(if inside { "a1" } else { "A1" }, "Sum")),
        one("letters, digits, underscores", "metric.queries", |inside| stat(if inside { "a_1" } else { "a-1" }, "Sum")),
        one("a label of 2047 characters", "metric.queries.a.label", |inside| {
            stat("a", "Sum").label("b".repeat(if inside { 2047 } else { 2048 }))
        }),
        one("a statistic of 100 characters", "metric.queries.a.stat", |inside| {
            stat("a", "S".repeat(if inside { 100 } else { 101 }))
        }),
        one("an expression of 2047 characters", "metric.queries.a.expression", |inside| {
            TargetTrackingMetricDataQuery::expression("a", "1".repeat(if inside { 2047 } else { 2048 }))
        }),
        forecast("a forecast's id of 255 characters", "metric.scaling.queries", |inside| {
            let id = "a".repeat(if inside { 255 } else { 256 });
            MetricDataQuery::stat(id, MetricStat::new(metric(), "Sum"))
        }),
        forecast("a forecast's expression of 1023 characters", "metric.scaling.queries.a.expression", |inside| {
            MetricDataQuery::expression("a", "1".repeat(if inside { 1023 } else { 1024 }))
        }),
    ]
}

fn schedules() -> Vec<Case> {
    let cron = |name, of: fn(bool) -> &'static str| {
        Case::new(
            "V186",
            name,
            "recurrence",
            with(move |lab, inside| {
                let group = web!(lab;);
                let group = lab.stack.add("web", group);
                let action = ScheduledAction::builder().name("it").group(group);
                lab.stack.add("it", action.schedule(Recurrence::cron(of(inside))).desired_capacity(1).build());
            }),
        )
    };
    let zone = |name, of: fn(bool) -> &'static str| {
        Case::new(
            "V186",
            name,
            "time_zone",
            with(move |lab, inside| {
                let group = web!(lab;);
                let group = lab.stack.add("web", group);
                let action = ScheduledAction::builder().name("it").group(group);
                let recurrence = Recurrence::cron("30 8 * * *").time_zone(of(inside));
                lab.stack.add("it", action.schedule(recurrence).desired_capacity(1).build());
            }),
        )
    };

    let at = |text: &str| text.parse::<Timestamp>().expect("a time");

    vec![
        schedule("a size", "(sizes)", |inside| ScheduledActionParts(daily(), [None, None, Some(1).filter(|_| inside)])),
        schedule("sizes in order", "min_size", |inside| {
            ScheduledActionParts(daily(), [Some(if inside { 1 } else { 2 }), Some(1), None])
        }),
        schedule("at least the minimum", "min_size", |inside| {
            ScheduledActionParts(daily(), [Some(if inside { 1 } else { 2 }), None, Some(1)])
        }),
        schedule("at most the maximum", "desired_capacity", |inside| {
            ScheduledActionParts(daily(), [None, Some(1), Some(if inside { 1 } else { 2 })])
        }),
        cron("five fields", |inside| if inside { "30 8 1 1,6,12 *" } else { "30 8 1 1,6,12" }),
        cron("59 minutes", |inside| if inside { "59 8 * * *" } else { "60 8 * * *" }),
        cron("31 days", |inside| if inside { "0 8 31 * *" } else { "0 8 32 * *" }),
        zone("a time zone", |inside| if inside { "Asia/Seoul" } else { "Asia/Soul" }),
        zone("a time zone by its name", |inside| if inside { "Etc/GMT+9" } else { "KST" }),
        Case::new(
            "V186",
            "an end after the start",
            "end",
            with(move |lab, inside| {
                let group = web!(lab;);
                let group = lab.stack.add("web", group);
                let end = if inside { at("2099-01-01T00:00:01Z") } else { at("2099-01-01T00:00:00Z") };
                let recurrence = Recurrence::cron("30 8 * * *").starts(at("2099-01-01T00:00:00Z")).ends(end);
                let action = ScheduledAction::builder().name("it").group(group).schedule(recurrence);
                lab.stack.add("it", action.desired_capacity(1).build());
            }),
        ),
        Case::new(
            "schedule-ends",
            "no end",
            "",
            with(move |lab, inside| {
                let group = web!(lab;);
                let group = lab.stack.add("web", group);
                let recurrence = Recurrence::cron("30 8 * * *");
                let recurrence = if inside { recurrence } else { recurrence.ends(at("2099-01-01T00:00:00Z")) };
                let action = ScheduledAction::builder().name("it").group(group).schedule(recurrence);
                lab.stack.add("it", action.desired_capacity(1).build());
            }),
        )
        .found(Found::Advisory),
    ]
}

fn siblings() -> Vec<Case> {
    vec![
        Case::new(
            "nothing-to-scale",
            "sizes apart",
            "",
            with(|lab, inside| {
                let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(lab.template);
                let group = group.subnets(lab.private).sizes(0..=u32::from(inside)).build();
                let group = lab.stack.add("web", group);
                let policy = ScalingPolicy::builder().name("cpu").group(group);
                lab.stack.add("cpu", policy.scaling(TargetTracking::average_cpu(30.0)).build());
            }),
        )
        .found(Found::Advisory),
        Case::new(
            "V194",
            "another metric",
            "scaling",
            scaled(|_, inside| {
                let other = PredefinedMetric::AverageNetworkIn;
                let other = if inside { other } else { PredefinedMetric::AverageCpuUtilization };
                [TargetTracking::average_cpu(30.0).into(), TargetTracking::predefined(other, 40.0).into()]
            }),
        ),
        // AWS takes the second for a change of the first, and would not know of two.
        Case::new(
            "V193",
            "policies of one name",
            "(identity)",
            with(|lab, inside| {
                let group = web!(lab;);
                let group = lab.stack.add("web", group);
                for (name, seconds) in [("one", 60), (if inside { "two" } else { "one" }, 120)] {
                    let scaling = SimpleScaling::builder().adjustment_type(AdjustmentType::ChangeInCapacity);
                    let scaling = scaling.adjustment(1).cooldown(Duration::from_secs(seconds)).build();
                    let policy = ScalingPolicy::builder().name(name).group(group).scaling(scaling).build();
                    lab.stack.add(seconds.to_string(), policy);
                }
            }),
        )
        .aws_accepts(),
        Case::new(
            "V193",
            "schedules of one name",
            "(identity)",
            with(|lab, inside| {
                let group = web!(lab;);
                let group = lab.stack.add("web", group);
                for (name, size) in [("one", 1), (if inside { "two" } else { "one" }, 2)] {
                    let action = ScheduledAction::builder().name(name).group(group).schedule(daily());
                    lab.stack.add(size.to_string(), action.desired_capacity(size).build());
                }
            }),
        )
        .aws_accepts(),
    ]
}
