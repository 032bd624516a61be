//! Carrying out a plan: one step after another, as far as they need each other.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::aws::{Cx, Operate, Progress, Watch};
use crate::error::{Error, ErrorKind, Result};
use crate::input::Attr;
use crate::plan::{Plan, Step, StepKind, Subject};
use crate::resource::{
    AnyObserved, AnyOutputs, AnyResource, FromObserved, Observed, Operation, with_observed, with_resource,
};
use crate::stack::{Address, Declare};

use super::driver::{Ended, drive};
use super::{Event, Failure, Live};

/// Carries out a plan.
pub(super) async fn run(cx: &Cx<'_>, plan: Plan) -> Result<Live, Failure> {
    let began = Instant::now();
    cx.reporter.report(&Event::Started { steps: plan.steps.len() });
    let run = Run { cx, plan: &plan, outputs: Mutex::new(plan.known.clone()), failed: Mutex::default() };
    let after: Vec<_> = plan.steps.iter().map(|step| step.after.clone()).collect();
    let skipped = |step: usize| {
        let step = &plan.steps[step];
        cx.reporter.report(&Event::StepSkipped { address: step.address.clone(), step: step.kind });
    };
    let ended =
        drive(&after, |step| plan.steps[step].typical_duration().as_secs(), |step| run.step(step), skipped).await;

    let outputs = run.outputs.into_inner().unwrap_or_else(PoisonError::into_inner);
    let live = Live { stack_id: plan.stack_id, outputs, addresses: plan.addresses.clone() };
    let (mut errors, mut skipped) = (Vec::new(), Vec::new());
    for (step, ended) in plan.steps.iter().zip(ended) {
        match ended {
            Ended::Done => {}
            Ended::Failed(Stopped::Failed(error)) => errors.push(error),
            Ended::Failed(Stopped::Hopeless) | Ended::Skipped => skipped.push(step),
        }
    }
    cx.reporter.report(&Event::Finished { elapsed: began.elapsed(), failed: errors.len(), skipped: skipped.len() });
    if errors.is_empty() {
        return Ok(live);
    }
    // A resource that was made and not waited for was begun; one that failed is told as such.
    let mut told: HashSet<&Address> = errors.iter().filter_map(Error::address).collect();
    let not_begun = skipped.iter().filter(|step| step.kind.is_mutation()).map(|step| &step.address);
    let not_begun = not_begun.filter(|address| told.insert(address)).cloned().collect();
    Err(Failure::new(errors, not_begun, live))
}

struct Run<'a> {
    cx: &'a Cx<'a>,
    plan: &'a Plan,
    /// What is known of each declaration by now.
    outputs: Mutex<Vec<Option<AnyOutputs>>>,
    /// The steps that failed.
    failed: Mutex<HashSet<usize>>,
}

/// Why a step was not finished.
enum Stopped {
    Failed(Error),
    /// What would have had to succeed beside it has failed.
    Hopeless,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Run<'_> {
    /// Boxed, here and below: so the compiler sees that what runs a deploy can move between threads.
    fn step(&self, index: usize) -> BoxFuture<'_, Result<(), Stopped>> {
        self.watched(index).boxed()
    }

    async fn watched(&self, index: usize) -> Result<(), Stopped> {
        let began = Instant::now();
        let step = &self.plan.steps[index];
        let (address, kind) = (&step.address, step.kind);
        self.cx.reporter.report(&Event::StepStarted { address: address.clone(), step: kind });
        let cx = self.cx.at(address);
        let result = match self.carry_out(&cx, step).boxed().await {
            Err(Stopped::Failed(error)) => {
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(index);
                Err(Stopped::Failed(error.at(address)))
            }
            other => other,
        };
        let event = match &result {
            Ok(()) => Event::StepFinished { address: address.clone(), step: kind, elapsed: began.elapsed() },
            Err(Stopped::Failed(error)) => {
                Event::StepFailed { address: address.clone(), step: kind, error: error.to_string() }
            }
            Err(Stopped::Hopeless) => Event::StepSkipped { address: address.clone(), step: kind },
        };
        tracing::debug!(target: "purlin::step", %address, ?kind, ok = result.is_ok(), elapsed = ?began.elapsed());
        self.cx.reporter.report(&event);
        result
    }

    async fn carry_out(&self, cx: &Cx<'_>, step: &Step) -> Result<(), Stopped> {
        let subject = &self.plan.subjects[step.subject];
        match step.kind {
            StepKind::Create(_) => {
                let (node, desired) = self.desired(subject)?;
                let outputs =
                    with_resource!(&desired, resource => create(cx, &**resource, &subject.address).await?.into());
                self.put(node, outputs);
                Ok(())
            }
            StepKind::Call(operation) => {
                let (node, desired) = self.desired(subject)?;
                let present = self.get(node)?;
                if let Some(changed) = change(cx, operation, &desired, &present, subject.observed.as_ref()).await? {
                    self.put(node, changed);
                }
                Ok(())
            }
            StepKind::Settle => {
                let (node, desired) = self.desired(subject)?;
                let outputs = self.get(node)?;
                let own = self.plan.steps.iter().filter(|other| other.subject == step.subject);
                let calls = own.filter_map(|other| match other.kind {
                    StepKind::Call(operation) => Some(operation),
                    _ => None,
                });
                let watch = Watch::begin(subject.observed.is_some(), calls.collect());
                self.wait(cx, step, Wait::Settled { desired, outputs: Box::new(outputs), watch }).await
            }
            StepKind::Delete(_) => {
                let observed = subject.observed.as_ref().ok_or_else(unknown)?;
                Ok(with_observed!(observed, observed => Operate::delete(cx, observed).await)?)
            }
            StepKind::Gone => {
                let observed = subject.observed.as_ref().ok_or_else(unknown)?;
                self.wait(cx, step, Wait::Gone(observed)).await
            }
        }
    }

    /// Looks again and again until it is so, ever less often: the pause is a small part of the time
    /// that has passed, so that little is lost when it is over.
    async fn wait(&self, cx: &Cx<'_>, step: &Step, mut wait: Wait<'_>) -> Result<(), Stopped> {
        let began = Instant::now();
        loop {
            if self.is_hopeless(step) {
                return Err(Stopped::Hopeless);
            }
            let missing = match wait.look(cx).await? {
                Progress::Done => return Ok(()),
                Progress::Failed(error) => return Err(error.into()),
                Progress::Waiting(missing) => missing,
            };
            let elapsed = began.elapsed();
            if Instant::now() >= cx.deadline {
                let what = wait.what();
                let text = format!("waited {} s until {what}, in vain: {missing}", elapsed.as_secs());
                let hint = "what was made stays; look at what is missing, then run again, \
                            with a longer deadline if it is on its way";
                return Err(Error::new(ErrorKind::Deadline, text).with_hint(hint).into());
            }
            cx.reporter.report(&Event::Waiting { address: step.address.clone(), what: missing, elapsed });
            let pause = elapsed.mul_f64(POLL_SHARE).clamp(Duration::from_secs(1), Duration::from_secs(15));
            tokio::time::sleep_until((Instant::now() + pause).min(cx.deadline)).await;
        }
    }

    /// Whether a wait can no longer end well.
    fn is_hopeless(&self, step: &Step) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        step.hopes_for.iter().any(|other| failed.contains(other))
    }

    /// The declaration with everything put in that is known by now.
    fn desired(&self, subject: &Subject) -> Result<(usize, AnyResource)> {
        let (Some(node), Some(desired)) = (subject.node, &subject.desired) else { return Err(unknown()) };
        let mut desired = desired.clone();
        let outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        desired.resolve(&|attr: Attr| Some(outputs.get(attr.node.index)?.as_ref()?.output(attr.name)));
        Ok((node, desired))
    }

    fn get(&self, node: usize) -> Result<AnyOutputs> {
        let outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.get(node).cloned().flatten().ok_or_else(unknown)
    }

    fn put(&self, node: usize, outputs: AnyOutputs) {
        let mut all = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = all.get_mut(node) {
            *place = Some(outputs);
        }
    }
}

fn unknown() -> Error {
    Error::internal("a step ran before what it needs was known")
}

/// Creates, and recognizes what an earlier, unanswered try of the same call has made.
async fn create<R: Operate>(cx: &Cx<'_>, desired: &R, address: &Address) -> Result<R::Outputs> {
    let error = match desired.create(cx).await {
        Err(error) if error.is_conflict() => error,
        other => return other,
    };
    match desired.find(cx).await? {
        Some(found) if is_ours(&found, cx.stack, address) => Ok(found.outputs),
        Some(found) => {
            let id = R::id(&found.outputs).to_owned();
            let whose = match &found.owner {
                Some(owner) => format!("the stack {:?} owns it as {}", owner.stack, owner.address),
                None => "no stack owns it".to_owned(),
            };
            Err(error
                .because(format!("{id} is in its place, and {whose}"))
                .with_hint("choose another name, or allow taking it over with `Stack::adopt`"))
        }
        None => Err(error),
    }
}

fn is_ours<R: Declare>(found: &Observed<R>, stack: &str, address: &Address) -> bool {
    found.owner.as_ref().is_some_and(|owner| owner.stack == stack && owner.address == address.as_str())
}

async fn change(
    cx: &Cx<'_>,
    operation: Operation,
    desired: &AnyResource,
    present: &AnyOutputs,
    observed: Option<&AnyObserved>,
) -> Result<Option<AnyOutputs>> {
    with_resource!(desired, resource => change_one(cx, operation, &**resource, present, observed).await)
}

async fn change_one<R>(
    cx: &Cx<'_>,
    operation: Operation,
    desired: &R,
    present: &AnyOutputs,
    observed: Option<&AnyObserved>,
) -> Result<Option<AnyOutputs>>
where
    R: Operate + FromObserved,
    R::Outputs: Into<AnyOutputs>,
{
    let present = R::outputs(present).ok_or_else(unknown)?;
    let changed = desired.change(cx, operation, present, observed.and_then(R::of)).await?;
    Ok(changed.map(Into::into))
}

async fn settled(cx: &Cx<'_>, desired: &AnyResource, outputs: &AnyOutputs, watch: &mut Watch) -> Result<Progress> {
    with_resource!(desired, resource => settled_one(cx, &**resource, outputs, watch).await)
}

async fn settled_one<R: Operate>(
    cx: &Cx<'_>,
    desired: &R,
    outputs: &AnyOutputs,
    watch: &mut Watch,
) -> Result<Progress> {
    desired.settled(cx, R::outputs(outputs).ok_or_else(unknown)?, watch).await
}

/// What a step waits for.
enum Wait<'a> {
    Settled { desired: AnyResource, outputs: Box<AnyOutputs>, watch: Watch },
    Gone(&'a AnyObserved),
}

impl Wait<'_> {
    fn what(&self) -> &'static str {
        match self {
            Self::Settled { .. } => "it does its work",
            Self::Gone(_) => "it is gone",
        }
    }

    async fn look(&mut self, cx: &Cx<'_>) -> Result<Progress> {
        match self {
            Self::Settled { desired, outputs, watch } => settled(cx, desired, outputs, watch).await,
            Self::Gone(observed) => with_observed!(*observed, observed => Operate::gone(cx, observed).await),
        }
    }
}

/// The pause between two looks, as a part of the time that has passed.
const POLL_SHARE: f64 = 0.01;
