//! The work of an instance refresh: replaces instances in batches that keep enough of the group in
//! service.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_autoscaling::types::{InstanceRefreshStatus as Status, RollbackDetails, ScaleInProtectedInstances};

use super::clock::{date, seconds, stamp};
use super::exit::{self, Manner};
use super::refresh::Refresh;
use super::state::{Group, Member, Stage};
use crate::sim::world::World;

/// After so long without progress a refresh fails: the hour that AWS documents.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How many instances may be out of service, and how many launched beforehand.
struct Batch {
    /// The units that must stay in service.
    floor: i32,
    /// The units that may be launched above the desired capacity.
    surge: i32,
}

/// Moves the refresh under way as far as it can go.
pub(super) fn step(world: &mut World, group: &mut Group) {
    group.surge = 0;
    if group.active_refresh().is_none() {
        return;
    }
    let Some(mut refresh) = group.refreshes.pop() else { return };
    if !group.suspends("InstanceRefresh") || refresh.status == Status::Cancelling {
        advance(world, group, &mut refresh);
    }
    group.refreshes.push(refresh);
}

fn advance(world: &mut World, group: &mut Group, refresh: &mut Refresh) {
    let now = world.now;
    match refresh.status {
        Status::Pending if refresh.started + world.settings.scaling_reaction <= now => {
            refresh.todo = to_replace(world, group, refresh);
            refresh.total = refresh.todo.len();
            refresh.remaining = refresh.total;
            refresh.status = Status::InProgress;
            refresh.progressed = now;
            roll(world, group, refresh);
        }
        Status::InProgress | Status::RollbackInProgress => roll(world, group, refresh),
        Status::Baking if refresh.progressed + bake_time(refresh) <= now => finish(now, group, refresh),
        Status::Cancelling if refresh.progressed + world.settings.scaling_reaction <= now => {
            let in_transition = group.members.iter().any(|member| member.stage != Stage::InService);
            if !in_transition || !refresh.cancel_waits {
                end(now, refresh, Status::Cancelled);
            }
        }
        _ => {}
    }
}

fn bake_time(refresh: &Refresh) -> Duration {
    seconds(refresh.preferences.bake_time().unwrap_or_default())
}

/// The instances that a refresh replaces.
fn to_replace(world: &World, group: &Group, refresh: &Refresh) -> BTreeSet<String> {
    let preferences = &refresh.preferences;
    let target = refresh.source.as_ref().unwrap_or(&group.source);
    let spared = |member: &Member| {
        let ignored =
            member.protected && preferences.scale_in_protected_instances() == Some(&ScaleInProtectedInstances::Ignore);
        let matching =
            preferences.skip_matching() == Some(true) && target.matches(world, &member.template, &member.instance_type);
        ignored || matching
    };
    group.members.iter().filter(|member| member.live() && !spared(member)).map(|member| member.id.clone()).collect()
}

/// One round of replacements.
fn roll(world: &mut World, group: &mut Group, refresh: &mut Refresh) {
    let now = world.now;
    let warmup = seconds(refresh.preferences.instance_warmup().unwrap_or_default());
    // What left by itself needs no replacing any more.
    refresh.todo.retain(|id| group.member(id).is_some_and(Member::live));
    let batch = batch(group, refresh);
    let allowance = allowance(now, refresh);
    retire(world, group, refresh, &batch, warmup, allowance);
    let waiting: i32 = group.members.iter().filter(|member| refresh.todo.contains(&member.id)).map(Member::units).sum();
    let allowance = i32::try_from(allowance).unwrap_or(i32::MAX);
    let done = i32::try_from(refresh.total - refresh.todo.len()).unwrap_or(i32::MAX);
    group.surge = batch.surge.min(waiting).min((allowance - done).max(0));
    // Replacements start at once, not after the usual reaction time.
    if group.capacity() < group.size.desired + group.surge
        && group.timers.react.is_none_or(|at| at > now)
        && !retrying(group)
    {
        group.timers.react = Some(now);
    }
    let settled = measure(now, group, refresh, warmup);
    if settled || past_last_checkpoint(refresh) {
        group.surge = 0;
        if refresh.status == Status::InProgress && !bake_time(refresh).is_zero() {
            refresh.status = Status::Baking;
            refresh.progressed = now;
        } else {
            finish(now, group, refresh);
        }
    } else if refresh.progressed + PATIENCE <= now {
        fail(now, group, refresh);
    }
}

/// Whether the next launch is put off after a failed one.
fn retrying(group: &Group) -> bool {
    group.timers.retry > super::state::Timers::FIRST_RETRY
}

/// The bounds of a batch. Both percentages at 100 would stand still: with a maximum that was set
/// AWS then launches one instance beforehand, without one it terminates one first
/// (`RefreshPreferences`).
fn batch(group: &Group, refresh: &Refresh) -> Batch {
    let desired = group.size.desired;
    let percent = |percent: i32| desired.saturating_mul(percent);
    let floor = percent(refresh.preferences.min_healthy_percentage().unwrap_or(90)).saturating_add(99) / 100;
    match refresh.max_healthy {
        Some(max) => {
            let surge = (percent(max) / 100 - desired).max(0);
            Batch { floor, surge: if surge == 0 && floor >= desired { 1 } else { surge } }
        }
        None => Batch { floor: floor.min(desired - 1).max(0), surge: 0 },
    }
}

/// How many instances may be replaced before the next checkpoint is due.
fn allowance(now: Duration, refresh: &mut Refresh) -> usize {
    if refresh.status == Status::RollbackInProgress {
        return refresh.total;
    }
    let delay = seconds(refresh.preferences.checkpoint_delay().unwrap_or(3600));
    let checkpoints = refresh.preferences.checkpoint_percentages();
    if refresh.reached.is_some_and(|at| at + delay <= now) && refresh.checkpoint + 1 < checkpoints.len() {
        refresh.checkpoint += 1;
        refresh.reached = None;
        refresh.progressed = now;
    }
    match checkpoints.get(refresh.checkpoint).and_then(|&percent| usize::try_from(percent).ok()) {
        Some(percent) => (refresh.total * percent).div_ceil(100),
        None => refresh.total,
    }
}

/// Sends instances away as far as the batch allows: first those that serve nobody anyway.
fn retire(
    world: &mut World,
    group: &mut Group,
    refresh: &mut Refresh,
    batch: &Batch,
    warmup: Duration,
    allowance: usize,
) {
    if group.suspends("Terminate") {
        return;
    }
    let now = world.now;
    // What is to be replaced has warmed up long ago, or will not be needed warm.
    let due: BTreeSet<String> = refresh.todo.clone();
    let ready = |member: &Member| {
        let warmup = if due.contains(&member.id) { Duration::ZERO } else { warmup };
        member.healthy && member.warm(now, warmup)
    };
    let mut serving: i32 = group.members.iter().filter(|member| ready(member)).map(Member::units).sum();
    let mut order: Vec<usize> = (0..group.members.len())
        .filter(|&index| {
            refresh.todo.contains(&group.members[index].id) && !group.members[index].protected_from(refresh)
        })
        .collect();
    order.sort_by_key(|&index| (ready(&group.members[index]), group.members[index].launched));
    for index in order {
        if refresh.total - refresh.todo.len() >= allowance {
            break;
        }
        let member = &group.members[index];
        if ready(member) {
            if serving - member.units() < batch.floor {
                break;
            }
            serving -= member.units();
        }
        refresh.todo.remove(&member.id);
        let cause =
            format!("At {} an instance was taken out of service in response to an instance refresh.", stamp(now));
        group.cause = format!("At {} an instance was replaced in response to an instance refresh.", stamp(now));
        exit::begin(world, group, index, &cause, Manner::Graceful);
    }
}

impl Member {
    /// Whether a refresh waits for its protection to be removed.
    fn protected_from(&self, refresh: &Refresh) -> bool {
        self.protected && refresh.preferences.scale_in_protected_instances() == Some(&ScaleInProtectedInstances::Wait)
    }
}

/// Works out how far the refresh has come; tells whether there is nothing left to do.
fn measure(now: Duration, group: &Group, refresh: &mut Refresh, warmup: Duration) -> bool {
    let new = || group.members.iter().filter(|member| member.live() && !refresh.todo.contains(&member.id));
    let ready = |member: &&Member| member.healthy && member.warm(now, warmup);
    let unready = new().filter(|member| !ready(member)).count();
    let lacking = usize::try_from(group.size.desired + group.surge - group.capacity()).unwrap_or_default();
    let left = refresh.todo.len() + unready + lacking;
    let remaining = left.min(refresh.total);
    let warming = new().any(|member| member.healthy && member.in_service.is_some() && !ready(&member));
    if remaining < refresh.remaining || warming || refresh.reached.is_some() {
        refresh.progressed = now;
    }
    if refresh.todo.is_empty() || remaining < refresh.remaining {
        refresh.remaining = remaining;
    }
    let share = ((refresh.total - refresh.remaining) * 100).checked_div(refresh.total).unwrap_or(100);
    let done = i32::try_from(share).unwrap_or(100);
    refresh.percent = match &refresh.rollback {
        // "This value gradually goes back down to zero during a rollback."
        Some(rollback) => rollback.percentage_complete_on_rollback().unwrap_or_default() * (100 - done) / 100,
        None => refresh.percent.max(done),
    };
    let goal = refresh.preferences.checkpoint_percentages().get(refresh.checkpoint);
    if goal.is_some_and(|&goal| refresh.percent >= goal) && refresh.reached.is_none() {
        refresh.reached = Some(now);
    }
    left == 0
}

/// Whether the last checkpoint ends the refresh early: "To replace all instances, the last number
/// in the array must be 100."
fn past_last_checkpoint(refresh: &Refresh) -> bool {
    let checkpoints = refresh.preferences.checkpoint_percentages();
    refresh.status == Status::InProgress
        && checkpoints.last().is_some_and(|&last| last < 100)
        && refresh.checkpoint + 1 == checkpoints.len()
        && refresh.reached.is_some()
}

fn finish(now: Duration, group: &mut Group, refresh: &mut Refresh) {
    if refresh.status == Status::RollbackInProgress {
        end(now, refresh, Status::RollbackSuccessful);
    } else {
        // "Once the instance refresh succeeds, Amazon EC2 Auto Scaling updates the settings of the
        // Auto Scaling group to reflect the new desired configuration."
        if let Some(source) = &refresh.source {
            group.source = source.clone();
        }
        end(now, refresh, Status::Successful);
    }
}

fn fail(now: Duration, group: &mut Group, refresh: &mut Refresh) {
    let reason = "The instance refresh made no progress for one hour.";
    if refresh.status == Status::RollbackInProgress {
        end(now, refresh, Status::RollbackFailed);
        refresh.reason = Some(reason.to_owned());
    } else if refresh.preferences.auto_rollback() == Some(true) {
        turn_back(now, group, refresh, reason);
    } else {
        end(now, refresh, Status::Failed);
        refresh.reason = Some(reason.to_owned());
    }
}

fn end(now: Duration, refresh: &mut Refresh, status: Status) {
    refresh.status = status;
    refresh.ended = Some(now);
}

/// Starts to replace what the refresh launched by what the group launched before.
pub(super) fn turn_back(now: Duration, group: &mut Group, refresh: &mut Refresh, reason: &str) {
    refresh.rollback = Some(
        RollbackDetails::builder()
            .rollback_reason(reason)
            .rollback_start_time(date(now))
            .percentage_complete_on_rollback(refresh.percent)
            .instances_to_update_on_rollback(i32::try_from(refresh.remaining).unwrap_or(i32::MAX))
            .build(),
    );
    refresh.status = Status::RollbackInProgress;
    refresh.reason = Some(reason.to_owned());
    refresh.progressed = now;
    refresh.todo = group
        .members
        .iter()
        .filter(|member| member.live() && member.launched >= refresh.started)
        .map(|member| member.id.clone())
        .collect();
    refresh.total = refresh.todo.len();
    refresh.remaining = refresh.total;
    // What is missing is launched from the old configuration at once.
    group.rethink(now, Duration::ZERO);
}

/// The moments at which the refresh under way may move on.
pub(super) fn moments(world: &World, group: &Group) -> Vec<Duration> {
    let Some(refresh) = group.active_refresh() else { return Vec::new() };
    let reaction = world.settings.scaling_reaction;
    match refresh.status {
        Status::Pending => vec![refresh.started + reaction],
        Status::Baking => vec![refresh.progressed + bake_time(refresh)],
        Status::Cancelling => vec![refresh.progressed + reaction],
        _ => {
            let warmup = seconds(refresh.preferences.instance_warmup().unwrap_or_default());
            let delay = seconds(refresh.preferences.checkpoint_delay().unwrap_or(3600));
            let warm = group.members.iter().filter_map(|member| member.in_service).map(|since| since + warmup);
            warm.chain(refresh.reached.map(|at| at + delay)).chain([refresh.progressed + PATIENCE]).collect()
        }
    }
}
