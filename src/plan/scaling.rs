//! What Auto Scaling groups and their policies must be to each other, and what is unwise of them.

use std::collections::HashSet;

use crate::input::{Attr, Resolve};
use crate::lookup::Found;
use crate::problem::Problems;
use crate::resource::tags::MOST;
use crate::resource::{
    AnyObserved, AnyOutputs, AnyResource, AutoScalingGroup, CapacityUnit, GroupHealthCheck, InstanceRefresh,
    InstanceTag, LaunchTemplate, LifecycleTransition, LoadBalancerKind, ScalingPolicy, ScalingProcess,
};
use crate::stack::{Item, Node, Stack};
use crate::value::Value;

use super::Subject;
use super::check::declared;

/// AWS's limit of tags.
const TAGS: usize = 50;

/// What a group needs of others; `group` has purlin's own tags, too.
pub(super) fn check_group(stack: &Stack, node: &Node, group: &AutoScalingGroup, problems: &mut Problems<'_>) {
    let Item::Resource(AnyResource::AutoScalingGroup(own)) = &node.item else { return };
    // A replacement brings one more: the declared name.
    if own.tags.len() + own.lifecycle_hooks.len() <= MOST && group.tags.len() + 1 > TAGS {
        let number = format!("{} tags", own.tags.len());
        let rule = format!(
            "leave no room: AWS takes {TAGS}, and purlin keeps {} of its own, one for each policy, hook, \
             notification and scheduled action among them",
            group.tags.len() + 1 - own.tags.len()
        );
        problems.report("V178", "tags", number, rule);
    }
    if own.instance_refresh.as_ref().is_some_and(|refresh| refresh.rolls_back()) {
        for template in own.launch_template.templates() {
            let Some(AnyResource::LaunchTemplate(template)) = declared(stack, &Value::of(&template.id)) else {
                continue;
            };
            let image = template.image.as_ref().and_then(|image| image.as_known());
            if image.is_some_and(|image| image.is_parameter()) {
                let rule = "AWS can go back to images by their ids only, not to a parameter of Systems Manager";
                problems.report("V170", "instance_refresh.auto_rollback", "true", rule);
            }
        }
    }
}

/// Requests are counted for a target group that the Auto Scaling group has, and that an application
/// load balancer forwards to.
pub(super) fn check_labels(
    stack: &Stack,
    policy: &ScalingPolicy,
    forwarding: &HashSet<(Attr, Attr)>,
    problems: &mut Problems<'_>,
) {
    for label in policy.labels() {
        let Some(targets) = label.targets().and_then(Resolve::pending) else { continue };
        let name = &stack.nodes[targets.node.index].address;
        if declared(stack, &Value::of(&policy.group)).is_some_and(|group| !refers_to(group, targets)) {
            let rule = "is no target group of the Auto Scaling group, whose requests are meant";
            problems.report("V180", "scaling", name, rule);
            continue;
        }
        let Some(balancer) = label.balancer().and_then(Resolve::pending) else { continue };
        let Some(AnyResource::LoadBalancer(declared)) = declared(stack, &Value::Pending(balancer)) else { continue };
        let address = &stack.nodes[balancer.node.index].address;
        if declared.kind != LoadBalancerKind::Application {
            let rule = "is no application load balancer: only those count requests";
            problems.report("V180", "scaling", address, rule);
        } else if !forwarding.contains(&(balancer, targets)) {
            let rule = format!("gets nothing from {address}: a listener or rule must forward to it");
            problems.report("V180", "scaling", name, rule);
        }
    }
}

fn refers_to(resource: &AnyResource, attr: Attr) -> bool {
    let mut refers = false;
    resource.visit_pending(&mut |other| refers |= other == attr);
    refers
}

/// What listeners, and their rules, forward: from a declared load balancer to a declared target group.
pub(super) fn forwarding(stack: &Stack) -> HashSet<(Attr, Attr)> {
    let mut pairs = HashSet::new();
    for node in &stack.nodes {
        let Item::Resource(resource) = &node.item else { continue };
        let listener = match resource {
            AnyResource::ListenerRule(rule) => declared(stack, &Value::of(&rule.listener)),
            listener => Some(listener),
        };
        let Some(AnyResource::Listener(listener)) = listener else { continue };
        let Some(balancer) = listener.load_balancer.pending() else { continue };
        resource.visit_pending(&mut |other| {
            pairs.insert((balancer, other));
        });
    }
    pairs
}

/// What is unwise about a group.
pub(super) fn advise_group(
    stack: &Stack,
    subject: &Subject,
    group: &AutoScalingGroup,
    known: &[Option<AnyOutputs>],
    say: &mut impl FnMut(&'static str, String),
) {
    let asks_balancer = group.health_checks.contains(&GroupHealthCheck::LoadBalancer);
    if !group.target_groups.is_empty() && !asks_balancer {
        say("ec2-health-only", "instances that fail the load balancer's health check are not replaced; set `health_check(GroupHealthCheck::LoadBalancer)`".to_owned());
    }
    let grace = group.health_check_grace_period.unwrap_or_default();
    let held = group.lifecycle_hooks.iter().any(|hook| hook.transition == LifecycleTransition::Launching);
    if asks_balancer && grace.is_zero() && !held {
        say(
            "no-grace-period",
            "instances that the load balancer finds unhealthy while they start are replaced, again and again; set `health_check_grace_period`".to_owned(),
        );
    }
    // What a refresh takes the warm-up from (StartInstanceRefresh, `RefreshPreferences.InstanceWarmup`).
    let warm_up = |refresh: &InstanceRefresh| refresh.warmup.or(group.default_instance_warmup).unwrap_or(grace);
    if group.instance_refresh.as_ref().map(warm_up).is_some_and(|warm_up| warm_up.is_zero())
        && !group.target_groups.is_empty()
        && !held
    {
        say(
            "no-warm-up",
            "an instance refresh goes on to the next instances as soon as new ones run, healthy in the target group \
             or not; set `InstanceRefresh::warmup`"
                .to_owned(),
        );
    }
    if let Some(name) = &group.placement_group
        && zones(stack, subject, known) > 1
    {
        say(
            "placement-group-zones",
            format!("the group is in several zones: AWS refuses that if {name} is a cluster placement group"),
        );
    }
    if let Some(template) = template_of(stack, subject) {
        for (key, tag) in group.tags.iter().filter(|(_, tag)| tag.propagate) {
            let launched = template.launched_tags.get(&InstanceTag::Instance).and_then(|tags| tags.get(key));
            if let Some(other) = launched.filter(|other| **other != tag.value) {
                say(
                    "tag-overrides-template",
                    format!(
                        "instances get {key} = {:?} from the group, not {other:?} from the launch template; volumes keep the template's",
                        tag.value
                    ),
                );
            }
        }
    }
}

/// The groups that the calendar resizes.
pub(super) fn resized(stack: &Stack) -> HashSet<Attr> {
    let actions = stack.nodes.iter().filter_map(|node| match &node.item {
        Item::Resource(AnyResource::ScheduledAction(action)) => action.group.pending(),
        _ => None,
    });
    actions.collect()
}

/// A group of one possible size cannot be scaled, unless the calendar gives it another.
pub(super) fn advise_policy(
    stack: &Stack,
    subject: &Subject,
    resized: &HashSet<Attr>,
    say: &mut impl FnMut(&'static str, String),
) {
    let Some(Item::Resource(AnyResource::ScalingPolicy(policy))) = subject.node.map(|node| &stack.nodes[node].item)
    else {
        return;
    };
    let Some(group) = policy.group.pending() else { return };
    let Some(AnyResource::AutoScalingGroup(scaled)) = declared(stack, &Value::Pending(group)) else { return };
    let (min, max) = scaled.sizes;
    if min == max && !resized.contains(&group) {
        say("nothing-to-scale", format!("the group has {min} instances at least and at most; give it sizes apart"));
    }
}

/// How many zones a group is in, as far as that is known.
fn zones(stack: &Stack, subject: &Subject, known: &[Option<AnyOutputs>]) -> usize {
    let Some(Item::Resource(AnyResource::AutoScalingGroup(group))) = subject.node.map(|node| &stack.nodes[node].item)
    else {
        return 0;
    };
    if let Some(zones) = group.subnets.zones() {
        return zones.names.len().max(zones.ids.len());
    }
    let lookup =
        group.subnets.subnets().and_then(Resolve::pending).and_then(|attr| known.get(attr.node.index)?.as_ref());
    match lookup {
        Some(AnyOutputs::Found(Found::Subnets(subnets))) => subnets.zones.iter().collect::<HashSet<_>>().len(),
        _ => 0,
    }
}

/// How many instances go because of what is declared now.
pub(super) fn scale_in(subject: &Subject, group: &AutoScalingGroup) -> Option<(u32, String)> {
    let Some(AnyObserved::AutoScalingGroup(observed)) = &subject.observed else { return None };
    let (min, max) = group.sizes;
    let present = observed.spec.desired_capacity?;
    let pinned = group.desired_capacity.filter(|_| group.pin_desired_capacity);
    let after = pinned.unwrap_or_else(|| present.max(min).min(max));
    if after >= present || group.suspended_processes.contains(&ScalingProcess::Terminate) {
        return None;
    }
    let weighted =
        group.launch_template.mixed().is_some_and(|mixed| mixed.overrides.iter().any(|it| it.weight.is_some()));
    let counts = !weighted && group.capacity_unit.is_none_or(|unit| unit == CapacityUnit::Units);
    let units = if counts { "instances" } else { "units of capacity" };
    let going = present - after;
    Some((going, format!("{going} of {present} {units} go: the declared sizes leave {after}")))
}

/// The declared template of a declared group.
fn template_of<'a>(stack: &'a Stack, subject: &Subject) -> Option<&'a LaunchTemplate> {
    let Item::Resource(AnyResource::AutoScalingGroup(group)) = &stack.nodes[subject.node?].item else { return None };
    let template = group.launch_template.templates().first().map(|template| Value::of(&template.id))?;
    match declared(stack, &template)? {
        AnyResource::LaunchTemplate(template) => Some(template),
        _ => None,
    }
}
