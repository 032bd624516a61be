//! Associations of security groups with further VPCs, and peering between VPCs.
//!
//! AWS changes associations in its own time: the state follows from when the change was ordered.

use std::time::Duration;

use aws_sdk_ec2::operation::associate_security_group_vpc::{
    AssociateSecurityGroupVpcInput, AssociateSecurityGroupVpcOutput,
};
use aws_sdk_ec2::operation::describe_security_group_vpc_associations::{
    DescribeSecurityGroupVpcAssociationsInput, DescribeSecurityGroupVpcAssociationsOutput,
};
use aws_sdk_ec2::operation::disassociate_security_group_vpc::{
    DisassociateSecurityGroupVpcInput, DisassociateSecurityGroupVpcOutput,
};
use aws_sdk_ec2::types::{SecurityGroupVpcAssociation, SecurityGroupVpcAssociationState as State};

use super::filter::{Criteria, Field, Filtered};
use super::network::subnet_place;
use super::page::{self, page};
use super::resource::{SECURITY_GROUP, VPC, dry_run, invalid, missing};
use super::security_group::{DEFAULT, Group};
use super::tags::Tags;
use crate::sim::SimAws;
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// An association, and what was ordered last.
#[derive(Debug, Clone)]
pub(super) struct Association {
    group: String,
    vpc: String,
    leaves: bool,
    since: Duration,
}

impl Association {
    /// `None` once it is gone.
    fn state(&self, world: &World) -> Option<State> {
        let settled = world.now >= self.since + world.settings.security_group_association;
        match (self.leaves, settled) {
            (false, false) => Some(State::Associating),
            (false, true) => Some(State::Associated),
            (true, false) => Some(State::Disassociating),
            (true, true) => None,
        }
    }

    fn to_sdk(&self, world: &World) -> Option<SecurityGroupVpcAssociation> {
        Some(
            SecurityGroupVpcAssociation::builder()
                .group_id(&self.group)
                .group_owner_id(&world.account)
                .vpc_id(&self.vpc)
                .vpc_owner_id(&world.account)
                .state(self.state(world)?)
                .build(),
        )
    }
}

impl Filtered for Association {
    const FIELDS: &'static [Field<Self>] = &[
        ("group-id", |_, association| vec![association.group.clone()]),
        ("group-owner-id", |world, _| vec![world.account.clone()]),
        ("state", |world, association| {
            association.state(world).into_iter().map(|state| state.as_str().to_owned()).collect()
        }),
        ("vpc-id", |_, association| vec![association.vpc.clone()]),
        ("vpc-owner-id", |world, _| vec![world.account.clone()]),
    ];
    const TAGGED: bool = false;

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.group)
    }
}

/// The group and the VPC of a request.
fn named<'w>(world: &'w World, group: Option<&str>, vpc: Option<&str>) -> Result<(&'w Group, String), ApiError> {
    let group = SECURITY_GROUP.find(&world.ec2.groups, group.ok_or_else(|| missing("GroupId"))?)?;
    let vpc = VPC.find(&world.ec2.vpcs, vpc.ok_or_else(|| missing("VpcId"))?)?;
    Ok((group, vpc.id.clone()))
}

fn find<'w>(world: &'w World, group: &str, vpc: &str) -> Option<(usize, &'w Association, State)> {
    let mut all = world.ec2.associations.iter().enumerate();
    all.find_map(|(index, association)| {
        let state = association.state(world).filter(|_| association.group == group && association.vpc == vpc)?;
        Some((index, association, state))
    })
}

pub(super) fn associate(
    world: &mut World,
    input: &AssociateSecurityGroupVpcInput,
) -> Result<AssociateSecurityGroupVpcOutput, ApiError> {
    let (group, vpc) = named(world, input.group_id(), input.vpc_id())?;
    let id = group.id.clone();
    if group.name == DEFAULT {
        return Err(invalid("Default security groups cannot be associated with other VPCs."));
    }
    if group.vpc == vpc {
        return Err(invalid(format!("The security group {id} was created in {vpc}.")));
    }
    let taken = |other: &Group| other.vpc == vpc && other.name.eq_ignore_ascii_case(&group.name);
    if world.ec2.groups.values().any(taken) {
        return Err(ApiError::new(
            "InvalidGroup.Duplicate",
            format!("The security group '{}' already exists for VPC '{vpc}'", group.name),
        ));
    }
    if let Some((_, _, state)) = find(world, &id, &vpc) {
        return Err(invalid(format!("The security group {id} is {} with {vpc}.", state.as_str())));
    }
    dry_run(input.dry_run())?;
    let since = world.now;
    forget_gone(world);
    world.ec2.associations.push(Association { group: id, vpc, leaves: false, since });
    Ok(AssociateSecurityGroupVpcOutput::builder().state(State::Associating).build())
}

/// "You cannot disassociate the security group if any Elastic network interfaces in the associated
/// VPC are still associated with the security group."
pub(super) fn disassociate(
    world: &mut World,
    input: &DisassociateSecurityGroupVpcInput,
) -> Result<DisassociateSecurityGroupVpcOutput, ApiError> {
    let (group, vpc) = named(world, input.group_id(), input.vpc_id())?;
    let id = group.id.clone();
    let Some((index, ..)) = find(world, &id, &vpc) else {
        return Err(ApiError::new(
            "InvalidSecurityGroupVpcAssociation.NotFound",
            format!("The security group {id} is not associated with {vpc}."),
        ));
    };
    let used = world.ec2.interfaces.values().any(|interface| {
        interface.exists(world)
            && interface.groups.contains(&id)
            && subnet_place(world, &interface.subnet).is_some_and(|(place, _)| place == vpc)
    });
    if used {
        return Err(ApiError::new("DependencyViolation", format!("resource {id} has a dependent object")));
    }
    dry_run(input.dry_run())?;
    let since = world.now;
    let association = &mut world.ec2.associations[index];
    if !association.leaves {
        association.leaves = true;
        association.since = since;
    }
    Ok(DisassociateSecurityGroupVpcOutput::builder().state(State::Disassociating).build())
}

fn forget_gone(world: &mut World) {
    let mut all = std::mem::take(&mut world.ec2.associations);
    all.retain(|association| association.state(world).is_some());
    world.ec2.associations = all;
}

pub(super) fn describe(
    world: &World,
    input: &DescribeSecurityGroupVpcAssociationsInput,
) -> Result<DescribeSecurityGroupVpcAssociationsOutput, ApiError> {
    let criteria = Criteria::<Association>::new(input.filters.as_deref())?;
    let all = world.ec2.associations.iter().filter(|association| criteria.matches(world, association));
    let all = all.filter_map(|association| association.to_sdk(world)).collect();
    let (all, next_token) = page(all, input.max_results, input.next_token(), &page::USUAL)?;
    Ok(DescribeSecurityGroupVpcAssociationsOutput::builder()
        .set_security_group_vpc_associations(Some(all))
        .set_next_token(next_token)
        .build())
}

/// Whether a group has associations, on their way in or out included.
pub(super) fn has_any(world: &World, group: &str) -> bool {
    world.ec2.associations.iter().any(|association| association.group == group && association.state(world).is_some())
}

/// Whether network interfaces in a VPC can have the group; `None` for an unknown group.
pub(crate) fn group_serves(world: &World, group: &str, vpc: &str) -> Option<bool> {
    let home = &super::security_group::known(world, group).ok()?.vpc;
    let associated = || find(world, group, vpc).is_some_and(|(_, _, state)| state == State::Associated);
    Some(home == vpc || associated())
}

/// A connection between two VPCs.
#[derive(Debug, Clone)]
pub(super) struct Peering {
    pub(super) id: String,
    /// The second may belong to another account.
    vpcs: [String; 2],
}

/// A security group of another account.
#[derive(Debug, Clone)]
pub(super) struct ForeignGroup {
    pub(super) account: String,
    pub(super) vpc: String,
}

/// The connection between two VPCs, in either direction.
pub(super) fn peering<'w>(world: &'w World, one: &str, other: &str) -> Option<&'w Peering> {
    let both = |peering: &&Peering| peering.vpcs == [one, other] || peering.vpcs == [other, one];
    world.ec2.peerings.iter().find(both)
}

impl SimAws {
    /// Connects two VPCs of the account by a peering connection: rules of one can refer to security
    /// groups of the other. Returns the id of the connection.
    ///
    /// # Panics
    ///
    /// Panics when a VPC is unknown.
    pub fn add_peering(&self, one: &str, other: &str) -> String {
        let world = &mut *self.shared.lock();
        for vpc in [one, other] {
            assert!(world.ec2.vpcs.contains_key(vpc), "there is no VPC `{vpc}`");
        }
        connect(world, one, other)
    }

    /// Adds a security group of another account, in a VPC that is peered with `vpc`; returns its id.
    ///
    /// # Panics
    ///
    /// Panics when the VPC is unknown.
    pub fn add_foreign_security_group(&self, account: &str, vpc: &str) -> String {
        let world = &mut *self.shared.lock();
        assert!(world.ec2.vpcs.contains_key(vpc), "there is no VPC `{vpc}`");
        let home = world.new_id("vpc");
        connect(world, vpc, &home);
        let id = world.new_id("sg");
        world.ec2.foreign_groups.insert(id.clone(), ForeignGroup { account: account.to_owned(), vpc: home });
        id
    }
}

fn connect(world: &mut World, one: &str, other: &str) -> String {
    let id = world.new_id("pcx");
    world.ec2.peerings.push(Peering { id: id.clone(), vpcs: [one.to_owned(), other.to_owned()] });
    id
}
