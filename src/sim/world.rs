//! The state that the simulated clients share, and the one door through which every call enters.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_mocks::MockResponse;
use aws_smithy_types::DateTime;
use tokio::sync::watch;
use tokio::time::Instant;

use super::autoscaling::AutoScalingState;
use super::ec2::Ec2State;
use super::elbv2::ElbState;
use super::error::{ApiError, Service};
use super::fault::{self, FaultState, Verdict};
use super::iam::{self, Checked, Policy};
use super::limit::Buckets;
use super::log::Call;
use super::settings::Settings;
use super::traffic::{self, Traffic};

/// Everything that the simulated account holds.
///
/// Time is virtual: `now` is the time since the world began, read from tokio's clock at each
/// call, and whatever should have happened by then happens first ([`World::advance`]).
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) settings: Settings,
    pub(crate) ec2: Ec2State,
    pub(crate) elb: ElbState,
    pub(crate) autoscaling: AutoScalingState,
    pub(crate) calls: Vec<Call>,
    pub(crate) faults: Vec<FaultState>,
    /// What other services made, and when; what is not listed has been there forever.
    pub(crate) made: BTreeMap<String, Duration>,
    pub(crate) flight: Flight,
    buckets: Buckets,
    /// Whether traffic is served; none while nobody watches.
    pub(crate) traffic: Option<Traffic>,
    crash_after: Option<usize>,
    next_id: u64,
}

impl World {
    fn new() -> Self {
        Self {
            now: Duration::ZERO,
            region: "ap-northeast-2".to_owned(),
            account: "123456789012".to_owned(),
            settings: Settings::default(),
            ec2: Ec2State::default(),
            elb: ElbState::default(),
            autoscaling: AutoScalingState::default(),
            calls: Vec::new(),
            faults: Vec::new(),
            made: BTreeMap::new(),
            flight: Flight::default(),
            buckets: Buckets::default(),
            traffic: None,
            crash_after: None,
            next_id: 0,
        }
    }

    /// A new identifier in the style of EC2: `sg-0000000000000002a`. Counted, not random, so
    /// that a simulation run twice is the same twice.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        format!("{prefix}-{:017x}", self.next_number())
    }

    /// A new 16-digit hexadecimal suffix, as in the ARNs of load balancers and target groups.
    pub(crate) fn new_suffix(&mut self) -> String {
        format!("{:016x}", self.next_number())
    }

    fn next_number(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// `arn:aws:{service}:{region}:{account}:{resource}`.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// A moment of virtual time as services write it. The simulation begins on 2026-01-01.
    pub(crate) fn timestamp(at: Duration) -> DateTime {
        const BEGINNING: f64 = 1_767_225_600.0;
        DateTime::from_secs_f64(BEGINNING + at.as_secs_f64())
    }

    /// Whether something made at `created` shows in describes yet.
    pub(crate) fn visible(&self, created: Duration) -> bool {
        created + self.settings.describe_lag <= self.now
    }

    /// Whether other calls can name something made at `created` yet.
    pub(crate) fn can_be_named(&self, created: Duration) -> bool {
        created + self.settings.reference_lag <= self.now
    }

    /// Whether the tags of something made at `created` show yet.
    pub(crate) fn tags_show(&self, created: Duration) -> bool {
        created + self.settings.tag_lag <= self.now
    }

    /// Whether something that another service made, by its name or ARN, is known everywhere yet.
    pub(crate) fn is_known(&self, name: &str) -> bool {
        self.made.get(name).is_none_or(|made| *made + self.settings.propagation <= self.now)
    }

    /// Lets everything happen that was due by `now`, in order of time.
    ///
    /// Auto Scaling is the only part with a life of its own (launches, health checks, alarms);
    /// states of balancers and instances are functions of their age and of `now`.
    pub(crate) fn advance(&mut self, now: Duration) {
        while let Some(at) = super::autoscaling::next_event(self).filter(|at| *at <= now) {
            self.now = self.now.max(at);
            super::autoscaling::run_event(self);
        }
        self.now = self.now.max(now);
    }
}

/// The calls that are not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    now: usize,
    pub(crate) most: usize,
}

/// A call from when it is sent until it is answered, or nobody waits for the answer any more.
#[derive(Debug)]
pub(crate) struct InFlight(Shared);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.world().flight.now -= 1;
    }
}

/// A handle on the world that all simulated clients share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    began: Instant,
    crashed: watch::Sender<bool>,
    /// What the caller may do; everything if there is none.
    policy: Option<Arc<Policy>>,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            world: Arc::new(Mutex::new(World::new())),
            began: Instant::now(),
            crashed: watch::Sender::new(false),
            policy: None,
        }
    }

    /// The same world, called by somebody who may do what the policy allows.
    pub(crate) fn called_by(&self, policy: Arc<Policy>) -> Self {
        Self { policy: Some(policy), ..self.clone() }
    }

    /// The world as it was at the last call.
    fn world(&self) -> MutexGuard<'_, World> {
        // A panic while holding the lock is a failed test already; the others go on.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world as it is now.
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        let mut world = self.world();
        world.advance(self.began.elapsed());
        world
    }

    /// Counts a call that is being sent.
    pub(crate) fn depart(&self) -> InFlight {
        let flight = &mut self.world().flight;
        flight.now += 1;
        flight.most = flight.most.max(flight.now);
        InFlight(self.clone())
    }

    /// Whether the simulated client process is gone (see [`super::SimAws::crash_after`]).
    pub(crate) fn crashed(&self) -> watch::Receiver<bool> {
        self.crashed.subscribe()
    }

    pub(crate) fn set_crash_after(&self, calls: Option<usize>) {
        let mut world = self.lock();
        world.crash_after = calls.map(|calls| world.calls.len() + calls);
        self.crashed.send_replace(false);
    }

    /// Answers one call: faults first, then permissions, then the operation, then the log.
    pub(crate) fn respond<O: Debug, E>(
        &self,
        service: Service,
        operation: &'static str,
        input: &(impl Debug + Checked),
        handle: impl FnOnce(&mut World) -> Result<O, ApiError>,
    ) -> MockResponse<O, E> {
        let mut world = self.lock();
        let number = world.calls.len();
        let request_id = format!("00000000-0000-4000-8000-{number:012x}");
        let now = world.now;
        let World { settings, buckets, faults, .. } = &mut *world;
        let verdict = match buckets.take(&settings.request_limits, service, operation, now) {
            Ok(()) => fault::verdict(faults, service, operation, now),
            Err(refusal) => Verdict::Refuse(refusal),
        };
        let denied =
            self.policy.as_ref().and_then(|policy| iam::authorize(policy, &world, service, operation, input).err());
        let result = match (verdict, denied) {
            (Verdict::Refuse(error), _) | (_, Some(error)) => Err(error),
            (Verdict::Proceed, None) => handle(&mut world),
            // The work is done and the answer is lost: the client cannot tell.
            (Verdict::LoseAnswer(error), None) => handle(&mut world).and(Err(error)),
        };
        traffic::look(&mut world);
        let at = world.now;
        let error = result.as_ref().err().map(|error| error.code.clone());
        let request = world.settings.record_requests.then(|| format!("{input:?}"));
        world.calls.push(Call { at, service, operation, error, request });
        if world.crash_after.is_some_and(|limit| world.calls.len() >= limit) {
            self.crashed.send_replace(true);
        }
        match result {
            Ok(output) => MockResponse::Output(output),
            Err(error) => error.response(service, &request_id),
        }
    }
}
