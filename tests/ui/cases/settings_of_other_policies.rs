use std::time::Duration;

use purlin::{AdjustmentType, MetricAggregation, SimpleScaling, TargetTracking};

fn main() {
    SimpleScaling::builder().adjustment_type(AdjustmentType::ChangeInCapacity).warmup(Duration::from_secs(60));
    TargetTracking::average_cpu(30.0).aggregation(MetricAggregation::Average);
}
