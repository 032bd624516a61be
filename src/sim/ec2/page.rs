//! Pages of describe results.

use crate::sim::error::ApiError;

/// How many items a page of an operation may have.
pub(super) struct PageSize {
    min: i32,
    max: i32,
    default: usize,
}

/// Most describe operations: 5 to 1000, and everything when not asked for pages.
pub(super) const USUAL: PageSize = PageSize { min: 5, max: 1000, default: usize::MAX };
/// DescribeImages documents no bounds of its own.
pub(super) const IMAGES: PageSize = PageSize { min: 1, max: 1000, default: usize::MAX };
/// DescribeLaunchTemplates and DescribeLaunchTemplateVersions.
pub(super) const LAUNCH_TEMPLATES: PageSize = PageSize { min: 1, max: 200, default: 200 };
/// DescribeInstanceTypes.
pub(super) const INSTANCE_TYPES: PageSize = PageSize { min: 5, max: 100, default: 100 };
/// DescribeRouteTables.
pub(super) const ROUTE_TABLES: PageSize = PageSize { min: 5, max: 100, default: usize::MAX };

/// Every page token of the simulation is this and the number of items before the page.
const TOKEN: &str = "page-after-";

/// One page of `items`, and the token of the next one.
pub(super) fn page<T>(
    items: Vec<T>,
    max_results: Option<i32>,
    next_token: Option<&str>,
    size: &PageSize,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let PageSize { min, max, default } = *size;
    let invalid = |value: i32, bound: &str| {
        ApiError::new(
            "InvalidParameterValue",
            format!("Value ( {value} ) for parameter maxResults is invalid. Expecting a value {bound}."),
        )
    };
    let length = match max_results {
        None => default,
        Some(value) if value < min => {
            return Err(invalid(value, &format!("greater than or equal to {min}")));
        }
        Some(value) if value > max => {
            return Err(invalid(value, &format!("less than or equal to {max}")));
        }
        Some(value) => usize::try_from(value).unwrap_or(default),
    };
    let start = match next_token {
        None => 0,
        Some(token) => token
            .strip_prefix(TOKEN)
            .and_then(|start| start.parse::<usize>().ok())
            .ok_or_else(|| ApiError::new("InvalidNextToken", "The specified next token is invalid."))?,
    };
    let end = start.saturating_add(length);
    let next = (items.len() > end).then(|| format!("{TOKEN}{end}"));
    Ok((items.into_iter().skip(start).take(length).collect(), next))
}
