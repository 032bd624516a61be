//! Brings the number of instances to the desired capacity.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_autoscaling::types::{CapacityDistributionStrategy, ScalingActivityStatusCode as Status};

use super::activity;
use super::clock::stamp;
use super::exit::{self, Manner};
use super::hook::{self, Transition};
use super::source::TemplateVersion;
use super::state::{Group, Member, Stage, Timers};
use crate::sim::ec2;
use crate::sim::error::ApiError;
use crate::sim::fault;
use crate::sim::world::World;

/// Launches what is missing and terminates what is too much, once the reaction time has passed.
pub(super) fn settle(world: &mut World, group: &mut Group) {
    let now = world.now;
    if group.timers.react.is_some_and(|at| at <= now) {
        group.timers.react = None;
        while missing(group) && !group.suspends("Launch") {
            if let Err(error) = launch(world, group) {
                note_failure(world, group, &error);
                group.timers.react = Some(now + group.timers.retry);
                group.timers.retry = (group.timers.retry * 2).min(Timers::LAST_RETRY);
                break;
            }
            group.timers.retry = Timers::FIRST_RETRY;
        }
        while let Some(index) = surplus(group).filter(|_| !group.suspends("Terminate")) {
            shrink(world, group, index);
        }
    }
    let unsettled =
        (missing(group) && !group.suspends("Launch")) || (surplus(group).is_some() && !group.suspends("Terminate"));
    if unsettled && group.timers.react.is_none() {
        group.timers.react = Some(now + world.settings.scaling_reaction.max(Duration::from_millis(1)));
    }
}

fn wanted(group: &Group) -> i32 {
    group.size.desired + group.surge
}

fn missing(group: &Group) -> bool {
    group.capacity() < wanted(group)
}

/// The instance that can go without leaving the group below the wanted capacity.
fn surplus(group: &Group) -> Option<usize> {
    if group.capacity() <= wanted(group) {
        return None;
    }
    exit::choose(group).filter(|index| group.capacity() - group.members[*index].units() >= wanted(group))
}

fn shrink(world: &mut World, group: &mut Group, index: usize) {
    let capacity = group.capacity();
    let cause = format!(
        "{}  At {} an instance was taken out of service in response to a difference between desired and actual \
         capacity, shrinking the capacity from {capacity} to {}.",
        group.cause,
        stamp(world.now),
        capacity - group.members[index].units(),
    );
    exit::begin(world, group, index, &cause, Manner::Graceful);
}

/// Launches one instance. EC2 may refuse in one subnet and not in another.
fn launch(world: &mut World, group: &mut Group) -> Result<(), ApiError> {
    let source = group.launch_source().clone();
    let launchable = source
        .launchables(world)?
        .into_iter()
        .next()
        .ok_or_else(|| ApiError::validation("The group has nothing to launch."))?;
    // Launches of a group are RunInstances calls on AWS too, so faults on these apply.
    if let Some(error) = fault::launch(&mut world.faults, world.now) {
        return Err(error);
    }
    let subnets = subnets_by_preference(world, group);
    let only_best = group.options.zone_distribution.capacity_distribution_strategy()
        == Some(&CapacityDistributionStrategy::BalancedOnly);
    let tags = group.instance_tags();
    let mut refusal = None;
    for subnet in subnets.iter().take(if only_best { 1 } else { subnets.len() }) {
        match ec2::launch_instance(world, &launchable.template, subnet, &tags) {
            Ok(id) => {
                let template = launchable.template;
                let version = TemplateVersion { id: template.id, name: template.name, version: template.version };
                join(world, group, id, version, template.data.image_id, launchable.weight);
                return Ok(());
            }
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    Err(refusal.unwrap_or_else(|| ApiError::validation("The group has no subnet to launch into.")))
}

/// The group's subnets: those in the zone with the fewest instances first, then the subnet with
/// the fewest, then in the group's order.
fn subnets_by_preference(world: &World, group: &Group) -> Vec<String> {
    let mut by_zone: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_subnet: BTreeMap<&str, usize> = BTreeMap::new();
    for member in group.members.iter().filter(|member| member.live()) {
        *by_zone.entry(&member.zone).or_default() += 1;
        *by_subnet.entry(&member.subnet).or_default() += 1;
    }
    let count = |counts: &BTreeMap<&str, usize>, name: &str| counts.get(name).copied().unwrap_or_default();
    let mut subnets = group.options.places(world);
    subnets.sort_by_cached_key(|subnet| {
        let zone = ec2::subnet_place(world, subnet).map(|(_, zone)| zone).unwrap_or_default();
        (count(&by_zone, &zone), count(&by_subnet, subnet))
    });
    subnets
}

/// Takes a launched instance into the group.
fn join(
    world: &mut World,
    group: &mut Group,
    id: String,
    template: TemplateVersion,
    image: Option<String>,
    weight: Option<i32>,
) {
    let facts = ec2::instance_facts(world, &id);
    let (zone, subnet, instance_type) =
        facts.map(|facts| (facts.zone, facts.subnet, facts.instance_type)).unwrap_or_default();
    let capacity = group.capacity();
    let cause = format!(
        "{}  At {} an instance was started in response to a difference between desired and actual capacity, \
         increasing the capacity from {capacity} to {}.",
        group.cause,
        stamp(world.now),
        capacity + weight.unwrap_or(1),
    );
    let activity =
        activity::begin(world, group, format!("Launching a new EC2 instance: {id}"), cause, (&zone, &subnet));
    let waits = hook::hold(world, group, Transition::Launching);
    let (status, progress) =
        if waits.is_empty() { (Status::PreInService, 30) } else { (Status::MidLifecycleAction, 40) };
    activity::progress(world, Some(&activity), status, progress);
    group.members.push(Member {
        id,
        instance_type,
        zone,
        subnet,
        template,
        image,
        weight,
        protected: group.options.protect_new_instances,
        healthy: true,
        launched: world.now,
        in_service: None,
        stage: Stage::Pending,
        waits,
        abandoned: false,
        unhealthy_because: None,
        gone: false,
        activity: Some(activity),
    });
}

fn note_failure(world: &mut World, group: &Group, error: &ApiError) {
    let cause = format!(
        "{}  At {} an instance was started in response to a difference between desired and actual capacity.",
        group.cause,
        stamp(world.now)
    );
    let description = format!("Launching a new EC2 instance.  Status Reason: {}", error.message);
    let id = activity::begin(world, group, description, cause, ("", ""));
    let message = format!(
        "Launching a new EC2 instance. Status Reason: {}. Launching EC2 instance failed.",
        error.message.trim_end_matches('.')
    );
    activity::end(world, Some(&id), Status::Failed, Some(message));
}
