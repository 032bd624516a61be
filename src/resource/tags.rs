//! Tags, and the tags by which purlin knows what is its own.

use std::collections::BTreeMap;

use crate::problem::Problems;
use crate::value::{ToValue, Value};

/// The prefix of the tags that purlin keeps for itself.
pub(crate) const PREFIX: &str = "purlin:";
/// The tag that names the stack that owns a resource.
pub(crate) const STACK: &str = "purlin:stack";
/// The tag that holds the address of a resource in its stack.
pub(crate) const ADDRESS: &str = "purlin:address";
/// The tag that holds the declared name, on a successor that had to take another one.
pub(crate) const NAME: &str = "purlin:name";
/// The tag that holds a digest of the client secret of a listener's or rule's login.
pub(crate) const CLIENT_SECRET: &str = "purlin:client-secret";
/// The tag by which a load balancer records that its reserved capacity is ours.
pub(crate) const CAPACITY: &str = "purlin:capacity";
/// The prefix of the tags by which a group records which of its untaggable children are ours.
pub(crate) const CHILD: &str = "purlin:child:";
/// The prefix of the tags by which a group records which of its scheduled actions are ours.
pub(crate) const SCHEDULE: &str = "purlin:schedule:";
/// The tag by which a security group records that its associations with VPCs are ours.
pub(crate) const VPCS: &str = "purlin:vpcs";
/// The prefix of the tags by which a group records which of its lifecycle hooks are ours.
pub(crate) const HOOK: &str = "purlin:hook:";
/// The prefix of the tags by which a group records which of its notifications are ours.
pub(crate) const NOTIFICATION: &str = "purlin:notification:";

/// The most tags that users set: five of AWS's fifty are left to purlin's own.
pub(crate) const MOST: usize = 45;

/// Tags of a resource: keys of 1 to 128 characters, values of up to 256.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(pub(crate) BTreeMap<String, String>);

impl Tags {
    /// Makes an empty set of tags.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a tag; the last value of a key stays.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), value.into());
    }

    /// Returns the value of a tag.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over the tags in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Takes off the tags that purlin keeps for itself.
    pub(crate) fn drop_ownership(&mut self) {
        self.0.retain(|key, _| !key.starts_with(PREFIX));
    }

    /// Reports tags that AWS would refuse.
    pub(crate) fn validate(&self, problems: &mut Problems<'_>) {
        self.validate_at("tags", problems);
        if self.0.len() > MOST {
            let rule = format!("must be at most {MOST}: AWS takes 50, and purlin needs some for itself");
            problems.report("V178", "tags", format!("{} tags", self.0.len()), rule);
        }
    }

    /// Reports keys and values that AWS would refuse.
    pub(crate) fn validate_at(&self, path: &str, problems: &mut Problems<'_>) {
        // Letters, numbers and separators; of what is white, tabs and ends of lines are no separators.
        let space = |c: char| c.is_whitespace() && !c.is_control();
        let allowed = |c: char| c.is_alphanumeric() || space(c) || "_.:/=+-@".contains(c);
        let words = "letters, digits, spaces and `_.:/=+-@`";
        for (key, value) in self.iter() {
            problems.text("V39", path, key, 1..=128, allowed, words);
            problems.text("V39", &format!("{path}.{key}"), value, 0..=256, allowed, words);
            if key.to_lowercase().starts_with("aws:") {
                problems.report("V39", path, format!("{key:?}"), "must not begin with `aws:`, which AWS reserves");
            } else if key.starts_with(PREFIX) {
                let rule = "must not begin with `purlin:`, which is reserved for purlin's own tags";
                problems.report("P62", path, format!("{key:?}"), rule);
            }
        }
    }

    /// Returns the owner that the tags name, if they name one.
    pub(crate) fn owner(&self) -> Option<Owner> {
        Some(Owner { stack: self.get(STACK)?.to_owned(), address: self.get(ADDRESS)?.to_owned() })
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(tags: I) -> Self {
        Self(tags.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl ToValue for Tags {
    fn to_value(&self) -> Value {
        if self.0.is_empty() { Value::Unset } else { self.0.to_value() }
    }
}

/// Who owns a resource, by its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) stack: String,
    pub(crate) address: String,
}
