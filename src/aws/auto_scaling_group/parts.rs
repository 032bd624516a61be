//! Lifecycle hooks and the warm pool.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types as asg;

use crate::error::Result;
use crate::resource::tags::HOOK;
use crate::resource::{
    AutoScalingGroup, GroupTag, HookTarget, LifecycleHook, LifecycleResult, LifecycleTransition, Operation, WarmPool,
    WarmPoolState, record_of,
};
use crate::value::Value;

use super::super::Cx;
use super::super::call::{NotYet, gone_is_fine};
use super::super::convert::{count, duration, seconds, uncount};

/// A role that was just made is not known everywhere yet (R40).
pub(super) const NO_MESSAGE: NotYet =
    NotYet::code("ValidationError").saying("Unable to publish test message to notification target").for_minutes(5);

/// A hook of a group that is being made.
pub(super) fn specification(hook: &LifecycleHook) -> asg::LifecycleHookSpecification {
    let notify = hook.notify.as_ref();
    asg::LifecycleHookSpecification::builder()
        .lifecycle_hook_name(&hook.name)
        .lifecycle_transition(hook.transition.as_str())
        .set_heartbeat_timeout(hook.heartbeat.map(seconds))
        .set_default_result(hook.default_result.map(|result| result.as_str().to_owned()))
        .set_notification_target_arn(notify.map(|notify| notify.target.clone()))
        .set_role_arn(notify.map(|notify| notify.role.clone()))
        .set_notification_metadata(hook.metadata.clone())
        .build()
}

/// Puts the hooks that are not as declared.
pub(super) async fn put_hooks(
    cx: &Cx<'_>,
    name: &str,
    wanted: &[LifecycleHook],
    present: &[LifecycleHook],
) -> Result<()> {
    let client = &cx.aws.autoscaling;
    for hook in wanted {
        let old = present.iter().find(|old| old.name == hook.name);
        if old.is_some_and(|old| Value::of(old) == Value::of(hook)) {
            continue;
        }
        // What is left out stays as it was, and an empty text is not taken for metadata.
        let old = match old {
            Some(old) if old.metadata.is_some() && hook.metadata.is_none() => {
                delete_hook(cx, name, &hook.name).await?;
                None
            }
            old => old,
        };
        let notify = hook.notify.as_ref();
        let target = notify
            .map(|notify| notify.target.clone())
            .or(old.and_then(|old| old.notify.as_ref()).map(|_| String::new()));
        let heartbeat = hook.heartbeat.map(seconds).or(old.and_then(|old| old.heartbeat).map(|_| 3600));
        let result = hook.default_result.or(old.and_then(|old| old.default_result).map(|_| LifecycleResult::Abandon));
        cx.write_when(Operation::PutLifecycleHook, &[NO_MESSAGE], || {
            client
                .put_lifecycle_hook()
                .auto_scaling_group_name(name)
                .lifecycle_hook_name(&hook.name)
                .lifecycle_transition(hook.transition.as_str())
                .set_heartbeat_timeout(heartbeat)
                .set_default_result(result.map(|result| result.as_str().to_owned()))
                .set_notification_target_arn(target.clone())
                .set_role_arn(notify.map(|notify| notify.role.clone()))
                .set_notification_metadata(hook.metadata.clone())
                .send()
        })
        .await?;
    }
    Ok(())
}

/// Deletes the hooks that are no longer declared.
pub(super) async fn delete_hooks(
    cx: &Cx<'_>,
    name: &str,
    wanted: &[LifecycleHook],
    present: &[LifecycleHook],
) -> Result<()> {
    for old in present.iter().filter(|old| !wanted.iter().any(|hook| hook.name == old.name)) {
        delete_hook(cx, name, &old.name).await?;
    }
    Ok(())
}

async fn delete_hook(cx: &Cx<'_>, group: &str, name: &str) -> Result<()> {
    let client = &cx.aws.autoscaling;
    let deleted = cx
        .write(Operation::DeleteLifecycleHook, || {
            client.delete_lifecycle_hook().auto_scaling_group_name(group).lifecycle_hook_name(name).send()
        })
        .await;
    gone_is_fine(deleted)
}

/// Reads the hooks of a group that its tags record, or that are declared by name.
pub(super) async fn read_hooks(
    cx: &Cx<'_>,
    group: &str,
    tags: &BTreeMap<String, GroupTag>,
    declared: &[LifecycleHook],
) -> Result<Vec<LifecycleHook>> {
    if declared.is_empty() && !tags.keys().any(|key| key.starts_with(HOOK)) {
        return Ok(Vec::new());
    }
    let client = &cx.aws.autoscaling;
    let output = cx
        .read("DescribeLifecycleHooks", || client.describe_lifecycle_hooks().auto_scaling_group_name(group).send())
        .await?;
    let ours = |hook: &LifecycleHook| {
        tags.contains_key(&record_of(HOOK, &hook.name)) || declared.iter().any(|other| other.name == hook.name)
    };
    Ok(output.lifecycle_hooks().iter().filter_map(parse_hook).filter(ours).collect())
}

fn parse_hook(hook: &asg::LifecycleHook) -> Option<LifecycleHook> {
    let target = hook.notification_target_arn().filter(|target| !target.is_empty());
    Some(LifecycleHook {
        name: hook.lifecycle_hook_name()?.to_owned(),
        transition: LifecycleTransition::from_word(hook.lifecycle_transition()?)?,
        heartbeat: hook.heartbeat_timeout().map(duration),
        default_result: hook.default_result().and_then(LifecycleResult::from_word),
        // A role without a target means nothing.
        notify: target.map(|target| HookTarget {
            target: target.to_owned(),
            role: hook.role_arn().unwrap_or_default().to_owned(),
        }),
        metadata: hook.notification_metadata().map(ToOwned::to_owned),
    })
}

/// A refresh that somebody started holds up other changes until it is over.
pub(super) const REFRESHING: NotYet = NotYet::code("InstanceRefreshInProgress");

impl AutoScalingGroup {
    pub(super) async fn put_warm_pool(&self, cx: &Cx<'_>, name: &str, observed: Option<&Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let Some(pool) = &self.warm_pool else { return Ok(()) };
        let present = observed.and_then(|observed| observed.warm_pool.as_ref());
        // -1 clears it (PutWarmPool); the others have defaults that can be asked for.
        let max = pool
            .max_prepared_capacity
            .map(count)
            .or(present.and_then(|present| present.max_prepared_capacity).map(|_| -1));
        let min = pool.min_size.map(count).or(present.and_then(|present| present.min_size).map(|_| 0));
        let state = pool.state.or(present.and_then(|present| present.state).map(|_| WarmPoolState::Stopped));
        let reuse = pool.reuse_on_scale_in.or(present.and_then(|present| present.reuse_on_scale_in).map(|_| false));
        cx.write_when(Operation::PutWarmPool, &[REFRESHING], || {
            client
                .put_warm_pool()
                .auto_scaling_group_name(name)
                .set_max_group_prepared_capacity(max)
                .set_min_size(min)
                .set_pool_state(state.map(|state| asg::WarmPoolState::from(state.as_str())))
                .set_instance_reuse_policy(
                    reuse.map(|reuse| asg::InstanceReusePolicy::builder().reuse_on_scale_in(reuse).build()),
                )
                .send()
        })
        .await?;
        Ok(())
    }
}

/// Deletes the warm pool with its instances.
pub(super) async fn delete_warm_pool(cx: &Cx<'_>, name: &str) -> Result<()> {
    let client = &cx.aws.autoscaling;
    let not_yet = &[NotYet::code("ResourceInUse")];
    let deleted = cx
        .write_when(Operation::DeleteWarmPool, not_yet, || {
            client.delete_warm_pool().auto_scaling_group_name(name).force_delete(true).send()
        })
        .await;
    gone_is_fine(deleted)
}

/// The pool, unless it is on its way out.
pub(super) fn parse_warm_pool(pool: Option<&asg::WarmPoolConfiguration>) -> Option<WarmPool> {
    let pool = pool.filter(|pool| pool.status().is_none())?;
    Some(WarmPool {
        min_size: pool.min_size().map(|size| uncount(Some(size))),
        max_prepared_capacity: pool
            .max_group_prepared_capacity()
            .filter(|capacity| *capacity >= 0)
            .map(|capacity| uncount(Some(capacity))),
        state: pool.pool_state().and_then(|state| WarmPoolState::from_word(state.as_str())),
        reuse_on_scale_in: pool.instance_reuse_policy().and_then(|policy| policy.reuse_on_scale_in()),
    })
}
