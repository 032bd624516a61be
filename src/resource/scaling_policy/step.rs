//! Step scaling and simple scaling: adjustments that an alarm orders.

use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::problem::Problems;
use crate::resource::names::names;
use crate::value::{ToValue, Value};

names! {
    /// What the adjustments of a step or simple scaling policy count.
    AdjustmentType {
        /// Instances more or less.
        ChangeInCapacity = "ChangeInCapacity",
        /// Instances altogether.
        ExactCapacity = "ExactCapacity",
        /// Percent of the current capacity.
        PercentChangeInCapacity = "PercentChangeInCapacity",
    }
}

names! {
    /// How a step scaling policy puts the values of its alarm's metric together.
    MetricAggregation {
        /// Their mean.
        Average = "Average",
        /// The least.
        Minimum = "Minimum",
        /// The greatest.
        Maximum = "Maximum",
    }
}

/// Adds or removes instances by how far a metric is from the threshold of an alarm, which is yours.
///
/// ```
/// use purlin::{AdjustmentType, StepScaling};
///
/// // Up to 20 above the threshold one instance more, from there on two.
/// let steps = StepScaling::builder()
///     .adjustment_type(AdjustmentType::ChangeInCapacity)
///     .step(Some(0.0), Some(20.0), 1)
///     .step(Some(20.0), None, 2)
///     .build();
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, mutators(
    /// Adds a step: from `lower` to `upper` (differences from the alarm's threshold; `None` is
    /// without bound), by `adjustment`. There are 1 to 20, without gap or overlap. Sets
    /// `StepAdjustments`.
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
    pub(crate) aggregation: Option<MetricAggregation>,
    /// The least change in instances, where adjustments are percentages. Sets
    /// `MinAdjustmentMagnitude`.
    #[builder(default, setter(strip_option))]
    pub(crate) min_adjustment: Option<u32>,
    /// How long a new instance's metrics do not count, in whole seconds. AWS's default is the warmup
    /// of the group. Sets `EstimatedInstanceWarmup`.
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

/// Adds or removes instances when an alarm, which is yours, goes off, and then waits.
///
/// AWS recommends step scaling or target tracking instead, which do not wait.
///
/// ```
/// use std::time::Duration;
///
/// use purlin::{AdjustmentType, SimpleScaling};
///
/// let one_more = SimpleScaling::builder()
///     .adjustment_type(AdjustmentType::ChangeInCapacity)
///     .adjustment(1)
///     .cooldown(Duration::from_secs(120))
///     .build();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
#[builder(doc)]
#[non_exhaustive]
pub struct SimpleScaling {
    /// What the adjustment counts. Sets `AdjustmentType`.
    pub(crate) adjustment_type: AdjustmentType,
    /// The adjustment: instances or percent, below 0 for less; an exact capacity is 0 or more. Sets
    /// `ScalingAdjustment`.
    pub(crate) adjustment: i32,
    /// How long after an adjustment the next one waits, in whole seconds. AWS's default is the
    /// cooldown of the group. Sets `Cooldown`.
    #[builder(default, setter(strip_option))]
    pub(crate) cooldown: Option<Duration>,
    /// The least change in instances, where the adjustment is a percentage. Sets
    /// `MinAdjustmentMagnitude`.
    #[builder(default, setter(strip_option))]
    pub(crate) min_adjustment: Option<u32>,
}

impl StepScaling {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        validate_steps(&self.steps, problems);
        let amounts = self.steps.iter().map(|step| step.adjustment);
        validate_adjustment(self.adjustment_type, self.min_adjustment, "steps", amounts, problems);
    }
}

impl SimpleScaling {
    pub(super) fn validate(&self, problems: &mut Problems<'_>) {
        validate_adjustment(self.adjustment_type, self.min_adjustment, "adjustment", [self.adjustment], problems);
    }
}

fn validate_adjustment(
    adjustment_type: AdjustmentType,
    min_adjustment: Option<u32>,
    path: &str,
    amounts: impl IntoIterator<Item = i32>,
    problems: &mut Problems<'_>,
) {
    let percent = adjustment_type == AdjustmentType::PercentChangeInCapacity;
    if let Some(least) = min_adjustment.filter(|_| !percent) {
        problems.report("V184", "min_adjustment", least, "goes with adjustments that are percentages only");
    }
    if let Some(amount) = amounts.into_iter().find(|amount| *amount < 0)
        && adjustment_type == AdjustmentType::ExactCapacity
    {
        problems.report("V182", path, amount, "an exact capacity must be 0 or more");
    }
}

/// Steps must follow one another without gap or overlap (PutScalingPolicy, `StepAdjustments`). What
/// is wrong first is reported: the rest follows from it.
fn validate_steps(steps: &[StepAdjustment], problems: &mut Problems<'_>) {
    if !(1..=20).contains(&steps.len()) {
        problems.report("V183", "steps", format!("{} steps", steps.len()), "must be 1 to 20");
        return;
    }
    let mut sorted = steps.to_vec();
    let lower = |step: &StepAdjustment| step.lower.unwrap_or(f64::NEG_INFINITY);
    let upper = |step: &StepAdjustment| step.upper.unwrap_or(f64::INFINITY);
    sorted.sort_by(|a, b| lower(a).total_cmp(&lower(b)));
    let wrong = |step: &StepAdjustment| {
        if step.lower.or(step.upper).is_none() {
            return Some("must have one bound at least");
        }
        let above = lower(step).partial_cmp(&upper(step)) == Some(std::cmp::Ordering::Less);
        (!above).then_some("the upper bound of a step must be above the lower")
    };
    let mut found = sorted.iter().find_map(|step| Some((step, wrong(step)?)));
    found = found.or_else(|| {
        let apart = |pair: &&[StepAdjustment]| upper(&pair[0]).total_cmp(&lower(&pair[1])).is_ne();
        let pair = sorted.windows(2).find(apart)?;
        Some((&pair[1], "must begin where the step before it ends"))
    });
    let first = sorted.first().filter(|step| step.lower.is_some_and(|lower| lower < 0.0));
    let last = sorted.last().filter(|step| step.upper.is_some_and(|upper| upper > 0.0));
    found = found.or(first.map(|step| (step, "the first step below the threshold has no lower bound (`None`)")));
    found = found.or(last.map(|step| (step, "the last step above the threshold has no upper bound (`None`)")));
    if let Some((step, rule)) = found {
        problems.report("V183", "steps", Value::of(step), rule);
    }
}
