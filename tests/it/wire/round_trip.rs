//! The round trip of every property over the wire, as far as moto has the property.

use std::time::Duration;

use futures_util::StreamExt;

use super::emulator::{Emulator, Given};
use crate::round_trip::{OWN_CERTIFICATES, cases};

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
    ("Listener.protocol.network", "listeners cannot be changed to TLS"),
    ("Listener.attributes.send_tcp_reset.on_idle_timeout.enabled", "gateway listeners are not listed"),
    ("Listener.action.forward.gateway", "gateway listeners are not listed"),
    ("Listener.authenticate.jwt", "the action jwt-validation is not known"),
    ("ListenerRule.conditions.source_address_type", "conditions on the type of address are not known"),
    ("LoadBalancer.customer_owned_ipv4_pool", "CustomerOwnedIpv4Pool is not kept"),
    ("LoadBalancer.ip_address_type", "dualstack-without-public-ipv4 is not known"),
    ("LoadBalancer.subnets", "a network load balancer needs two zones"),
    ("LoadBalancer.ipv4_ipam_pool", "IpamPools are not kept"),
    ("LoadBalancer.subnet_mappings.", "the addresses of SubnetMappings are not kept"),
    ("LoadBalancer.ipv6_source_nat", "EnablePrefixForIpv6SourceNat is not kept"),
    ("LoadBalancer.enforce_rules_on_private_link", "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic is not kept"),
    ("LoadBalancer.attributes.health_check_logs.", "the attribute is not known"),
    ("LoadBalancer.minimum_capacity_units", "there is no ModifyCapacityReservation"),
    ("SecurityGroupRule.rule.all_traffic", "ModifySecurityGroupRules wants ports of all protocols"),
    ("SecurityGroupRule.rule.group_of", "there are no groups of other accounts"),
    ("SecurityGroupRule.rule.group", "the descriptions of rules for groups are not kept"),
    ("SecurityGroupRule.rule.prefix_list", "the descriptions of rules for prefix lists are not kept"),
    ("SecurityGroupRule.rule.ipv6", "ModifySecurityGroupRules does not change IPv6 networks"),
    ("SecurityGroupRule.rule.protocol_number", "protocols by number crash"),
    ("SecurityGroup.associated_vpcs", "there are no VPC associations"),
    ("TargetGroup.vpc", "the account of the wire tests has one VPC for targets only"),
    ("TargetGroup.protocol", "the health check of HTTPS groups is HTTPS by default"),
    ("TargetGroup.target_control_port", "TargetControlPort is not kept"),
    ("TargetGroup.health_check.grpc_codes", "the path of gRPC health checks has the wrong default"),
    ("TargetGroup.health_check.enabled", "the thresholds of Lambda functions have the wrong defaults"),
    ("TargetGroup.attributes.lambda.", "the thresholds of Lambda functions have the wrong defaults"),
    ("TargetGroup.targets.quic_server_id", "the protocol QUIC is not known"),
    ("TargetGroup.targets.availability_zone", "AvailabilityZone is not kept"),
    ("TargetGroup.targets.function", "the thresholds of Lambda functions have the wrong defaults"),
    ("TargetGroup.targets.port", "one target is kept for an id, whatever the port"),
    ("Listener.mutual_tls.", "MutualAuthentication is not kept as it was sent"),
    ("Listener.alpn", "listeners cannot be changed to TLS"),
    ("ListenerRule.rewrite_", "Transforms are not kept"),
    ("ListenerRule.conditions.host_regex", "RegexValues crash"),
    ("ListenerRule.conditions.path_regex", "RegexValues crash"),
    ("ListenerRule.conditions.header_regex.", "RegexValues crash"),
    ("ScalingPolicy.enabled", "Enabled is not kept"),
    ("ScalingPolicy.adjustment", "simple policies have a cooldown of 300 s that nobody set"),
    ("ScalingPolicy.min_adjustment", "simple policies have a cooldown of 300 s that nobody set"),
    ("ScalingPolicy.cooldown", "simple policies have a cooldown of 300 s that nobody set"),
    ("ScalingPolicy.type", "simple policies have a cooldown of 300 s that nobody set"),
    ("AutoScalingGroup.lifecycle_hooks.", "CreateAutoScalingGroup does not read LifecycleHookSpecificationList"),
];

/// How many cases are under way at once; each waits most of its time.
const AT_ONCE: usize = 16;

/// Cases that go well or wrong by chance, and why. moto keeps policies by their names alone: where the old
/// one goes last, it takes the new one along.
const BY_CHANCE: &[&str] = &["ScalingPolicy.group"];

/// How long a case may take before that is its fault.
const AT_MOST: Duration = Duration::from_secs(120);

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn every_property_that_moto_has_makes_its_round_trip() {
    // Each server keeps one core busy.
    let emulators = [Emulator::start("round-trip-1").await, Emulator::start("round-trip-2").await];
    let only = std::env::var("ROUND_TRIP").unwrap_or_default();
    let is_steady = |name: &str| !BY_CHANCE.contains(&name);
    let cases = cases().into_iter().filter(|case| case.name.contains(&only) && is_steady(case.name));
    let cases: Vec<_> = cases.collect();
    let runs = cases.iter().enumerate().map(|(number, case)| {
        let emulator = &emulators[number % emulators.len()];
        let (ec2, aws) = emulator.account(number + 1);
        async move {
            Given::make(&ec2).await;
            // moto wants certificates to exist.
            let names = if case.name.starts_with("Listener") { &["default", "a", "b", "c"][..] } else { &[] };
            let certificate = |name: &&'static str| {
                let arn = emulator.certificate_of(&Emulator::account_id(number + 1));
                (*name, arn.parse().expect("an ARN"))
            };
            let certificates = names.iter().map(certificate).collect();
            let life = OWN_CERTIFICATES.scope(certificates, case.life(&aws));
            let outcome = tokio::time::timeout(AT_MOST, life).await;
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
