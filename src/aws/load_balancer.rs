//! Load balancers over the Elastic Load Balancing API.

use aws_sdk_elasticloadbalancingv2::types::{
    IpAddressType as ElbIpAddressType, LoadBalancer as Balancer, LoadBalancerAttribute, LoadBalancerSchemeEnum,
    LoadBalancerStateEnum, LoadBalancerTypeEnum,
};

use crate::error::{Error, ErrorKind, Result};
use crate::id::SubnetId;
use crate::input::Input;
use crate::resource::{
    AnyObserved, Attributes, Describe, IpAddressType, LoadBalancer, LoadBalancerKind, LoadBalancerOutputs, Observed,
    Operation, Scheme, Tags,
};

use super::call::{gone_is_fine, pages_or_none};
use super::tags::{change_elb, elb, names, read_elb};
use super::target_group::ATTRIBUTES_AT_ONCE;
use super::{Cx, Operate, Progress, Watch, id, known, required};

impl LoadBalancer {
    fn group_ids(&self) -> Result<Vec<String>> {
        self.security_groups.iter().map(|group| Ok(known(group)?.to_string())).collect()
    }

    fn subnet_ids(&self) -> Result<Vec<String>> {
        Ok(known(&self.subnets)?.iter().map(SubnetId::to_string).collect())
    }
}

impl Operate for LoadBalancer {
    async fn create(&self, cx: &Cx<'_>) -> Result<LoadBalancerOutputs> {
        let client = &cx.aws.elbv2;
        let (subnets, groups) = (self.subnet_ids()?, self.group_ids()?);
        let output = cx
            .write(Operation::CreateLoadBalancer, || {
                client
                    .create_load_balancer()
                    .name(&self.name)
                    .r#type(LoadBalancerTypeEnum::from(self.kind.as_str()))
                    .set_subnets(Some(subnets.clone()))
                    .set_security_groups((!groups.is_empty()).then(|| groups.clone()))
                    .set_scheme(self.scheme.map(|scheme| LoadBalancerSchemeEnum::from(scheme.as_str())))
                    .set_ip_address_type(self.ip_address_type.map(|kind| ElbIpAddressType::from(kind.as_str())))
                    .set_tags(Some(elb(&self.tags)))
                    .send()
            })
            .await?;
        outputs(required(output.load_balancers().first(), "the load balancer")?)
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        outputs: &LoadBalancerOutputs,
        observed: Option<&Self>,
    ) -> Result<Option<LoadBalancerOutputs>> {
        let client = &cx.aws.elbv2;
        let arn = outputs.arn.as_str();
        match operation {
            Operation::SetSecurityGroups => {
                let groups = self.group_ids()?;
                cx.write(operation, || {
                    client.set_security_groups().load_balancer_arn(arn).set_security_groups(Some(groups.clone())).send()
                })
                .await?;
            }
            Operation::SetSubnets => {
                let subnets = self.subnet_ids()?;
                cx.write(operation, || {
                    client.set_subnets().load_balancer_arn(arn).set_subnets(Some(subnets.clone())).send()
                })
                .await?;
            }
            Operation::SetIpAddressType => {
                let kind = ElbIpAddressType::from(self.ip_address_type.unwrap_or(IpAddressType::Ipv4).as_str());
                cx.write(operation, || {
                    client.set_ip_address_type().load_balancer_arn(arn).ip_address_type(kind.clone()).send()
                })
                .await?;
            }
            Operation::ModifyLoadBalancerAttributes => {
                let present = observed.map(|observed| observed.attributes.clone()).unwrap_or_default();
                let defaults = self.default_of("attributes");
                for chunk in self.attributes.changes(&present, &defaults).chunks(ATTRIBUTES_AT_ONCE) {
                    let attributes: Vec<_> = chunk
                        .iter()
                        .map(|(key, value)| LoadBalancerAttribute::builder().key(key).value(value).build())
                        .collect();
                    cx.write(operation, || {
                        client
                            .modify_load_balancer_attributes()
                            .load_balancer_arn(arn)
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

    /// Active, or working though one zone has no room (`active_impaired`).
    async fn settled(&self, cx: &Cx<'_>, outputs: &LoadBalancerOutputs, _watch: &mut Watch) -> Result<Progress> {
        let found = read(cx, Some(outputs.arn.as_str()), &[]).await?;
        let Some(balancer) = found.first() else { return Ok(Progress::Waiting("not visible yet".to_owned())) };
        let state = balancer.state();
        Ok(match state.and_then(|state| state.code()) {
            Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => Progress::Done,
            Some(LoadBalancerStateEnum::Failed) => {
                let reason = state.and_then(|state| state.reason()).unwrap_or("AWS gives no reason");
                Progress::Failed(
                    Error::new(ErrorKind::Service, format!("AWS could not set up the load balancer: {reason}"))
                        .with_hint("delete it and run again; AWS does not bring a failed load balancer back"),
                )
            }
            other => Progress::Waiting(other.map_or("no state yet", |state| state.as_str()).to_owned()),
        })
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.elbv2;
        let arn = observed.outputs.arn.as_str();
        let deleted = cx
            .write(Operation::DeleteLoadBalancer, || client.delete_load_balancer().load_balancer_arn(arn).send())
            .await;
        match deleted {
            Err(error) if error.code() == Some("OperationNotPermitted") => Err(error
                .of_kind(ErrorKind::InUse)
                .with_hint("switch its deletion protection off, deploy that, then run again")),
            Err(error) if error.code() == Some("ResourceInUse") => Err(error
                .with_hint("an endpoint service or another AWS service holds it; release it there, then run again")),
            other => gone_is_fine(other),
        }
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let balancers = read(cx, None, std::slice::from_ref(&self.name)).await?;
        Ok(complete(cx, balancers, |_, _| true).await?.pop())
    }
}

fn outputs(balancer: &Balancer) -> Result<LoadBalancerOutputs> {
    Ok(LoadBalancerOutputs {
        arn: id(balancer.load_balancer_arn(), "a load balancer ARN")?,
        dns_name: balancer.dns_name().unwrap_or_default().to_owned(),
        hosted_zone_id: balancer.canonical_hosted_zone_id().unwrap_or_default().to_owned(),
        name: balancer.load_balancer_name().unwrap_or_default().to_owned(),
    })
}

fn parse(balancer: &Balancer, attributes: Attributes, tags: Tags) -> Result<Option<Observed<LoadBalancer>>> {
    // Gateway load balancers are not ours, whoever owns them.
    let Some(kind) = balancer.r#type().and_then(|kind| LoadBalancerKind::from_word(kind.as_str())) else {
        return Ok(None);
    };
    let (name, physical) = names(balancer.load_balancer_name().unwrap_or_default(), &tags);
    let subnets = balancer
        .availability_zones()
        .iter()
        .map(|zone| id(zone.subnet_id(), "a subnet id"))
        .collect::<Result<Vec<_>>>()?;
    let groups = balancer
        .security_groups()
        .iter()
        .map(|group| Ok(Input::known(id(Some(group), "a group id")?)))
        .collect::<Result<Vec<_>>>()?;
    Ok(Some(Observed {
        outputs: outputs(balancer)?,
        owner: tags.owner(),
        name: physical,
        spec: LoadBalancer {
            kind,
            name,
            subnets: Input::known(subnets),
            security_groups: groups,
            scheme: balancer.scheme().and_then(|scheme| Scheme::from_word(scheme.as_str())),
            ip_address_type: balancer.ip_address_type().and_then(|kind| IpAddressType::from_word(kind.as_str())),
            attributes,
            tags,
        },
    }))
}

async fn read(cx: &Cx<'_>, arn: Option<&str>, names: &[String]) -> Result<Vec<Balancer>> {
    let client = &cx.aws.elbv2;
    pages_or_none(|token: Option<String>| async move {
        let page = cx
            .read("DescribeLoadBalancers", || {
                client
                    .describe_load_balancers()
                    .set_load_balancer_arns(arn.map(|arn| vec![arn.to_owned()]))
                    .set_names((!names.is_empty()).then(|| names.to_vec()))
                    .set_marker(token.clone())
                    .send()
            })
            .await?;
        Ok((page.load_balancers.unwrap_or_default(), page.next_marker))
    })
    .await
}

/// Reads tags, and the attributes of those that `wanted` picks.
async fn complete(
    cx: &Cx<'_>,
    balancers: Vec<Balancer>,
    wanted: impl Fn(&Balancer, &Tags) -> bool,
) -> Result<Vec<Observed<LoadBalancer>>> {
    let arns: Vec<String> = balancers.iter().filter_map(|balancer| balancer.load_balancer_arn.clone()).collect();
    let mut tags = read_elb(cx, &arns).await?;
    let picked: Vec<_> = balancers
        .into_iter()
        .map(|balancer| {
            let tags = tags.remove(balancer.load_balancer_arn().unwrap_or_default()).unwrap_or_default();
            (balancer, tags)
        })
        .filter(|(balancer, tags)| wanted(balancer, tags))
        .collect();
    let client = &cx.aws.elbv2;
    let attributes = picked.iter().map(|(balancer, _)| async {
        let arn = balancer.load_balancer_arn().unwrap_or_default();
        let output = cx
            .read("DescribeLoadBalancerAttributes", || {
                client.describe_load_balancer_attributes().load_balancer_arn(arn).send()
            })
            .await?;
        Ok::<_, Error>(Attributes(
            output
                .attributes()
                .iter()
                .filter_map(|attribute| Some((attribute.key()?.to_owned(), attribute.value()?.to_owned())))
                .collect(),
        ))
    });
    let attributes = futures_util::future::try_join_all(attributes).await?;
    let mut observed = Vec::with_capacity(picked.len());
    for ((balancer, tags), attributes) in picked.into_iter().zip(attributes) {
        observed.extend(parse(&balancer, attributes, tags)?);
    }
    Ok(observed)
}

/// Reads the balancers that the stack owns, and balancers under declared names. There is no filter
/// by tag: all balancers are listed, and their tags read.
pub(super) async fn observe(cx: &Cx<'_>, declared: &[&LoadBalancer]) -> Result<Vec<Observed<LoadBalancer>>> {
    let balancers = read(cx, None, &[]).await?;
    let stack = cx.stack;
    complete(cx, balancers, |balancer, tags| {
        tags.owner().is_some_and(|owner| owner.stack == stack)
            || declared.iter().any(|declared| balancer.load_balancer_name() == Some(declared.name.as_str()))
    })
    .await
}

/// The same for the engine's list.
pub(super) fn any(balancers: Vec<Observed<LoadBalancer>>) -> impl Iterator<Item = AnyObserved> {
    balancers.into_iter().map(AnyObserved::from)
}
