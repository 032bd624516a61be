//! Tags of groups.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::operation::create_or_update_tags::{CreateOrUpdateTagsInput, CreateOrUpdateTagsOutput};
use aws_sdk_autoscaling::operation::delete_tags::{DeleteTagsInput, DeleteTagsOutput};
use aws_sdk_autoscaling::operation::describe_tags::{DescribeTagsInput, DescribeTagsOutput};
use aws_sdk_autoscaling::types::{Tag, TagDescription};

use super::check::{self, PAGES};
use super::state::{AutoScalingState, Group};
use crate::sim::error::ApiError;
use crate::sim::world::World;

const RESOURCE_TYPE: &str = "auto-scaling-group";
const MAX_TAGS: usize = 50;

/// The value of a group's tag, and whether new instances get it.
#[derive(Debug, Clone)]
pub(super) struct GroupTag {
    pub(super) value: String,
    pub(super) propagate: bool,
}

/// The tags of a request by key, checked one by one.
pub(super) fn parse<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> Result<BTreeMap<String, GroupTag>, ApiError> {
    let mut parsed = BTreeMap::new();
    for tag in tags {
        let key = check::required(tag.key(), "tags.key")?;
        check::length(key, 1..=128, "tags.key")?;
        let value = tag.value().unwrap_or_default();
        check::length(value, 0..=256, "tags.value")?;
        check::one_of(tag.resource_type(), &[RESOURCE_TYPE], "tags.resourceType")?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::validation("aws: prefixed tag key names are not allowed for external use."));
        }
        let tag = GroupTag { value: value.to_owned(), propagate: tag.propagate_at_launch() == Some(true) };
        if parsed.insert(key.to_owned(), tag).is_some() {
            return Err(ApiError::validation(format!("Duplicate tag key found: {key}")));
        }
    }
    if parsed.len() > MAX_TAGS {
        return Err(too_many());
    }
    Ok(parsed)
}

fn too_many() -> ApiError {
    ApiError::new(
        "LimitExceeded",
        format!("The number of tags exceeds the limit of {MAX_TAGS} per Auto Scaling group."),
    )
}

/// The tags of a request that each name their group: all of them, by group.
fn by_group<'a>(state: &AutoScalingState, tags: &'a [Tag]) -> Result<BTreeMap<&'a str, Vec<&'a Tag>>, ApiError> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for tag in tags {
        let id = check::required(tag.resource_id(), "tags.resourceId")?;
        check::required(tag.resource_type(), "tags.resourceType")?;
        if !state.groups.contains_key(id) {
            return Err(ApiError::validation(format!("AutoScalingGroup not found - AutoScaling Group {id} not found")));
        }
        state.modifiable(Some(id))?;
        groups.entry(id).or_default().push(tag);
    }
    Ok(groups)
}

pub(super) fn create_or_update(
    world: &mut World,
    input: &CreateOrUpdateTagsInput,
) -> Result<CreateOrUpdateTagsOutput, ApiError> {
    check::required(input.tags.as_ref(), "tags")?;
    let state = &mut world.autoscaling;
    let mut changed = Vec::new();
    for (name, tags) in by_group(state, input.tags())? {
        let mut all = state.group(Some(name))?.tags.clone();
        all.extend(parse(tags)?);
        if all.len() > MAX_TAGS {
            return Err(too_many());
        }
        changed.push((name, all));
    }
    for (name, tags) in changed {
        if let Some(group) = state.groups.get_mut(name) {
            group.tags = tags;
        }
    }
    Ok(CreateOrUpdateTagsOutput::builder().build())
}

pub(super) fn delete(world: &mut World, input: &DeleteTagsInput) -> Result<DeleteTagsOutput, ApiError> {
    check::required(input.tags.as_ref(), "tags")?;
    let state = &mut world.autoscaling;
    let groups = by_group(state, input.tags())?;
    for tag in input.tags() {
        check::required(tag.key(), "tags.key")?;
    }
    for (name, tags) in groups {
        if let Some(group) = state.groups.get_mut(name) {
            for tag in tags {
                // "If you specify a tag value, the tag is deleted only if it has that value."
                let key = tag.key().unwrap_or_default();
                if group.tags.get(key).is_some_and(|held| tag.value().is_none_or(|value| value == held.value)) {
                    group.tags.remove(key);
                }
            }
        }
    }
    Ok(DeleteTagsOutput::builder().build())
}

pub(super) fn describe(world: &mut World, input: &DescribeTagsInput) -> Result<DescribeTagsOutput, ApiError> {
    let allowed = ["auto-scaling-group", "key", "value", "propagate-at-launch"];
    let filters = check::filters(
        input.filters(),
        |name| allowed.contains(&name),
        "[auto-scaling-group, key, value, propagate-at-launch]",
    )?;
    let tags = world
        .autoscaling
        .groups
        .values()
        .filter(|group| world.visible(group.created))
        .flat_map(Group::describe_tags)
        .filter(|tag| {
            filters.iter().all(|(name, values)| {
                let actual = match *name {
                    "auto-scaling-group" => tag.resource_id(),
                    "key" => tag.key(),
                    "value" => tag.value(),
                    _ => tag.propagate_at_launch().map(|yes| if yes { "true" } else { "false" }),
                };
                values.iter().any(|value| Some(value.as_str()) == actual)
            })
        })
        .collect();
    let (tags, next) = check::page(tags, input.next_token(), input.max_records(), PAGES)?;
    Ok(DescribeTagsOutput::builder().set_tags(Some(tags)).set_next_token(next).build())
}

impl Group {
    pub(super) fn describe_tags(&self) -> Vec<TagDescription> {
        self.tags
            .iter()
            .map(|(key, tag)| {
                TagDescription::builder()
                    .resource_id(&self.name)
                    .resource_type(RESOURCE_TYPE)
                    .key(key)
                    .value(&tag.value)
                    .propagate_at_launch(tag.propagate)
                    .build()
            })
            .collect()
    }

    /// What a new instance is tagged with.
    pub(super) fn instance_tags(&self) -> Vec<(String, String)> {
        let own = self.tags.iter().filter(|(_, tag)| tag.propagate).map(|(key, tag)| (key.clone(), tag.value.clone()));
        own.chain([("aws:autoscaling:groupName".to_owned(), self.name.clone())]).collect()
    }

    /// Whether the group's tags match the filters of DescribeAutoScalingGroups.
    pub(super) fn matches(&self, filters: &[(&str, &[String])]) -> bool {
        filters.iter().all(|(name, values)| match *name {
            "tag-key" => values.iter().any(|key| self.tags.contains_key(key)),
            "tag-value" => {
                let held: BTreeSet<&str> = self.tags.values().map(|tag| tag.value.as_str()).collect();
                values.iter().any(|value| held.contains(value.as_str()))
            }
            _ => name
                .strip_prefix("tag:")
                .and_then(|key| self.tags.get(key))
                .is_some_and(|tag| values.contains(&tag.value)),
        })
    }
}
