//! Scaling policies over the EC2 Auto Scaling API.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_autoscaling::types as asg;

use crate::error::Result;
use crate::input::Input;
use crate::resource::tags::{CHILD, Owner};
use crate::resource::{
    AdjustmentType, AutoScalingGroup, CustomMetric, Observed, Operation, PredefinedMetric, Scaling, ScalingPolicy,
    ScalingPolicyOutputs, Statistic, StepAdjustment, StepScaling, TargetTracking, TrackedMetric,
};

use super::call::{gone_is_fine, pages};
use super::convert::{count, seconds};
use super::{Cx, Operate, id, known};

impl ScalingPolicy {
    async fn put(&self, cx: &Cx<'_>) -> Result<ScalingPolicyOutputs> {
        let client = &cx.aws.autoscaling;
        let group = known(&self.group)?.as_str();
        let request = || {
            client.put_scaling_policy().auto_scaling_group_name(group).policy_name(&self.name).set_enabled(self.enabled)
        };
        let output = match &self.scaling {
            Scaling::TargetTracking(tracking) => {
                let configuration = configuration(tracking)?;
                cx.write(Operation::PutScalingPolicy, || {
                    request()
                        .policy_type("TargetTrackingScaling")
                        .set_estimated_instance_warmup(tracking.warmup.map(count))
                        .target_tracking_configuration(configuration.clone())
                        .send()
                })
                .await?
            }
            Scaling::Step(steps) => {
                let adjustments: Vec<_> = steps
                    .steps
                    .iter()
                    .map(|step| {
                        asg::StepAdjustment::builder()
                            .set_metric_interval_lower_bound(step.lower)
                            .set_metric_interval_upper_bound(step.upper)
                            .scaling_adjustment(step.adjustment)
                            .build()
                    })
                    .collect();
                cx.write(Operation::PutScalingPolicy, || {
                    request()
                        .policy_type("StepScaling")
                        .adjustment_type(steps.adjustment_type.as_str())
                        .set_metric_aggregation_type(steps.aggregation.map(|kind| kind.as_str().to_owned()))
                        .set_min_adjustment_magnitude(steps.min_adjustment.map(count))
                        .set_estimated_instance_warmup(steps.warmup.map(seconds))
                        .set_step_adjustments(Some(adjustments.clone()))
                        .send()
                })
                .await?
            }
        };
        Ok(ScalingPolicyOutputs { arn: output.policy_arn().unwrap_or_default().to_owned() })
    }
}

fn configuration(tracking: &TargetTracking) -> Result<asg::TargetTrackingConfiguration> {
    let builder = asg::TargetTrackingConfiguration::builder()
        .target_value(tracking.target)
        .set_disable_scale_in(tracking.disable_scale_in.then_some(true));
    Ok(match &tracking.metric {
        TrackedMetric::Predefined { metric, label } => builder.predefined_metric_specification(
            asg::PredefinedMetricSpecification::builder()
                .predefined_metric_type(asg::MetricType::from(metric.as_str()))
                .set_resource_label(label.clone())
                .build(),
        ),
        TrackedMetric::Custom(custom) => {
            let dimensions = custom
                .dimensions
                .iter()
                .map(|(name, value)| asg::MetricDimension::builder().name(name).value(value).build())
                .collect();
            builder.customized_metric_specification(
                asg::CustomizedMetricSpecification::builder()
                    .namespace(&custom.namespace)
                    .metric_name(&custom.name)
                    .statistic(asg::MetricStatistic::from(custom.statistic.as_str()))
                    .set_unit(custom.unit.clone())
                    .set_dimensions(Some(dimensions))
                    .build(),
            )
        }
    }
    .build())
}

impl Operate for ScalingPolicy {
    async fn create(&self, cx: &Cx<'_>) -> Result<ScalingPolicyOutputs> {
        self.put(cx).await
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        _: Operation,
        _: &ScalingPolicyOutputs,
        _: Option<&Self>,
    ) -> Result<Option<ScalingPolicyOutputs>> {
        self.put(cx).await.map(Some)
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let group = known(&observed.spec.group)?.as_str();
        gone_is_fine(
            cx.write(Operation::DeletePolicy, || {
                client.delete_policy().auto_scaling_group_name(group).policy_name(&observed.spec.name).send()
            })
            .await,
        )
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
    let warmup = policy.estimated_instance_warmup().and_then(|warmup| u32::try_from(warmup).ok());
    if let Some(tracking) = policy.target_tracking_configuration() {
        let metric = if let Some(predefined) = tracking.predefined_metric_specification() {
            TrackedMetric::Predefined {
                metric: PredefinedMetric::from_word(predefined.predefined_metric_type()?.as_str())?,
                label: predefined.resource_label().map(ToOwned::to_owned),
            }
        } else {
            let custom = tracking.customized_metric_specification()?;
            TrackedMetric::Custom(CustomMetric {
                namespace: custom.namespace()?.to_owned(),
                name: custom.metric_name()?.to_owned(),
                statistic: Statistic::from_word(custom.statistic()?.as_str())?,
                unit: custom.unit().map(ToOwned::to_owned),
                dimensions: custom
                    .dimensions()
                    .iter()
                    .filter_map(|dimension| Some((dimension.name()?.to_owned(), dimension.value()?.to_owned())))
                    .collect(),
            })
        };
        return Some(Scaling::TargetTracking(TargetTracking {
            metric,
            target: tracking.target_value()?,
            disable_scale_in: tracking.disable_scale_in() == Some(true),
            warmup,
        }));
    }
    if policy.policy_type() != Some("StepScaling") {
        return None;
    }
    Some(Scaling::Step(StepScaling {
        adjustment_type: AdjustmentType::from_word(policy.adjustment_type()?)?,
        aggregation: policy.metric_aggregation_type().and_then(Statistic::from_word),
        min_adjustment: policy.min_adjustment_magnitude().and_then(|number| u32::try_from(number).ok()),
        warmup: warmup.map(|seconds| Duration::from_secs(seconds.into())),
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
    }))
}

/// Reads the policies of groups; the tags of the groups say which of them are the stack's.
pub(super) async fn observe(
    cx: &Cx<'_>,
    groups: &[Observed<AutoScalingGroup>],
) -> Result<Vec<Observed<ScalingPolicy>>> {
    let client = &cx.aws.autoscaling;
    let mut owners = BTreeMap::new();
    for group in groups {
        let Some(owner) = &group.owner else { continue };
        for (key, tag) in &group.spec.tags {
            if let Some(policy) = key.strip_prefix(CHILD) {
                let owner = Owner { stack: owner.stack.clone(), address: tag.value.clone() };
                owners.insert(format!("{}|{policy}", group.outputs.name), owner);
            }
        }
    }
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
