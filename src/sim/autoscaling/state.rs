//! What the simulated Auto Scaling holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_autoscaling::types::{LifecycleState, WarmPoolConfiguration};

use super::activity::Activity;
use super::attachment::Attachment;
use super::hook::{Hook, Transition};
use super::options::{Options, Size};
use super::policy::Policy;
use super::refresh::Refresh;
use super::schedule::ScheduledAction;
use super::source::{LaunchSource, TemplateVersion};
use super::tag::GroupTag;
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// What the simulated Auto Scaling holds.
#[derive(Debug, Default)]
pub(crate) struct AutoScalingState {
    pub(super) groups: BTreeMap<String, Group>,
    /// Of all groups, also deleted ones, oldest first.
    pub(super) activities: Vec<Activity>,
    /// CPU work by group name, in percent of one instance; set by tests, also ahead of the group.
    pub(super) loads: BTreeMap<String, f64>,
}

/// An Auto Scaling group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) created: Duration,
    pub(super) source: LaunchSource,
    pub(super) size: Size,
    pub(super) options: Options,
    pub(super) operator: Option<String>,
    pub(super) members: Vec<Member>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) tags: BTreeMap<String, GroupTag>,
    pub(super) metrics: BTreeSet<String>,
    /// Suspended processes with the reasons that AWS gives.
    pub(super) suspended: BTreeMap<String, String>,
    pub(super) hooks: BTreeMap<String, Hook>,
    pub(super) policies: BTreeMap<String, Policy>,
    pub(super) scheduled: BTreeMap<String, ScheduledAction>,
    /// Notification types by topic.
    pub(super) notifications: BTreeMap<String, BTreeSet<String>>,
    pub(super) warm_pool: Option<WarmPoolConfiguration>,
    /// When a warm pool on its way out is gone.
    pub(super) warm_pool_goes: Option<Duration>,
    /// Oldest first; only the last can be active.
    pub(super) refreshes: Vec<Refresh>,
    pub(super) timers: Timers,
    /// Why the capacity last changed, for the causes of scaling activities.
    pub(super) cause: String,
    /// What an instance refresh launches above the desired capacity.
    pub(super) surge: i32,
    /// When the deletion was ordered.
    pub(super) deleting: Option<Duration>,
    /// When the last scaling activity ended: cooldowns count from here.
    pub(super) scaled: Option<Duration>,
}

/// When a group acts next.
#[derive(Debug, Clone)]
pub(super) struct Timers {
    /// When the group is looked at next; never in the past once it has been looked at.
    pub(super) wake: Duration,
    /// When a difference between desired and actual capacity is acted on.
    pub(super) react: Option<Duration>,
    /// How long to wait after the next failed launch; doubles with each.
    pub(super) retry: Duration,
    pub(super) health_check: Duration,
    pub(super) evaluation: Duration,
}

/// An instance of a group.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) instance_type: String,
    pub(super) zone: String,
    pub(super) subnet: String,
    pub(super) template: TemplateVersion,
    pub(super) image: Option<String>,
    /// Units of capacity, where the group's overrides have weights.
    pub(super) weight: Option<i32>,
    pub(super) protected: bool,
    pub(super) healthy: bool,
    pub(super) launched: Duration,
    pub(super) in_service: Option<Duration>,
    pub(super) stage: Stage,
    /// Lifecycle hooks that hold the instance in its stage.
    pub(super) waits: BTreeMap<String, Wait>,
    /// A launching hook was answered with `ABANDON`: it must go.
    pub(super) abandoned: bool,
    /// The check that found it unhealthy; `None` when a user did.
    pub(super) unhealthy_because: Option<&'static str>,
    /// Terminated: it leaves the group.
    pub(super) gone: bool,
    /// The scaling activity under way for it.
    pub(super) activity: Option<String>,
}

/// Where an instance stands in its life within the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Pending,
    InService,
    /// On its way out; its targets drain.
    Draining,
    /// On its way out; terminating hooks hold it.
    Held,
    /// EC2 was told to terminate it at this time.
    Terminating(Duration),
}

/// A lifecycle hook that holds an instance.
#[derive(Debug, Clone)]
pub(super) struct Wait {
    pub(super) token: String,
    pub(super) since: Duration,
    pub(super) deadline: Duration,
}

impl Member {
    /// Whether it counts as capacity: it has not been told to go.
    pub(super) fn live(&self) -> bool {
        matches!(self.stage, Stage::Pending | Stage::InService)
    }

    pub(super) fn units(&self) -> i32 {
        self.weight.unwrap_or(1)
    }

    /// Whether it has been in service for `warmup`.
    pub(super) fn warm(&self, now: Duration, warmup: Duration) -> bool {
        self.stage == Stage::InService && self.in_service.is_some_and(|since| since + warmup <= now)
    }

    pub(super) fn lifecycle(&self) -> LifecycleState {
        match self.stage {
            Stage::Pending if self.waits.is_empty() => LifecycleState::Pending,
            Stage::Pending => LifecycleState::PendingWait,
            Stage::InService => LifecycleState::InService,
            Stage::Held => LifecycleState::TerminatingWait,
            Stage::Draining | Stage::Terminating(_) => LifecycleState::Terminating,
        }
    }

    pub(super) fn health(&self) -> &'static str {
        if self.healthy { "Healthy" } else { "Unhealthy" }
    }
}

impl Group {
    pub(super) fn suspends(&self, process: &str) -> bool {
        self.suspended.contains_key(process)
    }

    /// The capacity of the instances that are not on their way out.
    pub(super) fn capacity(&self) -> i32 {
        self.members.iter().filter(|member| member.live()).map(Member::units).sum()
    }

    pub(super) fn member(&self, instance: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == instance)
    }

    pub(super) fn hooks_of(&self, transition: Transition) -> impl Iterator<Item = &Hook> {
        self.hooks.values().filter(move |hook| hook.transition == transition)
    }

    /// Has the group looked at anew, and its capacity acted on after AWS's usual reaction time.
    pub(super) fn rethink(&mut self, now: Duration, reaction: Duration) {
        self.timers.wake = now;
        self.timers.react = Some(now + reaction);
        self.timers.retry = Timers::FIRST_RETRY;
    }

    /// Changes the desired capacity; `cause` says who did it.
    pub(super) fn set_desired(&mut self, desired: i32, cause: &str) {
        if desired != self.size.desired {
            self.cause = format!("{cause} changing the desired capacity from {} to {desired}.", self.size.desired);
            self.size.desired = desired;
        }
    }

    /// What new instances are launched from: the desired configuration of a refresh under way, else
    /// the group's own.
    pub(super) fn launch_source(&self) -> &LaunchSource {
        self.active_refresh().and_then(Refresh::launch_source).unwrap_or(&self.source)
    }

    /// The refresh that is under way.
    pub(super) fn active_refresh(&self) -> Option<&Refresh> {
        self.refreshes.last().filter(|refresh| refresh.is_active())
    }
}

impl Timers {
    pub(super) const FIRST_RETRY: Duration = Duration::from_secs(30);
    pub(super) const LAST_RETRY: Duration = Duration::from_secs(300);
    pub(super) const HEALTH_CHECK: Duration = Duration::from_secs(30);
    pub(super) const EVALUATION: Duration = Duration::from_secs(60);

    pub(super) fn new(now: Duration, reaction: Duration) -> Self {
        Self {
            wake: now,
            react: Some(now + reaction),
            retry: Self::FIRST_RETRY,
            health_check: now + Self::HEALTH_CHECK,
            evaluation: now + Self::EVALUATION,
        }
    }
}

impl AutoScalingState {
    /// The group that a request names; also one that is being deleted.
    pub(super) fn group(&self, name: Option<&str>) -> Result<&Group, ApiError> {
        let name = super::check::name(name, "autoScalingGroupName")?;
        self.groups.get(name).ok_or_else(|| no_group(name))
    }

    /// The group that a request wants to change.
    pub(super) fn modifiable(&self, name: Option<&str>) -> Result<&Group, ApiError> {
        let group = self.group(name)?;
        if group.deleting.is_some() {
            return Err(ApiError::validation("The AutoScaling group may not be modified while it is pending delete"));
        }
        Ok(group)
    }
}

/// Changes a group after all checks; it is looked at anew at once.
pub(super) fn change<R>(
    world: &mut World,
    name: Option<&str>,
    change: impl FnOnce(&mut Group) -> R,
) -> Result<R, ApiError> {
    let now = world.now;
    let name = world.autoscaling.modifiable(name)?.name.clone();
    let group = world.autoscaling.groups.get_mut(&name).ok_or_else(|| no_group(&name))?;
    group.timers.wake = now;
    Ok(change(group))
}

fn no_group(name: &str) -> ApiError {
    ApiError::validation(format!("AutoScalingGroup name not found - AutoScalingGroup '{name}' not found"))
}

/// An identifier in the form of a UUID, counted like all others.
pub(super) fn new_uuid(world: &mut World) -> String {
    let suffix = world.new_suffix();
    format!("00000000-0000-4000-8000-{}", suffix.get(4..).unwrap_or_default())
}
