//! A network load balancer in front of a TCP service, with TLS ended at the balancer and the clients' addresses kept.
//!
//! `cargo run --example tcp_service` deploys it to a simulated AWS. For an account, replace `sim.aws()` by
//! `Aws::from_env().await`, and the names of the network and the certificate by your own.

use std::time::Duration;

use purlin::sim::{SimAws, SimImage};
use purlin::*;

pub fn broker() -> (Stack, Ref<LoadBalancer>) {
    let mut stack = Stack::new("broker");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("broker", Image::named("Broker v1"));

    let outer = SecurityGroup::builder().name("Broker-NLB-SG").description("MQTT from the company").vpc(vpc);
    let company = |port| Ingress::tcp(port).from_ipv4("10.0.0.0/8");
    let outer = stack.add("outer", outer.ingress(company(1883)).ingress(company(8883)).build());
    let inner = SecurityGroup::builder().name("Broker-SG").description("MQTT from the balancer").vpc(vpc);
    let inner = stack.add("inner", inner.ingress(Ingress::tcp(1883).from_group(outer)).build());

    // Long connections: what leaves has five minutes to be drained, and what is left then is cut off.
    let targets = TargetGroup::builder()
        .name("Broker-TG")
        .vpc(vpc)
        .traffic(Traffic::tcp(1883))
        .preserve_client_ip(true)
        .sticky_by_source_ip()
        .deregistration_delay(Duration::from_secs(300))
        .terminate_deregistered(true);
    let targets = stack.add("broker", targets.build());
    let balancer = LoadBalancer::network()
        .name("Broker-NLB")
        .scheme(Scheme::Internal)
        .subnets(private)
        .security_group(outer)
        .cross_zone(true);
    let balancer = stack.add("broker", balancer.build());
    let plain = Accept::tcp(1883).tcp_idle_timeout(Duration::from_secs(3600));
    let plain = Listener::builder().load_balancer(balancer).accept(plain).action(Action::forward(targets));
    stack.add("mqtt", plain.build());
    let certificate: CertificateArn =
        "arn:aws:acm:ap-northeast-2:123456789012:certificate/2f6c".parse().expect("the ARN of a certificate");
    let tls = Listener::builder().load_balancer(balancer).accept(Accept::tls(8883, certificate));
    stack.add("mqtts", tls.action(Action::forward(targets)).build());

    let metadata = MetadataOptions::builder().tokens_required(true).build();
    let template = LaunchTemplate::builder().name("Broker").image(image).instance_type("m7i.large");
    let template = stack.add("broker", template.security_group(inner).metadata(metadata).build());
    let group = AutoScalingGroup::builder().name("Broker").launch_template(template).subnets(private);
    let group = group.health_check(GroupHealthCheck::LoadBalancer).health_check_grace_period(Duration::from_secs(90));
    stack.add("broker", group.target_group(targets).sizes(2..=2).build());
    (stack, balancer)
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> anyhow::Result<()> {
    let sim = SimAws::new();
    let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    sim.add_subnet(&vpc, "Private subnet A", "ap-northeast-2a", "10.0.2.0/24");
    sim.add_subnet(&vpc, "Private subnet C", "ap-northeast-2c", "10.0.3.0/24");
    sim.add_custom_image(SimImage::named("Broker v1").serves(&[1883]));

    let deployer = Deployer::new(sim.aws());
    let (stack, balancer) = broker();
    let plan = deployer.plan(&stack).await?;
    println!("{plan}");
    let live = deployer.apply(plan).await?;
    println!("mqtts://{}:8883 after {} s\n", live.get(balancer).dns_name, sim.now().as_secs());
    println!("{}", deployer.status(&stack).await?);
    anyhow::ensure!(deployer.plan(&stack).await?.is_empty(), "a second deploy changes nothing");
    Ok(())
}
