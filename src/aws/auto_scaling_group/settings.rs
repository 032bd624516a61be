//! The settings that creating and updating a group have in common.

use std::time::Duration;

use aws_sdk_autoscaling::types as asg;

use crate::error::Result;
use crate::resource::{
    AutoScalingGroup, CapacityReservationPreference, CapacityUnit, DEFAULT_ROLE, DeletionProtection, GroupPlace,
    ImpairedZoneHealthCheck, RetentionAction, TerminationPolicy, ZoneDistribution, ZoneImpairment,
};

use super::super::convert::{count, seconds};
use super::super::known;

/// What is sent: what is declared, and of a group that exists also what goes back to AWS's default.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) subnets: Option<String>,
    pub(super) zones: Option<Vec<String>>,
    pub(super) zone_ids: Option<Vec<String>>,
    pub(super) capacity_unit: Option<String>,
    pub(super) health_check: Option<String>,
    pub(super) grace_period: Option<i32>,
    pub(super) cooldown: Option<i32>,
    pub(super) warmup: Option<i32>,
    pub(super) protect: Option<bool>,
    pub(super) rebalance: Option<bool>,
    pub(super) lifetime: Option<i32>,
    pub(super) termination: Option<Vec<String>>,
    pub(super) placement_group: Option<String>,
    pub(super) role: Option<String>,
    pub(super) context: Option<String>,
    pub(super) maintenance: Option<asg::InstanceMaintenancePolicy>,
    pub(super) distribution: Option<asg::AvailabilityZoneDistribution>,
    pub(super) impairment: Option<asg::AvailabilityZoneImpairmentPolicy>,
    pub(super) skip_validation: Option<bool>,
    pub(super) reservations: Option<asg::CapacityReservationSpecification>,
    pub(super) lifecycle: Option<asg::InstanceLifecyclePolicy>,
    pub(super) protection: Option<asg::DeletionProtection>,
}

/// Puts the settings into a request of either kind.
macro_rules! with_settings {
    ($request:expr, $settings:expr) => {
        $request
            .set_vpc_zone_identifier($settings.subnets.clone())
            .set_availability_zones($settings.zones.clone())
            .set_availability_zone_ids($settings.zone_ids.clone())
            .set_desired_capacity_type($settings.capacity_unit.clone())
            .set_health_check_type($settings.health_check.clone())
            .set_health_check_grace_period($settings.grace_period)
            .set_default_cooldown($settings.cooldown)
            .set_default_instance_warmup($settings.warmup)
            .set_new_instances_protected_from_scale_in($settings.protect)
            .set_capacity_rebalance($settings.rebalance)
            .set_max_instance_lifetime($settings.lifetime)
            .set_termination_policies($settings.termination.clone())
            .set_placement_group($settings.placement_group.clone())
            .set_service_linked_role_arn($settings.role.clone())
            .set_context($settings.context.clone())
            .set_instance_maintenance_policy($settings.maintenance.clone())
            .set_availability_zone_distribution($settings.distribution.clone())
            .set_availability_zone_impairment_policy($settings.impairment.clone())
            .set_skip_zonal_shift_validation($settings.skip_validation)
            .set_capacity_reservation_specification($settings.reservations.clone())
            .set_instance_lifecycle_policy($settings.lifecycle.clone())
            .set_deletion_protection($settings.protection.clone())
    };
}
pub(super) use with_settings;

/// AWS's default where something else is observed.
fn back<T: PartialEq>(present: Option<T>, default: T) -> Option<T> {
    present.filter(|present| *present != default).map(|_| default)
}

/// The same for seconds, with what clears them.
fn cleared(present: Option<Duration>, default: u64, clear: i32) -> Option<i32> {
    present.filter(|present| present.as_secs() != default).map(|_| clear)
}

fn words<T, W: AsRef<str>>(values: &[T], word: impl Fn(&T) -> W) -> Vec<String> {
    values.iter().map(|value| word(value).as_ref().to_owned()).collect()
}

impl Settings {
    pub(super) fn new(group: &AutoScalingGroup, observed: Option<&AutoScalingGroup>) -> Result<Self> {
        let mut settings = Self {
            capacity_unit: group
                .capacity_unit
                .or(back(observed.and_then(|o| o.capacity_unit), CapacityUnit::Units))
                .map(|unit| unit.as_str().to_owned()),
            grace_period: group.health_check_grace_period.map(seconds).or(cleared(
                observed.and_then(|o| o.health_check_grace_period),
                0,
                0,
            )),
            cooldown: group.default_cooldown.map(seconds).or(cleared(
                observed.and_then(|o| o.default_cooldown),
                300,
                300,
            )),
            // -1 and 0 clear these (UpdateAutoScalingGroup).
            warmup: group
                .default_instance_warmup
                .map(seconds)
                .or(observed.and_then(|o| o.default_instance_warmup).map(|_| -1)),
            lifetime: group
                .max_instance_lifetime
                .map(seconds)
                .or(observed.and_then(|o| o.max_instance_lifetime).map(|_| 0)),
            protect: group.protect_from_scale_in.or(back(observed.and_then(|o| o.protect_from_scale_in), false)),
            rebalance: group.capacity_rebalance.or(back(observed.and_then(|o| o.capacity_rebalance), false)),
            // An empty name takes it out of its placement group.
            placement_group: group
                .placement_group
                .clone()
                .or(observed.and_then(|o| o.placement_group.as_ref()).map(|_| String::new())),
            role: group
                .service_linked_role
                .clone()
                .or(observed.and_then(|o| o.service_linked_role.as_deref()).and_then(default_role)),
            context: group.context.clone(),
            skip_validation: group.skip_zonal_shift_validation.then_some(true),
            protection: group
                .deletion_protection
                .or(back(observed.and_then(|o| o.deletion_protection), DeletionProtection::None))
                .map(|protection| asg::DeletionProtection::from(protection.as_str())),
            ..Self::default()
        };
        settings.place(group)?;
        settings.policies(group, observed);
        Ok(settings)
    }

    fn place(&mut self, group: &AutoScalingGroup) -> Result<()> {
        match &group.subnets {
            GroupPlace::Subnets(subnets) => {
                let subnets: Vec<&str> = known(subnets)?.iter().map(|subnet| subnet.as_str()).collect();
                self.subnets = Some(subnets.join(","));
            }
            GroupPlace::Zones(zones) if zones.by_id => self.zone_ids = Some(zones.ids.clone()),
            GroupPlace::Zones(zones) => self.zones = Some(zones.names.clone()),
        }
        Ok(())
    }

    fn policies(&mut self, group: &AutoScalingGroup, observed: Option<&AutoScalingGroup>) {
        self.health_check = if group.health_checks.is_empty() {
            observed.filter(|o| !o.health_checks.is_empty()).map(|_| "EC2".to_owned())
        } else {
            Some(words(&group.health_checks, |check| check.as_str()).join(","))
        };
        let default = [TerminationPolicy::Default];
        self.termination = if group.termination_policies.is_empty() {
            observed
                .filter(|o| o.termination_policies != default)
                .map(|_| words(&default, |policy| policy.as_str().to_owned()))
        } else {
            Some(words(&group.termination_policies, |policy| policy.as_str().to_owned()))
        };
        let maintenance = |min, max| {
            asg::InstanceMaintenancePolicy::builder().min_healthy_percentage(min).max_healthy_percentage(max).build()
        };
        self.maintenance = group
            .instance_maintenance
            .map(|(min, max)| maintenance(count(min), count(max)))
            .or(observed.and_then(|o| o.instance_maintenance).map(|_| maintenance(-1, -1)));
        self.distribution = group
            .zone_distribution
            .or(back(observed.and_then(|o| o.zone_distribution), ZoneDistribution::BalancedBestEffort))
            .map(|strategy| {
                let strategy = asg::CapacityDistributionStrategy::from(strategy.as_str());
                asg::AvailabilityZoneDistribution::builder().capacity_distribution_strategy(strategy).build()
            });
        self.impairment = impairment(group.zone_impairment.as_ref(), observed.and_then(|o| o.zone_impairment.as_ref()));
        self.reservations = reservations(group, observed);
        self.lifecycle = group
            .terminate_hook_abandon
            .or(back(observed.and_then(|o| o.terminate_hook_abandon), RetentionAction::Terminate))
            .map(|action| {
                let action = asg::RetentionAction::from(action.as_str());
                let triggers = asg::RetentionTriggers::builder().terminate_hook_abandon(action).build();
                asg::InstanceLifecyclePolicy::builder().retention_triggers(triggers).build()
            });
    }
}

/// The role that groups have by default, by that of the same account.
fn default_role(present: &str) -> Option<String> {
    let (path, name) = present.rsplit_once('/')?;
    (name != DEFAULT_ROLE).then(|| format!("{path}/{DEFAULT_ROLE}"))
}

/// Both members always: AWS takes the policy as a whole.
fn impairment(
    wanted: Option<&ZoneImpairment>,
    present: Option<&ZoneImpairment>,
) -> Option<asg::AvailabilityZoneImpairmentPolicy> {
    let defaults = |policy: &ZoneImpairment| {
        (policy.zonal_shift.unwrap_or(false), policy.unhealthy.unwrap_or(ImpairedZoneHealthCheck::Replace))
    };
    let none = defaults(&ZoneImpairment::default());
    let (shift, unhealthy) = match wanted {
        Some(wanted) => defaults(wanted),
        None => back(present.map(defaults), none)?,
    };
    Some(
        asg::AvailabilityZoneImpairmentPolicy::builder()
            .zonal_shift_enabled(shift)
            .impaired_zone_health_check_behavior(asg::ImpairedZoneHealthCheckBehavior::from(unhealthy.as_str()))
            .build(),
    )
}

fn reservations(
    group: &AutoScalingGroup,
    observed: Option<&AutoScalingGroup>,
) -> Option<asg::CapacityReservationSpecification> {
    let default = CapacityReservationPreference::Default;
    let present = observed.and_then(|o| o.capacity_reservations.as_ref()).and_then(|present| present.preference);
    let Some(wanted) = &group.capacity_reservations else {
        return back(present, default).map(|preference| specification(preference, None));
    };
    let (ids, groups) = (&wanted.reservations, &wanted.resource_groups);
    let target = (!ids.is_empty() || !groups.is_empty()).then(|| {
        asg::CapacityReservationTarget::builder()
            .set_capacity_reservation_ids((!ids.is_empty()).then(|| ids.clone()))
            .set_capacity_reservation_resource_group_arns((!groups.is_empty()).then(|| groups.clone()))
            .build()
    });
    Some(specification(wanted.preference.unwrap_or(default), target))
}

fn specification(
    preference: CapacityReservationPreference,
    target: Option<asg::CapacityReservationTarget>,
) -> asg::CapacityReservationSpecification {
    asg::CapacityReservationSpecification::builder()
        .capacity_reservation_preference(asg::CapacityReservationPreference::from(preference.as_str()))
        .set_capacity_reservation_target(target)
        .build()
}
