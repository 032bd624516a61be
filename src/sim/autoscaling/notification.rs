//! Notifications to SNS topics: kept and described, not sent.

use aws_sdk_autoscaling::operation::delete_notification_configuration::{
    DeleteNotificationConfigurationInput, DeleteNotificationConfigurationOutput,
};
use aws_sdk_autoscaling::operation::describe_notification_configurations::{
    DescribeNotificationConfigurationsInput, DescribeNotificationConfigurationsOutput,
};
use aws_sdk_autoscaling::operation::put_notification_configuration::{
    PutNotificationConfigurationInput, PutNotificationConfigurationOutput,
};
use aws_sdk_autoscaling::types::NotificationConfiguration;

use super::check::{self, PAGES};
use super::state::change;
use crate::sim::error::ApiError;
use crate::sim::world::World;

const TYPES: [&str; 5] = [
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
    "autoscaling:TEST_NOTIFICATION",
];
pub(super) fn put(
    world: &mut World,
    input: &PutNotificationConfigurationInput,
) -> Result<PutNotificationConfigurationOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    let topic = check::name(input.topic_arn(), "topicARN")?;
    if !topic.starts_with("arn:aws:sns:") {
        return Err(ApiError::validation(format!("Invalid SNS Topic ARN: {topic}")));
    }
    let types = check::required(input.notification_types.as_ref(), "notificationTypes")?;
    for kind in types {
        if !TYPES.contains(&kind.as_str()) {
            return Err(ApiError::validation(format!("\"{kind}\" is not a valid Notification Type.")));
        }
    }
    if !group.notifications.contains_key(topic)
        && group.notifications.len() >= world.settings.quotas.topics_per_auto_scaling_group
    {
        return Err(ApiError::new(
            "LimitExceeded",
            "You have already reached the limit of notification topics per group.",
        ));
    }
    // "This configuration overwrites any existing configuration."
    let types = types.iter().cloned().collect();
    change(world, input.auto_scaling_group_name(), |group| group.notifications.insert(topic.to_owned(), types))?;
    Ok(PutNotificationConfigurationOutput::builder().build())
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeNotificationConfigurationsInput,
) -> Result<DescribeNotificationConfigurationsOutput, ApiError> {
    let state = &world.autoscaling;
    for name in input.auto_scaling_group_names() {
        state.group(Some(name))?;
    }
    let configurations = state
        .groups
        .values()
        .filter(|group| input.auto_scaling_group_names.as_ref().is_none_or(|names| names.contains(&group.name)))
        .flat_map(|group| {
            group.notifications.iter().flat_map(move |(topic, types)| {
                types.iter().map(move |kind| {
                    NotificationConfiguration::builder()
                        .auto_scaling_group_name(&group.name)
                        .topic_arn(topic)
                        .notification_type(kind)
                        .build()
                })
            })
        })
        .collect();
    let (configurations, next) = check::page(configurations, input.next_token(), input.max_records(), PAGES)?;
    Ok(DescribeNotificationConfigurationsOutput::builder()
        .set_notification_configurations(Some(configurations))
        .set_next_token(next)
        .build())
}

pub(super) fn delete(
    world: &mut World,
    input: &DeleteNotificationConfigurationInput,
) -> Result<DeleteNotificationConfigurationOutput, ApiError> {
    let topic = check::name(input.topic_arn(), "topicARN")?;
    if !world.autoscaling.modifiable(input.auto_scaling_group_name())?.notifications.contains_key(topic) {
        return Err(ApiError::validation(format!("Notification configuration for topic {topic} doesn't exist.")));
    }
    change(world, input.auto_scaling_group_name(), |group| group.notifications.remove(topic))?;
    Ok(DeleteNotificationConfigurationOutput::builder().build())
}
