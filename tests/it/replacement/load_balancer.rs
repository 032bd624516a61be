//! Load balancers are replaced with what is tied to them, or changed in place where AWS allows it.

use purlin::sim::SimAws;
use purlin::*;

use super::{WEB, Web, action, balancers, change, running, target_groups};
use crate::support::{deploy, given, hurry};

/// I15, I16: the target groups go with the old balancer, as they belong to one only; both serve until
/// the new one does.
#[tokio::test(start_paused = true)]
async fn a_balancer_of_another_scheme_or_name_takes_its_target_groups_along() {
    for (changed, name) in
        [(Web { scheme: Scheme::Internal, ..WEB }, "Web-ALB-2"), (Web { balancer: "Site-ALB", ..WEB }, "Site-ALB")]
    {
        let sim = running(&WEB).await;
        let old = balancers(&sim).await;
        let plan = change(&sim, &changed.stack(), &["dns-name"]).await;
        assert_eq!(action(&plan, "LoadBalancer.web"), PlannedAction::Replace);
        assert_eq!(action(&plan, "TargetGroup.web"), PlannedAction::Replace);
        let new = balancers(&sim).await;
        assert_eq!(new.len(), 1);
        assert_eq!(new[0].0, name);
        assert_ne!(new[0].1, old[0].1);
        let groups = target_groups(&sim).await;
        assert_eq!(groups.len(), 1);
        let health = sim.target_health(&groups[0].1);
        assert!(health.len() == 2 && health.iter().all(|target| target.state == "healthy"), "{health:?}");
        // The old balancer went only when the new one served.
        let calls = sim.calls();
        let at = |operation: &str| calls.iter().rfind(|call| call.operation == operation).expect(operation).at;
        assert!(at("DeleteLoadBalancer") >= at("AttachLoadBalancerTargetGroups"));
        assert!(at("DetachLoadBalancerTargetGroups") >= at("DeleteLoadBalancer"));
    }
}

/// A network load balancer with what varies.
fn network(subnets: &[&str], groups: usize, elastic: bool) -> Stack {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let public = stack.add("public", Subnets::named(subnets.iter().copied()).in_vpc(vpc));
    let mut balancer = LoadBalancer::network().name("Web-NLB").subnets(public);
    for group in 0..groups {
        let name = format!("group-{group}");
        let group = SecurityGroup::builder().name(name.clone()).description("TCP").vpc(vpc);
        let group = stack.add(name, group.ingress(Ingress::tcp(80).from_anywhere_ipv4()).build());
        balancer = balancer.security_group(group);
    }
    if elastic {
        for place in 0..subnets.len() {
            let id = format!("eipalloc-{place}").parse().expect("an id");
            balancer = balancer.subnet_mapping(SubnetMapping::new().allocation(id));
        }
    }
    let balancer = stack.add("web", balancer.build());
    let targets = TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::tcp(80));
    let targets = stack.add("web", targets.build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::tcp(80));
    stack.add("tcp", listener.action(Action::forward(targets)).build());
    stack
}

const PLACES: [&str; 2] = ["Public subnet A", "Public subnet C"];

fn account() -> SimAws {
    let sim = given(&[80]);
    hurry(&sim);
    sim
}

/// I19: AWS changes the subnets of a network load balancer, also within a zone.
#[tokio::test(start_paused = true)]
async fn a_network_balancer_changes_its_subnets_in_place() {
    let sim = account();
    let vpcs = sim.ec2().describe_vpcs().send().await.expect("VPCs");
    let vpc = vpcs.vpcs()[0].vpc_id().expect("an id");
    sim.add_public_subnet(vpc, "Other subnet A", "ap-northeast-2a", "10.0.8.0/24");
    deploy(&sim, &network(&PLACES, 0, false)).await.expect("a deploy");
    let before = balancers(&sim).await;
    for subnets in [&["Other subnet A", "Public subnet C"][..], &PLACES, &PLACES[1..], &PLACES] {
        let plan = change(&sim, &network(subnets, 0, false), &[]).await;
        assert_eq!(action(&plan, "LoadBalancer.web"), PlannedAction::Update);
        assert_eq!(balancers(&sim).await, before);
    }
}

/// I20: groups are added in place to one that was made with some; one made without takes none, and is
/// replaced.
#[tokio::test(start_paused = true)]
async fn a_network_balancer_gets_more_security_groups_in_place() {
    let sim = account();
    deploy(&sim, &network(&PLACES, 1, false)).await.expect("a deploy");
    let before = balancers(&sim).await;
    let plan = change(&sim, &network(&PLACES, 2, false), &[]).await;
    assert_eq!(action(&plan, "LoadBalancer.web"), PlannedAction::Update);
    assert_eq!(balancers(&sim).await, before);

    let plan = change(&sim, &network(&PLACES, 0, false), &["dns-name"]).await;
    assert_eq!(action(&plan, "LoadBalancer.web"), PlannedAction::Replace);
    assert_ne!(balancers(&sim).await, before);
}

/// I21: Elastic IP addresses are on one balancer only: the old one goes first, and somebody has to say
/// yes to that.
#[tokio::test(start_paused = true)]
async fn a_balancer_with_elastic_addresses_goes_before_its_successor_comes_and_asks_first() {
    let sim = account();
    sim.configure(|settings| settings.load_balancer_interface_release = std::time::Duration::from_secs(60));
    deploy(&sim, &network(&PLACES, 0, true)).await.expect("a deploy");
    let (old, groups) = (balancers(&sim).await, target_groups(&sim).await);

    let deployer = Deployer::new(sim.aws());
    let changed = network(&PLACES, 1, true);
    let plan = deployer.plan(&changed).await.expect("a plan");
    let [interruption] = plan.interruptions() else { panic!("{plan}") };
    assert_eq!((interruption.id, interruption.accepted), ("downtime", false));
    assert!(plan.to_string().contains("!! LoadBalancer.web downtime: "), "{plan}");
    let since = sim.calls().len();
    let failure = deployer.apply(plan.clone()).await.expect_err("nobody has said yes");
    assert!(failure.errors()[0].needs_approval(), "{failure}");
    assert_eq!(sim.calls().len(), since, "nothing is even read");

    deployer.apply(plan.approve()).await.expect("a replacement");
    let sent: Vec<_> = sim.calls()[since..]
        .iter()
        .filter(|call| !call.is_read() && call.error.is_none())
        .map(|call| call.operation)
        .collect();
    let at = |operation: &str| sent.iter().position(|sent| *sent == operation).expect(operation);
    assert!(at("DeleteLoadBalancer") < at("CreateLoadBalancer"), "{sent:?}");
    let new = balancers(&sim).await;
    assert_eq!((new.len(), &new[0].0), (1, &old[0].0), "its name is free, too");
    assert_ne!(new[0].1, old[0].1);
    assert_eq!(target_groups(&sim).await, groups, "the target group is free by then, and stays");
    assert!(deployer.plan(&changed).await.expect("a plan").is_empty());
}
