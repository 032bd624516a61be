//! Notifications: a part of their `AWS::AutoScaling::AutoScalingGroup`.

use crate::resource::Notification;
use crate::value::Value;

use super::super::draft::Entry;
use super::{Export, NOT_OURS, Output, Row, by, elsewhere};

impl Export for Notification {
    const ROWS: &'static [Row<Self>] = &[by("group", write), elsewhere("topic"), elsewhere("on")];

    fn type_name(&self) -> Option<&'static str> {
        None
    }

    fn outputs(&self) -> &'static [Output] {
        &[]
    }
}

fn write(notification: &Notification, entry: &mut Entry<'_, '_>) {
    let group = Value::of(&notification.group);
    let Value::Pending(attr) = group else {
        let why = "CloudFormation has notifications only as a part of the group, which is not in this stack";
        entry.lose(NOT_OURS, "group", &group, why);
        return;
    };
    let members =
        Value::map([("TopicARN", Value::of(&notification.topic)), ("NotificationTypes", Value::of(&notification.on))]);
    entry.add_to(attr.node.index, "NotificationConfigurations", members);
}
