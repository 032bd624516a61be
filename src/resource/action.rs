//! What happens to a request or connection: the actions of listeners and rules.

use typed_builder::TypedBuilder;

use crate::id::TargetGroupArn;
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::accept::protocol;
use super::authenticate::{self, Check};
use super::{Secret, Visit};

/// What a listener or a rule does: any number of checks of who may go on, and then the one action
/// that answers.
///
/// Made from an [`Action`] or a part of one, or by [`Oidc::then`](crate::Oidc::then),
/// [`Cognito::then`](crate::Cognito::then) and [`JwtValidation::then`](crate::JwtValidation::then).
#[derive(Debug, Clone, PartialEq)]
pub struct Actions {
    /// In the order in which they are made.
    pub(crate) first: Vec<Check>,
    pub(crate) last: Action,
}

/// What can be the action of a listener with the protocol `P`.
///
/// Listeners of network and gateway load balancers can only forward; those of application load
/// balancers can also redirect and answer by themselves; and only HTTPS listeners can check who
/// may go on.
#[diagnostic::on_unimplemented(
    message = "a listener that accepts `{P}` cannot have `{Self}` as its action",
    label = "not an action of such a listener",
    note = "listeners of network and gateway load balancers can only forward: `Action::forward(..)`",
    note = "only HTTPS listeners can check who may go on: `Accept::https(..)`"
)]
pub trait ActionOn<P>: Into<Actions> {}

impl<P: protocol::Protocol> ActionOn<P> for Forward {}
// One by one, so that the compiler says of others what is said above.
impl ActionOn<protocol::Http> for Redirect {}
impl ActionOn<protocol::Https> for Redirect {}
impl ActionOn<protocol::Http> for FixedResponse {}
impl ActionOn<protocol::Https> for FixedResponse {}
impl ActionOn<protocol::Http> for Action {}
impl ActionOn<protocol::Https> for Action {}
impl ActionOn<protocol::Https> for Actions {}

/// What a listener or a rule does with a request or connection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Sends it to one of several target groups.
    Forward(Forward),
    /// Answers with a redirect.
    Redirect(Redirect),
    /// Answers by itself.
    FixedResponse(FixedResponse),
}

impl Action {
    /// Sends everything to one target group.
    pub fn forward(group: impl IntoInput<TargetGroupArn>) -> Forward {
        Forward { groups: vec![WeightedGroup { group: group.into_input(), weight: None }], stickiness: None }
    }

    /// Begins a division among several target groups by weight; add them with
    /// [`Forward::group`].
    #[must_use]
    pub fn forward_weighted() -> Forward {
        Forward { groups: Vec::new(), stickiness: None }
    }

    /// Answers with a permanent redirect (301) to HTTPS on a port, host, path and query kept.
    #[must_use]
    pub fn redirect_to_https(port: u16) -> Redirect {
        Redirect::builder().protocol("HTTPS").port(port.to_string()).build()
    }

    /// Answers with a status from 200 to 599 (not 3xx) and an empty body. For more than the status,
    /// use [`FixedResponse::builder`].
    #[must_use]
    pub fn fixed_response(status: u16) -> FixedResponse {
        FixedResponse { status, content_type: None, body: None }
    }
}

/// Forwarding to several target groups by weight.
///
/// ```
/// # use purlin::{Action, Ref, TargetGroup};
/// # fn declare(blue: Ref<TargetGroup>, green: Ref<TargetGroup>) -> Action {
/// Action::forward_weighted().group(blue, 90).group(green, 10).into()
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Forward {
    pub(crate) groups: Vec<WeightedGroup>,
    pub(crate) stickiness: Option<u32>,
}

/// A target group and its share.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WeightedGroup {
    pub(crate) group: Input<TargetGroupArn>,
    pub(crate) weight: Option<u16>,
}

impl Forward {
    /// Adds a target group with a weight from 0 to 999; 1 to 5 groups. Sets `TargetGroups`.
    #[must_use]
    pub fn group(mut self, group: impl IntoInput<TargetGroupArn>, weight: u16) -> Self {
        self.groups.push(WeightedGroup { group: group.into_input(), weight: Some(weight) });
        self
    }

    /// Keeps a client with its target group for a time: 1 s to 7 days. AWS's default is not to. Sets
    /// `TargetGroupStickinessConfig`.
    #[must_use]
    pub fn sticky(mut self, duration: std::time::Duration) -> Self {
        self.stickiness = Some(u32::try_from(duration.as_secs()).unwrap_or(u32::MAX));
        self
    }
}

/// A redirect. What is left out stays as in the request.
#[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
#[builder(doc, field_defaults(default, setter(into, strip_option)))]
#[non_exhaustive]
pub struct Redirect {
    /// `HTTP`, `HTTPS` or `#{protocol}`; AWS does not redirect from HTTPS to HTTP. AWS's default is
    /// `#{protocol}`: as it is. Sets `Protocol`.
    pub(crate) protocol: Option<String>,
    /// The host: 1 to 128 characters, may contain `#{host}`. AWS's default is `#{host}`. Sets `Host`.
    pub(crate) host: Option<String>,
    /// The port, 1 to 65535, or `#{port}`. AWS's default is `#{port}`. Sets `Port`.
    pub(crate) port: Option<String>,
    /// The path: 1 to 128 characters beginning with `/`, may contain `#{host}`, `#{path}` and
    /// `#{port}`. AWS's default is `/#{path}`. Sets `Path`.
    pub(crate) path: Option<String>,
    /// The query without `?`: up to 128 characters, may contain `#{query}` and the other words.
    /// AWS's default is `#{query}`. Sets `Query`.
    pub(crate) query: Option<String>,
    /// Whether the redirect is a temporary one (302) instead of a permanent one (301). Sets
    /// `StatusCode`.
    #[builder(setter(!strip_option))]
    pub(crate) temporary: bool,
}

/// An answer that the load balancer gives by itself.
#[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
#[builder(doc)]
#[non_exhaustive]
pub struct FixedResponse {
    /// The status: 200 to 299 or 400 to 599. Sets `StatusCode`.
    pub(crate) status: u16,
    /// One of `text/plain`, `text/css`, `text/html`, `application/javascript`,
    /// `application/json`. Sets `ContentType`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) content_type: Option<String>,
    /// The body: up to 1024 characters. Sets `MessageBody`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) body: Option<String>,
}

impl From<Forward> for Action {
    fn from(forward: Forward) -> Self {
        Self::Forward(forward)
    }
}

impl From<Redirect> for Action {
    fn from(redirect: Redirect) -> Self {
        Self::Redirect(redirect)
    }
}

impl From<FixedResponse> for Action {
    fn from(response: FixedResponse) -> Self {
        Self::FixedResponse(response)
    }
}

impl Action {
    pub(crate) fn visit(&mut self, visit: &mut Visit<'_>) {
        if let Self::Forward(forward) = self {
            forward.groups.iter_mut().for_each(|group| visit(&mut group.group));
        }
    }

    pub(crate) fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        match self {
            Self::Forward(forward) => {
                forward.validate(&format!("{path}.forward"), problems);
                problems.range("V83", &format!("{path}.stickiness"), forward.stickiness, 1..=604_800);
            }
            Self::Redirect(redirect) => redirect.validate(&format!("{path}.redirect"), problems),
            Self::FixedResponse(response) => response.validate(&format!("{path}.fixed_response"), problems),
        }
    }
}

impl Forward {
    fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        let count = self.groups.len();
        if !(1..=5).contains(&count) {
            problems.report("V82", path, format!("{count} target groups"), "must have 1 to 5 target groups");
        }
        for (index, WeightedGroup { group, weight }) in self.groups.iter().enumerate() {
            let path = format!("{path}[{index}]");
            problems.range("V82", &format!("{path}.weight"), *weight, 0..=999);
            if self.groups.iter().take(index).any(|earlier| earlier.group == *group) {
                problems.report("V82", path, Value::of(group), "must not be there twice; give it one weight");
            }
        }
    }
}

impl FixedResponse {
    fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        const TYPES: [&str; 5] = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
        let status = self.status;
        if !matches!(status, 200..=299 | 400..=599) {
            let rule = "must be 200 to 299 or 400 to 599; for 3xx, use a redirect";
            problems.report("V88", format!("{path}.status"), status, rule);
        }
        let length = self.body.as_deref().map_or(0, |body| body.chars().count());
        if length > 1024 {
            let rule = "must have up to 1024 characters";
            problems.report("V88", format!("{path}.body"), format!("{length} characters"), rule);
        }
        if let Some(kind) = self.content_type.as_deref().filter(|kind| !TYPES.contains(kind)) {
            problems.report(
                "V88",
                format!("{path}.content_type"),
                format!("{kind:?}"),
                format!("must be one of {}", TYPES.join(", ")),
            );
        }
    }
}

impl Redirect {
    fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        if let Some(protocol) = self.protocol.as_deref().filter(|p| !["HTTP", "HTTPS", "#{protocol}"].contains(p)) {
            problems.report(
                "V85",
                format!("{path}.protocol"),
                format!("{protocol:?}"),
                "must be HTTP, HTTPS or #{protocol}",
            );
        }
        if let Some(port) =
            self.port.as_deref().filter(|port| *port != "#{port}" && !port.parse::<u16>().is_ok_and(|p| p > 0))
        {
            problems.report("V85", format!("{path}.port"), format!("{port:?}"), "must be 1 to 65535 or #{port}");
        }
        for (name, value, least) in [("host", &self.host, 1), ("path", &self.path, 1), ("query", &self.query, 0)] {
            if let Some(value) = value {
                problems.text("V85", &format!("{path}.{name}"), value, least..=128, |_| true, "");
            }
        }
        if let Some(value) = self.path.as_deref().filter(|value| !value.is_empty() && !value.starts_with('/')) {
            problems.report("V86", format!("{path}.path"), format!("{value:?}"), "must begin with `/`");
        }
        // A keyword that stands for the same part of the request changes nothing either.
        let kept = [
            (&self.protocol, "#{protocol}"),
            (&self.host, "#{host}"),
            (&self.port, "#{port}"),
            (&self.path, "/#{path}"),
        ];
        if kept.iter().all(|(part, same)| part.as_deref().is_none_or(|part| part == *same)) {
            problems.report("V86", path, "", "must change the protocol, host, port or path, or it redirects to itself");
        }
    }
}

impl From<Action> for Actions {
    fn from(action: Action) -> Self {
        Self { first: Vec::new(), last: action }
    }
}

macro_rules! into_actions {
    ($($part:ident),+) => {$(
        impl From<$part> for Actions {
            fn from(part: $part) -> Self {
                Action::from(part).into()
            }
        }
    )+};
}
into_actions!(Forward, Redirect, FixedResponse);

impl Actions {
    /// These actions, with the target groups that others forward to beside their own: they are checked,
    /// and get no traffic yet.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only the engine hands over"))]
    pub(crate) fn beside(&self, others: &Self) -> Self {
        let mut both = self.clone();
        if let (Action::Forward(forward), Action::Forward(more)) = (&mut both.last, &others.last) {
            for other in &more.groups {
                if !forward.groups.iter().any(|group| group.group == other.group) {
                    forward.groups.push(WeightedGroup { group: other.group.clone(), weight: Some(0) });
                }
            }
        }
        both
    }

    /// The ARNs of the target groups that are forwarded to, as far as they are known.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only AWS refuses"))]
    pub(crate) fn targets(&self) -> Vec<String> {
        match &self.last {
            Action::Forward(forward) => {
                forward.groups.iter().filter_map(|group| Some(group.group.as_known()?.to_string())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The client secret, where users log in with OpenID Connect.
    pub(crate) fn client_secret(&self) -> Option<&Secret> {
        self.first.iter().find_map(|check| match check {
            Check::Oidc(oidc) => oidc.client_secret.as_ref(),
            Check::Cognito(_) | Check::Jwt(_) => None,
        })
    }

    /// The user pools of Cognito by which users log in.
    pub(crate) fn user_pools(&self) -> impl Iterator<Item = &str> {
        self.first.iter().filter_map(|check| match check {
            Check::Cognito(cognito) => Some(cognito.user_pool.as_str()),
            Check::Oidc(_) | Check::Jwt(_) => None,
        })
    }

    /// The checks as plans compare them.
    pub(crate) fn checks(&self) -> Value {
        authenticate::value(&self.first)
    }

    /// AWS's defaults of what the checks leave out.
    pub(crate) fn check_defaults(&self) -> Value {
        authenticate::defaults(&self.first)
    }

    pub(crate) fn validate(&self, problems: &mut Problems<'_>) {
        authenticate::validate(&self.first, "authenticate", problems);
        self.last.validate("action", problems);
    }

    /// Reports what goes only with an encrypted listener, or only with one that is not.
    pub(crate) fn validate_on(&self, https: bool, problems: &mut Problems<'_>) {
        if !https && !self.first.is_empty() {
            let checks: Vec<_> = self.first.iter().map(Check::kind).collect();
            problems.report("V89", "authenticate", checks.join(", "), "only HTTPS listeners can check who may go on");
        }
        if let Action::Redirect(redirect) = &self.last
            && https
            && redirect.protocol.as_deref() == Some("HTTP")
        {
            problems.report("V87", "action.redirect.protocol", "HTTP", "AWS does not redirect from HTTPS to HTTP");
        }
    }
}

impl Action {
    /// AWS's defaults of what the action leaves out.
    pub(crate) fn defaults(&self) -> Value {
        match self {
            Self::Redirect(_) => {
                let kept =
                    ["protocol", "host", "port", "query"].map(|part| (part, Value::Text(format!("#{{{part}}}"))));
                let path = ("path", Value::of("/#{path}"));
                Value::map([("redirect", Value::map(kept.into_iter().chain([path])))])
            }
            Self::Forward(_) | Self::FixedResponse(_) => Value::Unset,
        }
    }
}

impl ToValue for WeightedGroup {
    fn to_value(&self) -> Value {
        // AWS takes 1 where there is none.
        Value::map([("group", Value::of(&self.group)), ("weight", Value::of(&self.weight.unwrap_or(1)))])
    }
}

impl ToValue for Action {
    fn to_value(&self) -> Value {
        match self {
            Self::Forward(forward) => match forward.groups.as_slice() {
                // A single group gets everything whatever its weight.
                [only] if forward.stickiness.is_none() => Value::map([("forward", Value::of(&only.group))]),
                groups => Value::map([
                    ("forward", Value::of(groups).sorted()),
                    ("stickiness", Value::of(&forward.stickiness)),
                ]),
            },
            Self::Redirect(redirect) => Value::map([(
                "redirect",
                Value::map([
                    ("protocol", Value::of(&redirect.protocol)),
                    ("host", Value::of(&redirect.host)),
                    ("port", Value::of(&redirect.port)),
                    ("path", Value::of(&redirect.path)),
                    ("query", Value::of(&redirect.query)),
                    ("status", Value::of(if redirect.temporary { "HTTP_302" } else { "HTTP_301" })),
                ]),
            )]),
            Self::FixedResponse(response) => Value::map([(
                "fixed_response",
                Value::map([
                    ("status", Value::of(&response.status)),
                    ("content_type", Value::of(&response.content_type)),
                    ("body", Value::of(&response.body)),
                ]),
            )]),
        }
    }
}
