//! Simulated Elastic Load Balancing: balancers, target groups, listeners, rules.

mod action;
mod action_config;
mod attribute;
mod balancer;
mod balancer_change;
mod catalog;
mod certificate;
mod check;
mod condition;
mod given;
mod health;
mod health_check;
mod listener;
mod listener_settings;
mod model;
mod permission;
mod placement;
mod rule;
mod tag;
mod target;
mod target_group;
#[cfg(test)]
mod tests;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_smithy_mocks::Rule;

use super::clients::rules;
use super::traffic::Route;
use super::world::{Shared, World};

pub use given::SimTarget;
pub(crate) use model::ElbState;

pub(crate) fn rules(shared: &Shared) -> Vec<Rule> {
    rules![shared, ElasticLoadBalancing, Client:
        create_load_balancer => "CreateLoadBalancer", balancer::create;
        describe_load_balancers => "DescribeLoadBalancers", balancer::describe;
        delete_load_balancer => "DeleteLoadBalancer", balancer::delete;
        set_security_groups => "SetSecurityGroups", balancer_change::set_security_groups;
        set_subnets => "SetSubnets", balancer_change::set_subnets;
        set_ip_address_type => "SetIpAddressType", balancer_change::set_ip_address_type;
        modify_ip_pools => "ModifyIpPools", balancer_change::modify_ip_pools;
        modify_capacity_reservation => "ModifyCapacityReservation", balancer_change::modify_capacity;
        describe_capacity_reservation => "DescribeCapacityReservation", balancer_change::describe_capacity;
        create_target_group => "CreateTargetGroup", target_group::create;
        describe_target_groups => "DescribeTargetGroups", target_group::describe;
        modify_target_group => "ModifyTargetGroup", target_group::modify;
        delete_target_group => "DeleteTargetGroup", target_group::delete;
        register_targets => "RegisterTargets", target::register;
        deregister_targets => "DeregisterTargets", target::deregister;
        describe_target_health => "DescribeTargetHealth", target::describe_health;
        create_listener => "CreateListener", listener::create;
        describe_listeners => "DescribeListeners", listener::describe;
        modify_listener => "ModifyListener", listener::modify;
        delete_listener => "DeleteListener", listener::delete;
        add_listener_certificates => "AddListenerCertificates", certificate::add;
        remove_listener_certificates => "RemoveListenerCertificates", certificate::remove;
        describe_listener_certificates => "DescribeListenerCertificates", certificate::describe;
        create_rule => "CreateRule", rule::create;
        describe_rules => "DescribeRules", rule::describe;
        modify_rule => "ModifyRule", rule::modify;
        delete_rule => "DeleteRule", rule::delete;
        set_rule_priorities => "SetRulePriorities", rule::set_priorities;
        add_tags => "AddTags", tag::add;
        remove_tags => "RemoveTags", tag::remove;
        describe_tags => "DescribeTags", tag::describe;
        describe_load_balancer_attributes => "DescribeLoadBalancerAttributes", attribute::describe_balancer;
        modify_load_balancer_attributes => "ModifyLoadBalancerAttributes", attribute::modify_balancer;
        describe_target_group_attributes => "DescribeTargetGroupAttributes", attribute::describe_target_group;
        modify_target_group_attributes => "ModifyTargetGroupAttributes", attribute::modify_target_group;
        describe_listener_attributes => "DescribeListenerAttributes", attribute::describe_listener;
        modify_listener_attributes => "ModifyListenerAttributes", attribute::modify_listener;
        describe_ssl_policies => "DescribeSSLPolicies", catalog::describe_policies;
        describe_account_limits => "DescribeAccountLimits", catalog::describe_limits;
    ]
}

/// All listeners and rules that forward, and whether healthy targets get what they forward.
pub(crate) fn routes(world: &World) -> Vec<Route> {
    let route = |rule: &model::ListenerRule| {
        let listener = world.elb.listeners.get(&rule.listener)?;
        let (arn, place) = match rule.priority {
            None => (&listener.arn, format!("{} port {:?}", listener.balancer, listener.settings.port)),
            Some(number) => (&rule.arn, format!("{} number {number}", listener.arn)),
        };
        let groups: Vec<&str> = model::traffic_of(&rule.actions).collect();
        let trouble = health::trouble(world, &groups);
        (!groups.is_empty()).then(|| Route { arn: arn.clone(), place, trouble })
    };
    world.elb.rules.values().filter_map(route).collect()
}

/// Whether a target group exists, for those who name it.
pub(crate) fn target_group_exists(world: &World, arn: &str) -> bool {
    world.elb.target_groups.get(arn).is_some_and(|group| world.can_be_named(group.created))
}

/// The VPC of a target group; `None` for an unknown one, and one of a Lambda function.
pub(crate) fn target_group_vpc<'w>(world: &'w World, arn: &str) -> Option<&'w str> {
    world.elb.target_groups.get(arn)?.settings.vpc.as_deref()
}

/// The load balancer that forwards to a target group.
pub(crate) fn balancer_of<'w>(world: &'w World, target_group: &str) -> Option<&'w str> {
    world.elb.user_of(target_group).map(|balancer| balancer.arn.as_str())
}

/// Registers an instance on the group's port, as Auto Scaling does. No effect on an unknown group.
pub(crate) fn register_instance(world: &mut World, target_group: &str, instance: &str) {
    target::register_instance(world, target_group, instance);
}

/// Deregisters an instance: `draining` for the deregistration delay, then gone.
pub(crate) fn deregister_instance(world: &mut World, target_group: &str, instance: &str) {
    target::deregister_instance(world, target_group, instance);
}

/// A target's health at `world.now` as Auto Scaling reads it: `healthy`, `unhealthy`, `initial`, `unused`,
/// `draining`; `None` when it is not registered.
pub(crate) fn target_health(world: &World, target_group: &str, instance: &str) -> Option<&'static str> {
    let group = world.elb.target_groups.get(target_group)?;
    let targets = health::of_group(world, group);
    targets.into_iter().find(|(key, _)| key.id == instance).map(|(_, health)| health.state)
}
