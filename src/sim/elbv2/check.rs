//! Checks and refusals that every operation shares.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::sim::error::ApiError;

/// The most items on a page, and how many there are when the request does not say.
const PAGE: i32 = 400;

/// A refusal by the generic request validation, which stands before the service's own.
pub(super) fn constraint(member: &str, value: impl Display, rule: impl Display) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}

/// Refuses the request unless the member is there.
pub(super) fn required<T>(member: &str, value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| {
        ApiError::validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// Refuses a number out of range.
pub(super) fn within(member: &str, value: i32, range: RangeInclusive<i32>) -> Result<i32, ApiError> {
    if value < *range.start() {
        Err(constraint(member, value, format!("have value greater than or equal to {}", range.start())))
    } else if value > *range.end() {
        Err(constraint(member, value, format!("have value less than or equal to {}", range.end())))
    } else {
        Ok(value)
    }
}

/// Refuses a text whose number of characters is out of range.
pub(super) fn length(member: &str, value: &str, range: RangeInclusive<usize>) -> Result<(), ApiError> {
    let length = value.chars().count();
    if length < *range.start() {
        Err(constraint(member, value, format!("have length greater than or equal to {}", range.start())))
    } else if length > *range.end() {
        Err(constraint(member, value, format!("have length less than or equal to {}", range.end())))
    } else {
        Ok(())
    }
}

/// Refuses a value outside an enumeration.
pub(super) fn one_of(member: &str, value: &str, allowed: &[&str]) -> Result<(), ApiError> {
    if allowed.contains(&value) {
        Ok(())
    } else {
        Err(constraint(member, value, format!("satisfy enum value set: [{}]", allowed.join(", "))))
    }
}

/// Refuses more items in one call than the operation takes.
pub(super) fn at_most(member: &str, count: usize, limit: usize) -> Result<(), ApiError> {
    if count > limit {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
             Member must have length less than or equal to {limit}"
        )));
    }
    Ok(())
}

/// The refusal of a configuration whose parts do not go together.
pub(super) fn invalid_configuration(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidConfigurationRequest", message)
}

/// The rules that names of balancers and target groups share.
pub(super) fn name(noun: &str, name: &str) -> Result<(), ApiError> {
    if name.is_empty() {
        return Err(ApiError::validation(format!("{noun} name cannot be empty")));
    }
    if name.chars().count() > 32 {
        return Err(ApiError::validation(format!("{noun} name '{name}' cannot be longer than '32' characters")));
    }
    if !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '-') {
        return Err(ApiError::validation(format!(
            "{noun} name '{name}' can only contain characters that are alphanumeric characters and hyphens(-)"
        )));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(ApiError::validation(format!("{noun} name '{name}' cannot begin or end with a hyphen(-)")));
    }
    Ok(())
}

/// One page of the items, and the marker of the next.
pub(super) fn page<T>(
    items: Vec<T>,
    marker: Option<&str>,
    size: Option<i32>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = match size {
        Some(size) => within("pageSize", size, 1..=PAGE)?,
        None => PAGE,
    };
    let size = usize::try_from(size).unwrap_or_default();
    let start = match marker {
        Some(marker) => marker
            .parse::<usize>()
            .ok()
            .filter(|start| *start <= items.len())
            .ok_or_else(|| ApiError::validation(format!("'{marker}' is not a valid marker")))?,
        None => 0,
    };
    let next = (items.len() - start > size).then(|| (start + size).to_string());
    Ok((items.into_iter().skip(start).take(size).collect(), next))
}
