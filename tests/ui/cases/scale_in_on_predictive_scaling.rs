use purlin::{MetricPair, PredictiveScaling};

fn main() {
    let ahead = PredictiveScaling::pair(MetricPair::cpu_utilization(), 40.0).without_scale_in();
}
