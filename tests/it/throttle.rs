//! Request limits: many deploys at once slow down together, and all of them finish.

use std::time::Duration;

use purlin::sim::RequestLimits;
use purlin::*;

use crate::many::deploy_all;
use crate::support::given;

fn service(number: usize) -> Stack {
    let mut stack = Stack::new(format!("service-{number}"));
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let name = format!("service-{number}");
    let group = SecurityGroup::builder().name(&name).description("HTTP").vpc(vpc);
    stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
    stack.add("web", TargetGroup::builder().name(&name).vpc(vpc).traffic(Traffic::http(80)).build());
    stack
}

#[tokio::test(start_paused = true)]
async fn many_deploys_under_a_low_limit_slow_down_together_and_finish() {
    const STACKS: usize = 40;
    const PER_SECOND: f64 = 2.0;
    let sim = given(&[80]);
    sim.configure(|settings| settings.request_limits = RequestLimits::Each { burst: 5.0, per_second: PER_SECOND });
    let report = deploy_all(&sim, (0..STACKS).map(service).collect()).await;
    let (answered, refused) = report.total();
    let calls = answered + refused;
    // What the limit itself takes: that of the operation with the most calls.
    let most = report.calls.values().map(|(answered, _)| *answered).max().unwrap_or(0);
    let least = Duration::from_secs_f64((most as f64 - 5.0) / PER_SECOND);
    let took = report.took;
    println!("{calls} calls, {refused} of them refused, in {took:?}; {least:?} at the least");
    assert!(took < least * 3, "{took:?} is more than three times the time that the limit takes");
    assert!(refused < calls / 3, "{refused} of {calls} calls were refused");
}
