//! Targets: registration and health.

use std::net::IpAddr;
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::operation::deregister_targets::{DeregisterTargetsInput, DeregisterTargetsOutput};
use aws_sdk_elasticloadbalancingv2::operation::describe_target_health::{
    DescribeTargetHealthInput, DescribeTargetHealthOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::register_targets::{RegisterTargetsInput, RegisterTargetsOutput};
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum as Protocol, TargetTypeEnum as Type};

use super::attribute;
use super::check;
use super::health::{self, Health};
use super::model::{Kind, Target, TargetGroup, TargetKey, find, find_mut, see};
use crate::sim::ec2::{self, InstanceState};
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) fn register(world: &mut World, input: &RegisterTargetsInput) -> Result<RegisterTargetsOutput, ApiError> {
    let group = find::<TargetGroup>(world, input.target_group_arn())?;
    let mut targets = Vec::new();
    for description in requested(input.targets.as_deref())? {
        let key = key(group, description)?;
        check_target(world, group, &key, description)?;
        targets.push((key, description));
    }
    let is_new = |key| group.targets.get(key).is_none_or(|target| target.is_gone(world.now));
    let new = targets.iter().filter(|(key, _)| is_new(key)).count();
    let limit = if matches!(group.settings.target_type, Type::Lambda | Type::Alb) {
        1
    } else {
        world.settings.quotas.targets_per_target_group
    };
    let present = group.targets.values().filter(|target| !target.is_gone(world.now)).count();
    if present + new > limit {
        return Err(ApiError::new("TooManyTargets", "You've reached the limit on the number of targets"));
    }
    let now = world.now;
    let group = find_mut::<TargetGroup>(world, input.target_group_arn())?;
    group.targets.retain(|_, target| !target.is_gone(now));
    for (key, description) in targets {
        put(group, key, now, description);
    }
    Ok(RegisterTargetsOutput::builder().build())
}

fn requested(targets: Option<&[sdk::TargetDescription]>) -> Result<&[sdk::TargetDescription], ApiError> {
    check::required("targets", targets.filter(|targets| !targets.is_empty()))
}

fn key(group: &TargetGroup, target: &sdk::TargetDescription) -> Result<TargetKey, ApiError> {
    let id = check::required("targets.member.id", target.id())?.to_owned();
    let port = match target.port() {
        _ if group.settings.is_lambda() => None,
        Some(port) => Some(check::within("targets.member.port", port, 1..=65535)?),
        None => group.settings.port,
    };
    Ok(TargetKey { id, port })
}

/// Registers a target; one that is registered already stays as it is.
fn put(group: &mut TargetGroup, key: TargetKey, now: Duration, description: &sdk::TargetDescription) {
    let target = Target {
        registered: now,
        draining: None,
        zone: description.availability_zone.clone(),
        quic_server_id: description.quic_server_id.clone(),
    };
    let stays = group.targets.get(&key).is_some_and(|target| target.draining.is_none());
    if !stays {
        group.targets.insert(key, target);
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::new("InvalidTarget", message)
}

/// Whether the group can have the target.
fn check_target(
    world: &World,
    group: &TargetGroup,
    key: &TargetKey,
    description: &sdk::TargetDescription,
) -> Result<(), ApiError> {
    let id = key.id.as_str();
    let zone = description.availability_zone();
    if group.settings.kind() == Kind::Gateway && key.port != Some(6081) {
        return Err(invalid(format!("Target '{id}' of a target group with the GENEVE protocol must have port 6081")));
    }
    match group.settings.target_type {
        Type::Instance | Type::Alb if zone.is_some() => {
            return Err(ApiError::validation(format!(
                "An Availability Zone cannot be specified for target groups with target type '{}'",
                group.settings.target_type
            )));
        }
        Type::Lambda if zone.is_some_and(|zone| zone != "all") => {
            return Err(ApiError::validation("The only Availability Zone of Lambda functions is 'all'"));
        }
        Type::Lambda if !(id.starts_with("arn:aws:lambda:") && id.contains(":function:")) => {
            return Err(invalid(format!("'{id}' is not a valid Lambda function ARN")));
        }
        Type::Instance => check_instance(world, group, id)?,
        Type::Ip => check_address(group, id)?,
        Type::Alb => check_balancer(world, group, key)?,
        _ => {}
    }
    let quic = matches!(group.settings.protocol, Some(Protocol::Quic | Protocol::TcpQuic));
    match description.quic_server_id() {
        None if quic => Err(ApiError::validation("A QUIC server ID must be specified")),
        Some(_) if !quic => Err(ApiError::validation("A QUIC server ID requires the QUIC or TCP_QUIC protocol")),
        Some(server) => check_server(group, key, server),
        None => Ok(()),
    }
}

fn check_instance(world: &World, group: &TargetGroup, id: &str) -> Result<(), ApiError> {
    if !id.starts_with("i-") {
        return Err(ApiError::validation(format!("Instance ID '{id}' is not valid")));
    }
    let (Some(state), Some(facts)) = (ec2::instance_state(world, id), ec2::instance_facts(world, id)) else {
        return Err(invalid(format!("The following targets are not valid instances: '{id}'")));
    };
    if state != InstanceState::Running {
        return Err(invalid(format!(
            "The following targets are not in a running state and cannot be registered: '{id}'"
        )));
    }
    let vpc = ec2::subnet_place(world, &facts.subnet).map(|(vpc, _)| vpc);
    if vpc != group.settings.vpc {
        return Err(invalid(format!("The following targets are not in the VPC of the target group: '{id}'")));
    }
    Ok(())
}

fn check_address(group: &TargetGroup, id: &str) -> Result<(), ApiError> {
    let valid = match id.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            let [first, second, ..] = address.octets();
            // The ranges of RFC 1918 and RFC 6598.
            let private = address.is_private() || (first == 100 && (64..128).contains(&second));
            group.settings.ip_address_type == "ipv4" && private
        }
        Ok(IpAddr::V6(_)) => group.settings.ip_address_type == "ipv6",
        Err(_) => return Err(ApiError::validation(format!("IP address '{id}' is not valid"))),
    };
    if valid { Ok(()) } else { Err(invalid(format!("IP address '{id}' cannot be a target of this target group"))) }
}

fn check_balancer(world: &World, group: &TargetGroup, key: &TargetKey) -> Result<(), ApiError> {
    let balancer = world.elb.balancers.get(&key.id).filter(|balancer| balancer.settings.kind == Kind::Application);
    let Some(balancer) = balancer else {
        return Err(invalid(format!("'{}' is not an Application Load Balancer", key.id)));
    };
    if Some(&balancer.settings.vpc) != group.settings.vpc.as_ref() {
        return Err(invalid(format!("The following targets are not in the VPC of the target group: '{}'", key.id)));
    }
    if !world.elb.listeners_of(&balancer.arn).any(|listener| listener.settings.port == group.settings.port) {
        return Err(invalid(format!("Load balancer '{}' has no listener on the port of the target group", key.id)));
    }
    Ok(())
}

fn check_server(group: &TargetGroup, key: &TargetKey, server: &str) -> Result<(), ApiError> {
    let hexadecimal = |character: char| character.is_ascii_digit() || ('a'..='f').contains(&character);
    if !server.strip_prefix("0x").is_some_and(|digits| digits.len() == 16 && digits.chars().all(hexadecimal)) {
        return Err(ApiError::validation(format!("QUIC server ID '{server}' is not valid")));
    }
    for (other, target) in &group.targets {
        let same = target.quic_server_id.as_deref() == Some(server);
        if same != (other == key) && (same || other == key) {
            return Err(invalid(format!("QUIC server ID '{server}' must be unique, and cannot be modified")));
        }
    }
    Ok(())
}

pub(super) fn deregister(
    world: &mut World,
    input: &DeregisterTargetsInput,
) -> Result<DeregisterTargetsOutput, ApiError> {
    let group = find::<TargetGroup>(world, input.target_group_arn())?;
    let arn = group.arn.clone();
    let targets = requested(input.targets.as_deref())?;
    let keys = targets.iter().map(|target| key(group, target)).collect::<Result<Vec<_>, _>>()?;
    // "If the specified target does not exist, the action returns successfully."
    for key in keys {
        drain(world, &arn, &key);
    }
    Ok(DeregisterTargetsOutput::builder().build())
}

/// Lets a target drain; where no balancer sends it anything, it is gone at once.
fn drain(world: &mut World, group: &str, key: &TargetKey) {
    let now = world.now;
    let Some(group) = world.elb.target_groups.get_mut(group) else { return };
    let delay = attribute::of_target_group(group, "deregistration_delay.timeout_seconds");
    let delay = Duration::from_secs(delay.parse().unwrap_or_default());
    match group.targets.get_mut(key) {
        Some(target) if group.used_since.is_some() && !delay.is_zero() => {
            target.draining.get_or_insert(now + delay);
        }
        _ => {
            group.targets.remove(key);
        }
    }
}

/// Registers an instance on the group's port, without the checks that requests undergo.
pub(super) fn register_instance(world: &mut World, group: &str, instance: &str) {
    let now = world.now;
    if let Some(group) = world.elb.target_groups.get_mut(group) {
        let key = TargetKey { id: instance.to_owned(), port: group.settings.port };
        put(group, key, now, &sdk::TargetDescription::builder().build());
    }
}

/// Deregisters an instance from all its ports.
pub(super) fn deregister_instance(world: &mut World, group: &str, instance: &str) {
    let targets = world.elb.target_groups.get(group).into_iter().flat_map(|group| group.targets.keys());
    let keys: Vec<TargetKey> = targets.filter(|key| key.id == instance).cloned().collect();
    for key in keys {
        drain(world, group, &key);
    }
}

pub(super) fn describe_health(
    world: &mut World,
    input: &DescribeTargetHealthInput,
) -> Result<DescribeTargetHealthOutput, ApiError> {
    let group = see::<TargetGroup>(world, input.target_group_arn())?;
    for include in input.include() {
        check::one_of("include.member", include.as_str(), sdk::DescribeTargetHealthInputIncludeEnum::values())?;
    }
    let all = health::of_group(world, group);
    let mut found = Vec::new();
    if input.targets().is_empty() {
        found.extend(all);
    } else {
        for target in input.targets() {
            let key = key(group, target)?;
            let known = all.iter().find(|(known, _)| *known == key).map(|(_, health)| *health);
            found.push((key, known.unwrap_or(Health::NOT_REGISTERED)));
        }
    }
    let anomalies = !input.include().is_empty();
    let descriptions = found.iter().map(|(key, health)| describe_one(group, key, *health, anomalies)).collect();
    Ok(DescribeTargetHealthOutput::builder().set_target_health_descriptions(Some(descriptions)).build())
}

fn describe_one(group: &TargetGroup, key: &TargetKey, health: Health, anomalies: bool) -> sdk::TargetHealthDescription {
    let target = group.targets.get(key);
    let described = sdk::TargetDescription::builder()
        .id(&key.id)
        .set_port(key.port)
        .set_availability_zone(target.and_then(|target| target.zone.clone()))
        .set_quic_server_id(target.and_then(|target| target.quic_server_id.clone()));
    let mut output = sdk::TargetHealthDescription::builder()
        .target(described.build())
        .set_health_check_port(health::check_port(group, key))
        .target_health(
            sdk::TargetHealth::builder()
                .state(sdk::TargetHealthStateEnum::from(health.state))
                .set_reason(health.reason.map(sdk::TargetHealthReasonEnum::from))
                .set_description(health.description.map(str::to_owned))
                .build(),
        );
    if anomalies {
        output = output.anomaly_detection(
            sdk::AnomalyDetection::builder()
                .result(sdk::AnomalyResultEnum::Normal)
                .mitigation_in_effect(sdk::MitigationInEffectEnum::No)
                .build(),
        );
    }
    output.build()
}
