//! The round trip of every property over the wire, as far as moto has the property.

use std::time::Duration;

use futures_util::StreamExt;

use super::emulator::{Emulator, Given};
use crate::round_trip::cases;

/// What moto lacks: the cases whose names begin so, and why they fail there. A case that is listed
/// and passes is reported, so that a moto that does better is noticed.
const LACKS: &[(&str, &str)] = &[
    ("LaunchTemplate.keep_versions", "has no DeleteLaunchTemplateVersions"),
    ("LaunchTemplate.tags", "goes on answering with the tags that a template was made with"),
    ("AutoScalingGroup.mixed_instances.overrides.image", "the account of the wire tests has one image only"),
    ("AutoScalingGroup.mixed_instances.overrides.requirements.", "the On-Demand allocation has the wrong default"),
    ("AutoScalingGroup.zone_ids", "AvailabilityZoneIds are not read"),
    ("AutoScalingGroup.capacity_unit", "DesiredCapacityType is not kept"),
    ("AutoScalingGroup.default_instance_warmup", "DefaultInstanceWarmup is not kept"),
    ("AutoScalingGroup.default_cooldown", "UpdateAutoScalingGroup does not change DefaultCooldown"),
    ("AutoScalingGroup.max_instance_lifetime", "MaxInstanceLifetime is not kept"),
    ("AutoScalingGroup.service_linked_role", "ServiceLinkedRoleARN is not kept"),
    ("AutoScalingGroup.context", "Context is not kept"),
    ("AutoScalingGroup.capacity_rebalance", "UpdateAutoScalingGroup does not change CapacityRebalance"),
    ("AutoScalingGroup.instance_maintenance", "InstanceMaintenancePolicy is not kept"),
    ("AutoScalingGroup.termination_policies", "UpdateAutoScalingGroup does not change TerminationPolicies"),
    ("AutoScalingGroup.placement_group", "UpdateAutoScalingGroup does not change PlacementGroup"),
    ("AutoScalingGroup.zone_distribution", "AvailabilityZoneDistribution is not kept"),
    ("AutoScalingGroup.zone_impairment.", "AvailabilityZoneImpairmentPolicy is not kept"),
    ("AutoScalingGroup.capacity_reservations.", "CapacityReservationSpecification is not kept"),
    ("AutoScalingGroup.terminate_hook_abandon", "InstanceLifecyclePolicy is not kept"),
    ("AutoScalingGroup.deletion_protection", "DeletionProtection is not kept"),
    ("AutoScalingGroup.traffic_sources", "TrafficSources are not kept"),
    ("AutoScalingGroup.metrics", "there is no DisableMetricsCollection"),
    ("Notification.", "there is no PutNotificationConfiguration"),
    ("AutoScalingGroup.lifecycle_hooks.", "CreateAutoScalingGroup does not read LifecycleHookSpecificationList"),
];

/// How many cases are under way at once; each waits most of its time.
const AT_ONCE: usize = 16;

/// How long a case may take before that is its fault.
const AT_MOST: Duration = Duration::from_secs(30);

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn every_property_that_moto_has_makes_its_round_trip() {
    // Each server keeps one core busy.
    let emulators = [Emulator::start("round-trip-1").await, Emulator::start("round-trip-2").await];
    let only = std::env::var("ROUND_TRIP").unwrap_or_default();
    let cases: Vec<_> = cases().into_iter().filter(|case| case.name.contains(&only)).collect();
    let runs = cases.iter().enumerate().map(|(number, case)| {
        let (ec2, aws) = emulators[number % emulators.len()].account(number + 1);
        async move {
            Given::make(&ec2).await;
            let outcome = tokio::time::timeout(AT_MOST, case.life(&aws)).await;
            (case.name, outcome.unwrap_or_else(|_| Err(format!("{}: no end after {AT_MOST:?}", case.name))))
        }
    });
    let outcomes: Vec<_> = futures_util::stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let lack = |name: &str| LACKS.iter().find(|(prefix, _)| name.starts_with(prefix));
    let (mut passed, mut lacking, mut wrong) = (0, 0, Vec::new());
    for (name, outcome) in outcomes {
        match (outcome, lack(name)) {
            (Ok(()), None) => passed += 1,
            (Err(_), Some(_)) => lacking += 1,
            (Ok(()), Some((_, reason))) => wrong.push(format!("{name}: moto has it now ({reason})")),
            (Err(error), None) => wrong.push(error),
        }
    }
    println!("round trip over the wire: {passed} cases passed, {lacking} need what moto lacks");
    assert!(wrong.is_empty(), "{} cases are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}
