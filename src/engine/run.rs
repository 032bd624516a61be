//! Carrying out a plan: one step after another, as far as they need each other.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tracing::Instrument;

use crate::aws::{Cx, Leaving, Operate, Progress, UNSEEN, Watch, missed};
use crate::error::{Error, ErrorKind, Result};
use crate::input::Attr;
use crate::plan::{Plan, PropertyChange, Step, StepKind, Subject, differences};
use crate::resource::{
    AnyObserved, AnyOutputs, AnyResource, FromObserved, Observed, Operation, with_observed, with_resource,
};
use crate::stack::{Address, Declare};
use crate::telemetry;

use super::driver::{Brake, Ended, drive};
use super::{Event, Failure, Interrupt, Live};

/// Carries out a plan. That it is finished is reported only if it failed: who runs it has more to do.
pub(super) async fn run(cx: &Cx<'_>, plan: Plan) -> Result<Live, Failure> {
    let began = Instant::now();
    cx.report(&Event::Started { stack: plan.stack.clone(), steps: plan.steps.len() });
    let creates = plan.steps.iter().filter(|step| matches!(step.kind, StepKind::Create(_)));
    let makes = creates.map(|step| step.subject).collect();
    let run = Run {
        cx,
        plan: &plan,
        makes,
        outputs: Mutex::new(plan.known.clone()),
        made: Mutex::default(),
        failed: Mutex::default(),
    };
    let after: Vec<_> = plan.steps.iter().map(|step| step.after.clone()).collect();
    let skipped = |step: usize| {
        let step = &plan.steps[step];
        cx.report(&Event::StepSkipped { address: step.address.clone(), step: step.kind });
    };
    let interrupt = &cx.pace.interrupt;
    let brake =
        Brake { admits: || !interrupt.is_raised() && Instant::now() < cx.deadline, abort: interrupt.aborted().boxed() };
    let weight = |step: usize| plan.steps[step].typical_duration().as_secs();
    let ended = drive(&after, weight, |step| run.step(step), skipped, brake).await;

    let outputs = run.outputs.into_inner().unwrap_or_else(PoisonError::into_inner);
    let made = run.made.into_inner().unwrap_or_else(PoisonError::into_inner);
    let live = Live { stack_id: plan.stack_id, outputs, addresses: plan.addresses.clone(), made };
    let mut tally = Tally::default();
    for (step, ended) in plan.steps.iter().zip(ended) {
        tally.count(step, ended);
    }
    let undone = tally.undone.len();
    // What was only waiting for something that failed would not have been done in any time.
    let held = tally.held;
    if undone > 0 && interrupt.is_raised() {
        tally.errors.insert(0, Interrupt::error(&format!("{undone} of {} steps were not done", plan.steps.len())));
    } else if held > 0 && Instant::now() >= cx.deadline && !tally.errors.iter().any(Error::is_deadline) {
        let text = format!("the time was over before {held} of {} steps were done", plan.steps.len());
        let hint = "run again to go on where this ended, with a longer deadline";
        tally.errors.push(Error::new(ErrorKind::Deadline, text).with_hint(hint));
    }
    if tally.errors.is_empty() {
        return Ok(live);
    }
    let failed = tally.failed.len();
    cx.report(&Event::Finished { stack: plan.stack.clone(), elapsed: began.elapsed(), failed, skipped: undone });
    Err(tally.failure(live))
}

/// How the steps of a run ended, by what they mean for the resources.
#[derive(Default)]
struct Tally<'a> {
    errors: Vec<Error>,
    failed: HashSet<&'a Address>,
    begun: HashSet<&'a Address>,
    undone: Vec<&'a Step>,
    /// How many of them no failure held back.
    held: usize,
}

impl<'a> Tally<'a> {
    fn count(&mut self, step: &'a Step, ended: Ended<Stopped>) {
        self.held += usize::from(matches!(ended, Ended::Held | Ended::Left | Ended::Failed(Stopped::Cancelled)));
        let begun = match ended {
            Ended::Done => true,
            Ended::Failed(Stopped::Failed(error)) => {
                self.errors.push(error);
                self.failed.insert(&step.address);
                return;
            }
            Ended::Failed(Stopped::Hopeless) | Ended::Skipped | Ended::Held => {
                self.undone.push(step);
                false
            }
            Ended::Failed(Stopped::Cancelled) | Ended::Left => {
                self.undone.push(step);
                true
            }
        };
        if begun && step.kind.is_mutation() {
            self.begun.insert(&step.address);
        }
    }

    /// A resource that failed is told as such; of the others, those that are at least begun are told
    /// apart.
    fn failure(self, live: Live) -> Failure {
        let mut told = self.failed;
        let (mut skipped, mut unfinished) = (Vec::new(), Vec::new());
        for step in self.undone {
            let begun = self.begun.contains(&step.address);
            if (begun || step.kind.is_mutation()) && told.insert(&step.address) {
                if begun { unfinished.push(step.address.clone()) } else { skipped.push(step.address.clone()) }
            }
        }
        Failure::new(self.errors, skipped, unfinished, live)
    }
}

struct Run<'a> {
    cx: &'a Cx<'a>,
    plan: &'a Plan,
    /// The subjects that the run is to make.
    makes: HashSet<usize>,
    /// What is known of each declaration by now.
    outputs: Mutex<Vec<Option<AnyOutputs>>>,
    /// The declarations that calls of the run have made.
    made: Mutex<HashSet<usize>>,
    /// The steps that failed.
    failed: Mutex<HashSet<usize>>,
}

/// Why a step was not finished.
enum Stopped {
    Failed(Error),
    /// What would have had to succeed beside it has failed.
    Hopeless,
    /// The run was interrupted.
    Cancelled,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        if error.is_cancelled() { Self::Cancelled } else { Self::Failed(error) }
    }
}

impl Run<'_> {
    /// Boxed, here and below: so the compiler sees that what runs a deploy can move between threads.
    fn step(&self, index: usize) -> BoxFuture<'_, Result<(), Stopped>> {
        let step = &self.plan.steps[index];
        self.watched(index).instrument(telemetry::step(&step.address, step.kind)).boxed()
    }

    async fn watched(&self, index: usize) -> Result<(), Stopped> {
        let began = Instant::now();
        let step = &self.plan.steps[index];
        let (address, kind) = (&step.address, step.kind);
        self.cx.report(&Event::StepStarted { address: address.clone(), step: kind });
        let cx = self.cx.at(address).after_making(self.is_fresh(step));
        let result = match self.carry_out(&cx, step).boxed().await {
            Err(Stopped::Failed(error)) => {
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(index);
                Err(Stopped::Failed(error.at(address)))
            }
            other => other,
        };
        let event = match &result {
            Ok(()) => Event::StepFinished { address: address.clone(), step: kind, elapsed: began.elapsed() },
            Err(Stopped::Failed(error)) => Event::StepFailed {
                address: address.clone(),
                step: kind,
                error: error.to_string(),
                code: error.code().map(ToOwned::to_owned),
                request_id: error.request_id().map(ToOwned::to_owned),
            },
            Err(Stopped::Hopeless | Stopped::Cancelled) => Event::StepSkipped { address: address.clone(), step: kind },
        };
        self.cx.report(&event);
        result
    }

    /// Whether a step names what the run has just made: its own resource, or what comes before it.
    fn is_fresh(&self, step: &Step) -> bool {
        let makes = |kind| matches!(kind, StepKind::Call(Operation::CreateLaunchTemplateVersion));
        let made = |before: &Step| self.makes.contains(&before.subject) || makes(before.kind);
        matches!(step.kind, StepKind::Create(_) | StepKind::Call(_))
            && step.after.iter().any(|before| made(&self.plan.steps[*before]))
    }

    async fn carry_out(&self, cx: &Cx<'_>, step: &Step) -> Result<(), Stopped> {
        let subject = &self.plan.subjects[step.subject];
        match step.kind {
            StepKind::Create(_) => {
                let desired = self.desired(subject)?;
                let (outputs, made) = with_resource!(&desired, resource => {
                    let (outputs, made) = create(cx, &**resource, &subject.address).await?;
                    (outputs.into(), made)
                });
                self.put(subject, outputs);
                if let Some(node) = subject.node.filter(|_| made) {
                    self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(node);
                }
                Ok(())
            }
            StepKind::Call(operation) => {
                let desired = self.desired(subject)?;
                let present = self.get(subject)?;
                if let Some(changed) = change(cx, operation, &desired, &present, subject.observed.as_ref()).await? {
                    self.put(subject, changed);
                }
                Ok(())
            }
            StepKind::Prepare(operation) => {
                let desired = self.desired(subject)?;
                let present = self.get(subject).ok();
                let present = present.as_ref().zip(subject.observed.as_ref());
                with_resource!(&desired, resource => prepare(cx, operation, &**resource, present).await?);
                Ok(())
            }
            StepKind::Release(operation) => {
                let observed = subject.observed.as_ref().ok_or_else(unknown)?;
                let successor = subject.node.and_then(|_| self.get(subject).ok());
                let scaling_groups = self.scaling_groups();
                let leaving =
                    Leaving { successor: successor.as_ref().map(AnyOutputs::id), scaling_groups: &scaling_groups };
                Ok(with_observed!(observed, observed => Operate::release(cx, operation, observed, leaving).await)?)
            }
            StepKind::Settle => {
                let desired = self.desired(subject)?;
                let outputs = self.get(subject)?;
                let own = self.plan.steps.iter().filter(|other| other.subject == step.subject);
                let calls = own.filter_map(|other| match other.kind {
                    StepKind::Call(operation) => Some(operation),
                    _ => None,
                });
                let watch = Watch::begin(subject.observed.is_some(), calls.collect());
                let watch = Box::new(watch.in_place_of(self.predecessors(subject)));
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
        let mut seen = began;
        let mut last: Option<String> = None;
        loop {
            if self.is_hopeless(step) {
                return Err(Stopped::Hopeless);
            }
            let missing = match missed(wait.look(cx).await, last)? {
                Progress::Done => return Ok(()),
                Progress::Failed(error) => return Err(error.into()),
                Progress::Waiting(missing) => {
                    seen = Instant::now();
                    missing
                }
                Progress::Unseen if seen.elapsed() >= GONE_AFTER => {
                    let text = format!("AWS has not shown it for {} s: somebody has deleted it", GONE_AFTER.as_secs());
                    return Err(Error::new(ErrorKind::NotFound, text).with_hint("run again to make it anew").into());
                }
                Progress::Unseen => UNSEEN.to_owned(),
            };
            let elapsed = began.elapsed();
            if Instant::now() >= cx.deadline {
                let what = wait.what();
                let text = format!("waited {} s until {what}, in vain: {missing}", elapsed.as_secs());
                let hint = "what was made stays; look at what is missing, then run again, \
                            with a longer deadline if it is on its way";
                return Err(Error::new(ErrorKind::Deadline, text).with_hint(hint).into());
            }
            cx.report(&Event::Waiting { address: step.address.clone(), what: missing.clone(), elapsed });
            last = Some(missing);
            cx.between_looks(elapsed, POLL_SHARE).await?;
        }
    }

    /// Whether a wait can no longer end well.
    fn is_hopeless(&self, step: &Step) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        step.hopes_for.iter().any(|other| failed.contains(other))
    }

    /// The declaration with everything put in that is known by now.
    fn desired(&self, subject: &Subject) -> Result<AnyResource> {
        let mut desired = subject.desired.clone().ok_or_else(unknown)?;
        let outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        desired.resolve(&|attr: Attr| Some(outputs.get(attr.node.index)?.as_ref()?.output(attr.name)));
        Ok(desired)
    }

    /// The ids of what goes because a declaration has a successor.
    fn predecessors(&self, subject: &Subject) -> Vec<String> {
        let old = self
            .plan
            .subjects
            .iter()
            .filter(|other| other.node.is_some() && other.node == subject.node && other.desired.is_none());
        old.filter_map(|old| Some(old.observed.as_ref()?.outputs().id().to_owned())).collect()
    }

    /// The Auto Scaling groups that the stack has and keeps, each with the security groups that its launch
    /// template declares.
    fn scaling_groups(&self) -> Vec<(String, Vec<String>)> {
        let kept = self.plan.subjects.iter().filter(|subject| subject.desired.is_some());
        let names = kept.filter_map(|subject| match &subject.observed {
            Some(AnyObserved::AutoScalingGroup(group)) => {
                Some((group.outputs.name.to_string(), self.security_groups(subject)))
            }
            _ => None,
        });
        names.collect()
    }

    /// The security groups of the launch templates that an Auto Scaling group refers to, as far as they
    /// are known by now.
    fn security_groups(&self, group: &Subject) -> Vec<String> {
        let of_group = |other: &&Subject| other.node.is_some_and(|node| group.refers.contains(&node));
        let mut ids = Vec::new();
        for template in self.plan.subjects.iter().filter(of_group) {
            if let Ok(AnyResource::LaunchTemplate(template)) = self.desired(template) {
                ids.extend(template.group_ids());
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// What is known of a subject by now. What is let go has no declaration: it is as it was observed.
    fn get(&self, subject: &Subject) -> Result<AnyOutputs> {
        let Some(node) = subject.node else {
            return subject.observed.as_ref().map(AnyObserved::outputs).ok_or_else(unknown);
        };
        let outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.get(node).cloned().flatten().ok_or_else(unknown)
    }

    fn put(&self, subject: &Subject, outputs: AnyOutputs) {
        let mut all = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = subject.node.and_then(|node| all.get_mut(node)) {
            *place = Some(outputs);
        }
    }
}

fn unknown() -> Error {
    Error::internal("a step ran before what it needs was known")
}

/// Creates, and recognizes what an earlier, unanswered try of the same call has made. Returns whether it
/// is this call that made it.
async fn create<R: Operate>(cx: &Cx<'_>, desired: &R, address: &Address) -> Result<(R::Outputs, bool)> {
    let error = match desired.create(cx).await {
        Err(error) if error.is_conflict() => error,
        other => return other.map(|outputs| (outputs, true)),
    };
    match holder(cx, desired).await? {
        Some(found) if is_ours(&found, cx.stack, address) => {
            // Another run of the stack may have made it for another declaration. What its tags record
            // must be there before what they record is made; the rest shows in the end.
            let lacks = |change: &PropertyChange| change.is_ownership() && !change.after.is_unset();
            if differences(desired, &found.spec).iter().any(lacks) {
                let id = R::id(&found.outputs).to_owned();
                let text = format!("another run of the stack has just made {id}, for another declaration");
                return Err(error.because(text).with_hint("run again once the other run has ended"));
            }
            Ok((found.outputs, false))
        }
        Some(found) => {
            let id = R::id(&found.outputs).to_owned();
            let whose = match &found.owner {
                Some(owner) => format!("the stack {:?} owns it as {}", owner.stack, owner.address),
                None => "no stack owns it".to_owned(),
            };
            let hint = match error.code() {
                Some("PriorityInUse") => {
                    "choose another priority; a rule that has none of its own gets a free one when you run again"
                }
                _ => "choose another name, or allow taking it over with `Stack::adopt`",
            };
            Err(error.because(format!("{id} is in its place, and {whose}")).with_hint(hint))
        }
        None => Err(error),
    }
}

/// How long what is in the way may not show, or not with its tags.
const HIDDEN_AT_MOST: Duration = Duration::from_secs(30);

/// What holds the place of a resource that is to be made. AWS has just refused to make it because of
/// that, so it is there; its description may come later, and its tags later still: what an earlier run
/// made shortly before it died looks like nobody's until then.
async fn holder<R: Operate>(cx: &Cx<'_>, desired: &R) -> Result<Option<Observed<R>>> {
    let began = Instant::now();
    loop {
        let found = desired.find(cx).await?;
        let elapsed = began.elapsed();
        if elapsed >= HIDDEN_AT_MOST || found.as_ref().is_some_and(|found| found.owner.is_some()) {
            return Ok(found);
        }
        cx.between_looks(elapsed, 0.1).await?;
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

async fn prepare<R: Operate + FromObserved>(
    cx: &Cx<'_>,
    operation: Operation,
    desired: &R,
    present: Option<(&AnyOutputs, &AnyObserved)>,
) -> Result<()> {
    let present = present.and_then(|(outputs, observed)| R::outputs(outputs).zip(R::of(observed)));
    desired.prepare(cx, operation, present).await
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
    Settled { desired: AnyResource, outputs: Box<AnyOutputs>, watch: Box<Watch> },
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

/// How long something that was made may not show before it counts as gone; well above what AWS takes
/// until descriptions show what was made.
const GONE_AFTER: Duration = Duration::from_secs(120);

/// The pause between two looks, as a part of the time that has passed.
const POLL_SHARE: f64 = 0.01;
