//! The checks that all operations share, with the words in which AWS refuses.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::sim::error::ApiError;

/// AWS's sentence about a member that breaks its declared constraint.
pub(super) fn constraint(member: &str, value: impl Display, must: impl Display) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {must}"
    ))
}

/// A required member.
pub(super) fn required<T>(value: Option<T>, member: &str) -> Result<T, ApiError> {
    value.ok_or_else(|| {
        ApiError::validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// A required text of 1 to 255 characters, what AWS declares for nearly every name.
pub(super) fn name<'a>(value: Option<&'a str>, member: &str) -> Result<&'a str, ApiError> {
    let value = required(value, member)?;
    length(value, 1..=255, member)?;
    Ok(value)
}

pub(super) fn length(value: &str, allowed: RangeInclusive<usize>, member: &str) -> Result<(), ApiError> {
    let count = value.chars().count();
    if count < *allowed.start() {
        Err(constraint(member, value, format!("have length greater than or equal to {}", allowed.start())))
    } else if count > *allowed.end() {
        Err(constraint(member, value, format!("have length less than or equal to {}", allowed.end())))
    } else {
        Ok(())
    }
}

/// An optional number within bounds.
pub(super) fn range(value: Option<i32>, allowed: RangeInclusive<i32>, member: &str) -> Result<(), ApiError> {
    match value {
        Some(value) if value < *allowed.start() => {
            Err(constraint(member, value, format!("have value greater than or equal to {}", allowed.start())))
        }
        Some(value) if value > *allowed.end() => {
            Err(constraint(member, value, format!("have value less than or equal to {}", allowed.end())))
        }
        _ => Ok(()),
    }
}

/// One of the documented values.
pub(super) fn one_of(value: Option<&str>, allowed: &[&str], member: &str) -> Result<(), ApiError> {
    match value {
        Some(value) if !allowed.contains(&value) => {
            Err(constraint(member, value, format!("satisfy enum value set: [{}]", allowed.join(", "))))
        }
        _ => Ok(()),
    }
}

/// At most so many items.
pub(super) fn at_most<T>(items: &[T], limit: usize, member: &str) -> Result<(), ApiError> {
    if items.len() > limit {
        return Err(constraint(member, items.len(), format!("have length less than or equal to {limit}")));
    }
    Ok(())
}

/// Two bounds of which the lower may not exceed the upper.
pub(super) fn ordered<T: PartialOrd + Display>(low: Option<T>, high: Option<T>, member: &str) -> Result<(), ApiError> {
    match (low, high) {
        (Some(low), Some(high)) if low > high => Err(ApiError::validation(format!(
            "The minimum value of {member} ({low}) must be less than or equal to its maximum value ({high})."
        ))),
        _ => Ok(()),
    }
}

/// How a describe pages: what AWS returns without `MaxRecords`, and the most it returns.
#[derive(Clone, Copy)]
pub(super) struct Paging {
    pub(super) default: usize,
    pub(super) most: i32,
}

/// 50 items by default and 100 at most: the paging of most describes.
pub(super) const PAGES: Paging = Paging { default: 50, most: 100 };

/// One page of `items` and the token of the next. A token is the index of the page's first item.
pub(super) fn page<T>(
    items: Vec<T>,
    token: Option<&str>,
    max_records: Option<i32>,
    paging: Paging,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    range(max_records, 1..=paging.most, "maxRecords")?;
    let start = match token {
        None => 0,
        Some(token) => token
            .parse()
            .ok()
            .filter(|start| *start <= items.len())
            .ok_or_else(|| ApiError::new("InvalidNextToken", format!("Invalid NextToken: {token}")))?,
    };
    let size = max_records.and_then(|size| usize::try_from(size).ok()).unwrap_or(paging.default);
    let end = items.len().min(start + size);
    let next = (end < items.len()).then(|| end.to_string());
    Ok((items.into_iter().skip(start).take(size).collect(), next))
}

/// A filter of a describe: a name and the values of which one must match.
pub(super) fn filters<'a>(
    filters: &'a [aws_sdk_autoscaling::types::Filter],
    allowed: impl Fn(&str) -> bool,
    listed: &str,
) -> Result<Vec<(&'a str, &'a [String])>, ApiError> {
    filters
        .iter()
        .map(|filter| {
            let name = required(filter.name(), "filters.name")?;
            if !allowed(name) {
                return Err(ApiError::validation(format!(
                    "Filter type {name} is not correct. Allowed Filter types are: {listed}"
                )));
            }
            Ok((name, filter.values()))
        })
        .collect()
}
