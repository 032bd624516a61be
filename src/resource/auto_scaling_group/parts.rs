//! What belongs to a group and has calls of its own: lifecycle hooks and the warm pool.

use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::problem::Problems;
use crate::resource::names::names;
use crate::value::{ToValue, Value};

/// Holds instances on their way into a group or out of it, until something has been done.
///
/// The hooks of a declaration are there before the group launches anything. Hooks that others make,
/// such as those of CodeDeploy, are left alone: tags of the group say which are the stack's.
/// Sets `LifecycleHookSpecificationList` of a new group; changes come by `PutLifecycleHook`.
///
/// ```
/// use std::time::Duration;
///
/// use purlin::{LifecycleHook, LifecycleResult, LifecycleTransition};
///
/// let drain = LifecycleHook::builder()
///     .name("drain")
///     .transition(LifecycleTransition::Terminating)
///     .heartbeat(Duration::from_secs(120))
///     .default_result(LifecycleResult::Continue)
///     .build();
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc)]
#[non_exhaustive]
pub struct LifecycleHook {
    /// The name: 1 to 255 letters, digits, `-`, `_` and `/`, unique in the group. Another name is
    /// another hook. Sets `LifecycleHookName`.
    #[builder(setter(into))]
    pub(crate) name: String,
    /// When instances are held. Sets `LifecycleTransition`.
    pub(crate) transition: LifecycleTransition,
    /// How long an instance is held at most, unless a heartbeat comes: 30 to 7200 s. AWS's default
    /// is an hour. Sets `HeartbeatTimeout`.
    #[builder(default, setter(strip_option))]
    pub(crate) heartbeat: Option<Duration>,
    /// What happens when that time is over. AWS's default is to abandon. Sets `DefaultResult`.
    #[builder(default, setter(strip_option))]
    pub(crate) default_result: Option<LifecycleResult>,
    /// Who is told: an SNS topic or an SQS queue, and the role that may tell it, by their ARNs.
    /// AWS's default is EventBridge only. Sets `NotificationTargetARN` and `RoleARN`.
    #[builder(default, setter(transform = |target: impl Into<String>, role: impl Into<String>| {
        Some(HookTarget { target: target.into(), role: role.into() })
    }))]
    pub(crate) notify: Option<HookTarget>,
    /// What the message says besides: 1 to 4000 printable ASCII characters. CloudFormation takes no
    /// more than 1023. To take it away, the hook is deleted and made anew. Sets
    /// `NotificationMetadata`.
    #[builder(default, setter(into, strip_option))]
    pub(crate) metadata: Option<String>,
}

/// Who is told of a held instance; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookTarget {
    pub(crate) target: String,
    pub(crate) role: String,
}

names! {
    /// When a lifecycle hook holds instances.
    LifecycleTransition {
        /// On their way in, before they are in service.
        Launching = "autoscaling:EC2_INSTANCE_LAUNCHING",
        /// On their way out, before they are terminated.
        Terminating = "autoscaling:EC2_INSTANCE_TERMINATING",
    }
}

names! {
    /// What happens when the time of a lifecycle hook is over.
    LifecycleResult {
        /// The instance goes on its way.
        Continue = "CONTINUE",
        /// A new instance is terminated; a leaving one goes without further ado. AWS's default.
        Abandon = "ABANDON",
    }
}

/// AWS's default for how long an instance is held, in seconds.
pub(crate) const HEARTBEAT: u64 = 3600;

impl ToValue for LifecycleHook {
    /// With AWS's defaults: a hook that is there has them.
    fn to_value(&self) -> Value {
        Value::map([
            ("transition", Value::of(&self.transition)),
            ("heartbeat", Value::of(&self.heartbeat.unwrap_or(Duration::from_secs(HEARTBEAT)))),
            ("default_result", Value::of(&self.default_result.unwrap_or(LifecycleResult::Abandon))),
            ("target", Value::of(&self.notify.as_ref().map(|notify| notify.target.clone()))),
            ("role", Value::of(&self.notify.as_ref().map(|notify| notify.role.clone()))),
            ("metadata", Value::of(&self.metadata)),
        ])
    }
}

impl LifecycleHook {
    pub(crate) fn validate(&self, problems: &mut Problems<'_>) {
        let path = format!("lifecycle_hooks.{}", self.name);
        problems.text(
            "V188",
            "lifecycle_hooks",
            &self.name,
            1..=255,
            |c| c.is_ascii_alphanumeric() || "-_/".contains(c),
            "letters, digits, `-`, `_` and `/`",
        );
        problems.range("V188", &format!("{path}.heartbeat"), self.heartbeat.map(|time| time.as_secs()), 30..=7200);
        if let Some(metadata) = &self.metadata {
            let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~');
            problems.text(
                "V189",
                &format!("{path}.metadata"),
                metadata,
                1..=4000,
                allowed,
                "printable ASCII characters",
            );
        }
        if let Some(HookTarget { target, role }) = &self.notify {
            let told = [":sns:", ":sqs:"].iter().any(|service| target.contains(service));
            if !target.starts_with("arn:") || !told {
                problems.report(
                    "V190",
                    format!("{path}.target"),
                    format!("{target:?}"),
                    "must be the ARN of a topic or queue",
                );
            }
            if !role.starts_with("arn:") || !role.contains(":role/") {
                problems.report("V190", format!("{path}.role"), format!("{role:?}"), "must be the ARN of a role");
            }
        }
    }
}

/// Instances that are kept prepared, so that a group grows faster.
///
/// Not for groups with mixed instances. Sets the members of `PutWarmPool`.
///
/// ```
/// use purlin::{WarmPool, WarmPoolState};
///
/// let pool = WarmPool::builder().min_size(2).state(WarmPoolState::Stopped).reuse_on_scale_in(true).build();
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, TypedBuilder)]
#[builder(doc, field_defaults(default, setter(strip_option)))]
#[non_exhaustive]
pub struct WarmPool {
    /// The least number of instances in it. AWS's default is 0. Sets `MinSize`.
    pub(crate) min_size: Option<u32>,
    /// The greatest number of instances in the pool and the group together. AWS's default is the
    /// greatest size of the group. Sets `MaxGroupPreparedCapacity`.
    pub(crate) max_prepared_capacity: Option<u32>,
    /// What state they are kept in. AWS's default is stopped. Sets `PoolState`.
    pub(crate) state: Option<WarmPoolState>,
    /// Whether instances come back into the pool when the group shrinks. AWS's default is no. Sets
    /// `InstanceReusePolicy.ReuseOnScaleIn`.
    pub(crate) reuse_on_scale_in: Option<bool>,
}

names! {
    /// What state the instances of a warm pool are kept in.
    WarmPoolState {
        /// Stopped; AWS's default.
        Stopped = "Stopped",
        /// Running.
        Running = "Running",
        /// Hibernated.
        Hibernated = "Hibernated",
    }
}

impl ToValue for WarmPool {
    /// With AWS's defaults: a pool that is there has them.
    fn to_value(&self) -> Value {
        Value::map([
            ("min_size", Value::of(&self.min_size.unwrap_or(0))),
            ("max_prepared_capacity", Value::of(&self.max_prepared_capacity)),
            ("state", Value::of(&self.state.unwrap_or(WarmPoolState::Stopped))),
            ("reuse_on_scale_in", Value::of(&self.reuse_on_scale_in.unwrap_or(false))),
        ])
    }
}
