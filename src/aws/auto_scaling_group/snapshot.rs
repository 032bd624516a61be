//! How a group stands: its instances, and their targets.

use std::time::Duration;

use aws_sdk_autoscaling::types::{Activity, AutoScalingGroup as Group, LifecycleState, ScalingActivityStatusCode};

use crate::error::{Error, ErrorKind, Result};
use crate::resource::ScalingProcess;

use super::super::call::pages;
use super::super::{Cx, Progress, Watch};
use super::read;

/// An instance of a group, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct GroupSnapshot {
    pub(crate) name: String,
    pub(crate) min: i32,
    pub(crate) max: i32,
    pub(crate) desired: i32,
    pub(crate) target_groups: usize,
    pub(crate) instances: Vec<InstanceSnapshot>,
}

/// The process is suspended.
fn suspends(group: &Group, process: ScalingProcess) -> bool {
    group.suspended_processes().iter().any(|suspended| suspended.process_name() == Some(process.as_str()))
}

/// Looks once whether as many instances as asked for do their work.
pub(super) async fn serves(cx: &Cx<'_>, group: &Group, watch: &mut Watch) -> Result<Progress> {
    // Nothing is launched: what is missing stays missing, and that is wanted.
    if suspends(group, ScalingProcess::Launch) {
        return Ok(Progress::Done);
    }
    let snapshot = snapshot(cx, group).await?;
    // Instances that were launched meanwhile are not registered.
    let target_groups = if suspends(group, ScalingProcess::AddToLoadBalancer) { 0 } else { snapshot.target_groups };
    // At least as many as asked for: a scale-out in the meantime is no failure (I32).
    let wanted = snapshot.desired.max(snapshot.min);
    let units = |instances: &mut dyn Iterator<Item = &InstanceSnapshot>| instances.map(|one| one.units).sum::<i32>();
    let in_service = units(&mut snapshot.instances.iter().filter(|instance| instance.is_in_service()));
    let healthy = units(&mut snapshot.instances.iter().filter(|instance| instance.is_serving(target_groups)));
    // Capacity in virtual CPUs or memory cannot be counted where AWS does not say what an instance
    // brings: then all that is there has to serve.
    let counted = matches!(group.desired_capacity_type(), None | Some("units"))
        || group.instances().iter().any(|instance| instance.weighted_capacity().is_some());
    let all = !snapshot.instances.is_empty() && snapshot.instances.iter().all(|one| one.is_serving(target_groups));
    if healthy >= wanted || (!counted && all) {
        return Ok(Progress::Done);
    }
    if in_service < wanted
        && let Some(failure) = failed_launch(cx, &snapshot.name, watch).await?
    {
        return Ok(Progress::Failed(failure));
    }
    let mut text = format!("{in_service} of {wanted} instances in service");
    if target_groups > 0 {
        use std::fmt::Write;
        let states: std::collections::BTreeSet<_> = snapshot
            .instances
            .iter()
            .flat_map(|instance| &instance.targets)
            .filter(|target| target.state != "healthy")
            .map(|target| target.reason.clone().unwrap_or_else(|| target.state.clone()))
            .collect();
        // Writing to a String cannot fail.
        let _ = write!(text, ", {healthy} healthy in the target group");
        if !states.is_empty() {
            let _ = write!(text, " ({})", states.into_iter().collect::<Vec<_>>().join(", "));
        }
    }
    Ok(Progress::Waiting(text))
}

/// Looks once whether all target groups are attached or detached for good.
pub(super) async fn target_groups_attached(cx: &Cx<'_>, name: &str) -> Result<Progress> {
    let client = &cx.aws.autoscaling;
    let groups = pages(|token: Option<String>| async move {
        let page = cx
            .read("DescribeLoadBalancerTargetGroups", || {
                client
                    .describe_load_balancer_target_groups()
                    .auto_scaling_group_name(name)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok((page.load_balancer_target_groups.unwrap_or_default(), page.next_token))
    })
    .await?;
    Ok(attached(groups.iter().map(|group| group.state())))
}

/// The same for other traffic sources.
pub(super) async fn traffic_sources_attached(cx: &Cx<'_>, name: &str) -> Result<Progress> {
    let client = &cx.aws.autoscaling;
    let sources = pages(|token: Option<String>| async move {
        let page = cx
            .read("DescribeTrafficSources", || {
                client.describe_traffic_sources().auto_scaling_group_name(name).set_next_token(token.clone()).send()
            })
            .await?;
        Ok((page.traffic_sources.unwrap_or_default(), page.next_token))
    })
    .await?;
    Ok(attached(sources.iter().map(|source| source.state())))
}

fn attached<'a>(states: impl Iterator<Item = Option<&'a str>> + Clone) -> Progress {
    let count = |wanted: &str| states.clone().filter(|state| *state == Some(wanted)).count();
    match (count("Adding"), count("Removing")) {
        (0, 0) => Progress::Done,
        (adding, removing) => {
            Progress::Waiting(format!("{adding} target groups are being attached, {removing} detached"))
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct InstanceSnapshot {
    pub(crate) id: String,
    pub(crate) zone: String,
    pub(crate) instance_type: String,
    pub(crate) lifecycle: String,
    pub(crate) health: String,
    pub(crate) template_version: Option<String>,
    /// What it counts for in the desired capacity.
    pub(crate) units: i32,
    pub(crate) targets: Vec<TargetSnapshot>,
}

#[derive(Debug, Clone)]
pub(crate) struct TargetSnapshot {
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
}

impl InstanceSnapshot {
    fn is_in_service(&self) -> bool {
        self.lifecycle == LifecycleState::InService.as_str() && self.health.eq_ignore_ascii_case("healthy")
    }

    /// In service, and registered and healthy in every target group: one that is not registered
    /// yet does not count (R42).
    fn is_serving(&self, target_groups: usize) -> bool {
        self.is_in_service()
            && self.targets.len() == target_groups
            && self.targets.iter().all(|target| target.state == "healthy")
    }
}

async fn snapshot(cx: &Cx<'_>, group: &Group) -> Result<GroupSnapshot> {
    let client = &cx.aws.elbv2;
    let reads = group.target_group_arns().iter().map(|arn| async move {
        cx.read("DescribeTargetHealth", || client.describe_target_health().target_group_arn(arn).send()).await
    });
    let healths = futures_util::future::try_join_all(reads).await?;
    let instances = group
        .instances()
        .iter()
        .map(|instance| {
            let instance_id = instance.instance_id().unwrap_or_default();
            let targets = healths
                .iter()
                .filter_map(|health| {
                    let found = health
                        .target_health_descriptions()
                        .iter()
                        .find(|target| target.target().and_then(|target| target.id()) == Some(instance_id))?;
                    let health = found.target_health()?;
                    Some(TargetSnapshot {
                        state: health.state()?.as_str().to_owned(),
                        reason: health.reason().map(|reason| reason.as_str().to_owned()),
                    })
                })
                .collect();
            InstanceSnapshot {
                id: instance_id.to_owned(),
                zone: instance.availability_zone().unwrap_or_default().to_owned(),
                instance_type: instance.instance_type().unwrap_or_default().to_owned(),
                lifecycle: instance.lifecycle_state().map_or("", LifecycleState::as_str).to_owned(),
                health: instance.health_status().unwrap_or_default().to_owned(),
                template_version: instance
                    .launch_template()
                    .and_then(|template| template.version())
                    .map(ToOwned::to_owned),
                units: instance.weighted_capacity().and_then(|weight| weight.parse().ok()).unwrap_or(1),
                targets,
            }
        })
        .collect();
    Ok(GroupSnapshot {
        name: group.auto_scaling_group_name().unwrap_or_default().to_owned(),
        min: group.min_size().unwrap_or(0),
        max: group.max_size().unwrap_or(0),
        desired: group.desired_capacity().unwrap_or(0),
        target_groups: group.target_group_arns().len(),
        instances,
    })
}

/// The groups of these names with their instances and targets.
pub(crate) async fn groups(cx: &Cx<'_>, names: &[String]) -> Result<Vec<GroupSnapshot>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let groups = read(cx, names, &[]).await?;
    futures_util::future::try_join_all(groups.iter().map(|group| snapshot(cx, group))).await
}

/// How long launches may fail because of an instance profile: what AWS's own services and other tools
/// allow is two minutes for the profile (R37, R38), and a failed launch is tried again with a delay.
const PROFILE_AT_MOST: Duration = Duration::from_secs(5 * 60);

/// A launch that failed since the group was made or the wait began, with AWS's own words (R41).
async fn failed_launch(cx: &Cx<'_>, name: &str, watch: &mut Watch) -> Result<Option<Error>> {
    let client = &cx.aws.autoscaling;
    let output = cx
        .read("DescribeScalingActivities", || {
            client.describe_scaling_activities().auto_scaling_group_name(name).max_records(20).send()
        })
        .await?;
    let ids = || output.activities().iter().filter_map(|activity| activity.activity_id.clone()).collect();
    let old = watch.old_failures.get_or_insert_with(ids);
    // The latest activity comes first; one that succeeded later makes up for a failure.
    let new = |activity: &&Activity| !activity.activity_id().is_some_and(|id| old.contains(id));
    for activity in output.activities().iter().filter(new) {
        let message = activity.status_message().unwrap_or_default();
        match activity.status_code() {
            Some(ScalingActivityStatusCode::Successful) => return Ok(None),
            // A profile that was just made is not known everywhere yet.
            Some(ScalingActivityStatusCode::Failed)
                if message.contains("Invalid IAM Instance Profile") && watch.began.elapsed() < PROFILE_AT_MOST => {}
            Some(ScalingActivityStatusCode::Failed) => {
                let error = Error::new(ErrorKind::Capacity, format!("an instance could not be launched: {message}"));
                return Ok(Some(error.with_hint(
                    "the group keeps trying; change the instance type, the subnets or what the message names, and run again",
                )));
            }
            _ => {}
        }
    }
    Ok(None)
}
