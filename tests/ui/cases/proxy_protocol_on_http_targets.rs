use purlin::{TargetGroup, Traffic};

fn main() {
    let group = TargetGroup::builder().traffic(Traffic::http(80)).proxy_protocol_v2(true);
}
