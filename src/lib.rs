//! Typed AWS building blocks.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(not(feature = "aws"), allow(dead_code, unused_imports, reason = "the engine uses it"))]

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod engine;
mod error;
mod id;
mod input;
mod lookup;
mod plan;
mod problem;
mod resource;
#[cfg(feature = "sim")]
pub mod sim;
mod stack;
mod value;

#[cfg(feature = "aws")]
pub use aws::Aws;
#[cfg(feature = "aws")]
pub use engine::{
    Deployer, Drift, Event, Failure, GroupStatus, InstanceStatus, Live, Reporter, ResourceStatus, Status,
};
pub use error::{Error, ErrorKind, Result};
pub use id::*;
pub use input::{Attr, Input, IntoInput, Ref};
pub use lookup::{
    ExistingSecurityGroup, ExistingSecurityGroupOutputs, ExistingTargetGroup, ExistingTargetGroupOutputs, Image,
    ImageOutputs, Subnets, SubnetsOutputs, Vpc, VpcOutputs,
};
pub use plan::{
    Action as PlannedAction, Advisory, Effect, Goal, Plan, PropertyChange, ResourceChange, Step, StepKind, Summary,
};
pub use problem::Problem;
pub use resource::*;
pub use stack::{Address, Declare, Stack};
pub use value::Value;
