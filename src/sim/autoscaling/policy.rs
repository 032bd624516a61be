//! Scaling policies: the requests. [`super::tracking`] follows the targets.

use aws_sdk_autoscaling::operation::delete_policy::{DeletePolicyInput, DeletePolicyOutput};
use aws_sdk_autoscaling::operation::describe_policies::{DescribePoliciesInput, DescribePoliciesOutput};
use aws_sdk_autoscaling::operation::execute_policy::{ExecutePolicyInput, ExecutePolicyOutput};
use aws_sdk_autoscaling::operation::put_scaling_policy::{PutScalingPolicyInput, PutScalingPolicyOutput};
use aws_sdk_autoscaling::types::{Alarm, ScalingPolicy, StepAdjustment};

use super::check::{self, PAGES};
use super::clock::seconds;
use super::policy_rules;
use super::state::{Group, change, new_uuid};
use super::tracking::{HIGH, LOW};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// A scaling policy, and how long its metric has been where it should not be.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    /// As DescribePolicies has it.
    pub(super) described: ScalingPolicy,
    /// Minutes in a row above the target.
    pub(super) above: u32,
    /// Minutes in a row well below the target.
    pub(super) below: u32,
}

/// The policy of a request: by name or by ARN, in the named group or in any.
fn find<'w>(world: &'w World, group: Option<&str>, policy: Option<&str>) -> Result<(&'w Group, &'w Policy), ApiError> {
    let policy = check::required(policy, "policyName")?;
    let state = &world.autoscaling;
    if let Some(group) = group {
        state.group(Some(group))?;
    } else if !policy.starts_with("arn:") {
        return Err(ApiError::validation(
            "The Auto Scaling group name is required unless the policy is named by its ARN.",
        ));
    }
    state
        .groups
        .values()
        .filter(|candidate| group.is_none_or(|name| name == candidate.name))
        .flat_map(|group| group.policies.values().map(move |policy| (group, policy)))
        .find(|(_, candidate)| {
            candidate.described.policy_name() == Some(policy) || candidate.described.policy_arn() == Some(policy)
        })
        .ok_or_else(|| ApiError::validation(format!("No policy found with name {policy}")))
}

pub(super) fn put(world: &mut World, input: &PutScalingPolicyInput) -> Result<PutScalingPolicyOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    let name = check::name(input.policy_name(), "policyName")?;
    let kind = policy_rules::check(world, group, input)?;
    let old = group.policies.get(name).map(|policy| policy.described.clone());
    if old.is_none() && group.policies.len() >= world.settings.quotas.policies_per_auto_scaling_group {
        return Err(ApiError::new(
            "LimitExceeded",
            "You have already reached the limit of scaling policies per group.",
        ));
    }
    let group = group.name.clone();
    let arn = old.as_ref().and_then(|old| old.policy_arn().map(str::to_owned)).unwrap_or_else(|| {
        let id = new_uuid(world);
        world.arn("autoscaling", &format!("scalingPolicy:{id}:autoScalingGroupName/{group}:policyName/{name}"))
    });
    let alarms = alarms(world, &group, old.as_ref(), input);
    let mut tracking = input.target_tracking_configuration.clone();
    if let Some(tracking) = &mut tracking {
        tracking.disable_scale_in.get_or_insert(false);
    }
    let aggregation = (kind == "StepScaling").then(|| input.metric_aggregation_type().unwrap_or("Average").to_owned());
    let described = ScalingPolicy::builder()
        .auto_scaling_group_name(&group)
        .policy_name(name)
        .policy_arn(&arn)
        .policy_type(kind)
        .set_adjustment_type(input.adjustment_type.clone())
        .set_min_adjustment_step(input.min_adjustment_step)
        .set_min_adjustment_magnitude(input.min_adjustment_magnitude)
        .set_scaling_adjustment(input.scaling_adjustment)
        .set_cooldown(input.cooldown)
        .set_step_adjustments(Some(input.step_adjustments().to_vec()))
        .set_metric_aggregation_type(aggregation)
        .set_estimated_instance_warmup(input.estimated_instance_warmup)
        .set_alarms(Some(alarms.clone()))
        .set_target_tracking_configuration(tracking)
        .set_predictive_scaling_configuration(input.predictive_scaling_configuration.clone())
        .enabled(input.enabled().unwrap_or(true))
        .build();
    change(world, Some(&group), |group| {
        group.policies.insert(name.to_owned(), Policy { described, above: 0, below: 0 });
    })?;
    Ok(PutScalingPolicyOutput::builder().policy_arn(arn).set_alarms(Some(alarms)).build())
}

/// The alarms that a target tracking policy makes for itself; the ones it has are kept.
fn alarms(world: &mut World, group: &str, old: Option<&ScalingPolicy>, input: &PutScalingPolicyInput) -> Vec<Alarm> {
    let Some(tracking) = input.target_tracking_configuration() else { return Vec::new() };
    let scales_in = tracking.disable_scale_in() != Some(true);
    [HIGH, LOW]
        .into_iter()
        .filter(|side| scales_in || *side == HIGH)
        .map(|side| {
            let prefix = format!("TargetTracking-{group}-{side}-");
            let kept = old
                .into_iter()
                .flat_map(|old| old.alarms())
                .find(|alarm| alarm.alarm_name().is_some_and(|name| name.starts_with(&prefix)));
            kept.cloned().unwrap_or_else(|| {
                let name = format!("{prefix}{}", new_uuid(world));
                let arn = world.arn("cloudwatch", &format!("alarm:{name}"));
                Alarm::builder().alarm_name(name).alarm_arn(arn).build()
            })
        })
        .collect()
}

pub(super) fn describe(world: &mut World, input: &DescribePoliciesInput) -> Result<DescribePoliciesOutput, ApiError> {
    check::at_most(input.policy_names(), 50, "policyNames")?;
    for kind in input.policy_types() {
        check::one_of(Some(kind), &policy_rules::TYPES, "policyTypes")?;
    }
    let state = &world.autoscaling;
    if let Some(name) = input.auto_scaling_group_name() {
        state.group(Some(name))?;
    }
    let policies = state
        .groups
        .values()
        .filter(|group| input.auto_scaling_group_name().is_none_or(|name| name == group.name))
        .flat_map(|group| group.policies.values())
        .map(|policy| &policy.described)
        .filter(|policy| {
            let named = input.policy_names.as_ref().is_none_or(|names| {
                names.iter().any(|name| {
                    Some(name.as_str()) == policy.policy_name() || Some(name.as_str()) == policy.policy_arn()
                })
            });
            let typed = input
                .policy_types
                .as_ref()
                .is_none_or(|types| types.iter().any(|kind| Some(kind.as_str()) == policy.policy_type()));
            named && typed
        })
        .cloned()
        .collect();
    let (policies, next) = check::page(policies, input.next_token(), input.max_records(), PAGES)?;
    Ok(DescribePoliciesOutput::builder().set_scaling_policies(Some(policies)).set_next_token(next).build())
}

pub(super) fn delete(world: &mut World, input: &DeletePolicyInput) -> Result<DeletePolicyOutput, ApiError> {
    let (group, policy) = find(world, input.auto_scaling_group_name(), input.policy_name())?;
    let (group, name) = (group.name.clone(), policy.described.policy_name().unwrap_or_default().to_owned());
    change(world, Some(&group), |group| group.policies.remove(&name))?;
    Ok(DeletePolicyOutput::builder().build())
}

pub(super) fn execute(world: &mut World, input: &ExecutePolicyInput) -> Result<ExecutePolicyOutput, ApiError> {
    let (group, policy) = find(world, input.auto_scaling_group_name(), input.policy_name())?;
    let described = &policy.described;
    let adjustment = match described.policy_type() {
        Some("SimpleScaling") => {
            let cooldown = described.cooldown().unwrap_or(group.options.default_cooldown);
            if input.honor_cooldown() == Some(true) && group.scaled.is_some_and(|at| at + seconds(cooldown) > world.now)
            {
                return Err(in_cooldown());
            }
            described.scaling_adjustment().unwrap_or_default()
        }
        Some("StepScaling") => step(described.step_adjustments(), input)?,
        _ => {
            return Err(ApiError::validation(
                "Only policies of the types SimpleScaling and StepScaling can be executed.",
            ));
        }
    };
    let desired = adjusted(described, adjustment, group.size.desired).clamp(group.size.min, group.size.max);
    let (group, name) = (group.name.clone(), described.policy_name().unwrap_or_default().to_owned());
    let (now, reaction) = (world.now, world.settings.scaling_reaction);
    change(world, Some(&group), |group| {
        group.set_desired(desired, &format!("At {} a user request executed policy {name}", super::clock::stamp(now)));
        group.rethink(now, reaction);
    })?;
    Ok(ExecutePolicyOutput::builder().build())
}

/// What a request that honours the cooldown is answered within it.
pub(super) fn in_cooldown() -> ApiError {
    ApiError::new("ScalingActivityInProgress", "A scaling activity is in its cooldown period and blocks this action.")
}

/// The step that a metric value falls into.
fn step(steps: &[StepAdjustment], input: &ExecutePolicyInput) -> Result<i32, ApiError> {
    let value = check::required(input.metric_value(), "metricValue")?;
    let threshold = check::required(input.breach_threshold(), "breachThreshold")?;
    let difference = value - threshold;
    // The bound nearer to the threshold is inclusive (StepAdjustment).
    let within = |step: &&StepAdjustment| {
        let lower = step.metric_interval_lower_bound().unwrap_or(f64::NEG_INFINITY);
        let upper = step.metric_interval_upper_bound().unwrap_or(f64::INFINITY);
        if difference >= 0.0 {
            lower <= difference && difference < upper
        } else {
            lower < difference && difference <= upper
        }
    };
    steps.iter().find(within).and_then(StepAdjustment::scaling_adjustment).ok_or_else(|| {
        ApiError::validation("No step adjustment found for the given metric value and breach threshold.")
    })
}

/// The desired capacity after an adjustment.
fn adjusted(policy: &ScalingPolicy, adjustment: i32, desired: i32) -> i32 {
    match policy.adjustment_type() {
        Some("ExactCapacity") => adjustment,
        Some("PercentChangeInCapacity") => {
            // "Values larger than 1 are rounded down; values between 0 and 1 are rounded to 1", and
            // the same below zero.
            let exact = desired.saturating_mul(adjustment);
            let whole = if exact != 0 && exact.abs() < 100 { exact.signum() } else { exact / 100 };
            let least = policy.min_adjustment_magnitude().or(policy.min_adjustment_step()).unwrap_or_default();
            desired.saturating_add(whole.abs().max(least).saturating_mul(adjustment.signum()))
        }
        _ => desired.saturating_add(adjustment),
    }
}
