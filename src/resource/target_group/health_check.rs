//! Health checks of target groups.

use std::time::Duration;

use typed_builder::TypedBuilder;

use super::super::names::names;

names! {
    /// The protocol of a health check.
    HealthCheckProtocol {
        /// A request over HTTP.
        Http = "HTTP",
        /// A request over HTTPS; the certificate is not looked at.
        Https = "HTTPS",
        /// A TCP connection; not for HTTP and HTTPS groups.
        Tcp = "TCP",
    }
}

/// How a load balancer checks the health of targets; what is left out is AWS's default for the
/// protocol of the group.
///
/// AWS does not let these checks be switched off.
#[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
#[builder(doc, field_defaults(default, setter(strip_option)))]
#[non_exhaustive]
pub struct HealthCheck {
    /// HTTP, HTTPS or TCP. AWS's default is HTTP for HTTP and HTTPS groups and for load balancers
    /// as targets, TCP for others. Sets `HealthCheckProtocol`.
    pub(crate) protocol: Option<HealthCheckProtocol>,
    /// The port, 1 to 65535. AWS's default is the port of each target, and 80 for GENEVE groups.
    /// Sets `HealthCheckPort`.
    pub(crate) port: Option<u16>,
    /// The path, 1 to 1024 characters beginning with `/`; a method for gRPC groups. Not for TCP
    /// checks. AWS's default is `/`, and `/AWS.ALB/healthcheck` for gRPC groups. Sets
    /// `HealthCheckPath`.
    #[builder(setter(into))]
    pub(crate) path: Option<String>,
    /// The time between two checks: 5 to 300 s. AWS's default is 30 s, and 10 s for GENEVE groups.
    /// Sets `HealthCheckIntervalSeconds`.
    pub(crate) interval: Option<Duration>,
    /// The time for an answer: 2 to 120 s, below the interval. AWS's default is 5 s for HTTP, HTTPS
    /// and GENEVE groups; for others 6 s for HTTP checks and 10 s for TCP and HTTPS checks. Sets
    /// `HealthCheckTimeoutSeconds`.
    pub(crate) timeout: Option<Duration>,
    /// Passed checks until a target is healthy: 2 to 10. AWS's default is 5. Sets
    /// `HealthyThresholdCount`.
    pub(crate) healthy_threshold: Option<u8>,
    /// Failed checks until a target is unhealthy: 2 to 10. AWS's default is 2. Sets
    /// `UnhealthyThresholdCount`.
    pub(crate) unhealthy_threshold: Option<u8>,
    /// The HTTP codes of a good answer, such as `200`, `200,202` or `200-299`: within 200 to 499
    /// for HTTP and HTTPS groups, 200 to 399 for GENEVE groups, 200 to 599 for others. Not for TCP
    /// checks and gRPC groups. AWS's default is `200`, and `200-399` for other groups than HTTP and
    /// HTTPS. Sets `Matcher.HttpCode`.
    #[builder(setter(into))]
    pub(crate) success_codes: Option<String>,
    /// The gRPC codes of a good answer, such as `0` or `0-5`: within 0 to 99. Only for gRPC groups.
    /// AWS's default is `12`. Sets `Matcher.GrpcCode`.
    #[builder(setter(into))]
    pub(crate) grpc_codes: Option<String>,
    /// Whether they take place: only Lambda functions have a choice.
    #[builder(setter(skip))]
    pub(crate) enabled: Option<bool>,
}

/// How an application load balancer checks the health of a Lambda function: each check is a call of
/// the function, and is paid for.
#[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
#[builder(doc, field_defaults(default, setter(strip_option)))]
#[non_exhaustive]
pub struct LambdaHealthCheck {
    /// Whether the function is checked. AWS's default is no. Sets `HealthCheckEnabled`.
    pub(crate) enabled: Option<bool>,
    /// The path, 1 to 1024 characters beginning with `/`. AWS's default is `/`. Sets
    /// `HealthCheckPath`.
    #[builder(setter(into))]
    pub(crate) path: Option<String>,
    /// The time between two checks: 5 to 300 s. AWS's default is 35 s. Sets
    /// `HealthCheckIntervalSeconds`.
    pub(crate) interval: Option<Duration>,
    /// The time for an answer: 2 to 120 s, below the interval. AWS's default is 30 s. Sets
    /// `HealthCheckTimeoutSeconds`.
    pub(crate) timeout: Option<Duration>,
    /// Passed checks until the function is healthy: 2 to 10. AWS's default is 5. Sets
    /// `HealthyThresholdCount`.
    pub(crate) healthy_threshold: Option<u8>,
    /// Failed checks until the function is unhealthy: 2 to 10. AWS's default is 5. Sets
    /// `UnhealthyThresholdCount`.
    pub(crate) unhealthy_threshold: Option<u8>,
    /// The HTTP codes of a good answer, such as `200` or `200-299`: within 200 to 499. AWS's
    /// default is `200`. Sets `Matcher.HttpCode`.
    #[builder(setter(into))]
    pub(crate) success_codes: Option<String>,
}

impl From<LambdaHealthCheck> for HealthCheck {
    fn from(check: LambdaHealthCheck) -> Self {
        Self {
            enabled: check.enabled,
            path: check.path,
            interval: check.interval,
            timeout: check.timeout,
            healthy_threshold: check.healthy_threshold,
            unhealthy_threshold: check.unhealthy_threshold,
            success_codes: check.success_codes,
            ..Self::default()
        }
    }
}

/// Whether a text is codes and ranges of codes within the bounds.
pub(super) fn are_codes(text: &str, bounds: &std::ops::RangeInclusive<u16>) -> bool {
    let code = |text: &str| text.parse::<u16>().ok().filter(|code| bounds.contains(code));
    text.split(',').all(|part| match part.split_once('-') {
        Some((low, high)) => matches!((code(low), code(high)), (Some(low), Some(high)) if low <= high),
        None => code(part).is_some(),
    })
}
