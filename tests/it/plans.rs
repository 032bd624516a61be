//! How plans read where much changes.

use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;

use crate::support::{deploy, hurry, network};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `either(a, b)` is `a` before and `b` after.
fn declare(after: bool) -> Stack {
    fn choose<T>(after: bool, one: T, other: T) -> T {
        if after { other } else { one }
    }
    macro_rules! either {
        ($one:expr, $other:expr) => {
            choose(after, $one, $other)
        };
    }
    let mut stack = Stack::new("shop");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("shop", Image::named("Web Server v1"));

    let group = SecurityGroup::builder()
        .name("shop-alb")
        .description(either!("the shop", "the shop, over HTTPS only"))
        .vpc(vpc)
        .ingress(Ingress::https().from_anywhere_ipv4())
        .ingress(either!(Ingress::http().from_anywhere_ipv4(), Ingress::tcp(8443).from_ipv4("10.0.0.0/16")));
    let balancer_group = stack.add("alb", group.tag("team", either!("shop", "checkout")).build());
    let group = SecurityGroup::builder().name("shop-instances").description("instances of the shop").vpc(vpc);
    let group =
        group.ingress(Ingress::http().from_group(balancer_group).description(either!("web", "web, by the ALB")));
    let instance_group = stack.add("instances", group.build());

    let check = HealthCheck::builder()
        .path(either!("/", "/health"))
        .interval(seconds(either!(30, 10)))
        .healthy_threshold(either!(5, 2))
        .success_codes(either!("200", "200-299"));
    let targets = TargetGroup::builder()
        .name("shop")
        .vpc(vpc)
        .traffic(Traffic::http(80))
        .deregistration_delay(seconds(either!(300, 30)))
        .sticky_by_cookie(seconds(either!(3600, 86_400)));
    let targets = stack.add("shop", targets.health_check(check.build()).build());
    let balancer = LoadBalancer::application()
        .name("shop")
        .subnets(public)
        .security_group(balancer_group)
        .idle_timeout(seconds(either!(60, 120)))
        .xff_header(either!(XffHeader::Append, XffHeader::Preserve))
        .drop_invalid_headers(after);
    let balancer = stack.add("shop", balancer.build());
    let certificate = |name: &str| -> CertificateArn {
        format!("arn:aws:acm:ap-northeast-2:123456789012:certificate/{name}").parse().expect("an ARN")
    };
    let accept = Accept::https(443, certificate(either!("of-2025", "of-2026")));
    let accept = accept.security_policy(either!("ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS13-1-2-2021-06"));
    let login = Oidc::builder()
        .issuer("https://id.example.com")
        .authorization_endpoint("https://id.example.com/authorize")
        .token_endpoint("https://id.example.com/token")
        .user_info_endpoint("https://id.example.com/userinfo")
        .client_id("shop")
        .client_secret(either!("correct horse", "battery staple"))
        .session_timeout(seconds(either!(3600, 7200)));
    let https = Listener::builder().load_balancer(balancer).accept(accept);
    let https = stack.add("https", https.action(login.build().then(Action::forward(targets))).build());
    let rule = ListenerRule::builder()
        .listener(https)
        .priority(either!(10, 20))
        .condition(Condition::path(either!(vec!["/old/*"], vec!["/old/*", "/older/*"])));
    stack.add("old", rule.action(Action::fixed_response(either!(404, 410))).build());

    let template = LaunchTemplate::builder()
        .name("shop")
        .image(image)
        .instance_type(either!("t3.micro", "t3.small"))
        .user_data(either!("#!/bin/sh\nexport TOKEN=one", "#!/bin/sh\nexport TOKEN=two"))
        .security_group(instance_group)
        .metadata(MetadataOptions::builder().tokens_required(true).hop_limit(either!(1, 2)).build())
        .block_device(
            BlockDevice::builder()
                .device("/dev/xvda")
                .volume_type(VolumeType::Gp3)
                .size(either!(8, 20))
                .encrypted(true)
                .build(),
        );
    let template = stack.add("shop", template.build());
    let group = AutoScalingGroup::builder()
        .name("shop")
        .launch_template(template)
        .subnets(private)
        .sizes(either!(0..=4, 0..=8))
        .health_check_grace_period(seconds(either!(300, 120)))
        .termination_policies(either!(
            vec![TerminationPolicy::Default],
            vec![TerminationPolicy::OldestLaunchTemplate, TerminationPolicy::Default]
        ))
        .tag("Name", either!("Shop", "Checkout"));
    let group = stack.add("shop", group.build());
    let policy = ScalingPolicy::builder().name(either!("cpu", "cpu-of-the-shop")).group(group);
    stack.add("cpu", policy.scaling(TargetTracking::average_cpu(either!(50.0, 30.0))).build());
    let action = ScheduledAction::builder().name("morning").group(group);
    let action = action.schedule(Recurrence::cron(either!("30 8 * * 1-5", "0 8 * * 1-5")).time_zone("Asia/Seoul"));
    stack.add("morning", action.desired_capacity(either!(0, 1)).build());
    stack
}

#[tokio::test(start_paused = true)]
async fn an_update_of_many_properties_reads_well() {
    let sim = SimAws::new();
    network(&sim);
    sim.add_image("Web Server v1");
    hurry(&sim);
    deploy(&sim, &declare(false)).await.expect("a deploy");
    let plan = Deployer::new(sim.aws()).plan(&declare(true)).await.expect("a plan");
    let text = plan.to_string();
    for secret in ["correct horse", "battery staple", "TOKEN"] {
        assert!(!text.contains(secret), "{text}");
    }
    let shown = plan.changes().iter().flat_map(|change| &change.properties).filter(|p| !p.is_ownership());
    println!("{} properties change", shown.count());
    insta::assert_snapshot!("many_changes", text);
    deploy(&sim, &declare(true)).await.expect("a deploy");
    let plan = Deployer::new(sim.aws()).plan(&declare(true)).await.expect("a plan");
    assert!(plan.is_empty(), "{plan}");
}

#[tokio::test(start_paused = true)]
async fn subnets_of_another_vpc_are_planned_as_another_balancer() {
    let sim = SimAws::new();
    network(&sim);
    hurry(&sim);
    let other = sim.add_vpc("VPC-Other", "10.1.0.0/16");
    sim.add_public_subnet(&other, "Other A", "ap-northeast-2a", "10.1.0.0/24");
    sim.add_public_subnet(&other, "Other C", "ap-northeast-2c", "10.1.1.0/24");
    let declare = |names: [&str; 2]| {
        let mut stack = Stack::new("moves");
        let public = stack.add("public", Subnets::named(names));
        let balancer = stack.add("web", LoadBalancer::application().name("web").subnets(public).build());
        (stack, balancer)
    };
    let (stack, balancer) = declare(["Public subnet A", "Public subnet C"]);
    let before = deploy(&sim, &stack).await.expect("a deploy").get(balancer).clone();

    let (stack, balancer) = declare(["Other A", "Other C"]);
    let deployer = Deployer::new(sim.aws());
    let plan = deployer.plan(&stack).await.expect("a plan");
    let reason = "forces replacement: a load balancer stays in the VPC that it was made in";
    assert!(plan.to_string().contains(reason), "{plan}");
    let after = deployer.apply(plan.approve()).await.expect("a deploy").get(balancer).clone();
    assert_ne!(before.arn, after.arn);
    assert_eq!(after.vpc.map(|vpc| vpc.to_string()), Some(other));
    assert!(deployer.plan(&stack).await.expect("a plan").is_empty());
    let left = sim.elbv2().describe_load_balancers().send().await.expect("balancers");
    assert_eq!(left.load_balancers().len(), 1);
}
