//! Security groups over the EC2 API.

use aws_sdk_ec2::types::{
    Filter, IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroup as Group,
    SecurityGroupRule as GroupRule, SecurityGroupRuleRequest, SecurityGroupRuleUpdate, TagSpecification,
    UserIdGroupPair,
};

use crate::error::Result;
use crate::input::Input;
use crate::resource::tags::{ADDRESS, STACK};
use crate::resource::{
    AnyObserved, Direction, Observed, Operation, Peer, Protocol, Rule, SecurityGroup, SecurityGroupOutputs,
    SecurityGroupRule,
};

use super::call::{NotYet, gone_is_fine, pages};
use super::convert::join;
use super::tags::{change_ec2, from_ec2, names, specification};
use super::{Cx, Operate, id, known, required};

impl Operate for SecurityGroup {
    async fn create(&self, cx: &Cx<'_>) -> Result<SecurityGroupOutputs> {
        let client = &cx.aws.ec2;
        let vpc = known(&self.vpc)?;
        let output = cx
            .write(Operation::CreateSecurityGroup, || {
                client
                    .create_security_group()
                    .group_name(&self.name)
                    .description(&self.description)
                    .vpc_id(vpc.as_str())
                    .tag_specifications(specification(ResourceType::SecurityGroup, &self.tags))
                    .send()
            })
            .await?;
        Ok(SecurityGroupOutputs { id: id(output.group_id(), "a group id")? })
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        outputs: &SecurityGroupOutputs,
        observed: Option<&Self>,
    ) -> Result<Option<SecurityGroupOutputs>> {
        let group = outputs.id.as_str();
        let all_out = vec![Rule::everything_out()];
        let (ingress, egress) = observed.map_or((&[][..], None), |group| (&group.ingress[..], group.egress.as_deref()));
        let egress = egress.unwrap_or(&all_out);
        let wanted_egress = self.egress.as_deref().unwrap_or(&all_out);
        match operation {
            Operation::AuthorizeSecurityGroupIngress => {
                let rules = more(&self.ingress, ingress);
                authorize(cx, group, Direction::Ingress, &rules, &self.tags).await?;
            }
            Operation::AuthorizeSecurityGroupEgress => {
                authorize(cx, group, Direction::Egress, &more(wanted_egress, egress), &self.tags).await?;
            }
            Operation::RevokeSecurityGroupIngress => {
                revoke(cx, group, Direction::Ingress, &more(ingress, &self.ingress)).await?;
            }
            Operation::RevokeSecurityGroupEgress => {
                revoke(cx, group, Direction::Egress, &more(egress, wanted_egress)).await?;
            }
            Operation::ModifySecurityGroupRules => {
                let wanted: Vec<_> =
                    [(Direction::Ingress, self.ingress.as_slice()), (Direction::Egress, wanted_egress)]
                        .into_iter()
                        .flat_map(|(direction, rules)| rules.iter().map(move |rule| (direction, rule)))
                        .collect();
                describe_rules(cx, group, &wanted).await?;
            }
            _ => {
                change_ec2(cx, operation, group, &self.tags, &observed.map(|o| o.tags.clone()).unwrap_or_default())
                    .await?;
            }
        }
        Ok(None)
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.ec2;
        let group = observed.outputs.id.as_str();
        // Network interfaces outlive their load balancer, and rules elsewhere may be on their way
        // out (R24, R26).
        let not_yet = &[NotYet::code("DependencyViolation"), NotYet::code("InvalidGroup.InUse")];
        let deleted = cx
            .write_when(Operation::DeleteSecurityGroup, not_yet, || {
                client.delete_security_group().group_id(group).send()
            })
            .await;
        match deleted {
            Err(error) if error.is_in_use() => {
                let holders = holders(cx, group).await?;
                let hint = if holders.is_empty() {
                    "run again".to_owned()
                } else {
                    "detach or delete what uses it, then run again".to_owned()
                };
                Err(error.because(holders.join("; ")).with_hint(hint))
            }
            other => gone_is_fine(other),
        }
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let filters = vec![filter("vpc-id", [known(&self.vpc)?.as_str()]), filter("group-name", [self.name.as_str()])];
        let groups = read(cx, filters).await?;
        groups.iter().map(|group| parse(group, &[])).next().transpose()
    }
}

pub(super) fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(ToOwned::to_owned).collect())).build()
}

/// Rules of `wanted` that AWS would not take for one of `present`.
fn more(wanted: &[Rule], present: &[Rule]) -> Vec<Rule> {
    wanted.iter().filter(|rule| !present.iter().any(|other| other.is_same(rule))).cloned().collect()
}

pub(super) fn permission(rule: &Rule, group: &str) -> Result<IpPermission> {
    let description = rule.description.as_deref();
    let permission = IpPermission::builder()
        .ip_protocol(rule.protocol.as_str())
        .set_from_port(rule.ports.map(|ports| ports.0))
        .set_to_port(rule.ports.map(|ports| ports.1));
    let pair =
        |id: &str| UserIdGroupPair::builder().group_id(id).set_description(description.map(ToOwned::to_owned)).build();
    let description = description.map(ToOwned::to_owned);
    Ok(match &rule.peer {
        Peer::Ipv4(cidr) => permission.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(description).build()),
        Peer::Ipv6(cidr) => {
            permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(description).build())
        }
        Peer::PrefixList(list) => permission.prefix_list_ids(
            PrefixListId::builder().prefix_list_id(known(list)?.as_str()).set_description(description).build(),
        ),
        Peer::Group(other) => permission.user_id_group_pairs(pair(known(other)?.as_str())),
        Peer::Itself => permission.user_id_group_pairs(pair(group)),
    }
    .build())
}

fn permissions(rules: &[Rule], group: &str) -> Result<Vec<IpPermission>> {
    rules.iter().map(|rule| permission(rule, group)).collect()
}

/// Adds rules; returns their ids. The rules carry the tags of what declares them.
pub(super) async fn authorize(
    cx: &Cx<'_>,
    group: &str,
    direction: Direction,
    rules: &[Rule],
    tags: &crate::resource::Tags,
) -> Result<Vec<String>> {
    let permissions = permissions(rules, group)?;
    let tags = specification(ResourceType::SecurityGroupRule, tags);
    match authorize_all(cx, group, direction, &permissions, &tags).await {
        // One by one: those that are there already are what was wanted (I8).
        Err(error) if error.code() == Some(DUPLICATE) => {
            let mut ids = Vec::new();
            for permission in permissions {
                match authorize_all(cx, group, direction, &[permission], &tags).await {
                    Err(error) if error.code() == Some(DUPLICATE) => {}
                    other => ids.extend(other?),
                }
            }
            Ok(ids)
        }
        other => other,
    }
}

const DUPLICATE: &str = "InvalidPermission.Duplicate";

async fn authorize_all(
    cx: &Cx<'_>,
    group: &str,
    direction: Direction,
    permissions: &[IpPermission],
    tags: &TagSpecification,
) -> Result<Vec<String>> {
    let client = &cx.aws.ec2;
    // The SDK has a type for each direction, and nothing that they share.
    let rules = match direction {
        Direction::Ingress => {
            let output = cx.write(Operation::AuthorizeSecurityGroupIngress, || {
                let request = client.authorize_security_group_ingress().group_id(group);
                request.set_ip_permissions(Some(permissions.to_vec())).tag_specifications(tags.clone()).send()
            });
            output.await?.security_group_rules
        }
        Direction::Egress => {
            let output = cx.write(Operation::AuthorizeSecurityGroupEgress, || {
                let request = client.authorize_security_group_egress().group_id(group);
                request.set_ip_permissions(Some(permissions.to_vec())).tag_specifications(tags.clone()).send()
            });
            output.await?.security_group_rules
        }
    };
    Ok(rules.unwrap_or_default().into_iter().filter_map(|rule| rule.security_group_rule_id).collect())
}

/// Removes rules; those that are gone already are removed.
pub(super) async fn revoke(cx: &Cx<'_>, group: &str, direction: Direction, rules: &[Rule]) -> Result<()> {
    // AWS compares the description too when a rule is revoked by what it says; the id is exact.
    let present = group_rules(cx, group).await?;
    let ids: Vec<String> = present
        .iter()
        .filter(|present| present.is_egress() == Some(direction == Direction::Egress))
        .filter(|present| {
            parse_rule(present, group).is_some_and(|parsed| rules.iter().any(|rule| rule.is_same(&parsed)))
        })
        .filter_map(|present| present.security_group_rule_id().map(ToOwned::to_owned))
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    revoke_ids(cx, group, direction, &ids).await
}

/// Removes rules by their ids; those that are gone already are removed.
pub(super) async fn revoke_ids(cx: &Cx<'_>, group: &str, direction: Direction, ids: &[String]) -> Result<()> {
    let client = &cx.aws.ec2;
    match direction {
        Direction::Ingress => gone_is_fine(
            cx.write(Operation::RevokeSecurityGroupIngress, || {
                client
                    .revoke_security_group_ingress()
                    .group_id(group)
                    .set_security_group_rule_ids(Some(ids.to_vec()))
                    .send()
            })
            .await,
        ),
        Direction::Egress => gone_is_fine(
            cx.write(Operation::RevokeSecurityGroupEgress, || {
                client
                    .revoke_security_group_egress()
                    .group_id(group)
                    .set_security_group_rule_ids(Some(ids.to_vec()))
                    .send()
            })
            .await,
        ),
    }
}

/// Gives the rules of a group the descriptions that they should have.
pub(super) async fn describe_rules(cx: &Cx<'_>, group: &str, wanted: &[(Direction, &Rule)]) -> Result<()> {
    let client = &cx.aws.ec2;
    let mut updates = Vec::new();
    for present in group_rules(cx, group).await? {
        let (Some(rule_id), Some(parsed)) = (present.security_group_rule_id(), parse_rule(&present, group)) else {
            continue;
        };
        let direction = direction_of(&present);
        let Some((_, rule)) = wanted.iter().find(|(d, rule)| *d == direction && rule.is_same(&parsed)) else {
            continue;
        };
        if rule.description == parsed.description {
            continue;
        }
        let request = SecurityGroupRuleRequest::builder()
            .set_ip_protocol(present.ip_protocol.clone())
            .set_from_port(present.from_port)
            .set_to_port(present.to_port)
            .set_cidr_ipv4(present.cidr_ipv4.clone())
            .set_cidr_ipv6(present.cidr_ipv6.clone())
            .set_prefix_list_id(present.prefix_list_id.clone())
            .set_referenced_group_id(present.referenced_group_info().and_then(|info| info.group_id.clone()))
            .description(rule.description.clone().unwrap_or_default())
            .build();
        updates.push(
            SecurityGroupRuleUpdate::builder().security_group_rule_id(rule_id).security_group_rule(request).build(),
        );
    }
    if updates.is_empty() {
        return Ok(());
    }
    cx.write(Operation::ModifySecurityGroupRules, || {
        client.modify_security_group_rules().group_id(group).set_security_group_rules(Some(updates.clone())).send()
    })
    .await?;
    Ok(())
}

async fn group_rules(cx: &Cx<'_>, group: &str) -> Result<Vec<GroupRule>> {
    read_rules(cx, vec![filter("group-id", [group])]).await
}

async fn read_rules(cx: &Cx<'_>, filters: Vec<Filter>) -> Result<Vec<GroupRule>> {
    let client = &cx.aws.ec2;
    let filters = &filters;
    pages(|token: Option<String>| async move {
        let page = cx
            .read("DescribeSecurityGroupRules", || {
                client
                    .describe_security_group_rules()
                    .set_filters(Some(filters.clone()))
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok((page.security_group_rules.unwrap_or_default(), page.next_token))
    })
    .await
}

async fn read(cx: &Cx<'_>, filters: Vec<Filter>) -> Result<Vec<Group>> {
    let client = &cx.aws.ec2;
    let filters = &filters;
    pages(|token: Option<String>| async move {
        let page = cx
            .read("DescribeSecurityGroups", || {
                client
                    .describe_security_groups()
                    .set_filters(Some(filters.clone()))
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok((page.security_groups.unwrap_or_default(), page.next_token))
    })
    .await
}

pub(super) fn direction_of(rule: &GroupRule) -> Direction {
    if rule.is_egress() == Some(true) { Direction::Egress } else { Direction::Ingress }
}

/// A rule as AWS has it; `None` for what this crate has no word for, such as IP protocol numbers.
pub(super) fn parse_rule(rule: &GroupRule, group: &str) -> Option<Rule> {
    let protocol = Protocol::from_word(rule.ip_protocol()?)?;
    let peer = if let Some(cidr) = rule.cidr_ipv4() {
        Peer::Ipv4(cidr.to_owned())
    } else if let Some(cidr) = rule.cidr_ipv6() {
        Peer::Ipv6(cidr.to_owned())
    } else if let Some(list) = rule.prefix_list_id() {
        Peer::PrefixList(Input::known(list.parse().ok()?))
    } else {
        let other = rule.referenced_group_info()?.group_id()?;
        if other == group { Peer::Itself } else { Peer::Group(Input::known(other.parse().ok()?)) }
    };
    let ports = match protocol {
        Protocol::All => None,
        _ => Some((rule.from_port()?, rule.to_port()?)),
    };
    let description = rule.description().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    Some(Rule { protocol, ports, peer, description })
}

/// A group with those of its rules that are its own: standalone ones are resources by themselves.
fn parse(group: &Group, rules: &[GroupRule]) -> Result<Observed<SecurityGroup>> {
    let group_id = required(group.group_id(), "a group id")?;
    let tags = from_ec2(group.tags());
    let (name, physical) = names(group.group_name().unwrap_or_default(), &tags);
    let own = |direction: Direction| {
        rules
            .iter()
            .filter(move |rule| {
                rule.group_id() == Some(group_id) && direction_of(rule) == direction && !is_standalone(rule)
            })
            .filter_map(|rule| parse_rule(rule, group_id))
            .collect::<Vec<_>>()
    };
    let mut egress = own(Direction::Egress);
    // In a VPC with IPv6, AWS adds the IPv6 half of "everything out" by itself.
    let everything = Rule::everything_out();
    let everything_v6 = Rule { peer: Peer::Ipv6("::/0".to_owned()), ..everything.clone() };
    if egress.iter().any(|rule| rule.is_same(&everything)) {
        egress.retain(|rule| !rule.is_same(&everything_v6));
    }
    let owner = tags.owner();
    Ok(Observed {
        outputs: SecurityGroupOutputs { id: id(Some(group_id), "a group id")? },
        spec: SecurityGroup {
            name,
            description: group.description().unwrap_or_default().to_owned(),
            vpc: Input::known(id(group.vpc_id(), "a VPC id")?),
            ingress: own(Direction::Ingress),
            egress: Some(egress),
            tags,
        },
        owner,
        name: physical,
    })
}

fn is_standalone(rule: &GroupRule) -> bool {
    rule.tags().iter().any(|tag| {
        tag.key() == Some(ADDRESS) && tag.value().is_some_and(|value| value.starts_with("SecurityGroupRule."))
    })
}

/// Reads the groups and standalone rules that the stack owns, and groups under declared names.
pub(super) async fn observe(cx: &Cx<'_>, declared: &[&SecurityGroup]) -> Result<Vec<AnyObserved>> {
    let tag = format!("tag:{STACK}");
    let names: Vec<&str> = declared.iter().map(|group| group.name.as_str()).collect();
    let by_tag = read(cx, vec![filter(&tag, [cx.stack])]);
    let by_name = async {
        let mut found = Vec::new();
        for chunk in names.chunks(FILTER_VALUES) {
            found.extend(read(cx, vec![filter("group-name", chunk.iter().copied())]).await?);
        }
        Ok(found)
    };
    let (groups, named) = tokio::try_join!(by_tag, by_name)?;
    let groups = join(groups, named, Group::group_id);
    let ids: Vec<&str> = groups.iter().filter_map(Group::group_id).collect();
    let of_groups = async {
        let mut rules = Vec::new();
        for chunk in ids.chunks(FILTER_VALUES) {
            rules.extend(read_rules(cx, vec![filter("group-id", chunk.iter().copied())]).await?);
        }
        Ok(rules)
    };
    // Standalone rules can be on groups that the stack does not own.
    let by_tag = read_rules(cx, vec![filter(&tag, [cx.stack])]);
    let (rules, tagged) = tokio::try_join!(of_groups, by_tag)?;
    let rules = join(rules, tagged, GroupRule::security_group_rule_id);
    let mut observed: Vec<AnyObserved> = Vec::with_capacity(groups.len());
    for group in &groups {
        observed.push(parse(group, &rules)?.into());
    }
    for rule in rules.iter().filter(|rule| is_standalone(rule)) {
        if let Some(rule) = super::security_group_rule::parse(rule)? {
            observed.push(AnyObserved::from(rule));
        }
    }
    Ok(observed)
}

/// How many values a filter of the EC2 API may have.
const FILTER_VALUES: usize = 200;

/// What uses a group: interfaces, and rules in other groups.
async fn holders(cx: &Cx<'_>, group: &str) -> Result<Vec<String>> {
    let client = &cx.aws.ec2;
    let interfaces = cx
        .read("DescribeNetworkInterfaces", || {
            client.describe_network_interfaces().filters(filter("group-id", [group])).send()
        })
        .await?;
    let mut holders: Vec<String> = interfaces
        .network_interfaces()
        .iter()
        .map(|interface| {
            let user = interface
                .attachment()
                .and_then(|attachment| attachment.instance_id())
                .or(interface.description().filter(|text| !text.is_empty()))
                .unwrap_or("unattached");
            format!("network interface {} ({user}) has it", interface.network_interface_id().unwrap_or("?"))
        })
        .collect();
    let referring = read(cx, vec![filter("ip-permission.group-id", [group])]).await?;
    let referring_out = read(cx, vec![filter("egress.ip-permission.group-id", [group])]).await?;
    for other in referring.iter().chain(&referring_out).filter(|other| other.group_id() != Some(group)) {
        let owner = from_ec2(other.tags()).owner();
        let whose =
            owner.map_or_else(String::new, |owner| format!(", {} of the stack {:?}", owner.address, owner.stack));
        let text = format!(
            "a rule of security group {} ({}{whose}) refers to it",
            other.group_id().unwrap_or("?"),
            other.group_name().unwrap_or("?"),
        );
        if !holders.contains(&text) {
            holders.push(text);
        }
    }
    Ok(holders)
}

/// A rule as a declaration of its own, and its id.
pub(super) fn declares(rule: &GroupRule) -> Option<(SecurityGroupRule, String)> {
    let group = rule.group_id()?;
    Some((
        SecurityGroupRule {
            group: Input::known(group.parse().ok()?),
            direction: direction_of(rule),
            rule: parse_rule(rule, group)?,
            tags: from_ec2(rule.tags()),
        },
        rule.security_group_rule_id()?.to_owned(),
    ))
}
