//! The engine: observes, plans, and carries plans out.

mod drift;
mod driver;
mod event;
mod outcome;
mod run;
mod status;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

pub use drift::{Drift, DriftKind, Drifted};
pub use event::{Event, Reporter};
pub use outcome::{Failure, Live};
pub use status::{GroupStatus, InstanceStatus, ResourceStatus, Status};

use crate::aws::{self, Aws, Cx, Pace};
use crate::error::{Error, ErrorKind, Result};
use crate::lookup::Found;
use crate::plan::{self, Action, Goal, Plan, ResourceChange};
use crate::stack::Stack;

/// Plans, deploys, checks and destroys stacks in one account and region.
///
/// # Flow
///
/// [`plan`](Self::plan) reads what AWS has and works out what differs;
/// [`apply`](Self::apply) carries that out and waits until it does its work.
/// [`plan_destroy`](Self::plan_destroy) plans that nothing of the stack is left.
///
/// # Guarantees
///
/// AWS itself is the state: what a stack owns carries its tags. A run that ends anywhere, by an
/// error or because the process is gone, is finished by running again. What does not carry the
/// stack's tags is never changed or deleted.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use purlin::{Deployer, Ingress, SecurityGroup, Stack, Vpc, sim::SimAws};
///
/// let sim = SimAws::new();
/// sim.add_vpc("VPC-Lab", "10.0.0.0/16");
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let group = stack.add(
///     "alb",
///     SecurityGroup::builder()
///         .name("Web-ALB-SG")
///         .description("HTTP from anywhere")
///         .vpc(vpc)
///         .ingress(Ingress::http().from_anywhere_ipv4())
///         .build(),
/// );
///
/// let deployer = Deployer::new(sim.aws());
/// let live = deployer.apply(deployer.plan(&stack).await?).await?;
/// assert!(live.get(group).id.as_str().starts_with("sg-"));
/// assert!(deployer.plan(&stack).await?.is_empty());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Deployer {
    aws: Aws,
    pace: Pace,
    reporter: Arc<dyn Reporter>,
}

impl std::fmt::Debug for Deployer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployer").field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl Deployer {
    /// Makes a deployer with at most 10 calls in flight and a deadline of 15 minutes for each
    /// step.
    #[must_use]
    pub fn new(aws: Aws) -> Self {
        Self {
            aws,
            pace: Pace {
                permits: Arc::new(Semaphore::new(10)),
                throttle: Arc::default(),
                deadline: Duration::from_secs(15 * 60),
            },
            reporter: Arc::new(|_: &Event| {}),
        }
    }

    /// Sets who watches what happens.
    #[must_use]
    pub fn with_reporter(mut self, reporter: impl Reporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    /// Sets how many calls may be in flight at once; at least 1. Default: 10.
    #[must_use]
    pub fn with_concurrency(mut self, calls: usize) -> Self {
        self.pace.permits = Arc::new(Semaphore::new(calls.max(1)));
        self
    }

    /// Sets how long one step may take, waits and retries included. Default: 15 minutes.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.pace.deadline = deadline;
        self
    }

    /// Plans what has to be done so that AWS has what the stack declares. Reads only.
    ///
    /// # Errors
    ///
    /// All that is wrong with the stack at once; a lookup without a match or with several;
    /// something in the way that the stack does not own; a refusal by AWS.
    pub async fn plan(&self, stack: &Stack) -> Result<Plan> {
        self.plan_for(stack, Goal::Deploy).await
    }

    /// Plans that nothing of the stack is left: what it declares, and what it declared once and
    /// still owns. Reads only; lookups are not needed and not read.
    ///
    /// # Errors
    ///
    /// A refusal by AWS.
    pub async fn plan_destroy(&self, stack: &Stack) -> Result<Plan> {
        self.plan_for(stack, Goal::Destroy).await
    }

    async fn plan_for(&self, stack: &Stack, goal: Goal) -> Result<Plan> {
        // What is wrong by itself costs no call.
        if goal == Goal::Deploy {
            let problems = plan::all_problems(stack);
            if !problems.is_empty() {
                return Err(Error::invalid(problems));
            }
        }
        let cx = self.cx(stack.name());
        let observation = aws::observe(&cx, stack, goal == Goal::Deploy).await?;
        plan::plan(stack, observation, goal)
    }

    /// Carries a plan out, and waits until everything does its work.
    ///
    /// Before anything is changed, what concerns the plan is read again: what has been done in the
    /// meantime is left out, and what would go beyond the plan ends in a conflict with nothing
    /// changed.
    ///
    /// # Errors
    ///
    /// All failures at once, with what exists. Steps that do not need a failed one are carried out
    /// all the same. Running again goes on where this ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops at the next await point; a call in flight may or may not have
    /// happened. Nothing is lost: the next plan sees what exists.
    pub async fn apply(&self, plan: Plan) -> Result<Live, Failure> {
        let current = self.plan_for(&plan.declared, plan.goal).await.map_err(Failure::before)?;
        if let Some(difference) = current.exceeds(&plan) {
            return Err(Failure::before(
                Error::new(ErrorKind::Conflict, format!("what AWS has changed since the plan was made: {difference}"))
                    .with_hint("nothing was changed; plan again and look at it"),
            ));
        }
        run::run(&self.cx(&plan.stack), current).await
    }

    /// Tells how what AWS has differs from what the stack declares. Reads only.
    ///
    /// # Errors
    ///
    /// As for [`plan`](Self::plan).
    pub async fn drift(&self, stack: &Stack) -> Result<Drift> {
        self.plan(stack).await.map(Drift::new)
    }

    /// Tells what of the stack exists, and how the instances of its groups are. Reads only.
    ///
    /// # Errors
    ///
    /// As for [`plan`](Self::plan).
    pub async fn status(&self, stack: &Stack) -> Result<Status> {
        let plan = self.plan(stack).await?;
        status::status(&self.cx(stack.name()), plan).await
    }

    /// What the lookups of a stack find, by the index of their declaration.
    pub(crate) async fn find(&self, stack: &Stack) -> Result<HashMap<usize, Found>> {
        aws::find(&self.cx(stack.name()), stack).await
    }

    fn cx<'a>(&'a self, stack: &'a str) -> Cx<'a> {
        Cx::new(&self.aws, &self.pace, &*self.reporter, stack)
    }
}

impl Plan {
    /// What this plan would do that an earlier one did not announce.
    fn exceeds(&self, announced: &Self) -> Option<String> {
        // A replacement has two changes of one id: the successor comes, and the old one goes.
        let mut announcements: HashMap<_, Vec<&ResourceChange>> = HashMap::new();
        for change in &announced.changes {
            announcements.entry((&change.address, &change.id)).or_default().push(change);
        }
        self.changes.iter().filter(|change| change.action != Action::Keep).find_map(|change| {
            let earlier = announcements.get(&(&change.address, &change.id)).map(Vec::as_slice).unwrap_or_default();
            let allows = |action: Action| {
                action == change.action || (action == Action::Replace && change.action == Action::Update)
            };
            let Some(earlier) = earlier.iter().find(|earlier| allows(earlier.action)) else {
                return Some(format!("{} would be changed too", change.address));
            };
            let more = change.properties.iter().find(|property| {
                !earlier.properties.iter().any(|known| {
                    known.path == property.path && (known.after == property.after || known.after.is_pending())
                })
            })?;
            Some(format!("{}.{} changed", change.address, more.path))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Users spawn deploys: what runs them can move between threads.
    #[test]
    fn operations_can_be_spawned() {
        fn sendable<T: Send>(_: impl FnOnce(&'static Deployer, &'static Stack, Plan) -> T) {}
        sendable(|deployer, _, plan| deployer.apply(plan));
        sendable(|deployer, stack, _| deployer.plan(stack));
        sendable(|deployer, stack, _| deployer.plan_destroy(stack));
        sendable(|deployer, stack, _| deployer.drift(stack));
        sendable(|deployer, stack, _| deployer.status(stack));
    }
}
