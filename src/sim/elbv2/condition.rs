//! Conditions and transforms of rules: what is allowed, and how they are answered.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types as sdk;
use ipnet::IpNet;

use super::check;
use super::model::Kind;
use crate::sim::error::ApiError;

/// The most values of all conditions of a rule together.
const VALUES: usize = 5;
/// The most wildcards of all conditions of a rule together.
const WILDCARDS: usize = 6;

const FIELDS: [&str; 6] =
    ["http-header", "http-request-method", "host-header", "path-pattern", "query-string", "source-ip"];

/// The conditions as they are stored and answered.
pub(super) fn resolve(kind: Kind, requested: &[sdk::RuleCondition]) -> Result<Vec<sdk::RuleCondition>, ApiError> {
    if requested.is_empty() {
        return Err(ApiError::validation("At least one condition must be specified"));
    }
    let mut total = Total::default();
    let mut once = BTreeSet::new();
    let mut conditions = Vec::new();
    for condition in requested {
        let field = check::required("conditions.member.field", condition.field())?;
        if !FIELDS.contains(&field) {
            return Err(ApiError::validation(format!(
                "Condition field '{field}' must be one of '[{}]'",
                FIELDS.join(", ")
            )));
        }
        let repeats = matches!(field, "http-header" | "query-string");
        if !once.insert(field) && !repeats {
            return Err(ApiError::validation(format!("A rule can only have one '{field}' condition")));
        }
        only_config_of(field, condition)?;
        conditions.push(resolve_one(kind, field, condition, &mut total)?);
    }
    if total.values > VALUES {
        return Err(ApiError::validation(format!("A rule can only have '{VALUES}' condition values")));
    }
    if total.wildcards > WILDCARDS {
        return Err(ApiError::validation(format!("A rule can only have '{WILDCARDS}' condition wildcards")));
    }
    Ok(conditions)
}

/// What the conditions of a rule share a limit on.
#[derive(Default)]
struct Total {
    values: usize,
    wildcards: usize,
}

impl Total {
    /// Takes values of 1 to 128 allowed characters.
    fn take(&mut self, field: &str, values: &[String], allowed: fn(char) -> bool) -> Result<(), ApiError> {
        self.values += values.len();
        for value in values {
            length(field, value)?;
            if let Some(character) = value.chars().find(|character| !allowed(*character)) {
                return Err(ApiError::validation(format!(
                    "Condition value '{value}' of '{field}' contains an invalid character '{character}'"
                )));
            }
            self.wildcards += value.chars().filter(|character| "*?".contains(*character)).count();
        }
        Ok(())
    }

    fn take_regexes(&mut self, field: &str, values: &[String]) -> Result<(), ApiError> {
        self.values += values.len();
        values.iter().try_for_each(|value| length(field, value))
    }
}

fn length(field: &str, value: &str) -> Result<(), ApiError> {
    if value.is_empty() {
        return Err(ApiError::validation(format!("A condition value of '{field}' cannot be empty")));
    }
    if value.chars().count() > 128 {
        return Err(ApiError::validation(format!(
            "Condition value '{value}' of '{field}' cannot be longer than '128' characters"
        )));
    }
    Ok(())
}

/// Refuses the config of another field.
fn only_config_of(field: &str, condition: &sdk::RuleCondition) -> Result<(), ApiError> {
    let classic = matches!(field, "host-header" | "path-pattern");
    let given = [
        (condition.host_header_config.is_some(), field == "host-header"),
        (condition.path_pattern_config.is_some(), field == "path-pattern"),
        (condition.http_header_config.is_some(), field == "http-header"),
        (condition.query_string_config.is_some(), field == "query-string"),
        (condition.http_request_method_config.is_some(), field == "http-request-method"),
        (condition.source_ip_config.is_some(), field == "source-ip"),
        (!condition.values().is_empty(), classic),
        (!condition.regex_values().is_empty(), classic || field == "http-header"),
    ];
    if given.iter().any(|(given, belongs)| *given && !belongs) {
        return Err(ApiError::validation(format!(
            "Only values of '{field}' can be specified for condition field '{field}'"
        )));
    }
    Ok(())
}

fn resolve_one(
    kind: Kind,
    field: &str,
    condition: &sdk::RuleCondition,
    total: &mut Total,
) -> Result<sdk::RuleCondition, ApiError> {
    if kind == Kind::Network {
        return network_source(field, condition);
    }
    let resolved = sdk::RuleCondition::builder().field(field);
    Ok(match field {
        "host-header" => {
            let config = condition.host_header_config();
            let (values, regexes) = either(
                field,
                condition,
                config.map(sdk::HostHeaderConditionConfig::values),
                config.map(sdk::HostHeaderConditionConfig::regex_values),
            )?;
            total.take(field, &values, |character| character.is_ascii_alphanumeric() || "-.*?_".contains(character))?;
            values.iter().try_for_each(|value| host(value))?;
            total.take_regexes(field, &regexes)?;
            resolved.set_values(some(&values)).set_regex_values(some(&regexes)).host_header_config(
                sdk::HostHeaderConditionConfig::builder()
                    .set_values(some(&values))
                    .set_regex_values(some(&regexes))
                    .build(),
            )
        }
        "path-pattern" => {
            let config = condition.path_pattern_config();
            let (values, regexes) = either(
                field,
                condition,
                config.map(sdk::PathPatternConditionConfig::values),
                config.map(sdk::PathPatternConditionConfig::regex_values),
            )?;
            total.take(field, &values, |character| {
                character.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?".contains(character)
            })?;
            total.take_regexes(field, &regexes)?;
            resolved.set_values(some(&values)).set_regex_values(some(&regexes)).path_pattern_config(
                sdk::PathPatternConditionConfig::builder()
                    .set_values(some(&values))
                    .set_regex_values(some(&regexes))
                    .build(),
            )
        }
        "http-header" => {
            let config = config(field, condition.http_header_config())?;
            let name = check::required("httpHeaderConfig.httpHeaderName", config.http_header_name())?;
            header_name(name)?;
            let (values, regexes) = either(field, condition, Some(config.values()), Some(config.regex_values()))?;
            total.take(field, &values, |character| character.is_ascii_graphic() || character == ' ')?;
            total.take_regexes(field, &regexes)?;
            resolved.http_header_config(
                sdk::HttpHeaderConditionConfig::builder()
                    .http_header_name(name)
                    .set_values(some(&values))
                    .set_regex_values(some(&regexes))
                    .build(),
            )
        }
        "http-request-method" => {
            let values = config(field, condition.http_request_method_config())?.values();
            filled(field, values.is_empty())?;
            total.take(field, values, |character| character.is_ascii_uppercase() || "-_".contains(character))?;
            for value in values {
                check::length("httpRequestMethodConfig.values.member", value, 1..=40)?;
            }
            resolved.http_request_method_config(
                sdk::HttpRequestMethodConditionConfig::builder().set_values(some(values)).build(),
            )
        }
        "query-string" => {
            let config = config(field, condition.query_string_config())?;
            filled(field, config.values().is_empty())?;
            for pair in config.values() {
                let value = check::required("queryStringConfig.values.member.value", pair.value.clone())?;
                let any = |character: char| !character.is_control();
                total.take(field, &[value], any)?;
                // A pair counts once, its wildcards count all.
                total.take(field, pair.key.as_slice(), any)?;
                total.values -= usize::from(pair.key.is_some());
            }
            resolved.query_string_config(config.clone())
        }
        _ => {
            let config = config(field, condition.source_ip_config())?;
            if config.ip_address_type().is_some() {
                return Err(ApiError::validation("An IP address type condition requires a Network Load Balancer"));
            }
            filled(field, config.values().is_empty())?;
            total
                .take(field, config.values(), |character| character.is_ascii_hexdigit() || ".:/".contains(character))?;
            config.values().iter().try_for_each(|value| cidr(value))?;
            resolved.source_ip_config(config.clone())
        }
    }
    .build())
}

fn some(values: &[String]) -> Option<Vec<String>> {
    (!values.is_empty()).then(|| values.to_vec())
}

fn config<'a, T>(field: &str, config: Option<&'a T>) -> Result<&'a T, ApiError> {
    config.ok_or_else(|| ApiError::validation(format!("A config must be specified for condition field '{field}'")))
}

fn filled(field: &str, empty: bool) -> Result<(), ApiError> {
    if empty {
        return Err(ApiError::validation(format!("A condition value must be specified for condition field '{field}'")));
    }
    Ok(())
}

/// The values and regular expressions, given directly or in the config.
fn either(
    field: &str,
    condition: &sdk::RuleCondition,
    values: Option<&[String]>,
    regexes: Option<&[String]>,
) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let one = |direct: &[String], config: Option<&[String]>| match (direct, config.unwrap_or_default()) {
        (direct, []) => Ok(direct.to_vec()),
        ([], config) => Ok(config.to_vec()),
        (direct, config) if direct == config => Ok(config.to_vec()),
        _ => Err(ApiError::validation(format!("Condition values of '{field}' were specified twice, and differ"))),
    };
    // "You can specify a single host name"; several need the config.
    if condition.values().len() > 1 && values.is_none() {
        return Err(ApiError::validation(format!(
            "Condition field '{field}' can only have '1' value without a config"
        )));
    }
    let values = one(condition.values(), values)?;
    let regexes = one(condition.regex_values(), regexes)?;
    filled(field, values.is_empty() && regexes.is_empty())?;
    if !values.is_empty() && !regexes.is_empty() {
        return Err(ApiError::validation(format!(
            "Condition field '{field}' can have either values or regular expressions, but not both"
        )));
    }
    Ok((values, regexes))
}

fn host(value: &str) -> Result<(), ApiError> {
    // "You can include only alphabetical characters after the final '.' character."
    let valid = value
        .rsplit_once('.')
        .is_some_and(|(_, end)| !end.is_empty() && end.chars().all(|character| character.is_ascii_alphabetic()));
    if valid {
        Ok(())
    } else {
        Err(ApiError::validation(format!(
            "Host name '{value}' must include a '.' character, and only alphabetical characters after the final one"
        )))
    }
}

fn header_name(name: &str) -> Result<(), ApiError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_!#$%&'*+,.^`|~-".contains(character);
    if !(1..=40).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(check::constraint(
            "httpHeaderConfig.httpHeaderName",
            name,
            "satisfy regular expression pattern: ^[0-9A-Za-z_!#$%&'*+,.^`|~-]{1,40}$",
        ));
    }
    if name.eq_ignore_ascii_case("host") {
        return Err(ApiError::validation("The host header cannot be specified in an HTTP header condition"));
    }
    Ok(())
}

fn cidr(value: &str) -> Result<(), ApiError> {
    match value.parse::<IpNet>() {
        Ok(net) if net.addr() == net.network() => Ok(()),
        _ => Err(ApiError::validation(format!("'{value}' is not a valid CIDR block"))),
    }
}

/// The one condition of rules on Network Load Balancers: the type of the source address.
fn network_source(field: &str, condition: &sdk::RuleCondition) -> Result<sdk::RuleCondition, ApiError> {
    let config = condition.source_ip_config().filter(|config| config.values().is_empty());
    let Some(kind) = config.and_then(sdk::SourceIpConditionConfig::ip_address_type) else {
        return Err(ApiError::validation(format!(
            "Condition field '{field}' is not supported for load balancers with type 'network' \
             except for IP address types"
        )));
    };
    check::one_of("sourceIpConfig.ipAddressType", kind.as_str(), sdk::SourceIpAddressTypeEnum::values())?;
    Ok(condition.clone())
}

/// "You can add one host header rewrite transform and one URL rewrite transform."
pub(super) fn checked_transforms(
    kind: Kind,
    transforms: &[sdk::RuleTransform],
) -> Result<Vec<sdk::RuleTransform>, ApiError> {
    if kind != Kind::Application && !transforms.is_empty() {
        return Err(ApiError::validation(format!(
            "Transforms are not supported for load balancers with type '{}'",
            kind.name()
        )));
    }
    let mut types = BTreeSet::new();
    for transform in transforms {
        let kind = check::required("transforms.member.type", transform.r#type())?;
        check::one_of("transforms.member.type", kind.as_str(), sdk::TransformTypeEnum::values())?;
        if !types.insert(kind.as_str()) {
            return Err(ApiError::validation(format!("A rule can only have one '{kind}' transform")));
        }
        let host = transform.host_header_rewrite_config().map(sdk::HostHeaderRewriteConfig::rewrites);
        let url = transform.url_rewrite_config().map(sdk::UrlRewriteConfig::rewrites);
        let rewrites = match (kind, host, url) {
            (sdk::TransformTypeEnum::HostHeaderRewrite, Some(rewrites), None)
            | (sdk::TransformTypeEnum::UrlRewrite, None, Some(rewrites)) => rewrites,
            _ => {
                return Err(ApiError::validation(format!(
                    "Exactly the config for type '{kind}' must be specified for transforms with type '{kind}'"
                )));
            }
        };
        let [rewrite] = rewrites else {
            return Err(ApiError::validation(format!("A '{kind}' transform must have exactly one rewrite")));
        };
        check::length("rewrites.member.regex", check::required("rewrites.member.regex", rewrite.regex())?, 1..=1024)?;
        check::length(
            "rewrites.member.replace",
            check::required("rewrites.member.replace", rewrite.replace())?,
            0..=1024,
        )?;
    }
    Ok(transforms.to_vec())
}
