//! Listeners: the ports of a load balancer, and what happens to what arrives there.

use typed_builder::TypedBuilder;

use crate::id::{CertificateArn, ListenerArn, LoadBalancerArn, TargetGroupArn};
use crate::input::{Input, IntoInput, sources};
use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::names::names;
use super::{Describe, Operation, Property, Tags, Visit};

/// A listener: a port of a load balancer.
///
/// Follows `CreateListener` and `ModifyListener` of the Elastic Load Balancing API. Everything but
/// the balancer changes in place.
///
/// ```
/// # use purlin::{LoadBalancer, Ref, TargetGroup, Stack};
/// use purlin::{Accept, Action, Listener};
///
/// # fn declare(stack: &mut Stack, balancer: Ref<LoadBalancer>, targets: Ref<TargetGroup>) {
/// stack.add(
///     "http",
///     Listener::builder().load_balancer(balancer).accept(Accept::http(80)).action(Action::forward(targets)).build(),
/// );
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, mutators(
    /// Adds a certificate that is chosen by the name the client asks for (SNI); may be repeated.
    /// Sets `AddListenerCertificates.Certificates`.
    pub fn certificate(&mut self, certificate: impl IntoInput<CertificateArn>) {
        self.certificates.push(certificate.into_input());
    }
    /// Sets a tag; may be repeated.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key, value);
    }
))]
#[non_exhaustive]
pub struct Listener {
    /// The load balancer. Sets `LoadBalancerArn`.
    #[builder(setter(transform = |balancer: impl IntoInput<LoadBalancerArn>| balancer.into_input()))]
    pub(crate) load_balancer: Input<LoadBalancerArn>,
    /// The protocol and port, with what TLS needs. Sets `Protocol`, `Port`, `Certificates`,
    /// `SslPolicy` and `AlpnPolicy`.
    pub(crate) accept: Accept,
    /// What happens to a request or connection that no rule takes. Sets `DefaultActions`.
    pub(crate) action: Action,
    #[builder(via_mutators)]
    pub(crate) certificates: Vec<Input<CertificateArn>>,
    #[builder(via_mutators)]
    pub(crate) tags: Tags,
}

/// What AWS hands out for a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerOutputs {
    /// The ARN of the listener.
    pub arn: ListenerArn,
}

sources! {
    Listener => "arn": ListenerArn;
}

names! {
    /// The protocol of a listener.
    ListenerProtocol {
        /// HTTP, on application load balancers.
        Http = "HTTP",
        /// HTTPS, on application load balancers.
        Https = "HTTPS",
        /// TCP, on network load balancers.
        Tcp = "TCP",
        /// TLS, on network load balancers.
        Tls = "TLS",
        /// UDP, on network load balancers.
        Udp = "UDP",
        /// TCP and UDP on one port, on network load balancers.
        TcpUdp = "TCP_UDP",
    }
}

names! {
    /// The protocol that a TLS listener negotiates with its clients.
    AlpnPolicy {
        /// HTTP/1.* only.
        Http1Only = "HTTP1Only",
        /// HTTP/2 only.
        Http2Only = "HTTP2Only",
        /// HTTP/1.* rather than HTTP/2.
        Http2Optional = "HTTP2Optional",
        /// HTTP/2 rather than HTTP/1.*.
        Http2Preferred = "HTTP2Preferred",
        /// No negotiation; AWS's default.
        None = "None",
    }
}

/// What a listener accepts: a protocol and a port, with what TLS needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Accept {
    pub(crate) protocol: ListenerProtocol,
    pub(crate) port: u16,
    pub(crate) tls: Option<Tls>,
}

/// What a listener needs to speak TLS.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tls {
    pub(crate) certificate: Input<CertificateArn>,
    pub(crate) policy: Option<String>,
    pub(crate) alpn: Option<AlpnPolicy>,
}

impl Accept {
    fn plain(protocol: ListenerProtocol, port: u16) -> Self {
        Self { protocol, port, tls: None }
    }

    fn encrypted(protocol: ListenerProtocol, port: u16, certificate: Input<CertificateArn>) -> Self {
        Self { protocol, port, tls: Some(Tls { certificate, policy: None, alpn: None }) }
    }

    /// HTTP, on application load balancers.
    pub fn http(port: u16) -> Self {
        Self::plain(ListenerProtocol::Http, port)
    }

    /// HTTPS with a default certificate, on application load balancers.
    pub fn https(port: u16, certificate: impl IntoInput<CertificateArn>) -> Self {
        Self::encrypted(ListenerProtocol::Https, port, certificate.into_input())
    }

    /// TCP, on network load balancers.
    pub fn tcp(port: u16) -> Self {
        Self::plain(ListenerProtocol::Tcp, port)
    }

    /// TLS with a default certificate, on network load balancers.
    pub fn tls(port: u16, certificate: impl IntoInput<CertificateArn>) -> Self {
        Self::encrypted(ListenerProtocol::Tls, port, certificate.into_input())
    }

    /// UDP, on network load balancers.
    pub fn udp(port: u16) -> Self {
        Self::plain(ListenerProtocol::Udp, port)
    }

    /// TCP and UDP on one port, on network load balancers.
    pub fn tcp_udp(port: u16) -> Self {
        Self::plain(ListenerProtocol::TcpUdp, port)
    }

    /// Sets the security policy: protocol versions and ciphers. AWS's default is
    /// `ELBSecurityPolicy-2016-08`. Has an effect on HTTPS and TLS.
    #[must_use]
    pub fn security_policy(mut self, policy: impl Into<String>) -> Self {
        if let Some(tls) = &mut self.tls {
            tls.policy = Some(policy.into());
        }
        self
    }

    /// Sets the ALPN policy of a TLS listener.
    #[must_use]
    pub fn alpn(mut self, policy: AlpnPolicy) -> Self {
        if let Some(tls) = &mut self.tls {
            tls.alpn = Some(policy);
        }
        self
    }

    pub(crate) fn is_http(&self) -> bool {
        matches!(self.protocol, ListenerProtocol::Http | ListenerProtocol::Https)
    }
}

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
    pub fn forward(group: impl IntoInput<TargetGroupArn>) -> Self {
        Self::Forward(Forward {
            groups: vec![WeightedGroup { group: group.into_input(), weight: None }],
            stickiness: None,
        })
    }

    /// Begins a division among several target groups by weight; add them with
    /// [`Forward::group`].
    #[must_use]
    pub fn forward_weighted() -> Forward {
        Forward { groups: Vec::new(), stickiness: None }
    }

    /// Answers with a permanent redirect (301) to HTTPS on a port, host, path and query kept.
    #[must_use]
    pub fn redirect_to_https(port: u16) -> Self {
        Redirect::builder().protocol("HTTPS").port(port.to_string()).build().into()
    }

    /// Answers with a status from 200 to 599 (not 3xx) and an empty body.
    #[must_use]
    pub fn fixed_response(status: u16) -> Self {
        FixedResponse { status, content_type: None, body: None }.into()
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
    /// Adds a target group with a weight from 0 to 999; 1 to 5 groups.
    #[must_use]
    pub fn group(mut self, group: impl IntoInput<TargetGroupArn>, weight: u16) -> Self {
        self.groups.push(WeightedGroup { group: group.into_input(), weight: Some(weight) });
        self
    }

    /// Keeps a client with its target group for a time: 1 s to 7 days.
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
    /// `HTTP`, `HTTPS` or `#{protocol}`.
    pub(crate) protocol: Option<String>,
    /// The host: 1 to 128 characters, may contain `#{host}`.
    pub(crate) host: Option<String>,
    /// The port, 1 to 65535, or `#{port}`.
    pub(crate) port: Option<String>,
    /// The path: 1 to 128 characters beginning with `/`, may contain `#{path}`.
    pub(crate) path: Option<String>,
    /// The query without `?`: up to 128 characters, may contain `#{query}`.
    pub(crate) query: Option<String>,
    /// Whether the redirect is a temporary one (302) instead of a permanent one (301).
    #[builder(setter(!strip_option))]
    pub(crate) temporary: bool,
}

/// An answer that the load balancer gives by itself.
#[derive(Debug, Clone, PartialEq, Eq, TypedBuilder)]
#[builder(doc)]
#[non_exhaustive]
pub struct FixedResponse {
    /// The status: 200 to 299 or 400 to 599.
    pub(crate) status: u16,
    /// One of `text/plain`, `text/css`, `text/html`, `application/javascript`,
    /// `application/json`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) content_type: Option<String>,
    /// The body: up to 1024 characters.
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
                problems.range("V82", &format!("{path}.groups"), Some(forward.groups.len()), 1..=5);
                for group in &forward.groups {
                    problems.range("V82", &format!("{path}.groups.weight"), group.weight, 0..=999);
                }
                problems.range("V83", &format!("{path}.stickiness"), forward.stickiness, 1..=604_800);
            }
            Self::Redirect(redirect) => redirect.validate(path, problems),
            Self::FixedResponse(response) => {
                let status = response.status;
                if !matches!(status, 200..=299 | 400..=599) {
                    problems.report("V88", format!("{path}.status"), status, "must be 200 to 299 or 400 to 599");
                }
                let body = response.body.as_deref().map(|body| body.chars().count());
                problems.range("V88", &format!("{path}.body"), body, 0..=1024);
                let types = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
                if let Some(kind) = response.content_type.as_deref().filter(|kind| !types.contains(kind)) {
                    problems.report(
                        "V88",
                        format!("{path}.content_type"),
                        format!("{kind:?}"),
                        format!("must be one of {}", types.join(", ")),
                    );
                }
            }
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
            let length = value.as_ref().map(|value| value.chars().count());
            problems.range("V85", &format!("{path}.{name}"), length, least..=128);
        }
        if let Some(value) = self.path.as_deref().filter(|value| !value.starts_with('/')) {
            problems.report("V86", format!("{path}.path"), format!("{value:?}"), "must begin with `/`");
        }
        if [&self.protocol, &self.host, &self.port, &self.path].iter().all(|part| part.is_none()) {
            problems.report("V86", path, "", "must change the protocol, host, port or path, or it redirects to itself");
        }
    }
}

impl ToValue for WeightedGroup {
    fn to_value(&self) -> Value {
        Value::map([("group", Value::of(&self.group)), ("weight", Value::of(&self.weight))])
    }
}

impl ToValue for Action {
    fn to_value(&self) -> Value {
        let kept = |value: &Option<String>, placeholder: &str| {
            Value::Text(value.clone().unwrap_or_else(|| placeholder.to_owned()))
        };
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
                    ("protocol", kept(&redirect.protocol, "#{protocol}")),
                    ("host", kept(&redirect.host, "#{host}")),
                    ("port", kept(&redirect.port, "#{port}")),
                    ("path", kept(&redirect.path, "/#{path}")),
                    ("query", kept(&redirect.query, "#{query}")),
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

const MODIFY: Operation = Operation::ModifyListener;

impl Describe for Listener {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("load_balancer", "CreateListener.LoadBalancerArn", |r| Value::of(&r.load_balancer)),
        Property::<Self>::new("protocol", "CreateListener.Protocol", |r| Value::of(&r.accept.protocol))
            .updated_by(MODIFY),
        Property::<Self>::new("port", "CreateListener.Port", |r| Value::of(&r.accept.port)).updated_by(MODIFY),
        Property::<Self>::new("certificate", "CreateListener.Certificates", |r| {
            r.accept.tls.as_ref().map_or(Value::Unset, |tls| Value::of(&tls.certificate))
        })
        .updated_by(MODIFY),
        Property::<Self>::new("security_policy", "CreateListener.SslPolicy", |r| {
            r.accept.tls.as_ref().map_or(Value::Unset, |tls| Value::of(&tls.policy))
        })
        .or(|r| if r.accept.tls.is_some() { Value::of("ELBSecurityPolicy-2016-08") } else { Value::Unset })
        .updated_by(MODIFY),
        Property::<Self>::new("alpn", "CreateListener.AlpnPolicy", |r| {
            r.accept.tls.as_ref().map_or(Value::Unset, |tls| Value::of(&tls.alpn))
        })
        .or(|r| if r.accept.protocol == ListenerProtocol::Tls { Value::of(&AlpnPolicy::None) } else { Value::Unset })
        .updated_by(MODIFY),
        Property::<Self>::new("action", "CreateListener.DefaultActions", |r| Value::of(&r.action)).updated_by(MODIFY),
        Property::<Self>::new("certificates", "AddListenerCertificates.Certificates", |r| {
            if r.certificates.is_empty() { Value::Unset } else { Value::of(&r.certificates) }
        })
        .elements(Operation::AddListenerCertificates, Operation::RemoveListenerCertificates)
        .after_create(),
        Property::<Self>::new("tags", "CreateListener.Tags", |r| Value::of(&r.tags))
            .elements(Operation::AddTags, Operation::RemoveTags),
    ];
    const CREATE: Operation = Operation::CreateListener;
    const DELETE: Operation = Operation::DeleteListener;
    const GOES_WITH_PARENT: bool = true;

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.load_balancer), Value::of(&self.accept.port)]
    }

    fn parent(&self) -> Value {
        Value::of(&self.load_balancer)
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key, value);
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.get(key).is_some()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.load_balancer);
        if let Some(tls) = &mut self.accept.tls {
            visit(&mut tls.certificate);
        }
        self.action.visit(visit);
        self.certificates.iter_mut().for_each(|certificate| visit(certificate));
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        problems.range("V75", "port", Some(self.accept.port), 1..=65535);
        if self.accept.tls.as_ref().is_some_and(|tls| tls.alpn.is_some())
            && self.accept.protocol != ListenerProtocol::Tls
        {
            problems.report("V79", "alpn", self.accept.protocol, "only TLS listeners have an ALPN policy");
        }
        if self.accept.tls.is_none() && !self.certificates.is_empty() {
            problems.report(
                "V78",
                "certificates",
                self.accept.protocol,
                "only HTTPS and TLS listeners have certificates",
            );
        }
        if !self.accept.is_http() && !matches!(self.action, Action::Forward(_)) {
            problems.report(
                "V81",
                "action",
                self.accept.protocol,
                "listeners of network load balancers can only forward",
            );
        }
        self.action.validate("action", problems);
        self.tags.validate(problems);
    }

    fn output(outputs: &ListenerOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &ListenerOutputs) -> &str {
        outputs.arn.as_str()
    }
}
