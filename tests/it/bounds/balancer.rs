//! Load balancers.

use std::net::Ipv4Addr;
use std::time::Duration;

use purlin::sim::SimAws;
use purlin::*;

use super::case::{Case, Found};

const PUBLIC: [&str; 2] = ["Public subnet A", "Public subnet C"];
const PRIVATE: [&str; 2] = ["Private subnet A", "Private subnet C"];

/// A stack with these subnets.
pub(super) fn network(subnets: &[&str]) -> (Stack, Ref<Subnets>) {
    let mut stack = Stack::new("rules");
    let subnets = stack.add("subnets", Subnets::named(subnets.iter().copied()));
    (stack, subnets)
}

/// A stack with a load balancer of a kind in these subnets, and its options.
macro_rules! balancer {
    ($kind:ident in $subnets:expr; $($option:ident $value:tt)*) => {{
        let (mut stack, subnets) = network(&$subnets);
        stack.add("it", LoadBalancer::$kind().name("it").subnets(subnets)$(.$option $value)*.build());
        stack
    }};
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn pick<T>(inside: bool, within: T, without: T) -> T {
    if inside { within } else { without }
}

fn named(name: &str) -> Stack {
    let (mut stack, public) = network(&PUBLIC);
    stack.add("it", LoadBalancer::application().name(name).subnets(public).build());
    stack
}

fn tagged(key: &str, value: &str) -> Stack {
    balancer!(application in PUBLIC; tag(key, value))
}

/// Two load balancers of different types with these names.
fn two(names: [&str; 2]) -> Stack {
    let (mut stack, public) = network(&PUBLIC);
    stack.add("first", LoadBalancer::application().name(names[0]).subnets(public).build());
    stack.add("second", LoadBalancer::network().name(names[1]).subnets(public).build());
    stack
}

fn allocation(number: u8) -> SubnetMapping {
    SubnetMapping::new().allocation(format!("eipalloc-0a{number}").parse().expect("an id"))
}

fn address(number: u8) -> SubnetMapping {
    SubnetMapping::new().private_ipv4(Ipv4Addr::new(10, 0, number, 200))
}

fn prefix(network: &str) -> SubnetMapping {
    SubnetMapping::new().source_nat_prefix(network)
}

/// A group of another VPC, which may be associated with that of the balancer.
fn with_foreign_group(inside: bool) -> Stack {
    let (mut stack, public) = network(&PUBLIC);
    let vpc = stack.add("vpc", Vpc::named(if inside { "VPC-Lab" } else { "VPC-Other" }));
    let group = SecurityGroup::builder().name("it").description("it").vpc(vpc).build();
    let group = stack.add("it", group);
    stack.add("it", LoadBalancer::application().name("it").subnets(public).security_group(group).build());
    stack
}

fn other_vpc(sim: &SimAws) {
    let vpc = sim.add_vpc("VPC-Other", "10.9.0.0/16");
    sim.add_public_subnet(&vpc, "Other subnet C", "ap-northeast-2c", "10.9.0.0/24");
}

fn with_groups(count: usize) -> Stack {
    let (mut stack, public) = network(&PUBLIC);
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let mut balancer = LoadBalancer::application().name("it").subnets(public);
    for number in 0..count {
        let group = SecurityGroup::builder().name(format!("it {number}")).description("it").vpc(vpc).build();
        balancer = balancer.security_group(stack.add(format!("it {number}").replace(' ', "-"), group));
    }
    stack.add("it", balancer.build());
    stack
}

fn rules_without_groups(inside: bool) -> Stack {
    let (mut stack, public) = network(&PUBLIC);
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = stack.add("it", SecurityGroup::builder().name("it").description("it").vpc(vpc).build());
    let balancer = LoadBalancer::network().name("it").subnets(public).enforce_rules_on_private_link(false);
    let balancer = if inside { balancer.security_group(group) } else { balancer };
    stack.add("it", balancer.build());
    stack
}

fn udp(source_nat: bool) -> Stack {
    let (mut stack, public) = network(&PUBLIC);
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let group = TargetGroup::builder().name("it").vpc(vpc).traffic(Traffic::udp(53)).build();
    let group = stack.add("it", group);
    let balancer = LoadBalancer::network().name("it").subnets(public).ip_address_type(IpAddressType::Dualstack);
    let balancer = stack.add("it", balancer.ipv6_source_nat(source_nat).build());
    let listener = Listener::builder().load_balancer(balancer).accept(Accept::udp(53)).action(Action::forward(group));
    stack.add("it", listener.build());
    stack
}

/// Subnets with 8 and with 7 free addresses.
fn tight(sim: &SimAws) {
    let vpc = sim.add_vpc("VPC-Tight", "10.8.0.0/16");
    sim.add_public_subnet(&vpc, "Wide A", "ap-northeast-2a", "10.8.0.0/24");
    for (name, cidr, taken) in [("Tight C", "10.8.1.0/27", 19), ("Full C", "10.8.2.0/27", 20)] {
        let subnet = sim.add_public_subnet(&vpc, name, "ap-northeast-2c", cidr);
        for _ in 0..taken {
            sim.add_interface(&subnet, &[]);
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    [names(), places(), addresses(), attributes(), tags()].into_iter().flatten().collect()
}

fn names() -> Vec<Case> {
    vec![
        Case::new("V1", "1 character", "name", |inside| named(pick(inside, "a", ""))),
        Case::new("V1", "32 characters", "name", |inside| named(&"a".repeat(if inside { 32 } else { 33 }))),
        Case::new("V2", "letters, digits, hyphens", "name", |inside| named(if inside { "a-1" } else { "a_1" })),
        Case::new("V3", "a hyphen at the end", "name", |inside| named(if inside { "a-b" } else { "a-" })),
        Case::new("V3", "a hyphen at the beginning", "name", |inside| named(if inside { "a-b" } else { "-b" })),
        Case::new("V4", "internal-", "name", |inside| named(if inside { "internal" } else { "internal-a" })),
        Case::new("V6", "two of one name", "(identity)", |inside| two(["same", pick(inside, "other", "same")])),
    ]
}

fn places() -> Vec<Case> {
    vec![
        Case::new("V7", "two subnets", "subnets", |inside| {
            balancer!(application in PUBLIC[..if inside { 2 } else { 1 }];)
        }),
        Case::new("V8", "two zones", "subnets", |inside| {
            let second = pick(inside, "Private subnet C", "Public subnet A");
            balancer!(application in ["Private subnet A", second]; scheme(Scheme::Internal))
        })
        .found(Found::Planning),
        Case::new("V9", "one subnet in a zone", "subnets", |inside| {
            let second = pick(inside, "Private subnet C", "Public subnet A");
            balancer!(network in ["Private subnet A", second]; scheme(Scheme::Internal))
        })
        .found(Found::Planning),
        Case::new("V9", "one subnet in a zone of two", "subnets", |inside| {
            let subnets = ["Private subnet A", "Private subnet C", "Public subnet A"];
            balancer!(application in subnets[..if inside { 2 } else { 3 }]; scheme(Scheme::Internal))
        })
        .found(Found::Planning),
        Case::new("V10", "a subnet at all", "subnets", |inside| {
            balancer!(network in PUBLIC[..if inside { 1 } else { 0 }];)
        }),
        Case::new("V10", "a mapping for each subnet", "subnet_mappings", |inside| {
            let subnets = &PUBLIC[..if inside { 1 } else { 2 }];
            balancer!(network in *subnets; subnet_mapping(allocation(1)))
        })
        .aws_accepts(),
        Case::new("V11", "subnets of one VPC", "subnets", |inside| {
            balancer!(application in ["Public subnet A", pick(inside, "Public subnet C", "Other subnet C")];)
        })
        .found(Found::Planning)
        .given(other_vpc),
        Case::new("V11", "a group of the VPC", "security_groups[0]", with_foreign_group)
            .found(Found::Planning)
            .given(other_vpc),
        Case::new("V35", "rules of no group", "enforce_rules_on_private_link", rules_without_groups),
        Case::new("V35", "5 groups", "security_groups", |inside| with_groups(if inside { 5 } else { 6 })),
        Case::new("V37", "8 free addresses", "subnets", |inside| {
            balancer!(application in ["Wide A", pick(inside, "Tight C", "Full C")];)
        })
        .found(Found::Planning)
        .given(tight),
        Case::new("V38", "a route to the internet", "subnets", |inside| {
            balancer!(network in [pick(inside, "Public subnet A", "Private subnet A")];)
        })
        .found(Found::Planning),
        Case::new("V38", "no route for an internal one", "subnets", |inside| {
            balancer!(network in ["Private subnet A"]; scheme(pick(inside, Scheme::Internal, Scheme::InternetFacing)))
        })
        .found(Found::Planning),
    ]
}

fn addresses() -> Vec<Case> {
    use IpAddressType::{Dualstack, Ipv4};
    use Scheme::{Internal, InternetFacing};
    vec![
        Case::new("V13", "a public address", "subnet_mappings[0].allocation_id", |inside| {
            balancer!(network in [pick(inside, "Public subnet A", "Private subnet A")];
                scheme(pick(inside, InternetFacing, Internal)) subnet_mapping(allocation(1)))
        }),
        Case::new("V14", "a private address", "subnet_mappings[0].private_ipv4_address", |inside| {
            balancer!(network in [pick(inside, PRIVATE[0], PUBLIC[0])];
                scheme(pick(inside, Internal, InternetFacing)) subnet_mapping(address(pick(inside, 2, 0))))
        }),
        Case::new("V15", "a prefix for source NAT", "subnet_mappings[0].source_nat_ipv6_prefix", |inside| {
            balancer!(network in [PUBLIC[0]]; ip_address_type(Dualstack) ipv6_source_nat(inside)
                subnet_mapping(prefix("2001:db8::/80")))
        }),
        Case::new("V15", "its length", "subnet_mappings[0].source_nat_ipv6_prefix", |inside| {
            balancer!(network in [PUBLIC[0]]; ip_address_type(Dualstack) ipv6_source_nat(true)
                subnet_mapping(prefix(pick(inside, "2001:db8::/80", "2001:db8::/81"))))
        }),
        Case::new("V15", "its length from below", "subnet_mappings[0].source_nat_ipv6_prefix", |inside| {
            balancer!(network in [PUBLIC[0]]; ip_address_type(Dualstack) ipv6_source_nat(true)
                subnet_mapping(prefix(pick(inside, "2001:db8::/80", "2001:db8::/79"))))
        }),
        Case::new(
            "V16",
            "source NAT",
            "ipv6_source_nat",
            |inside| balancer!(network in PUBLIC; ip_address_type(pick(inside, Dualstack, Ipv4)) ipv6_source_nat(true)),
        ),
        Case::new("V16", "UDP", "accept", udp),
        Case::new(
            "V20",
            "internal balancers",
            "ip_address_type",
            |inside| balancer!(application in PRIVATE; scheme(Internal) ip_address_type(pick(inside, Ipv4, Dualstack))),
        ),
        Case::new("V20", "an address for IPv6", "subnet_mappings[0].ipv6_address", |inside| {
            balancer!(network in [PUBLIC[0]]; ip_address_type(pick(inside, Dualstack, Ipv4))
                subnet_mapping(SubnetMapping::new().ipv6("2001:db8::5".parse().expect("an address"))))
        }),
        Case::new("V21", "a customer's pool", "customer_owned_ipv4_pool", |inside| {
            balancer!(application in PUBLIC;
                customer_owned_ipv4_pool(pick(inside, "ipv4pool-coip-0a", "ipv4pool-coip-")))
        }),
        Case::new("V21", "a customer's pool's length", "customer_owned_ipv4_pool", |inside| {
            balancer!(application in PUBLIC;
                customer_owned_ipv4_pool(format!("ipv4pool-coip-{}", "a".repeat(pick(inside, 242, 243)))))
        }),
        Case::new(
            "V21",
            "a pool of IPAM",
            "ipv4_ipam_pool",
            |inside| balancer!(application in PUBLIC; ipv4_ipam_pool(pick(inside, "ipam-pool-0a", "ipam-pool-0-a"))),
        ),
        Case::new("V21", "a pool of IPAM's length", "ipv4_ipam_pool", |inside| {
            balancer!(application in PUBLIC;
                ipv4_ipam_pool(format!("ipam-pool-{}", "a".repeat(pick(inside, 990, 991)))))
        }),
        Case::new("V21", "a pool for the internet", "ipv4_ipam_pool", |inside| {
            balancer!(application in pick(inside, PUBLIC, PRIVATE);
                scheme(pick(inside, InternetFacing, Internal)) ipv4_ipam_pool("ipam-pool-0a"))
        }),
        Case::new(
            "V28",
            "capacity of applications",
            "minimum_capacity_units",
            |inside| balancer!(application in PUBLIC; minimum_capacity_units(pick(inside, 100, 99))),
        ),
        Case::new(
            "V28",
            "the least capacity of networks",
            "minimum_capacity_units",
            |inside| balancer!(network in PUBLIC; minimum_capacity_units(pick(inside, 5500, 5499))),
        ),
        Case::new(
            "V28",
            "the most capacity of networks",
            "minimum_capacity_units",
            |inside| balancer!(network in PUBLIC; minimum_capacity_units(pick(inside, 90_000, 90_001))),
        ),
    ]
}

fn attributes() -> Vec<Case> {
    use ApplicationIpAddressType::{Dualstack, Ipv4};
    let idle = "attributes.idle_timeout.timeout_seconds";
    let keep = "attributes.client_keep_alive.seconds";
    let desync = "routing.http.desync_mitigation_mode";
    let xff = "routing.http.xff_header_processing.mode";
    let routing = "dns_record.client_routing_policy";
    vec![
        Case::new(
            "V22",
            "1 s",
            idle,
            |inside| balancer!(application in PUBLIC; idle_timeout(seconds(pick(inside, 1, 0)))),
        ),
        Case::new(
            "V22",
            "4000 s",
            idle,
            |inside| balancer!(application in PUBLIC; idle_timeout(seconds(pick(inside, 4000, 4001)))),
        ),
        Case::new(
            "V23",
            "60 s",
            keep,
            |inside| balancer!(application in PUBLIC; client_keep_alive(seconds(pick(inside, 60, 59)))),
        ),
        Case::new(
            "V23",
            "604800 s",
            keep,
            |inside| balancer!(application in PUBLIC; client_keep_alive(seconds(pick(inside, 604_800, 604_801)))),
        ),
        Case::new(
            "V24",
            "a word",
            "attributes.routing.http.desync_mitigation_mode",
            move |inside| balancer!(application in PUBLIC; attribute(desync, pick(inside, "strictest", "strict"))),
        ),
        Case::new(
            "V25",
            "a word",
            "attributes.routing.http.xff_header_processing.mode",
            move |inside| balancer!(application in PUBLIC; attribute(xff, pick(inside, "preserve", "keep"))),
        ),
        Case::new(
            "V26",
            "a word",
            "attributes.dns_record.client_routing_policy",
            move |inside| balancer!(network in PUBLIC; attribute(routing, pick(inside, "any_availability_zone", "any"))),
        ),
        Case::new("V27", "by its key", "attributes.load_balancing.cross_zone.enabled", |inside| {
            let value = pick(inside, "true", "false");
            balancer!(application in PUBLIC; attribute("load_balancing.cross_zone.enabled", value))
        }),
        Case::new(
            "V29",
            "7",
            "attributes.secondary_ips.auto_assigned.per_subnet",
            |inside| balancer!(network in PUBLIC; secondary_ips(pick(inside, 7, 8))),
        ),
        Case::new(
            "V30",
            "access",
            "attributes.access_logs.s3.bucket",
            |inside| balancer!(application in PUBLIC; access_logs(pick(inside, "logs", ""))),
        ),
        Case::new(
            "V30",
            "connections",
            "attributes.connection_logs.s3.bucket",
            |inside| balancer!(application in PUBLIC; connection_logs(pick(inside, "logs", ""))),
        ),
        Case::new(
            "V30",
            "health checks",
            "attributes.health_check_logs.s3.bucket",
            |inside| balancer!(application in PUBLIC; health_check_logs(pick(inside, "logs", ""))),
        ),
        Case::new(
            "V32",
            "IPv6",
            "attributes.ipv6.deny_all_igw_traffic",
            |inside| balancer!(application in PUBLIC; ip_address_type(pick(inside, Dualstack, Ipv4)) deny_all_igw_traffic(true)),
        ),
        Case::new("V33", "by its key", "attributes.idle_timeout.timeout_seconds", |inside| {
            if inside {
                balancer!(application in PUBLIC; attribute("idle_timeout.timeout_seconds", "30"))
            } else {
                balancer!(network in PUBLIC; attribute("idle_timeout.timeout_seconds", "30"))
            }
        }),
    ]
}

fn tags() -> Vec<Case> {
    let long = |length: usize| "k".repeat(length);
    vec![
        Case::new("V39", "a key", "tags", |inside| tagged(pick(inside, "a", ""), "it")),
        Case::new("V39", "128 characters", "tags", move |inside| tagged(&long(pick(inside, 128, 129)), "it")),
        Case::new("V39", "256 characters", "tags.it", move |inside| tagged("it", &long(pick(inside, 256, 257)))),
        Case::new("V39", "characters", "tags.it", |inside| tagged("it", pick(inside, "ä 1 _.:/=+-@", "a;b"))),
        Case::new("V39", "line breaks", "tags.it", |inside| tagged("it", pick(inside, "a b", "a\nb"))),
        Case::new("V39", "reserved keys", "tags", |inside| tagged(pick(inside, "aws-it", "aws:it"), "it")),
    ]
}
