use std::time::Duration;

use purlin::Accept;

fn main() {
    let accept = Accept::udp(53).tcp_idle_timeout(Duration::from_secs(60));
}
