//! What cannot be changed is replaced: a successor comes, everything moves to it, the old one goes, and
//! at no moment of a replacement that the plan calls free of interruptions is traffic not served.

mod approval;
mod listener;
mod load_balancer;
mod security_group;
mod target_group;
mod vpc;

use purlin::sim::SimAws;
use purlin::*;

use crate::support;

/// A service behind a load balancer, as tests vary it.
#[derive(Debug, Clone)]
struct Web {
    vpc: &'static str,
    public: [&'static str; 2],
    private: [&'static str; 2],
    /// The port of the target group, and those that the instances' group opens to the balancer.
    port: u16,
    open: &'static [u16],
    balancer: &'static str,
    scheme: Scheme,
    /// The descriptions of the groups of balancer and instances.
    texts: [&'static str; 2],
    scaling: &'static str,
    refresh: bool,
    /// Whether rules let the balancer through by themselves, and not as part of the group.
    standalone: bool,
    /// A listener rule that forwards to the same targets.
    rule: bool,
}

const WEB: Web = Web {
    vpc: "VPC-Lab",
    public: ["Public subnet A", "Public subnet C"],
    private: ["Private subnet A", "Private subnet C"],
    port: 80,
    open: &[80, 8080],
    balancer: "Web-ALB",
    scheme: Scheme::InternetFacing,
    texts: ["HTTP from anywhere", "HTTP Allow"],
    scaling: "Web-ASG",
    refresh: false,
    standalone: false,
    rule: true,
};

impl Web {
    fn stack(&self) -> Stack {
        let mut stack = Stack::new("web-lab");
        let vpc = stack.add("vpc", Vpc::named(self.vpc));
        let public = stack.add("public", Subnets::named(self.public).in_vpc(vpc));
        let private = stack.add("private", Subnets::named(self.private).in_vpc(vpc));
        let image = stack.add("web", Image::named("Web Server v1"));
        let outer = SecurityGroup::builder().name("Web-ALB-SG").description(self.texts[0]).vpc(vpc);
        let outer = stack.add("alb", outer.ingress(Ingress::http().from_anywhere_ipv4()).build());
        let mut inner = SecurityGroup::builder().name("Web-SG").description(self.texts[1]).vpc(vpc);
        for port in self.open.iter().filter(|_| !self.standalone) {
            inner = inner.ingress(Ingress::tcp(*port).from_group(outer));
        }
        let inner = stack.add("instances", inner.build());
        for port in self.open.iter().filter(|_| self.standalone) {
            let rule = SecurityGroupRule::ingress(inner, Ingress::tcp(*port).from_group(outer));
            stack.add(format!("port-{port}"), rule);
        }
        let targets = TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(self.port));
        let targets = stack.add("web", targets.build());
        let balancer = LoadBalancer::application().name(self.balancer).subnets(public).security_group(outer);
        let balancer = stack.add("web", balancer.scheme(self.scheme).build());
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
        let listener = stack.add("http", listener.action(Action::forward(targets)).build());
        if self.rule {
            let rule = ListenerRule::builder().listener(listener).priority(10).condition(Condition::path(["/api/*"]));
            stack.add("api", rule.action(Action::forward(targets)).build());
        }
        let template = LaunchTemplate::builder().name("Web").image(image).instance_type("t3.micro");
        let template = stack.add("web", template.security_group(inner).build());
        let group = AutoScalingGroup::builder().name(self.scaling).launch_template(template).subnets(private);
        let group = group.target_group(targets).sizes(2..=4);
        let group = if self.refresh {
            let refresh =
                InstanceRefresh::builder().warmup(std::time::Duration::from_secs(1)).min_healthy_percentage(100);
            group.instance_refresh(refresh.max_healthy_percentage(200).build()).build()
        } else {
            group.build()
        };
        stack.add("web", group);
        stack
    }
}

/// An account in which the service runs.
async fn running(web: &Web) -> SimAws {
    let sim = support::given(&[80, 8080]);
    support::hurry(&sim);
    let vpc = sim.add_vpc("VPC-New", "10.1.0.0/16");
    sim.add_public_subnet(&vpc, "New public A", "ap-northeast-2a", "10.1.0.0/24");
    sim.add_public_subnet(&vpc, "New public C", "ap-northeast-2c", "10.1.1.0/24");
    sim.add_subnet(&vpc, "New private A", "ap-northeast-2a", "10.1.2.0/24");
    sim.add_subnet(&vpc, "New private C", "ap-northeast-2c", "10.1.3.0/24");
    support::deploy(&sim, &web.stack()).await.expect("the first deploy");
    sim
}

/// Deploys a change that interrupts what is named and nothing else, and asserts that traffic was served
/// all the time, that nothing is left to do, and nothing left over.
async fn change(sim: &SimAws, stack: &Stack, interruptions: &[&str]) -> Changes {
    let deployer = Deployer::new(sim.aws());
    let plan = deployer.plan(stack).await.expect("it can be planned");
    let ids: Vec<_> = plan.interruptions().iter().map(|interruption| interruption.id).collect();
    assert_eq!(ids, interruptions, "{plan}");
    for (index, step) in plan.steps().iter().enumerate() {
        assert!(step.after.iter().all(|earlier| *earlier < index), "a step before what it needs: {step:?}");
    }
    sim.watch_traffic();
    deployer.apply(plan.clone().approve()).await.unwrap_or_else(|failure| panic!("{failure}\n{plan}"));
    assert_eq!(sim.outages(), [], "{plan}");
    let next = deployer.plan(stack).await.expect("a plan");
    assert!(next.is_empty(), "{next}");
    support::actions(&plan)
}

/// What a plan has done, by address.
type Changes = Vec<(String, PlannedAction)>;

fn action(changes: &Changes, address: &str) -> PlannedAction {
    let found = changes.iter().find(|(changed, _)| changed == address);
    found.unwrap_or_else(|| panic!("{address} is not in the plan: {changes:?}")).1
}

async fn target_groups(sim: &SimAws) -> Vec<(String, String)> {
    let groups = sim.elbv2().describe_target_groups().send().await.expect("target groups");
    let groups = groups.target_groups.unwrap_or_default().into_iter();
    groups.filter_map(|group| Some((group.target_group_name?, group.target_group_arn?))).collect()
}

async fn balancers(sim: &SimAws) -> Vec<(String, String)> {
    let balancers = sim.elbv2().describe_load_balancers().send().await.expect("load balancers");
    let balancers = balancers.load_balancers.unwrap_or_default().into_iter();
    balancers.filter_map(|balancer| Some((balancer.load_balancer_name?, balancer.load_balancer_arn?))).collect()
}

/// The security groups that are the stack's, by name.
async fn groups(sim: &SimAws) -> std::collections::BTreeMap<String, String> {
    let groups = sim.ec2().describe_security_groups().filters(support::owned()).send().await.expect("groups");
    let groups = groups.security_groups.unwrap_or_default().into_iter();
    groups.filter_map(|group| Some((group.group_name?, group.group_id?))).collect()
}

/// The ids of the instances that run, and their security groups.
fn instances(sim: &SimAws) -> Vec<(String, Vec<String>)> {
    let running = |state: &aws_sdk_ec2::types::InstanceStateName| state.as_str() == "running";
    let instances = sim.instances().into_iter().filter(|instance| running(&instance.state));
    instances.map(|instance| (instance.id, instance.security_groups)).collect()
}
