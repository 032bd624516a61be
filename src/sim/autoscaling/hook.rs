//! Lifecycle hooks: they hold instances on their way in or out.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_autoscaling::operation::complete_lifecycle_action::{
    CompleteLifecycleActionInput, CompleteLifecycleActionOutput,
};
use aws_sdk_autoscaling::operation::delete_lifecycle_hook::{DeleteLifecycleHookInput, DeleteLifecycleHookOutput};
use aws_sdk_autoscaling::operation::describe_lifecycle_hooks::{
    DescribeLifecycleHooksInput, DescribeLifecycleHooksOutput,
};
use aws_sdk_autoscaling::operation::put_lifecycle_hook::{PutLifecycleHookInput, PutLifecycleHookOutput};
use aws_sdk_autoscaling::operation::record_lifecycle_action_heartbeat::{
    RecordLifecycleActionHeartbeatInput, RecordLifecycleActionHeartbeatOutput,
};
use aws_sdk_autoscaling::types::{LifecycleHook, LifecycleHookSpecification};

use super::check;
use super::clock::seconds;
use super::state::{Group, Member, Stage, Wait, change, new_uuid};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// On the way in or on the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transition {
    Launching,
    Terminating,
}

impl Transition {
    fn parse(text: &str) -> Result<Self, ApiError> {
        match text {
            "autoscaling:EC2_INSTANCE_LAUNCHING" => Ok(Self::Launching),
            "autoscaling:EC2_INSTANCE_TERMINATING" => Ok(Self::Terminating),
            _ => Err(ApiError::validation(format!("{text} is not a valid lifecycle transition."))),
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Launching => "autoscaling:EC2_INSTANCE_LAUNCHING",
            Self::Terminating => "autoscaling:EC2_INSTANCE_TERMINATING",
        }
    }
}

/// A lifecycle hook.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    pub(super) name: String,
    pub(super) transition: Transition,
    role: Option<String>,
    target: Option<String>,
    metadata: Option<String>,
    heartbeat: i32,
    /// `CONTINUE` or `ABANDON`.
    default_result: String,
}

impl Hook {
    fn global_timeout(&self) -> i32 {
        self.heartbeat.saturating_mul(100).min(172_800)
    }

    /// The hook after a request; what a request leaves out stays as it was.
    fn changed(world: &World, old: Option<&Self>, input: &PutLifecycleHookInput) -> Result<Self, ApiError> {
        let name = check::name(input.lifecycle_hook_name(), "lifecycleHookName")?;
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_/".contains(letter)) {
            return Err(check::constraint(
                "lifecycleHookName",
                name,
                r"satisfy regular expression pattern: [A-Za-z0-9\-_\/]+",
            ));
        }
        let transition = match (input.lifecycle_transition(), old) {
            (None, Some(old)) => old.transition,
            (given, _) => Transition::parse(check::required(given, "lifecycleTransition")?)?,
        };
        check::range(input.heartbeat_timeout(), 30..=7200, "heartbeatTimeout")?;
        check::one_of(input.default_result(), &["CONTINUE", "ABANDON"], "defaultResult")?;
        if let Some(metadata) = input.notification_metadata() {
            check::length(metadata, 1..=4000, "notificationMetadata")?;
            if !metadata.chars().all(|letter| matches!(letter, '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{7e}')) {
                return Err(check::constraint(
                    "notificationMetadata",
                    metadata,
                    r"satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007e]+",
                ));
            }
        }
        let kept = |given: &Option<String>, old: Option<&String>| given.clone().or_else(|| old.cloned());
        // "If you specify an empty string, this overrides the current ARN."
        let target = kept(&input.notification_target_arn, old.and_then(|old| old.target.as_ref()))
            .filter(|target| !target.is_empty());
        // "Valid only if the notification target is an Amazon SNS topic or an Amazon SQS queue."
        let role = kept(&input.role_arn, old.and_then(|old| old.role.as_ref())).filter(|_| target.is_some());
        if let Some(target) = &target {
            let known = world.is_known(target) && role.as_ref().is_none_or(|role| world.is_known(role));
            if !known || (!target.starts_with("arn:aws:sns:") && !target.starts_with("arn:aws:sqs:")) {
                return Err(ApiError::validation(format!(
                    "Unable to publish test message to notification target {target}."
                )));
            }
            match &role {
                None => return Err(ApiError::validation("A role ARN is required with a notification target.")),
                Some(role) if !(role.starts_with("arn:") && role.contains(":iam::")) => {
                    return Err(ApiError::validation(format!("Invalid role ARN: {role}")));
                }
                Some(_) => {}
            }
        }
        Ok(Self {
            name: name.to_owned(),
            transition,
            role,
            target,
            metadata: kept(&input.notification_metadata, old.and_then(|old| old.metadata.as_ref())),
            heartbeat: input.heartbeat_timeout().or(old.map(|old| old.heartbeat)).unwrap_or(3600),
            default_result: kept(&input.default_result, old.map(|old| &old.default_result))
                .unwrap_or_else(|| "ABANDON".to_owned()),
        })
    }

    /// A hook that comes with a new group.
    pub(super) fn specified(world: &World, specification: &LifecycleHookSpecification) -> Result<Self, ApiError> {
        let input = PutLifecycleHookInput::builder()
            .set_lifecycle_hook_name(specification.lifecycle_hook_name.clone())
            .set_lifecycle_transition(specification.lifecycle_transition.clone())
            .set_notification_metadata(specification.notification_metadata.clone())
            .set_heartbeat_timeout(specification.heartbeat_timeout)
            .set_default_result(specification.default_result.clone())
            .set_notification_target_arn(specification.notification_target_arn.clone())
            .set_role_arn(specification.role_arn.clone())
            .build()
            .map_err(|error| ApiError::validation(error.to_string()))?;
        Self::changed(world, None, &input)
    }

    fn describe(&self, group: &str) -> LifecycleHook {
        LifecycleHook::builder()
            .lifecycle_hook_name(&self.name)
            .auto_scaling_group_name(group)
            .lifecycle_transition(self.transition.as_str())
            .set_notification_target_arn(self.target.clone())
            .set_role_arn(self.role.clone())
            .set_notification_metadata(self.metadata.clone())
            .heartbeat_timeout(self.heartbeat)
            .global_timeout(self.global_timeout())
            .default_result(&self.default_result)
            .build()
    }
}

/// The hooks of a transition, from now on holding an instance.
pub(super) fn hold(world: &mut World, group: &Group, transition: Transition) -> BTreeMap<String, Wait> {
    let now = world.now;
    group
        .hooks_of(transition)
        .map(|hook| {
            let wait = Wait { token: new_uuid(world), since: now, deadline: now + seconds(hook.heartbeat) };
            (hook.name.clone(), wait)
        })
        .collect()
}

/// Ends the waits whose time is up, with the default result of their hooks.
pub(super) fn expire(now: Duration, hooks: &BTreeMap<String, Hook>, member: &mut Member) {
    let mut abandoned = false;
    member.waits.retain(|name, wait| {
        let over = wait.deadline <= now;
        abandoned |= over && hooks.get(name).is_some_and(|hook| hook.default_result == "ABANDON");
        !over
    });
    if abandoned {
        abandon(member);
    }
}

/// `ABANDON` on the way in means termination; on the way out it only "stops any remaining actions".
fn abandon(member: &mut Member) {
    member.waits.clear();
    member.abandoned = member.stage == Stage::Pending;
}

pub(super) fn put(world: &mut World, input: &PutLifecycleHookInput) -> Result<PutLifecycleHookOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    let old = input.lifecycle_hook_name().and_then(|name| group.hooks.get(name));
    let hook = Hook::changed(world, old, input)?;
    if old.is_none() && group.hooks.len() >= world.settings.quotas.hooks_per_auto_scaling_group {
        return Err(ApiError::new("LimitExceeded", "You have already reached the limit of lifecycle hooks per group."));
    }
    change(world, input.auto_scaling_group_name(), |group| group.hooks.insert(hook.name.clone(), hook))?;
    Ok(PutLifecycleHookOutput::builder().build())
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeLifecycleHooksInput,
) -> Result<DescribeLifecycleHooksOutput, ApiError> {
    check::at_most(input.lifecycle_hook_names(), 50, "lifecycleHookNames")?;
    let group = world.autoscaling.group(input.auto_scaling_group_name())?;
    let hooks = group
        .hooks
        .values()
        .filter(|hook| input.lifecycle_hook_names.as_ref().is_none_or(|names| names.contains(&hook.name)))
        .map(|hook| hook.describe(&group.name))
        .collect();
    Ok(DescribeLifecycleHooksOutput::builder().set_lifecycle_hooks(Some(hooks)).build())
}

pub(super) fn delete(
    world: &mut World,
    input: &DeleteLifecycleHookInput,
) -> Result<DeleteLifecycleHookOutput, ApiError> {
    let name = check::name(input.lifecycle_hook_name(), "lifecycleHookName")?;
    if !world.autoscaling.modifiable(input.auto_scaling_group_name())?.hooks.contains_key(name) {
        return Err(ApiError::validation(format!("No Lifecycle Hook found with name: {name}")));
    }
    change(world, input.auto_scaling_group_name(), |group| {
        group.hooks.remove(name);
        // "If there are any outstanding lifecycle actions, they are completed first (ABANDON for
        // launching instances, CONTINUE for terminating instances)."
        for member in &mut group.members {
            if member.waits.remove(name).is_some() && member.stage == Stage::Pending {
                abandon(member);
            }
        }
    })?;
    Ok(DeleteLifecycleHookOutput::builder().build())
}

/// The instance that a lifecycle action is about.
fn waiting<'g>(
    group: &'g Group,
    hook: Option<&str>,
    token: Option<&str>,
    instance: Option<&str>,
) -> Result<(&'g Member, &'g Wait), ApiError> {
    let hook = check::name(hook, "lifecycleHookName")?;
    group
        .members
        .iter()
        .filter(|member| instance.is_none_or(|instance| instance == member.id))
        .filter_map(|member| Some((member, member.waits.get(hook)?)))
        .find(|(_, wait)| match token {
            Some(token) => wait.token == token,
            None => instance.is_some(),
        })
        .ok_or_else(|| {
            ApiError::validation(format!(
                "No active Lifecycle Action found with instance ID {}",
                instance.or(token).unwrap_or("null")
            ))
        })
}

pub(super) fn complete(
    world: &mut World,
    input: &CompleteLifecycleActionInput,
) -> Result<CompleteLifecycleActionOutput, ApiError> {
    let result = check::required(input.lifecycle_action_result(), "lifecycleActionResult")?;
    check::one_of(Some(result), &["CONTINUE", "ABANDON"], "lifecycleActionResult")?;
    let group = world.autoscaling.group(input.auto_scaling_group_name())?;
    let (member, _) = waiting(group, input.lifecycle_hook_name(), input.lifecycle_action_token(), input.instance_id())?;
    let instance = member.id.clone();
    let hook = input.lifecycle_hook_name().unwrap_or_default();
    change(world, input.auto_scaling_group_name(), |group| {
        for member in group.members.iter_mut().filter(|member| member.id == instance) {
            match result {
                "CONTINUE" => drop(member.waits.remove(hook)),
                _ => abandon(member),
            }
        }
    })?;
    Ok(CompleteLifecycleActionOutput::builder().build())
}

pub(super) fn heartbeat(
    world: &mut World,
    input: &RecordLifecycleActionHeartbeatInput,
) -> Result<RecordLifecycleActionHeartbeatOutput, ApiError> {
    let group = world.autoscaling.group(input.auto_scaling_group_name())?;
    let (member, wait) =
        waiting(group, input.lifecycle_hook_name(), input.lifecycle_action_token(), input.instance_id())?;
    let (instance, since) = (member.id.clone(), wait.since);
    let name = input.lifecycle_hook_name().unwrap_or_default();
    let limits = group.hooks.get(name).map(|hook| (seconds(hook.heartbeat), seconds(hook.global_timeout())));
    let now = world.now;
    change(world, input.auto_scaling_group_name(), |group| {
        let member = group.members.iter_mut().find(|member| member.id == instance);
        if let (Some(wait), Some((heartbeat, global))) = (member.and_then(|member| member.waits.get_mut(name)), limits)
        {
            wait.deadline = (now + heartbeat).min(since + global);
        }
    })?;
    Ok(RecordLifecycleActionHeartbeatOutput::builder().build())
}
