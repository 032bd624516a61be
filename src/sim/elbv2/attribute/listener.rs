//! The attributes of listeners.

use aws_sdk_elasticloadbalancingv2::operation::describe_listener_attributes::{
    DescribeListenerAttributesInput, DescribeListenerAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::operation::modify_listener_attributes::{
    ModifyListenerAttributesInput, ModifyListenerAttributesOutput,
};
use aws_sdk_elasticloadbalancingv2::types as sdk;
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum as Protocol;

use super::{Key, Values, View};
use crate::sim::elbv2::model::{Kind, Listener, ListenerSettings, Resource, find, find_mut, see};
use crate::sim::error::ApiError;
use crate::sim::world::World;

const fn key(
    name: &'static str,
    default: fn(&ListenerSettings) -> &'static str,
    values: fn(&ListenerSettings) -> Values,
    excluded: fn(&ListenerSettings) -> Option<String>,
) -> Key<ListenerSettings> {
    Key { name, default, values, excluded }
}

/// A request header whose name can be changed.
const fn header(name: &'static str, default: fn(&ListenerSettings) -> &'static str) -> Key<ListenerSettings> {
    key(name, default, |_| Values::Matching(is_header_name, "a header name"), only_https)
}

/// A response header whose value can be set; empty leaves it away.
const fn response(name: &'static str, values: fn(&ListenerSettings) -> Values) -> Key<ListenerSettings> {
    key(name, |_| "", values, only_http)
}

const TABLE: &[Key<ListenerSettings>] = &[
    key("tcp.idle_timeout.seconds", |_| "350", |_| Values::Between(60, 6000), only_tcp),
    key("send_tcp_reset.on_idle_timeout.enabled", |_| "false", |_| Values::Flag, only_gateway),
    header(
        "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
        |_| "X-Amzn-Mtls-Clientcert-Serial-Number",
    ),
    header("routing.http.request.x_amzn_mtls_clientcert_issuer.header_name", |_| "X-Amzn-Mtls-Clientcert-Issuer"),
    header("routing.http.request.x_amzn_mtls_clientcert_subject.header_name", |_| "X-Amzn-Mtls-Clientcert-Subject"),
    header("routing.http.request.x_amzn_mtls_clientcert_validity.header_name", |_| "X-Amzn-Mtls-Clientcert-Validity"),
    header("routing.http.request.x_amzn_mtls_clientcert_leaf.header_name", |_| "X-Amzn-Mtls-Clientcert-Leaf"),
    header("routing.http.request.x_amzn_mtls_clientcert.header_name", |_| "X-Amzn-Mtls-Clientcert"),
    header("routing.http.request.x_amzn_tls_version.header_name", |_| "X-Amzn-Tls-Version"),
    header("routing.http.request.x_amzn_tls_cipher_suite.header_name", |_| "X-Amzn-Tls-Cipher-Suite"),
    key("routing.http.response.server.enabled", |_| "true", |_| Values::Flag, only_http),
    response("routing.http.response.strict_transport_security.header_value", |_| Values::Text(1024)),
    response("routing.http.response.access_control_allow_origin.header_value", |_| Values::Text(1024)),
    response("routing.http.response.access_control_allow_methods.header_value", |_| {
        Values::Matching(are_methods, "a list of HTTP methods")
    }),
    response("routing.http.response.access_control_allow_headers.header_value", |_| Values::Text(1024)),
    response("routing.http.response.access_control_allow_credentials.header_value", |_| Values::OneOf(&["", "true"])),
    response("routing.http.response.access_control_expose_headers.header_value", |_| Values::Text(1024)),
    response("routing.http.response.access_control_max_age.header_value", |_| {
        Values::Matching(is_max_age, "between 0 and 86400")
    }),
    response("routing.http.response.content_security_policy.header_value", |_| Values::Text(1024)),
    response("routing.http.response.x_content_type_options.header_value", |_| Values::OneOf(&["", "nosniff"])),
    response("routing.http.response.x_frame_options.header_value", |_| {
        Values::Matching(is_frame_option, "'DENY', 'SAMEORIGIN' or 'ALLOW-FROM' with an origin")
    }),
];

fn not(excluded: bool, listener: &ListenerSettings) -> Option<String> {
    excluded.then(|| match &listener.protocol {
        Some(protocol) => format!("for listeners with protocol '{}'", protocol.as_str()),
        None => "for listeners of load balancers with type 'gateway'".to_owned(),
    })
}

fn kind(listener: &ListenerSettings) -> Kind {
    listener.protocol.as_ref().map_or(Kind::Gateway, Kind::of)
}

fn only_gateway(listener: &ListenerSettings) -> Option<String> {
    not(kind(listener) != Kind::Gateway, listener)
}

fn only_http(listener: &ListenerSettings) -> Option<String> {
    not(kind(listener) != Kind::Application, listener)
}

fn only_https(listener: &ListenerSettings) -> Option<String> {
    not(listener.protocol != Some(Protocol::Https), listener)
}

/// Flows of TLS listeners have a fixed timeout of 350 seconds, and UDP has its own.
fn only_tcp(listener: &ListenerSettings) -> Option<String> {
    let tcp = matches!(listener.protocol, None | Some(Protocol::Tcp | Protocol::TcpUdp | Protocol::TcpQuic));
    not(!tcp, listener)
}

fn is_header_name(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || "-_".contains(character))
}

fn are_methods(value: &str) -> bool {
    const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"];
    value.is_empty() || value.split(',').all(|method| METHODS.contains(&method.trim()))
}

fn is_max_age(value: &str) -> bool {
    value.is_empty() || value.parse::<u32>().is_ok_and(|age| age <= 86_400)
}

fn is_frame_option(value: &str) -> bool {
    matches!(value, "" | "DENY" | "SAMEORIGIN") || value.starts_with("ALLOW-FROM ")
}

fn view(listener: &Listener) -> View<'_, ListenerSettings> {
    View { table: TABLE, noun: Listener::NOUN, subject: &listener.settings, set: listener.attributes.clone() }
}

fn output(view: &View<'_, ListenerSettings>) -> Vec<sdk::ListenerAttribute> {
    view.all().map(|(key, value)| sdk::ListenerAttribute::builder().key(key).value(value).build()).collect()
}

/// Forgets the attributes that a listener does not have any more, with its new protocol.
pub(in crate::sim::elbv2) fn keep(listener: &mut Listener) {
    let settings = &listener.settings;
    let has = |name: &str| TABLE.iter().any(|key| key.name == name && (key.excluded)(settings).is_none());
    listener.attributes.retain(|name, _| has(name));
}

pub(in crate::sim::elbv2) fn describe(
    world: &mut World,
    input: &DescribeListenerAttributesInput,
) -> Result<DescribeListenerAttributesOutput, ApiError> {
    let attributes = output(&view(see(world, input.listener_arn())?));
    Ok(DescribeListenerAttributesOutput::builder().set_attributes(Some(attributes)).build())
}

pub(in crate::sim::elbv2) fn modify(
    world: &mut World,
    input: &ModifyListenerAttributesInput,
) -> Result<ModifyListenerAttributesOutput, ApiError> {
    let mut after = view(find::<Listener>(world, input.listener_arn())?);
    after.apply(input.attributes().iter().map(|attribute| (attribute.key(), attribute.value())))?;
    let attributes = output(&after);
    let set = after.set;
    find_mut::<Listener>(world, input.listener_arn())?.attributes = set;
    Ok(ModifyListenerAttributesOutput::builder().set_attributes(Some(attributes)).build())
}
