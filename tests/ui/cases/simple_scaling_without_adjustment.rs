use purlin::{AdjustmentType, SimpleScaling};

fn main() {
    let scaling = SimpleScaling::builder().adjustment_type(AdjustmentType::ChangeInCapacity).build();
}
