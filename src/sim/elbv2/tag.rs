//! Tags of balancers, target groups, listeners and rules.

use aws_sdk_elasticloadbalancingv2::operation::add_tags::{AddTagsInput, AddTagsOutput};
use aws_sdk_elasticloadbalancingv2::operation::describe_tags::{DescribeTagsInput, DescribeTagsOutput};
use aws_sdk_elasticloadbalancingv2::operation::remove_tags::{RemoveTagsInput, RemoveTagsOutput};
use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::check;
use super::model::{Balancer, Listener, ListenerRule, Resource, Tags, TargetGroup, find, find_mut, see};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// The most tags on a resource.
const LIMIT: usize = 50;

/// The tags of a request, each of them as AWS allows it.
pub(super) fn checked(tags: &[sdk::Tag]) -> Result<Tags, ApiError> {
    let mut checked = Tags::new();
    for tag in tags {
        let key = check::required("tags.member.key", tag.key())?;
        let value = tag.value().unwrap_or_default();
        check::length("tags.member.key", key, 1..=128)?;
        check::length("tags.member.value", value, 0..=256)?;
        for text in [key, value] {
            if !text.chars().all(allowed) {
                return Err(check::constraint(
                    "tags.member",
                    text,
                    r"satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$",
                ));
            }
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::validation("aws: prefixed tag key names are not allowed for external use."));
        }
        if checked.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(ApiError::new("DuplicateTagKeys", format!("Tag key '{key}' was specified more than once")));
        }
    }
    count(&checked)?;
    Ok(checked)
}

/// The pattern's letters, separators and numbers, as the standard library knows them.
fn allowed(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "_.:/=+-@".contains(character)
}

fn count(tags: &Tags) -> Result<(), ApiError> {
    if tags.len() > LIMIT {
        return Err(ApiError::new("TooManyTags", format!("The maximum number of tags per resource is {LIMIT}")));
    }
    Ok(())
}

/// The first segment of the ARN's resource part tells the type.
fn path(arn: &str) -> Option<&str> {
    arn.splitn(6, ':').nth(5)?.split('/').next()
}

fn unknown(arn: &str) -> ApiError {
    match path(arn) {
        Some("truststore") => ApiError::new("TrustStoreNotFound", format!("Trust store '{arn}' not found")),
        _ => ApiError::validation(format!("'{arn}' is not a valid ARN")),
    }
}

/// Finds the tags of a resource of any type.
macro_rules! any {
    ($world:expr, $arn:expr, $find:ident, $tags:ident) => {
        match path($arn) {
            Some(Balancer::PATH) => $find($world, Some($arn)).map(Balancer::$tags),
            Some(TargetGroup::PATH) => $find($world, Some($arn)).map(TargetGroup::$tags),
            Some(Listener::PATH) => $find($world, Some($arn)).map(Listener::$tags),
            Some(ListenerRule::PATH) => $find($world, Some($arn)).map(ListenerRule::$tags),
            _ => Err(unknown($arn)),
        }
    };
}

/// The tags of something that exists.
pub(super) fn of<'w>(world: &'w World, arn: &str) -> Option<&'w Tags> {
    any!(world, arn, find, tags).ok()
}

pub(super) fn add(world: &mut World, input: &AddTagsInput) -> Result<AddTagsOutput, ApiError> {
    check::required("resourceArns", input.resource_arns.as_ref())?;
    check::required("tags", input.tags.as_ref().filter(|tags| !tags.is_empty()))?;
    let added = checked(input.tags())?;
    for arn in input.resource_arns() {
        let mut tags = any!(world, arn, find, tags)?.clone();
        tags.extend(added.clone());
        count(&tags)?;
    }
    for arn in input.resource_arns() {
        any!(world, arn, find_mut, tags_mut)?.extend(added.clone());
    }
    Ok(AddTagsOutput::builder().build())
}

pub(super) fn remove(world: &mut World, input: &RemoveTagsInput) -> Result<RemoveTagsOutput, ApiError> {
    check::required("resourceArns", input.resource_arns.as_ref())?;
    check::required("tagKeys", input.tag_keys.as_ref())?;
    for key in input.tag_keys() {
        check::length("tagKeys.member", key, 1..=128)?;
    }
    for arn in input.resource_arns() {
        any!(world, arn, find, tags)?;
    }
    for arn in input.resource_arns() {
        any!(world, arn, find_mut, tags_mut)?.retain(|key, _| !input.tag_keys().contains(key));
    }
    Ok(RemoveTagsOutput::builder().build())
}

pub(super) fn describe(world: &mut World, input: &DescribeTagsInput) -> Result<DescribeTagsOutput, ApiError> {
    check::required("resourceArns", input.resource_arns.as_ref())?;
    if input.resource_arns().len() > 20 {
        return Err(ApiError::validation("The number of resource ARNs cannot exceed '20'"));
    }
    let mut output = DescribeTagsOutput::builder();
    for arn in input.resource_arns() {
        let show = world.tags_show(any!(world, arn, see, created)?);
        let tags = any!(world, arn, see, tags)?.iter().filter(|_| show);
        let tags = tags.map(|(key, value)| sdk::Tag::builder().key(key).value(value).build()).collect();
        let description = sdk::TagDescription::builder().resource_arn(arn).set_tags(Some(tags));
        output = output.tag_descriptions(description.build());
    }
    Ok(output.build())
}
