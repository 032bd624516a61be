//! Scheduled actions.

use purlin::*;

use super::case::Change::{self, InPlace, Replace};
use super::case::{Case, Setting};
use super::scaling_policy::{group, two_groups};

const PUT: Change = InPlace(&["PutScheduledUpdateGroupAction"]);

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn mornings() -> Recurrence {
    Recurrence::cron("30 8 * * MON-FRI")
}

/// A case of when an action runs.
fn runs<S: Into<Schedule> + 'static>(name: &'static str, schedule: fn(Setting) -> S) -> Case {
    Case::new(name, PUT, move |setting| {
        let mut stack = Stack::new("round-trip");
        let group = group(&mut stack);
        let it = ScheduledAction::builder().name("it").group(group).schedule(schedule(setting));
        stack.add("it", it.desired_capacity(0).build());
        stack
    })
}

/// A case of the sizes that an action sets, besides others.
fn sets(name: &'static str, action: fn(Ref<AutoScalingGroup>, Setting) -> ScheduledAction) -> Case {
    Case::new(name, PUT, move |setting| {
        let mut stack = Stack::new("round-trip");
        let group = group(&mut stack);
        stack.add("it", action(group, setting));
        stack
    })
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("ScheduledAction.name", Replace, |setting| {
            let mut stack = Stack::new("round-trip");
            let group = group(&mut stack);
            let name = setting.pick("it-1", "it-2").expect("a required property");
            let it = ScheduledAction::builder().name(name).group(group).schedule(mornings());
            stack.add("it", it.desired_capacity(0).build());
            stack
        })
        .required(),
        Case::new("ScheduledAction.group", Replace, |setting| {
            let mut stack = Stack::new("round-trip");
            let [one, other] = two_groups(&mut stack);
            let group = setting.pick(one, other).expect("a required property");
            let it = ScheduledAction::builder().name("it").group(group).schedule(mornings());
            stack.add("it", it.desired_capacity(0).build());
            stack
        })
        .required(),
        runs("ScheduledAction.start", |setting| {
            let start = setting.pick("2027-01-01T00:10:00Z", "2026-10-01T00:10:00Z");
            start.map_or_else(mornings, |start| mornings().starts(time(start)))
        }),
        runs("ScheduledAction.end", |setting| {
            let end = setting.pick("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z");
            end.map_or_else(mornings, |end| mornings().ends(time(end)))
        }),
        runs("ScheduledAction.recurrence", |setting| {
            Recurrence::cron(setting.pick("30 8 * * MON-FRI", "0 0 1 1,6,12 *").expect("a required property"))
        })
        .required(),
        runs("ScheduledAction.time_zone", |setting| {
            setting.pick("Asia/Seoul", "Etc/GMT+9").map_or_else(mornings, |zone| mornings().time_zone(zone))
        }),
        sets("ScheduledAction.min_size", |group, setting| {
            let it = ScheduledAction::builder().name("it").group(group).schedule(mornings()).max_size(4);
            setting.pick(1, 2).map_or_else(|| it.clone().build(), |size| it.clone().min_size(size).build())
        }),
        sets("ScheduledAction.max_size", |group, setting| {
            let it = ScheduledAction::builder().name("it").group(group).schedule(mornings()).min_size(1);
            setting.pick(2, 3).map_or_else(|| it.clone().build(), |size| it.clone().max_size(size).build())
        }),
        sets("ScheduledAction.desired_capacity", |group, setting| {
            let it = ScheduledAction::builder().name("it").group(group).schedule(mornings()).min_size(1);
            setting.pick(2, 3).map_or_else(|| it.clone().build(), |size| it.clone().desired_capacity(size).build())
        }),
    ]
}
