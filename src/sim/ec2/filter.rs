//! EC2's filters, the same for every describe operation.
//!
//! The values of one filter are alternatives, all filters must match, `*` and `?` are wildcards
//! that a backslash takes literally, and comparison is case-sensitive.

use aws_sdk_ec2::types::Filter;

use super::tags::Tags;
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// A filter name and the values that an item has under it.
pub(super) type Field<T> = (&'static str, fn(&World, &T) -> Vec<String>);

/// What a describe operation can be filtered by.
pub(super) trait Filtered: Sized + 'static {
    /// The filters that the operation knows, besides those on tags.
    const FIELDS: &'static [Field<Self>];
    /// Whether the operation also knows `tag:Key` and `tag-key`.
    const TAGGED: bool = true;

    /// The tags that `tag:Key` and `tag-key` look at.
    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags;
}

/// A whole request may not name more filter values (EC2 error code `FilterLimitExceeded`).
const MAX_VALUES: usize = 200;

enum Subject<T> {
    Field(fn(&World, &T) -> Vec<String>),
    Tag(String),
    TagKey,
}

/// The filters of one request, checked.
pub(super) struct Criteria<'r, T>(Vec<(Subject<T>, &'r [String])>);

impl<'r, T: Filtered> Criteria<'r, T> {
    /// Checks the names of the filters, whether or not there is anything to filter.
    pub(super) fn new(filters: Option<&'r [Filter]>) -> Result<Self, ApiError> {
        let filters = filters.unwrap_or_default();
        if filters.iter().map(|filter| filter.values().len()).sum::<usize>() > MAX_VALUES {
            return Err(ApiError::new(
                "FilterLimitExceeded",
                format!("The maximum number of filter values specified on a single call is {MAX_VALUES}"),
            ));
        }
        filters.iter().map(criterion).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn matches(&self, world: &World, item: &T) -> bool {
        self.0.iter().all(|(subject, patterns)| {
            let values = match subject {
                Subject::Field(values) => values(world, item),
                Subject::Tag(key) => item.tags(world).get(key).cloned().into_iter().collect(),
                Subject::TagKey => item.tags(world).keys().cloned().collect(),
            };
            values.iter().any(|value| patterns.iter().any(|pattern| matches(pattern, value)))
        })
    }
}

fn criterion<T: Filtered>(filter: &Filter) -> Result<(Subject<T>, &[String]), ApiError> {
    let name = filter.name().unwrap_or("null");
    let field = T::FIELDS.iter().find(|(field, _)| *field == name);
    let subject = match (field, name.strip_prefix("tag:")) {
        (Some((_, values)), _) => Subject::Field(*values),
        (None, Some(key)) if T::TAGGED => Subject::Tag(key.to_owned()),
        (None, None) if T::TAGGED && name == "tag-key" => Subject::TagKey,
        _ => {
            return Err(ApiError::new("InvalidParameterValue", format!("The filter '{name}' is invalid")));
        }
    };
    if filter.values().is_empty() {
        return Err(ApiError::new("MissingParameter", "The request must contain the parameter filterValueSet"));
    }
    Ok((subject, filter.values()))
}

/// Whether `text` matches a filter value with its wildcards.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    glob(&pattern, &text)
}

fn glob(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        (['*', pattern @ ..], _) => (0..=text.len()).any(|skipped| glob(pattern, &text[skipped..])),
        (['?', pattern @ ..], [_, text @ ..]) => glob(pattern, text),
        (['\\', literal, pattern @ ..], [first, text @ ..]) => literal == first && glob(pattern, text),
        ([literal, pattern @ ..], [first, text @ ..]) => literal == first && glob(pattern, text),
        (_, []) => false,
    }
}
