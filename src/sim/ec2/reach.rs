//! Whether security groups let traffic through.

use super::rule::{Direction, Peer, Traffic};
use super::security_group::rules_of;
use crate::sim::world::World;

/// Whether traffic from something with `from` groups reaches `port` (TCP) of something with `to` groups.
/// CIDR rules count when they cover the VPC of the target or everything.
///
/// What has no groups at all (a Network Load Balancer without them) is not filtered on its side,
/// and no rule can name it by group.
pub(crate) fn reaches(world: &World, from: &[String], to: &[String], port: u16) -> bool {
    // The VPC of the target, as the groups tell it.
    let vpc = to
        .iter()
        .chain(from)
        .find_map(|group| world.ec2.groups.get(group))
        .and_then(|group| world.ec2.vpcs.get(&group.vpc));
    let covers = |traffic: &Traffic, groups: &[String]| match &traffic.peer {
        Peer::Group(group) => groups.contains(group),
        Peer::Ipv4(cidr) => cidr.prefix_len() == 0 || vpc.is_some_and(|vpc| cidr.contains(&vpc.cidr)),
        // Instances have only IPv4 addresses here, and what a prefix list holds is not known.
        Peer::Ipv6(_) | Peer::PrefixList(_) => false,
    };
    let allows = |own: &[String], direction: Direction, others: &[String]| {
        own.is_empty()
            || own
                .iter()
                .flat_map(|group| rules_of(world, group, direction))
                .map(|rule| &rule.spec.traffic)
                .any(|traffic| traffic.passes_tcp(port) && covers(traffic, others))
    };
    allows(from, Direction::Egress, to) && allows(to, Direction::Ingress, from)
}
