//! Auto Scaling groups over the EC2 Auto Scaling API.

mod launch;
mod parts;
mod refresh;
mod settings;
mod snapshot;

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::{AutoScalingGroup as Group, Filter, LifecycleState, Tag, TrafficSourceIdentifier};
use futures_util::future::try_join_all;

use crate::error::{Error, ErrorKind, Result};
use crate::id::TargetGroupArn;
use crate::input::Input;
use crate::resource::tags::{NAME, STACK};
use crate::resource::{
    AnyObserved, AutoScalingGroup, AutoScalingGroupOutputs, CapacityReservationPreference, CapacityUnit,
    DefaultSubnets, DeletionProtection, GroupCapacityReservations, GroupHealthCheck, GroupLaunch, GroupMetric,
    GroupPlace, GroupTag, ImpairedZoneHealthCheck, Member, Observed, Operation, RetentionAction, ScalingProcess,
    TerminationPolicy, ZoneDistribution, ZoneImpairment,
};

use super::call::{NotYet, gone_is_fine, pages};
use super::convert::{count, duration, join, more, uncount};
use super::{Cx, Operate, Progress, Watch, blockers, id, known};
use parts::{NO_MESSAGE, REFRESHING};
use settings::{Settings, with_settings};
pub(crate) use snapshot::groups;

/// How many target groups or traffic sources one call attaches or detaches.
const AT_ONCE: usize = 10;

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

fn sources(arns: &[String]) -> Vec<TrafficSourceIdentifier> {
    arns.iter().map(|arn| TrafficSourceIdentifier::builder().identifier(arn).r#type("vpc-lattice").build()).collect()
}

/// A profile or template that was just made is not known everywhere yet (R38, R58).
const PROPAGATION: &[NotYet] = &[
    NotYet::code("ValidationError").saying("Invalid IAM Instance Profile").for_minutes(2),
    NotYet::code("ValidationError").saying("Invalid IamInstanceProfile").for_minutes(2),
];

/// The same, a role of a hook, and a name whose last holder is not gone yet (I30).
const NOT_YET: &[NotYet] =
    &[PROPAGATION[0], PROPAGATION[1], NO_MESSAGE, NotYet::code("AlreadyExists").saying("pending delete")];

impl Operate for AutoScalingGroup {
    async fn create(&self, cx: &Cx<'_>) -> Result<AutoScalingGroupOutputs> {
        let client = &cx.aws.autoscaling;
        let settings = Settings::new(self, None)?;
        let template = self.launch_template.template().map(launch::specification).transpose()?;
        let mixed = self.launch_template.mixed().map(|mixed| launch::policy(mixed, None)).transpose()?;
        let (groups, sources) = (arns(&self.target_groups)?, sources(&self.traffic_sources));
        let hooks = self.lifecycle_hooks.iter().map(parts::specification).collect::<Vec<_>>();
        let tags = self.tags.iter().map(|(key, value)| tag(&self.name, key, value)).collect::<Vec<_>>();
        cx.write_when(Operation::CreateAutoScalingGroup, NOT_YET, || {
            let request = client
                .create_auto_scaling_group()
                .auto_scaling_group_name(&self.name)
                .set_launch_template(template.clone())
                .set_mixed_instances_policy(mixed.clone())
                .min_size(count(self.sizes.0))
                .max_size(count(self.sizes.1))
                .set_desired_capacity(self.desired_capacity.map(count))
                .set_target_group_arns((!groups.is_empty()).then(|| groups.clone()))
                .set_traffic_sources((!sources.is_empty()).then(|| sources.clone()))
                .set_lifecycle_hook_specification_list((!hooks.is_empty()).then(|| hooks.clone()))
                .set_tags(Some(tags.clone()));
            with_settings!(request, settings).send()
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
        let name = outputs.name.as_str();
        match operation {
            Operation::UpdateAutoScalingGroup => self.update(cx, name, observed).await?,
            Operation::AttachLoadBalancerTargetGroups | Operation::DetachLoadBalancerTargetGroups => {
                self.change_target_groups(cx, operation, name, observed).await?;
            }
            Operation::AttachTrafficSources | Operation::DetachTrafficSources => {
                self.change_traffic_sources(cx, operation, name, observed).await?;
            }
            Operation::EnableMetricsCollection | Operation::DisableMetricsCollection => {
                self.change_metrics(cx, operation, name, observed).await?;
            }
            Operation::SuspendProcesses | Operation::ResumeProcesses => {
                self.change_processes(cx, operation, name, observed).await?;
            }
            Operation::PutLifecycleHook => {
                let present = observed.map(|observed| &observed.lifecycle_hooks[..]).unwrap_or_default();
                parts::put_hooks(cx, name, &self.lifecycle_hooks, present).await?;
            }
            Operation::DeleteLifecycleHook => {
                let present = observed.map(|observed| &observed.lifecycle_hooks[..]).unwrap_or_default();
                parts::delete_hooks(cx, name, &self.lifecycle_hooks, present).await?;
            }
            Operation::PutWarmPool => self.put_warm_pool(cx, name, observed).await?,
            Operation::DeleteWarmPool => parts::delete_warm_pool(cx, name).await?,
            Operation::StartInstanceRefresh => self.start_refresh(cx, name, observed).await?,
            _ => self.change_tags(cx, operation, name, observed).await?,
        }
        Ok(None)
    }

    async fn settled(&self, cx: &Cx<'_>, outputs: &AutoScalingGroupOutputs, watch: &mut Watch) -> Result<Progress> {
        let name = outputs.name.as_str().to_owned();
        let Some(group) = read(cx, std::slice::from_ref(&name), &[]).await?.pop() else {
            return Ok(Progress::Unseen);
        };
        if let Some(status) = group.status() {
            // The only status that AWS gives (API reference, `AutoScalingGroup.Status`).
            let text = format!("somebody deletes the group: {status}");
            let error = Error::new(ErrorKind::NotFound, text).with_hint("run again once it is gone, to make it anew");
            return Ok(Progress::Failed(error));
        }
        if watch.does(Operation::StartInstanceRefresh) {
            match refresh::progress(cx, &name).await? {
                Progress::Done => {}
                other => return Ok(other),
            }
        }
        match snapshot::serves(cx, &group, watch).await? {
            Progress::Done => {}
            other => return Ok(other),
        }
        if group.warm_pool_configuration().is_some_and(|pool| pool.status().is_some()) {
            return Ok(Progress::Waiting("the warm pool is not gone yet".to_owned()));
        }
        let does = |calls: [Operation; 2]| calls.into_iter().any(|call| watch.does(call));
        if does([Operation::AttachLoadBalancerTargetGroups, Operation::DetachLoadBalancerTargetGroups])
            && let Progress::Waiting(text) = snapshot::target_groups_attached(cx, &name).await?
        {
            return Ok(Progress::Waiting(text));
        }
        if does([Operation::AttachTrafficSources, Operation::DetachTrafficSources]) {
            return snapshot::traffic_sources_attached(cx, &name).await;
        }
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let name = observed.outputs.name.as_str();
        // With its instances; they are drained from their target groups on the way (R53). A group
        // that is protected from that has none, or would not be deleted.
        let force = observed.spec.deletion_protection != Some(DeletionProtection::PreventForceDeletion);
        let not_yet = &[NotYet::code("ResourceInUse"), NotYet::code("ScalingActivityInProgress")];
        let deleted = cx
            .write_when(Operation::DeleteAutoScalingGroup, not_yet, || {
                client.delete_auto_scaling_group().auto_scaling_group_name(name).force_delete(force).send()
            })
            .await;
        match deleted {
            Err(error) if matches!(error.code(), Some("ResourceInUse" | "ScalingActivityInProgress")) => {
                let found = blockers::of_scaling_group(&cx.to_explain(), name).await;
                Err(blockers::explain(error, found, "wait for that to end, or end it"))
            }
            other => gone_is_fine(other),
        }
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
        let settings = Settings::new(self, observed)?;
        // What a refresh brings must not be there before it.
        let launch = (!self.launch_rides(observed)).then_some(&self.launch_template);
        let template = launch.and_then(GroupLaunch::template).map(launch::specification).transpose()?;
        let present = observed.and_then(|observed| observed.launch_template.mixed());
        let mixed = launch.and_then(GroupLaunch::mixed).map(|mixed| launch::policy(mixed, present)).transpose()?;
        let desired = if self.pin_desired_capacity { self.desired_capacity } else { None };
        cx.write_when(Operation::UpdateAutoScalingGroup, PROPAGATION, || {
            let request = client
                .update_auto_scaling_group()
                .auto_scaling_group_name(name)
                .set_launch_template(template.clone())
                .set_mixed_instances_policy(mixed.clone())
                .min_size(count(self.sizes.0))
                .max_size(count(self.sizes.1))
                .set_desired_capacity(desired.map(count));
            with_settings!(request, settings).send()
        })
        .await?;
        Ok(())
    }

    async fn change_target_groups(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        name: &str,
        observed: Option<&Self>,
    ) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let wanted = arns(&self.target_groups)?;
        let present = observed.map(|observed| arns(&observed.target_groups)).transpose()?.unwrap_or_default();
        if operation == Operation::AttachLoadBalancerTargetGroups {
            for chunk in more(&wanted, &present).chunks(AT_ONCE) {
                cx.write_when(operation, &[REFRESHING], || {
                    client
                        .attach_load_balancer_target_groups()
                        .auto_scaling_group_name(name)
                        .set_target_group_arns(Some(chunk.to_vec()))
                        .send()
                })
                .await?;
            }
        } else {
            for chunk in more(&present, &wanted).chunks(AT_ONCE) {
                let detached = cx
                    .write(operation, || {
                        client
                            .detach_load_balancer_target_groups()
                            .auto_scaling_group_name(name)
                            .set_target_group_arns(Some(chunk.to_vec()))
                            .send()
                    })
                    .await;
                gone_is_fine(detached)?;
            }
        }
        Ok(())
    }

    async fn change_traffic_sources(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        name: &str,
        observed: Option<&Self>,
    ) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let present = observed.map(|observed| &observed.traffic_sources[..]).unwrap_or_default();
        if operation == Operation::AttachTrafficSources {
            let skip = self.skip_zonal_shift_validation.then_some(true);
            for chunk in more(&self.traffic_sources, present).chunks(AT_ONCE) {
                cx.write_when(operation, &[REFRESHING], || {
                    client
                        .attach_traffic_sources()
                        .auto_scaling_group_name(name)
                        .set_traffic_sources(Some(sources(chunk)))
                        .set_skip_zonal_shift_validation(skip)
                        .send()
                })
                .await?;
            }
        } else {
            for chunk in more(present, &self.traffic_sources).chunks(AT_ONCE) {
                let detached = cx
                    .write(operation, || {
                        client
                            .detach_traffic_sources()
                            .auto_scaling_group_name(name)
                            .set_traffic_sources(Some(sources(chunk)))
                            .send()
                    })
                    .await;
                gone_is_fine(detached)?;
            }
        }
        Ok(())
    }

    async fn change_metrics(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        name: &str,
        observed: Option<&Self>,
    ) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let present = observed.map(|observed| &observed.metrics[..]).unwrap_or_default();
        let words = |metrics: Vec<GroupMetric>| -> Vec<String> {
            metrics.iter().map(|metric| metric.as_str().to_owned()).collect()
        };
        if operation == Operation::EnableMetricsCollection {
            let metrics = words(more(&self.metrics, present));
            cx.write(operation, || {
                client
                    .enable_metrics_collection()
                    .auto_scaling_group_name(name)
                    .granularity("1Minute")
                    .set_metrics(Some(metrics.clone()))
                    .send()
            })
            .await?;
        } else {
            let metrics = words(more(present, &self.metrics));
            cx.write(operation, || {
                client
                    .disable_metrics_collection()
                    .auto_scaling_group_name(name)
                    .set_metrics(Some(metrics.clone()))
                    .send()
            })
            .await?;
        }
        Ok(())
    }

    async fn change_processes(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        name: &str,
        observed: Option<&Self>,
    ) -> Result<()> {
        let client = &cx.aws.autoscaling;
        let present = observed.map(|observed| &observed.suspended_processes[..]).unwrap_or_default();
        let words = |processes: Vec<ScalingProcess>| -> Vec<String> {
            processes.iter().map(|process| process.as_str().to_owned()).collect()
        };
        // No names at all would mean all processes.
        if operation == Operation::SuspendProcesses {
            let processes = words(more(&self.suspended_processes, present));
            cx.write(operation, || {
                client
                    .suspend_processes()
                    .auto_scaling_group_name(name)
                    .set_scaling_processes(Some(processes.clone()))
                    .send()
            })
            .await?;
        } else {
            let processes = words(more(present, &self.suspended_processes));
            cx.write(operation, || {
                client
                    .resume_processes()
                    .auto_scaling_group_name(name)
                    .set_scaling_processes(Some(processes.clone()))
                    .send()
            })
            .await?;
        }
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
    // Groups with other sources of configuration are not ours to compare, whoever owns them.
    let Some(launch_template) = launch::parse(group) else { return Ok(None) };
    let set = |value: Option<i32>| value.filter(|value| *value >= 0).map(duration);
    let texts = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    Ok(Some(Observed {
        outputs: AutoScalingGroupOutputs { name: id(Some(physical), "a group name")? },
        owner: owner(&tags),
        name: Some(physical.to_owned()),
        spec: AutoScalingGroup {
            name: tags.get(NAME).map_or(physical, |tag| &tag.value).to_owned(),
            launch_template,
            subnets: parse_place(group)?,
            sizes: (uncount(group.min_size()), uncount(group.max_size())),
            desired_capacity: Some(uncount(group.desired_capacity())),
            pin_desired_capacity: false,
            capacity_unit: group.desired_capacity_type().and_then(CapacityUnit::from_word),
            // EC2 is always among them, by itself or unsaid.
            health_checks: group
                .health_check_type()
                .unwrap_or_default()
                .split(',')
                .filter_map(|word| GroupHealthCheck::from_word(word.trim()))
                .collect(),
            health_check_grace_period: set(group.health_check_grace_period()),
            default_cooldown: set(group.default_cooldown()),
            default_instance_warmup: set(group.default_instance_warmup()),
            protect_from_scale_in: group.new_instances_protected_from_scale_in(),
            capacity_rebalance: group.capacity_rebalance(),
            max_instance_lifetime: set(group.max_instance_lifetime()).filter(|lifetime| !lifetime.is_zero()),
            termination_policies: group
                .termination_policies()
                .iter()
                .map(|word| TerminationPolicy::from_word(word))
                .collect(),
            placement_group: texts(group.placement_group()),
            service_linked_role: texts(group.service_linked_role_arn()),
            context: texts(group.context()),
            instance_maintenance: group.instance_maintenance_policy().and_then(|policy| {
                let percentage = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
                percentage(policy.min_healthy_percentage()).zip(percentage(policy.max_healthy_percentage()))
            }),
            zone_distribution: group
                .availability_zone_distribution()
                .and_then(|distribution| distribution.capacity_distribution_strategy())
                .and_then(|strategy| ZoneDistribution::from_word(strategy.as_str())),
            zone_impairment: group.availability_zone_impairment_policy().map(|policy| ZoneImpairment {
                zonal_shift: policy.zonal_shift_enabled(),
                unhealthy: policy
                    .impaired_zone_health_check_behavior()
                    .and_then(|word| ImpairedZoneHealthCheck::from_word(word.as_str())),
            }),
            skip_zonal_shift_validation: false,
            capacity_reservations: group.capacity_reservation_specification().map(|given| {
                let target = given.capacity_reservation_target();
                GroupCapacityReservations {
                    preference: given
                        .capacity_reservation_preference()
                        .and_then(|word| CapacityReservationPreference::from_word(word.as_str())),
                    reservations: target.map(|t| t.capacity_reservation_ids().to_vec()).unwrap_or_default(),
                    resource_groups: target
                        .map(|t| t.capacity_reservation_resource_group_arns().to_vec())
                        .unwrap_or_default(),
                }
            }),
            terminate_hook_abandon: group
                .instance_lifecycle_policy()
                .and_then(|policy| policy.retention_triggers()?.terminate_hook_abandon())
                .and_then(|word| RetentionAction::from_word(word.as_str())),
            deletion_protection: group
                .deletion_protection()
                .and_then(|word| DeletionProtection::from_word(word.as_str())),
            suspended_processes: group
                .suspended_processes()
                .iter()
                .filter_map(|process| ScalingProcess::from_word(process.process_name()?))
                .collect(),
            warm_pool: parts::parse_warm_pool(group.warm_pool_configuration()),
            instance_refresh: None,
            target_groups: group
                .target_group_arns()
                .iter()
                .map(|arn| Ok(Input::known(id(Some(arn), "a target group ARN")?)))
                .collect::<Result<Vec<_>>>()?,
            // Target groups of load balancers are listed here, too.
            traffic_sources: group
                .traffic_sources()
                .iter()
                .filter_map(|source| source.identifier())
                .filter(|arn| arn.contains(":vpc-lattice:"))
                .map(ToOwned::to_owned)
                .collect(),
            metrics: group
                .enabled_metrics()
                .iter()
                .filter_map(|metric| GroupMetric::from_word(metric.metric()?))
                .collect(),
            lifecycle_hooks: Vec::new(),
            tags,
            members: members(group),
        },
    }))
}

/// Subnets say where the group is; AWS then tells their zones, too.
fn parse_place(group: &Group) -> Result<GroupPlace> {
    let subnets = group
        .vpc_zone_identifier()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|subnet| !subnet.is_empty())
        .map(|subnet| id(Some(subnet), "a subnet id"))
        .collect::<Result<Vec<_>>>()?;
    if !subnets.is_empty() {
        return Ok(GroupPlace::Subnets(Input::known(subnets)));
    }
    Ok(GroupPlace::Zones(DefaultSubnets {
        names: group.availability_zones().to_vec(),
        ids: group.availability_zone_ids().to_vec(),
        by_id: false,
    }))
}

/// The instances that have not been told to go.
fn members(group: &Group) -> Vec<Member> {
    let going = [LifecycleState::Terminating, LifecycleState::Terminated, LifecycleState::Detaching];
    group
        .instances()
        .iter()
        .filter(|instance| {
            let state = instance.lifecycle_state().map_or("", LifecycleState::as_str);
            !going.iter().any(|going| state.starts_with(going.as_str())) && state != LifecycleState::Detached.as_str()
        })
        .map(|instance| Member {
            template: instance
                .launch_template()
                .and_then(|template| Some((template.launch_template_id()?.to_owned(), template.version()?.to_owned()))),
            protected: instance.protected_from_scale_in() == Some(true),
            standby: instance.lifecycle_state() == Some(&LifecycleState::Standby),
        })
        .collect()
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
    let hooks = try_join_all(observed.iter().map(|group| {
        let same = declared.iter().find(|other| other.name == group.spec.name);
        let hooks = same.map(|other| &other.lifecycle_hooks[..]).unwrap_or_default();
        parts::read_hooks(cx, group.outputs.name.as_str(), &group.spec.tags, hooks)
    }))
    .await?;
    for (group, hooks) in observed.iter_mut().zip(hooks) {
        group.spec.lifecycle_hooks = hooks;
    }
    Ok(observed)
}

/// The same for the engine's list.
pub(super) fn any(groups: Vec<Observed<AutoScalingGroup>>) -> impl Iterator<Item = AnyObserved> {
    groups.into_iter().map(AnyObserved::from)
}
