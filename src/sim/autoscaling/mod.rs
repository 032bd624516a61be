//! Simulated Amazon EC2 Auto Scaling: groups, their instances, policies, metrics.
//!
//! Unlike the other services it does things by itself: see [`life`]. Groups launch instances by
//! `RunInstances`, so a fault injected on `RunInstances` makes launches fail.

mod activity;
mod attachment;
mod capacity;
mod check;
mod clock;
mod exit;
mod given;
mod group;
mod health;
mod hook;
mod instance;
mod life;
mod notification;
mod options;
mod permission;
mod policy;
mod policy_rules;
mod process;
mod refresh;
mod rolling;
mod schedule;
mod source;
mod state;
mod tag;
mod tracking;
mod warm_pool;

#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_sdk_autoscaling::Client;
use aws_smithy_mocks::Rule;

pub use given::{SimAutoScalingGroup, SimGroupInstance};
pub(crate) use state::AutoScalingState;

use super::clients::rules;
use super::world::{Shared, World};

pub(crate) fn rules(shared: &Shared) -> Vec<Rule> {
    rules![shared, AutoScaling, Client:
        create_auto_scaling_group => "CreateAutoScalingGroup", group::create;
        describe_auto_scaling_groups => "DescribeAutoScalingGroups", group::describe;
        update_auto_scaling_group => "UpdateAutoScalingGroup", group::update;
        delete_auto_scaling_group => "DeleteAutoScalingGroup", group::delete;
        set_desired_capacity => "SetDesiredCapacity", group::set_desired;
        describe_scaling_activities => "DescribeScalingActivities", activity::describe;
        put_scaling_policy => "PutScalingPolicy", policy::put;
        describe_policies => "DescribePolicies", policy::describe;
        delete_policy => "DeletePolicy", policy::delete;
        execute_policy => "ExecutePolicy", policy::execute;
        enable_metrics_collection => "EnableMetricsCollection", process::enable_metrics;
        disable_metrics_collection => "DisableMetricsCollection", process::disable_metrics;
        describe_metric_collection_types => "DescribeMetricCollectionTypes", process::metric_types;
        suspend_processes => "SuspendProcesses", process::suspend;
        resume_processes => "ResumeProcesses", process::resume;
        describe_scaling_process_types => "DescribeScalingProcessTypes", process::process_types;
        create_or_update_tags => "CreateOrUpdateTags", tag::create_or_update;
        delete_tags => "DeleteTags", tag::delete;
        describe_tags => "DescribeTags", tag::describe;
        attach_load_balancer_target_groups => "AttachLoadBalancerTargetGroups", attachment::attach_target_groups;
        detach_load_balancer_target_groups => "DetachLoadBalancerTargetGroups", attachment::detach_target_groups;
        describe_load_balancer_target_groups => "DescribeLoadBalancerTargetGroups", attachment::describe_target_groups;
        attach_traffic_sources => "AttachTrafficSources", attachment::attach_traffic_sources;
        detach_traffic_sources => "DetachTrafficSources", attachment::detach_traffic_sources;
        describe_traffic_sources => "DescribeTrafficSources", attachment::describe_traffic_sources;
        put_lifecycle_hook => "PutLifecycleHook", hook::put;
        describe_lifecycle_hooks => "DescribeLifecycleHooks", hook::describe;
        delete_lifecycle_hook => "DeleteLifecycleHook", hook::delete;
        complete_lifecycle_action => "CompleteLifecycleAction", hook::complete;
        record_lifecycle_action_heartbeat => "RecordLifecycleActionHeartbeat", hook::heartbeat;
        start_instance_refresh => "StartInstanceRefresh", refresh::start;
        describe_instance_refreshes => "DescribeInstanceRefreshes", refresh::describe;
        cancel_instance_refresh => "CancelInstanceRefresh", refresh::cancel;
        rollback_instance_refresh => "RollbackInstanceRefresh", refresh::roll_back;
        put_scheduled_update_group_action => "PutScheduledUpdateGroupAction", schedule::put;
        describe_scheduled_actions => "DescribeScheduledActions", schedule::describe;
        delete_scheduled_action => "DeleteScheduledAction", schedule::delete;
        put_notification_configuration => "PutNotificationConfiguration", notification::put;
        describe_notification_configurations => "DescribeNotificationConfigurations", notification::describe;
        delete_notification_configuration => "DeleteNotificationConfiguration", notification::delete;
        put_warm_pool => "PutWarmPool", warm_pool::put;
        describe_warm_pool => "DescribeWarmPool", warm_pool::describe;
        delete_warm_pool => "DeleteWarmPool", warm_pool::delete;
        set_instance_protection => "SetInstanceProtection", instance::set_protection;
        set_instance_health => "SetInstanceHealth", instance::set_health;
        terminate_instance_in_auto_scaling_group => "TerminateInstanceInAutoScalingGroup", instance::terminate;
        describe_auto_scaling_instances => "DescribeAutoScalingInstances", instance::describe;
    ]
}

/// When something happens next by itself (a launch, a registration, an alarm); `None` when nothing is due.
pub(crate) fn next_event(world: &World) -> Option<Duration> {
    let wakes = world.autoscaling.groups.values().map(|group| group.timers.wake);
    wakes.min().filter(|at| *at < Duration::MAX)
}

/// Does what is due at `world.now`.
pub(crate) fn run_event(world: &mut World) {
    life::run(world);
}
