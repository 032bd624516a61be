//! Attributes of balancers, target groups and listeners: one table each, one machinery for all.

mod balancer;
mod listener;
mod target_group;

use std::collections::BTreeSet;

use super::check;
use super::model::{Attributes, Balancer, TargetGroup};
use crate::sim::error::ApiError;

pub(super) use balancer::{describe as describe_balancer, modify as modify_balancer};
pub(super) use listener::{describe as describe_listener, keep as keep_listener, modify as modify_listener};
pub(super) use target_group::{describe as describe_target_group, modify as modify_target_group};

/// The most attributes in one call.
const LIMIT: usize = 20;

/// An attribute of resources whose unchanging side is a `T`.
struct Key<T> {
    name: &'static str,
    default: fn(&T) -> &'static str,
    values: fn(&T) -> Values,
    /// What excludes it, as the refusal words it: `for load balancers with type 'network'`.
    excluded: fn(&T) -> Option<String>,
}

/// What an attribute can be.
enum Values {
    Flag,
    OneOf(&'static [&'static str]),
    Between(u32, u32),
    /// Zero for off, or a number of the range.
    ZeroOr(u32, u32),
    /// `off`, or a number of the range.
    OffOr(u32, u32),
    /// Text of up to so many characters.
    Text(usize),
    /// What the function accepts, described.
    Matching(fn(&str) -> bool, &'static str),
}

impl Values {
    /// What is wrong with the value, if anything.
    fn refusal(&self, value: &str) -> Option<String> {
        let between = |low: u32, high: u32| value.parse::<u32>().is_ok_and(|number| (low..=high).contains(&number));
        let (allowed, expected) = match self {
            Self::Flag => (matches!(value, "true" | "false"), "'true' or 'false'".to_owned()),
            Self::OneOf(values) => (values.contains(&value), format!("one of [{}]", values.join(", "))),
            Self::Between(low, high) => (between(*low, *high), format!("between {low} and {high}")),
            Self::ZeroOr(low, high) => {
                (value == "0" || between(*low, *high), format!("0, or between {low} and {high}"))
            }
            Self::OffOr(low, high) => {
                (value == "off" || between(*low, *high), format!("'off', or between {low} and {high}"))
            }
            Self::Text(limit) => (value.chars().count() <= *limit, format!("at most {limit} characters long")),
            Self::Matching(accepts, expected) => (accepts(value), (*expected).to_owned()),
        };
        (!allowed).then_some(expected)
    }
}

/// The attributes of one resource.
struct View<'a, T: 'static> {
    table: &'static [Key<T>],
    /// As messages name the resource.
    noun: &'static str,
    subject: &'a T,
    set: Attributes,
}

impl<T> View<'_, T> {
    fn get(&self, name: &str) -> &str {
        match self.set.get(name) {
            Some(value) => value,
            None => self.table.iter().find(|key| key.name == name).map_or("", |key| (key.default)(self.subject)),
        }
    }

    /// Every attribute that the resource has, with its value.
    fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.table.iter().filter(|key| (key.excluded)(self.subject).is_none()).map(|key| (key.name, self.get(key.name)))
    }

    /// Takes the attributes of a request, each checked by itself; returns their names.
    fn apply<'r>(
        &mut self,
        request: impl ExactSizeIterator<Item = (Option<&'r str>, Option<&'r str>)>,
    ) -> Result<BTreeSet<&'r str>, ApiError> {
        let noun = self.noun;
        check::at_most("attributes", request.len(), LIMIT)?;
        if request.len() == 0 {
            return Err(ApiError::validation(format!(
                "At least one {} attribute must be specified",
                noun.to_lowercase()
            )));
        }
        let mut names = BTreeSet::new();
        for (name, value) in request {
            let name = check::required("attributes.member.key", name)?;
            let value = value.unwrap_or_default();
            let key = self
                .table
                .iter()
                .find(|key| key.name == name)
                .ok_or_else(|| ApiError::validation(format!("{noun} attribute key '{name}' is not recognized")))?;
            if let Some(excluded) = (key.excluded)(self.subject) {
                return Err(ApiError::validation(format!("{noun} attribute key '{name}' is not supported {excluded}")));
            }
            if let Some(expected) = (key.values)(self.subject).refusal(value) {
                return Err(ApiError::validation(format!(
                    "{noun} attribute value '{value}' for key '{name}' is not valid: it must be {expected}"
                )));
            }
            if !names.insert(name) {
                return Err(ApiError::validation(format!(
                    "{noun} attribute key '{name}' was specified more than once"
                )));
            }
            self.set.insert(name.to_owned(), value.to_owned());
        }
        Ok(names)
    }
}

/// The value of a balancer's attribute.
pub(super) fn of_balancer(resource: &Balancer, name: &str) -> String {
    balancer::view(resource).get(name).to_owned()
}

/// The value of a target group's attribute.
pub(super) fn of_target_group(resource: &TargetGroup, name: &str) -> String {
    target_group::view(resource).get(name).to_owned()
}
