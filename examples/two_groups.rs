//! Two security groups that allow each other: the one cycle that there is, declared without one.
//!
//! `cargo run --example two_groups` deploys it to a simulated AWS and destroys it again. For an account, replace
//! `sim.aws()` by `Aws::from_env().await`, and the name of the network by your own.

use purlin::sim::SimAws;
use purlin::*;

/// A cache and its clients: clients ask the cache, the cache calls back, and the caches talk to each other.
pub fn cache() -> Stack {
    let mut stack = Stack::new("cache");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let mut group = |name: &str| {
        let group = SecurityGroup::builder().name(format!("{name}-SG")).description("cache and clients").vpc(vpc);
        stack.add(name, group.no_egress().build())
    };
    let (clients, caches) = (group("clients"), group("caches"));

    // Both groups exist before any rule between them, so neither has to be first.
    let query = |direction: &str, rule| (format!("query-{direction}"), rule);
    let notify = |direction: &str, rule| (format!("notify-{direction}"), rule);
    for (name, rule) in [
        query("out", SecurityGroupRule::egress(clients, Egress::tcp(6379).to_group(caches))),
        query("in", SecurityGroupRule::ingress(caches, Ingress::tcp(6379).from_group(clients))),
        notify("out", SecurityGroupRule::egress(caches, Egress::tcp(7000).to_group(clients))),
        notify("in", SecurityGroupRule::ingress(clients, Ingress::tcp(7000).from_group(caches))),
        ("gossip-out".to_owned(), SecurityGroupRule::egress(caches, Egress::udp(7946).to_group(caches))),
        ("gossip-in".to_owned(), SecurityGroupRule::ingress(caches, Ingress::udp(7946).from_group(caches))),
    ] {
        stack.add(name, rule);
    }
    stack
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> anyhow::Result<()> {
    let sim = SimAws::new();
    sim.add_vpc("VPC-Lab", "10.0.0.0/16");

    let deployer = Deployer::new(sim.aws());
    let stack = cache();
    let plan = deployer.plan(&stack).await?;
    println!("{plan}");
    for (number, step) in plan.steps().iter().enumerate() {
        println!("{number:>2}  {} {}  after {:?}", step.address, step.kind, step.after);
    }
    let live = deployer.apply(plan).await?;
    println!();
    for (address, id) in live.ids() {
        println!("{address} is {id}");
    }
    anyhow::ensure!(deployer.plan(&stack).await?.is_empty(), "a second deploy changes nothing");

    // AWS deletes no group that another one names: the rules go first.
    let plan = deployer.plan_destroy(&stack).await?;
    println!("\n{plan}");
    deployer.apply(plan).await?;
    let left = sim.ec2().describe_security_groups().send().await?;
    println!("{} group left: the default one of the VPC", left.security_groups().len());
    anyhow::ensure!(left.security_groups().len() == 1);
    Ok(())
}
