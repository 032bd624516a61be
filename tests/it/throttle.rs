//! Request limits: many deploys at once slow down together, and all of them finish.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use purlin::sim::RequestLimits;
use purlin::*;

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
    let deployer = Deployer::new(sim.aws());
    let began = sim.now();
    let deploys = (0..STACKS).map(|number| {
        let deployer = deployer.clone();
        async move {
            let stack = service(number);
            let plan = deployer.plan(&stack).await?;
            deployer.apply(plan).await.map_err(|failure| failure.errors()[0].clone())?;
            Ok::<_, Error>(deployer.plan(&stack).await?.is_empty())
        }
    });
    for outcome in join_all(deploys).await {
        assert!(outcome.expect("throttling is no failure"), "a second plan is empty");
    }
    let calls = sim.calls();
    let refused = calls.iter().filter(|call| call.error.is_some()).count();
    // What the limit itself takes: that of the operation with the most calls.
    let mut answered: BTreeMap<&str, usize> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.error.is_none()) {
        *answered.entry(call.operation).or_default() += 1;
    }
    let most = answered.values().copied().max().unwrap_or(0);
    let least = Duration::from_secs_f64((most as f64 - 5.0) / PER_SECOND);
    let took = sim.now() - began;
    println!("{} calls, {refused} of them refused, in {took:?}; {least:?} at the least", calls.len());
    assert!(took < least * 3, "{took:?} is more than three times the time that the limit takes");
    assert!(refused < calls.len() / 3, "{refused} of {} calls were refused", calls.len());
}
