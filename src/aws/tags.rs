//! Tags of EC2 and Elastic Load Balancing resources; Auto Scaling has its own.

use std::collections::{HashMap, HashSet};

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use aws_sdk_elasticloadbalancingv2::types::Tag as ElbTag;
use futures_util::future::try_join_all;
use tokio::sync::OnceCell;

use crate::error::Result;
use crate::resource::tags::{NAME, STACK};
use crate::resource::{Operation, Tags};

use super::Cx;
use super::call::pages;
use super::convert::filter;

/// The tags of a resource that is being made.
pub(super) fn specification(kind: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(ec2(tags))).build()
}

fn ec2(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

pub(super) fn from_ec2(tags: &[Tag]) -> Tags {
    // Tags in AWS's own name space cannot be set and mean nothing to a declaration.
    tags.iter()
        .filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())))
        .filter(|(key, _)| !key.starts_with("aws:"))
        .collect()
}

pub(super) fn elb(tags: &Tags) -> Vec<ElbTag> {
    tags.iter().map(|(key, value)| ElbTag::builder().key(key).value(value).build()).collect()
}

/// Brings the tags of an EC2 resource up to date, by one of the two calls.
pub(super) async fn change_ec2(
    cx: &Cx<'_>,
    operation: Operation,
    id: &str,
    wanted: &Tags,
    present: &Tags,
) -> Result<()> {
    let client = &cx.aws.ec2;
    if operation == Operation::CreateTags {
        let tags = ec2(&missing(wanted, present));
        cx.write(operation, || client.create_tags().resources(id).set_tags(Some(tags.clone())).send()).await?;
    } else {
        let tags: Vec<_> = extra(wanted, present).into_iter().map(|key| Tag::builder().key(key).build()).collect();
        cx.write(operation, || client.delete_tags().resources(id).set_tags(Some(tags.clone())).send()).await?;
    }
    Ok(())
}

/// Brings the tags of a load balancing resource up to date, by one of the two calls.
pub(super) async fn change_elb(
    cx: &Cx<'_>,
    operation: Operation,
    arn: &str,
    wanted: &Tags,
    present: &Tags,
) -> Result<()> {
    let client = &cx.aws.elbv2;
    if operation == Operation::AddTags {
        let tags = elb(&missing(wanted, present));
        cx.write(operation, || client.add_tags().resource_arns(arn).set_tags(Some(tags.clone())).send()).await?;
    } else {
        let keys = extra(wanted, present);
        cx.write(operation, || client.remove_tags().resource_arns(arn).set_tag_keys(Some(keys.clone())).send()).await?;
    }
    Ok(())
}

/// Tags that are wanted and not there, or there with another value.
fn missing(wanted: &Tags, present: &Tags) -> Tags {
    wanted.iter().filter(|(key, value)| present.get(key) != Some(value)).collect()
}

/// The keys of tags that are there and not wanted.
fn extra(wanted: &Tags, present: &Tags) -> Vec<String> {
    present.iter().filter(|(key, _)| wanted.get(key).is_none()).map(|(key, _)| key.to_owned()).collect()
}

/// The ids of the EC2 resources that carry the stack's tag: one read for all kinds, which mostly
/// finds what was read by name anyway.
#[derive(Default)]
pub(super) struct OwnedIds(OnceCell<HashSet<String>>);

impl OwnedIds {
    /// Returns whether the stack owns resources whose ids begin so, besides those found already.
    pub(super) async fn more_than<'f>(
        &self,
        cx: &Cx<'_>,
        prefix: &str,
        found: impl IntoIterator<Item = &'f str>,
    ) -> Result<bool> {
        let owned = self.read(cx).await?;
        let found: HashSet<&str> = found.into_iter().collect();
        Ok(owned.iter().any(|id| id.starts_with(prefix) && !found.contains(id.as_str())))
    }

    /// Reads the ids, or waits for who does that already.
    pub(super) async fn read(&self, cx: &Cx<'_>) -> Result<&HashSet<String>> {
        let client = &cx.aws.ec2;
        let kinds = [ResourceType::SecurityGroup, ResourceType::SecurityGroupRule, ResourceType::LaunchTemplate];
        let filters = [
            filter("key", [STACK]),
            filter("value", [cx.stack]),
            filter("resource-type", kinds.iter().map(ResourceType::as_str)),
        ];
        let read = || {
            pages(|token: Option<String>| {
                let filters = filters.to_vec();
                async move {
                    let page = cx
                        .read("DescribeTags", || {
                            client
                                .describe_tags()
                                .set_filters(Some(filters.clone()))
                                .set_next_token(token.clone())
                                .send()
                        })
                        .await?;
                    Ok((page.tags.unwrap_or_default(), page.next_token))
                }
            })
        };
        self.0
            .get_or_try_init(|| async { Ok(read().await?.into_iter().filter_map(|tag| tag.resource_id).collect()) })
            .await
    }
}

/// How many resources `DescribeTags` takes at once.
const TAGS_AT_ONCE: usize = 20;

/// Reads the tags of load balancing resources, by ARN. What has been deleted since it was listed is left
/// out.
pub(super) async fn read_elb(cx: &Cx<'_>, arns: &[String]) -> Result<HashMap<String, Tags>> {
    let chunks = arns.chunks(TAGS_AT_ONCE).map(|chunk| async move {
        match read_some(cx, chunk).await {
            // AWS does not tell which one is gone.
            Err(error) if error.is_not_found() => {
                let each = chunk.iter().map(|arn| async move {
                    match read_some(cx, std::slice::from_ref(arn)).await {
                        Err(error) if error.is_not_found() => Ok(HashMap::new()),
                        other => other,
                    }
                });
                Ok(try_join_all(each).await?.into_iter().flatten().collect())
            }
            other => other,
        }
    });
    Ok(try_join_all(chunks).await?.into_iter().flatten().collect())
}

async fn read_some(cx: &Cx<'_>, arns: &[String]) -> Result<HashMap<String, Tags>> {
    let client = &cx.aws.elbv2;
    let page = cx.read("DescribeTags", || client.describe_tags().set_resource_arns(Some(arns.to_vec())).send()).await?;
    let mut tags: HashMap<String, Tags> = arns.iter().map(|arn| (arn.clone(), Tags::new())).collect();
    for description in page.tag_descriptions() {
        let all = description.tags().iter().filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
        let all = all.filter(|(key, _)| !key.starts_with("aws:")).collect();
        tags.insert(description.resource_arn().unwrap_or_default().to_owned(), all);
    }
    Ok(tags)
}

/// Puts its tags beside each of what was listed.
pub(super) async fn with_tags<T>(
    cx: &Cx<'_>,
    items: Vec<T>,
    arn: impl Fn(&T) -> Option<&str>,
) -> Result<Vec<(T, Tags)>> {
    let arns: Vec<String> = items.iter().filter_map(|item| arn(item).map(ToOwned::to_owned)).collect();
    let mut tags = read_elb(cx, &arns).await?;
    let tagged = |item: T| arn(&item).and_then(|arn| tags.remove(arn)).map(|tags| (item, tags));
    Ok(items.into_iter().filter_map(tagged).collect())
}

/// The declared name and the physical one: they differ on a successor that had to take another.
pub(super) fn names(physical: &str, tags: &Tags) -> (String, Option<String>) {
    let declared = tags.get(NAME).unwrap_or(physical).to_owned();
    (declared, Some(physical.to_owned()))
}
