//! What is wrong with a load balancer, as far as it tells by itself.

use crate::problem::Problems;

use super::{
    ApplicationIpAddressType, CROSS_ZONE, DENY_IGW, LoadBalancer, LoadBalancerKind, SECONDARY_IPS, Scheme,
    SourceNatPrefix, attributes,
};

pub(super) fn validate(balancer: &LoadBalancer, problems: &mut Problems<'_>) {
    validate_name("V1", &balancer.name, problems);
    if balancer.name.starts_with("internal-") {
        problems.report("V4", "name", format!("{:?}", balancer.name), "must not begin with `internal-`");
    }
    if let Some(subnets) = balancer.subnets.as_known() {
        let least = if balancer.kind == LoadBalancerKind::Application { 2 } else { 1 };
        if subnets.len() < least {
            problems.report("V7", "subnets", subnets.len(), format!("must be at least {least}"));
        }
        let mappings = balancer.mappings.len();
        if mappings != 0 && mappings != subnets.len() {
            let rule = format!("must be as many as there are subnets, which is {}", subnets.len());
            problems.report("V10", "subnet_mappings", mappings, rule);
        }
    }
    problems.range("V36", "security_groups", Some(balancer.security_groups.len()), 0..=5);
    if balancer.enforce_rules_on_private_link.is_some() && balancer.security_groups.is_empty() {
        problems.report("V36", "enforce_rules_on_private_link", "", "needs security groups");
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
    validate_addresses(balancer, problems);
    validate_capacity(balancer, problems);
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
            report("V17", "ipv6_address", &address.to_string(), "needs the IP address type dualstack");
        }
        let Some(prefix) = &mapping.source_nat_prefix else { continue };
        if !source_nat {
            report("V15", "source_nat_ipv6_prefix", prefix.as_str(), "needs `ipv6_source_nat`");
        }
        if let SourceNatPrefix::Network(network) = prefix
            && !network.parse::<ipnet::Ipv6Net>().is_ok_and(|network| network.prefix_len() == 80)
        {
            report("V15", "source_nat_ipv6_prefix", network, "must be an IPv6 network with a prefix length of 80");
        }
    }
}

fn validate_capacity(balancer: &LoadBalancer, problems: &mut Problems<'_>) {
    let zones = balancer.subnets.as_known().map(|subnets| u32::try_from(subnets.len()).unwrap_or(u32::MAX));
    let bounds = match (balancer.kind, zones) {
        (LoadBalancerKind::Application, _) => 100..=u32::MAX,
        (_, Some(zones)) => zones.saturating_mul(2750)..=zones.saturating_mul(45_000),
        (_, None) => 2750..=u32::MAX,
    };
    if let Some(units) = balancer.minimum_capacity_units.filter(|units| !bounds.contains(units)) {
        let rule = match bounds.end() {
            &u32::MAX => format!("must be at least {}", bounds.start()),
            most => format!("must be {} to {most}, which is 2750 to 45000 for each zone", bounds.start()),
        };
        problems.report("V28", "minimum_capacity_units", units, rule);
    }
}

fn validate_attributes(balancer: &LoadBalancer, problems: &mut Problems<'_>) {
    let get = |key: &str| balancer.attributes.0.get(key).map(String::as_str);
    balancer.attributes.range("V22", "idle_timeout.timeout_seconds", &[1..=4000], problems);
    balancer.attributes.range("V23", "client_keep_alive.seconds", &[60..=604_800], problems);
    balancer.attributes.range("V29", SECONDARY_IPS, &[0..=7], problems);
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

/// The rule for names of load balancers and target groups.
pub(in crate::resource) fn validate_name(id: &'static str, name: &str, problems: &mut Problems<'_>) {
    problems.text(id, "name", name, 1..=32, |c| c.is_ascii_alphanumeric() || c == '-', "letters, digits and `-`");
    if name.starts_with('-') || name.ends_with('-') {
        problems.report(id, "name", format!("{name:?}"), "must not begin or end with `-`");
    }
}
