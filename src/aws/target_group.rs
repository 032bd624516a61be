//! Target groups over the Elastic Load Balancing API.

use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup as Group, TargetGroupAttribute, TargetTypeEnum,
};

use crate::error::{ErrorKind, Result};
use crate::input::Input;
use crate::resource::{
    AnyObserved, Attributes, Describe, HealthCheck, HttpVersion, Observed, Operation, TargetGroup, TargetGroupOutputs,
    TargetProtocol, TargetType, Traffic,
};
use crate::value::Value;

use super::call::{NotYet, gone_is_fine, pages_or_none};
use super::convert::{duration, seconds};
use super::tags::{change_elb, elb, names, read_elb};
use super::{Cx, Operate, id, known, required};

/// How many attributes one call takes (V34).
pub(super) const ATTRIBUTES_AT_ONCE: usize = 20;

impl TargetGroup {
    fn matcher(&self) -> Option<Matcher> {
        let codes = self.health_check.success_codes.clone()?;
        let matcher = Matcher::builder();
        Some(
            if self.traffic.version == Some(HttpVersion::Grpc) {
                matcher.grpc_code(codes)
            } else {
                matcher.http_code(codes)
            }
            .build(),
        )
    }
}

impl Operate for TargetGroup {
    async fn create(&self, cx: &Cx<'_>) -> Result<TargetGroupOutputs> {
        let client = &cx.aws.elbv2;
        let vpc = known(&self.vpc)?;
        let check = &self.health_check;
        let output = cx
            .write(Operation::CreateTargetGroup, || {
                client
                    .create_target_group()
                    .name(&self.name)
                    .vpc_id(vpc.as_str())
                    .protocol(ProtocolEnum::from(self.traffic.protocol.as_str()))
                    .port(i32::from(self.traffic.port))
                    .set_protocol_version(self.traffic.version.map(|version| version.as_str().to_owned()))
                    .set_target_type(self.target_type.map(|kind| TargetTypeEnum::from(kind.as_str())))
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
                cx.write(operation, || {
                    client
                        .modify_target_group()
                        .target_group_arn(arn)
                        .set_health_check_protocol(check.protocol.map(|protocol| ProtocolEnum::from(protocol.as_str())))
                        .health_check_port(
                            check.port.map_or_else(|| "traffic-port".to_owned(), |port| port.to_string()),
                        )
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
            _ => {
                let present = observed.map(|observed| observed.tags.clone()).unwrap_or_default();
                change_elb(cx, operation, arn, &self.tags, &present).await?;
            }
        }
        Ok(None)
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
            Err(error) if error.kind() == ErrorKind::InUse => {
                let groups = read(cx, Some(arn), &[]).await?;
                let users: Vec<_> =
                    groups.iter().flat_map(|group| group.load_balancer_arns().iter().cloned()).collect();
                Err(error
                    .because(format!("listeners or rules of {} forward to it", users.join(", ")))
                    .with_hint("make them forward elsewhere or delete them, then run again"))
            }
            other => gone_is_fine(other),
        }
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let groups = read(cx, None, std::slice::from_ref(&self.name)).await?;
        Ok(complete(cx, groups, |_, _| true).await?.pop())
    }
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
        let check = &mut all.health_check;
        check.protocol = check.protocol.or_else(|| TargetProtocol::from_word(&text("health_check.protocol")?));
        check.path = check.path.take().or_else(|| text("health_check.path"));
        check.interval = check.interval.or_else(|| number("health_check.interval").map(std::time::Duration::from_secs));
        check.timeout = check.timeout.or_else(|| number("health_check.timeout").map(std::time::Duration::from_secs));
        check.healthy_threshold = check.healthy_threshold.or(Some(5));
        check.unhealthy_threshold = check.unhealthy_threshold.or(Some(2));
        check.success_codes = check.success_codes.take().or_else(|| text("health_check.success_codes"));
        all
    }
}

fn outputs(group: &Group) -> Result<TargetGroupOutputs> {
    Ok(TargetGroupOutputs {
        arn: id(group.target_group_arn(), "a target group ARN")?,
        name: group.target_group_name().unwrap_or_default().to_owned(),
    })
}

fn parse(group: &Group, attributes: Attributes, tags: crate::resource::Tags) -> Result<Option<Observed<TargetGroup>>> {
    let protocol = group.protocol().and_then(|protocol| TargetProtocol::from_word(protocol.as_str()));
    let kind = group.target_type().map(|kind| TargetType::from_word(kind.as_str()));
    // Lambda, GENEVE and the like: not ours, whoever owns them.
    let (Some(protocol), Some(vpc), Some(Some(target_type))) = (protocol, group.vpc_id(), kind) else {
        return Ok(None);
    };
    let (name, physical) = names(group.target_group_name().unwrap_or_default(), &tags);
    let version = group.protocol_version().and_then(HttpVersion::from_word);
    let codes = group.matcher().and_then(|matcher| matcher.grpc_code().or(matcher.http_code()));
    let threshold = |count: Option<i32>| count.and_then(|count| u8::try_from(count).ok());
    Ok(Some(Observed {
        outputs: outputs(group)?,
        owner: tags.owner(),
        name: physical,
        spec: TargetGroup {
            name,
            vpc: Input::known(id(Some(vpc), "a VPC id")?),
            traffic: Traffic {
                protocol,
                port: group.port().and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
                version,
            },
            target_type: Some(target_type),
            health_check: HealthCheck {
                protocol: group
                    .health_check_protocol()
                    .and_then(|protocol| TargetProtocol::from_word(protocol.as_str())),
                port: group.health_check_port().and_then(|port| port.parse().ok()),
                path: group.health_check_path().map(ToOwned::to_owned),
                interval: group.health_check_interval_seconds().map(duration),
                timeout: group.health_check_timeout_seconds().map(duration),
                healthy_threshold: threshold(group.healthy_threshold_count()),
                unhealthy_threshold: threshold(group.unhealthy_threshold_count()),
                success_codes: codes.map(ToOwned::to_owned),
            },
            attributes,
            tags,
        },
    }))
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

pub(super) async fn read_all(cx: &Cx<'_>) -> Result<Vec<Group>> {
    read(cx, None, &[]).await
}

/// Reads tags, and the attributes of those that `wanted` picks.
async fn complete(
    cx: &Cx<'_>,
    groups: Vec<Group>,
    wanted: impl Fn(&Group, &crate::resource::Tags) -> bool,
) -> Result<Vec<Observed<TargetGroup>>> {
    let arns: Vec<String> = groups.iter().filter_map(|group| group.target_group_arn.clone()).collect();
    let mut tags = read_elb(cx, &arns).await?;
    let mut picked = Vec::new();
    for group in groups {
        let arn = group.target_group_arn().unwrap_or_default().to_owned();
        let tags = tags.remove(&arn).unwrap_or_default();
        if wanted(&group, &tags) {
            picked.push((group, tags));
        }
    }
    let client = &cx.aws.elbv2;
    let attributes = picked.iter().map(|(group, _)| async {
        let arn = group.target_group_arn().unwrap_or_default();
        let output = cx
            .read("DescribeTargetGroupAttributes", || {
                client.describe_target_group_attributes().target_group_arn(arn).send()
            })
            .await?;
        Ok::<_, crate::Error>(Attributes(
            output
                .attributes()
                .iter()
                .filter_map(|attribute| Some((attribute.key()?.to_owned(), attribute.value()?.to_owned())))
                .collect(),
        ))
    });
    let attributes = futures_util::future::try_join_all(attributes).await?;
    let mut observed = Vec::with_capacity(picked.len());
    for ((group, tags), attributes) in picked.into_iter().zip(attributes) {
        observed.extend(parse(&group, attributes, tags)?);
    }
    Ok(observed)
}

/// Reads the groups that the stack owns, and groups under declared names. There is no filter by
/// tag: all groups are listed, and their tags read.
pub(super) async fn observe(cx: &Cx<'_>, declared: &[&TargetGroup]) -> Result<Vec<AnyObserved>> {
    let groups = read_all(cx).await?;
    let stack = cx.stack;
    let observed = complete(cx, groups, |group, tags| {
        tags.owner().is_some_and(|owner| owner.stack == stack)
            || declared.iter().any(|declared| group.target_group_name() == Some(declared.name.as_str()))
    })
    .await?;
    Ok(observed.into_iter().map(AnyObserved::from).collect())
}
