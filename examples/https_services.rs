//! HTTPS in front of two services, told apart by path; plain HTTP is redirected.
//!
//! `cargo run --example https_services` deploys it to a simulated AWS. For an account, replace `sim.aws()` by
//! `Aws::from_env().await`, and the names of the network and the certificate by your own.

use std::time::Duration;

use purlin::sim::{SimAws, SimImage};
use purlin::*;

/// What both services have in common.
struct Site {
    vpc: Ref<Vpc>,
    private: Ref<Subnets>,
    balancer_group: Ref<SecurityGroup>,
    listener: Ref<Listener>,
}

pub fn site() -> (Stack, Ref<LoadBalancer>) {
    let mut stack = Stack::new("site");
    stack.tag("team", "web");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));

    let group = SecurityGroup::builder().name("Site-ALB-SG").description("HTTP and HTTPS from anywhere").vpc(vpc);
    let group = group.ingress(Ingress::http().from_anywhere_ipv4()).ingress(Ingress::https().from_anywhere_ipv4());
    let balancer_group = stack.add("alb", group.build());
    let balancer = LoadBalancer::application().name("Site-ALB").subnets(public).security_group(balancer_group);
    let balancer = stack.add("site", balancer.http2(true).drop_invalid_headers(true).build());

    let redirect = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    stack.add("http", redirect.action(Action::redirect_to_https(443)).build());
    let certificate: CertificateArn =
        "arn:aws:acm:ap-northeast-2:123456789012:certificate/2f6c".parse().expect("the ARN of a certificate");
    let https = Accept::https(443, certificate)
        .security_policy("ELBSecurityPolicy-TLS13-1-2-2021-06")
        .strict_transport_security("max-age=31536000");
    let listener = Listener::builder().load_balancer(balancer).accept(https).action(Action::fixed_response(404));
    let listener = stack.add("https", listener.build());

    let site = Site { vpc, private, balancer_group, listener };
    service(&mut stack, &site, "orders", 8080, 10);
    service(&mut stack, &site, "users", 9090, 20);
    (stack, balancer)
}

/// A service: two instances or more, and the rule that sends its path to them.
fn service(stack: &mut Stack, site: &Site, name: &str, port: u16, priority: u16) {
    let image = stack.add(name, Image::named(format!("{name} v1")));
    let group = SecurityGroup::builder().name(format!("{name}-SG")).description("from the balancer").vpc(site.vpc);
    let group = stack.add(name, group.ingress(Ingress::tcp(port).from_group(site.balancer_group)).build());
    let check = HealthCheck::builder().path("/health").build();
    let targets = TargetGroup::builder().name(format!("{name}-TG")).vpc(site.vpc).traffic(Traffic::http(port));
    let targets = stack.add(name, targets.health_check(check).build());
    let path = Condition::path([format!("/{name}"), format!("/{name}/*")]);
    let rule = ListenerRule::builder().listener(site.listener).priority(priority).condition(path);
    stack.add(name, rule.action(Action::forward(targets)).build());

    let metadata = MetadataOptions::builder().tokens_required(true).build();
    let template = LaunchTemplate::builder().name(name).image(image).instance_type("t3.small").security_group(group);
    let template = stack.add(name, template.metadata(metadata).build());
    let group = AutoScalingGroup::builder().name(name).launch_template(template).subnets(site.private);
    let group = group.health_check(GroupHealthCheck::LoadBalancer).health_check_grace_period(Duration::from_secs(90));
    stack.add(name, group.target_group(targets).sizes(2..=6).build());
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> anyhow::Result<()> {
    let sim = SimAws::new();
    let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    sim.add_public_subnet(&vpc, "Public subnet A", "ap-northeast-2a", "10.0.0.0/24");
    sim.add_public_subnet(&vpc, "Public subnet C", "ap-northeast-2c", "10.0.1.0/24");
    sim.add_subnet(&vpc, "Private subnet A", "ap-northeast-2a", "10.0.2.0/24");
    sim.add_subnet(&vpc, "Private subnet C", "ap-northeast-2c", "10.0.3.0/24");
    sim.add_custom_image(SimImage::named("orders v1").serves(&[8080]));
    sim.add_custom_image(SimImage::named("users v1").serves(&[9090]));

    let deployer = Deployer::new(sim.aws());
    let (stack, balancer) = site();
    let plan = deployer.plan(&stack).await?;
    println!("{plan}");
    let live = deployer.apply(plan).await?;
    println!("https://{}/orders and /users after {} s\n", live.get(balancer).dns_name, sim.now().as_secs());
    println!("{}", deployer.status(&stack).await?);
    anyhow::ensure!(deployer.plan(&stack).await?.is_empty(), "a second deploy changes nothing");
    Ok(())
}
