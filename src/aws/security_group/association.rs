//! Associations of security groups with further VPCs.

use aws_sdk_ec2::types::{SecurityGroupVpcAssociation as Association, SecurityGroupVpcAssociationState as State};

use crate::error::{Error, ErrorKind, Result};
use crate::id::VpcId;
use crate::resource::Operation;

use super::super::call::{gone_is_fine, pages};
use super::super::convert::filter;
use super::super::{Cx, Progress};

/// Associates a group with VPCs, and waits until it can be used there.
pub(super) async fn add(cx: &Cx<'_>, group: &str, vpcs: &[VpcId]) -> Result<()> {
    let client = &cx.aws.ec2;
    for vpc in vpcs {
        // One that is on its way out has to be out first.
        settle(cx, group, vpc, |state| *state != State::Disassociating).await?;
        cx.write(Operation::AssociateSecurityGroupVpc, || {
            client.associate_security_group_vpc().group_id(group).vpc_id(vpc.as_str()).send()
        })
        .await?;
    }
    for vpc in vpcs {
        settle(cx, group, vpc, |state| *state == State::Associated).await?;
    }
    Ok(())
}

/// Takes a group out of VPCs, and waits until it is out; associations that are gone already are out.
pub(super) async fn remove(cx: &Cx<'_>, group: &str, vpcs: &[VpcId]) -> Result<()> {
    let client = &cx.aws.ec2;
    for vpc in vpcs {
        gone_is_fine(
            cx.write(Operation::DisassociateSecurityGroupVpc, || {
                client.disassociate_security_group_vpc().group_id(group).vpc_id(vpc.as_str()).send()
            })
            .await,
        )?;
    }
    for vpc in vpcs {
        settle(cx, group, vpc, |state| *state == State::Disassociated).await?;
    }
    Ok(())
}

/// The associations of groups that are there or on their way.
pub(super) async fn read(cx: &Cx<'_>, groups: &[&str]) -> Result<Vec<(String, VpcId)>> {
    let there = |association: &Association| {
        matches!(association.state(), Some(State::Associated | State::Associating | State::DisassociationFailed))
    };
    let all = list(cx, groups).await?;
    Ok(all
        .iter()
        .filter(|association| there(association))
        .filter_map(|association| Some((association.group_id()?.to_owned(), association.vpc_id()?.parse().ok()?)))
        .collect())
}

async fn list(cx: &Cx<'_>, groups: &[&str]) -> Result<Vec<Association>> {
    let client = &cx.aws.ec2;
    pages(|token: Option<String>| async move {
        let page = cx
            .read("DescribeSecurityGroupVpcAssociations", || {
                client
                    .describe_security_group_vpc_associations()
                    .filters(filter("group-id", groups.iter().copied()))
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok((page.security_group_vpc_associations.unwrap_or_default(), page.next_token))
    })
    .await
}

/// Waits for a state of one association; one that AWS no longer knows of is disassociated.
async fn settle(cx: &Cx<'_>, group: &str, vpc: &VpcId, enough: fn(&State) -> bool) -> Result<()> {
    cx.until("the association with the VPC has changed", || async {
        let all = list(cx, &[group]).await?;
        let found = all.iter().find(|association| association.vpc_id() == Some(vpc.as_str()));
        let state = found.and_then(Association::state).cloned().unwrap_or(State::Disassociated);
        let failed = matches!(state, State::AssociationFailed | State::DisassociationFailed);
        Ok(if enough(&state) {
            Progress::Done
        } else if failed {
            let reason = found.and_then(Association::state_reason).unwrap_or("AWS gives no reason");
            Progress::Failed(
                Error::new(ErrorKind::Service, format!("{group} and {vpc}: {}: {reason}", state.as_str()))
                    .with_hint("remove what is in the way, then run again"),
            )
        } else {
            Progress::Waiting(format!("its association with {vpc} is {}", state.as_str()))
        })
    })
    .await
}
