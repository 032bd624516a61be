//! Rules of security groups: added, taken away, changed in place.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    Filter, IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroupRule as GroupRule,
    SecurityGroupRuleRequest, SecurityGroupRuleUpdate, Tag, TagSpecification, UserIdGroupPair,
};

use crate::error::Result;
use crate::input::Input;
use crate::resource::tags::PREFIX;
use crate::resource::{Direction, Operation, Peer, Protocol, Rule, SecurityGroupRule, Tags};

use super::super::call::{gone_is_fine, pages};
use super::super::convert::filter;
use super::super::tags::{from_ec2, specification};
use super::super::{Cx, Progress, known};
use super::is_standalone;

/// Rules of `wanted` that AWS would not take for one of `present`.
pub(super) fn more(wanted: &[Rule], present: &[Rule]) -> Vec<Rule> {
    wanted.iter().filter(|rule| !present.iter().any(|other| other.is_same(rule))).cloned().collect()
}

pub(in crate::aws) fn permission(rule: &Rule, group: &str) -> Result<IpPermission> {
    let description = rule.description.as_deref();
    let permission = IpPermission::builder()
        .ip_protocol(rule.protocol.to_string())
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
        Peer::GroupOf(account, other) => {
            let mut pair = pair(other.as_str());
            pair.user_id = Some(account.to_string());
            permission.user_id_group_pairs(pair)
        }
        Peer::Itself => permission.user_id_group_pairs(pair(group)),
    }
    .build())
}

fn permissions(rules: &[Rule], group: &str) -> Result<Vec<IpPermission>> {
    rules.iter().map(|rule| permission(rule, group)).collect()
}

/// Adds rules; returns their ids. The rules carry the tags of what declares them.
pub(in crate::aws) async fn authorize(
    cx: &Cx<'_>,
    group: &str,
    direction: Direction,
    rules: &[Rule],
    tags: &Tags,
) -> Result<Vec<String>> {
    let permissions = permissions(rules, group)?;
    let tags = (!tags.is_empty()).then(|| vec![specification(ResourceType::SecurityGroupRule, tags)]);
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
    tags: &Option<Vec<TagSpecification>>,
) -> Result<Vec<String>> {
    let client = &cx.aws.ec2;
    // The SDK has a type for each direction, and nothing that they share.
    let rules = match direction {
        Direction::Ingress => {
            let output = cx.write(Operation::AuthorizeSecurityGroupIngress, || {
                let request = client.authorize_security_group_ingress().group_id(group);
                request.set_ip_permissions(Some(permissions.to_vec())).set_tag_specifications(tags.clone()).send()
            });
            output.await?.security_group_rules
        }
        Direction::Egress => {
            let output = cx.write(Operation::AuthorizeSecurityGroupEgress, || {
                let request = client.authorize_security_group_egress().group_id(group);
                request.set_ip_permissions(Some(permissions.to_vec())).set_tag_specifications(tags.clone()).send()
            });
            output.await?.security_group_rules
        }
    };
    Ok(rules.unwrap_or_default().into_iter().filter_map(|rule| rule.security_group_rule_id).collect())
}

/// Removes rules that AWS gives a new group by itself. They are there, but may not show yet: then they
/// would stay (R20, R21).
pub(in crate::aws) async fn revoke_given(cx: &Cx<'_>, group: &str, rules: &[Rule]) -> Result<()> {
    cx.until("the rules of the new group show", || async {
        let present = group_rules(cx, group).await?;
        let shows = present.iter().any(|rule| rule.is_egress() == Some(true));
        Ok(if shows { Progress::Done } else { Progress::Waiting("its rules do not show yet".to_owned()) })
    })
    .await?;
    revoke(cx, group, Direction::Egress, rules).await
}

/// Removes rules; those that are gone already are removed.
pub(in crate::aws) async fn revoke(cx: &Cx<'_>, group: &str, direction: Direction, rules: &[Rule]) -> Result<()> {
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
pub(in crate::aws) async fn revoke_ids(cx: &Cx<'_>, group: &str, direction: Direction, ids: &[String]) -> Result<()> {
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

/// Removes the rules of a group that refer to other groups.
pub(super) async fn revoke_references(cx: &Cx<'_>, group: &str) -> Result<()> {
    let present = group_rules(cx, group).await?;
    let refers = |rule: &&GroupRule| {
        rule.referenced_group_info().and_then(|other| other.group_id()).is_some_and(|other| other != group)
    };
    for direction in [Direction::Ingress, Direction::Egress] {
        let of_direction = present.iter().filter(refers).filter(|rule| direction_of(rule) == direction);
        let ids: Vec<String> = of_direction.filter_map(|rule| rule.security_group_rule_id.clone()).collect();
        if !ids.is_empty() {
            revoke_ids(cx, group, direction, &ids).await?;
        }
    }
    Ok(())
}

/// Gives the rules of a group the descriptions that they should have.
pub(in crate::aws) async fn describe_rules(cx: &Cx<'_>, group: &str, wanted: &[(Direction, &Rule)]) -> Result<()> {
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
        updates.push(update(group, rule_id, rule)?);
    }
    if updates.is_empty() { Ok(()) } else { modify_all(cx, group, &updates).await }
}

/// Turns a rule that exists into another one; its id and its tags stay.
pub(in crate::aws) async fn modify(cx: &Cx<'_>, group: &str, rule_id: &str, rule: &Rule) -> Result<()> {
    modify_all(cx, group, &[update(group, rule_id, rule)?]).await
}

async fn modify_all(cx: &Cx<'_>, group: &str, updates: &[SecurityGroupRuleUpdate]) -> Result<()> {
    let client = &cx.aws.ec2;
    cx.write(Operation::ModifySecurityGroupRules, || {
        client.modify_security_group_rules().group_id(group).set_security_group_rules(Some(updates.to_vec())).send()
    })
    .await?;
    Ok(())
}

fn update(group: &str, rule_id: &str, rule: &Rule) -> Result<SecurityGroupRuleUpdate> {
    let request = SecurityGroupRuleRequest::builder()
        .ip_protocol(rule.protocol.to_string())
        .set_from_port(rule.ports.map(|ports| ports.0))
        .set_to_port(rule.ports.map(|ports| ports.1))
        // What is not sent is cleared, but only the empty text says so for certain.
        .description(rule.description.clone().unwrap_or_default());
    let request = match &rule.peer {
        Peer::Ipv4(cidr) => request.cidr_ipv4(cidr),
        Peer::Ipv6(cidr) => request.cidr_ipv6(cidr),
        Peer::PrefixList(list) => request.prefix_list_id(known(list)?.as_str()),
        Peer::Group(other) => request.referenced_group_id(known(other)?.as_str()),
        Peer::GroupOf(_, other) => request.referenced_group_id(other.as_str()),
        Peer::Itself => request.referenced_group_id(group),
    }
    .build();
    Ok(SecurityGroupRuleUpdate::builder().security_group_rule_id(rule_id).security_group_rule(request).build())
}

async fn group_rules(cx: &Cx<'_>, group: &str) -> Result<Vec<GroupRule>> {
    read_rules(cx, vec![filter("group-id", [group])]).await
}

pub(in crate::aws) async fn read_rules(cx: &Cx<'_>, filters: Vec<Filter>) -> Result<Vec<GroupRule>> {
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

/// Takes purlin's tags off the rules of a group that is let go; standalone ones are resources by
/// themselves.
pub(super) async fn drop_ownership(cx: &Cx<'_>, group: &str) -> Result<()> {
    let client = &cx.aws.ec2;
    let mut rules = group_rules(cx, group).await?;
    rules.retain(|rule| !is_standalone(rule) && from_ec2(rule.tags()).owner().is_some());
    if rules.is_empty() {
        return Ok(());
    }
    let keys = rules.iter().flat_map(|rule| rule.tags()).filter_map(|tag| tag.key());
    let keys: BTreeSet<&str> = keys.filter(|key| key.starts_with(PREFIX)).collect();
    let rules: Vec<_> = rules.iter().filter_map(|rule| rule.security_group_rule_id().map(ToOwned::to_owned)).collect();
    let tags: Vec<_> = keys.iter().map(|key| Tag::builder().key(*key).build()).collect();
    cx.write(Operation::DeleteTags, || {
        client.delete_tags().set_resources(Some(rules.clone())).set_tags(Some(tags.clone())).send()
    })
    .await?;
    Ok(())
}

pub(in crate::aws) fn direction_of(rule: &GroupRule) -> Direction {
    if rule.is_egress() == Some(true) { Direction::Egress } else { Direction::Ingress }
}

/// A rule as AWS has it; `None` for what this crate has no word for.
pub(in crate::aws) fn parse_rule(rule: &GroupRule, group: &str) -> Option<Rule> {
    let protocol = Protocol::from_word(rule.ip_protocol()?)?;
    let peer = if let Some(cidr) = rule.cidr_ipv4() {
        Peer::Ipv4(cidr.to_owned())
    } else if let Some(cidr) = rule.cidr_ipv6() {
        Peer::Ipv6(cidr.to_owned())
    } else if let Some(list) = rule.prefix_list_id() {
        Peer::PrefixList(Input::known(list.parse().ok()?))
    } else {
        let other = rule.referenced_group_info()?;
        let foreign = other.user_id().filter(|account| rule.group_owner_id().is_some_and(|own| own != *account));
        match (other.group_id()?, foreign) {
            (other, _) if other == group => Peer::Itself,
            (other, Some(account)) => Peer::GroupOf(account.parse().ok()?, other.parse().ok()?),
            (other, None) => Peer::Group(Input::known(other.parse().ok()?)),
        }
    };
    let ports = match protocol {
        Protocol::All | Protocol::Number(_) => None,
        _ => Some((rule.from_port()?, rule.to_port()?)),
    };
    let description = rule.description().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    Some(Rule { protocol, ports, peer, description })
}

/// A rule as a declaration of its own, and its id.
pub(in crate::aws) fn declares(rule: &GroupRule) -> Option<(SecurityGroupRule, String)> {
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
