//! Workers on Spot Instances, above a base of On-Demand Instances, with more of them at night.
//!
//! `cargo run --example spot_schedule` deploys it to a simulated AWS and lets a day pass. For an account, replace
//! `sim.aws()` by `Aws::from_env().await`, and the names of the network and the image by your own.

use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;

const GROUP: &str = "Workers";

pub fn workers() -> Stack {
    let mut stack = Stack::new("workers");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("worker", Image::named("Worker v1"));
    let group = SecurityGroup::builder().name("Worker-SG").description("Nothing comes in").vpc(vpc);
    let group = stack.add("worker", group.build());
    let metadata = MetadataOptions::builder().tokens_required(true).build();
    let template = LaunchTemplate::builder().name("Worker").image(image).instance_type("m7i.large");
    let template = stack.add("worker", template.security_group(group).metadata(metadata).build());

    // Two On-Demand Instances in any case; of what is above, one in five, and the rest on Spot.
    let distribution = InstancesDistribution::builder()
        .on_demand_base(2)
        .on_demand_percentage(20)
        .spot_allocation(SpotAllocation::PriceCapacityOptimized);
    let mixed = MixedInstances::builder()
        .template(template)
        .launch_override(LaunchOverride::instance_type("m7i.large"))
        .launch_override(LaunchOverride::instance_type("m6i.large"))
        .launch_override(LaunchOverride::instance_type("m5.large"))
        .distribution(distribution.build());
    let group = AutoScalingGroup::builder()
        .name(GROUP)
        .launch_template(mixed.build())
        .subnets(private)
        .sizes(2..=10)
        .capacity_rebalance(true)
        .default_instance_warmup(Duration::from_secs(120));
    let group = stack.add("workers", group.build());
    // Only the number of instances: the bounds stay as the group declares them.
    for (name, cron, instances) in [("night", "0 20 * * *", 7), ("morning", "0 6 * * *", 2)] {
        let action = ScheduledAction::builder().name(name).group(group).desired_capacity(instances);
        stack.add(name, action.schedule(Recurrence::cron(cron)).build());
    }
    stack
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> anyhow::Result<()> {
    let sim = SimAws::new();
    let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    sim.add_subnet(&vpc, "Private subnet A", "ap-northeast-2a", "10.0.2.0/24");
    sim.add_subnet(&vpc, "Private subnet C", "ap-northeast-2c", "10.0.3.0/24");
    sim.add_image("Worker v1");

    let deployer = Deployer::new(sim.aws());
    let stack = workers();
    let plan = deployer.plan(&stack).await?;
    println!("{plan}");
    deployer.apply(plan).await?;

    // The days of the simulation begin at midnight, in UTC as the schedule does.
    let mut seen = Vec::new();
    for hour in (1..=24 + 8).step_by(3) {
        tokio::time::sleep(Duration::from_secs(hour * 3600 + 1800) - sim.now()).await;
        let group = sim.auto_scaling_group(GROUP).expect("the group");
        println!("{:>2}:30  {} of {} to {} instances", hour % 24, group.in_service(), group.min, group.max);
        seen.push(group.in_service());
    }
    anyhow::ensure!(seen.first() == Some(&2) && seen.contains(&7) && seen.last() == Some(&2), "{seen:?}");
    // What the schedule made of the number of instances is no drift.
    println!("\n{}", deployer.drift(&stack).await?);
    anyhow::ensure!(deployer.plan(&stack).await?.is_empty());
    Ok(())
}
