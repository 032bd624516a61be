//! Scheduled actions over the EC2 Auto Scaling API.

use aws_sdk_autoscaling::types::ScheduledUpdateGroupAction as Action;
use aws_smithy_types::DateTime;

use crate::error::{Error, Result};
use crate::input::Input;
use crate::resource::tags::SCHEDULE;
use crate::resource::{
    AutoScalingGroup, Observed, Operation, Recurrence, Schedule, ScheduledAction, ScheduledActionOutputs,
};
use crate::timestamp::Timestamp;

use super::call::{gone_is_fine, pages};
use super::convert::count;
use super::scaling_policy::children;
use super::{Cx, Operate, id, known};

fn date(time: Timestamp) -> DateTime {
    DateTime::from_secs(time.as_unix())
}

impl ScheduledAction {
    /// Puts the action; one that exists becomes all that it says.
    async fn put(&self, cx: &Cx<'_>, observed: Option<&Self>) -> Result<ScheduledActionOutputs> {
        let client = &cx.aws.autoscaling;
        let request = client
            .put_scheduled_update_group_action()
            .auto_scaling_group_name(known(&self.group)?.as_str())
            .scheduled_action_name(&self.name)
            .set_min_size(self.min_size.map(count))
            .set_max_size(self.max_size.map(count))
            .set_desired_capacity(self.desired_capacity.map(count));
        let request = match &self.schedule {
            Schedule::Once(time) => request.start_time(date(*time)),
            Schedule::Recurring(recurrence) => {
                // AWS takes no start that has passed; without one it works out the next run.
                let begun = observed.is_some_and(|observed| self.has_begun(observed));
                request
                    .recurrence(&recurrence.cron)
                    .set_time_zone(recurrence.time_zone.clone())
                    .set_start_time(recurrence.start.filter(|_| !begun).map(date))
                    .set_end_time(recurrence.end.map(date))
            }
        };
        let put = cx.write(Operation::PutScheduledUpdateGroupAction, || request.clone().send()).await;
        put.map_err(passed)?;
        Ok(ScheduledActionOutputs::new(known(&self.group)?.as_str(), &self.name))
    }
}

/// What AWS says of a time in the past says little about why it is asked for.
fn passed(error: Error) -> Error {
    if error.to_string().contains("in the past") {
        error.with_hint("its time has passed: take the declaration away, or give it another time")
    } else {
        error
    }
}

impl Operate for ScheduledAction {
    async fn create(&self, cx: &Cx<'_>) -> Result<ScheduledActionOutputs> {
        self.put(cx, None).await
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        _: Operation,
        _: &ScheduledActionOutputs,
        observed: Option<&Self>,
    ) -> Result<Option<ScheduledActionOutputs>> {
        self.put(cx, observed).await.map(Some)
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let group = known(&observed.spec.group)?.as_str();
        gone_is_fine(
            cx.write(Operation::DeleteScheduledAction, || {
                client
                    .delete_scheduled_action()
                    .auto_scaling_group_name(group)
                    .scheduled_action_name(&observed.spec.name)
                    .send()
            })
            .await,
        )
    }

    async fn find(&self, _: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        // Putting an action that exists changes it: there is nothing to bump into.
        Ok(None)
    }
}

fn parse(action: &Action) -> Result<Option<ScheduledAction>> {
    let (Some(name), Some(group)) = (action.scheduled_action_name(), action.auto_scaling_group_name()) else {
        return Ok(None);
    };
    let time = |time: Option<&DateTime>| time.map(|time| Timestamp::from_unix(time.secs()));
    let size = |size: Option<i32>| size.and_then(|size| u32::try_from(size).ok());
    let start = time(action.start_time());
    let schedule = match (action.recurrence(), start) {
        (Some(cron), start) => Schedule::Recurring(Recurrence {
            cron: cron.to_owned(),
            time_zone: action.time_zone().map(ToOwned::to_owned),
            start,
            end: time(action.end_time()),
        }),
        (None, Some(start)) => Schedule::Once(start),
        (None, None) => return Ok(None),
    };
    Ok(Some(ScheduledAction {
        name: name.to_owned(),
        group: Input::known(id(Some(group), "a group name")?),
        schedule,
        min_size: size(action.min_size()),
        max_size: size(action.max_size()),
        desired_capacity: size(action.desired_capacity()),
        owner: None,
    }))
}

/// Reads the actions of groups whose tags say that the stack has some, or for which some are
/// declared; the tags say which of them are the stack's.
pub(super) async fn observe(
    cx: &Cx<'_>,
    groups: &[Observed<AutoScalingGroup>],
    declared: &[&str],
) -> Result<Vec<Observed<ScheduledAction>>> {
    let client = &cx.aws.autoscaling;
    let owners = children(groups, SCHEDULE);
    let wanted = groups.iter().filter(|group| {
        declared.contains(&group.spec.name.as_str()) || group.spec.tags.keys().any(|key| key.starts_with(SCHEDULE))
    });
    let pages = wanted.map(|group| async move {
        pages(|token: Option<String>| async move {
            let page = cx
                .read("DescribeScheduledActions", || {
                    client
                        .describe_scheduled_actions()
                        .auto_scaling_group_name(group.outputs.name.as_str())
                        .set_next_token(token.clone())
                        .send()
                })
                .await?;
            Ok((page.scheduled_update_group_actions.unwrap_or_default(), page.next_token))
        })
        .await
    });
    let mut observed = Vec::new();
    for action in futures_util::future::try_join_all(pages).await?.iter().flatten() {
        let Some(mut spec) = parse(action)? else { continue };
        let group = action.auto_scaling_group_name().unwrap_or_default();
        let owner = owners.get(&format!("{group}|{}", spec.name)).cloned();
        spec.owner = owner.as_ref().map(|owner| owner.address.clone());
        observed.push(Observed { outputs: ScheduledActionOutputs::new(group, &spec.name), spec, owner, name: None });
    }
    Ok(observed)
}
