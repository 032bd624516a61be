//! What hangs on a group: tags, metrics, hooks, schedules, notifications, warm pools, instances.

use aws_sdk_autoscaling::types::{Filter, Tag, TrafficSourceIdentifier, WarmPoolState};
use aws_smithy_types::DateTime;

use super::{Lab, pass, refused};

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder()
        .resource_id("web")
        .resource_type("auto-scaling-group")
        .key(key)
        .value(value)
        .propagate_at_launch(true)
        .build()
}

#[tokio::test(start_paused = true)]
async fn tags_are_added_changed_found_and_deleted() {
    let lab = Lab::running().await;
    let put = || lab.client.create_or_update_tags();
    put().tags(tag("a", "1")).tags(tag("b", "2")).send().await.unwrap();
    put().tags(tag("a", "3")).send().await.unwrap();
    let describe = || lab.client.describe_tags();
    let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
    let found = describe().filters(filter("auto-scaling-group", "web")).send().await.unwrap();
    let pairs: Vec<_> = found.tags().iter().map(|tag| (tag.key().unwrap(), tag.value().unwrap())).collect();
    assert_eq!(pairs, [("a", "3"), ("b", "2")]);
    assert_eq!(found.tags()[0].resource_type(), Some("auto-scaling-group"));
    for (name, value, count) in
        [("key", "a", 1), ("value", "2", 1), ("propagate-at-launch", "true", 2), ("auto-scaling-group", "x", 0)]
    {
        assert_eq!(describe().filters(filter(name, value)).send().await.unwrap().tags().len(), count, "{name}");
    }
    refused!(describe().filters(filter("colour", "x")), "ValidationError", "Allowed Filter types are");
    let delete = |tag: Tag| lab.client.delete_tags().tags(tag).send();
    delete(tag("a", "other value")).await.unwrap();
    let mut any_value = tag("b", "");
    any_value.value = None;
    delete(any_value).await.unwrap();
    let left = lab.group().await.unwrap();
    assert_eq!((left.tags().len(), left.tags()[0].key()), (1, Some("a")));
    assert!(lab.sim.instances().iter().all(|instance| !instance.tags.contains_key("a")), "only new ones get it");
}

#[tokio::test(start_paused = true)]
async fn tags_have_limits() {
    let lab = Lab::running().await;
    let put = || lab.client.create_or_update_tags();
    refused!(put().tags(tag("aws:mine", "1")), "ValidationError", "aws: prefixed tag key names are not allowed");
    refused!(put().tags(tag(&"k".repeat(129), "1")), "ValidationError", "less than or equal to 128");
    refused!(put().tags(tag("", "1")), "ValidationError", "greater than or equal to 1");
    refused!(put().tags(tag("k", &"v".repeat(257))), "ValidationError", "less than or equal to 256");
    refused!(put().tags(tag("k", "1")).tags(tag("k", "2")), "ValidationError", "Duplicate tag key");
    let mut elsewhere = tag("k", "1");
    elsewhere.resource_id = Some("x".to_owned());
    refused!(put().tags(elsewhere), "ValidationError", "AutoScalingGroup not found - AutoScaling Group x not found");
    let mut odd = tag("k", "1");
    odd.resource_type = Some("bucket".to_owned());
    refused!(put().tags(odd), "ValidationError", "resourceType");
    let many = |from: i32, to: i32| Some((from..to).map(|number| tag(&format!("k{number}"), "")).collect::<Vec<_>>());
    put().set_tags(many(0, 50)).send().await.unwrap();
    refused!(put().set_tags(many(50, 51)), "LimitExceeded", "50");
    refused!(lab.create().auto_scaling_group_name("b").set_tags(many(0, 51)), "LimitExceeded", "50");
}

#[tokio::test(start_paused = true)]
async fn metrics_are_enabled_and_disabled() {
    let lab = Lab::running().await;
    let enable = || lab.client.enable_metrics_collection().auto_scaling_group_name("web");
    let disable = || lab.client.disable_metrics_collection().auto_scaling_group_name("web");
    let enabled = async || {
        let metrics = lab.group().await.unwrap().enabled_metrics.unwrap();
        assert!(metrics.iter().all(|metric| metric.granularity() == Some("1Minute")));
        metrics.into_iter().map(|metric| metric.metric.unwrap()).collect::<Vec<_>>()
    };
    refused!(enable(), "ValidationError", "Value null at 'granularity'");
    refused!(enable().granularity("5Minute"), "ValidationError", "granularity");
    refused!(enable().granularity("1Minute").metrics("GroupMood"), "ValidationError", "metrics");
    enable().granularity("1Minute").metrics("GroupMinSize").send().await.unwrap();
    assert_eq!(enabled().await, ["GroupMinSize"]);
    enable().granularity("1Minute").send().await.unwrap();
    assert_eq!(enabled().await.len(), 20);
    disable().metrics("GroupMinSize").send().await.unwrap();
    assert_eq!(enabled().await.len(), 19);
    disable().send().await.unwrap();
    assert!(enabled().await.is_empty());
    let types = lab.client.describe_metric_collection_types().send().await.unwrap();
    assert_eq!((types.metrics().len(), types.granularities()[0].granularity()), (20, Some("1Minute")));
    let processes = lab.client.describe_scaling_process_types().send().await.unwrap();
    assert_eq!(processes.processes().len(), 9);
}

#[tokio::test(start_paused = true)]
async fn hooks_are_put_changed_and_deleted() {
    let lab = Lab::running().await;
    let put = || lab.client.put_lifecycle_hook().auto_scaling_group_name("web").lifecycle_hook_name("hook");
    refused!(put(), "ValidationError", "Value null at 'lifecycleTransition'");
    refused!(put().lifecycle_transition("launching"), "ValidationError", "not a valid lifecycle transition");
    let launching = || put().lifecycle_transition("autoscaling:EC2_INSTANCE_LAUNCHING");
    refused!(launching().heartbeat_timeout(29), "ValidationError", "greater than or equal to 30");
    refused!(launching().heartbeat_timeout(7201), "ValidationError", "less than or equal to 7200");
    refused!(launching().default_result("RETRY"), "ValidationError", "defaultResult");
    refused!(launching().lifecycle_hook_name("a b"), "ValidationError", "regular expression");
    refused!(launching().notification_metadata("m".repeat(4001)), "ValidationError", "less than or equal to 4000");
    let topic = "arn:aws:sns:ap-northeast-2:123456789012:topic";
    refused!(launching().notification_target_arn(topic), "ValidationError", "role");
    refused!(launching().notification_target_arn("nowhere").role_arn("r"), "ValidationError", "notification target");
    launching().notification_target_arn(topic).role_arn("arn:aws:iam::123456789012:role/hooks").send().await.unwrap();
    put().heartbeat_timeout(60).send().await.unwrap();
    let describe = || lab.client.describe_lifecycle_hooks().auto_scaling_group_name("web");
    let hooks = describe().send().await.unwrap();
    let [hook] = hooks.lifecycle_hooks() else { panic!("one hook") };
    assert_eq!((hook.heartbeat_timeout(), hook.global_timeout()), (Some(60), Some(6000)));
    assert_eq!((hook.default_result(), hook.notification_target_arn()), (Some("ABANDON"), Some(topic)));
    put().notification_target_arn("").send().await.unwrap();
    let hooks = describe().send().await.unwrap();
    assert_eq!(hooks.lifecycle_hooks()[0].notification_target_arn(), None);
    let delete = || lab.client.delete_lifecycle_hook().auto_scaling_group_name("web").lifecycle_hook_name("hook");
    delete().send().await.unwrap();
    refused!(delete(), "ValidationError", "No Lifecycle Hook found");
    for number in 0..50 {
        launching().lifecycle_hook_name(format!("h{number}")).send().await.unwrap();
    }
    refused!(launching().lifecycle_hook_name("one-more"), "LimitExceeded", "limit");
}

#[tokio::test(start_paused = true)]
async fn deleting_a_hook_abandons_the_instance_that_it_holds() {
    let lab = Lab::running().await;
    let put = lab.client.put_lifecycle_hook().auto_scaling_group_name("web").lifecycle_hook_name("hook");
    put.lifecycle_transition("autoscaling:EC2_INSTANCE_LAUNCHING").send().await.unwrap();
    let set = lab.client.set_desired_capacity().auto_scaling_group_name("web").desired_capacity(3);
    set.send().await.unwrap();
    pass(60).await;
    let held = lab.ids()[2].clone();
    let delete = lab.client.delete_lifecycle_hook().auto_scaling_group_name("web").lifecycle_hook_name("hook");
    delete.send().await.unwrap();
    pass(90).await;
    assert!(!lab.ids().contains(&held));
    assert_eq!(lab.in_service(), 3);
}

#[tokio::test(start_paused = true)]
async fn schedules_are_kept_and_checked() {
    let lab = Lab::running().await;
    let put = || {
        let put = lab.client.put_scheduled_update_group_action().auto_scaling_group_name("web");
        put.scheduled_action_name("night")
    };
    // 2026-01-02 and 2025-12-31.
    let (tomorrow, yesterday) = (DateTime::from_secs(1_767_312_000), DateTime::from_secs(1_767_139_200));
    refused!(put().recurrence("0 0 * * *"), "ValidationError", "At least one of");
    refused!(put().min_size(1), "ValidationError", "start time or a recurrence");
    refused!(put().min_size(1).start_time(yesterday), "ValidationError", "in the past");
    refused!(put().min_size(1).start_time(tomorrow).end_time(tomorrow), "ValidationError", "later than the start");
    refused!(put().min_size(1).recurrence("0 0 * *"), "ValidationError", "recurrence");
    refused!(put().min_size(3).max_size(2).start_time(tomorrow), "ValidationError", "less than or equal");
    refused!(put().min_size(1).recurrence("0 0 * * *").time_zone("Seoul"), "ValidationError", "time zone");
    put().min_size(0).recurrence("0 0 * * *").time_zone("Asia/Seoul").send().await.unwrap();
    put().desired_capacity(0).start_time(tomorrow).send().await.unwrap();
    let describe = || lab.client.describe_scheduled_actions().auto_scaling_group_name("web");
    let actions = describe().send().await.unwrap();
    let [action] = actions.scheduled_update_group_actions() else { panic!("one action") };
    assert_eq!((action.min_size(), action.desired_capacity(), action.recurrence()), (None, Some(0), None));
    assert!(action.scheduled_action_arn().unwrap().contains("scheduledUpdateGroupAction:"));
    let after = describe().start_time(DateTime::from_secs(1_767_398_400)).send().await.unwrap();
    assert!(after.scheduled_update_group_actions().is_empty());
    let delete = || lab.client.delete_scheduled_action().auto_scaling_group_name("web").scheduled_action_name("night");
    delete().send().await.unwrap();
    refused!(delete(), "ValidationError", "not found");
}

#[tokio::test(start_paused = true)]
async fn schedules_run_at_their_times() {
    let lab = Lab::running().await;
    let put = |name: &str| {
        lab.client.put_scheduled_update_group_action().auto_scaling_group_name("web").scheduled_action_name(name)
    };
    let described = async || {
        let actions = lab.client.describe_scheduled_actions().auto_scaling_group_name("web").send().await.unwrap();
        let actions = actions.scheduled_update_group_actions.unwrap().into_iter();
        actions
            .map(|action| (action.scheduled_action_name.unwrap(), action.start_time.unwrap().secs()))
            .collect::<Vec<_>>()
    };
    const BEGINNING: i64 = 1_767_225_600;
    let at = |seconds: i64| DateTime::from_secs(BEGINNING + seconds);
    put("once").min_size(0).desired_capacity(0).start_time(at(3600)).send().await.unwrap();
    put("daily").desired_capacity(3).recurrence("0 2 * * *").end_time(at(2 * 86_400)).send().await.unwrap();
    // AWS says of what comes again when it comes next.
    assert_eq!(described().await, [("daily".to_owned(), BEGINNING + 7200), ("once".to_owned(), BEGINNING + 3600)]);
    pass(3500).await;
    assert_eq!(lab.desired(), 2);
    pass(200).await;
    assert_eq!((lab.desired(), lab.sim.auto_scaling_group("web").unwrap().min), (0, 0));
    assert_eq!(described().await, [("daily".to_owned(), BEGINNING + 7200)], "what has run is gone");
    pass(3600).await;
    assert_eq!(lab.desired(), 3);
    assert!(lab.activities().await[0].cause().unwrap().contains("scheduled action daily"));
    assert_eq!(described().await, [("daily".to_owned(), BEGINNING + 86_400 + 7200)]);
    let suspend = lab.client.suspend_processes().auto_scaling_group_name("web");
    suspend.scaling_processes("ScheduledActions").send().await.unwrap();
    lab.client.set_desired_capacity().auto_scaling_group_name("web").desired_capacity(1).send().await.unwrap();
    pass(86_400).await;
    assert_eq!(lab.desired(), 1, "suspended");
    assert!(described().await.is_empty(), "its end comes before its next time");
}

#[tokio::test(start_paused = true)]
async fn notifications_are_kept_and_checked() {
    let lab = Lab::running().await;
    let topic = "arn:aws:sns:ap-northeast-2:123456789012:topic";
    let put = || lab.client.put_notification_configuration().auto_scaling_group_name("web").topic_arn(topic);
    let launch = "autoscaling:EC2_INSTANCE_LAUNCH";
    refused!(put(), "ValidationError", "notificationTypes");
    refused!(put().notification_types("autoscaling:BIRTH"), "ValidationError", "not a valid Notification Type");
    refused!(put().topic_arn("topic").notification_types(launch), "ValidationError", "Invalid SNS Topic ARN");
    put().notification_types(launch).notification_types("autoscaling:TEST_NOTIFICATION").send().await.unwrap();
    put().notification_types(launch).send().await.unwrap();
    let describe = lab.client.describe_notification_configurations().auto_scaling_group_names("web");
    let described = describe.send().await.unwrap();
    let [configuration] = described.notification_configurations() else { panic!("the second replaces the first") };
    assert_eq!((configuration.topic_arn(), configuration.notification_type()), (Some(topic), Some(launch)));
    let delete = || lab.client.delete_notification_configuration().auto_scaling_group_name("web").topic_arn(topic);
    delete().send().await.unwrap();
    refused!(delete(), "ValidationError", "doesn't exist");
}

#[tokio::test(start_paused = true)]
async fn warm_pools_are_kept_and_checked() {
    let lab = Lab::running().await;
    let put = || lab.client.put_warm_pool().auto_scaling_group_name("web");
    refused!(put().min_size(-1), "ValidationError", "minSize");
    refused!(put().max_group_prepared_capacity(-2), "ValidationError", "maxGroupPreparedCapacity");
    refused!(put().pool_state("Frozen".into()), "ValidationError", "poolState");
    put().max_group_prepared_capacity(3).send().await.unwrap();
    put().max_group_prepared_capacity(-1).min_size(2).pool_state(WarmPoolState::Running).send().await.unwrap();
    let described = lab.client.describe_warm_pool().auto_scaling_group_name("web").send().await.unwrap();
    let pool = described.warm_pool_configuration().unwrap();
    assert_eq!((pool.max_group_prepared_capacity(), pool.min_size()), (None, Some(2)));
    assert_eq!(lab.group().await.unwrap().warm_pool_configuration(), Some(pool));
    lab.client
        .update_auto_scaling_group()
        .auto_scaling_group_name("web")
        .min_size(0)
        .desired_capacity(0)
        .send()
        .await
        .unwrap();
    pass(60).await;
    refused!(lab.client.delete_auto_scaling_group().auto_scaling_group_name("web"), "ResourceInUse", "warm pool");
    let delete = || lab.client.delete_warm_pool().auto_scaling_group_name("web");
    delete().send().await.unwrap();
    refused!(delete(), "ValidationError", "No warm pool found");
}

#[tokio::test(start_paused = true)]
async fn instances_are_described_protected_and_declared_unhealthy() {
    let lab = Lab::running().await;
    let ids = lab.ids();
    let described = lab.client.describe_auto_scaling_instances().instance_ids(&ids[1]).send().await.unwrap();
    let [instance] = described.auto_scaling_instances() else { panic!("one instance") };
    assert_eq!(instance.auto_scaling_group_name(), Some("web"));
    assert_eq!((instance.lifecycle_state(), instance.health_status()), (Some("InService"), Some("HEALTHY")));
    assert_eq!(instance.launch_template().unwrap().version(), Some("1"));
    assert_eq!(instance.availability_zone(), Some("ap-northeast-2c"));

    let protect = || lab.client.set_instance_protection().auto_scaling_group_name("web").protected_from_scale_in(true);
    refused!(protect().instance_ids("i-1"), "ValidationError", "is not part of Auto Scaling group web");
    refused!(protect().set_instance_ids(Some(vec!["i-1".to_owned(); 51])), "LimitExceeded", "50");
    protect().instance_ids(&ids[0]).send().await.unwrap();
    assert_eq!(lab.group().await.unwrap().instances()[0].protected_from_scale_in(), Some(true));

    let health = |id: &str| lab.client.set_instance_health().instance_id(id);
    refused!(health("i-1").health_status("Unhealthy"), "ValidationError", "Instance Id not found");
    refused!(health(&ids[0]).health_status("Sick"), "ValidationError", "healthStatus");
    let update = lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update.health_check_grace_period(600).send().await.unwrap();
    health(&ids[0]).health_status("Unhealthy").send().await.unwrap();
    pass(60).await;
    assert_eq!(lab.ids(), ids, "the grace period is respected unless told otherwise");
    let forced = health(&ids[0]).health_status("Unhealthy").should_respect_grace_period(false);
    forced.send().await.unwrap();
    pass(90).await;
    assert!(!lab.ids().contains(&ids[0]));
    assert_eq!(lab.in_service(), 2);
}

#[tokio::test(start_paused = true)]
async fn single_instances_are_terminated_with_or_without_replacement() {
    let lab = Lab::running().await;
    let ids = lab.ids();
    let terminate = |id: &str, decrement| {
        let terminate = lab.client.terminate_instance_in_auto_scaling_group().instance_id(id);
        terminate.should_decrement_desired_capacity(decrement)
    };
    let output = terminate(&ids[0], false).send().await.unwrap();
    let description = output.activity().unwrap().description().unwrap();
    assert_eq!(description, format!("Terminating EC2 instance: {}", ids[0]));
    refused!(terminate(&ids[0], false), "ScalingActivityInProgress", "already being terminated");
    pass(90).await;
    assert_eq!((lab.in_service(), lab.desired()), (2, 2));
    terminate(&ids[1], true).send().await.unwrap();
    pass(90).await;
    assert_eq!((lab.in_service(), lab.desired()), (1, 1));
    let last = lab.ids()[0].clone();
    refused!(terminate(&last, true), "ValidationError", "min size constraint");
    refused!(terminate("i-1", true), "ValidationError", "Instance Id not found");
    let missing = lab.client.terminate_instance_in_auto_scaling_group().instance_id(&last);
    refused!(missing, "ValidationError", "shouldDecrementDesiredCapacity");
}

#[tokio::test(start_paused = true)]
async fn traffic_sources_and_target_groups_are_one_list() {
    let lab = Lab::running().await;
    let arn = lab.target_group("front", true).await;
    let source = |id: &str| TrafficSourceIdentifier::builder().identifier(id).build();
    let attach = || lab.client.attach_traffic_sources().auto_scaling_group_name("web");
    refused!(attach().traffic_sources(source("classic")), "ValidationError", "Load Balancers may not be valid");
    let mistyped = TrafficSourceIdentifier::builder().identifier(&arn).r#type("vpc-lattice").build();
    refused!(attach().traffic_sources(mistyped), "ValidationError", "does not match");
    let lattice = "arn:aws:vpc-lattice:ap-northeast-2:123456789012:targetgroup/tg-1";
    attach().traffic_sources(source(&arn)).traffic_sources(source(lattice)).send().await.unwrap();
    pass(30).await;
    let describe = || lab.client.describe_traffic_sources().auto_scaling_group_name("web");
    let all = describe().send().await.unwrap();
    let states: Vec<_> =
        all.traffic_sources().iter().map(|source| (source.r#type().unwrap(), source.state().unwrap())).collect();
    assert_eq!(states, [("elbv2", "InService"), ("vpc-lattice", "InService")]);
    assert_eq!(describe().traffic_source_type("elbv2").send().await.unwrap().traffic_sources().len(), 1);
    let group = lab.group().await.unwrap();
    assert_eq!((group.target_group_arns(), group.traffic_sources().len()), (&[arn.clone()][..], 2));
    // "… but not for target groups that were attached by using AttachTrafficSources."
    let plain = lab.client.detach_load_balancer_target_groups().auto_scaling_group_name("web");
    refused!(plain.target_group_arns(&arn), "ValidationError", "not part of the group");
    let detach = lab.client.detach_traffic_sources().auto_scaling_group_name("web").traffic_sources(source(&arn));
    detach.send().await.unwrap();
    pass(310).await;
    assert_eq!(describe().send().await.unwrap().traffic_sources().len(), 1);
}
