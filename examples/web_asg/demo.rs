//! The lab on a simulated AWS, from the first plan to the last deletion.

use std::io::stdout;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use purlin::sim::SimAws;
use purlin::{Deployer, Drift, Stack, Status};

use super::lab;
use super::live::{self, look, progress};

/// What the lab presupposes: a network and a machine image.
pub fn given(sim: &SimAws) {
    let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    sim.add_public_subnet(&vpc, "Public subnet A", "ap-northeast-2a", "10.0.0.0/24");
    sim.add_public_subnet(&vpc, "Public subnet C", "ap-northeast-2c", "10.0.1.0/24");
    sim.add_subnet(&vpc, "Private subnet A", "ap-northeast-2a", "10.0.2.0/24");
    sim.add_subnet(&vpc, "Private subnet C", "ap-northeast-2c", "10.0.3.0/24");
    sim.add_image("Web Server v1");
}

pub async fn play() -> Result<()> {
    let sim = SimAws::new();
    given(&sim);
    let deployer = Deployer::new(sim.aws()).with_reporter(progress());
    let (stack, lab_refs) = lab("t2.micro");

    title("The plan");
    let plan = deployer.plan(&stack).await?;
    println!("{}", plan.display(look(&stdout())));

    title("The deploy");
    let live = deployer.apply(plan).await?;
    println!("\nhttp://{}", live.get(lab_refs.balancer).dns_name);
    println!("{}", deployer.status(&stack).await?.display(look(&stdout())));

    title("The load rises, and falls again");
    load(&sim, &deployer, &stack, 150.0, 4).await?;
    load(&sim, &deployer, &stack, 20.0, 2).await?;

    title("The same plan again");
    let plan = deployer.plan(&stack).await?;
    println!("{}", plan.display(look(&stdout())));
    ensure!(plan.is_empty(), "a second plan must be empty");

    title("Another instance type");
    let (changed, _) = lab("t3.micro");
    let plan = deployer.plan(&changed).await?;
    println!("{}", plan.display(look(&stdout())));
    deployer.apply(plan).await?;

    title("Somebody tampers with a security group");
    tamper(&sim, live.get(lab_refs.balancer_group).id.as_str()).await?;
    let drift = deployer.drift(&changed).await?;
    println!("{}", drift.display(look(&stdout())));
    ensure!(!drift.is_empty(), "the tampering must be seen");
    deployer.apply(deployer.plan(&changed).await?).await?;
    println!("\n{}", deployer.drift(&changed).await?);

    title("The end");
    let plan = deployer.plan_destroy(&changed).await?;
    println!("{}", plan.display(look(&stdout())));
    deployer.apply(plan).await?;
    nothing_is_left(&sim, &deployer, &changed).await
}

/// Deploys the lab on the simulated AWS, and draws it.
pub async fn draw(output: &Path) -> Result<()> {
    let sim = SimAws::new();
    given(&sim);
    let deployer = Deployer::new(sim.aws());
    let (stack, _) = lab("t2.micro");
    let plan = deployer.plan(&stack).await?;
    deployer.apply(plan.clone()).await?;
    live::draw(&deployer, &stack, &plan, output).await
}

fn title(text: &str) {
    println!("\n── {text} {}\n", "─".repeat(76usize.saturating_sub(text.chars().count())));
}

/// Puts a load on the group and waits until it has the number of instances that the load needs.
async fn load(sim: &SimAws, deployer: &Deployer, stack: &Stack, percent: f64, instances: usize) -> Result<()> {
    sim.set_load("Web-ASG", percent);
    println!("CPU load: {percent} % of one instance");
    let began = sim.now();
    loop {
        let status = deployer.status(stack).await?;
        if serving(&status) == instances && status.groups[0].instances.len() == instances {
            let minutes = (sim.now() - began).as_secs() / 60;
            println!("{instances} instances after {minutes} minutes\n{}", status.display(look(&stdout())));
            return Ok(());
        }
        ensure!(sim.now() - began < Duration::from_secs(3600), "the group does not follow the load");
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}

fn serving(status: &Status) -> usize {
    let instances = status.groups.iter().flat_map(|group| &group.instances);
    instances.filter(|instance| instance.targets == ["healthy"]).count()
}

/// Takes the rule away and opens SSH to the world, as a hurried person with a console would.
async fn tamper(sim: &SimAws, group: &str) -> Result<()> {
    let ec2 = sim.ec2();
    let of = |port| ec2_permission(port);
    ec2.revoke_security_group_ingress().group_id(group).ip_permissions(of(80)).send().await?;
    ec2.authorize_security_group_ingress().group_id(group).ip_permissions(of(22)).send().await?;
    Ok(())
}

fn ec2_permission(port: i32) -> aws_sdk_ec2::types::IpPermission {
    let anywhere = aws_sdk_ec2::types::IpRange::builder().cidr_ip("0.0.0.0/0").build();
    aws_sdk_ec2::types::IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(port)
        .to_port(port)
        .ip_ranges(anywhere)
        .build()
}

async fn nothing_is_left(sim: &SimAws, deployer: &Deployer, stack: &Stack) -> Result<()> {
    let left = deployer.plan_destroy(stack).await?;
    ensure!(left.is_empty(), "nothing owned may be left:\n{left}");
    let subnets = sim.ec2().describe_subnets().send().await?;
    println!(
        "\nNothing that the stack owned is left; the network with its {} subnets is as it was.",
        subnets.subnets().len()
    );
    ensure!(subnets.subnets().len() == 4, "the given network must be untouched");
    let Drift { resources, .. } = deployer.drift(stack).await?;
    ensure!(resources.len() == 8, "all declared resources must be gone");
    Ok(())
}
