//! Health checks, and the replacement of what fails them.

use super::clock::{seconds, stamp};
use super::exit::{self, Manner};
use super::state::{Group, Stage, Timers};
use crate::sim::ec2::{self, InstanceState};
use crate::sim::elbv2;
use crate::sim::world::World;

/// Checks the instances in service when it is time, and sends unhealthy ones away.
pub(super) fn check(world: &mut World, group: &mut Group) {
    if group.timers.health_check <= world.now {
        group.timers.health_check = world.now + Timers::HEALTH_CHECK;
        if !group.suspends("HealthCheck") {
            mark(world, group);
        }
    }
    if group.suspends("ReplaceUnhealthy") || group.suspends("Terminate") {
        return;
    }
    for index in 0..group.members.len() {
        let member = &group.members[index];
        if member.stage != Stage::InService || member.healthy {
            continue;
        }
        // What no longer runs needs no draining.
        let manner = if is_running(world, &member.id) { Manner::Graceful } else { Manner::AtOnce };
        let reason = member.unhealthy_because.unwrap_or("a user health-check");
        let cause = format!("At {} an instance was taken out of service in response to {reason}.", stamp(world.now));
        group.cause =
            format!("At {} an instance was found to be unhealthy and needs to be replaced.", stamp(world.now));
        exit::begin(world, group, index, &cause, manner);
    }
}

fn is_running(world: &World, instance: &str) -> bool {
    ec2::instance_state(world, instance) == Some(InstanceState::Running)
}

/// Marks the instances that fail a check. The grace period holds only for load balancers' checks:
/// an instance that does not run is replaced at once.
fn mark(world: &World, group: &mut Group) {
    let by_balancer = group.options.health_check_type.split(',').any(|kind| kind == "ELB");
    let grace = seconds(group.options.health_check_grace_period);
    let target_groups = group.active_target_groups();
    for member in group.members.iter_mut().filter(|member| member.stage == Stage::InService && member.healthy) {
        if !is_running(world, &member.id) {
            member.healthy = false;
            member.unhealthy_because = Some("an EC2 health check indicating it has been terminated or stopped");
        } else if by_balancer
            && member.warm(world.now, grace)
            && target_groups
                .iter()
                .any(|target_group| elbv2::target_health(world, target_group, &member.id) == Some("unhealthy"))
        {
            member.healthy = false;
            member.unhealthy_because = Some("an ELB system health check failure");
        }
    }
}
