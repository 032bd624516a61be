//! Lookups over the APIs: strict about no match and several.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_ec2::types::{
    Filter, Image as Ec2Image, PlatformValues, RouteTable, SecurityGroup as Group, Subnet, Tag, Vpc as Ec2Vpc,
};

use crate::error::{Error, ErrorKind, Result};
use crate::id::{SubnetId, VpcId};
use crate::input::{Attr, Input, Resolve};
use crate::lookup::{
    AnyLookup, By, ExistingSecurityGroup, ExistingSecurityGroupOutputs, ExistingTargetGroup,
    ExistingTargetGroupOutputs, Found, Image, ImageOutputs, Subnets, SubnetsBy, SubnetsOutputs, Vpc, VpcOutputs,
};
use crate::stack::{Address, Item, Stack};

use super::call::pages;
use super::convert::filter;
use super::{Cx, id};

/// Finds everything that the stack looks up. The lookups of a kind share their reads: one for all
/// that go by name, one for each tag, one for all ids.
pub(crate) async fn find(cx: &Cx<'_>, stack: &Stack) -> Result<HashMap<usize, Found>> {
    let mut wanted = Wanted::default();
    for (index, node) in stack.nodes.iter().enumerate() {
        let Item::Lookup(lookup) = &node.item else { continue };
        wanted.add(index, &node.address, lookup);
    }
    let (vpcs, subnets, images, groups, targets) = tokio::try_join!(
        read_vpcs(cx, wanted.vpcs.filters("tag:Name", "vpc-id")),
        read_subnets(cx, wanted.subnets.filters("tag:Name", "subnet-id")),
        read_images(cx, &wanted.images),
        read_groups(cx, wanted.groups.filters("group-name", "group-id")),
        target_groups(cx, &wanted.targets),
    )?;
    let mut found = HashMap::new();
    for (index, address, lookup) in &wanted.vpcs.lookups {
        found.insert(*index, Found::Vpc(vpc(address, lookup, &vpcs)?));
    }
    for (index, address, lookup) in &wanted.subnets.lookups {
        let vpc = within(lookup.vpc.as_ref(), &found);
        found.insert(*index, Found::Subnets(pick_subnets(address, lookup, vpc.as_ref(), &subnets)?));
    }
    let facing = stack.facing_the_internet();
    let subnets = found.iter_mut().filter(|(index, _)| facing.contains(index)).filter_map(|(_, found)| match found {
        Found::Subnets(subnets) => Some(subnets),
        _ => None,
    });
    read_routes(cx, subnets.collect()).await?;
    for (index, address, lookup) in &wanted.images {
        found.insert(*index, Found::Image(image(address, lookup, &images)?));
    }
    for (index, address, lookup) in &wanted.groups.lookups {
        let vpc = within(lookup.vpc.as_ref(), &found);
        found.insert(*index, Found::ExistingSecurityGroup(group(address, lookup, vpc.as_ref(), &groups)?));
    }
    for (index, outputs) in targets {
        found.insert(index, Found::ExistingTargetGroup(outputs));
    }
    Ok(found)
}

/// The VPC that a lookup is limited to.
fn within(vpc: Option<&Input<VpcId>>, found: &HashMap<usize, Found>) -> Option<VpcId> {
    let mut vpc = vpc?.clone();
    vpc.resolve(&|attr: Attr| Some(found.get(&attr.node.index)?.output(attr.name)));
    vpc.as_known().cloned()
}

/// The lookups of a stack by kind.
#[derive(Default)]
struct Wanted<'a> {
    vpcs: Batch<'a, Vpc>,
    subnets: Batch<'a, Subnets>,
    images: Vec<(usize, &'a Address, &'a Image)>,
    groups: Batch<'a, ExistingSecurityGroup>,
    targets: Vec<(usize, &'a Address, &'a ExistingTargetGroup)>,
}

impl<'a> Wanted<'a> {
    fn add(&mut self, index: usize, address: &'a Address, lookup: &'a AnyLookup) {
        match lookup {
            AnyLookup::Vpc(lookup) => self.vpcs.add(index, address, lookup, [&lookup.by]),
            AnyLookup::Subnets(lookup) => match &lookup.by {
                SubnetsBy::Each(all) => self.subnets.add(index, address, lookup, all),
                SubnetsBy::Tag(key, value) => {
                    self.subnets.add(index, address, lookup, &[]);
                    self.subnets.tags.push((key.clone(), value.clone()));
                }
            },
            AnyLookup::Image(lookup) => self.images.push((index, address, lookup)),
            AnyLookup::ExistingSecurityGroup(lookup) => self.groups.add(index, address, lookup, [&lookup.by]),
            AnyLookup::ExistingTargetGroup(lookup) => self.targets.push((index, address, lookup)),
        }
    }
}

/// Lookups of one kind, and what has to be asked for them.
struct Batch<'a, L> {
    lookups: Vec<(usize, &'a Address, &'a L)>,
    names: Vec<String>,
    ids: Vec<String>,
    tags: Vec<(String, String)>,
}

impl<L> Default for Batch<'_, L> {
    fn default() -> Self {
        Self { lookups: Vec::new(), names: Vec::new(), ids: Vec::new(), tags: Vec::new() }
    }
}

impl<'a, L> Batch<'a, L> {
    fn add<'b>(&mut self, index: usize, address: &'a Address, lookup: &'a L, by: impl IntoIterator<Item = &'b By>) {
        self.lookups.push((index, address, lookup));
        for by in by {
            match by {
                By::Name(name) => self.names.push(name.clone()),
                By::Id(id) => self.ids.push(id.clone()),
                By::Tag(key, value) => self.tags.push((key.clone(), value.clone())),
            }
        }
    }

    /// One filter for all names, one for all ids, one for each tag.
    fn filters(&self, name: &str, id: &str) -> Vec<Filter> {
        let named = (!self.names.is_empty()).then(|| filter(name, self.names.iter().map(String::as_str)));
        let identified = (!self.ids.is_empty()).then(|| filter(id, self.ids.iter().map(String::as_str)));
        let tagged = self.tags.iter().map(|(key, value)| filter(&format!("tag:{key}"), [value.as_str()]));
        named.into_iter().chain(identified).chain(tagged).collect()
    }
}

/// Reads all pages of an EC2 describe, once for each filter.
macro_rules! read_pages {
    ($name:ident, $item:ty, $operation:literal, $method:ident, $get:ident) => {
        async fn $name(cx: &Cx<'_>, filters: Vec<Filter>) -> Result<Vec<$item>> {
            let client = &cx.aws.ec2;
            let reads = filters.iter().map(|filter| async move {
                pages(|token: Option<String>| async move {
                    let page = cx
                        .read($operation, || {
                            client.$method().filters(filter.clone()).set_next_token(token.clone()).send()
                        })
                        .await?;
                    Ok((page.$get.unwrap_or_default(), page.next_token))
                })
                .await
            });
            Ok(futures_util::future::try_join_all(reads).await?.into_iter().flatten().collect())
        }
    };
}

read_pages!(read_vpcs, Ec2Vpc, "DescribeVpcs", describe_vpcs, vpcs);
read_pages!(read_subnets, Subnet, "DescribeSubnets", describe_subnets, subnets);
read_pages!(read_route_tables, RouteTable, "DescribeRouteTables", describe_route_tables, route_tables);
read_pages!(read_groups, Group, "DescribeSecurityGroups", describe_security_groups, security_groups);

fn matches(by: &By, name: Option<&str>, item_id: Option<&str>, tags: &[Tag]) -> bool {
    let tagged = |key: &str, value: &str| tags.iter().any(|tag| tag.key() == Some(key) && tag.value() == Some(value));
    match by {
        By::Name(wanted) => name.map_or_else(|| tagged("Name", wanted), |name| name == wanted),
        By::Tag(key, value) => tagged(key, value),
        By::Id(wanted) => item_id == Some(wanted),
    }
}

/// The one match; an error lists what was found instead.
fn one<'a, T>(
    address: &Address,
    what: &str,
    by: &By,
    found: Vec<&'a T>,
    describe: impl Fn(&T) -> String,
) -> Result<&'a T> {
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(Error::new(ErrorKind::NotFound, format!("there is no {what} {by} in this account and region"))
            .at(address)
            .with_hint("check the name, the region and the account; a lookup never makes anything")),
        several => {
            let list: Vec<_> = several.iter().map(|item| describe(item)).collect();
            let text = format!("there are {} {what}s {by}: {}", several.len(), list.join(", "));
            Err(Error::new(ErrorKind::Ambiguous, text)
                .at(address)
                .with_hint("take one by its id, or tell them apart by a tag"))
        }
    }
}

fn vpc(address: &Address, lookup: &Vpc, all: &[Ec2Vpc]) -> Result<VpcOutputs> {
    let mut found: Vec<_> = all.iter().filter(|vpc| matches(&lookup.by, None, vpc.vpc_id(), vpc.tags())).collect();
    found.dedup_by_key(|vpc| vpc.vpc_id());
    let vpc = one(address, "VPC", &lookup.by, found, |vpc| {
        format!("{} ({})", vpc.vpc_id().unwrap_or_default(), vpc.cidr_block().unwrap_or_default())
    })?;
    Ok(VpcOutputs { id: id(vpc.vpc_id(), "a VPC id")?, cidr: vpc.cidr_block().unwrap_or_default().to_owned() })
}

fn pick_subnets(address: &Address, lookup: &Subnets, vpc: Option<&VpcId>, all: &[Subnet]) -> Result<SubnetsOutputs> {
    let mut inside: Vec<&Subnet> =
        all.iter().filter(|subnet| vpc.is_none_or(|vpc| subnet.vpc_id() == Some(vpc.as_str()))).collect();
    inside.sort_by_key(|subnet| {
        (subnet.availability_zone().map(ToOwned::to_owned), subnet.subnet_id().map(ToOwned::to_owned))
    });
    inside.dedup_by_key(|subnet| subnet.subnet_id());
    let describe = |subnet: &Subnet| {
        format!(
            "{} ({} in {})",
            subnet.subnet_id().unwrap_or_default(),
            subnet.availability_zone().unwrap_or_default(),
            subnet.vpc_id().unwrap_or_default()
        )
    };
    let picked: Vec<&Subnet> = match &lookup.by {
        SubnetsBy::Each(each) => each
            .iter()
            .map(|by| {
                let found =
                    inside.iter().copied().filter(|subnet| matches(by, None, subnet.subnet_id(), subnet.tags()));
                one(address, "subnet", by, found.collect(), describe)
            })
            .collect::<Result<_>>()?,
        SubnetsBy::Tag(key, value) => {
            let by = By::Tag(key.clone(), value.clone());
            let found: Vec<_> =
                inside.into_iter().filter(|subnet| matches(&by, None, subnet.subnet_id(), subnet.tags())).collect();
            if found.is_empty() {
                one(address, "subnet", &by, Vec::new(), describe)?;
            }
            found
        }
    };
    Ok(SubnetsOutputs {
        ids: picked.iter().map(|subnet| id(subnet.subnet_id(), "a subnet id")).collect::<Result<Vec<SubnetId>>>()?,
        zones: picked.iter().map(|subnet| subnet.availability_zone().unwrap_or_default().to_owned()).collect(),
        vpcs: picked.iter().map(|subnet| id(subnet.vpc_id(), "a VPC id")).collect::<Result<_>>()?,
        free_addresses: picked
            .iter()
            .map(|subnet| subnet.available_ip_address_count().and_then(|count| count.try_into().ok()).unwrap_or(0))
            .collect(),
        internet: Vec::new(),
    })
}

/// Finds out which of these subnets have a route to an internet gateway: by the route table that is
/// associated with them, or else by the main one of their VPC.
async fn read_routes(cx: &Cx<'_>, subnets: Vec<&mut SubnetsOutputs>) -> Result<()> {
    let vpcs: BTreeSet<&str> = subnets.iter().flat_map(|found| &found.vpcs).map(VpcId::as_str).collect();
    if vpcs.is_empty() {
        return Ok(());
    }
    let tables = read_route_tables(cx, vec![filter("vpc-id", vpcs)]).await?;
    let leads_out = |table: &RouteTable| {
        table.routes().iter().any(|route| route.gateway_id().is_some_and(|gateway| gateway.starts_with("igw-")))
    };
    let associated = |subnet: &str| {
        tables.iter().find(|table| table.associations().iter().any(|other| other.subnet_id() == Some(subnet)))
    };
    let main = |vpc: &str| {
        tables.iter().find(|table| {
            table.vpc_id() == Some(vpc) && table.associations().iter().any(|other| other.main() == Some(true))
        })
    };
    for found in subnets {
        let each = found.ids.iter().zip(&found.vpcs);
        found.internet = each
            .map(|(subnet, vpc)| associated(subnet.as_str()).or_else(|| main(vpc.as_str())).is_some_and(leads_out))
            .collect();
    }
    Ok(())
}

/// Images of one owner share a read; ids need no owner.
async fn read_images(cx: &Cx<'_>, lookups: &[(usize, &Address, &Image)]) -> Result<Vec<Ec2Image>> {
    let client = &cx.aws.ec2;
    let mut reads: Vec<(Option<String>, Filter)> = Vec::new();
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut ids = Vec::new();
    for (_, _, lookup) in lookups {
        let owner = lookup.owner.as_deref().unwrap_or("self");
        match &lookup.by {
            By::Name(name) => names.entry(owner).or_default().push(name),
            By::Tag(key, value) => {
                reads.push((Some(owner.to_owned()), filter(&format!("tag:{key}"), [value.as_str()])));
            }
            By::Id(id) => ids.push(id.as_str()),
        }
    }
    reads.extend(names.into_iter().map(|(owner, names)| (Some(owner.to_owned()), filter("name", names))));
    if !ids.is_empty() {
        reads.push((None, filter("image-id", ids)));
    }
    let pages = reads.iter().map(|(owner, filter)| async move {
        let page = cx
            .read("DescribeImages", || {
                client
                    .describe_images()
                    .set_owners(owner.clone().map(|owner| vec![owner]))
                    .filters(filter.clone())
                    .send()
            })
            .await?;
        Ok::<_, Error>(page.images.unwrap_or_default())
    });
    Ok(futures_util::future::try_join_all(pages).await?.into_iter().flatten().collect())
}

fn image(address: &Address, lookup: &Image, all: &[Ec2Image]) -> Result<ImageOutputs> {
    let mut found: Vec<&Ec2Image> = all
        .iter()
        .filter(|image| match &lookup.by {
            By::Name(pattern) => image.name().is_some_and(|name| like(pattern, name)),
            by => matches(by, None, image.image_id(), image.tags()),
        })
        .collect();
    found.sort_by_key(|image| image.image_id().map(ToOwned::to_owned));
    found.dedup_by_key(|image| image.image_id());
    if lookup.newest {
        // Creation dates are ISO 8601: their order is that of the text.
        found.sort_by_key(|image| image.creation_date().map(ToOwned::to_owned));
        found = found.pop().into_iter().collect();
    }
    let image = one(address, "image", &lookup.by, found, |image| {
        format!(
            "{} (made {})",
            image.image_id().unwrap_or_default(),
            image.creation_date().unwrap_or("at an unknown time")
        )
    })
    .map_err(|error| {
        if error.is_ambiguous() {
            error.with_hint("take the newest with `Image::newest`, or one by its id")
        } else {
            error
        }
    })?;
    Ok(ImageOutputs {
        id: id(image.image_id(), "an image id")?,
        name: image.name().unwrap_or_default().to_owned(),
        architecture: image.architecture().map_or("", |architecture| architecture.as_str()).to_owned(),
        devices: image.block_device_mappings().iter().filter_map(|device| device.device_name.clone()).collect(),
        windows: image.platform() == Some(&PlatformValues::Windows),
    })
}

/// Matches as EC2's filters do: `*` for any run of characters, `?` for any one.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for symbol in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match symbol {
                '*' => reached[at] || (at > 0 && next[at - 1]),
                '?' => at > 0 && reached[at - 1],
                exact => at > 0 && reached[at - 1] && text[at - 1] == exact,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

fn group(
    address: &Address,
    lookup: &ExistingSecurityGroup,
    vpc: Option<&VpcId>,
    all: &[Group],
) -> Result<ExistingSecurityGroupOutputs> {
    let mut found: Vec<_> = all
        .iter()
        .filter(|group| vpc.is_none_or(|vpc| group.vpc_id() == Some(vpc.as_str())))
        .filter(|group| matches(&lookup.by, group.group_name(), group.group_id(), group.tags()))
        .collect();
    found.sort_by_key(|group| group.group_id().map(ToOwned::to_owned));
    found.dedup_by_key(|group| group.group_id());
    let group = one(address, "security group", &lookup.by, found, |group| {
        format!("{} in {}", group.group_id().unwrap_or_default(), group.vpc_id().unwrap_or_default())
    })?;
    Ok(ExistingSecurityGroupOutputs {
        id: id(group.group_id(), "a group id")?,
        name: group.group_name().unwrap_or_default().to_owned(),
        vpc: id(group.vpc_id(), "a VPC id")?,
    })
}

async fn target_groups(
    cx: &Cx<'_>,
    lookups: &[(usize, &Address, &ExistingTargetGroup)],
) -> Result<Vec<(usize, ExistingTargetGroupOutputs)>> {
    let reads = lookups.iter().map(|(index, address, lookup)| async move {
        let groups = match &lookup.by {
            By::Name(name) => super::target_group::read_by_name(cx, name).await?,
            By::Id(arn) => super::target_group::read_by_arn(cx, arn).await?,
            By::Tag(key, value) => {
                let all = super::target_group::list_all(cx).await?;
                let tagged = all.iter().filter(|(_, tags)| tags.get(key) == Some(value));
                tagged.map(|(group, _)| group.clone()).collect()
            }
        };
        let found = one(address, "target group", &lookup.by, groups.iter().collect(), |group| {
            group.target_group_arn().unwrap_or_default().to_owned()
        })?;
        let outputs = ExistingTargetGroupOutputs {
            arn: id(found.target_group_arn(), "a target group ARN")?,
            name: found.target_group_name().unwrap_or_default().to_owned(),
        };
        Ok::<_, Error>((*index, outputs))
    });
    futures_util::future::try_join_all(reads).await
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn wildcards_match_as_in_filters() {
        for (pattern, text, fits) in [
            ("Web Server v1", "Web Server v1", true),
            ("Web Server v1", "Web Server v10", false),
            ("Web*", "Web Server", true),
            ("*v?", "Web Server v1", true),
            ("*v?", "Web Server v10", false),
            ("*", "", true),
            ("?", "", false),
        ] {
            assert_eq!(like(pattern, text), fits, "{pattern} {text}");
        }
    }
}
