//! Advisories: what is legal, and probably not what is wanted.

use std::collections::HashMap;

use serde::Serialize;

use crate::resource::{
    AnyOutputs, AnyResource, Direction, ListenerProtocol, Peer, Protocol, Rule, Schedule, SecurityGroup,
};
use crate::stack::{Address, Item, Stack};
use crate::value::Value;

use super::check::declared;
use super::launches::found_image;
use super::{Action, ResourceChange, Shown, Subject, scaling};

/// Something that is legal and probably unwise.
///
/// Accept it with [`Stack::accept`](crate::Stack::accept), by its id and with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(description = "Something that is legal and probably unwise."))]
#[non_exhaustive]
pub struct Advisory {
    /// The stable id, such as `plain-http`.
    pub id: &'static str,
    /// The resource.
    pub address: Address,
    /// What is unwise about it, and what to do.
    pub text: String,
}

pub(super) fn advise(
    stack: &Stack,
    subjects: &[Subject],
    changes: &[ResourceChange],
    known: &[Option<AnyOutputs>],
) -> Vec<Advisory> {
    let mut found = Vec::new();
    let groups = subjects.iter().filter_map(|subject| match &subject.desired {
        Some(AnyResource::SecurityGroup(group)) => Some((subject.node?, &**group)),
        _ => None,
    });
    let groups: HashMap<usize, &SecurityGroup> = groups.collect();
    let resized = scaling::resized(stack);
    for (subject, change) in subjects.iter().zip(changes) {
        let (Some(node), Some(resource)) = (subject.node, &subject.desired) else { continue };
        let node = &stack.nodes[node];
        let mut say = |id: &'static str, text: String| {
            if !stack.accepts(node, id) {
                found.push(Advisory { id, address: change.address.clone(), text });
            }
        };
        for (rule, vpc) in beyond_the_vpc(stack, &groups, subject) {
            say(
                "group-of-another-vpc",
                format!(
                    "the source or destination is a group in {vpc}; AWS takes that only while the VPCs are peered, or share a transit gateway that supports it: {}",
                    Shown(&Value::of(rule), "rule")
                ),
            );
        }
        match resource {
            AnyResource::Listener(listener)
                if listener.accept.protocol == Some(ListenerProtocol::Http)
                    && !matches!(listener.action.last, crate::resource::Action::Redirect(_)) =>
            {
                say(
                    "plain-http",
                    format!(
                        "port {} is served without encryption; add an HTTPS listener and redirect to it",
                        listener.accept.port.unwrap_or_default()
                    ),
                );
            }
            AnyResource::SecurityGroup(group) => {
                for rule in &group.ingress {
                    open_to_the_world(rule, &mut say);
                }
                let egress = group.egress.as_deref().unwrap_or_default();
                if egress.iter().any(is_everything_out) {
                    for rule in egress.iter().filter(|rule| !is_everything_out(rule)) {
                        egress_without_effect(rule, &mut say);
                    }
                }
            }
            AnyResource::SecurityGroupRule(rule) => match (rule.direction, &node.item) {
                (Direction::Ingress, _) => open_to_the_world(&rule.rule, &mut say),
                (Direction::Egress, Item::Resource(AnyResource::SecurityGroupRule(own))) => {
                    let everything = matches!(
                        declared(stack, &Value::of(&own.group)),
                        Some(AnyResource::SecurityGroup(group))
                            if group.egress.as_ref().is_none_or(|egress| egress.iter().any(is_everything_out))
                    );
                    if everything {
                        egress_without_effect(&rule.rule, &mut say);
                    }
                }
                _ => {}
            },
            AnyResource::ScheduledAction(action) => {
                let ends = match &action.schedule {
                    Schedule::Once(time) => Some(time),
                    Schedule::Recurring(recurrence) => recurrence.end.as_ref(),
                };
                if let Some(time) = ends {
                    say(
                        "schedule-ends",
                        format!("AWS deletes the action after {time}; take the declaration away then, or deploys fail"),
                    );
                }
            }
            AnyResource::LaunchTemplate(template) => {
                let required = template.metadata.as_ref().and_then(|metadata| metadata.tokens_required);
                if required != Some(true) {
                    say("metadata-tokens", "instance metadata can be read without a token; require IMDSv2 with `MetadataOptions::tokens_required`".to_owned());
                }
                // Of what type a key pair is takes a read of its own.
                if let (Some(key), Item::Resource(AnyResource::LaunchTemplate(declared))) =
                    (&template.key_name, &node.item)
                    && let Some(image) = found_image(&Value::of(&declared.image), known)
                    && image.windows
                {
                    say(
                        "windows-key-pair",
                        format!(
                            "{} is an image of Windows, for which the key pair {key} must be RSA, not ED25519",
                            image.name
                        ),
                    );
                }
            }
            AnyResource::AutoScalingGroup(group) => scaling::advise_group(stack, subject, group, known, &mut say),
            AnyResource::ScalingPolicy(_) => scaling::advise_policy(stack, subject, &resized, &mut say),
            _ => {}
        }
    }
    for change in changes.iter().filter(|change| change.action == Action::Delete) {
        let Some(node) = stack.successor(change.address.as_str()) else { continue };
        if !stack.accepts(node, "not-renamed") {
            let text =
                format!("it was to become {}, which exists already; it goes, as it is not declared", node.address);
            found.push(Advisory { id: "not-renamed", address: change.address.clone(), text });
        }
    }
    found
}

fn open_to_the_world(rule: &Rule, say: &mut impl FnMut(&'static str, String)) {
    let open = matches!(&rule.peer, Peer::Ipv4(cidr) | Peer::Ipv6(cidr) if cidr == "0.0.0.0/0" || cidr == "::/0");
    // Whether behind it is a load balancer or something that answers by itself, nobody can tell here.
    let web = matches!((rule.protocol, rule.ports), (Protocol::Tcp, Some((80, 80) | (443, 443))))
        || matches!((rule.protocol, rule.ports), (Protocol::Udp, Some((443, 443))));
    if open && !web {
        say("open-to-the-world", format!("the whole internet may send: {}", Shown(&Value::of(rule), "ingress")));
    }
}

fn is_everything_out(rule: &Rule) -> bool {
    rule.is_same(&Rule::everything_out())
}

/// A rule that lets out what another rule, for every protocol and IPv4 address, lets out anyway.
fn egress_without_effect(rule: &Rule, say: &mut impl FnMut(&'static str, String)) {
    if matches!(rule.peer, Peer::Ipv4(_)) {
        say(
            "egress-without-effect",
            format!(
                "the group lets everything out already; declare `egress` rules or `no_egress` on it, or take this one away: {}",
                Shown(&Value::of(rule), "egress")
            ),
        );
    }
}

/// The rules of a group, or the rule of its own, about declared groups of other VPCs, which are
/// named too. Whether the VPCs are peered is not looked up.
fn beyond_the_vpc<'a>(
    stack: &'a Stack,
    groups: &HashMap<usize, &SecurityGroup>,
    subject: &Subject,
) -> Vec<(&'a Rule, Value)> {
    let group_at = |index: Option<usize>| groups.get(&index?).copied();
    let referred = |value: Value| if let Value::Pending(attr) = value { Some(attr.node.index) } else { None };
    // As they are declared: what exists already stands in the subjects by its id.
    let declared = subject.node.map(|index| &stack.nodes[index].item);
    let (home, rules): (_, Vec<&Rule>) = match declared {
        Some(Item::Resource(AnyResource::SecurityGroup(group))) => {
            (subject.node, group.ingress.iter().chain(group.egress.iter().flatten()).collect())
        }
        Some(Item::Resource(AnyResource::SecurityGroupRule(rule))) => {
            (referred(Value::of(&rule.group)), vec![&rule.rule])
        }
        _ => return Vec::new(),
    };
    let Some(home) = group_at(home) else { return Vec::new() };
    let beyond = |rule: &&'a Rule| {
        let Peer::Group(peer) = &rule.peer else { return None };
        let peer = group_at(referred(Value::of(peer)))?;
        let apart = peer.vpc != home.vpc
            && !peer.associated_vpcs.contains(&home.vpc)
            && !home.associated_vpcs.contains(&peer.vpc);
        let known = ![&peer.vpc, &home.vpc].into_iter().any(|vpc| Value::of(vpc).is_pending());
        (apart && known).then(|| (*rule, Value::of(&peer.vpc)))
    };
    rules.iter().filter_map(beyond).collect()
}
