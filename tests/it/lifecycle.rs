//! Lifecycle properties: whatever is declared, edited, interrupted and destroyed, in whatever
//! order, purlin ends where it should and touches nothing that is not its own.

use std::time::Duration;

use proptest::prelude::*;
use purlin::sim::{Fault, SimAws};
use purlin::{
    Accept, Action, AutoScalingGroup, Condition, Deployer, Ingress, LaunchTemplate, Listener, ListenerRule,
    LoadBalancer, Plan, PredefinedMetric, ScalingPolicy, Scheme, SecurityGroup, SecurityGroupRule, Stack, Subnets,
    TargetGroup, TargetTracking, Traffic, Vpc,
};

use crate::web_asg::demo::given;

/// What a program declares, made from small choices so that two of them often differ in one.
#[derive(Debug, Clone)]
struct Shape {
    groups: Vec<Group>,
    /// Whether the first two groups allow each other.
    mutual: bool,
    service: Option<Service>,
}

#[derive(Debug, Clone)]
struct Group {
    description: bool,
    ports: Vec<u16>,
    tag: Option<u8>,
}

#[derive(Debug, Clone)]
struct Service {
    target_port: u16,
    /// A change replaces the balancer, under a derived name.
    internal: bool,
    interval: Option<u64>,
    listeners: Vec<u16>,
    rule: Option<u16>,
    scaling: Option<Scaling>,
}

#[derive(Debug, Clone)]
struct Scaling {
    instance_type: &'static str,
    most: u32,
    policies: Vec<u8>,
}

fn shapes() -> impl Strategy<Value = Shape> {
    let ports = prop::sample::subsequence(vec![22, 80, 443], 0..=3);
    let group = (any::<bool>(), ports, prop::option::of(0..3u8)).prop_map(|(description, ports, tag)| Group {
        description,
        ports,
        tag,
    });
    let scaling =
        (prop::sample::select(vec!["t2.micro", "t3.micro"]), 2..4u32, prop::sample::subsequence(vec![30, 60], 0..=2))
            .prop_map(|(instance_type, most, policies)| Scaling { instance_type, most, policies });
    let service = (
        prop::sample::select(vec![80u16, 8080]),
        prop::bool::weighted(0.3),
        prop::option::of(prop::sample::select(vec![10u64, 20])),
        prop::sample::subsequence(vec![80u16, 8000], 0..=2),
        prop::option::of(prop::sample::select(vec![10u16, 20])),
        prop::option::of(scaling),
    )
        .prop_map(|(target_port, internal, interval, listeners, rule, scaling)| Service {
            target_port,
            internal,
            interval,
            listeners,
            rule,
            scaling,
        });
    (prop::collection::vec(group, 0..3), any::<bool>(), prop::option::of(service))
        .prop_map(|(groups, mutual, service)| Shape { groups, mutual, service })
}

fn declare(shape: &Shape) -> Stack {
    let mut stack = Stack::new("fuzzed");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
    let private = stack.add("private", Subnets::named(["Private subnet A", "Private subnet C"]).in_vpc(vpc));
    let image = stack.add("image", purlin::Image::named("Web Server v1"));
    let mut groups = Vec::new();
    for (index, group) in shape.groups.iter().enumerate() {
        // A changed description replaces the group under a derived name.
        let text = if group.description { "one" } else { "another" };
        let mut ports = group.ports.iter().map(|port| Ingress::tcp(*port).from_anywhere_ipv4());
        let builder = SecurityGroup::builder().name(format!("group-{index}")).description(text).vpc(vpc);
        let builder = builder.tag("tag", group.tag.map_or_else(String::new, |tag| tag.to_string()));
        // The number of rules is not known to the type of the builder: each has its arm.
        let built = match (ports.next(), ports.next(), ports.next()) {
            (Some(a), Some(b), Some(c)) => builder.ingress(a).ingress(b).ingress(c).build(),
            (Some(a), Some(b), _) => builder.ingress(a).ingress(b).build(),
            (Some(a), ..) => builder.ingress(a).build(),
            _ => builder.build(),
        };
        groups.push(stack.add(format!("group-{index}"), built));
    }
    if let (true, [a, b]) = (shape.mutual, groups.as_slice()) {
        stack.add("a-from-b", SecurityGroupRule::ingress(*a, Ingress::tcp(7000).from_group(*b)));
        stack.add("b-from-a", SecurityGroupRule::ingress(*b, Ingress::tcp(7000).from_group(*a)));
    }
    let Some(service) = &shape.service else { return stack };
    let open = SecurityGroup::builder().name("open").description("everything").vpc(vpc);
    let open = stack.add("open", open.ingress(Ingress::all_traffic().from_anywhere_ipv4()).build());
    let targets = TargetGroup::builder().name("targets").vpc(vpc).traffic(Traffic::http(service.target_port));
    let check = purlin::HealthCheck::builder();
    let targets = stack.add(
        "targets",
        match service.interval {
            Some(interval) => targets.health_check(check.interval(Duration::from_secs(interval)).build()).build(),
            None => targets.build(),
        },
    );
    let balancer = LoadBalancer::application().name("balancer").subnets(public).security_group(open);
    let scheme = if service.internal { Scheme::Internal } else { Scheme::InternetFacing };
    let balancer = stack.add("balancer", balancer.scheme(scheme).build());
    for port in &service.listeners {
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(*port));
        let listener = stack.add(format!("http-{port}"), listener.action(Action::forward(targets)).build());
        if let Some(priority) = service.rule {
            let rule =
                ListenerRule::builder().listener(listener).priority(priority).condition(Condition::path(["/api"]));
            stack.add(format!("rule-{port}"), rule.action(Action::fixed_response(404)).build());
        }
    }
    let Some(scaling) = &service.scaling else { return stack };
    let template = LaunchTemplate::builder().name("template").image(image).instance_type(scaling.instance_type);
    let template = stack.add("template", template.security_group(open).build());
    let group = AutoScalingGroup::builder().name("scaling").launch_template(template).subnets(private);
    let group = group.sizes(1..=scaling.most);
    // Targets turn healthy only where a listener forwards to them and the image serves the port.
    let serves = service.target_port == 80 && !service.listeners.is_empty();
    let group = stack.add("scaling", if serves { group.target_group(targets).build() } else { group.build() });
    for target in &scaling.policies {
        let policy = ScalingPolicy::builder().name(format!("cpu-{target}")).group(group);
        // AWS takes one policy for a metric.
        let metric =
            if *target == 30 { PredefinedMetric::AverageCpuUtilization } else { PredefinedMetric::AverageNetworkIn };
        let tracking = TargetTracking::predefined(metric, f64::from(*target));
        stack.add(format!("cpu-{target}"), policy.scaling(tracking).build());
    }
    stack
}

/// What happens in a life: an edit or the end, and what goes wrong on the way.
#[derive(Debug, Clone)]
struct Event {
    goal: Goal,
    trouble: Trouble,
}

#[derive(Debug, Clone)]
enum Goal {
    Deploy(Shape),
    Destroy,
}

#[derive(Debug, Clone)]
enum Trouble {
    None,
    /// The process dies after so many calls.
    Crash(usize),
    /// So many calls of an operation fail, their work done or not.
    Fault {
        operation: &'static str,
        code: &'static str,
        after: usize,
        times: usize,
        lose_answer: bool,
    },
}

fn events() -> impl Strategy<Value = Event> {
    let goal = prop_oneof![4 => shapes().prop_map(Goal::Deploy), 1 => Just(Goal::Destroy)];
    let operation = prop::sample::select(vec![
        "CreateSecurityGroup",
        "AuthorizeSecurityGroupIngress",
        "CreateLoadBalancer",
        "CreateTargetGroup",
        "CreateListener",
        "CreateRule",
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion",
        "CreateAutoScalingGroup",
        "UpdateAutoScalingGroup",
        "PutScalingPolicy",
        "DeleteTargetGroup",
        "DescribeTags",
    ]);
    let code = prop::sample::select(vec!["Throttling", "InternalFailure", "UnauthorizedOperation"]);
    let trouble = prop_oneof![
        2 => Just(Trouble::None),
        2 => (0..90usize).prop_map(Trouble::Crash),
        1 => (operation, code, 0..2usize, 1..4usize, any::<bool>()).prop_map(|(operation, code, after, times, lose_answer)| {
            Trouble::Fault { operation, code, after, times, lose_answer }
        }),
    ];
    (goal, trouble).prop_map(|(goal, trouble)| Event { goal, trouble })
}

async fn plan(deployer: &Deployer, stack: &Stack, destroy: bool) -> Result<Plan, purlin::Error> {
    if destroy { deployer.plan_destroy(stack).await } else { deployer.plan(stack).await }
}

async fn go(deployer: &Deployer, stack: &Stack, destroy: bool) -> Result<(), String> {
    let plan = plan(deployer, stack, destroy).await.map_err(|error| format!("{error:?}"))?;
    deployer.apply(plan.approve()).await.map(|_| ()).map_err(|failure| failure.to_string())
}

/// What exists beforehand and belongs to others.
async fn foreign(sim: &SimAws) -> String {
    let groups = sim.ec2().describe_security_groups().send().await.expect("a describe");
    let groups: Vec<_> = groups
        .security_groups()
        .iter()
        .filter(|group| group.tags().iter().all(|tag| tag.key() != Some("purlin:stack")))
        .map(|group| format!("{group:?}"))
        .collect();
    let targets = sim.elbv2().describe_target_groups().names("foreign").send().await.expect("a describe");
    let subnets = sim.ec2().describe_subnets().send().await.expect("a describe");
    // Free addresses come and go with instances.
    let subnets: Vec<_> = subnets.subnets().iter().map(|subnet| (subnet.subnet_id(), subnet.tags())).collect();
    format!("{groups:?}\n{:?}\n{subnets:?}", targets.target_groups())
}

async fn live(events: Vec<Event>) -> Result<(), TestCaseError> {
    let sim = SimAws::new();
    given(&sim);
    sim.configure(|settings| {
        settings.load_balancer_provisioning = Duration::from_secs(3);
        settings.instance_boot = Duration::from_secs(2);
        settings.instance_termination = Duration::from_secs(2);
        settings.target_health_check = Duration::from_secs(1);
        settings.load_balancer_interface_release = Duration::from_secs(2);
    });
    let vpc = sim.ec2().describe_vpcs().send().await.expect("a describe").vpcs()[0].vpc_id().expect("an id").to_owned();
    sim.add_security_group(&vpc, "foreign");
    sim.add_target_group("foreign", &vpc, 80);
    let before = foreign(&sim).await;
    let deployer = Deployer::new(sim.aws()).with_deadline(Duration::from_secs(900));
    let mut last = Stack::new("fuzzed");
    for event in events {
        let destroy = matches!(event.goal, Goal::Destroy);
        if let Goal::Deploy(shape) = &event.goal {
            last = declare(shape);
        }
        match event.trouble {
            Trouble::None => {}
            Trouble::Crash(calls) => {
                sim.crash_after(calls);
                tokio::select! {
                    _ = go(&deployer, &last, destroy) => {}
                    () = sim.crashed() => {}
                }
                sim.restart();
            }
            Trouble::Fault { operation, code, after, times, lose_answer } => {
                let fault = Fault::on(operation).code(code).after(after).times(times);
                sim.inject(if lose_answer { fault.lose_answer() } else { fault });
                // It may fail or not; the run below must not.
                let _ = go(&deployer, &last, destroy).await;
                sim.clear_faults();
            }
        }
        let done = go(&deployer, &last, destroy).await;
        prop_assert!(done.is_ok(), "a run without trouble fails: {}", done.unwrap_err());
        let next = plan(&deployer, &last, destroy).await.expect("a plan");
        prop_assert!(next.is_empty(), "the next plan is not empty:\n{next}");
        prop_assert_eq!(&foreign(&sim).await, &before, "what belongs to others was touched");
    }
    let done = go(&deployer, &last, true).await;
    prop_assert!(done.is_ok(), "destroying fails: {}", done.unwrap_err());
    let groups = sim.ec2().describe_security_groups().send().await.expect("a describe");
    prop_assert_eq!(groups.security_groups().len(), 2, "only the foreign group and the default one are left");
    let balancers = sim.elbv2().describe_load_balancers().send().await.expect("a describe");
    prop_assert_eq!(balancers.load_balancers().len(), 0);
    let targets = sim.elbv2().describe_target_groups().send().await.expect("a describe");
    prop_assert_eq!(targets.target_groups().len(), 1);
    let templates = sim.ec2().describe_launch_templates().send().await.expect("a describe");
    prop_assert_eq!(templates.launch_templates().len(), 0);
    let scaling = sim.autoscaling().describe_auto_scaling_groups().send().await.expect("a describe");
    prop_assert_eq!(scaling.auto_scaling_groups().len(), 0);
    Ok(())
}

/// `PROPTEST_CASES` for a longer run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_life_ends_as_declared(events in prop::collection::vec(events(), 1..4)) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(live(events))?;
    }
}
