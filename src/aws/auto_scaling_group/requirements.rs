//! Instance requirements, between our types and those of Auto Scaling.

use aws_sdk_autoscaling::types as asg;

use crate::resource::InstanceRequirements;

pub(super) fn to_sdk(_requirements: &InstanceRequirements) -> asg::InstanceRequirements {
    asg::InstanceRequirements::builder().build()
}

pub(super) fn from_sdk(_requirements: &asg::InstanceRequirements) -> InstanceRequirements {
    InstanceRequirements {}
}
