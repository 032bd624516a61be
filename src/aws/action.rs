//! Actions of listeners and rules, as the Elastic Load Balancing API takes and answers them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types::{
    Action as ElbAction, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum,
    AuthenticateCognitoActionConfig, AuthenticateOidcActionConditionalBehaviorEnum, AuthenticateOidcActionConfig,
    FixedResponseActionConfig, ForwardActionConfig, JwtValidationActionAdditionalClaim,
    JwtValidationActionAdditionalClaimFormatEnum, JwtValidationActionConfig, RedirectActionConfig,
    RedirectActionStatusCodeEnum, TargetGroupStickinessConfig, TargetGroupTuple,
};

use crate::error::{Error, Result};
use crate::input::Input;
use crate::resource::tags::CLIENT_SECRET;
use crate::resource::{
    Action, Actions, Check, ClaimFormat, Cognito, FixedResponse, Forward, JwtClaim, JwtValidation, Oidc,
    OnUnauthenticated, Redirect, Secret, Tags, WeightedGroup,
};

use super::known;

/// All actions in their order; `existing` are those that are there.
pub(super) fn actions(actions: &Actions, existing: Option<&Actions>) -> Result<Vec<ElbAction>> {
    let last = answer(&actions.last)?;
    if actions.first.is_empty() {
        return Ok(vec![last]);
    }
    let secret = existing.and_then(Actions::client_secret);
    let mut all = actions.first.iter().map(|step| check(step, secret)).collect::<Result<Vec<_>>>()?;
    all.push(last);
    for (order, action) in (1..).zip(&mut all) {
        action.order = Some(order);
    }
    Ok(all)
}

/// The action that answers.
fn answer(action: &Action) -> Result<ElbAction> {
    let builder = ElbAction::builder();
    Ok(match action {
        Action::Forward(forward) => {
            let mut groups = Vec::with_capacity(forward.groups.len());
            for group in &forward.groups {
                groups.push(
                    TargetGroupTuple::builder()
                        .target_group_arn(known(&group.group)?.as_str())
                        .set_weight(group.weight.map(i32::from))
                        .build(),
                );
            }
            match (forward.groups.as_slice(), forward.stickiness) {
                ([only], None) => {
                    builder.r#type(ActionTypeEnum::Forward).target_group_arn(known(&only.group)?.as_str()).build()
                }
                (_, stickiness) => {
                    let sticky = stickiness.map(|duration| {
                        TargetGroupStickinessConfig::builder()
                            .enabled(true)
                            .duration_seconds(super::convert::count(duration))
                            .build()
                    });
                    let config = ForwardActionConfig::builder()
                        .set_target_groups(Some(groups))
                        .set_target_group_stickiness_config(sticky)
                        .build();
                    builder.r#type(ActionTypeEnum::Forward).forward_config(config).build()
                }
            }
        }
        Action::Redirect(redirect) => {
            let status = if redirect.temporary {
                RedirectActionStatusCodeEnum::Http302
            } else {
                RedirectActionStatusCodeEnum::Http301
            };
            let config = RedirectActionConfig::builder()
                .set_protocol(redirect.protocol.clone())
                .set_host(redirect.host.clone())
                .set_port(redirect.port.clone())
                .set_path(redirect.path.clone())
                .set_query(redirect.query.clone())
                .status_code(status)
                .build();
            builder.r#type(ActionTypeEnum::Redirect).redirect_config(config).build()
        }
        Action::FixedResponse(response) => {
            let config = FixedResponseActionConfig::builder()
                .status_code(response.status.to_string())
                .set_content_type(response.content_type.clone())
                .set_message_body(response.body.clone())
                .build();
            builder.r#type(ActionTypeEnum::FixedResponse).fixed_response_config(config).build()
        }
    })
}

/// A check of who may go on; `existing` is the client secret that AWS has.
fn check(check: &Check, existing: Option<&Secret>) -> Result<ElbAction> {
    let builder = ElbAction::builder();
    Ok(match check {
        Check::Oidc(oidc) => {
            builder.r#type(ActionTypeEnum::AuthenticateOidc).authenticate_oidc_config(oidc_config(oidc, existing)?)
        }
        Check::Cognito(cognito) => {
            let config = AuthenticateCognitoActionConfig::builder()
                .user_pool_arn(cognito.user_pool.as_str())
                .user_pool_client_id(&cognito.client_id)
                .user_pool_domain(&cognito.domain)
                .set_session_cookie_name(cognito.session_cookie_name.clone())
                .set_scope(cognito.scope.clone())
                .set_session_timeout(cognito.session_timeout.map(seconds))
                .set_authentication_request_extra_params(params(&cognito.extra_params))
                .set_on_unauthenticated_request(
                    cognito
                        .on_unauthenticated
                        .map(|what| AuthenticateCognitoActionConditionalBehaviorEnum::from(what.as_str())),
                );
            builder.r#type(ActionTypeEnum::AuthenticateCognito).authenticate_cognito_config(config.build())
        }
        Check::Jwt(jwt) => {
            let claims = jwt.claims.iter().map(|claim| {
                JwtValidationActionAdditionalClaim::builder()
                    .name(&claim.name)
                    .format(JwtValidationActionAdditionalClaimFormatEnum::from(claim.format.as_str()))
                    .set_values(Some(claim.values.clone()))
                    .build()
            });
            let claims: Vec<_> = claims.collect();
            let config = JwtValidationActionConfig::builder()
                .jwks_endpoint(&jwt.jwks_endpoint)
                .issuer(&jwt.issuer)
                .set_additional_claims((!claims.is_empty()).then_some(claims));
            builder.r#type(ActionTypeEnum::JwtValidation).jwt_validation_config(config.build())
        }
    }
    .build())
}

fn oidc_config(oidc: &Oidc, existing: Option<&Secret>) -> Result<AuthenticateOidcActionConfig> {
    let config = AuthenticateOidcActionConfig::builder()
        .issuer(&oidc.issuer)
        .authorization_endpoint(&oidc.authorization_endpoint)
        .token_endpoint(&oidc.token_endpoint)
        .user_info_endpoint(&oidc.user_info_endpoint)
        .client_id(&oidc.client_id)
        .set_session_cookie_name(oidc.session_cookie_name.clone())
        .set_scope(oidc.scope.clone())
        .set_session_timeout(oidc.session_timeout.map(seconds))
        .set_authentication_request_extra_params(params(&oidc.extra_params))
        .set_on_unauthenticated_request(
            oidc.on_unauthenticated.map(|what| AuthenticateOidcActionConditionalBehaviorEnum::from(what.as_str())),
        );
    let secret = oidc.client_secret.as_ref();
    let config = if secret.is_some() && secret == existing {
        config.use_existing_client_secret(true)
    } else {
        let secret = secret.and_then(Secret::reveal);
        config.client_secret(secret.ok_or_else(|| Error::internal("a client secret was not declared"))?)
    };
    Ok(config.build())
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

fn params(params: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    (!params.is_empty()).then(|| params.clone().into_iter().collect())
}

/// What the actions are; `None` if one of them is something that this crate has no word for.
pub(super) fn parse_actions(actions: &[ElbAction], tags: &Tags) -> Option<Actions> {
    let mut ordered: Vec<&ElbAction> = actions.iter().collect();
    ordered.sort_by_key(|action| action.order().unwrap_or(0));
    let (last, first) = ordered.split_last()?;
    Some(Actions {
        first: first.iter().map(|action| parse_check(action, tags)).collect::<Option<_>>()?,
        last: parse_answer(last)?,
    })
}

fn text(text: Option<&str>) -> Option<String> {
    text.map(ToOwned::to_owned)
}

fn parse_answer(action: &ElbAction) -> Option<Action> {
    Some(match action.r#type()? {
        ActionTypeEnum::Forward => {
            let config = action.forward_config();
            let mut groups: Vec<WeightedGroup> = config
                .map(ForwardActionConfig::target_groups)
                .unwrap_or_default()
                .iter()
                .filter_map(|group| {
                    Some(WeightedGroup {
                        group: Input::known(group.target_group_arn()?.parse().ok()?),
                        weight: group.weight().and_then(|weight| u16::try_from(weight).ok()),
                    })
                })
                .collect();
            if groups.is_empty() {
                groups.push(WeightedGroup {
                    group: Input::known(action.target_group_arn()?.parse().ok()?),
                    weight: None,
                });
            }
            let stickiness = config
                .and_then(|config| config.target_group_stickiness_config())
                .filter(|sticky| sticky.enabled() == Some(true))
                .and_then(|sticky| u32::try_from(sticky.duration_seconds()?).ok());
            Action::Forward(Forward { groups, stickiness })
        }
        ActionTypeEnum::Redirect => {
            let config = action.redirect_config()?;
            Action::Redirect(Redirect {
                protocol: text(config.protocol()),
                host: text(config.host()),
                port: text(config.port()),
                path: text(config.path()),
                query: text(config.query()),
                temporary: config.status_code() == Some(&RedirectActionStatusCodeEnum::Http302),
            })
        }
        ActionTypeEnum::FixedResponse => {
            let config = action.fixed_response_config()?;
            Action::FixedResponse(FixedResponse {
                status: config.status_code()?.parse().ok()?,
                content_type: text(config.content_type()),
                body: text(config.message_body()),
            })
        }
        _ => return None,
    })
}

fn parse_check(action: &ElbAction, tags: &Tags) -> Option<Check> {
    let timeout =
        |seconds: Option<i64>| seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    let params = |params: Option<&HashMap<String, String>>| {
        params.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    Some(match action.r#type()? {
        ActionTypeEnum::AuthenticateOidc => {
            let config = action.authenticate_oidc_config()?;
            Check::Oidc(Box::new(Oidc {
                issuer: text(config.issuer())?,
                authorization_endpoint: text(config.authorization_endpoint())?,
                token_endpoint: text(config.token_endpoint())?,
                user_info_endpoint: text(config.user_info_endpoint())?,
                client_id: text(config.client_id())?,
                client_secret: tags.get(CLIENT_SECRET).map(Secret::from_digest),
                session_cookie_name: text(config.session_cookie_name()),
                scope: text(config.scope()),
                session_timeout: timeout(config.session_timeout()),
                on_unauthenticated: config
                    .on_unauthenticated_request()
                    .and_then(|what| OnUnauthenticated::from_word(what.as_str())),
                extra_params: params(config.authentication_request_extra_params()),
            }))
        }
        ActionTypeEnum::AuthenticateCognito => {
            let config = action.authenticate_cognito_config()?;
            Check::Cognito(Box::new(Cognito {
                user_pool: config.user_pool_arn()?.parse().ok()?,
                client_id: text(config.user_pool_client_id())?,
                domain: text(config.user_pool_domain())?,
                session_cookie_name: text(config.session_cookie_name()),
                scope: text(config.scope()),
                session_timeout: timeout(config.session_timeout()),
                on_unauthenticated: config
                    .on_unauthenticated_request()
                    .and_then(|what| OnUnauthenticated::from_word(what.as_str())),
                extra_params: params(config.authentication_request_extra_params()),
            }))
        }
        ActionTypeEnum::JwtValidation => {
            let config = action.jwt_validation_config()?;
            let claims = config.additional_claims().iter().map(|claim| {
                Some(JwtClaim {
                    name: text(claim.name())?,
                    format: ClaimFormat::from_word(claim.format()?.as_str())?,
                    values: claim.values().to_vec(),
                })
            });
            Check::Jwt(JwtValidation {
                jwks_endpoint: text(config.jwks_endpoint())?,
                issuer: text(config.issuer())?,
                claims: claims.collect::<Option<_>>()?,
            })
        }
        _ => return None,
    })
}
