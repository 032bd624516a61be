//! Security groups and their rules.

use std::time::Duration;

use aws_sdk_ec2::types::{IpPermission, IpRange};
use purlin::sim::SimAws;
use purlin::*;

use super::{SERVICE, account, next, sent, timed, tries};
use crate::support::{self, Variant, deploy, destroy};

/// R7, R24, R26: the interfaces of a balancer outlive it; its group goes when they are gone, after a few
/// tries and without touching them.
#[tokio::test(start_paused = true)]
async fn a_group_goes_once_the_interfaces_of_the_balancer_are_gone() {
    let sim = account();
    sim.configure(|settings| settings.load_balancer_interface_release = Duration::from_secs(180));
    let (stack, _) = SERVICE.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    let (since, began) = (sim.calls().len(), sim.now());
    destroy(&sim, &stack).await.expect("a destroy");
    let (sent, refused) = tries(&sim, since, "DeleteSecurityGroup");
    assert!(sent == refused + 2 && (3..25).contains(&refused), "{sent} sent, {refused} refused");
    let refusals = sim.calls().into_iter().filter_map(|call| call.error);
    assert!(refusals.into_iter().all(|code| code == "DependencyViolation"));
    assert!(sim.now() - began < Duration::from_secs(215), "{:?}", sim.now() - began);
}

fn two(also: &[&str]) -> Stack {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = |name: &str| SecurityGroup::builder().name(name).description(name).vpc(vpc).build();
    let (a, b) = (stack.add("a", group("A")), stack.add("b", group("B")));
    for name in also {
        match *name {
            "a-from-b" => stack.add("a-from-b", SecurityGroupRule::ingress(a, Ingress::tcp(7000).from_group(b))),
            _ => stack.add("b-from-a", SecurityGroupRule::ingress(b, Ingress::tcp(7000).from_group(a))),
        };
    }
    stack
}

/// R23, I1, I2: groups that refer to each other come without a cycle, and go in one run: their rules first.
#[tokio::test(start_paused = true)]
async fn groups_that_refer_to_each_other_come_and_go() {
    let sim = account();
    let stack = two(&["a-from-b", "b-from-a"]);
    deploy(&sim, &stack).await.expect("a deploy");
    assert!(next(&sim, &stack).await.is_empty());
    let since = sim.calls().len();
    destroy(&sim, &stack).await.expect("a destroy");
    let writes = sent(&sim, since);
    assert_eq!(
        writes,
        ["RevokeSecurityGroupIngress", "RevokeSecurityGroupIngress", "DeleteSecurityGroup", "DeleteSecurityGroup"]
    );
    assert_eq!(tries(&sim, since, "DeleteSecurityGroup"), (2, 0), "nothing is tried in vain");
    // Groups that are no longer declared go in the same way, while their rules are.
    deploy(&sim, &stack).await.expect("a deploy");
    deploy(&sim, &Stack::new("web-lab")).await.expect("an empty stack");
    let groups = sim.ec2().describe_security_groups().send().await.expect("groups");
    assert_eq!(groups.security_groups().len(), 1, "the default group: {groups:?}");
}

/// I3: what uses a group is given another one before it goes.
#[tokio::test(start_paused = true)]
async fn users_of_a_group_let_go_of_it_before_it_goes() {
    let sim = account();
    let with = |second: bool| {
        let mut stack = Stack::new("web-lab");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
        let name = if second { "second" } else { "first" };
        let group = stack.add(name, SecurityGroup::builder().name(name).description(name).vpc(vpc).build());
        let balancer = LoadBalancer::application().name("web").subnets(public).security_group(group);
        stack.add("web", balancer.build());
        stack
    };
    deploy(&sim, &with(false)).await.expect("a deploy");
    let since = sim.calls().len();
    deploy(&sim, &with(true)).await.expect("an update");
    assert_eq!(sent(&sim, since), ["CreateSecurityGroup", "SetSecurityGroups", "DeleteSecurityGroup"]);
    assert!(sim.calls()[since..].iter().all(|call| call.error.is_none()), "nothing is tried in vain");
}

fn with_rules(inline: &[u16], standalone: &[u16]) -> Stack {
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let mut group = SecurityGroup::builder().name("Web").description("Web").vpc(vpc);
    for port in inline {
        group = group.ingress(Ingress::tcp(*port).from_ipv4("10.0.0.0/8"));
    }
    let group = stack.add("web", group.build());
    for port in standalone {
        let rule = Ingress::tcp(*port).from_ipv4("10.0.0.0/8");
        stack.add(format!("port-{port}"), SecurityGroupRule::ingress(group, rule));
    }
    stack
}

async fn ports(sim: &SimAws) -> Vec<i32> {
    let rules = sim.ec2().describe_security_group_rules().send().await.expect("rules");
    let ingress = rules.security_group_rules().iter().filter(|rule| rule.is_egress() == Some(false));
    let mut ports: Vec<_> = ingress.filter_map(|rule| rule.from_port()).filter(|port| *port >= 0).collect();
    ports.sort_unstable();
    ports
}

/// I7, I9: rules of the group and rules by themselves live side by side: neither plan sees the others,
/// and a change of one kind leaves the other alone.
#[tokio::test(start_paused = true)]
async fn rules_of_a_group_and_rules_by_themselves_do_not_fight() {
    let sim = account();
    for (inline, standalone, expected) in [
        (&[80][..], &[443][..], &[80, 443][..]),
        (&[80, 8080][..], &[443][..], &[80, 443, 8080][..]),
        (&[8080][..], &[443, 8443][..], &[443, 8080, 8443][..]),
        (&[][..], &[8443][..], &[8443][..]),
        (&[22][..], &[][..], &[22][..]),
    ] {
        let stack = with_rules(inline, standalone);
        deploy(&sim, &stack).await.expect("a deploy");
        assert_eq!(ports(&sim).await, expected);
        for _ in 0..2 {
            let plan = next(&sim, &stack).await;
            assert!(plan.is_empty(), "{plan}");
            deploy(&sim, &stack).await.expect("nothing");
            assert_eq!(ports(&sim).await, expected);
        }
    }
}

fn permission(port: i32) -> IpPermission {
    let range = IpRange::builder().cidr_ip("10.0.0.0/8").build();
    IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port).ip_ranges(range).build()
}

/// R31, I8: a rule that is there already is what was wanted: the others are added all the same.
#[tokio::test(start_paused = true)]
async fn a_rule_that_is_there_already_is_what_was_wanted() {
    let sim = account();
    deploy(&sim, &with_rules(&[80], &[])).await.expect("a deploy");
    let id = sim.ec2().describe_security_groups().send().await.expect("groups");
    let id = id.security_groups().iter().find(|group| group.group_name() == Some("Web")).expect("the group");
    let id = id.group_id().expect("an id").to_owned();
    let since = sim.calls().len();
    let declared = with_rules(&[80, 81, 82], &[]);
    let meddling = async {
        // Between the last look and the call.
        while sim.calls()[since..].iter().filter(|call| call.operation == "DescribeSecurityGroupRules").count() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let add = sim.ec2().authorize_security_group_ingress().group_id(&id).ip_permissions(permission(82));
        add.send().await.expect("a rule by hand");
    };
    let (ended, ()) = tokio::join!(deploy(&sim, &declared), meddling);
    ended.expect("a deploy");
    let refusals: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
    assert!(!refusals.is_empty() && refusals.iter().all(|code| code == "InvalidPermission.Duplicate"), "{refusals:?}");
    assert_eq!(ports(&sim).await, [80, 81, 82]);
    let plan = next(&sim, &declared).await;
    assert!(plan.is_empty(), "{plan}");
}

/// R31, I8: the same rule on a group of somebody else, with nobody's tags, becomes the stack's: the next
/// plan has nothing to do, and the rule goes with the stack. One of another stack stays that stack's.
#[tokio::test(start_paused = true)]
async fn the_same_rule_without_an_owner_becomes_the_stacks() {
    let sim = account();
    let vpcs = sim.ec2().describe_vpcs().send().await.expect("VPCs");
    let group = sim.add_security_group(vpcs.vpcs()[0].vpc_id().expect("an id"), "Theirs");
    let add = sim.ec2().authorize_security_group_ingress().group_id(&group).ip_permissions(permission(80));
    add.send().await.expect("a rule by hand");
    let stack = |name: &str| {
        let mut stack = Stack::new(name);
        let group: SecurityGroupId = group.parse().expect("an id");
        stack.add("http", SecurityGroupRule::ingress(group, Ingress::tcp(80).from_ipv4("10.0.0.0/8")));
        stack
    };
    // To tag what nobody owns is not among the least that a stack needs.
    let error = super::only(deploy(&sim, &stack("first")).await);
    assert!(error.is_permission_denied() && error.operation() == Some("CreateTags"), "{error:?}");
    let deployer = Deployer::new(sim.aws());
    let plan = deployer.plan(&stack("first")).await.expect("a plan");
    deployer.apply(plan).await.expect("it is what was wanted");
    assert!(next(&sim, &stack("first")).await.is_empty());
    let error = super::only(deploy(&sim, &stack("second")).await);
    assert!(error.is_conflict() && error.to_string().contains("the stack \"first\" owns it"), "{error:?}");
    assert_eq!(ports(&sim).await, [80]);
    destroy(&sim, &stack("first")).await.expect("a destroy");
    assert_eq!(ports(&sim).await, [0; 0]);
}

/// I10: a rule that takes the place of another is there before the other goes.
#[tokio::test(start_paused = true)]
async fn a_new_rule_is_there_before_the_old_one_goes() {
    let sim = account();
    deploy(&sim, &with_rules(&[80, 81], &[443])).await.expect("a deploy");
    let since = sim.calls().len();
    deploy(&sim, &with_rules(&[80, 82], &[443])).await.expect("an update");
    assert_eq!(sent(&sim, since), ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]);
}

/// R28, R34: a rule that is gone when it is to go is gone; the rest is done.
#[tokio::test(start_paused = true)]
async fn rules_that_somebody_removed_meanwhile_are_gone() {
    let sim = account();
    deploy(&sim, &two(&["a-from-b", "b-from-a"])).await.expect("a deploy");
    let plan = next(&sim, &two(&[])).await;
    let rules = sim.ec2().describe_security_group_rules().send().await.expect("rules");
    let rule = rules.security_group_rules().iter().find(|rule| rule.from_port() == Some(7000)).expect("a rule");
    let (group, rule) = (rule.group_id().expect("an id"), rule.security_group_rule_id().expect("an id"));
    let since = sim.calls().len();
    let meddling = async {
        while sim.calls()[since..].iter().filter(|call| call.operation == "DescribeSecurityGroupRules").count() < 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let revoke = sim.ec2().revoke_security_group_ingress().group_id(group).security_group_rule_ids(rule);
        revoke.send().await.expect("removed by hand");
    };
    let deployer = Deployer::new(sim.aws());
    let (ended, ()) = tokio::join!(deployer.apply(plan), meddling);
    ended.expect("both are gone");
    let refusals: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
    assert_eq!(refusals, ["InvalidSecurityGroupRuleId.NotFound"]);
    assert!(next(&sim, &two(&[])).await.is_empty());
}

/// I4: rules and interfaces of others are looked for and named when the deadline is over, and never
/// touched; until then few calls are made.
#[tokio::test(start_paused = true)]
async fn what_holds_a_group_is_named_after_few_calls() {
    let sim = account();
    let stack = two(&[]);
    deploy(&sim, &stack).await.expect("a deploy");
    let groups = sim.ec2().describe_security_groups().send().await.expect("groups");
    let held = groups.security_groups().iter().find(|group| group.group_name() == Some("A")).expect("the group");
    let subnets = sim.ec2().describe_subnets().send().await.expect("subnets");
    let subnet = subnets.subnets()[0].subnet_id().expect("an id");
    let interface = sim.add_interface(subnet, &[held.group_id().expect("an id")]);
    let since = sim.calls().len();
    let error = super::only(destroy(&sim, &stack).await);
    assert!(error.is_in_use() && error.to_string().contains(&interface), "{error:?}");
    assert!(tries(&sim, since, "DeleteSecurityGroup").0 < 150, "{:?}", tries(&sim, since, "DeleteSecurityGroup"));
    let interfaces = sim.ec2().describe_network_interfaces().send().await.expect("interfaces");
    assert_eq!(interfaces.network_interfaces().len(), 1, "it stays");
}

/// R24: rules of other groups go before the group that they refer to, whatever order they are declared
/// in.
#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_in_vain() {
    let sim = account();
    let (stack, _) = Variant { open: &[80, 8080, 9090], ..SERVICE }.stack();
    deploy(&sim, &stack).await.expect("a deploy");
    tokio::time::sleep(Duration::from_secs(60)).await;
    sim.configure(|settings| settings.load_balancer_interface_release = Duration::ZERO);
    let since = sim.calls().len();
    let began = sim.now();
    destroy(&sim, &stack).await.expect("a destroy");
    let refused: Vec<_> = sim.calls()[since..].iter().filter(|call| call.error.is_some()).cloned().collect();
    assert!(refused.len() <= 1, "{refused:#?}");
    assert!(sim.now() - began < Duration::from_secs(20), "{:?}", sim.now() - began);
    let (ended, _) = timed(&sim, &support::LAB.stack().0).await;
    ended.expect("all names are free again");
}
