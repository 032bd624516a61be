//! Load balancers.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use purlin::*;

use super::case::Change::{self, Either, InPlace, Replace};
use super::case::{Case, Setting, case};

const ATTRIBUTES: Change = InPlace(&["ModifyLoadBalancerAttributes"]);
const SUBNETS: Change = InPlace(&["SetSubnets"]);
const GROUPS: &[&str] = &["SetSecurityGroups"];

fn public(stack: &mut Stack) -> Ref<Subnets> {
    stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]))
}

macro_rules! application {
    () => {
        |stack: &mut Stack| {
            let public = public(stack);
            LoadBalancer::application().name("it").subnets(public)
        }
    };
}

macro_rules! network {
    () => {
        |stack: &mut Stack| {
            let public = public(stack);
            LoadBalancer::network().name("it").subnets(public)
        }
    };
}

/// A network load balancer with IPv6.
macro_rules! dualstack {
    () => {
        |stack: &mut Stack| network!()(stack).ip_address_type(IpAddressType::Dualstack)
    };
}

fn groups(stack: &mut Stack) -> [Ref<SecurityGroup>; 2] {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    ["one", "two"].map(|name| {
        let group = SecurityGroup::builder().name(name).description("Web").vpc(vpc);
        stack.add(name, group.build())
    })
}

fn stack(declare: impl FnOnce(&mut Stack) -> LoadBalancer) -> Stack {
    let mut stack = Stack::new("round-trip");
    let it = declare(&mut stack);
    stack.add("it", it);
    stack
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    identity(&mut cases);
    places(&mut cases);
    security_groups(&mut cases);
    capacity(&mut cases);
    attributes_of_several(&mut cases);
    attributes_of_application(&mut cases);
    attributes_of_network(&mut cases);
    case!(cases, LoadBalancer."tags.team", InPlace(&["AddTags", "RemoveTags"]), ["web", "shop"], application!(), |b, v| b.tag("team", v));
    cases
}

fn identity(cases: &mut Vec<Case>) {
    let name = Case::new("LoadBalancer.name", Replace, |setting| {
        let name = setting.pick("it", "that").expect("a value");
        stack(|stack| LoadBalancer::gateway().name(name).subnets(public(stack)).build())
    });
    cases.push(name.required());
    let kind = Case::new("LoadBalancer.type", Replace, |setting| {
        stack(|stack| match setting {
            Setting::Second => LoadBalancer::gateway().name("it").subnets(public(stack)).build(),
            _ => network!()(stack).build(),
        })
    });
    cases.push(kind.required().shows(["type", "scheme"]));
    case!(cases, LoadBalancer."scheme", Replace, [Scheme::Internal, Scheme::InternetFacing], network!(), |b, v| b.scheme(v), second_is_default());
    case!(cases, LoadBalancer."customer_owned_ipv4_pool", Replace, ["ipv4pool-coip-1", "ipv4pool-coip-2"], application!(), |b, v| {
        b.customer_owned_ipv4_pool(v)
    });
}

fn places(cases: &mut Vec<Case>) {
    let types = [ApplicationIpAddressType::Dualstack, ApplicationIpAddressType::DualstackWithoutPublicIpv4];
    case!(cases, LoadBalancer."ip_address_type", InPlace(&["SetIpAddressType"]), [types[0], types[1]], application!(), |b, v| b.ip_address_type(v));
    case!(cases, LoadBalancer."ipv4_ipam_pool", InPlace(&["ModifyIpPools"]), ["ipam-pool-1", "ipam-pool-2"], application!(), |b, v| b.ipv4_ipam_pool(v));
    let subnets = Case::new("LoadBalancer.subnets", SUBNETS, |setting| {
        stack(|stack| {
            let one = stack.add("one", Subnets::named(["Public subnet A"]));
            let other = stack.add("other", Subnets::named(["Public subnet C"]));
            LoadBalancer::network().name("it").subnets(setting.pick(one, other).expect("a value")).build()
        })
    });
    cases.push(subnets.required());
    let elastic = |id: &str| SubnetMapping::new().allocation(id.parse().expect("an id"));
    case!(cases, LoadBalancer."subnet_mappings.allocation_id", SUBNETS, ["eipalloc-1", "eipalloc-2"], network!(), |b, v| {
        b.subnet_mapping(elastic(v)).subnet_mapping(SubnetMapping::new())
    });
    let internal = |stack: &mut Stack| network!()(stack).scheme(Scheme::Internal);
    case!(cases, LoadBalancer."subnet_mappings.private_ipv4_address", SUBNETS, [10, 11], internal, |b, v| {
        b.subnet_mapping(SubnetMapping::new().private_ipv4(Ipv4Addr::new(10, 0, 0, v))).subnet_mapping(SubnetMapping::new())
    }, left_alone());
    case!(cases, LoadBalancer."subnet_mappings.ipv6_address", SUBNETS, [10, 11], dualstack!(), |b, v| {
        let address = Ipv6Addr::new(0x2600, 0, 0, 0, 0, 0, 0, v);
        b.subnet_mapping(SubnetMapping::new().ipv6(address)).subnet_mapping(SubnetMapping::new())
    }, left_alone());
    let translated = |stack: &mut Stack| dualstack!()(stack).ipv6_source_nat(true);
    case!(cases, LoadBalancer."subnet_mappings.source_nat_ipv6_prefix", SUBNETS, ["2600:0:0:1:1::/80", "2600:0:0:1:2::/80"], translated, |b, v| {
        let mapping = SubnetMapping::new().source_nat_prefix(v);
        b.subnet_mapping(mapping).subnet_mapping(SubnetMapping::new().source_nat_prefix_auto())
    }, left_alone());
    case!(cases, LoadBalancer."ipv6_source_nat", SUBNETS, [true, false], dualstack!(), |b, v| b.ipv6_source_nat(v), second_is_default());
}

fn security_groups(cases: &mut Vec<Case>) {
    let network = Case::new("LoadBalancer.security_groups", Either(GROUPS), |setting| {
        stack(|stack| {
            let [one, two] = groups(stack);
            let it = network!()(stack);
            setting.pick(one, two).into_iter().fold(it, |it, group| it.security_group(group)).build()
        })
    });
    cases.push(network);
    let application = Case::new("LoadBalancer.security_groups.application", InPlace(GROUPS), |setting| {
        stack(|stack| {
            let [one, two] = groups(stack);
            let it = application!()(stack);
            setting.pick(one, two).into_iter().fold(it, |it, group| it.security_group(group)).build()
        })
    });
    cases.push(application.shows(["security_groups"]).left_alone());
    let enforce = Case::new("LoadBalancer.enforce_rules_on_private_link", InPlace(GROUPS), |setting| {
        stack(|stack| {
            let [one, _] = groups(stack);
            let it = network!()(stack).security_group(one);
            match setting.pick(false, true) {
                Some(enforce) => it.enforce_rules_on_private_link(enforce).build(),
                None => it.build(),
            }
        })
    });
    cases.push(enforce.second_is_default());
}

fn capacity(cases: &mut Vec<Case>) {
    case!(cases, LoadBalancer."minimum_capacity_units", InPlace(&["ModifyCapacityReservation"]), [100, 200], application!(), |b, v| {
        b.minimum_capacity_units(v)
    });
}

/// A switch whose default is off, by a method of the builder.
macro_rules! switch {
    ($cases:ident, $key:literal, $base:expr, $method:ident) => {
        case!($cases, LoadBalancer.$key, ATTRIBUTES, [true, false], $base, |b, v| b.$method(v), second_is_default());
    };
}

/// Logs: one case for the bucket, by which they are switched on, and one for the prefix.
macro_rules! logs {
    ($cases:ident, $bucket:literal, $prefix:literal, $enabled:literal, $method:ident) => {
        case!(
            $cases,
            LoadBalancer.$bucket,
            ATTRIBUTES,
            ["logs-1", "logs-2"],
            application!(),
            |b, v| b.$method(v),
            may_show([$enabled])
        );
        let base = |stack: &mut Stack| application!()(stack).$method("logs");
        case!($cases, LoadBalancer.$prefix, ATTRIBUTES, ["one", "two"], base, |b, v| b
            .$method(LogBucket::named("logs").prefix(v)));
    };
}

fn attributes_of_several(cases: &mut Vec<Case>) {
    switch!(
        cases,
        "attributes.deletion_protection.enabled",
        |stack: &mut Stack| {
            let public = public(stack);
            LoadBalancer::gateway().name("it").subnets(public)
        },
        deletion_protection
    );
    switch!(cases, "attributes.load_balancing.cross_zone.enabled", network!(), cross_zone);
    switch!(cases, "attributes.zonal_shift.config.enabled", network!(), zonal_shift);
    switch!(cases, "attributes.ipv6.deny_all_igw_traffic", dualstack!(), deny_all_igw_traffic);
    logs!(
        cases,
        "attributes.access_logs.s3.bucket",
        "attributes.access_logs.s3.prefix",
        "attributes.access_logs.s3.enabled",
        access_logs
    );
}

fn attributes_of_application(cases: &mut Vec<Case>) {
    logs!(
        cases,
        "attributes.connection_logs.s3.bucket",
        "attributes.connection_logs.s3.prefix",
        "attributes.connection_logs.s3.enabled",
        connection_logs
    );
    logs!(
        cases,
        "attributes.health_check_logs.s3.bucket",
        "attributes.health_check_logs.s3.prefix",
        "attributes.health_check_logs.s3.enabled",
        health_check_logs
    );
    case!(cases, LoadBalancer."attributes.idle_timeout.timeout_seconds", ATTRIBUTES, [30, 90], application!(), |b, v| b.idle_timeout(Duration::from_secs(v)));
    case!(cases, LoadBalancer."attributes.client_keep_alive.seconds", ATTRIBUTES, [60, 90], application!(), |b, v| b.client_keep_alive(Duration::from_secs(v)));
    case!(cases, LoadBalancer."attributes.routing.http.desync_mitigation_mode", ATTRIBUTES, [DesyncMitigation::Monitor, DesyncMitigation::Strictest], application!(), |b, v| {
        b.desync_mitigation(v)
    });
    case!(cases, LoadBalancer."attributes.routing.http.xff_header_processing.mode", ATTRIBUTES, [XffHeader::Preserve, XffHeader::Remove], application!(), |b, v| b.xff_header(v));
    switch!(cases, "attributes.routing.http.drop_invalid_header_fields.enabled", application!(), drop_invalid_headers);
    switch!(cases, "attributes.routing.http.preserve_host_header.enabled", application!(), preserve_host_header);
    switch!(cases, "attributes.routing.http.x_amzn_tls_version_and_cipher_suite.enabled", application!(), tls_headers);
    switch!(cases, "attributes.routing.http.xff_client_port.enabled", application!(), xff_client_port);
    switch!(cases, "attributes.waf.fail_open.enabled", application!(), waf_fail_open);
    case!(cases, LoadBalancer."attributes.routing.http2.enabled", ATTRIBUTES, [false, true], application!(), |b, v| b.http2(v), second_is_default());
}

fn attributes_of_network(cases: &mut Vec<Case>) {
    let policies =
        [ClientRoutingPolicy::AvailabilityZoneAffinity, ClientRoutingPolicy::PartialAvailabilityZoneAffinity];
    case!(cases, LoadBalancer."attributes.dns_record.client_routing_policy", ATTRIBUTES, [policies[0], policies[1]], network!(), |b, v| {
        b.client_routing_policy(v)
    });
    case!(cases, LoadBalancer."attributes.secondary_ips.auto_assigned.per_subnet", Either(&["ModifyLoadBalancerAttributes"]), [3, 1], network!(), |b, v| {
        b.secondary_ips(v)
    });
}
