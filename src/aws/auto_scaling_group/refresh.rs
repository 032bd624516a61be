//! Instance refreshes: started, followed, and given up.

use aws_sdk_autoscaling::types as asg;

use crate::error::{Error, ErrorKind, Result};
use crate::resource::{AutoScalingGroup, InstanceRefresh, Operation};

use super::super::convert::{count, seconds};
use super::super::{Cx, Progress};
use super::launch::configuration;
use super::parts::REFRESHING;

fn preferences(refresh: &InstanceRefresh) -> asg::RefreshPreferences {
    let alarms = (!refresh.alarms.is_empty())
        .then(|| asg::AlarmSpecification::builder().set_alarms(Some(refresh.alarms.clone())).build());
    let checkpoints = (!refresh.checkpoints.is_empty())
        .then(|| refresh.checkpoints.iter().map(|percentage| count(*percentage)).collect());
    asg::RefreshPreferences::builder()
        .set_min_healthy_percentage(refresh.min_healthy_percentage.map(count))
        .set_max_healthy_percentage(refresh.max_healthy_percentage.map(count))
        .set_instance_warmup(refresh.warmup.map(seconds))
        .set_checkpoint_percentages(checkpoints)
        .set_checkpoint_delay(refresh.checkpoint_delay.map(seconds))
        .set_skip_matching(refresh.skip_matching)
        .set_auto_rollback(refresh.auto_rollback)
        .set_scale_in_protected_instances(
            refresh.scale_in_protected.map(|word| asg::ScaleInProtectedInstances::from(word.as_str())),
        )
        .set_standby_instances(refresh.standby.map(|word| asg::StandbyInstances::from(word.as_str())))
        .set_alarm_specification(alarms)
        .set_bake_time(refresh.bake_time.map(seconds))
        .build()
}

impl AutoScalingGroup {
    /// Starts a refresh. One that runs already is followed if it leads to what is declared: an
    /// earlier run has started it. Otherwise it is cancelled first (aws.md 2.6, R49).
    pub(super) async fn start_refresh(&self, cx: &Cx<'_>, name: &str, observed: Option<&Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let Some(refresh) = &self.instance_refresh else { return Ok(()) };
        // AWS can only go back from a configuration that it was given with the refresh.
        let configuration = refresh
            .rolls_back()
            .then(|| configuration(&self.launch_template, observed.map(|observed| &observed.launch_template)))
            .transpose()?;
        let preferences = preferences(refresh);
        let preferences = (preferences != asg::RefreshPreferences::builder().build()).then_some(preferences);
        let send = || {
            client
                .start_instance_refresh()
                .auto_scaling_group_name(name)
                .set_strategy(refresh.strategy.map(|strategy| asg::RefreshStrategy::from(strategy.as_str())))
                .set_desired_configuration(configuration.clone())
                .set_preferences(preferences.clone())
                .send()
        };
        match cx.write(Operation::StartInstanceRefresh, send).await {
            Err(error) if error.code() == Some("InstanceRefreshInProgress") => {}
            other => return other.map(|_| ()),
        }
        if observed.is_some_and(|observed| self.launches_like(observed)) {
            return Ok(());
        }
        let cancelled = cx
            .write(Operation::CancelInstanceRefresh, || {
                client.cancel_instance_refresh().auto_scaling_group_name(name).send()
            })
            .await;
        match cancelled {
            Err(error) if error.code() != Some("ActiveInstanceRefreshNotFound") => return Err(error),
            _ => {}
        }
        cx.write_when(Operation::StartInstanceRefresh, &[REFRESHING], send).await?;
        Ok(())
    }
}

/// Looks once how far the latest refresh of a group is.
pub(super) async fn progress(cx: &Cx<'_>, name: &str) -> Result<Progress> {
    let client = &cx.aws.autoscaling;
    let output = cx
        .read("DescribeInstanceRefreshes", || {
            client.describe_instance_refreshes().auto_scaling_group_name(name).max_records(1).send()
        })
        .await?;
    let Some(refresh) = output.instance_refreshes().first() else {
        return Ok(Progress::Waiting("the instance refresh is not visible yet".to_owned()));
    };
    let status = refresh.status().map_or("", asg::InstanceRefreshStatus::as_str);
    let rollback = refresh.rollback_details().and_then(|details| details.rollback_reason());
    let reason = rollback.or(refresh.status_reason()).unwrap_or("AWS gives no reason");
    let failed = |what: &str, hint: &str| {
        let text = format!("the instance refresh {what}: {reason}");
        Ok(Progress::Failed(Error::new(ErrorKind::Service, text).with_hint(hint)))
    };
    match status {
        "Successful" => Ok(Progress::Done),
        "Failed" => failed(
            "failed",
            "some instances may be replaced already; mend what the reason names and run again: the rest follows",
        ),
        "Cancelled" => failed("was cancelled", "run again to start another; some instances may be replaced already"),
        "RollbackSuccessful" => {
            failed("was rolled back", "the group launches what it launched before; mend the declaration and run again")
        }
        "RollbackFailed" => failed(
            "failed, and so did going back",
            "the group has instances of both versions; mend what the reason names and run again",
        ),
        _ => {
            let mut text = format!("the instance refresh is {status}");
            if let Some(percent) = refresh.percentage_complete() {
                use std::fmt::Write;
                // Writing to a String cannot fail.
                let _ = write!(text, ", {percent}% done");
            }
            if let Some(reason) = rollback.or(refresh.status_reason()) {
                text = format!("{text} ({reason})");
            }
            Ok(Progress::Waiting(text))
        }
    }
}
