use std::time::Duration;

use purlin::{Metric, MetricStat};

fn main() {
    let metric = Metric::builder().namespace("AWS/SQS").name("Messages").build();
    let stat = MetricStat::new(metric, "Sum").period(Duration::from_secs(10));
}
