//! Everything that speaks to AWS: one file a kind. The only part, besides the simulated AWS, that
//! knows the SDK.

mod action;
mod auto_scaling_group;
mod blockers;
mod call;
mod convert;
mod instance_requirements;
mod launch_template;
mod listener;
mod listener_rule;
mod load_balancer;
mod lookup;
mod notification;
mod observe;
mod scaling_policy;
mod scheduled_action;
mod security_group;
mod security_group_rule;
mod shared;
mod swap;
mod tags;
mod target_group;
mod throttle;

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use tokio::time::Instant;

pub(crate) use auto_scaling_group::groups as group_snapshots;
pub(crate) use call::{Cx, Pace, UNSEEN, missed};
pub(crate) use lookup::find;
pub(crate) use observe::observe;

use shared::SharedRead;

use crate::error::{Error, Result};
use crate::input::Input;
use crate::resource::{Describe, Observed, Operation};

/// The clients for an AWS account in one region.
///
/// Cheap to clone. Deployers that work with clones of one `Aws` share the reads that concern the whole
/// account: many plans at the same time list its load balancers and target groups about once.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// # #[cfg(feature = "sim")] {
/// use purlin::{Deployer, sim::SimAws};
///
/// let deployer = Deployer::new(SimAws::new().aws());
/// # }
/// # }
/// ```
#[derive(Clone)]
pub struct Aws {
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) elbv2: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) autoscaling: aws_sdk_autoscaling::Client,
    reads: Arc<Reads>,
}

/// Reads of the whole account; operations at the same time share them.
#[derive(Debug, Default)]
struct Reads {
    load_balancers: SharedRead<Vec<load_balancer::Listed>>,
    target_groups: SharedRead<Vec<target_group::Listed>>,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").finish_non_exhaustive()
    }
}

impl Aws {
    /// Makes the clients from the environment: variables, profiles, SSO, instance roles, as the AWS
    /// CLI reads them.
    pub async fn from_env() -> Self {
        Self::connect(None, None, None).await
    }

    /// Makes the clients from the environment, with another region, profile or endpoint where one
    /// is given. An endpoint URL serves all services: that of an emulator.
    pub async fn connect(region: Option<&str>, profile: Option<&str>, endpoint_url: Option<&str>) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = endpoint_url {
            loader = loader.endpoint_url(url);
        }
        Self::from_config(&loader.load().await)
    }

    /// Makes the clients from a configuration of the SDK. Retries are left to the engine, which
    /// knows what is worth trying again.
    #[must_use]
    pub fn from_config(config: &SdkConfig) -> Self {
        let config = config.clone().into_builder().retry_config(RetryConfig::disabled()).build();
        Self::from_clients(
            aws_sdk_ec2::Client::new(&config),
            aws_sdk_elasticloadbalancingv2::Client::new(&config),
            aws_sdk_autoscaling::Client::new(&config),
        )
    }

    /// Takes clients that exist. Switch their own retries off: the engine retries by itself.
    #[must_use]
    pub fn from_clients(
        ec2: aws_sdk_ec2::Client,
        elbv2: aws_sdk_elasticloadbalancingv2::Client,
        autoscaling: aws_sdk_autoscaling::Client,
    ) -> Self {
        Self { ec2, elbv2, autoscaling, reads: Arc::default() }
    }
}

/// How far something is on its way.
#[derive(Debug)]
pub(crate) enum Progress {
    Done,
    /// Not yet, with what is missing.
    Waiting(String),
    /// AWS does not show it: not yet, or not any more.
    Unseen,
    /// It will not come about.
    Failed(Error),
}

/// What one wait keeps in mind between its looks.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Failures that were there when the wait began on something that existed before the run, by
    /// id: their cause may be gone since. `None` before the first look.
    old_failures: Option<HashSet<String>>,
    began: Instant,
    /// The calls of the run on what is waited for.
    calls: Vec<Operation>,
    /// What it is to take the place of, by id.
    predecessors: Vec<String>,
}

/// What is known when something on its way out lets go of what it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaving<'a> {
    /// The id of what takes its place, if anything does.
    pub(crate) successor: Option<&'a str>,
    /// The stack's Auto Scaling groups that stay, by name, each with the security groups that its launch
    /// template declares.
    pub(crate) scaling_groups: &'a [(String, Vec<String>)],
}

impl Watch {
    /// Begins a wait for something that existed before the run, or that the run has made, and on
    /// which the run makes these calls.
    pub(crate) fn begin(existed: bool, calls: Vec<Operation>) -> Self {
        let old_failures = if existed { None } else { Some(HashSet::new()) };
        Self { old_failures, began: Instant::now(), calls, predecessors: Vec::new() }
    }

    /// The same for what takes the place of others.
    pub(crate) fn in_place_of(self, predecessors: Vec<String>) -> Self {
        Self { predecessors, ..self }
    }

    /// Whether the run makes this call on what is waited for.
    fn does(&self, operation: Operation) -> bool {
        self.calls.contains(&operation)
    }
}

/// What the engine can do with a kind of resource.
pub(crate) trait Operate: Describe {
    /// Makes it; sends only what the user set.
    fn create(&self, cx: &Cx<'_>) -> impl Future<Output = Result<Self::Outputs>> + Send;

    /// Carries out one call of an update, or of a creation that takes several calls; `observed` is
    /// what existed, `None` on a new resource. Returns the outputs if they changed.
    fn change(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        outputs: &Self::Outputs,
        observed: Option<&Self>,
    ) -> impl Future<Output = Result<Option<Self::Outputs>>> + Send;

    /// Makes ready what comes later: lets what it will switch to in beside what it uses now, or makes
    /// room for itself where it does not exist yet.
    fn prepare(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        present: Option<(&Self::Outputs, &Self)>,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (cx, operation, present);
        async { Err(Error::internal("a kind that switches nothing was asked to prepare it")) }
    }

    /// Takes away, before it is deleted, what would hold that up and is the stack's own.
    fn release(
        cx: &Cx<'_>,
        operation: Operation,
        observed: &Observed<Self>,
        leaving: Leaving<'_>,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (cx, operation, observed, leaving);
        async { Err(Error::internal("a kind that holds nothing was asked to let go of it")) }
    }

    /// Looks once whether it does its work.
    fn settled(
        &self,
        cx: &Cx<'_>,
        outputs: &Self::Outputs,
        watch: &mut Watch,
    ) -> impl Future<Output = Result<Progress>> + Send {
        let _ = (cx, outputs, watch);
        async { Ok(Progress::Done) }
    }

    /// Deletes it; one that is gone already is deleted.
    fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> impl Future<Output = Result<()>> + Send;

    /// Looks once whether it is gone.
    fn gone(cx: &Cx<'_>, observed: &Observed<Self>) -> impl Future<Output = Result<Progress>> + Send {
        let _ = (cx, observed);
        async { Ok(Progress::Done) }
    }

    /// Finds one of our own that a create call bumped into: an earlier try of the same call may
    /// have succeeded without our hearing of it.
    fn find(&self, cx: &Cx<'_>) -> impl Future<Output = Result<Option<Observed<Self>>>> + Send;
}

/// The value of an input; at a step everything that it needs exists.
fn known<T>(input: &Input<T>) -> Result<&T> {
    input.as_known().ok_or_else(|| Error::internal("a value was needed before it was known"))
}

/// A member that AWS always answers with.
fn required<T>(value: Option<T>, member: &str) -> Result<T> {
    value.ok_or_else(|| Error::new(crate::ErrorKind::Service, format!("AWS answered without {member}")))
}

/// An identifier in AWS's answer.
fn id<T: std::str::FromStr<Err = crate::id::InvalidId>>(text: Option<&str>, member: &str) -> Result<T> {
    required(text, member)?
        .parse()
        .map_err(|error: crate::id::InvalidId| Error::new(crate::ErrorKind::Service, error.to_string()))
}
