//! What IAM checks before Auto Scaling does something (Service Authorization Reference, "Actions,
//! resources, and condition keys for Amazon EC2 Auto Scaling").

use aws_sdk_autoscaling::types::{LaunchTemplateSpecification, MixedInstancesPolicy, Tag};

use super::source;
use crate::sim::ec2;
use crate::sim::iam::{Check, anywhere, checks};
use crate::sim::world::World;

const SERVICE: &str = "autoscaling";

anywhere! { aws_sdk_autoscaling:
    describe_auto_scaling_groups::DescribeAutoScalingGroupsInput,
    describe_auto_scaling_instances::DescribeAutoScalingInstancesInput,
    describe_scaling_activities::DescribeScalingActivitiesInput,
    describe_policies::DescribePoliciesInput,
    describe_metric_collection_types::DescribeMetricCollectionTypesInput,
    describe_scaling_process_types::DescribeScalingProcessTypesInput,
    describe_tags::DescribeTagsInput,
    describe_load_balancer_target_groups::DescribeLoadBalancerTargetGroupsInput,
    describe_traffic_sources::DescribeTrafficSourcesInput,
    describe_lifecycle_hooks::DescribeLifecycleHooksInput,
    describe_instance_refreshes::DescribeInstanceRefreshesInput,
    describe_scheduled_actions::DescribeScheduledActionsInput,
    describe_notification_configurations::DescribeNotificationConfigurationsInput,
    describe_warm_pool::DescribeWarmPoolInput,
}

/// Requests that are checked on the group that they name, and on nothing else.
macro_rules! on_their_group {
    ($($module:ident::$input:ident,)+) => {
        checks! { aws_sdk_autoscaling, action, world:
            $($module::$input, |input| vec![group(world, action, input.auto_scaling_group_name())];)+
        }
    };
}

on_their_group! {
    delete_auto_scaling_group::DeleteAutoScalingGroupInput,
    set_desired_capacity::SetDesiredCapacityInput,
    put_scaling_policy::PutScalingPolicyInput,
    delete_policy::DeletePolicyInput,
    execute_policy::ExecutePolicyInput,
    enable_metrics_collection::EnableMetricsCollectionInput,
    disable_metrics_collection::DisableMetricsCollectionInput,
    suspend_processes::SuspendProcessesInput,
    resume_processes::ResumeProcessesInput,
    attach_load_balancer_target_groups::AttachLoadBalancerTargetGroupsInput,
    detach_load_balancer_target_groups::DetachLoadBalancerTargetGroupsInput,
    attach_traffic_sources::AttachTrafficSourcesInput,
    detach_traffic_sources::DetachTrafficSourcesInput,
    delete_lifecycle_hook::DeleteLifecycleHookInput,
    complete_lifecycle_action::CompleteLifecycleActionInput,
    record_lifecycle_action_heartbeat::RecordLifecycleActionHeartbeatInput,
    cancel_instance_refresh::CancelInstanceRefreshInput,
    rollback_instance_refresh::RollbackInstanceRefreshInput,
    put_scheduled_update_group_action::PutScheduledUpdateGroupActionInput,
    delete_scheduled_action::DeleteScheduledActionInput,
    put_notification_configuration::PutNotificationConfigurationInput,
    delete_notification_configuration::DeleteNotificationConfigurationInput,
    put_warm_pool::PutWarmPoolInput,
    delete_warm_pool::DeleteWarmPoolInput,
    set_instance_protection::SetInstanceProtectionInput,
}

checks! { aws_sdk_autoscaling, action, world:
    create_auto_scaling_group::CreateAutoScalingGroupInput, |input| {
        let own = group(world, action, input.auto_scaling_group_name()).exists_if(true);
        let own = own.requesting(pairs(input.tags()));
        let hooks = input.lifecycle_hook_specification_list().iter().filter_map(|hook| hook.role_arn());
        let mut checks = vec![own];
        checks.extend(hooks.chain(input.service_linked_role_arn()).map(passes));
        checks.extend(launches(world, input.launch_template(), input.mixed_instances_policy()));
        checks
    };
    update_auto_scaling_group::UpdateAutoScalingGroupInput, |input| {
        let mut checks = vec![group(world, action, input.auto_scaling_group_name())];
        checks.extend(input.service_linked_role_arn().map(passes));
        checks.extend(launches(world, input.launch_template(), input.mixed_instances_policy()));
        checks
    };
    start_instance_refresh::StartInstanceRefreshInput, |input| {
        let mut checks = vec![group(world, action, input.auto_scaling_group_name())];
        if let Some(desired) = input.desired_configuration() {
            checks.extend(launches(world, desired.launch_template(), desired.mixed_instances_policy()));
        }
        checks
    };
    put_lifecycle_hook::PutLifecycleHookInput, |input| {
        let own = group(world, action, input.auto_scaling_group_name());
        std::iter::once(own).chain(input.role_arn().map(passes)).collect()
    };
    create_or_update_tags::CreateOrUpdateTagsInput, |input| by_group(world, action, input.tags());
    delete_tags::DeleteTagsInput, |input| by_group(world, action, input.tags());
    set_instance_health::SetInstanceHealthInput, |input| {
        vec![group_of(world, action, input.instance_id())]
    };
    terminate_instance_in_auto_scaling_group::TerminateInstanceInAutoScalingGroupInput, |input| {
        vec![group_of(world, action, input.instance_id())]
    };
}

fn pairs<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> impl Iterator<Item = (&'a str, &'a str)> {
    tags.into_iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
}

/// A group that exists, with its tags, or does not.
fn group(world: &World, action: &str, name: Option<&str>) -> Check {
    let name = name.unwrap_or_default();
    match world.autoscaling.groups.get(name) {
        Some(group) => {
            let tags = group.tags.iter().map(|(key, tag)| (key.as_str(), tag.value.as_str()));
            Check::on(action, group.arn.clone()).tagged(SERVICE, tags)
        }
        None => {
            let path = format!("autoScalingGroup:*:autoScalingGroupName/{name}");
            Check::on(action, world.arn(SERVICE, &path)).exists_if(false)
        }
    }
}

fn group_of(world: &World, action: &str, instance: Option<&str>) -> Check {
    let groups = &mut world.autoscaling.groups.values();
    let has = |id: &str| Some(id) == instance;
    let found = groups.find(|group| group.members.iter().any(|member| has(&member.id)));
    group(world, action, found.map(|group| group.name.as_str()))
}

/// The groups whose tags change, each with the tags of the request that are its own.
fn by_group(world: &World, action: &str, tags: &[Tag]) -> Vec<Check> {
    let mut names: Vec<_> = tags.iter().filter_map(|tag| tag.resource_id()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |name: &str| tags.iter().filter(move |tag| tag.resource_id() == Some(name)).collect::<Vec<_>>();
    names.iter().map(|name| group(world, action, Some(name)).requesting(pairs(of(name)))).collect()
}

/// A role that Auto Scaling gets to use.
fn passes(role: &str) -> Check {
    Check::on("iam:PassRole", role.to_owned()).with("iam:PassedToService", "autoscaling.amazonaws.com")
}

/// What launching takes, for each template that a request gives; one that does not exist is refused
/// otherwise.
fn launches(
    world: &World,
    template: Option<&LaunchTemplateSpecification>,
    mixed: Option<&MixedInstancesPolicy>,
) -> Vec<Check> {
    let mixed = mixed.and_then(|policy| policy.launch_template());
    let overrides = mixed.into_iter().flat_map(|mixed| mixed.overrides());
    let templates = template
        .into_iter()
        .chain(mixed.and_then(|mixed| mixed.launch_template_specification()))
        .chain(overrides.filter_map(|item| item.launch_template_specification()));
    let resolved = templates.filter_map(|template| source::resolve(world, template).ok());
    resolved.flat_map(|template| ec2::launches(world, &template.id, &template.data)).collect()
}
