//! Scaling processes and group metrics: what a group does, and what it reports.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::operation::describe_metric_collection_types::{
    DescribeMetricCollectionTypesInput, DescribeMetricCollectionTypesOutput,
};
use aws_sdk_autoscaling::operation::describe_scaling_process_types::{
    DescribeScalingProcessTypesInput, DescribeScalingProcessTypesOutput,
};
use aws_sdk_autoscaling::operation::disable_metrics_collection::{
    DisableMetricsCollectionInput, DisableMetricsCollectionOutput,
};
use aws_sdk_autoscaling::operation::enable_metrics_collection::{
    EnableMetricsCollectionInput, EnableMetricsCollectionOutput,
};
use aws_sdk_autoscaling::operation::resume_processes::{ResumeProcessesInput, ResumeProcessesOutput};
use aws_sdk_autoscaling::operation::suspend_processes::{SuspendProcessesInput, SuspendProcessesOutput};
use aws_sdk_autoscaling::types::{
    EnabledMetric, MetricCollectionType, MetricGranularityType, ProcessType, SuspendedProcess,
};

use super::check;
use super::clock::stamp;
use super::state::{Group, change};
use crate::sim::error::ApiError;
use crate::sim::world::World;

const PROCESSES: [&str; 9] = [
    "AZRebalance",
    "AddToLoadBalancer",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
];

const METRICS: [&str; 20] = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
    "WarmPoolDesiredCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
];

const GRANULARITY: &str = "1Minute";

/// The names of a request, or all there are if it names none.
fn chosen(names: &[String], all: &[&str], member: &str) -> Result<BTreeSet<String>, ApiError> {
    if names.is_empty() {
        return Ok(all.iter().map(|&name| name.to_owned()).collect());
    }
    for name in names {
        check::one_of(Some(name), all, member)?;
    }
    Ok(names.iter().cloned().collect())
}

pub(super) fn suspend(world: &mut World, input: &SuspendProcessesInput) -> Result<SuspendProcessesOutput, ApiError> {
    let state = &world.autoscaling;
    if state.group(input.auto_scaling_group_name())?.deleting.is_some() {
        return Err(ApiError::validation(
            "Processes may not be suspended while the AutoScaling group is pending delete",
        ));
    }
    let processes = chosen(input.scaling_processes(), &PROCESSES, "scalingProcesses")?;
    let reason = format!("User suspended at {}", stamp(world.now));
    change(world, input.auto_scaling_group_name(), |group| {
        for process in processes {
            group.suspended.entry(process).or_insert_with(|| reason.clone());
        }
    })?;
    Ok(SuspendProcessesOutput::builder().build())
}

pub(super) fn resume(world: &mut World, input: &ResumeProcessesInput) -> Result<ResumeProcessesOutput, ApiError> {
    let processes = chosen(input.scaling_processes(), &PROCESSES, "scalingProcesses")?;
    change(world, input.auto_scaling_group_name(), |group| {
        group.suspended.retain(|process, _| !processes.contains(process));
    })?;
    Ok(ResumeProcessesOutput::builder().build())
}

pub(super) fn process_types(
    _world: &mut World,
    _input: &DescribeScalingProcessTypesInput,
) -> Result<DescribeScalingProcessTypesOutput, ApiError> {
    let processes = PROCESSES.iter().map(|&name| ProcessType::builder().process_name(name).build()).collect();
    Ok(DescribeScalingProcessTypesOutput::builder().set_processes(Some(processes)).build())
}

pub(super) fn enable_metrics(
    world: &mut World,
    input: &EnableMetricsCollectionInput,
) -> Result<EnableMetricsCollectionOutput, ApiError> {
    world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    check::one_of(Some(check::required(input.granularity(), "granularity")?), &[GRANULARITY], "granularity")?;
    let metrics = chosen(input.metrics(), &METRICS, "metrics")?;
    change(world, input.auto_scaling_group_name(), |group| group.metrics.extend(metrics))?;
    Ok(EnableMetricsCollectionOutput::builder().build())
}

pub(super) fn disable_metrics(
    world: &mut World,
    input: &DisableMetricsCollectionInput,
) -> Result<DisableMetricsCollectionOutput, ApiError> {
    let metrics = chosen(input.metrics(), &METRICS, "metrics")?;
    change(world, input.auto_scaling_group_name(), |group| {
        group.metrics.retain(|metric| !metrics.contains(metric));
    })?;
    Ok(DisableMetricsCollectionOutput::builder().build())
}

pub(super) fn metric_types(
    _world: &mut World,
    _input: &DescribeMetricCollectionTypesInput,
) -> Result<DescribeMetricCollectionTypesOutput, ApiError> {
    let metrics = METRICS.iter().map(|&name| MetricCollectionType::builder().metric(name).build()).collect();
    Ok(DescribeMetricCollectionTypesOutput::builder()
        .set_metrics(Some(metrics))
        .granularities(MetricGranularityType::builder().granularity(GRANULARITY).build())
        .build())
}

impl Group {
    pub(super) fn describe_suspended(&self) -> Vec<SuspendedProcess> {
        self.suspended
            .iter()
            .map(|(name, reason)| SuspendedProcess::builder().process_name(name).suspension_reason(reason).build())
            .collect()
    }

    pub(super) fn describe_metrics(&self) -> Vec<EnabledMetric> {
        self.metrics.iter().map(|name| EnabledMetric::builder().metric(name).granularity(GRANULARITY).build()).collect()
    }
}
