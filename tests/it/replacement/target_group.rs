//! Target groups are replaced under listeners, rules and Auto Scaling groups.

use purlin::*;

use super::{WEB, Web, action, change, running, target_groups};
use crate::support::{deploy, destroy, given, hurry};

/// I12: the listener, the rule and the group move before the old target group goes.
/// I13: also where the name is fixed.
/// I14: without a word from the user.
#[tokio::test(start_paused = true)]
async fn a_target_group_is_replaced_under_a_listener_and_a_rule_without_a_gap() {
    let sim = running(&WEB).await;
    let before = sim.calls().len();
    let plan = change(&sim, &Web { port: 8080, ..WEB }.stack(), &[]).await;
    assert_eq!(action(&plan, "TargetGroup.web"), PlannedAction::Replace);
    let names: Vec<_> = target_groups(&sim).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Web-TG-2"]);
    let sent: Vec<_> = sim.calls()[before..].iter().filter(|call| !call.is_read()).map(|call| call.operation).collect();
    let count = |operation: &str| sent.iter().filter(|sent| **sent == operation).count();
    assert_eq!((count("ModifyListener"), count("ModifyRule")), (2, 2), "let in first, then switched: {sent:?}");
    assert_eq!(sent.last(), Some(&"DeleteTargetGroup"));

    // And back: the declared name is free again.
    change(&sim, &WEB.stack(), &[]).await;
    let names: Vec<_> = target_groups(&sim).await.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Web-TG"]);
    destroy(&sim, &WEB.stack()).await.expect("a destroy");
}

/// What the instances let through for the old group is let through until all has moved.
#[tokio::test(start_paused = true)]
async fn a_port_is_closed_only_once_nothing_is_sent_to_it() {
    for standalone in [false, true] {
        let old = Web { open: &[80], standalone, ..WEB };
        let sim = running(&old).await;
        change(&sim, &Web { port: 8080, open: &[8080], ..old }.stack(), &[]).await;
    }
}

/// I12, I37: a run that died halfway is finished, without a gap, by running again.
#[tokio::test(start_paused = true)]
async fn a_replacement_that_died_is_finished_without_a_gap() {
    let changed = Web { port: 8080, ..WEB }.stack();
    let mut calls = 1;
    loop {
        let sim = running(&WEB).await;
        sim.watch_traffic();
        sim.crash_after(calls);
        let done = tokio::select! {
            done = deploy(&sim, &changed) => done.is_ok(),
            () = sim.crashed() => false,
        };
        sim.restart();
        deploy(&sim, &changed).await.expect("the same again");
        assert_eq!(sim.outages(), [], "after {calls} calls");
        assert_eq!(target_groups(&sim).await.len(), 1, "after {calls} calls");
        if done {
            break;
        }
        calls += 5;
    }
    assert!(calls > 40, "{calls}");
}

/// A name that another declaration has is not taken for a successor.
#[tokio::test(start_paused = true)]
async fn a_derived_name_that_is_taken_is_passed_over() {
    let with = |port: u16| {
        let mut stack = Web { port, ..WEB }.stack();
        let vpc = stack.add("same", Vpc::named("VPC-Lab"));
        stack.add("other", TargetGroup::builder().name("Web-TG-2").vpc(vpc).traffic(Traffic::http(80)).build());
        stack
    };
    let sim = running(&WEB).await;
    deploy(&sim, &with(80)).await.expect("a deploy");
    change(&sim, &with(8080), &[]).await;
    let mut names: Vec<_> = target_groups(&sim).await.into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, ["Web-TG-2", "Web-TG-3"]);
}

/// Where others register the targets, nobody can wait for them: the plan says so.
#[tokio::test(start_paused = true)]
async fn a_group_whose_targets_others_register_is_replaced_only_with_a_yes() {
    let declare = |port: u16| {
        let mut stack = Stack::new("web-lab");
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
        let targets = TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(port));
        let targets = stack.add("web", targets.build());
        let balancer = LoadBalancer::application().name("Web-ALB").subnets(public);
        let balancer = stack.add("web", balancer.build());
        let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
        stack.add("http", listener.action(Action::forward(targets)).build());
        stack
    };
    let sim = given(&[80]);
    hurry(&sim);
    deploy(&sim, &declare(80)).await.expect("a deploy");
    let plan = Deployer::new(sim.aws()).plan(&declare(8080)).await.expect("a plan");
    let [interruption] = plan.interruptions() else { panic!("{plan}") };
    assert_eq!((interruption.id, interruption.address.as_str()), ("downtime", "TargetGroup.web"));
    assert!(interruption.text.contains("Listener.http will forward to a group without any"), "{interruption}");
    change(&sim, &declare(8080), &["downtime"]).await;
}
