//! Changes of load balancers: subnets, security groups, address types, pools, capacity.

use aws_sdk_elasticloadbalancingv2::operation::describe_capacity_reservation::{
    DescribeCapacityReservationInput, DescribeCapacityReservationOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::modify_capacity_reservation::{
    ModifyCapacityReservationInput, ModifyCapacityReservationOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::modify_ip_pools::{ModifyIpPoolsInput, ModifyIpPoolsOutput};
use aws_sdk_elasticloadbalancingv2::operation::set_ip_address_type::{SetIpAddressTypeInput, SetIpAddressTypeOutput};
use aws_sdk_elasticloadbalancingv2::operation::set_security_groups::{SetSecurityGroupsInput, SetSecurityGroupsOutput};
use aws_sdk_elasticloadbalancingv2::operation::set_subnets::{SetSubnetsInput, SetSubnetsOutput};
use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::balancer;
use super::check::{self, invalid_configuration};
use super::listener;
use super::model::{Balancer, Kind, Reservation, find, find_mut, see};
use super::placement;
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) fn set_subnets(world: &mut World, input: &SetSubnetsInput) -> Result<SetSubnetsOutput, ApiError> {
    let mut changed = find::<Balancer>(world, input.load_balancer_arn())?.clone();
    let before = changed.settings.clone();
    let kind = before.kind;
    let mappings = placement::mappings(kind, input.subnets(), input.subnet_mappings())?;
    let (vpc, places) = placement::places(world, kind, mappings)?;
    if vpc != before.vpc {
        return Err(ApiError::new(
            "InvalidSubnet",
            format!("The subnets are not in the VPC '{}' of the load balancer", before.vpc),
        ));
    }
    let settings = &mut changed.settings;
    settings.places = places;
    if let Some(address_type) = input.ip_address_type() {
        settings.ip_address_type = address_type.as_str().to_owned();
    }
    if let Some(source_nat) = input.enable_prefix_for_ipv6_source_nat() {
        check::one_of("enablePrefixForIpv6SourceNat", source_nat.as_str(), &["on", "off"])?;
        settings.source_nat = source_nat.as_str() == "on";
    }
    placement::check(world, settings)?;
    placement::has_room(world, kind, settings.places.keys().filter(|subnet| !before.places.contains_key(*subnet)))?;
    // "You must include all subnets that were enabled previously".
    if kind == Kind::Gateway && before.places.keys().any(|subnet| !settings.places.contains_key(subnet)) {
        return Err(invalid_configuration("Subnet removal is not supported for Gateway Load Balancers"));
    }
    // A zone cannot move to another subnet in one step (see
    // kubernetes-sigs/aws-load-balancer-controller#4171).
    let moves = settings.places.iter().any(|(subnet, place)| {
        !before.places.contains_key(subnet) && before.places.values().any(|old| old.zone == place.zone)
    });
    if kind == Kind::Network && moves {
        return Err(invalid_configuration(
            "Removing a subnet and adding a subnet in the same Availability Zone must be independent actions",
        ));
    }
    listener::check_dual_stack(world, &changed)?;
    let output = SetSubnetsOutput::builder()
        .set_availability_zones(Some(balancer::zones(&changed.settings)))
        .ip_address_type(sdk::IpAddressType::from(changed.settings.ip_address_type.as_str()))
        .enable_prefix_for_ipv6_source_nat(balancer::source_nat(&changed.settings))
        .build();
    placement::store(world, changed);
    Ok(output)
}

pub(super) fn set_security_groups(
    world: &mut World,
    input: &SetSecurityGroupsInput,
) -> Result<SetSecurityGroupsOutput, ApiError> {
    let mut changed = find::<Balancer>(world, input.load_balancer_arn())?.clone();
    let requested = check::required("securityGroups", input.security_groups.as_deref())?;
    let kind = changed.settings.kind;
    if kind == Kind::Gateway {
        return Err(placement::unsupported("Security groups", kind));
    }
    if kind == Kind::Network && changed.settings.groups.is_empty() {
        return Err(invalid_configuration(
            "Security groups cannot be set on a Network Load Balancer that was created without security groups",
        ));
    }
    if requested.is_empty() {
        return Err(invalid_configuration("A load balancer must have at least one security group"));
    }
    changed.settings.groups = placement::groups(world, kind, &changed.settings.vpc, requested)?;
    if let Some(enforce) = &input.enforce_security_group_inbound_rules_on_private_link_traffic {
        check::one_of("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", enforce.as_str(), &["on", "off"])?;
        if kind != Kind::Network {
            return Err(placement::unsupported("Inbound rules on PrivateLink traffic", kind));
        }
        changed.enforce_on_private_link = enforce.as_str().to_owned();
    }
    let enforced = (kind == Kind::Network).then(|| {
        sdk::EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::from(changed.enforce_on_private_link.as_str())
    });
    let output = SetSecurityGroupsOutput::builder()
        .set_security_group_ids(Some(changed.settings.groups.iter().cloned().collect()))
        .set_enforce_security_group_inbound_rules_on_private_link_traffic(enforced)
        .build();
    placement::store(world, changed);
    Ok(output)
}

pub(super) fn set_ip_address_type(
    world: &mut World,
    input: &SetIpAddressTypeInput,
) -> Result<SetIpAddressTypeOutput, ApiError> {
    let mut changed = find::<Balancer>(world, input.load_balancer_arn())?.clone();
    let address_type = check::required("ipAddressType", input.ip_address_type())?;
    changed.settings.ip_address_type = address_type.as_str().to_owned();
    placement::check(world, &changed.settings)?;
    listener::check_dual_stack(world, &changed)?;
    placement::store(world, changed);
    Ok(SetIpAddressTypeOutput::builder().ip_address_type(address_type.clone()).build())
}

pub(super) fn modify_ip_pools(world: &mut World, input: &ModifyIpPoolsInput) -> Result<ModifyIpPoolsOutput, ApiError> {
    let mut changed = find::<Balancer>(world, input.load_balancer_arn())?.clone();
    if changed.settings.kind != Kind::Application {
        return Err(placement::unsupported("IPAM pools", changed.settings.kind));
    }
    let pool = input.ipam_pools().and_then(|pools| pools.ipv4_ipam_pool_id.clone());
    for removed in input.remove_ipam_pools() {
        check::one_of("removeIpamPools.member", removed.as_str(), &["ipv4"])?;
    }
    match (pool, input.remove_ipam_pools().is_empty()) {
        (Some(_), false) => {
            return Err(ApiError::validation("IPAM pools cannot be set and removed at the same time"));
        }
        (None, true) => {
            return Err(ApiError::validation("Either IPAM pools or the IPAM pools to remove must be specified"));
        }
        (pool, _) => changed.settings.ipam_pool = pool,
    }
    placement::check(world, &changed.settings)?;
    let pools = changed.settings.ipam_pool.as_ref();
    let output = ModifyIpPoolsOutput::builder()
        .set_ipam_pools(pools.map(|pool| sdk::IpamPools::builder().ipv4_ipam_pool_id(pool).build()))
        .build();
    placement::store(world, changed);
    Ok(output)
}

/// How often a day a reservation may be decreased.
const DECREASES: i32 = 2;

pub(super) fn modify_capacity(
    world: &mut World,
    input: &ModifyCapacityReservationInput,
) -> Result<ModifyCapacityReservationOutput, ApiError> {
    let now = world.now;
    let balancer = find::<Balancer>(world, input.load_balancer_arn())?;
    let units = input.minimum_load_balancer_capacity().and_then(sdk::MinimumLoadBalancerCapacity::capacity_units);
    let reset = input.reset_capacity_reservation() == Some(true);
    let zones = i32::try_from(balancer.settings.places.len()).unwrap_or(i32::MAX);
    match (units, reset) {
        (Some(_), true) => {
            return Err(ApiError::validation("A capacity reservation cannot be set and reset at the same time"));
        }
        (None, false) => {
            return Err(ApiError::validation("Either a minimum capacity or a reset must be specified"));
        }
        _ => {}
    }
    if !balancer.routes(now) {
        return Err(ApiError::new("OperationNotPermitted", "The load balancer is not active"));
    }
    if let Some(units) = units {
        let range = match balancer.settings.kind {
            Kind::Application => 100..=i32::MAX,
            Kind::Network => 2750 * zones..=45_000 * zones,
            Kind::Gateway => return Err(placement::unsupported("Capacity reservations", Kind::Gateway)),
        };
        if !range.contains(&units) {
            return Err(invalid_configuration(format!("{units} capacity units are not in the range {range:?}")));
        }
    }
    let old = balancer.reservation.clone();
    let mut decreases_left = old.as_ref().map_or(DECREASES, |old| old.decreases_left);
    let decreases = match (old.and_then(|old| old.units), units) {
        (Some(old), Some(new)) => new < old,
        (Some(_), None) => true,
        (None, _) => false,
    };
    if decreases {
        if decreases_left == 0 {
            return Err(ApiError::new(
                "CapacityDecreaseRequestLimitExceeded",
                "You've exceeded the daily capacity decrease limit for this reservation",
            ));
        }
        decreases_left -= 1;
    }
    let balancer = find_mut::<Balancer>(world, input.load_balancer_arn())?;
    balancer.reservation = Some(Reservation { units, modified: now, decreases_left });
    let view = Capacity::of(balancer);
    Ok(ModifyCapacityReservationOutput::builder()
        .set_last_modified_time(view.modified)
        .decrease_requests_remaining(view.decreases_left)
        .set_minimum_load_balancer_capacity(view.minimum)
        .set_capacity_reservation_state(view.zones)
        .build())
}

pub(super) fn describe_capacity(
    world: &mut World,
    input: &DescribeCapacityReservationInput,
) -> Result<DescribeCapacityReservationOutput, ApiError> {
    let view = Capacity::of(see(world, input.load_balancer_arn())?);
    Ok(DescribeCapacityReservationOutput::builder()
        .set_last_modified_time(view.modified)
        .decrease_requests_remaining(view.decreases_left)
        .set_minimum_load_balancer_capacity(view.minimum)
        .set_capacity_reservation_state(view.zones)
        .build())
}

/// A reservation as both operations answer it.
struct Capacity {
    modified: Option<aws_smithy_types::DateTime>,
    decreases_left: i32,
    minimum: Option<sdk::MinimumLoadBalancerCapacity>,
    zones: Option<Vec<sdk::ZonalCapacityReservationState>>,
}

impl Capacity {
    fn of(balancer: &Balancer) -> Self {
        let reservation = balancer.reservation.as_ref();
        let units = reservation.and_then(|reservation| reservation.units);
        let zones = units.map(|units| {
            let share = f64::from(units) / balancer.settings.places.len().max(1) as f64;
            let provisioned =
                sdk::CapacityReservationStatus::builder().code(sdk::CapacityReservationStateEnum::Provisioned).build();
            balancer
                .settings
                .places
                .values()
                .map(|place| {
                    sdk::ZonalCapacityReservationState::builder()
                        .availability_zone(&place.zone)
                        .state(provisioned.clone())
                        .effective_capacity_units(share)
                        .build()
                })
                .collect()
        });
        Self {
            modified: reservation.map(|reservation| World::timestamp(reservation.modified)),
            decreases_left: reservation.map_or(DECREASES, |reservation| reservation.decreases_left),
            minimum: units.map(|units| sdk::MinimumLoadBalancerCapacity::builder().capacity_units(units).build()),
            zones,
        }
    }
}
