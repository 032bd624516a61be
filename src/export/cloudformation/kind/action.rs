//! The actions of listeners and their rules.

use crate::resource::{Action, Actions, Check, Cognito, JwtValidation, Oidc};
use crate::value::{ToValue, Value};

use super::super::draft::Entry;
use super::super::shape::{Field, Shape, put};

/// All actions in their order. `number` is the shape of the session timeout.
pub(super) fn write(actions: &Actions, number: &Shape, entry: &mut Entry<'_, '_>) -> Value {
    let mut all: Vec<Value> = actions.first.iter().map(|first| check(first, number, entry)).collect();
    all.push(answer(&actions.last));
    if all.len() > 1 {
        for (order, action) in (1_i64..).zip(&mut all) {
            put(action, "Order", Value::Integer(order));
        }
    }
    Value::List(all)
}

fn typed(kind: &str, config: &str, members: Value) -> Value {
    Value::map([("Type", Value::of(kind)), (config, members)])
}

fn answer(action: &Action) -> Value {
    match action {
        Action::Forward(forward) => match (forward.groups.as_slice(), forward.stickiness) {
            ([only], None) => typed("forward", "TargetGroupArn", Value::of(&only.group)),
            (groups, stickiness) => {
                let group = |group: &_| {
                    let crate::resource::WeightedGroup { group, weight } = group;
                    Value::map([("TargetGroupArn", Value::of(group)), ("Weight", Value::of(weight))])
                };
                let sticky = stickiness.map_or(Value::Unset, |seconds| {
                    Value::map([("Enabled", Value::Bool(true)), ("DurationSeconds", Value::of(&seconds))])
                });
                let groups = Value::List(groups.iter().map(group).collect());
                let config = Value::map([("TargetGroups", groups), ("TargetGroupStickinessConfig", sticky)]);
                typed("forward", "ForwardConfig", config)
            }
        },
        Action::Redirect(redirect) => typed(
            "redirect",
            "RedirectConfig",
            Value::map([
                ("Protocol", Value::of(&redirect.protocol)),
                ("Host", Value::of(&redirect.host)),
                ("Port", Value::of(&redirect.port)),
                ("Path", Value::of(&redirect.path)),
                ("Query", Value::of(&redirect.query)),
                ("StatusCode", Value::of(if redirect.temporary { "HTTP_302" } else { "HTTP_301" })),
            ]),
        ),
        Action::FixedResponse(response) => typed(
            "fixed-response",
            "FixedResponseConfig",
            Value::map([
                ("StatusCode", Value::Text(response.status.to_string())),
                ("ContentType", Value::of(&response.content_type)),
                ("MessageBody", Value::of(&response.body)),
            ]),
        ),
    }
}

fn check(check: &Check, number: &Shape, entry: &mut Entry<'_, '_>) -> Value {
    match check {
        Check::Oidc(oidc) => {
            let secret = entry.secret("ClientSecret", "The client secret with which users log in");
            typed("authenticate-oidc", "AuthenticateOidcConfig", oidc_config(oidc, number, secret))
        }
        Check::Cognito(cognito) => {
            typed("authenticate-cognito", "AuthenticateCognitoConfig", cognito_config(cognito, number))
        }
        Check::Jwt(jwt) => typed("jwt-validation", "JwtValidationConfig", jwt_config(jwt)),
    }
}

fn seconds(timeout: &impl ToValue, number: &Shape) -> Value {
    number.write(&Value::of(timeout), "session_timeout", &mut |_, _| {})
}

fn oidc_config(oidc: &Oidc, number: &Shape, secret: Value) -> Value {
    Value::map([
        ("Issuer", Value::of(&oidc.issuer)),
        ("AuthorizationEndpoint", Value::of(&oidc.authorization_endpoint)),
        ("TokenEndpoint", Value::of(&oidc.token_endpoint)),
        ("UserInfoEndpoint", Value::of(&oidc.user_info_endpoint)),
        ("ClientId", Value::of(&oidc.client_id)),
        ("ClientSecret", secret),
        ("SessionCookieName", Value::of(&oidc.session_cookie_name)),
        ("Scope", Value::of(&oidc.scope)),
        ("SessionTimeout", seconds(&oidc.session_timeout, number)),
        ("OnUnauthenticatedRequest", Value::of(&oidc.on_unauthenticated)),
        ("AuthenticationRequestExtraParams", Value::of(&oidc.extra_params).unless_empty()),
    ])
}

fn cognito_config(cognito: &Cognito, number: &Shape) -> Value {
    Value::map([
        ("UserPoolArn", Value::of(&cognito.user_pool)),
        ("UserPoolClientId", Value::of(&cognito.client_id)),
        ("UserPoolDomain", Value::of(&cognito.domain)),
        ("SessionCookieName", Value::of(&cognito.session_cookie_name)),
        ("Scope", Value::of(&cognito.scope)),
        ("SessionTimeout", seconds(&cognito.session_timeout, number)),
        ("OnUnauthenticatedRequest", Value::of(&cognito.on_unauthenticated)),
        ("AuthenticationRequestExtraParams", Value::of(&cognito.extra_params).unless_empty()),
    ])
}

fn jwt_config(jwt: &JwtValidation) -> Value {
    const CLAIMS: Shape = Shape::List(&Shape::Record(&[
        Field("name", "Name", Shape::Plain),
        Field("format", "Format", Shape::Plain),
        Field("values", "Values", Shape::Plain),
    ]));
    Value::map([
        ("JwksEndpoint", Value::of(&jwt.jwks_endpoint)),
        ("Issuer", Value::of(&jwt.issuer)),
        ("AdditionalClaims", CLAIMS.write(&Value::of(&jwt.claims).unless_empty(), "claims", &mut |_, _| {})),
    ])
}
