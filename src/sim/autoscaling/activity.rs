//! Scaling activities: the log of what a group did.

use std::time::Duration;

use aws_sdk_autoscaling::operation::describe_scaling_activities::{
    DescribeScalingActivitiesInput, DescribeScalingActivitiesOutput,
};
use aws_sdk_autoscaling::types::ScalingActivityStatusCode as Status;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::check::{self, Paging};
use super::clock::date;
use super::state::{Group, new_uuid};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// A scaling activity.
#[derive(Debug, Clone)]
pub(super) struct Activity {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) group_arn: String,
    pub(super) description: String,
    pub(super) cause: String,
    pub(super) start: Duration,
    pub(super) end: Option<Duration>,
    pub(super) status: Status,
    pub(super) message: Option<String>,
    pub(super) details: String,
    pub(super) progress: i32,
}

/// Notes a new activity of a group and returns its id.
pub(super) fn begin(
    world: &mut World,
    group: &Group,
    description: String,
    cause: String,
    zone_and_subnet: (&str, &str),
) -> String {
    let id = new_uuid(world);
    let (zone, subnet) = zone_and_subnet;
    world.autoscaling.activities.push(Activity {
        id: id.clone(),
        group: group.name.clone(),
        group_arn: group.arn.clone(),
        description,
        cause,
        start: world.now,
        end: None,
        status: Status::InProgress,
        message: None,
        details: format!("{{\"Subnet ID\":\"{subnet}\",\"Availability Zone\":\"{zone}\"}}"),
        progress: 0,
    });
    id
}

/// Moves an activity on.
pub(super) fn progress(world: &mut World, id: Option<&String>, status: Status, progress: i32) {
    if let Some(activity) = find(world, id) {
        activity.status = status;
        activity.progress = progress;
    }
}

/// Ends an activity.
pub(super) fn end(world: &mut World, id: Option<&String>, status: Status, message: Option<String>) {
    let now = world.now;
    if let Some(activity) = find(world, id) {
        activity.status = status;
        activity.message = message;
        activity.progress = 100;
        activity.end = Some(now);
    }
}

fn find<'w>(world: &'w mut World, id: Option<&String>) -> Option<&'w mut Activity> {
    let id = id?;
    world.autoscaling.activities.iter_mut().rev().find(|activity| activity.id == *id)
}

impl Activity {
    /// The activity as AWS describes it.
    pub(super) fn describe(&self, deleted: bool) -> aws_sdk_autoscaling::types::Activity {
        aws_sdk_autoscaling::types::Activity::builder()
            .activity_id(&self.id)
            .auto_scaling_group_name(&self.group)
            .auto_scaling_group_arn(&self.group_arn)
            .description(&self.description)
            .cause(&self.cause)
            .start_time(date(self.start))
            .set_end_time(self.end.map(date))
            .status_code(self.status.clone())
            .set_status_message(self.message.clone())
            .progress(self.progress)
            .details(&self.details)
            .set_auto_scaling_group_state(deleted.then(|| "Deleted".to_owned()))
            .build()
    }
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeScalingActivitiesInput,
) -> Result<DescribeScalingActivitiesOutput, ApiError> {
    check::at_most(input.activity_ids(), 50, "activityIds")?;
    let include_deleted = input.include_deleted_groups() == Some(true);
    let filters = Filters::new(input)?;
    let state = &world.autoscaling;
    if let (Some(name), false) = (input.auto_scaling_group_name(), include_deleted) {
        state.group(Some(name))?;
    }
    let found = state
        .activities
        .iter()
        .rev()
        .filter_map(|activity| {
            let alive = state.groups.get(&activity.group).is_some_and(|group| group.arn == activity.group_arn);
            let named = input.auto_scaling_group_name().is_none_or(|name| name == activity.group);
            let asked = input.activity_ids.as_ref().is_none_or(|ids| ids.contains(&activity.id));
            (named && asked && (alive || include_deleted) && filters.pass(activity)).then(|| activity.describe(!alive))
        })
        .collect();
    let paging = Paging { default: 100, most: 100 };
    let (activities, next) = check::page(found, input.next_token(), input.max_records(), paging)?;
    Ok(DescribeScalingActivitiesOutput::builder().set_activities(Some(activities)).set_next_token(next).build())
}

#[derive(Default)]
struct Filters<'a> {
    earliest: Option<DateTime>,
    latest: Option<DateTime>,
    statuses: Option<&'a [String]>,
}

impl<'a> Filters<'a> {
    fn new(input: &'a DescribeScalingActivitiesInput) -> Result<Self, ApiError> {
        let allowed = ["StartTimeLowerBound", "StartTimeUpperBound", "Status"];
        let mut filters = Self::default();
        for (name, values) in check::filters(
            input.filters(),
            |name| allowed.contains(&name),
            "[StartTimeLowerBound, StartTimeUpperBound, Status]",
        )? {
            match name {
                "StartTimeLowerBound" => filters.earliest = Some(time(values)?),
                "StartTimeUpperBound" => filters.latest = Some(time(values)?),
                _ => {
                    // "This filter can only be used in combination with the AutoScalingGroupName parameter."
                    check::required(input.auto_scaling_group_name(), "autoScalingGroupName")?;
                    filters.statuses = Some(values);
                }
            }
        }
        Ok(filters)
    }

    fn pass(&self, activity: &Activity) -> bool {
        let start = date(activity.start);
        self.earliest.is_none_or(|earliest| start >= earliest)
            && self.latest.is_none_or(|latest| start <= latest)
            && self.statuses.is_none_or(|statuses| statuses.iter().any(|status| *status == *activity.status.as_str()))
    }
}

fn time(values: &[String]) -> Result<DateTime, ApiError> {
    let [value] = values else {
        return Err(ApiError::validation("A start time filter takes exactly one value."));
    };
    DateTime::from_str(value, Format::DateTimeWithOffset)
        .map_err(|_| ApiError::validation(format!("Invalid timestamp: {value}")))
}
