//! Auto Scaling groups over the EC2 Auto Scaling API.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::{
    Activity, AutoScalingGroup as Group, Filter, LaunchTemplateSpecification, LifecycleState,
    ScalingActivityStatusCode, Tag,
};

use crate::error::{Error, ErrorKind, Result};
use crate::id::{LaunchTemplateId, TargetGroupArn};
use crate::input::Input;
use crate::resource::tags::{NAME, STACK};
use crate::resource::{
    AnyObserved, AutoScalingGroup, AutoScalingGroupOutputs, GroupHealthCheck, GroupMetric, GroupTag, Observed,
    Operation, TemplateVersion,
};

use super::call::{NotYet, gone_is_fine, pages};
use super::convert::{count, duration, join, more, seconds, uncount};
use super::{Cx, Operate, Progress, Watch, id, known};

/// How many target groups one call attaches or detaches.
const TARGET_GROUPS_AT_ONCE: usize = 10;

impl AutoScalingGroup {
    fn template(&self) -> Result<LaunchTemplateSpecification> {
        Ok(LaunchTemplateSpecification::builder()
            .launch_template_id(known(&self.launch_template.id)?.as_str())
            .version(known(&self.launch_template.version)?)
            .build())
    }

    fn zones(&self) -> Result<String> {
        let subnets: Vec<&str> = known(&self.subnets)?.iter().map(|subnet| subnet.as_str()).collect();
        Ok(subnets.join(","))
    }
}

fn tag(group: &str, key: &str, tag: &GroupTag) -> Tag {
    Tag::builder()
        .resource_id(group)
        .resource_type("auto-scaling-group")
        .key(key)
        .value(&tag.value)
        .propagate_at_launch(tag.propagate)
        .build()
}

fn arns(groups: &[Input<TargetGroupArn>]) -> Result<Vec<String>> {
    groups.iter().map(|group| Ok(known(group)?.to_string())).collect()
}

/// A profile or template that was just made is not known everywhere yet (R38, R58).
const PROPAGATION: &[NotYet] = &[
    NotYet::code("ValidationError").saying("Invalid IAM Instance Profile").for_minutes(2),
    NotYet::code("ValidationError").saying("Invalid IamInstanceProfile").for_minutes(2),
];

/// The same, and a name whose last holder is not gone yet (I30).
const NOT_YET: &[NotYet] = &[PROPAGATION[0], PROPAGATION[1], NotYet::code("AlreadyExists").saying("pending delete")];

impl Operate for AutoScalingGroup {
    async fn create(&self, cx: &Cx<'_>) -> Result<AutoScalingGroupOutputs> {
        let client = &cx.aws.autoscaling;
        let (template, zones, groups) = (self.template()?, self.zones()?, arns(&self.target_groups)?);
        let tags = self.tags.iter().map(|(key, value)| tag(&self.name, key, value)).collect::<Vec<_>>();
        let policies = &self.termination_policies;
        cx.write_when(Operation::CreateAutoScalingGroup, NOT_YET, || {
            client
                .create_auto_scaling_group()
                .auto_scaling_group_name(&self.name)
                .launch_template(template.clone())
                .vpc_zone_identifier(&zones)
                .min_size(count(self.sizes.0))
                .max_size(count(self.sizes.1))
                .set_desired_capacity(self.desired_capacity.map(count))
                .set_target_group_arns((!groups.is_empty()).then(|| groups.clone()))
                .set_health_check_type(self.health_check.map(|check| check.as_str().to_owned()))
                .set_health_check_grace_period(self.health_check_grace_period.map(seconds))
                .set_default_cooldown(self.default_cooldown.map(seconds))
                .set_default_instance_warmup(self.default_instance_warmup.map(seconds))
                .set_new_instances_protected_from_scale_in(self.protect_from_scale_in)
                .set_max_instance_lifetime(self.max_instance_lifetime.map(seconds))
                .set_termination_policies((!policies.is_empty()).then(|| policies.clone()))
                .set_tags(Some(tags.clone()))
                .send()
        })
        .await?;
        Ok(AutoScalingGroupOutputs { name: id(Some(&self.name), "a group name")? })
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        outputs: &AutoScalingGroupOutputs,
        observed: Option<&Self>,
    ) -> Result<Option<AutoScalingGroupOutputs>> {
        let client = &cx.aws.autoscaling;
        let name = outputs.name.as_str();
        match operation {
            Operation::UpdateAutoScalingGroup => self.update(cx, name, observed).await?,
            Operation::AttachLoadBalancerTargetGroups => {
                let present = observed.map(|observed| arns(&observed.target_groups)).transpose()?.unwrap_or_default();
                for chunk in more(&arns(&self.target_groups)?, &present).chunks(TARGET_GROUPS_AT_ONCE) {
                    cx.write(operation, || {
                        client
                            .attach_load_balancer_target_groups()
                            .auto_scaling_group_name(name)
                            .set_target_group_arns(Some(chunk.to_vec()))
                            .send()
                    })
                    .await?;
                }
            }
            Operation::DetachLoadBalancerTargetGroups => {
                let present = observed.map(|observed| arns(&observed.target_groups)).transpose()?.unwrap_or_default();
                for chunk in more(&present, &arns(&self.target_groups)?).chunks(TARGET_GROUPS_AT_ONCE) {
                    cx.write(operation, || {
                        client
                            .detach_load_balancer_target_groups()
                            .auto_scaling_group_name(name)
                            .set_target_group_arns(Some(chunk.to_vec()))
                            .send()
                    })
                    .await?;
                }
            }
            Operation::EnableMetricsCollection => {
                let metrics =
                    words(&more(&self.metrics, observed.map(|observed| &observed.metrics[..]).unwrap_or_default()));
                cx.write(operation, || {
                    client
                        .enable_metrics_collection()
                        .auto_scaling_group_name(name)
                        .granularity("1Minute")
                        .set_metrics(Some(metrics.clone()))
                        .send()
                })
                .await?;
            }
            Operation::DisableMetricsCollection => {
                let metrics =
                    words(&more(observed.map(|observed| &observed.metrics[..]).unwrap_or_default(), &self.metrics));
                cx.write(operation, || {
                    client
                        .disable_metrics_collection()
                        .auto_scaling_group_name(name)
                        .set_metrics(Some(metrics.clone()))
                        .send()
                })
                .await?;
            }
            _ => self.change_tags(cx, operation, name, observed).await?,
        }
        Ok(None)
    }

    async fn settled(&self, cx: &Cx<'_>, outputs: &AutoScalingGroupOutputs, watch: &mut Watch) -> Result<Progress> {
        let name = outputs.name.as_str().to_owned();
        let Some(group) = read(cx, std::slice::from_ref(&name), &[]).await?.pop() else {
            return Ok(Progress::Waiting("not visible yet".to_owned()));
        };
        let snapshot = snapshot(cx, &group).await?;
        // At least as many as asked for: a scale-out in the meantime is no failure (I32).
        let wanted = snapshot.desired.max(snapshot.min);
        let in_service = snapshot.instances.iter().filter(|instance| instance.is_in_service()).count();
        let healthy = snapshot.instances.iter().filter(|instance| instance.is_serving(snapshot.target_groups)).count();
        if healthy >= usize::try_from(wanted).unwrap_or(usize::MAX) {
            return Ok(Progress::Done);
        }
        if in_service < usize::try_from(wanted).unwrap_or(usize::MAX)
            && let Some(failure) = failed_launch(cx, &name, watch).await?
        {
            return Ok(Progress::Failed(failure));
        }
        let mut text = format!("{in_service} of {wanted} instances in service");
        if snapshot.target_groups > 0 {
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

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let name = observed.outputs.name.as_str();
        // With its instances; they are drained from their target groups on the way (R53).
        let not_yet = &[NotYet::code("ResourceInUse"), NotYet::code("ScalingActivityInProgress")];
        let deleted = cx
            .write_when(Operation::DeleteAutoScalingGroup, not_yet, || {
                client.delete_auto_scaling_group().auto_scaling_group_name(name).force_delete(true).send()
            })
            .await;
        gone_is_fine(deleted)
    }

    async fn gone(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<Progress> {
        let name = observed.outputs.name.as_str().to_owned();
        let groups = read(cx, &[name], &[]).await?;
        let Some(group) = groups.first() else { return Ok(Progress::Done) };
        let left = group.instances().len();
        Ok(Progress::Waiting(format!("{left} instances are terminating")))
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let groups = read(cx, std::slice::from_ref(&self.name), &[]).await?;
        groups.first().map(parse).transpose().map(Option::flatten)
    }
}

impl AutoScalingGroup {
    /// Sends what is declared; what is left out only where it has to go back to AWS's default.
    async fn update(&self, cx: &Cx<'_>, name: &str, observed: Option<&Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let (template, zones) = (self.template()?, self.zones()?);
        let had = |has: fn(&Self) -> bool| observed.is_some_and(has);
        let desired = if self.pin_desired_capacity { self.desired_capacity } else { None };
        let health_check =
            self.health_check.or_else(|| had(|o| o.health_check.is_some()).then_some(GroupHealthCheck::Ec2));
        let grace = self
            .health_check_grace_period
            .map(seconds)
            .or_else(|| had(|o| o.health_check_grace_period.is_some()).then_some(0));
        let cooldown =
            self.default_cooldown.map(seconds).or_else(|| had(|o| o.default_cooldown.is_some()).then_some(300));
        // -1 and 0 clear these (UpdateAutoScalingGroup).
        let warmup = self
            .default_instance_warmup
            .map(seconds)
            .or_else(|| had(|o| o.default_instance_warmup.is_some()).then_some(-1));
        let lifetime =
            self.max_instance_lifetime.map(seconds).or_else(|| had(|o| o.max_instance_lifetime.is_some()).then_some(0));
        let protect =
            self.protect_from_scale_in.or_else(|| had(|o| o.protect_from_scale_in.is_some()).then_some(false));
        let policies = if self.termination_policies.is_empty() {
            had(|o| !o.termination_policies.is_empty()).then(|| vec!["Default".to_owned()])
        } else {
            Some(self.termination_policies.clone())
        };
        cx.write_when(Operation::UpdateAutoScalingGroup, PROPAGATION, || {
            client
                .update_auto_scaling_group()
                .auto_scaling_group_name(name)
                .launch_template(template.clone())
                .vpc_zone_identifier(&zones)
                .min_size(count(self.sizes.0))
                .max_size(count(self.sizes.1))
                .set_desired_capacity(desired.map(count))
                .set_health_check_type(health_check.map(|check| check.as_str().to_owned()))
                .set_health_check_grace_period(grace)
                .set_default_cooldown(cooldown)
                .set_default_instance_warmup(warmup)
                .set_new_instances_protected_from_scale_in(protect)
                .set_max_instance_lifetime(lifetime)
                .set_termination_policies(policies.clone())
                .send()
        })
        .await?;
        Ok(())
    }

    async fn change_tags(&self, cx: &Cx<'_>, operation: Operation, name: &str, observed: Option<&Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let none = BTreeMap::new();
        let present = observed.map_or(&none, |observed| &observed.tags);
        if operation == Operation::CreateOrUpdateTags {
            let tags = self
                .tags
                .iter()
                .filter(|(key, value)| present.get(*key) != Some(value))
                .map(|(key, value)| tag(name, key, value))
                .collect::<Vec<_>>();
            cx.write(operation, || client.create_or_update_tags().set_tags(Some(tags.clone())).send()).await?;
        } else {
            let tags = present
                .iter()
                .filter(|(key, _)| !self.tags.contains_key(*key))
                .map(|(key, value)| tag(name, key, value))
                .collect::<Vec<_>>();
            cx.write(operation, || client.delete_tags().set_tags(Some(tags.clone())).send()).await?;
        }
        Ok(())
    }
}

fn words(metrics: &[GroupMetric]) -> Vec<String> {
    metrics.iter().map(|metric| metric.as_str().to_owned()).collect()
}

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

#[derive(Debug, Clone)]
pub(crate) struct InstanceSnapshot {
    pub(crate) id: String,
    pub(crate) zone: String,
    pub(crate) instance_type: String,
    pub(crate) lifecycle: String,
    pub(crate) health: String,
    pub(crate) template_version: Option<String>,
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
            Some(ScalingActivityStatusCode::Failed) if !message.contains("Invalid IAM Instance Profile") => {
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

/// Reads groups by name, or all that match filters.
async fn read(cx: &Cx<'_>, names: &[String], filters: &[Filter]) -> Result<Vec<Group>> {
    let client = &cx.aws.autoscaling;
    pages(|token: Option<String>| async move {
        let page = cx
            .read("DescribeAutoScalingGroups", || {
                client
                    .describe_auto_scaling_groups()
                    .set_auto_scaling_group_names((!names.is_empty()).then(|| names.to_vec()))
                    .set_filters((!filters.is_empty()).then(|| filters.to_vec()))
                    .max_records(100)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok((page.auto_scaling_groups.unwrap_or_default(), page.next_token))
    })
    .await
}

fn parse(group: &Group) -> Result<Option<Observed<AutoScalingGroup>>> {
    let physical = group.auto_scaling_group_name().unwrap_or_default();
    let tags: BTreeMap<String, GroupTag> = group
        .tags()
        .iter()
        .filter(|tag| !tag.key().is_some_and(|key| key.starts_with("aws:")))
        .filter_map(|tag| {
            let value = tag.value().unwrap_or_default().to_owned();
            Some((tag.key()?.to_owned(), GroupTag { value, propagate: tag.propagate_at_launch() == Some(true) }))
        })
        .collect();
    let template = group.launch_template();
    let template_id: Option<LaunchTemplateId> =
        template.and_then(|template| template.launch_template_id()?.parse().ok());
    // Groups with other sources of configuration are not ours to compare, whoever owns them.
    let Some(template_id) = template_id else { return Ok(None) };
    let version = template.and_then(|template| template.version()).unwrap_or("$Default");
    let subnets = group
        .vpc_zone_identifier()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|subnet| !subnet.is_empty())
        .map(|subnet| id(Some(subnet), "a subnet id"))
        .collect::<Result<Vec<_>>>()?;
    let set = |value: Option<i32>| value.filter(|value| *value >= 0).map(duration);
    Ok(Some(Observed {
        outputs: AutoScalingGroupOutputs { name: id(Some(physical), "a group name")? },
        owner: owner(&tags),
        name: Some(physical.to_owned()),
        spec: AutoScalingGroup {
            name: tags.get(NAME).map_or(physical, |tag| &tag.value).to_owned(),
            launch_template: TemplateVersion {
                id: Input::known(template_id),
                version: Input::known(version.to_owned()),
            },
            subnets: Input::known(subnets),
            sizes: (uncount(group.min_size()), uncount(group.max_size())),
            desired_capacity: Some(uncount(group.desired_capacity())),
            pin_desired_capacity: false,
            health_check: group.health_check_type().and_then(GroupHealthCheck::from_word),
            health_check_grace_period: set(group.health_check_grace_period()),
            default_cooldown: set(group.default_cooldown()),
            default_instance_warmup: set(group.default_instance_warmup()),
            protect_from_scale_in: group.new_instances_protected_from_scale_in(),
            max_instance_lifetime: set(group.max_instance_lifetime()).filter(|lifetime| !lifetime.is_zero()),
            termination_policies: group.termination_policies().to_vec(),
            target_groups: group
                .target_group_arns()
                .iter()
                .map(|arn| Ok(Input::known(id(Some(arn), "a target group ARN")?)))
                .collect::<Result<Vec<_>>>()?,
            metrics: group
                .enabled_metrics()
                .iter()
                .filter_map(|metric| GroupMetric::from_word(metric.metric()?))
                .collect(),
            tags,
        },
    }))
}

fn owner(tags: &BTreeMap<String, GroupTag>) -> Option<crate::resource::tags::Owner> {
    let tags: crate::resource::Tags = tags.iter().map(|(key, tag)| (key.clone(), tag.value.clone())).collect();
    tags.owner()
}

/// Reads the groups that the stack owns, and groups under declared names.
pub(super) async fn observe(cx: &Cx<'_>, declared: &[&AutoScalingGroup]) -> Result<Vec<Observed<AutoScalingGroup>>> {
    let names: Vec<String> = declared.iter().map(|group| group.name.clone()).collect();
    let owned = [Filter::builder().name(format!("tag:{STACK}")).values(cx.stack).build()];
    let by_tag = read(cx, &[], &owned);
    let by_name = async {
        let mut found = Vec::new();
        for chunk in names.chunks(50) {
            found.extend(read(cx, chunk, &[]).await?);
        }
        Ok(found)
    };
    let (groups, named) = tokio::try_join!(by_tag, by_name)?;
    let mut groups = join(groups, named, Group::auto_scaling_group_name);
    // One that is on its way out is gone for planning; a create waits until its name is free.
    groups.retain(|group| group.status().is_none());
    let mut observed = Vec::with_capacity(groups.len());
    for group in &groups {
        observed.extend(parse(group)?);
    }
    Ok(observed)
}

/// The same for the engine's list.
pub(super) fn any(groups: Vec<Observed<AutoScalingGroup>>) -> impl Iterator<Item = AnyObserved> {
    groups.into_iter().map(AnyObserved::from)
}
