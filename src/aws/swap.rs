//! Security groups of instances that run: another one in the place of one that goes.
//!
//! AWS deletes no group that a network interface has. Instances keep the groups that they were
//! launched with whatever their template says since; but the groups of an interface can be changed
//! while its instance runs (EC2 User Guide, "Change the security groups for your Amazon EC2
//! instance").

use std::collections::HashSet;

use aws_sdk_ec2::types::{Instance, InstanceNetworkInterface};

use crate::error::Result;
use crate::resource::Operation;

use super::call::{gone_is_fine, pages};
use super::convert::filter;
use super::{Cx, Leaving, Progress};

/// The tag by which Auto Scaling says whose an instance is.
const GROUP_NAME: &str = "aws:autoscaling:groupName";

/// The states in which an instance has its interfaces.
const WITH_INTERFACES: [&str; 4] = ["pending", "running", "stopping", "stopped"];

/// Takes a group off the instances of the stack's Auto Scaling groups, and puts its successor, if it
/// has one, in its place. Where it has none and is all that an interface has, what the launch template
/// declares by now takes its place. What other groups and instances have is left alone.
pub(super) async fn off_instances(cx: &Cx<'_>, group: &str, leaving: Leaving<'_>) -> Result<()> {
    if leaving.scaling_groups.is_empty() {
        return Ok(());
    }
    // Instances may still be launched by what the group was before: looked at until none is found.
    cx.until("no instance of the stack has the old security group", || async move {
        let mut left = HashSet::new();
        for instance in instances(cx, group, leaving.scaling_groups).await? {
            let name = instance.tags().iter().find(|tag| tag.key() == Some(GROUP_NAME)).and_then(|tag| tag.value());
            let declared = leaving.scaling_groups.iter().find(|(group, _)| name == Some(group.as_str()));
            let declared = declared.map(|(_, groups)| groups.as_slice()).unwrap_or_default();
            for interface in instance.network_interfaces() {
                if let Some(groups) = swapped(interface, group, leaving.successor, declared) {
                    left.extend(instance.instance_id.clone());
                    change(cx, interface.network_interface_id().unwrap_or_default(), groups).await?;
                }
            }
        }
        Ok(if left.is_empty() {
            Progress::Done
        } else {
            Progress::Waiting(format!("{} instances got other security groups", left.len()))
        })
    })
    .await
}

/// The groups that an interface is to have; none if it has nothing to change. An interface without any
/// group there cannot be: one that has only the old one keeps it.
fn swapped(
    interface: &InstanceNetworkInterface,
    old: &str,
    new: Option<&str>,
    declared: &[String],
) -> Option<Vec<String>> {
    let has: Vec<&str> = interface.groups().iter().filter_map(|group| group.group_id()).collect();
    if !has.contains(&old) {
        return None;
    }
    let mut groups: Vec<String> = has.iter().filter(|group| **group != old).map(|group| (*group).to_owned()).collect();
    if let Some(new) = new.filter(|new| !has.contains(new)) {
        groups.push(new.to_owned());
    }
    if groups.is_empty() {
        groups.extend(declared.iter().filter(|group| *group != old).cloned());
    }
    (!groups.is_empty()).then_some(groups)
}

async fn change(cx: &Cx<'_>, interface: &str, groups: Vec<String>) -> Result<()> {
    let client = &cx.aws.ec2;
    let changed = cx.write(Operation::ModifyNetworkInterfaceAttribute, || {
        client
            .modify_network_interface_attribute()
            .network_interface_id(interface)
            .set_groups(Some(groups.clone()))
            .send()
    });
    // Its instance may have been terminated meanwhile.
    gone_is_fine(changed.await)
}

/// The instances of Auto Scaling groups that have a security group.
async fn instances(cx: &Cx<'_>, group: &str, scaling_groups: &[(String, Vec<String>)]) -> Result<Vec<Instance>> {
    let client = &cx.aws.ec2;
    let filters = vec![
        filter("network-interface.group-id", [group]),
        filter(&format!("tag:{GROUP_NAME}"), scaling_groups.iter().map(|(name, _)| name.as_str())),
        filter("instance-state-name", WITH_INTERFACES),
    ];
    let filters = &filters;
    let reservations = pages(|token: Option<String>| async move {
        let read =
            || client.describe_instances().set_filters(Some(filters.clone())).set_next_token(token.clone()).send();
        let page = cx.read("DescribeInstances", read).await?;
        Ok((page.reservations.unwrap_or_default(), page.next_token))
    });
    let reservations = reservations.await?;
    Ok(reservations.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default()).collect())
}
