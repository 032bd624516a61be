//! Many stacks at once: one for each tenant, in one account, within AWS's request limits.
//!
//! `cargo run --example many_tenants` deploys them to a simulated AWS that refuses calls as AWS documents. For an
//! account, replace `sim.aws()` by `Aws::from_env().await`, and the name of the network by your own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};
use purlin::sim::{RequestLimits, SimAws};
use purlin::*;

const TENANTS: [&str; 12] =
    ["amber", "beech", "cedar", "dune", "ember", "fern", "grove", "heath", "iris", "juniper", "kelp", "larch"];

/// How many stacks are deployed at the same time; calls in flight are limited by the deployer.
const AT_ONCE: usize = 6;

pub fn tenant(name: &str) -> Stack {
    let mut stack = Stack::new(format!("tenant-{name}"));
    stack.tag("tenant", name);
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let group = SecurityGroup::builder().name(format!("{name}-SG")).description("HTTP inside").vpc(vpc);
    let group = stack.add("web", group.ingress(Ingress::http().from_ipv4("10.0.0.0/16")).build());
    let targets = TargetGroup::builder().name(format!("{name}-TG")).vpc(vpc).traffic(Traffic::http(80));
    let targets = stack.add("web", targets.build());
    let balancer = LoadBalancer::application().name(format!("{name}-ALB")).subnets(private).scheme(Scheme::Internal);
    let balancer = stack.add("web", balancer.security_group(group).build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    stack.add("http", listener.action(Action::forward(targets)).build());
    stack.accept_everywhere("plain-http", "inside the network only");
    stack
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> anyhow::Result<()> {
    let sim = SimAws::new();
    let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    sim.add_subnet(&vpc, "Private subnet A", "ap-northeast-2a", "10.0.2.0/24");
    sim.add_subnet(&vpc, "Private subnet C", "ap-northeast-2c", "10.0.3.0/24");
    sim.configure(|settings| settings.request_limits = RequestLimits::Documented);

    // Clones of one deployer share its calls in flight, and what they learn of the request limits.
    let retries = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&retries);
    let deployer = Deployer::new(sim.aws()).with_concurrency(20).with_reporter(move |event: &Event| {
        if let Event::Retrying { .. } = event {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    println!("{}", Plan::preview(&tenant(TENANTS[0]))?);

    let sim = &sim;
    let outcomes = stream::iter(TENANTS).map(|name| {
        let deployer = deployer.clone();
        async move {
            let stack = tenant(name);
            let plan = deployer.plan(&stack).await?;
            let live = deployer.apply(plan).await?;
            println!("{name}: {} resources and lookups after {} s", live.ids().count(), sim.now().as_secs());
            anyhow::Ok(())
        }
    });
    let outcomes: Vec<_> = outcomes.buffer_unordered(AT_ONCE).collect().await;
    // One that fails does not stop the others.
    let failed: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    for failure in &failed {
        eprintln!("{failure:#}");
    }
    anyhow::ensure!(failed.is_empty(), "{} of {} stacks failed", failed.len(), TENANTS.len());

    println!(
        "\n{} stacks after {} s: {} calls, {} of them tried again",
        TENANTS.len(),
        sim.now().as_secs(),
        sim.calls().len(),
        retries.load(Ordering::Relaxed),
    );
    let again = deployer.plan(&tenant(TENANTS[0])).await?;
    anyhow::ensure!(again.is_empty(), "a second deploy changes nothing");
    Ok(())
}
