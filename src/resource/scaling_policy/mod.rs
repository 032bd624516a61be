//! Scaling policies: when an Auto Scaling group grows and shrinks.

mod metric;
mod predictive;
mod step;
mod tracking;

use typed_builder::TypedBuilder;

use crate::id::AutoScalingGroupName;
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::value::Value;

use super::{Describe, Operation, Property, ResourceType, Rights, Visit};

pub use metric::{
    CustomMetric, CustomMetricBuilder, Metric, MetricBuilder, MetricDataQuery, MetricStat, Period, Statistic,
    TargetTrackingMetricDataQuery, TargetTrackingMetricStat,
};
pub(crate) use metric::{MetricMath, Query, ResourceLabel, Source, Stat};
pub(crate) use predictive::{Forecast, Metrics};
pub use predictive::{LoadMetric, MetricPair, PredictiveMetrics, PredictiveMode, PredictiveScaling, ScalingMetric};
pub use step::{
    AdjustmentType, MetricAggregation, SimpleScaling, SimpleScalingBuilder, StepAdjustment, StepScaling,
    StepScalingBuilder,
};
pub use tracking::{PredefinedMetric, TargetTracking};
pub(crate) use tracking::{REQUESTS_PER_TARGET, TrackedMetric};

/// A scaling policy of an Auto Scaling group: target tracking, steps, a simple adjustment, or
/// forecasts.
///
/// Follows `PutScalingPolicy` of the EC2 Auto Scaling API. Everything but name and group changes in
/// place, another sort of policy included. AWS cannot tag policies; the tags of the group say which of its policies are the stack's.
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
    /// The name: 1 to 100 letters, digits, spaces and `_.:/=+-@`, unique in the group; AWS takes
    /// longer ones, and a tag of the group has to hold it. Sets `PolicyName`.
    #[builder(setter(into))]
    pub(crate) name: String,
    /// The group. Sets `AutoScalingGroupName`.
    #[builder(setter(transform = |group: impl IntoInput<AutoScalingGroupName>| group.into_input()))]
    pub(crate) group: Input<AutoScalingGroupName>,
    /// How it scales: [`TargetTracking`], [`StepScaling`], [`SimpleScaling`] or
    /// [`PredictiveScaling`]. Sets `PolicyType` and what belongs to it.
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
    /// Adds or removes when an alarm goes off, and then waits.
    Simple(SimpleScaling),
    /// Scales ahead of a forecast load.
    Predictive(PredictiveScaling),
}

impl From<TargetTracking> for Scaling {
    fn from(tracking: TargetTracking) -> Self {
        Self::TargetTracking(tracking)
    }
}

impl From<SimpleScaling> for Scaling {
    fn from(simple: SimpleScaling) -> Self {
        Self::Simple(simple)
    }
}

impl From<PredictiveScaling> for Scaling {
    fn from(predictive: PredictiveScaling) -> Self {
        Self::Predictive(predictive)
    }
}

impl From<StepScaling> for Scaling {
    fn from(steps: StepScaling) -> Self {
        Self::Step(steps)
    }
}

impl ScalingPolicy {
    pub(crate) fn tracking(&self) -> Option<&TargetTracking> {
        match &self.scaling {
            Scaling::TargetTracking(tracking) => Some(tracking),
            _ => None,
        }
    }

    fn stepping(&self) -> Option<&StepScaling> {
        match &self.scaling {
            Scaling::Step(steps) => Some(steps),
            _ => None,
        }
    }

    fn simple(&self) -> Option<&SimpleScaling> {
        match &self.scaling {
            Scaling::Simple(simple) => Some(simple),
            _ => None,
        }
    }

    fn predictive(&self) -> Option<&PredictiveScaling> {
        match &self.scaling {
            Scaling::Predictive(predictive) => Some(predictive),
            _ => None,
        }
    }

    /// The labels of the metrics that count requests.
    pub(crate) fn labels(&self) -> Vec<&ResourceLabel> {
        match &self.scaling {
            Scaling::TargetTracking(TargetTracking { metric: TrackedMetric::Requests(label), .. }) => vec![label],
            Scaling::Predictive(predictive) => predictive.labels().collect(),
            _ => Vec::new(),
        }
    }
}

/// A default that only one sort of policy has.
fn only(sort: bool, default: Value) -> Value {
    if sort { default } else { Value::Unset }
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
                Scaling::Simple(_) => "SimpleScaling",
                Scaling::Predictive(_) => "PredictiveScaling",
            })
        })
        .updated_by(PUT),
        Property::<Self>::new("metric", "PutScalingPolicy.TargetTrackingConfiguration", |r| match &r.scaling {
            Scaling::TargetTracking(tracking) => Value::of(&tracking.metric),
            Scaling::Predictive(predictive) => Value::of(&predictive.metrics),
            Scaling::Step(_) | Scaling::Simple(_) => Value::Unset,
        })
        .updated_by(PUT),
        Property::<Self>::new("target", "TargetTrackingConfiguration.TargetValue", |r| match &r.scaling {
            Scaling::TargetTracking(tracking) => Value::of(&tracking.target),
            Scaling::Predictive(predictive) => Value::of(&predictive.target),
            Scaling::Step(_) | Scaling::Simple(_) => Value::Unset,
        })
        .updated_by(PUT),
        Property::<Self>::new("disable_scale_in", "TargetTrackingConfiguration.DisableScaleIn", |r| {
            only(r.tracking().is_some_and(|t| t.disable_scale_in), Value::Bool(true))
        })
        .or(|r| only(r.tracking().is_some(), Value::Bool(false)))
        .updated_by(PUT),
        Property::<Self>::new("warmup", "PutScalingPolicy.EstimatedInstanceWarmup", |r| match &r.scaling {
            Scaling::TargetTracking(tracking) => Value::of(&tracking.warmup),
            Scaling::Step(steps) => Value::of(&steps.warmup),
            Scaling::Simple(_) | Scaling::Predictive(_) => Value::Unset,
        })
        .updated_by(PUT),
        Property::<Self>::new("adjustment_type", "PutScalingPolicy.AdjustmentType", |r| match &r.scaling {
            Scaling::Step(steps) => Value::of(&steps.adjustment_type),
            Scaling::Simple(simple) => Value::of(&simple.adjustment_type),
            Scaling::TargetTracking(_) | Scaling::Predictive(_) => Value::Unset,
        })
        .updated_by(PUT),
        Property::<Self>::new("steps", "PutScalingPolicy.StepAdjustments", |r| {
            r.stepping().map_or(Value::Unset, |s| Value::of(&s.steps))
        })
        .updated_by(PUT),
        Property::<Self>::new("aggregation", "PutScalingPolicy.MetricAggregationType", |r| {
            r.stepping().map_or(Value::Unset, |s| Value::of(&s.aggregation))
        })
        .or(|r| only(r.stepping().is_some(), Value::of(&MetricAggregation::Average)))
        .updated_by(PUT),
        Property::<Self>::new("adjustment", "PutScalingPolicy.ScalingAdjustment", |r| {
            r.simple().map_or(Value::Unset, |s| Value::of(&s.adjustment))
        })
        .updated_by(PUT),
        Property::<Self>::new("min_adjustment", "PutScalingPolicy.MinAdjustmentMagnitude", |r| match &r.scaling {
            Scaling::Step(steps) => Value::of(&steps.min_adjustment),
            Scaling::Simple(simple) => Value::of(&simple.min_adjustment),
            Scaling::TargetTracking(_) | Scaling::Predictive(_) => Value::Unset,
        })
        .updated_by(PUT),
        Property::<Self>::new("cooldown", "PutScalingPolicy.Cooldown", |r| {
            r.simple().map_or(Value::Unset, |s| Value::of(&s.cooldown))
        })
        .updated_by(PUT),
        Property::<Self>::new("mode", "PredictiveScalingConfiguration.Mode", |r| {
            r.predictive().map_or(Value::Unset, |p| Value::of(&p.mode))
        })
        .or(|r| only(r.predictive().is_some(), Value::of(&PredictiveMode::ForecastOnly)))
        .updated_by(PUT),
        Property::<Self>::new("scheduling_buffer", "PredictiveScalingConfiguration.SchedulingBufferTime", |r| {
            r.predictive().map_or(Value::Unset, |p| Value::of(&p.scheduling_buffer))
        })
        .or(|r| only(r.predictive().is_some(), Value::Integer(300)))
        .updated_by(PUT),
        Property::<Self>::new("max_capacity_buffer", "PredictiveScalingConfiguration.MaxCapacityBuffer", |r| {
            r.predictive().map_or(Value::Unset, |p| Value::of(&p.max_capacity_buffer))
        })
        .updated_by(PUT),
        Property::<Self>::new("enabled", "PutScalingPolicy.Enabled", |r| Value::of(&r.enabled))
            .or(|_| Value::Bool(true))
            .updated_by(PUT),
    ];
    const CREATE: Operation = PUT;
    const DELETE: Operation = Operation::DeletePolicy;
    const SAME: &'static str = "V193";
    const TYPE: ResourceType = ResourceType::Part;
    const FOUND_BY: &'static [&'static str] = &[];
    const GOES_WITH_PARENT: bool = true;

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["autoscaling:DescribePolicies"]);
    }

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
        match &mut self.scaling {
            Scaling::TargetTracking(TargetTracking { metric: TrackedMetric::Requests(label), .. }) => {
                label.visit(visit);
            }
            Scaling::Predictive(predictive) => predictive.visit(visit),
            _ => {}
        }
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
        match &self.scaling {
            Scaling::TargetTracking(tracking) => tracking.validate(problems),
            Scaling::Step(steps) => steps.validate(problems),
            Scaling::Simple(simple) => simple.validate(problems),
            Scaling::Predictive(predictive) => predictive.validate(problems),
        }
    }

    fn output(outputs: &ScalingPolicyOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &ScalingPolicyOutputs) -> &str {
        &outputs.arn
    }
}
