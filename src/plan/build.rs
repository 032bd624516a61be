//! The planner: matches what is declared with what was observed, and decides what happens to each.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::error::{Error, ErrorKind, Result};
use crate::id::{SubnetId, VpcId};
use crate::input::{Attr, Input};
use crate::lookup::Found;
use crate::problem::Problem;
use crate::resource::tags::{ADDRESS, NAME, STACK};
use crate::resource::{AnyObserved, AnyOutputs, AnyResource, with_both, with_resource};
use crate::stack::{Address, Item, Stack};
use crate::value::Value;

use super::diff::{Effect, PropertyChange, creation, differences};
use super::places::{Places, listener_of};
use super::successor::{declared_name, inherit, name_of, needs_room, physical_name, rename};
use super::{Action, Goal, Observation, Plan, ResourceChange, Subject, advisory, check, interruption, steps, tied};

/// Plans a stack against what was observed.
///
/// # Errors
///
/// All problems of the stack at once, or all conflicts at once.
pub(crate) fn plan(stack: &Stack, observation: Observation, goal: Goal) -> Result<Plan> {
    let mut builder = Builder::new(stack, observation);
    if goal == Goal::Deploy {
        builder.declared()?;
    }
    builder.leftovers();
    builder.check_protected()?;
    builder.check_released()?;
    Ok(builder.finish(goal))
}

/// All that is wrong with a stack as far as it tells without looking anything up.
pub(crate) fn all_problems(stack: &Stack) -> Vec<Problem> {
    let mut problems = stack.problems();
    check::check(stack, &owned_resources(stack), &[], &mut problems);
    stack.not_accepted(problems)
}

struct Builder<'a> {
    stack: &'a Stack,
    observed: Vec<Option<AnyObserved>>,
    /// What the stack owns, by address.
    owned: HashMap<String, Vec<usize>>,
    /// Everything observed, by kind and natural key.
    by_key: HashMap<String, usize>,
    known: Vec<Option<AnyOutputs>>,
    /// Outputs that the plan changes, and that are known only afterwards.
    unsettled: HashSet<(usize, &'static str)>,
    subjects: Vec<Subject>,
    changes: Vec<ResourceChange>,
    subject_of: HashMap<usize, usize>,
    /// Target groups that go with the load balancer that they belong to, by ARN.
    tied: HashSet<String>,
    /// The places of rules on their listeners.
    places: Places,
    /// What is in the way of a declaration.
    conflicts: Vec<String>,
    /// The names that are taken, by kind; in small letters, in which AWS compares some.
    held: HashMap<&'static str, HashSet<String>>,
    /// The names that are taken or declared.
    names: HashMap<&'static str, HashSet<String>>,
    /// The VPCs of target groups, by ARN.
    target_vpcs: HashMap<String, VpcId>,
}

impl<'a> Builder<'a> {
    fn new(stack: &'a Stack, observation: Observation) -> Self {
        let mut owned: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_key = HashMap::new();
        for (index, resource) in observation.resources.iter().enumerate() {
            if let Some(owner) = resource.owner().filter(|owner| owner.stack == stack.name()) {
                owned.entry(owner.address.clone()).or_default().push(index);
            }
            by_key.insert(key(resource.kind(), &resource.natural_key()), index);
        }
        let mut held: HashMap<_, HashSet<String>> = HashMap::new();
        let mut target_vpcs = HashMap::new();
        for resource in &observation.resources {
            held.entry(resource.kind()).or_default().extend(physical_name(resource).map(|name| name.to_lowercase()));
            if let AnyObserved::TargetGroup(group) = resource {
                let vpc = group.spec.vpc.as_ref().and_then(Input::as_known);
                target_vpcs.extend(vpc.map(|vpc| (group.outputs.arn.to_string(), vpc.clone())));
            }
        }
        let mut names = held.clone();
        for node in &stack.nodes {
            if let Item::Resource(resource) = &node.item {
                names.entry(resource.kind()).or_default().extend(name_of(resource).map(|name| name.to_lowercase()));
            }
        }
        let mut known = vec![None; stack.nodes.len()];
        for (index, found) in observation.found {
            known[index] = Some(AnyOutputs::Found(found));
        }
        Self {
            stack,
            places: Places::new(stack, &observation.resources),
            observed: observation.resources.into_iter().map(Some).collect(),
            owned,
            by_key,
            known,
            unsettled: HashSet::new(),
            subjects: Vec::new(),
            changes: Vec::new(),
            subject_of: HashMap::new(),
            tied: HashSet::new(),
            conflicts: Vec::new(),
            held,
            names,
            target_vpcs,
        }
    }

    /// Decides what happens to each declaration, in their order: what it refers to comes before.
    fn declared(&mut self) -> Result<()> {
        let mut resources = owned_resources(self.stack);
        let mut problems = self.stack.problems();
        for (_, resource) in &mut resources {
            self.resolve(resource);
        }
        check::check(self.stack, &resources, &self.known, &mut problems);
        let problems = self.stack.not_accepted(problems);
        if !problems.is_empty() {
            return Err(Error::invalid(problems));
        }
        self.tied = tied::target_groups(self.stack, &resources, &self.observed);
        for (index, resource) in resources {
            self.declare(index, resource);
        }
        self.conflicts.extend(self.places.moves(self.stack.name(), &mut self.subjects, &self.changes));
        let mut problems = Vec::new();
        check::subnets_fit(&self.subjects, &self.changes, &self.known, &mut problems);
        let problems = self.stack.not_accepted(problems);
        if !problems.is_empty() {
            return Err(Error::invalid(problems));
        }
        if self.conflicts.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, self.conflicts.join("\n")).with_hint(
            "choose another name, or declare it as it is and allow taking it over with `Stack::adopt`; \
             destroying the stack then deletes it",
        ))
    }

    /// Puts in what is known and stays so.
    fn resolve(&self, resource: &mut AnyResource) {
        resource.resolve(&|attr: Attr| {
            if self.unsettled.contains(&(attr.node.index, attr.name)) {
                return None;
            }
            Some(self.known.get(attr.node.index)?.as_ref()?.output(attr.name))
        });
    }

    /// What the stack owns as a declaration: at its address, or at one that it had before.
    fn owned_at(&mut self, index: usize) -> Vec<usize> {
        let stack = self.stack;
        let addresses = std::iter::once(&stack.nodes[index].address).chain(stack.former(index));
        let owned = addresses.filter_map(|address| self.owned.remove(address.as_str())).next();
        owned.unwrap_or_default()
    }

    fn declare(&mut self, index: usize, mut desired: AnyResource) {
        self.resolve(&mut desired);
        let address = self.stack.nodes[index].address.clone();
        let mut candidates = self.owned_at(index);
        if let (AnyResource::ListenerRule(rule), Item::Resource(AnyResource::ListenerRule(declared))) =
            (&mut desired, &self.stack.nodes[index].item)
        {
            let current = candidates.iter().filter_map(|candidate| self.observed[*candidate].as_ref());
            self.places.give(rule, &listener_of(declared), current);
        }
        self.settle_places(index, &desired, &mut candidates);
        let mut adopted = false;
        if candidates.is_empty() {
            match self.holder(index, &desired) {
                Holder::Nobody => {}
                Holder::Ours(holder) => candidates.push(holder),
                Holder::Adopted(holder) => {
                    adopted = true;
                    candidates.push(holder);
                }
                Holder::Foreign(text) => {
                    self.conflicts.push(text);
                    return;
                }
            }
        }
        let mut candidates: Vec<_> = candidates.into_iter().filter_map(|c| self.observed[c].take()).collect();
        if let (true, [foreign]) = (adopted, candidates.as_slice()) {
            // Replacing it would delete what somebody else made.
            let changes = self.differences(&desired, foreign);
            let fixed: Vec<_> = changes.iter().filter(|change| matches!(change.effect, Effect::Replace(_))).collect();
            if !fixed.is_empty() {
                let words: Vec<_> = fixed
                    .iter()
                    .map(|change| format!("{} is {} and not {}", change.path, change.before, change.after))
                    .collect();
                self.conflicts.push(format!(
                    "{address}: {} cannot be taken over as declared: {}, which AWS cannot change",
                    foreign.outputs().id(),
                    words.join(", ")
                ));
                return;
            }
        }
        // After an interrupted replacement there are two: the one that needs no replacement stays. Of several
        // such, as where AWS did not show one and another was made, it is the one in the declared place.
        let place = desired.natural_key();
        candidates.sort_by_cached_key(|observed| {
            (needs_replacement(&self.differences(&desired, observed)), observed.natural_key() != place)
        });
        let mut candidates = candidates.into_iter();
        let observed = candidates.next();
        let subject = self.settle_on(index, address.clone(), desired, observed, adopted);
        for deposed in candidates {
            self.remove(address.clone(), deposed, Some(subject));
        }
    }

    /// What differs, and what has to go because something else goes.
    fn differences(&self, desired: &AnyResource, observed: &AnyObserved) -> Vec<PropertyChange> {
        let mut changes = differences_any(desired, observed);
        let outputs = observed.outputs();
        if self.tied.contains(outputs.id()) {
            changes.push(PropertyChange {
                path: "(load balancer)".to_owned(),
                before: Value::of("one that goes"),
                after: Value::of("its successor"),
                effect: Effect::Replace("a target group belongs to one load balancer for as long as that exists"),
            });
        }
        changes.extend(self.moves_to_another_vpc(desired, &outputs));
        changes.extend(self.scales_in_another_vpc(desired, observed));
        changes
    }

    /// The target groups of a group are in its VPC, and so are its instances: in another VPC it is
    /// another group (I18).
    fn scales_in_another_vpc(&self, desired: &AnyResource, observed: &AnyObserved) -> Option<PropertyChange> {
        let (AnyResource::AutoScalingGroup(desired), AnyObserved::AutoScalingGroup(observed)) = (desired, observed)
        else {
            return None;
        };
        // Of subnets that are no longer declared nobody knows, but of the target groups.
        let mut attached = observed.spec.target_groups.iter().filter_map(Input::as_known);
        let present = attached
            .find_map(|arn| self.target_vpcs.get(arn.as_str()))
            .or_else(|| self.vpc_of(observed.spec.subnets.subnets()?.as_known()?))?;
        let wanted = self.vpc_of(desired.subnets.subnets()?.as_known()?)?;
        (present != wanted).then(|| PropertyChange {
            path: "(vpc)".to_owned(),
            before: Value::of(present),
            after: Value::of(wanted),
            effect: Effect::Replace("the instances and target groups of a group are in one VPC"),
        })
    }

    /// Subnets of another VPC make another load balancer; which VPC subnets are in, the lookups know.
    fn moves_to_another_vpc(&self, desired: &AnyResource, outputs: &AnyOutputs) -> Option<PropertyChange> {
        let (AnyResource::LoadBalancer(balancer), AnyOutputs::LoadBalancer(outputs)) = (desired, outputs) else {
            return None;
        };
        let present = outputs.vpc.as_ref()?;
        let other = self.vpc_of(balancer.subnets.as_known()?)?;
        (other != present).then(|| PropertyChange {
            path: "(vpc)".to_owned(),
            before: Value::of(present),
            after: Value::of(other),
            effect: Effect::Replace("a load balancer stays in the VPC that it was made in"),
        })
    }

    /// The VPC of subnets, as far as lookups know it.
    fn vpc_of(&self, subnets: &[SubnetId]) -> Option<&VpcId> {
        let wanted = subnets.first()?;
        self.known.iter().flatten().find_map(|known| match known {
            AnyOutputs::Found(Found::Subnets(found)) => {
                found.ids.iter().zip(&found.vpcs).find(|(subnet, _)| *subnet == wanted).map(|(_, vpc)| vpc)
            }
            _ => None,
        })
    }

    /// Records what happens to a declaration; returns its subject.
    fn settle_on(
        &mut self,
        index: usize,
        address: Address,
        mut desired: AnyResource,
        observed: Option<AnyObserved>,
        adopted: bool,
    ) -> usize {
        let moved_from = observed.as_ref().and_then(|observed| former(observed, self.stack.name(), &address));
        let Some(observed) = observed else {
            let properties = creation_any(&desired);
            return self.record(index, address, Action::Create, properties, desired, None);
        };
        // One that had to take another name says so in a tag, and keeps it.
        let mut kept = desired.clone();
        if let Some(name) = declared_name(&observed) {
            kept.set_tag(NAME, &name);
        }
        let properties = self.differences(&kept, &observed);
        if needs_replacement(&properties) {
            let makes_room = needs_room(&desired, &observed);
            self.name_successor(&mut desired, &observed, makes_room);
            inherit(&mut desired, &observed);
            let subject = self.record(index, address.clone(), Action::Replace, properties, desired, None);
            self.changes[subject].id = Some(observed.outputs().id().to_owned());
            self.changes[subject].moved_from = moved_from;
            self.remove(address, observed, Some(subject));
            if let Some(old) = self.subjects.last_mut() {
                old.makes_room = makes_room;
            }
            return subject;
        }
        let desired = kept;
        self.known[index] = Some(observed.outputs());
        let changed = properties.iter().flat_map(|change| changed_outputs(&desired, change));
        self.unsettled.extend(changed.map(|output| (index, *output)));
        let action = match (adopted, properties.is_empty() && moved_from.is_none()) {
            (true, _) => Action::Adopt,
            (false, true) => Action::Keep,
            (false, false) => Action::Update,
        };
        let subject = self.record(index, address, action, properties, desired, Some(observed));
        self.changes[subject].moved_from = moved_from;
        subject
    }

    /// Gives a successor a name of its own where the declared one is taken, by the old one mostly.
    fn name_successor(&mut self, desired: &mut AnyResource, observed: &AnyObserved, makes_room: bool) {
        let Some(declared) = name_of(desired) else { return };
        let is_freed = makes_room && physical_name(observed).as_ref() == Some(&declared);
        let is_held = self.held.get(observed.kind()).is_some_and(|held| held.contains(&declared.to_lowercase()));
        if is_held && !is_freed {
            let taken = self.names.entry(observed.kind()).or_default();
            rename(desired, taken);
            taken.extend(name_of(desired).map(|name| name.to_lowercase()));
        }
    }

    fn record(
        &mut self,
        index: usize,
        address: Address,
        action: Action,
        properties: Vec<PropertyChange>,
        desired: AnyResource,
        observed: Option<AnyObserved>,
    ) -> usize {
        let subject = self.subjects.len();
        let label = |attr: &Attr| format!("{}.{}", self.stack.nodes[attr.node.index].address, attr.name());
        let properties = properties
            .into_iter()
            .map(|change| PropertyChange {
                before: change.before.labelled(&label),
                after: change.after.labelled(&label),
                ..change
            })
            .collect();
        let id = observed.as_ref().map(|observed| observed.outputs().id().to_owned());
        let mut refers = BTreeSet::new();
        if let Item::Resource(declared) = &self.stack.nodes[index].item {
            declared.visit_pending(&mut |attr| {
                refers.insert(attr.node.index);
            });
        }
        self.subjects.push(Subject {
            address: address.clone(),
            node: Some(index),
            refers,
            makes_room: false,
            desired: Some(desired),
            observed,
        });
        self.changes.push(ResourceChange { address, action, id, moved_from: None, properties });
        self.subject_of.insert(index, subject);
        subject
    }

    /// Records that something goes. A deposed one is part of the replacement of its successor.
    fn remove(&mut self, address: Address, observed: AnyObserved, successor: Option<usize>) {
        let id = observed.outputs().id().to_owned();
        self.subjects.push(Subject {
            address: address.clone(),
            node: successor.and_then(|s| self.subjects[s].node),
            refers: BTreeSet::new(),
            makes_room: false,
            desired: None,
            observed: Some(observed),
        });
        let action = if successor.is_some() { Action::DeleteReplaced } else { Action::Delete };
        self.changes.push(ResourceChange { address, action, id: Some(id), moved_from: None, properties: Vec::new() });
    }

    /// What is owned and not declared goes.
    fn leftovers(&mut self) {
        let mut owned: Vec<_> = self.owned.drain().flat_map(|(_, indices)| indices).collect();
        owned.sort_unstable();
        for index in owned {
            if let Some(observed) = self.observed[index].take() {
                let address = observed
                    .owner()
                    .map_or_else(|| Address::new(observed.kind(), ""), |owner| Address::from_tag(&owner.address));
                if self.stack.releases(address.as_str()) {
                    self.release(address, observed);
                } else {
                    self.remove(address, observed, None);
                }
            }
        }
    }

    /// Records that something is let go: it becomes what it is, without purlin's tags. What is recorded
    /// in the tags of a parent has none; the parent forgets it.
    fn release(&mut self, address: Address, observed: AnyObserved) {
        let desired = observed.without_ownership();
        let mut properties = differences_any(&desired, &observed);
        properties.retain(PropertyChange::is_ownership);
        let id = Some(observed.outputs().id().to_owned());
        self.subjects.push(Subject {
            address: address.clone(),
            node: None,
            refers: BTreeSet::new(),
            makes_room: false,
            desired: Some(desired),
            observed: Some(observed),
        });
        self.changes.push(ResourceChange { address, action: Action::Release, id, moved_from: None, properties });
    }

    /// What is let go must keep what it needs.
    fn check_released(&self) -> Result<()> {
        let going: HashMap<&str, &Address> = self
            .changes
            .iter()
            .filter(|change| change.action.is_delete())
            .filter_map(|change| Some((change.id.as_deref()?, &change.address)))
            .collect();
        let released = self.subjects.iter().zip(&self.changes).filter(|(_, change)| change.action == Action::Release);
        let mut conflicts = Vec::new();
        for (subject, change) in released {
            let Some(observed) = &subject.observed else { continue };
            let mut needed: BTreeSet<&Address> = BTreeSet::new();
            observed.visit_texts(&mut |text| needed.extend(going.get(text)));
            needed.extend(observed.parent().as_text().and_then(|parent| going.get(parent)));
            conflicts.extend(needed.into_iter().map(|needed| {
                format!("{} is to be released and needs {needed}, which would be deleted", change.address)
            }));
        }
        if conflicts.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, conflicts.join("\n"))
            .with_hint("release that too, or go on declaring it; nothing has been changed"))
    }

    /// What is protected from deletion is not to be deleted halfway through a run.
    fn check_protected(&self) -> Result<()> {
        let going = self.subjects.iter().filter(|subject| subject.desired.is_none());
        let protected: Vec<_> = going
            .filter_map(|subject| {
                let observed = subject.observed.as_ref()?;
                let reason = observed.protected()?;
                Some(format!("{}: {} cannot be deleted: {reason}", subject.address, observed.outputs().id()))
            })
            .collect();
        if protected.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Conflict, protected.join("\n")).with_hint(
            "to delete it, declare it without the protection and deploy that first; nothing has been changed",
        ))
    }

    /// Gives a declaration what is in its place already, if that is the stack's own and its own
    /// declaration is elsewhere by now, or gone; and leaves what it has to whoever is declared in that
    /// place. So two rules, or two listeners, that trade places are never both in one, nor both gone.
    fn settle_places(&mut self, index: usize, desired: &AnyResource, candidates: &mut Vec<usize>) {
        let wanted = desired.natural_key();
        if !desired.traits().is_placed || wanted.iter().any(Value::is_pending) {
            return;
        }
        let is_here = |candidate: &usize| {
            self.observed[*candidate].as_ref().is_some_and(|observed| observed.natural_key() == wanted)
        };
        if candidates.iter().any(is_here) {
            return;
        }
        let address = self.stack.nodes[index].address.as_str();
        if let Some(&holder) = self.by_key.get(&key(desired.kind(), &wanted))
            && let Some(owner) = self.observed[holder].as_ref().and_then(AnyObserved::owner)
            && owner.stack == self.stack.name()
            && owner.address != address
            && !self.stack.releases(&owner.address)
            && !self.claims(self.stack.present(&owner.address), &wanted)
        {
            if let Some(others) = self.owned.get_mut(&owner.address) {
                others.retain(|other| *other != holder);
            }
            // What it has itself is for another, or goes.
            self.owned.entry(address.to_owned()).or_default().append(candidates);
            candidates.push(holder);
            return;
        }
        let claimed = |candidate: &usize| {
            self.observed[*candidate].as_ref().is_some_and(|observed| {
                let place = observed.natural_key();
                self.stack.nodes.iter().enumerate().any(|(other, node)| {
                    other > index
                        && matches!(&node.item, Item::Resource(resource) if resource.kind() == desired.kind())
                        && self.claims(node.address.as_str(), &place)
                })
            })
        };
        let (left, kept): (Vec<_>, Vec<_>) = std::mem::take(candidates).into_iter().partition(claimed);
        *candidates = kept;
        self.owned.entry(address.to_owned()).or_default().extend(left);
    }

    /// Whether the declaration at an address asks for a place, as far as that is known.
    fn claims(&self, address: &str, place: &[Value]) -> bool {
        let Some(Item::Resource(declared)) = self.stack.at(address).map(|node| &node.item) else { return false };
        let mut declared = declared.clone();
        self.resolve(&mut declared);
        let key = declared.natural_key();
        key.len() == place.len() && key.iter().zip(place).all(|(part, place)| part == place || part.is_pending())
    }

    /// Who holds the natural key of something that is to be created.
    fn holder(&mut self, index: usize, desired: &AnyResource) -> Holder {
        let natural = desired.natural_key();
        if natural.iter().any(Value::is_pending) {
            return Holder::Nobody;
        }
        let Some(&holder) = self.by_key.get(&key(desired.kind(), &natural)) else { return Holder::Nobody };
        let Some(observed) = &self.observed[holder] else { return Holder::Nobody };
        let node = &self.stack.nodes[index];
        match observed.owner() {
            Some(owner) if owner.stack == self.stack.name() => {
                // The same thing under another address, which is no longer declared: it moved.
                if self.stack.declares(&owner.address) {
                    return Holder::Nobody;
                }
                if self.stack.releases(&owner.address) {
                    return Holder::Foreign(format!(
                        "{}: its place is taken by {}, which the stack releases as {}",
                        node.address,
                        observed.outputs().id(),
                        owner.address
                    ));
                }
                let address = owner.address.clone();
                if let Some(others) = self.owned.get_mut(&address) {
                    others.retain(|other| *other != holder);
                }
                Holder::Ours(holder)
            }
            None if node.adopt => Holder::Adopted(holder),
            owner => {
                let whose = owner.map_or_else(
                    || "which no stack owns".to_owned(),
                    |owner| format!("which the stack {:?} owns as {}", owner.stack, owner.address),
                );
                Holder::Foreign(format!("{}: its place is taken by {}, {whose}", node.address, observed.outputs().id()))
            }
        }
    }

    fn finish(mut self, goal: Goal) -> Plan {
        let advisories = if goal == Goal::Deploy {
            advisory::advise(self.stack, &self.subjects, &self.changes, &self.known)
        } else {
            Vec::new()
        };
        let (steps, found) = steps::steps(&self.subjects, &mut self.changes, &self.subject_of);
        let interruptions = interruption::interruptions(self.stack, goal, &self.subjects, &self.changes, found);
        Plan {
            stack: self.stack.name().to_owned(),
            stack_id: self.stack.id(),
            declared: std::sync::Arc::new(self.stack.clone()),
            goal,
            changes: self.changes,
            steps,
            advisories,
            interruptions,
            approved: false,
            subjects: self.subjects,
            known: self.known,
            addresses: self.stack.nodes.iter().map(|node| node.address.clone()).collect(),
        }
    }
}

enum Holder {
    Nobody,
    /// Ours, under an address that is no longer declared.
    Ours(usize),
    Adopted(usize),
    Foreign(String),
}

/// The declared resources with the tags of the stack and the tags of ownership.
pub(super) fn owned_resources(stack: &Stack) -> Vec<(usize, AnyResource)> {
    let mut resources: Vec<(usize, AnyResource)> = Vec::new();
    let mut place = HashMap::new();
    for (index, node) in stack.nodes.iter().enumerate() {
        let Item::Resource(resource) = &node.item else { continue };
        let mut resource = resource.clone();
        for (name, value) in stack.tags.iter() {
            if !resource.has_tag(name) {
                resource.set_tag(name, value);
            }
        }
        resource.set_tag(STACK, stack.name());
        resource.set_tag(ADDRESS, node.address.as_str());
        for (tag, value) in resource.notes(node.address.as_str()) {
            resource.set_tag(&tag, &value);
        }
        if let (Some(tag), Value::Pending(parent)) = (resource.recorded_as(), resource.parent()) {
            let parent: Option<&usize> = place.get(&parent.node.index);
            if let Some((_, parent)) = parent.and_then(|place| resources.get_mut(*place)) {
                parent.set_tag(&tag, node.address.as_str());
            }
        }
        place.insert(index, resources.len());
        resources.push((index, resource));
    }
    resources
}

fn key(kind: &str, natural: &[Value]) -> String {
    natural.iter().fold(kind.to_owned(), |key, part| format!("{key}|{part}"))
}

pub(crate) fn creation_any(desired: &AnyResource) -> Vec<PropertyChange> {
    with_resource!(desired, resource => creation(&**resource))
}

pub(super) fn differences_any(desired: &AnyResource, observed: &AnyObserved) -> Vec<PropertyChange> {
    with_both!(desired, observed, (resource, observed) => differences(&**resource, &observed.spec), _ => Vec::new())
}

pub(super) fn needs_replacement(changes: &[PropertyChange]) -> bool {
    changes.iter().any(|change| matches!(change.effect, Effect::Replace(_)))
}

fn changed_outputs(desired: &AnyResource, change: &PropertyChange) -> &'static [&'static str] {
    change.operation().map_or(&[], |operation| desired.changed_by(operation))
}

/// The address that an owned resource has by its tags, where that is another one than it is to have.
fn former(observed: &AnyObserved, stack: &str, address: &Address) -> Option<Address> {
    let owner = observed.owner().filter(|owner| owner.stack == stack && owner.address != address.as_str())?;
    Some(Address::from_tag(&owner.address))
}
