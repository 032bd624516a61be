//! Advisories: what is legal, and probably not what is wanted.

use serde::Serialize;

use crate::resource::{AnyOutputs, AnyResource, ListenerProtocol, Peer, Rule, Schedule};
use crate::stack::{Address, Stack};
use crate::value::Value;

use super::{ResourceChange, Shown, Subject, scaling};

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
            }
            AnyResource::AutoScalingGroup(group) => scaling::advise_group(stack, subject, group, known, &mut say),
            AnyResource::ScalingPolicy(_) => scaling::advise_policy(stack, subject, &mut say),
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
