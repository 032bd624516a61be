//! What a listener accepts: a protocol and a port, with what belongs to the protocol.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::id::{CertificateArn, TrustStoreArn};
use crate::input::{Input, IntoInput};
use crate::value::{ToValue, Value};

use super::Attributes;
use super::names::names;

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
        /// QUIC, on network load balancers.
        Quic = "QUIC",
        /// TCP and QUIC on one port, on network load balancers.
        TcpQuic = "TCP_QUIC",
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

/// The protocols of listeners, as types: what belongs to one protocol does not compile on another.
pub mod protocol {
    mod sealed {
        pub trait Sealed {}
    }

    /// A protocol of listeners.
    pub trait Protocol: sealed::Sealed {}

    /// A protocol of application load balancers.
    pub trait Web: Protocol {}

    /// A protocol with certificates that the balancer has.
    pub trait Encrypted: Protocol {}

    /// A protocol whose TCP flows have a timeout that can be set.
    pub trait TcpFlows: Protocol {}

    macro_rules! protocols {
        ($($(#[$doc:meta])* $name:ident: $($group:ident)*;)+) => {$(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            #[non_exhaustive]
            pub struct $name;

            impl sealed::Sealed for $name {}
            impl Protocol for $name {}
            $(impl $group for $name {})*
        )+};
    }
    protocols! {
        /// HTTP.
        Http: Web;
        /// HTTPS.
        Https: Web Encrypted;
        /// TCP.
        Tcp: TcpFlows;
        /// TLS.
        Tls: Encrypted;
        /// UDP.
        Udp: ;
        /// TCP and UDP on one port.
        TcpUdp: TcpFlows;
        /// QUIC.
        Quic: ;
        /// TCP and QUIC on one port.
        TcpQuic: TcpFlows;
        /// Whatever arrives at a gateway load balancer.
        Gateway: TcpFlows;
    }
}

use protocol::{Encrypted, Gateway, Http, Https, Quic, Tcp, TcpFlows, TcpQuic, TcpUdp, Tls as TlsProtocol, Udp, Web};

/// What a listener accepts: a protocol and a port, with what belongs to the protocol.
///
/// ```
/// use std::time::Duration;
///
/// use purlin::{Accept, CertificateArn};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let certificate: CertificateArn = "arn:aws:acm:ap-northeast-2:123456789012:certificate/12345678".parse()?;
/// let https = Accept::https(443, certificate)
///     .security_policy("ELBSecurityPolicy-TLS13-1-2-2021-06")
///     .strict_transport_security("max-age=31536000");
/// let tcp = Accept::tcp(5432).tcp_idle_timeout(Duration::from_secs(600));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq)]
pub struct Accept<P> {
    pub(crate) entrance: Entrance,
    protocol: PhantomData<fn() -> P>,
}

impl<P> fmt::Debug for Accept<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entrance.fmt(f)
    }
}

/// What a listener accepts, whatever the protocol.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entrance {
    /// None on gateway load balancers, like the port.
    pub(crate) protocol: Option<ListenerProtocol>,
    pub(crate) port: Option<u16>,
    pub(crate) tls: Option<Tls>,
    pub(crate) mutual_tls: Option<MutualTls>,
    pub(crate) attributes: Attributes,
}

/// What a listener needs to speak TLS.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tls {
    pub(crate) certificate: Input<CertificateArn>,
    /// Those that are chosen by the name that the client asks for.
    pub(crate) others: Vec<Input<CertificateArn>>,
    pub(crate) policy: Option<String>,
    pub(crate) alpn: Option<AlpnPolicy>,
}

impl Entrance {
    pub(crate) fn is_http(&self) -> bool {
        matches!(self.protocol, Some(ListenerProtocol::Http | ListenerProtocol::Https))
    }

    pub(crate) fn is_https(&self) -> bool {
        self.protocol == Some(ListenerProtocol::Https)
    }

    /// Whether such listeners can have rules: on network load balancers, those that are dual-stack.
    pub(crate) fn has_rules(&self) -> bool {
        self.protocol.is_some()
    }

    /// The type of load balancer that has such listeners.
    pub(crate) fn balancer(&self) -> &'static str {
        match self.protocol {
            None => "gateway",
            Some(ListenerProtocol::Http | ListenerProtocol::Https) => "application",
            Some(_) => "network",
        }
    }

    /// The protocol as plans and problems name it.
    pub(crate) fn name(&self) -> &'static str {
        self.protocol.map_or("gateway", ListenerProtocol::as_str)
    }

    /// AWS's defaults of the attributes that listeners of this protocol have.
    pub(crate) fn attribute_defaults(&self) -> Value {
        let tcp: &[(&str, &str)] = &[(TCP_IDLE_TIMEOUT, "350")];
        let keys = match self.protocol {
            None => vec![tcp, &[(SEND_TCP_RESET, "false")]],
            Some(ListenerProtocol::Tcp | ListenerProtocol::TcpUdp | ListenerProtocol::TcpQuic) => vec![tcp],
            Some(ListenerProtocol::Http) => vec![RESPONSE_HEADERS],
            Some(ListenerProtocol::Https) => vec![RESPONSE_HEADERS, REQUEST_HEADERS],
            Some(ListenerProtocol::Tls | ListenerProtocol::Udp | ListenerProtocol::Quic) => Vec::new(),
        };
        Value::map(keys.into_iter().flatten().map(|(key, value)| (*key, Value::of(*value)))).unless_empty()
    }
}

const TCP_IDLE_TIMEOUT: &str = "tcp.idle_timeout.seconds";
const SEND_TCP_RESET: &str = "send_tcp_reset.on_idle_timeout.enabled";

/// The response headers, with AWS's defaults: empty is left away.
pub(super) const RESPONSE_HEADERS: &[(&str, &str)] = &[
    ("routing.http.response.server.enabled", "true"),
    ("routing.http.response.strict_transport_security.header_value", ""),
    ("routing.http.response.access_control_allow_origin.header_value", ""),
    ("routing.http.response.access_control_allow_methods.header_value", ""),
    ("routing.http.response.access_control_allow_headers.header_value", ""),
    ("routing.http.response.access_control_allow_credentials.header_value", ""),
    ("routing.http.response.access_control_expose_headers.header_value", ""),
    ("routing.http.response.access_control_max_age.header_value", ""),
    ("routing.http.response.content_security_policy.header_value", ""),
    ("routing.http.response.x_content_type_options.header_value", ""),
    ("routing.http.response.x_frame_options.header_value", ""),
];

/// The request headers whose names can be set, with AWS's names.
pub(super) const REQUEST_HEADERS: &[(&str, &str)] = &[
    ("routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name", "X-Amzn-Mtls-Clientcert-Serial-Number"),
    ("routing.http.request.x_amzn_mtls_clientcert_issuer.header_name", "X-Amzn-Mtls-Clientcert-Issuer"),
    ("routing.http.request.x_amzn_mtls_clientcert_subject.header_name", "X-Amzn-Mtls-Clientcert-Subject"),
    ("routing.http.request.x_amzn_mtls_clientcert_validity.header_name", "X-Amzn-Mtls-Clientcert-Validity"),
    ("routing.http.request.x_amzn_mtls_clientcert_leaf.header_name", "X-Amzn-Mtls-Clientcert-Leaf"),
    ("routing.http.request.x_amzn_mtls_clientcert.header_name", "X-Amzn-Mtls-Clientcert"),
    ("routing.http.request.x_amzn_tls_version.header_name", "X-Amzn-Tls-Version"),
    ("routing.http.request.x_amzn_tls_cipher_suite.header_name", "X-Amzn-Tls-Cipher-Suite"),
];

impl<P> Accept<P> {
    fn new(protocol: Option<ListenerProtocol>, port: Option<u16>) -> Self {
        let entrance = Entrance { protocol, port, tls: None, mutual_tls: None, attributes: Attributes::default() };
        Self { entrance, protocol: PhantomData }
    }

    fn plain(protocol: ListenerProtocol, port: u16) -> Self {
        Self::new(Some(protocol), Some(port))
    }

    fn encrypted(protocol: ListenerProtocol, port: u16, certificate: Input<CertificateArn>) -> Self {
        let mut accept = Self::plain(protocol, port);
        accept.entrance.tls = Some(Tls { certificate, others: Vec::new(), policy: None, alpn: None });
        accept
    }

    fn set(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.entrance.attributes.set(key, value);
        self
    }
}

impl Accept<Http> {
    /// HTTP, on application load balancers. Sets `Protocol` and `Port`.
    pub fn http(port: u16) -> Self {
        Self::plain(ListenerProtocol::Http, port)
    }
}

impl Accept<Https> {
    /// HTTPS with a default certificate, on application load balancers. Sets `Protocol`, `Port` and
    /// `Certificates`.
    pub fn https(port: u16, certificate: impl IntoInput<CertificateArn>) -> Self {
        Self::encrypted(ListenerProtocol::Https, port, certificate.into_input())
    }
}

impl Accept<Tcp> {
    /// TCP, on network load balancers. Sets `Protocol` and `Port`.
    pub fn tcp(port: u16) -> Self {
        Self::plain(ListenerProtocol::Tcp, port)
    }
}

impl Accept<TlsProtocol> {
    /// TLS with a default certificate, on network load balancers. Sets `Protocol`, `Port` and
    /// `Certificates`.
    pub fn tls(port: u16, certificate: impl IntoInput<CertificateArn>) -> Self {
        Self::encrypted(ListenerProtocol::Tls, port, certificate.into_input())
    }

    /// Sets the protocol that is negotiated with clients. AWS's default is none. Sets `AlpnPolicy`.
    #[must_use]
    pub fn alpn(mut self, policy: AlpnPolicy) -> Self {
        if let Some(tls) = &mut self.entrance.tls {
            tls.alpn = Some(policy);
        }
        self
    }
}

impl Accept<Udp> {
    /// UDP, on network load balancers. Sets `Protocol` and `Port`.
    pub fn udp(port: u16) -> Self {
        Self::plain(ListenerProtocol::Udp, port)
    }
}

impl Accept<TcpUdp> {
    /// TCP and UDP on one port, on network load balancers. Sets `Protocol` and `Port`.
    pub fn tcp_udp(port: u16) -> Self {
        Self::plain(ListenerProtocol::TcpUdp, port)
    }
}

impl Accept<Quic> {
    /// QUIC, on network load balancers. Sets `Protocol` and `Port`.
    pub fn quic(port: u16) -> Self {
        Self::plain(ListenerProtocol::Quic, port)
    }
}

impl Accept<TcpQuic> {
    /// TCP and QUIC on one port, on network load balancers. Sets `Protocol` and `Port`.
    pub fn tcp_quic(port: u16) -> Self {
        Self::plain(ListenerProtocol::TcpQuic, port)
    }
}

impl Accept<Gateway> {
    /// All that arrives, on gateway load balancers: such a listener has neither a protocol nor a
    /// port.
    pub fn gateway() -> Self {
        Self::new(None, None)
    }

    /// Sets whether senders get a reset when a TCP flow has been idle for too long. AWS's default
    /// is no. Sets the attribute `send_tcp_reset.on_idle_timeout.enabled`.
    #[must_use]
    pub fn send_tcp_reset(self, enabled: bool) -> Self {
        self.set(SEND_TCP_RESET, enabled)
    }
}

impl<P: TcpFlows> Accept<P> {
    /// Sets how long a TCP flow may be idle: 60 to 6000 s. AWS's default is 350 s. Sets the attribute
    /// `tcp.idle_timeout.seconds`.
    #[must_use]
    pub fn tcp_idle_timeout(self, timeout: Duration) -> Self {
        self.set(TCP_IDLE_TIMEOUT, timeout.as_secs())
    }
}

impl<P: Encrypted> Accept<P> {
    /// Sets the security policy: protocol versions and ciphers. AWS's default is
    /// `ELBSecurityPolicy-2016-08`. Sets `SslPolicy`.
    #[must_use]
    pub fn security_policy(mut self, policy: impl Into<String>) -> Self {
        if let Some(tls) = &mut self.entrance.tls {
            tls.policy = Some(policy.into());
        }
        self
    }

    /// Adds a certificate that is chosen by the name that the client asks for (SNI); may be
    /// repeated, up to 25 on a balancer. Sets `AddListenerCertificates.Certificates`.
    #[must_use]
    pub fn certificate(mut self, certificate: impl IntoInput<CertificateArn>) -> Self {
        if let Some(tls) = &mut self.entrance.tls {
            tls.others.push(certificate.into_input());
        }
        self
    }
}

/// Several words as headers have them.
fn list<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    words.into_iter().fold(String::new(), |list, word| {
        let separator = if list.is_empty() { "" } else { "," };
        list + separator + word.as_ref()
    })
}

/// The response headers that the balancer sets or leaves away.
impl<P: Web> Accept<P> {
    /// Sets whether answers have the `Server` header. AWS's default is yes. Sets the attribute
    /// `routing.http.response.server.enabled`.
    #[must_use]
    pub fn server_header(self, enabled: bool) -> Self {
        self.set("routing.http.response.server.enabled", enabled)
    }

    /// Sets the header `Strict-Transport-Security`, such as `max-age=31536000`. AWS's default is
    /// none. Sets the attribute `routing.http.response.strict_transport_security.header_value`.
    #[must_use]
    pub fn strict_transport_security(self, value: impl Into<String>) -> Self {
        self.set("routing.http.response.strict_transport_security.header_value", value.into())
    }

    /// Sets the header `Access-Control-Allow-Origin`: `*` or an origin. AWS's default is none. Sets
    /// the attribute `routing.http.response.access_control_allow_origin.header_value`.
    #[must_use]
    pub fn access_control_allow_origin(self, origin: impl Into<String>) -> Self {
        self.set("routing.http.response.access_control_allow_origin.header_value", origin.into())
    }

    /// Sets the header `Access-Control-Allow-Methods`: methods in upper case, or `*`. AWS's default
    /// is none. Sets the attribute
    /// `routing.http.response.access_control_allow_methods.header_value`.
    #[must_use]
    pub fn access_control_allow_methods<S: AsRef<str>>(self, methods: impl IntoIterator<Item = S>) -> Self {
        self.set("routing.http.response.access_control_allow_methods.header_value", list(methods))
    }

    /// Sets the header `Access-Control-Allow-Headers`: names of headers, or `*`. AWS's default is
    /// none. Sets the attribute
    /// `routing.http.response.access_control_allow_headers.header_value`.
    #[must_use]
    pub fn access_control_allow_headers<S: AsRef<str>>(self, headers: impl IntoIterator<Item = S>) -> Self {
        self.set("routing.http.response.access_control_allow_headers.header_value", list(headers))
    }

    /// Sets whether answers have the header `Access-Control-Allow-Credentials: true`. AWS's default
    /// is no. Sets the attribute
    /// `routing.http.response.access_control_allow_credentials.header_value`.
    #[must_use]
    pub fn access_control_allow_credentials(self, allowed: bool) -> Self {
        // The header has one value; without it, it is left away.
        let value = if allowed { "true" } else { "" };
        self.set("routing.http.response.access_control_allow_credentials.header_value", value)
    }

    /// Sets the header `Access-Control-Expose-Headers`: names of headers, or `*`. AWS's default is
    /// none. Sets the attribute
    /// `routing.http.response.access_control_expose_headers.header_value`.
    #[must_use]
    pub fn access_control_expose_headers<S: AsRef<str>>(self, headers: impl IntoIterator<Item = S>) -> Self {
        self.set("routing.http.response.access_control_expose_headers.header_value", list(headers))
    }

    /// Sets the header `Access-Control-Max-Age`: how long browsers keep the answer to a preflight
    /// request, up to 86400 s. AWS's default is none. Sets the attribute
    /// `routing.http.response.access_control_max_age.header_value`.
    #[must_use]
    pub fn access_control_max_age(self, age: Duration) -> Self {
        self.set("routing.http.response.access_control_max_age.header_value", age.as_secs())
    }

    /// Sets the header `Content-Security-Policy`. AWS's default is none. Sets the attribute
    /// `routing.http.response.content_security_policy.header_value`.
    #[must_use]
    pub fn content_security_policy(self, policy: impl Into<String>) -> Self {
        self.set("routing.http.response.content_security_policy.header_value", policy.into())
    }

    /// Sets whether answers have the header `X-Content-Type-Options: nosniff`. AWS's default is no.
    /// Sets the attribute `routing.http.response.x_content_type_options.header_value`.
    #[must_use]
    pub fn no_sniff(self, enabled: bool) -> Self {
        let value = if enabled { "nosniff" } else { "" };
        self.set("routing.http.response.x_content_type_options.header_value", value)
    }

    /// Sets the header `X-Frame-Options`: who may show the page in a frame. AWS's default is none.
    /// Sets the attribute `routing.http.response.x_frame_options.header_value`.
    #[must_use]
    pub fn frame_options(self, options: FrameOptions) -> Self {
        self.set("routing.http.response.x_frame_options.header_value", options)
    }
}

/// Who may show a page in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameOptions {
    /// Nobody.
    Deny,
    /// Pages of the same origin.
    SameOrigin,
    /// Pages of this origin.
    AllowFrom(String),
}

impl fmt::Display for FrameOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deny => f.write_str("DENY"),
            Self::SameOrigin => f.write_str("SAMEORIGIN"),
            Self::AllowFrom(origin) => write!(f, "ALLOW-FROM {origin}"),
        }
    }
}

macro_rules! request_headers {
    ($($(#[$doc:meta])* $method:ident = $key:literal;)+) => {
        /// The names of request headers in which targets get to know of the TLS connection. Names
        /// have 1 to 40 letters, digits, `-` and `_`.
        impl Accept<Https> {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $method(self, name: impl Into<String>) -> Self {
                    self.set($key, name.into())
                }
            )+
        }
    };
}
request_headers! {
    /// Sets the name of the header with the serial number of the client's certificate. AWS's default
    /// is `X-Amzn-Mtls-Clientcert-Serial-Number`. Sets the attribute
    /// `routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name`.
    client_serial_number_header = "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name";
    /// Sets the name of the header with the issuer of the client's certificate. AWS's default is
    /// `X-Amzn-Mtls-Clientcert-Issuer`. Sets the attribute
    /// `routing.http.request.x_amzn_mtls_clientcert_issuer.header_name`.
    client_issuer_header = "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name";
    /// Sets the name of the header with the subject of the client's certificate. AWS's default is
    /// `X-Amzn-Mtls-Clientcert-Subject`. Sets the attribute
    /// `routing.http.request.x_amzn_mtls_clientcert_subject.header_name`.
    client_subject_header = "routing.http.request.x_amzn_mtls_clientcert_subject.header_name";
    /// Sets the name of the header with the validity of the client's certificate. AWS's default is
    /// `X-Amzn-Mtls-Clientcert-Validity`. Sets the attribute
    /// `routing.http.request.x_amzn_mtls_clientcert_validity.header_name`.
    client_validity_header = "routing.http.request.x_amzn_mtls_clientcert_validity.header_name";
    /// Sets the name of the header with the client's certificate itself, in verify mode. AWS's
    /// default is `X-Amzn-Mtls-Clientcert-Leaf`. Sets the attribute
    /// `routing.http.request.x_amzn_mtls_clientcert_leaf.header_name`.
    client_leaf_header = "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name";
    /// Sets the name of the header with the client's whole chain of certificates, in passthrough
    /// mode. AWS's default is `X-Amzn-Mtls-Clientcert`. Sets the attribute
    /// `routing.http.request.x_amzn_mtls_clientcert.header_name`.
    client_certificate_header = "routing.http.request.x_amzn_mtls_clientcert.header_name";
    /// Sets the name of the header with the negotiated version of TLS. AWS's default is
    /// `X-Amzn-Tls-Version`. Sets the attribute
    /// `routing.http.request.x_amzn_tls_version.header_name`.
    tls_version_header = "routing.http.request.x_amzn_tls_version.header_name";
    /// Sets the name of the header with the negotiated cipher suite. AWS's default is
    /// `X-Amzn-Tls-Cipher-Suite`. Sets the attribute
    /// `routing.http.request.x_amzn_tls_cipher_suite.header_name`.
    tls_cipher_suite_header = "routing.http.request.x_amzn_tls_cipher_suite.header_name";
}

impl Accept<Https> {
    /// Sets what is done with certificates of clients. AWS's default is nothing. Sets
    /// `MutualAuthentication`.
    #[must_use]
    pub fn mutual_tls(mut self, mode: impl Into<MutualTls>) -> Self {
        self.entrance.mutual_tls = Some(mode.into());
        self
    }
}

/// What is done with certificates of clients (mutual TLS).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MutualTls {
    /// Clients are not asked for one; AWS's default.
    Off,
    /// They are passed on to the targets, which look at them.
    Passthrough,
    /// The balancer checks them.
    Verify(VerifyClients),
}

impl MutualTls {
    /// Begins a check of clients against a trust store. Sets `Mode` to `verify`, and
    /// `TrustStoreArn`.
    pub fn verify(trust_store: impl IntoInput<TrustStoreArn>) -> VerifyClients {
        VerifyClients { trust_store: trust_store.into_input(), ignore_expiry: None, advertise_ca_names: None }
    }

    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Passthrough => "passthrough",
            Self::Verify(_) => "verify",
        }
    }

    /// AWS's defaults of what is left out.
    pub(crate) fn defaults(&self) -> Value {
        match self {
            Self::Verify(_) => {
                Value::map([("ignore_expiry", Value::Bool(false)), ("advertise_ca_names", Value::Bool(false))])
            }
            Self::Off | Self::Passthrough => Value::Unset,
        }
    }
}

/// A check of clients' certificates against a trust store.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifyClients {
    pub(crate) trust_store: Input<TrustStoreArn>,
    pub(crate) ignore_expiry: Option<bool>,
    pub(crate) advertise_ca_names: Option<bool>,
}

impl VerifyClients {
    /// Sets whether outdated certificates are accepted. AWS's default is no. Sets
    /// `IgnoreClientCertificateExpiry`.
    #[must_use]
    pub fn ignore_expiry(mut self, ignore: bool) -> Self {
        self.ignore_expiry = Some(ignore);
        self
    }

    /// Sets whether clients are told the names of the authorities in the trust store. AWS's default
    /// is no. Sets `AdvertiseTrustStoreCaNames`.
    #[must_use]
    pub fn advertise_ca_names(mut self, advertise: bool) -> Self {
        self.advertise_ca_names = Some(advertise);
        self
    }
}

impl From<VerifyClients> for MutualTls {
    fn from(verify: VerifyClients) -> Self {
        Self::Verify(verify)
    }
}

impl ToValue for MutualTls {
    fn to_value(&self) -> Value {
        let mode = ("mode", Value::of(self.word()));
        match self {
            Self::Off | Self::Passthrough => Value::map([mode]),
            Self::Verify(verify) => Value::map([
                mode,
                ("trust_store", Value::of(&verify.trust_store)),
                ("ignore_expiry", Value::of(&verify.ignore_expiry)),
                ("advertise_ca_names", Value::of(&verify.advertise_ca_names)),
            ]),
        }
    }
}
