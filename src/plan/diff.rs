//! What changes between a resource as declared and as observed, property by property.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::resource::tags::PREFIX;
use crate::resource::{Consequence, Describe, Operation, Property, Unset, Update};
use crate::value::Value;

/// One property that a plan sets or changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PropertyChange {
    /// The property, such as `health_check.interval`.
    pub path: String,
    /// The value that AWS has; unset where there is none.
    pub before: Value,
    /// The value that is wanted; unset where it is removed.
    pub after: Value,
    /// How it comes about.
    pub effect: Effect,
}

/// How a property comes to its new value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// The call that creates the resource sets it.
    OnCreate,
    /// A call changes it in place.
    InPlace(Operation),
    /// The resource is replaced, for this reason.
    Replace(&'static str),
}

impl PropertyChange {
    /// Tells whether the property is one of the tags by which purlin knows its own.
    pub fn is_ownership(&self) -> bool {
        self.path.strip_prefix("tags.").is_some_and(|key| key.starts_with(PREFIX))
    }

    pub(crate) fn operation(&self) -> Option<Operation> {
        match self.effect {
            Effect::InPlace(operation) => Some(operation),
            Effect::OnCreate | Effect::Replace(_) => None,
        }
    }
}

/// What a new resource gets: on creation, and by calls of their own afterwards.
pub(crate) fn creation<R: Describe>(desired: &R) -> Vec<PropertyChange> {
    let mut changes = Vec::new();
    for property in R::PROPERTIES {
        let after = property.read(desired);
        let is_new = matches!(&after, Value::List(items) if !items.is_empty());
        if property.after_create && property.default(desired).is_unset() && is_new {
            // Nothing to compare with: the whole list is new. AWS refuses to add nothing.
            let update = match property.update {
                Update::Depends(decide) => decide(desired, desired),
                other => other,
            };
            if let Update::Elements { add, .. } = update {
                push(property, property.path.to_owned(), Value::Unset, after, Effect::InPlace(add), &mut changes);
            }
        } else if property.after_create {
            compare(property, desired, desired, property.default(desired), after, &mut changes);
        } else if !after.is_unset() {
            spread(property, property.path.to_owned(), Value::Unset, after, &Effect::OnCreate, &mut changes);
        }
    }
    changes
}

/// What differs between the declaration and what exists.
pub(crate) fn differences<R: Describe>(desired: &R, observed: &R) -> Vec<PropertyChange> {
    let mut changes = Vec::new();
    for property in R::PROPERTIES {
        let (before, after) = (property.read(observed), property.read(desired));
        compare(property, desired, observed, before, after, &mut changes);
    }
    let changed: Vec<_> = changes.iter().map(|change| (change.path.as_str(), change.operation())).collect();
    let more = desired.consequences(observed, &changed);
    changes.extend(more.into_iter().map(|Consequence { path, before, after, call }| PropertyChange {
        path: path.to_owned(),
        before,
        after,
        effect: Effect::InPlace(call),
    }));
    changes
}

fn compare<R>(
    property: &Property<R>,
    desired: &R,
    observed: &R,
    before: Value,
    after: Value,
    changes: &mut Vec<PropertyChange>,
) {
    if after.is_unset() && matches!(property.unset, Unset::Unmanaged) {
        return;
    }
    let update = match property.update {
        Update::Depends(decide) => decide(desired, observed),
        other => other,
    };
    match update {
        // A decision that decides nothing is treated as one that leaves things alone.
        Update::Initial | Update::Depends(_) => {}
        Update::Elements { add, remove, modify } => {
            elements(property, (before, after, property.default(desired)), (add, remove, modify), changes);
        }
        Update::Call(operation) => {
            effective(property, desired, observed, before, after, &Effect::InPlace(operation), changes);
        }
        Update::Replace(reason) => {
            effective(property, desired, observed, before, after, &Effect::Replace(reason), changes);
        }
    }
}

/// Compares what both sides mean, defaults put in for what is unset.
fn effective<R>(
    property: &Property<R>,
    desired: &R,
    observed: &R,
    before: Value,
    after: Value,
    effect: &Effect,
    changes: &mut Vec<PropertyChange>,
) {
    let mut old = before.or_defaults(&property.default(observed));
    let asked: BTreeSet<String> = after.entries().map(|(key, _)| key.clone()).collect();
    let mut new = after.or_defaults(&property.default(desired));
    if property.open {
        // AWS may have invented entries since: what nobody asks for is left alone. And what it does
        // not have as yet, such as the attributes of another protocol, has its default when it gets it.
        let both = |ours: &Value, theirs: &Value, keep: &dyn Fn(&String) -> bool| {
            let known: BTreeSet<&String> = theirs.entries().map(|(key, _)| key).collect();
            let entries = ours.entries().filter(|(key, _)| known.contains(key) || keep(key));
            Value::Map(entries.map(|(key, value)| (key.clone(), value.clone())).collect())
        };
        old = both(&old, &new, &|_| false);
        new = both(&new, &old, &|key| asked.contains(key));
    }
    spread(property, property.path.to_owned(), old, new, effect, changes);
}

/// Compares sets: maps by key, lists by element.
fn elements<R>(
    property: &Property<R>,
    (before, after, default): (Value, Value, Value),
    (add, remove, modify): (Operation, Operation, Option<Operation>),
    changes: &mut Vec<PropertyChange>,
) {
    let or_default = |value: Value| if value.is_unset() { default.clone() } else { value };
    let (before, after) = (or_default(before), or_default(after));
    if matches!((&before, &after), (Value::Map(_), _) | (_, Value::Map(_))) {
        let get = |value: &Value, key: &str| {
            value.entries().find(|(k, _)| *k == key).map_or(Value::Unset, |(_, v)| v.clone())
        };
        for (key, new) in after.entries() {
            let path = format!("{}.{key}", property.path);
            spread(property, path, get(&before, key), new.clone(), &Effect::InPlace(add), changes);
        }
        for (key, old) in before.entries().filter(|(key, _)| get(&after, key).is_unset()) {
            push(
                property,
                format!("{}.{key}", property.path),
                old.clone(),
                Value::Unset,
                Effect::InPlace(remove),
                changes,
            );
        }
        return;
    }
    let (before, after) = (items(before), items(after));
    let path = || property.path.to_owned();
    for new in &after {
        if before.iter().any(|old| same(old, new)) {
            continue;
        }
        match modify.zip(before.iter().find(|old| identity(old) == identity(new))) {
            Some((modify, old)) => push(property, path(), old.clone(), new.clone(), Effect::InPlace(modify), changes),
            None => push(property, path(), Value::Unset, new.clone(), Effect::InPlace(add), changes),
        }
    }
    for old in before {
        let stays = |new: &Value| if modify.is_some() { identity(&old) == identity(new) } else { same(&old, new) };
        if !after.iter().any(stays) {
            push(property, path(), old, Value::Unset, Effect::InPlace(remove), changes);
        }
    }
}

fn items(value: Value) -> Vec<Value> {
    match value {
        Value::List(items) => items,
        _ => Vec::new(),
    }
}

/// What makes an element the same one for AWS: everything but its description.
fn identity(element: &Value) -> Value {
    match element {
        Value::Map(entries) => Value::Map(
            entries.iter().filter(|(key, _)| *key != "description").map(|(k, v)| (k.clone(), v.clone())).collect(),
        ),
        other => other.clone(),
    }
}

/// Equal, and known on both sides.
fn same(old: &Value, new: &Value) -> bool {
    old == new && !new.is_pending()
}

/// Reports what differs: maps entry by entry, lists of as many maps place by place, everything else
/// whole.
fn spread<R>(
    property: &Property<R>,
    path: String,
    before: Value,
    after: Value,
    effect: &Effect,
    changes: &mut Vec<PropertyChange>,
) {
    if same(&before, &after) {
        return;
    }
    let phrase = before.is_phrase() || after.is_phrase();
    match (&before, &after) {
        (Value::Map(_), Value::Map(_) | Value::Unset) | (Value::Unset, Value::Map(_)) if !phrase => {
            let get = |value: &Value, key: &str| {
                value.entries().find(|(k, _)| *k == key).map_or(Value::Unset, |(_, value)| value.clone())
            };
            let keys: BTreeSet<&String> = before.entries().chain(after.entries()).map(|(key, _)| key).collect();
            for key in keys {
                spread(property, format!("{path}.{key}"), get(&before, key), get(&after, key), effect, changes);
            }
        }
        (Value::List(old), Value::List(new))
            if old.len() == new.len() && old.iter().chain(new).all(|value| matches!(value, Value::Map(_))) =>
        {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                spread(property, format!("{path}[{index}]"), old.clone(), new.clone(), effect, changes);
            }
        }
        _ => push(property, path, before, after, effect.clone(), changes),
    }
}

fn push<R>(
    property: &Property<R>,
    path: String,
    before: Value,
    after: Value,
    effect: Effect,
    changes: &mut Vec<PropertyChange>,
) {
    let shown = |value: Value| if property.sensitive { value.redacted() } else { value };
    changes.push(PropertyChange { path, before: shown(before), after: shown(after), effect });
}
