//! Listeners: the ports of a load balancer, and what happens to what arrives there.

use typed_builder::TypedBuilder;

use crate::id::{CertificateArn, ListenerArn, LoadBalancerArn};
use crate::input::{Input, IntoInput, sources};
use crate::problem::Problems;
use crate::value::Value;

use super::accept::{Entrance, MutualTls, REQUEST_HEADERS, Tls, protocol};
use super::action::ActionOn;
use super::{
    Accept, Actions, AlpnPolicy, Attributes, Describe, ListenerProtocol, Operation, Property, ResourceType, Rights,
    Tags, Update, Visit, tags,
};

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
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Listener {
    pub(crate) load_balancer: Input<LoadBalancerArn>,
    pub(crate) accept: Entrance,
    pub(crate) action: Actions,
    pub(crate) tags: Tags,
}

impl Listener {
    /// Begins a listener. What it accepts decides what it can do: see [`ActionOn`].
    pub fn builder<P: protocol::Protocol>() -> ListenerOptionsBuilder<P> {
        ListenerOptions::builder()
    }
}

/// The options of a listener with the protocol `P`.
#[derive(Debug, Clone, TypedBuilder)]
#[builder(doc, build_method(into = Listener), mutators(
    /// Sets an attribute by its key in the AWS API; may be repeated. For keys newer than this
    /// version of the crate; [`Accept`] has methods for the others.
    pub fn attribute(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.attributes.0.insert(key.into(), value.into());
    }
    /// Sets a tag; may be repeated. Sets `Tags`.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key, value);
    }
))]
#[non_exhaustive]
pub struct ListenerOptions<P: protocol::Protocol> {
    /// The load balancer. Sets `LoadBalancerArn`.
    #[builder(setter(transform = |balancer: impl IntoInput<LoadBalancerArn>| balancer.into_input()))]
    load_balancer: Input<LoadBalancerArn>,
    /// The protocol and port, with what belongs to the protocol. Sets `Protocol`, `Port`,
    /// `Certificates`, `SslPolicy`, `AlpnPolicy`, `MutualAuthentication` and attributes.
    accept: Accept<P>,
    /// What happens to a request or connection that no rule takes. Sets `DefaultActions`.
    #[builder(setter(transform = |action: impl ActionOn<P>| action.into()))]
    action: Actions,
    #[builder(via_mutators)]
    attributes: Attributes,
    #[builder(via_mutators)]
    tags: Tags,
}

impl<P: protocol::Protocol> From<ListenerOptions<P>> for Listener {
    fn from(options: ListenerOptions<P>) -> Self {
        let ListenerOptions { load_balancer, accept, action, attributes, tags } = options;
        let mut accept = accept.entrance;
        accept.attributes.0.extend(attributes.0);
        Self { load_balancer, accept, action, tags }
    }
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

const MODIFY: Operation = Operation::ModifyListener;

/// The security policy that AWS takes where none is named.
pub(crate) const DEFAULT_POLICY: &str = "ELBSecurityPolicy-2016-08";

impl Listener {
    /// Certificates besides the default one.
    pub(crate) fn certificates(&self) -> &[Input<CertificateArn>] {
        self.accept.tls.as_ref().map_or(&[], |tls| &tls.others)
    }

    fn of_tls(&self, value: impl FnOnce(&Tls) -> Value) -> Value {
        self.accept.tls.as_ref().map_or(Value::Unset, value)
    }
}

/// A listener that is not encrypted any more has lost its certificates by that.
fn certificates_update(desired: &Listener, _: &Listener) -> Update<Listener> {
    match desired.accept.tls {
        None => Update::Call(MODIFY),
        Some(_) => Update::Elements {
            add: Operation::AddListenerCertificates,
            remove: Operation::RemoveListenerCertificates,
            modify: None,
        },
    }
}

impl Describe for Listener {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("load_balancer", "CreateListener.LoadBalancerArn", |r| Value::of(&r.load_balancer))
            .replaces("a listener cannot move to another load balancer"),
        Property::<Self>::new("protocol", "CreateListener.Protocol", |r| Value::of(&r.accept.protocol))
            .updated_by(MODIFY),
        Property::<Self>::new("port", "CreateListener.Port", |r| Value::of(&r.accept.port)).updated_by(MODIFY),
        Property::<Self>::new("certificate", "CreateListener.Certificates", |r| {
            r.of_tls(|tls| Value::of(&tls.certificate))
        })
        .updated_by(MODIFY),
        Property::<Self>::new("security_policy", "CreateListener.SslPolicy", |r| {
            r.of_tls(|tls| Value::of(&tls.policy))
        })
        .or(|r| r.of_tls(|_| Value::of(DEFAULT_POLICY)))
        .updated_by(MODIFY),
        Property::<Self>::new("alpn", "CreateListener.AlpnPolicy", |r| r.of_tls(|tls| Value::of(&tls.alpn)))
            .or(|r| {
                if r.accept.protocol == Some(ListenerProtocol::Tls) {
                    Value::of(&AlpnPolicy::None)
                } else {
                    Value::Unset
                }
            })
            .updated_by(MODIFY),
        Property::<Self>::new("mutual_tls", "CreateListener.MutualAuthentication", |r| Value::of(&r.accept.mutual_tls))
            .or(|r| match &r.accept.mutual_tls {
                Some(mutual) => mutual.defaults(),
                None if r.accept.is_https() => Value::of(&MutualTls::Off),
                None => Value::Unset,
            })
            .updated_by(MODIFY),
        Property::<Self>::new("authenticate", "CreateListener.DefaultActions", |r| r.action.checks())
            .or(|r| r.action.check_defaults())
            .updated_by(MODIFY),
        Property::<Self>::new("action", "CreateListener.DefaultActions", |r| Value::of(&r.action.last))
            .or(|r| r.action.last.defaults())
            .updated_by(MODIFY),
        Property::<Self>::new("certificates", "AddListenerCertificates.Certificates", |r| {
            Value::of(r.certificates()).unless_empty()
        })
        .unordered()
        .depends(certificates_update)
        .after_create(),
        Property::<Self>::new("attributes", "ModifyListenerAttributes.Attributes", |r| Value::of(&r.accept.attributes))
            .or(|r| r.accept.attribute_defaults())
            .open()
            .only_by(Operation::ModifyListenerAttributes),
        Property::<Self>::new("tags", "CreateListener.Tags", |r| Value::of(&r.tags))
            .elements(Operation::AddTags, Operation::RemoveTags),
    ];
    const CREATE: Operation = Operation::CreateListener;
    const DELETE: Operation = Operation::DeleteListener;
    const SAME: &'static str = "V80";
    const TYPE: ResourceType = ResourceType::Listener;
    const FOUND_BY: &'static [&'static str] = &[];
    const IS_PLACED: bool = true;
    const GOES_WITH_PARENT: bool = true;

    fn takes(&self, call: Operation) -> bool {
        match call {
            Operation::AddListenerCertificates | Operation::RemoveListenerCertificates => self.accept.tls.is_some(),
            _ => true,
        }
    }

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeListenerAttributes"]);
        if self.accept.tls.is_some() {
            rights.reads(&["elasticloadbalancing:DescribeListenerCertificates"]);
        }
        if self.accept.has_rules() {
            rights.reads(&["elasticloadbalancing:DescribeRules"]);
        }
        self.action.user_pools().for_each(|pool| rights.logs_in_by(Some(pool)));
    }

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.load_balancer), Value::of(&self.accept.port)]
    }

    fn parent(&self) -> Value {
        Value::of(&self.load_balancer)
    }

    fn notes(&self, _address: &str) -> Vec<(String, String)> {
        self.action
            .client_secret()
            .map(|secret| (tags::CLIENT_SECRET.to_owned(), secret.digest()))
            .into_iter()
            .collect()
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key, value);
    }

    fn drop_ownership(&mut self) {
        self.tags.drop_ownership();
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.get(key).is_some()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.load_balancer);
        if let Some(tls) = &mut self.accept.tls {
            visit(&mut tls.certificate);
            tls.others.iter_mut().for_each(|certificate| visit(certificate));
        }
        if let Some(MutualTls::Verify(verify)) = &mut self.accept.mutual_tls {
            visit(&mut verify.trust_store);
        }
        self.action.last.visit(visit);
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        problems.range("V75", "port", self.accept.port, 1..=65535);
        problems.range("V78", "certificates", Some(self.certificates().len()), 0..=25);
        let attributes = &self.accept.attributes;
        attributes.range("V92", "tcp.idle_timeout.seconds", &[60..=6000], problems);
        attributes.range("V92", "routing.http.response.access_control_max_age.header_value", &[0..=86_400], problems);
        for (key, _) in REQUEST_HEADERS {
            if let Some(name) = attributes.0.get(*key) {
                let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
                problems.text(
                    "V98",
                    &format!("attributes.{key}"),
                    name,
                    1..=40,
                    allowed,
                    "letters, digits, `-` and `_`",
                );
            }
        }
        self.action.validate(problems);
        self.action.validate_on(self.accept.is_https(), problems);
        self.tags.validate(problems);
    }

    fn output(outputs: &ListenerOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &ListenerOutputs) -> &str {
        outputs.arn.as_str()
    }
}
