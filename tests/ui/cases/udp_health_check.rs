use purlin::{HealthCheck, HealthCheckProtocol};

fn main() {
    let check = HealthCheck::builder().protocol(HealthCheckProtocol::Udp);
}
