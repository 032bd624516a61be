//! What PutScalingPolicy refuses.

use aws_sdk_autoscaling::operation::put_scaling_policy::PutScalingPolicyInput;
use aws_sdk_autoscaling::types::{
    CustomizedMetricSpecification, MetricDataQuery, MetricStatistic, MetricType, PredefinedLoadMetricType,
    PredefinedMetricPairType, PredefinedMetricSpecification, PredefinedScalingMetricType,
    PredictiveScalingConfiguration, PredictiveScalingMaxCapacityBreachBehavior, PredictiveScalingMode, StepAdjustment,
    TargetTrackingConfiguration,
};

use super::attachment::Kind;
use super::check;
use super::state::Group;
use crate::sim::elbv2;
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) const TYPES: [&str; 4] = ["PredictiveScaling", "SimpleScaling", "StepScaling", "TargetTrackingScaling"];

const MAX_STEPS: usize = 20;
const MAX_QUERIES: usize = 10;

fn refuse<T>(message: impl Into<String>) -> Result<T, ApiError> {
    Err(ApiError::validation(message))
}

/// Checks a policy and returns its type.
pub(super) fn check(world: &World, group: &Group, input: &PutScalingPolicyInput) -> Result<&'static str, ApiError> {
    let given = input.policy_type().unwrap_or("SimpleScaling");
    check::one_of(Some(given), &TYPES, "policyType")?;
    let kind = TYPES.into_iter().find(|kind| *kind == given).unwrap_or("SimpleScaling");
    misplaced(kind, input)?;
    check::range(input.estimated_instance_warmup(), 0..=i32::MAX, "estimatedInstanceWarmup")?;
    check::range(input.cooldown(), 0..=i32::MAX, "cooldown")?;
    match kind {
        "TargetTrackingScaling" => {
            let tracking = check::required(input.target_tracking_configuration(), "targetTrackingConfiguration")?;
            target_tracking(world, group, input, tracking)?;
        }
        "PredictiveScaling" => {
            let predictive =
                check::required(input.predictive_scaling_configuration(), "predictiveScalingConfiguration")?;
            predictive_scaling(world, group, predictive)?;
        }
        _ => adjustment(kind, input)?,
    }
    Ok(kind)
}

/// Members that a type of policy does not have.
fn misplaced(kind: &str, input: &PutScalingPolicyInput) -> Result<(), ApiError> {
    let simple = kind == "SimpleScaling";
    let step = kind == "StepScaling";
    let tracking = kind == "TargetTrackingScaling";
    let members = [
        ("AdjustmentType", input.adjustment_type().is_some(), simple || step),
        ("MinAdjustmentStep", input.min_adjustment_step().is_some(), simple || step),
        ("MinAdjustmentMagnitude", input.min_adjustment_magnitude().is_some(), simple || step),
        ("ScalingAdjustment", input.scaling_adjustment().is_some(), simple),
        ("Cooldown", input.cooldown().is_some(), simple),
        ("MetricAggregationType", input.metric_aggregation_type().is_some(), step),
        ("StepAdjustments", !input.step_adjustments().is_empty(), step),
        ("EstimatedInstanceWarmup", input.estimated_instance_warmup().is_some(), step || tracking),
        ("TargetTrackingConfiguration", input.target_tracking_configuration().is_some(), tracking),
        (
            "PredictiveScalingConfiguration",
            input.predictive_scaling_configuration().is_some(),
            kind == "PredictiveScaling",
        ),
    ];
    match members.iter().find(|(_, given, allowed)| *given && !allowed) {
        Some((member, ..)) => refuse(format!("{member} is not supported for policy type {kind}.")),
        None => Ok(()),
    }
}

fn adjustment(kind: &str, input: &PutScalingPolicyInput) -> Result<(), ApiError> {
    let adjustment_type = check::required(input.adjustment_type(), "adjustmentType")?;
    check::one_of(
        Some(adjustment_type),
        &["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"],
        "adjustmentType",
    )?;
    if adjustment_type != "PercentChangeInCapacity"
        && (input.min_adjustment_magnitude().is_some() || input.min_adjustment_step().is_some())
    {
        return refuse("MinAdjustmentMagnitude is only supported for the adjustment type PercentChangeInCapacity.");
    }
    check::one_of(input.metric_aggregation_type(), &["Average", "Maximum", "Minimum"], "metricAggregationType")?;
    let mut amounts = Vec::new();
    if kind == "StepScaling" {
        steps(input.step_adjustments())?;
        for step in input.step_adjustments() {
            amounts.push(check::required(step.scaling_adjustment(), "stepAdjustments.scalingAdjustment")?);
        }
    } else {
        amounts.push(check::required(input.scaling_adjustment(), "scalingAdjustment")?);
    }
    if adjustment_type == "ExactCapacity" && amounts.iter().any(|amount| *amount < 0) {
        return refuse("For exact capacity, you must specify a non-negative scaling adjustment.");
    }
    Ok(())
}

/// The rules that `StepAdjustment` documents: no overlap, no gap, open ends where the outermost
/// bounds lie beyond the threshold.
fn steps(steps: &[StepAdjustment]) -> Result<(), ApiError> {
    if steps.is_empty() {
        return refuse("At least one step adjustment is required for policy type StepScaling.");
    }
    check::at_most(steps, MAX_STEPS, "stepAdjustments")?;
    let mut bounds = Vec::new();
    for step in steps {
        let (lower, upper) = (step.metric_interval_lower_bound(), step.metric_interval_upper_bound());
        if lower.is_none() && upper.is_none() {
            return refuse("Both upper and lower bounds cannot be null in the same step adjustment.");
        }
        let (lower, upper) = (lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY));
        if upper <= lower {
            return refuse("The upper bound must be greater than the lower bound in a step adjustment.");
        }
        bounds.push((lower, upper));
    }
    bounds.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    for pair in bounds.windows(2) {
        if let [(_, upper), (lower, _)] = pair {
            if lower < upper {
                return refuse("Step adjustment intervals can't overlap.");
            }
            if lower > upper {
                return refuse("There can't be a gap between step adjustment intervals.");
            }
        }
    }
    let lowest = bounds.first().map_or(0.0, |bound| bound.0);
    let highest = bounds.last().map_or(0.0, |bound| bound.1);
    if lowest < 0.0 && lowest.is_finite() {
        return refuse(
            "There must be a step adjustment with an unspecified lower bound when one has a negative lower bound.",
        );
    }
    if highest > 0.0 && highest.is_finite() {
        return refuse(
            "There must be a step adjustment with an unspecified upper bound when one has a positive upper bound.",
        );
    }
    Ok(())
}

fn target_tracking(
    world: &World,
    group: &Group,
    input: &PutScalingPolicyInput,
    tracking: &TargetTrackingConfiguration,
) -> Result<(), ApiError> {
    let target = check::required(tracking.target_value(), "targetTrackingConfiguration.targetValue")?;
    if !target.is_finite() || target <= 0.0 {
        return refuse("The target value of a target tracking scaling policy must be greater than zero.");
    }
    match (tracking.predefined_metric_specification(), tracking.customized_metric_specification()) {
        (Some(metric), None) => predefined(world, group, metric)?,
        (None, Some(metric)) => customized(metric)?,
        _ => {
            return refuse(
                "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified.",
            );
        }
    }
    let same_metric = |other: &TargetTrackingConfiguration| {
        other.predefined_metric_specification() == tracking.predefined_metric_specification()
            && other.customized_metric_specification() == tracking.customized_metric_specification()
    };
    let taken = group
        .policies
        .values()
        .filter(|policy| policy.described.policy_name() != input.policy_name())
        .filter_map(|policy| policy.described.target_tracking_configuration())
        .any(same_metric);
    if taken {
        return refuse("Only one TargetTrackingScaling policy for a given metric specification is allowed.");
    }
    Ok(())
}

fn predefined(world: &World, group: &Group, metric: &PredefinedMetricSpecification) -> Result<(), ApiError> {
    let kind = check::required(metric.predefined_metric_type(), "predefinedMetricType")?;
    // The service model has one more than the SDK's enumeration.
    let known = [MetricType::values(), &["ASGAverageCPUUtilizationHighResolution"]].concat();
    check::one_of(Some(kind.as_str()), &known, "predefinedMetricType")?;
    labelled(world, group, kind.as_str(), metric.resource_label())
}

/// The metrics of balancers have a label, and the others have none.
fn labelled(world: &World, group: &Group, kind: &str, label: Option<&str>) -> Result<(), ApiError> {
    let of_balancer = kind.starts_with("ALB");
    match label {
        None if of_balancer => refuse(format!("A resource label is required for the metric {kind}.")),
        None => Ok(()),
        Some(_) if !of_balancer => refuse(format!("A resource label is not supported for the metric {kind}.")),
        Some(label) => resource_label(world, group, label),
    }
}

/// `app/<balancer>/<id>/targetgroup/<target group>/<id>`, of a target group of this group.
fn resource_label(world: &World, group: &Group, label: &str) -> Result<(), ApiError> {
    check::length(label, 1..=1023, "resourceLabel")?;
    let parts: Vec<&str> = label.split('/').collect();
    let ["app", balancer, balancer_id, "targetgroup", target_group, id] = parts.as_slice() else {
        return refuse(format!(
            "Invalid resource label {label}. Its format is app/<load-balancer-name>/<id>/targetgroup/<target-group-name>/<id>."
        ));
    };
    let arn = world.arn("elasticloadbalancing", &format!("targetgroup/{target_group}/{id}"));
    let attached = group.attachments.iter().any(|attachment| {
        attachment.kind == Kind::TargetGroup && attachment.identifier == arn && elbv2::target_group_exists(world, &arn)
    });
    if balancer.is_empty() || balancer_id.is_empty() || !attached {
        return refuse(format!(
            "The target group of the resource label {label} is not attached to the Auto Scaling group {}.",
            group.name
        ));
    }
    let balancer = world.arn("elasticloadbalancing", &format!("loadbalancer/app/{balancer}/{balancer_id}"));
    if elbv2::balancer_of(world, &arn) != Some(balancer.as_str()) {
        return refuse(format!(
            "The load balancer does not route traffic to the target group. ResourceLabel: {label}."
        ));
    }
    Ok(())
}

fn customized(metric: &CustomizedMetricSpecification) -> Result<(), ApiError> {
    check::one_of(metric.statistic().map(MetricStatistic::as_str), MetricStatistic::values(), "statistic")?;
    if let Some(period) = metric.period()
        && ![10, 30, 60].contains(&period)
    {
        return refuse("The period of a metric must be 10, 30 or 60 seconds.");
    }
    let queries = metric.metrics();
    if queries.is_empty() {
        check::required(metric.metric_name(), "customizedMetricSpecification.metricName")?;
        check::required(metric.namespace(), "customizedMetricSpecification.namespace")?;
        check::required(metric.statistic(), "customizedMetricSpecification.statistic")?;
        return Ok(());
    }
    if metric.metric_name().is_some() || metric.namespace().is_some() || metric.statistic().is_some() {
        return refuse("Metrics cannot be combined with a single metric in a customized metric specification.");
    }
    let periods = queries.iter().flat_map(|query| [query.period(), query.metric_stat().and_then(|stat| stat.period())]);
    if periods.flatten().any(|period| ![10, 30, 60].contains(&period)) {
        return refuse("The period of a metric must be 10, 30 or 60 seconds.");
    }
    let asked = queries.iter().map(|query| Asked {
        id: query.id(),
        expression: query.expression(),
        stat: query.metric_stat().map(|stat| stat.stat()),
        label: query.label(),
        returns: query.return_data() != Some(false),
    });
    math(asked.collect(), 64, 2047)
}

/// A query of metric math, in either of the forms that it has.
struct Asked<'r> {
    id: Option<&'r str>,
    expression: Option<&'r str>,
    /// The statistic that it takes of a metric.
    stat: Option<Option<&'r str>>,
    label: Option<&'r str>,
    returns: bool,
}

/// The rules of metric math; ids and expressions have their greatest lengths.
fn math(queries: Vec<Asked<'_>>, id_length: usize, expression_length: usize) -> Result<(), ApiError> {
    check::at_most(&queries, MAX_QUERIES, "metricDataQueries")?;
    let mut ids = Vec::new();
    for query in &queries {
        let id = check::required(query.id, "id")?;
        check::length(id, 1..=id_length, "id")?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !id.chars().all(allowed) {
            return refuse(format!("The id {id} of a metric data query is invalid."));
        }
        if ids.contains(&id) {
            return refuse(format!("The id {id} is that of more than one metric data query."));
        }
        ids.push(id);
        if let Some(label) = query.label {
            check::length(label, 0..=2047, "label")?;
        }
        match (query.expression, query.stat) {
            (Some(expression), None) => check::length(expression, 1..=expression_length, "expression")?,
            (None, Some(stat)) => check::length(check::required(stat, "stat")?, 1..=100, "stat")?,
            _ => return refuse("Each metric data query must have either an Expression or a MetricStat."),
        }
    }
    if queries.iter().filter(|query| query.returns).count() != 1 {
        return refuse("Exactly one metric data query must return data.");
    }
    Ok(())
}

fn forecast_math(queries: &[MetricDataQuery]) -> Result<(), ApiError> {
    if queries.is_empty() {
        return refuse("A customized metric specification needs metric data queries.");
    }
    let asked = queries.iter().map(|query| Asked {
        id: query.id(),
        expression: query.expression(),
        stat: query.metric_stat().map(|stat| stat.stat()),
        label: query.label(),
        returns: query.return_data() != Some(false),
    });
    math(asked.collect(), 255, 1023)
}

fn predictive_scaling(
    world: &World,
    group: &Group,
    predictive: &PredictiveScalingConfiguration,
) -> Result<(), ApiError> {
    let [metric] = predictive.metric_specifications() else {
        return refuse("A predictive scaling configuration takes exactly one metric specification.");
    };
    let target = check::required(metric.target_value(), "metricSpecifications.targetValue")?;
    if !target.is_finite() || target <= 0.0 {
        return refuse("The target value of a predictive scaling policy must be greater than zero.");
    }
    let pair = metric.predefined_metric_pair_specification().is_some();
    let scaling = metric.predefined_scaling_metric_specification().is_some()
        || metric.customized_scaling_metric_specification().is_some();
    let load = metric.predefined_load_metric_specification().is_some()
        || metric.customized_load_metric_specification().is_some();
    if pair == (scaling || load) || scaling != load {
        return refuse("Specify either a metric pair, or one scaling metric and one load metric.");
    }
    if let Some(pair) = metric.predefined_metric_pair_specification() {
        let kind = check::required(pair.predefined_metric_type(), "predefinedMetricType")?.as_str();
        check::one_of(Some(kind), PredefinedMetricPairType::values(), "predefinedMetricType")?;
        labelled(world, group, kind, pair.resource_label())?;
    }
    if let Some(scaling) = metric.predefined_scaling_metric_specification() {
        let kind = check::required(scaling.predefined_metric_type(), "predefinedMetricType")?.as_str();
        check::one_of(Some(kind), PredefinedScalingMetricType::values(), "predefinedMetricType")?;
        labelled(world, group, kind, scaling.resource_label())?;
    }
    if let Some(load) = metric.predefined_load_metric_specification() {
        let kind = check::required(load.predefined_metric_type(), "predefinedMetricType")?.as_str();
        check::one_of(Some(kind), PredefinedLoadMetricType::values(), "predefinedMetricType")?;
        labelled(world, group, kind, load.resource_label())?;
    }
    if let Some(scaling) = metric.customized_scaling_metric_specification() {
        forecast_math(scaling.metric_data_queries())?;
    }
    if let Some(load) = metric.customized_load_metric_specification() {
        forecast_math(load.metric_data_queries())?;
    }
    if let Some(capacity) = metric.customized_capacity_metric_specification() {
        if pair {
            return refuse("A capacity metric cannot be combined with a metric pair.");
        }
        forecast_math(capacity.metric_data_queries())?;
    }
    check::one_of(predictive.mode().map(PredictiveScalingMode::as_str), PredictiveScalingMode::values(), "mode")?;
    check::range(predictive.scheduling_buffer_time(), 0..=3599, "schedulingBufferTime")?;
    check::range(predictive.max_capacity_buffer(), 0..=100, "maxCapacityBuffer")?;
    let increases = predictive.max_capacity_breach_behavior()
        == Some(&PredictiveScalingMaxCapacityBreachBehavior::IncreaseMaxCapacity);
    if increases != predictive.max_capacity_buffer().is_some() {
        return refuse(
            "MaxCapacityBuffer is required if MaxCapacityBreachBehavior is IncreaseMaxCapacity, and cannot be used otherwise.",
        );
    }
    Ok(())
}
