//! Targets that a declaration names, and how the stack knows them for its own.
//!
//! A target group also gets targets from others: from Auto Scaling groups, container services,
//! people. AWS cannot tag a target, so tags of the group record which ones the stack has
//! registered; all others are left alone.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::id::{FunctionArn, InstanceId, LoadBalancerArn};
use crate::input::Input;
use crate::value::{ToValue, Value};

use super::super::names::names;

/// The prefix of the tags that record targets; digests of those follow, of [`DIGEST`] characters.
const RECORD: &str = "purlin:targets:";
const DIGEST: usize = 4;
/// How many digests fit into the key of a tag, which AWS lets have 128 characters.
const IN_A_TAG: usize = (128 - RECORD.len()) / DIGEST;

/// A target of a group: an instance or an IP address.
///
/// ```
/// use purlin::Target;
///
/// let instance = Target::instance("i-0a1b2c3d4e5f60718".parse()?).port(8080);
/// let database = Target::ip([10, 1, 2, 3]).availability_zone("all");
/// # Ok::<(), purlin::InvalidId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(crate) id: HostId,
    pub(crate) port: Option<u16>,
    pub(crate) zone: Option<String>,
    pub(crate) quic_server_id: Option<String>,
}

/// What a target is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HostId {
    Instance(InstanceId),
    Ip(IpAddr),
}

impl std::fmt::Display for HostId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instance(id) => id.fmt(f),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

impl Target {
    fn new(id: HostId) -> Self {
        Self { id, port: None, zone: None, quic_server_id: None }
    }

    /// An instance, which must be running when it is registered. Sets `Id`.
    #[must_use]
    pub fn instance(id: InstanceId) -> Self {
        Self::new(HostId::Instance(id))
    }

    /// An IP address: of a subnet of the VPC, or a private one (RFC 1918, RFC 6598) that can be
    /// reached from there. Sets `Id`.
    #[must_use]
    pub fn ip(address: impl Into<IpAddr>) -> Self {
        Self::new(HostId::Ip(address.into()))
    }

    /// The port, 1 to 65535. AWS's default is that of the group. Sets `Port`.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// The Availability Zone of an IP address, or `all`; required for addresses outside of the VPC.
    /// Left out, AWS finds the zone by the subnet, and it is not compared. Sets `AvailabilityZone`.
    #[must_use]
    pub fn availability_zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// The server ID, `0x` and 16 lower-case hexadecimal digits, unique at the listener; required
    /// in QUIC and TCP_QUIC groups, and only there. Sets `QuicServerId`.
    #[must_use]
    pub fn quic_server_id(mut self, id: impl Into<String>) -> Self {
        self.quic_server_id = Some(id.into());
        self
    }
}

names! {
    /// What the targets of a group are, as the API names all of them.
    GroupTargetType {
        /// Instances, by id.
        Instance = "instance",
        /// IP addresses.
        Ip = "ip",
        /// One Lambda function.
        Lambda = "lambda",
        /// One application load balancer.
        Alb = "alb",
    }
}

/// The targets that a declaration names; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Targets {
    Hosts(Vec<Target>),
    LoadBalancer(Input<LoadBalancerArn>),
    Function(FunctionArn),
}

impl Default for Targets {
    fn default() -> Self {
        Self::Hosts(Vec::new())
    }
}

impl Targets {
    /// What is compared; `port` is that of the group.
    pub(super) fn to_value(&self, port: u16) -> Value {
        Value::List(match self {
            Self::Hosts(targets) => targets
                .iter()
                .map(|target| {
                    Value::map([
                        ("id", Value::Text(target.id.to_string())),
                        ("port", Value::of(&target.port.unwrap_or(port))),
                        ("availability_zone", Value::of(&target.zone)),
                        ("quic_server_id", Value::of(&target.quic_server_id)),
                    ])
                })
                .collect(),
            Self::LoadBalancer(arn) => vec![Value::map([("load_balancer", arn.to_value())])],
            Self::Function(arn) => vec![Value::map([("function", Value::of(arn))])],
        })
    }

    /// The tags that record the targets; `port` is that of the group.
    pub(super) fn records(&self, port: u16) -> Vec<String> {
        let mut digests: Vec<_> = match self {
            Self::Hosts(targets) => targets
                .iter()
                .map(|target| record(&target.id.to_string(), target.port.unwrap_or(port), target.zone.is_some()))
                .collect(),
            // Such a group has one target: the one that it has is meant, whichever that is.
            Self::LoadBalancer(_) | Self::Function(_) => vec![THE_TARGET.to_owned()],
        };
        digests.sort();
        digests.dedup();
        digests.chunks(IN_A_TAG).map(|digests| format!("{RECORD}{}", digests.concat())).collect()
    }
}

/// Stands for the target of a group that has one.
const THE_TARGET: &str = "this";

/// The digest that records a target, and whether its zone was said.
fn record(id: &str, port: u16, says_zone: bool) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    let hash = Sha256::digest(format!("{id} {port}{}", if says_zone { " zone" } else { "" }));
    hash.iter().take(DIGEST).map(|byte| char::from(ALPHABET[usize::from(byte % 64)])).collect()
}

/// What the tags of a group record.
#[derive(Debug)]
pub(crate) struct Recorded(std::collections::HashSet<String>);

impl Recorded {
    /// Reads the keys of tags; none if they record nothing.
    pub(crate) fn read<'a>(keys: impl Iterator<Item = &'a str>) -> Option<Self> {
        let digests: std::collections::HashSet<String> = keys
            .filter_map(|key| key.strip_prefix(RECORD))
            .flat_map(|digests| {
                digests.as_bytes().chunks(DIGEST).map(|digest| String::from_utf8_lossy(digest).into_owned())
            })
            .collect();
        (!digests.is_empty()).then_some(Self(digests))
    }

    /// Whether the target of a group that has one is the stack's.
    pub(crate) fn the_target(&self) -> bool {
        self.0.contains(THE_TARGET)
    }

    /// Whether a target is the stack's, and if so, whether its zone was said.
    pub(crate) fn host(&self, id: &str, port: u16) -> Option<bool> {
        [true, false].into_iter().find(|says_zone| self.0.contains(&record(id, port, *says_zone)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_record_as_many_targets_as_a_group_can_have() {
        let targets: Vec<_> = (0..1000_u32).map(|n| Target::ip(std::net::Ipv4Addr::from(0x0a00_0000 + n))).collect();
        let tags = Targets::Hosts(targets).records(80);
        assert!(tags.len() <= 36, "{}", tags.len());
        assert!(tags.iter().all(|tag| tag.len() <= 128));
        let recorded = Recorded::read(tags.iter().map(String::as_str)).expect("records");
        assert_eq!(recorded.host("10.0.3.231", 80), Some(false));
        assert_eq!(recorded.host("10.0.3.232", 80), None);
        assert_eq!(recorded.host("10.0.3.231", 81), None);
    }

    #[test]
    fn a_record_says_whether_the_zone_was_said() {
        let targets = Targets::Hosts(vec![Target::ip([10, 0, 0, 1]).port(8080).availability_zone("all")]);
        let tags = targets.records(80);
        let recorded = Recorded::read(tags.iter().map(String::as_str)).expect("records");
        assert_eq!(recorded.host("10.0.0.1", 8080), Some(true));
        assert!(!recorded.the_target());
        assert!(Recorded::read(["purlin:stack"].into_iter()).is_none());
    }
}
