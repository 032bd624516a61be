//! How instances leave a group, and which one leaves first.

use aws_sdk_autoscaling::types::ScalingActivityStatusCode as Status;

use super::activity;
use super::clock::stamp;
use super::source::LaunchSource;
use super::state::{Group, Member, Stage};
use crate::sim::world::World;
use crate::sim::{ec2, elbv2};

/// Whether targets drain and terminating hooks run before an instance is terminated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Graceful,
    AtOnce,
}

/// Takes an instance out of service and sends it on its way out.
pub(super) fn begin(world: &mut World, group: &mut Group, index: usize, cause: &str, manner: Manner) {
    let id = group.members[index].id.clone();
    for target_group in group.attachments.iter().map(|attachment| &attachment.identifier) {
        if elbv2::target_health(world, target_group, &id).is_some_and(|health| health != "draining") {
            elbv2::deregister_instance(world, target_group, &id);
        }
    }
    let member = &group.members[index];
    // What was still starting ends here.
    activity::end(world, member.activity.as_ref(), Status::Cancelled, None);
    let cause = format!("{cause}  At {} instance {id} was selected for termination.", stamp(world.now));
    let place = (member.zone.clone(), member.subnet.clone());
    let activity =
        activity::begin(world, group, format!("Terminating EC2 instance: {id}"), cause, (&place.0, &place.1));
    let member = &mut group.members[index];
    member.waits.clear();
    member.activity = Some(activity.clone());
    member.stage = Stage::Draining;
    if manner == Manner::AtOnce {
        terminate(world, member);
    } else {
        activity::progress(world, Some(&activity), Status::WaitingForElbConnectionDraining, 30);
    }
}

/// Tells EC2 to terminate an instance.
pub(super) fn terminate(world: &mut World, member: &mut Member) {
    ec2::terminate_instance(world, &member.id);
    member.stage = Stage::Terminating(world.now);
    activity::progress(world, member.activity.as_ref(), Status::InProgress, 80);
}

/// The instance that a scale-in terminates: from the zone with the most instances, then by the
/// group's termination policies, then the one that was launched first.
pub(super) fn choose(group: &Group) -> Option<usize> {
    let live = |member: &&Member| member.live();
    let in_zone = |zone: &str| group.members.iter().filter(live).filter(|member| member.zone == zone).count();
    let candidates = group.members.iter().enumerate().filter(|(_, member)| member.live() && !member.protected);
    let mut candidates: Vec<(usize, &Member)> = candidates.collect();
    keep_least(&mut candidates, |member| member.healthy);
    keep_least(&mut candidates, |member| std::cmp::Reverse(in_zone(&member.zone)));
    for policy in &group.options.termination_policies {
        match policy.as_str() {
            // The hour of billing is no longer what instances are paid by: the oldest launch is
            // as close to it as any.
            "Default" => {
                keep_least(&mut candidates, |member| template_age(group, member));
                keep_least(&mut candidates, |member| member.launched);
            }
            "OldestLaunchTemplate" => keep_least(&mut candidates, |member| template_age(group, member)),
            "OldestInstance" | "ClosestToNextInstanceHour" => keep_least(&mut candidates, |member| member.launched),
            "NewestInstance" => keep_least(&mut candidates, |member| std::cmp::Reverse(member.launched)),
            // No launch configurations, one price, no functions: these policies choose nothing.
            _ => {}
        }
    }
    keep_least(&mut candidates, |member| member.launched);
    candidates.first().map(|(index, _)| *index)
}

fn keep_least<K: Ord>(candidates: &mut Vec<(usize, &Member)>, key: impl Fn(&Member) -> K) {
    if let Some(least) = candidates.iter().map(|(_, member)| key(member)).min() {
        candidates.retain(|(_, member)| key(member) == least);
    }
}

/// Orders by template: templates that the group no longer uses first, then by version.
fn template_age(group: &Group, member: &Member) -> (bool, i64) {
    let source: &LaunchSource = &group.source;
    let current = source
        .specifications()
        .iter()
        .any(|specification| specification.launch_template_id() == Some(member.template.id.as_str()));
    (current, member.template.version)
}
