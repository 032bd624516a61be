//! Security groups over the EC2 API.

mod association;
mod rules;

use std::collections::HashMap;

use aws_sdk_ec2::types::{Filter, ResourceType, SecurityGroup as Group, SecurityGroupRule as GroupRule};

use crate::blocker::{Blocker, BlockerKind};
use crate::error::Result;
use crate::id::VpcId;
use crate::input::Input;
use crate::resource::tags::{ADDRESS, STACK, VPCS};
use crate::resource::{
    AnyObserved, Direction, Observed, Operation, Peer, Rule, SecurityGroup, SecurityGroupOutputs, Tags,
};

pub(super) use rules::{authorize, declares, modify, read_rules, revoke_ids};
use rules::{describe_rules, direction_of, more, parse_rule, revoke, revoke_given};

use super::call::{NotYet, gone_is_fine, pages};
use super::convert::{filter, join, more as missing};
use super::tags::{OwnedIds, change_ec2, from_ec2, names, specification};
use super::{Cx, Leaving, Operate, blockers, id, known, required, swap};

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
                // The rule that AWS gives by itself has no tags.
                let tags = if self.egress.is_some() { self.tags.clone() } else { Tags::new() };
                authorize(cx, group, Direction::Egress, &more(wanted_egress, egress), &tags).await?;
            }
            Operation::RevokeSecurityGroupIngress => {
                revoke(cx, group, Direction::Ingress, &more(ingress, &self.ingress)).await?;
            }
            Operation::RevokeSecurityGroupEgress => {
                let rules = more(egress, wanted_egress);
                match observed {
                    Some(_) => revoke(cx, group, Direction::Egress, &rules).await?,
                    None => revoke_given(cx, group, &rules).await?,
                }
            }
            Operation::ModifySecurityGroupRules => {
                let wanted: Vec<_> =
                    [(Direction::Ingress, self.ingress.as_slice()), (Direction::Egress, wanted_egress)]
                        .into_iter()
                        .flat_map(|(direction, rules)| rules.iter().map(move |rule| (direction, rule)))
                        .collect();
                describe_rules(cx, group, &wanted).await?;
            }
            Operation::AssociateSecurityGroupVpc | Operation::DisassociateSecurityGroupVpc => {
                let present = observed.map(|group| group.associated_vpcs.as_slice()).unwrap_or_default();
                let (wanted, present) = (known_all(&self.associated_vpcs)?, known_all(present)?);
                if operation == Operation::AssociateSecurityGroupVpc {
                    association::add(cx, group, &missing(&wanted, &present)).await?;
                } else {
                    association::remove(cx, group, &missing(&present, &wanted)).await?;
                }
            }
            _ => {
                let present = observed.map(|o| o.tags.clone()).unwrap_or_default();
                if present.owner().is_some() && self.tags.owner().is_none() {
                    rules::drop_ownership(cx, group).await?;
                }
                change_ec2(cx, operation, group, &self.tags, &present).await?;
            }
        }
        Ok(None)
    }

    async fn release(cx: &Cx<'_>, operation: Operation, observed: &Observed<Self>, leaving: Leaving<'_>) -> Result<()> {
        let group = observed.outputs.id.as_str();
        match operation {
            Operation::ModifyNetworkInterfaceAttribute => swap::off_instances(cx, group, leaving).await,
            _ => rules::revoke_references(cx, group).await,
        }
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.ec2;
        let group = observed.outputs.id.as_str();
        association::remove(cx, group, &known_all(&observed.spec.associated_vpcs)?).await?;
        // Network interfaces outlive their load balancer, and rules elsewhere may be on their way
        // out (R24, R26).
        // Interfaces of services are released within minutes; what is held longer is held by somebody (R24).
        let not_yet =
            &[NotYet::code("DependencyViolation").for_minutes(30), NotYet::code("InvalidGroup.InUse").for_minutes(30)];
        let deleted = cx
            .write_when(Operation::DeleteSecurityGroup, not_yet, || {
                client.delete_security_group().group_id(group).send()
            })
            .await;
        match deleted {
            Err(error) if error.is_in_use() => {
                let found = blockers::of_security_group(&cx.to_explain(), group).await;
                let associated = association::read(&cx.to_explain(), &[group]).await.unwrap_or_default();
                let found = found.map(|mut found| {
                    found.extend(associated.into_iter().map(|(_, vpc)| {
                        let text = format!("{vpc} is associated with it");
                        Blocker::new(BlockerKind::VpcAssociation, vpc.as_str(), text)
                    }));
                    found
                });
                Err(blockers::explain(error, found, "detach or delete what uses it"))
            }
            other => gone_is_fine(other),
        }
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let filters = vec![filter("vpc-id", [known(&self.vpc)?.as_str()]), filter("group-name", [self.name.as_str()])];
        let groups = read(cx, filters).await?;
        groups.iter().map(|group| parse(group, &[], &[], &[])).next().transpose()
    }
}

pub(super) async fn read(cx: &Cx<'_>, filters: Vec<Filter>) -> Result<Vec<Group>> {
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

/// A group with those of its rules that are its own: standalone ones are resources by themselves.
fn parse(
    group: &Group,
    rules: &[GroupRule],
    associated: &[VpcId],
    declared: &[&SecurityGroup],
) -> Result<Observed<SecurityGroup>> {
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
    // In a VPC with IPv6, AWS adds the IPv6 half of "everything out" by itself; who declares it
    // wants to see it.
    let everything = Rule::everything_out();
    let everything_v6 = Rule { peer: Peer::Ipv6("::/0".to_owned()), ..everything.clone() };
    let wants_v6 = declared
        .iter()
        .any(|other| other.name == name && other.egress.iter().flatten().any(|rule| rule.is_same(&everything_v6)));
    if !wants_v6 && egress.iter().any(|rule| rule.is_same(&everything)) {
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
            associated_vpcs: associated.iter().cloned().map(Input::known).collect(),
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
pub(super) async fn observe(cx: &Cx<'_>, declared: &[&SecurityGroup], owned: &OwnedIds) -> Result<Vec<AnyObserved>> {
    let tag = format!("tag:{STACK}");
    let names: Vec<&str> = declared.iter().map(|group| group.name.as_str()).collect();
    let by_name = async {
        let mut found = Vec::new();
        for chunk in names.chunks(FILTER_VALUES) {
            found.extend(read(cx, vec![filter("group-name", chunk.iter().copied())]).await?);
        }
        Ok(found)
    };
    let (_, mut groups) = tokio::try_join!(owned.read(cx), by_name)?;
    if owned.more_than(cx, "sg-", groups.iter().filter_map(Group::group_id)).await? {
        groups = join(read(cx, vec![filter(&tag, [cx.stack])]).await?, groups, Group::group_id);
    }
    let ids: Vec<&str> = groups.iter().filter_map(Group::group_id).collect();
    let of_groups = async {
        let mut rules = Vec::new();
        for chunk in ids.chunks(FILTER_VALUES) {
            rules.extend(read_rules(cx, vec![filter("group-id", chunk.iter().copied())]).await?);
        }
        Ok(rules)
    };
    let (mut rules, associated) = tokio::try_join!(of_groups, associations(cx, declared, &groups))?;
    // Standalone rules can be on groups that the stack does not own.
    if owned.more_than(cx, "sgr-", rules.iter().filter_map(GroupRule::security_group_rule_id)).await? {
        let tagged = read_rules(cx, vec![filter(&tag, [cx.stack])]).await?;
        rules = join(rules, tagged, GroupRule::security_group_rule_id);
    }
    let mut observed: Vec<AnyObserved> = Vec::with_capacity(groups.len());
    for group in &groups {
        let associated = group.group_id().and_then(|id| associated.get(id)).map(Vec::as_slice).unwrap_or_default();
        observed.push(parse(group, &rules, associated, declared)?.into());
    }
    for rule in rules.iter().filter(|rule| is_standalone(rule)) {
        if let Some(rule) = super::security_group_rule::parse(rule)? {
            observed.push(AnyObserved::from(rule));
        }
    }
    Ok(observed)
}

/// Reads the associations of the groups whose declaration or tags say that they are the stack's;
/// nothing is asked where there are none.
async fn associations(
    cx: &Cx<'_>,
    declared: &[&SecurityGroup],
    groups: &[Group],
) -> Result<HashMap<String, Vec<VpcId>>> {
    let wanted: Vec<&str> =
        declared.iter().filter(|group| !group.associated_vpcs.is_empty()).map(|group| group.name.as_str()).collect();
    let ids: Vec<&str> = groups
        .iter()
        .filter(|group| {
            let tags = from_ec2(group.tags());
            let (name, _) = names(group.group_name().unwrap_or_default(), &tags);
            tags.get(VPCS).is_some() || wanted.contains(&name.as_str())
        })
        .filter_map(Group::group_id)
        .collect();
    let mut associated = HashMap::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        for (group, vpc) in association::read(cx, chunk).await? {
            associated.entry(group).or_insert_with(Vec::new).push(vpc);
        }
    }
    Ok(associated)
}

fn known_all(vpcs: &[Input<VpcId>]) -> Result<Vec<VpcId>> {
    vpcs.iter().map(|vpc| known(vpc).cloned()).collect()
}

/// How many values a filter of the EC2 API may have.
pub(super) const FILTER_VALUES: usize = 200;
