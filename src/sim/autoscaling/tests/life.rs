//! What a group does by itself.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::{
    AvailabilityZoneDistribution, CapacityDistributionStrategy, LifecycleHookSpecification, ScalingActivityStatusCode,
    Tag,
};

use super::{Lab, pass, refused, web};
use crate::sim::{Fault, SimImage};

#[tokio::test(start_paused = true)]
async fn instances_are_launched_balanced_over_the_zones_and_go_into_service() {
    let lab = Lab::new().await;
    lab.create().desired_capacity(3).send().await.unwrap();
    assert!(lab.states().is_empty(), "the group needs its reaction time");
    pass(4).await;
    assert_eq!(lab.states(), ["Pending"; 3]);
    let group = lab.sim.auto_scaling_group("web").unwrap();
    let subnets: Vec<&String> = group.instances.iter().map(|instance| &instance.subnet).collect();
    assert_eq!(subnets, [&lab.subnets[0], &lab.subnets[1], &lab.subnets[0]]);
    pass(33).await;
    assert_eq!(lab.states(), ["Pending"; 3]);
    pass(2).await;
    assert_eq!(lab.states(), ["InService"; 3]);
    let activities = lab.activities().await;
    assert_eq!(activities.len(), 3);
    for activity in activities {
        assert_eq!(activity.status_code(), Some(&ScalingActivityStatusCode::Successful));
        assert_eq!(activity.progress(), Some(100));
        assert!(activity.description().unwrap().starts_with("Launching a new EC2 instance: i-"));
        assert!(activity.cause().unwrap().contains("changing the desired capacity from 0 to 3"));
        assert_eq!(activity.end_time().unwrap().secs() - activity.start_time().unwrap().secs(), 35);
    }
}

#[tokio::test(start_paused = true)]
async fn instances_get_the_tags_that_propagate() {
    let lab = Lab::new().await;
    let tag = |key: &str, propagate| Tag::builder().key(key).value("v").propagate_at_launch(propagate).build();
    lab.create().tags(tag("mine", true)).tags(tag("kept", false)).send().await.unwrap();
    pass(5).await;
    let tags = &lab.sim.instances()[0].tags;
    assert_eq!(tags.get("mine").map(String::as_str), Some("v"));
    assert_eq!(tags.get("kept"), None);
    assert_eq!(tags.get("aws:autoscaling:groupName").map(String::as_str), Some("web"));
}

#[tokio::test(start_paused = true)]
async fn scaling_in_takes_the_fullest_zone_before_the_oldest_instance() {
    let lab = Lab::new().await;
    lab.create().vpc_zone_identifier(&lab.subnets[0]).desired_capacity(1).send().await.unwrap();
    pass(60).await;
    let update = || lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update().vpc_zone_identifier(&lab.subnets[1]).desired_capacity(2).send().await.unwrap();
    pass(60).await;
    update().desired_capacity(3).send().await.unwrap();
    pass(60).await;
    // The oldest alone in zone a, the two others in zone c.
    let ids = lab.ids();
    update().desired_capacity(2).send().await.unwrap();
    pass(60).await;
    assert_eq!(lab.ids(), [ids[0].as_str(), ids[2].as_str()]);
    let newest = &lab.activities().await[0];
    assert_eq!(newest.description(), Some(format!("Terminating EC2 instance: {}", ids[1]).as_str()));
    assert!(newest.cause().unwrap().contains("shrinking the capacity from 3 to 2"));
    // One in each zone: now the oldest.
    update().desired_capacity(1).send().await.unwrap();
    pass(60).await;
    assert_eq!(lab.ids(), ids[2..]);
}

#[tokio::test(start_paused = true)]
async fn scaling_in_takes_the_oldest_template_version_before_the_oldest_instance() {
    let lab = Lab::new().await;
    let image = lab.sim.add_image("New");
    lab.new_version(&image).await;
    let one_zone = || lab.create().vpc_zone_identifier(&lab.subnets[0]);
    one_zone().launch_template(web("2")).desired_capacity(1).send().await.unwrap();
    pass(60).await;
    let update = || lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update().launch_template(web("1")).desired_capacity(2).send().await.unwrap();
    pass(60).await;
    assert_eq!(lab.versions(), [2, 1]);
    update().desired_capacity(1).send().await.unwrap();
    pass(60).await;
    assert_eq!(lab.versions(), [2]);
}

#[tokio::test(start_paused = true)]
async fn termination_policies_and_protection_choose_who_goes() {
    let lab = Lab::new().await;
    lab.create().termination_policies("NewestInstance").vpc_zone_identifier(&lab.subnets[0]).send().await.unwrap();
    pass(60).await;
    let set =
        |desired| lab.client.set_desired_capacity().auto_scaling_group_name("web").desired_capacity(desired).send();
    set(3).await.unwrap();
    pass(60).await;
    let ids = lab.ids();
    set(2).await.unwrap();
    pass(60).await;
    assert_eq!(lab.ids(), ids[..2]);
    let protect = lab.client.set_instance_protection().auto_scaling_group_name("web");
    protect.instance_ids(&ids[0]).instance_ids(&ids[1]).protected_from_scale_in(true).send().await.unwrap();
    set(1).await.unwrap();
    pass(120).await;
    assert_eq!(lab.in_service(), 2, "protected instances stay");
}

#[tokio::test(start_paused = true)]
async fn instances_join_their_target_groups_and_drain_before_they_go() {
    let lab = Lab::new().await;
    let arn = lab.target_group("front", true).await;
    lab.create().target_group_arns(&arn).send().await.unwrap();
    pass(20).await;
    assert!(lab.sim.target_health(&arn).is_empty(), "not in service yet");
    pass(20).await;
    assert_eq!(lab.healths(&arn), ["initial", "initial"]);
    pass(20).await;
    assert_eq!(lab.healths(&arn), ["healthy", "healthy"]);
    let update = lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update.desired_capacity(1).send().await.unwrap();
    pass(10).await;
    let mut healths = lab.healths(&arn);
    healths.sort();
    assert_eq!(healths, ["draining", "healthy"]);
    assert_eq!(lab.activities().await[0].status_code().unwrap().as_str(), "WaitingForELBConnectionDraining");
    pass(280).await;
    assert_eq!(lab.sim.instances().iter().filter(|instance| instance.state.as_str() == "running").count(), 2);
    pass(60).await;
    assert_eq!((lab.ids().len(), lab.healths(&arn)), (1, vec!["healthy".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn failed_launches_are_told_and_tried_again_ever_more_slowly() {
    let lab = Lab::new().await;
    let message = "You have requested more vCPU capacity than your current limit allows.";
    lab.sim.inject(Fault::on("RunInstances").code("VcpuLimitExceeded").message(message).times(3));
    lab.create().desired_capacity(1).send().await.unwrap();
    pass(5).await;
    let activities = lab.activities().await;
    assert_eq!(activities.len(), 1);
    assert_eq!(activities[0].status_code(), Some(&ScalingActivityStatusCode::Failed));
    assert_eq!(activities[0].progress(), Some(100));
    assert_eq!(
        activities[0].status_message(),
        Some(
            "Launching a new EC2 instance. Status Reason: You have requested more vCPU capacity than your current \
             limit allows. Launching EC2 instance failed."
        )
    );
    // 30 s, then 60 s, then 120 s later.
    for (seconds, count) in [(24, 1), (8, 2), (50, 2), (15, 3), (100, 3)] {
        pass(seconds).await;
        assert_eq!(lab.activities().await.len(), count);
    }
    pass(70).await;
    assert_eq!(lab.in_service(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_zone_without_capacity_is_made_up_for_by_another_unless_told_otherwise() {
    let lab = Lab::new().await;
    lab.sim.set_insufficient_capacity("ap-northeast-2c", true);
    lab.create().send().await.unwrap();
    pass(60).await;
    let zones: Vec<String> =
        lab.sim.auto_scaling_group("web").unwrap().instances.into_iter().map(|instance| instance.zone).collect();
    assert_eq!(zones, ["ap-northeast-2a", "ap-northeast-2a"]);

    let strict = AvailabilityZoneDistribution::builder()
        .capacity_distribution_strategy(CapacityDistributionStrategy::BalancedOnly)
        .build();
    lab.create().auto_scaling_group_name("strict").availability_zone_distribution(strict).send().await.unwrap();
    pass(60).await;
    assert_eq!(lab.sim.auto_scaling_group("strict").unwrap().in_service(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_terminated_instance_is_replaced() {
    let lab = Lab::running().await;
    let ids = lab.ids();
    lab.sim.ec2().terminate_instances().instance_ids(&ids[0]).send().await.unwrap();
    pass(40).await;
    assert!(!lab.states().iter().all(|state| state == "InService"));
    pass(90).await;
    assert_eq!(lab.states(), ["InService", "InService"]);
    assert!(!lab.ids().contains(&ids[0]));
    let causes: Vec<String> = lab.activities().await.into_iter().filter_map(|activity| activity.cause).collect();
    assert!(causes.iter().any(|cause| cause.contains("an EC2 health check indicating it has been terminated")));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_fails_its_checks_is_replaced_only_after_grace_and_only_if_asked_for() {
    let lab = Lab::new().await;
    let arn = lab.target_group("front", false).await;
    lab.create().target_group_arns(&arn).desired_capacity(1).health_check_grace_period(300).send().await.unwrap();
    pass(600).await;
    assert_eq!(lab.healths(&arn), ["unhealthy"]);
    assert_eq!(lab.states(), ["InService"], "only EC2 is checked");
    let first = lab.ids()[0].clone();
    let update = lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update.health_check_type("ELB").send().await.unwrap();
    pass(100).await;
    let group = lab.sim.auto_scaling_group("web").unwrap();
    assert!(group.instances.iter().any(|instance| instance.id == first && !instance.healthy));
    assert_eq!(group.in_service(), 1, "its replacement, in its grace period");
    let causes: Vec<String> = lab.activities().await.into_iter().filter_map(|activity| activity.cause).collect();
    assert!(causes.iter().any(|cause| cause.contains("ELB system health check failure")), "{causes:?}");
    lab.open().await;
    pass(600).await;
    assert_eq!(lab.healths(&arn), ["healthy"]);
    assert_eq!(lab.activities().await.len(), 3, "nothing more is replaced");
}

#[tokio::test(start_paused = true)]
async fn suspended_processes_do_not_happen() {
    let lab = Lab::running().await;
    let suspend =
        |process: &str| lab.client.suspend_processes().auto_scaling_group_name("web").scaling_processes(process).send();
    let resume = || lab.client.resume_processes().auto_scaling_group_name("web").send();
    let set =
        |desired| lab.client.set_desired_capacity().auto_scaling_group_name("web").desired_capacity(desired).send();
    suspend("Launch").await.unwrap();
    set(3).await.unwrap();
    pass(300).await;
    assert_eq!(lab.ids().len(), 2);
    resume().await.unwrap();
    pass(60).await;
    assert_eq!(lab.in_service(), 3);
    suspend("Terminate").await.unwrap();
    set(1).await.unwrap();
    pass(300).await;
    assert_eq!(lab.in_service(), 3);
    let suspended = lab.group().await.unwrap();
    assert_eq!(suspended.suspended_processes()[0].process_name(), Some("Terminate"));
    assert!(
        suspended.suspended_processes()[0].suspension_reason().unwrap().starts_with("User suspended at 2026-01-01T")
    );
    resume().await.unwrap();
    pass(60).await;
    assert_eq!(lab.in_service(), 1);
    suspend("ReplaceUnhealthy").await.unwrap();
    let id = lab.ids()[0].clone();
    lab.client.set_instance_health().instance_id(&id).health_status("Unhealthy").send().await.unwrap();
    pass(300).await;
    assert_eq!(lab.ids(), [id.as_str()]);
    resume().await.unwrap();
    pass(120).await;
    assert!(!lab.ids().contains(&id));
    refused!(
        lab.client.suspend_processes().auto_scaling_group_name("web").scaling_processes("Lunch"),
        "ValidationError",
        "scalingProcesses"
    );
}

#[tokio::test(start_paused = true)]
async fn without_add_to_load_balancer_instances_are_not_registered() {
    let lab = Lab::new().await;
    let arn = lab.target_group("front", true).await;
    lab.create().target_group_arns(&arn).desired_capacity(1).send().await.unwrap();
    let suspend = lab.client.suspend_processes().auto_scaling_group_name("web");
    suspend.scaling_processes("AddToLoadBalancer").send().await.unwrap();
    pass(90).await;
    assert_eq!((lab.in_service(), lab.healths(&arn).len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_launching_hook_holds_an_instance_until_it_is_answered() {
    let lab = Lab::new().await;
    let hook = LifecycleHookSpecification::builder()
        .lifecycle_hook_name("ready")
        .lifecycle_transition("autoscaling:EC2_INSTANCE_LAUNCHING")
        .heartbeat_timeout(600)
        .build();
    lab.create().desired_capacity(1).lifecycle_hook_specification_list(hook).send().await.unwrap();
    pass(120).await;
    assert_eq!(lab.states(), ["Pending:Wait"]);
    let complete = |result: &str| {
        lab.client
            .complete_lifecycle_action()
            .auto_scaling_group_name("web")
            .lifecycle_hook_name("ready")
            .lifecycle_action_result(result)
            .instance_id(&lab.ids()[0])
    };
    refused!(complete("MAYBE"), "ValidationError", "lifecycleActionResult");
    complete("CONTINUE").send().await.unwrap();
    pass(1).await;
    assert_eq!(lab.states(), ["InService"]);
    refused!(complete("CONTINUE"), "ValidationError", "No active Lifecycle Action found");

    // The second one is never answered: ABANDON is the default.
    let set = lab.client.set_desired_capacity().auto_scaling_group_name("web").desired_capacity(2);
    set.send().await.unwrap();
    pass(60).await;
    let second = lab.ids()[1].clone();
    let heartbeat = lab.client.record_lifecycle_action_heartbeat().auto_scaling_group_name("web");
    heartbeat.lifecycle_hook_name("ready").instance_id(&second).send().await.unwrap();
    pass(590).await;
    assert_eq!(lab.states(), ["InService", "Pending:Wait"], "the heartbeat gives it another 600 s");
    pass(60).await;
    assert!(!lab.ids().contains(&second), "abandoned, terminated");
    assert_eq!(lab.states(), ["InService", "Pending:Wait"], "and replaced");
}

#[tokio::test(start_paused = true)]
async fn a_terminating_hook_holds_an_instance_on_its_way_out_but_not_a_forced_deletion() {
    let lab = Lab::running().await;
    lab.client
        .put_lifecycle_hook()
        .auto_scaling_group_name("web")
        .lifecycle_hook_name("drain")
        .lifecycle_transition("autoscaling:EC2_INSTANCE_TERMINATING")
        .heartbeat_timeout(100)
        .send()
        .await
        .unwrap();
    let set = lab.client.set_desired_capacity().auto_scaling_group_name("web").desired_capacity(1);
    set.send().await.unwrap();
    pass(60).await;
    assert_eq!(lab.states(), ["Terminating:Wait", "InService"]);
    pass(120).await;
    assert_eq!(lab.states(), ["InService"]);
    let terminate = lab.client.terminate_instance_in_auto_scaling_group().instance_id(&lab.ids()[0]);
    terminate.should_decrement_desired_capacity(false).send().await.unwrap();
    pass(10).await;
    assert_eq!(lab.states(), ["Terminating:Wait", "Pending"]);
    lab.client.delete_auto_scaling_group().auto_scaling_group_name("web").force_delete(true).send().await.unwrap();
    pass(40).await;
    assert!(lab.group().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn attaching_and_detaching_target_groups_takes_its_time() {
    let lab = Lab::running().await;
    let arn = lab.target_group("front", true).await;
    let state = async || {
        let describe = lab.client.describe_load_balancer_target_groups().auto_scaling_group_name("web");
        let states = describe.send().await.unwrap().load_balancer_target_groups.unwrap();
        states.first().and_then(|state| state.state.clone())
    };
    let attach = || lab.client.attach_load_balancer_target_groups().auto_scaling_group_name("web");
    attach().target_group_arns(&arn).send().await.unwrap();
    assert_eq!(state().await.as_deref(), Some("Adding"));
    pass(4).await;
    assert_eq!(state().await.as_deref(), Some("Added"));
    pass(20).await;
    assert_eq!(state().await.as_deref(), Some("InService"));
    assert_eq!(lab.group().await.unwrap().target_group_arns(), [arn.as_str()]);
    // Attaching again changes nothing.
    attach().target_group_arns(&arn).send().await.unwrap();
    assert_eq!(state().await.as_deref(), Some("InService"));

    let detach = || lab.client.detach_load_balancer_target_groups().auto_scaling_group_name("web");
    detach().target_group_arns(&arn).send().await.unwrap();
    assert_eq!(state().await.as_deref(), Some("Removing"));
    assert!(lab.group().await.unwrap().target_group_arns().is_empty());
    pass(310).await;
    assert_eq!(state().await, None);
    assert_eq!(lab.in_service(), 2, "the instances stay");
    refused!(detach().target_group_arns(&arn), "ValidationError", "not part of the group");
    let many: Vec<String> = (0..11).map(|number| format!("{arn}{number}")).collect();
    refused!(attach().set_target_group_arns(Some(many)), "ValidationError", "The limit is 10");
    refused!(attach().target_group_arns("arn:aws:nope"), "ValidationError", "Target Groups not found");
}

#[tokio::test(start_paused = true)]
async fn what_was_attached_on_creation_is_in_service_at_once() {
    let lab = Lab::new().await;
    let arn = lab.target_group("front", true).await;
    lab.create().target_group_arns(&arn).send().await.unwrap();
    let describe = lab.client.describe_load_balancer_target_groups().auto_scaling_group_name("web");
    let states = describe.send().await.unwrap();
    assert_eq!(states.load_balancer_target_groups()[0].state(), Some("InService"));
}

#[tokio::test(start_paused = true)]
async fn an_image_without_software_never_passes_and_is_replaced_again_and_again() {
    let lab = Lab::new().await;
    let arn = lab.target_group("front", true).await;
    let broken = lab.sim.add_custom_image(SimImage::named("Broken").serves(&[]));
    lab.new_version(&broken).await;
    lab.create()
        .launch_template(web("2"))
        .target_group_arns(&arn)
        .desired_capacity(1)
        .health_check_type("ELB")
        .health_check_grace_period(60)
        .send()
        .await
        .unwrap();
    pass(1800).await;
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for activity in lab.activities().await {
        *kinds.entry(activity.description.unwrap()[..9].to_owned()).or_default() += 1;
    }
    assert!(kinds["Launching"] >= 3, "{kinds:?}");
}

#[tokio::test(start_paused = true)]
async fn activities_are_paged_filtered_and_outlive_their_group() {
    let lab = Lab::running().await;
    let describe = || lab.client.describe_scaling_activities().auto_scaling_group_name("web");
    let page = describe().max_records(1).send().await.unwrap();
    assert_eq!((page.activities().len(), page.next_token()), (1, Some("1")));
    let filter =
        |name: &str, value: &str| aws_sdk_autoscaling::types::Filter::builder().name(name).values(value).build();
    assert_eq!(describe().filters(filter("Status", "Failed")).send().await.unwrap().activities().len(), 0);
    let early = filter("StartTimeLowerBound", "2026-01-01T00:00:00Z");
    assert_eq!(describe().filters(early).send().await.unwrap().activities().len(), 2);
    let late = filter("StartTimeLowerBound", "2026-01-02T00:00:00Z");
    assert_eq!(describe().filters(late).send().await.unwrap().activities().len(), 0);
    lab.client.delete_auto_scaling_group().auto_scaling_group_name("web").force_delete(true).send().await.unwrap();
    pass(60).await;
    refused!(describe(), "ValidationError", "AutoScalingGroup name not found");
    let kept = describe().include_deleted_groups(true).send().await.unwrap();
    assert_eq!(kept.activities().len(), 4);
    assert_eq!(kept.activities()[0].auto_scaling_group_state(), Some("Deleted"));
}

#[tokio::test(start_paused = true)]
async fn a_day_in_the_life_of_a_quiet_group_changes_nothing() {
    let lab = Lab::running().await;
    let ids = lab.ids();
    pass(86_400).await;
    assert_eq!(lab.ids(), ids);
    assert_eq!(lab.activities().await.len(), 2);
}
