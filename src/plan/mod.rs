//! Plans: what has to be done so that AWS has what a stack declares.
//!
//! Planning is pure: what is declared and what was observed go in, changes and steps come out;
//! there is no I/O, no clock and no SDK here.

mod advisory;
mod build;
mod check;
mod critical;
mod diff;
mod document;
mod handover;
mod interruption;
mod launches;
mod placement;
mod places;
mod render;
mod scaling;
mod steps;
mod successor;
#[cfg(test)]
mod tests;
mod tied;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Serialize;

pub use advisory::Advisory;
pub(crate) use build::{all_problems, creation_any, plan};
pub(crate) use diff::differences;
pub use diff::{Effect, PropertyChange};
pub use interruption::Interruption;
pub(crate) use render::{Shown, short};
pub use steps::{Step, StepKind};

use crate::error::Result;
use crate::lookup::Found;
use crate::resource::{AnyObserved, AnyOutputs, AnyResource};
use crate::stack::{Address, Stack};

/// What AWS has, as far as it concerns a stack.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observation {
    /// What the lookups found, by the index of their declaration.
    pub(crate) found: HashMap<usize, Found>,
    /// What the stack owns, and what others own under the names that it declares.
    pub(crate) resources: Vec<AnyObserved>,
}

/// Whether a plan brings a stack about or takes it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Goal {
    /// What is declared exists, and nothing else of the stack.
    Deploy,
    /// Nothing of the stack exists.
    Destroy,
}

/// What has to be done so that AWS has what a stack declares.
///
/// [`Deployer::plan`](crate::Deployer::plan) makes one by looking at what AWS has,
/// [`Plan::preview`] without looking. Show it with `Display`, or write it as JSON with
/// [`Plan::to_json`]. [`Deployer::apply`](crate::Deployer::apply) carries it out.
///
/// ```
/// use purlin::{Ingress, Plan, SecurityGroup, Stack, StepKind, VpcId};
///
/// let mut stack = Stack::new("web");
/// stack.add(
///     "alb",
///     SecurityGroup::builder()
///         .name("Web-ALB-SG")
///         .description("HTTP from anywhere")
///         .vpc("vpc-0123456789abcdef0".parse::<VpcId>()?)
///         .ingress(Ingress::http().from_anywhere_ipv4())
///         .build(),
/// );
/// let plan = Plan::preview(&stack)?;
/// assert_eq!(plan.summary().create, 1);
/// assert_eq!(plan.steps().len(), 2, "CreateSecurityGroup, AuthorizeSecurityGroupIngress");
/// assert!(matches!(plan.steps()[1].kind, StepKind::Call(_)));
/// assert!(plan.to_string().contains("+ SecurityGroup.alb create"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a plan does nothing until it is applied"]
pub struct Plan {
    pub(crate) stack: String,
    pub(crate) stack_id: u64,
    /// What was declared when the plan was made.
    pub(crate) declared: Arc<Stack>,
    pub(crate) goal: Goal,
    pub(crate) changes: Vec<ResourceChange>,
    pub(crate) steps: Vec<Step>,
    pub(crate) advisories: Vec<Advisory>,
    pub(crate) interruptions: Vec<Interruption>,
    /// Whether somebody has said yes to the interruptions.
    pub(crate) approved: bool,
    /// What each change is about, in the same order.
    pub(crate) subjects: Vec<Subject>,
    /// What is known of each declaration before anything is done, by its index in the stack.
    pub(crate) known: Vec<Option<AnyOutputs>>,
    pub(crate) addresses: Vec<Address>,
}

/// A resource with both its sides.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) address: Address,
    /// The declaration, by its index in the stack.
    pub(crate) node: Option<usize>,
    /// The declarations that this one refers to, by their indices, whether their outputs are known
    /// or not.
    pub(crate) refers: BTreeSet<usize>,
    /// Whether it has to go before its successor can come: they cannot exist side by side.
    pub(crate) makes_room: bool,
    pub(crate) desired: Option<AnyResource>,
    pub(crate) observed: Option<AnyObserved>,
}

/// What happens to one resource.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ResourceChange {
    /// The address in the stack.
    pub address: Address,
    /// What happens.
    pub action: Action,
    /// The id or ARN that AWS has for it, where it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The address that it had before, where that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<Address>,
    /// The properties that are set or changed.
    pub properties: Vec<PropertyChange>,
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// It stays as it is.
    Keep,
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is taken over from outside, and changed where it differs.
    Adopt,
    /// A successor takes its place; the old one goes afterwards.
    Replace,
    /// It goes: it is owned and no longer declared, or the stack is destroyed.
    Delete,
    /// It goes because its successor has taken its place.
    DeleteReplaced,
    /// It goes because what it belongs to goes.
    DeleteWithParent,
    /// It stays as it is, and is no longer the stack's.
    Release,
}

impl Action {
    /// Tells whether the resource goes.
    pub fn is_delete(self) -> bool {
        matches!(self, Self::Delete | Self::DeleteReplaced | Self::DeleteWithParent)
    }
}

/// How many resources a plan creates, changes and so on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Summary {
    /// Resources that are made.
    pub create: usize,
    /// Resources that are changed in place, adopted ones included.
    pub update: usize,
    /// Resources that are replaced.
    pub replace: usize,
    /// Resources that go.
    pub delete: usize,
    /// Resources that are let go.
    pub release: usize,
    /// Resources that stay as they are.
    pub keep: usize,
}

impl Plan {
    /// Plans a stack for an account that has nothing of it yet: without an account, without
    /// credentials, without a call. For reviews and for tests of what a program declares.
    ///
    /// What lookups would find is shown as known after deploy. Applying a preview is refused as a
    /// conflict if the account turns out to have something of the stack that is not as declared.
    ///
    /// # Errors
    ///
    /// All that is wrong with the stack at once.
    pub fn preview(stack: &Stack) -> Result<Self> {
        plan(stack, Observation::default(), Goal::Deploy)
    }

    /// Returns the name of the stack.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// Returns whether the plan deploys or destroys.
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// Returns what happens to each resource, in the order of declaration; what goes comes last.
    pub fn changes(&self) -> &[ResourceChange] {
        &self.changes
    }

    /// Returns the steps; each names the earlier steps that it needs.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns what is legal and probably unwise.
    pub fn advisories(&self) -> &[Advisory] {
        &self.advisories
    }

    /// Returns what cannot be done without anybody noticing: each with why, and whether the stack has
    /// accepted it.
    pub fn interruptions(&self) -> &[Interruption] {
        &self.interruptions
    }

    /// Tells whether applying needs an explicit yes that has not been given.
    pub fn needs_approval(&self) -> bool {
        !self.approved && self.interruptions.iter().any(|interruption| !interruption.accepted)
    }

    /// Says yes to all [`interruptions`](Self::interruptions) of this plan, and to no others: if there
    /// are more of them, or more instances would go, when the plan is applied, that ends in a conflict
    /// with nothing changed.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use purlin::{AutoScalingGroup, Deployer, Image, LaunchTemplate, Stack, Subnets, Vpc, sim::SimAws};
    /// # let sim = SimAws::new();
    /// # let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// # sim.add_subnet(&vpc, "Private A", "ap-northeast-2a", "10.0.2.0/24");
    /// # sim.add_image("Web Server v1");
    /// # let sized = |sizes: std::ops::RangeInclusive<u32>| {
    /// #     let mut stack = Stack::new("web");
    /// #     let private = stack.add("private", Subnets::named(["Private A"]));
    /// #     let image = stack.add("web", Image::named("Web Server v1"));
    /// #     let template = LaunchTemplate::builder().name("Web").image(image).instance_type("t3.micro");
    /// #     let template = stack.add("web", template.build());
    /// #     let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(private);
    /// #     stack.add("web", group.sizes(sizes).build());
    /// #     stack
    /// # };
    /// # let (three, one) = (sized(3..=4), sized(1..=1));
    /// # let deployer = Deployer::new(sim.aws());
    /// deployer.apply(deployer.plan(&three).await?).await?;
    ///
    /// let plan = deployer.plan(&one).await?;
    /// assert_eq!(plan.interruptions()[0].id, "scale-in");
    /// assert_eq!(plan.interruptions()[0].instances, Some(2));
    /// let refused = deployer.apply(plan.clone()).await.expect_err("nobody has said yes");
    /// assert!(refused.errors()[0].needs_approval());
    ///
    /// println!("{plan}");
    /// deployer.apply(plan.approve()).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn approve(mut self) -> Self {
        self.approved = true;
        self
    }

    /// Tells whether applying the plan changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| change.action == Action::Keep)
    }

    /// Returns what happens to one address.
    pub fn change(&self, address: &str) -> Option<&ResourceChange> {
        self.changes.iter().find(|change| change.address.as_str() == address)
    }

    /// Counts what happens.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for change in &self.changes {
            match change.action {
                Action::Keep => summary.keep += 1,
                Action::Create => summary.create += 1,
                Action::Update | Action::Adopt => summary.update += 1,
                Action::Replace => summary.replace += 1,
                Action::Release => summary.release += 1,
                // The old one of a replacement is counted there.
                action if action.is_delete() => {
                    let replaced = |other: &ResourceChange| other.action == Action::Replace && other.id == change.id;
                    summary.delete += usize::from(!self.changes.iter().any(replaced));
                }
                _ => {}
            }
        }
        summary
    }
}
