//! What is wrong with a load balancer, as far as it tells by itself.

use crate::problem::Problems;
use crate::value::Value;

use super::{
    ApplicationIpAddressType, CROSS_ZONE, DENY_IGW, LoadBalancer, LoadBalancerKind, SECONDARY_IPS, Scheme,
    SourceNatPrefix, attributes,
};

pub(super) fn validate(balancer: &LoadBalancer, problems: &mut Problems<'_>) {
    validate_name(["V1", "V2", "V3"], &balancer.name, problems);
    if balancer.name.starts_with("internal-") {
        problems.report("V4", "name", format!("{:?}", balancer.name), "must not begin with `internal-`");
    }
    // Of subnets that are looked up, the plan knows how many there are.
    if let Some(subnets) = balancer.subnets.as_known() {
        balancer.validate_subnets(subnets.len(), problems);
    }
    problems.range("V35", "security_groups", Some(balancer.security_groups.len()), 0..=5);
    if let Some(enforce) = balancer.enforce_rules_on_private_link.filter(|_| balancer.security_groups.is_empty()) {
        problems.report("V35", "enforce_rules_on_private_link", enforce, "needs security groups");
    }
    for (path, pool, prefix, most) in [
        ("customer_owned_ipv4_pool", &balancer.customer_owned_ipv4_pool, "ipv4pool-coip-", 256),
        ("ipv4_ipam_pool", &balancer.ipv4_ipam_pool, "ipam-pool-", 1000),
    ] {
        let Some(pool) = pool else { continue };
        let rest = pool.strip_prefix(prefix).unwrap_or_default();
        if rest.is_empty() || !rest.chars().all(|c| c.is_ascii_alphanumeric()) || pool.len() > most {
            let rule = format!("must be `{prefix}` and letters and digits, at most {most} characters");
            problems.report("V21", path, format!("{pool:?}"), rule);
        }
    }
    if balancer.ipv4_ipam_pool.is_some() && balancer.scheme == Some(Scheme::Internal) {
        let rule = "is only for load balancers that face the internet";
        problems.report("V21", "ipv4_ipam_pool", Value::of(&balancer.ipv4_ipam_pool), rule);
    }
    validate_addresses(balancer, problems);
    if balancer.kind == LoadBalancerKind::Application
        && let Some(units) = balancer.minimum_capacity_units.filter(|units| *units < 100)
    {
        problems.report("V28", "minimum_capacity_units", units, "must be at least 100");
    }
    validate_attributes(balancer, problems);
    balancer.tags.validate(problems);
}

fn validate_addresses(balancer: &LoadBalancer, problems: &mut Problems<'_>) {
    let dualstack = balancer.ip_address_type == Some(ApplicationIpAddressType::Dualstack);
    let source_nat = balancer.ipv6_source_nat == Some(true);
    if source_nat && !dualstack {
        problems.report("V16", "ipv6_source_nat", true, "needs the IP address type dualstack");
    }
    let internal = balancer.scheme == Some(Scheme::Internal);
    if let Some(kind) = balancer.ip_address_type.filter(|_| internal && balancer.has_ipv6()) {
        problems.report("V20", "ip_address_type", kind, "must be ipv4 for internal load balancers");
    }
    for (index, mapping) in balancer.mappings.iter().enumerate() {
        let mut report = |id, member: &str, value: &str, rule: &str| {
            problems.report(id, format!("subnet_mappings[{index}].{member}"), value, rule);
        };
        if let Some(allocation) = mapping.allocation.as_ref().filter(|_| internal) {
            report("V13", "allocation_id", allocation.as_str(), "is only for balancers that face the internet");
        }
        if let Some(address) = mapping.private_ipv4.filter(|_| !internal) {
            report("V14", "private_ipv4_address", &address.to_string(), "is only for internal balancers");
        }
        if let Some(address) = mapping.ipv6.filter(|_| !dualstack) {
            report("V20", "ipv6_address", &address.to_string(), "needs the IP address type dualstack");
        }
        let Some(prefix) = &mapping.source_nat_prefix else { continue };
        if !source_nat {
            report("V15", "source_nat_ipv6_prefix", prefix.as_str(), "needs `ipv6_source_nat`");
        } else if let SourceNatPrefix::Network(network) = prefix
            && !network.parse::<ipnet::Ipv6Net>().is_ok_and(|network| network.prefix_len() == 80)
        {
            report("V15", "source_nat_ipv6_prefix", network, "must be an IPv6 network with a prefix length of 80");
        }
    }
}

impl LoadBalancer {
    /// What depends on how many subnets there are.
    pub(crate) fn validate_subnets(&self, count: usize, problems: &mut Problems<'_>) {
        if self.kind == LoadBalancerKind::Application && count < 2 {
            problems.report("V7", "subnets", count, "must be at least 2, in two Availability Zones");
        } else if count == 0 {
            problems.report("V10", "subnets", count, "must be at least 1");
        }
        let mappings = self.mappings.len();
        if mappings != 0 && count != 0 && mappings != count {
            let rule = format!("must be as many as there are subnets, which is {count}");
            problems.report("V10", "subnet_mappings", mappings, rule);
        }
        // There is a subnet for each zone.
        let zones = u32::try_from(count).unwrap_or(u32::MAX);
        let bounds = zones.saturating_mul(2750)..=zones.saturating_mul(45_000);
        if self.kind == LoadBalancerKind::Network
            && count != 0
            && let Some(units) = self.minimum_capacity_units.filter(|units| !bounds.contains(units))
        {
            let rule = format!(
                "must be {} to {}, which is 2750 to 45000 for each of {zones} zones",
                bounds.start(),
                bounds.end()
            );
            problems.report("V28", "minimum_capacity_units", units, rule);
        }
    }
}

fn validate_attributes(balancer: &LoadBalancer, problems: &mut Problems<'_>) {
    let get = |key: &str| balancer.attributes.0.get(key).map(String::as_str);
    balancer.attributes.range("V22", "idle_timeout.timeout_seconds", &[1..=4000], problems);
    balancer.attributes.range("V23", "client_keep_alive.seconds", &[60..=604_800], problems);
    balancer.attributes.range("V29", SECONDARY_IPS, &[0..=7], problems);
    // The builder knows these words; attributes that are set by their keys may have any.
    for (id, key, words) in [
        ("V24", "routing.http.desync_mitigation_mode", ["monitor", "defensive", "strictest"]),
        ("V25", "routing.http.xff_header_processing.mode", ["append", "preserve", "remove"]),
        (
            "V26",
            "dns_record.client_routing_policy",
            ["availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone"],
        ),
    ] {
        balancer.attributes.words(id, key, &words, problems);
    }
    let mut report = |id, key: &str, rule: &str| {
        problems.report(id, format!("attributes.{key}"), format!("{:?}", get(key).unwrap_or_default()), rule);
    };
    let application = balancer.kind == LoadBalancerKind::Application;
    if application && get(CROSS_ZONE) == Some("false") {
        report("V27", CROSS_ZONE, "is always on for application load balancers");
    }
    for logs in ["access_logs", "connection_logs", "health_check_logs"] {
        let (enabled, bucket) = (format!("{logs}.s3.enabled"), format!("{logs}.s3.bucket"));
        if get(&enabled) == Some("true") && get(&bucket).is_none_or(str::is_empty) {
            report("V30", &bucket, "must name the bucket for the logs");
        }
    }
    if get(DENY_IGW).is_some() && !balancer.has_ipv6() {
        report("V32", DENY_IGW, "needs the IP address type dualstack");
    }
    // Keys that are known are known by type; newer ones are passed on.
    let has = |kind, key: &str| {
        attributes(kind).iter().any(|(known, _)| *known == key)
            || (key == SECONDARY_IPS && kind == LoadBalancerKind::Network)
            || (key == DENY_IGW && kind != LoadBalancerKind::Gateway)
            || key == CROSS_ZONE
    };
    let kinds = [LoadBalancerKind::Application, LoadBalancerKind::Network, LoadBalancerKind::Gateway];
    for key in balancer.attributes.0.keys() {
        if !has(balancer.kind, key) && kinds.iter().any(|kind| has(*kind, key)) {
            report("V33", key, &format!("is no attribute of {} load balancers", balancer.kind));
        }
    }
}

/// The rules for names of load balancers and target groups: of the length, of the characters, of
/// hyphens at the ends.
pub(in crate::resource) fn validate_name(
    [length, characters, ends]: [&'static str; 3],
    name: &str,
    problems: &mut Problems<'_>,
) {
    problems.text(length, "name", name, 1..=32, |_| true, "");
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    problems.text(characters, "name", name, 0..=usize::MAX, allowed, "letters, digits and `-`");
    if name.starts_with('-') || name.ends_with('-') {
        problems.report(ends, "name", format!("{name:?}"), "must not begin or end with `-`");
    }
}
