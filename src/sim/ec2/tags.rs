//! Tags: one store for all resources, and CreateTags, DeleteTags, DescribeTags.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::operation::create_tags::{CreateTagsInput, CreateTagsOutput};
use aws_sdk_ec2::operation::delete_tags::{DeleteTagsInput, DeleteTagsOutput};
use aws_sdk_ec2::operation::describe_tags::{DescribeTagsInput, DescribeTagsOutput};
use aws_sdk_ec2::types::{ResourceType, Tag, TagDescription, TagSpecification};

use super::filter::{Criteria, Field, Filtered};
use super::page::{self, page};
use super::resource::{
    IMAGE, INSTANCE, INTERFACE, LAUNCH_TEMPLATE, SECURITY_GROUP, SECURITY_GROUP_RULE, SUBNET, VOLUME, VPC, dry_run,
    invalid, missing,
};
use super::{instance, interface, volume};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

static NO_TAGS: Tags = Tags::new();

const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;
const MAX_RESOURCES: usize = 1000;
/// The prefix of the tags that AWS itself sets; they do not count towards the limit.
const RESERVED: &str = "aws:";

/// The tags of every resource, by the resource's id.
#[derive(Debug, Default)]
pub(super) struct TagStore(BTreeMap<String, Tags>);

impl TagStore {
    pub(super) fn of(&self, resource: &str) -> &Tags {
        self.0.get(resource).unwrap_or(&NO_TAGS)
    }

    pub(super) fn add(&mut self, resource: &str, tags: Tags) {
        self.0.entry(resource.to_owned()).or_default().extend(tags);
    }

    /// Forgets the tags of a resource that is gone.
    pub(super) fn forget(&mut self, resource: &str) {
        self.0.remove(resource);
    }
}

/// The tags of a resource made at `created`, as describes and filters see them.
pub(super) fn shown<'w>(world: &'w World, resource: &str, created: Option<Duration>) -> &'w Tags {
    if created.is_none_or(|created| world.tags_show(created)) { world.ec2.tags.of(resource) } else { &NO_TAGS }
}

/// Tags as the SDK wants them; a resource without tags answers with an empty list.
pub(super) fn to_sdk(tags: &Tags) -> Option<Vec<Tag>> {
    Some(tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect())
}

/// Checks tags that a user wants to set, and turns them into a map.
pub(super) fn checked(tags: &[Tag]) -> Result<Tags, ApiError> {
    let mut checked = Tags::new();
    for tag in tags {
        let key = tag.key().unwrap_or_default();
        let value = tag.value().unwrap_or_default();
        if key.is_empty() {
            return Err(ApiError::new(
                "InvalidTagKey.Malformed",
                "Tag keys cannot be empty or null, and cannot start with aws:",
            ));
        }
        if key.to_ascii_lowercase().starts_with(RESERVED) {
            return Err(invalid("Tag keys starting with 'aws:' are reserved for internal use"));
        }
        if key.chars().count() > MAX_KEY {
            return Err(invalid(format!("Tag key exceeds the maximum length of {MAX_KEY} characters")));
        }
        if value.chars().count() > MAX_VALUE {
            return Err(invalid(format!("Tag value exceeds the maximum length of {MAX_VALUE} characters")));
        }
        if checked.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Duplicate tag key '{key}' specified.")));
        }
    }
    check_count(&checked)?;
    Ok(checked)
}

pub(super) fn check_count(tags: &Tags) -> Result<(), ApiError> {
    if tags.keys().filter(|key| !key.starts_with(RESERVED)).count() > MAX_TAGS {
        return Err(ApiError::new("TagLimitExceeded", "The maximum number of Tags for a resource has been reached."));
    }
    Ok(())
}

/// The tags that a create request gives the one kind of resource that it creates.
pub(super) fn specified(
    specifications: Option<&[TagSpecification]>,
    resource_type: &ResourceType,
) -> Result<Tags, ApiError> {
    match specifications.unwrap_or_default() {
        [] => Ok(Tags::new()),
        [specification] => match specification.resource_type() {
            None => Err(invalid("Tag specification resource type must have a value")),
            Some(given) if given != resource_type => {
                Err(invalid(format!("'{given}' is not a valid taggable resource type for this operation.")))
            }
            Some(_) => checked(specification.tags()),
        },
        [..] => Err(invalid("The same resource type may not be specified more than once in tag specifications")),
    }
}

/// The type of a resource by its id; refuses what does not exist.
fn resource_type(world: &World, id: &str) -> Result<ResourceType, ApiError> {
    let ec2 = &world.ec2;
    if SECURITY_GROUP_RULE.covers(id) {
        SECURITY_GROUP_RULE.find(&ec2.rules, id).map(|_| ResourceType::SecurityGroupRule)
    } else if SECURITY_GROUP.covers(id) {
        SECURITY_GROUP.find(&ec2.groups, id).map(|_| ResourceType::SecurityGroup)
    } else if LAUNCH_TEMPLATE.covers(id) {
        LAUNCH_TEMPLATE.find(&ec2.templates, id).map(|_| ResourceType::LaunchTemplate)
    } else if VPC.covers(id) {
        VPC.find(&ec2.vpcs, id).map(|_| ResourceType::Vpc)
    } else if SUBNET.covers(id) {
        SUBNET.find(&ec2.subnets, id).map(|_| ResourceType::Subnet)
    } else if IMAGE.covers(id) {
        IMAGE.find(&ec2.images, id).map(|_| ResourceType::Image)
    } else if INSTANCE.covers(id) {
        instance::find(world, id).map(|_| ResourceType::Instance)
    } else if VOLUME.covers(id) {
        volume::find(world, id).map(|_| ResourceType::Volume)
    } else if INTERFACE.covers(id) {
        interface::find(world, id).map(|_| ResourceType::NetworkInterface)
    } else {
        Err(ApiError::new("InvalidID", format!("The ID '{id}' is not valid")))
    }
}

fn check_resources(world: &World, ids: &[String]) -> Result<(), ApiError> {
    if ids.is_empty() {
        return Err(missing("resourceIdSet"));
    }
    if ids.len() > MAX_RESOURCES {
        return Err(invalid(format!("The number of resources exceeds the maximum of {MAX_RESOURCES}")));
    }
    ids.iter().try_for_each(|id| resource_type(world, id).map(drop))
}

pub(super) fn create(world: &mut World, input: &CreateTagsInput) -> Result<CreateTagsOutput, ApiError> {
    if input.tags().is_empty() {
        return Err(missing("tagSet"));
    }
    let tags = checked(input.tags())?;
    check_resources(world, input.resources())?;
    for id in input.resources() {
        let mut together = world.ec2.tags.of(id).clone();
        together.extend(tags.clone());
        check_count(&together)?;
    }
    dry_run(input.dry_run())?;
    for id in input.resources() {
        world.ec2.tags.add(id, tags.clone());
    }
    Ok(CreateTagsOutput::builder().build())
}

/// A tag without a value goes whatever its value is; one with a value only if it has that value;
/// without any tags given all go but those that AWS set.
pub(super) fn delete(world: &mut World, input: &DeleteTagsInput) -> Result<DeleteTagsOutput, ApiError> {
    check_resources(world, input.resources())?;
    dry_run(input.dry_run())?;
    for id in input.resources() {
        let Some(tags) = world.ec2.tags.0.get_mut(id) else { continue };
        if input.tags().is_empty() {
            tags.retain(|key, _| key.starts_with(RESERVED));
        }
        for tag in input.tags() {
            let key = tag.key().unwrap_or_default();
            if tag.value().is_none_or(|value| tags.get(key).is_some_and(|current| current == value)) {
                tags.remove(key);
            }
        }
    }
    Ok(DeleteTagsOutput::builder().build())
}

/// One tag of one resource, as DescribeTags lists it.
struct TagLine {
    resource: String,
    resource_type: ResourceType,
    key: String,
    value: String,
}

impl Filtered for TagLine {
    const FIELDS: &'static [Field<Self>] = &[
        ("key", |_, line| vec![line.key.clone()]),
        ("value", |_, line| vec![line.value.clone()]),
        ("resource-id", |_, line| vec![line.resource.clone()]),
        ("resource-type", |_, line| vec![line.resource_type.as_str().to_owned()]),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.resource)
    }
}

/// When a resource was made, for those whose tags may show late.
fn created(world: &World, resource: &str) -> Option<Duration> {
    let ec2 = &world.ec2;
    let group = ec2.groups.get(resource).and_then(|group| group.created);
    let rule = || ec2.rules.get(resource).and_then(|rule| rule.created);
    group.or_else(rule).or_else(|| ec2.templates.get(resource).map(|template| template.created))
}

pub(super) fn describe(world: &World, input: &DescribeTagsInput) -> Result<DescribeTagsOutput, ApiError> {
    let criteria = Criteria::new(input.filters.as_deref())?;
    let mut lines = Vec::new();
    for (resource, tags) in &world.ec2.tags.0 {
        // Tags outlive what is gone only by time, such as interfaces of terminated instances.
        let Ok(resource_type) = resource_type(world, resource) else { continue };
        if created(world, resource).is_some_and(|created| !world.visible(created) || !world.tags_show(created)) {
            continue;
        }
        lines.extend(tags.iter().map(|(key, value)| TagLine {
            resource: resource.clone(),
            resource_type: resource_type.clone(),
            key: key.clone(),
            value: value.clone(),
        }));
    }
    lines.retain(|line| criteria.matches(world, line));
    let (lines, next_token) = page(lines, input.max_results, input.next_token(), &page::USUAL)?;
    let tags = lines.into_iter().map(|line| {
        TagDescription::builder()
            .resource_id(line.resource)
            .resource_type(line.resource_type)
            .key(line.key)
            .value(line.value)
            .build()
    });
    Ok(DescribeTagsOutput::builder().set_tags(Some(tags.collect())).set_next_token(next_token).build())
}
