//! Load balancers: creation, description, deletion.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::create_load_balancer::{
    CreateLoadBalancerInput, CreateLoadBalancerOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::delete_load_balancer::{
    DeleteLoadBalancerInput, DeleteLoadBalancerOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::describe_load_balancers::{
    DescribeLoadBalancersInput, DescribeLoadBalancersOutput,
};
use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::attribute;
use super::check;
use super::model::{Balancer, BalancerSettings, Kind, Place, Resource, checked_arn, see, see_all};
use super::placement;
use super::tag;
use crate::sim::ec2;
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) fn create(world: &mut World, input: &CreateLoadBalancerInput) -> Result<CreateLoadBalancerOutput, ApiError> {
    let name = check::required("name", input.name())?;
    check::name("Load balancer", name)?;
    if name.starts_with("internal-") {
        return Err(ApiError::validation(format!("Load balancer name '{name}' cannot begin with 'internal-'")));
    }
    let settings = requested(world, input)?;
    let tags = tag::checked(input.tags())?;
    if let Some(existing) = world.elb.balancers.values().find(|balancer| balancer.name == name) {
        // Tags and attributes are no settings: a balancer of the same settings and other tags is
        // answered too (see kubernetes-sigs/aws-load-balancer-controller#3027).
        if existing.settings != settings {
            return Err(ApiError::new(
                "DuplicateLoadBalancerName",
                format!("A load balancer with the same name '{name}' exists, but with different settings"),
            ));
        }
        return Ok(CreateLoadBalancerOutput::builder().load_balancers(describe_one(existing, world.now)).build());
    }
    placement::has_room(world, settings.kind, settings.places.keys())?;
    placement::addresses_free(world, settings.places.values())?;
    let same_kind = world.elb.balancers.values().filter(|other| other.settings.kind == settings.kind);
    let quotas = &world.settings.quotas;
    let limit = match settings.kind {
        Kind::Application => quotas.application_load_balancers,
        Kind::Network => quotas.network_load_balancers,
        Kind::Gateway => quotas.gateway_load_balancers,
    };
    if same_kind.count() >= limit {
        return Err(ApiError::new("TooManyLoadBalancers", "You've reached the limit on the number of load balancers"));
    }

    let kind = settings.kind;
    let suffix = world.new_suffix();
    let has_groups = !settings.groups.is_empty();
    let mut balancer = Balancer {
        arn: world.arn("elasticloadbalancing", &format!("{}/{}/{name}/{suffix}", Balancer::PATH, kind.path())),
        name: name.to_owned(),
        dns_name: dns_name(&world.region, name, &settings, &suffix),
        settings,
        created: world.now,
        provisioned: world.now + world.settings.load_balancer_provisioning,
        fails: world.elb.failing.remove(name),
        impaired: false,
        interfaces: BTreeMap::new(),
        enforce_on_private_link: if kind == Kind::Network && has_groups { "on".to_owned() } else { String::new() },
        reservation: None,
        attributes: BTreeMap::new(),
        tags,
    };
    placement::place(world, &mut balancer);
    let output = describe_one(&balancer, world.now);
    world.elb.balancers.insert(balancer.arn.clone(), balancer);
    Ok(CreateLoadBalancerOutput::builder().load_balancers(output).build())
}

/// The settings that a request asks for.
fn requested(world: &World, input: &CreateLoadBalancerInput) -> Result<BalancerSettings, ApiError> {
    let kind = match input.r#type() {
        None | Some(sdk::LoadBalancerTypeEnum::Application) => Kind::Application,
        Some(sdk::LoadBalancerTypeEnum::Network) => Kind::Network,
        Some(sdk::LoadBalancerTypeEnum::Gateway) => Kind::Gateway,
        Some(other) => {
            return Err(check::constraint("type", other, "satisfy enum value set: [application, network, gateway]"));
        }
    };
    let scheme = match (kind, input.scheme()) {
        (Kind::Gateway, None) => None,
        (Kind::Gateway, Some(_)) => {
            return Err(ApiError::new(
                "InvalidScheme",
                "A scheme cannot be specified for load balancers with type 'gateway'",
            ));
        }
        (_, scheme) => {
            let scheme = scheme.map_or("internet-facing", sdk::LoadBalancerSchemeEnum::as_str);
            check::one_of("scheme", scheme, &["internet-facing", "internal"])?;
            Some(scheme.to_owned())
        }
    };
    let mappings = placement::mappings(kind, input.subnets(), input.subnet_mappings())?;
    let (vpc, places) = placement::places(world, kind, mappings)?;
    let mut groups = placement::groups(world, kind, &vpc, input.security_groups())?;
    if kind == Kind::Application && groups.is_empty() {
        groups.extend(ec2::default_group(world, &vpc));
    }
    let source_nat = input.enable_prefix_for_ipv6_source_nat().map_or("off", |value| value.as_str());
    check::one_of("enablePrefixForIpv6SourceNat", source_nat, &["on", "off"])?;
    let settings = BalancerSettings {
        kind,
        scheme,
        vpc,
        places,
        groups,
        ip_address_type: input.ip_address_type().map_or("ipv4", sdk::IpAddressType::as_str).to_owned(),
        source_nat: source_nat == "on",
        customer_owned_pool: input.customer_owned_ipv4_pool.clone(),
        ipam_pool: input.ipam_pools().and_then(|pools| pools.ipv4_ipam_pool_id.clone()),
    };
    placement::check(world, &settings)?;
    Ok(settings)
}

fn dns_name(region: &str, name: &str, settings: &BalancerSettings, suffix: &str) -> Option<String> {
    match settings.kind {
        Kind::Application => {
            let number = 1_000_000_000 + u64::from_str_radix(suffix, 16).unwrap_or_default();
            let internal = if settings.is_internal() { "internal-" } else { "" };
            Some(format!("{internal}{name}-{number}.{region}.elb.amazonaws.com"))
        }
        Kind::Network => Some(format!("{name}-{suffix}.elb.{region}.amazonaws.com")),
        Kind::Gateway => None,
    }
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeLoadBalancersInput,
) -> Result<DescribeLoadBalancersOutput, ApiError> {
    let (arns, names) = (input.load_balancer_arns(), input.names());
    if !arns.is_empty() && !names.is_empty() {
        return Err(ApiError::validation(
            "Load balancer names and load balancer ARNs cannot be specified at the same time",
        ));
    }
    check::at_most("loadBalancerArns", arns.len(), 20)?;
    check::at_most("names", names.len(), 20)?;
    let mut found: Vec<&Balancer> = Vec::new();
    for arn in arns {
        found.push(see(world, Some(arn))?);
    }
    for name in names {
        found.push(
            see_all::<Balancer>(world)
                .find(|balancer| balancer.name == *name)
                .ok_or_else(|| ApiError::new(Balancer::NOT_FOUND, format!("Load balancers '[{name}]' not found")))?,
        );
    }
    if arns.is_empty() && names.is_empty() {
        found.extend(see_all::<Balancer>(world));
    }
    let (page, next) = check::page(found, input.marker(), input.page_size())?;
    let balancers = page.into_iter().map(|balancer| describe_one(balancer, world.now)).collect();
    Ok(DescribeLoadBalancersOutput::builder().set_load_balancers(Some(balancers)).set_next_marker(next).build())
}

fn describe_one(balancer: &Balancer, now: Duration) -> sdk::LoadBalancer {
    let settings = &balancer.settings;
    let zone = match settings.kind {
        Kind::Application => Some("ZWKZPGTI48KDX"),
        Kind::Network => Some("ZIBE1TIR4HY56"),
        Kind::Gateway => None,
    };
    let mut output = sdk::LoadBalancer::builder()
        .load_balancer_arn(&balancer.arn)
        .load_balancer_name(&balancer.name)
        .set_dns_name(balancer.dns_name.clone())
        .set_canonical_hosted_zone_id(zone.map(str::to_owned))
        .created_time(World::timestamp(balancer.created))
        .set_scheme(settings.scheme.as_deref().map(sdk::LoadBalancerSchemeEnum::from))
        .vpc_id(&settings.vpc)
        .state(describe_state(balancer.state(now)))
        .r#type(sdk::LoadBalancerTypeEnum::from(settings.kind.name()))
        .set_availability_zones(Some(zones(settings)))
        .set_security_groups(Some(settings.groups.iter().cloned().collect()))
        .ip_address_type(sdk::IpAddressType::from(settings.ip_address_type.as_str()))
        .set_customer_owned_ipv4_pool(settings.customer_owned_pool.clone());
    if let Some(pool) = &settings.ipam_pool {
        output = output.ipam_pools(sdk::IpamPools::builder().ipv4_ipam_pool_id(pool).build());
    }
    if settings.kind == Kind::Network {
        output = output.enable_prefix_for_ipv6_source_nat(source_nat(settings));
        if !settings.groups.is_empty() {
            output =
                output.enforce_security_group_inbound_rules_on_private_link_traffic(&balancer.enforce_on_private_link);
        }
    }
    output.build()
}

/// The state with its reason, in the words of the reference (`LoadBalancerState`).
fn describe_state(state: sdk::LoadBalancerStateEnum) -> sdk::LoadBalancerState {
    let reason = match state {
        sdk::LoadBalancerStateEnum::ActiveImpaired => {
            Some("The load balancer is routing traffic but does not have the resources it needs to scale")
        }
        sdk::LoadBalancerStateEnum::Failed => Some("The load balancer could not be set up"),
        _ => None,
    };
    sdk::LoadBalancerState::builder().code(state).set_reason(reason.map(str::to_owned)).build()
}

pub(super) fn source_nat(settings: &BalancerSettings) -> sdk::EnablePrefixForIpv6SourceNatEnum {
    if settings.source_nat {
        sdk::EnablePrefixForIpv6SourceNatEnum::On
    } else {
        sdk::EnablePrefixForIpv6SourceNatEnum::Off
    }
}

pub(super) fn zones(settings: &BalancerSettings) -> Vec<sdk::AvailabilityZone> {
    settings.places.iter().map(|(subnet, place)| zone(subnet, place)).collect()
}

fn zone(subnet: &str, place: &Place) -> sdk::AvailabilityZone {
    let mapping = &place.mapping;
    let mut zone = sdk::AvailabilityZone::builder()
        .zone_name(&place.zone)
        .subnet_id(subnet)
        .set_load_balancer_addresses(Some(Vec::new()))
        .set_source_nat_ipv6_prefixes(mapping.source_nat_ipv6_prefix.clone().map(|prefix| vec![prefix]));
    if mapping.allocation_id.is_some() || mapping.private_ipv4_address.is_some() {
        zone = zone.load_balancer_addresses(
            sdk::LoadBalancerAddress::builder()
                .set_allocation_id(mapping.allocation_id.clone())
                .set_private_ipv4_address(mapping.private_ipv4_address.clone())
                .build(),
        );
    }
    // An address of its own, after that for IPv4 (see hashicorp/terraform-provider-aws#49531).
    if let Some(address) = &mapping.ipv6_address {
        zone = zone.load_balancer_addresses(sdk::LoadBalancerAddress::builder().ipv6_address(address).build());
    }
    zone.build()
}

pub(super) fn delete(world: &mut World, input: &DeleteLoadBalancerInput) -> Result<DeleteLoadBalancerOutput, ApiError> {
    let arn = checked_arn::<Balancer>(world, input.load_balancer_arn())?;
    let Some(balancer) = world.elb.balancers.get(arn) else {
        // Documented: deleting what is gone succeeds.
        return Ok(DeleteLoadBalancerOutput::builder().build());
    };
    if attribute::of_balancer(balancer, "deletion_protection.enabled") == "true" {
        return Err(ApiError::new(
            "OperationNotPermitted",
            format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled"),
        ));
    }
    let mut targets = world.elb.target_groups.values().flat_map(|group| &group.targets);
    if targets.any(|(key, target)| key.id == arn && !target.is_gone(world.now)) {
        return Err(ApiError::new(
            "ResourceInUse",
            format!("Load balancer '{arn}' cannot be deleted because it is currently registered as a target"),
        ));
    }
    if ec2::endpoint_service_of(world, arn).is_some() {
        // As in ExpediaGroup/apiary-data-lake#85 (I38).
        return Err(ApiError::new(
            "ResourceInUse",
            format!("Load balancer '{arn}' cannot be deleted because it is currently associated with another service"),
        ));
    }
    let interfaces: Vec<String> = balancer.interfaces.values().cloned().collect();
    let until = world.now + world.settings.load_balancer_interface_release;
    let places = balancer.settings.places.values();
    let addresses: Vec<String> = places.filter_map(|place| place.mapping.allocation_id.clone()).collect();
    world.elb.released.extend(addresses.into_iter().map(|address| (address, until)));
    world.elb.balancers.remove(arn);
    let listeners: Vec<String> = world.elb.listeners_of(arn).map(|listener| listener.arn.clone()).collect();
    world.elb.listeners.retain(|listener, _| !listeners.contains(listener));
    world.elb.rules.retain(|_, rule| !listeners.contains(&rule.listener));
    world.elb.note_use(world.now);
    for interface in interfaces {
        placement::release(world, &interface);
    }
    Ok(DeleteLoadBalancerOutput::builder().build())
}
