//! The protocols of security group rules.

use std::fmt;

use crate::value::{ToValue, Value};

/// The protocol of a security group rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Protocol {
    /// Every protocol and port.
    All,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP for IPv4.
    Icmp,
    /// ICMP for IPv6.
    Icmpv6,
    /// Another protocol, by the number that IANA has assigned to it.
    Number(u8),
}

/// The protocols that AWS has names for, by their numbers.
const NAMED: &[(u8, Protocol)] =
    &[(1, Protocol::Icmp), (6, Protocol::Tcp), (17, Protocol::Udp), (58, Protocol::Icmpv6)];

impl Protocol {
    /// The protocol of a number, under its name where AWS has one.
    pub(super) fn of_number(number: u8) -> Self {
        NAMED.iter().find(|(known, _)| *known == number).map_or(Self::Number(number), |(_, protocol)| *protocol)
    }

    /// Reads a protocol as AWS writes it; `None` for what it never writes.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only the engine reads what AWS has"))]
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "-1" => Self::All,
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            "icmp" => Self::Icmp,
            "icmpv6" => Self::Icmpv6,
            number => Self::of_number(number.parse().ok()?),
        })
    }

    /// Whether the ports of a rule are a type and a code of ICMP.
    pub(crate) fn is_icmp(self) -> bool {
        matches!(self, Self::Icmp | Self::Icmpv6)
    }
}

/// The word that the AWS API uses: `-1` for all, the number of those that it has no name for.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("-1"),
            Self::Tcp => f.write_str("tcp"),
            Self::Udp => f.write_str("udp"),
            Self::Icmp => f.write_str("icmp"),
            Self::Icmpv6 => f.write_str("icmpv6"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl ToValue for Protocol {
    fn to_value(&self) -> Value {
        Value::Text(match self {
            Self::All => "all".to_owned(),
            Self::Number(number) => format!("protocol {number}"),
            named => named.to_string(),
        })
    }
}
