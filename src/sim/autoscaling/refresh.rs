//! Instance refreshes: the requests. [`super::rolling`] does the work.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_autoscaling::operation::cancel_instance_refresh::{
    CancelInstanceRefreshInput, CancelInstanceRefreshOutput,
};
use aws_sdk_autoscaling::operation::describe_instance_refreshes::{
    DescribeInstanceRefreshesInput, DescribeInstanceRefreshesOutput,
};
use aws_sdk_autoscaling::operation::rollback_instance_refresh::{
    RollbackInstanceRefreshInput, RollbackInstanceRefreshOutput,
};
use aws_sdk_autoscaling::operation::start_instance_refresh::{StartInstanceRefreshInput, StartInstanceRefreshOutput};
use aws_sdk_autoscaling::types::{
    DesiredConfiguration, InstanceRefresh, InstanceRefreshStatus as Status, RefreshPreferences, RefreshStrategy,
    RollbackDetails, ScaleInProtectedInstances, StandbyInstances,
};

use super::check::{self, PAGES};
use super::clock::date;
use super::options::healthy_span;
use super::source::LaunchSource;
use super::state::{Group, change, new_uuid};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// An instance refresh, under way or over.
#[derive(Debug, Clone)]
pub(super) struct Refresh {
    pub(super) id: String,
    pub(super) started: Duration,
    pub(super) ended: Option<Duration>,
    pub(super) status: Status,
    pub(super) reason: Option<String>,
    /// With AWS's defaults filled in.
    pub(super) preferences: RefreshPreferences,
    /// The percentage above which the group may not grow, if one is set at all.
    pub(super) max_healthy: Option<i32>,
    pub(super) configuration: Option<DesiredConfiguration>,
    /// What the desired configuration launches.
    pub(super) source: Option<LaunchSource>,
    /// The instances that are still to be replaced.
    pub(super) todo: BTreeSet<String>,
    /// How many there were to replace.
    pub(super) total: usize,
    pub(super) percent: i32,
    pub(super) remaining: usize,
    /// Checkpoints passed.
    pub(super) checkpoint: usize,
    /// When the checkpoint at hand was reached.
    pub(super) reached: Option<Duration>,
    /// When something last got done; the present phase began then at the latest.
    pub(super) progressed: Duration,
    pub(super) rollback: Option<RollbackDetails>,
    /// Whether a cancellation waits for instances in transition.
    pub(super) cancel_waits: bool,
}

impl Refresh {
    pub(super) fn is_active(&self) -> bool {
        matches!(
            self.status,
            Status::Pending | Status::InProgress | Status::Baking | Status::Cancelling | Status::RollbackInProgress
        )
    }

    /// What the group launches because of this refresh.
    pub(super) fn launch_source(&self) -> Option<&LaunchSource> {
        let applies = matches!(self.status, Status::InProgress | Status::Baking);
        self.source.as_ref().filter(|_| applies)
    }

    fn describe(&self, group: &str) -> InstanceRefresh {
        let began = self.status != Status::Pending;
        InstanceRefresh::builder()
            .instance_refresh_id(&self.id)
            .auto_scaling_group_name(group)
            .status(self.status.clone())
            .set_status_reason(self.reason.clone())
            .start_time(date(self.started))
            .set_end_time(self.ended.map(date))
            .set_percentage_complete(began.then_some(self.percent))
            .set_instances_to_update(began.then(|| i32::try_from(self.remaining).unwrap_or(i32::MAX)))
            .preferences(self.preferences.clone())
            .set_desired_configuration(self.configuration.clone())
            .set_rollback_details(self.rollback.clone())
            .strategy(RefreshStrategy::Rolling)
            .build()
    }
}

pub(super) fn start(
    world: &mut World,
    input: &StartInstanceRefreshInput,
) -> Result<StartInstanceRefreshOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    check::one_of(input.strategy().map(RefreshStrategy::as_str), RefreshStrategy::values(), "strategy")?;
    if input.strategy() == Some(&RefreshStrategy::ReplaceRootVolume) {
        return Err(ApiError::validation("The simulated Auto Scaling offers only the strategy Rolling."));
    }
    let source = match input.desired_configuration() {
        None => None,
        Some(wanted) => LaunchSource::parse(
            world,
            wanted.launch_template(),
            wanted.mixed_instances_policy(),
            &group.options.places(world),
        )?,
    };
    if group.active_refresh().is_some() {
        return Err(ApiError::new(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        ));
    }
    let given = input.preferences().cloned().unwrap_or_else(|| RefreshPreferences::builder().build());
    check_preferences(&given)?;
    if given.auto_rollback() == Some(true) {
        can_roll_back(world, group, source.as_ref()).map_err(ApiError::validation)?;
    }
    let policy = group.options.maintenance.as_ref();
    let max_healthy = given.max_healthy_percentage().or(policy.and_then(|policy| policy.max_healthy_percentage()));
    let preferences = effective(given, group);
    let configuration = source.as_ref().map(|source| match source {
        LaunchSource::Template(template) => DesiredConfiguration::builder().launch_template(template.clone()).build(),
        LaunchSource::Mixed(policy) => DesiredConfiguration::builder().mixed_instances_policy(policy.clone()).build(),
    });
    let id = new_uuid(world);
    let refresh = Refresh {
        id: id.clone(),
        started: world.now,
        ended: None,
        status: Status::Pending,
        reason: None,
        preferences,
        max_healthy,
        configuration,
        source,
        todo: BTreeSet::new(),
        total: 0,
        percent: 0,
        remaining: 0,
        checkpoint: 0,
        reached: None,
        progressed: world.now,
        rollback: None,
        cancel_waits: true,
    };
    change(world, input.auto_scaling_group_name(), |group| group.refreshes.push(refresh))?;
    Ok(StartInstanceRefreshOutput::builder().instance_refresh_id(id).build())
}

fn check_preferences(preferences: &RefreshPreferences) -> Result<(), ApiError> {
    let (min, max) = (preferences.min_healthy_percentage(), preferences.max_healthy_percentage());
    check::range(min, 0..=100, "preferences.minHealthyPercentage")?;
    check::range(max, 100..=200, "preferences.maxHealthyPercentage")?;
    match (min, max) {
        (None, Some(_)) => {
            return Err(ApiError::validation(
                "If you specify MaxHealthyPercentage, you must also specify MinHealthyPercentage.",
            ));
        }
        (Some(min), Some(max)) => healthy_span(min, max)?,
        _ => {}
    }
    check::range(preferences.instance_warmup(), 0..=i32::MAX, "preferences.instanceWarmup")?;
    check::range(preferences.bake_time(), 0..=172_800, "preferences.bakeTime")?;
    check::range(preferences.checkpoint_delay(), 0..=172_800, "preferences.checkpointDelay")?;
    let checkpoints = preferences.checkpoint_percentages();
    if checkpoints.is_empty() && preferences.checkpoint_delay().is_some() {
        return Err(ApiError::validation(
            "If you specify CheckpointDelay, you must also specify CheckpointPercentages.",
        ));
    }
    for &percentage in checkpoints {
        check::range(Some(percentage), 1..=100, "preferences.checkpointPercentages")?;
    }
    if !checkpoints.is_sorted_by(|one, next| one < next) {
        return Err(ApiError::validation("CheckpointPercentages must be unique and in ascending order."));
    }
    check::one_of(
        preferences.scale_in_protected_instances().map(ScaleInProtectedInstances::as_str),
        ScaleInProtectedInstances::values(),
        "preferences.scaleInProtectedInstances",
    )?;
    check::one_of(
        preferences.standby_instances().map(StandbyInstances::as_str),
        StandbyInstances::values(),
        "preferences.standbyInstances",
    )?;
    let alarms = preferences.alarm_specification().map(|alarms| alarms.alarms()).unwrap_or_default();
    check::at_most(alarms, 10, "preferences.alarmSpecification.alarms")
}

/// Whether a refresh to `source` could be rolled back; if not, why.
fn can_roll_back(world: &World, group: &Group, source: Option<&LaunchSource>) -> Result<(), &'static str> {
    let Some(source) = source else {
        return Err(
            "A rollback is not supported: there is no desired configuration specified for the instance refresh.",
        );
    };
    let floating = |source: &LaunchSource| {
        source
            .specifications()
            .iter()
            .any(|specification| specification.version().is_none_or(|version| version.starts_with('$')))
    };
    if floating(&group.source) || floating(source) {
        return Err(
            "A rollback is not supported: the Auto Scaling group uses the launch template's $Latest or $Default version.",
        );
    }
    let by_parameter = |source: &LaunchSource| {
        source.launchables(world).is_ok_and(|all| {
            let mut images = all.iter().filter_map(|launchable| launchable.template.data.image_id());
            images.any(|image| image.starts_with("resolve:ssm:"))
        })
    };
    if by_parameter(&group.source) || by_parameter(source) {
        return Err(
            "A rollback is not supported: the launch template uses a Systems Manager parameter instead of an AMI ID.",
        );
    }
    Ok(())
}

/// The preferences with the defaults that AWS documents.
fn effective(mut preferences: RefreshPreferences, group: &Group) -> RefreshPreferences {
    let policy = group.options.maintenance.as_ref();
    preferences
        .min_healthy_percentage
        .get_or_insert(policy.and_then(|policy| policy.min_healthy_percentage()).unwrap_or(90));
    preferences
        .max_healthy_percentage
        .get_or_insert(policy.and_then(|policy| policy.max_healthy_percentage()).unwrap_or(100));
    preferences
        .instance_warmup
        .get_or_insert(group.options.default_instance_warmup.unwrap_or(group.options.health_check_grace_period));
    preferences.skip_matching.get_or_insert(false);
    preferences.auto_rollback.get_or_insert(false);
    preferences.scale_in_protected_instances.get_or_insert(ScaleInProtectedInstances::Wait);
    preferences.standby_instances.get_or_insert(StandbyInstances::Wait);
    preferences.bake_time.get_or_insert(0);
    if !preferences.checkpoint_percentages().is_empty() {
        preferences.checkpoint_delay.get_or_insert(3600);
    }
    preferences
}

pub(super) fn describe(
    world: &mut World,
    input: &DescribeInstanceRefreshesInput,
) -> Result<DescribeInstanceRefreshesOutput, ApiError> {
    let group = world.autoscaling.group(input.auto_scaling_group_name())?;
    let refreshes = group
        .refreshes
        .iter()
        .rev()
        .filter(|refresh| input.instance_refresh_ids.as_ref().is_none_or(|ids| ids.contains(&refresh.id)))
        .map(|refresh| refresh.describe(&group.name))
        .collect();
    let (refreshes, next) = check::page(refreshes, input.next_token(), input.max_records(), PAGES)?;
    Ok(DescribeInstanceRefreshesOutput::builder().set_instance_refreshes(Some(refreshes)).set_next_token(next).build())
}

/// The refresh of a group that can still be stopped.
fn stoppable(group: &Group) -> Result<&Refresh, ApiError> {
    group.active_refresh().filter(|refresh| refresh.status != Status::Cancelling).ok_or_else(|| {
        ApiError::new(
            "ActiveInstanceRefreshNotFound",
            format!("No in progress or pending Instance Refresh found for Auto Scaling group {}", group.name),
        )
    })
}

pub(super) fn cancel(
    world: &mut World,
    input: &CancelInstanceRefreshInput,
) -> Result<CancelInstanceRefreshOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    let id = stoppable(group)?.id.clone();
    let (now, waits) = (world.now, input.wait_for_transitioning_instances().unwrap_or(true));
    change(world, input.auto_scaling_group_name(), |group| {
        if let Some(refresh) = group.refreshes.last_mut() {
            refresh.status = Status::Cancelling;
            refresh.reason = Some("Cancelled due to user request.".to_owned());
            refresh.progressed = now;
            refresh.cancel_waits = waits;
        }
    })?;
    Ok(CancelInstanceRefreshOutput::builder().instance_refresh_id(id).build())
}

pub(super) fn roll_back(
    world: &mut World,
    input: &RollbackInstanceRefreshInput,
) -> Result<RollbackInstanceRefreshOutput, ApiError> {
    let group = world.autoscaling.modifiable(input.auto_scaling_group_name())?;
    let refresh = stoppable(group)?;
    can_roll_back(world, group, refresh.source.as_ref())
        .map_err(|reason| ApiError::new("IrreversibleInstanceRefresh", reason))?;
    if refresh.status == Status::RollbackInProgress {
        return Err(ApiError::new("IrreversibleInstanceRefresh", "The instance refresh is already being rolled back."));
    }
    let (id, now) = (refresh.id.clone(), world.now);
    change(world, input.auto_scaling_group_name(), |group| {
        if let Some(mut refresh) = group.refreshes.pop() {
            super::rolling::turn_back(now, group, &mut refresh, "Rollback requested by a user.");
            group.refreshes.push(refresh);
        }
    })?;
    Ok(RollbackInstanceRefreshOutput::builder().instance_refresh_id(id).build())
}
