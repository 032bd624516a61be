//! Changes of security group rules: authorize, revoke, modify, describe in words.

use std::collections::BTreeSet;

use aws_sdk_ec2::operation::authorize_security_group_egress::{
    AuthorizeSecurityGroupEgressInput, AuthorizeSecurityGroupEgressOutput,
};
use aws_sdk_ec2::operation::authorize_security_group_ingress::{
    AuthorizeSecurityGroupIngressInput, AuthorizeSecurityGroupIngressOutput,
};
use aws_sdk_ec2::operation::modify_security_group_rules::{
    ModifySecurityGroupRulesInput, ModifySecurityGroupRulesOutput,
};
use aws_sdk_ec2::operation::revoke_security_group_egress::{
    RevokeSecurityGroupEgressInput, RevokeSecurityGroupEgressOutput,
};
use aws_sdk_ec2::operation::revoke_security_group_ingress::{
    RevokeSecurityGroupIngressInput, RevokeSecurityGroupIngressOutput,
};
use aws_sdk_ec2::operation::update_security_group_rule_descriptions_egress::{
    UpdateSecurityGroupRuleDescriptionsEgressInput, UpdateSecurityGroupRuleDescriptionsEgressOutput,
};
use aws_sdk_ec2::operation::update_security_group_rule_descriptions_ingress::{
    UpdateSecurityGroupRuleDescriptionsIngressInput, UpdateSecurityGroupRuleDescriptionsIngressOutput,
};
use aws_sdk_ec2::types::{self as sdk, IpPermission, ResourceType, TagSpecification};

use super::resource::{SECURITY_GROUP_RULE, conflict, dry_run, invalid, missing};
use super::rule::{Direction, Peer, Rule, RuleSpec, checked_description, from_permission, from_rule_request};
use super::security_group::{add_rule, named, not_in_default_vpc, rules_of};
use super::tags;
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// The rules of all permissions of a request, which must not repeat themselves.
fn specs(world: &World, group: &str, permissions: &[IpPermission]) -> Result<Vec<RuleSpec>, ApiError> {
    if permissions.is_empty() {
        return Err(missing("ipPermissions"));
    }
    let mut specs: Vec<RuleSpec> = Vec::new();
    for permission in permissions {
        for spec in from_permission(world, group, permission)? {
            if specs.iter().any(|other| other.traffic == spec.traffic) {
                return Err(repeated());
            }
            specs.push(spec);
        }
    }
    Ok(specs)
}

fn repeated() -> ApiError {
    invalid("The same permission must not appear multiple times")
}

fn duplicate(spec: &RuleSpec) -> ApiError {
    ApiError::new(
        "InvalidPermission.Duplicate",
        format!("the specified rule \"{}\" already exists", spec.traffic.in_words()),
    )
}

/// "Inbound or outbound rules per security group", which AWS enforces separately for IPv4 and
/// for IPv6; a rule that refers to a group or a prefix list counts for both.
fn check_limit<'s>(world: &World, specs: impl Iterator<Item = &'s RuleSpec>) -> Result<(), ApiError> {
    let (mut ipv4, mut ipv6) = (0, 0);
    for spec in specs {
        ipv4 += usize::from(!matches!(spec.traffic.peer, Peer::Ipv6(_)));
        ipv6 += usize::from(!matches!(spec.traffic.peer, Peer::Ipv4(_)));
    }
    if ipv4.max(ipv6) > world.settings.quotas.rules_per_security_group {
        return Err(ApiError::new(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        ));
    }
    Ok(())
}

/// Adds rules to a group; returns them.
fn authorize(
    world: &mut World,
    group: &str,
    direction: Direction,
    permissions: &[IpPermission],
    tags: Option<&[TagSpecification]>,
    dry: Option<bool>,
) -> Result<Vec<sdk::SecurityGroupRule>, ApiError> {
    let specs = specs(world, group, permissions)?;
    let tags = tags::specified(tags, &ResourceType::SecurityGroupRule)?;
    for spec in &specs {
        if rules_of(world, group, direction).any(|rule| rule.spec.traffic == spec.traffic) {
            return Err(duplicate(spec));
        }
    }
    check_limit(world, rules_of(world, group, direction).map(|rule| &rule.spec).chain(&specs))?;
    dry_run(dry)?;
    let created = Some(world.now);
    let ids: Vec<String> = specs
        .into_iter()
        .map(|spec| {
            let id = add_rule(world, group, direction, spec, created);
            world.ec2.tags.add(&id, tags.clone());
            id
        })
        .collect();
    Ok(ids.iter().filter_map(|id| world.ec2.rules.get(id)).map(|rule| rule.to_sdk(world)).collect())
}

pub(super) fn authorize_ingress(
    world: &mut World,
    input: &AuthorizeSecurityGroupIngressInput,
) -> Result<AuthorizeSecurityGroupIngressOutput, ApiError> {
    let group = named(world, input.group_id(), input.group_name())?;
    let single = Single {
        protocol: input.ip_protocol(),
        from: input.from_port(),
        to: input.to_port(),
        cidr: input.cidr_ip(),
        source_group: input.source_security_group_name(),
    };
    let permissions = single.or(input.ip_permissions())?;
    let tags = input.tag_specifications.as_deref();
    let rules = authorize(world, &group, Direction::Ingress, &permissions, tags, input.dry_run())?;
    Ok(AuthorizeSecurityGroupIngressOutput::builder().r#return(true).set_security_group_rules(Some(rules)).build())
}

pub(super) fn authorize_egress(
    world: &mut World,
    input: &AuthorizeSecurityGroupEgressInput,
) -> Result<AuthorizeSecurityGroupEgressOutput, ApiError> {
    let group = named(world, input.group_id(), None)?;
    let tags = input.tag_specifications.as_deref();
    let rules = authorize(world, &group, Direction::Egress, input.ip_permissions(), tags, input.dry_run())?;
    Ok(AuthorizeSecurityGroupEgressOutput::builder().r#return(true).set_security_group_rules(Some(rules)).build())
}

/// The old way to name one ingress rule, outside of IpPermissions.
struct Single<'r> {
    protocol: Option<&'r str>,
    from: Option<i32>,
    to: Option<i32>,
    cidr: Option<&'r str>,
    source_group: Option<&'r str>,
}

impl Single<'_> {
    /// This one rule as a permission, or else the permissions given.
    fn or(&self, permissions: &[IpPermission]) -> Result<Vec<IpPermission>, ApiError> {
        if self.protocol.is_none() && self.cidr.is_none() && self.source_group.is_none() {
            return Ok(permissions.to_vec());
        }
        if !permissions.is_empty() {
            return Err(conflict("The parameter ipPermissions cannot be used with a single rule"));
        }
        if let Some(name) = self.source_group {
            return Err(not_in_default_vpc(name));
        }
        Ok(vec![
            IpPermission::builder()
                .set_ip_protocol(self.protocol.map(str::to_owned))
                .set_from_port(self.from)
                .set_to_port(self.to)
                .ip_ranges(sdk::IpRange::builder().set_cidr_ip(self.cidr.map(str::to_owned)).build())
                .build(),
        ])
    }
}

fn no_such_rule() -> ApiError {
    ApiError::new("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
}

/// The rule of that id, if it is one of the group.
fn rule_of_group<'w>(world: &'w World, group: &str, id: &str) -> Result<&'w Rule, ApiError> {
    let rule = SECURITY_GROUP_RULE.find(&world.ec2.rules, id)?;
    if rule.group == group { Ok(rule) } else { Err(SECURITY_GROUP_RULE.not_found(id)) }
}

/// The ids of the rules that a request names by id or by permission, each with the description
/// that stands beside it. All must exist.
fn existing(
    world: &World,
    group: &str,
    direction: Direction,
    permissions: &[IpPermission],
) -> Result<Vec<(String, Option<String>)>, ApiError> {
    specs(world, group, permissions)?
        .into_iter()
        .map(|spec| {
            rules_of(world, group, direction)
                .find(|rule| rule.spec.traffic == spec.traffic)
                .map(|rule| (rule.id.clone(), spec.description))
                .ok_or_else(no_such_rule)
        })
        .collect()
}

/// Takes rules from a group; returns them. The documentation promises a client error for rules
/// that do not exist, unless the VPC is a default VPC.
fn revoke(
    world: &mut World,
    group: &str,
    direction: Direction,
    permissions: &[IpPermission],
    ids: &[String],
    dry: Option<bool>,
) -> Result<Vec<sdk::RevokedSecurityGroupRule>, ApiError> {
    let ids: BTreeSet<String> = match (permissions, ids) {
        (permissions, []) => existing(world, group, direction, permissions)?.into_iter().map(|(id, _)| id).collect(),
        ([], ids) => {
            for id in ids {
                if rule_of_group(world, group, id)?.direction != direction {
                    return Err(SECURITY_GROUP_RULE.not_found(id));
                }
            }
            ids.iter().cloned().collect()
        }
        _ => {
            return Err(conflict("The parameter ipPermissions cannot be used with the parameter securityGroupRuleIds"));
        }
    };
    dry_run(dry)?;
    let ec2 = &mut world.ec2;
    Ok(ids
        .iter()
        .filter_map(|id| {
            ec2.tags.forget(id);
            ec2.rules.remove(id).map(|rule| rule.to_revoked())
        })
        .collect())
}

pub(super) fn revoke_ingress(
    world: &mut World,
    input: &RevokeSecurityGroupIngressInput,
) -> Result<RevokeSecurityGroupIngressOutput, ApiError> {
    let group = named(world, input.group_id(), input.group_name())?;
    let single = Single {
        protocol: input.ip_protocol(),
        from: input.from_port(),
        to: input.to_port(),
        cidr: input.cidr_ip(),
        source_group: input.source_security_group_name(),
    };
    let permissions = single.or(input.ip_permissions())?;
    let ids = input.security_group_rule_ids();
    let revoked = revoke(world, &group, Direction::Ingress, &permissions, ids, input.dry_run())?;
    Ok(RevokeSecurityGroupIngressOutput::builder()
        .r#return(true)
        .set_revoked_security_group_rules(Some(revoked))
        .build())
}

pub(super) fn revoke_egress(
    world: &mut World,
    input: &RevokeSecurityGroupEgressInput,
) -> Result<RevokeSecurityGroupEgressOutput, ApiError> {
    let group = named(world, input.group_id(), None)?;
    let ids = input.security_group_rule_ids();
    let revoked = revoke(world, &group, Direction::Egress, input.ip_permissions(), ids, input.dry_run())?;
    Ok(RevokeSecurityGroupEgressOutput::builder()
        .r#return(true)
        .set_revoked_security_group_rules(Some(revoked))
        .build())
}

/// Replaces rules in place: id, direction, kind of peer and tags stay, everything else
/// (the description too) becomes what the request says.
pub(super) fn modify(
    world: &mut World,
    input: &ModifySecurityGroupRulesInput,
) -> Result<ModifySecurityGroupRulesOutput, ApiError> {
    let group = named(world, input.group_id(), None)?;
    if input.security_group_rules().is_empty() {
        return Err(missing("securityGroupRules"));
    }
    let mut changed: Vec<Rule> = Vec::new();
    for update in input.security_group_rules() {
        let id = update.security_group_rule_id().ok_or_else(|| missing("securityGroupRuleId"))?;
        let rule = rule_of_group(world, &group, id)?;
        let request = update.security_group_rule().ok_or_else(|| missing("securityGroupRule"))?;
        let spec = from_rule_request(world, &group, request)?;
        if !spec.traffic.peer.same_kind(&rule.spec.traffic.peer) {
            return Err(invalid("Invalid rule type"));
        }
        let clashes =
            |other: &Rule| other.id == id || (other.direction == rule.direction && other.spec.traffic == spec.traffic);
        if changed.iter().any(clashes) {
            return Err(repeated());
        }
        changed.push(Rule { spec, ..rule.clone() });
    }
    for rule in &changed {
        let exists = rules_of(world, &group, rule.direction)
            .filter(|other| !changed.iter().any(|changed| changed.id == other.id))
            .any(|other| other.spec.traffic == rule.spec.traffic);
        if exists {
            return Err(duplicate(&rule.spec));
        }
    }
    dry_run(input.dry_run())?;
    world.ec2.rules.extend(changed.into_iter().map(|rule| (rule.id.clone(), rule)));
    Ok(ModifySecurityGroupRulesOutput::builder().r#return(true).build())
}

/// Sets descriptions, or removes them where the request has none.
fn describe_rules(
    world: &mut World,
    group: &str,
    direction: Direction,
    permissions: &[IpPermission],
    by_id: &[sdk::SecurityGroupRuleDescription],
    dry: Option<bool>,
) -> Result<(), ApiError> {
    let descriptions = match (permissions, by_id) {
        (permissions, []) => existing(world, group, direction, permissions)?,
        ([], by_id) => by_id
            .iter()
            .map(|description| {
                let id = description.security_group_rule_id().ok_or_else(|| missing("securityGroupRuleId"))?;
                if rule_of_group(world, group, id)?.direction != direction {
                    return Err(SECURITY_GROUP_RULE.not_found(id));
                }
                Ok((id.to_owned(), checked_description(description.description())?))
            })
            .collect::<Result<_, ApiError>>()?,
        _ => {
            return Err(conflict(
                "The parameter ipPermissions cannot be used with the parameter securityGroupRuleDescriptions",
            ));
        }
    };
    dry_run(dry)?;
    for (id, description) in descriptions {
        if let Some(rule) = world.ec2.rules.get_mut(&id) {
            rule.spec.description = description;
        }
    }
    Ok(())
}

pub(super) fn describe_ingress(
    world: &mut World,
    input: &UpdateSecurityGroupRuleDescriptionsIngressInput,
) -> Result<UpdateSecurityGroupRuleDescriptionsIngressOutput, ApiError> {
    let group = named(world, input.group_id(), input.group_name())?;
    let by_id = input.security_group_rule_descriptions();
    describe_rules(world, &group, Direction::Ingress, input.ip_permissions(), by_id, input.dry_run())?;
    Ok(UpdateSecurityGroupRuleDescriptionsIngressOutput::builder().r#return(true).build())
}

pub(super) fn describe_egress(
    world: &mut World,
    input: &UpdateSecurityGroupRuleDescriptionsEgressInput,
) -> Result<UpdateSecurityGroupRuleDescriptionsEgressOutput, ApiError> {
    let group = named(world, input.group_id(), input.group_name())?;
    let by_id = input.security_group_rule_descriptions();
    describe_rules(world, &group, Direction::Egress, input.ip_permissions(), by_id, input.dry_run())?;
    Ok(UpdateSecurityGroupRuleDescriptionsEgressOutput::builder().r#return(true).build())
}
