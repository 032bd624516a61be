//! Security groups, and rules that are declared apart from them.

use purlin::sim::SimAws;
use purlin::*;

use super::case::Change::{self, InPlace, Replace};
use super::case::{Case, Setting, case};
use crate::support::network;

const TAGS: Change = InPlace(&["CreateTags", "DeleteTags"]);
const INGRESS: Change = InPlace(&["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]);
const EGRESS: Change = InPlace(&["AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress"]);
const MODIFY: Change = InPlace(&["ModifySecurityGroupRules"]);
const ASSOCIATIONS: Change = InPlace(&["AssociateSecurityGroupVpc", "DisassociateSecurityGroupVpc"]);

fn group(stack: &mut Stack) -> SecurityGroup {
    let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    SecurityGroup::builder().name("it").description("it").vpc(vpc).build()
}

/// A group that lacks nothing that a builder asks for.
macro_rules! plain {
    () => {
        |stack: &mut Stack| {
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            SecurityGroup::builder().name("it").description("it").vpc(vpc)
        }
    };
}

/// A case of a group that one of two values makes.
fn required<T: Clone + 'static>(
    name: &'static str,
    values: [T; 2],
    declare: impl Fn(&mut Stack, T) -> SecurityGroup + 'static,
) -> Case {
    let declare = move |setting: Setting| {
        let mut stack = Stack::new("round-trip");
        let [first, second] = values.clone();
        let value = setting.pick(first, second).expect("a required property");
        let group = declare(&mut stack, value);
        stack.add("it", group);
        stack
    };
    Case::new(name, Replace, declare).required()
}

/// A case of a rule that is declared apart from its group.
fn rule(
    name: &'static str,
    change: Change,
    declare: impl Fn(&mut Stack, Ref<SecurityGroup>, Setting) -> SecurityGroupRule + 'static,
) -> Case {
    Case::new(name, change, move |setting| {
        let mut stack = Stack::new("round-trip");
        let group = group(&mut stack);
        let group = stack.add("group", group);
        let rule = declare(&mut stack, group, setting);
        stack.add("it", rule);
        stack
    })
}

/// A case of what an ingress rule of its own lets in: one or the other.
fn lets_in(name: &'static str, change: Change, rules: fn() -> [Ingress; 2]) -> Case {
    let declare = move |_: &mut Stack, group, setting: Setting| {
        let [first, second] = rules();
        SecurityGroupRule::ingress(group, setting.pick(first, second).expect("a required property"))
    };
    rule(name, change, declare).shows(["rule"]).required()
}

/// What the simulated account gives the group of another account, and the VPCs, as ids: they are
/// counted, and so the same in every account that is made the same way.
struct Given {
    vpcs: [String; 2],
    foreign: [String; 2],
}

fn given_ids() -> Given {
    let sim = SimAws::new();
    let lab = network(&sim);
    let other = sim.add_vpc("VPC-Other", "10.1.0.0/16");
    sim.add_image("Web Server v1");
    let foreign = [ACCOUNT, ACCOUNT].map(|account| sim.add_foreign_security_group(account, &lab));
    Given { vpcs: [lab, other], foreign }
}

const ACCOUNT: &str = "210987654321";

fn foreign_groups(sim: &SimAws) {
    let Given { vpcs: [lab, _], foreign } = given_ids();
    for id in foreign {
        assert_eq!(sim.add_foreign_security_group(ACCOUNT, &lab), id);
    }
}

fn peering(sim: &SimAws) {
    let [lab, other] = given_ids().vpcs;
    sim.add_peering(&lab, &other);
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = groups();
    cases.extend(rules());
    cases
}

fn groups() -> Vec<Case> {
    let mut cases = vec![
        required("SecurityGroup.name", ["it-1", "it-2"], |stack, name| {
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            SecurityGroup::builder().name(name).description("it").vpc(vpc).build()
        }),
        required("SecurityGroup.description", ["one", "other"], |stack, description| {
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            SecurityGroup::builder().name("it").description(description).vpc(vpc).build()
        }),
        required("SecurityGroup.vpc", ["VPC-Lab", "VPC-Other"], |stack, vpc| {
            let vpc = stack.add("vpc", Vpc::named(vpc));
            SecurityGroup::builder().name("it").description("it").vpc(vpc).build()
        }),
        // A description alone changes by a call of its own, and the rule stays.
        Case::new("SecurityGroup.ingress.description", MODIFY, |setting| {
            let mut stack = Stack::new("round-trip");
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            let rule = Ingress::http().from_anywhere_ipv4();
            let rule = match setting.pick("one", "other") {
                None => rule,
                Some(text) => rule.description(text),
            };
            stack.add("it", SecurityGroup::builder().name("it").description("it").vpc(vpc).ingress(rule).build());
            stack
        })
        .shows(["ingress"]),
        Case::new("SecurityGroup.associated_vpcs", ASSOCIATIONS, |setting| {
            let mut stack = Stack::new("round-trip");
            let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
            let group = SecurityGroup::builder().name("it").description("it").vpc(vpc);
            let group = match setting.pick("VPC-Other", "VPC-Third") {
                None => group.build(),
                Some(name) => {
                    let other = stack.add("other", Vpc::named(name));
                    group.associated_vpc(other).build()
                }
            };
            stack.add("it", group);
            stack
        })
        .given(|sim| drop(sim.add_vpc("VPC-Third", "10.2.0.0/16"))),
    ];
    case!(cases, SecurityGroup."ingress", INGRESS, [80, 8080], plain!(), |b, v| {
        b.ingress(Ingress::tcp(v).from_ipv4("10.0.0.0/16")).ingress(Ingress::https().from_anywhere_ipv4())
    });
    case!(cases, SecurityGroup."egress", EGRESS, [80, 8080], plain!(), |b, v| {
        b.egress(Egress::tcp(v).to_ipv4("10.0.0.0/16")).egress(Egress::https().to_anywhere_ipv4())
    });
    case!(cases, SecurityGroup."tags.team", TAGS, ["web", "api"], plain!(), |b, v| b.tag("team", v));
    cases
}

fn rules() -> Vec<Case> {
    let http = || Ingress::http().from_anywhere_ipv4();
    vec![
        rule("SecurityGroupRule.group", Replace, move |stack, group, setting| {
            let vpc = stack.add("other-vpc", Vpc::named("VPC-Lab"));
            let other = SecurityGroup::builder().name("other").description("other").vpc(vpc).build();
            let other = stack.add("other", other);
            SecurityGroupRule::ingress(setting.pick(group, other).expect("a required property"), http())
        })
        .required(),
        rule("SecurityGroupRule.direction", Replace, move |_, group, setting| {
            if setting == Setting::First {
                SecurityGroupRule::ingress(group, http())
            } else {
                SecurityGroupRule::egress(group, Egress::http().to_anywhere_ipv4())
            }
        })
        .shows(["direction", "rule"])
        .required(),
        lets_in("SecurityGroupRule.rule.source_type", Replace, || {
            [Ingress::http().from_anywhere_ipv4(), Ingress::http().from_anywhere_ipv6()]
        }),
        lets_in("SecurityGroupRule.rule.protocol", MODIFY, || {
            [Ingress::tcp(53).from_anywhere_ipv4(), Ingress::udp(53).from_anywhere_ipv4()]
        }),
        lets_in("SecurityGroupRule.rule.protocol_number", MODIFY, || {
            [Ingress::protocol(50).from_anywhere_ipv4(), Ingress::protocol(51).from_anywhere_ipv4()]
        }),
        lets_in("SecurityGroupRule.rule.all_traffic", MODIFY, || {
            [Ingress::all_traffic().from_anywhere_ipv4(), Ingress::protocol(6).from_anywhere_ipv4()]
        }),
        lets_in("SecurityGroupRule.rule.ports", MODIFY, || {
            [Ingress::tcp(80).from_anywhere_ipv4(), Ingress::tcp_range(8000..=8080).from_anywhere_ipv4()]
        }),
        lets_in("SecurityGroupRule.rule.icmp", MODIFY, || {
            [Ingress::icmp(8, -1).from_anywhere_ipv4(), Ingress::icmp(3, 4).from_anywhere_ipv4()]
        }),
        lets_in("SecurityGroupRule.rule.icmpv6", MODIFY, || {
            [Ingress::icmpv6(-1, -1).from_anywhere_ipv6(), Ingress::icmpv6(128, 0).from_anywhere_ipv6()]
        }),
        lets_in("SecurityGroupRule.rule.ipv4", MODIFY, || {
            [Ingress::http().from_ipv4("10.0.0.0/16"), Ingress::http().from_ipv4("10.1.0.0/16")]
        }),
        lets_in("SecurityGroupRule.rule.ipv6", MODIFY, || {
            ["2001:DB8::/32", "2001:db8:1::/48"].map(|net| Ingress::http().from_ipv6(net).description("IPv6"))
        }),
        lets_in("SecurityGroupRule.rule.prefix_list", MODIFY, || {
            ["pl-0123456789abcdef0", "pl-0123456789abcdef1"].map(|list| {
                let list = list.parse::<PrefixListId>().expect("an id");
                Ingress::http().from_prefix_list(list).description("a list")
            })
        }),
        rule("SecurityGroupRule.rule.group", MODIFY, |stack, group, setting| {
            let vpc = stack.add("other-vpc", Vpc::named("VPC-Lab"));
            let other = SecurityGroup::builder().name("other").description("other").vpc(vpc).build();
            let other = stack.add("other", other);
            let source = setting.pick(group, other).expect("a required property");
            SecurityGroupRule::ingress(group, Ingress::http().from_group(source).description("a group"))
        })
        .shows(["rule"])
        .required(),
        rule("SecurityGroupRule.rule.peered_group", Replace, |stack, group, setting| {
            let vpc = stack.add("peered-vpc", Vpc::named("VPC-Other"));
            let mut peered = |name: &str| {
                let group = SecurityGroup::builder().name(name).description("peered").vpc(vpc).build();
                stack.add(name, group)
            };
            let (one, other) = (peered("peered-1"), peered("peered-2"));
            let source = setting.pick(one, other).expect("a required property");
            SecurityGroupRule::ingress(group, Ingress::http().from_group(source))
        })
        .shows(["rule"])
        .given(peering)
        .required(),
        lets_in("SecurityGroupRule.rule.group_of", Replace, || {
            given_ids().foreign.map(|id| {
                let (account, id) = (ACCOUNT.parse().expect("an account"), id.parse().expect("an id"));
                Ingress::http().from_group_of(account, id)
            })
        })
        .given(foreign_groups),
        rule("SecurityGroupRule.description", MODIFY, move |_, group, setting| {
            let rule = match setting.pick("one", "other") {
                None => http(),
                Some(text) => http().description(text),
            };
            SecurityGroupRule::ingress(group, rule)
        }),
        rule("SecurityGroupRule.tags.team", TAGS, move |_, group, setting| {
            let rule = SecurityGroupRule::ingress(group, http());
            match setting.pick("web", "api") {
                None => rule,
                Some(team) => rule.tag("team", team),
            }
        }),
        rule("SecurityGroupRule.tags.egress", TAGS, move |_, group, setting| {
            let rule = SecurityGroupRule::egress(group, Egress::http().to_anywhere_ipv6());
            match setting.pick("web", "api") {
                None => rule,
                Some(team) => rule.tag("egress", team),
            }
        }),
    ]
}
