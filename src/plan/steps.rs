//! Steps: the calls and waits of a plan, each with the earlier ones that it needs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use crate::resource::{AnyObserved, AnyResource, Operation};
use crate::stack::Address;
use crate::value::Value;

use super::build::creation_any;
use super::interruption::Found;
use super::{Action, PropertyChange, ResourceChange, Subject};

/// One call, or one wait, of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Step {
    /// The resource.
    pub address: Address,
    /// What is done.
    pub kind: StepKind,
    /// The steps that come before, by their index; all are earlier in the plan.
    pub after: Vec<usize>,
    #[serde(skip)]
    pub(crate) subject: usize,
    /// Waits that run beside this one, and without whose success it cannot succeed.
    #[serde(skip)]
    pub(crate) hopes_for: Vec<usize>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// Makes the resource, by this call.
    Create(Operation),
    /// Lets a successor in beside what it is to replace, by this call; traffic does not go to it yet.
    Prepare(Operation),
    /// Sets or changes properties, by this call.
    Call(Operation),
    /// Waits until the resource does its work.
    Settle,
    /// Takes away what is left of the stack's own that would hold up the deletion, by this call.
    Release(Operation),
    /// Deletes the resource, by this call.
    Delete(Operation),
    /// Waits until the resource is gone.
    Gone,
}

impl StepKind {
    /// Tells whether the step changes something, as opposed to waiting.
    pub fn is_mutation(self) -> bool {
        !matches!(self, Self::Settle | Self::Gone)
    }
}

impl std::fmt::Display for StepKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Create(operation)
            | Self::Prepare(operation)
            | Self::Call(operation)
            | Self::Release(operation)
            | Self::Delete(operation) => operation.fmt(f),
            Self::Settle => f.write_str("ready"),
            Self::Gone => f.write_str("gone"),
        }
    }
}

/// Works out the steps, and marks what goes with its parent.
pub(super) fn steps(
    subjects: &[Subject],
    changes: &mut [ResourceChange],
    subject_of: &HashMap<usize, usize>,
) -> (Vec<Step>, Found) {
    let by_id =
        changes.iter().enumerate().filter_map(|(subject, change)| Some((change.id.clone()?, subject))).collect();
    let mut graph = Graph {
        subjects,
        subject_of,
        by_id,
        steps: Vec::new(),
        own: vec![Own::default(); subjects.len()],
        users: HashMap::new(),
        reorders: HashMap::new(),
        with_parent: HashMap::new(),
    };
    graph.untagged(changes);
    graph.reorders();
    graph.mutations(changes);
    graph.waits(changes);
    graph.after_users(changes);
    graph.deletions(changes);
    graph.releases(changes);
    let found = graph.handovers(changes);
    (sorted(graph.steps), found)
}

/// The steps of one subject.
#[derive(Debug, Clone, Default)]
pub(super) struct Own {
    /// Steps of others that its calls wait for.
    before: Vec<usize>,
    pub(super) create: Option<usize>,
    pub(super) calls: BTreeMap<Operation, usize>,
    pub(super) last: Option<usize>,
    /// The last call that does more than take something away: others that it helps wait for this.
    ready: Option<usize>,
    pub(super) settle: Option<usize>,
    pub(super) delete: Option<usize>,
    /// The step after which it is gone.
    pub(super) gone: Option<usize>,
}

pub(super) struct Graph<'a> {
    pub(super) subjects: &'a [Subject],
    pub(super) subject_of: &'a HashMap<usize, usize>,
    /// What exists, by id.
    pub(super) by_id: HashMap<String, usize>,
    pub(super) steps: Vec<Step>,
    pub(super) own: Vec<Own>,
    /// Subjects that refer to a declaration, by its index.
    users: HashMap<usize, Vec<usize>>,
    /// The steps by which the rules of a listener change places, by its ARN.
    reorders: HashMap<String, usize>,
    /// What goes together with its parent, and the parent.
    pub(super) with_parent: HashMap<usize, usize>,
}

impl Graph<'_> {
    pub(super) fn push(&mut self, subject: usize, kind: StepKind, after: impl IntoIterator<Item = usize>) -> usize {
        let after: BTreeSet<usize> = after.into_iter().collect();
        self.steps.push(Step {
            address: self.subjects[subject].address.clone(),
            kind,
            after: after.into_iter().collect(),
            subject,
            hopes_for: Vec::new(),
        });
        self.steps.len() - 1
    }

    /// Deletes of what is recorded in the tags of a parent that stays: before the parent forgets
    /// it, or an interrupted run would leave something that nobody knows for its own.
    fn untagged(&mut self, changes: &[ResourceChange]) {
        for (subject, change) in changes.iter().enumerate() {
            let Some(observed) = self.subjects[subject].observed.as_ref().filter(|_| change.action.is_delete()) else {
                continue;
            };
            let Some(parent) = self.parent(&observed.parent()).filter(|_| observed.recorded_as().is_some()) else {
                continue;
            };
            if !changes[parent].action.is_delete() {
                let step = self.push(subject, StepKind::Delete(observed.traits().delete), []);
                self.own[subject].delete = Some(step);
                self.own[subject].gone = Some(step);
                self.own[parent].before.push(step);
            }
        }
    }

    /// Rules change places before anything else: new rules may need what becomes free, and those on
    /// their way out have to make room while they are there. One call for all rules of a listener.
    fn reorders(&mut self) {
        for subject in 0..self.subjects.len() {
            let Some(AnyResource::ListenerRule(rule)) = &self.subjects[subject].desired else { continue };
            let (false, Some(listener)) = (rule.moves.is_empty(), rule.listener.as_known()) else { continue };
            let exists = self.subjects[subject].observed.is_some();
            let kind = if exists { StepKind::Call } else { StepKind::Prepare };
            let step = self.push(subject, kind(Operation::SetRulePriorities), []);
            self.reorders.insert(listener.to_string(), step);
            for (arn, _) in &rule.moves {
                if let Some(moved) = self.by_id.get(arn) {
                    self.own[*moved].before.push(step);
                }
            }
        }
    }

    /// The step by which rules of the same listener change places.
    fn reorder(&self, resource: &AnyResource) -> Option<usize> {
        match resource {
            AnyResource::ListenerRule(rule) => self.reorders.get(rule.listener.as_known()?.as_str()).copied(),
            _ => None,
        }
    }

    /// The subject that a resource belongs to, if it exists.
    fn parent(&self, parent: &Value) -> Option<usize> {
        self.by_id.get(parent.as_text()?).copied()
    }

    /// Creates and updates, in the order of declaration: what a subject needs is there already.
    fn mutations(&mut self, changes: &[ResourceChange]) {
        for (subject, change) in changes.iter().enumerate().filter(|(_, change)| change.action != Action::Release) {
            let Some(desired) = &self.subjects[subject].desired else { continue };
            let mut needs = Vec::new();
            let mut providers = BTreeSet::new();
            desired.visit_pending(&mut |attr| {
                providers.insert(attr.node.index);
                needs.extend(self.provider(attr.node.index, attr.name));
            });
            for provider in providers {
                self.users.entry(provider).or_default().push(subject);
            }
            // What exists can be used in another VPC once it is associated with it.
            needs.extend(self.subjects[subject].refers.iter().filter_map(|node| {
                let provider = self.subject_of.get(node)?;
                self.own[*provider].calls.get(&Operation::AssociateSecurityGroupVpc)
            }));
            needs.extend(self.own[subject].before.iter().copied());
            if desired.recorded_as().is_some() {
                // The parent knows it before it exists, and what goes makes room for it: AWS takes only
                // one policy for a metric.
                if let Some(parent) = self.parent(&desired.parent()) {
                    needs.extend(self.own[parent].calls.get(&Operation::CreateOrUpdateTags));
                    needs.extend(self.own[parent].before.iter().copied());
                }
            }
            let mut last = None;
            if matches!(change.action, Action::Create | Action::Replace) {
                needs.extend(self.reorder(desired));
                let step = self.push(subject, StepKind::Create(desired.traits().create), needs.iter().copied());
                self.own[subject].create = Some(step);
                self.own[subject].ready = Some(step);
                last = Some(step);
            }
            // One after another: AWS refuses some changes while another of the same resource runs.
            // A successor is made anew: what differed from the old one does not matter to it.
            let operations = match change.action {
                Action::Replace => calls(&creation_any(desired)),
                _ => calls(&change.properties),
            };
            for operation in operations {
                if desired.traits().after_users == Some(operation) {
                    continue;
                }
                if let (Operation::SetRulePriorities, Some(step)) = (operation, self.reorder(desired)) {
                    self.own[subject].calls.insert(operation, step);
                    self.own[subject].ready = Some(step);
                    last = Some(step);
                    continue;
                }
                let after: Vec<_> = last.into_iter().chain(needs.iter().copied()).collect();
                let step = self.push(subject, StepKind::Call(operation), after);
                self.own[subject].calls.insert(operation, step);
                last = Some(step);
                if !removes(&change.properties, operation) {
                    self.own[subject].ready = Some(step);
                }
            }
            self.own[subject].last = last;
        }
    }

    /// The step that makes an output of a declaration known.
    fn provider(&self, node: usize, output: &str) -> Option<usize> {
        let subject = *self.subject_of.get(&node)?;
        let own = &self.own[subject];
        let desired = self.subjects[subject].desired.as_ref()?;
        let changing = own.calls.iter().rev().find(|(operation, _)| desired.changed_by(**operation).contains(&output));
        // A new security group can be used in another VPC once it is associated with it. What follows
        // a change finds the resource as it is declared: a template's default version has moved, too.
        let usable = own.calls.get(&Operation::AssociateSecurityGroupVpc).filter(|_| own.create.is_some());
        usable.copied().or(own.create).or(changing.and(own.last))
    }

    /// Waits until what is declared does its work. They hold up nothing but what needs them, so
    /// they may wait for all that helps them: a target is healthy only once a listener forwards
    /// to it and the security groups let it be checked.
    fn waits(&mut self, changes: &[ResourceChange]) {
        for (subject, change) in changes.iter().enumerate() {
            let Some(desired) = &self.subjects[subject].desired else { continue };
            if !desired.traits().settles || change.action == Action::Release {
                continue;
            }
            let helpers = self.helpers(desired).into_iter().filter_map(|helper| self.own[helper].ready);
            let after: BTreeSet<usize> = self.own[subject].last.into_iter().chain(helpers).collect();
            let step = self.push(subject, StepKind::Settle, after);
            self.own[subject].settle = Some(step);
        }
        for subject in 0..self.subjects.len() {
            let (Some(step), Some(desired)) = (self.own[subject].settle, &self.subjects[subject].desired) else {
                continue;
            };
            let others = self.helpers(desired).into_iter().filter_map(|helper| self.own[helper].settle);
            self.steps[step].hopes_for = others.filter(|other| *other != step).collect();
        }
    }

    /// What a resource needs, what makes its target groups receive traffic, and the same of those
    /// in their turn.
    fn helpers(&self, resource: &AnyResource) -> BTreeSet<usize> {
        let mut helpers = BTreeSet::new();
        // Each declaration is followed once, however many refer to it.
        let mut followed = HashSet::new();
        let mut ring = vec![resource];
        for _ in 0..2 {
            let mut next = Vec::new();
            for resource in ring {
                resource.visit_pending(&mut |attr| {
                    if followed.insert(attr.node.index) {
                        next.extend(self.neighbours(attr.node.index).filter(|near| helpers.insert(*near)));
                    }
                });
            }
            ring = next.into_iter().filter_map(|near| self.subjects[near].desired.as_ref()).collect();
        }
        helpers
    }

    /// The subject of a declaration, and what makes it receive traffic if it is a target group.
    fn neighbours(&self, node: usize) -> impl Iterator<Item = usize> {
        let subject = self.subject_of.get(&node).copied();
        let desired = |subject: usize| self.subjects[subject].desired.as_ref();
        let is_target = matches!(subject.and_then(desired), Some(AnyResource::TargetGroup(_)));
        let users = self.users.get(&node).filter(|_| is_target);
        let routes = users.into_iter().flatten().copied().filter(move |user| {
            matches!(desired(*user), Some(AnyResource::Listener(_) | AnyResource::ListenerRule(_)))
        });
        subject.into_iter().chain(routes)
    }

    /// Calls that take away what others may use: once those have moved on and do their work.
    fn after_users(&mut self, changes: &[ResourceChange]) {
        for (subject, change) in changes.iter().enumerate() {
            let Some(desired) = &self.subjects[subject].desired else { continue };
            let Some(operation) = desired.traits().after_users else { continue };
            if !change.properties.iter().any(|property| property.operation() == Some(operation)) {
                continue;
            }
            let declared = self.subjects[subject].node.and_then(|node| self.users.get(&node)).into_iter().flatten();
            let existing = (0..self.subjects.len()).filter(|user| self.uses(*user, change.id.as_deref()));
            let users: BTreeSet<usize> = declared.copied().chain(existing).chain([subject]).collect();
            let moved = users.into_iter().flat_map(|user| [self.own[user].last, self.own[user].settle]).flatten();
            let after: Vec<_> = moved.collect();
            let step = self.push(subject, StepKind::Call(operation), after);
            self.own[subject].calls.insert(operation, step);
        }
    }

    /// Whether what exists mentions an id of something else.
    fn uses(&self, user: usize, id: Option<&str>) -> bool {
        let (Some(observed), Some(id)) = (&self.subjects[user].observed, id) else { return false };
        let mut uses = false;
        observed.visit_texts(&mut |text| uses |= text == id);
        uses
    }

    /// Deletes: each after everything that uses it has let go or is gone.
    fn deletions(&mut self, changes: &mut [ResourceChange]) {
        let going: Vec<usize> = (0..self.subjects.len())
            .filter(|s| changes[*s].action.is_delete() && self.own[*s].gone.is_none())
            .collect();
        let by_id: HashMap<String, usize> = going.iter().filter_map(|s| Some((changes[*s].id.clone()?, *s))).collect();
        // What each of them uses, and who goes together with its parent.
        let mut uses: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        let mut with_parent: HashMap<usize, usize> = HashMap::new();
        for (subject, entry) in self.subjects.iter().enumerate() {
            let Some(observed) = &entry.observed else { continue };
            let mut used = BTreeSet::new();
            observed.visit_texts(&mut |text| used.extend(by_id.get(text).filter(|other| **other != subject)));
            if changes[subject].action.is_delete()
                && observed.traits().goes_with_parent
                && let Some(parent) = parent_of(observed, &by_id)
            {
                with_parent.insert(subject, parent);
            }
            uses.insert(subject, used);
        }
        for subject in with_parent.keys() {
            changes[*subject].action = Action::DeleteWithParent;
        }
        let mut waits_for: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        let mut after: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        for (user, used) in &uses {
            for thing in used {
                if matches!(changes[*user].action, Action::Delete | Action::DeleteReplaced) {
                    waits_for.entry(*thing).or_default().insert(*user);
                } else if changes[*user].action == Action::DeleteWithParent {
                    let top = top(*user, &with_parent);
                    if top != *thing {
                        waits_for.entry(*thing).or_default().insert(top);
                    }
                } else if !self.subjects[*thing].makes_room {
                    after
                        .entry(*thing)
                        .or_default()
                        .extend(self.own[*user].last.into_iter().chain(self.own[*user].settle));
                }
            }
        }
        for subject in going.iter().filter(|subject| !self.subjects[**subject].makes_room) {
            // What takes its place is ready first.
            if let Some(successor) = self.subjects[*subject].node.and_then(|node| self.subject_of.get(&node)) {
                let own = &self.own[*successor];
                let users = self.subjects[*successor].node.and_then(|node| self.users.get(&node));
                let moved = users.into_iter().flatten().flat_map(|user| [self.own[*user].last, self.own[*user].settle]);
                after.entry(*subject).or_default().extend(moved.chain([own.last, own.settle]).flatten());
            }
        }
        let circles = circles(&going, &mut waits_for);
        let mut releases: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let roots: Vec<usize> = going.iter().copied().filter(|s| !with_parent.contains_key(s)).collect();
        for subject in order(&roots, &waits_for) {
            let gone = waits_for.get(&subject).into_iter().flatten().filter_map(|user| self.own[*user].gone);
            let before = self.own[subject].before.iter().copied();
            let mut after: Vec<_> = gone.chain(after.remove(&subject).unwrap_or_default()).chain(before).collect();
            let Some(traits) = self.subjects[subject].observed.as_ref().map(AnyObserved::traits) else { continue };
            if let (Some(circle), Some(release)) = (circles.get(&subject), traits.release) {
                let step = self.push(subject, StepKind::Release(release), after);
                releases.entry(*circle).or_default().push(step);
                after = vec![step];
            }
            let step = self.push(subject, StepKind::Delete(traits.delete), after);
            let gone = if traits.lingers { self.push(subject, StepKind::Gone, [step]) } else { step };
            self.own[subject].delete = Some(step);
            self.own[subject].gone = Some(gone);
        }
        for (subject, circle) in circles {
            for release in releases.get(&circle).into_iter().flatten() {
                if let Some(delete) = self.own[subject].delete {
                    self.later(delete, *release);
                }
            }
        }
        self.with_parent = with_parent;
    }

    /// What is let go loses its tags last of all that belongs to it: a run that dies in between still
    /// finds the rest.
    fn releases(&mut self, changes: &[ResourceChange]) {
        let released: Vec<usize> = (0..changes.len()).filter(|s| changes[*s].action == Action::Release).collect();
        let mut children: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        for (subject, entry) in self.subjects.iter().enumerate() {
            if let Some(parent) = entry.observed.as_ref().and_then(|observed| self.parent(&observed.parent())) {
                children.entry(parent).or_default().insert(subject);
            }
        }
        for subject in order(&released, &children) {
            if changes[subject].action != Action::Release {
                continue;
            }
            let own = children.get(&subject).into_iter().flatten().map(|child| &self.own[*child]);
            let mut after: Vec<usize> = own.flat_map(|own| [own.last, own.gone]).flatten().collect();
            for operation in calls(&changes[subject].properties) {
                let step = self.push(subject, StepKind::Call(operation), after);
                self.own[subject].last = Some(step);
                after = vec![step];
            }
        }
    }

    /// The deletion by which something goes: its own, or that of what it belongs to.
    pub(super) fn delete_of(&self, subject: usize) -> Option<usize> {
        self.own[top(subject, &self.with_parent)].delete
    }

    /// Puts a step after another one, unless that comes after it already.
    pub(super) fn later(&mut self, step: usize, after: usize) {
        let mut seen = HashSet::new();
        let mut path = vec![after];
        while let Some(next) = path.pop() {
            if next == step {
                return;
            }
            if seen.insert(next) {
                path.extend(self.steps[next].after.iter().copied());
            }
        }
        let known = &mut self.steps[step].after;
        if !known.contains(&after) {
            known.push(after);
        }
    }
}

/// What goes and refers to each other, by the first of each circle. The circles are taken out of
/// what waits for what: their members let go of each other before any of them goes.
fn circles(going: &[usize], waits_for: &mut HashMap<usize, BTreeSet<usize>>) -> BTreeMap<usize, usize> {
    let reach = |from: usize| {
        let mut seen = BTreeSet::new();
        let mut path: Vec<usize> = waits_for.get(&from).into_iter().flatten().copied().collect();
        while let Some(next) = path.pop() {
            if seen.insert(next) {
                path.extend(waits_for.get(&next).into_iter().flatten().copied());
            }
        }
        seen
    };
    // What nothing waits for, or what waits for nothing, is in no circle: most are not looked at.
    let awaited: BTreeSet<usize> = waits_for.values().flatten().copied().collect();
    let candidates = going.iter().copied().filter(|s| awaited.contains(s) && waits_for.contains_key(s));
    let reached: BTreeMap<usize, BTreeSet<usize>> =
        candidates.map(|subject| (subject, reach(subject))).filter(|(subject, seen)| seen.contains(subject)).collect();
    let mut circles = BTreeMap::new();
    for (subject, seen) in &reached {
        let mutual = reached.iter().find(|(other, back)| seen.contains(other) && back.contains(subject));
        circles.insert(*subject, mutual.map_or(*subject, |(first, _)| *first));
    }
    for (subject, circle) in &circles {
        if let Some(users) = waits_for.get_mut(subject) {
            users.retain(|user| circles.get(user) != Some(circle));
        }
    }
    circles
}

/// The steps in an order in which each comes after those that it names; otherwise as they are.
fn sorted(steps: Vec<Step>) -> Vec<Step> {
    let mut dependents = vec![Vec::new(); steps.len()];
    let mut open: Vec<usize> = steps.iter().map(|step| step.after.len()).collect();
    for (index, step) in steps.iter().enumerate() {
        for earlier in &step.after {
            dependents[*earlier].push(index);
        }
    }
    let mut ready: BTreeSet<usize> = (0..steps.len()).filter(|index| open[*index] == 0).collect();
    let mut place = vec![usize::MAX; steps.len()];
    let mut placed = 0;
    while let Some(index) = ready.pop_first() {
        place[index] = placed;
        placed += 1;
        for next in &dependents[index] {
            open[*next] -= 1;
            if open[*next] == 0 {
                ready.insert(*next);
            }
        }
    }
    debug_assert_eq!(placed, steps.len(), "steps wait for each other in a circle");
    let mut all: Vec<(usize, Step)> = steps
        .into_iter()
        .zip(&place)
        .map(|(mut step, at)| {
            let mut after: Vec<usize> = step.after.iter().map(|earlier| place[*earlier]).collect();
            after.sort_unstable();
            step.after = after;
            step.hopes_for = step.hopes_for.iter().map(|other| place[*other]).collect();
            (*at, step)
        })
        .collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, step)| step).collect()
}

/// Whether a call only takes something away.
fn removes(properties: &[PropertyChange], operation: Operation) -> bool {
    let mut of_call = properties.iter().filter(|property| property.operation() == Some(operation)).peekable();
    of_call.peek().is_some() && of_call.all(|property| property.after.is_unset())
}

/// The calls of a change: additions in the order of the table, then removals in the opposite order,
/// so that what records a part is there before the part and goes after it. An instance refresh comes
/// last: while it runs, AWS refuses to attach target groups and to change warm pools.
fn calls(properties: &[PropertyChange]) -> Vec<Operation> {
    let mut additions = Vec::new();
    let mut removals = Vec::new();
    for property in properties {
        let Some(operation) = property.operation() else { continue };
        let calls = if property.after.is_unset() { &mut removals } else { &mut additions };
        if !calls.contains(&operation) {
            calls.push(operation);
        }
    }
    removals.retain(|operation| !additions.contains(operation));
    removals.reverse();
    let (last, others): (Vec<_>, Vec<_>) =
        additions.into_iter().chain(removals).partition(|operation| *operation == Operation::StartInstanceRefresh);
    others.into_iter().chain(last).collect()
}

fn parent_of(observed: &AnyObserved, by_id: &HashMap<String, usize>) -> Option<usize> {
    match observed.parent() {
        Value::Text(id) => by_id.get(&id).copied(),
        _ => None,
    }
}

fn top(subject: usize, with_parent: &HashMap<usize, usize>) -> usize {
    let mut top = subject;
    while let Some(parent) = with_parent.get(&top) {
        top = *parent;
    }
    top
}

/// Users before what they use. Groups that allow each other can be in a circle; it is broken at
/// any place, and the deletion is tried until the other has gone.
fn order(subjects: &[usize], waits_for: &HashMap<usize, BTreeSet<usize>>) -> Vec<usize> {
    let mut done = BTreeSet::new();
    let mut ordered = Vec::with_capacity(subjects.len());
    for subject in subjects {
        // Depth first without recursion: a chain may be as long as the stack is large.
        let mut path = vec![(*subject, false)];
        while let Some((next, expanded)) = path.pop() {
            if expanded {
                ordered.push(next);
            } else if done.insert(next) {
                path.push((next, true));
                path.extend(waits_for.get(&next).into_iter().flatten().map(|user| (*user, false)));
            }
        }
    }
    ordered
}
