//! Actions that come before the one that answers: who may go on.

use std::collections::BTreeMap;
use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::id::UserPoolArn;
use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::names::names;
use super::record::record;
use super::{Actions, Secret};

/// A check of who may go on, before the action that answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Check {
    Oidc(Box<Oidc>),
    Cognito(Box<Cognito>),
    Jwt(JwtValidation),
}

names! {
    /// What happens to a request of somebody who has not logged in.
    OnUnauthenticated {
        /// It is answered with 401.
        Deny = "deny",
        /// It goes on.
        Allow = "allow",
        /// It is redirected to the login page; AWS's default.
        Authenticate = "authenticate",
    }
}

record! {
    /// Users log in with an identity provider that follows OpenID Connect. On HTTPS listeners of
    /// application load balancers.
    ///
    /// Sets an action of the type `authenticate-oidc` and its `AuthenticateOidcConfig`.
    ///
    /// ```
    /// # use purlin::{Actions, Ref, TargetGroup};
    /// use purlin::{Action, Oidc};
    ///
    /// # fn declare(targets: Ref<TargetGroup>, client_secret: String) -> Actions {
    /// Oidc::builder()
    ///     .issuer("https://id.example.com")
    ///     .authorization_endpoint("https://id.example.com/authorize")
    ///     .token_endpoint("https://id.example.com/token")
    ///     .user_info_endpoint("https://id.example.com/userinfo")
    ///     .client_id("web")
    ///     .client_secret(client_secret)
    ///     .build()
    ///     .then(Action::forward(targets))
    /// # }
    /// ```
    #[derive(Debug, Clone, PartialEq, TypedBuilder)]
    #[builder(doc, mutators(
        /// Adds a query parameter of the redirect to the login page; up to 10. Sets
        /// `AuthenticationRequestExtraParams`.
        pub fn extra_param(&mut self, key: impl Into<String>, value: impl Into<String>) {
            self.extra_params.insert(key.into(), value.into());
        }
    ))]
    #[non_exhaustive]
    pub struct Oidc {
        /// The issuer identifier: a full URL with HTTPS. Sets `Issuer`.
        #[builder(setter(into))]
        pub(crate) issuer: String,
        /// Where users log in: a full URL with HTTPS. Sets `AuthorizationEndpoint`.
        #[builder(setter(into))]
        pub(crate) authorization_endpoint: String,
        /// Where the balancer gets tokens: a full URL with HTTPS. Sets `TokenEndpoint`.
        #[builder(setter(into))]
        pub(crate) token_endpoint: String,
        /// Where the balancer gets claims of the user: a full URL with HTTPS. Sets
        /// `UserInfoEndpoint`.
        #[builder(setter(into))]
        pub(crate) user_info_endpoint: String,
        /// The client identifier. Sets `ClientId`.
        #[builder(setter(into))]
        pub(crate) client_id: String,
        /// The client secret. AWS never answers it; a digest of it is kept in the tag
        /// `purlin:client-secret` of the listener or rule, and it is sent again only when it
        /// changes. Sets `ClientSecret`, or `UseExistingClientSecret` where it stays.
        #[builder(setter(transform = |secret: impl Into<Secret>| Some(secret.into())))]
        pub(crate) client_secret: Option<Secret>,
        /// The name of the cookie with the session. AWS's default is `AWSELBAuthSessionCookie`.
        /// Sets `SessionCookieName`.
        #[builder(default, setter(into, strip_option))]
        pub(crate) session_cookie_name: Option<String>,
        /// The claims to ask for. AWS's default is `openid`. Sets `Scope`.
        #[builder(default, setter(into, strip_option))]
        pub(crate) scope: Option<String>,
        /// How long a session lasts: 1 s to 7 days. AWS's default is 7 days. Sets
        /// `SessionTimeout`.
        #[builder(default, setter(strip_option))]
        pub(crate) session_timeout: Option<Duration>,
        /// What happens to a request without a session. AWS's default is the login page. Sets
        /// `OnUnauthenticatedRequest`.
        #[builder(default, setter(strip_option))]
        pub(crate) on_unauthenticated: Option<OnUnauthenticated>,
        #[builder(via_mutators)]
        pub(crate) extra_params: BTreeMap<String, String>,
    }
}

record! {
    /// Users log in with a user pool of Amazon Cognito. On HTTPS listeners of application load
    /// balancers.
    ///
    /// Sets an action of the type `authenticate-cognito` and its `AuthenticateCognitoConfig`.
    #[derive(Debug, Clone, PartialEq, TypedBuilder)]
    #[builder(doc, mutators(
        /// Adds a query parameter of the redirect to the login page; up to 10. Sets
        /// `AuthenticationRequestExtraParams`.
        pub fn extra_param(&mut self, key: impl Into<String>, value: impl Into<String>) {
            self.extra_params.insert(key.into(), value.into());
        }
    ))]
    #[non_exhaustive]
    pub struct Cognito {
        /// The user pool. Sets `UserPoolArn`.
        pub(crate) user_pool: UserPoolArn,
        /// The id of the client of the user pool. Sets `UserPoolClientId`.
        #[builder(setter(into))]
        pub(crate) client_id: String,
        /// The domain prefix or the full domain name of the user pool. Sets `UserPoolDomain`.
        #[builder(setter(into))]
        pub(crate) domain: String,
        /// The name of the cookie with the session. AWS's default is `AWSELBAuthSessionCookie`.
        /// Sets `SessionCookieName`.
        #[builder(default, setter(into, strip_option))]
        pub(crate) session_cookie_name: Option<String>,
        /// The claims to ask for. AWS's default is `openid`. Sets `Scope`.
        #[builder(default, setter(into, strip_option))]
        pub(crate) scope: Option<String>,
        /// How long a session lasts: 1 s to 7 days. AWS's default is 7 days. Sets
        /// `SessionTimeout`.
        #[builder(default, setter(strip_option))]
        pub(crate) session_timeout: Option<Duration>,
        /// What happens to a request without a session. AWS's default is the login page. Sets
        /// `OnUnauthenticatedRequest`.
        #[builder(default, setter(strip_option))]
        pub(crate) on_unauthenticated: Option<OnUnauthenticated>,
        #[builder(via_mutators)]
        pub(crate) extra_params: BTreeMap<String, String>,
    }
}

record! {
    /// Requests must carry a valid JSON Web Token: one of the issuer, signed by one of its keys,
    /// and not outdated. On HTTPS listeners of application load balancers.
    ///
    /// Sets an action of the type `jwt-validation` and its `JwtValidationConfig`.
    #[derive(Debug, Clone, PartialEq, TypedBuilder)]
    #[builder(doc, mutators(
        /// Adds a claim that tokens must have; up to 10. Sets `AdditionalClaims`.
        pub fn claim(&mut self, claim: JwtClaim) {
            self.claims.push(claim);
        }
    ))]
    #[non_exhaustive]
    pub struct JwtValidation {
        /// Where the keys of the issuer are: a full URL with HTTPS, up to 256 characters. Sets
        /// `JwksEndpoint`.
        #[builder(setter(into))]
        pub(crate) jwks_endpoint: String,
        /// The issuer: up to 256 characters. Sets `Issuer`.
        #[builder(setter(into))]
        pub(crate) issuer: String,
        #[builder(via_mutators)]
        pub(crate) claims: Vec<JwtClaim>,
    }
}

names! {
    /// How a claim is written in a token.
    ClaimFormat {
        /// One text.
        SingleString = "single-string",
        /// A list of texts.
        StringArray = "string-array",
        /// Words with spaces between them.
        SpaceSeparatedValues = "space-separated-values",
    }
}

record! {
    /// A claim that tokens must have.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct JwtClaim {
        pub(crate) name: String,
        pub(crate) format: ClaimFormat,
        pub(crate) values: Vec<String>,
    }
}

impl JwtClaim {
    /// A claim with one of these values: up to 10, of up to 256 characters each. The name is not
    /// `exp`, `iss`, `nbf` or `iat`, which are always checked. Sets `Name`, `Format` and `Values`.
    pub fn new<S: Into<String>>(
        name: impl Into<String>,
        format: ClaimFormat,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        Self { name: name.into(), format, values: values.into_iter().map(Into::into).collect() }
    }
}

macro_rules! then {
    ($($name:ident: $check:ident => $wrap:expr;)+) => {$(
        impl $name {
            /// What happens after this check: the action that answers, or another check.
            #[must_use]
            pub fn then(self, next: impl Into<Actions>) -> Actions {
                let mut actions = next.into();
                actions.first.insert(0, $wrap(self));
                actions
            }
        }
    )+};
}
then! {
    Oidc: Oidc => |check| Check::Oidc(Box::new(check));
    Cognito: Cognito => |check| Check::Cognito(Box::new(check));
    JwtValidation: Jwt => Check::Jwt;
}

/// What AWS takes where a session is not described.
fn session_defaults() -> Value {
    Value::map([
        ("session_cookie_name", Value::of("AWSELBAuthSessionCookie")),
        ("scope", Value::of("openid")),
        ("session_timeout", Value::Integer(604_800)),
        ("on_unauthenticated", Value::of(&OnUnauthenticated::Authenticate)),
    ])
}

impl Check {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Oidc(_) => "oidc",
            Self::Cognito(_) => "cognito",
            Self::Jwt(_) => "jwt",
        }
    }

    fn defaults(&self) -> Value {
        match self {
            Self::Oidc(_) | Self::Cognito(_) => Value::map([(self.kind(), session_defaults())]),
            Self::Jwt(_) => Value::Unset,
        }
    }

    fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        let at = |name: &str| format!("{path}.{}.{name}", self.kind());
        let (timeout, params) = match self {
            Self::Oidc(oidc) => {
                for (name, value) in [
                    ("issuer", &oidc.issuer),
                    ("authorization_endpoint", &oidc.authorization_endpoint),
                    ("token_endpoint", &oidc.token_endpoint),
                    ("user_info_endpoint", &oidc.user_info_endpoint),
                ] {
                    let _ = url(&at(name), value, problems);
                }
                (oidc.session_timeout, oidc.extra_params.len())
            }
            Self::Cognito(cognito) => (cognito.session_timeout, cognito.extra_params.len()),
            Self::Jwt(jwt) => {
                if url(&at("jwks_endpoint"), &jwt.jwks_endpoint, problems) {
                    problems.text("V90", &at("jwks_endpoint"), &jwt.jwks_endpoint, 1..=256, |_| true, "");
                }
                problems.text("V90", &at("issuer"), &jwt.issuer, 1..=256, |_| true, "");
                problems.range("V90", &at("claims"), Some(jwt.claims.len()), 0..=10);
                for (index, claim) in jwt.claims.iter().enumerate() {
                    claim.validate(&at(&format!("claims[{index}]")), problems);
                }
                (None, 0)
            }
        };
        let seconds = timeout.map(|timeout| timeout.as_secs());
        problems.range("V81", &at("session_timeout"), seconds, 1..=604_800);
        problems.range("V81", &at("extra_params"), Some(params), 0..=10);
    }
}

impl JwtClaim {
    fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        if ["exp", "iss", "nbf", "iat"].contains(&self.name.as_str()) {
            problems.report("V90", format!("{path}.name"), format!("{:?}", self.name), "is always checked");
        }
        problems.range("V90", &format!("{path}.values"), Some(self.values.len()), 1..=10);
        for value in &self.values {
            problems.text("V90", &format!("{path}.values"), value, 1..=256, |_| true, "");
            if self.format == ClaimFormat::SpaceSeparatedValues && value.contains(' ') {
                problems.report("V90", format!("{path}.values"), format!("{value:?}"), "must not contain spaces");
            }
        }
    }
}

/// Reports what is no URL with HTTPS; returns whether it is one.
fn url(path: &str, value: &str, problems: &mut Problems<'_>) -> bool {
    let host = value.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    if !host {
        problems.report("V90", path, format!("{value:?}"), "must be a full URL that begins with `https://`");
    }
    host
}

pub(super) fn validate(checks: &[Check], path: &str, problems: &mut Problems<'_>) {
    for (index, check) in checks.iter().enumerate() {
        if checks.iter().take(index).any(|earlier| earlier.kind() == check.kind()) {
            problems.report("V81", path, check.kind(), "must not be there twice");
        }
        check.validate(path, problems);
    }
}

impl ToValue for Check {
    fn to_value(&self) -> Value {
        let value = match self {
            Self::Oidc(oidc) => Value::of(&**oidc),
            Self::Cognito(cognito) => Value::of(&**cognito),
            Self::Jwt(jwt) => Value::of(jwt),
        };
        Value::map([(self.kind(), value)])
    }
}

/// The checks as plans compare them: one is a map, which is compared entry by entry; several are a
/// list, since their order matters.
pub(super) fn value(checks: &[Check]) -> Value {
    match checks {
        [] => Value::Unset,
        [only] => Value::of(only),
        several => Value::List(several.iter().map(|check| Value::of(check).or_defaults(&check.defaults())).collect()),
    }
}

/// AWS's defaults of what these checks leave out.
pub(super) fn defaults(checks: &[Check]) -> Value {
    match checks {
        [only] => only.defaults(),
        _ => Value::Unset,
    }
}
