//! What AWS lists and nobody changes: security policies, ALPN policies, quotas.

use aws_sdk_elasticloadbalancingv2::operation::describe_account_limits::{
    DescribeAccountLimitsInput, DescribeAccountLimitsOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::describe_ssl_policies::{
    DescribeSslPoliciesInput, DescribeSslPoliciesOutput,
};
use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::check;
use super::model::Kind;
use crate::sim::error::ApiError;
use crate::sim::world::World;

pub(super) const ALPN_POLICIES: [&str; 5] = ["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"];

/// The security policy of listeners that are made over the API without one.
pub(super) const DEFAULT_POLICY: &str = "ELBSecurityPolicy-2016-08";

const TLS_1_3: &[&str] = &["TLSv1.3"];
const TLS_1_2_UP: &[&str] = &["TLSv1.2", "TLSv1.3"];
const TLS_1_1_UP: &[&str] = &["TLSv1.1", "TLSv1.2", "TLSv1.3"];
const TLS_1_0_UP: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
const TLS_1_2: &[&str] = &["TLSv1.2"];
const TLS_1_1_1_2: &[&str] = &["TLSv1.1", "TLSv1.2"];
const TLS_1_0_1_2: &[&str] = &["TLSv1", "TLSv1.1", "TLSv1.2"];

/// Security policies and their protocols.
const POLICIES: &[(&str, &[&str])] = &[
    (DEFAULT_POLICY, TLS_1_0_1_2),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", TLS_1_3),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-1-2021-06", TLS_1_1_UP),
    ("ELBSecurityPolicy-TLS13-1-0-2021-06", TLS_1_0_UP),
    ("ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04", TLS_1_3),
    ("ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04", TLS_1_1_UP),
    ("ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04", TLS_1_0_UP),
    ("ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", TLS_1_3),
    ("ELBSecurityPolicy-TLS13-1-2-PQ-2025-09", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-0-PQ-2025-09", TLS_1_0_UP),
    ("ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09", TLS_1_3),
    ("ELBSecurityPolicy-TLS13-1-2-FIPS-PQ-2025-09", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-PQ-2025-09", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-PQ-2025-09", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-PQ-2025-09", TLS_1_2_UP),
    ("ELBSecurityPolicy-TLS13-1-0-FIPS-PQ-2025-09", TLS_1_0_UP),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", TLS_1_2),
    ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", TLS_1_2),
    ("ELBSecurityPolicy-TLS-1-1-2017-01", TLS_1_1_1_2),
    ("ELBSecurityPolicy-TLS-1-0-2015-04", TLS_1_0_1_2),
    ("ELBSecurityPolicy-2015-05", TLS_1_0_1_2),
    ("ELBSecurityPolicy-FS-2018-06", TLS_1_0_1_2),
    ("ELBSecurityPolicy-FS-1-1-2019-08", TLS_1_1_1_2),
    ("ELBSecurityPolicy-FS-1-2-2019-08", TLS_1_2),
    ("ELBSecurityPolicy-FS-1-2-Res-2019-08", TLS_1_2),
    ("ELBSecurityPolicy-FS-1-2-Res-2020-10", TLS_1_2),
];

/// Both types of balancers that terminate TLS have all the policies.
const BALANCERS: [Kind; 2] = [Kind::Application, Kind::Network];

pub(super) fn checked_policy(name: &str, kind: Kind) -> Result<&str, ApiError> {
    if BALANCERS.contains(&kind) && POLICIES.iter().any(|(policy, _)| *policy == name) {
        Ok(name)
    } else {
        Err(unknown_policy(name))
    }
}

fn unknown_policy(name: &str) -> ApiError {
    ApiError::new("SSLPolicyNotFound", format!("SSL policy '{name}' not found"))
}

pub(super) fn describe_policies(
    _world: &mut World,
    input: &DescribeSslPoliciesInput,
) -> Result<DescribeSslPoliciesOutput, ApiError> {
    let names = input.names();
    if let Some(unknown) = names.iter().find(|name| !POLICIES.iter().any(|(policy, _)| policy == name)) {
        return Err(unknown_policy(unknown));
    }
    let kind = input.load_balancer_type().map(sdk::LoadBalancerTypeEnum::as_str);
    if let Some(kind) = kind {
        check::one_of("loadBalancerType", kind, sdk::LoadBalancerTypeEnum::values())?;
    }
    let offered = kind.is_none_or(|kind| BALANCERS.iter().any(|offered| offered.name() == kind));
    let policies = POLICIES
        .iter()
        .filter(|(name, _)| offered && (names.is_empty() || names.iter().any(|wanted| wanted == name)))
        .map(|(name, protocols)| policy(name, protocols))
        .collect();
    let (page, next) = check::page(policies, input.marker(), input.page_size())?;
    Ok(DescribeSslPoliciesOutput::builder().set_ssl_policies(Some(page)).set_next_marker(next).build())
}

/// A policy with the first of its ciphers.
fn policy(name: &str, protocols: &[&str]) -> sdk::SslPolicy {
    let cipher =
        if protocols.contains(&"TLSv1.3") { "TLS_AES_128_GCM_SHA256" } else { "ECDHE-ECDSA-AES128-GCM-SHA256" };
    sdk::SslPolicy::builder()
        .name(name)
        .set_ssl_protocols(Some(protocols.iter().map(|&protocol| protocol.to_owned()).collect()))
        .ciphers(sdk::Cipher::builder().name(cipher).priority(1).build())
        .set_supported_load_balancer_types(Some(BALANCERS.iter().map(|kind| kind.name().to_owned()).collect()))
        .build()
}

/// The quotas that nothing here counts, or that are always the same.
const LIMITS: &[(&str, usize)] = &[
    ("condition-values-per-alb-rule", 5),
    ("condition-wildcards-per-alb-rule", 6),
    ("target-groups-per-action-on-application-load-balancer", 5),
    ("targets-per-application-load-balancer", 1000),
    ("targets-per-network-load-balancer", 3000),
];

pub(super) fn describe_limits(
    world: &mut World,
    input: &DescribeAccountLimitsInput,
) -> Result<DescribeAccountLimitsOutput, ApiError> {
    let quotas = &world.settings.quotas;
    let adjustable = [
        ("application-load-balancers", quotas.application_load_balancers),
        ("certificates-per-application-load-balancer", quotas.certificates_per_load_balancer),
        ("certificates-per-network-load-balancer", quotas.certificates_per_load_balancer),
        ("gateway-load-balancers", quotas.gateway_load_balancers),
        ("listeners-per-application-load-balancer", quotas.listeners_per_load_balancer),
        ("listeners-per-network-load-balancer", quotas.listeners_per_load_balancer),
        ("network-load-balancers", quotas.network_load_balancers),
        ("rules-per-application-load-balancer", quotas.rules_per_load_balancer),
        ("target-groups", quotas.target_groups),
        ("target-groups-per-application-load-balancer", quotas.target_groups_per_load_balancer),
        ("targets-per-target-group", quotas.targets_per_target_group),
    ];
    let mut limits: Vec<_> = LIMITS.iter().copied().chain(adjustable).collect();
    limits.sort_unstable();
    let limits =
        limits.iter().map(|(name, max)| sdk::Limit::builder().name(*name).max(max.to_string()).build()).collect();
    let (page, next) = check::page(limits, input.marker(), input.page_size())?;
    Ok(DescribeAccountLimitsOutput::builder().set_limits(Some(page)).set_next_marker(next).build())
}
