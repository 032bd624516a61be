//! Handing over: what uses something that is replaced moves to its successor without a gap.
//!
//! Of the calls that do it, some let the successor in beside the old one (a rule that admits the new
//! security group, a target group attached to an Auto Scaling group), some switch (a listener, the
//! groups of a load balancer), some take the old one away. All of the first sort come before any of
//! the second, and those before any of the third. Between the first and the second, a target group
//! has to become healthy: a listener forwards to it with weight 0 so that it is checked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::resource::{Action as ListenerAction, Actions, AnyObserved, AnyResource, ListenerProtocol, Operation};
use crate::value::Value;

use super::check::takes;
use super::interruption::Found;
use super::steps::{Graph, StepKind};
use super::{Action, ResourceChange};

/// The most target groups that one action forwards to (V82).
const FORWARDS: usize = 5;

/// The most security groups that a load balancer has (its quota by default).
const GROUPS: usize = 5;

/// The steps by which the users of something replaced move on.
#[derive(Default)]
struct Moves {
    /// They let the successor in.
    early: BTreeSet<usize>,
    /// They switch to the successor.
    switch: BTreeSet<usize>,
    /// They take the old one away.
    late: BTreeSet<usize>,
}

impl Graph<'_> {
    /// Orders the calls of all replacements, and tells where there will be a gap all the same.
    pub(super) fn handovers(&mut self, changes: &[ResourceChange]) -> Found {
        let mut found = Found::default();
        for (subject, entry) in self.subjects.iter().enumerate().filter(|(_, entry)| entry.makes_room) {
            found.downtime.push((subject, "it has to go before its successor can come: both need the same addresses, which only one load balancer can have".to_owned()));
            let successor = entry.node.and_then(|node| self.subject_of.get(&node)).copied();
            let create = successor.and_then(|successor| self.own[successor].create);
            if let (Some(create), Some(gone)) = (create, self.own[subject].gone) {
                self.later(create, gone);
            }
        }
        let old: Vec<usize> = (0..self.subjects.len())
            .filter(|subject| changes[*subject].action.is_delete() && !self.subjects[*subject].makes_room)
            .collect();
        let by_id: HashMap<&str, usize> =
            old.iter().filter_map(|old| Some((changes[*old].id.as_deref()?, *old))).collect();
        if by_id.is_empty() {
            return found;
        }
        // Who mentions what goes.
        let mut users: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        for (subject, entry) in self.subjects.iter().enumerate() {
            if let Some(observed) = &entry.observed {
                observed.visit_texts(&mut |text| {
                    if let Some(old) = by_id.get(text).filter(|old| **old != subject) {
                        users.entry(*old).or_default().insert(subject);
                    }
                });
            }
        }
        let mut all: BTreeMap<usize, Moves> = BTreeMap::new();
        for old in old {
            let none = BTreeSet::new();
            let users = users.get(&old).unwrap_or(&none);
            let successor = self.subjects[old].node.and_then(|node| self.subject_of.get(&node)).copied();
            let group = matches!(self.subjects[old].observed, Some(AnyObserved::SecurityGroup(_)));
            let Some(successor) = successor.filter(|_| changes[old].action == Action::DeleteReplaced) else {
                // A group that is not replaced can still be on instances that run.
                if group && !self.subjects.iter().all(|subject| subject.desired.is_none()) {
                    self.off_the_instances(old, None, users, &mut Moves::default());
                }
                continue;
            };
            let mut moves = self.moves(changes, old, successor, users);
            match self.subjects[old].observed {
                Some(AnyObserved::TargetGroup(_)) => {
                    self.warm_up(changes, successor, users, &mut moves, &mut found);
                }
                Some(AnyObserved::SecurityGroup(_)) => {
                    self.off_the_instances(old, Some(successor), users, &mut moves);
                }
                _ => {}
            }
            all.insert(old, moves);
        }
        self.overlap(&users, &mut all, &mut found);
        let mut switches = BTreeSet::new();
        for (old, moves) in all {
            for switch in &moves.switch {
                moves.early.iter().for_each(|early| self.later(*switch, *early));
            }
            for late in &moves.late {
                moves.switch.iter().for_each(|switch| self.later(*late, *switch));
            }
            if let Some(delete) = self.own[old].delete {
                moves.switch.iter().chain(&moves.late).for_each(|step| self.later(delete, *step));
            }
            switches.extend(moves.switch);
        }
        self.revoke_last(changes, &switches);
        found
    }

    /// Where a security group and one that lets it in are both replaced, neither can switch first: what
    /// has the first gets its successor beside it, what has the second switches, and then the first goes.
    fn overlap(
        &mut self,
        users: &HashMap<usize, BTreeSet<usize>>,
        all: &mut BTreeMap<usize, Moves>,
        found: &mut Found,
    ) {
        let is_group =
            |subject: &usize| matches!(self.subjects[*subject].observed, Some(AnyObserved::SecurityGroup(_)));
        let olds: Vec<usize> = all.keys().copied().filter(is_group).collect();
        for old in olds {
            let inner = self.letting_in(old, users.get(&old).into_iter().flatten());
            let inner: BTreeSet<usize> = inner
                .into_iter()
                .filter_map(|subject| all.get(&subject))
                .flat_map(|moves| moves.switch.clone())
                .collect();
            let Some(moves) = all.get_mut(&old).filter(|_| !inner.is_empty()) else { continue };
            for switch in moves.switch.clone() {
                if self.steps[switch].kind != StepKind::Call(Operation::SetSecurityGroups) {
                    continue;
                }
                let user = self.steps[switch].subject;
                let Some(AnyObserved::LoadBalancer(balancer)) = &self.subjects[user].observed else { continue };
                if balancer.spec.security_groups.len() >= GROUPS {
                    found.downtime.push((user, format!("AWS takes {GROUPS} security groups at most: there is no room for the successor beside the old one, and the groups that let them in are replaced, too")));
                    continue;
                }
                let prepare = StepKind::Prepare(Operation::SetSecurityGroups);
                let known = self.steps.iter().position(|step| step.subject == user && step.kind == prepare);
                let step = known.unwrap_or_else(|| self.push(user, prepare, []));
                moves.early.iter().for_each(|early| self.later(step, *early));
                for swap in &inner {
                    self.later(*swap, step);
                    self.later(switch, *swap);
                }
            }
        }
    }

    /// The security groups that go and have rules about one that goes, too.
    fn letting_in<'a>(&self, old: usize, users: impl Iterator<Item = &'a usize>) -> BTreeSet<usize> {
        let mut groups = BTreeSet::new();
        for user in users {
            match &self.subjects[*user].observed {
                Some(AnyObserved::SecurityGroup(_)) => {
                    groups.insert(*user);
                }
                Some(AnyObserved::SecurityGroupRule(rule)) => {
                    let group = rule.spec.group.as_known().and_then(|group| self.by_id.get(group.as_str()));
                    groups.extend(group.copied());
                }
                _ => {}
            }
        }
        // What exists has the id of what replaces it: the old one is the one that is not declared.
        groups.into_iter().flat_map(|group| self.going_like(group)).filter(|group| *group != old).collect()
    }

    /// What goes under the id of a subject.
    fn going_like(&self, subject: usize) -> Option<usize> {
        let node = self.subjects[subject].node;
        let goes = |other: &usize| self.subjects[*other].desired.is_none() && self.subjects[*other].node == node;
        (0..self.subjects.len()).find(goes)
    }

    /// The calls of those that use what is replaced.
    fn moves(&self, changes: &[ResourceChange], old: usize, successor: usize, users: &BTreeSet<usize>) -> Moves {
        let mut moves = Moves::default();
        let (Some(id), Some(node)) = (&changes[old].id, self.subjects[successor].node) else { return moves };
        let mentions = |value: &Value| {
            let mut mentions = false;
            value.walk(&mut |value| mentions |= value.as_text() == Some(id));
            mentions
        };
        for user in users {
            let calls = &self.own[*user].calls;
            if self.subjects[*user].desired.is_none() {
                // A rule of its own that lets in or out: its successor does so already.
                if matches!(self.subjects[*user].observed, Some(AnyObserved::SecurityGroupRule(_))) {
                    moves.late.extend(self.own[*user].delete);
                }
                continue;
            }
            let of_call = changes[*user].properties.iter().filter_map(|p| Some((p, *calls.get(&p.operation()?)?)));
            for (property, step) in of_call.clone().filter(|(property, _)| mentions(&property.before)) {
                if !property.after.is_unset() {
                    if !mentions(&property.after) {
                        moves.switch.insert(step);
                    }
                    continue;
                }
                moves.late.insert(step);
                let added = of_call.clone().filter(|(p, _)| p.path == property.path && p.before.is_unset());
                moves.early.extend(added.map(|(_, step)| step));
            }
        }
        // What is new, and refers to the successor.
        for (subject, entry) in self.subjects.iter().enumerate() {
            if entry.refers.contains(&node)
                && matches!(entry.desired, Some(AnyResource::SecurityGroupRule(_) | AnyResource::SecurityGroup(_)))
            {
                moves.early.extend(self.own[subject].create.and(self.own[subject].last));
            }
        }
        if changes[successor].action == Action::Replace {
            moves.early.extend(self.own[successor].last);
        }
        // What lets in comes before what takes away by itself.
        moves.early.retain(|step| !moves.late.contains(step) && !moves.switch.contains(step));
        moves
    }

    /// Lets the successor of a target group become healthy before traffic goes to it.
    fn warm_up(
        &mut self,
        changes: &[ResourceChange],
        successor: usize,
        users: &BTreeSet<usize>,
        moves: &mut Moves,
        found: &mut Found,
    ) {
        let routes = |subject: &&usize| {
            matches!(self.subjects[**subject].observed, Some(AnyObserved::Listener(_) | AnyObserved::ListenerRule(_)))
        };
        let routes: Vec<usize> = users.iter().filter(routes).copied().collect();
        if routes.is_empty() {
            return;
        }
        // Auto Scaling groups that go take their instances along.
        let provides = |subject: &&usize| {
            matches!(self.subjects[**subject].observed, Some(AnyObserved::AutoScalingGroup(_)))
                && self.subjects[**subject].desired.is_none()
        };
        let terminates: Vec<usize> = users.iter().filter(provides).filter_map(|s| self.own[*s].delete).collect();
        let Some(node) = self.subjects[successor].node else { return };
        let refers = |subject: &usize| self.subjects[*subject].refers.contains(&node);
        let users: Vec<usize> = (0..self.subjects.len()).filter(refers).collect();
        let staying: Vec<usize> =
            routes.iter().copied().filter(|route| self.subjects[*route].desired.is_some()).collect();
        if !self.is_provided(successor, &users) {
            let names: Vec<_> = staying.iter().map(|route| changes[*route].address.as_str()).collect();
            if !names.is_empty() {
                let text = format!(
                    "nothing in this stack registers targets in the successor: until somebody does, {} will forward \
                     to a group without any",
                    names.join(", ")
                );
                found.downtime.push((successor, text));
            }
            return;
        }
        for route in &staying {
            // An earlier run may have let it in already.
            let present = changes[successor].id.as_deref().filter(|_| changes[successor].action != Action::Replace);
            if self.mentions(*route, present) {
                continue;
            }
            let Some(operation) = self.switch_of(*route) else { continue };
            match self.hindrance(*route, successor) {
                Some(why) => found.downtime.push((*route, why)),
                None => {
                    let needs = self.subjects[*route].desired.as_ref().map(|desired| {
                        let mut needs = Vec::new();
                        desired.visit_pending(&mut |attr| {
                            let subject = self.subject_of.get(&attr.node.index);
                            needs.extend(subject.and_then(|subject| self.own[*subject].create));
                        });
                        needs
                    });
                    // One call lets in the successors of all groups of the action.
                    let known = self
                        .steps
                        .iter()
                        .position(|step| step.subject == *route && step.kind == StepKind::Prepare(operation));
                    let step = known
                        .unwrap_or_else(|| self.push(*route, StepKind::Prepare(operation), needs.unwrap_or_default()));
                    moves.early.insert(step);
                }
            }
        }
        if staying.iter().any(|route| found.downtime.iter().any(|(subject, _)| subject == route)) {
            // It is checked only once the listener forwards to it.
            return;
        }
        let settle = self.push(successor, StepKind::Settle, []);
        let attached = users.iter().filter_map(|user| match self.subjects[*user].desired {
            Some(AnyResource::AutoScalingGroup(_)) => {
                let own = &self.own[*user];
                own.calls.get(&Operation::AttachLoadBalancerTargetGroups).copied().or(own.create)
            }
            Some(AnyResource::Listener(_) | AnyResource::ListenerRule(_)) => self.own[*user].create,
            _ => None,
        });
        let before: Vec<usize> = attached.chain(moves.early.iter().copied()).chain(self.own[successor].last).collect();
        before.into_iter().for_each(|step| self.later(settle, step));
        moves.early.insert(settle);
        // What forwards to the old group and goes, goes once the new one serves; the old one's targets
        // leave it only then.
        for route in routes.iter().filter(|route| self.subjects[**route].desired.is_none()) {
            if let Some(delete) = self.delete_of(*route) {
                self.later(delete, settle);
                moves.late.iter().chain(&terminates).for_each(|late| self.later(*late, delete));
            }
        }
    }

    /// Whether something of the stack registers targets in a group.
    fn is_provided(&self, group: usize, users: &[usize]) -> bool {
        let scaled = |user: &usize| matches!(self.subjects[*user].desired, Some(AnyResource::AutoScalingGroup(_)));
        let declared =
            matches!(&self.subjects[group].desired, Some(AnyResource::TargetGroup(group)) if group.registers());
        declared || users.iter().any(scaled)
    }

    /// Whether what exists mentions an id.
    fn mentions(&self, subject: usize, id: Option<&str>) -> bool {
        let (Some(observed), Some(id)) = (&self.subjects[subject].observed, id) else { return false };
        let mut mentions = false;
        observed.visit_texts(&mut |text| mentions |= text == id);
        mentions
    }

    /// The call by which a listener or rule forwards elsewhere.
    fn switch_of(&self, route: usize) -> Option<Operation> {
        let calls = &self.own[route].calls;
        [Operation::ModifyListener, Operation::ModifyRule].into_iter().find(|operation| calls.contains_key(operation))
    }

    /// Why a listener or rule cannot forward to both, the old target group and the new one.
    fn hindrance(&self, route: usize, group: usize) -> Option<String> {
        let action = self.action_of(route)?;
        let ListenerAction::Forward(forward) = &action.last else { return None };
        let (protocol, gateway) = self.protocol_of(route);
        if gateway {
            return Some("a listener of a gateway load balancer forwards to one target group: the other one is checked only once traffic goes to it".to_owned());
        }
        if forward.groups.len() >= FORWARDS {
            return Some(format!(
                "AWS forwards to {FORWARDS} target groups at most: there is no room for the successor beside the old one until traffic goes to it"
            ));
        }
        let Some(AnyResource::TargetGroup(group)) = &self.subjects[group].desired else { return None };
        let receives = group.traffic.map(|traffic| traffic.protocol);
        (!takes(group.forwarder(), receives, protocol)).then(|| {
            "the listener and its target group change their protocol together: the new group is checked only once the listener forwards to it".to_owned()
        })
    }

    fn action_of(&self, route: usize) -> Option<&Actions> {
        match self.subjects[route].observed.as_ref()? {
            AnyObserved::Listener(listener) => Some(&listener.spec.action),
            AnyObserved::ListenerRule(rule) => Some(&rule.spec.action),
            _ => None,
        }
    }

    /// The protocol of a listener, or of that of a rule, and whether it is a gateway load balancer's.
    fn protocol_of(&self, route: usize) -> (Option<ListenerProtocol>, bool) {
        let listener = match &self.subjects[route].observed {
            Some(AnyObserved::ListenerRule(rule)) => {
                let listener = rule.spec.listener.as_known().and_then(|arn| self.by_id.get(arn.as_str()));
                match listener.and_then(|listener| self.subjects[*listener].observed.as_ref()) {
                    Some(AnyObserved::Listener(listener)) => listener,
                    // Somebody else's listener: rules are for HTTP, but for rare exceptions.
                    _ => return (Some(ListenerProtocol::Http), false),
                }
            }
            Some(AnyObserved::Listener(listener)) => listener,
            _ => return (None, false),
        };
        (listener.spec.accept.protocol, listener.spec.accept.protocol.is_none())
    }

    /// Takes a security group off the instances that run with it, once what launches them names it no
    /// longer.
    fn off_the_instances(&mut self, old: usize, successor: Option<usize>, users: &BTreeSet<usize>, moves: &mut Moves) {
        let node = successor.and_then(|successor| self.subjects[successor].node);
        let is_template = |subject: usize| {
            matches!(self.subjects[subject].desired, Some(AnyResource::LaunchTemplate(_)))
                && (node.is_none_or(|node| self.subjects[subject].refers.contains(&node)) || users.contains(&subject))
        };
        let templates: BTreeSet<usize> =
            (0..self.subjects.len()).filter(|s| is_template(*s)).filter_map(|s| self.subjects[s].node).collect();
        let mut after = Vec::new();
        let mut any = false;
        for (subject, entry) in self.subjects.iter().enumerate() {
            let (Some(AnyResource::AutoScalingGroup(group)), Some(_)) = (&entry.desired, &entry.observed) else {
                continue;
            };
            if entry.refers.is_disjoint(&templates) {
                continue;
            }
            any = true;
            after.extend(self.own[subject].last);
            // Instances that are replaced anyway need not change their group.
            after.extend(self.own[subject].settle.filter(|_| group.instance_refresh.is_some()));
        }
        let Some(delete) = self.own[old].delete.filter(|_| any) else { return };
        let step = self.push(old, StepKind::Release(Operation::ModifyNetworkInterfaceAttribute), []);
        after.extend(successor.and_then(|successor| self.own[successor].last));
        after.into_iter().for_each(|earlier| self.later(step, earlier));
        self.later(delete, step);
        moves.switch.insert(step);
    }

    /// What security groups no longer let through, they let through until all has moved.
    fn revoke_last(&mut self, changes: &[ResourceChange], switches: &BTreeSet<usize>) {
        let revokes = [Operation::RevokeSecurityGroupIngress, Operation::RevokeSecurityGroupEgress];
        for (subject, change) in changes.iter().enumerate() {
            let mut steps: Vec<usize> =
                revokes.iter().filter_map(|op| self.own[subject].calls.get(op)).copied().collect();
            if matches!(self.subjects[subject].observed, Some(AnyObserved::SecurityGroupRule(_)))
                && change.action.is_delete()
            {
                steps.extend(self.own[subject].delete);
            }
            for step in steps {
                switches.iter().for_each(|switch| self.later(step, *switch));
            }
        }
    }
}
