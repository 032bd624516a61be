//! The whole graph moves to another VPC.

use purlin::*;

use super::{WEB, Web, action, balancers, change, groups, instances, running, target_groups};

/// I18: groups, targets, balancer, listeners, rules and the Auto Scaling group, in one plan.
#[tokio::test(start_paused = true)]
async fn everything_moves_to_another_vpc_in_one_plan() {
    let sim = running(&WEB).await;
    // Scaling has made it grow: what comes is no smaller.
    sim.autoscaling()
        .set_desired_capacity()
        .auto_scaling_group_name("Web-ASG")
        .desired_capacity(3)
        .send()
        .await
        .expect("a size");
    let moved = Web {
        vpc: "VPC-New",
        public: ["New public A", "New public C"],
        private: ["New private A", "New private C"],
        ..WEB
    };
    let plan = change(&sim, &moved.stack(), &["dns-name", "terminates-instances"]).await;
    for address in [
        "SecurityGroup.alb",
        "SecurityGroup.instances",
        "TargetGroup.web",
        "LoadBalancer.web",
        "Listener.http",
        "ListenerRule.api",
        "AutoScalingGroup.web",
    ] {
        assert_eq!(action(&plan, address), PlannedAction::Replace, "{address}");
    }
    assert_eq!(action(&plan, "LaunchTemplate.web"), PlannedAction::Update, "a template gets a version");
    assert_eq!((balancers(&sim).await.len(), target_groups(&sim).await.len(), groups(&sim).await.len()), (1, 1, 2));
    let group = sim.auto_scaling_group("Web-ASG-2").expect("the successor");
    assert_eq!(group.desired, 3);
    assert_eq!(instances(&sim).len(), 3);
    assert!(sim.auto_scaling_group("Web-ASG").is_none());
}

/// I30: an Auto Scaling group of another name takes over without a gap.
#[tokio::test(start_paused = true)]
async fn a_scaling_group_of_another_name_takes_over_the_targets() {
    let sim = running(&WEB).await;
    let plan = change(&sim, &Web { scaling: "Site-ASG", ..WEB }.stack(), &["terminates-instances"]).await;
    assert_eq!(action(&plan, "AutoScalingGroup.web"), PlannedAction::Replace);
    assert!(sim.auto_scaling_group("Web-ASG").is_none());
    assert_eq!(instances(&sim).len(), 2);
}
