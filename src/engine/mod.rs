//! The engine: observes, plans, and carries plans out.

mod drift;
mod driver;
mod event;
mod interrupt;
mod json_lines;
mod lines;
mod others;
mod outcome;
mod run;
mod status;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::Instrument;

pub use drift::{Drift, DriftKind, Drifted};
pub use event::{Event, Reporter};
pub use interrupt::Interrupt;
pub use json_lines::JsonLines;
pub use lines::Lines;
#[cfg(feature = "progress")]
pub(crate) use lines::{line, plural, retry};
pub use outcome::{Failure, Live};
pub use status::{GroupStatus, InstanceStatus, ResourceStatus, Status};

use crate::aws::{self, Aws, Cx, Pace};
use crate::error::{Error, ErrorKind, Result};
use crate::lookup::Found;
use crate::plan::{self, Goal, Plan};
use crate::stack::Stack;
use crate::telemetry;

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
    confirms: bool,
}

impl std::fmt::Debug for Deployer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deployer").field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl Deployer {
    /// Makes a deployer with at most 10 calls in flight and a deadline of one hour for each
    /// operation.
    #[must_use]
    pub fn new(aws: Aws) -> Self {
        Self {
            aws,
            pace: Pace {
                permits: Arc::new(Semaphore::new(10)),
                throttle: Arc::default(),
                deadline: Duration::from_secs(60 * 60),
                interrupt: Interrupt::new(),
            },
            reporter: Arc::new(|_: &Event| {}),
            confirms: true,
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

    /// Sets how long one operation may take as a whole: a plan with all its reads, an apply with all
    /// its calls, waits and retries. When the time is over nothing else begins, and what exists is
    /// told. Default: one hour.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.pace.deadline = deadline;
        self
    }

    /// Sets the handle by which operations are told to end before they are done.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: &Interrupt) -> Self {
        self.pace.interrupt = interrupt.clone();
        self
    }

    /// Sets whether an apply ends with a look at what came of it: it waits until AWS shows what was
    /// made, and tells of what others changed at the same time. Without it an apply ends some reads
    /// earlier; a plan made at once afterwards may take what does not show yet for missing. Canned
    /// answers, which show nothing of what was made, need it to be off. Default: on.
    #[must_use]
    pub fn with_confirmation(mut self, confirms: bool) -> Self {
        self.confirms = confirms;
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
        self.look(&self.cx(stack.name()), stack, goal).await
    }

    /// Reads what AWS has, and plans.
    async fn look(&self, cx: &Cx<'_>, stack: &Stack, goal: Goal) -> Result<Plan> {
        let looked = self.look_at(cx, stack, goal).instrument(telemetry::plan(stack.name(), goal)).await;
        looked.inspect(telemetry::planned)
    }

    async fn look_at(&self, cx: &Cx<'_>, stack: &Stack, goal: Goal) -> Result<Plan> {
        // What is wrong by itself costs no call.
        if goal == Goal::Deploy {
            let problems = plan::all_problems(stack);
            if !problems.is_empty() {
                return Err(Error::invalid(problems));
            }
        }
        let observation = tokio::select! {
            biased;
            () = self.pace.interrupt.aborted() => return Err(Interrupt::error("nothing was changed")),
            observation = others::observe(cx, stack, goal == Goal::Deploy) => observation?,
        };
        plan::plan(stack, observation, goal)
    }

    /// Carries a plan out, and waits until everything does its work.
    ///
    /// Before anything is changed, what concerns the plan is read again: what has been done in the
    /// meantime is left out, and what would go beyond the plan ends in a conflict with nothing
    /// changed. Once all is done, it is read again: where somebody else has changed the same things at
    /// the same time, so that AWS does not have what is declared, that is a conflict, too. A plan that
    /// changes nothing is not read again.
    ///
    /// # Errors
    ///
    /// A plan that interrupts something, while nobody has said yes to that ([`Plan::approve`]).
    ///
    /// All failures at once, with what exists. Steps that do not need a failed one are carried out
    /// all the same. Running again goes on where this ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops at the next await point; a call in flight may or may not have
    /// happened. Nothing is lost: the next plan sees what exists. To end early and be told what
    /// exists, use [`with_interrupt`](Self::with_interrupt).
    pub async fn apply(&self, plan: Plan) -> Result<Live, Failure> {
        let span = telemetry::apply(&plan.stack, plan.goal);
        self.carry_out(plan).instrument(span).await
    }

    async fn carry_out(&self, plan: Plan) -> Result<Live, Failure> {
        if plan.needs_approval() {
            return Err(Failure::before(unapproved(&plan)));
        }
        let cx = self.cx(&plan.stack);
        let current = self.look(&cx, &plan.declared, plan.goal).await.map_err(Failure::before)?;
        if let Some(difference) = current.exceeds(&plan) {
            return Err(Failure::before(
                Error::new(ErrorKind::Conflict, format!("what AWS has changed since the plan was made: {difference}"))
                    .with_hint("nothing was changed; plan again and look at it"),
            ));
        }
        let changes = current.steps.iter().any(|step| step.kind.is_mutation());
        let (known, found) = (current.ids(), current.lookups());
        let began = Instant::now();
        let live = match run::run(&cx, current).await {
            Ok(live) => live,
            Err(failure) => return Err(self.explain(&cx, &plan.declared, known, failure).await),
        };
        let confirmed = if changes && self.confirms {
            self.confirm(&cx, &plan.declared, plan.goal, found, &live).await
        } else {
            Ok(())
        };
        let failed = usize::from(confirmed.is_err());
        cx.report(&Event::Finished { stack: plan.stack.clone(), elapsed: began.elapsed(), failed, skipped: 0 });
        match confirmed {
            Ok(()) => Ok(live),
            Err(error) => Err(Failure::new(vec![error], Vec::new(), Vec::new(), live)),
        }
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
        Cx::new(&self.aws, &self.pace, &self.reporter, stack)
    }
}

fn unapproved(plan: &Plan) -> Error {
    let open = plan.interruptions.iter().filter(|interruption| !interruption.accepted);
    let lines: Vec<_> = open.map(|interruption| format!("\n  {interruption}")).collect();
    Error::new(ErrorKind::NeedsApproval, format!("the plan interrupts what runs:{}", lines.concat())).with_hint(
        "nothing was changed; if that is wanted, apply `plan.approve()`, or accept it by its id with `Stack::accept`",
    )
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
