//! Target groups over the Elastic Load Balancing API.

use std::sync::Arc;

use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetDescription, TargetGroup as Group, TargetGroupAttribute, TargetGroupIpAddressTypeEnum,
    TargetHealthDescription, TargetHealthStateEnum, TargetTypeEnum,
};

use crate::error::Result;
use crate::input::Input;
use crate::resource::{
    AnyObserved, Attributes, Describe, GroupTargetType, HealthCheck, HealthCheckProtocol, HostId, HttpVersion,
    Observed, Operation, Received, Recorded, Tags, Target, TargetGroup, TargetGroupOutputs, TargetIpAddressType,
    TargetProtocol, Targets,
};
use crate::value::Value;

use super::call::{NotYet, gone_is_fine, pages_or_none};
use super::convert::{duration, seconds};
use super::tags::{change_elb, elb, names, with_tags};
use super::{Cx, Operate, Progress, Watch, blockers, id, known, required};

/// How many attributes one call takes (V34).
pub(super) const ATTRIBUTES_AT_ONCE: usize = 20;
/// How many targets one call names; AWS documents no limit, and this is far below what others send.
const TARGETS_AT_ONCE: usize = 100;

impl TargetGroup {
    fn matcher(&self) -> Option<Matcher> {
        let check = &self.health_check;
        if check.success_codes.is_none() && check.grpc_codes.is_none() {
            return None;
        }
        let (http, grpc) = (check.success_codes.clone(), check.grpc_codes.clone());
        Some(Matcher::builder().set_http_code(http).set_grpc_code(grpc).build())
    }

    /// The targets as requests name them, each with its id and port.
    fn descriptions(&self) -> Result<Vec<TargetDescription>> {
        Ok(match &self.targets {
            Targets::Hosts(targets) => targets
                .iter()
                .map(|target| {
                    TargetDescription::builder()
                        .id(target.id.to_string())
                        .set_port(target.port.map(i32::from))
                        .set_availability_zone(target.zone.clone())
                        .set_quic_server_id(target.quic_server_id.clone())
                        .build()
                })
                .collect(),
            Targets::LoadBalancer(arn) => vec![TargetDescription::builder().id(known(arn)?.as_str()).build()],
            Targets::Function(arn) => vec![TargetDescription::builder().id(arn.as_str()).build()],
        })
    }

    /// What makes a target the same one for AWS.
    fn is_same(&self, one: &TargetDescription, other: &TargetDescription) -> bool {
        let port = self.traffic.map(|traffic| i32::from(traffic.port));
        one.id() == other.id() && one.port().or(port) == other.port().or(port)
    }

    async fn register(&self, cx: &Cx<'_>, arn: &str, observed: Option<&Self>) -> Result<()> {
        let client = &cx.aws.elbv2;
        let wanted = self.descriptions()?;
        let present = observed.map(Self::descriptions).transpose()?.unwrap_or_default();
        // One that is there with another zone or server goes first; so does the one target of a
        // group that has one.
        let one = !matches!(self.targets, Targets::Hosts(_));
        let unlike = |target: &TargetDescription| {
            !wanted.iter().any(|new| self.is_like(target, new))
                && (one || wanted.iter().any(|new| self.is_same(target, new)))
        };
        let outdated: Vec<_> = present.iter().filter(|target| unlike(target)).cloned().collect();
        self.deregister_these(cx, arn, &outdated).await?;
        let missing = wanted.iter().filter(|new| !present.iter().any(|target| self.is_like(target, new)));
        let missing: Vec<_> = missing.cloned().collect();
        // An instance may just be starting; a load balancer gets its listener beside this.
        let not_yet = [match self.targets {
            Targets::LoadBalancer(_) => NotYet::code("InvalidTarget").for_minutes(5),
            _ => NotYet::code("InvalidTarget").saying("not in a running state").for_minutes(5),
        }];
        for targets in missing.chunks(TARGETS_AT_ONCE) {
            let registered = cx.write_when(Operation::RegisterTargets, &not_yet, || {
                client.register_targets().target_group_arn(arn).set_targets(Some(targets.to_vec())).send()
            });
            registered.await.map_err(|error| match self.targets {
                Targets::LoadBalancer(_) if error.code() == Some("InvalidTarget") => {
                    error.with_hint("give the application load balancer a listener on the port of the group")
                }
                Targets::Function(_) if error.code() == Some("AccessDenied") => error
                    .with_hint("let elasticloadbalancing.amazonaws.com invoke the function, by the function's policy"),
                _ => error,
            })?;
        }
        Ok(())
    }

    /// The same target with the same details; a zone that is left out is AWS's to find.
    fn is_like(&self, present: &TargetDescription, wanted: &TargetDescription) -> bool {
        self.is_same(present, wanted)
            && wanted.quic_server_id() == present.quic_server_id()
            && wanted.availability_zone() == present.availability_zone()
    }

    async fn deregister(&self, cx: &Cx<'_>, arn: &str, observed: Option<&Self>) -> Result<()> {
        let wanted = self.descriptions()?;
        let present = observed.map(Self::descriptions).transpose()?.unwrap_or_default();
        let one = !matches!(self.targets, Targets::Hosts(_)) && !wanted.is_empty();
        let gone = present.into_iter().filter(|target| !one && !wanted.iter().any(|new| self.is_same(target, new)));
        self.deregister_these(cx, arn, &gone.collect::<Vec<_>>()).await
    }

    async fn deregister_these(&self, cx: &Cx<'_>, arn: &str, targets: &[TargetDescription]) -> Result<()> {
        let client = &cx.aws.elbv2;
        for targets in targets.chunks(TARGETS_AT_ONCE) {
            let targets = targets
                .iter()
                .map(|target| TargetDescription::builder().set_id(target.id.clone()).set_port(target.port).build());
            let targets: Vec<_> = targets.collect();
            let deregistered = cx
                .write(Operation::DeregisterTargets, || {
                    client.deregister_targets().target_group_arn(arn).set_targets(Some(targets.clone())).send()
                })
                .await;
            match deregistered {
                // An instance that is gone is no target any more (R12).
                Err(error) if error.code() == Some("InvalidTarget") => {}
                other => gone_is_fine(other)?,
            }
        }
        Ok(())
    }
}

impl Operate for TargetGroup {
    async fn create(&self, cx: &Cx<'_>) -> Result<TargetGroupOutputs> {
        let client = &cx.aws.elbv2;
        let vpc = self.vpc.as_ref().map(known).transpose()?;
        let check = &self.health_check;
        let output = cx
            .write(Operation::CreateTargetGroup, || {
                client
                    .create_target_group()
                    .name(&self.name)
                    .set_vpc_id(vpc.map(ToString::to_string))
                    .set_protocol(self.traffic.map(|traffic| ProtocolEnum::from(traffic.protocol.as_str())))
                    .set_port(self.traffic.map(|traffic| i32::from(traffic.port)))
                    .set_protocol_version(self.traffic.and_then(|traffic| Some(traffic.version?.as_str().to_owned())))
                    .set_target_type(self.target_type.map(|kind| TargetTypeEnum::from(kind.as_str())))
                    .set_ip_address_type(
                        self.ip_address_type.map(|kind| TargetGroupIpAddressTypeEnum::from(kind.as_str())),
                    )
                    .set_target_control_port(self.target_control_port.map(i32::from))
                    .set_health_check_enabled(check.enabled)
                    .set_health_check_protocol(check.protocol.map(|protocol| ProtocolEnum::from(protocol.as_str())))
                    .set_health_check_port(check.port.map(|port| port.to_string()))
                    .set_health_check_path(check.path.clone())
                    .set_health_check_interval_seconds(check.interval.map(seconds))
                    .set_health_check_timeout_seconds(check.timeout.map(seconds))
                    .set_healthy_threshold_count(check.healthy_threshold.map(i32::from))
                    .set_unhealthy_threshold_count(check.unhealthy_threshold.map(i32::from))
                    .set_matcher(self.matcher())
                    .set_tags(Some(elb(&self.tags)))
                    .send()
            })
            .await?;
        outputs(required(output.target_groups().first(), "the target group")?)
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        outputs: &TargetGroupOutputs,
        observed: Option<&Self>,
    ) -> Result<Option<TargetGroupOutputs>> {
        let client = &cx.aws.elbv2;
        let arn = outputs.arn.as_str();
        match operation {
            Operation::ModifyTargetGroup => {
                // Unset means AWS's default, which has to be said to a group that has another value.
                let effective = self.with_defaults();
                let check = &effective.health_check;
                let default_port = self.default_of("health_check.port").as_text().map(ToOwned::to_owned);
                let port = check.port.map(|port| port.to_string()).or(default_port);
                cx.write(operation, || {
                    client
                        .modify_target_group()
                        .target_group_arn(arn)
                        .set_health_check_enabled(check.enabled)
                        .set_health_check_protocol(check.protocol.map(|protocol| ProtocolEnum::from(protocol.as_str())))
                        .set_health_check_port(port.clone())
                        .set_health_check_path(check.path.clone())
                        .set_health_check_interval_seconds(check.interval.map(seconds))
                        .set_health_check_timeout_seconds(check.timeout.map(seconds))
                        .set_healthy_threshold_count(check.healthy_threshold.map(i32::from))
                        .set_unhealthy_threshold_count(check.unhealthy_threshold.map(i32::from))
                        .set_matcher(effective.matcher())
                        .send()
                })
                .await?;
            }
            Operation::ModifyTargetGroupAttributes => {
                let present = observed.map(|observed| observed.attributes.clone()).unwrap_or_default();
                let changes = self.attributes.changes(&present, &self.default_of("attributes"));
                for chunk in changes.chunks(ATTRIBUTES_AT_ONCE) {
                    let attributes: Vec<_> = chunk
                        .iter()
                        .map(|(key, value)| TargetGroupAttribute::builder().key(key).value(value).build())
                        .collect();
                    cx.write(operation, || {
                        client
                            .modify_target_group_attributes()
                            .target_group_arn(arn)
                            .set_attributes(Some(attributes.clone()))
                            .send()
                    })
                    .await?;
                }
            }
            Operation::RegisterTargets => self.register(cx, arn, observed).await?,
            Operation::DeregisterTargets => self.deregister(cx, arn, observed).await?,
            _ => {
                let present = observed.map(|observed| observed.tags.clone()).unwrap_or_default();
                change_elb(cx, operation, arn, &self.tags, &present).await?;
            }
        }
        Ok(None)
    }

    /// As many healthy targets as what it takes the place of: only then can traffic move.
    async fn settled(&self, cx: &Cx<'_>, outputs: &TargetGroupOutputs, watch: &mut Watch) -> Result<Progress> {
        let mut wanted = 0;
        for old in &watch.predecessors {
            let targets = health(cx, old).await?;
            wanted = wanted.max(targets.iter().filter(|(_, serves)| *serves).count());
        }
        if self.registers() {
            // The declared targets are all that there will be.
            wanted = wanted.min(self.descriptions()?.len());
        }
        if wanted == 0 {
            return Ok(Progress::Done);
        }
        let targets = health(cx, outputs.arn.as_str()).await?;
        let serving = targets.iter().filter(|(_, serves)| *serves).count();
        if serving >= wanted {
            return Ok(Progress::Done);
        }
        let states: std::collections::BTreeSet<_> =
            targets.into_iter().filter(|(_, serves)| !serves).map(|(state, _)| state).collect();
        let states = states.into_iter().collect::<Vec<_>>().join(", ");
        let why = if states.is_empty() { String::new() } else { format!(" ({states})") };
        Ok(Progress::Waiting(format!("{serving} of {wanted} targets healthy in the successor{why}")))
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.elbv2;
        let arn = observed.outputs.arn.as_str();
        // A listener or rule that is just gone still counts for a while (R10).
        let deleted = cx
            .write_when(Operation::DeleteTargetGroup, &[NotYet::code("ResourceInUse").for_minutes(2)], || {
                client.delete_target_group().target_group_arn(arn).send()
            })
            .await;
        match deleted {
            Err(error) if error.is_in_use() => {
                let found = blockers::of_target_group(&cx.to_explain(), arn).await;
                Err(blockers::explain(error, found, "make them forward elsewhere or delete them"))
            }
            other => gone_is_fine(other),
        }
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let found = list(cx, std::slice::from_ref(&self.name)).await?;
        Ok(complete(cx, found.iter().collect()).await?.pop())
    }
}

/// The targets of a group: why each is in its state, and whether it serves; of one that is gone, none.
async fn health(cx: &Cx<'_>, arn: &str) -> Result<Vec<(String, bool)>> {
    let client = &cx.aws.elbv2;
    let read = cx.read("DescribeTargetHealth", || client.describe_target_health().target_group_arn(arn).send()).await;
    let found = match read {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        other => other?,
    };
    let targets = found.target_health_descriptions().iter().filter_map(|target| {
        let health = target.target_health()?;
        let state = health.state()?;
        // Without health checks, targets are `unavailable` and get traffic.
        let serves = matches!(state, TargetHealthStateEnum::Healthy | TargetHealthStateEnum::Unavailable);
        Some((health.reason().map_or(state.as_str(), |reason| reason.as_str()).to_owned(), serves))
    });
    Ok(targets.collect())
}

impl TargetGroup {
    /// The health check with AWS's defaults written out.
    fn with_defaults(&self) -> Self {
        let mut all = self.clone();
        let text = |path: &str| self.default_of(path).as_text().map(ToOwned::to_owned);
        let number = |path: &str| match self.default_of(path) {
            Value::Integer(number) => u64::try_from(number).ok(),
            _ => None,
        };
        let threshold = |path: &str| number(path).and_then(|number| u8::try_from(number).ok());
        let check = &mut all.health_check;
        if self.is_lambda() {
            check.enabled = Some(check.enabled.unwrap_or(false));
        }
        check.protocol = check.protocol.or_else(|| HealthCheckProtocol::from_word(&text("health_check.protocol")?));
        check.path = check.path.take().or_else(|| text("health_check.path"));
        check.interval = check.interval.or_else(|| number("health_check.interval").map(std::time::Duration::from_secs));
        check.timeout = check.timeout.or_else(|| number("health_check.timeout").map(std::time::Duration::from_secs));
        check.healthy_threshold = check.healthy_threshold.or_else(|| threshold("health_check.healthy_threshold"));
        check.unhealthy_threshold = check.unhealthy_threshold.or_else(|| threshold("health_check.unhealthy_threshold"));
        check.success_codes = check.success_codes.take().or_else(|| text("health_check.success_codes"));
        check.grpc_codes = check.grpc_codes.take().or_else(|| text("health_check.grpc_codes"));
        all
    }
}

fn outputs(group: &Group) -> Result<TargetGroupOutputs> {
    Ok(TargetGroupOutputs {
        arn: id(group.target_group_arn(), "a target group ARN")?,
        name: group.target_group_name().unwrap_or_default().to_owned(),
    })
}

/// What is read of a group beside the group itself.
struct Details {
    attributes: Attributes,
    targets: Targets,
    tags: Tags,
}

fn parse(group: &Group, details: Details) -> Result<Option<Observed<TargetGroup>>> {
    let Details { attributes, targets, tags } = details;
    // Types that AWS has invented since: not ours, whoever owns them.
    let Some(target_type) = group.target_type().and_then(|kind| GroupTargetType::from_word(kind.as_str())) else {
        return Ok(None);
    };
    let traffic = match group.protocol().map(|protocol| TargetProtocol::from_word(protocol.as_str())) {
        None => None,
        Some(None) => return Ok(None),
        Some(Some(protocol)) => Some(Received {
            protocol,
            port: group.port().and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
            version: group.protocol_version().and_then(HttpVersion::from_word),
        }),
    };
    let (name, physical) = names(group.target_group_name().unwrap_or_default(), &tags);
    let matcher = group.matcher();
    let threshold = |count: Option<i32>| count.and_then(|count| u8::try_from(count).ok());
    let is_lambda = target_type == GroupTargetType::Lambda;
    Ok(Some(Observed {
        outputs: outputs(group)?,
        owner: tags.owner(),
        name: physical,
        spec: TargetGroup {
            name,
            vpc: group.vpc_id().map(|vpc| Ok(Input::known(id(Some(vpc), "a VPC id")?))).transpose()?,
            traffic,
            target_type: Some(target_type),
            ip_address_type: group
                .ip_address_type()
                .filter(|_| !is_lambda)
                .and_then(|kind| TargetIpAddressType::from_word(kind.as_str())),
            target_control_port: group.target_control_port().and_then(|port| u16::try_from(port).ok()),
            health_check: HealthCheck {
                enabled: group.health_check_enabled(),
                protocol: group
                    .health_check_protocol()
                    .and_then(|protocol| HealthCheckProtocol::from_word(protocol.as_str())),
                port: group.health_check_port().and_then(|port| port.parse().ok()),
                path: group.health_check_path().map(ToOwned::to_owned),
                interval: group.health_check_interval_seconds().map(duration),
                timeout: group.health_check_timeout_seconds().map(duration),
                healthy_threshold: threshold(group.healthy_threshold_count()),
                unhealthy_threshold: threshold(group.unhealthy_threshold_count()),
                success_codes: matcher.and_then(|matcher| matcher.http_code.clone()),
                grpc_codes: matcher.and_then(|matcher| matcher.grpc_code.clone()),
            },
            targets,
            attributes,
            tags,
        },
    }))
}

/// The targets of a group that its tags record as the stack's; others register targets, too, and
/// those are theirs. Nothing is read where nothing is recorded.
async fn recorded(cx: &Cx<'_>, group: &Group, tags: &Tags) -> Result<Targets> {
    let Some(recorded) = Recorded::read(tags.iter().map(|(key, _)| key)) else { return Ok(Targets::default()) };
    let client = &cx.aws.elbv2;
    let arn = group.target_group_arn().unwrap_or_default();
    let health = cx.read("DescribeTargetHealth", || client.describe_target_health().target_group_arn(arn).send());
    let health = health.await?;
    let leaves = |target: &&TargetHealthDescription| {
        let state = target.target_health().and_then(|health| health.state());
        !matches!(state, Some(TargetHealthStateEnum::Draining))
    };
    let mut hosts = Vec::new();
    for target in health.target_health_descriptions().iter().filter(leaves).filter_map(|target| target.target()) {
        let name = target.id().unwrap_or_default();
        match group.target_type() {
            Some(TargetTypeEnum::Alb) if recorded.the_target() => {
                return Ok(Targets::LoadBalancer(Input::known(id(Some(name), "a load balancer ARN")?)));
            }
            Some(TargetTypeEnum::Lambda) if recorded.the_target() => {
                return Ok(Targets::Function(id(Some(name), "a function ARN")?));
            }
            _ => {}
        }
        let host = match name.parse() {
            Ok(address) => HostId::Ip(address),
            Err(_) => match name.parse() {
                Ok(instance) => HostId::Instance(instance),
                Err(_) => continue,
            },
        };
        let port = target.port().or(group.port()).and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
        if let Some(says_zone) = recorded.host(&host.to_string(), port) {
            hosts.push(Target {
                id: host,
                port: Some(port),
                zone: target.availability_zone.clone().filter(|_| says_zone),
                quic_server_id: target.quic_server_id.clone(),
            });
        }
    }
    Ok(Targets::Hosts(hosts))
}

async fn read(cx: &Cx<'_>, arn: Option<&str>, names: &[String]) -> Result<Vec<Group>> {
    let client = &cx.aws.elbv2;
    pages_or_none(|token: Option<String>| async move {
        let page = cx
            .read("DescribeTargetGroups", || {
                client
                    .describe_target_groups()
                    .set_target_group_arns(arn.map(|arn| vec![arn.to_owned()]))
                    .set_names((!names.is_empty()).then(|| names.to_vec()))
                    .set_marker(token.clone())
                    .send()
            })
            .await?;
        Ok((page.target_groups.unwrap_or_default(), page.next_marker))
    })
    .await
}

pub(super) async fn read_by_name(cx: &Cx<'_>, name: &str) -> Result<Vec<Group>> {
    read(cx, None, &[name.to_owned()]).await
}

pub(super) async fn read_by_arn(cx: &Cx<'_>, arn: &str) -> Result<Vec<Group>> {
    read(cx, Some(arn), &[]).await
}

/// A target group and its tags.
pub(super) type Listed = (Group, Tags);

/// Lists groups with their tags; without names, all of the account.
async fn list(cx: &Cx<'_>, names: &[String]) -> Result<Vec<Listed>> {
    let groups = read(cx, None, names).await?;
    with_tags(cx, groups, Group::target_group_arn).await
}

/// Lists all groups of the account with their tags.
pub(super) async fn list_all(cx: &Cx<'_>) -> Result<Arc<Vec<Listed>>> {
    let detached = cx.detached();
    cx.aws.reads.target_groups.get(move || async move { list(&detached.cx(), &[]).await }).await
}

/// Reads the attributes of groups, and their recorded targets.
async fn complete(cx: &Cx<'_>, picked: Vec<&Listed>) -> Result<Vec<Observed<TargetGroup>>> {
    let client = &cx.aws.elbv2;
    let details = picked.iter().map(|(group, tags)| async {
        let arn = group.target_group_arn().unwrap_or_default();
        let attributes = cx.read("DescribeTargetGroupAttributes", || {
            client.describe_target_group_attributes().target_group_arn(arn).send()
        });
        let (output, targets) = tokio::try_join!(attributes, recorded(cx, group, tags))?;
        let attributes = Attributes(
            output
                .attributes()
                .iter()
                .filter_map(|attribute| Some((attribute.key()?.to_owned(), attribute.value()?.to_owned())))
                .collect(),
        );
        Ok::<_, crate::Error>(Details { attributes, targets, tags: tags.clone() })
    });
    let details = futures_util::future::try_join_all(details).await?;
    let mut observed = Vec::with_capacity(picked.len());
    for ((group, _), details) in picked.iter().zip(details) {
        observed.extend(parse(group, details)?);
    }
    Ok(observed)
}

/// Reads the groups that the stack owns, and groups under declared names. There is no filter by
/// tag: all groups are listed, and their tags read.
pub(super) async fn observe(cx: &Cx<'_>, declared: &[&TargetGroup]) -> Result<Vec<AnyObserved>> {
    let all = list_all(cx).await?;
    let picked = all.iter().filter(|(group, tags)| {
        tags.owner().is_some_and(|owner| owner.stack == cx.stack)
            || declared.iter().any(|declared| group.target_group_name() == Some(declared.name.as_str()))
    });
    let observed = complete(cx, picked.collect()).await?;
    Ok(observed.into_iter().map(AnyObserved::from).collect())
}
