//! Instance refreshes: how instances are replaced when what is launched changes.

use std::time::Duration;

use typed_builder::TypedBuilder;

use crate::problem::Problems;
use crate::resource::names::names;

use super::launch::GroupLaunch;
use super::validate::healthy_percentages;

/// How the instances of a group are replaced when a deploy changes what it launches.
///
/// AWS does not keep it: it says what `StartInstanceRefresh` is asked for when the launch template
/// or the mixed instances change, or when instances of an earlier version are found. The deploy then
/// waits for the refresh, and fails when AWS gives it up. Give the deployer a deadline that is long
/// enough: a refresh takes as long as its checkpoints and warm-up times.
///
/// ```
/// # use purlin::{AutoScalingGroup, LaunchTemplate, Ref, Stack, Subnets};
/// use std::time::Duration;
///
/// use purlin::InstanceRefresh;
///
/// # fn declare(stack: &mut Stack, template: Ref<LaunchTemplate>, private: Ref<Subnets>) {
/// let refresh = InstanceRefresh::builder()
///     .min_healthy_percentage(100)
///     .max_healthy_percentage(150)
///     .bake_time(Duration::from_secs(300))
///     .auto_rollback(true)
///     .build();
/// let group = AutoScalingGroup::builder().name("Web-ASG").launch_template(template).subnets(private).sizes(2..=4);
/// stack.add("web", group.instance_refresh(refresh).build());
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, TypedBuilder)]
#[builder(doc, field_defaults(default, setter(strip_option)))]
#[non_exhaustive]
pub struct InstanceRefresh {
    /// What is replaced: the instances, or their root volumes. AWS's default is the instances. Sets
    /// `Strategy`.
    pub(crate) strategy: Option<RefreshStrategy>,
    /// The percentage of the desired capacity that must stay in service: 0 to 100. AWS's default is
    /// that of the group's maintenance policy, else 90. Sets `MinHealthyPercentage`.
    pub(crate) min_healthy_percentage: Option<u32>,
    /// The percentage of the desired capacity that may be there at most: 100 to 200, and no more
    /// than 100 above the least, which must be set, too. AWS's default is that of the group's
    /// maintenance policy; without one, instances are terminated and launched at the same time,
    /// which is not the same as 100. Sets `MaxHealthyPercentage`.
    pub(crate) max_healthy_percentage: Option<u32>,
    /// How long a new instance warms up before the next is replaced, in seconds. AWS's default is
    /// that of the group, else its health check grace period. Sets `InstanceWarmup`.
    pub(crate) warmup: Option<Duration>,
    /// Percentages at which the refresh pauses: 1 to 100, ascending. Where the last is below 100
    /// the refresh ends there, and the rest keeps its version until what is launched changes
    /// again. AWS's default is none. Sets `CheckpointPercentages`.
    #[builder(setter(!strip_option, transform = |percentages: impl IntoIterator<Item = u32>| {
        percentages.into_iter().collect()
    }))]
    pub(crate) checkpoints: Vec<u32>,
    /// How long it pauses there: up to 172,800 s (48 h); goes with checkpoints only. AWS's default
    /// is an hour. Sets `CheckpointDelay`.
    pub(crate) checkpoint_delay: Option<Duration>,
    /// Whether instances that are as wanted already are left alone. AWS's default is no. Sets
    /// `SkipMatching`.
    pub(crate) skip_matching: Option<bool>,
    /// Whether AWS goes back to what was launched before when the refresh fails or an alarm rings.
    /// The group then gets its new template from the refresh, at its end (`DesiredConfiguration`).
    /// Not with versions `$Latest` and `$Default`, nor with images given by a parameter of Systems
    /// Manager. AWS's default is no. Sets `AutoRollback`.
    pub(crate) auto_rollback: Option<bool>,
    /// What becomes of instances that are protected from scale-in. AWS's default is to wait an hour
    /// for somebody to take the protection off. Sets `ScaleInProtectedInstances`.
    pub(crate) scale_in_protected: Option<ProtectedInstances>,
    /// What becomes of instances on standby. AWS's default is to wait an hour for somebody to put
    /// them back into service. Sets `StandbyInstances`.
    pub(crate) standby: Option<StandbyInstances>,
    /// The names of up to ten CloudWatch alarms that end the refresh. AWS's default is none. Sets
    /// `AlarmSpecification.Alarms`.
    #[builder(setter(!strip_option, transform = |names: impl IntoIterator<Item = impl Into<String>>| {
        names.into_iter().map(Into::into).collect()
    }))]
    pub(crate) alarms: Vec<String>,
    /// How long AWS waits at the end, watching the alarms: up to 172,800 s (48 h). AWS's default is
    /// no time. Sets `BakeTime`.
    pub(crate) bake_time: Option<Duration>,
}

names! {
    /// What an instance refresh replaces.
    RefreshStrategy {
        /// The instances; AWS's default.
        Rolling = "Rolling",
        /// Their root volumes: the instances stay. All overrides must name an image.
        ReplaceRootVolume = "ReplaceRootVolume",
    }
}

names! {
    /// What becomes of instances that are protected from scale-in.
    ProtectedInstances {
        /// They are replaced.
        Refresh = "Refresh",
        /// They are left alone.
        Ignore = "Ignore",
        /// AWS waits an hour for the protection to be taken off; its default.
        Wait = "Wait",
    }
}

names! {
    /// What becomes of instances on standby.
    StandbyInstances {
        /// They are terminated.
        Terminate = "Terminate",
        /// They are left alone.
        Ignore = "Ignore",
        /// AWS waits an hour for them to be put back into service; its default.
        Wait = "Wait",
    }
}

impl InstanceRefresh {
    /// Whether AWS can go back: then the change of what is launched rides on the refresh.
    pub(crate) fn rolls_back(&self) -> bool {
        self.auto_rollback == Some(true)
    }

    /// Whether some instances keep their version on purpose.
    pub(crate) fn is_partial(&self) -> bool {
        self.checkpoints.last().is_some_and(|last| *last < 100)
    }

    pub(crate) fn validate(&self, launch: &GroupLaunch, problems: &mut Problems<'_>) {
        let path = |name: &str| format!("instance_refresh.{name}");
        let (min, max) = (self.min_healthy_percentage, self.max_healthy_percentage);
        let (least, greatest) = (path("min_healthy_percentage"), path("max_healthy_percentage"));
        match (min, max) {
            (None, Some(max)) => {
                problems.report("V168", greatest, max, "needs `min_healthy_percentage`, too");
            }
            (Some(min), Some(max)) => healthy_percentages("V168", [&least, &greatest], (min, max), problems),
            _ => problems.range("V168", &least, min, 0..=100),
        }
        let outside = self.checkpoints.iter().find(|percentage| !(1..=100).contains(*percentage));
        if let Some(percentage) = outside {
            problems.report("V169", path("checkpoints"), percentage, "must be percentages of 1 to 100");
        } else if !self.checkpoints.is_sorted_by(|one, next| one < next) {
            problems.report("V169", path("checkpoints"), format!("{:?}", self.checkpoints), "must ascend");
        }
        let delay = self.checkpoint_delay.map(|delay| delay.as_secs());
        match delay.filter(|_| self.checkpoints.is_empty()) {
            Some(delay) => problems.report("V169", path("checkpoint_delay"), delay, "needs checkpoints"),
            None => problems.range("V169", &path("checkpoint_delay"), delay, 0..=172_800),
        }
        problems.range("V169", &path("bake_time"), self.bake_time.map(|time| time.as_secs()), 0..=172_800);
        if self.alarms.len() > 10 {
            problems.report(
                "V169",
                path("alarms"),
                format!("{} names", self.alarms.len()),
                "must be 10 alarms at most",
            );
        }
        if self.rolls_back() && launch.templates().iter().any(|template| template.floats()) {
            let rule = "AWS can go back to numbered versions only, not to `$Latest` and `$Default`";
            problems.report("V170", path("auto_rollback"), "true", rule);
        }
        let root_only = self.strategy == Some(RefreshStrategy::ReplaceRootVolume);
        let imageless = launch.mixed().is_some_and(|mixed| mixed.overrides.iter().any(|item| item.image.is_none()));
        if root_only && imageless {
            problems.report("D24", path("strategy"), "ReplaceRootVolume", "needs an image in each override");
        }
    }
}
