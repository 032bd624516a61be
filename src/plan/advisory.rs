//! Advisories: what is legal, and probably not what is wanted.

use serde::Serialize;

use crate::resource::{AnyOutputs, AnyResource, GroupHealthCheck, InstanceTag, ListenerProtocol, Peer, Rule, Schedule};
use crate::stack::{Address, Item, Stack};
use crate::value::Value;

use super::launches::found_image;
use super::{ResourceChange, Shown, Subject};

/// Something that is legal and probably unwise.
///
/// Accept it with [`Stack::accept`](crate::Stack::accept), by its id and with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    for (subject, change) in subjects.iter().zip(changes) {
        let (Some(node), Some(resource)) = (subject.node, &subject.desired) else { continue };
        let node = &stack.nodes[node];
        let mut say = |id: &'static str, text: String| {
            if !stack.accepts(node, id) {
                found.push(Advisory { id, address: change.address.clone(), text });
            }
        };
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
            }
            AnyResource::SecurityGroupRule(rule) if rule.direction == crate::resource::Direction::Ingress => {
                open_to_the_world(&rule.rule, &mut say);
            }
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
            AnyResource::AutoScalingGroup(group) => {
                if !group.target_groups.is_empty() && !group.health_checks.contains(&GroupHealthCheck::LoadBalancer) {
                    say("ec2-health-only", "instances that fail the load balancer's health check are not replaced; set `health_check(GroupHealthCheck::LoadBalancer)`".to_owned());
                }
                if let Some(template) = template_of(stack, subject) {
                    for (key, tag) in group.tags.iter().filter(|(_, tag)| tag.propagate) {
                        let launched =
                            template.launched_tags.get(&InstanceTag::Instance).and_then(|tags| tags.get(key));
                        if let Some(other) = launched.filter(|other| **other != tag.value) {
                            say(
                                "tag-overrides-template",
                                format!(
                                    "instances get {key} = {:?} from the group, not {other:?} from the launch template; volumes keep the template's",
                                    tag.value
                                ),
                            );
                        }
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn open_to_the_world(rule: &Rule, say: &mut impl FnMut(&'static str, String)) {
    let open = matches!(&rule.peer, Peer::Ipv4(cidr) | Peer::Ipv6(cidr) if cidr == "0.0.0.0/0" || cidr == "::/0");
    let web = matches!(rule.ports, Some((from, to)) if from == to && (from == 80 || from == 443));
    if open && !web {
        say("open-to-the-world", format!("the whole internet may send: {}", Shown(&Value::of(rule), "ingress")));
    }
}

/// The declared template of a declared group.
fn template_of<'a>(stack: &'a Stack, subject: &Subject) -> Option<&'a crate::resource::LaunchTemplate> {
    let Item::Resource(AnyResource::AutoScalingGroup(group)) = &stack.nodes[subject.node?].item else { return None };
    let Value::Pending(attr) = group.launch_template.templates().first().map(|template| Value::of(&template.id))?
    else {
        return None;
    };
    match &stack.nodes.get(attr.node.index)?.item {
        Item::Resource(AnyResource::LaunchTemplate(template)) => Some(template),
        _ => None,
    }
}
