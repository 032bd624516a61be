use std::time::Duration;

use purlin::{AdjustmentType, StepScaling};

fn main() {
    let steps = StepScaling::builder().adjustment_type(AdjustmentType::ChangeInCapacity).cooldown(Duration::from_secs(60));
}
