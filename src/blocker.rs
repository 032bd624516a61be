//! What holds something that was to go or to change.

use std::fmt;

use serde::Serialize;

use crate::resource::tags::Owner;
use crate::stack::Address;

/// Something that holds what was to be deleted or changed: found after AWS's refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Blocker {
    /// What sort of thing it is.
    pub kind: BlockerKind,
    /// Its id or ARN.
    pub id: String,
    /// What it is and how it holds on.
    pub text: String,
    /// The name of the stack of purlin that owns it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// The address under which that stack owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// What sort of thing holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BlockerKind {
    /// A network interface that has the security group; the owner is that of what the interface
    /// belongs to.
    NetworkInterface,
    /// A rule of another security group that refers to it.
    SecurityGroupRule,
    /// Another VPC that the security group is associated with.
    VpcAssociation,
    /// A listener that forwards to the target group.
    Listener,
    /// A rule of a listener that forwards to the target group.
    ListenerRule,
    /// A target group in which the load balancer is registered.
    TargetGroup,
    /// An endpoint service (PrivateLink) in front of the load balancer.
    EndpointService,
    /// Its own protection from deletion.
    DeletionProtection,
    /// Something that an Auto Scaling group does at the moment.
    ScalingActivity,
    /// An instance, such as one that is protected from scale-in.
    Instance,
}

#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only AWS refuses"))]
impl Blocker {
    pub(crate) fn new(kind: BlockerKind, id: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, id: id.into(), text: text.into(), stack: None, address: None }
    }

    /// Says whose it is.
    #[must_use]
    pub(crate) fn owned_by(mut self, owner: Option<Owner>) -> Self {
        if let Some(owner) = owner {
            self.address = Some(Address::from_tag(&owner.address));
            self.stack = Some(owner.stack);
        }
        self
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match (&self.stack, &self.address) {
            (Some(stack), Some(address)) => write!(f, ", which the stack {stack:?} owns as {address}"),
            _ => Ok(()),
        }
    }
}
