//! Operations on single instances of a group.

use aws_sdk_autoscaling::operation::describe_auto_scaling_instances::{
    DescribeAutoScalingInstancesInput, DescribeAutoScalingInstancesOutput,
};
use aws_sdk_autoscaling::operation::set_instance_health::{SetInstanceHealthInput, SetInstanceHealthOutput};
use aws_sdk_autoscaling::operation::set_instance_protection::{
    SetInstanceProtectionInput, SetInstanceProtectionOutput,
};
use aws_sdk_autoscaling::operation::terminate_instance_in_auto_scaling_group::{
    TerminateInstanceInAutoScalingGroupInput, TerminateInstanceInAutoScalingGroupOutput,
};
use aws_sdk_autoscaling::types::{AutoScalingInstanceDetails, Instance};

use super::activity::Activity;
use super::check::{self, Paging};
use super::clock::{seconds, stamp};
use super::exit::{self, Manner};
use super::state::{AutoScalingState, Group, Member, Stage, change};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// The group that an instance belongs to.
fn home<'s>(state: &'s AutoScalingState, instance: &str) -> Result<(&'s Group, &'s Member), ApiError> {
    state.groups.values().find_map(|group| Some((group, group.member(instance)?))).ok_or_else(|| {
        ApiError::validation(format!("Instance Id not found - No managed instance found for instance ID: {instance}"))
    })
}

pub(super) fn set_protection(
    world: &mut World,
    input: &SetInstanceProtectionInput,
) -> Result<SetInstanceProtectionOutput, ApiError> {
    let ids = check::required(input.instance_ids.as_ref(), "instanceIds")?;
    let protected = check::required(input.protected_from_scale_in(), "protectedFromScaleIn")?;
    if ids.len() > 50 {
        return Err(ApiError::new("LimitExceeded", "You can specify up to 50 instances per call."));
    }
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    for id in ids {
        match group.member(id) {
            None => {
                return Err(ApiError::validation(format!(
                    "The instance {id} is not part of Auto Scaling group {}.",
                    group.name
                )));
            }
            Some(member) if member.stage != Stage::InService => {
                return Err(ApiError::validation(format!(
                    "The instance {id} is not in InService or EnteringStandby or Standby."
                )));
            }
            Some(_) => {}
        }
    }
    change(world, input.auto_scaling_group_name(), |group| {
        for member in group.members.iter_mut().filter(|member| ids.contains(&member.id)) {
            member.protected = protected;
        }
    })?;
    Ok(SetInstanceProtectionOutput::builder().build())
}

pub(super) fn set_health(
    world: &mut World,
    input: &SetInstanceHealthInput,
) -> Result<SetInstanceHealthOutput, ApiError> {
    let id = check::required(input.instance_id(), "instanceId")?;
    let health = check::required(input.health_status(), "healthStatus")?;
    check::one_of(Some(health), &["Healthy", "Unhealthy"], "healthStatus")?;
    let (group, member) = home(&world.autoscaling, id)?;
    let grace = seconds(group.options.health_check_grace_period);
    let in_grace = input.should_respect_grace_period().unwrap_or(true) && !member.warm(world.now, grace);
    let name = group.name.clone();
    change(world, Some(&name), |group| {
        for member in group.members.iter_mut().filter(|member| member.id == id && !in_grace) {
            member.healthy = health == "Healthy";
            member.unhealthy_because = None;
        }
    })?;
    Ok(SetInstanceHealthOutput::builder().build())
}

pub(super) fn terminate(
    world: &mut World,
    input: &TerminateInstanceInAutoScalingGroupInput,
) -> Result<TerminateInstanceInAutoScalingGroupOutput, ApiError> {
    let decrement = check::required(input.should_decrement_desired_capacity(), "shouldDecrementDesiredCapacity")?;
    let ids: Vec<&str> = match (input.instance_id(), input.instance_ids()) {
        (Some(id), []) => vec![id],
        (None, ids @ [_, ..]) => {
            check::at_most(ids, 100, "instanceIds")?;
            check::required(input.auto_scaling_group_name(), "autoScalingGroupName")?;
            ids.iter().map(String::as_str).collect()
        }
        _ => {
            return Err(ApiError::validation("Exactly one of InstanceId and InstanceIds must be specified."));
        }
    };
    let mut name = None;
    for id in &ids {
        let (group, member) = home(&world.autoscaling, id)?;
        if input.auto_scaling_group_name().is_some_and(|wanted| wanted != group.name) {
            return Err(ApiError::validation(format!("The instance {id} is not part of the Auto Scaling group.")));
        }
        if !member.live() {
            return Err(ApiError::new(
                "ScalingActivityInProgress",
                format!("The instance {id} is already being terminated."),
            ));
        }
        name = Some(group.name.clone());
    }
    let name = check::required(name, "instanceId")?;
    let group = world.autoscaling.modifiable(Some(&name))?;
    let leaving: i32 = ids.iter().filter_map(|id| group.member(id)).map(Member::units).sum();
    if decrement && group.size.desired - leaving < group.size.min {
        return Err(ApiError::validation(format!(
            "Currently, desiredSize equals minSize ({}). Terminating instance without replacement will violate \
             group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's \
             min size.",
            group.size.min
        )));
    }
    let activities = send_away(world, &name, &ids, decrement.then_some(leaving))?;
    let described: Vec<_> = activities.iter().map(|activity| activity.describe(false)).collect();
    Ok(TerminateInstanceInAutoScalingGroupOutput::builder()
        .set_activity(described.first().cloned())
        .set_activities(Some(described))
        .build())
}

/// Starts to terminate the instances and returns the activities of it.
fn send_away(world: &mut World, name: &str, ids: &[&str], decrement: Option<i32>) -> Result<Vec<Activity>, ApiError> {
    let (now, reaction) = (world.now, world.settings.scaling_reaction);
    change(world, Some(name), |group| group.rethink(now, reaction))?;
    let Some(mut group) = world.autoscaling.groups.remove(name) else { return Ok(Vec::new()) };
    let before = world.autoscaling.activities.len();
    let cause = format!("At {} an instance was taken out of service in response to a user request.", stamp(now));
    if let Some(units) = decrement {
        group.size.desired -= units;
    }
    group.cause.clone_from(&cause);
    for index in 0..group.members.len() {
        if ids.contains(&group.members[index].id.as_str()) {
            exit::begin(world, &mut group, index, &cause, Manner::Graceful);
        }
    }
    world.autoscaling.groups.insert(name.to_owned(), group);
    Ok(world.autoscaling.activities.get(before..).unwrap_or_default().to_vec())
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeAutoScalingInstancesInput,
) -> Result<DescribeAutoScalingInstancesOutput, ApiError> {
    check::at_most(input.instance_ids(), 50, "instanceIds")?;
    let instances = world
        .autoscaling
        .groups
        .values()
        .flat_map(|group| group.members.iter().map(move |member| (group, member)))
        .filter(|(_, member)| input.instance_ids.as_ref().is_none_or(|ids| ids.contains(&member.id)))
        .map(|(group, member)| {
            AutoScalingInstanceDetails::builder()
                .instance_id(&member.id)
                .instance_type(&member.instance_type)
                .auto_scaling_group_name(&group.name)
                .availability_zone(&member.zone)
                .lifecycle_state(member.lifecycle().as_str())
                .health_status(member.health().to_ascii_uppercase())
                .launch_template(member.template.describe())
                .set_image_id(member.image.clone())
                .protected_from_scale_in(member.protected)
                .set_weighted_capacity(member.weight.map(|weight| weight.to_string()))
                .build()
        })
        .collect();
    let paging = Paging { default: 50, most: 50 };
    let (instances, next) = check::page(instances, input.next_token(), input.max_records(), paging)?;
    Ok(DescribeAutoScalingInstancesOutput::builder()
        .set_auto_scaling_instances(Some(instances))
        .set_next_token(next)
        .build())
}

impl Member {
    /// The instance as DescribeAutoScalingGroups lists it.
    pub(super) fn describe(&self) -> Instance {
        Instance::builder()
            .instance_id(&self.id)
            .instance_type(&self.instance_type)
            .availability_zone(&self.zone)
            .lifecycle_state(self.lifecycle())
            .health_status(self.health())
            .launch_template(self.template.describe())
            .set_image_id(self.image.clone())
            .protected_from_scale_in(self.protected)
            .set_weighted_capacity(self.weight.map(|weight| weight.to_string()))
            .build()
    }
}
