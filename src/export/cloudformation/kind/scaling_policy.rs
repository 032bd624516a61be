//! `AWS::AutoScaling::ScalingPolicy`.

use crate::resource::{AnyResource, PredictiveScaling, Scaling, ScalingPolicy};
use crate::value::Value;

use super::super::draft::Entry;
use super::super::shape::{Field, Shape};
use super::{
    Export, NAME, NO_MEMBER, NO_MEMBER_WHY, Output, Reference, Row, by, elsewhere, lost, metric, output, shaped, to,
};

const STEPS: Shape = Shape::List(&Shape::Record(&[
    Field("lower", "MetricIntervalLowerBound", Shape::Plain),
    Field("upper", "MetricIntervalUpperBound", Shape::Plain),
    Field("adjustment", "ScalingAdjustment", Shape::Plain),
]));

impl Export for ScalingPolicy {
    const ROWS: &'static [Row<Self>] = &[
        lost("name", NAME, "CloudFormation makes up the names of scaling policies"),
        to("group", "AutoScalingGroupName"),
        to("type", "PolicyType"),
        by("metric", metrics),
        elsewhere("target"),
        to("disable_scale_in", "TargetTrackingConfiguration.DisableScaleIn"),
        to("warmup", "EstimatedInstanceWarmup"),
        to("adjustment_type", "AdjustmentType"),
        shaped("steps", "StepAdjustments", STEPS),
        to("aggregation", "MetricAggregationType"),
        to("adjustment", "ScalingAdjustment"),
        to("min_adjustment", "MinAdjustmentMagnitude"),
        shaped("cooldown", "Cooldown", Shape::Text),
        to("mode", "PredictiveScalingConfiguration.Mode"),
        to("scheduling_buffer", "PredictiveScalingConfiguration.SchedulingBufferTime"),
        by("max_capacity_buffer", |policy, entry| {
            if let Scaling::Predictive(PredictiveScaling { max_capacity_buffer: Some(buffer), .. }) = &policy.scaling {
                let path = "PredictiveScalingConfiguration.MaxCapacityBreachBehavior";
                entry.set(path, Value::of("IncreaseMaxCapacity"));
                entry.set("PredictiveScalingConfiguration.MaxCapacityBuffer", Value::of(buffer));
            }
        }),
        lost("enabled", NO_MEMBER, NO_MEMBER_WHY),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some("AWS::AutoScaling::ScalingPolicy")
    }

    fn outputs(&self) -> &'static [Output] {
        const OUTPUTS: &[Output] = &[output("arn", Reference::Ref, "ARN")];
        OUTPUTS
    }
}

fn metrics(policy: &ScalingPolicy, entry: &mut Entry<'_, '_>) {
    match &policy.scaling {
        Scaling::TargetTracking(tracking) => {
            let metric = metric::tracked(&tracking.metric, entry);
            for (member, value) in metric.entries() {
                entry.set(&format!("TargetTrackingConfiguration.{member}"), value.clone());
            }
            entry.set("TargetTrackingConfiguration.TargetValue", Value::of(&tracking.target));
        }
        Scaling::Predictive(predictive) => {
            let specification = metric::predictive(&predictive.metrics, predictive.target, entry);
            entry.set("PredictiveScalingConfiguration.MetricSpecifications", Value::List(vec![specification]));
        }
        Scaling::Step(_) | Scaling::Simple(_) => {}
    }
    // AWS counts requests to a target group once a balancer forwards to it.
    for label in policy.labels() {
        let Some(Value::Pending(group)) = label.targets().map(Value::of) else { continue };
        for (node, resource) in entry.draft.declared() {
            let mut forwards = false;
            if matches!(resource, AnyResource::Listener(_) | AnyResource::ListenerRule(_)) {
                resource.visit_pending(&mut |attr| forwards |= attr == group);
            }
            if forwards {
                entry.depends_on(node);
            }
        }
    }
}
