//! The health of targets, worked out from when things happened and what holds now.

use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::TargetTypeEnum as Type;

use super::model::{Balancer, Target, TargetGroup, TargetKey};
use crate::sim::ec2::{self, InstanceState};
use crate::sim::world::World;

/// A target's health as AWS words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Health {
    pub(super) state: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) description: Option<&'static str>,
}

impl Health {
    const HEALTHY: Self = Self { state: "healthy", reason: None, description: None };
    const CHECKING: Self = Self::new("initial", "Elb.InitialHealthChecking", "Initial health checks in progress");
    const REGISTERING: Self = Self::new("initial", "Elb.RegistrationInProgress", "Target registration is in progress");
    const TIMEOUT: Self = Self::new("unhealthy", "Target.Timeout", "Request timed out");
    const DRAINING: Self =
        Self::new("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress");
    const NOT_IN_USE: Self = Self::new(
        "unused",
        "Target.NotInUse",
        "Target group is not configured to receive traffic from the load balancer",
    );
    const OUTSIDE: Self = Self::new(
        "unused",
        "Target.NotInUse",
        "Target is in an Availability Zone that is not enabled for the load balancer",
    );
    const UNCHECKED: Self =
        Self::new("unavailable", "Target.HealthCheckDisabled", "Health checks are not enabled for this target group");
    pub(super) const NOT_REGISTERED: Self =
        Self::new("unused", "Target.NotRegistered", "Target is not registered to the target group");

    const fn new(state: &'static str, reason: &'static str, description: &'static str) -> Self {
        Self { state, reason: Some(reason), description: Some(description) }
    }
}

/// The registered targets of a group and their health.
pub(super) fn of_group(world: &World, group: &TargetGroup) -> Vec<(TargetKey, Health)> {
    let targets = group.targets.iter();
    targets.filter_map(|(key, target)| Some((key.clone(), of_target(world, group, key, target)?))).collect()
}

/// The health of a target; `None` for one that has gone by itself: drained, or terminated.
fn of_target(world: &World, group: &TargetGroup, key: &TargetKey, target: &Target) -> Option<Health> {
    let by_instance = group.settings.target_type == Type::Instance;
    let state = ec2_state(world, by_instance, key);
    if by_instance && matches!(state, None | Some(InstanceState::Terminated)) {
        return None;
    }
    if target.draining.is_some() {
        return (!target.is_gone(world.now)).then_some(Health::DRAINING);
    }
    let user = group.used_since.zip(world.elb.user_of(&group.arn));
    let Some((used_since, balancer)) = user else { return Some(Health::NOT_IN_USE) };
    if !group.health_check.enabled {
        return Some(Health::UNCHECKED);
    }
    if by_instance && !is_in_zone(world, balancer, &key.id) {
        return Some(Health::OUTSIDE);
    }
    if !balancer.routes(world.now) {
        return Some(Health::REGISTERING);
    }
    let mut since = used_since.max(target.registered).max(balancer.provisioned);
    match state {
        Some(InstanceState::Pending) => return Some(Health::REGISTERING),
        Some(InstanceState::ShuttingDown) => return Some(Health::TIMEOUT),
        _ => {}
    }
    if by_instance {
        since = since.max(ec2::instance_running_at(world, &key.id).unwrap_or(Duration::ZERO));
    }
    Some(if world.now < since + world.settings.target_health_check {
        Health::CHECKING
    } else if answers(world, group, balancer, key) {
        Health::HEALTHY
    } else {
        Health::TIMEOUT
    })
}

/// Why none of the target groups has a healthy target; none if one has. Targets that are not checked
/// get traffic, too.
pub(super) fn trouble(world: &World, groups: &[&str]) -> Option<String> {
    let mut words = Vec::new();
    for arn in groups {
        let Some(group) = world.elb.target_groups.get(*arn) else {
            words.push(format!("{arn} does not exist"));
            continue;
        };
        let targets = of_group(world, group);
        if targets.iter().any(|(_, health)| matches!(health.state, "healthy" | "unavailable")) {
            return None;
        }
        let states: Vec<_> = targets.iter().map(|(key, health)| format!("{} {}", key.id, health.state)).collect();
        words.push(format!("{arn} has no healthy target: [{}]", states.join(", ")));
    }
    Some(words.join("; "))
}

fn ec2_state(world: &World, by_instance: bool, key: &TargetKey) -> Option<InstanceState> {
    if by_instance { ec2::instance_state(world, &key.id) } else { None }
}

fn is_in_zone(world: &World, balancer: &Balancer, instance: &str) -> bool {
    ec2::instance_facts(world, instance)
        .is_some_and(|facts| balancer.settings.places.values().any(|place| place.zone == facts.zone))
}

/// The port that health checks go to.
pub(super) fn check_port(group: &TargetGroup, key: &TargetKey) -> Option<String> {
    match group.health_check.port.as_deref() {
        Some("traffic-port") => key.port.map(|port| port.to_string()),
        port => port.map(str::to_owned),
    }
}

/// Whether the target answers health checks. Of what stands outside EC2 nothing is known, and it
/// is taken to answer.
fn answers(world: &World, group: &TargetGroup, balancer: &Balancer, key: &TargetKey) -> bool {
    match group.settings.target_type {
        Type::Instance => {
            let port = check_port(group, key).and_then(|port| port.parse::<u16>().ok());
            let (Some(port), Some(facts)) = (port, ec2::instance_facts(world, &key.id)) else { return false };
            let from: Vec<String> = balancer.settings.groups.iter().cloned().collect();
            facts.serves.contains(&port) && ec2::reaches(world, &from, &facts.groups, port)
        }
        Type::Alb => world.elb.balancers.get(&key.id).is_some_and(|target| {
            target.routes(world.now)
                && world.elb.listeners_of(&target.arn).any(|listener| listener.settings.port == key.port)
        }),
        _ => true,
    }
}
