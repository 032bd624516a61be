//! What targets receive, and which options a target group has for it.

use std::marker::PhantomData;

use super::super::names::names;

names! {
    /// The protocol in which a load balancer talks to targets.
    TargetProtocol {
        /// HTTP, from application load balancers.
        Http = "HTTP",
        /// HTTPS, from application load balancers.
        Https = "HTTPS",
        /// TCP, from network load balancers.
        Tcp = "TCP",
        /// TLS, from network load balancers.
        Tls = "TLS",
        /// UDP, from network load balancers.
        Udp = "UDP",
        /// TCP and UDP on one port, from network load balancers.
        TcpUdp = "TCP_UDP",
        /// QUIC, from network load balancers.
        Quic = "QUIC",
        /// TCP and QUIC on one port, from network load balancers.
        TcpQuic = "TCP_QUIC",
        /// GENEVE, from gateway load balancers.
        Geneve = "GENEVE",
    }
}

names! {
    /// The version of HTTP in which an application load balancer talks to targets.
    HttpVersion {
        /// HTTP/1.1, AWS's default.
        Http1 = "HTTP1",
        /// HTTP/2.
        Http2 = "HTTP2",
        /// gRPC.
        Grpc = "GRPC",
    }
}

/// The protocol, port and version as the API has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) protocol: TargetProtocol,
    pub(crate) port: u16,
    pub(crate) version: Option<HttpVersion>,
}

impl Received {
    /// Whether application load balancers forward to it.
    pub(crate) fn is_http(self) -> bool {
        matches!(self.protocol, TargetProtocol::Http | TargetProtocol::Https)
    }

    /// Whether gateway load balancers forward to it; network load balancers if neither.
    pub(crate) fn is_geneve(self) -> bool {
        self.protocol == TargetProtocol::Geneve
    }

    pub(crate) fn is_udp(self) -> bool {
        matches!(self.protocol, TargetProtocol::Udp | TargetProtocol::TcpUdp)
    }

    pub(crate) fn is_quic(self) -> bool {
        matches!(self.protocol, TargetProtocol::Quic | TargetProtocol::TcpQuic)
    }
}

/// A protocol and port on which targets receive traffic.
///
/// `F` is where it comes from, and decides which options a target group has: slow start is there
/// for [`ApplicationTraffic`] only, the Proxy Protocol for [`NetworkTraffic`] only.
///
/// ```
/// use purlin::{HttpVersion, Traffic};
///
/// let web = Traffic::http(80);
/// let calls = Traffic::https(8443).version(HttpVersion::Grpc);
/// let database = Traffic::tcp(5432);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic<F> {
    pub(super) received: Received,
    pub(super) to_load_balancer: bool,
    from: PhantomData<fn() -> F>,
}

impl<F> Traffic<F> {
    fn new(protocol: TargetProtocol, port: u16) -> Self {
        let received = Received { protocol, port, version: None };
        Self { received, to_load_balancer: false, from: PhantomData }
    }
}

impl Traffic<ApplicationTraffic> {
    /// HTTP/1.1 on a port from 1 to 65535.
    #[must_use]
    pub fn http(port: u16) -> Self {
        Self::new(TargetProtocol::Http, port)
    }

    /// HTTPS with HTTP/1.1 on a port from 1 to 65535.
    #[must_use]
    pub fn https(port: u16) -> Self {
        Self::new(TargetProtocol::Https, port)
    }

    /// HTTP/2 without TLS on a port from 1 to 65535.
    #[must_use]
    pub fn http2(port: u16) -> Self {
        Self::http(port).version(HttpVersion::Http2)
    }

    /// gRPC without TLS on a port from 1 to 65535.
    #[must_use]
    pub fn grpc(port: u16) -> Self {
        Self::http(port).version(HttpVersion::Grpc)
    }

    /// The version of HTTP. AWS's default is HTTP/1.1. Sets `ProtocolVersion`.
    #[must_use]
    pub fn version(mut self, version: HttpVersion) -> Self {
        self.received.version = Some(version);
        self
    }
}

impl Traffic<NetworkTraffic> {
    /// TCP on a port from 1 to 65535.
    #[must_use]
    pub fn tcp(port: u16) -> Self {
        Self::new(TargetProtocol::Tcp, port)
    }

    /// TLS on a port from 1 to 65535.
    #[must_use]
    pub fn tls(port: u16) -> Self {
        Self::new(TargetProtocol::Tls, port)
    }

    /// UDP on a port from 1 to 65535.
    #[must_use]
    pub fn udp(port: u16) -> Self {
        Self::new(TargetProtocol::Udp, port)
    }

    /// TCP and UDP on one port from 1 to 65535.
    #[must_use]
    pub fn tcp_udp(port: u16) -> Self {
        Self::new(TargetProtocol::TcpUdp, port)
    }

    /// QUIC on a port from 1 to 65535.
    #[must_use]
    pub fn quic(port: u16) -> Self {
        Self::new(TargetProtocol::Quic, port)
    }

    /// TCP and QUIC on one port from 1 to 65535.
    #[must_use]
    pub fn tcp_quic(port: u16) -> Self {
        Self::new(TargetProtocol::TcpQuic, port)
    }
}

impl Traffic<GatewayTraffic> {
    /// GENEVE on port 6081, the only one that AWS has for it: to virtual appliances behind a
    /// gateway load balancer.
    #[must_use]
    pub fn geneve() -> Self {
        Self::new(TargetProtocol::Geneve, 6081)
    }
}

impl Traffic<LoadBalancerTraffic> {
    /// TCP from a network load balancer to an application load balancer, on a port from 1 to 65535
    /// on which that has a listener. Sets the target type `alb`.
    #[must_use]
    pub fn to_load_balancer(port: u16) -> Self {
        Self { to_load_balancer: true, ..Self::new(TargetProtocol::Tcp, port) }
    }
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! kinds_of_traffic {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {}

        impl sealed::Sealed for $name {}
    )+};
}
kinds_of_traffic! {
    /// Traffic from application load balancers: HTTP, HTTPS, HTTP/2, gRPC.
    ApplicationTraffic,
    /// Traffic from network load balancers: TCP, TLS, UDP, QUIC.
    NetworkTraffic,
    /// Traffic from gateway load balancers: GENEVE.
    GatewayTraffic,
    /// Traffic from network load balancers to an application load balancer: TCP.
    LoadBalancerTraffic,
}

/// Traffic from application load balancers.
#[diagnostic::on_unimplemented(
    message = "target groups of `{Self}` do not have this option",
    label = "an option of target groups of application load balancers",
    note = "it goes with `Traffic::http`, `https`, `http2` and `grpc`"
)]
pub trait FromApplication: sealed::Sealed {}
impl FromApplication for ApplicationTraffic {}

/// Traffic from network load balancers.
#[diagnostic::on_unimplemented(
    message = "target groups of `{Self}` do not have this option",
    label = "an option of target groups of network load balancers",
    note = "it goes with `Traffic::tcp`, `tls`, `udp`, `tcp_udp`, `quic`, `tcp_quic` and `to_load_balancer`"
)]
pub trait FromNetwork: sealed::Sealed {}
impl FromNetwork for NetworkTraffic {}
impl FromNetwork for LoadBalancerTraffic {}

/// Traffic from gateway load balancers.
#[diagnostic::on_unimplemented(
    message = "target groups of `{Self}` do not have this option",
    label = "an option of target groups of gateway load balancers",
    note = "it goes with `Traffic::geneve`"
)]
pub trait FromGateway: sealed::Sealed {}
impl FromGateway for GatewayTraffic {}

/// Traffic from application and network load balancers.
#[diagnostic::on_unimplemented(
    message = "target groups of `{Self}` do not have this option",
    label = "an option of target groups of application and network load balancers"
)]
pub trait FromApplicationOrNetwork: sealed::Sealed {}
impl FromApplicationOrNetwork for ApplicationTraffic {}
impl FromApplicationOrNetwork for NetworkTraffic {}
impl FromApplicationOrNetwork for LoadBalancerTraffic {}

/// Traffic to instances or IP addresses.
#[diagnostic::on_unimplemented(
    message = "target groups of `{Self}` do not have this option",
    label = "an option of target groups of instances and IP addresses",
    note = "the target of `Traffic::to_load_balancer` is set by `load_balancer`"
)]
pub trait ToHosts: sealed::Sealed {}
impl ToHosts for ApplicationTraffic {}
impl ToHosts for NetworkTraffic {}
impl ToHosts for GatewayTraffic {}

/// Traffic to an application load balancer.
#[diagnostic::on_unimplemented(
    message = "target groups of `{Self}` do not have this option",
    label = "an option of target groups whose target is an application load balancer",
    note = "it goes with `Traffic::to_load_balancer`"
)]
pub trait ToLoadBalancer: sealed::Sealed {}
impl ToLoadBalancer for LoadBalancerTraffic {}
