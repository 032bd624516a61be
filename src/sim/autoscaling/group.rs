//! Groups: created, described, updated and deleted.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::operation::create_auto_scaling_group::{
    CreateAutoScalingGroupInput, CreateAutoScalingGroupOutput,
};
use aws_sdk_autoscaling::operation::delete_auto_scaling_group::{
    DeleteAutoScalingGroupInput, DeleteAutoScalingGroupOutput,
};
use aws_sdk_autoscaling::operation::describe_auto_scaling_groups::{
    DescribeAutoScalingGroupsInput, DescribeAutoScalingGroupsOutput,
};
use aws_sdk_autoscaling::operation::set_desired_capacity::{SetDesiredCapacityInput, SetDesiredCapacityOutput};
use aws_sdk_autoscaling::operation::update_auto_scaling_group::{
    UpdateAutoScalingGroupInput, UpdateAutoScalingGroupOutput,
};
use aws_sdk_autoscaling::types::{AutoScalingGroup, DeletionProtection, Operator};

use super::attachment::{self, Attachment, AttachmentStage, Kind};
use super::check::{self, PAGES};
use super::clock::{date, seconds, stamp};
use super::exit::{self, Manner};
use super::hook::Hook;
use super::options::{Options, Size};
use super::policy::in_cooldown;
use super::source::{LaunchSource, one_source};
use super::state::{Group, Stage, Timers, change, new_uuid};
use super::{hook, tag};
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) fn create(
    world: &mut World,
    input: &CreateAutoScalingGroupInput,
) -> Result<CreateAutoScalingGroupOutput, ApiError> {
    let name = check_name(input.auto_scaling_group_name())?;
    if let Some(group) = world.autoscaling.groups.get(name) {
        let pending = if group.deleting.is_some() { " and is pending delete" } else { "" };
        return Err(ApiError::new(
            "AlreadyExists",
            format!(
                "AutoScalingGroup by this name already exists - A group with the name {name} already exists{pending}"
            ),
        ));
    }
    let min = check::required(input.min_size(), "minSize")?;
    let max = check::required(input.max_size(), "maxSize")?;
    let size = Size::new(min, max, input.desired_capacity())?;
    let settings = settings_of(input)?;
    check_one_source(input)?;
    no_launch_configuration(input.launch_configuration_name(), input.instance_id())?;
    let options = Options::new(&world.account).changed(world, &settings)?;
    let mixed = input.mixed_instances_policy();
    let source =
        LaunchSource::parse(world, input.launch_template(), mixed, &options.places(world))?.ok_or_else(one_source)?;
    check_capacity_type(&options, &source)?;
    let attachments = attachments(world, input)?;
    attachment::same_vpc(world, input.target_group_arns(), &options.places(world))?;
    let tags = tag::parse(input.tags())?;
    let hooks = hooks(world, input)?;
    if world.autoscaling.groups.len() >= world.settings.quotas.auto_scaling_groups {
        return Err(ApiError::new("LimitExceeded", "You have already reached the limit of Auto Scaling groups."));
    }
    let id = new_uuid(world);
    let group = Group {
        name: name.to_owned(),
        arn: world.arn("autoscaling", &format!("autoScalingGroup:{id}:autoScalingGroupName/{name}")),
        created: world.now,
        source,
        size,
        options,
        operator: input.operator().and_then(|operator| operator.principal.clone()),
        members: Vec::new(),
        attachments,
        tags,
        metrics: BTreeSet::new(),
        suspended: BTreeMap::new(),
        hooks,
        policies: BTreeMap::new(),
        scheduled: BTreeMap::new(),
        notifications: BTreeMap::new(),
        warm_pool: None,
        warm_pool_goes: None,
        refreshes: Vec::new(),
        timers: Timers::new(world.now, world.settings.scaling_reaction),
        cause: format!(
            "At {} a user request created an AutoScalingGroup changing the desired capacity from 0 to {}.",
            stamp(world.now),
            size.desired
        ),
        surge: 0,
        deleting: None,
        scaled: None,
    };
    world.autoscaling.groups.insert(name.to_owned(), group);
    Ok(CreateAutoScalingGroupOutput::builder().build())
}

/// "The name can contain any ASCII character 33 to 126 … You cannot use a colon (:) in the name."
fn check_name(name: Option<&str>) -> Result<&str, ApiError> {
    let name = check::name(name, "autoScalingGroupName")?;
    if !name.chars().all(|letter| letter.is_ascii_graphic() && letter != ':') {
        return Err(check::constraint(
            "autoScalingGroupName",
            name,
            "contain only ASCII characters 33 to 126, and no colon",
        ));
    }
    Ok(name)
}

/// The part of a creation that an update can have as well: one place checks both.
fn settings_of(input: &CreateAutoScalingGroupInput) -> Result<UpdateAutoScalingGroupInput, ApiError> {
    UpdateAutoScalingGroupInput::builder()
        .set_auto_scaling_group_name(input.auto_scaling_group_name.clone())
        .set_default_cooldown(input.default_cooldown)
        .set_availability_zones(input.availability_zones.clone())
        .set_availability_zone_ids(input.availability_zone_ids.clone())
        .set_health_check_type(input.health_check_type.clone())
        .set_health_check_grace_period(input.health_check_grace_period)
        .set_placement_group(input.placement_group.clone())
        .set_vpc_zone_identifier(input.vpc_zone_identifier.clone())
        .set_termination_policies(input.termination_policies.clone())
        .set_new_instances_protected_from_scale_in(input.new_instances_protected_from_scale_in)
        .set_service_linked_role_arn(input.service_linked_role_arn.clone())
        .set_max_instance_lifetime(input.max_instance_lifetime)
        .set_capacity_rebalance(input.capacity_rebalance)
        .set_context(input.context.clone())
        .set_desired_capacity_type(input.desired_capacity_type.clone())
        .set_default_instance_warmup(input.default_instance_warmup)
        .set_instance_maintenance_policy(input.instance_maintenance_policy.clone())
        .set_availability_zone_distribution(input.availability_zone_distribution.clone())
        .set_availability_zone_impairment_policy(input.availability_zone_impairment_policy.clone())
        .set_skip_zonal_shift_validation(input.skip_zonal_shift_validation)
        .set_capacity_reservation_specification(input.capacity_reservation_specification.clone())
        .set_instance_lifecycle_policy(input.instance_lifecycle_policy.clone())
        .set_deletion_protection(input.deletion_protection.clone())
        .build()
        .map_err(|error| ApiError::validation(error.to_string()))
}

fn check_one_source(input: &CreateAutoScalingGroupInput) -> Result<(), ApiError> {
    let given = [
        input.launch_template().is_some(),
        input.mixed_instances_policy().is_some(),
        input.launch_configuration_name().is_some(),
        input.instance_id().is_some(),
    ];
    if given.into_iter().filter(|given| *given).count() != 1 {
        return Err(one_source());
    }
    Ok(())
}

/// There are no launch configurations here: AWS no longer lets new accounts make any, also not from
/// an instance.
fn no_launch_configuration(name: Option<&str>, instance: Option<&str>) -> Result<(), ApiError> {
    if let Some(name) = name {
        return Err(ApiError::validation(format!(
            "Launch configuration name not found - Launch configuration with name: {name} does not exist"
        )));
    }
    if instance.is_some() {
        return Err(ApiError::new(
            "UnsupportedOperation",
            "The Launch Configuration creation operation is not available in your account. Use launch templates to \
             create configuration templates for your Auto Scaling groups.",
        ));
    }
    Ok(())
}

/// "Amazon EC2 Auto Scaling supports DesiredCapacityType for attribute-based instance type
/// selection only."
fn check_capacity_type(options: &Options, source: &LaunchSource) -> Result<(), ApiError> {
    match options.desired_capacity_type.as_deref() {
        Some(kind) if kind != "units" && !source.by_attributes() => Err(ApiError::validation(format!(
            "The desired capacity type {kind} is only supported with InstanceRequirements."
        ))),
        _ => Ok(()),
    }
}

fn attachments(world: &World, input: &CreateAutoScalingGroupInput) -> Result<Vec<Attachment>, ApiError> {
    if !input.load_balancer_names().is_empty() {
        return Err(attachment::no_classic_balancer());
    }
    attachment::target_groups(world, input.target_group_arns())?;
    let sources = attachment::traffic_sources(world, input.traffic_sources())?;
    let plain = input.target_group_arns().iter().map(|arn| (arn.as_str(), Kind::TargetGroup, false));
    let mut attachments: Vec<Attachment> = Vec::new();
    for (identifier, kind, as_source) in plain.chain(sources.iter().map(|(id, kind)| (id.as_str(), *kind, true))) {
        if !attachments.iter().any(|attachment| attachment.identifier == identifier) {
            attachments.push(Attachment::new(identifier, kind, as_source, AttachmentStage::Initial));
        }
    }
    Ok(attachments)
}

fn hooks(world: &World, input: &CreateAutoScalingGroupInput) -> Result<BTreeMap<String, Hook>, ApiError> {
    let mut hooks = BTreeMap::new();
    for specification in input.lifecycle_hook_specification_list() {
        let hook = hook::Hook::specified(world, specification)?;
        if hooks.insert(hook.name.clone(), hook).is_some() {
            return Err(ApiError::validation("Lifecycle hook names must be unique within an Auto Scaling group."));
        }
    }
    Ok(hooks)
}

pub(super) fn update(
    world: &mut World,
    input: &UpdateAutoScalingGroupInput,
) -> Result<UpdateAutoScalingGroupOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    let sources = [
        input.launch_template().is_some(),
        input.mixed_instances_policy().is_some(),
        input.launch_configuration_name().is_some(),
    ];
    let given = sources.into_iter().filter(|given| *given).count();
    if given > 1 {
        return Err(one_source());
    }
    no_launch_configuration(input.launch_configuration_name(), None)?;
    if given > 0 && group.active_refresh().is_some_and(|refresh| refresh.source.is_some()) {
        return Err(ApiError::validation(
            "An active instance refresh with a desired configuration exists. All configuration options derived from \
             the desired configuration are not available for update while the instance refresh is active.",
        ));
    }
    let size = group.size.changed(input.min_size(), input.max_size(), input.desired_capacity())?;
    let options = group.options.changed(world, input)?;
    let mixed = input.mixed_instances_policy().map(|policy| group.source.completing(policy));
    let source = LaunchSource::parse(world, input.launch_template(), mixed.as_ref(), &options.places(world))?;
    if source.is_none() && options.places(world) != group.options.places(world) {
        group.source.check(world, &options.places(world))?;
    }
    check_capacity_type(&options, source.as_ref().unwrap_or(&group.source))?;
    let (now, reaction) = (world.now, world.settings.scaling_reaction);
    change(world, input.auto_scaling_group_name(), |group| {
        group.options = options;
        if let Some(source) = source {
            group.source = source;
        }
        let cause = format!(
            "At {} a user request update of AutoScalingGroup constraints to min: {}, max: {}, desired: {}",
            stamp(now),
            size.min,
            size.max,
            size.desired
        );
        group.set_desired(size.desired, &cause);
        group.size = size;
        group.rethink(now, reaction);
    })?;
    Ok(UpdateAutoScalingGroupOutput::builder().build())
}

pub(super) fn set_desired(
    world: &mut World,
    input: &SetDesiredCapacityInput,
) -> Result<SetDesiredCapacityOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    let desired = check::required(input.desired_capacity(), "desiredCapacity")?;
    check::range(Some(desired), 0..=i32::MAX, "desiredCapacity")?;
    if desired > group.size.max {
        return Err(ApiError::validation(format!(
            "New SetDesiredCapacity value {desired} is above max value {} for the AutoScalingGroup.",
            group.size.max
        )));
    }
    if desired < group.size.min {
        return Err(ApiError::validation(format!(
            "New SetDesiredCapacity value {desired} is below min value {} for the AutoScalingGroup.",
            group.size.min
        )));
    }
    let cooldown = seconds(group.options.default_cooldown);
    if input.honor_cooldown() == Some(true) && group.scaled.is_some_and(|at| at + cooldown > world.now) {
        return Err(in_cooldown());
    }
    let (now, reaction) = (world.now, world.settings.scaling_reaction);
    change(world, input.auto_scaling_group_name(), |group| {
        group.set_desired(desired, &format!("At {} a user request explicitly set group desired capacity", stamp(now)));
        group.rethink(now, reaction);
    })?;
    Ok(SetDesiredCapacityOutput::builder().build())
}

pub(super) fn delete(
    world: &mut World,
    input: &DeleteAutoScalingGroupInput,
) -> Result<DeleteAutoScalingGroupOutput, ApiError> {
    let name = check::name(input.auto_scaling_group_name(), "autoScalingGroupName")?;
    let force = input.force_delete() == Some(true);
    let group = world
        .autoscaling
        .groups
        .get(name)
        .ok_or_else(|| ApiError::validation(format!("AutoScalingGroup name not found - no such group: {name}")))?;
    match &group.options.deletion_protection {
        DeletionProtection::PreventAllDeletion => return Err(protected(name, "all deletion")),
        DeletionProtection::PreventForceDeletion if force => return Err(protected(name, "force deletion")),
        _ => {}
    }
    let moving = |member: &super::state::Member| member.stage != Stage::InService;
    if force && world.settings.refuse_deletion_while_scaling && group.members.iter().any(moving) {
        return Err(in_progress());
    }
    if !force {
        if group.members.iter().any(super::state::Member::live) {
            return Err(ApiError::new(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) \
                 still in the group.",
            ));
        }
        if !group.members.is_empty() {
            return Err(in_progress());
        }
        if group.warm_pool.is_some() {
            return Err(ApiError::new(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there is a warm pool associated with it.",
            ));
        }
    }
    let now = world.now;
    let Some(mut group) = world.autoscaling.groups.remove(name) else {
        return Ok(DeleteAutoScalingGroupOutput::builder().build());
    };
    group.deleting.get_or_insert(now);
    group.timers.wake = now;
    let cause = format!("At {} a user request deleted the AutoScalingGroup.", stamp(now));
    // Forced deletion runs no terminating hooks and waits for no connections.
    for index in 0..group.members.len() {
        match group.members[index].stage {
            Stage::Pending | Stage::InService => exit::begin(world, &mut group, index, &cause, Manner::AtOnce),
            Stage::Draining | Stage::Held => exit::terminate(world, &mut group.members[index]),
            Stage::Terminating(_) => {}
        }
    }
    world.autoscaling.groups.insert(name.to_owned(), group);
    Ok(DeleteAutoScalingGroupOutput::builder().build())
}

fn in_progress() -> ApiError {
    ApiError::new(
        "ScalingActivityInProgress",
        "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.",
    )
}

fn protected(name: &str, level: &str) -> ApiError {
    ApiError::validation(format!(
        "The Auto Scaling group {name} cannot be deleted: its deletion protection prevents {level}."
    ))
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeAutoScalingGroupsInput,
) -> Result<DescribeAutoScalingGroupsOutput, ApiError> {
    let limit = input.max_records().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(PAGES.default);
    check::at_most(input.auto_scaling_group_names(), limit.max(PAGES.default), "autoScalingGroupNames")?;
    let filters = check::filters(
        input.filters(),
        |name| matches!(name, "tag-key" | "tag-value") || name.starts_with("tag:"),
        "[tag-key, tag-value, tag:<key>]",
    )?;
    let include_instances = input.include_instances() != Some(false);
    // Names that do not exist are no error here, and neither is an empty list of names.
    let names = input.auto_scaling_group_names.as_ref().filter(|names| !names.is_empty());
    let groups = world
        .autoscaling
        .groups
        .values()
        .filter(|group| world.visible(group.created))
        .filter(|group| names.is_none_or(|names| names.contains(&group.name)))
        .filter(|group| input.include_managed_resources() != Some(false) || group.operator.is_none())
        .filter(|group| group.matches(&filters))
        .map(|group| group.describe(include_instances))
        .collect();
    let (groups, next) = check::page(groups, input.next_token(), input.max_records(), PAGES)?;
    Ok(DescribeAutoScalingGroupsOutput::builder().set_auto_scaling_groups(Some(groups)).set_next_token(next).build())
}

impl Group {
    fn describe(&self, include_instances: bool) -> AutoScalingGroup {
        let options = &self.options;
        let (template, mixed) = match &self.source {
            LaunchSource::Template(template) => (Some(template.clone()), None),
            LaunchSource::Mixed(policy) => (None, Some(policy.clone())),
        };
        AutoScalingGroup::builder()
            .auto_scaling_group_name(&self.name)
            .auto_scaling_group_arn(&self.arn)
            .set_launch_template(template)
            .set_mixed_instances_policy(mixed)
            .min_size(self.size.min)
            .max_size(self.size.max)
            .desired_capacity(self.size.desired)
            .default_cooldown(options.default_cooldown)
            .set_availability_zones(Some(options.zones.clone()))
            .set_availability_zone_ids(Some(options.zone_ids.clone()))
            .set_load_balancer_names(Some(Vec::new()))
            .set_target_group_arns(Some(self.describe_target_groups()))
            .set_traffic_sources(Some(self.describe_sources()))
            .health_check_type(&options.health_check_type)
            .health_check_grace_period(options.health_check_grace_period)
            .set_instances(include_instances.then(|| self.members.iter().map(|member| member.describe()).collect()))
            .created_time(date(self.created))
            .set_suspended_processes(Some(self.describe_suspended()))
            .set_placement_group(options.placement_group.clone())
            .vpc_zone_identifier(options.subnets.join(","))
            .set_enabled_metrics(Some(self.describe_metrics()))
            .set_status(self.deleting.map(|_| "Delete in progress".to_owned()))
            .set_tags(Some(self.describe_tags()))
            .set_termination_policies(Some(options.termination_policies.clone()))
            .new_instances_protected_from_scale_in(options.protect_new_instances)
            .service_linked_role_arn(&options.service_linked_role)
            .set_max_instance_lifetime(options.max_instance_lifetime)
            .set_capacity_rebalance(options.capacity_rebalance)
            .set_warm_pool_configuration(self.warm_pool.clone())
            .set_warm_pool_size(self.warm_pool.as_ref().map(|_| 0))
            .set_context(options.context.clone())
            .set_desired_capacity_type(options.desired_capacity_type.clone())
            .set_default_instance_warmup(options.default_instance_warmup)
            .set_instance_maintenance_policy(options.maintenance.clone())
            .deletion_protection(options.deletion_protection.clone())
            .availability_zone_distribution(options.zone_distribution.clone())
            .availability_zone_impairment_policy(options.zone_impairment.clone())
            .capacity_reservation_specification(options.capacity_reservation.clone())
            .set_instance_lifecycle_policy(options.lifecycle_policy.clone())
            .set_operator(self.operator.as_ref().map(|principal| Operator::builder().principal(principal).build()))
            .build()
    }
}
