//! Security groups and their rules.

use std::net::{Ipv4Addr, Ipv6Addr};

use purlin::*;

use super::Base;
use super::tape::{DESCRIPTION, TAG, Tape};

fn network_v4(tape: &Tape) -> String {
    let length: u32 = tape.within(0..=32);
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    format!("{}/{length}", Ipv4Addr::from(tape.within(0..=u32::MAX) & mask))
}

fn network_v6(tape: &Tape) -> String {
    let length: u32 = tape.within(0..=128);
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    let address = u128::from(tape.within(0..=u32::MAX)) << 96 | u128::from(tape.within(0..=u32::MAX));
    format!("{}/{length}", Ipv6Addr::from(address & mask))
}

fn kind_and_code(tape: &Tape) -> (i16, i16) {
    match tape.within(-1..=255) {
        -1 => (-1, -1),
        kind => (kind, tape.within(-1..=255)),
    }
}

macro_rules! direction {
    ($function:ident, $Rule:ident, $anywhere_v4:ident $anywhere_v6:ident $v4:ident $v6:ident $list:ident $group:ident $itself:ident) => {
        /// A rule, without a description.
        fn $function(tape: &Tape, others: &[Ref<SecurityGroup>]) -> $Rule {
            let ports = match tape.up_to(7) {
                0 => $Rule::tcp(tape.within(0..=65535)),
                1 => {
                    let first = tape.within(0..=65535_u16);
                    $Rule::tcp_range(first..=tape.within(first..=65535))
                }
                2 => $Rule::udp(tape.within(0..=65535)),
                3 => {
                    let first = tape.within(0..=65535_u16);
                    $Rule::udp_range(first..=tape.within(first..=65535))
                }
                4 => {
                    let (kind, code) = kind_and_code(tape);
                    $Rule::icmp(kind, code)
                }
                5 => {
                    let (kind, code) = kind_and_code(tape);
                    $Rule::icmpv6(kind, code)
                }
                6 => $Rule::protocol(tape.within(0..=255)),
                _ => $Rule::all_traffic(),
            };
            match tape.up_to(6) {
                0 => ports.$anywhere_v4(),
                1 => ports.$anywhere_v6(),
                2 => ports.$v4(network_v4(tape)),
                3 => ports.$v6(network_v6(tape)),
                4 => ports.$list("pl-63a5400a".parse::<PrefixListId>().expect("an id")),
                5 if !others.is_empty() => ports.$group(tape.pick(others)),
                _ => ports.$itself(),
            }
        }
    };
}
direction!(ingress, Ingress, from_anywhere_ipv4 from_anywhere_ipv6 from_ipv4 from_ipv6 from_prefix_list from_group from_self);
direction!(egress, Egress, to_anywhere_ipv4 to_anywhere_ipv6 to_ipv4 to_ipv6 to_prefix_list to_group to_self);

/// Several rules, each of which is another one for AWS.
fn different<T: PartialEq + Clone>(tape: &Tape, rule: impl Fn() -> T, most: usize, taken: &[T]) -> Vec<T> {
    let mut rules = Vec::new();
    for _ in 0..tape.up_to(most) {
        let rule = rule();
        if !rules.contains(&rule) && !taken.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

pub(super) fn declare(tape: &Tape, base: &Base, stack: &mut Stack) -> Vec<Ref<SecurityGroup>> {
    let mut groups: Vec<Ref<SecurityGroup>> = Vec::new();
    for index in 0..tape.up_to(3) {
        let mut group = SecurityGroup::builder()
            .name(tape.unique(index, DESCRIPTION, 1..=255))
            .description(tape.text(DESCRIPTION, 1..=255))
            .vpc(base.vpc);
        let let_in = different(tape, || ingress(tape, &groups), 4, &[]);
        for rule in &let_in {
            let rule = rule.clone();
            group = group.ingress(if tape.chance() { rule.description(tape.text(DESCRIPTION, 0..=255)) } else { rule });
        }
        let let_out = different(tape, || egress(tape, &groups), 3, &[]);
        for rule in &let_out {
            let rule = rule.clone();
            group = group.egress(if tape.chance() { rule.description(tape.text(DESCRIPTION, 0..=255)) } else { rule });
        }
        if tape.chance() {
            group = group.no_egress();
        }
        if tape.chance() {
            group = group.associated_vpc(base.other_vpc);
        }
        for tag in 0..tape.up_to(3) {
            group = group.tag(tape.unique(tag, TAG, 1..=128), tape.text(TAG, 0..=256));
        }
        let group = stack.add(format!("group-{index}"), group.build());
        apart(tape, group, &groups, (&let_in, &let_out), (stack, index));
        groups.push(group);
    }
    groups
}

/// Rules that are declared apart from their group.
fn apart(
    tape: &Tape,
    group: Ref<SecurityGroup>,
    others: &[Ref<SecurityGroup>],
    (let_in, let_out): (&[Ingress], &[Egress]),
    (stack, index): (&mut Stack, usize),
) {
    for (rule, declared) in different(tape, || ingress(tape, others), 2, let_in).into_iter().enumerate() {
        let declared = declared.description(tape.text(DESCRIPTION, 0..=255));
        let declared =
            SecurityGroupRule::ingress(group, declared).tag(tape.text(TAG, 1..=128), tape.text(TAG, 0..=256));
        stack.add(format!("in-{index}-{rule}"), declared);
    }
    let default = Egress::all_traffic().to_anywhere_ipv4();
    let taken = [let_out, &[default]].concat();
    for (rule, declared) in different(tape, || egress(tape, others), 2, &taken).into_iter().enumerate() {
        stack.add(format!("out-{index}-{rule}"), SecurityGroupRule::egress(group, declared));
    }
}
