use purlin::{TargetGroup, Traffic};

fn main() {
    let group = TargetGroup::builder().traffic(Traffic::http(80)).multi_value_headers(true);
}
