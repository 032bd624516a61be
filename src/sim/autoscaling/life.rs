//! The life of a group: what it does by itself, and when.
//!
//! A group is looked at whenever something may have become due. One look moves every instance as
//! far as it can go, then checks health, alarms, an instance refresh and finally the capacity, and
//! notes when to look again. All of it is a function of the world as it stands, so looking too
//! often does no harm.

use std::time::Duration;

use aws_sdk_autoscaling::types::ScalingActivityStatusCode as Status;

use super::attachment::{self, AttachmentStage};
use super::clock::{seconds, stamp};
use super::exit::{self, Manner};
use super::hook::{self, Transition};
use super::state::{Group, Stage};
use super::{activity, capacity, health, rolling, schedule, tracking};
use crate::sim::ec2::{self, InstanceState};
use crate::sim::elbv2;
use crate::sim::world::World;

/// How often something is looked at whose end nobody can foretell.
const POLL: Duration = Duration::from_secs(1);

/// Looks at the groups that are due.
pub(super) fn run(world: &mut World) {
    let now = world.now;
    let due: Vec<String> = world
        .autoscaling
        .groups
        .values()
        .filter(|group| group.timers.wake <= now)
        .map(|group| group.name.clone())
        .collect();
    for name in due {
        if let Some(mut group) = world.autoscaling.groups.remove(&name)
            && !look(world, &mut group)
        {
            world.autoscaling.groups.insert(name, group);
        }
    }
}

/// One look at a group; tells whether it is gone.
fn look(world: &mut World, group: &mut Group) -> bool {
    let now = world.now;
    attachment::settle(world, group);
    if group.warm_pool_goes.is_some_and(|at| at <= now) {
        group.warm_pool_goes = None;
        group.warm_pool = None;
    }
    for index in 0..group.members.len() {
        step(world, group, index);
    }
    group.members.retain(|member| !member.gone);
    if let Some(since) = group.deleting {
        if group.members.is_empty() && since + world.settings.scaling_reaction <= now {
            return true;
        }
    } else {
        schedule::run(world, group);
        health::check(world, group);
        tracking::evaluate(world, group);
        rolling::step(world, group);
        capacity::settle(world, group);
    }
    group.timers.wake = next_look(world, group);
    false
}

/// Moves an instance as far as it can go.
fn step(world: &mut World, group: &mut Group, index: usize) {
    let now = world.now;
    hook::expire(now, &group.hooks, &mut group.members[index]);
    if group.members[index].stage == Stage::Pending {
        arrive(world, group, index);
    }
    if group.members[index].stage == Stage::Draining {
        let member = &group.members[index];
        let draining = group
            .attachments
            .iter()
            .any(|attachment| elbv2::target_health(world, &attachment.identifier, &member.id) == Some("draining"));
        if !draining {
            let waits = hook::hold(world, group, Transition::Terminating);
            let member = &mut group.members[index];
            member.waits = waits;
            member.stage = Stage::Held;
            let activity = member.activity.clone();
            activity::progress(world, activity.as_ref(), Status::MidLifecycleAction, 60);
        }
    }
    if group.members[index].stage == Stage::Held && group.members[index].waits.is_empty() {
        exit::terminate(world, &mut group.members[index]);
    }
    if let Stage::Terminating(_) = group.members[index].stage
        && matches!(ec2::instance_state(world, &group.members[index].id), None | Some(InstanceState::Terminated))
    {
        let member = &mut group.members[index];
        member.gone = true;
        let activity = member.activity.take();
        activity::end(world, activity.as_ref(), Status::Successful, None);
        group.scaled = Some(now);
    }
}

/// A pending instance goes into service, waits on, or fails.
fn arrive(world: &mut World, group: &mut Group, index: usize) {
    let now = world.now;
    let member = &mut group.members[index];
    match ec2::instance_state(world, &member.id) {
        _ if member.abandoned => {
            fail(world, group, index, "Instance failed to complete user's Lifecycle Action: it was abandoned.");
        }
        Some(InstanceState::Pending) => {}
        Some(InstanceState::Running) if !member.waits.is_empty() => {}
        Some(InstanceState::Running) => {
            member.stage = Stage::InService;
            member.in_service = Some(now);
            let (instance, activity) = (member.id.clone(), member.activity.take());
            if !group.suspends("AddToLoadBalancer") {
                for target_group in group.active_target_groups() {
                    elbv2::register_instance(world, &target_group, &instance);
                }
            }
            activity::end(world, activity.as_ref(), Status::Successful, None);
            group.scaled = Some(now);
        }
        None | Some(InstanceState::ShuttingDown | InstanceState::Terminated) => {
            fail(world, group, index, "Instance was terminated before it was in service.");
        }
    }
}

/// Gives up on an instance that was launched and did not make it into service.
fn fail(world: &mut World, group: &mut Group, index: usize, reason: &str) {
    let activity = group.members[index].activity.take();
    activity::end(
        world,
        activity.as_ref(),
        Status::Cancelled,
        Some(format!(
            "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: {reason}"
        )),
    );
    group.members[index].healthy = false;
    let cause = format!("At {} an instance was taken out of service before it was in service.", stamp(world.now));
    exit::begin(world, group, index, &cause, Manner::AtOnce);
}

/// When to look at the group again: the first of all moments at which something may change.
fn next_look(world: &World, group: &Group) -> Duration {
    let now = world.now;
    let mut next: Option<Duration> = None;
    let mut consider = |at: Duration| {
        // What is overdue could not be done now; a change to the group will have it looked at again.
        if at > now {
            next = Some(next.map_or(at, |earliest| earliest.min(at)));
        }
    };
    for member in &group.members {
        match member.stage {
            Stage::Pending => match ec2::instance_running_at(world, &member.id) {
                Some(at) if at > now => consider(at),
                Some(_) => {}
                None => consider(now + POLL),
            },
            Stage::InService | Stage::Held => {}
            Stage::Draining => consider(now + POLL),
            Stage::Terminating(since) => consider((since + world.settings.instance_termination).max(now + POLL)),
        }
        member.waits.values().for_each(|wait| consider(wait.deadline));
    }
    for attachment in &group.attachments {
        match attachment.stage {
            AttachmentStage::Adding(at) | AttachmentStage::Removing(at) => consider(at),
            AttachmentStage::Draining => consider(now + POLL),
            AttachmentStage::Added | AttachmentStage::Initial => {}
        }
    }
    group.timers.react.into_iter().for_each(&mut consider);
    group.warm_pool_goes.into_iter().for_each(&mut consider);
    if let Some(since) = group.deleting {
        consider(since + world.settings.scaling_reaction);
    } else {
        if !group.members.is_empty() {
            consider(group.timers.health_check);
        }
        if tracking::is_needed(group) {
            consider(group.timers.evaluation);
        }
        schedule::next(world, group).into_iter().for_each(&mut consider);
        rolling::moments(world, group).into_iter().for_each(&mut consider);
    }
    next.unwrap_or(Duration::MAX)
}

/// How long an instance warms up: what the first of the settings says that is set.
pub(super) fn warmup(own: Option<i32>, group: &Group, fallback: i32) -> Duration {
    seconds(own.or(group.options.default_instance_warmup).unwrap_or(fallback))
}
