//! Security group rules: what they are, and how they stand in requests and answers.

use std::time::Duration;

use aws_sdk_ec2::operation::describe_security_group_rules::{
    DescribeSecurityGroupRulesInput, DescribeSecurityGroupRulesOutput,
};
use aws_sdk_ec2::types as sdk;
use ipnet::{Ipv4Net, Ipv6Net};

use super::association;
use super::filter::{Field, Filtered};
use super::page::{self, page};
use super::resource::{self, IdKind, Resource, SECURITY_GROUP, invalid, listed, missing, visible};
use super::security_group::Group;
use super::tags::{self, Tags};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// The direction of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// The other side of a rule: a source (ingress) or a destination (egress).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Peer {
    Ipv4(Ipv4Net),
    Ipv6(Ipv6Net),
    PrefixList(String),
    Group(String),
}

/// What a rule lets through. Two rules of one group and direction never have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Traffic {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, another protocol's number, or `-1` for all.
    pub(super) protocol: String,
    /// The port range (ICMP: type and code); `None` where the protocol has none.
    pub(super) ports: Option<(i32, i32)>,
    pub(super) peer: Peer,
}

/// A rule as it stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleSpec {
    pub(super) traffic: Traffic,
    pub(super) description: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) direction: Direction,
    pub(super) spec: RuleSpec,
    pub(super) created: Option<Duration>,
}

impl Peer {
    /// Whether both are of one kind: ModifySecurityGroupRules cannot turn one kind into another.
    pub(super) fn same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Traffic {
    /// What every new group lets out: everything over IPv4.
    pub(super) fn everything() -> Self {
        Self { protocol: "-1".to_owned(), ports: None, peer: Peer::Ipv4(Ipv4Net::default()) }
    }

    /// Whether TCP traffic to `port` passes, as far as protocol and port go.
    pub(super) fn passes_tcp(&self, port: u16) -> bool {
        let port = i32::from(port);
        match self.protocol.as_str() {
            "-1" => true,
            "tcp" => self.ports.is_some_and(|(from, to)| (from..=to).contains(&port)),
            _ => false,
        }
    }

    /// As AWS writes it in `InvalidPermission.Duplicate`.
    pub(super) fn in_words(&self) -> String {
        let peer = match &self.peer {
            Peer::Ipv4(cidr) => cidr.to_string(),
            Peer::Ipv6(cidr) => cidr.to_string(),
            Peer::PrefixList(id) | Peer::Group(id) => id.clone(),
        };
        let protocol = if self.protocol == "-1" { "ALL".to_owned() } else { self.protocol.to_uppercase() };
        match self.ports {
            Some((from, to)) => {
                format!("peer: {peer}, {protocol}, from port: {from}, to port: {to}, ALLOW")
            }
            None => format!("peer: {peer}, {protocol}, ALLOW"),
        }
    }
}

/// Reads an IP permission: one rule for each of its ranges, prefix lists and groups.
pub(super) fn from_permission(
    world: &World,
    group: &str,
    permission: &sdk::IpPermission,
) -> Result<Vec<RuleSpec>, ApiError> {
    let (protocol, ports) = protocol(permission.ip_protocol(), permission.from_port(), permission.to_port())?;
    let mut peers = Vec::new();
    for range in permission.ip_ranges() {
        peers.push((Peer::Ipv4(ipv4(range.cidr_ip().ok_or_else(|| missing("cidrIp"))?)?), range.description()));
    }
    for range in permission.ipv6_ranges() {
        peers.push((Peer::Ipv6(ipv6(range.cidr_ipv6().ok_or_else(|| missing("cidrIpv6"))?)?), range.description()));
    }
    for list in permission.prefix_list_ids() {
        let id = list.prefix_list_id().ok_or_else(|| missing("prefixListId"))?;
        peers.push((prefix_list(id)?, list.description()));
    }
    for pair in permission.user_id_group_pairs() {
        peers.push((group_of_pair(world, group, pair)?, pair.description()));
    }
    if peers.is_empty() {
        return Err(missing("ipRanges, ipv6Ranges, prefixListIds or userIdGroupPairs"));
    }
    peers
        .into_iter()
        .map(|(peer, description)| {
            Ok(RuleSpec {
                traffic: Traffic { protocol: protocol.clone(), ports, peer },
                description: checked_description(description)?,
            })
        })
        .collect()
}

/// Reads a rule as ModifySecurityGroupRules takes it: exactly one peer.
pub(super) fn from_rule_request(
    world: &World,
    group: &str,
    request: &sdk::SecurityGroupRuleRequest,
) -> Result<RuleSpec, ApiError> {
    let (protocol, ports) = protocol(request.ip_protocol(), request.from_port(), request.to_port())?;
    let mut peers = Vec::new();
    if let Some(cidr) = request.cidr_ipv4() {
        peers.push(Peer::Ipv4(ipv4(cidr)?));
    }
    if let Some(cidr) = request.cidr_ipv6() {
        peers.push(Peer::Ipv6(ipv6(cidr)?));
    }
    if let Some(id) = request.prefix_list_id() {
        peers.push(prefix_list(id)?);
    }
    if let Some(id) = request.referenced_group_id() {
        peers.push(referenced_group(world, group, id)?);
    }
    let description = checked_description(request.description())?;
    match <[Peer; 1]>::try_from(peers) {
        Ok([peer]) => Ok(RuleSpec { traffic: Traffic { protocol, ports, peer }, description }),
        Err(_) => {
            Err(invalid("Exactly one of CidrIpv4, CidrIpv6, PrefixListId, or ReferencedGroupId must be specified"))
        }
    }
}

/// A protocol in AWS's canonical spelling, and its ports.
fn protocol(name: Option<&str>, from: Option<i32>, to: Option<i32>) -> Result<(String, Option<(i32, i32)>), ApiError> {
    let name = name.ok_or_else(|| missing("ipProtocol"))?;
    let canonical = match name {
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        "-1" => "-1",
        number if number.parse::<u8>().is_ok() => number,
        _ => {
            return Err(invalid(format!("Invalid value '{name}' for IP protocol. Unknown protocol.")));
        }
    };
    let ports = match canonical {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                return Err(invalid(
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
                ));
            };
            if let Some(port) = [from, to].into_iter().find(|port| !(0..=65535).contains(port)) {
                return Err(invalid(format!("TCP/UDP port ({port}) out of range")));
            }
            if from > to {
                return Err(invalid(format!("Invalid TCP/UDP port range ({from}:{to})")));
            }
            Some((from, to))
        }
        "icmp" | "icmpv6" => match (from, to) {
            (None, None) if canonical == "icmpv6" => Some((-1, -1)),
            (Some(kind), Some(code)) => {
                if ![kind, code].into_iter().all(|value| (-1..=255).contains(&value)) {
                    return Err(invalid(format!("ICMP type or code ({kind}:{code}) out of range")));
                }
                if kind == -1 && code != -1 {
                    return Err(invalid(format!("ICMP code ({code}) must be -1 when the type is -1")));
                }
                Some((kind, code))
            }
            _ => {
                return Err(invalid("Invalid value 'Must specify both from and to ports with ICMP.' for portRange."));
            }
        },
        // "allows traffic on all ports, regardless of any port range you specify"
        _ => None,
    };
    Ok((canonical.to_owned(), ports))
}

/// AWS canonicalizes: 100.68.0.18/18 becomes 100.68.0.0/18.
fn ipv4(cidr: &str) -> Result<Ipv4Net, ApiError> {
    cidr.parse::<Ipv4Net>().map(|net| net.trunc()).map_err(|_| malformed_cidr(cidr))
}

fn ipv6(cidr: &str) -> Result<Ipv6Net, ApiError> {
    cidr.parse::<Ipv6Net>().map(|net| net.trunc()).map_err(|_| malformed_cidr(cidr))
}

fn malformed_cidr(cidr: &str) -> ApiError {
    invalid(format!("CIDR block {cidr} is malformed"))
}

fn prefix_list(id: &str) -> Result<Peer, ApiError> {
    if id.strip_prefix("pl-").is_none_or(str::is_empty) {
        return Err(ApiError::new(
            "InvalidPrefixListId.Malformed",
            format!("Invalid id: \"{id}\" (expecting \"pl-...\")"),
        ));
    }
    Ok(Peer::PrefixList(id.to_owned()))
}

fn group_of_pair(world: &World, group: &str, pair: &sdk::UserIdGroupPair) -> Result<Peer, ApiError> {
    match (pair.group_id(), pair.group_name()) {
        (Some(id), _) => {
            let owner = world.ec2.foreign_groups.get(id).map_or(&world.account, |foreign| &foreign.account);
            if pair.user_id().unwrap_or(&world.account) != owner {
                return Err(SECURITY_GROUP.not_found(id));
            }
            referenced_group(world, group, id)
        }
        (None, Some(name)) => Err(super::security_group::not_in_default_vpc(name)),
        (None, None) => Err(missing("groupId")),
    }
}

fn referenced_group(world: &World, group: &str, id: &str) -> Result<Peer, ApiError> {
    let home = match world.ec2.foreign_groups.get(id) {
        Some(foreign) => &foreign.vpc,
        None => &super::security_group::known(world, id)?.vpc,
    };
    let reachable = |group: &Group| group.vpc == *home || association::peering(world, &group.vpc, home).is_some();
    if !world.ec2.groups.get(group).is_some_and(reachable) {
        return Err(ApiError::new(
            "InvalidGroup.NotFound",
            "You have specified two resources that belong to different networks.",
        ));
    }
    Ok(Peer::Group(id.to_owned()))
}

/// An empty description is none.
pub(super) fn checked_description(description: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(description) = description.filter(|description| !description.is_empty()) else {
        return Ok(None);
    };
    let allowed = |char: char| char.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(char);
    if description.chars().count() > 255 || !description.chars().all(allowed) {
        return Err(invalid(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
             set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        ));
    }
    Ok(Some(description.to_owned()))
}

impl Filtered for Rule {
    const FIELDS: &'static [Field<Self>] = &[
        ("group-id", |_, rule| vec![rule.group.clone()]),
        ("security-group-rule-id", |_, rule| vec![rule.id.clone()]),
    ];

    fn tags<'w>(&'w self, world: &'w World) -> &'w Tags {
        super::tags::shown(world, &self.id, self.created)
    }
}

impl Resource for Rule {
    const KIND: IdKind = resource::SECURITY_GROUP_RULE;

    fn shown(&self, world: &World) -> bool {
        visible(world, self.created)
    }
}

impl Rule {
    pub(super) fn to_sdk(&self, world: &World) -> sdk::SecurityGroupRule {
        let traffic = &self.spec.traffic;
        // A rule answers -1 for the ports that its protocol does not have.
        let (from, to) = traffic.ports.unwrap_or((-1, -1));
        let rule = sdk::SecurityGroupRule::builder()
            .security_group_rule_id(&self.id)
            .security_group_rule_arn(world.arn("ec2", &format!("security-group-rule/{}", self.id)))
            .group_id(&self.group)
            .group_owner_id(&world.account)
            .is_egress(self.direction == Direction::Egress)
            .ip_protocol(&traffic.protocol)
            .from_port(from)
            .to_port(to)
            .set_description(self.spec.description.clone())
            .set_tags(tags::to_sdk(self.tags(world)));
        match &traffic.peer {
            Peer::Ipv4(cidr) => rule.cidr_ipv4(cidr.to_string()),
            Peer::Ipv6(cidr) => rule.cidr_ipv6(cidr.to_string()),
            Peer::PrefixList(id) => rule.prefix_list_id(id),
            Peer::Group(id) => rule.referenced_group_info(referenced(world, &self.group, id)),
        }
        .build()
    }

    pub(super) fn to_revoked(&self) -> sdk::RevokedSecurityGroupRule {
        let traffic = &self.spec.traffic;
        let (from, to) = traffic.ports.unwrap_or((-1, -1));
        let rule = sdk::RevokedSecurityGroupRule::builder()
            .security_group_rule_id(&self.id)
            .group_id(&self.group)
            .is_egress(self.direction == Direction::Egress)
            .ip_protocol(&traffic.protocol)
            .from_port(from)
            .to_port(to)
            .set_description(self.spec.description.clone());
        match &traffic.peer {
            Peer::Ipv4(cidr) => rule.cidr_ipv4(cidr.to_string()),
            Peer::Ipv6(cidr) => rule.cidr_ipv6(cidr.to_string()),
            Peer::PrefixList(id) => rule.prefix_list_id(id),
            Peer::Group(id) => rule.referenced_group_id(id),
        }
        .build()
    }
}

/// Rules as DescribeSecurityGroups lists them: those of one protocol and port range together.
pub(super) fn to_permissions<'r>(world: &World, rules: impl Iterator<Item = &'r Rule>) -> Vec<sdk::IpPermission> {
    let mut permissions: Vec<sdk::IpPermission> = Vec::new();
    for rule in rules {
        let Traffic { protocol, ports, peer } = &rule.spec.traffic;
        let (from, to) = ports.unzip();
        let index = permissions
            .iter()
            .position(|other| other.ip_protocol() == Some(protocol) && other.from_port == from && other.to_port == to)
            .unwrap_or_else(|| {
                permissions.push(
                    sdk::IpPermission::builder()
                        .ip_protocol(protocol)
                        .set_from_port(from)
                        .set_to_port(to)
                        .set_ip_ranges(Some(Vec::new()))
                        .set_ipv6_ranges(Some(Vec::new()))
                        .set_prefix_list_ids(Some(Vec::new()))
                        .set_user_id_group_pairs(Some(Vec::new()))
                        .build(),
                );
                permissions.len() - 1
            });
        add_peer(world, &rule.group, &mut permissions[index], peer, rule.spec.description.clone());
    }
    permissions
}

/// A group that a rule of `group` refers to: of one in another VPC, AWS says by which connection.
fn referenced(world: &World, group: &str, id: &str) -> sdk::ReferencedSecurityGroup {
    let (account, home) = match world.ec2.foreign_groups.get(id) {
        Some(foreign) => (&foreign.account, Some(&foreign.vpc)),
        None => (&world.account, world.ec2.groups.get(id).map(|group| &group.vpc)),
    };
    let own = world.ec2.groups.get(group).map(|group| &group.vpc);
    let peering = own.zip(home).and_then(|(own, home)| association::peering(world, own, home));
    sdk::ReferencedSecurityGroup::builder()
        .group_id(id)
        .user_id(account)
        .set_vpc_id(home.filter(|_| peering.is_some()).cloned())
        .set_vpc_peering_connection_id(peering.map(|peering| peering.id.clone()))
        .set_peering_status(peering.map(|_| "active".to_owned()))
        .build()
}

fn add_peer(world: &World, group: &str, permission: &mut sdk::IpPermission, peer: &Peer, description: Option<String>) {
    match peer {
        Peer::Ipv4(cidr) => permission
            .ip_ranges
            .get_or_insert_default()
            .push(sdk::IpRange::builder().cidr_ip(cidr.to_string()).set_description(description).build()),
        Peer::Ipv6(cidr) => permission
            .ipv6_ranges
            .get_or_insert_default()
            .push(sdk::Ipv6Range::builder().cidr_ipv6(cidr.to_string()).set_description(description).build()),
        Peer::PrefixList(id) => permission
            .prefix_list_ids
            .get_or_insert_default()
            .push(sdk::PrefixListId::builder().prefix_list_id(id).set_description(description).build()),
        Peer::Group(id) => {
            let other = referenced(world, group, id);
            permission.user_id_group_pairs.get_or_insert_default().push(
                sdk::UserIdGroupPair::builder()
                    .group_id(id)
                    .set_user_id(other.user_id)
                    .set_vpc_id(other.vpc_id)
                    .set_vpc_peering_connection_id(other.vpc_peering_connection_id)
                    .set_peering_status(other.peering_status)
                    .set_description(description)
                    .build(),
            );
        }
    }
}

pub(super) fn describe(
    world: &World,
    input: &DescribeSecurityGroupRulesInput,
) -> Result<DescribeSecurityGroupRulesOutput, ApiError> {
    let ids = input.security_group_rule_ids.as_deref();
    let rules = listed(world, &world.ec2.rules, ids, input.filters.as_deref())?;
    let (rules, next_token) = page(rules, input.max_results, input.next_token(), &page::USUAL)?;
    let rules = rules.into_iter().map(|rule| rule.to_sdk(world));
    Ok(DescribeSecurityGroupRulesOutput::builder()
        .set_security_group_rules(Some(rules.collect()))
        .set_next_token(next_token)
        .build())
}
