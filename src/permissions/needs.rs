//! What a plan needs: its steps, and what making and deleting everything that is declared takes.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use crate::input::Attr;
use crate::lookup::AnyLookup;
use crate::plan::{Action, Goal, Plan, StepKind, Subject, creation_any};
use crate::resource::{
    AnyObserved, AnyResource, LoadBalancerKind, Object, Operation, ResourceType, Right, Rights, found_by,
};
use crate::stack::Item;
use crate::value::Value;

/// What is read where AWS does not let go of something.
pub(super) static EXPLANATIONS: LazyLock<BTreeSet<Right>> = LazyLock::new(|| {
    let mut rights = Rights::default();
    rights.reads(&[
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeSecurityGroupVpcAssociations",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcEndpointServiceConfigurations",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
    ]);
    rights.into_set()
});

/// A plan, asked for what it needs.
pub(super) struct Needs<'a> {
    plan: &'a Plan,
    /// The subjects by their declarations.
    subject_of: HashMap<usize, usize>,
    /// What the plan knows of, by id.
    ids: HashSet<&'a str>,
}

impl<'a> Needs<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let subjects = plan.subjects.iter().enumerate();
        Self {
            plan,
            subject_of: subjects.filter_map(|(index, subject)| Some((subject.node?, index))).collect(),
            ids: plan.changes.iter().filter_map(|change| change.id.as_deref()).collect(),
        }
    }

    /// What planning, the plan itself, and destroying take.
    pub(super) fn rights(&self) -> BTreeSet<Right> {
        let mut rights = Rights::default();
        rights.reads(&found_by().collect::<Vec<_>>());
        match self.plan.goal {
            Goal::Deploy => self.declarations(&mut rights),
            // Another run may make what is declared in the meantime.
            Goal::Destroy => {
                let mut declared = Rights::default();
                self.declarations(&mut declared);
                rights.read_as(declared);
            }
        }
        for observed in self.plan.subjects.iter().filter_map(|subject| subject.observed.as_ref()) {
            let mut reads = Rights::default();
            observed.rights(&mut reads);
            rights.read_as(reads);
        }
        for (index, desired) in self.wanted() {
            let parents = self.parents(&self.plan.subjects[index]);
            let made_by = creation_any(desired).into_iter().filter_map(|property| property.operation());
            let mut calls: Vec<_> = made_by.chain([desired.traits().create]).collect();
            // Deleting what it belongs to deletes it, too, unless that is somebody else's.
            if !desired.traits().goes_with_parent || parents.iter().flatten().any(|parent| !parent.owned) {
                calls.extend(desired.delete_calls());
            }
            call(&mut rights, &calls, &object(&self.plan.subjects[index]), &parents);
            // A successor waits for as many healthy targets as the old one has.
            if let (Action::Replace, AnyResource::TargetGroup(_)) = (self.plan.changes[index].action, desired) {
                rights.reads(&["elasticloadbalancing:DescribeTargetHealth"]);
            }
        }
        self.steps(&mut rights);
        rights.into_set()
    }

    /// What later changes in place may take.
    pub(super) fn updates(&self) -> BTreeSet<Right> {
        let mut rights = Rights::default();
        for (index, desired) in self.wanted() {
            let subject = &self.plan.subjects[index];
            let calls: Vec<_> = desired.update_calls().into_iter().collect();
            call(&mut rights, &calls, &object(subject), &self.parents(subject));
        }
        rights.into_set()
    }

    /// The services whose roles AWS makes when they are first used in an account.
    pub(super) fn linked_roles(&self) -> BTreeSet<&'static str> {
        let kinds = self.plan.subjects.iter().map(|subject| object(subject).kind);
        let linked = kinds.filter(|kind| matches!(kind, ResourceType::LoadBalancer | ResourceType::AutoScalingGroup));
        linked.map(ResourceType::service).collect()
    }

    /// The types of the load balancers that it is about, as ARNs have them.
    pub(super) fn balancers(&self) -> BTreeSet<&'static str> {
        let sides = self.plan.subjects.iter().flat_map(|subject| {
            let desired = match &subject.desired {
                Some(AnyResource::LoadBalancer(balancer)) => Some(balancer.kind),
                _ => None,
            };
            let observed = match &subject.observed {
                Some(AnyObserved::LoadBalancer(balancer)) => Some(balancer.spec.kind),
                _ => None,
            };
            desired.into_iter().chain(observed)
        });
        sides.map(LoadBalancerKind::in_arns).collect()
    }

    /// What is declared and stays the stack's, by its subject.
    fn wanted(&self) -> impl Iterator<Item = (usize, &'a AnyResource)> {
        let subjects = self.plan.changes.iter().zip(&self.plan.subjects).enumerate();
        subjects
            .filter(|(_, (change, _))| change.action != Action::Release)
            .filter_map(|(index, (_, subject))| Some((index, subject.desired.as_ref()?)))
    }

    /// What declarations need by themselves.
    fn declarations(&self, rights: &mut Rights) {
        let stack = &self.plan.declared;
        let facing = stack.facing_the_internet();
        for (index, node) in stack.nodes.iter().enumerate() {
            match &node.item {
                Item::Lookup(AnyLookup::Vpc(_)) => rights.reads(&["ec2:DescribeVpcs"]),
                Item::Lookup(AnyLookup::Subnets(_)) if facing.contains(&index) => {
                    rights.reads(&["ec2:DescribeSubnets", "ec2:DescribeRouteTables"]);
                }
                Item::Lookup(AnyLookup::Subnets(_)) => rights.reads(&["ec2:DescribeSubnets"]),
                Item::Lookup(AnyLookup::Image(_)) => rights.reads(&["ec2:DescribeImages"]),
                Item::Lookup(AnyLookup::ExistingSecurityGroup(_)) => rights.reads(&["ec2:DescribeSecurityGroups"]),
                // It is among the target groups that are listed anyway.
                Item::Lookup(AnyLookup::ExistingTargetGroup(_)) => {}
                Item::Resource(resource) => resource.rights(rights),
            }
        }
    }

    fn steps(&self, rights: &mut Rights) {
        for step in &self.plan.steps {
            let (change, subject) = (&self.plan.changes[step.subject], &self.plan.subjects[step.subject]);
            // What is taken over carries no tag before the first call.
            let own = match change.action {
                Action::Adopt => Object { id: change.id.clone(), owned: false, ..object(subject) },
                _ => object(subject),
            };
            let calls = match (step.kind, &subject.observed) {
                (StepKind::Delete(_), Some(observed)) => observed.delete_calls(),
                (kind, _) => calls(kind),
            };
            call(rights, &calls, &own, &self.parents(subject));
        }
    }

    /// What a resource belongs to; `None` if it stands by itself.
    fn parents(&self, subject: &Subject) -> Vec<Option<Object>> {
        let Some(kind) = object(subject).kind.parent() else { return vec![None] };
        let owned = Object { kind, id: None, owned: true };
        let foreign = |id: Option<String>| Some(Object { kind, id, owned: false });
        let declared = subject.node.and_then(|node| match &self.plan.declared.nodes.get(node)?.item {
            Item::Resource(resource) => Some(resource.parent()),
            Item::Lookup(_) => None,
        });
        match declared.or_else(|| subject.observed.as_ref().map(AnyObserved::parent)) {
            Some(Value::Pending(Attr { node, .. })) => match self.subject_of.get(&node.index) {
                // It carries the tag only once it is taken over.
                Some(parent) if self.plan.changes[*parent].action == Action::Adopt => {
                    vec![Some(owned), foreign(self.plan.changes[*parent].id.clone())]
                }
                Some(_) => vec![Some(owned)],
                None => {
                    let known = self.plan.known.get(node.index).and_then(Option::as_ref);
                    vec![foreign(known.map(|known| known.id().to_owned()))]
                }
            },
            Some(Value::Text(id)) if !self.ids.contains(id.as_str()) => vec![foreign(Some(id))],
            _ => vec![Some(owned)],
        }
    }
}

fn call(rights: &mut Rights, calls: &[Operation], own: &Object, parents: &[Option<Object>]) {
    for parent in parents {
        calls.iter().for_each(|call| rights.call(*call, own, parent.as_ref()));
    }
}

/// The resource itself, as the stack's own.
fn object(subject: &Subject) -> Object {
    let desired = subject.desired.as_ref().map(|desired| desired.traits().kind);
    let kind = desired.or_else(|| subject.observed.as_ref().map(|observed| observed.traits().kind));
    Object { kind: kind.unwrap_or(ResourceType::Part), id: None, owned: true }
}

/// The calls of a step.
fn calls(step: StepKind) -> Vec<Operation> {
    match step {
        // Groups let go of each other in both directions.
        StepKind::Release(Operation::RevokeSecurityGroupIngress) => {
            vec![Operation::RevokeSecurityGroupIngress, Operation::RevokeSecurityGroupEgress]
        }
        StepKind::Create(call)
        | StepKind::Prepare(call)
        | StepKind::Call(call)
        | StepKind::Release(call)
        | StepKind::Delete(call) => vec![call],
        StepKind::Settle | StepKind::Gone => Vec::new(),
    }
}
