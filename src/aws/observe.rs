//! Observation: what AWS has, as far as it concerns a stack, read in batches by kind.

use futures_util::FutureExt;

use crate::error::Result;
use crate::input::{Input, Source};
use crate::plan::Observation;
use crate::resource::tags::Owner;
use crate::resource::{AnyObserved, AnyResource};
use crate::stack::{Item, Stack};

use super::tags::OwnedIds;
use super::{
    Cx, auto_scaling_group, launch_template, listener, listener_rule, load_balancer, lookup, notification,
    scaling_policy, scheduled_action, security_group, security_group_rule, target_group,
};

/// The declared resources of one kind.
macro_rules! declared {
    ($stack:expr, $kind:ident) => {
        $stack
            .nodes
            .iter()
            .filter_map(|node| match &node.item {
                Item::Resource(AnyResource::$kind(resource)) => Some(&**resource),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
}

/// Those of them that may be taken over.
macro_rules! adopted {
    ($stack:expr, $kind:ident) => {
        $stack
            .nodes
            .iter()
            .filter(|node| node.adopt)
            .filter_map(|node| match &node.item {
                Item::Resource(AnyResource::$kind(resource)) => Some(&**resource),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
}

/// Reads everything that a plan for the stack needs.
///
/// Kinds are read side by side; what hangs on others (listeners on balancers, rules on listeners,
/// policies on groups) is read after them, and only where there are any.
pub(crate) async fn observe(cx: &Cx<'_>, stack: &Stack, lookups: bool) -> Result<Observation> {
    let groups = declared!(stack, SecurityGroup);
    let targets = declared!(stack, TargetGroup);
    let balancers = declared!(stack, LoadBalancer);
    let templates = declared!(stack, LaunchTemplate);
    let scaling = declared!(stack, AutoScalingGroup);
    let found = async { if lookups { lookup::find(cx, stack).await } else { Ok(Default::default()) } };
    let owned = OwnedIds::default();
    let (found, mut groups, targets, balancers, mut templates, scaling) = tokio::try_join!(
        found.boxed(),
        security_group::observe(cx, &groups, &owned).boxed(),
        target_group::observe(cx, &targets).boxed(),
        load_balancer::observe(cx, &balancers).boxed(),
        launch_template::observe(cx, &templates, &owned).boxed(),
        auto_scaling_group::observe(cx, &scaling).boxed(),
    )?;
    let rules = security_group_rule::adoptable(cx, stack, &found, &mut groups).await?;
    groups.extend(rules);
    launch_template::note_users(&mut templates, &declared!(stack, AutoScalingGroup), &scaling);
    // What is taken over brings along what hangs on it.
    let adopted = adopted!(stack, LoadBalancer);
    let adopts_balancer = |name: &str| adopted.iter().any(|balancer| balancer.name == name);
    // Listeners and rules can also be declared on what other stacks own, by a literal ARN.
    let mut parents: Vec<String> = balancers
        .iter()
        .filter(|balancer| ours_if(cx, balancer.owner.as_ref(), || adopts_balancer(&balancer.spec.name)))
        .map(|balancer| balancer.outputs.arn.to_string())
        .collect();
    parents.extend(
        declared!(stack, Listener)
            .iter()
            .filter_map(|listener| listener.load_balancer.as_known())
            .map(ToString::to_string),
    );
    dedup(&mut parents);
    let adopted = adopted!(stack, AutoScalingGroup);
    let adopts_group = |name: &str| adopted.iter().any(|group| group.name == name);
    let scaled: Vec<_> = scaling
        .iter()
        .filter(|group| ours_if(cx, group.owner.as_ref(), || adopts_group(&group.spec.name)))
        .cloned()
        .collect();
    let notifies = !declared!(stack, Notification).is_empty();
    let scheduled: Vec<&str> =
        declared!(stack, ScheduledAction).iter().filter_map(|action| group_name(stack, &action.group)).collect();
    let (listeners, policies, notifications, actions) = tokio::try_join!(
        listener::observe(cx, &parents),
        scaling_policy::observe(cx, &scaled),
        notification::observe(cx, &scaled, notifies),
        scheduled_action::observe(cx, &scaled, &scheduled),
    )?;
    let adopted = adopted!(stack, Listener);
    let adopts_listener = |port| adopted.iter().any(|listener| listener.accept.port == port);
    let mut parents: Vec<String> = listeners
        .iter()
        .filter(|listener| ours_if(cx, listener.owner.as_ref(), || adopts_listener(listener.spec.accept.port)))
        .filter(|listener| listener.spec.accept.has_rules())
        .map(|listener| listener.outputs.arn.to_string())
        .collect();
    let literal = |listener: &Input<crate::ListenerArn>| listener.as_known().map(ToString::to_string);
    parents.extend(declared!(stack, ListenerRule).iter().filter_map(|rule| literal(&rule.listener)));
    dedup(&mut parents);
    let rules = listener_rule::observe(cx, &parents).await?;

    let mut resources: Vec<AnyObserved> = groups;
    resources.extend(targets);
    resources.extend(load_balancer::any(balancers));
    resources.extend(listeners.into_iter().map(AnyObserved::from));
    resources.extend(rules.into_iter().map(AnyObserved::from));
    resources.extend(templates.into_iter().map(AnyObserved::from));
    resources.extend(auto_scaling_group::any(scaling));
    resources.extend(policies.into_iter().map(AnyObserved::from));
    resources.extend(notifications.into_iter().map(AnyObserved::from));
    resources.extend(actions.into_iter().map(AnyObserved::from));
    Ok(Observation { found, resources })
}

/// The declared name of the group that a child is declared for.
fn group_name<'a>(stack: &'a Stack, group: &'a Input<crate::AutoScalingGroupName>) -> Option<&'a str> {
    match &group.0 {
        Source::Known(name) => Some(name.as_str()),
        Source::Pending(attr) => match &stack.nodes.get(attr.node.index)?.item {
            Item::Resource(AnyResource::AutoScalingGroup(group)) => Some(&group.name),
            _ => None,
        },
    }
}

/// Whether the stack owns it, or is to take it over and nobody owns it.
fn ours_if(cx: &Cx<'_>, owner: Option<&Owner>, adopted: impl Fn() -> bool) -> bool {
    owner.map_or_else(adopted, |owner| owner.stack == cx.stack)
}

fn dedup(list: &mut Vec<String>) {
    list.sort();
    list.dedup();
}
