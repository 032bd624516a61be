//! Where load balancers stand: subnets, security groups, address types.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use aws_sdk_elasticloadbalancingv2::types as sdk;
use ipnet::Ipv6Net;

use super::check::{self, invalid_configuration};
use super::model::{Balancer, BalancerSettings, Kind, Place, Resource};
use crate::sim::ec2;
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// The quota of security groups per balancer.
const GROUPS: usize = 5;
/// How many free addresses an Application Load Balancer wants in each subnet.
const FREE_ADDRESSES: usize = 8;

/// The subnets that a request names, as mappings either way.
pub(super) fn mappings(
    kind: Kind,
    subnets: &[String],
    mappings: &[sdk::SubnetMapping],
) -> Result<Vec<sdk::SubnetMapping>, ApiError> {
    match (subnets, mappings) {
        ([], []) if kind == Kind::Application => Err(too_few_zones()),
        ([], []) => Err(ApiError::validation("At least one subnet must be specified")),
        (subnets, []) => {
            Ok(subnets.iter().map(|subnet| sdk::SubnetMapping::builder().subnet_id(subnet).build()).collect())
        }
        ([], mappings) => Ok(mappings.to_vec()),
        _ => Err(ApiError::validation("You can specify either subnets or subnet mappings, but not both")),
    }
}

fn too_few_zones() -> ApiError {
    ApiError::validation("At least two subnets in two different Availability Zones must be specified")
}

/// The VPC and the places of a balancer in the subnets.
pub(super) fn places(
    world: &World,
    kind: Kind,
    mappings: Vec<sdk::SubnetMapping>,
) -> Result<(String, BTreeMap<String, Place>), ApiError> {
    let mut places = BTreeMap::new();
    let mut zones = BTreeSet::new();
    let mut vpcs = BTreeSet::new();
    for mapping in mappings {
        let subnet = check::required("subnetMappings.member.subnetId", mapping.subnet_id.clone())?;
        let (vpc, zone) = ec2::subnet_place(world, &subnet)
            .ok_or_else(|| ApiError::new("SubnetNotFound", format!("The subnet ID '{subnet}' does not exist")))?;
        vpcs.insert(vpc);
        if !zones.insert(zone.clone()) {
            return Err(invalid_configuration(
                "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
            ));
        }
        places.insert(subnet, Place { zone, mapping });
    }
    if kind == Kind::Application && zones.len() < 2 {
        return Err(too_few_zones());
    }
    match vpcs.pop_first() {
        Some(vpc) if vpcs.is_empty() => Ok((vpc, places)),
        _ => Err(invalid_configuration("All subnets must belong to the same VPC")),
    }
}

/// Refuses subnets that are too full for a balancer that is not in them yet.
pub(super) fn has_room<'s>(
    world: &World,
    kind: Kind,
    subnets: impl IntoIterator<Item = &'s String>,
) -> Result<(), ApiError> {
    let full = |subnet: &&String| ec2::subnet_room(world, subnet).is_some_and(|free| free < FREE_ADDRESSES);
    match subnets.into_iter().find(full).filter(|_| kind == Kind::Application) {
        Some(subnet) => Err(ApiError::new(
            "InvalidSubnet",
            format!(
                "Not enough IP space available in {subnet}. \
                 ELB requires at least {FREE_ADDRESSES} free IP addresses in each subnet."
            ),
        )),
        None => Ok(()),
    }
}

/// Refuses Elastic IP addresses that another balancer has, or had a moment ago (tpa#15031, I21: the
/// interfaces of a balancer hold its addresses until they are gone themselves).
pub(super) fn addresses_free<'p>(world: &World, places: impl IntoIterator<Item = &'p Place>) -> Result<(), ApiError> {
    let wanted: BTreeSet<&str> = places.into_iter().filter_map(|place| place.mapping.allocation_id()).collect();
    let in_use = world.elb.balancers.values().flat_map(|balancer| balancer.settings.places.values());
    let mut held = in_use.filter_map(|place| place.mapping.allocation_id());
    let released = &world.elb.released;
    let lingers = |id: &&str| released.get(*id).is_some_and(|until| world.now < *until);
    if held.any(|id| wanted.contains(id)) || wanted.iter().any(lingers) {
        return Err(ApiError::new("ResourceInUse", "The allocation IDs are not available for use"));
    }
    Ok(())
}

/// The groups of a request; each must exist in the balancer's VPC.
pub(super) fn groups(world: &World, kind: Kind, vpc: &str, groups: &[String]) -> Result<BTreeSet<String>, ApiError> {
    if kind == Kind::Gateway && !groups.is_empty() {
        return Err(unsupported("Security groups", kind));
    }
    if groups.len() > GROUPS {
        return Err(invalid_configuration(format!("A load balancer can have at most {GROUPS} security groups")));
    }
    for group in groups {
        match ec2::group_serves(world, group, vpc) {
            None => {
                return Err(ApiError::new(
                    "InvalidSecurityGroup",
                    format!("The security group '{group}' does not exist"),
                ));
            }
            Some(false) => {
                return Err(ApiError::new(
                    "InvalidSecurityGroup",
                    format!("The security group '{group}' is not in the VPC '{vpc}'"),
                ));
            }
            Some(true) => {}
        }
    }
    Ok(groups.iter().cloned().collect())
}

pub(super) fn unsupported(what: &str, kind: Kind) -> ApiError {
    invalid_configuration(format!("{what} are not supported for load balancers with type '{}'", kind.name()))
}

/// The rules across a balancer's settings, for a new balancer as for a changed one.
pub(super) fn check(world: &World, settings: &BalancerSettings) -> Result<(), ApiError> {
    check_address_type(settings)?;
    if settings.source_nat && (settings.kind != Kind::Network || settings.ip_address_type != "dualstack") {
        return Err(invalid_configuration(
            "An IPv6 prefix for source NAT requires a Network Load Balancer with IP address type 'dualstack'",
        ));
    }
    for (subnet, place) in &settings.places {
        if settings.is_internet_facing() && ec2::subnet_is_public(world, subnet) != Some(true) {
            return Err(ApiError::new(
                "InvalidSubnet",
                format!("The subnet '{subnet}' has no route to an internet gateway"),
            ));
        }
        check_mapping(settings, &place.mapping)?;
    }
    if let Some(pool) = &settings.customer_owned_pool {
        only_application(settings.kind, "Customer-owned address pools")?;
        pool_id("customerOwnedIpv4Pool", pool, "ipv4pool-coip-", 256)?;
    }
    if let Some(pool) = &settings.ipam_pool {
        only_application(settings.kind, "IPAM pools")?;
        pool_id("ipamPools.ipv4IpamPoolId", pool, "ipam-pool-", 1000)?;
        if !settings.is_internet_facing() {
            return Err(invalid_configuration("IPAM pools require an internet-facing load balancer"));
        }
    }
    Ok(())
}

fn only_application(kind: Kind, what: &str) -> Result<(), ApiError> {
    if kind == Kind::Application { Ok(()) } else { Err(unsupported(what, kind)) }
}

fn pool_id(member: &str, id: &str, prefix: &str, limit: usize) -> Result<(), ApiError> {
    check::length(member, id, 1..=limit)?;
    match id.strip_prefix(prefix) {
        Some(rest) if !rest.is_empty() && rest.chars().all(|character| character.is_ascii_alphanumeric()) => Ok(()),
        _ => {
            Err(check::constraint(member, id, format!("satisfy regular expression pattern: ^({prefix})[a-zA-Z0-9]+$")))
        }
    }
}

fn check_address_type(settings: &BalancerSettings) -> Result<(), ApiError> {
    let address_type = settings.ip_address_type.as_str();
    check::one_of("ipAddressType", address_type, &["ipv4", "dualstack", "dualstack-without-public-ipv4"])?;
    if address_type == "dualstack-without-public-ipv4" && settings.kind != Kind::Application {
        return Err(invalid_configuration(format!(
            "IP address type '{address_type}' is not supported for load balancers with type '{}'",
            settings.kind.name()
        )));
    }
    // As the reference of CreateLoadBalancer has it.
    if address_type != "ipv4" && settings.is_internal() {
        return Err(invalid_configuration("Internal load balancers must use the 'ipv4' IP address type"));
    }
    Ok(())
}

fn check_mapping(settings: &BalancerSettings, mapping: &sdk::SubnetMapping) -> Result<(), ApiError> {
    let network = settings.kind == Kind::Network;
    let refuse = |what: &str| Err(unsupported(what, settings.kind));
    if let Some(allocation) = mapping.allocation_id() {
        if !network {
            return refuse("Elastic IP addresses");
        }
        if !settings.is_internet_facing() {
            return Err(invalid_configuration("Elastic IP addresses require an internet-facing load balancer"));
        }
        // Addresses are not simulated: every well-formed id exists that does not say otherwise.
        if !allocation.starts_with("eipalloc-") || allocation.contains("missing") {
            return Err(ApiError::new(
                "AllocationIdNotFound",
                format!("The allocation ID '{allocation}' does not exist"),
            ));
        }
    }
    if let Some(address) = mapping.private_ipv4_address() {
        if !network {
            return refuse("Private IPv4 addresses");
        }
        if settings.is_internet_facing() {
            return Err(invalid_configuration("Private IPv4 addresses require an internal load balancer"));
        }
        if address.parse::<Ipv4Addr>().is_err() {
            return Err(ApiError::validation(format!("'{address}' is not a valid IPv4 address")));
        }
    }
    if let Some(address) = mapping.ipv6_address() {
        if !network {
            return refuse("IPv6 addresses");
        }
        if settings.ip_address_type != "dualstack" {
            return Err(invalid_configuration("IPv6 addresses require the 'dualstack' IP address type"));
        }
        if address.parse::<Ipv6Addr>().is_err() {
            return Err(ApiError::validation(format!("'{address}' is not a valid IPv6 address")));
        }
    }
    if let Some(prefix) = mapping.source_nat_ipv6_prefix() {
        if !settings.source_nat {
            return Err(invalid_configuration(
                "A source NAT IPv6 prefix requires prefixes for IPv6 source NAT to be enabled",
            ));
        }
        let valid = prefix == "auto_assigned" || prefix.parse::<Ipv6Net>().is_ok_and(|net| net.prefix_len() == 80);
        if !valid {
            return Err(ApiError::validation(format!("'{prefix}' is not a valid source NAT IPv6 prefix")));
        }
    }
    Ok(())
}

/// Gives the balancer the interfaces that its places call for, and lets the others go.
pub(super) fn place(world: &mut World, balancer: &mut Balancer) {
    let gone: Vec<String> =
        balancer.interfaces.keys().filter(|subnet| !balancer.settings.places.contains_key(*subnet)).cloned().collect();
    for subnet in gone {
        if let Some(interface) = balancer.interfaces.remove(&subnet) {
            release(world, &interface);
        }
    }
    let groups: Vec<String> = balancer.settings.groups.iter().cloned().collect();
    for subnet in balancer.settings.places.keys() {
        if let Some(interface) = balancer.interfaces.get(subnet) {
            ec2::set_interface_groups(world, interface, groups.clone());
        } else {
            let interface = ec2::ServiceInterface {
                subnet: subnet.clone(),
                groups: groups.clone(),
                description: format!("ELB {}", balancer.path()),
                requester: "amazon-elb".to_owned(),
            };
            let interface = ec2::create_service_interface(world, interface);
            balancer.interfaces.insert(subnet.clone(), interface);
        }
    }
}

/// Lets an interface go, a while after its balancer no longer needs it.
pub(super) fn release(world: &mut World, interface: &str) {
    let at = world.now + world.settings.load_balancer_interface_release;
    ec2::release_service_interface(world, interface, at);
}

/// Stores a changed balancer.
pub(super) fn store(world: &mut World, mut balancer: Balancer) {
    place(world, &mut balancer);
    Balancer::all_mut(&mut world.elb).insert(balancer.arn.clone(), balancer);
}
