//! Rules of security groups: what they let through, and from or to where.

use std::fmt;

use ipnet::{Ipv4Net, Ipv6Net};

use crate::id::{AccountId, PrefixListId, SecurityGroupId};
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::resource::Visit;
use crate::value::{ToValue, Value};

use super::Protocol;

/// Who a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Peer {
    Ipv4(String),
    Ipv6(String),
    PrefixList(Input<PrefixListId>),
    Group(Input<SecurityGroupId>),
    /// A group of another account.
    GroupOf(AccountId, SecurityGroupId),
    /// The group that has the rule.
    Itself,
}

impl Peer {
    /// What AWS cannot turn into another on a rule that exists.
    pub(crate) fn sort(&self) -> PeerSort {
        match self {
            Self::Ipv4(_) => PeerSort::Ipv4,
            Self::Ipv6(_) => PeerSort::Ipv6,
            Self::PrefixList(_) => PeerSort::PrefixList,
            Self::Group(_) | Self::GroupOf(..) | Self::Itself => PeerSort::Group,
        }
    }

    /// An IPv4 network as AWS writes it; what is none is reported when the stack is planned.
    fn ipv4(network: &dyn fmt::Display) -> Self {
        let text = network.to_string();
        Self::Ipv4(text.parse::<Ipv4Net>().map_or(text, |network| network.to_string()))
    }

    /// An IPv6 network as AWS writes it, such as with lower-case digits.
    fn ipv6(network: &dyn fmt::Display) -> Self {
        let text = network.to_string();
        Self::Ipv6(text.parse::<Ipv6Net>().map_or(text, |network| network.to_string()))
    }
}

/// The sorts of sources and destinations that AWS tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PeerSort {
    Ipv4,
    Ipv6,
    PrefixList,
    Group,
}

/// A rule in either direction; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(crate) protocol: Protocol,
    /// First and last port; for ICMP, type and code.
    pub(crate) ports: Option<(i32, i32)>,
    pub(crate) peer: Peer,
    pub(crate) description: Option<String>,
}

impl Rule {
    pub(crate) fn everything_out() -> Self {
        Self { protocol: Protocol::All, ports: None, peer: Peer::Ipv4("0.0.0.0/0".to_owned()), description: None }
    }

    /// Whether AWS takes both for the same rule: the description does not count.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.protocol, self.ports, &self.peer) == (other.protocol, other.ports, &other.peer)
    }

    pub(crate) fn visit(&mut self, visit: &mut Visit<'_>) {
        match &mut self.peer {
            Peer::PrefixList(input) => visit(input),
            Peer::Group(input) => visit(input),
            Peer::Ipv4(_) | Peer::Ipv6(_) | Peer::GroupOf(..) | Peer::Itself => {}
        }
    }

    pub(crate) fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        let ports = format!("{path}.ports");
        match (self.protocol, self.ports) {
            // That they are ports at all, the type says.
            (Protocol::Tcp | Protocol::Udp, Some((from, to))) if from > to => {
                let rule = "the first port must not be above the last";
                problems.report("V110", ports, format!("{from}-{to}"), rule);
            }
            (Protocol::Icmp | Protocol::Icmpv6, Some((kind, code))) => {
                problems.range("V109", &ports, Some(kind), -1..=255);
                problems.range("V109", &ports, Some(code), -1..=255);
                // All codes of one type can be meant (8 and -1), but not one code of all types.
                if kind == -1 && (0..=255).contains(&code) {
                    let rule = "type -1 (all) goes with code -1 (all)";
                    problems.report("V114", ports, format!("type {kind} code {code}"), rule);
                }
            }
            _ => {}
        }
        let network = match &self.peer {
            Peer::Ipv4(cidr) => {
                cidr.parse::<Ipv4Net>().map(|net| (cidr, net.trunc().to_string(), net.trunc() == net)).map_err(|_| cidr)
            }
            Peer::Ipv6(cidr) => {
                cidr.parse::<Ipv6Net>().map(|net| (cidr, net.trunc().to_string(), net.trunc() == net)).map_err(|_| cidr)
            }
            _ => return self.validate_description(path, problems),
        };
        match network {
            Err(cidr) => problems.report(
                "V115",
                format!("{path}.peer"),
                format!("{cidr:?}"),
                "must be a network with its prefix length, such as 10.0.0.0/16",
            ),
            Ok((cidr, network, false)) => problems.report(
                "V115",
                format!("{path}.peer"),
                format!("{cidr:?}"),
                format!("must be a network address: the bits after the prefix are not zero; did you mean {network}?"),
            ),
            Ok(_) => {}
        }
        self.validate_description(path, problems);
    }

    fn validate_description(&self, path: &str, problems: &mut Problems<'_>) {
        if let Some(text) = &self.description {
            problems.text("V107", &format!("{path}.description"), text, 0..=255, is_description, DESCRIPTION);
        }
    }
}

/// What [`is_description`] allows, in words.
pub(super) const DESCRIPTION: &str = "letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`";

pub(crate) fn is_description(c: char) -> bool {
    c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c)
}

impl ToValue for Rule {
    fn to_value(&self) -> Value {
        let ports = match (self.protocol, self.ports) {
            (Protocol::All | Protocol::Number(_), _) | (_, None) => Value::Unset,
            (protocol, Some((-1, _))) if protocol.is_icmp() => Value::Unset,
            (protocol, Some((kind, -1))) if protocol.is_icmp() => Value::Text(format!("type {kind}")),
            (protocol, Some((kind, code))) if protocol.is_icmp() => Value::Text(format!("type {kind} code {code}")),
            (_, Some((from, to))) if from == to => Value::Text(from.to_string()),
            (_, Some((from, to))) => Value::Text(format!("{from}-{to}")),
        };
        let peer = match &self.peer {
            Peer::Ipv4(cidr) | Peer::Ipv6(cidr) => Value::of(cidr),
            Peer::PrefixList(id) => Value::of(id),
            Peer::Group(id) => Value::of(id),
            Peer::GroupOf(account, id) => Value::Text(format!("{account}/{id}")),
            Peer::Itself => Value::of("self"),
        };
        Value::map([
            ("protocol", Value::of(&self.protocol)),
            ("ports", ports),
            ("peer", peer),
            ("description", Value::of(&self.description).unless_empty()),
        ])
    }
}

/// Declares the stages of one direction: ports first, then the peer.
macro_rules! direction {
    (
        $(#[$doc:meta])* $name:ident, $(#[$ports_doc:meta])* $ports:ident, $word:literal:
        $anywhere_ipv4:ident $anywhere_ipv6:ident $cidr_ipv4:ident $cidr_ipv6:ident $prefix_list:ident $group:ident $group_of:ident $itself:ident
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name(pub(crate) Rule);

        $(#[$ports_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[must_use]
        pub struct $ports {
            protocol: Protocol,
            ports: Option<(i32, i32)>,
        }

        impl $name {
            /// HTTP: TCP port 80.
            pub fn http() -> $ports {
                Self::tcp(80)
            }

            /// HTTPS: TCP port 443.
            pub fn https() -> $ports {
                Self::tcp(443)
            }

            /// One TCP port, 0 to 65535.
            pub fn tcp(port: u16) -> $ports {
                $ports { protocol: Protocol::Tcp, ports: Some((port.into(), port.into())) }
            }

            /// A range of TCP ports, first to last.
            pub fn tcp_range(ports: std::ops::RangeInclusive<u16>) -> $ports {
                $ports { protocol: Protocol::Tcp, ports: Some(((*ports.start()).into(), (*ports.end()).into())) }
            }

            /// One UDP port, 0 to 65535.
            pub fn udp(port: u16) -> $ports {
                $ports { protocol: Protocol::Udp, ports: Some((port.into(), port.into())) }
            }

            /// A range of UDP ports, first to last.
            pub fn udp_range(ports: std::ops::RangeInclusive<u16>) -> $ports {
                $ports { protocol: Protocol::Udp, ports: Some(((*ports.start()).into(), (*ports.end()).into())) }
            }

            /// ICMP of one type and code, 0 to 255 each; -1 means all.
            pub fn icmp(kind: i16, code: i16) -> $ports {
                $ports { protocol: Protocol::Icmp, ports: Some((kind.into(), code.into())) }
            }

            /// ICMPv6 of one type and code, 0 to 255 each; -1 means all.
            pub fn icmpv6(kind: i16, code: i16) -> $ports {
                $ports { protocol: Protocol::Icmpv6, ports: Some((kind.into(), code.into())) }
            }

            /// A protocol by the number that IANA has assigned to it, such as 50 for ESP: all of it,
            /// with every port or type.
            pub fn protocol(number: u8) -> $ports {
                let protocol = Protocol::of_number(number);
                let ports = match protocol {
                    Protocol::Tcp | Protocol::Udp => Some((0, 65535)),
                    Protocol::Icmp | Protocol::Icmpv6 => Some((-1, -1)),
                    Protocol::All | Protocol::Number(_) => None,
                };
                $ports { protocol, ports }
            }

            /// Every protocol and port.
            pub fn all_traffic() -> $ports {
                $ports { protocol: Protocol::All, ports: None }
            }

            /// Describes the rule: up to 255 letters, digits, spaces and
            /// `._-:/()#,@[]+=&;{}!$*`. Sets `Description`.
            #[must_use]
            pub fn description(mut self, text: impl Into<String>) -> Self {
                self.0.description = Some(text.into());
                self
            }
        }

        impl $ports {
            fn peer(self, peer: Peer) -> $name {
                $name(Rule { protocol: self.protocol, ports: self.ports, peer, description: None })
            }

            #[doc = concat!("Traffic ", $word, " any IPv4 address.")]
            #[must_use]
            pub fn $anywhere_ipv4(self) -> $name {
                self.peer(Peer::Ipv4("0.0.0.0/0".to_owned()))
            }

            #[doc = concat!("Traffic ", $word, " any IPv6 address.")]
            #[must_use]
            pub fn $anywhere_ipv6(self) -> $name {
                self.peer(Peer::Ipv6("::/0".to_owned()))
            }

            #[doc = concat!("Traffic ", $word, " an IPv4 network, such as `10.0.0.0/16`. Checked when the stack is planned.")]
            #[must_use]
            pub fn $cidr_ipv4(self, network: impl fmt::Display) -> $name {
                self.peer(Peer::ipv4(&network))
            }

            #[doc = concat!("Traffic ", $word, " an IPv6 network, such as `2001:db8::/32`. Checked when the stack is planned.")]
            #[must_use]
            pub fn $cidr_ipv6(self, network: impl fmt::Display) -> $name {
                self.peer(Peer::ipv6(&network))
            }

            #[doc = concat!("Traffic ", $word, " the networks of a managed prefix list.")]
            #[must_use]
            pub fn $prefix_list(self, list: impl IntoInput<PrefixListId>) -> $name {
                self.peer(Peer::PrefixList(list.into_input()))
            }

            #[doc = concat!("Traffic ", $word, " the network interfaces that have another security group: one of the same VPC, or of this account in a VPC that is peered with it.")]
            #[must_use]
            pub fn $group(self, group: impl IntoInput<SecurityGroupId>) -> $name {
                self.peer(Peer::Group(group.into_input()))
            }

            #[doc = concat!("Traffic ", $word, " the network interfaces that have a security group of another account, in a VPC that is peered with this one.")]
            #[must_use]
            pub fn $group_of(self, account: AccountId, group: SecurityGroupId) -> $name {
                self.peer(Peer::GroupOf(account, group))
            }

            #[doc = concat!("Traffic ", $word, " the network interfaces that have this same security group.")]
            #[must_use]
            pub fn $itself(self) -> $name {
                self.peer(Peer::Itself)
            }
        }
    };
}

direction! {
    /// A rule that lets traffic in.
    ///
    /// ```
    /// use purlin::Ingress;
    ///
    /// let rule = Ingress::tcp(8080).from_ipv4("10.0.0.0/16").description("from the office");
    /// ```
    Ingress,
    /// What an [`Ingress`] rule lets in; say next where it may come from.
    IngressPorts, "from":
    from_anywhere_ipv4 from_anywhere_ipv6 from_ipv4 from_ipv6 from_prefix_list from_group from_group_of from_self
}

direction! {
    /// A rule that lets traffic out.
    ///
    /// ```
    /// use purlin::Egress;
    ///
    /// let rule = Egress::https().to_anywhere_ipv4();
    /// ```
    Egress,
    /// What an [`Egress`] rule lets out; say next where it may go.
    EgressPorts, "to":
    to_anywhere_ipv4 to_anywhere_ipv6 to_ipv4 to_ipv6 to_prefix_list to_group to_group_of to_self
}
