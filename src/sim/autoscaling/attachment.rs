//! Target groups and other traffic sources of a group.

use std::time::Duration;

use aws_sdk_autoscaling::operation::attach_load_balancer_target_groups::{
    AttachLoadBalancerTargetGroupsInput, AttachLoadBalancerTargetGroupsOutput,
};
use aws_sdk_autoscaling::operation::attach_traffic_sources::{AttachTrafficSourcesInput, AttachTrafficSourcesOutput};
use aws_sdk_autoscaling::operation::describe_load_balancer_target_groups::{
    DescribeLoadBalancerTargetGroupsInput, DescribeLoadBalancerTargetGroupsOutput,
};
use aws_sdk_autoscaling::operation::describe_traffic_sources::{
    DescribeTrafficSourcesInput, DescribeTrafficSourcesOutput,
};
use aws_sdk_autoscaling::operation::detach_load_balancer_target_groups::{
    DetachLoadBalancerTargetGroupsInput, DetachLoadBalancerTargetGroupsOutput,
};
use aws_sdk_autoscaling::operation::detach_traffic_sources::{DetachTrafficSourcesInput, DetachTrafficSourcesOutput};
use aws_sdk_autoscaling::types::{LoadBalancerTargetGroupState, TrafficSourceIdentifier, TrafficSourceState};

use super::check::{self, Paging};
use super::state::{Group, Stage, change};
use crate::sim::error::ApiError;
use crate::sim::world::World;
use crate::sim::{ec2, elbv2};

/// How many one call attaches or detaches.
const PER_CALL: usize = 10;

/// A traffic source of a group.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub(super) identifier: String,
    pub(super) kind: Kind,
    /// Attached by AttachTrafficSources: DetachLoadBalancerTargetGroups does not detach these.
    pub(super) as_traffic_source: bool,
    pub(super) stage: AttachmentStage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    TargetGroup,
    VpcLattice,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::TargetGroup => "elbv2",
            Self::VpcLattice => "vpc-lattice",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttachmentStage {
    /// Instances in service are registered at this time.
    Adding(Duration),
    Added,
    /// Attached when the group was created: in service at once, as
    /// `LoadBalancerTargetGroupState` documents.
    Initial,
    /// Instances are deregistered at this time.
    Removing(Duration),
    Draining,
}

impl Attachment {
    pub(super) fn new(identifier: &str, kind: Kind, as_traffic_source: bool, stage: AttachmentStage) -> Self {
        Self { identifier: identifier.to_owned(), kind, as_traffic_source, stage }
    }

    /// Whether instances of the group are to be registered with it.
    pub(super) fn active(&self) -> bool {
        matches!(self.stage, AttachmentStage::Added | AttachmentStage::Initial)
    }

    fn leaving(&self) -> bool {
        matches!(self.stage, AttachmentStage::Removing(_) | AttachmentStage::Draining)
    }

    fn state(&self, world: &World, group: &Group) -> &'static str {
        let healthy = || {
            group.members.iter().any(|member| {
                member.stage == Stage::InService
                    && elbv2::target_health(world, &self.identifier, &member.id) == Some("healthy")
            })
        };
        match self.stage {
            AttachmentStage::Adding(_) => "Adding",
            AttachmentStage::Removing(_) | AttachmentStage::Draining => "Removing",
            AttachmentStage::Initial => "InService",
            AttachmentStage::Added if self.kind == Kind::VpcLattice || healthy() => "InService",
            AttachmentStage::Added => "Added",
        }
    }
}

/// Registers with what was attached, deregisters from what was detached, and forgets what has
/// drained.
pub(super) fn settle(world: &mut World, group: &mut Group) {
    let now = world.now;
    let in_service = |group: &Group| -> Vec<String> {
        group.members.iter().filter(|member| member.stage == Stage::InService).map(|member| member.id.clone()).collect()
    };
    for index in 0..group.attachments.len() {
        let attachment = &group.attachments[index];
        let target_group = attachment.identifier.clone();
        match attachment.stage {
            AttachmentStage::Adding(at) if at <= now => {
                if !group.suspends("AddToLoadBalancer") {
                    for instance in in_service(group) {
                        elbv2::register_instance(world, &target_group, &instance);
                    }
                }
                group.attachments[index].stage = AttachmentStage::Added;
            }
            AttachmentStage::Removing(at) if at <= now => {
                for instance in in_service(group) {
                    elbv2::deregister_instance(world, &target_group, &instance);
                }
                group.attachments[index].stage = AttachmentStage::Draining;
            }
            _ => {}
        }
    }
    let members = &group.members;
    group.attachments.retain(|attachment| {
        attachment.stage != AttachmentStage::Draining
            || members
                .iter()
                .any(|member| elbv2::target_health(world, &attachment.identifier, &member.id) == Some("draining"))
    });
}

/// The target groups of a request, which must exist.
pub(super) fn target_groups(world: &World, arns: &[String]) -> Result<(), ApiError> {
    for arn in arns {
        check::length(arn, 1..=511, "targetGroupARNs")?;
        if !elbv2::target_group_exists(world, arn) {
            return Err(ApiError::validation(format!(
                "Provided Target Groups may not be valid. Please ensure they exist and try again: Target Groups not found: {arn}"
            )));
        }
    }
    Ok(())
}

/// Target groups must be in the VPC of the subnets: their instances could not be registered otherwise.
pub(super) fn same_vpc(world: &World, arns: &[String], subnets: &[String]) -> Result<(), ApiError> {
    let vpc = subnets.first().and_then(|subnet| ec2::subnet_place(world, subnet)).map(|(vpc, _)| vpc);
    let Some(vpc) = vpc else { return Ok(()) };
    match arns.iter().find(|arn| elbv2::target_group_vpc(world, arn).is_some_and(|other| other != vpc)) {
        Some(arn) => Err(ApiError::validation(format!(
            "Provided Target Groups may not be valid. Please ensure they exist and try again: {arn} is not in {vpc}"
        ))),
        None => Ok(()),
    }
}

/// The traffic sources of a request with their kinds; what can exist here must exist.
pub(super) fn traffic_sources(
    world: &World,
    sources: &[TrafficSourceIdentifier],
) -> Result<Vec<(String, Kind)>, ApiError> {
    sources
        .iter()
        .map(|source| {
            let identifier = check::required(source.identifier(), "trafficSources.identifier")?;
            check::length(identifier, 1..=511, "trafficSources.identifier")?;
            check::one_of(source.r#type(), &["elb", "elbv2", "vpc-lattice"], "trafficSources.type")?;
            let kind = if identifier.contains(":elasticloadbalancing:") {
                target_groups(world, &[identifier.to_owned()])?;
                Kind::TargetGroup
            } else if identifier.contains(":vpc-lattice:") {
                Kind::VpcLattice
            } else {
                return Err(no_classic_balancer());
            };
            if source.r#type().is_some_and(|given| given != kind.as_str()) {
                return Err(ApiError::validation(format!("The traffic source type does not match {identifier}.")));
            }
            Ok((identifier.to_owned(), kind))
        })
        .collect()
}

/// AWS's answer to the name of a Classic Load Balancer that does not exist; none exists here.
pub(super) fn no_classic_balancer() -> ApiError {
    ApiError::validation("Provided Load Balancers may not be valid. Please ensure they exist and try again.")
}

fn check_call<T>(items: &[T], what: &str) -> Result<(), ApiError> {
    if items.is_empty() {
        return Err(ApiError::validation(format!("At least one of the {what} is required.")));
    }
    if items.len() > PER_CALL {
        return Err(ApiError::validation(format!("Trying to update too many {what} at once. The limit is {PER_CALL}")));
    }
    Ok(())
}

fn attach(world: &mut World, name: Option<&str>, wanted: &[(String, Kind)], as_source: bool) -> Result<(), ApiError> {
    let group = world.autoscaling.modifiable(name)?;
    if group.active_refresh().is_some() {
        return Err(ApiError::new(
            "InstanceRefreshInProgress",
            "Traffic sources cannot be attached while an instance refresh is in progress.",
        ));
    }
    let staying = |attachment: &&Attachment| !attachment.leaving();
    let known = |identifier: &str| {
        group.attachments.iter().filter(staying).any(|attachment| attachment.identifier == identifier)
    };
    let new: Vec<&(String, Kind)> = wanted.iter().filter(|(identifier, _)| !known(identifier)).collect();
    let limit = world.settings.quotas.target_groups_per_auto_scaling_group;
    if group.attachments.iter().filter(staying).count() + new.len() > limit {
        return Err(ApiError::validation(format!(
            "The limit of {limit} target groups per Auto Scaling group has been reached."
        )));
    }
    let at = world.now + world.settings.scaling_reaction;
    change(world, name, |group| {
        for (identifier, kind) in new {
            group.attachments.retain(|attachment| attachment.identifier != *identifier);
            group.attachments.push(Attachment::new(identifier, *kind, as_source, AttachmentStage::Adding(at)));
        }
    })
}

fn detach(world: &mut World, name: Option<&str>, unwanted: &[&str], only_plain: bool) -> Result<(), ApiError> {
    let group = world.autoscaling.modifiable(name)?;
    for identifier in unwanted {
        let attached = group
            .attachments
            .iter()
            .any(|attachment| attachment.identifier == *identifier && !(only_plain && attachment.as_traffic_source));
        if !attached {
            return Err(ApiError::validation(format!(
                "Trying to remove Target Groups that are not part of the group: {identifier}"
            )));
        }
    }
    let at = world.now + world.settings.scaling_reaction;
    change(world, name, |group| {
        for attachment in &mut group.attachments {
            if unwanted.contains(&attachment.identifier.as_str()) && !attachment.leaving() {
                attachment.stage = AttachmentStage::Removing(at);
            }
        }
    })
}

pub(super) fn attach_target_groups(
    world: &mut World,
    input: &AttachLoadBalancerTargetGroupsInput,
) -> Result<AttachLoadBalancerTargetGroupsOutput, ApiError> {
    check_call(input.target_group_arns(), "Target Groups")?;
    world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    target_groups(world, input.target_group_arns())?;
    let wanted: Vec<_> = input.target_group_arns().iter().map(|arn| (arn.clone(), Kind::TargetGroup)).collect();
    attach(world, input.auto_scaling_group_name(), &wanted, false)?;
    Ok(AttachLoadBalancerTargetGroupsOutput::builder().build())
}

pub(super) fn detach_target_groups(
    world: &mut World,
    input: &DetachLoadBalancerTargetGroupsInput,
) -> Result<DetachLoadBalancerTargetGroupsOutput, ApiError> {
    check_call(input.target_group_arns(), "Target Groups")?;
    let unwanted: Vec<&str> = input.target_group_arns().iter().map(String::as_str).collect();
    detach(world, input.auto_scaling_group_name(), &unwanted, true)?;
    Ok(DetachLoadBalancerTargetGroupsOutput::builder().build())
}

pub(super) fn describe_target_groups(
    world: &mut World,
    input: &DescribeLoadBalancerTargetGroupsInput,
) -> Result<DescribeLoadBalancerTargetGroupsOutput, ApiError> {
    let group = world.autoscaling.group(input.auto_scaling_group_name())?;
    let states = group
        .attachments
        .iter()
        .filter(|attachment| attachment.kind == Kind::TargetGroup)
        .map(|attachment| {
            LoadBalancerTargetGroupState::builder()
                .load_balancer_target_group_arn(&attachment.identifier)
                .state(attachment.state(world, group))
                .build()
        })
        .collect();
    let paging = Paging { default: 100, most: 100 };
    let (states, next) = check::page(states, input.next_token(), input.max_records(), paging)?;
    Ok(DescribeLoadBalancerTargetGroupsOutput::builder()
        .set_load_balancer_target_groups(Some(states))
        .set_next_token(next)
        .build())
}

pub(super) fn attach_traffic_sources(
    world: &mut World,
    input: &AttachTrafficSourcesInput,
) -> Result<AttachTrafficSourcesOutput, ApiError> {
    check_call(input.traffic_sources(), "Traffic Sources")?;
    world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    let wanted = traffic_sources(world, input.traffic_sources())?;
    attach(world, input.auto_scaling_group_name(), &wanted, true)?;
    Ok(AttachTrafficSourcesOutput::builder().build())
}

pub(super) fn detach_traffic_sources(
    world: &mut World,
    input: &DetachTrafficSourcesInput,
) -> Result<DetachTrafficSourcesOutput, ApiError> {
    check_call(input.traffic_sources(), "Traffic Sources")?;
    let unwanted = input
        .traffic_sources()
        .iter()
        .map(|source| check::required(source.identifier(), "trafficSources.identifier"))
        .collect::<Result<Vec<_>, _>>()?;
    detach(world, input.auto_scaling_group_name(), &unwanted, false)?;
    Ok(DetachTrafficSourcesOutput::builder().build())
}

pub(super) fn describe_traffic_sources(
    world: &mut World,
    input: &DescribeTrafficSourcesInput,
) -> Result<DescribeTrafficSourcesOutput, ApiError> {
    check::one_of(input.traffic_source_type(), &["elb", "elbv2", "vpc-lattice"], "trafficSourceType")?;
    let group = world.autoscaling.group(input.auto_scaling_group_name())?;
    let states = group
        .attachments
        .iter()
        .filter(|attachment| input.traffic_source_type().is_none_or(|kind| kind == attachment.kind.as_str()))
        .map(|attachment| {
            TrafficSourceState::builder()
                .identifier(&attachment.identifier)
                .r#type(attachment.kind.as_str())
                .state(attachment.state(world, group))
                .build()
        })
        .collect();
    let paging = Paging { default: 50, most: 50 };
    let (states, next) = check::page(states, input.next_token(), input.max_records(), paging)?;
    Ok(DescribeTrafficSourcesOutput::builder().set_traffic_sources(Some(states)).set_next_token(next).build())
}

impl Group {
    /// The traffic sources that stay, as DescribeAutoScalingGroups lists them.
    pub(super) fn describe_sources(&self) -> Vec<TrafficSourceIdentifier> {
        self.attachments
            .iter()
            .filter(|attachment| !attachment.leaving())
            .map(|attachment| {
                TrafficSourceIdentifier::builder()
                    .identifier(&attachment.identifier)
                    .r#type(attachment.kind.as_str())
                    .build()
            })
            .collect()
    }

    /// The target groups among them.
    pub(super) fn describe_target_groups(&self) -> Vec<String> {
        self.attachments
            .iter()
            .filter(|attachment| attachment.kind == Kind::TargetGroup && !attachment.leaving())
            .map(|attachment| attachment.identifier.clone())
            .collect()
    }

    /// The target groups that instances in service are registered with.
    pub(super) fn active_target_groups(&self) -> Vec<String> {
        self.attachments
            .iter()
            .filter(|attachment| attachment.kind == Kind::TargetGroup && attachment.active())
            .map(|attachment| attachment.identifier.clone())
            .collect()
    }
}
