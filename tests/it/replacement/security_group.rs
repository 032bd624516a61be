//! Security groups are replaced under balancers, templates, rules and instances that run.

use std::time::Duration;

use aws_sdk_ec2::types::{IpPermission, UserIdGroupPair};
use purlin::*;

use super::{WEB, Web, action, change, groups, instances, running};
use crate::support::{deploy, destroy, given, hurry};

/// I5: another description is another group; the balancer swaps, rules admit the new one first.
#[tokio::test(start_paused = true)]
async fn the_group_of_a_balancer_is_swapped_before_it_goes() {
    for standalone in [false, true] {
        let old = Web { standalone, ..WEB };
        let sim = running(&old).await;
        let plan = change(&sim, &Web { texts: ["HTTP", "HTTP Allow"], ..old }.stack(), &[]).await;
        assert_eq!(action(&plan, "SecurityGroup.alb"), PlannedAction::Replace);
        assert_eq!(action(&plan, "LoadBalancer.web"), PlannedAction::Update);
        assert_eq!(groups(&sim).await.into_keys().collect::<Vec<_>>(), ["Web-ALB-SG-2", "Web-SG"]);
    }
}

/// I3, I5, I6: instances that run get the new group on their interfaces; none is replaced for it.
#[tokio::test(start_paused = true)]
async fn instances_that_run_swap_their_group_and_live_on() {
    let sim = running(&WEB).await;
    let before = instances(&sim);
    let since = sim.calls().len();
    let plan = change(&sim, &Web { texts: ["HTTP from anywhere", "HTTP"], ..WEB }.stack(), &[]).await;
    assert_eq!(action(&plan, "SecurityGroup.instances"), PlannedAction::Replace);
    let now = groups(&sim).await;
    assert_eq!(now.keys().collect::<Vec<_>>(), ["Web-ALB-SG", "Web-SG-2"]);
    let ids = |all: &[(String, Vec<String>)]| all.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
    let after = instances(&sim);
    assert_eq!(ids(&after), ids(&before));
    assert!(after.iter().all(|(_, groups)| *groups == [now["Web-SG-2"].clone()]), "{after:?}");
    let refused: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
    assert_eq!(refused, [""; 0], "the old group is deleted once nothing has it");
}

/// Both at once, and rules by themselves.
#[tokio::test(start_paused = true)]
async fn two_groups_that_refer_to_each_other_are_replaced_together() {
    for standalone in [false, true] {
        let old = Web { standalone, ..WEB };
        let sim = running(&old).await;
        change(&sim, &Web { texts: ["outer", "inner"], ..old }.stack(), &[]).await;
        assert_eq!(groups(&sim).await.into_keys().collect::<Vec<_>>(), ["Web-ALB-SG-2", "Web-SG-2"]);
    }
}

/// I26: a group that declares a refresh replaces its instances, which the old security group waits for.
#[tokio::test(start_paused = true)]
async fn with_an_instance_refresh_the_old_group_waits_for_the_instances_to_go() {
    let old = Web { refresh: true, ..WEB };
    let sim = running(&old).await;
    let before = instances(&sim);
    change(&sim, &Web { texts: ["HTTP from anywhere", "HTTP"], ..old }.stack(), &[]).await;
    let group = sim.auto_scaling_group("Web-ASG").expect("the group");
    let serving: Vec<_> = group.instances.iter().filter(|instance| instance.lifecycle == "InService").collect();
    assert_eq!(serving.len(), 2);
    assert!(serving.iter().all(|one| before.iter().all(|(old, _)| *old != one.id)), "{serving:?}");
    let now = groups(&sim).await;
    assert_eq!(now.keys().collect::<Vec<_>>(), ["Web-ALB-SG", "Web-SG-2"]);
    assert!(instances(&sim).iter().all(|(_, groups)| *groups == [now["Web-SG-2"].clone()]));
}

/// I2: rules by which two groups allow each other, made behind purlin's back, go first.
#[tokio::test(start_paused = true)]
async fn groups_that_somebody_has_tied_to_each_other_are_destroyed_at_once() {
    let sim = given(&[80]);
    hurry(&sim);
    let mut stack = Stack::new("web-lab");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let names = ["a", "b", "c"];
    let refs = names.map(|name| stack.add(name, SecurityGroup::builder().name(name).description("x").vpc(vpc).build()));
    let live = deploy(&sim, &stack).await.expect("a deploy");
    let ids = refs.map(|group| live.get(group).id.to_string());
    for (group, other) in [(0, 1), (1, 2), (2, 0), (1, 0)] {
        let pair = UserIdGroupPair::builder().group_id(&ids[other]).build();
        let rule = IpPermission::builder().ip_protocol("tcp").from_port(7000).to_port(7000).user_id_group_pairs(pair);
        let rule = sim.ec2().authorize_security_group_ingress().group_id(&ids[group]).ip_permissions(rule.build());
        rule.send().await.expect("a rule");
    }
    let (since, began) = (sim.calls().len(), sim.now());
    destroy(&sim, &stack).await.expect("a destroy");
    let refused: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
    assert_eq!(refused, [""; 0]);
    assert!(sim.now() - began < Duration::from_secs(10));
    assert!(groups(&sim).await.is_empty());
}

/// Two rules that trade what they say trade who they are: nothing is closed and nothing refused.
#[tokio::test(start_paused = true)]
async fn two_rules_trade_their_contents() {
    let declare_some = |rules: &[(&str, u16)]| {
        let mut stack = Stack::new("web-lab");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let group = SecurityGroup::builder().name("a").description("x").vpc(vpc);
        let group = stack.add("a", group.build());
        for (name, port) in rules {
            let rule = SecurityGroupRule::ingress(group, Ingress::tcp(*port).from_ipv4("10.0.0.0/16"));
            stack.add(*name, rule);
        }
        stack
    };
    let declare = |ports: [u16; 2]| declare_some(&[("one", ports[0]), ("two", ports[1])]);
    let sim = given(&[80]);
    deploy(&sim, &declare([1000, 2000])).await.expect("a deploy");
    let since = sim.calls().len();
    change(&sim, &declare([2000, 1000]), &[]).await;
    assert_eq!(crate::support::writes(&sim, since), ["CreateTags", "CreateTags"]);
    // One moves on, and the other takes its place.
    change(&sim, &declare([3000, 2000]), &[]).await;
    change(&sim, &declare([1000, 3000]), &[]).await;
    // One is no longer declared, and the other says what it said.
    let since = sim.calls().len();
    change(&sim, &declare_some(&[("two", 1000)]), &[]).await;
    assert_eq!(crate::support::writes(&sim, since), ["CreateTags", "RevokeSecurityGroupIngress"]);
}

/// A group that exists is associated with a VPC before something there uses it.
#[tokio::test(start_paused = true)]
async fn a_group_that_exists_is_associated_before_it_is_used_there() {
    let sim = given(&[80]);
    hurry(&sim);
    let other = sim.add_vpc("VPC-Other", "10.9.0.0/16");
    sim.add_public_subnet(&other, "Other A", "ap-northeast-2a", "10.9.0.0/24");
    sim.add_public_subnet(&other, "Other C", "ap-northeast-2c", "10.9.1.0/24");
    let declare = |used: bool| {
        let mut stack = Stack::new("web-lab");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let other = stack.add("other", Vpc::named("VPC-Other"));
        let subnets = stack.add("subnets", Subnets::named(["Other A", "Other C"]).in_vpc(other));
        let group = SecurityGroup::builder().name("shared").description("x").vpc(vpc);
        let group = stack.add("shared", if used { group.associated_vpc(other).build() } else { group.build() });
        if used {
            let balancer = LoadBalancer::application().name("Other-ALB").subnets(subnets).security_group(group);
            stack.add("web", balancer.build());
        }
        stack
    };
    deploy(&sim, &declare(false)).await.expect("a deploy");
    let since = sim.calls().len();
    change(&sim, &declare(true), &[]).await;
    let refused: Vec<_> = sim.calls()[since..].iter().filter_map(|call| call.error.clone()).collect();
    assert_eq!(refused, [""; 0]);
}
