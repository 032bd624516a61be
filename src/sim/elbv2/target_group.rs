//! Target groups: creation, description, change, deletion.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::operation::create_target_group::{CreateTargetGroupInput, CreateTargetGroupOutput};
use aws_sdk_elasticloadbalancingv2::operation::delete_target_group::{DeleteTargetGroupInput, DeleteTargetGroupOutput};
use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::{
    DescribeTargetGroupsInput, DescribeTargetGroupsOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group::{ModifyTargetGroupInput, ModifyTargetGroupOutput};
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum as Protocol;

use super::check;
use super::health_check::Request;
use super::model::{
    Balancer, ElbState, Kind, Resource, TargetGroup, TargetGroupSettings, checked_arn, find, find_mut, see, see_all,
};
use super::tag;
use crate::sim::ec2;
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) fn create(world: &mut World, input: &CreateTargetGroupInput) -> Result<CreateTargetGroupOutput, ApiError> {
    let name = check::required("name", input.name())?;
    check::name("Target group", name)?;
    let settings = requested(world, input)?;
    let health_check = Request::from(input).resolve(&settings, None)?;
    let tags = tag::checked(input.tags())?;
    if let Some(existing) = world.elb.target_groups.values().find(|group| group.name == name) {
        if existing.settings != settings || existing.health_check != health_check {
            return Err(ApiError::new(
                "DuplicateTargetGroupName",
                format!("A target group with the same name '{name}' exists, but with different settings"),
            ));
        }
        return Ok(CreateTargetGroupOutput::builder().target_groups(describe_one(&world.elb, existing)).build());
    }
    if world.elb.target_groups.len() >= world.settings.quotas.target_groups {
        return Err(ApiError::new("TooManyTargetGroups", "You've reached the limit on the number of target groups"));
    }
    let suffix = world.new_suffix();
    let group = TargetGroup {
        arn: world.arn("elasticloadbalancing", &format!("{}/{name}/{suffix}", TargetGroup::PATH)),
        name: name.to_owned(),
        settings,
        health_check,
        created: world.now,
        used_since: None,
        released: None,
        targets: BTreeMap::new(),
        attributes: BTreeMap::new(),
        tags,
    };
    let output = describe_one(&world.elb, &group);
    world.elb.target_groups.insert(group.arn.clone(), group);
    Ok(CreateTargetGroupOutput::builder().target_groups(output).build())
}

/// The settings that a request asks for.
fn requested(world: &World, input: &CreateTargetGroupInput) -> Result<TargetGroupSettings, ApiError> {
    let target_type = input.target_type().cloned().unwrap_or(sdk::TargetTypeEnum::Instance);
    check::one_of("targetType", target_type.as_str(), sdk::TargetTypeEnum::values())?;
    if let Some(protocol) = input.protocol() {
        check::one_of("protocol", protocol.as_str(), Protocol::values())?;
    }
    let ip_address_type = input.ip_address_type().map_or("ipv4", sdk::TargetGroupIpAddressTypeEnum::as_str);
    check::one_of("ipAddressType", ip_address_type, sdk::TargetGroupIpAddressTypeEnum::values())?;
    if target_type == sdk::TargetTypeEnum::Lambda {
        return requested_lambda(input, ip_address_type);
    }

    let missing = |what: &str| ApiError::validation(format!("A {what} must be specified"));
    let protocol = input.protocol().ok_or_else(|| missing("protocol"))?.clone();
    let port = check::within("port", input.port().ok_or_else(|| missing("port"))?, 1..=65535)?;
    let vpc = input.vpc_id().ok_or_else(|| missing("VPC ID"))?;
    // Every VPC has a default security group.
    if ec2::default_group(world, vpc).is_none() {
        return Err(ApiError::validation(format!("The VPC ID '{vpc}' is not found")));
    }
    let kind = Kind::of(&protocol);
    if kind == Kind::Gateway && port != 6081 {
        return Err(ApiError::validation("Port must be 6081 for target groups with the GENEVE protocol"));
    }
    let instance_or_ip = matches!(target_type, sdk::TargetTypeEnum::Instance | sdk::TargetTypeEnum::Ip);
    if !instance_or_ip && protocol != Protocol::Tcp {
        return Err(ApiError::validation(format!(
            "Protocol '{}' is not supported for target groups with target type '{target_type}'",
            protocol.as_str()
        )));
    }
    let version = match input.protocol_version() {
        Some(version) if kind == Kind::Application => {
            check::one_of("protocolVersion", version, &["HTTP1", "HTTP2", "GRPC"])?;
            Some(version.to_owned())
        }
        Some(_) => {
            return Err(ApiError::validation(format!(
                "Protocol version cannot be specified for target groups with the {} protocol",
                protocol.as_str()
            )));
        }
        None => (kind == Kind::Application).then(|| "HTTP1".to_owned()),
    };
    if let Some(port) = input.target_control_port() {
        check::within("targetControlPort", port, 1..=65535)?;
        if kind != Kind::Application {
            return Err(ApiError::validation("A target control port requires the HTTP or HTTPS protocol"));
        }
    }
    if ip_address_type == "ipv6" && !instance_or_ip {
        return Err(ApiError::validation(format!(
            "IP address type 'ipv6' is not supported for target groups with target type '{target_type}'"
        )));
    }
    Ok(TargetGroupSettings {
        target_type,
        protocol: Some(protocol),
        version,
        port: Some(port),
        vpc: Some(vpc.to_owned()),
        ip_address_type: ip_address_type.to_owned(),
        control_port: input.target_control_port(),
    })
}

fn requested_lambda(input: &CreateTargetGroupInput, ip_address_type: &str) -> Result<TargetGroupSettings, ApiError> {
    let members = [
        (input.protocol().is_some(), "Protocol"),
        (input.port().is_some(), "Port"),
        (input.vpc_id().is_some(), "VPC ID"),
        (input.protocol_version().is_some(), "Protocol version"),
        (input.target_control_port().is_some(), "Target control port"),
        (ip_address_type != "ipv4", "IP address type 'ipv6'"),
    ];
    for (given, what) in members {
        if given {
            return Err(ApiError::validation(format!(
                "{what} cannot be specified for target groups with target type 'lambda'"
            )));
        }
    }
    Ok(TargetGroupSettings {
        target_type: sdk::TargetTypeEnum::Lambda,
        protocol: None,
        version: None,
        port: None,
        vpc: None,
        ip_address_type: ip_address_type.to_owned(),
        control_port: None,
    })
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeTargetGroupsInput,
) -> Result<DescribeTargetGroupsOutput, ApiError> {
    let (arns, names) = (input.target_group_arns(), input.names());
    let balancer = input.load_balancer_arn();
    let ways = [!arns.is_empty(), !names.is_empty(), balancer.is_some()];
    if ways.iter().filter(|given| **given).count() > 1 {
        return Err(ApiError::validation(
            "Only one of load balancer ARN, target group ARNs and target group names can be specified",
        ));
    }
    let mut found: Vec<&TargetGroup> = Vec::new();
    if let Some(balancer) = balancer {
        let balancer = see::<Balancer>(world, Some(balancer))?;
        let used = world.elb.groups_of(&balancer.arn);
        found.extend(see_all::<TargetGroup>(world).filter(|group| used.contains(group.arn.as_str())));
    } else if arns.is_empty() && names.is_empty() {
        found.extend(see_all::<TargetGroup>(world));
    }
    let absent = || ApiError::new(TargetGroup::NOT_FOUND, "One or more target groups not found");
    for arn in arns {
        checked_arn::<TargetGroup>(world, Some(arn))?;
        found.push(see(world, Some(arn)).map_err(|_| absent())?);
    }
    for name in names {
        found.push(see_all::<TargetGroup>(world).find(|group| group.name == *name).ok_or_else(absent)?);
    }
    let (page, next) = check::page(found, input.marker(), input.page_size())?;
    let groups = page.into_iter().map(|group| describe_one(&world.elb, group)).collect();
    Ok(DescribeTargetGroupsOutput::builder().set_target_groups(Some(groups)).set_next_marker(next).build())
}

fn describe_one(state: &ElbState, group: &TargetGroup) -> sdk::TargetGroup {
    let TargetGroup { settings, health_check, .. } = group;
    let user = state.user_of(&group.arn).map(|balancer| balancer.arn.clone());
    sdk::TargetGroup::builder()
        .target_group_arn(&group.arn)
        .target_group_name(&group.name)
        .target_type(settings.target_type.clone())
        .set_protocol(settings.protocol.clone())
        .set_protocol_version(settings.version.clone())
        .set_port(settings.port)
        .set_vpc_id(settings.vpc.clone())
        .ip_address_type(sdk::TargetGroupIpAddressTypeEnum::from(settings.ip_address_type.as_str()))
        .set_target_control_port(settings.control_port)
        .health_check_enabled(health_check.enabled)
        .set_health_check_protocol(health_check.protocol.clone())
        .set_health_check_port(health_check.port.clone())
        .set_health_check_path(health_check.path.clone())
        .health_check_interval_seconds(health_check.interval)
        .health_check_timeout_seconds(health_check.timeout)
        .healthy_threshold_count(health_check.healthy)
        .unhealthy_threshold_count(health_check.unhealthy)
        .set_matcher(health_check.matcher.clone())
        .set_load_balancer_arns(Some(user.into_iter().collect()))
        .build()
}

pub(super) fn modify(world: &mut World, input: &ModifyTargetGroupInput) -> Result<ModifyTargetGroupOutput, ApiError> {
    let group = find::<TargetGroup>(world, input.target_group_arn())?;
    let health_check = Request::from(input).resolve(&group.settings, Some(&group.health_check))?;
    let group = find_mut::<TargetGroup>(world, input.target_group_arn())?;
    group.health_check = health_check;
    let output = group.clone();
    let output = describe_one(&world.elb, &output);
    Ok(ModifyTargetGroupOutput::builder().target_groups(output).build())
}

pub(super) fn delete(world: &mut World, input: &DeleteTargetGroupInput) -> Result<DeleteTargetGroupOutput, ApiError> {
    let arn = checked_arn::<TargetGroup>(world, input.target_group_arn())?;
    let released = world.elb.target_groups.get(arn).and_then(|group| group.released);
    let lingers = released.is_some_and(|released| released + world.settings.target_group_release > world.now);
    if world.elb.user_of(arn).is_some() || lingers {
        return Err(ApiError::new(
            "ResourceInUse",
            format!("Target group '{arn}' is currently in use by a listener or a rule"),
        ));
    }
    // The operation documents no error for a missing group.
    world.elb.target_groups.remove(arn);
    Ok(DeleteTargetGroupOutput::builder().build())
}
