//! `AWS::ElasticLoadBalancingV2::LoadBalancer`.

use crate::lookup::{AnyLookup, SubnetsBy};
use crate::resource::{LoadBalancer, LoadBalancerKind, SourceNatPrefix, SubnetMapping};
use crate::stack::Item;
use crate::value::{ToValue, Value};

use super::super::draft::Entry;
use super::super::shape::{ON, TAGS, put};
use super::{
    DEPENDS, Export, NO_MEMBER, NO_MEMBER_WHY, Output, Reference, Row, by, elsewhere, lost, output, shaped, to,
};

impl Export for LoadBalancer {
    const ROWS: &'static [Row<Self>] = &[
        to("name", "Name"),
        to("type", "Type"),
        to("scheme", "Scheme"),
        lost("customer_owned_ipv4_pool", NO_MEMBER, NO_MEMBER_WHY),
        to("ip_address_type", "IpAddressType"),
        to("ipv4_ipam_pool", "Ipv4IpamPoolId"),
        by("subnets", subnets),
        elsewhere("subnet_mappings.allocation_id"),
        elsewhere("subnet_mappings.private_ipv4_address"),
        elsewhere("subnet_mappings.ipv6_address"),
        elsewhere("subnet_mappings.source_nat_ipv6_prefix"),
        shaped("ipv6_source_nat", "EnablePrefixForIpv6SourceNat", ON),
        to("security_groups", "SecurityGroups"),
        shaped("enforce_rules_on_private_link", "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", ON),
        by("attributes", |balancer, entry| {
            let all = balancer.attributes.to_value();
            entry.set("LoadBalancerAttributes", TAGS.write(&all, "attributes", &mut |_, _| {}));
        }),
        elsewhere("attributes.ipv6.deny_all_igw_traffic"),
        elsewhere("attributes.secondary_ips.auto_assigned.per_subnet"),
        to("minimum_capacity_units", "MinimumLoadBalancerCapacity.CapacityUnits"),
        shaped("tags", "Tags", TAGS),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some("AWS::ElasticLoadBalancingV2::LoadBalancer")
    }

    fn outputs(&self) -> &'static [Output] {
        const GATEWAY: &[Output] = &[output("arn", Reference::Ref, "ARN")];
        const OTHERS: &[Output] = &[
            output("arn", Reference::Ref, "ARN"),
            output("dns_name", Reference::Attribute("DNSName"), "DNS name"),
            output("hosted_zone_id", Reference::Attribute("CanonicalHostedZoneID"), "Route 53 zone"),
        ];
        if self.kind == LoadBalancerKind::Gateway { GATEWAY } else { OTHERS }
    }
}

fn subnets(balancer: &LoadBalancer, entry: &mut Entry<'_, '_>) {
    let subnets = Value::of(&balancer.subnets);
    if balancer.mappings.is_empty() {
        entry.set("Subnets", subnets);
        return;
    }
    let each: Vec<Value> = match &subnets {
        Value::List(subnets) => subnets.clone(),
        pending => {
            let Some(count) = count(pending, entry) else {
                let why = "how many subnets a tag finds is not known; export with `export_resolved`";
                entry.lose(DEPENDS, "subnet_mappings", &Value::Unset, why);
                entry.set("Subnets", subnets);
                return;
            };
            let nth = |nth: usize| Value::List(vec![Value::Text(nth.to_string()), pending.clone()]);
            (0..count).map(|index| Value::map([("Fn::Select", nth(index))])).collect()
        }
    };
    let plain = SubnetMapping::default();
    let mappings = each.into_iter().enumerate().map(|(index, subnet)| {
        let mut members = mapping(balancer.mappings.get(index).unwrap_or(&plain));
        put(&mut members, "SubnetId", subnet);
        members
    });
    entry.set("SubnetMappings", Value::List(mappings.collect()));
}

fn mapping(mapping: &SubnetMapping) -> Value {
    let prefix = mapping.source_nat_prefix.as_ref().map(SourceNatPrefix::as_str);
    Value::map([
        ("AllocationId", Value::of(&mapping.allocation)),
        ("PrivateIPv4Address", Value::of(&mapping.private_ipv4)),
        ("IPv6Address", Value::of(&mapping.ipv6)),
        ("SourceNatIpv6Prefix", prefix.map_or(Value::Unset, Value::of)),
    ])
}

/// How many subnets a lookup finds, where its declaration says so.
fn count(subnets: &Value, entry: &Entry<'_, '_>) -> Option<usize> {
    let Value::Pending(attr) = subnets else { return None };
    match &entry.draft.stack.nodes.get(attr.node.index)?.item {
        Item::Lookup(AnyLookup::Subnets(subnets)) => match &subnets.by {
            SubnetsBy::Each(all) => Some(all.len()),
            SubnetsBy::Tag(..) => None,
        },
        _ => None,
    }
}
