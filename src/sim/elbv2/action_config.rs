//! The configs of actions: their rules and defaults.

use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum as Protocol;

use super::action::invalid;
use super::check;
use crate::sim::error::ApiError;

/// A redirect with its defaults.
pub(super) fn redirect(
    config: &sdk::RedirectActionConfig,
    listener: Option<&Protocol>,
) -> Result<sdk::RedirectActionConfig, ApiError> {
    let status = check::required("redirectConfig.statusCode", config.status_code())?;
    check::one_of("redirectConfig.statusCode", status.as_str(), sdk::RedirectActionStatusCodeEnum::values())?;
    let protocol = config.protocol().unwrap_or("#{protocol}");
    let port = config.port().unwrap_or("#{port}");
    let host = config.host().unwrap_or("#{host}");
    let path = config.path().unwrap_or("/#{path}");
    let query = config.query().unwrap_or("#{query}");

    if !matches!(protocol, "HTTP" | "HTTPS" | "#{protocol}") {
        return Err(check::constraint(
            "redirectConfig.protocol",
            protocol,
            r"satisfy regular expression pattern: ^(HTTPS?|#\{protocol\})$",
        ));
    }
    if port != "#{port}" && !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(ApiError::validation(format!(
            "Redirect port '{port}' must be a number from 1 to 65535 or '#{{port}}'"
        )));
    }
    check::length("redirectConfig.host", host, 1..=128)?;
    check::length("redirectConfig.path", path, 1..=128)?;
    check::length("redirectConfig.query", query, 0..=128)?;
    if !path.starts_with('/') {
        return Err(ApiError::validation(format!("Redirect path '{path}' must begin with a '/' character")));
    }
    if (protocol, port, host, path) == ("#{protocol}", "#{port}", "#{host}", "/#{path}") {
        return Err(invalid("The redirect configuration is not valid because it creates a loop."));
    }
    if protocol == "HTTP" && listener == Some(&Protocol::Https) {
        return Err(invalid("You can't redirect HTTPS to HTTP"));
    }
    Ok(sdk::RedirectActionConfig::builder()
        .protocol(protocol)
        .port(port)
        .host(host)
        .path(path)
        .query(query)
        .status_code(status.clone())
        .build())
}

pub(super) fn fixed_response(
    config: &sdk::FixedResponseActionConfig,
) -> Result<sdk::FixedResponseActionConfig, ApiError> {
    const TYPES: [&str; 5] = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
    let status = check::required("fixedResponseConfig.statusCode", config.status_code())?;
    let valid = status.len() == 3
        && status.starts_with(['2', '4', '5'])
        && status.chars().all(|character| character.is_ascii_digit());
    if !valid {
        return Err(check::constraint(
            "fixedResponseConfig.statusCode",
            status,
            r"satisfy regular expression pattern: ^(2|4|5)\d\d$",
        ));
    }
    if let Some(body) = config.message_body() {
        check::length("fixedResponseConfig.messageBody", body, 0..=1024)?;
    }
    if let Some(content_type) = config.content_type() {
        check::length("fixedResponseConfig.contentType", content_type, 0..=32)?;
        if !TYPES.contains(&content_type) {
            return Err(ApiError::validation(format!(
                "Content type '{content_type}' must be one of '[{}]'",
                TYPES.join(", ")
            )));
        }
    }
    Ok(config.clone())
}

/// An OIDC authentication with its defaults, and without its secret, which is never answered.
pub(super) fn oidc(
    config: &sdk::AuthenticateOidcActionConfig,
    has_secret: bool,
) -> Result<sdk::AuthenticateOidcActionConfig, ApiError> {
    let issuer = required_url("authenticateOidcConfig.issuer", config.issuer())?;
    let authorization = required_url("authenticateOidcConfig.authorizationEndpoint", config.authorization_endpoint())?;
    let token = required_url("authenticateOidcConfig.tokenEndpoint", config.token_endpoint())?;
    let user_info = required_url("authenticateOidcConfig.userInfoEndpoint", config.user_info_endpoint())?;
    let client = check::required("authenticateOidcConfig.clientId", config.client_id())?;
    match (config.client_secret().is_some(), config.use_existing_client_secret() == Some(true)) {
        (true, false) => {}
        (true, true) => {
            return Err(invalid("A client secret cannot be specified when the existing client secret is to be used"));
        }
        (false, true) if has_secret => {}
        (false, true) => return Err(invalid("There is no existing client secret to use")),
        (false, false) => {
            return Err(invalid("A client secret must be specified for actions with type 'authenticate-oidc'"));
        }
    }
    let request = config
        .on_unauthenticated_request()
        .cloned()
        .unwrap_or(sdk::AuthenticateOidcActionConditionalBehaviorEnum::Authenticate);
    check::one_of(
        "authenticateOidcConfig.onUnauthenticatedRequest",
        request.as_str(),
        sdk::AuthenticateOidcActionConditionalBehaviorEnum::values(),
    )?;
    let extra = config.authentication_request_extra_params();
    session(config.session_timeout(), extra.map_or(0, |extra| extra.len()))?;
    Ok(sdk::AuthenticateOidcActionConfig::builder()
        .issuer(issuer)
        .authorization_endpoint(authorization)
        .token_endpoint(token)
        .user_info_endpoint(user_info)
        .client_id(client)
        .session_cookie_name(config.session_cookie_name().unwrap_or(COOKIE))
        .scope(config.scope().unwrap_or(SCOPE))
        .session_timeout(config.session_timeout().unwrap_or(TIMEOUT))
        .set_authentication_request_extra_params(extra.cloned())
        .on_unauthenticated_request(request)
        .build())
}

/// A Cognito authentication with its defaults.
pub(super) fn cognito(
    config: &sdk::AuthenticateCognitoActionConfig,
) -> Result<sdk::AuthenticateCognitoActionConfig, ApiError> {
    let pool = check::required("authenticateCognitoConfig.userPoolArn", config.user_pool_arn())?;
    let client = check::required("authenticateCognitoConfig.userPoolClientId", config.user_pool_client_id())?;
    let domain = check::required("authenticateCognitoConfig.userPoolDomain", config.user_pool_domain())?;
    if !pool.starts_with("arn:") || !pool.contains(":cognito-idp:") {
        return Err(ApiError::validation(format!("'{pool}' is not a valid user pool ARN")));
    }
    let request = config
        .on_unauthenticated_request()
        .cloned()
        .unwrap_or(sdk::AuthenticateCognitoActionConditionalBehaviorEnum::Authenticate);
    check::one_of(
        "authenticateCognitoConfig.onUnauthenticatedRequest",
        request.as_str(),
        sdk::AuthenticateCognitoActionConditionalBehaviorEnum::values(),
    )?;
    let extra = config.authentication_request_extra_params();
    session(config.session_timeout(), extra.map_or(0, |extra| extra.len()))?;
    Ok(sdk::AuthenticateCognitoActionConfig::builder()
        .user_pool_arn(pool)
        .user_pool_client_id(client)
        .user_pool_domain(domain)
        .session_cookie_name(config.session_cookie_name().unwrap_or(COOKIE))
        .scope(config.scope().unwrap_or(SCOPE))
        .session_timeout(config.session_timeout().unwrap_or(TIMEOUT))
        .set_authentication_request_extra_params(extra.cloned())
        .on_unauthenticated_request(request)
        .build())
}

const COOKIE: &str = "AWSELBAuthSessionCookie";
const SCOPE: &str = "openid";
const TIMEOUT: i64 = 604_800;

fn session(timeout: Option<i64>, extra: usize) -> Result<(), ApiError> {
    if let Some(timeout) = timeout.filter(|timeout| !(1..=TIMEOUT).contains(timeout)) {
        return Err(ApiError::validation(format!(
            "Session timeout '{timeout}' must be between '1' and '{TIMEOUT}' seconds"
        )));
    }
    if extra > 10 {
        return Err(ApiError::validation("There can be at most '10' extra parameters of the authentication request"));
    }
    Ok(())
}

pub(super) fn jwt(config: &sdk::JwtValidationActionConfig) -> Result<sdk::JwtValidationActionConfig, ApiError> {
    /// Validated by default, so that they cannot be asked for.
    const DEFAULT: [&str; 4] = ["exp", "iss", "nbf", "iat"];
    let endpoint = required_url("jwtValidationConfig.jwksEndpoint", config.jwks_endpoint())?;
    check::length("jwtValidationConfig.jwksEndpoint", endpoint, 1..=256)?;
    let issuer = check::required("jwtValidationConfig.issuer", config.issuer())?;
    check::length("jwtValidationConfig.issuer", issuer, 1..=256)?;
    check::at_most("jwtValidationConfig.additionalClaims", config.additional_claims().len(), 10)?;
    for claim in config.additional_claims() {
        let name = check::required("additionalClaims.member.name", claim.name())?;
        let format = check::required("additionalClaims.member.format", claim.format())?;
        check::one_of(
            "additionalClaims.member.format",
            format.as_str(),
            sdk::JwtValidationActionAdditionalClaimFormatEnum::values(),
        )?;
        if DEFAULT.contains(&name) {
            return Err(ApiError::validation(format!(
                "Claim '{name}' is validated by default and cannot be specified"
            )));
        }
        check::required("additionalClaims.member.values", claim.values().first())?;
        check::at_most("additionalClaims.member.values", claim.values().len(), 10)?;
        for value in claim.values() {
            check::length("additionalClaims.member.values.member", value, 1..=256)?;
            if *format == sdk::JwtValidationActionAdditionalClaimFormatEnum::SpaceSeparatedValues && value.contains(' ')
            {
                return Err(ApiError::validation(format!("Claim value '{value}' cannot include spaces")));
            }
        }
    }
    Ok(config.clone())
}

fn required_url<'a>(member: &str, url: Option<&'a str>) -> Result<&'a str, ApiError> {
    let url = check::required(member, url)?;
    match url.strip_prefix("https://") {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(url),
        _ => Err(ApiError::validation(format!("'{url}' at '{member}' must be a full URL with the HTTPS protocol"))),
    }
}
