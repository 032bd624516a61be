//! Health check settings: their defaults by type of target group, and what goes together.

use aws_sdk_elasticloadbalancingv2::operation::create_target_group::CreateTargetGroupInput;
use aws_sdk_elasticloadbalancingv2::operation::modify_target_group::ModifyTargetGroupInput;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum as Protocol;

use super::check;
use super::model::{HealthCheck, Kind, TargetGroupSettings};
use crate::sim::error::ApiError;

/// What a request says about health checks.
pub(super) struct Request<'a> {
    enabled: Option<bool>,
    protocol: Option<&'a Protocol>,
    port: Option<&'a str>,
    path: Option<&'a str>,
    interval: Option<i32>,
    timeout: Option<i32>,
    healthy: Option<i32>,
    unhealthy: Option<i32>,
    matcher: Option<&'a sdk::Matcher>,
}

/// Both operations name the members alike and share no trait.
macro_rules! request {
    ($input:ident) => {
        impl<'a> From<&'a $input> for Request<'a> {
            fn from(input: &'a $input) -> Self {
                Self {
                    enabled: input.health_check_enabled(),
                    protocol: input.health_check_protocol(),
                    port: input.health_check_port(),
                    path: input.health_check_path(),
                    interval: input.health_check_interval_seconds(),
                    timeout: input.health_check_timeout_seconds(),
                    healthy: input.healthy_threshold_count(),
                    unhealthy: input.unhealthy_threshold_count(),
                    matcher: input.matcher(),
                }
            }
        }
    };
}

request!(CreateTargetGroupInput);
request!(ModifyTargetGroupInput);

impl Request<'_> {
    /// The health check that results for the group; what the request leaves open is as it was,
    /// or has its default.
    pub(super) fn resolve(
        &self,
        group: &TargetGroupSettings,
        before: Option<&HealthCheck>,
    ) -> Result<HealthCheck, ApiError> {
        let protocol = self.protocol(group, before)?;
        let is_http = protocol != Some(Protocol::Tcp);
        let defaults = Defaults::of(group, protocol.as_ref());
        // What belongs to a protocol goes with it.
        let before_http = before.filter(|before| before.protocol != Some(Protocol::Tcp));
        let enabled = self.enabled.or(before.map(|before| before.enabled)).unwrap_or(!group.is_lambda());
        if !enabled && !group.is_lambda() {
            return Err(ApiError::validation(format!(
                "Health check enabled must be true for target groups with target type '{}'",
                group.target_type
            )));
        }
        let path = match self.path {
            Some(path) if is_http => Some(path.to_owned()),
            Some(_) => return Err(unsupported("path")),
            None if is_http => before_http.map_or(defaults.path, |before| before.path.clone()),
            None => None,
        };
        let matcher = match self.matcher {
            Some(matcher) if is_http => Some(checked_matcher(group, matcher)?),
            Some(_) => return Err(unsupported("matcher")),
            None if is_http => before_http.map_or(defaults.matcher, |before| before.matcher.clone()),
            None => None,
        };
        let resolved = HealthCheck {
            enabled,
            protocol,
            port: match self.port {
                Some(port) => Some(port.to_owned()),
                None => before.map_or(defaults.port, |before| before.port.clone()),
            },
            path,
            interval: self.interval.or(before.map(|before| before.interval)).unwrap_or(defaults.interval),
            timeout: self.timeout.or(before.map(|before| before.timeout)).unwrap_or(defaults.timeout),
            healthy: self.healthy.or(before.map(|before| before.healthy)).unwrap_or(5),
            unhealthy: self.unhealthy.or(before.map(|before| before.unhealthy)).unwrap_or(defaults.unhealthy),
            matcher,
        };
        checked(group, &resolved)?;
        Ok(resolved)
    }

    fn protocol(
        &self,
        group: &TargetGroupSettings,
        before: Option<&HealthCheck>,
    ) -> Result<Option<Protocol>, ApiError> {
        if group.is_lambda() {
            for (given, what) in [(self.protocol.is_some(), "protocol"), (self.port.is_some(), "port")] {
                if given {
                    return Err(ApiError::validation(format!(
                        "Health check {what} cannot be specified for target groups with target type 'lambda'"
                    )));
                }
            }
            return Ok(None);
        }
        let protocol = match (self.protocol, before) {
            (Some(protocol), _) => protocol.clone(),
            (None, Some(before)) => return Ok(before.protocol.clone()),
            (None, None) if group.kind() == Kind::Application || group.target_type == sdk::TargetTypeEnum::Alb => {
                Protocol::Http
            }
            (None, None) => Protocol::Tcp,
        };
        check::one_of("healthCheckProtocol", protocol.as_str(), Protocol::values())?;
        let http_only = group.kind() == Kind::Application || group.target_type == sdk::TargetTypeEnum::Alb;
        let allowed = match protocol {
            Protocol::Http | Protocol::Https => true,
            Protocol::Tcp => !http_only,
            _ => false,
        };
        if allowed {
            return Ok(Some(protocol));
        }
        let allowed = if http_only { "HTTP, HTTPS" } else { "HTTP, HTTPS, TCP" };
        Err(ApiError::validation(format!(
            "Health check protocol '{}' not supported for this target group. \
             Must be one of the following values '[{allowed}]'.",
            protocol.as_str()
        )))
    }
}

fn unsupported(what: &str) -> ApiError {
    ApiError::validation(format!("Health check {what} not supported for health checks with the TCP protocol."))
}

/// What holds when nobody says otherwise.
struct Defaults {
    port: Option<String>,
    path: Option<String>,
    interval: i32,
    timeout: i32,
    unhealthy: i32,
    matcher: Option<sdk::Matcher>,
}

impl Defaults {
    fn of(group: &TargetGroupSettings, protocol: Option<&Protocol>) -> Self {
        let code = |code: &str| Some(sdk::Matcher::builder().http_code(code).build());
        let http = Self {
            port: Some("traffic-port".to_owned()),
            path: Some("/".to_owned()),
            interval: 30,
            timeout: 5,
            unhealthy: 2,
            matcher: code("200"),
        };
        match group.kind() {
            _ if group.is_lambda() => Self { port: None, interval: 35, timeout: 30, unhealthy: 5, ..http },
            _ if group.is_grpc() => Self {
                path: Some("/AWS.ALB/healthcheck".to_owned()),
                matcher: Some(sdk::Matcher::builder().grpc_code("12").build()),
                ..http
            },
            Kind::Application => http,
            Kind::Network => {
                let timeout = if protocol == Some(&Protocol::Http) { 6 } else { 10 };
                Self { timeout, matcher: code("200-399"), ..http }
            }
            Kind::Gateway => Self { port: Some("80".to_owned()), interval: 10, matcher: code("200-399"), ..http },
        }
    }
}

fn checked(group: &TargetGroupSettings, health_check: &HealthCheck) -> Result<(), ApiError> {
    check::within("healthCheckIntervalSeconds", health_check.interval, 5..=300)?;
    check::within("healthCheckTimeoutSeconds", health_check.timeout, 2..=120)?;
    check::within("healthyThresholdCount", health_check.healthy, 2..=10)?;
    check::within("unhealthyThresholdCount", health_check.unhealthy, 2..=10)?;
    let enough = if group.kind() == Kind::Application {
        health_check.interval > health_check.timeout
    } else {
        health_check.interval >= health_check.timeout
    };
    if !enough {
        return Err(ApiError::validation("Health check interval must be greater than the timeout."));
    }
    if let Some(path) = &health_check.path {
        check::length("healthCheckPath", path, 1..=1024)?;
        if !path.chars().all(|character| character.is_ascii_graphic()) {
            return Err(ApiError::validation(format!("Health check path '{path}' is not a valid URI")));
        }
        if !path.starts_with('/') {
            return Err(ApiError::validation(format!("Health check path '{path}' must begin with a '/' character")));
        }
    }
    if let Some(port) = &health_check.port {
        let number = port.parse::<u16>().is_ok_and(|port| port > 0);
        if port != "traffic-port" && !number {
            return Err(ApiError::validation(format!(
                "Health check port '{port}' must be 'traffic-port' or a number from 1 to 65535"
            )));
        }
    }
    Ok(())
}

fn checked_matcher(group: &TargetGroupSettings, matcher: &sdk::Matcher) -> Result<sdk::Matcher, ApiError> {
    let (codes, range) = match (matcher.http_code(), matcher.grpc_code()) {
        (Some(codes), None) if !group.is_grpc() => {
            let range = match group.kind() {
                Kind::Application => 200..=499,
                Kind::Network => 200..=599,
                Kind::Gateway => 200..=399,
            };
            (codes, range)
        }
        (None, Some(codes)) if group.is_grpc() => (codes, 0..=99),
        _ if group.is_grpc() => {
            return Err(ApiError::validation(
                "A gRPC code must be specified for target groups with protocol version 'GRPC'",
            ));
        }
        _ => {
            return Err(ApiError::validation("An HTTP code must be specified for health checks of this target group"));
        }
    };
    let number = |text: &str| text.parse::<u16>().ok().filter(|code| range.contains(code));
    let valid = codes.split(',').all(|part| match part.split_once('-') {
        Some((low, high)) => matches!((number(low), number(high)), (Some(low), Some(high)) if low <= high),
        None => number(part).is_some(),
    });
    if valid {
        Ok(matcher.clone())
    } else {
        Err(ApiError::validation(format!(
            "Health check matcher '{codes}' must be codes or ranges of codes within '{}-{}'",
            range.start(),
            range.end()
        )))
    }
}
