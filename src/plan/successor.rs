//! Successors: what takes the place of something that AWS cannot change, and what it inherits.

use std::collections::HashSet;

use crate::resource::tags::NAME;
use crate::resource::{AnyObserved, AnyResource, LoadBalancer, with_observed, with_resource};

pub(super) fn physical_name(observed: &AnyObserved) -> Option<String> {
    with_observed!(observed, observed => observed.name.clone())
}

/// The declared name of a successor that had to take another one.
pub(super) fn declared_name(observed: &AnyObserved) -> Option<String> {
    with_observed!(observed, observed => {
        let mut spec = observed.spec.clone();
        let declared = crate::resource::Describe::unique_name(&mut spec).map(|(name, _)| name.clone());
        declared.filter(|declared| observed.name.as_ref().is_some_and(|name| name != declared))
    })
}

/// Gives a successor the first name that its predecessors do not have: `web`, `web-2`, `web-3`.
pub(super) fn rename(desired: &mut AnyResource, taken: &HashSet<String>) {
    let declared = with_resource!(&mut *desired, resource => {
        crate::resource::Describe::unique_name(&mut **resource).map(|(name, most)| (name.clone(), most))
    });
    let Some((declared, most)) = declared else { return };
    let free = std::iter::once(declared.clone())
        .chain((2..).map(|number| {
            let suffix = format!("-{number}");
            let base: String = declared.chars().take(most.saturating_sub(suffix.len())).collect();
            format!("{}{suffix}", base.trim_end_matches('-'))
        }))
        .find(|name| !taken.contains(&name.to_lowercase()));
    let Some(free) = free else { return };
    if free == declared {
        return;
    }
    desired.set_tag(NAME, &declared);
    with_resource!(desired, resource => {
        if let Some((name, _)) = crate::resource::Describe::unique_name(&mut **resource) {
            *name = free;
        }
    });
}

/// The name that a declaration asks for, where names tell resources of the kind apart.
pub(super) fn name_of(declared: &AnyResource) -> Option<String> {
    let mut copy = declared.clone();
    with_resource!(&mut copy, resource => {
        crate::resource::Describe::unique_name(&mut **resource).map(|(name, _)| name.clone())
    })
}

/// Whether the old one has to go first: it holds addresses that its successor needs, and an address is
/// on one load balancer only (I21).
pub(super) fn needs_room(desired: &AnyResource, observed: &AnyObserved) -> bool {
    let (AnyResource::LoadBalancer(desired), AnyObserved::LoadBalancer(observed)) = (desired, observed) else {
        return false;
    };
    let held = addresses(&observed.spec);
    addresses(desired).iter().any(|address| held.contains(address))
}

fn addresses(balancer: &LoadBalancer) -> HashSet<String> {
    let of_mapping = balancer.mappings.iter().flat_map(|mapping| {
        let allocation = mapping.allocation.as_ref().map(ToString::to_string);
        [allocation, mapping.private_ipv4.map(|ip| ip.to_string()), mapping.ipv6.map(|ip| ip.to_string())]
    });
    of_mapping.flatten().collect()
}

/// What scaling has made of the old one is where its successor begins: a group that has grown is not
/// followed by one of its first size.
pub(super) fn inherit(desired: &mut AnyResource, observed: &AnyObserved) {
    let (AnyResource::AutoScalingGroup(desired), AnyObserved::AutoScalingGroup(observed)) = (desired, observed) else {
        return;
    };
    if let Some(present) = observed.spec.desired_capacity.filter(|_| !desired.pin_desired_capacity) {
        let (min, max) = desired.sizes;
        desired.desired_capacity = Some(present.max(min).min(max));
    }
}
