//! Target tracking: alarms on the average CPU utilization of a group.

use std::time::Duration;

use aws_sdk_autoscaling::types::ScalingPolicy;

use super::clock::stamp;
use super::life::warmup;
use super::policy::Policy;
use super::state::{Group, Stage, Timers};
use crate::sim::world::World;

/// Minutes above the target after which the high alarm goes off: AWS evaluates 3 periods.
const HIGH_MINUTES: u32 = 3;
/// Minutes well below the target after which the low alarm goes off: AWS evaluates 15 periods.
const LOW_MINUTES: u32 = 15;
/// The low alarm stands at 90 % of the target.
const LOW_SHARE: f64 = 0.9;
/// The two alarms, as their names have them.
pub(super) const HIGH: &str = "AlarmHigh";
pub(super) const LOW: &str = "AlarmLow";

/// Whether the group has a policy that follows the CPU.
pub(super) fn is_needed(group: &Group) -> bool {
    group.policies.values().any(|policy| cpu_target(&policy.described).is_some())
}

/// The target of an enabled policy on the group's average CPU utilization. The simulation knows no
/// other metric, so policies on others stand still.
fn cpu_target(policy: &ScalingPolicy) -> Option<f64> {
    let tracking = policy.target_tracking_configuration().filter(|_| policy.enabled() != Some(false))?;
    let metric = tracking.predefined_metric_specification()?.predefined_metric_type()?;
    // The second is newer than the SDK's enumeration.
    let follows = ["ASGAverageCPUUtilization", "ASGAverageCPUUtilizationHighResolution"].contains(&metric.as_str());
    follows.then(|| tracking.target_value())?
}

/// Looks at the alarms once a minute and lets them scale the group.
pub(super) fn evaluate(world: &mut World, group: &mut Group) {
    let now = world.now;
    if group.timers.evaluation > now {
        return;
    }
    // On the minutes since the group began. After a time without policies the next is due first.
    let behind = now.saturating_sub(group.timers.evaluation);
    let minutes = behind.as_secs() / Timers::EVALUATION.as_secs();
    group.timers.evaluation += Timers::EVALUATION * u32::try_from(minutes + 1).unwrap_or(u32::MAX);
    if !behind.is_zero() {
        return;
    }
    let load = world.autoscaling.loads.get(&group.name).copied().unwrap_or_default();
    let Some((average, serving)) = utilization(group, load) else {
        group.policies.values_mut().for_each(Policy::calm);
        return;
    };
    // AWS allows one policy per metric, so there is at most one that follows the CPU.
    let followed =
        group.policies.iter_mut().find_map(|(name, policy)| Some((name, cpu_target(&policy.described)?, policy)));
    let Some((name, target, policy)) = followed else { return };
    policy.observe(average, target);
    let wish = policy.wish(average, target, serving);
    let (name, own_warmup) = (name.clone(), policy.described.estimated_instance_warmup());
    // Instances that warm up count as capacity, and further steps wait for them.
    let warming = is_warming(group, now, warmup(own_warmup, group, group.options.default_cooldown));
    if warming || group.suspends("AlarmNotification") {
        return;
    }
    if let Some((side, desired)) = wish {
        let desired = desired.clamp(group.size.min, group.size.max);
        let worthwhile = if side == HIGH { desired > group.size.desired } else { desired < group.size.desired };
        if worthwhile {
            let alarm = group.policies.get(&name).and_then(|policy| policy.alarm(side)).unwrap_or(side);
            let cause = format!("At {} a monitor alarm {alarm} in state ALARM triggered policy {name}", stamp(now));
            group.set_desired(desired, &cause);
            group.timers.react = Some(now + world.settings.scaling_reaction);
        }
    }
}

/// The average CPU utilization, and how many instances it is the average of. None of them, no data.
fn utilization(group: &Group, load: f64) -> Option<(f64, f64)> {
    let serving = u32::try_from(group.members.iter().filter(|member| member.stage == Stage::InService).count()).ok()?;
    (serving > 0).then(|| ((load / f64::from(serving)).min(100.0), f64::from(serving)))
}

fn is_warming(group: &Group, now: Duration, warmup: Duration) -> bool {
    group.members.iter().any(|member| member.live() && !member.warm(now, warmup))
}

impl Policy {
    fn calm(&mut self) {
        self.above = 0;
        self.below = 0;
    }

    fn observe(&mut self, average: f64, target: f64) {
        self.above = if average > target { self.above.saturating_add(1) } else { 0 };
        self.below = if average < target * LOW_SHARE { self.below.saturating_add(1) } else { 0 };
    }

    /// The alarm that is on, and the capacity that would bring the group to its target.
    fn wish(&self, average: f64, target: f64, serving: f64) -> Option<(&'static str, i32)> {
        let scales_in = self
            .described
            .target_tracking_configuration()
            .is_none_or(|tracking| tracking.disable_scale_in() != Some(true));
        // A hair less than a whole number is that number: 3 × 60 / 60 must not become 4.
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and sizes are far below its limits")]
        let fitting = (serving * average / target - 1e-9).ceil() as i32;
        if self.above >= HIGH_MINUTES {
            Some((HIGH, fitting))
        } else if self.below >= LOW_MINUTES && scales_in {
            Some((LOW, fitting))
        } else {
            None
        }
    }

    /// The name of the policy's alarm on one side.
    fn alarm(&self, side: &str) -> Option<&str> {
        self.described.alarms().iter().filter_map(|alarm| alarm.alarm_name()).find(|name| name.contains(side))
    }
}
