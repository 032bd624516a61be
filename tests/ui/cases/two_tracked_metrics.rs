use purlin::{CustomMetric, TargetTracking};

fn both(metric: CustomMetric) -> TargetTracking {
    TargetTracking::average_cpu(30.0).custom(metric, 100.0)
}

fn main() {}
