//! What is wrong with a target group, as far as it tells by itself.

use std::ops::RangeInclusive;

use crate::problem::Problems;
use crate::value::Value;

use super::health_check::are_codes;
use super::{Forwarder, GroupTargetType, HealthCheckProtocol, HostId, Received, TargetGroup, TargetProtocol, Targets};

/// How many seconds there may be between two checks, and for an answer.
const INTERVAL: RangeInclusive<u64> = 5..=300;
const TIMEOUT: RangeInclusive<u64> = 2..=120;

impl TargetGroup {
    pub(super) fn validate_health_check(&self, problems: &mut Problems<'_>) {
        let check = &self.health_check;
        let http_only = self.forwarder() == Forwarder::Application || self.target_type == Some(GroupTargetType::Alb);
        if http_only && check.protocol == Some(HealthCheckProtocol::Tcp) {
            let rule = "must be HTTP or HTTPS for HTTP and HTTPS groups, and for load balancers as targets";
            problems.report("V49", "health_check.protocol", HealthCheckProtocol::Tcp, rule);
        }
        let tcp = !self.checks_by_http();
        for (path, value) in [
            ("health_check.path", &check.path),
            ("health_check.success_codes", &check.success_codes),
            ("health_check.grpc_codes", &check.grpc_codes),
        ] {
            if let Some(value) = value.as_ref().filter(|_| tcp) {
                problems.report("V50", path, format!("{value:?}"), "has no meaning for TCP health checks");
            }
        }
        problems.range("V51", "health_check.interval", check.interval.map(|d| d.as_secs()), INTERVAL);
        problems.range("V52", "health_check.timeout", check.timeout.map(|d| d.as_secs()), TIMEOUT);
        self.validate_interval(problems);
        problems.range("V54", "health_check.healthy_threshold", check.healthy_threshold, 2..=10);
        problems.range("V54", "health_check.unhealthy_threshold", check.unhealthy_threshold, 2..=10);
        if let Some(path) = check.path.as_ref().filter(|_| !tcp) {
            let allowed = |c: char| c.is_ascii_graphic();
            problems.text("V55", "health_check.path", path, 1..=1024, allowed, "printable ASCII characters");
            if !path.is_empty() && !path.starts_with('/') {
                problems.report("V55", "health_check.path", format!("{path:?}"), "must begin with `/`");
            }
        }
        problems.range("V56", "health_check.port", check.port, 1..=65535);
        let bounds = self.code_bounds();
        let codes = [
            (
                "health_check.success_codes",
                &check.success_codes,
                bounds,
                !self.is_grpc(),
                "gRPC groups take gRPC codes",
            ),
            ("health_check.grpc_codes", &check.grpc_codes, 0..=99, self.is_grpc(), "only gRPC groups take gRPC codes"),
        ];
        for (path, codes, bounds, fits, misfit) in codes {
            let Some(codes) = codes.as_ref().filter(|_| !tcp) else { continue };
            if !fits {
                problems.report("V57", path, format!("{codes:?}"), misfit);
            } else if !are_codes(codes, &bounds) {
                let rule = format!("must be codes or ranges of codes from {} to {}", bounds.start(), bounds.end());
                problems.report("V57", path, format!("{codes:?}"), rule);
            }
        }
    }

    fn validate_interval(&self, problems: &mut Problems<'_>) {
        let seconds = |set: Option<std::time::Duration>, default: Value| match (set, default) {
            (Some(set), _) => set.as_secs(),
            (None, Value::Integer(default)) => default.unsigned_abs(),
            (None, _) => 0,
        };
        let interval = seconds(self.health_check.interval, self.default_interval());
        let timeout = seconds(self.health_check.timeout, self.default_timeout());
        if !INTERVAL.contains(&interval) || !TIMEOUT.contains(&timeout) {
            return;
        }
        // Application load balancers want more, the others as much.
        let application = self.forwarder() == Forwarder::Application;
        if interval < timeout || (application && interval == timeout) {
            let least = if application { "above" } else { "at least" };
            problems.report(
                "V53",
                "health_check.interval",
                interval,
                format!("must be {least} the timeout of {timeout} s"),
            );
        }
    }

    pub(super) fn validate_attributes(&self, problems: &mut Problems<'_>) {
        let attributes = &self.attributes;
        let get = |key: &str| attributes.0.get(key).map(String::as_str);
        attributes.range("V59", "deregistration_delay.timeout_seconds", &[0..=3600], problems);
        attributes.range("V60", "slow_start.duration_seconds", &[0..=0, 30..=900], problems);
        attributes.range("V63", "stickiness.lb_cookie.duration_seconds", &[1..=604_800], problems);
        attributes.range("V63", "stickiness.app_cookie.duration_seconds", &[1..=604_800], problems);
        attributes.range("V69", "target_health_state.unhealthy.draining_interval_seconds", &[0..=360_000], problems);
        for action in ["dns_failover", "unhealthy_state_routing"] {
            let key = format!("target_group_health.{action}.minimum_healthy_targets");
            for (unit, most) in [("count", u64::from(u32::MAX)), ("percentage", 100)] {
                let key = format!("{key}.{unit}");
                // Requests have to go somewhere: how many targets they want cannot be left open.
                let off = (action, unit) != ("unhealthy_state_routing", "count");
                if !off || get(&key) != Some("off") {
                    attributes.range("V67", &key, &[1..=most], problems);
                }
            }
        }
        let mut report = |id, key: &str, rule: &str| {
            if let Some(value) = get(key) {
                problems.report(id, format!("attributes.{key}"), format!("{value:?}"), rule);
            }
        };
        let algorithm = get("load_balancing.algorithm.type").unwrap_or("round_robin");
        let slow_start = "slow_start.duration_seconds";
        if get(slow_start).is_some_and(|seconds| seconds != "0") && algorithm != "round_robin" {
            report("V61", slow_start, "slow start goes with the algorithm round robin only");
        }
        let anomalies = "load_balancing.algorithm.anomaly_mitigation";
        if get(anomalies) == Some("on") && algorithm != "weighted_random" {
            report("V62", anomalies, "needs the algorithm weighted random");
        }
        let cookie = "stickiness.app_cookie.cookie_name";
        let fits = |c: char| c.is_ascii_graphic() && !",;".contains(c);
        if get(cookie).is_some_and(|name| name.is_empty() || name.starts_with("AWSALB") || !name.chars().all(fits)) {
            let rule = "must be of printable ASCII characters without spaces, `,` and `;`, and not begin with `AWSALB`";
            report("V64", cookie, rule);
        } else if get(cookie).is_none() && get("stickiness.type") == Some("app_cookie") {
            report("V64", "stickiness.type", "needs the name of the cookie, `stickiness.app_cookie.cookie_name`");
        }
        let types: &[&str] = match self.forwarder() {
            Forwarder::Application => &["lb_cookie", "app_cookie"],
            Forwarder::Network => &["source_ip"],
            Forwarder::Gateway => &["source_ip_dest_ip", "source_ip_dest_ip_proto"],
        };
        if get("stickiness.type").is_some_and(|kind| !types.contains(&kind)) {
            let rule = format!("must be {} behind this type of load balancer", types.join(" or "));
            report("V65", "stickiness.type", &rule);
        }
        if self.traffic.is_some_and(|traffic| traffic.protocol == TargetProtocol::Tls)
            && get("stickiness.enabled") == Some("true")
        {
            report("V65", "stickiness.enabled", "there is no stickiness for TLS");
        }
        let udp = self.traffic.is_some_and(Received::is_udp);
        if udp && get("preserve_client_ip.enabled") == Some("false") {
            report("V68", "preserve_client_ip.enabled", "cannot be switched off for UDP and TCP_UDP");
        }
        let terminate = "target_health_state.unhealthy.connection_termination.enabled";
        if udp && get(terminate) == Some("true") {
            report("V69", terminate, "cannot be switched on for UDP and TCP_UDP");
        }
        let drain = "target_health_state.unhealthy.draining_interval_seconds";
        let drains = get(drain).is_some_and(|seconds| seconds != "0");
        if drains && get(terminate).map_or(!udp, |value| value == "true") {
            report("V69", drain, "needs connections to unhealthy targets not to be cut");
        }
        let failover = |key| get(key).unwrap_or("no_rebalance");
        let (deregistered, unhealthy) = ("target_failover.on_deregistration", "target_failover.on_unhealthy");
        if failover(deregistered) != failover(unhealthy) {
            let said = if get(deregistered).is_some() { deregistered } else { unhealthy };
            report("V70", said, "both attributes of `target_failover` must have one value");
        }
        // Keys that are known are known by the type of group; newer ones are passed on.
        let lambda = "lambda.multi_value_headers.enabled";
        for key in attributes.0.keys() {
            if key == lambda && !self.is_lambda() {
                report("V66", key, "is only for Lambda functions");
            } else if is_known(key) && !self.has_attribute(key) {
                report("V33", key, "is no attribute of target groups of this type and protocol");
            }
        }
    }

    /// Whether groups like this one have a known attribute.
    fn has_attribute(&self, key: &str) -> bool {
        if self.is_lambda() {
            let all = ["load_balancing.cross_zone.enabled", "stickiness.enabled", "stickiness.type"];
            return key.starts_with("lambda.") || key.starts_with("target_group_health.") || all.contains(&key);
        }
        key == "stickiness.type" || self.attribute_defaults().entries().any(|(own, _)| own == key)
    }

    pub(super) fn validate_targets(&self, problems: &mut Problems<'_>) {
        // Five of AWS's fifty tags are left to purlin's own, and a change needs the records of
        // before and after for a moment.
        let records = self.targets.records(self.port()).len();
        if self.tags.0.len() + 2 * records > 47 {
            problems.report(
                "V178",
                "targets",
                "",
                "too many to be recorded in the tags of the group beside its own tags",
            );
        }
        let Targets::Hosts(targets) = &self.targets else { return };
        let ips = self.target_type == Some(GroupTargetType::Ip);
        let quic = self.traffic.is_some_and(Received::is_quic);
        let v6 = self.ip_address_type == Some(super::TargetIpAddressType::Ipv6);
        let mut known = std::collections::HashSet::new();
        for (index, target) in targets.iter().enumerate() {
            let mut report = |id, rule: &str| {
                problems.report(id, format!("targets[{index}]"), target.id.to_string(), rule);
            };
            match &target.id {
                HostId::Instance(_) if ips => report("V72", "is an instance, and the group's targets are IP addresses"),
                HostId::Ip(_) if !ips => report("V72", "is an IP address, and the group's targets are instances"),
                HostId::Ip(address) if address.is_ipv6() != v6 => {
                    report("V72", "is not an address of the group's IP address type");
                }
                HostId::Instance(_) if target.zone.is_some() => {
                    report("V72", "instances have a zone already");
                }
                _ => {}
            }
            if target.port == Some(0) {
                report("V42", "must have a port from 1 to 65535");
            }
            if self.forwarder() == Forwarder::Gateway && target.port.is_some_and(|port| port != 6081) {
                report("V46", "receives GENEVE, which has the port 6081");
            }
            if quic != target.quic_server_id.is_some() {
                let rule = if quic { "needs a QUIC server ID" } else { "has a QUIC server ID, and receives no QUIC" };
                report("V71", rule);
            }
            if let Some(server) = &target.quic_server_id {
                let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
                if !server.strip_prefix("0x").is_some_and(|id| id.len() == 16 && id.chars().all(hexadecimal)) {
                    report("V71", "must have `0x` and 16 lower-case hexadecimal digits as its QUIC server ID");
                }
            }
            if !known.insert((target.id.to_string(), target.port.unwrap_or(self.port()))) {
                report("V72", "is named twice with one port");
            }
        }
    }
}

/// Whether a key is an attribute of target groups of any type.
fn is_known(key: &str) -> bool {
    const KNOWN: [&str; 24] = [
        "deregistration_delay.connection_termination.enabled",
        "deregistration_delay.timeout_seconds",
        "lambda.multi_value_headers.enabled",
        "load_balancing.algorithm.anomaly_mitigation",
        "load_balancing.algorithm.type",
        "load_balancing.cross_zone.enabled",
        "preserve_client_ip.enabled",
        "proxy_protocol_v2.enabled",
        "send_tcp_reset.on_deregistration.enabled",
        "send_tcp_reset.on_unhealthy.enabled",
        "slow_start.duration_seconds",
        "stickiness.app_cookie.cookie_name",
        "stickiness.app_cookie.duration_seconds",
        "stickiness.enabled",
        "stickiness.lb_cookie.duration_seconds",
        "stickiness.type",
        "target_failover.on_deregistration",
        "target_failover.on_unhealthy",
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        "target_health_state.unhealthy.connection_termination.enabled",
        "target_health_state.unhealthy.draining_interval_seconds",
    ];
    KNOWN.contains(&key)
}
