//! Interruptions: what a plan cannot do without somebody noticing, told before anything happens.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

use crate::resource::{AnyObserved, AnyOutputs, AnyResource};
use crate::stack::{Address, Stack};

use super::{Action, Goal, ResourceChange, Subject, scaling};

/// Something that a plan cannot do without anybody noticing: a moment without service, instances
/// that go, a name that changes.
///
/// A plan with interruptions is applied only if somebody says yes: to this plan, with
/// [`Plan::approve`](crate::Plan::approve), or beforehand and with the reason, with
/// [`Stack::accept`](crate::Stack::accept) and the id. Plans that destroy a stack have none: to
/// destroy is to ask for it.
///
/// | id | what happens |
/// |---|---|
/// | `downtime` | requests are not answered for a while, and AWS has no way around it |
/// | `dns-name` | a load balancer is replaced: its successor has another DNS name |
/// | `scale-in` | the declared sizes leave fewer instances than there are |
/// | `terminates-instances` | an Auto Scaling group goes, and its instances with it |
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Interruption {
    /// The stable id, such as `downtime`.
    pub id: &'static str,
    /// The resource.
    pub address: Address,
    /// What happens and why it cannot be avoided.
    pub text: String,
    /// How many running instances are terminated by it; none where that is not what happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// Whether the stack has accepted it already.
    pub accepted: bool,
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.address, self.id, self.text)
    }
}

/// What the planner found beside the changes themselves.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Downtime, by the index of the subject.
    pub(super) downtime: Vec<(usize, String)>,
}

pub(super) fn interruptions(
    stack: &Stack,
    goal: Goal,
    subjects: &[Subject],
    changes: &[ResourceChange],
    found: Found,
) -> Vec<Interruption> {
    if goal == Goal::Destroy {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut say = |subject: usize, id: &'static str, text: String, instances: Option<u32>| {
        let node = subjects[subject].node.map(|node| &stack.nodes[node]);
        let accepted = node.map_or_else(|| stack.accepts_everywhere(id), |node| stack.accepts(node, id));
        all.push(Interruption { id, address: changes[subject].address.clone(), text, instances, accepted });
    };
    let down: HashSet<usize> = found.downtime.iter().map(|(subject, _)| *subject).collect();
    for (subject, text) in found.downtime {
        say(subject, "downtime", text, None);
    }
    for (index, (subject, change)) in subjects.iter().zip(changes).enumerate() {
        match (&subject.desired, &subject.observed) {
            (Some(AnyResource::AutoScalingGroup(group)), Some(_)) => {
                if let Some((count, text)) = scaling::scale_in(subject, group) {
                    say(index, "scale-in", text, Some(count));
                }
            }
            (None, Some(AnyObserved::AutoScalingGroup(group))) if !group.spec.members.is_empty() => {
                let count = u32::try_from(group.spec.members.len()).unwrap_or(u32::MAX);
                let why = if change.action == Action::DeleteReplaced {
                    "once those of its successor serve"
                } else {
                    "as it is no longer declared"
                };
                let plural = if count == 1 { "instance goes" } else { "instances go" };
                say(index, "terminates-instances", format!("{count} {plural} with the group, {why}"), Some(count));
            }
            (None, Some(balancer @ AnyObserved::LoadBalancer(_)))
                if change.action == Action::DeleteReplaced && !down.contains(&index) =>
            {
                if let AnyOutputs::LoadBalancer(outputs) = balancer.outputs() {
                    let name = if outputs.dns_name.is_empty() { outputs.name } else { outputs.dns_name };
                    let text = format!(
                        "{name} stops answering once the successor is in place, which has another DNS name; \
                         whoever uses the old one must follow"
                    );
                    say(index, "dns-name", text, None);
                }
            }
            _ => {}
        }
    }
    all
}
