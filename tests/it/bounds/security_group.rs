//! Security groups and their rules.

use purlin::*;

use super::case::{Case, Found};

/// A group of this name.
fn named(name: &str, description: &str) -> Stack {
    let mut stack = Stack::new("rules");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    stack.add("it", SecurityGroup::builder().name(name).description(description).vpc(vpc).build());
    stack
}

/// A group that lets this in.
fn lets_in(rules: impl IntoIterator<Item = Ingress>) -> Stack {
    let mut stack = Stack::new("rules");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let mut group = SecurityGroup::builder().name("it").description("it").vpc(vpc);
    for rule in rules {
        group = group.ingress(rule);
    }
    stack.add("it", group.build());
    stack
}

/// A group and a rule of its own.
fn beside(
    inline: impl Fn() -> Vec<Result<Ingress, Egress>>,
    rule: impl Fn(Ref<SecurityGroup>) -> SecurityGroupRule,
) -> Stack {
    let mut stack = Stack::new("rules");
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    let mut declared = SecurityGroup::builder().name("group").description("group").vpc(vpc);
    for rule in inline() {
        declared = match rule {
            Ok(ingress) => declared.ingress(ingress),
            Err(egress) => declared.egress(egress),
        };
    }
    let declared = stack.add("group", declared.build());
    stack.add("it", rule(declared));
    stack
}

fn pick<T>(inside: bool, values: [T; 2]) -> T {
    let [within, beyond] = values;
    if inside { within } else { beyond }
}

fn long(inside: bool, most: usize) -> String {
    "a".repeat(if inside { most } else { most + 1 })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = groups();
    cases.extend(rules());
    cases.extend(between_rules());
    cases
}

fn groups() -> Vec<Case> {
    vec![
        Case::new("V103", "255 characters", "name", |inside| named(&long(inside, 255), "it")),
        Case::new("V103", "1 character", "name", |inside| named(pick(inside, ["a", ""]), "it")),
        Case::new("V103", "sg-", "name", |inside| named(pick(inside, ["sg", "SG-a"]), "it")),
        // It trims the name, and the next plan would find another one.
        Case::new("V103", "a space at the end", "name", |inside| named(pick(inside, [" a", "a "]), "it")).aws_accepts(),
        Case::new("V103", "unique whatever the case", "(identity)", |inside| {
            let mut stack = Stack::new("rules");
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            for (name, text) in [("it", "web"), ("other", pick(inside, ["web-2", "WEB"]))] {
                stack.add(name, SecurityGroup::builder().name(text).description("it").vpc(vpc).build());
            }
            stack
        }),
        Case::new("V104", "characters", "name", |inside| named(pick(inside, ["a 0._-:/()#,@[]+=&;{}!$*", "a%"]), "it")),
        Case::new("V106", "255 characters", "description", |inside| named("it", &long(inside, 255))),
        Case::new("V106", "1 character", "description", |inside| named("it", pick(inside, ["a", ""]))),
        Case::new("V106", "characters", "description", |inside| {
            named("it", pick(inside, ["a 0._-:/()#,@[]+=&;{}!$*", "it's"]))
        }),
    ]
}

fn rules() -> Vec<Case> {
    let icmp = |id, name, path, values: [(i16, i16); 2]| {
        Case::new(id, name, path, move |inside| {
            let (kind, code) = pick(inside, values);
            lets_in([Ingress::icmp(kind, code).from_ipv4("10.0.0.0/8")])
        })
    };
    const PORTS: &str = "ingress[0].ports";
    const PEER: &str = "ingress[0].peer";
    vec![
        Case::new("V107", "255 characters", "ingress[0].description", |inside| {
            lets_in([Ingress::http().from_anywhere_ipv4().description(long(inside, 255))])
        }),
        Case::new("V107", "characters", "ingress[0].description", |inside| {
            let text = pick(inside, ["a 0._-:/()#,@[]+=&;{}!$*", "from the café"]);
            lets_in([Ingress::http().from_anywhere_ipv4().description(text)])
        }),
        Case::new("V107", "a rule of its own", "rule.description", |inside| {
            beside(Vec::new, |group| {
                let text = long(inside, 255);
                SecurityGroupRule::ingress(group, Ingress::http().from_anywhere_ipv4().description(text))
            })
        }),
        // Those of TCP and UDP end where their type ends.
        icmp("V109", "type 255", PORTS, [(255, -1), (256, -1)]),
        icmp("V109", "type -1", PORTS, [(-1, -1), (-2, -1)]),
        icmp("V109", "code 255", PORTS, [(8, 255), (8, 256)]),
        icmp("V109", "code -1", PORTS, [(8, -1), (8, -2)]),
        Case::new("V110", "TCP", PORTS, |inside| {
            let (first, last) = pick(inside, [(80, 80), (81, 80)]);
            lets_in([Ingress::tcp_range(first..=last).from_ipv4("10.0.0.0/8")])
        }),
        Case::new("V110", "UDP, out", "egress[0].ports", |inside| {
            let mut stack = Stack::new("rules");
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            let (first, last) = pick(inside, [(53, 65535), (53, 52)]);
            let group = SecurityGroup::builder().name("it").description("it").vpc(vpc);
            stack.add("it", group.egress(Egress::udp_range(first..=last).to_anywhere_ipv4()).build());
            stack
        }),
        icmp("V114", "a code of all types", PORTS, [(-1, -1), (-1, 0)]),
        Case::new("V115", "a prefix", PEER, |inside| {
            lets_in([Ingress::http().from_ipv4(pick(inside, ["10.0.0.1/32", "10.0.0.1"]))])
        }),
        Case::new("V115", "a prefix of IPv6", PEER, |inside| {
            lets_in([Ingress::http().from_ipv6(pick(inside, ["2001:db8::/128", "2001:db8::/129"]))])
        }),
        Case::new("V115", "the family", PEER, |inside| {
            lets_in([Ingress::http().from_ipv6(pick(inside, ["::/0", "0.0.0.0/0"]))])
        }),
        // It clears them, and the rule is not the one that was declared.
        Case::new("V115", "host bits", PEER, |inside| {
            lets_in([Ingress::http().from_ipv4(pick(inside, ["10.0.0.0/16", "10.0.0.1/16"]))])
        })
        .aws_accepts(),
        Case::parsing("V116", "a group", |inside| {
            pick(inside, ["sg-0123456789abcdef0", "0123456789abcdef0"]).parse::<SecurityGroupId>().is_ok()
        }),
        Case::parsing("V116", "12 digits", |inside| {
            pick(inside, ["123456789012", "12345678901"]).parse::<AccountId>().is_ok()
        }),
        Case::parsing("V116", "only digits", |inside| {
            pick(inside, ["000000000000", "12345678901a"]).parse::<AccountId>().is_ok()
        }),
        Case::new("open-to-the-world", "80", "", |inside| {
            lets_in([Ingress::tcp(pick(inside, [80, 22])).from_anywhere_ipv4()])
        })
        .found(Found::Advisory),
        Case::new("open-to-the-world", "443 of TCP and UDP", "", |inside| {
            lets_in([Ingress::https().from_anywhere_ipv6(), Ingress::udp(pick(inside, [443, 80])).from_anywhere_ipv6()])
        })
        .found(Found::Advisory),
        Case::new("open-to-the-world", "a rule of its own", "", |inside| {
            beside(Vec::new, |group| {
                let rule = Ingress::tcp(22);
                let rule = if inside { rule.from_ipv4("10.0.0.0/8") } else { rule.from_anywhere_ipv4() };
                SecurityGroupRule::ingress(group, rule)
            })
        })
        .found(Found::Advisory),
    ]
}

fn between_rules() -> Vec<Case> {
    let https = || Egress::https().to_ipv4("10.0.0.0/8");
    vec![
        Case::new("V118", "inline", "ingress[1]", |inside| {
            let http = |text| Ingress::http().from_ipv4("10.0.0.0/8").description(text);
            let other = if inside { Ingress::https().from_ipv4("10.0.0.0/8") } else { http("two") };
            lets_in([http("one"), other])
        }),
        Case::new("V118", "two of their own", "(identity)", |inside| {
            let mut stack =
                beside(Vec::new, |group| SecurityGroupRule::ingress(group, Ingress::http().from_ipv4("10.0.0.0/8")));
            let vpc = stack.add("again", Vpc::named("VPC-Lab"));
            let group = SecurityGroup::builder().name("two").description("two").vpc(vpc).build();
            let group = stack.add("two", group);
            for (name, port) in [("one", 80), ("other", pick(inside, [81, 80]))] {
                stack.add(name, SecurityGroupRule::ingress(group, Ingress::tcp(port).from_ipv4("10.0.0.0/8")));
            }
            stack
        }),
        Case::new("V118", "inline and of its own", "rule", |inside| {
            beside(
                || vec![Ok(Ingress::http().from_ipv4("10.0.0.0/8"))],
                |group| {
                    let port = pick(inside, [81, 80]);
                    SecurityGroupRule::ingress(group, Ingress::tcp(port).from_ipv4("10.0.0.0/8"))
                },
            )
        }),
        Case::new("group-of-another-vpc", "inline", "", |inside| {
            let mut stack = Stack::new("rules");
            let (lab, other) = (stack.add("lab", Vpc::named("VPC-Lab")), stack.add("other", Vpc::named("VPC-Other")));
            let source =
                SecurityGroup::builder().name("source").description("source").vpc(if inside { lab } else { other });
            let source = stack.add("source", source.build());
            // Two lookups of one VPC.
            let again = stack.add("again", Vpc::named("VPC-Lab"));
            let group = SecurityGroup::builder().name("it").description("it").vpc(again);
            stack.add("it", group.ingress(Ingress::http().from_group(source)).build());
            stack
        })
        .given(|sim| drop(sim.add_vpc("VPC-Other", "10.1.0.0/16")))
        .found(Found::Advisory),
        Case::new("group-of-another-vpc", "of its own", "", |inside| {
            let mut stack = Stack::new("rules");
            let (lab, other) = (stack.add("lab", Vpc::named("VPC-Lab")), stack.add("other", Vpc::named("VPC-Other")));
            let [group, source] = [("group", lab), ("source", if inside { lab } else { other })].map(|(name, vpc)| {
                stack.add(name, SecurityGroup::builder().name(name).description("it").vpc(vpc).build())
            });
            stack.add("it", SecurityGroupRule::ingress(group, Ingress::http().from_group(source)));
            stack
        })
        .given(|sim| drop(sim.add_vpc("VPC-Other", "10.1.0.0/16")))
        .found(Found::Advisory),
        Case::new("V118", "what lets everything out by default", "rule", |inside| {
            beside(Vec::new, |group| {
                let rule = Egress::all_traffic();
                let rule = if inside { rule.to_anywhere_ipv6() } else { rule.to_anywhere_ipv4() };
                SecurityGroupRule::egress(group, rule)
            })
        })
        .aws_accepts(),
        Case::new("egress-without-effect", "of its own", "", move |inside| {
            let only = move || if inside { vec![Err(Egress::http().to_anywhere_ipv4())] } else { Vec::new() };
            beside(only, |group| SecurityGroupRule::egress(group, https()))
        })
        .found(Found::Advisory),
        Case::new("egress-without-effect", "inline", "", move |inside| {
            let rules = move || {
                let everything = if inside {
                    Egress::all_traffic().to_anywhere_ipv6()
                } else {
                    Egress::all_traffic().to_anywhere_ipv4()
                };
                vec![Err(everything), Err(Egress::https().to_ipv4("10.0.0.0/8"))]
            };
            beside(rules, |group| SecurityGroupRule::ingress(group, Ingress::http().from_anywhere_ipv4()))
        })
        .found(Found::Advisory),
    ]
}
