//! Instance refreshes.

use aws_sdk_autoscaling::operation::start_instance_refresh::builders::StartInstanceRefreshFluentBuilder;
use aws_sdk_autoscaling::types::builders::RefreshPreferencesBuilder;
use aws_sdk_autoscaling::types::{
    DesiredConfiguration, InstanceRefresh, RefreshPreferences, RefreshStrategy, ScaleInProtectedInstances,
};

use super::{Lab, pass, refused, web};
use crate::sim::Fault;

impl Lab {
    /// The group `web`, in service with four instances of version 1; there is a version 2.
    async fn to_refresh() -> Self {
        let lab = Self::new().await;
        lab.create().desired_capacity(4).send().await.unwrap();
        let image = lab.sim.add_image("New");
        lab.new_version(&image).await;
        pass(60).await;
        assert_eq!(lab.in_service(), 4);
        lab
    }

    fn start(&self) -> StartInstanceRefreshFluentBuilder {
        self.client.start_instance_refresh().auto_scaling_group_name("web")
    }

    async fn refresh(&self) -> InstanceRefresh {
        let describe = self.client.describe_instance_refreshes().auto_scaling_group_name("web");
        describe.send().await.unwrap().instance_refreshes.unwrap().remove(0)
    }

    async fn status(&self) -> String {
        self.refresh().await.status().unwrap().as_str().to_owned()
    }

    /// The least and the most instances that were in service or running while the refresh lasted.
    async fn watch(&self) -> (usize, usize) {
        let (mut least, mut most) = (usize::MAX, 0);
        for _ in 0..3600 {
            let live = self.states().iter().filter(|state| !state.starts_with("Terminating")).count();
            least = least.min(self.in_service());
            most = most.max(live);
            let status = self.status().await;
            if !["Pending", "InProgress", "RollbackInProgress", "Cancelling"].contains(&status.as_str()) {
                return (least, most);
            }
            pass(5).await;
        }
        panic!("the refresh does not end");
    }
}

fn preferences() -> RefreshPreferencesBuilder {
    RefreshPreferences::builder().instance_warmup(10)
}

fn to_version_2() -> DesiredConfiguration {
    DesiredConfiguration::builder().launch_template(web("2")).build()
}

#[tokio::test(start_paused = true)]
async fn a_refresh_rolls_all_instances_to_the_configuration_of_the_group() {
    let lab = Lab::to_refresh().await;
    let before = lab.ids();
    let update = lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update.launch_template(web("2")).send().await.unwrap();
    let id = lab.start().preferences(preferences().min_healthy_percentage(50).build()).send().await.unwrap();
    assert_eq!(lab.status().await, "Pending");
    pass(4).await;
    let refresh = lab.refresh().await;
    assert_eq!(refresh.instance_refresh_id(), id.instance_refresh_id());
    assert_eq!(refresh.status().unwrap().as_str(), "InProgress");
    assert_eq!((refresh.percentage_complete(), refresh.instances_to_update()), (Some(0), Some(4)));
    pass(55).await;
    let refresh = lab.refresh().await;
    assert_eq!((refresh.percentage_complete(), refresh.instances_to_update()), (Some(50), Some(2)));
    assert_eq!(lab.watch().await, (2, 4));
    let refresh = lab.refresh().await;
    assert_eq!(refresh.status().unwrap().as_str(), "Successful");
    assert_eq!((refresh.percentage_complete(), refresh.instances_to_update()), (Some(100), Some(0)));
    assert!(refresh.end_time() > refresh.start_time());
    pass(60).await;
    assert_eq!(lab.versions(), [2; 4]);
    assert!(lab.ids().iter().all(|id| !before.contains(id)));
    assert!(lab.activities().await.iter().any(|activity| activity.cause().unwrap().contains("instance refresh")));
}

#[tokio::test(start_paused = true)]
async fn by_default_a_tenth_may_be_out_of_service_and_at_least_one_is_replaced() {
    let lab = Lab::to_refresh().await;
    lab.start().preferences(preferences().build()).send().await.unwrap();
    let refresh = lab.refresh().await;
    let preferences = refresh.preferences().unwrap();
    assert_eq!((preferences.min_healthy_percentage(), preferences.max_healthy_percentage()), (Some(90), Some(100)));
    assert_eq!(preferences.instance_warmup(), Some(10));
    pass(4).await;
    assert_eq!(lab.watch().await, (3, 4));
}

#[tokio::test(start_paused = true)]
async fn a_long_warmup_makes_a_refresh_slow_and_no_less_careful() {
    let lab = Lab::to_refresh().await;
    let preferences = RefreshPreferences::builder().min_healthy_percentage(75).instance_warmup(600).build();
    lab.start().preferences(preferences).send().await.unwrap();
    pass(500).await;
    assert_eq!(lab.refresh().await.percentage_complete(), Some(0));
    pass(200).await;
    assert_eq!(lab.refresh().await.percentage_complete(), Some(25));
    assert_eq!(lab.watch().await, (3, 4));
}

#[tokio::test(start_paused = true)]
async fn a_maximum_above_100_launches_before_it_terminates() {
    let lab = Lab::to_refresh().await;
    let preferences = preferences().min_healthy_percentage(100).max_healthy_percentage(150).build();
    lab.start().preferences(preferences).send().await.unwrap();
    assert_eq!(lab.watch().await, (4, 6));
    pass(60).await;
    assert_eq!(lab.in_service(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_maximum_of_exactly_100_that_leaves_no_room_launches_one_beforehand() {
    let lab = Lab::to_refresh().await;
    let preferences = preferences().min_healthy_percentage(100).max_healthy_percentage(100).build();
    lab.start().preferences(preferences).send().await.unwrap();
    assert_eq!(lab.watch().await, (4, 5));
}

#[tokio::test(start_paused = true)]
async fn the_maintenance_policy_of_the_group_is_the_default() {
    let lab = Lab::to_refresh().await;
    let policy = aws_sdk_autoscaling::types::InstanceMaintenancePolicy::builder()
        .min_healthy_percentage(100)
        .max_healthy_percentage(125)
        .build();
    let update = lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    update.instance_maintenance_policy(policy).default_instance_warmup(20).send().await.unwrap();
    lab.start().send().await.unwrap();
    let refresh = lab.refresh().await;
    assert_eq!(refresh.preferences().unwrap().instance_warmup(), Some(20));
    assert_eq!(lab.watch().await, (4, 5));
}

#[tokio::test(start_paused = true)]
async fn success_makes_the_desired_configuration_that_of_the_group() {
    let lab = Lab::to_refresh().await;
    let preferences = preferences().min_healthy_percentage(0).build();
    lab.start().desired_configuration(to_version_2()).preferences(preferences).send().await.unwrap();
    pass(10).await;
    assert_eq!(lab.group().await.unwrap().launch_template().unwrap().version(), Some("1"));
    let update = lab.client.update_auto_scaling_group().auto_scaling_group_name("web");
    refused!(
        update.launch_template(web("1")),
        "ValidationError",
        "An active instance refresh with a desired configuration exists."
    );
    lab.watch().await;
    assert_eq!(lab.group().await.unwrap().launch_template().unwrap().version(), Some("2"));
    pass(60).await;
    assert_eq!(lab.versions(), [2; 4]);
}

#[tokio::test(start_paused = true)]
async fn skip_matching_leaves_what_is_up_to_date() {
    let lab = Lab::to_refresh().await;
    let ids = lab.ids();
    let skip = || preferences().skip_matching(true).min_healthy_percentage(0);
    lab.start().preferences(skip().build()).send().await.unwrap();
    pass(4).await;
    assert_eq!(lab.status().await, "Successful");
    assert_eq!(lab.ids(), ids);
    lab.start().desired_configuration(to_version_2()).preferences(skip().build()).send().await.unwrap();
    pass(4).await;
    assert_eq!(lab.refresh().await.instances_to_update(), Some(4));
    lab.watch().await;
}

#[tokio::test(start_paused = true)]
async fn only_one_refresh_at_a_time_and_no_attachments_meanwhile() {
    let lab = Lab::to_refresh().await;
    let arn = lab.target_group("front", true).await;
    lab.start().send().await.unwrap();
    refused!(lab.start(), "InstanceRefreshInProgress", "already in progress");
    let attach = lab.client.attach_load_balancer_target_groups().auto_scaling_group_name("web");
    refused!(attach.target_group_arns(&arn), "InstanceRefreshInProgress", "instance refresh");
    refused!(
        lab.client.put_warm_pool().auto_scaling_group_name("web"),
        "InstanceRefreshInProgress",
        "instance refresh"
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_refresh_stops_where_it_is() {
    let lab = Lab::to_refresh().await;
    let cancel = || lab.client.cancel_instance_refresh().auto_scaling_group_name("web");
    refused!(cancel(), "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found");
    let preferences = preferences().min_healthy_percentage(50).build();
    lab.start().desired_configuration(to_version_2()).preferences(preferences).send().await.unwrap();
    pass(20).await;
    cancel().send().await.unwrap();
    assert_eq!(lab.status().await, "Cancelling");
    refused!(cancel(), "ActiveInstanceRefreshNotFound", "No in progress");
    pass(120).await;
    assert_eq!(lab.status().await, "Cancelled");
    let mut versions = lab.versions();
    versions.sort_unstable();
    assert_eq!(versions, [1, 1, 2, 2]);
    assert_eq!(lab.group().await.unwrap().launch_template().unwrap().version(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_rollback_restores_what_was_there() {
    let lab = Lab::to_refresh().await;
    let back = || lab.client.rollback_instance_refresh().auto_scaling_group_name("web");
    refused!(back(), "ActiveInstanceRefreshNotFound", "No in progress");
    let preferences = preferences().min_healthy_percentage(50).build();
    lab.start().desired_configuration(to_version_2()).preferences(preferences).send().await.unwrap();
    pass(70).await;
    assert_eq!(lab.refresh().await.percentage_complete(), Some(50));
    back().send().await.unwrap();
    assert_eq!(lab.status().await, "RollbackInProgress");
    lab.watch().await;
    let refresh = lab.refresh().await;
    assert_eq!(refresh.status().unwrap().as_str(), "RollbackSuccessful");
    assert_eq!(refresh.rollback_details().unwrap().percentage_complete_on_rollback(), Some(50));
    assert_eq!(refresh.percentage_complete(), Some(0));
    pass(60).await;
    assert_eq!(lab.versions(), [1; 4]);
    assert_eq!(lab.group().await.unwrap().launch_template().unwrap().version(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn what_has_no_numbered_versions_cannot_be_rolled_back() {
    let lab = Lab::to_refresh().await;
    lab.start().send().await.unwrap();
    refused!(
        lab.client.rollback_instance_refresh().auto_scaling_group_name("web"),
        "IrreversibleInstanceRefresh",
        "no desired configuration"
    );
    lab.client.cancel_instance_refresh().auto_scaling_group_name("web").send().await.unwrap();
    pass(200).await;
    let rolling_back = || lab.start().preferences(preferences().auto_rollback(true).build());
    refused!(rolling_back(), "ValidationError", "no desired configuration");
    let latest = DesiredConfiguration::builder().launch_template(web("$Latest")).build();
    refused!(rolling_back().desired_configuration(latest), "ValidationError", "$Latest or $Default");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_cannot_launch_fails_after_an_hour() {
    let lab = Lab::to_refresh().await;
    lab.sim.inject(Fault::on("RunInstances").code("InsufficientInstanceCapacity").message("None left."));
    lab.start().preferences(preferences().build()).send().await.unwrap();
    pass(3000).await;
    assert_eq!(lab.status().await, "InProgress");
    pass(700).await;
    let refresh = lab.refresh().await;
    assert_eq!(refresh.status().unwrap().as_str(), "Failed");
    assert!(refresh.status_reason().unwrap().contains("no progress"));
    assert_eq!(lab.in_service(), 3);
}

#[tokio::test(start_paused = true)]
async fn auto_rollback_turns_a_failing_refresh_back() {
    let lab = Lab::to_refresh().await;
    let failures = 20;
    lab.sim
        .inject(Fault::on("RunInstances").code("InsufficientInstanceCapacity").message("None left.").times(failures));
    let preferences = preferences().auto_rollback(true).build();
    lab.start().desired_configuration(to_version_2()).preferences(preferences).send().await.unwrap();
    pass(3700).await;
    let refresh = lab.refresh().await;
    assert_eq!(refresh.status().unwrap().as_str(), "RollbackInProgress");
    assert!(refresh.rollback_details().unwrap().rollback_reason().unwrap().contains("no progress"));
    pass(3000).await;
    assert_eq!(lab.status().await, "RollbackSuccessful");
    assert_eq!((lab.in_service(), lab.versions()), (4, vec![1; 4]));
}

#[tokio::test(start_paused = true)]
async fn checkpoints_pause_a_refresh_and_the_last_one_ends_it() {
    let lab = Lab::to_refresh().await;
    let pausing = || preferences().min_healthy_percentage(0).checkpoint_delay(600);
    lab.start()
        .preferences(pausing().checkpoint_percentages(25).checkpoint_percentages(100).build())
        .send()
        .await
        .unwrap();
    pass(300).await;
    assert_eq!(lab.refresh().await.percentage_complete(), Some(25));
    pass(700).await;
    assert_eq!(lab.status().await, "Successful");
    lab.start().preferences(pausing().checkpoint_percentages(50).build()).send().await.unwrap();
    pass(120).await;
    let refresh = lab.refresh().await;
    assert_eq!((refresh.status().unwrap().as_str(), refresh.percentage_complete()), ("Successful", Some(50)));
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_may_last_longer_than_an_hour() {
    let lab = Lab::to_refresh().await;
    let preferences = preferences().min_healthy_percentage(0).checkpoint_percentages(25).checkpoint_percentages(100);
    lab.start().preferences(preferences.checkpoint_delay(7200).build()).send().await.unwrap();
    pass(7000).await;
    assert_eq!(lab.status().await, "InProgress");
    pass(600).await;
    assert_eq!(lab.status().await, "Successful");
}

#[tokio::test(start_paused = true)]
async fn baking_waits_before_success() {
    let lab = Lab::to_refresh().await;
    lab.start().preferences(preferences().min_healthy_percentage(0).bake_time(300).build()).send().await.unwrap();
    pass(120).await;
    assert_eq!(lab.status().await, "Baking");
    pass(300).await;
    assert_eq!(lab.status().await, "Successful");
}

#[tokio::test(start_paused = true)]
async fn protected_instances_are_waited_for_ignored_or_replaced_as_asked() {
    let lab = Lab::to_refresh().await;
    let protect = lab.client.set_instance_protection().auto_scaling_group_name("web").protected_from_scale_in(true);
    protect.instance_ids(&lab.ids()[0]).send().await.unwrap();
    let first = lab.ids()[0].clone();
    let asking = |what| preferences().min_healthy_percentage(0).scale_in_protected_instances(what).build();
    lab.start().preferences(asking(ScaleInProtectedInstances::Ignore)).send().await.unwrap();
    pass(200).await;
    assert_eq!(lab.status().await, "Successful");
    assert_eq!(lab.ids()[0], first);
    lab.start().preferences(asking(ScaleInProtectedInstances::Wait)).send().await.unwrap();
    pass(3000).await;
    assert_eq!((lab.status().await.as_str(), lab.refresh().await.percentage_complete()), ("InProgress", Some(75)));
    pass(1000).await;
    assert_eq!(lab.status().await, "Failed");
    lab.start().preferences(asking(ScaleInProtectedInstances::Refresh)).send().await.unwrap();
    pass(200).await;
    assert_eq!(lab.status().await, "Successful");
    assert!(!lab.ids().contains(&first));
}

#[tokio::test(start_paused = true)]
async fn a_suspended_refresh_stands_still() {
    let lab = Lab::to_refresh().await;
    let ids = lab.ids();
    let suspend = lab.client.suspend_processes().auto_scaling_group_name("web");
    suspend.scaling_processes("InstanceRefresh").send().await.unwrap();
    lab.start().send().await.unwrap();
    pass(300).await;
    assert_eq!((lab.status().await.as_str(), lab.ids()), ("Pending", ids));
}

#[tokio::test(start_paused = true)]
async fn preferences_are_checked() {
    let lab = Lab::to_refresh().await;
    let of = || RefreshPreferences::builder();
    let cases = [
        (of().min_healthy_percentage(101), "less than or equal to 100"),
        (of().min_healthy_percentage(90).max_healthy_percentage(99), "greater than or equal to 100"),
        (of().max_healthy_percentage(120), "you must also specify MinHealthyPercentage"),
        (of().min_healthy_percentage(50).max_healthy_percentage(151), "cannot be greater than 100"),
        (of().checkpoint_delay(60), "you must also specify CheckpointPercentages"),
        (of().checkpoint_percentages(50).checkpoint_percentages(50), "ascending"),
        (of().checkpoint_percentages(0), "greater than or equal to 1"),
        (of().bake_time(172_801), "less than or equal to 172800"),
        (of().instance_warmup(-1), "greater than or equal to 0"),
        (of().scale_in_protected_instances("Perhaps".into()), "scaleInProtectedInstances"),
    ];
    for (preferences, text) in cases {
        refused!(lab.start().preferences(preferences.build()), "ValidationError", text);
    }
    refused!(lab.start().strategy(RefreshStrategy::ReplaceRootVolume), "ValidationError", "only the strategy Rolling");
    let unknown = DesiredConfiguration::builder().launch_template(web("9")).build();
    refused!(lab.start().desired_configuration(unknown), "ValidationError", "fully-formed launch template");
}
