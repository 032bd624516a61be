//! The places of rules on their listeners: numbers for rules that are declared without one, and
//! the one call by which all rules of a listener change places.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::resource::tags::Owner;
use crate::resource::{AnyObserved, AnyResource, ListenerRule, Operation};
use crate::stack::{Item, Stack};
use crate::value::Value;

use super::{Action, ResourceChange, Subject};

/// The highest number that a rule can have.
const LAST: u16 = 50_000;

/// What is on the listeners, and what has been given out.
pub(super) struct Places {
    /// The rules that exist, by the ARN of their listener and their number.
    observed: HashMap<String, BTreeMap<u16, Holder>>,
    /// The numbers that declarations ask for, by the listener as it is declared.
    declared: HashMap<String, BTreeSet<u16>>,
    /// The numbers that are taken, by the listener as it is declared.
    taken: HashMap<String, BTreeSet<u16>>,
}

/// A rule in its place.
struct Holder {
    arn: String,
    owner: Option<Owner>,
}

impl Places {
    pub(super) fn new(stack: &Stack, observed: &[AnyObserved]) -> Self {
        let mut places: HashMap<String, BTreeMap<u16, Holder>> = HashMap::new();
        for resource in observed {
            let AnyObserved::ListenerRule(rule) = resource else { continue };
            if let (Some(listener), Some(number)) = (rule.spec.listener.as_known(), rule.spec.priority) {
                let holder = Holder { arn: rule.outputs.arn.to_string(), owner: rule.owner.clone() };
                places.entry(listener.to_string()).or_default().insert(number, holder);
            }
        }
        let mut declared: HashMap<String, BTreeSet<u16>> = HashMap::new();
        for node in &stack.nodes {
            if let Item::Resource(AnyResource::ListenerRule(rule)) = &node.item {
                let numbers = declared.entry(listener_of(rule)).or_default();
                numbers.extend(rule.priority);
            }
        }
        Self { observed: places, declared, taken: HashMap::new() }
    }

    /// Gives a rule without a number one: its own where it has one that nobody else declares, or
    /// else the first free one after the highest with room after it. `key` is the listener as it is
    /// declared, by [`listener_of`]; `current` are the rules that the address owns.
    pub(super) fn give<'a>(
        &mut self,
        rule: &mut ListenerRule,
        key: &str,
        current: impl Iterator<Item = &'a AnyObserved>,
    ) {
        if rule.priority.is_some() {
            return;
        }
        let declared = self.declared.get(key);
        let listener = Value::of(&rule.listener);
        let own = current
            .filter_map(|current| match current {
                AnyObserved::ListenerRule(current) if Value::of(&current.spec.listener) == listener => {
                    current.spec.priority
                }
                _ => None,
            })
            .find(|own| !declared.is_some_and(|declared| declared.contains(own)));
        if own.is_some() {
            rule.priority = own;
            return;
        }
        let taken = self.taken.entry(key.to_owned()).or_insert_with(|| {
            let there = listener.as_text().and_then(|arn| self.observed.get(arn));
            let there = there.into_iter().flat_map(BTreeMap::keys).copied();
            there.chain(declared.into_iter().flatten().copied()).collect()
        });
        let after = |number: &u16| number.checked_add(1).filter(|next| *next <= LAST && !taken.contains(next));
        // With 50000 rules there is no place; AWS says so.
        let free = taken.iter().rev().find_map(after).or_else(|| (1..=LAST).find(|number| !taken.contains(number)));
        taken.extend(free);
        rule.priority = free;
    }

    /// Works out the one call for each listener whose rules change places: the first of them makes
    /// it. Rules of the stack that are on their way out, and in the way, make room in the same call;
    /// what others own is in the way, and told.
    pub(super) fn moves(&self, stack: &str, subjects: &mut [Subject], changes: &[ResourceChange]) -> Vec<String> {
        // Those that change places first, then those that come to places that others may still hold.
        let mut moving: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (index, (subject, change)) in subjects.iter().zip(changes).enumerate() {
            let moves = change.properties.iter().any(|p| p.operation() == Some(Operation::SetRulePriorities));
            let comes = matches!(change.action, Action::Create | Action::Replace);
            if let (true, Some(AnyResource::ListenerRule(rule))) = (moves || comes, &subject.desired)
                && let Some(listener) = rule.listener.as_known()
            {
                let (movers, comers) = moving.entry(listener.to_string()).or_default();
                if comes { comers.push(index) } else { movers.push(index) }
            }
        }
        let mut conflicts = Vec::new();
        for (listener, (movers, comers)) in moving {
            let mut pairs: BTreeMap<String, u16> = BTreeMap::new();
            for index in &movers {
                if let (Some(AnyResource::ListenerRule(rule)), Some(arn)) =
                    (&subjects[*index].desired, &changes[*index].id)
                {
                    pairs.extend(rule.priority.map(|number| (arn.clone(), number)));
                }
            }
            let there = self.observed.get(&listener);
            let mut taken: BTreeSet<u16> = there.into_iter().flat_map(BTreeMap::keys).copied().collect();
            for index in movers.iter().chain(&comers) {
                if let Some(AnyResource::ListenerRule(rule)) = &subjects[*index].desired {
                    taken.extend(rule.priority);
                }
            }
            for index in movers.iter().chain(&comers) {
                let Some(AnyResource::ListenerRule(rule)) = &subjects[*index].desired else { continue };
                let Some(number) = rule.priority else { continue };
                let Some(holder) = there.and_then(|there| there.get(&number)) else { continue };
                if pairs.contains_key(&holder.arn) {
                    continue;
                }
                match &holder.owner {
                    Some(owner) if owner.stack == stack => {
                        let free = (1..=LAST).rev().find(|number| !taken.contains(number));
                        taken.extend(free);
                        pairs.extend(free.map(|free| (holder.arn.clone(), free)));
                    }
                    _ => conflicts.push(format!(
                        "{}: its place {number} is taken by {}, which the stack does not own",
                        subjects[*index].address, holder.arn
                    )),
                }
            }
            let first = movers.first().or(comers.first()).filter(|_| !pairs.is_empty());
            if let Some(AnyResource::ListenerRule(rule)) = first.and_then(|first| subjects[*first].desired.as_mut()) {
                rule.moves = pairs.into_iter().collect();
            }
        }
        conflicts
    }
}

/// The listener of a rule as it is declared, as a key.
pub(super) fn listener_of(rule: &ListenerRule) -> String {
    format!("{:?}", Value::of(&rule.listener))
}
