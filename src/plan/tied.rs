//! Target groups that are tied to a load balancer on its way out.
//!
//! A target group can be used by one load balancer only (`TargetGroupAssociationLimit`, I15, I16):
//! where a balancer is replaced, the groups that the successor's listeners need are replaced too.

use std::collections::{HashMap, HashSet};

use crate::resource::{AnyObserved, AnyResource};
use crate::stack::Stack;
use crate::value::Value;

use super::build::{differences_any, needs_replacement};
use super::successor::needs_room;

/// The ARNs of target groups that listeners of outgoing balancers hold, and that declared listeners
/// need.
pub(super) fn target_groups(
    stack: &Stack,
    declared: &[(usize, AnyResource)],
    observed: &[Option<AnyObserved>],
) -> HashSet<String> {
    let going = going(stack, declared, observed);
    if going.is_empty() {
        return HashSet::new();
    }
    let needed = addresses_needed(declared);
    let ours = |resource: &&AnyObserved| {
        resource
            .owner()
            .is_some_and(|owner| owner.stack == stack.name() && needed.contains(stack.present(&owner.address)))
    };
    let groups: HashSet<String> = observed
        .iter()
        .flatten()
        .filter(|resource| matches!(resource, AnyObserved::TargetGroup(_)))
        .filter(ours)
        .map(|group| group.outputs().id().to_owned())
        .collect();
    // Rules hang on listeners, listeners on balancers.
    let mut outgoing = going;
    let mut held = HashSet::new();
    for kind in ["Listener", "ListenerRule"] {
        for resource in observed.iter().flatten().filter(|resource| resource.kind() == kind) {
            if resource.parent().as_text().is_some_and(|parent| outgoing.contains(parent)) {
                outgoing.insert(resource.outputs().id().to_owned());
                resource.visit_texts(&mut |text| {
                    if groups.contains(text) {
                        held.insert(text.to_owned());
                    }
                });
            }
        }
    }
    held
}

/// The ARNs of balancers of the stack that no declaration keeps.
fn going(stack: &Stack, declared: &[(usize, AnyResource)], observed: &[Option<AnyObserved>]) -> HashSet<String> {
    let mut by_name: HashMap<String, &AnyResource> = HashMap::new();
    for (_, resource) in declared {
        if let AnyResource::LoadBalancer(balancer) = resource {
            by_name.insert(format!("{:?}", balancer.name), resource);
            by_name.extend(
                balancer.tags.get(crate::resource::tags::ADDRESS).map(|address| (address.to_owned(), resource)),
            );
        }
    }
    let stays = |balancer: &AnyObserved| {
        let name = balancer.natural_key().first().map(Value::to_string).unwrap_or_default();
        let address = balancer.owner().map(|owner| stack.present(&owner.address)).unwrap_or_default();
        [by_name.get(&name), by_name.get(address)]
            .into_iter()
            .flatten()
            // One that goes before its successor comes gives its target groups free in time.
            .any(|declared| !needs_replacement(&differences_any(declared, balancer)) || needs_room(declared, balancer))
    };
    observed
        .iter()
        .flatten()
        .filter(|resource| matches!(resource, AnyObserved::LoadBalancer(_)))
        .filter(|balancer| balancer.owner().is_some_and(|owner| owner.stack == stack.name()) && !stays(balancer))
        .map(|balancer| balancer.outputs().id().to_owned())
        .collect()
}

/// The addresses of target groups that declared listeners and rules forward to.
fn addresses_needed(declared: &[(usize, AnyResource)]) -> HashSet<String> {
    let groups: HashMap<usize, &str> = declared
        .iter()
        .filter_map(|(index, resource)| match resource {
            AnyResource::TargetGroup(group) => Some((*index, group.tags.get(crate::resource::tags::ADDRESS)?)),
            _ => None,
        })
        .collect();
    let mut needed = HashSet::new();
    for (_, resource) in declared {
        if matches!(resource, AnyResource::Listener(_) | AnyResource::ListenerRule(_)) {
            resource.visit_pending(&mut |attr| {
                needed.extend(groups.get(&attr.node.index).map(|address| (*address).to_owned()));
            });
        }
    }
    needed
}
