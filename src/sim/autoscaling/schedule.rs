//! Scheduled actions. They run at their times, those of other time zones than UTC excepted: of these
//! the simulation does not know when that is.

use std::time::Duration;

use aws_sdk_autoscaling::operation::delete_scheduled_action::{
    DeleteScheduledActionInput, DeleteScheduledActionOutput,
};
use aws_sdk_autoscaling::operation::describe_scheduled_actions::{
    DescribeScheduledActionsInput, DescribeScheduledActionsOutput,
};
use aws_sdk_autoscaling::operation::put_scheduled_update_group_action::{
    PutScheduledUpdateGroupActionInput, PutScheduledUpdateGroupActionOutput,
};
use aws_sdk_autoscaling::types::ScheduledUpdateGroupAction;
use aws_smithy_types::DateTime;

use super::check::{self, PAGES};
use super::clock::{date, stamp};
use super::state::{Group, change, new_uuid};
use crate::cron::Cron;
use crate::sim::error::ApiError;
use crate::sim::world::World;
use crate::time_zone;
use crate::timestamp::Timestamp;

/// A scheduled action, as AWS describes it.
pub(super) type ScheduledAction = ScheduledUpdateGroupAction;

pub(super) fn put(
    world: &mut World,
    input: &PutScheduledUpdateGroupActionInput,
) -> Result<PutScheduledUpdateGroupActionOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    let name = check::name(input.scheduled_action_name(), "scheduledActionName")?;
    check_sizes(input)?;
    check_times(world.now, input)?;
    let old = group.scheduled.get(name).and_then(|action| action.scheduled_action_arn().map(str::to_owned));
    if old.is_none() && group.scheduled.len() >= world.settings.quotas.scheduled_actions_per_auto_scaling_group {
        return Err(ApiError::new(
            "LimitExceeded",
            "You have already reached the limit of scheduled actions per group.",
        ));
    }
    let group = group.name.clone();
    let arn = old.unwrap_or_else(|| {
        let id = new_uuid(world);
        world.arn(
            "autoscaling",
            &format!("scheduledUpdateGroupAction:{id}:autoScalingGroupName/{group}:scheduledActionName/{name}"),
        )
    });
    let start = input.start_time.or(input.time).or_else(|| next_run(input.recurrence(), input.time_zone(), world.now));
    let action = ScheduledUpdateGroupAction::builder()
        .auto_scaling_group_name(&group)
        .scheduled_action_name(name)
        .scheduled_action_arn(arn)
        .set_time(start)
        .set_start_time(start)
        .set_end_time(input.end_time)
        .set_recurrence(input.recurrence.clone())
        .set_min_size(input.min_size)
        .set_max_size(input.max_size)
        .set_desired_capacity(input.desired_capacity)
        .set_time_zone(input.time_zone.clone())
        .build();
    change(world, Some(&group), |group| group.scheduled.insert(name.to_owned(), action))?;
    Ok(PutScheduledUpdateGroupActionOutput::builder().build())
}

fn check_sizes(input: &PutScheduledUpdateGroupActionInput) -> Result<(), ApiError> {
    let (min, max, desired) = (input.min_size(), input.max_size(), input.desired_capacity());
    if min.or(max).or(desired).is_none() {
        return Err(ApiError::validation(
            "At least one of the following must be specified: MinSize, MaxSize, DesiredCapacity.",
        ));
    }
    check::range(min, 0..=i32::MAX, "minSize")?;
    check::range(max, 0..=i32::MAX, "maxSize")?;
    check::range(desired, 0..=i32::MAX, "desiredCapacity")?;
    check::ordered(min, max, "the group size")?;
    check::ordered(min, desired, "the desired capacity")?;
    check::ordered(desired, max, "the desired capacity")
}

fn check_times(now: Duration, input: &PutScheduledUpdateGroupActionInput) -> Result<(), ApiError> {
    let past = |time: Option<&DateTime>| time.is_some_and(|time| *time < date(now));
    if past(input.start_time()) || past(input.end_time()) {
        return Err(ApiError::validation("Given start time or end time is in the past"));
    }
    if let (Some(start), Some(end)) = (input.start_time(), input.end_time())
        && end <= start
    {
        return Err(ApiError::validation("The end time must be later than the start time"));
    }
    match input.recurrence() {
        None if input.start_time().or(input.time()).is_none() => {
            return Err(ApiError::validation("Either a start time or a recurrence must be specified."));
        }
        None => {}
        Some(cron) => {
            check::length(cron, 1..=255, "recurrence")?;
            if Cron::parse(cron).is_none() {
                return Err(ApiError::validation(format!("Given recurrence string:{cron} is invalid")));
            }
        }
    }
    match input.time_zone() {
        Some(zone) if !time_zone::exists(zone) => {
            Err(ApiError::validation(format!("Given time zone:{zone} is invalid")))
        }
        _ => Ok(()),
    }
}

/// The next time of a cron expression, where that is one in UTC.
fn next_run(cron: Option<&str>, zone: Option<&str>, now: Duration) -> Option<DateTime> {
    let cron = cron.filter(|_| zone.is_none_or(|zone| matches!(zone, "UTC" | "Etc/UTC")))?;
    let next = Cron::parse(cron)?.next_after(Timestamp::from_unix(date(now).secs()))?;
    Some(DateTime::from_secs(next.as_unix()))
}

/// Runs the actions of a group whose time has come.
pub(super) fn run(world: &World, group: &mut Group) {
    let now = world.now;
    let due = |action: &ScheduledAction| action.start_time().is_some_and(|start| *start <= date(now));
    let names: Vec<String> =
        group.scheduled.iter().filter(|(_, action)| due(action)).map(|(name, _)| name.clone()).collect();
    for name in names {
        let Some(mut action) = group.scheduled.remove(&name) else { continue };
        if !group.suspends("ScheduledActions") {
            resize(world, group, &name, &action);
        }
        let next = next_run(action.recurrence(), action.time_zone(), now);
        let comes_again = action.recurrence().is_some();
        let ended = next.zip(action.end_time).is_some_and(|(next, end)| next > end);
        if comes_again && !ended {
            action.start_time = next;
            action.time = next;
            group.scheduled.insert(name, action);
        }
    }
}

/// When the first action of a group is due; in the past where one could not be run.
pub(super) fn next(world: &World, group: &Group) -> Option<Duration> {
    let starts = group.scheduled.values().filter_map(|action| action.start_time());
    let beginning = date(Duration::ZERO).secs();
    let after = starts.map(|start| u64::try_from(start.secs() - beginning).unwrap_or_default());
    after.map(Duration::from_secs).filter(|at| *at > world.now).min()
}

/// What an action says about the sizes of its group. One that makes no sense any more does nothing.
fn resize(world: &World, group: &mut Group, name: &str, action: &ScheduledAction) {
    let min = action.min_size().unwrap_or(group.size.min);
    let max = action.max_size().unwrap_or(group.size.max);
    if min > max {
        return;
    }
    (group.size.min, group.size.max) = (min, max);
    let desired = action.desired_capacity().unwrap_or(group.size.desired).clamp(min, max);
    group.set_desired(desired, &format!("At {} the scheduled action {name} was executed,", stamp(world.now)));
    group.rethink(world.now, world.settings.scaling_reaction);
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeScheduledActionsInput,
) -> Result<DescribeScheduledActionsOutput, ApiError> {
    check::at_most(input.scheduled_action_names(), 50, "scheduledActionNames")?;
    let state = &world.autoscaling;
    if let Some(name) = input.auto_scaling_group_name() {
        state.group(Some(name))?;
    }
    let asked = |action: &ScheduledAction| match &input.scheduled_action_names {
        Some(names) => names.iter().any(|name| Some(name.as_str()) == action.scheduled_action_name()),
        None => {
            let start = action.start_time();
            input.start_time().is_none_or(|from| start.is_some_and(|start| start >= from))
                && input.end_time().is_none_or(|to| start.is_some_and(|start| start <= to))
        }
    };
    let actions = state
        .groups
        .values()
        .filter(|group| input.auto_scaling_group_name().is_none_or(|name| name == group.name))
        .flat_map(|group| group.scheduled.values())
        .filter(|action| asked(action))
        .cloned()
        .collect();
    let (actions, next) = check::page(actions, input.next_token(), input.max_records(), PAGES)?;
    Ok(DescribeScheduledActionsOutput::builder()
        .set_scheduled_update_group_actions(Some(actions))
        .set_next_token(next)
        .build())
}

pub(super) fn delete(
    world: &mut World,
    input: &DeleteScheduledActionInput,
) -> Result<DeleteScheduledActionOutput, ApiError> {
    let name = check::name(input.scheduled_action_name(), "scheduledActionName")?;
    if !world.autoscaling.modifiable(input.auto_scaling_group_name())?.scheduled.contains_key(name) {
        return Err(ApiError::validation("Scheduled action name not found"));
    }
    change(world, input.auto_scaling_group_name(), |group| group.scheduled.remove(name))?;
    Ok(DeleteScheduledActionOutput::builder().build())
}
