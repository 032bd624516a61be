//! Scaling policies: when an Auto Scaling group grows and shrinks.

use std::collections::BTreeMap;
use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::AutoScalingGroupName;
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::names::names;
use super::{Describe, Operation, Property, Visit};

/// A scaling policy of an Auto Scaling group: target tracking, or steps.
///
/// Follows `PutScalingPolicy` of the EC2 Auto Scaling API. Everything but name and group changes in
/// place. AWS cannot tag policies; the tags of the group say which of its policies are the stack's.
///
/// ```
/// # use purlin::{AutoScalingGroup, Ref, Stack};
/// use purlin::{ScalingPolicy, TargetTracking};
///
/// # fn declare(stack: &mut Stack, group: Ref<AutoScalingGroup>) {
/// stack.add(
///     "cpu",
///     ScalingPolicy::builder().name("cpu-30").group(group).scaling(TargetTracking::average_cpu(30.0)).build(),
/// );
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc)]
#[non_exhaustive]
pub struct ScalingPolicy {
    /// The name: 1 to 255 characters, unique in the group. Sets `PolicyName`.
    #[builder(setter(into))]
    pub(crate) name: String,
    /// The group. Sets `AutoScalingGroupName`.
    #[builder(setter(transform = |group: impl IntoInput<AutoScalingGroupName>| group.into_input()))]
    pub(crate) group: Input<AutoScalingGroupName>,
    /// How it scales: [`TargetTracking`] or [`StepScaling`]. Sets `PolicyType` and what belongs to
    /// it.
    #[builder(setter(into))]
    pub(crate) scaling: Scaling,
    /// Whether the policy is in force. AWS's default is yes. Sets `Enabled`.
    #[builder(default, setter(strip_option))]
    pub(crate) enabled: Option<bool>,
    /// The address in the stack, which the tags of the group hold.
    #[builder(default, setter(skip))]
    pub(crate) owner: Option<String>,
}

/// What AWS hands out for a scaling policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScalingPolicyOutputs {
    /// The ARN of the policy, for alarms of your own.
    pub arn: String,
}

/// How a policy scales.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Scaling {
    /// Keeps a metric at a value.
    TargetTracking(TargetTracking),
    /// Adds or removes by how far an alarm is exceeded.
    Step(StepScaling),
}

impl From<TargetTracking> for Scaling {
    fn from(tracking: TargetTracking) -> Self {
        Self::TargetTracking(tracking)
    }
}

impl From<StepScaling> for Scaling {
    fn from(steps: StepScaling) -> Self {
        Self::Step(steps)
    }
}

/// Keeps a metric at a target value by growing and shrinking the group.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetTracking {
    pub(crate) metric: TrackedMetric,
    pub(crate) target: f64,
    pub(crate) disable_scale_in: bool,
    pub(crate) warmup: Option<u32>,
}

/// What a target tracking policy looks at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TrackedMetric {
    Predefined { metric: PredefinedMetric, label: Option<String> },
    Custom(CustomMetric),
}

names! {
    /// A metric that AWS knows by name.
    PredefinedMetric {
        /// The average CPU utilization of the group, in percent.
        AverageCpuUtilization = "ASGAverageCPUUtilization",
        /// The average bytes received by an instance.
        AverageNetworkIn = "ASGAverageNetworkIn",
        /// The average bytes sent by an instance.
        AverageNetworkOut = "ASGAverageNetworkOut",
        /// The requests per target of an application load balancer.
        RequestCountPerTarget = "ALBRequestCountPerTarget",
    }
}

names! {
    /// How the values of a metric are put together.
    Statistic {
        /// Their mean.
        Average = "Average",
        /// The least.
        Minimum = "Minimum",
        /// The greatest.
        Maximum = "Maximum",
        /// How many there are.
        SampleCount = "SampleCount",
        /// Their sum.
        Sum = "Sum",
    }
}

/// A metric in CloudWatch.
#[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
#[builder(doc, mutators(
    /// Names a dimension of the metric; may be repeated.
    pub fn dimension(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.dimensions.insert(name.into(), value.into());
    }
))]
#[non_exhaustive]
pub struct CustomMetric {
    /// The namespace. Sets `Namespace`.
    #[builder(setter(into))]
    pub(crate) namespace: String,
    /// The name. Sets `MetricName`.
    #[builder(setter(into))]
    pub(crate) name: String,
    /// How values are put together. Sets `Statistic`.
    pub(crate) statistic: Statistic,
    /// The unit. Sets `Unit`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) unit: Option<String>,
    #[builder(via_mutators)]
    pub(crate) dimensions: BTreeMap<String, String>,
}

impl TargetTracking {
    /// Keeps the average CPU utilization of the group at a percentage above 0 and up to 100.
    #[must_use]
    pub fn average_cpu(percent: f64) -> Self {
        Self::predefined(PredefinedMetric::AverageCpuUtilization, percent)
    }

    /// Keeps a metric that AWS knows by name at a value above 0.
    #[must_use]
    pub fn predefined(metric: PredefinedMetric, target: f64) -> Self {
        Self {
            metric: TrackedMetric::Predefined { metric, label: None },
            target,
            disable_scale_in: false,
            warmup: None,
        }
    }

    /// Keeps a metric of your own at a value above 0; it must fall when the group grows.
    #[must_use]
    pub fn custom(metric: CustomMetric, target: f64) -> Self {
        Self { metric: TrackedMetric::Custom(metric), target, disable_scale_in: false, warmup: None }
    }

    /// Names the load balancer and target group of `RequestCountPerTarget`:
    /// `app/name/id/targetgroup/name/id`. Sets `ResourceLabel`.
    #[must_use]
    pub fn resource_label(mut self, text: impl Into<String>) -> Self {
        if let TrackedMetric::Predefined { label, .. } = &mut self.metric {
            *label = Some(text.into());
        }
        self
    }

    /// Only lets the group grow. Sets `DisableScaleIn`.
    #[must_use]
    pub fn without_scale_in(mut self) -> Self {
        self.disable_scale_in = true;
        self
    }

    /// How long a new instance's metrics do not count. Sets `EstimatedInstanceWarmup`.
    #[must_use]
    pub fn warmup(mut self, duration: Duration) -> Self {
        self.warmup = Some(u32::try_from(duration.as_secs()).unwrap_or(u32::MAX));
        self
    }
}

names! {
    /// What the adjustments of a step scaling policy count.
    AdjustmentType {
        /// Instances more or less.
        ChangeInCapacity = "ChangeInCapacity",
        /// Instances altogether.
        ExactCapacity = "ExactCapacity",
        /// Percent of the current capacity.
        PercentChangeInCapacity = "PercentChangeInCapacity",
    }
}

/// Adds or removes instances by how far a metric is from the threshold of an alarm.
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, mutators(
    /// Adds a step: from `lower` to `upper` (differences from the alarm's threshold; `None` is
    /// without bound), by `adjustment`.
    pub fn step(&mut self, lower: Option<f64>, upper: Option<f64>, adjustment: i32) {
        self.steps.push(StepAdjustment { lower, upper, adjustment });
    }
))]
#[non_exhaustive]
pub struct StepScaling {
    /// What adjustments count. Sets `AdjustmentType`.
    pub(crate) adjustment_type: AdjustmentType,
    /// How the metric's values are put together. AWS's default is their mean. Sets
    /// `MetricAggregationType`.
    #[builder(default, setter(strip_option))]
    pub(crate) aggregation: Option<Statistic>,
    /// The least change where adjustments are percentages. Sets `MinAdjustmentMagnitude`.
    #[builder(default, setter(strip_option))]
    pub(crate) min_adjustment: Option<u32>,
    /// How long a new instance's metrics do not count. Sets `EstimatedInstanceWarmup`.
    #[builder(default, setter(strip_option))]
    pub(crate) warmup: Option<Duration>,
    #[builder(via_mutators)]
    pub(crate) steps: Vec<StepAdjustment>,
}

/// One step; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepAdjustment {
    pub(crate) lower: Option<f64>,
    pub(crate) upper: Option<f64>,
    pub(crate) adjustment: i32,
}

impl ToValue for StepAdjustment {
    fn to_value(&self) -> Value {
        Value::map([
            ("lower", Value::of(&self.lower)),
            ("upper", Value::of(&self.upper)),
            ("adjustment", Value::of(&self.adjustment)),
        ])
    }
}

impl ToValue for TrackedMetric {
    fn to_value(&self) -> Value {
        match self {
            Self::Predefined { metric, label: None } => Value::of(metric),
            Self::Predefined { metric, label } => {
                Value::map([("metric", Value::of(metric)), ("label", Value::of(label))])
            }
            Self::Custom(custom) => Value::map([
                ("namespace", Value::of(&custom.namespace)),
                ("name", Value::of(&custom.name)),
                ("statistic", Value::of(&custom.statistic)),
                ("unit", Value::of(&custom.unit)),
                ("dimensions", if custom.dimensions.is_empty() { Value::Unset } else { Value::of(&custom.dimensions) }),
            ]),
        }
    }
}

impl ScalingPolicy {
    pub(crate) fn tracking(&self) -> Option<&TargetTracking> {
        match &self.scaling {
            Scaling::TargetTracking(tracking) => Some(tracking),
            Scaling::Step(_) => None,
        }
    }

    fn stepping(&self) -> Option<&StepScaling> {
        match &self.scaling {
            Scaling::Step(steps) => Some(steps),
            Scaling::TargetTracking(_) => None,
        }
    }
}

const PUT: Operation = Operation::PutScalingPolicy;

impl Describe for ScalingPolicy {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "PutScalingPolicy.PolicyName", |r| Value::of(&r.name)),
        Property::<Self>::new("group", "PutScalingPolicy.AutoScalingGroupName", |r| Value::of(&r.group)),
        Property::<Self>::new("type", "PutScalingPolicy.PolicyType", |r| {
            Value::of(match r.scaling {
                Scaling::TargetTracking(_) => "TargetTrackingScaling",
                Scaling::Step(_) => "StepScaling",
            })
        })
        .updated_by(PUT),
        Property::<Self>::new("metric", "TargetTrackingConfiguration.PredefinedMetricSpecification", |r| {
            r.tracking().map_or(Value::Unset, |t| Value::of(&t.metric))
        })
        .updated_by(PUT),
        Property::<Self>::new("target", "TargetTrackingConfiguration.TargetValue", |r| {
            r.tracking().map_or(Value::Unset, |t| Value::of(&t.target))
        })
        .updated_by(PUT),
        Property::<Self>::new("disable_scale_in", "TargetTrackingConfiguration.DisableScaleIn", |r| {
            if r.tracking().is_some_and(|t| t.disable_scale_in) { Value::Bool(true) } else { Value::Unset }
        })
        .or(|r| if r.tracking().is_some() { Value::Bool(false) } else { Value::Unset })
        .updated_by(PUT),
        Property::<Self>::new("warmup", "PutScalingPolicy.EstimatedInstanceWarmup", |r| match &r.scaling {
            Scaling::TargetTracking(t) => Value::of(&t.warmup),
            Scaling::Step(s) => Value::of(&s.warmup),
        })
        .updated_by(PUT),
        Property::<Self>::new("adjustment_type", "PutScalingPolicy.AdjustmentType", |r| {
            r.stepping().map_or(Value::Unset, |s| Value::of(&s.adjustment_type))
        })
        .updated_by(PUT),
        Property::<Self>::new("steps", "PutScalingPolicy.StepAdjustments", |r| {
            r.stepping().map_or(Value::Unset, |s| Value::of(&s.steps))
        })
        .updated_by(PUT),
        Property::<Self>::new("aggregation", "PutScalingPolicy.MetricAggregationType", |r| {
            r.stepping().map_or(Value::Unset, |s| Value::of(&s.aggregation))
        })
        .or(|r| if r.stepping().is_some() { Value::of(&Statistic::Average) } else { Value::Unset })
        .updated_by(PUT),
        Property::<Self>::new("min_adjustment", "PutScalingPolicy.MinAdjustmentMagnitude", |r| {
            r.stepping().map_or(Value::Unset, |s| Value::of(&s.min_adjustment))
        })
        .updated_by(PUT),
        Property::<Self>::new("enabled", "PutScalingPolicy.Enabled", |r| Value::of(&r.enabled))
            .or(|_| Value::Bool(true))
            .updated_by(PUT),
    ];
    const CREATE: Operation = PUT;
    const DELETE: Operation = Operation::DeletePolicy;
    const GOES_WITH_PARENT: bool = true;

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.group), Value::of(&self.name)]
    }

    fn parent(&self) -> Value {
        Value::of(&self.group)
    }

    fn recorded_as(&self) -> Option<String> {
        Some(format!("{}{}", super::tags::CHILD, self.name))
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        if key == super::tags::ADDRESS {
            self.owner = Some(value.to_owned());
        }
    }

    fn has_tag(&self, _key: &str) -> bool {
        false
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.group);
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        // The tag of the group that records the policy holds its name after a prefix.
        problems.text(
            "P5",
            "name",
            &self.name,
            1..=100,
            |c| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c),
            "letters, digits, spaces and `_.:/=+-@`",
        );
        if let Some(tracking) = self.tracking() {
            if tracking.target.is_nan() || tracking.target <= 0.0 {
                problems.report("V181", "target", tracking.target, "must be above 0");
            }
            let (is_cpu, is_requests, labelled) = match &tracking.metric {
                TrackedMetric::Predefined { metric, label } => (
                    *metric == PredefinedMetric::AverageCpuUtilization,
                    *metric == PredefinedMetric::RequestCountPerTarget,
                    label.is_some(),
                ),
                TrackedMetric::Custom(_) => (false, false, false),
            };
            if is_cpu && tracking.target > 100.0 {
                problems.report("V181", "target", tracking.target, "must be at most 100: it is a percentage");
            }
            if is_requests != labelled {
                problems.report(
                    "V180",
                    "metric",
                    "",
                    "a resource label goes with requests per target, and only with them",
                );
            }
        }
        if let Some(steps) = self.stepping() {
            validate_steps(&steps.steps, problems);
            if steps.min_adjustment.is_some() && steps.adjustment_type != AdjustmentType::PercentChangeInCapacity {
                problems.report("V184", "min_adjustment", "", "has a meaning only where adjustments are percentages");
            }
        }
    }

    fn output(outputs: &ScalingPolicyOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &ScalingPolicyOutputs) -> &str {
        &outputs.arn
    }
}

/// Steps must follow one another without gap or overlap (PutScalingPolicy, `StepAdjustments`).
fn validate_steps(steps: &[StepAdjustment], problems: &mut Problems<'_>) {
    problems.range("V183", "steps", Some(steps.len()), 1..=20);
    let mut sorted = steps.to_vec();
    let lower = |step: &StepAdjustment| step.lower.unwrap_or(f64::NEG_INFINITY);
    let upper = |step: &StepAdjustment| step.upper.unwrap_or(f64::INFINITY);
    sorted.sort_by(|a, b| lower(a).total_cmp(&lower(b)));
    for step in &sorted {
        if lower(step) >= upper(step) {
            problems.report("V183", "steps", Value::of(step), "the upper bound of a step must be above the lower");
        }
    }
    for pair in sorted.windows(2) {
        if upper(&pair[0]).total_cmp(&lower(&pair[1])).is_ne() {
            problems.report("V183", "steps", Value::of(&pair[1]), "must begin where the step before it ends");
        }
    }
}
