//! The attributes of load balancers, target groups and listeners: keys and values as AWS spells
//! them, so that keys newer than this crate can be set too.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::problem::Problems;
use crate::value::{ToValue, Value};

/// Attributes by key; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(pub(crate) BTreeMap<String, String>);

impl Attributes {
    pub(crate) fn set(&mut self, key: &str, value: impl Display) {
        self.0.insert(key.to_owned(), value.to_string());
    }

    /// Reports an attribute that is not a whole number in one of the ranges.
    pub(crate) fn range(
        &self,
        id: &'static str,
        key: &str,
        ranges: &[RangeInclusive<u64>],
        problems: &mut Problems<'_>,
    ) {
        let Some(text) = self.0.get(key) else { return };
        let fits = text.parse::<u64>().is_ok_and(|number| ranges.iter().any(|range| range.contains(&number)));
        if !fits {
            let words: Vec<_> = ranges
                .iter()
                .map(|range| {
                    if range.start() == range.end() {
                        range.start().to_string()
                    } else {
                        format!("{} to {}", range.start(), range.end())
                    }
                })
                .collect();
            problems.report(
                id,
                format!("attributes.{key}"),
                format!("{text:?}"),
                format!("must be {}", words.join(" or ")),
            );
        }
    }

    /// Reports an attribute that is none of these words.
    pub(crate) fn words(&self, id: &'static str, key: &str, words: &[&str], problems: &mut Problems<'_>) {
        if let Some(text) = self.0.get(key).filter(|text| !words.contains(&text.as_str())) {
            let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            problems.report(
                id,
                format!("attributes.{key}"),
                format!("{text:?}"),
                format!("must be {}", words.join(" or ")),
            );
        }
    }

    /// What has to be sent so that the attributes of `observed` become these: what is set, and the
    /// default of what is no longer set.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only the engine sends attributes"))]
    pub(crate) fn changes(&self, observed: &Self, defaults: &Value) -> Vec<(String, String)> {
        let default = |key: &str| defaults.entries().find(|(k, _)| *k == key).and_then(|(_, value)| value.as_text());
        let now = |key: &str| observed.0.get(key).map(String::as_str).or(default(key));
        let set = self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let cleared = observed
            .0
            .keys()
            .filter(|key| !self.0.contains_key(*key))
            .filter_map(|key| Some((key.as_str(), default(key)?)));
        set.chain(cleared)
            .filter(|(key, value)| now(key) != Some(value))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }
}

impl ToValue for Attributes {
    fn to_value(&self) -> Value {
        if self.0.is_empty() { Value::Unset } else { self.0.to_value() }
    }
}
