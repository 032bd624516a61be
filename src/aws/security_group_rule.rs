//! Standalone security group rules over the EC2 API.

use std::collections::HashMap;

use aws_sdk_ec2::types::SecurityGroupRule as GroupRule;

use crate::error::{Error, ErrorKind, Result};
use crate::input::Attr;
use crate::lookup::Found;
use crate::resource::{
    AnyObserved, AnyResource, Describe, Direction, Observed, Operation, SecurityGroupRule, SecurityGroupRuleOutputs,
};
use crate::stack::{Item, Stack};
use crate::value::Value;

use super::convert::filter;
use super::security_group::{FILTER_VALUES, authorize, declares, modify, read_rules, revoke_ids};
use super::tags::change_ec2;
use super::{Cx, Operate, id, known};

impl Operate for SecurityGroupRule {
    async fn create(&self, cx: &Cx<'_>) -> Result<SecurityGroupRuleOutputs> {
        let group = known(&self.group)?.as_str();
        let ids = authorize(cx, group, self.direction, std::slice::from_ref(&self.rule), &self.tags).await?;
        match ids.first() {
            Some(rule) => Ok(SecurityGroupRuleOutputs { id: id(Some(rule), "a rule id")? }),
            None => self.take(cx, group).await,
        }
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        outputs: &SecurityGroupRuleOutputs,
        observed: Option<&Self>,
    ) -> Result<Option<SecurityGroupRuleOutputs>> {
        if operation == Operation::ModifySecurityGroupRules {
            modify(cx, known(&self.group)?.as_str(), outputs.id.as_str(), &self.rule).await?;
        } else {
            let present = observed.map(|observed| observed.tags.clone()).unwrap_or_default();
            change_ec2(cx, operation, outputs.id.as_str(), &self.tags, &present).await?;
        }
        Ok(None)
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let group = known(&observed.spec.group)?.as_str();
        revoke_ids(cx, group, observed.spec.direction, &[observed.outputs.id.to_string()]).await
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let client = &cx.aws.ec2;
        let group = known(&self.group)?.as_str();
        let page = cx
            .read("DescribeSecurityGroupRules", || {
                client.describe_security_group_rules().filters(filter("group-id", [group])).send()
            })
            .await?;
        for rule in page.security_group_rules() {
            if let Some(found) = parse(rule)?
                && found.spec.direction == self.direction
                && found.spec.rule.is_same(&self.rule)
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

impl SecurityGroupRule {
    /// Takes the same rule that is there already for what was wanted: an earlier try has made it, or
    /// nobody says that it is his (I8). One of another stack stays that stack's.
    async fn take(&self, cx: &Cx<'_>, group: &str) -> Result<SecurityGroupRuleOutputs> {
        let conflict = || {
            let text = format!("the same rule exists already on {group}");
            Error::new(ErrorKind::Conflict, text).with_hint("remove it there, or declare it nowhere else")
        };
        let Some(found) = self.find(cx).await? else { return Err(conflict()) };
        match &found.owner {
            None => {
                change_ec2(cx, Operation::CreateTags, found.outputs.id.as_str(), &self.tags, &found.spec.tags).await?;
            }
            Some(owner)
                if owner.stack == cx.stack && cx.address.is_some_and(|address| address.as_str() == owner.address) => {}
            Some(_) => return Err(conflict()),
        }
        Ok(found.outputs)
    }
}

/// Reads rules that stand in groups without an owner and are declared to be taken over, each as a
/// resource by itself, and takes them out of what the groups themselves are taken to declare.
pub(super) async fn adoptable(
    cx: &Cx<'_>,
    stack: &Stack,
    found: &HashMap<usize, Found>,
    groups: &mut [AnyObserved],
) -> Result<Vec<AnyObserved>> {
    let mut wanted = Vec::new();
    for node in stack.nodes.iter().filter(|node| node.adopt) {
        let Item::Resource(rule @ AnyResource::SecurityGroupRule(_)) = &node.item else { continue };
        let mut rule = rule.clone();
        rule.resolve(&|attr: Attr| {
            let node = stack.nodes.get(attr.node.index)?;
            match &node.item {
                Item::Lookup(_) => Some(found.get(&attr.node.index)?.output(attr.name)),
                Item::Resource(AnyResource::SecurityGroup(group)) => {
                    let is_it = |other: &&AnyObserved| match (other.owner(), other) {
                        (Some(owner), _) => {
                            owner.stack == cx.stack && stack.present(&owner.address) == node.address.as_str()
                        }
                        (None, AnyObserved::SecurityGroup(other)) => other.spec.name == group.name,
                        _ => false,
                    };
                    Some(groups.iter().find(is_it)?.outputs().output(attr.name))
                }
                Item::Resource(_) => None,
            }
        });
        // A group that is yet to be made has no rules.
        if !rule.natural_key().iter().any(Value::is_pending) {
            wanted.push(rule);
        }
    }
    let mut ids: Vec<String> = wanted.iter().filter_map(|rule| Some(rule.parent().as_text()?.to_owned())).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut adoptable = Vec::new();
    for chunk in ids.chunks(FILTER_VALUES) {
        for rule in read_rules(cx, vec![filter("group-id", chunk.iter().map(String::as_str))]).await? {
            let Some(rule) = parse(&rule)?.filter(|rule| rule.owner.is_none()) else { continue };
            if !wanted.iter().any(|wanted| wanted.natural_key() == rule.spec.natural_key()) {
                continue;
            }
            for group in &mut *groups {
                if let AnyObserved::SecurityGroup(group) = group
                    && Some(&group.outputs.id) == rule.spec.group.as_known()
                {
                    let rules = match rule.spec.direction {
                        Direction::Ingress => Some(&mut group.spec.ingress),
                        Direction::Egress => group.spec.egress.as_mut(),
                    };
                    rules.into_iter().for_each(|rules| rules.retain(|own| !own.is_same(&rule.spec.rule)));
                }
            }
            adoptable.push(rule.into());
        }
    }
    Ok(adoptable)
}

pub(super) fn parse(rule: &GroupRule) -> Result<Option<Observed<SecurityGroupRule>>> {
    let Some((spec, rule)) = declares(rule) else { return Ok(None) };
    let outputs = SecurityGroupRuleOutputs { id: id(Some(&rule), "a rule id")? };
    Ok(Some(Observed { owner: spec.tags.owner(), spec, outputs, name: None }))
}
