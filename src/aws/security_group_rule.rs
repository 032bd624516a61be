//! Standalone security group rules over the EC2 API.

use aws_sdk_ec2::types::SecurityGroupRule as GroupRule;

use crate::error::{Error, ErrorKind, Result};
use crate::resource::{Observed, Operation, SecurityGroupRule, SecurityGroupRuleOutputs};

use super::convert::filter;
use super::security_group::{authorize, declares, modify, revoke_ids};
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
        let conflict = |whose: &str| {
            let text = format!("the same rule exists already on {group}, and {whose}");
            Error::new(ErrorKind::Conflict, text).with_hint("remove it there, or declare it nowhere else")
        };
        let Some(found) = self.find(cx).await? else { return Err(conflict("does not show yet")) };
        match &found.owner {
            None => {
                change_ec2(cx, Operation::CreateTags, found.outputs.id.as_str(), &self.tags, &found.spec.tags).await?;
            }
            Some(owner) if owner.stack != cx.stack => {
                return Err(conflict(&format!("the stack {:?} owns it as {}", owner.stack, owner.address)));
            }
            Some(_) => {}
        }
        Ok(found.outputs)
    }
}

pub(super) fn parse(rule: &GroupRule) -> Result<Option<Observed<SecurityGroupRule>>> {
    let Some((spec, rule)) = declares(rule) else { return Ok(None) };
    let outputs = SecurityGroupRuleOutputs { id: id(Some(&rule), "a rule id")? };
    Ok(Some(Observed { owner: spec.tags.owner(), spec, outputs, name: None }))
}
