//! How a program tests its own infrastructure: deploys to a simulated AWS, from a plain `#[tokio::test]`.
//!
//! `cargo test --example own_tests` runs the tests; `cargo run --example own_tests` prints what is tested.

use std::time::Duration;

use purlin::*;

/// The part of your program that is tested.
pub fn api(instance_type: &str) -> Stack {
    let mut stack = Stack::new("api");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let image = stack.add("api", Image::named("Api v1"));
    let group = SecurityGroup::builder().name("Api-SG").description("HTTP").vpc(vpc);
    let group = stack.add("api", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
    let targets = TargetGroup::builder().name("Api-TG").vpc(vpc).traffic(Traffic::http(80));
    let targets = stack.add("api", targets.build());
    let balancer = LoadBalancer::application().name("Api-ALB").subnets(public).security_group(group);
    let balancer = stack.add("api", balancer.build());
    let http = Listener::builder().load_balancer(balancer).accept(Accept::http(80)).action(Action::forward(targets));
    stack.add("http", http.build());
    let template = LaunchTemplate::builder().name("Api").image(image).instance_type(instance_type);
    let template = stack.add("api", template.security_group(group).build());
    // Without the warm-up, the old instances go before the new ones serve: take it away, and see a test fail.
    let refresh = InstanceRefresh::builder().min_healthy_percentage(100).max_healthy_percentage(200);
    let refresh = refresh.warmup(Duration::from_secs(90)).build();
    let group = AutoScalingGroup::builder().name("Api").launch_template(template).subnets(public).sizes(2..=4);
    stack.add("api", group.target_group(targets).instance_refresh(refresh).build());
    stack
}

fn main() -> Result<()> {
    println!("{}", Plan::preview(&api("t3.micro"))?);
    println!("Run the tests: cargo test --example own_tests");
    Ok(())
}

#[cfg(test)]
mod tests {
    use purlin::sim::{Fault, SimAws};

    use super::*;

    /// What the stack takes for granted.
    fn account() -> SimAws {
        let sim = SimAws::new();
        let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
        sim.add_public_subnet(&vpc, "Public subnet A", "ap-northeast-2a", "10.0.0.0/24");
        sim.add_public_subnet(&vpc, "Public subnet C", "ap-northeast-2c", "10.0.1.0/24");
        sim.add_image("Api v1");
        sim
    }

    async fn deploy(sim: &SimAws, stack: &Stack) -> Result<Live, Failure> {
        let deployer = Deployer::new(sim.aws());
        deployer.apply(deployer.plan(stack).await.expect("a plan")).await
    }

    #[tokio::test(start_paused = true)]
    async fn it_deploys_and_leaves_nothing_behind() {
        let sim = account();
        deploy(&sim, &api("t3.micro")).await.expect("a deploy");
        assert_eq!(sim.auto_scaling_group("Api").expect("the group").in_service(), 2);
        let deployer = Deployer::new(sim.aws());
        assert!(deployer.plan(&api("t3.micro")).await.expect("a plan").is_empty());

        let plan = deployer.plan_destroy(&api("t3.micro")).await.expect("a plan");
        deployer.apply(plan).await.expect("a destroy");
        assert!(sim.auto_scaling_group("Api").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_notices_another_instance_type() {
        let sim = account();
        deploy(&sim, &api("t3.micro")).await.expect("a deploy");
        sim.watch_traffic();
        deploy(&sim, &api("t3.small")).await.expect("an update");
        assert_eq!(sim.outages(), []);
        let group = sim.auto_scaling_group("Api").expect("the group");
        let serving = group.instances.iter().filter(|instance| instance.lifecycle == "InService");
        assert!(serving.map(|instance| instance.template_version).eq([2, 2]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_permission_is_told_and_the_next_run_goes_on() {
        let sim = account();
        sim.inject(Fault::on("CreateAutoScalingGroup").code("AccessDenied"));
        let failure = deploy(&sim, &api("t3.micro")).await.expect_err("a permission is missing");
        assert!(failure.errors()[0].is_permission_denied(), "{failure}");

        sim.clear_faults();
        deploy(&sim, &api("t3.micro")).await.expect("the rest");
        let made = sim.calls().iter().filter(|call| call.operation == "CreateLoadBalancer").count();
        assert_eq!(made, 1, "what had been made was not made again");
    }
}
