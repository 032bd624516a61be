//! `AWS::EC2::SecurityGroup`, with its associations and the rules that name the group itself.

use crate::resource::{AnyResource, Direction, Peer, Rule, SecurityGroup};
use crate::value::Value;

use super::super::draft::{Entry, camel};
use super::super::shape::TAGS;
use super::{EVERYTHING_OUT, Export, GROUP_OF_OTHERS, NO_EGRESS, Output, Reference, Row, by, output, shaped, to};

impl Export for SecurityGroup {
    const ROWS: &'static [Row<Self>] = &[
        to("name", "GroupName"),
        to("description", "GroupDescription"),
        to("vpc", "VpcId"),
        by("ingress", |group, entry| rules(group, Direction::Ingress, &group.ingress, entry)),
        by("egress", egress),
        shaped("tags", "Tags", TAGS),
        by("associated_vpcs", associations),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some("AWS::EC2::SecurityGroup")
    }

    fn outputs(&self) -> &'static [Output] {
        const OUTPUTS: &[Output] = &[output("id", Reference::Attribute("GroupId"), "id")];
        OUTPUTS
    }
}

/// The resource type of a rule.
pub(super) fn rule_type(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "AWS::EC2::SecurityGroupIngress",
        Direction::Egress => "AWS::EC2::SecurityGroupEgress",
    }
}

/// The members of a rule. `itself` is the id of the group that has it.
pub(super) fn rule(direction: Direction, rule: &Rule, path: &str, itself: Value, entry: &mut Entry<'_, '_>) -> Value {
    let (list, group) = match direction {
        Direction::Ingress => ("SourcePrefixListId", "SourceSecurityGroupId"),
        Direction::Egress => ("DestinationPrefixListId", "DestinationSecurityGroupId"),
    };
    let mut owner = Value::Unset;
    let (member, peer) = match &rule.peer {
        Peer::Ipv4(network) => ("CidrIp", Value::of(network)),
        Peer::Ipv6(network) => ("CidrIpv6", Value::of(network)),
        Peer::PrefixList(id) => (list, Value::of(id)),
        Peer::Group(id) => (group, Value::of(id)),
        Peer::GroupOf(account, id) => {
            match direction {
                Direction::Ingress => owner = Value::of(account),
                Direction::Egress => entry.lose(
                    GROUP_OF_OTHERS,
                    format!("{path}.peer"),
                    &Value::of(account),
                    "CloudFormation takes no account beside the security group of an outbound rule",
                ),
            }
            (group, Value::of(id))
        }
        Peer::Itself => (group, itself),
    };
    let (from, until) =
        rule.ports.map_or((Value::Unset, Value::Unset), |(from, to)| (Value::of(&from), Value::of(&to)));
    Value::map([
        ("IpProtocol", Value::Text(rule.protocol.to_string())),
        ("FromPort", from),
        ("ToPort", until),
        (member, peer),
        ("SourceSecurityGroupOwnerId", owner),
        ("Description", Value::of(&rule.description).unless_empty()),
    ])
}

/// Rules in the group, and those that name the group itself as resources besides: inside, the group
/// would refer to itself.
fn rules(group: &SecurityGroup, direction: Direction, all: &[Rule], entry: &mut Entry<'_, '_>) {
    let (member, path, suffix) = match direction {
        Direction::Ingress => ("SecurityGroupIngress", "ingress", "Ingress"),
        Direction::Egress => ("SecurityGroupEgress", "egress", "Egress"),
    };
    let mut inside = Vec::new();
    for (index, each) in all.iter().enumerate() {
        let itself = entry.itself(group, "id");
        let mut members = rule(direction, each, &format!("{path}[{index}]"), itself.clone(), entry);
        if each.peer == Peer::Itself {
            super::super::shape::put(&mut members, "GroupId", itself);
            entry.child(&format!("{suffix}{}", name(each)), rule_type(direction), members);
        } else {
            inside.push(members);
        }
    }
    entry.set(member, Value::List(inside).unless_empty());
}

/// What tells a rule from others of the same group, in letters and digits.
fn name(rule: &Rule) -> String {
    let protocol = Value::of(&rule.protocol);
    let words = match rule.ports {
        None => protocol.to_string(),
        Some((from, to)) if from == to => format!("{protocol} {from}"),
        Some((from, to)) => format!("{protocol} {from} to {to}"),
    };
    camel(&words.replace("-1", "all"))
}

fn egress(group: &SecurityGroup, entry: &mut Entry<'_, '_>) {
    let of_group = |(_, resource): &(usize, &AnyResource)| match resource {
        AnyResource::SecurityGroupRule(rule) => {
            let same = matches!(Value::of(&rule.group), Value::Pending(attr) if attr.node.index == entry.node);
            rule.direction == Direction::Egress && same
        }
        _ => false,
    };
    let all = group.egress.as_deref();
    let besides = entry.draft.declared().filter(of_group).count()
        + all.unwrap_or_default().iter().filter(|rule| rule.peer == Peer::Itself).count();
    let everything = all.is_none_or(|all| all.iter().any(|rule| rule.is_same(&Rule::everything_out())));
    if besides > 0 && everything {
        entry.lose(
            EVERYTHING_OUT,
            "egress",
            &Value::List(vec![Value::of(&Rule::everything_out())]),
            "CloudFormation takes the rule that lets everything out away where it adds other outbound rules; \
             leave those out, they are part of it",
        );
    }
    if besides == 0 && all.is_some_and(<[Rule]>::is_empty) {
        entry.lose(
            NO_EGRESS,
            "egress",
            &Value::List(Vec::new()),
            "CloudFormation lets everything out of a group without outbound rules; declare one that leads nowhere, \
             such as to 127.0.0.1/32",
        );
    }
    rules(group, Direction::Egress, all.unwrap_or_default(), entry);
}

fn associations(group: &SecurityGroup, entry: &mut Entry<'_, '_>) {
    for vpc in &group.associated_vpcs {
        let vpc = Value::of(vpc);
        let name = match &vpc {
            Value::Pending(attr) => entry.draft.id(attr.node.index).to_owned(),
            known => camel(&known.to_string()),
        };
        let properties = Value::map([("GroupId", entry.itself(group, "id")), ("VpcId", vpc)]);
        let id = entry.child(&name, "AWS::EC2::SecurityGroupVpcAssociation", properties);
        entry.needed_first(id);
    }
}
