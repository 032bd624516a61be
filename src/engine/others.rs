//! What somebody else does at the same time, and between a plan and its being carried out. There is
//! no lock: it is noticed, and told as a conflict.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::aws::{self, Cx};
use crate::error::{Error, ErrorKind, Result};
use crate::lookup::Found;
use crate::plan::{self, Action, Goal, Plan, ResourceChange, Shown};
use crate::resource::AnyOutputs;
use crate::stack::{Address, Stack};

use super::{Deployer, Event, Failure, Interrupt, Live};

/// How long AWS may take until all descriptions show what was changed.
const SHOWS_WITHIN: Duration = Duration::from_secs(30);

/// How long AWS may take until it shows, with its tags, what was made (R9, R15, R17, R20, R32: up to
/// minutes).
const SHOWS_NEW_WITHIN: Duration = Duration::from_secs(5 * 60);

/// What scaling moves by itself, also where the declaration sets it.
const MOVING: &str = "desired_capacity";

/// How often is looked again where something goes while it is looked at.
const LOOKS: usize = 3;

/// Reads what AWS has. What another run deletes between the call that lists it and the one that reads
/// more of it is not there the next time.
pub(super) async fn observe(cx: &Cx<'_>, stack: &Stack, lookups: bool) -> Result<plan::Observation> {
    let mut looks = 1;
    loop {
        match aws::observe(cx, stack, lookups).await {
            Err(error) if error.is_not_found() && error.code().is_some() && looks < LOOKS => looks += 1,
            other => return other,
        }
    }
}

/// What has not come about.
struct Left {
    address: Option<Address>,
    what: String,
    /// How long that may be so.
    within: Duration,
    /// Whether it is a value of something that the run itself has made.
    made: bool,
    /// Whether it does not show at all, so that it is not known either whether it differs.
    hidden: bool,
}

impl Left {
    fn in_vain(self, elapsed: Duration) -> Error {
        let after = elapsed.as_secs();
        let text =
            format!("every call was made, and AWS does not have what is declared after {after} s: {}", self.what);
        let (kind, hint) = if self.hidden {
            (ErrorKind::Deadline, "it was made; plan again to see whether somebody has deleted it since")
        } else {
            let hint =
                "somebody else changed it at the same time, or AWS keeps another value; plan again and look at it";
            (ErrorKind::Conflict, hint)
        };
        let error = Error::new(kind, text).with_hint(hint);
        match self.address {
            Some(address) => error.at(&address),
            None => error,
        }
    }
}

impl Deployer {
    /// Looks whether AWS has what was to come about. It has not if somebody else changed the same things
    /// at the same time: of two deployers that end, the later one sees what came of both.
    pub(super) async fn confirm(
        &self,
        cx: &Cx<'_>,
        stack: &Stack,
        goal: Goal,
        found: HashMap<usize, Found>,
        live: &Live,
    ) -> Result<()> {
        let began = Instant::now();
        loop {
            let observation = tokio::select! {
                biased;
                () = self.pace.interrupt.aborted() => return Err(Interrupt::error("the result was not checked")),
                observation = observe(cx, stack, false) => observation?,
            };
            let observation = plan::Observation { found: found.clone(), ..observation };
            let left = match plan::plan(stack, observation, goal) {
                Ok(plan) => plan.left_to_do(live),
                // What shows before its tags do looks like somebody else's. `CreateTargetGroup` also answers
                // with what somebody else made under the same name.
                Err(error) if error.is_conflict() => Some(Left {
                    address: error.address().cloned(),
                    what: format!("as AWS shows it, {error}"),
                    within: SHOWS_NEW_WITHIN,
                    made: false,
                    hidden: false,
                }),
                Err(error) => return Err(error),
            };
            let Some(left) = left else { return Ok(()) };
            // What was just written does not show everywhere at once.
            let elapsed = began.elapsed();
            if elapsed >= left.within || Instant::now() >= cx.deadline {
                if left.made {
                    // Nobody else has had a hand in it, or only for a moment.
                    if let Some(address) = &left.address {
                        cx.at(address).warn(format!("{}; AWS keeps another value, or somebody changed it", left.what));
                    }
                    return Ok(());
                }
                return Err(left.in_vain(elapsed));
            }
            if let Some(address) = left.address {
                cx.report(&Event::Waiting { address, what: left.what, elapsed });
            }
            cx.between_looks(elapsed, 0.2).await?;
        }
    }

    /// Looks whether a run failed because somebody else deletes what it needs, or makes what it does not
    /// know of, and says so before everything else.
    pub(super) async fn explain(
        &self,
        cx: &Cx<'_>,
        stack: &Stack,
        known: HashSet<String>,
        failure: Failure,
    ) -> Failure {
        let may_be = |error: &Error| error.is_not_found() || error.is_in_use();
        if failure.is_cancelled() || !failure.errors().iter().any(may_be) {
            return failure;
        }
        let began = Instant::now();
        loop {
            // What cannot be looked at is not explained; the failure itself is told all the same.
            let Ok(Ok(observation)) = tokio::time::timeout(SHOWS_WITHIN, observe(&cx.to_explain(), stack, false)).await
            else {
                return failure;
            };
            let there: HashSet<String> = observation.resources.iter().map(|r| r.outputs().id().to_owned()).collect();
            let made = failure.live().resources();
            let gone = made.iter().find(|(_, id)| !there.contains(*id));
            let mut owned = observation.resources.iter().filter(|resource| {
                let id = resource.outputs();
                let ours = resource.owner().is_some_and(|owner| owner.stack == stack.name());
                ours && !known.contains(id.id()) && made.iter().all(|(_, made)| *made != id.id())
            });
            // A call of the run's own that was not answered may have made it, too.
            let answered = failure.errors().iter().all(|error| error.code().is_some());
            let text = match (gone, owned.next().filter(|_| answered)) {
                // What was just made does not show everywhere at once.
                (Some(_), _) if began.elapsed() < SHOWS_WITHIN && Instant::now() < cx.deadline => {
                    if cx.between_looks(began.elapsed(), 0.2).await.is_err() {
                        return failure;
                    }
                    continue;
                }
                (Some((address, id)), _) => format!("{address}: {id} was there, and somebody else has deleted it"),
                (None, Some(new)) => {
                    let address = new.owner().map(|owner| owner.address.clone()).unwrap_or_default();
                    format!("{address}: {} was made at the same time by another run of the stack", new.outputs().id())
                }
                (None, None) => return failure,
            };
            let hint = "see who else deploys the stack or changes what it owns, then run again";
            return failure.because_of(Error::new(ErrorKind::Conflict, text).with_hint(hint));
        }
    }
}

impl Plan {
    /// The ids of everything that the plan knows of.
    pub(super) fn ids(&self) -> HashSet<String> {
        let observed = self.subjects.iter().filter_map(|subject| subject.observed.as_ref());
        observed.map(|observed| observed.outputs().id().to_owned()).collect()
    }

    /// What the lookups found.
    pub(super) fn lookups(&self) -> HashMap<usize, Found> {
        let found = self.known.iter().enumerate().filter_map(|(index, known)| match known {
            Some(AnyOutputs::Found(found)) => Some((index, found.clone())),
            _ => None,
        });
        found.collect()
    }

    /// The first thing that is not as it is to be; a value of something that was just made comes last.
    fn left_to_do(&self, live: &Live) -> Option<Left> {
        self.differences(live).min_by_key(|left| left.made)
    }

    fn differences(&self, live: &Live) -> impl Iterator<Item = Left> {
        self.changes.iter().zip(&self.subjects).filter_map(|(change, subject)| {
            let address = &change.address;
            let id = change.id.as_deref().unwrap_or_default();
            let left = |what, within| Left { address: Some(address.clone()), what, within, made: false, hidden: false };
            match change.action {
                Action::Keep => None,
                Action::Create => {
                    let made = subject.node.and_then(|node| live.outputs.get(node)?.as_ref());
                    Some(match made.map(AnyOutputs::id) {
                        Some(id) => Left { hidden: true, ..left(format!("{id} does not show"), SHOWS_NEW_WITHIN) },
                        None => left(format!("{address} does not exist"), SHOWS_NEW_WITHIN),
                    })
                }
                action if action.is_delete() => Some(left(format!("{address} exists as {id}"), SHOWS_WITHIN)),
                _ => {
                    let mut moved = change.properties.iter().filter(|property| property.path != MOVING);
                    let property = moved.next()?;
                    let (before, after) =
                        (Shown(&property.before, &property.path), Shown(&property.after, &property.path));
                    let what = format!("{address}.{} of {id} is {before} and not {after}", property.path);
                    let made = subject.node.is_some_and(|node| live.made.contains(&node));
                    Some(Left { made, ..left(what, SHOWS_WITHIN) })
                }
            }
        })
    }

    /// What this plan would do that an earlier one did not announce.
    pub(super) fn exceeds(&self, announced: &Self) -> Option<String> {
        let more = self.interruptions.iter().find(|interruption| {
            !announced.interruptions.iter().any(|known| {
                known.id == interruption.id
                    && known.address == interruption.address
                    && interruption.instances <= known.instances
            })
        });
        if let Some(more) = more {
            return Some(more.to_string());
        }
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
