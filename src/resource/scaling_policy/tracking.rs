//! Target tracking.

use std::time::Duration;

use crate::id::{LoadBalancerArn, TargetGroupArn};
use crate::input::IntoInput;
use crate::problem::Problems;
use crate::resource::names::names;
use crate::value::{ToValue, Value};

use super::metric::{CustomMetric, MetricMath, ResourceLabel, TargetTrackingMetricDataQuery};

/// Keeps a metric at a target value by growing and shrinking the group.
///
/// ```
/// use purlin::{Metric, TargetTracking, TargetTrackingMetricDataQuery, TargetTrackingMetricStat};
///
/// // Messages that wait, for each instance that works.
/// let messages = Metric::builder().namespace("AWS/SQS").name("ApproximateNumberOfMessagesVisible");
/// let messages = messages.dimension("QueueName", "orders").build();
/// let instances = Metric::builder().namespace("AWS/AutoScaling").name("GroupInServiceInstances");
/// let instances = instances.dimension("AutoScalingGroupName", "Worker-ASG").build();
/// let backlog = TargetTracking::metric_math(
///     TargetTrackingMetricDataQuery::expression("backlog", "messages / instances"),
///     [
///         TargetTrackingMetricDataQuery::stat("messages", TargetTrackingMetricStat::new(messages, "Sum")),
///         TargetTrackingMetricDataQuery::stat("instances", TargetTrackingMetricStat::new(instances, "Average")),
///     ],
///     100.0,
/// );
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TargetTracking {
    pub(crate) metric: TrackedMetric,
    pub(crate) target: f64,
    pub(crate) disable_scale_in: bool,
    pub(crate) warmup: Option<Duration>,
}

/// What a target tracking policy looks at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TrackedMetric {
    Predefined(PredefinedMetric),
    Requests(ResourceLabel),
    Custom(CustomMetric),
    Math(MetricMath),
}

names! {
    /// A metric of an Auto Scaling group that AWS knows by name. That of requests per target is
    /// [`TargetTracking::requests_per_target`].
    PredefinedMetric {
        /// The average CPU utilization of the group, in percent.
        AverageCpuUtilization = "ASGAverageCPUUtilization",
        /// The same at a high resolution, which the instances have to publish.
        AverageCpuUtilizationHighResolution = "ASGAverageCPUUtilizationHighResolution",
        /// The average bytes received by an instance.
        AverageNetworkIn = "ASGAverageNetworkIn",
        /// The average bytes sent by an instance.
        AverageNetworkOut = "ASGAverageNetworkOut",
    }
}

/// How AWS calls the metric that goes with a resource label.
pub(crate) const REQUESTS_PER_TARGET: &str = "ALBRequestCountPerTarget";

impl TargetTracking {
    fn new(metric: TrackedMetric, target: f64) -> Self {
        Self { metric, target, disable_scale_in: false, warmup: None }
    }

    /// Keeps the average CPU utilization of the group at a percentage above 0 and up to 100. Sets
    /// `TargetValue`.
    #[must_use]
    pub fn average_cpu(percent: f64) -> Self {
        Self::predefined(PredefinedMetric::AverageCpuUtilization, percent)
    }

    /// Keeps a metric that AWS knows by name at a value above 0. Sets
    /// `PredefinedMetricSpecification` and `TargetValue`.
    #[must_use]
    pub fn predefined(metric: PredefinedMetric, target: f64) -> Self {
        Self::new(TrackedMetric::Predefined(metric), target)
    }

    /// Keeps the requests that a target gets in a minute at a value above 0. An application load
    /// balancer forwards them, and the target group is one of the Auto Scaling group's. Sets
    /// `PredefinedMetricSpecification`, with its `ResourceLabel`, and `TargetValue`.
    #[must_use]
    pub fn requests_per_target(
        balancer: impl IntoInput<LoadBalancerArn>,
        targets: impl IntoInput<TargetGroupArn>,
        target: f64,
    ) -> Self {
        Self::new(TrackedMetric::Requests(ResourceLabel::new(balancer, targets)), target)
    }

    /// Keeps a metric of your own at a value above 0; it must fall when the group grows. Sets
    /// `CustomizedMetricSpecification` and `TargetValue`.
    #[must_use]
    pub fn custom(metric: CustomMetric, target: f64) -> Self {
        Self::new(TrackedMetric::Custom(metric), target)
    }

    /// Keeps the result of metric math at a value above 0: a query, and the queries that it refers
    /// to by their ids; 10 altogether at most. The result must fall when the group grows. Sets
    /// `CustomizedMetricSpecification.Metrics`, with `ReturnData`, and `TargetValue`.
    #[must_use]
    pub fn metric_math(
        result: TargetTrackingMetricDataQuery,
        inputs: impl IntoIterator<Item = TargetTrackingMetricDataQuery>,
        target: f64,
    ) -> Self {
        let inputs = inputs.into_iter().map(|query| query.0).collect();
        Self::new(TrackedMetric::Math(MetricMath { result: result.0, inputs }), target)
    }

    /// Only lets the group grow. AWS's default is that it shrinks, too. Sets `DisableScaleIn`.
    #[must_use]
    pub fn without_scale_in(mut self) -> Self {
        self.disable_scale_in = true;
        self
    }

    /// How long a new instance's metrics do not count, in whole seconds. AWS's default is the warmup
    /// of the group. Sets `EstimatedInstanceWarmup`.
    #[must_use]
    pub fn warmup(mut self, duration: Duration) -> Self {
        self.warmup = Some(duration);
        self
    }

    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        let percent = matches!(
            self.metric,
            TrackedMetric::Predefined(
                PredefinedMetric::AverageCpuUtilization | PredefinedMetric::AverageCpuUtilizationHighResolution
            )
        );
        validate_target(self.target, percent, problems);
        match &self.metric {
            TrackedMetric::Predefined(_) | TrackedMetric::Requests(_) => {}
            TrackedMetric::Custom(metric) => metric.validate(problems),
            TrackedMetric::Math(math) => math.validate("metric", (64, 2047), problems),
        }
    }
}

impl TrackedMetric {
    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Predefined(metric) => metric.as_str(),
            Self::Requests(_) => REQUESTS_PER_TARGET,
            Self::Custom(metric) => &metric.name,
            Self::Math(_) => "metric math",
        }
    }
}

/// A target is above 0; where it is a percentage, it is 100 at most.
pub(super) fn validate_target(target: f64, percent: bool, problems: &mut Problems<'_>) {
    if !target.is_finite() || target <= 0.0 {
        problems.report("V181", "target", target, "must be a number above 0");
    } else if percent && target > 100.0 {
        problems.report("V181", "target", target, "must be at most 100: it is a percentage");
    }
}

impl ToValue for TrackedMetric {
    fn to_value(&self) -> Value {
        match self {
            Self::Predefined(metric) => Value::of(metric),
            Self::Requests(label) => {
                Value::map([("metric", Value::of(REQUESTS_PER_TARGET)), ("label", Value::of(label))])
            }
            Self::Custom(custom) => Value::of(custom),
            Self::Math(math) => Value::of(math),
        }
    }
}
