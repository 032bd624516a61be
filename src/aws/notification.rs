//! Notifications over the EC2 Auto Scaling API.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::input::Input;
use crate::resource::tags::{NOTIFICATION, Owner};
use crate::resource::{
    AutoScalingGroup, Notification, NotificationOutputs, NotificationType, Observed, Operation, record_of,
};

use super::call::{gone_is_fine, pages};
use super::{Cx, Operate, id, known};

impl Notification {
    async fn put(&self, cx: &Cx<'_>) -> Result<NotificationOutputs> {
        let client = &cx.aws.autoscaling;
        let group = known(&self.group)?.as_str();
        let types: Vec<_> = self.on.iter().map(|kind| kind.as_str().to_owned()).collect();
        cx.write(Operation::PutNotificationConfiguration, || {
            client
                .put_notification_configuration()
                .auto_scaling_group_name(group)
                .topic_arn(&self.topic)
                .set_notification_types(Some(types.clone()))
                .send()
        })
        .await?;
        Ok(outputs(group, &self.topic))
    }
}

fn outputs(group: &str, topic: &str) -> NotificationOutputs {
    NotificationOutputs { id: format!("{group} to {topic}") }
}

impl Operate for Notification {
    async fn create(&self, cx: &Cx<'_>) -> Result<NotificationOutputs> {
        self.put(cx).await
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        _: Operation,
        _: &NotificationOutputs,
        _: Option<&Self>,
    ) -> Result<Option<NotificationOutputs>> {
        self.put(cx).await.map(Some)
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let group = known(&observed.spec.group)?.as_str();
        gone_is_fine(
            cx.write(Operation::DeleteNotificationConfiguration, || {
                client
                    .delete_notification_configuration()
                    .auto_scaling_group_name(group)
                    .topic_arn(&observed.spec.topic)
                    .send()
            })
            .await,
        )
    }

    async fn find(&self, _: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        // Putting one that exists changes it: there is nothing to bump into.
        Ok(None)
    }
}

/// Reads the notifications of groups that have some of the stack's, or are to have some; the tags
/// of the groups say which are the stack's.
pub(super) async fn observe(
    cx: &Cx<'_>,
    groups: &[Observed<AutoScalingGroup>],
    declared: bool,
) -> Result<Vec<Observed<Notification>>> {
    let recorded = |group: &Observed<AutoScalingGroup>| group.spec.tags.keys().any(|key| key.starts_with(NOTIFICATION));
    let groups: Vec<_> = groups.iter().filter(|group| declared || recorded(group)).collect();
    let names: Vec<String> = groups.iter().map(|group| group.outputs.name.to_string()).collect();
    let client = &cx.aws.autoscaling;
    let mut types: BTreeMap<(String, String), BTreeSet<NotificationType>> = BTreeMap::new();
    // An empty list of names would mean all groups.
    for chunk in names.chunks(50) {
        let configurations = pages(|token: Option<String>| async move {
            let page = cx
                .read("DescribeNotificationConfigurations", || {
                    client
                        .describe_notification_configurations()
                        .set_auto_scaling_group_names(Some(chunk.to_vec()))
                        .max_records(100)
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            Ok((page.notification_configurations.unwrap_or_default(), page.next_token))
        })
        .await?;
        for configuration in configurations {
            let (Some(group), Some(topic)) = (configuration.auto_scaling_group_name, configuration.topic_arn) else {
                continue;
            };
            let kind = configuration.notification_type.as_deref().and_then(NotificationType::from_word);
            types.entry((group, topic)).or_default().extend(kind);
        }
    }
    types
        .into_iter()
        .map(|((name, topic), on)| {
            let group = groups.iter().find(|group| group.outputs.name.as_str() == name);
            let owner = group.and_then(|group| {
                let stack = group.owner.as_ref()?.stack.clone();
                let address = group.spec.tags.get(&record_of(NOTIFICATION, &topic))?.value.clone();
                Some(Owner { stack, address })
            });
            Ok(Observed {
                outputs: outputs(&name, &topic),
                spec: Notification {
                    group: Input::known(id(Some(&name), "a group name")?),
                    topic,
                    on: on.into_iter().collect(),
                    owner: owner.as_ref().map(|owner| owner.address.clone()),
                },
                owner,
                name: None,
            })
        })
        .collect()
}
