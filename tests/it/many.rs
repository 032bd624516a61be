//! Many stacks at once in one account, with the request limits that AWS documents.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use purlin::sim::{RequestLimits, SimAws};
use purlin::*;

/// What many deployments at once took.
pub struct Report {
    pub stacks: usize,
    /// The calls that were answered and those that were asked to slow down, by operation.
    pub calls: BTreeMap<&'static str, (usize, usize)>,
    pub took: Duration,
}

impl Report {
    pub fn answered(&self, operation: &str) -> usize {
        self.calls.get(operation).map_or(0, |(answered, _)| *answered)
    }

    pub fn total(&self) -> (usize, usize) {
        self.calls.values().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    }
}

/// A small account whose quotas have been raised for so many stacks, with the request limits that AWS
/// documents.
pub fn account(stacks: usize) -> SimAws {
    let sim = SimAws::new();
    let vpc = sim.add_vpc("VPC", "10.0.0.0/16");
    sim.add_subnet(&vpc, "A", "ap-northeast-2a", "10.0.0.0/18");
    sim.add_subnet(&vpc, "C", "ap-northeast-2c", "10.0.64.0/18");
    sim.add_image("web");
    sim.configure(|settings| {
        settings.request_limits = RequestLimits::Documented;
        settings.quotas.application_load_balancers = stacks;
    });
    sim
}

/// A balancer with all that belongs to it, and a group without instances behind it.
pub fn service(number: usize) -> Stack {
    let mut stack = Stack::new(format!("service-{number}"));
    let vpc = stack.add("vpc", Vpc::named("VPC"));
    let subnets = stack.add("subnets", Subnets::named(["A", "C"]).in_vpc(vpc));
    let image = stack.add("image", Image::named("web"));
    let name = format!("service-{number}");
    let group = SecurityGroup::builder().name(&name).description("HTTP").vpc(vpc);
    let group = stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
    let targets = TargetGroup::builder().name(&name).vpc(vpc).traffic(Traffic::http(80)).build();
    let targets = stack.add("web", targets);
    let balancer = LoadBalancer::application().name(&name).subnets(subnets).scheme(Scheme::Internal);
    let balancer = stack.add("web", balancer.security_group(group).build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    stack.add("web", listener.action(Action::forward(targets)).build());
    let template = LaunchTemplate::builder().name(&name).image(image).instance_type("t3.micro");
    let template = stack.add("web", template.security_group(group).build());
    let group = AutoScalingGroup::builder().name(&name).launch_template(template).subnets(subnets);
    stack.add("web", group.target_group(targets).sizes(0..=2).build());
    stack
}

/// Deploys so many services at once.
pub async fn deploy(sim: &SimAws, stacks: usize) -> Report {
    deploy_all(sim, (0..stacks).map(service).collect()).await
}

/// Deploys stacks at once; all have to succeed, and to have nothing left to do.
pub async fn deploy_all(sim: &SimAws, stacks: Vec<Stack>) -> Report {
    let deployer = Deployer::new(sim.aws());
    let (began, before, count) = (sim.now(), sim.calls().len(), stacks.len());
    let deploys = stacks.into_iter().map(|stack| {
        let deployer = deployer.clone();
        async move {
            let plan = deployer.plan(&stack).await?;
            deployer.apply(plan).await.map_err(|failure| failure.errors()[0].clone())?;
            Ok::<_, Error>(deployer.plan(&stack).await?.is_empty())
        }
    });
    for outcome in join_all(deploys).await {
        assert!(outcome.expect("throttling is no failure"), "a second plan is empty");
    }
    let mut calls: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for call in &sim.calls()[before..] {
        let (answered, refused) = calls.entry(call.operation).or_default();
        *(if call.error.is_some() { refused } else { answered }) += 1;
    }
    Report { stacks: count, calls, took: sim.now() - began }
}
