//! `AWS::AutoScaling::AutoScalingGroup`, with its warm pool.

use crate::resource::{AutoScalingGroup, GroupMetric, InstanceRefresh};
use crate::value::{ToValue, Value};

use super::super::draft::Entry;
use super::super::shape::{Field, Shape, pair, put};
use super::instance_requirements::REQUIREMENTS;
use super::{
    Export, NO_MEMBER, NO_MEMBER_WHY, Output, Reference, Row, TOO_LONG, by, elsewhere, filled, lost, output, shaped, to,
};

const TEMPLATE: Shape =
    Shape::Record(&[Field("id", "LaunchTemplateId", Shape::Plain), Field("version", "Version", Shape::Plain)]);

const MIXED: Shape = Shape::Record(&[
    Field("template", "LaunchTemplate.LaunchTemplateSpecification", TEMPLATE),
    Field(
        "overrides",
        "LaunchTemplate.Overrides",
        Shape::List(&Shape::Record(&[
            Field("instance_type", "InstanceType", Shape::Plain),
            Field("requirements", "InstanceRequirements", REQUIREMENTS),
            Field("weight", "WeightedCapacity", Shape::Text),
            Field("template", "LaunchTemplateSpecification", TEMPLATE),
            Field("image", "ImageId", Shape::Plain),
        ])),
    ),
    Field(
        "distribution",
        "InstancesDistribution",
        Shape::Record(&[
            Field("on_demand_allocation", "OnDemandAllocationStrategy", Shape::Plain),
            Field("on_demand_base", "OnDemandBaseCapacity", Shape::Plain),
            Field("on_demand_percentage", "OnDemandPercentageAboveBaseCapacity", Shape::Plain),
            Field("spot_allocation", "SpotAllocationStrategy", Shape::Plain),
            Field("spot_pools", "SpotInstancePools", Shape::Plain),
            Field("spot_max_price", "SpotMaxPrice", Shape::Plain),
            Field(
                "segments",
                "DistributionSegments",
                Shape::List(&Shape::By(|types| Value::map([("TargetCapacityTypes", types.clone())]))),
            ),
        ]),
    ),
]);

impl Export for AutoScalingGroup {
    const ROWS: &'static [Row<Self>] = &[
        to("name", "AutoScalingGroupName"),
        to("launch_template.id", "LaunchTemplate.LaunchTemplateId"),
        to("launch_template.version", "LaunchTemplate.Version"),
        shaped("mixed_instances", "MixedInstancesPolicy", MIXED),
        to("subnets", "VPCZoneIdentifier"),
        to("zones", "AvailabilityZones"),
        to("zone_ids", "AvailabilityZoneIds"),
        shaped("min_size", "MinSize", Shape::Text),
        shaped("max_size", "MaxSize", Shape::Text),
        by("desired_capacity", desired_capacity),
        to("capacity_unit", "DesiredCapacityType"),
        to("target_groups", "TargetGroupARNs"),
        shaped("traffic_sources", "TrafficSources", Shape::List(&Shape::By(traffic_source))),
        by("health_check", |group, entry| {
            let words: Vec<_> = group.health_checks.iter().map(|check| check.as_str()).collect();
            entry.set("HealthCheckType", Value::Text(words.join(",")).unless_empty());
        }),
        to("health_check_grace_period", "HealthCheckGracePeriod"),
        shaped("default_cooldown", "Cooldown", Shape::Text),
        to("default_instance_warmup", "DefaultInstanceWarmup"),
        to("protect_from_scale_in", "NewInstancesProtectedFromScaleIn"),
        to("capacity_rebalance", "CapacityRebalance"),
        to("max_instance_lifetime", "MaxInstanceLifetime"),
        to("termination_policies", "TerminationPolicies"),
        to("placement_group", "PlacementGroup"),
        by("service_linked_role", |group, entry| {
            entry.set("ServiceLinkedRoleARN", Value::of(&group.service_linked_role));
        }),
        to("context", "Context"),
        shaped(
            "instance_maintenance",
            "InstanceMaintenancePolicy",
            Shape::Record(&[
                Field("min_healthy_percentage", "MinHealthyPercentage", Shape::Plain),
                Field("max_healthy_percentage", "MaxHealthyPercentage", Shape::Plain),
            ]),
        ),
        to("zone_distribution", "AvailabilityZoneDistribution.CapacityDistributionStrategy"),
        filled(
            "zone_impairment",
            "AvailabilityZoneImpairmentPolicy",
            Shape::Record(&[
                Field("zonal_shift", "ZonalShiftEnabled", Shape::Plain),
                Field("unhealthy", "ImpairedZoneHealthCheckBehavior", Shape::Plain),
            ]),
        ),
        filled(
            "capacity_reservations",
            "CapacityReservationSpecification",
            Shape::Record(&[
                Field("preference", "CapacityReservationPreference", Shape::Plain),
                Field("reservations", "CapacityReservationTarget.CapacityReservationIds", Shape::Plain),
                Field(
                    "resource_groups",
                    "CapacityReservationTarget.CapacityReservationResourceGroupArns",
                    Shape::Plain,
                ),
            ]),
        ),
        to("terminate_hook_abandon", "InstanceLifecyclePolicy.RetentionTriggers.TerminateHookAbandon"),
        to("deletion_protection", "DeletionProtection"),
        by("metrics", metrics),
        lost("suspended_processes", NO_MEMBER, "CloudFormation suspends processes only while it updates a group"),
        by("warm_pool", warm_pool),
        shaped("tags", "Tags", Shape::By(tags)),
        by("lifecycle_hooks", lifecycle_hooks),
        elsewhere("pin_desired_capacity"),
        by("skip_zonal_shift_validation", |group, entry| {
            if group.skip_zonal_shift_validation {
                entry.set("SkipZonalShiftValidation", Value::Bool(true));
            }
        }),
        by("instance_refresh", |group, entry| {
            if let Some(refresh) = &group.instance_refresh {
                instance_refresh(refresh, entry);
            }
        }),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some("AWS::AutoScaling::AutoScalingGroup")
    }

    fn outputs(&self) -> &'static [Output] {
        const OUTPUTS: &[Output] = &[output("name", Reference::Ref, "name")];
        OUTPUTS
    }
}

/// A capacity that scaling owns is left alone by updates.
fn desired_capacity(group: &AutoScalingGroup, entry: &mut Entry<'_, '_>) {
    let Some(desired) = group.desired_capacity else { return };
    entry.set("DesiredCapacity", Value::Text(desired.to_string()));
    if !group.pin_desired_capacity {
        entry.set_update_policy("AutoScalingScheduledAction.IgnoreUnmodifiedGroupSizeProperties", Value::Bool(true));
    }
}

/// A tag that only the group has is a text; one that instances get, too, a map.
fn tags(tags: &Value) -> Value {
    let tag = |(key, tag): (&String, &Value)| {
        let propagate = matches!(tag, Value::Map(_));
        let value = tag.entries().find(|(name, _)| *name == "value").map_or(tag, |(_, value)| value);
        let mut members = pair("Key", key, "Value", value.clone());
        put(&mut members, "PropagateAtLaunch", Value::Bool(propagate));
        members
    };
    Value::List(tags.entries().map(tag).collect())
}

fn traffic_source(arn: &Value) -> Value {
    Value::map([("Identifier", arn.clone()), ("Type", Value::of("vpc-lattice"))])
}

fn metrics(group: &AutoScalingGroup, entry: &mut Entry<'_, '_>) {
    if group.metrics.is_empty() {
        return;
    }
    // All of them are meant where none is named.
    let all = GroupMetric::ALL.iter().all(|metric| group.metrics.contains(metric));
    let names = if all { Value::Unset } else { Value::of(&group.metrics) };
    let collection = Value::map([("Granularity", Value::of("1Minute")), ("Metrics", names)]);
    entry.set("MetricsCollection", Value::List(vec![collection]));
}

fn warm_pool(group: &AutoScalingGroup, entry: &mut Entry<'_, '_>) {
    let Some(pool) = &group.warm_pool else { return };
    let properties = Value::map([
        ("AutoScalingGroupName", entry.itself(group, "name")),
        ("MinSize", Value::of(&pool.min_size)),
        ("MaxGroupPreparedCapacity", Value::of(&pool.max_prepared_capacity)),
        ("PoolState", Value::of(&pool.state)),
        (
            "InstanceReusePolicy",
            pool.reuse_on_scale_in.map_or(Value::Unset, |reuse| Value::map([("ReuseOnScaleIn", Value::Bool(reuse))])),
        ),
    ]);
    entry.child("WarmPool", "AWS::AutoScaling::WarmPool", properties);
}

/// The most characters that CloudFormation takes for the metadata of a hook.
const METADATA: usize = 1023;

fn lifecycle_hooks(group: &AutoScalingGroup, entry: &mut Entry<'_, '_>) {
    let mut hooks = Vec::new();
    for hook in &group.lifecycle_hooks {
        let notify = hook.notify.as_ref();
        let mut metadata = Value::of(&hook.metadata);
        if let Some(text) = hook.metadata.as_ref().filter(|text| text.chars().count() > METADATA) {
            let value = Value::Text(format!("{} characters", text.chars().count()));
            let why = format!("CloudFormation takes {METADATA} characters at most");
            entry.lose(TOO_LONG, format!("lifecycle_hooks.{}.metadata", hook.name), &value, why);
            metadata = Value::Unset;
        }
        hooks.push(Value::map([
            ("LifecycleHookName", Value::of(&hook.name)),
            ("LifecycleTransition", Value::of(&hook.transition)),
            ("HeartbeatTimeout", Value::of(&hook.heartbeat)),
            ("DefaultResult", Value::of(&hook.default_result)),
            ("NotificationTargetARN", Value::of(&notify.map(|notify| notify.target.clone()))),
            ("RoleARN", Value::of(&notify.map(|notify| notify.role.clone()))),
            ("NotificationMetadata", metadata),
        ]));
    }
    entry.set("LifecycleHookSpecificationList", Value::List(hooks).unless_empty());
}

fn instance_refresh(refresh: &InstanceRefresh, entry: &mut Entry<'_, '_>) {
    let strategy = refresh.strategy.map_or("Rolling", |strategy| strategy.as_str());
    entry.set_update_policy("AutoScalingInstanceRefresh.Strategy", Value::of(strategy));
    let preferences: [(&str, &dyn ToValue); 9] = [
        ("MinHealthyPercentage", &refresh.min_healthy_percentage),
        ("MaxHealthyPercentage", &refresh.max_healthy_percentage),
        ("InstanceWarmup", &refresh.warmup),
        ("CheckpointPercentages", &refresh.checkpoints),
        ("CheckpointDelay", &refresh.checkpoint_delay),
        ("SkipMatching", &refresh.skip_matching),
        ("ScaleInProtectedInstances", &refresh.scale_in_protected),
        ("StandbyInstances", &refresh.standby),
        ("BakeTime", &refresh.bake_time),
    ];
    for (member, value) in preferences {
        let value = value.to_value().unless_empty();
        entry.set_update_policy(&format!("AutoScalingInstanceRefresh.Preferences.{member}"), value);
    }
    let alarms = Value::of(&refresh.alarms).unless_empty();
    entry.set_update_policy("AutoScalingInstanceRefresh.Preferences.AlarmSpecification.Alarms", alarms);
    // CloudFormation rolls back in its own way.
    if refresh.auto_rollback == Some(true) {
        entry.lose(NO_MEMBER, "instance_refresh.auto_rollback", &Value::Bool(true), NO_MEMBER_WHY);
    }
}
