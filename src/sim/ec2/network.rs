//! VPCs, subnets, availability zones, and the addresses that interfaces take.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use aws_sdk_ec2::operation::describe_availability_zones::{
    DescribeAvailabilityZonesInput, DescribeAvailabilityZonesOutput,
};
use aws_sdk_ec2::operation::describe_subnets::{DescribeSubnetsInput, DescribeSubnetsOutput};
use aws_sdk_ec2::operation::describe_vpcs::{DescribeVpcsInput, DescribeVpcsOutput};
use aws_sdk_ec2::types as sdk;
use ipnet::Ipv4Net;

use super::filter::{Criteria, Field, Filtered};
use super::page::{self, page};
use super::resource::{self, IdKind, Resource, listed};
use super::tags::{self, Tags};
use crate::sim::error::ApiError;
use crate::sim::world::World;

#[derive(Debug, Clone)]
pub(super) struct Vpc {
    pub(super) id: String,
    pub(super) cidr: Ipv4Net,
    /// Whether it is the default VPC, and its subnets are the default subnets of their zones.
    pub(super) default: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Subnet {
    pub(super) id: String,
    pub(super) vpc: String,
    pub(super) zone: String,
    pub(super) cidr: Ipv4Net,
    /// Whether it has a route to an internet gateway, and instances get public addresses.
    pub(super) public: bool,
}

impl Filtered for Vpc {
    const FIELDS: &'static [Field<Self>] = &[
        ("vpc-id", |_, vpc| vec![vpc.id.clone()]),
        ("cidr", |_, vpc| vec![vpc.cidr.to_string()]),
        ("cidr-block-association.cidr-block", |_, vpc| vec![vpc.cidr.to_string()]),
        ("is-default", |_, vpc| vec![vpc.default.to_string()]),
        ("isDefault", |_, vpc| vec![vpc.default.to_string()]),
        ("state", |_, _| vec!["available".to_owned()]),
        ("owner-id", |world, _| vec![world.account.clone()]),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.id)
    }
}

impl Resource for Vpc {
    const KIND: IdKind = resource::VPC;

    fn shown(&self, _world: &World) -> bool {
        true
    }
}

impl Filtered for Subnet {
    const FIELDS: &'static [Field<Self>] = &[
        ("subnet-id", |_, subnet| vec![subnet.id.clone()]),
        ("vpc-id", |_, subnet| vec![subnet.vpc.clone()]),
        ("availability-zone", |_, subnet| vec![subnet.zone.clone()]),
        ("availabilityZone", |_, subnet| vec![subnet.zone.clone()]),
        ("availability-zone-id", |_, subnet| vec![zone_id(&subnet.zone)]),
        ("availabilityZoneId", |_, subnet| vec![zone_id(&subnet.zone)]),
        ("cidr-block", |_, subnet| vec![subnet.cidr.to_string()]),
        ("cidr", |_, subnet| vec![subnet.cidr.to_string()]),
        ("cidrBlock", |_, subnet| vec![subnet.cidr.to_string()]),
        ("available-ip-address-count", |world, subnet| vec![free_addresses(world, subnet).to_string()]),
        ("default-for-az", |world, subnet| vec![subnet.is_default(world).to_string()]),
        ("defaultForAz", |world, subnet| vec![subnet.is_default(world).to_string()]),
        ("map-public-ip-on-launch", |_, subnet| vec![subnet.public.to_string()]),
        ("owner-id", |world, _| vec![world.account.clone()]),
        ("state", |_, _| vec!["available".to_owned()]),
        ("subnet-arn", |world, subnet| vec![subnet.arn(world)]),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.id)
    }
}

impl Resource for Subnet {
    const KIND: IdKind = resource::SUBNET;

    fn shown(&self, _world: &World) -> bool {
        true
    }
}

impl Subnet {
    fn is_default(&self, world: &World) -> bool {
        world.ec2.vpcs.get(&self.vpc).is_some_and(|vpc| vpc.default)
    }

    fn arn(&self, world: &World) -> String {
        world.arn("ec2", &format!("subnet/{}", self.id))
    }
}

pub(super) fn describe_vpcs(world: &World, input: &DescribeVpcsInput) -> Result<DescribeVpcsOutput, ApiError> {
    let vpcs = listed(world, &world.ec2.vpcs, input.vpc_ids.as_deref(), input.filters.as_deref())?;
    let (vpcs, next_token) = page(vpcs, input.max_results, input.next_token(), &page::USUAL)?;
    let vpcs = vpcs.into_iter().map(|vpc| {
        let association = sdk::VpcCidrBlockAssociation::builder()
            .cidr_block(vpc.cidr.to_string())
            .cidr_block_state(sdk::VpcCidrBlockState::builder().state(sdk::VpcCidrBlockStateCode::Associated).build())
            .build();
        sdk::Vpc::builder()
            .vpc_id(&vpc.id)
            .cidr_block(vpc.cidr.to_string())
            .cidr_block_association_set(association)
            .state(sdk::VpcState::Available)
            .is_default(vpc.default)
            .instance_tenancy(sdk::Tenancy::Default)
            .owner_id(&world.account)
            .set_tags(tags::to_sdk(vpc.tags(world)))
            .build()
    });
    Ok(DescribeVpcsOutput::builder().set_vpcs(Some(vpcs.collect())).set_next_token(next_token).build())
}

pub(super) fn describe_subnets(world: &World, input: &DescribeSubnetsInput) -> Result<DescribeSubnetsOutput, ApiError> {
    let subnets = listed(world, &world.ec2.subnets, input.subnet_ids.as_deref(), input.filters.as_deref())?;
    let (subnets, next_token) = page(subnets, input.max_results, input.next_token(), &page::USUAL)?;
    let subnets = subnets.into_iter().map(|subnet| {
        sdk::Subnet::builder()
            .subnet_id(&subnet.id)
            .subnet_arn(subnet.arn(world))
            .vpc_id(&subnet.vpc)
            .availability_zone(&subnet.zone)
            .availability_zone_id(zone_id(&subnet.zone))
            .cidr_block(subnet.cidr.to_string())
            .available_ip_address_count(i32::try_from(free_addresses(world, subnet)).unwrap_or(i32::MAX))
            .map_public_ip_on_launch(subnet.public)
            .default_for_az(subnet.is_default(world))
            .assign_ipv6_address_on_creation(false)
            .ipv6_native(false)
            .state(sdk::SubnetState::Available)
            .owner_id(&world.account)
            .set_tags(tags::to_sdk(subnet.tags(world)))
            .build()
    });
    Ok(DescribeSubnetsOutput::builder().set_subnets(Some(subnets.collect())).set_next_token(next_token).build())
}

/// The letters of the zones of the simulated region.
const ZONES: [&str; 4] = ["a", "b", "c", "d"];

/// The names of the region's availability zones.
pub(super) fn zones(world: &World) -> impl Iterator<Item = String> + '_ {
    ZONES.iter().map(|letter| format!("{}{letter}", world.region))
}

/// The id of a zone: `apne2-az1` for `ap-northeast-2a`. In AWS the order differs by account.
fn zone_id(zone: &str) -> String {
    let (region, letter) = zone.split_at(zone.len().saturating_sub(1));
    let short = ["north", "south", "east", "west", "central"]
        .iter()
        .fold(region.replace('-', ""), |name, word| name.replace(word, &word[..1]));
    let number = ZONES.iter().position(|zone| *zone == letter).map_or(0, |index| index + 1);
    format!("{short}-az{number}")
}

struct Zone(String);

impl Filtered for Zone {
    const FIELDS: &'static [Field<Self>] = &[
        ("zone-name", |_, zone| vec![zone.0.clone()]),
        ("zone-id", |_, zone| vec![zone_id(&zone.0)]),
        ("zone-type", |_, _| vec!["availability-zone".to_owned()]),
        ("region-name", |world, _| vec![world.region.clone()]),
        ("group-name", |world, _| vec![format!("{}-zg-1", world.region)]),
        ("opt-in-status", |_, _| vec!["opt-in-not-required".to_owned()]),
        ("state", |_, _| vec!["available".to_owned()]),
    ];
    const TAGGED: bool = false;

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        world.ec2.tags.of(&self.0)
    }
}

pub(super) fn describe_zones(
    world: &World,
    input: &DescribeAvailabilityZonesInput,
) -> Result<DescribeAvailabilityZonesOutput, ApiError> {
    let criteria = Criteria::<Zone>::new(input.filters.as_deref())?;
    let all: Vec<Zone> = zones(world).map(Zone).collect();
    let unknown_name = input.zone_names().iter().find(|name| !all.iter().any(|zone| zone.0 == **name));
    let unknown_id = input.zone_ids().iter().find(|id| !all.iter().any(|zone| zone_id(&zone.0) == **id));
    if let Some(unknown) = unknown_name.or(unknown_id) {
        return Err(resource::invalid(format!("Invalid availability zone: [{unknown}]")));
    }
    let zones = all
        .iter()
        .filter(|zone| input.zone_names().is_empty() || input.zone_names().contains(&zone.0))
        .filter(|zone| input.zone_ids().is_empty() || input.zone_ids().contains(&zone_id(&zone.0)))
        .filter(|zone| criteria.matches(world, zone))
        .map(|zone| {
            sdk::AvailabilityZone::builder()
                .zone_name(&zone.0)
                .zone_id(zone_id(&zone.0))
                .zone_type("availability-zone")
                .region_name(&world.region)
                .group_name(format!("{}-zg-1", world.region))
                .network_border_group(&world.region)
                .opt_in_status(sdk::AvailabilityZoneOptInStatus::OptInNotRequired)
                .state(sdk::AvailabilityZoneState::Available)
                .build()
        });
    Ok(DescribeAvailabilityZonesOutput::builder().set_availability_zones(Some(zones.collect())).build())
}

/// AWS keeps the first four addresses and the last one of every subnet for itself.
const RESERVED_ADDRESSES: usize = 5;

fn used(world: &World, subnet: &str) -> impl Iterator<Item = Ipv4Addr> {
    world
        .ec2
        .interfaces
        .values()
        .filter(move |interface| interface.subnet == subnet && interface.exists(world))
        .map(|interface| interface.address)
}

pub(super) fn free_addresses(world: &World, subnet: &Subnet) -> usize {
    let all = 1_usize << (32 - u32::from(subnet.cidr.prefix_len()));
    all.saturating_sub(RESERVED_ADDRESSES + used(world, &subnet.id).count())
}

/// How many addresses a subnet has left; `None` for an unknown one.
pub(crate) fn subnet_room(world: &World, subnet: &str) -> Option<usize> {
    Some(free_addresses(world, world.ec2.subnets.get(subnet)?))
}

/// The lowest address of the subnet that no interface has; `None` when there is none left.
pub(super) fn free_address(world: &World, subnet: &Subnet) -> Option<Ipv4Addr> {
    let taken: BTreeSet<Ipv4Addr> = used(world, &subnet.id).collect();
    // `hosts` leaves out the network's own and the broadcast address.
    subnet.cidr.hosts().skip(3).find(|address| !taken.contains(address))
}

/// Whether a subnet has a route to an internet gateway; `None` for an unknown one.
pub(crate) fn subnet_is_public(world: &World, subnet: &str) -> Option<bool> {
    world.ec2.subnets.get(subnet).map(|subnet| subnet.public)
}

/// The VPC and zone of a subnet; `None` for an unknown one.
/// The default subnets of zones, by the names or the ids of the zones.
pub(crate) fn default_subnets(world: &World, zones: &[String]) -> Vec<String> {
    let wanted = |subnet: &&Subnet| {
        subnet.is_default(world) && (zones.contains(&subnet.zone) || zones.contains(&zone_id(&subnet.zone)))
    };
    world.ec2.subnets.values().filter(wanted).map(|subnet| subnet.id.clone()).collect()
}

pub(crate) fn subnet_place(world: &World, subnet: &str) -> Option<(String, String)> {
    world.ec2.subnets.get(subnet).map(|subnet| (subnet.vpc.clone(), subnet.zone.clone()))
}
