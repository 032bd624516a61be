//! Checks that need more than one resource, or what the lookups found.

use std::collections::{HashMap, HashSet};

use crate::lookup::Found;
use crate::problem::{Problem, Problems};
use crate::resource::{
    Action, Actions, AnyOutputs, AnyResource, Condition, Direction, Forwarder, Listener, ListenerProtocol,
    ListenerRule, LoadBalancerKind, Rule, SecurityGroupRule, TargetProtocol,
};
use crate::stack::{Item, Stack};
use crate::value::Value;

use super::placement::Placement;
use super::{ResourceChange, Subject, launches, scaling};

/// Reports what is wrong between resources.
pub(super) fn check(
    stack: &Stack,
    resources: &[(usize, AnyResource)],
    known: &[Option<AnyOutputs>],
    found: &mut Vec<Problem>,
) {
    let mut keys: HashMap<String, usize> = HashMap::new();
    let mut placement = Placement::new(stack, resources, known);
    let forwarding = scaling::forwarding(stack);
    for (index, resource) in resources {
        let node = &stack.nodes[*index];
        let mut problems = Problems::new(&node.address, found);
        // Two with one natural key: names, ports, priorities, rules.
        let parts = resource.natural_key();
        let key = format!("{}|{parts:?}", resource.kind());
        if let Some(first) = keys.insert(key, *index) {
            let shown: Vec<_> = parts.iter().filter(|part| !part.is_pending()).map(Value::to_string).collect();
            problems.report(
                resource.traits().same,
                "(identity)",
                shown.join(", "),
                format!("AWS takes it for the same as {}", stack.nodes[first].address),
            );
        }
        match resource {
            AnyResource::Listener(listener) => {
                if let Some(kind) = foreign_balancer(stack, listener) {
                    problems.report(
                        "V76",
                        "accept",
                        listener.accept.name(),
                        format!("is not a protocol of {kind} load balancers"),
                    );
                } else {
                    check_targets(stack, &listener.action, listener.accept.protocol, &mut problems);
                }
                placement.listener(listener, &mut problems);
                placement.forwards(*index, listener, &listener.action, &mut problems);
            }
            AnyResource::ListenerRule(rule) => {
                if let Some(AnyResource::Listener(listener)) = declared(stack, &Value::of(&rule.listener)) {
                    check_rule(stack, rule, listener, &mut problems);
                    placement.forwards(*index, listener, &rule.action, &mut problems);
                }
            }
            AnyResource::SecurityGroupRule(rule) => check_group_rule(&placement, rule, &mut problems),
            AnyResource::ScalingPolicy(policy) => {
                if let Item::Resource(AnyResource::ScalingPolicy(declared)) = &node.item {
                    scaling::check_labels(stack, declared, &forwarding, &mut problems);
                }
                let Some(tracking) = policy.tracking() else { continue };
                let key = format!("tracking|{:?}|{:?}", Value::of(&policy.group), tracking.metric);
                if let Some(first) = keys.insert(key, *index) {
                    let rule = format!(
                        "{} tracks this metric already; target tracking policies of a group must each have another",
                        stack.nodes[first].address
                    );
                    problems.report("V194", "scaling", tracking.metric.name(), rule);
                }
            }
            AnyResource::LoadBalancer(balancer) => placement.balancer(*index, balancer, &mut problems),
            AnyResource::TargetGroup(group) => placement.target_group(group, &mut problems),
            AnyResource::AutoScalingGroup(group) => {
                scaling::check_group(stack, node, group, &mut problems);
                placement.auto_scaling_group(group, &mut problems);
            }
            _ => {}
        }
    }
    launches::check(stack, known, found);
}

/// Reports subnets that cannot take a load balancer that is about to be made or moved; one that
/// stands already may have used them up itself.
pub(super) fn subnets_fit(
    subjects: &[Subject],
    changes: &[ResourceChange],
    known: &[Option<AnyOutputs>],
    found: &mut Vec<Problem>,
) {
    for (subject, change) in subjects.iter().zip(changes) {
        let Some(balancer @ AnyResource::LoadBalancer(_)) = &subject.desired else { continue };
        let moves = change.properties.iter().any(|property| property.path.starts_with("subnet"));
        if !moves {
            continue;
        }
        let mut problems = Problems::new(&change.address, found);
        let ids = balancer.effective("subnets");
        let is_application = balancer.effective("type") == Value::of("application");
        let is_public = balancer.effective("scheme") == Value::of("internet-facing");
        let lookups = known.iter().filter_map(|known| match known {
            Some(AnyOutputs::Found(Found::Subnets(subnets))) => Some(subnets),
            _ => None,
        });
        // Several lookups may have found one subnet.
        let mut seen = HashSet::new();
        for subnets in lookups {
            for (index, id) in subnets.ids.iter().enumerate() {
                if !contains(&ids, id.as_str()) || !seen.insert(id) {
                    continue;
                }
                let free = subnets.free_addresses.get(index).copied().unwrap_or(u32::MAX);
                if is_application && free < FREE_ADDRESSES {
                    problems.report(
                        "V37",
                        "subnets",
                        id,
                        format!("must have at least {FREE_ADDRESSES} free addresses, and has {free}"),
                    );
                }
                if is_public && subnets.internet.get(index) == Some(&false) {
                    problems.report(
                        "V38",
                        "subnets",
                        id,
                        "must have a route to an internet gateway, or the load balancer be an internal one",
                    );
                }
            }
        }
    }
}

/// How many addresses an application load balancer wants in each subnet (Application Load Balancer
/// guide, "Subnets for your load balancer").
const FREE_ADDRESSES: u32 = 8;

fn contains(list: &Value, id: &str) -> bool {
    let mut found = false;
    list.walk(&mut |value| found |= value.as_text() == Some(id));
    found
}

/// The type of a listener's load balancer, if such balancers do not have such listeners.
fn foreign_balancer(stack: &Stack, listener: &Listener) -> Option<LoadBalancerKind> {
    let Some(AnyResource::LoadBalancer(balancer)) = declared(stack, &Value::of(&listener.load_balancer)) else {
        return None;
    };
    (listener.accept.balancer() != balancer.kind.as_str()).then_some(balancer.kind)
}

/// A rule of its own must not repeat one that its group declares, or has by default.
fn check_group_rule(placement: &Placement<'_>, rule: &SecurityGroupRule, problems: &mut Problems<'_>) {
    let Some(AnyResource::SecurityGroup(group)) = placement.declared(&Value::of(&rule.group)) else { return };
    let repeats = match (rule.direction, &group.egress) {
        (Direction::Ingress, _) => group.ingress.iter().any(|other| other.is_same(&rule.rule)),
        (Direction::Egress, Some(egress)) => egress.iter().any(|other| other.is_same(&rule.rule)),
        (Direction::Egress, None) => rule.rule.is_same(&Rule::everything_out()),
    };
    if repeats {
        problems.report("V118", "rule", Value::of(&rule.rule), "is a rule that the group has already");
    }
}

/// Protocols of listener and target group must go together.
fn check_targets(stack: &Stack, actions: &Actions, listener: Option<ListenerProtocol>, problems: &mut Problems<'_>) {
    let Action::Forward(forward) = &actions.last else { return };
    for group in &forward.groups {
        let Some(AnyResource::TargetGroup(group)) = declared(stack, &Value::of(&group.group)) else { continue };
        let receives = group.traffic.map(|traffic| traffic.protocol);
        if !takes(group.forwarder(), receives, listener) {
            let (listener, receives) = (
                listener.map_or("gateway", ListenerProtocol::as_str),
                receives.map_or("a Lambda function", TargetProtocol::as_str),
            );
            problems.report(
                "V71",
                "action",
                format!("{listener} to {receives}"),
                "the target group does not take this listener's protocol",
            );
        }
    }
}

/// Whether target groups that receive this can stand behind such listeners; on network load
/// balancers, a group of two protocols also behind listeners of one of them.
pub(super) fn takes(group: Forwarder, receives: Option<TargetProtocol>, listener: Option<ListenerProtocol>) -> bool {
    use {ListenerProtocol as From, TargetProtocol as To};
    let wanted: &[To] = match listener {
        None => return group == Forwarder::Gateway,
        Some(From::Http | From::Https) => return group == Forwarder::Application,
        Some(From::Tcp) => &[To::Tcp, To::TcpUdp],
        Some(From::Tls) => &[To::Tls, To::Tcp],
        Some(From::Udp) => &[To::Udp, To::TcpUdp],
        Some(From::TcpUdp) => &[To::TcpUdp],
        Some(From::Quic) => &[To::Quic, To::TcpQuic],
        Some(From::TcpQuic) => &[To::TcpQuic],
    };
    receives.is_some_and(|receives| wanted.contains(&receives))
}

/// What rules can ask for and do depends on the listener and the type of the load balancer.
fn check_rule(stack: &Stack, rule: &ListenerRule, listener: &Listener, problems: &mut Problems<'_>) {
    if foreign_balancer(stack, listener).is_some() {
        return;
    }
    if let Action::Forward(forward) = &rule.action.last {
        let gateway = forward.groups.iter().position(|group| {
            let group = declared(stack, &Value::of(&group.group));
            matches!(group, Some(AnyResource::TargetGroup(group)) if group.forwarder() == Forwarder::Gateway)
        });
        if let Some(index) = gateway {
            let rule = "rules cannot forward to target groups of gateway load balancers";
            problems.report("V101", format!("action.forward[{index}]"), "GENEVE", rule);
            return;
        }
    }
    rule.action.validate_on(listener.accept.is_https(), problems);
    check_targets(stack, &rule.action, listener.accept.protocol, problems);
    if listener.accept.is_http() {
        if rule.conditions.iter().any(|condition| matches!(condition, Condition::SourceAddressType(_))) {
            problems.report(
                "V95",
                "conditions",
                "source_address_type",
                "only rules of network load balancers can ask for the type of address",
            );
        }
        return;
    }
    if rule.conditions.iter().any(|condition| !matches!(condition, Condition::SourceAddressType(_))) {
        let rule = "rules of network load balancers can only ask for the type of address";
        problems.report("V95", "conditions", listener.accept.name(), rule);
    }
    if !matches!(rule.action.last, Action::Forward(_)) {
        let rule = "rules of network load balancers can only forward";
        problems.report("V81", "action", listener.accept.name(), rule);
    }
    for (path, rewrite) in [("rewrite_host", &rule.rewrite_host), ("rewrite_url", &rule.rewrite_url)] {
        if rewrite.is_some() {
            let rule = "rules of network load balancers cannot rewrite";
            problems.report("V102", path, listener.accept.name(), rule);
        }
    }
}

/// The declaration that a value comes from.
pub(super) fn declared<'a>(stack: &'a Stack, value: &Value) -> Option<&'a AnyResource> {
    let Value::Pending(attr) = value else { return None };
    match &stack.nodes.get(attr.node.index)?.item {
        Item::Resource(resource) => Some(resource),
        Item::Lookup(_) => None,
    }
}
