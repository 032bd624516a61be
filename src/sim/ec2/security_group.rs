//! Security groups themselves: create, delete, describe.

use std::time::Duration;

use aws_sdk_ec2::operation::create_security_group::{CreateSecurityGroupInput, CreateSecurityGroupOutput};
use aws_sdk_ec2::operation::delete_security_group::{DeleteSecurityGroupInput, DeleteSecurityGroupOutput};
use aws_sdk_ec2::operation::describe_security_group_references::{
    DescribeSecurityGroupReferencesInput, DescribeSecurityGroupReferencesOutput,
};
use aws_sdk_ec2::operation::describe_security_groups::{DescribeSecurityGroupsInput, DescribeSecurityGroupsOutput};
use aws_sdk_ec2::types::{self as sdk, ResourceType};

use super::association;
use super::filter::{Field, Filtered};
use super::page::{self, page};
use super::resource::{
    self, IdKind, Resource, SECURITY_GROUP, VPC, conflict, dry_run, invalid, listed, missing, visible,
};
use super::rule::Direction::{self, Egress, Ingress};
use super::rule::{self, Peer, Rule, RuleSpec, Traffic};
use super::tags::{self, Tags};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// The name of the group that every VPC has from the beginning.
pub(super) const DEFAULT: &str = "default";

#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) vpc: String,
    pub(super) created: Option<Duration>,
}

impl Group {
    fn arn(&self, world: &World) -> String {
        world.arn("ec2", &format!("security-group/{}", self.id))
    }
}

/// Puts a group into a VPC, with the rule that every new group has: everything may leave over IPv4.
pub(super) fn add(world: &mut World, vpc: &str, name: &str, description: &str, created: Option<Duration>) -> String {
    let id = world.new_id("sg");
    let group = Group {
        id: id.clone(),
        name: name.to_owned(),
        description: description.to_owned(),
        vpc: vpc.to_owned(),
        created,
    };
    world.ec2.groups.insert(id.clone(), group);
    add_rule(world, &id, Direction::Egress, RuleSpec { traffic: Traffic::everything(), description: None }, created);
    id
}

/// Gives a group a rule; returns the rule's id.
pub(super) fn add_rule(
    world: &mut World,
    group: &str,
    direction: Direction,
    spec: RuleSpec,
    created: Option<Duration>,
) -> String {
    let id = world.new_id("sgr");
    let rule = Rule { id: id.clone(), group: group.to_owned(), direction, spec, created };
    world.ec2.rules.insert(id.clone(), rule);
    id
}

/// The rules of a group in one direction.
pub(super) fn rules_of<'w>(world: &'w World, group: &'w str, direction: Direction) -> impl Iterator<Item = &'w Rule> {
    world.ec2.rules.values().filter(move |rule| rule.group == group && rule.direction == direction)
}

/// Groups can be named by name only in a default VPC, and the simulation has none.
pub(super) fn not_in_default_vpc(name: &str) -> ApiError {
    ApiError::new("InvalidGroup.NotFound", format!("The security group '{name}' does not exist in default VPC 'null'"))
}

/// The group of that id; one that is too new is not known yet to those who name it.
pub(super) fn known<'w>(world: &'w World, id: &str) -> Result<&'w Group, ApiError> {
    let group = SECURITY_GROUP.find(&world.ec2.groups, id)?;
    if group.created.is_none_or(|created| world.can_be_named(created)) {
        Ok(group)
    } else {
        Err(SECURITY_GROUP.not_found(id))
    }
}

/// The group that a request names by id, or (in vain) by name.
pub(super) fn named(world: &World, id: Option<&str>, name: Option<&str>) -> Result<String, ApiError> {
    match (id, name) {
        (Some(_), Some(_)) => Err(conflict("The parameter groupName cannot be used with the parameter groupId")),
        (Some(id), None) => known(world, id).map(|group| group.id.clone()),
        (None, Some(name)) => Err(not_in_default_vpc(name)),
        (None, None) => Err(missing("groupName or groupId")),
    }
}

fn check_text(parameter: &str, text: &str) -> Result<(), ApiError> {
    let allowed = |char: char| char.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(char);
    if text.chars().count() > 255 {
        return Err(invalid(format!(
            "Value ({text}) for parameter {parameter} is invalid. The maximum length is 255 characters."
        )));
    }
    if !text.chars().all(allowed) {
        return Err(invalid(format!(
            "Value ({text}) for parameter {parameter} is invalid. Valid characters are a-z, A-Z, 0-9, spaces, and \
             ._-:/()#,@[]+=&;{{}}!$*"
        )));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), ApiError> {
    check_text("GroupName", name)?;
    if name.to_ascii_lowercase().starts_with("sg-") {
        return Err(invalid(format!(
            "Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
        )));
    }
    if name.eq_ignore_ascii_case(DEFAULT) {
        return Err(invalid(format!("Cannot use reserved security group name: {name}")));
    }
    Ok(())
}

pub(super) fn create(
    world: &mut World,
    input: &CreateSecurityGroupInput,
) -> Result<CreateSecurityGroupOutput, ApiError> {
    let given = |value: Option<&str>, parameter| match value {
        None | Some("") => Err(missing(parameter)),
        Some(value) => Ok(value.to_owned()),
    };
    // "When the name contains trailing spaces, we trim the space at the end of the name."
    let name = given(input.group_name().map(str::trim_end), "GroupName")?;
    let description = given(input.description(), "GroupDescription")?;
    check_name(&name)?;
    check_text("GroupDescription", &description)?;
    let Some(vpc) = input.vpc_id() else {
        return Err(ApiError::new("VPCIdNotSpecified", "No default VPC for this user"));
    };
    VPC.find(&world.ec2.vpcs, vpc)?;
    let tags = tags::specified(input.tag_specifications.as_deref(), &ResourceType::SecurityGroup)?;
    if world.ec2.groups.values().any(|group| group.vpc == vpc && group.name.eq_ignore_ascii_case(&name)) {
        return Err(ApiError::new(
            "InvalidGroup.Duplicate",
            format!("The security group '{name}' already exists for VPC '{vpc}'"),
        ));
    }
    if world.ec2.groups.len() >= world.settings.quotas.security_groups {
        return Err(ApiError::new(
            "SecurityGroupLimitExceeded",
            format!("The maximum number of security groups for VPC '{vpc}' has been reached."),
        ));
    }
    dry_run(input.dry_run())?;
    let created = Some(world.now);
    let id = add(world, vpc, &name, &description, created);
    let sdk_tags = tags::to_sdk(&tags);
    world.ec2.tags.add(&id, tags);
    Ok(CreateSecurityGroupOutput::builder()
        .security_group_arn(world.arn("ec2", &format!("security-group/{id}")))
        .group_id(id)
        .set_tags(sdk_tags)
        .build())
}

/// Whether an interface uses the group, a rule of another group refers to it, or it is associated
/// with another VPC.
fn in_use(world: &World, group: &str) -> bool {
    let ec2 = &world.ec2;
    ec2.interfaces.values().any(|interface| interface.exists(world) && interface.groups.iter().any(|id| id == group))
        || ec2
            .rules
            .values()
            .any(|rule| rule.group != group && matches!(&rule.spec.traffic.peer, Peer::Group(id) if id == group))
        || association::has_any(world, group)
}

pub(super) fn delete(
    world: &mut World,
    input: &DeleteSecurityGroupInput,
) -> Result<DeleteSecurityGroupOutput, ApiError> {
    let id = named(world, input.group_id(), input.group_name())?;
    if world.ec2.groups.get(&id).is_some_and(|group| group.name == DEFAULT) {
        return Err(ApiError::new(
            "CannotDelete",
            format!("the specified group: \"{id}\" name: \"{DEFAULT}\" cannot be deleted by a user"),
        ));
    }
    if in_use(world, &id) {
        return Err(ApiError::new("DependencyViolation", format!("resource {id} has a dependent object")));
    }
    dry_run(input.dry_run())?;
    let ec2 = &mut world.ec2;
    ec2.groups.remove(&id);
    ec2.tags.forget(&id);
    for rule in ec2.rules.extract_if(.., |_, rule| rule.group == id) {
        ec2.tags.forget(&rule.0);
    }
    Ok(DeleteSecurityGroupOutput::builder().r#return(true).group_id(id).build())
}

/// What the rules of a group have under a filter such as `ip-permission.cidr`.
fn rule_values(
    world: &World,
    group: &Group,
    direction: Direction,
    value: impl Fn(&Traffic) -> Option<String>,
) -> Vec<String> {
    rules_of(world, &group.id, direction).filter_map(|rule| value(&rule.spec.traffic)).collect()
}

fn ipv4(traffic: &Traffic) -> Option<String> {
    if let Peer::Ipv4(cidr) = &traffic.peer { Some(cidr.to_string()) } else { None }
}

fn ipv6(traffic: &Traffic) -> Option<String> {
    if let Peer::Ipv6(cidr) = &traffic.peer { Some(cidr.to_string()) } else { None }
}

fn prefix_list(traffic: &Traffic) -> Option<String> {
    if let Peer::PrefixList(id) = &traffic.peer { Some(id.clone()) } else { None }
}

fn peer_group(traffic: &Traffic) -> Option<String> {
    if let Peer::Group(id) = &traffic.peer { Some(id.clone()) } else { None }
}

fn from_port(traffic: &Traffic) -> Option<String> {
    traffic.ports.map(|(from, _)| from.to_string())
}

fn to_port(traffic: &Traffic) -> Option<String> {
    traffic.ports.map(|(_, to)| to.to_string())
}

fn protocol(traffic: &Traffic) -> Option<String> {
    Some(traffic.protocol.clone())
}

fn peer_names(world: &World, group: &Group, direction: Direction) -> Vec<String> {
    let ids = rule_values(world, group, direction, peer_group);
    ids.iter().filter_map(|id| world.ec2.groups.get(id)).map(|group| group.name.clone()).collect()
}

fn peer_owners(world: &World, group: &Group, direction: Direction) -> Vec<String> {
    rule_values(world, group, direction, peer_group).into_iter().map(|_| world.account.clone()).collect()
}

impl Filtered for Group {
    const FIELDS: &'static [Field<Self>] = &[
        ("group-id", |_, group| vec![group.id.clone()]),
        ("group-name", |_, group| vec![group.name.clone()]),
        ("vpc-id", |_, group| vec![group.vpc.clone()]),
        ("description", |_, group| vec![group.description.clone()]),
        ("owner-id", |world, _| vec![world.account.clone()]),
        ("ip-permission.cidr", |world, group| rule_values(world, group, Ingress, ipv4)),
        ("ip-permission.ipv6-cidr", |world, group| rule_values(world, group, Ingress, ipv6)),
        ("ip-permission.prefix-list-id", |world, group| rule_values(world, group, Ingress, prefix_list)),
        ("ip-permission.group-id", |world, group| rule_values(world, group, Ingress, peer_group)),
        ("ip-permission.group-name", |world, group| peer_names(world, group, Ingress)),
        ("ip-permission.user-id", |world, group| peer_owners(world, group, Ingress)),
        ("ip-permission.from-port", |world, group| rule_values(world, group, Ingress, from_port)),
        ("ip-permission.to-port", |world, group| rule_values(world, group, Ingress, to_port)),
        ("ip-permission.protocol", |world, group| rule_values(world, group, Ingress, protocol)),
        ("egress.ip-permission.cidr", |world, group| rule_values(world, group, Egress, ipv4)),
        ("egress.ip-permission.ipv6-cidr", |world, group| rule_values(world, group, Egress, ipv6)),
        ("egress.ip-permission.prefix-list-id", |world, group| rule_values(world, group, Egress, prefix_list)),
        ("egress.ip-permission.group-id", |world, group| rule_values(world, group, Egress, peer_group)),
        ("egress.ip-permission.group-name", |world, group| peer_names(world, group, Egress)),
        ("egress.ip-permission.user-id", |world, group| peer_owners(world, group, Egress)),
        ("egress.ip-permission.from-port", |world, group| rule_values(world, group, Egress, from_port)),
        ("egress.ip-permission.to-port", |world, group| rule_values(world, group, Egress, to_port)),
        ("egress.ip-permission.protocol", |world, group| rule_values(world, group, Egress, protocol)),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        tags::shown(world, &self.id, self.created)
    }
}

impl Resource for Group {
    const KIND: IdKind = resource::SECURITY_GROUP;

    fn shown(&self, world: &World) -> bool {
        visible(world, self.created)
    }
}

pub(super) fn describe(
    world: &World,
    input: &DescribeSecurityGroupsInput,
) -> Result<DescribeSecurityGroupsOutput, ApiError> {
    if let Some(name) = input.group_names().first() {
        return Err(not_in_default_vpc(name));
    }
    let groups = listed(world, &world.ec2.groups, input.group_ids.as_deref(), input.filters.as_deref())?;
    let (groups, next_token) = page(groups, input.max_results, input.next_token(), &page::USUAL)?;
    let groups = groups.into_iter().map(|group| {
        let permissions = |direction| {
            rule::to_permissions(world, rules_of(world, &group.id, direction).filter(|rule| rule.shown(world)))
        };
        sdk::SecurityGroup::builder()
            .group_id(&group.id)
            .group_name(&group.name)
            .description(&group.description)
            .vpc_id(&group.vpc)
            .owner_id(&world.account)
            .security_group_arn(group.arn(world))
            .set_ip_permissions(Some(permissions(Direction::Ingress)))
            .set_ip_permissions_egress(Some(permissions(Direction::Egress)))
            .set_tags(tags::to_sdk(group.tags(world)))
            .build()
    });
    Ok(DescribeSecurityGroupsOutput::builder()
        .set_security_groups(Some(groups.collect()))
        .set_next_token(next_token)
        .build())
}

/// Lists the VPCs beyond a peering connection that refer to a group; there are no such connections.
pub(super) fn describe_references(
    world: &World,
    input: &DescribeSecurityGroupReferencesInput,
) -> Result<DescribeSecurityGroupReferencesOutput, ApiError> {
    if input.group_id().is_empty() {
        return Err(missing("groupId"));
    }
    for id in input.group_id() {
        SECURITY_GROUP.find(&world.ec2.groups, id)?;
    }
    Ok(DescribeSecurityGroupReferencesOutput::builder().set_security_group_reference_set(Some(Vec::new())).build())
}

/// The `default` group of a VPC; `None` for an unknown VPC.
pub(crate) fn default_group(world: &World, vpc: &str) -> Option<String> {
    let mut groups = world.ec2.groups.values();
    groups.find(|group| group.vpc == vpc && group.name == DEFAULT).map(|group| group.id.clone())
}
