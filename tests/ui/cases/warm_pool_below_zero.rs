use std::time::Duration;

use purlin::WarmPool;

fn main() {
    let pool = WarmPool::builder().min_size(-1).max_prepared_capacity(-2);
    // What the deployer waits for is a `Duration`, too.
    let deadline = Duration::from_secs(-1);
}
