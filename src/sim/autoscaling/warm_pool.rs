//! Warm pools: kept and described; the simulation warms no instances.

use aws_sdk_autoscaling::operation::delete_warm_pool::{DeleteWarmPoolInput, DeleteWarmPoolOutput};
use aws_sdk_autoscaling::operation::describe_warm_pool::{DescribeWarmPoolInput, DescribeWarmPoolOutput};
use aws_sdk_autoscaling::operation::put_warm_pool::{PutWarmPoolInput, PutWarmPoolOutput};
use aws_sdk_autoscaling::types::{WarmPoolConfiguration, WarmPoolState, WarmPoolStatus};

use super::check;
use super::source::LaunchSource;
use super::state::change;
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) fn put(world: &mut World, input: &PutWarmPoolInput) -> Result<PutWarmPoolOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    check::range(input.max_group_prepared_capacity(), -1..=i32::MAX, "maxGroupPreparedCapacity")?;
    check::range(input.min_size(), 0..=i32::MAX, "minSize")?;
    check::one_of(input.pool_state().map(WarmPoolState::as_str), WarmPoolState::values(), "poolState")?;
    if group.active_refresh().is_some() {
        return Err(ApiError::new(
            "InstanceRefreshInProgress",
            "A warm pool cannot be changed while an instance refresh is in progress.",
        ));
    }
    if matches!(group.source, LaunchSource::Mixed(_)) {
        return Err(ApiError::validation(
            "You can't add a warm pool to an Auto Scaling group that has a mixed instances policy.",
        ));
    }
    change(world, input.auto_scaling_group_name(), |group| {
        let pool = group.warm_pool.get_or_insert_with(|| {
            WarmPoolConfiguration::builder().min_size(0).pool_state(WarmPoolState::Stopped).build()
        });
        if let Some(capacity) = input.max_group_prepared_capacity() {
            // -1 removes the setting.
            pool.max_group_prepared_capacity = (capacity >= 0).then_some(capacity);
        }
        pool.min_size = input.min_size().or(pool.min_size);
        pool.pool_state = input.pool_state.clone().or(pool.pool_state.take());
        pool.instance_reuse_policy = input.instance_reuse_policy.clone().or(pool.instance_reuse_policy.take());
    })?;
    Ok(PutWarmPoolOutput::builder().build())
}

pub(super) fn describe(world: &mut World, input: &DescribeWarmPoolInput) -> Result<DescribeWarmPoolOutput, ApiError> {
    check::range(input.max_records(), 1..=50, "maxRecords")?;
    let group = world.autoscaling.group(input.auto_scaling_group_name())?;
    Ok(DescribeWarmPoolOutput::builder()
        .set_warm_pool_configuration(group.warm_pool.clone())
        .set_instances(Some(Vec::new()))
        .build())
}

pub(super) fn delete(world: &mut World, input: &DeleteWarmPoolInput) -> Result<DeleteWarmPoolOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    if group.warm_pool.is_none() {
        return Err(ApiError::validation(format!("No warm pool found for the Auto Scaling group {}", group.name)));
    }
    let (now, takes) = (world.now, world.settings.warm_pool_deletion);
    change(world, input.auto_scaling_group_name(), |group| {
        if takes.is_zero() {
            group.warm_pool = None;
        } else if let Some(pool) = &mut group.warm_pool {
            pool.status = Some(WarmPoolStatus::PendingDelete);
            group.warm_pool_goes.get_or_insert(now + takes);
        }
    })?;
    Ok(DeleteWarmPoolOutput::builder().build())
}
