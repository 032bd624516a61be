//! Who holds what AWS does not let go: looked up after a refusal, and only then.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_autoscaling::types::ScalingActivityStatusCode;
use aws_sdk_ec2::types::NetworkInterface;
use aws_sdk_elasticloadbalancingv2::types::{Action, TargetTypeEnum};

use crate::blocker::{Blocker, BlockerKind};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::Tags;
use crate::resource::tags::Owner;

use super::Cx;
use super::call::{pages, pages_or_none};
use super::convert::filter;
use super::tags::{from_ec2, read_elb};

/// Adds to a refusal what was found; a look that fails itself leaves the refusal as it is.
pub(super) fn explain(error: Error, found: Result<Vec<Blocker>>, hint: &str) -> Error {
    let error = error.of_kind(ErrorKind::InUse);
    match found {
        Ok(blockers) if blockers.is_empty() => error.with_hint("nothing is found that holds it any more; run again"),
        Ok(blockers) => {
            let ours = blockers.iter().any(|blocker| blocker.stack.is_some());
            let more = if ours { "; what a stack owns, change by deploying or destroying that stack" } else { "" };
            error.blocked_by(blockers).with_hint(format!("{hint}, then run again{more}"))
        }
        Err(_) => error.with_hint(format!("{hint}, then run again; what holds it could not be read")),
    }
}

/// What has a security group, or refers to it.
pub(super) async fn of_security_group(cx: &Cx<'_>, group: &str) -> Result<Vec<Blocker>> {
    let (interfaces, rules) = tokio::try_join!(interfaces(cx, group), referring_rules(cx, group))?;
    Ok(interfaces.into_iter().chain(rules).collect())
}

async fn interfaces(cx: &Cx<'_>, group: &str) -> Result<Vec<Blocker>> {
    let client = &cx.aws.ec2;
    let interfaces = pages(|token: Option<String>| async move {
        let read = || {
            let request = client.describe_network_interfaces().filters(filter("group-id", [group]));
            request.set_next_token(token.clone()).send()
        };
        let page = cx.read("DescribeNetworkInterfaces", read).await?;
        Ok((page.network_interfaces.unwrap_or_default(), page.next_token))
    })
    .await?;
    let instances: BTreeSet<&str> = interfaces.iter().filter_map(instance_of).collect();
    let balancers: BTreeSet<&str> = interfaces.iter().filter_map(balancer_of).collect();
    let (groups, balancers) = tokio::try_join!(scaling_owners(cx, &instances), balancer_owners(cx, &balancers))?;
    let blocker = |interface: &NetworkInterface| {
        let id = interface.network_interface_id().unwrap_or("?");
        let description = interface.description().filter(|text| !text.is_empty());
        let (user, owner) = match (instance_of(interface), balancer_of(interface)) {
            (Some(instance), _) => match groups.get(instance) {
                Some((group, owner)) => (format!("instance {instance} of Auto Scaling group {group}"), owner.clone()),
                None => (format!("instance {instance}"), None),
            },
            (None, Some(name)) => (format!("load balancer {name}"), balancers.get(name).cloned()),
            (None, None) => (description.unwrap_or("unattached").to_owned(), None),
        };
        let text = format!("network interface {id} ({user}) has it");
        Blocker::new(BlockerKind::NetworkInterface, id, text).owned_by(owner)
    };
    Ok(interfaces.iter().map(blocker).collect())
}

fn instance_of(interface: &NetworkInterface) -> Option<&str> {
    interface.attachment()?.instance_id()
}

/// The name of the load balancer whose interface it is: AWS describes it as `ELB app/name/id`.
fn balancer_of(interface: &NetworkInterface) -> Option<&str> {
    interface.description()?.strip_prefix("ELB ")?.split('/').nth(1)
}

/// The Auto Scaling groups of instances, and who owns those.
async fn scaling_owners(cx: &Cx<'_>, instances: &BTreeSet<&str>) -> Result<HashMap<String, (String, Option<Owner>)>> {
    let mut found = HashMap::new();
    if instances.is_empty() {
        return Ok(found);
    }
    let client = &cx.aws.ec2;
    let ids: Vec<String> = instances.iter().map(|id| (*id).to_owned()).collect();
    let read = || client.describe_instances().filters(filter("instance-id", ids.iter().map(String::as_str))).send();
    let page = cx.read("DescribeInstances", read).await?;
    let mut groups: BTreeMap<String, Option<Owner>> = BTreeMap::new();
    for instance in page.reservations().iter().flat_map(|reservation| reservation.instances()) {
        let group = instance.tags().iter().find(|tag| tag.key() == Some("aws:autoscaling:groupName"));
        if let (Some(id), Some(group)) = (instance.instance_id(), group.and_then(|tag| tag.value())) {
            groups.insert(group.to_owned(), None);
            found.insert(id.to_owned(), (group.to_owned(), None));
        }
    }
    if groups.is_empty() {
        return Ok(found);
    }
    let client = &cx.aws.autoscaling;
    let names: Vec<String> = groups.keys().cloned().collect();
    let read = || client.describe_auto_scaling_groups().set_auto_scaling_group_names(Some(names.clone())).send();
    let page = cx.read("DescribeAutoScalingGroups", read).await?;
    for group in page.auto_scaling_groups() {
        let tags: Tags = group
            .tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
            .collect();
        groups.insert(group.auto_scaling_group_name().unwrap_or_default().to_owned(), tags.owner());
    }
    for (group, owner) in found.values_mut() {
        *owner = groups.get(group).cloned().flatten();
    }
    Ok(found)
}

/// Who owns load balancers, by name.
async fn balancer_owners(cx: &Cx<'_>, names: &BTreeSet<&str>) -> Result<HashMap<String, Owner>> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    // Not by name: one that is gone, whose interfaces are still there, would make the call fail.
    let client = &cx.aws.elbv2;
    let balancers = pages_or_none(|token: Option<String>| async move {
        let page = cx
            .read("DescribeLoadBalancers", || client.describe_load_balancers().set_marker(token.clone()).send())
            .await?;
        Ok((page.load_balancers.unwrap_or_default(), page.next_marker))
    })
    .await?;
    let wanted = balancers.iter().filter(|balancer| balancer.load_balancer_name().is_some_and(|n| names.contains(n)));
    let arns: BTreeMap<String, String> = wanted
        .filter_map(|balancer| Some((balancer.load_balancer_arn.clone()?, balancer.load_balancer_name.clone()?)))
        .collect();
    let tags = read_elb(cx, &arns.keys().cloned().collect::<Vec<_>>()).await?;
    Ok(tags.into_iter().filter_map(|(arn, tags)| Some((arns.get(&arn)?.clone(), tags.owner()?))).collect())
}

/// The rules of other groups that refer to one.
async fn referring_rules(cx: &Cx<'_>, group: &str) -> Result<Vec<Blocker>> {
    let client = &cx.aws.ec2;
    let mut groups = BTreeMap::new();
    for name in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
        let read = || client.describe_security_groups().filters(filter(name, [group])).send();
        for other in cx.read("DescribeSecurityGroups", read).await?.security_groups() {
            if let Some(id) = other.group_id().filter(|id| *id != group) {
                groups.insert(
                    id.to_owned(),
                    (other.group_name().unwrap_or("?").to_owned(), from_ec2(other.tags()).owner()),
                );
            }
        }
    }
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = groups.keys().map(String::as_str).collect();
    let read = || client.describe_security_group_rules().filters(filter("group-id", ids.iter().copied())).send();
    let rules = cx.read("DescribeSecurityGroupRules", read).await?;
    let mut found = Vec::new();
    for rule in rules.security_group_rules() {
        let refers = rule.referenced_group_info().and_then(|other| other.group_id()) == Some(group);
        let Some((id, (name, owner))) = rule.group_id().and_then(|id| Some((id, groups.get(id)?))).filter(|_| refers)
        else {
            continue;
        };
        let rule_id = rule.security_group_rule_id().unwrap_or("?");
        let text = format!("rule {rule_id} of security group {id} ({name}) refers to it");
        let owner = from_ec2(rule.tags()).owner().or_else(|| owner.clone());
        found.push(Blocker::new(BlockerKind::SecurityGroupRule, rule_id, text).owned_by(owner));
    }
    Ok(found)
}

/// The listeners and rules that forward to a target group.
pub(super) async fn of_target_group(cx: &Cx<'_>, group: &str) -> Result<Vec<Blocker>> {
    let client = &cx.aws.elbv2;
    let read = || client.describe_target_groups().target_group_arns(group).send();
    let groups = cx.read("DescribeTargetGroups", read).await?;
    let balancers = groups.target_groups().iter().flat_map(|group| group.load_balancer_arns());
    let mut found = Vec::new();
    for balancer in balancers {
        let listeners = pages_or_none(|token: Option<String>| async move {
            let read = || client.describe_listeners().load_balancer_arn(balancer).set_marker(token.clone()).send();
            let page = cx.read("DescribeListeners", read).await?;
            Ok((page.listeners.unwrap_or_default(), page.next_marker))
        })
        .await?;
        for listener in listeners {
            let arn = listener.listener_arn().unwrap_or_default();
            let port = listener.port().unwrap_or_default();
            if forwards(listener.default_actions(), group) {
                let text = format!("listener {arn} on port {port} of {balancer} forwards to it");
                found.push(Blocker::new(BlockerKind::Listener, arn, text));
            }
            let rules = pages_or_none(|token: Option<String>| async move {
                let read = || client.describe_rules().listener_arn(arn).set_marker(token.clone()).send();
                let page = cx.read("DescribeRules", read).await?;
                Ok((page.rules.unwrap_or_default(), page.next_marker))
            })
            .await?;
            for rule in rules.iter().filter(|rule| rule.is_default() != Some(true) && forwards(rule.actions(), group)) {
                let (rule_arn, number) = (rule.rule_arn().unwrap_or_default(), rule.priority().unwrap_or("?"));
                let text = format!("rule {rule_arn}, number {number} on port {port} of {balancer}, forwards to it");
                found.push(Blocker::new(BlockerKind::ListenerRule, rule_arn, text));
            }
        }
    }
    with_owners(cx, found).await
}

fn forwards(actions: &[Action], group: &str) -> bool {
    actions.iter().any(|action| {
        let config = action.forward_config().map(|forward| forward.target_groups()).unwrap_or_default();
        action.target_group_arn() == Some(group) || config.iter().any(|tuple| tuple.target_group_arn() == Some(group))
    })
}

/// What holds a load balancer: endpoint services, target groups, its own protection.
pub(super) async fn of_load_balancer(cx: &Cx<'_>, balancer: &str) -> Result<Vec<Blocker>> {
    let (services, groups) = tokio::try_join!(endpoint_services(cx, balancer), target_groups(cx, balancer))?;
    Ok(services.into_iter().chain(groups).collect())
}

async fn endpoint_services(cx: &Cx<'_>, balancer: &str) -> Result<Vec<Blocker>> {
    let client = &cx.aws.ec2;
    let services = pages(|token: Option<String>| async move {
        let read = || client.describe_vpc_endpoint_service_configurations().set_next_token(token.clone()).send();
        let page = cx.read("DescribeVpcEndpointServiceConfigurations", read).await?;
        Ok((page.service_configurations.unwrap_or_default(), page.next_token))
    })
    .await?;
    let in_front = services.iter().filter(|service| {
        let arns = service.network_load_balancer_arns().iter().chain(service.gateway_load_balancer_arns());
        arns.into_iter().any(|arn| arn == balancer)
    });
    let blocker = |service: &aws_sdk_ec2::types::ServiceConfiguration| {
        let (id, name) = (service.service_id().unwrap_or("?"), service.service_name().unwrap_or("?"));
        Blocker::new(BlockerKind::EndpointService, id, format!("endpoint service {id} ({name}) is in front of it"))
    };
    Ok(in_front.map(blocker).collect())
}

/// The target groups in which an application load balancer is registered.
async fn target_groups(cx: &Cx<'_>, balancer: &str) -> Result<Vec<Blocker>> {
    let client = &cx.aws.elbv2;
    let mut found = Vec::new();
    for (group, _) in super::target_group::list_all(cx).await?.iter() {
        let Some(arn) = group.target_group_arn().filter(|_| group.target_type() == Some(&TargetTypeEnum::Alb)) else {
            continue;
        };
        let read = || client.describe_target_health().target_group_arn(arn).send();
        let targets = cx.read("DescribeTargetHealth", read).await?;
        let mut targets = targets.target_health_descriptions().iter().filter_map(|target| target.target()?.id());
        if targets.any(|target| target == balancer) {
            let text = format!("it is registered as a target of {arn}");
            found.push(Blocker::new(BlockerKind::TargetGroup, arn, text));
        }
    }
    with_owners(cx, found).await
}

/// What a group is busy with, and what it must not terminate.
pub(super) async fn of_scaling_group(cx: &Cx<'_>, name: &str) -> Result<Vec<Blocker>> {
    let client = &cx.aws.autoscaling;
    let read = || client.describe_scaling_activities().auto_scaling_group_name(name).max_records(100).send();
    let activities = cx.read("DescribeScalingActivities", read).await?;
    let mut found = Vec::new();
    for activity in activities.activities() {
        use ScalingActivityStatusCode::{Cancelled, Failed, Successful};
        let status = activity.status_code();
        if matches!(status, None | Some(Successful | Failed | Cancelled)) {
            continue;
        }
        let (id, what) = (activity.activity_id().unwrap_or("?"), activity.description().unwrap_or("an activity"));
        let state = status.map_or("", ScalingActivityStatusCode::as_str);
        found.push(Blocker::new(BlockerKind::ScalingActivity, id, format!("activity {id} is {state}: {what}")));
    }
    let read = || client.describe_auto_scaling_groups().auto_scaling_group_names(name).send();
    for group in cx.read("DescribeAutoScalingGroups", read).await?.auto_scaling_groups() {
        for instance in group.instances() {
            let id = instance.instance_id().unwrap_or("?");
            let state = instance.lifecycle_state().map_or("", |state| state.as_str());
            let protected =
                if instance.protected_from_scale_in() == Some(true) { " and protected from scale-in" } else { "" };
            let text = format!("instance {id} is {state}{protected}");
            found.push(Blocker::new(BlockerKind::Instance, id, text));
        }
    }
    Ok(found)
}

/// Explains why a listener or rule cannot forward to target groups: each belongs to one balancer.
pub(super) async fn association_limit<T>(cx: &Cx<'_>, answer: Result<T>, groups: &[String]) -> Result<T> {
    let error = match answer {
        Err(error) if error.code() == Some("TargetGroupAssociationLimit") => error,
        other => return other,
    };
    let mut found = Ok(Vec::new());
    for group in groups {
        found = match (found, of_target_group(cx, group).await) {
            (Ok(mut all), Ok(more)) => {
                all.extend(more);
                Ok(all)
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
    }
    Err(explain(
        error,
        found,
        "a target group belongs to one load balancer: declare another one, or make those forward elsewhere",
    ))
}

async fn with_owners(cx: &Cx<'_>, blockers: Vec<Blocker>) -> Result<Vec<Blocker>> {
    let arns: Vec<String> = blockers.iter().map(|blocker| blocker.id.clone()).collect();
    if arns.is_empty() {
        return Ok(blockers);
    }
    let tags = read_elb(cx, &arns).await?;
    let owned = |blocker: Blocker| {
        let owner = tags.get(&blocker.id).and_then(Tags::owner);
        blocker.owned_by(owner)
    };
    Ok(blockers.into_iter().map(owned).collect())
}
