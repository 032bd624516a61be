//! What the resources of EC2 have in common: identifiers, and being listed.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::types::Filter;

use super::filter::{Criteria, Filtered};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// A kind of identifier, and how EC2 refuses a wrong one.
pub(super) struct IdKind {
    prefix: &'static str,
    noun: &'static str,
    malformed: &'static str,
    missing: &'static str,
}

pub(super) const VPC: IdKind =
    IdKind { prefix: "vpc-", noun: "vpc ID", malformed: "InvalidVpcID.Malformed", missing: "InvalidVpcID.NotFound" };
pub(super) const SUBNET: IdKind = IdKind {
    prefix: "subnet-",
    noun: "subnet ID",
    malformed: "InvalidSubnetID.Malformed",
    missing: "InvalidSubnetID.NotFound",
};
pub(super) const IMAGE: IdKind =
    IdKind { prefix: "ami-", noun: "image id", malformed: "InvalidAMIID.Malformed", missing: "InvalidAMIID.NotFound" };
pub(super) const SECURITY_GROUP: IdKind = IdKind {
    prefix: "sg-",
    noun: "security group",
    malformed: "InvalidGroupId.Malformed",
    missing: "InvalidGroup.NotFound",
};
pub(super) const SECURITY_GROUP_RULE: IdKind = IdKind {
    prefix: "sgr-",
    noun: "security group rule ID",
    malformed: "InvalidSecurityGroupRuleId.Malformed",
    missing: "InvalidSecurityGroupRuleId.NotFound",
};
pub(super) const ENDPOINT_SERVICE: IdKind = IdKind {
    prefix: "vpce-svc-",
    noun: "VpcEndpointService Id",
    malformed: "InvalidVpcEndpointServiceId.Malformed",
    missing: "InvalidVpcEndpointServiceId.NotFound",
};
pub(super) const LAUNCH_TEMPLATE: IdKind = IdKind {
    prefix: "lt-",
    noun: "launch template ID",
    malformed: "InvalidLaunchTemplateId.Malformed",
    missing: "InvalidLaunchTemplateId.NotFound",
};
pub(super) const INSTANCE: IdKind = IdKind {
    prefix: "i-",
    noun: "instance ID",
    malformed: "InvalidInstanceID.Malformed",
    missing: "InvalidInstanceID.NotFound",
};
pub(super) const VOLUME: IdKind = IdKind {
    prefix: "vol-",
    noun: "volume",
    malformed: "InvalidVolumeID.Malformed",
    missing: "InvalidVolume.NotFound",
};
pub(super) const INTERFACE: IdKind = IdKind {
    prefix: "eni-",
    noun: "networkInterface ID",
    malformed: "InvalidNetworkInterfaceId.Malformed",
    missing: "InvalidNetworkInterfaceID.NotFound",
};

impl IdKind {
    /// Whether `id` is of this kind, well-formed or not.
    pub(super) fn covers(&self, id: &str) -> bool {
        id.starts_with(self.prefix)
    }

    /// Refuses what is not the prefix and 8 or 17 hexadecimal digits.
    pub(super) fn check(&self, id: &str) -> Result<(), ApiError> {
        let well_formed = id.strip_prefix(self.prefix).is_some_and(|digits| {
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
        });
        if well_formed {
            return Ok(());
        }
        Err(ApiError::new(self.malformed, format!("Invalid id: \"{id}\" (expecting \"{}...\")", self.prefix)))
    }

    pub(super) fn not_found(&self, id: &str) -> ApiError {
        ApiError::new(self.missing, format!("The {} '{id}' does not exist", self.noun))
    }

    /// The resource of that id; refuses a malformed and an unknown one.
    pub(super) fn find<'w, T>(&self, all: &'w BTreeMap<String, T>, id: &str) -> Result<&'w T, ApiError> {
        self.check(id)?;
        all.get(id).ok_or_else(|| self.not_found(id))
    }
}

/// Something that a describe operation lists.
pub(super) trait Resource: Filtered {
    const KIND: IdKind;

    /// Whether describe operations show it at `world.now`.
    fn shown(&self, world: &World) -> bool;
}

/// Whether something made at `created` shows in describes yet; what was there before the
/// simulation began has no such time and always shows.
pub(super) fn visible(world: &World, created: Option<Duration>) -> bool {
    created.is_none_or(|created| world.visible(created))
}

/// The resources that a describe operation asked for.
pub(super) fn listed<'w, T: Resource>(
    world: &'w World,
    all: &'w BTreeMap<String, T>,
    ids: Option<&[String]>,
    filters: Option<&[Filter]>,
) -> Result<Vec<&'w T>, ApiError> {
    let ids = ids.unwrap_or_default();
    let criteria = Criteria::<T>::new(filters)?;
    for id in ids {
        if !T::KIND.find(all, id)?.shown(world) {
            return Err(T::KIND.not_found(id));
        }
    }
    Ok(all
        .iter()
        .filter(|(id, _)| ids.is_empty() || ids.contains(id))
        .map(|(_, item)| item)
        .filter(|item| item.shown(world) && criteria.matches(world, item))
        .collect())
}

/// `MissingParameter`, as EC2 words it.
pub(super) fn missing(parameter: &str) -> ApiError {
    ApiError::new("MissingParameter", format!("The request must contain the parameter {parameter}"))
}

/// `InvalidParameterValue`.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

/// `InvalidParameterCombination`.
pub(super) fn conflict(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterCombination", message)
}

/// Ends a request that passed all checks but asked for a dry run.
pub(super) fn dry_run(asked: Option<bool>) -> Result<(), ApiError> {
    if asked == Some(true) {
        return Err(
            ApiError::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").with_status(412)
        );
    }
    Ok(())
}
