//! Permissions: the IAM policy that a stack needs, from its plan.

mod document;
mod needs;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::plan::Plan;
use crate::resource::Right;

use needs::{EXPLANATIONS, Needs};

/// How many characters a managed policy may have.
const MANAGED_AT_MOST: usize = 6144;

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
        let needs = Needs::of(self);
        IamPolicy {
            stack: self.stack.clone(),
            rights: needs.rights(),
            updates: needs.updates(),
            with_updates: false,
            with_explanations: false,
            linked_roles: needs.linked_roles(),
            with_linked_roles: false,
            balancers: needs.balancers(),
            partition: "aws".to_owned(),
            region: "*".to_owned(),
            account: "*".to_owned(),
            roles: Vec::new(),
        }
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

    /// Allows to pass these roles to EC2, by their ARNs, and no others. An instance profile does not say
    /// which role it has: without this, all can be passed where a launch template has a profile.
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
        self.rights.iter().chain(updates).chain(EXPLANATIONS.iter().filter(|_| self.with_explanations))
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
