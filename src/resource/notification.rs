//! Notifications: what an Auto Scaling group tells an SNS topic.

use typed_builder::TypedBuilder;

use crate::id::AutoScalingGroupName;
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::value::Value;

use super::names::names;
use super::{Describe, Operation, Property, ResourceType, Rights, Visit, record_of};

/// What an Auto Scaling group tells an SNS topic.
///
/// Follows `PutNotificationConfiguration` of the EC2 Auto Scaling API; there is one for a group and
/// a topic. What is told changes in place. AWS cannot tag notifications; the tags of the group say
/// which of its notifications are the stack's.
///
/// ```
/// # use purlin::{AutoScalingGroup, Ref, Stack};
/// use purlin::{Notification, NotificationType};
///
/// # fn declare(stack: &mut Stack, group: Ref<AutoScalingGroup>) {
/// stack.add(
///     "operators",
///     Notification::builder()
///         .group(group)
///         .topic("arn:aws:sns:ap-northeast-2:123456789012:operators")
///         .on([NotificationType::LaunchError, NotificationType::TerminateError])
///         .build(),
/// );
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc)]
#[non_exhaustive]
pub struct Notification {
    /// The group. Sets `AutoScalingGroupName`.
    #[builder(setter(transform = |group: impl IntoInput<AutoScalingGroupName>| group.into_input()))]
    pub(crate) group: Input<AutoScalingGroupName>,
    /// The ARN of the topic, which is told that it has been chosen. Sets `TopicARN`.
    #[builder(setter(into))]
    pub(crate) topic: String,
    /// What it is told; at least one. Sets `NotificationTypes`.
    #[builder(setter(transform = |types: impl IntoIterator<Item = NotificationType>| types.into_iter().collect()))]
    pub(crate) on: Vec<NotificationType>,
    /// The address in the stack, which the tags of the group hold.
    #[builder(default, setter(skip))]
    pub(crate) owner: Option<String>,
}

/// What AWS hands out for a notification: nothing; it is known by its group and topic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotificationOutputs {
    /// The name of the group and the ARN of the topic, in one text.
    pub id: String,
}

names! {
    /// Something that an Auto Scaling group tells.
    NotificationType {
        /// An instance was launched.
        Launch = "autoscaling:EC2_INSTANCE_LAUNCH",
        /// An instance could not be launched.
        LaunchError = "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
        /// An instance was terminated.
        Terminate = "autoscaling:EC2_INSTANCE_TERMINATE",
        /// An instance could not be terminated.
        TerminateError = "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
        /// The topic was chosen.
        Test = "autoscaling:TEST_NOTIFICATION",
    }
}

const PUT: Operation = Operation::PutNotificationConfiguration;

impl Describe for Notification {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("group", "PutNotificationConfiguration.AutoScalingGroupName", |r| Value::of(&r.group)),
        Property::<Self>::new("topic", "PutNotificationConfiguration.TopicARN", |r| Value::of(&r.topic)),
        Property::<Self>::new("on", "PutNotificationConfiguration.NotificationTypes", |r| {
            Value::of(&r.on).unless_empty()
        })
        .unordered()
        .updated_by(PUT),
    ];
    const CREATE: Operation = PUT;
    const DELETE: Operation = Operation::DeleteNotificationConfiguration;
    const SAME: &'static str = "P31";
    const TYPE: ResourceType = ResourceType::Part;
    const FOUND_BY: &'static [&'static str] = &[];
    const GOES_WITH_PARENT: bool = true;

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["autoscaling:DescribeNotificationConfigurations"]);
    }

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.group), Value::of(&self.topic)]
    }

    fn parent(&self) -> Value {
        Value::of(&self.group)
    }

    fn recorded_as(&self) -> Option<String> {
        Some(record_of(super::tags::NOTIFICATION, &self.topic))
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        if key == super::tags::ADDRESS {
            self.owner = Some(value.to_owned());
        }
    }

    fn has_tag(&self, _key: &str) -> bool {
        false
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.group);
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        if !self.topic.starts_with("arn:") || !self.topic.contains(":sns:") || self.topic.ends_with(".fifo") {
            problems.report("D29", "topic", format!("{:?}", self.topic), "must be the ARN of a standard SNS topic");
        }
        if self.on.is_empty() {
            problems.report("D29", "on", "", "needs at least one type");
        }
    }

    fn output(outputs: &NotificationOutputs, name: &str) -> Value {
        if name == "id" { Value::of(&outputs.id) } else { Value::Unset }
    }

    fn id(outputs: &NotificationOutputs) -> &str {
        &outputs.id
    }
}
