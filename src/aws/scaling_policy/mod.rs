//! Scaling policies over the EC2 Auto Scaling API.

mod metrics;

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types as asg;

use crate::error::Result;
use crate::input::Input;
use crate::resource::tags::{CHILD, Owner};
use crate::resource::{
    AdjustmentType, AutoScalingGroup, MetricAggregation, Observed, Operation, Scaling, ScalingPolicy,
    ScalingPolicyOutputs, SimpleScaling, StepAdjustment, StepScaling, TargetTracking,
};

use super::call::{NotYet, gone_is_fine, pages};
use super::convert::{count, duration, seconds};
use super::{Cx, Operate, id, known};

/// The balancer's listener may not forward to the target group yet.
const NO_ROUTE: &[NotYet] = &[
    NotYet::code("ValidationError").saying("does not route traffic to the target group").for_minutes(5),
    NotYet::code("ValidationError").saying("is not attached to the Auto Scaling group").for_minutes(2),
];

impl ScalingPolicy {
    /// Puts the policy; one that exists becomes all that it says.
    async fn put(&self, cx: &Cx<'_>, exists: bool) -> Result<ScalingPolicyOutputs> {
        let client = &cx.aws.autoscaling;
        let request = client
            .put_scaling_policy()
            .auto_scaling_group_name(known(&self.group)?.as_str())
            .policy_name(&self.name)
            // What is left out of a policy that exists may stay as it was.
            .set_enabled(self.enabled.or(exists.then_some(true)));
        let request = match &self.scaling {
            Scaling::TargetTracking(tracking) => request
                .policy_type("TargetTrackingScaling")
                .set_estimated_instance_warmup(tracking.warmup.map(seconds))
                .target_tracking_configuration(configuration(tracking, exists)?),
            Scaling::Step(steps) => request
                .policy_type("StepScaling")
                .adjustment_type(steps.adjustment_type.as_str())
                .set_metric_aggregation_type(steps.aggregation.map(|kind| kind.as_str().to_owned()))
                .set_min_adjustment_magnitude(steps.min_adjustment.map(count))
                .set_estimated_instance_warmup(steps.warmup.map(seconds))
                .set_step_adjustments(Some(steps.steps.iter().map(step).collect())),
            Scaling::Simple(simple) => request
                .policy_type("SimpleScaling")
                .adjustment_type(simple.adjustment_type.as_str())
                .scaling_adjustment(simple.adjustment)
                .set_min_adjustment_magnitude(simple.min_adjustment.map(count))
                .set_cooldown(simple.cooldown.map(seconds)),
            Scaling::Predictive(predictive) => request
                .policy_type("PredictiveScaling")
                .predictive_scaling_configuration(metrics::predictive(predictive)?),
        };
        let output = cx.write_when(Operation::PutScalingPolicy, NO_ROUTE, || request.clone().send()).await?;
        Ok(ScalingPolicyOutputs { arn: output.policy_arn().unwrap_or_default().to_owned() })
    }
}

fn step(step: &StepAdjustment) -> asg::StepAdjustment {
    asg::StepAdjustment::builder()
        .set_metric_interval_lower_bound(step.lower)
        .set_metric_interval_upper_bound(step.upper)
        .scaling_adjustment(step.adjustment)
        .build()
}

fn configuration(tracking: &TargetTracking, exists: bool) -> Result<asg::TargetTrackingConfiguration> {
    let scales_in = if exists { Some(false) } else { None };
    let builder = asg::TargetTrackingConfiguration::builder()
        .target_value(tracking.target)
        .set_disable_scale_in(if tracking.disable_scale_in { Some(true) } else { scales_in });
    Ok(metrics::tracked(&tracking.metric, builder)?.build())
}

impl Operate for ScalingPolicy {
    async fn create(&self, cx: &Cx<'_>) -> Result<ScalingPolicyOutputs> {
        self.put(cx, false).await
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        _: Operation,
        _: &ScalingPolicyOutputs,
        _: Option<&Self>,
    ) -> Result<Option<ScalingPolicyOutputs>> {
        self.put(cx, true).await.map(Some)
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let group = known(&observed.spec.group)?.as_str();
        let deleted = cx
            .write(Operation::DeletePolicy, || {
                client.delete_policy().auto_scaling_group_name(group).policy_name(&observed.spec.name).send()
            })
            .await;
        match deleted {
            // AWS has no code of its own for it.
            Err(error) if error.to_string().contains("No policy found") => Ok(()),
            other => gone_is_fine(other),
        }
    }

    async fn find(&self, _: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        // Putting a policy that exists changes it: there is nothing to bump into.
        Ok(None)
    }
}

fn parse(policy: &asg::ScalingPolicy, owners: &BTreeMap<String, Owner>) -> Result<Option<Observed<ScalingPolicy>>> {
    let (Some(name), Some(group)) = (policy.policy_name(), policy.auto_scaling_group_name()) else { return Ok(None) };
    let Some(scaling) = scaling(policy) else { return Ok(None) };
    let owner = owners.get(&format!("{group}|{name}")).cloned();
    Ok(Some(Observed {
        outputs: ScalingPolicyOutputs { arn: policy.policy_arn().unwrap_or_default().to_owned() },
        spec: ScalingPolicy {
            name: name.to_owned(),
            group: Input::known(id(Some(group), "a group name")?),
            scaling,
            enabled: policy.enabled(),
            owner: owner.as_ref().map(|owner| owner.address.clone()),
        },
        owner,
        name: None,
    }))
}

/// `None` for types that this crate has no word for.
fn scaling(policy: &asg::ScalingPolicy) -> Option<Scaling> {
    let warmup = policy.estimated_instance_warmup().map(duration);
    let min_adjustment = policy.min_adjustment_magnitude().and_then(|number| u32::try_from(number).ok());
    let adjustment_type = policy.adjustment_type().and_then(AdjustmentType::from_word);
    Some(match policy.policy_type()? {
        "TargetTrackingScaling" => {
            let tracking = policy.target_tracking_configuration()?;
            Scaling::TargetTracking(TargetTracking {
                metric: metrics::parse_tracked(tracking)?,
                target: tracking.target_value()?,
                disable_scale_in: tracking.disable_scale_in() == Some(true),
                warmup,
            })
        }
        "StepScaling" => Scaling::Step(StepScaling {
            adjustment_type: adjustment_type?,
            aggregation: policy.metric_aggregation_type().and_then(MetricAggregation::from_word),
            min_adjustment,
            warmup,
            steps: policy
                .step_adjustments()
                .iter()
                .filter_map(|step| {
                    Some(StepAdjustment {
                        lower: step.metric_interval_lower_bound(),
                        upper: step.metric_interval_upper_bound(),
                        adjustment: step.scaling_adjustment()?,
                    })
                })
                .collect(),
        }),
        "SimpleScaling" => Scaling::Simple(SimpleScaling {
            adjustment_type: adjustment_type?,
            adjustment: policy.scaling_adjustment()?,
            cooldown: policy.cooldown().map(duration),
            min_adjustment,
        }),
        "PredictiveScaling" => {
            Scaling::Predictive(metrics::parse_predictive(policy.predictive_scaling_configuration()?)?)
        }
        _ => return None,
    })
}

/// The children of groups that the tags with this prefix record, by group and name.
pub(super) fn children(groups: &[Observed<AutoScalingGroup>], prefix: &str) -> BTreeMap<String, Owner> {
    let mut owners = BTreeMap::new();
    for group in groups {
        let Some(owner) = &group.owner else { continue };
        for (key, tag) in &group.spec.tags {
            if let Some(name) = key.strip_prefix(prefix) {
                let owner = Owner { stack: owner.stack.clone(), address: tag.value.clone() };
                owners.insert(format!("{}|{name}", group.outputs.name), owner);
            }
        }
    }
    owners
}

/// Reads the policies of groups; the tags of the groups say which of them are the stack's.
pub(super) async fn observe(
    cx: &Cx<'_>,
    groups: &[Observed<AutoScalingGroup>],
) -> Result<Vec<Observed<ScalingPolicy>>> {
    let client = &cx.aws.autoscaling;
    let owners = children(groups, CHILD);
    let pages = groups.iter().map(|group| async move {
        pages(|token: Option<String>| async move {
            let page = cx
                .read("DescribePolicies", || {
                    client
                        .describe_policies()
                        .auto_scaling_group_name(group.outputs.name.as_str())
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            Ok((page.scaling_policies.unwrap_or_default(), page.next_token))
        })
        .await
    });
    let policies = futures_util::future::try_join_all(pages).await?;
    let mut observed = Vec::new();
    for policy in policies.iter().flatten() {
        observed.extend(parse(policy, &owners)?);
    }
    Ok(observed)
}
