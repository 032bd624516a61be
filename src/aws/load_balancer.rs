//! Load balancers over the Elastic Load Balancing API.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::types::{
    EnablePrefixForIpv6SourceNatEnum, EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum,
    IpAddressType as ElbIpAddressType, IpamPools, LoadBalancer as Balancer, LoadBalancerAttribute,
    LoadBalancerSchemeEnum, LoadBalancerStateEnum, LoadBalancerTypeEnum, MinimumLoadBalancerCapacity,
    RemoveIpamPoolEnum, SubnetMapping as ElbSubnetMapping,
};

use crate::blocker::{Blocker, BlockerKind};
use crate::error::{Error, ErrorKind, Result};
use crate::id::SubnetId;
use crate::input::Input;
use crate::resource::tags::CAPACITY;
use crate::resource::{
    AnyObserved, ApplicationIpAddressType, Attributes, LoadBalancer, LoadBalancerKind, LoadBalancerOutputs, Observed,
    Operation, Scheme, SourceNatPrefix, SubnetMapping, Tags,
};

use super::call::{NotYet, gone_is_fine, pages_or_none};
use super::tags::{change_elb, elb, names, with_tags};
use super::target_group::ATTRIBUTES_AT_ONCE;
use super::{Cx, Operate, Progress, Watch, blockers, id, known, required};

/// A change of the reserved capacity is under way, which takes minutes.
const RESERVING: NotYet = NotYet::code("CapacityReservationPending").for_minutes(15);

impl LoadBalancer {
    fn group_ids(&self) -> Result<Vec<String>> {
        self.security_groups.iter().map(|group| Ok(known(group)?.to_string())).collect()
    }

    /// The subnets as requests name them; addresses that AWS has chosen stay where a subnet does.
    fn places(&self, observed: Option<&Self>) -> Result<Places> {
        let subnets = known(&self.subnets)?;
        let before = observed.map(Self::by_id).transpose()?.unwrap_or_default();
        let mappings = subnets.iter().enumerate().map(|(place, subnet)| {
            let mapping = self.mappings.get(place).cloned().unwrap_or_default();
            let before = before.get(subnet.as_str()).cloned().unwrap_or_default();
            SubnetMapping {
                allocation: mapping.allocation,
                private_ipv4: mapping.private_ipv4.or(before.private_ipv4),
                ipv6: mapping.ipv6.or(before.ipv6),
                source_nat_prefix: mapping
                    .source_nat_prefix
                    .or(before.source_nat_prefix.filter(|_| self.ipv6_source_nat == Some(true))),
            }
        });
        Ok(Places(subnets.iter().cloned().zip(mappings).collect()))
    }

    fn by_id(&self) -> Result<HashMap<String, SubnetMapping>> {
        let mapping = |place: usize| self.mappings.get(place).cloned().unwrap_or_default();
        let subnets = known(&self.subnets)?.iter().enumerate();
        Ok(subnets.map(|(place, subnet)| (subnet.to_string(), mapping(place))).collect())
    }

    /// Moves to the declared subnets. A network load balancer leaves a subnet, or an address in it,
    /// before it takes another in the same zone; whether that is so here, AWS says.
    async fn set_subnets(&self, cx: &Cx<'_>, arn: &str, observed: Option<&Self>) -> Result<()> {
        let wanted = self.places(observed)?;
        let moved = self.send_subnets(cx, arn, &wanted, observed).await;
        let Err(error) = moved else { return Ok(()) };
        let refused = matches!(error.code(), Some("InvalidConfigurationRequest" | "ValidationError"));
        let before = observed.map(Self::by_id).transpose()?.unwrap_or_default();
        let stays = |(subnet, mapping): &&(SubnetId, SubnetMapping)| before.get(subnet.as_str()) == Some(mapping);
        let kept = Places(wanted.0.iter().filter(stays).cloned().collect());
        if !refused || self.kind != LoadBalancerKind::Network {
            return Err(error.with_hint(
                "subnets of another VPC need another load balancer: give it another name to have it replaced",
            ));
        }
        if kept.0.is_empty() || kept.0.len() == wanted.0.len() {
            return Err(error.with_hint(
                "a network load balancer leaves a subnet before it takes another of the same zone, and has one at \
                 any time: deploy it with one of its present subnets and one of another zone first",
            ));
        }
        self.send_subnets(cx, arn, &kept, observed).await?;
        self.send_subnets(cx, arn, &wanted, observed).await
    }

    async fn send_subnets(&self, cx: &Cx<'_>, arn: &str, places: &Places, observed: Option<&Self>) -> Result<()> {
        let client = &cx.aws.elbv2;
        let (subnets, mappings) = (places.subnets(), places.mappings());
        let kind = self.ip_address_type.unwrap_or(ApplicationIpAddressType::Ipv4);
        let before = observed.and_then(|observed| observed.ip_address_type).unwrap_or(ApplicationIpAddressType::Ipv4);
        let kind = (before != kind).then(|| ElbIpAddressType::from(kind.as_str()));
        let source_nat = self.ipv6_source_nat.unwrap_or(false);
        let before = observed.and_then(|observed| observed.ipv6_source_nat).unwrap_or(false);
        let source_nat = (before != source_nat).then(|| on_off(source_nat));
        cx.write_when(Operation::SetSubnets, &[RESERVING], || {
            client
                .set_subnets()
                .load_balancer_arn(arn)
                .set_subnets(subnets.clone())
                .set_subnet_mappings(mappings.clone())
                .set_ip_address_type(kind.clone())
                .set_enable_prefix_for_ipv6_source_nat(source_nat.clone())
                .send()
        })
        .await?;
        Ok(())
    }
}

/// Subnets, and what a balancer has in each.
struct Places(Vec<(SubnetId, SubnetMapping)>);

impl Places {
    fn are_plain(&self) -> bool {
        self.0.iter().all(|(_, mapping)| *mapping == SubnetMapping::default())
    }

    fn subnets(&self) -> Option<Vec<String>> {
        self.are_plain().then(|| self.0.iter().map(|(subnet, _)| subnet.to_string()).collect())
    }

    fn mappings(&self) -> Option<Vec<ElbSubnetMapping>> {
        let mapping = |(subnet, mapping): &(SubnetId, SubnetMapping)| {
            ElbSubnetMapping::builder()
                .subnet_id(subnet.as_str())
                .set_allocation_id(mapping.allocation.as_ref().map(ToString::to_string))
                .set_private_ipv4_address(mapping.private_ipv4.map(|address| address.to_string()))
                .set_ipv6_address(mapping.ipv6.map(|address| address.to_string()))
                .set_source_nat_ipv6_prefix(mapping.source_nat_prefix.as_ref().map(|prefix| prefix.as_str().to_owned()))
                .build()
        };
        (!self.are_plain()).then(|| self.0.iter().map(mapping).collect())
    }
}

fn on_off(on: bool) -> EnablePrefixForIpv6SourceNatEnum {
    if on { EnablePrefixForIpv6SourceNatEnum::On } else { EnablePrefixForIpv6SourceNatEnum::Off }
}

/// The addresses of a balancer that has just gone are not free at once (I21).
const ADDRESSES: &[NotYet] = &[NotYet::code("ResourceInUse").saying("allocation IDs").for_minutes(10)];

impl Operate for LoadBalancer {
    async fn create(&self, cx: &Cx<'_>) -> Result<LoadBalancerOutputs> {
        let client = &cx.aws.elbv2;
        let (places, groups) = (self.places(None)?, self.group_ids()?);
        let (subnets, mappings) = (places.subnets(), places.mappings());
        let pools = self.ipv4_ipam_pool.as_ref().map(|pool| IpamPools::builder().ipv4_ipam_pool_id(pool).build());
        let output = cx
            .write_when(Operation::CreateLoadBalancer, ADDRESSES, || {
                client
                    .create_load_balancer()
                    .name(&self.name)
                    .r#type(LoadBalancerTypeEnum::from(self.kind.as_str()))
                    .set_subnets(subnets.clone())
                    .set_subnet_mappings(mappings.clone())
                    .set_security_groups((!groups.is_empty()).then(|| groups.clone()))
                    .set_scheme(self.scheme.map(|scheme| LoadBalancerSchemeEnum::from(scheme.as_str())))
                    .set_ip_address_type(self.ip_address_type.map(|kind| ElbIpAddressType::from(kind.as_str())))
                    .set_customer_owned_ipv4_pool(self.customer_owned_ipv4_pool.clone())
                    .set_ipam_pools(pools.clone())
                    .set_enable_prefix_for_ipv6_source_nat(self.ipv6_source_nat.map(on_off))
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
                let before = observed.and_then(|observed| observed.enforce_rules_on_private_link).unwrap_or(true);
                let enforce = self.enforce_rules_on_private_link.unwrap_or(true);
                let enforce = (enforce != before).then_some(match enforce {
                    true => EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::On,
                    false => EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum::Off,
                });
                cx.write(operation, || {
                    client
                        .set_security_groups()
                        .load_balancer_arn(arn)
                        .set_security_groups(Some(groups.clone()))
                        .set_enforce_security_group_inbound_rules_on_private_link_traffic(enforce.clone())
                        .send()
                })
                .await?;
            }
            Operation::SetSubnets => self.set_subnets(cx, arn, observed).await?,
            Operation::SetIpAddressType => {
                let kind = self.ip_address_type.unwrap_or(ApplicationIpAddressType::Ipv4);
                let kind = ElbIpAddressType::from(kind.as_str());
                cx.write(operation, || {
                    client.set_ip_address_type().load_balancer_arn(arn).ip_address_type(kind.clone()).send()
                })
                .await?;
            }
            Operation::ModifyIpPools => {
                let pools =
                    self.ipv4_ipam_pool.as_ref().map(|pool| IpamPools::builder().ipv4_ipam_pool_id(pool).build());
                let removed = pools.is_none().then(|| vec![RemoveIpamPoolEnum::Ipv4]);
                cx.write(operation, || {
                    client
                        .modify_ip_pools()
                        .load_balancer_arn(arn)
                        .set_ipam_pools(pools.clone())
                        .set_remove_ipam_pools(removed.clone())
                        .send()
                })
                .await?;
            }
            Operation::ModifyCapacityReservation => {
                let units = self.minimum_capacity_units.map(|units| i32::try_from(units).unwrap_or(i32::MAX));
                let minimum = units.map(|units| MinimumLoadBalancerCapacity::builder().capacity_units(units).build());
                let reset = minimum.is_none().then_some(true);
                // A new balancer has to become active first.
                let not_yet = [RESERVING, NotYet::code("OperationNotPermitted").for_minutes(15)];
                cx.write_when(operation, &not_yet, || {
                    client
                        .modify_capacity_reservation()
                        .load_balancer_arn(arn)
                        .set_minimum_load_balancer_capacity(minimum.clone())
                        .set_reset_capacity_reservation(reset)
                        .send()
                })
                .await?;
            }
            Operation::ModifyLoadBalancerAttributes => {
                let present = observed.map(|observed| observed.attributes.clone()).unwrap_or_default();
                let defaults = self.cleared_attributes();
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

    /// Gives it the new security groups beside those that it has.
    async fn prepare(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        present: Option<(&LoadBalancerOutputs, &Self)>,
    ) -> Result<()> {
        let (outputs, observed) = required(present, "a load balancer that exists")?;
        let client = &cx.aws.elbv2;
        let mut groups = observed.group_ids()?;
        groups.extend(super::convert::more(&self.group_ids()?, &groups));
        cx.write(operation, || {
            client
                .set_security_groups()
                .load_balancer_arn(outputs.arn.as_str())
                .set_security_groups(Some(groups.clone()))
                .send()
        })
        .await?;
        Ok(())
    }

    /// Active, or working without the resources to grow (`active_impaired`); one that has failed is never
    /// going to be (R3).
    async fn settled(&self, cx: &Cx<'_>, outputs: &LoadBalancerOutputs, _watch: &mut Watch) -> Result<Progress> {
        let found = read(cx, Some(outputs.arn.as_str()), &[]).await?;
        let Some(balancer) = found.first() else { return Ok(Progress::Unseen) };
        let state = balancer.state();
        Ok(match state.and_then(|state| state.code()) {
            Some(LoadBalancerStateEnum::Active) => Progress::Done,
            Some(LoadBalancerStateEnum::ActiveImpaired) => {
                let reason = state.and_then(|state| state.reason()).unwrap_or("AWS gives no reason");
                cx.warn(format!("it works, but is impaired: {reason}"));
                Progress::Done
            }
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
            Err(error) if error.code() == Some("OperationNotPermitted") => {
                let protection = Blocker::new(BlockerKind::DeletionProtection, arn, "its deletion protection is on");
                let protection = protection.owned_by(observed.owner.clone());
                let hint = "declare `deletion_protection(false)` and deploy that, or switch it off by hand";
                Err(blockers::explain(error, Ok(vec![protection]), hint))
            }
            Err(error) if error.code() == Some("ResourceInUse") => {
                let found = blockers::of_load_balancer(&cx.to_explain(), arn).await;
                let found = found.map(|mut found| {
                    if found.is_empty() {
                        // API Gateway's VPC links and the like are not to be seen from here.
                        let text = "another AWS service holds it, such as a VPC link of API Gateway";
                        found.push(Blocker::new(BlockerKind::EndpointService, arn, text));
                    }
                    found
                });
                Err(blockers::explain(error, found, "release it there"))
            }
            other => gone_is_fine(other),
        }
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let found = list(cx, std::slice::from_ref(&self.name)).await?;
        Ok(complete(cx, found.iter().collect(), &[self]).await?.pop())
    }
}

fn outputs(balancer: &Balancer) -> Result<LoadBalancerOutputs> {
    Ok(LoadBalancerOutputs {
        arn: id(balancer.load_balancer_arn(), "a load balancer ARN")?,
        dns_name: balancer.dns_name().unwrap_or_default().to_owned(),
        hosted_zone_id: balancer.canonical_hosted_zone_id().unwrap_or_default().to_owned(),
        name: balancer.load_balancer_name().unwrap_or_default().to_owned(),
        vpc: balancer.vpc_id().and_then(|vpc| vpc.parse().ok()),
    })
}

/// What is read of a balancer beside the balancer itself.
struct Details {
    attributes: Attributes,
    minimum_capacity_units: Option<u32>,
    tags: Tags,
}

fn parse(balancer: &Balancer, details: Details) -> Result<Option<Observed<LoadBalancer>>> {
    let Details { attributes, minimum_capacity_units, tags } = details;
    // Types that AWS has invented since: not ours, whoever owns them.
    let Some(kind) = balancer.r#type().and_then(|kind| LoadBalancerKind::from_word(kind.as_str())) else {
        return Ok(None);
    };
    let (name, physical) = names(balancer.load_balancer_name().unwrap_or_default(), &tags);
    let zones = balancer.availability_zones();
    let subnets = zones.iter().map(|zone| id(zone.subnet_id(), "a subnet id")).collect::<Result<Vec<_>>>()?;
    let groups = balancer
        .security_groups()
        .iter()
        .map(|group| Ok(Input::known(id(Some(group), "a group id")?)))
        .collect::<Result<Vec<_>>>()?;
    let mut mappings = Vec::new();
    if kind == LoadBalancerKind::Network {
        for zone in zones {
            let prefix = zone.source_nat_ipv6_prefixes().first();
            let mut mapping = SubnetMapping {
                source_nat_prefix: prefix.cloned().map(SourceNatPrefix::Network),
                ..Default::default()
            };
            // One for each of IPv4 and IPv6.
            for address in zone.load_balancer_addresses() {
                if let Some(allocation) = address.allocation_id() {
                    mapping.allocation = Some(id(Some(allocation), "an allocation id")?);
                }
                let private = address.private_ipv4_address().and_then(|address| address.parse().ok());
                mapping.private_ipv4 = mapping.private_ipv4.or(private);
                mapping.ipv6 = mapping.ipv6.or(address.ipv6_address().and_then(|address| address.parse().ok()));
            }
            mappings.push(mapping);
        }
    }
    let pools = balancer.ipam_pools();
    let source_nat = balancer.enable_prefix_for_ipv6_source_nat();
    Ok(Some(Observed {
        outputs: outputs(balancer)?,
        owner: tags.owner(),
        name: physical,
        spec: LoadBalancer {
            kind,
            name,
            subnets: Input::known(subnets),
            mappings,
            enforce_rules_on_private_link: balancer
                .enforce_security_group_inbound_rules_on_private_link_traffic()
                .filter(|_| kind == LoadBalancerKind::Network && !groups.is_empty())
                .map(|enforce| enforce != "off"),
            security_groups: groups,
            scheme: balancer.scheme().and_then(|scheme| Scheme::from_word(scheme.as_str())),
            ip_address_type: balancer
                .ip_address_type()
                .and_then(|kind| ApplicationIpAddressType::from_word(kind.as_str())),
            ipv6_source_nat: source_nat
                .filter(|_| kind == LoadBalancerKind::Network)
                .map(|enabled| *enabled == EnablePrefixForIpv6SourceNatEnum::On),
            customer_owned_ipv4_pool: balancer.customer_owned_ipv4_pool.clone(),
            ipv4_ipam_pool: pools.and_then(|pools| pools.ipv4_ipam_pool_id.clone()),
            minimum_capacity_units,
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

/// A balancer and its tags.
pub(super) type Listed = (Balancer, Tags);

/// Lists balancers with their tags; without names, all of the account.
async fn list(cx: &Cx<'_>, names: &[String]) -> Result<Vec<Listed>> {
    let balancers = read(cx, None, names).await?;
    with_tags(cx, balancers, Balancer::load_balancer_arn).await
}

/// Reads the attributes of balancers, and the reserved capacity where the stack reserves some, or has.
async fn complete(
    cx: &Cx<'_>,
    picked: Vec<&Listed>,
    declared: &[&LoadBalancer],
) -> Result<Vec<Observed<LoadBalancer>>> {
    let details = picked.iter().map(|(balancer, tags)| async {
        let is_declared = |declared: &&LoadBalancer| {
            declared.minimum_capacity_units.is_some() && balancer.load_balancer_name() == Some(declared.name.as_str())
        };
        let capacity = async {
            let reserves = tags.get(CAPACITY).is_some() || declared.iter().any(is_declared);
            if reserves { read_capacity(cx, balancer).await } else { Ok(None) }
        };
        let (attributes, minimum_capacity_units) = tokio::try_join!(read_attributes(cx, balancer), capacity)?;
        Ok::<_, Error>(Details { attributes, minimum_capacity_units, tags: tags.clone() })
    });
    let details = futures_util::future::try_join_all(details).await?;
    let mut observed = Vec::with_capacity(picked.len());
    for ((balancer, _), details) in picked.iter().zip(details) {
        observed.extend(parse(balancer, details)?);
    }
    Ok(observed)
}

async fn read_attributes(cx: &Cx<'_>, balancer: &Balancer) -> Result<Attributes> {
    let client = &cx.aws.elbv2;
    let arn = balancer.load_balancer_arn().unwrap_or_default();
    let read = cx.read("DescribeLoadBalancerAttributes", || {
        client.describe_load_balancer_attributes().load_balancer_arn(arn).send()
    });
    let output = read.await?;
    let attributes = output.attributes().iter();
    Ok(Attributes(
        attributes.filter_map(|attribute| Some((attribute.key()?.to_owned(), attribute.value()?.to_owned()))).collect(),
    ))
}

/// The reserved capacity.
async fn read_capacity(cx: &Cx<'_>, balancer: &Balancer) -> Result<Option<u32>> {
    let client = &cx.aws.elbv2;
    let arn = balancer.load_balancer_arn().unwrap_or_default();
    let read =
        cx.read("DescribeCapacityReservation", || client.describe_capacity_reservation().load_balancer_arn(arn).send());
    let output = read.await?;
    let units = output.minimum_load_balancer_capacity().and_then(|minimum| minimum.capacity_units());
    Ok(units.and_then(|units| u32::try_from(units).ok()).filter(|units| *units > 0))
}

/// Reads the balancers that the stack owns, and balancers under declared names. There is no filter
/// by tag: all balancers are listed, and their tags read.
pub(super) async fn observe(cx: &Cx<'_>, declared: &[&LoadBalancer]) -> Result<Vec<Observed<LoadBalancer>>> {
    let detached = cx.detached();
    let all = cx.aws.reads.load_balancers.get(move || async move { list(&detached.cx(), &[]).await }).await?;
    let picked = all.iter().filter(|(balancer, tags)| {
        tags.owner().is_some_and(|owner| owner.stack == cx.stack)
            || declared.iter().any(|declared| balancer.load_balancer_name() == Some(declared.name.as_str()))
    });
    complete(cx, picked.collect(), declared).await
}

/// The same for the engine's list.
pub(super) fn any(balancers: Vec<Observed<LoadBalancer>>) -> impl Iterator<Item = AnyObserved> {
    balancers.into_iter().map(AnyObserved::from)
}
