//! Permissions: the IAM policy that a stack needs, from its plan.

mod document;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::lookup::AnyLookup;
use crate::plan::{Action, Goal, Plan, StepKind, Subject, creation_any};
use crate::resource::{
    AnyObserved, AnyResource, LoadBalancerKind, Object, Operation, ResourceType, Right, Rights, found_by,
};
use crate::stack::Item;
use crate::value::Value as Known;

/// The least that IAM has to allow to plan, deploy and destroy the stack of a plan.
///
/// It allows what the plan does, what making everything that the stack declares takes, and what destroying it
/// takes; [`with_updates`](Self::with_updates) adds what later changes in place may take. Where an action
/// knows such conditions, it is allowed only on what carries the tag `purlin:stack` of this stack, or gets
/// it with the same request. Reads of the three services know none. A role with this policy can change
/// nothing that belongs to others.
///
/// What AWS asks of the caller beside the calls themselves is in it, too: `ec2:CreateTags` and
/// `elasticloadbalancing:AddTags` for the tags of what is created, and `ec2:RunInstances` and
/// `iam:PassRole` for the launch templates of Auto Scaling groups.
///
/// A security group rule that turns out to be there already, with nobody's tags, is taken for the declared
/// one only by a role that may tag any rule: that is not in it.
///
/// The ARNs have `*` for the partition's regions and accounts until [`in_region`](Self::in_region) and
/// [`in_account`](Self::in_account) say which.
///
/// ```
/// use purlin::{Ingress, Plan, SecurityGroup, Stack, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
/// stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
///
/// let policy = Plan::preview(&stack)?.iam_policy().in_region("ap-northeast-2").in_account("123456789012");
/// assert!(policy.actions().contains("ec2:AuthorizeSecurityGroupIngress"));
/// assert!(!policy.actions().contains("ec2:RunInstances"));
/// println!("{policy}");
/// # Ok::<(), purlin::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct IamPolicy {
    stack: String,
    rights: BTreeSet<Right>,
    updates: BTreeSet<Right>,
    with_updates: bool,
    explanations: BTreeSet<Right>,
    with_explanations: bool,
    /// The services that may make their roles.
    linked_roles: BTreeSet<&'static str>,
    with_linked_roles: bool,
    /// The types of load balancers, as ARNs have them.
    balancers: BTreeSet<&'static str>,
    partition: String,
    region: String,
    account: String,
    /// The roles that may be passed; none where nobody has said which.
    roles: Vec<String>,
}

impl Plan {
    /// Works out the least that IAM has to allow to plan, deploy and destroy the stack.
    ///
    /// From a [`preview`](Plan::preview), too: without an account. What the plan of an existing stack
    /// takes over, replaces or deletes beside that is in it.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::{Deployer, Plan, SecurityGroup, Stack, Vpc, sim::SimAws};
    ///
    /// let sim = SimAws::new();
    /// sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// let mut stack = Stack::new("web");
    /// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// stack.add("web", SecurityGroup::builder().name("Web-SG").description("Web").vpc(vpc).build());
    ///
    /// let policy = Plan::preview(&stack)?.iam_policy();
    /// let deployer = Deployer::new(sim.restricted_to(&policy.to_json())?.aws());
    /// deployer.apply(deployer.plan(&stack).await?).await?;
    /// deployer.apply(deployer.plan_destroy(&stack).await?).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn iam_policy(&self) -> IamPolicy {
        let mut rights = Rights::default();
        let mut updates = Rights::default();
        rights.reads(&found_by().collect::<Vec<_>>());
        let mut declared = Rights::default();
        self.declarations(&mut declared);
        match self.goal {
            Goal::Deploy => rights = rights.and(declared),
            // Another run may make what is declared in the meantime.
            Goal::Destroy => rights.read_as(declared),
        }
        for (change, subject) in self.changes.iter().zip(&self.subjects) {
            let mut reads = Rights::default();
            subject.observed.iter().for_each(|observed| observed.rights(&mut reads));
            rights.read_as(reads);
            let Some(desired) = subject.desired.as_ref().filter(|_| change.action != Action::Release) else { continue };
            let (own, parents) = (object(subject), self.parents(subject));
            let calls = creation_any(desired).into_iter().filter_map(|property| property.operation());
            for call in calls.chain([desired.traits().create]) {
                parents.iter().for_each(|parent| rights.call(call, &own, parent.as_ref()));
            }
            // Deleting what it belongs to deletes it, too, unless that is somebody else's.
            let foreign = parents.iter().flatten().any(|parent| !parent.owned);
            if !desired.traits().goes_with_parent || foreign {
                for call in desired.delete_calls() {
                    parents.iter().for_each(|parent| rights.call(call, &own, parent.as_ref()));
                }
            }
            for call in desired.update_calls() {
                parents.iter().for_each(|parent| updates.call(call, &own, parent.as_ref()));
            }
            // A successor waits for as many healthy targets as the old one has.
            if change.action == Action::Replace && own.kind == ResourceType::TargetGroup {
                rights.reads(&["elasticloadbalancing:DescribeTargetHealth"]);
            }
        }
        for step in &self.steps {
            let (change, subject) = (&self.changes[step.subject], &self.subjects[step.subject]);
            // What is taken over carries no tag before the first call.
            let own = match change.action {
                Action::Adopt => Object { id: change.id.clone(), owned: false, ..object(subject) },
                _ => object(subject),
            };
            let calls = match (step.kind, &subject.observed) {
                (StepKind::Delete(_), Some(observed)) => observed.delete_calls(),
                (kind, _) => calls(kind),
            };
            for parent in self.parents(subject) {
                calls.iter().for_each(|call| rights.call(*call, &own, parent.as_ref()));
            }
        }
        let mut explanations = Rights::default();
        explanations.reads(EXPLANATIONS);
        IamPolicy {
            stack: self.stack.clone(),
            rights: rights.into_set(),
            updates: updates.into_set(),
            with_updates: false,
            explanations: explanations.into_set(),
            with_explanations: false,
            linked_roles: self.linked_roles(),
            with_linked_roles: false,
            balancers: self.balancers(),
            partition: "aws".to_owned(),
            region: "*".to_owned(),
            account: "*".to_owned(),
            roles: Vec::new(),
        }
    }

    /// What declarations need by themselves.
    fn declarations(&self, rights: &mut Rights) {
        let facing = self.declared.facing_the_internet();
        for (index, node) in self.declared.nodes.iter().enumerate() {
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

    /// What a resource belongs to; `None` if it stands by itself.
    fn parents(&self, subject: &Subject) -> Vec<Option<Object>> {
        let Some(kind) = object(subject).kind.parent() else { return vec![None] };
        let owned = Object { kind, id: None, owned: true };
        let foreign = |id: Option<String>| Object { kind, id, owned: false };
        let declared = subject.node.and_then(|node| match &self.declared.nodes.get(node)?.item {
            Item::Resource(resource) => Some(resource.parent()),
            Item::Lookup(_) => None,
        });
        let parent = declared.or_else(|| subject.observed.as_ref().map(AnyObserved::parent));
        let found = match parent {
            Some(Known::Pending(attr)) => {
                let declares = self.subjects.iter().position(|other| other.node == Some(attr.node.index));
                match declares {
                    // It carries the tag only once it is taken over.
                    Some(other) if self.changes[other].action == Action::Adopt => {
                        vec![owned, foreign(self.changes[other].id.clone())]
                    }
                    Some(_) => vec![owned],
                    None => {
                        let known = self.known.get(attr.node.index).and_then(Option::as_ref);
                        vec![foreign(known.map(|known| known.id().to_owned()))]
                    }
                }
            }
            Some(Known::Text(id)) if self.changes.iter().any(|change| change.id.as_ref() == Some(&id)) => vec![owned],
            Some(Known::Text(id)) => vec![foreign(Some(id))],
            _ => vec![owned],
        };
        found.into_iter().map(Some).collect()
    }

    /// The types of the load balancers that it is about, as ARNs have them.
    fn balancers(&self) -> BTreeSet<&'static str> {
        let sides = self.subjects.iter().flat_map(|subject| {
            let desired = subject.desired.as_ref().and_then(|desired| match desired {
                AnyResource::LoadBalancer(balancer) => Some(balancer.kind),
                _ => None,
            });
            let observed = subject.observed.as_ref().and_then(|observed| match observed {
                AnyObserved::LoadBalancer(balancer) => Some(balancer.spec.kind),
                _ => None,
            });
            desired.into_iter().chain(observed)
        });
        sides.map(LoadBalancerKind::in_arns).collect()
    }

    /// The services whose roles AWS makes when they are first used in an account.
    fn linked_roles(&self) -> BTreeSet<&'static str> {
        let kinds = self.subjects.iter().map(|subject| object(subject).kind);
        let services = kinds.filter_map(|kind| match kind {
            ResourceType::LoadBalancer | ResourceType::AutoScalingGroup => Some(kind.service()),
            _ => None,
        });
        services.collect()
    }
}

/// How many characters a managed policy may have.
const MANAGED_AT_MOST: usize = 6144;

/// What is read where AWS does not let go of something.
const EXPLANATIONS: &[&str] = &[
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
];

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

impl IamPolicy {
    /// Allows, too, what later changes in place of what the stack declares may take: a policy for a role
    /// that deploys the stack again and again. A plan that takes over what others made, or deletes what
    /// an earlier version of the stack declared, may need more; its own policy has that.
    pub fn with_updates(mut self) -> Self {
        self.with_updates = true;
        self
    }

    /// Allows, too, the reads by which a refusal to delete something is explained: what holds it, and whose
    /// that is. Without them the error says that this could not be read.
    pub fn with_explanations(mut self) -> Self {
        self.with_explanations = true;
        self
    }

    /// Allows, too, to make the service-linked roles of Elastic Load Balancing and Auto Scaling: needed
    /// once, where an account has never used them before.
    pub fn with_service_linked_roles(mut self) -> Self {
        self.with_linked_roles = true;
        self
    }

    /// Allows to pass these roles, by their ARNs, and no others. An instance profile does not say which
    /// role it has; without this, all roles can be passed to EC2 where a launch template has a profile.
    pub fn passing_roles<A: Into<String>>(mut self, arns: impl IntoIterator<Item = A>) -> Self {
        self.roles = arns.into_iter().map(Into::into).collect();
        self
    }

    /// Writes the region into ARNs. Default: any.
    pub fn in_region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Writes the number of the account into ARNs. Default: any.
    pub fn in_account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// Writes the partition into ARNs, such as `aws-cn` or `aws-us-gov`. Default `aws`.
    pub fn in_partition(mut self, partition: impl Into<String>) -> Self {
        self.partition = partition.into();
        self
    }

    /// Returns the actions that the policy allows.
    #[must_use]
    pub fn actions(&self) -> BTreeSet<&str> {
        let linked = self.with_linked_roles && !self.linked_roles.is_empty();
        let linked = linked.then_some("iam:CreateServiceLinkedRole");
        self.rights().map(|right| right.action.as_str()).chain(linked).collect()
    }

    /// Returns the policy as JSON, indented. A managed policy may have 6,144 characters without white space,
    /// and the inline policies of a role 10,240 together;
    /// [`to_managed_policies`](Self::to_managed_policies) has it in parts.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}", document::of(self.statements()))
    }

    /// Returns the same as JSON without white space, in as many parts as it takes for each to fit a managed
    /// policy (IAM User Guide, "IAM and AWS STS quotas"). A role can have ten of them.
    ///
    /// ```
    /// use purlin::{Plan, Stack};
    ///
    /// let policies = Plan::preview(&Stack::new("web"))?.iam_policy().to_managed_policies();
    /// assert_eq!(policies.len(), 1);
    /// assert!(policies[0].len() <= 6144);
    /// # Ok::<(), purlin::Error>(())
    /// ```
    #[must_use]
    pub fn to_managed_policies(&self) -> Vec<String> {
        let mut parts: Vec<Vec<Value>> = Vec::new();
        for statement in self.statements() {
            match parts.last_mut() {
                Some(part) => {
                    part.push(statement);
                    if document::of(part.clone()).to_string().len() > MANAGED_AT_MOST
                        && let Some(statement) = part.pop()
                    {
                        parts.push(vec![statement]);
                    }
                }
                None => parts.push(vec![statement]),
            }
        }
        parts.into_iter().map(|part| document::of(part).to_string()).collect()
    }

    fn rights(&self) -> impl Iterator<Item = &Right> {
        let updates = self.updates.iter().filter(|_| self.with_updates);
        self.rights.iter().chain(updates).chain(self.explanations.iter().filter(|_| self.with_explanations))
    }
}

impl fmt::Display for IamPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl Serialize for IamPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        document::of(self.statements()).serialize(serializer)
    }
}
