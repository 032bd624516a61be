//! What CreateAutoScalingGroup and UpdateAutoScalingGroup set on a group, apart from what it launches.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::operation::update_auto_scaling_group::UpdateAutoScalingGroupInput;
use aws_sdk_autoscaling::types::{
    AvailabilityZoneDistribution, AvailabilityZoneImpairmentPolicy, CapacityDistributionStrategy,
    CapacityReservationPreference, CapacityReservationSpecification, DeletionProtection,
    ImpairedZoneHealthCheckBehavior, InstanceLifecyclePolicy, InstanceMaintenancePolicy, RetentionAction,
};

use super::check;
use crate::sim::ec2;
use crate::sim::error::ApiError;
use crate::sim::world::World;

const TERMINATION_POLICIES: [&str; 7] = [
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    "Default",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
];

/// The bounds of a group and where it stands between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) min: i32,
    pub(super) max: i32,
    pub(super) desired: i32,
}

impl Size {
    pub(super) fn new(min: i32, max: i32, desired: Option<i32>) -> Result<Self, ApiError> {
        check::range(Some(min), 0..=i32::MAX, "minSize")?;
        check::range(Some(max), 0..=i32::MAX, "maxSize")?;
        check::range(desired, 0..=i32::MAX, "desiredCapacity")?;
        if max < min {
            return Err(ApiError::validation(format!(
                "Max bound, {max}, must be greater than or equal to min bound, {min}"
            )));
        }
        let desired = desired.unwrap_or(min);
        if !(min..=max).contains(&desired) {
            return Err(ApiError::validation(format!(
                "Desired capacity:{desired} must be between the specified min size:{min} and max size:{max}"
            )));
        }
        Ok(Self { min, max, desired })
    }

    /// New bounds move a desired capacity that the request leaves alone, as UpdateAutoScalingGroup
    /// documents.
    pub(super) fn changed(&self, min: Option<i32>, max: Option<i32>, desired: Option<i32>) -> Result<Self, ApiError> {
        let (new_min, new_max) = (min.unwrap_or(self.min), max.unwrap_or(self.max));
        let kept = self.desired.max(min.unwrap_or(self.desired)).min(max.unwrap_or(i32::MAX));
        Self::new(new_min, new_max, Some(desired.unwrap_or(kept)))
    }
}

/// The settings of a group.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) default_cooldown: i32,
    /// Subnets, in the order of `VPCZoneIdentifier`.
    pub(super) subnets: Vec<String>,
    pub(super) zones: Vec<String>,
    pub(super) zone_ids: Vec<String>,
    pub(super) health_check_type: String,
    pub(super) health_check_grace_period: i32,
    pub(super) placement_group: Option<String>,
    pub(super) termination_policies: Vec<String>,
    pub(super) protect_new_instances: bool,
    pub(super) service_linked_role: String,
    pub(super) max_instance_lifetime: Option<i32>,
    pub(super) capacity_rebalance: Option<bool>,
    pub(super) context: Option<String>,
    pub(super) desired_capacity_type: Option<String>,
    pub(super) default_instance_warmup: Option<i32>,
    pub(super) maintenance: Option<InstanceMaintenancePolicy>,
    pub(super) zone_distribution: AvailabilityZoneDistribution,
    pub(super) zone_impairment: AvailabilityZoneImpairmentPolicy,
    pub(super) capacity_reservation: CapacityReservationSpecification,
    pub(super) lifecycle_policy: Option<InstanceLifecyclePolicy>,
    pub(super) deletion_protection: DeletionProtection,
}

impl Options {
    /// AWS's defaults.
    pub(super) fn new(account: &str) -> Self {
        Self {
            default_cooldown: 300,
            subnets: Vec::new(),
            zones: Vec::new(),
            zone_ids: Vec::new(),
            health_check_type: "EC2".to_owned(),
            health_check_grace_period: 0,
            placement_group: None,
            termination_policies: vec!["Default".to_owned()],
            protect_new_instances: false,
            service_linked_role: format!(
                "arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
            ),
            max_instance_lifetime: None,
            capacity_rebalance: None,
            context: None,
            desired_capacity_type: None,
            default_instance_warmup: None,
            maintenance: None,
            zone_distribution: AvailabilityZoneDistribution::builder()
                .capacity_distribution_strategy(CapacityDistributionStrategy::BalancedBestEffort)
                .build(),
            zone_impairment: AvailabilityZoneImpairmentPolicy::builder()
                .zonal_shift_enabled(false)
                .impaired_zone_health_check_behavior(ImpairedZoneHealthCheckBehavior::ReplaceUnhealthy)
                .build(),
            capacity_reservation: CapacityReservationSpecification::builder()
                .capacity_reservation_preference(CapacityReservationPreference::Default)
                .build(),
            lifecycle_policy: None,
            deletion_protection: DeletionProtection::None,
        }
    }

    /// These options after a request: what it leaves out stays.
    pub(super) fn changed(&self, world: &World, input: &UpdateAutoScalingGroupInput) -> Result<Self, ApiError> {
        let mut options = self.clone();
        options.set_network(world, input)?;
        options.set_health_checks(input)?;
        options.set_times(input)?;
        options.set_enumerations(input)?;
        if let Some(name) = input.placement_group() {
            check::length(name, 0..=255, "placementGroup")?;
            // "To remove the placement group setting, pass an empty string."
            options.placement_group = (!name.is_empty()).then(|| name.to_owned());
        }
        if let Some(policies) = &input.termination_policies {
            options.termination_policies = termination_policies(policies)?;
        }
        if let Some(policy) = input.instance_maintenance_policy() {
            options.maintenance = maintenance(policy)?;
        }
        if let Some(role) = input.service_linked_role_arn() {
            check::length(role, 1..=1600, "serviceLinkedRoleARN")?;
            role.clone_into(&mut options.service_linked_role);
        }
        options.context = input.context.clone().or(options.context);
        options.protect_new_instances =
            input.new_instances_protected_from_scale_in().unwrap_or(options.protect_new_instances);
        options.capacity_rebalance = input.capacity_rebalance().or(options.capacity_rebalance);
        Ok(options)
    }

    /// Where instances are launched: the subnets, or the default subnets of the zones.
    pub(super) fn places(&self, world: &World) -> Vec<String> {
        if !self.subnets.is_empty() {
            return self.subnets.clone();
        }
        ec2::default_subnets(world, if self.zones.is_empty() { &self.zone_ids } else { &self.zones })
    }

    fn set_network(&mut self, world: &World, input: &UpdateAutoScalingGroupInput) -> Result<(), ApiError> {
        if !input.availability_zones().is_empty() && !input.availability_zone_ids().is_empty() {
            return Err(ApiError::validation(
                "You cannot specify both AvailabilityZones and AvailabilityZoneIds in the same request.",
            ));
        }
        if let Some(zones) = &input.availability_zones {
            if let Some(zone) = zones.iter().find(|zone| !zone.starts_with(&world.region)) {
                return Err(ApiError::validation(format!("Invalid Availability Zones: [{zone}]")));
            }
            self.zones.clone_from(zones);
            self.zone_ids.clear();
        }
        if let Some(ids) = &input.availability_zone_ids {
            self.zone_ids.clone_from(ids);
            self.zones.clear();
        }
        if let Some(list) = input.vpc_zone_identifier() {
            check::length(list, 0..=5000, "VPCZoneIdentifier")?;
            self.subnets = list.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
            let zones = zones_of(world, &self.subnets)?;
            let named: BTreeSet<&String> = input.availability_zones().iter().collect();
            if !named.is_empty() && !zones.iter().all(|zone| named.contains(zone)) {
                return Err(ApiError::validation(
                    "The availability zones of the specified subnets and the Auto Scaling group do not match",
                ));
            }
            if !zones.is_empty() {
                self.zones = zones;
            }
        } else if !input.availability_zones().is_empty() || !input.availability_zone_ids().is_empty() {
            // Zones without subnets mean the default subnets of these zones.
            self.subnets.clear();
        }
        if self.subnets.is_empty() && self.zones.is_empty() && self.zone_ids.is_empty() {
            return Err(ApiError::validation("At least one Availability Zone or VPC Subnet is required."));
        }
        Ok(())
    }

    fn set_health_checks(&mut self, input: &UpdateAutoScalingGroupInput) -> Result<(), ApiError> {
        if let Some(kinds) = input.health_check_type() {
            let parts: Vec<&str> = kinds.split(',').map(str::trim).collect();
            for part in &parts {
                check::one_of(Some(part), &["EC2", "EBS", "ELB", "VPC_LATTICE"], "healthCheckType")?;
            }
            if parts.len() > 1 && parts.contains(&"EC2") {
                // "Only specify EC2 if you must clear a value that was previously set."
                return Err(ApiError::validation(
                    "Health check type EC2 is always on and cannot be combined with other health check types.",
                ));
            }
            self.health_check_type = parts.join(",");
        }
        check::range(input.health_check_grace_period(), 0..=i32::MAX, "healthCheckGracePeriod")?;
        self.health_check_grace_period = input.health_check_grace_period().unwrap_or(self.health_check_grace_period);
        Ok(())
    }

    fn set_times(&mut self, input: &UpdateAutoScalingGroupInput) -> Result<(), ApiError> {
        check::range(input.default_cooldown(), 0..=i32::MAX, "defaultCooldown")?;
        self.default_cooldown = input.default_cooldown().unwrap_or(self.default_cooldown);
        check::range(input.default_instance_warmup(), -1..=i32::MAX, "defaultInstanceWarmup")?;
        if let Some(warmup) = input.default_instance_warmup() {
            // -1 removes the setting.
            self.default_instance_warmup = (warmup >= 0).then_some(warmup);
        }
        if let Some(lifetime) = input.max_instance_lifetime() {
            if lifetime != 0 && lifetime < 86_400 {
                return Err(ApiError::validation(
                    "The maximum instance lifetime must be either 0 or greater than or equal to 86400 seconds.",
                ));
            }
            self.max_instance_lifetime = (lifetime > 0).then_some(lifetime);
        }
        Ok(())
    }

    fn set_enumerations(&mut self, input: &UpdateAutoScalingGroupInput) -> Result<(), ApiError> {
        if let Some(kind) = input.desired_capacity_type() {
            check::one_of(Some(kind), &["units", "vcpu", "memory-mib"], "desiredCapacityType")?;
            self.desired_capacity_type = Some(kind.to_owned());
        }
        if let Some(distribution) = input.availability_zone_distribution() {
            check::one_of(
                distribution.capacity_distribution_strategy().map(CapacityDistributionStrategy::as_str),
                CapacityDistributionStrategy::values(),
                "availabilityZoneDistribution.capacityDistributionStrategy",
            )?;
            self.zone_distribution = distribution.clone();
        }
        if let Some(policy) = input.availability_zone_impairment_policy() {
            check::one_of(
                policy.impaired_zone_health_check_behavior().map(ImpairedZoneHealthCheckBehavior::as_str),
                ImpairedZoneHealthCheckBehavior::values(),
                "availabilityZoneImpairmentPolicy.impairedZoneHealthCheckBehavior",
            )?;
            self.zone_impairment = policy.clone();
        }
        if let Some(specification) = input.capacity_reservation_specification() {
            check::one_of(
                specification.capacity_reservation_preference().map(CapacityReservationPreference::as_str),
                CapacityReservationPreference::values(),
                "capacityReservationSpecification.capacityReservationPreference",
            )?;
            self.capacity_reservation = specification.clone();
        }
        if let Some(policy) = input.instance_lifecycle_policy() {
            let action = policy.retention_triggers().and_then(|triggers| triggers.terminate_hook_abandon());
            check::one_of(
                action.map(RetentionAction::as_str),
                RetentionAction::values(),
                "instanceLifecyclePolicy.retentionTriggers.terminateHookAbandon",
            )?;
            self.lifecycle_policy = Some(policy.clone());
        }
        if let Some(protection) = input.deletion_protection() {
            check::one_of(Some(protection.as_str()), DeletionProtection::values(), "deletionProtection")?;
            self.deletion_protection = protection.clone();
        }
        Ok(())
    }
}

/// The zones of the subnets, each once, in the order of the subnets.
fn zones_of(world: &World, subnets: &[String]) -> Result<Vec<String>, ApiError> {
    let mut zones = Vec::new();
    let mut vpcs = BTreeSet::new();
    for subnet in subnets {
        let (vpc, zone) = ec2::subnet_place(world, subnet)
            .ok_or_else(|| ApiError::validation(format!("The subnet ID '{subnet}' does not exist")))?;
        vpcs.insert(vpc);
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    if vpcs.len() > 1 {
        return Err(ApiError::validation("The specified subnets must belong to the same VPC."));
    }
    Ok(zones)
}

fn termination_policies(policies: &[String]) -> Result<Vec<String>, ApiError> {
    for (index, policy) in policies.iter().enumerate() {
        let is_function = policy.starts_with("arn:aws:lambda:");
        if is_function && index > 0 {
            return Err(ApiError::validation(
                "A Lambda function must be the first termination policy in the list of termination policies.",
            ));
        }
        if !is_function {
            check::one_of(Some(policy), &TERMINATION_POLICIES, "terminationPolicies")?;
        }
    }
    Ok(if policies.is_empty() { vec!["Default".to_owned()] } else { policies.to_vec() })
}

/// Both percentages together; -1 and -1 clear the policy.
fn maintenance(policy: &InstanceMaintenancePolicy) -> Result<Option<InstanceMaintenancePolicy>, ApiError> {
    match (policy.min_healthy_percentage(), policy.max_healthy_percentage()) {
        (Some(-1), Some(-1)) => Ok(None),
        (Some(min), Some(max)) => {
            check::range(Some(min), 0..=100, "instanceMaintenancePolicy.minHealthyPercentage")?;
            check::range(Some(max), 100..=200, "instanceMaintenancePolicy.maxHealthyPercentage")?;
            healthy_span(min, max)?;
            Ok(Some(policy.clone()))
        }
        _ => Err(ApiError::validation(
            "Both MinHealthyPercentage and MaxHealthyPercentage must be specified in an instance maintenance policy.",
        )),
    }
}

/// The documented limit on the distance between the two healthy percentages.
pub(super) fn healthy_span(min: i32, max: i32) -> Result<(), ApiError> {
    if max - min > 100 {
        return Err(ApiError::validation(
            "The difference between MinHealthyPercentage and MaxHealthyPercentage cannot be greater than 100.",
        ));
    }
    Ok(())
}
