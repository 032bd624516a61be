//! Lookups: what exists already, found by name, tag or id.
//!
//! A lookup is strict: no match and several matches are errors that list what was found. It is
//! read when the stack is planned, so everything it tells is known in the plan.

use crate::id::{ImageId, SecurityGroupId, SubnetId, TargetGroupArn, VpcId};
use crate::input::{Input, IntoInput, sources};
use crate::resource::AnyOutputs;
use crate::stack::{Declare, Item, sealed};
use crate::value::Value;

/// How something that exists is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    /// By its name, or its `Name` tag where it has no name.
    Name(String),
    Tag(String, String),
    Id(String),
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "named {name:?}"),
            Self::Tag(key, value) => write!(f, "with the tag {key} = {value:?}"),
            Self::Id(id) => write!(f, "with the id {id}"),
        }
    }
}

macro_rules! by {
    ($name:ident { $by:ident $(, $field:ident: $default:expr)* }, $id:ty, $what:literal, $named:literal) => {
        impl $name {
            fn by($by: By) -> Self {
                Self { $by, $($field: $default),* }
            }

            #[doc = concat!("Finds ", $what, " by ", $named, ".")]
            pub fn named(name: impl Into<String>) -> Self {
                Self::by(By::Name(name.into()))
            }

            #[doc = concat!("Finds ", $what, " by a tag.")]
            pub fn tagged(key: impl Into<String>, value: impl Into<String>) -> Self {
                Self::by(By::Tag(key.into(), value.into()))
            }

            #[doc = concat!("Takes ", $what, " by its id, and makes sure that it exists.")]
            pub fn id(id: $id) -> Self {
                Self::by(By::Id(id.into()))
            }
        }
    };
}

/// A VPC that exists.
///
/// ```
/// use purlin::{Stack, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    pub(crate) by: By,
}
by!(Vpc { by }, VpcId, "a VPC", "its `Name` tag");

/// What is known of a VPC that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VpcOutputs {
    /// The id.
    pub id: VpcId,
    /// The primary IPv4 network.
    pub cidr: String,
}

/// Subnets that exist, in the order in which they are asked for.
///
/// ```
/// use purlin::{Stack, Subnets, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let public = stack.add("public", Subnets::named(["Public subnet A", "Public subnet C"]).in_vpc(vpc));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Subnets {
    pub(crate) by: SubnetsBy,
    pub(crate) vpc: Option<Input<VpcId>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SubnetsBy {
    /// One subnet each.
    Each(Vec<By>),
    /// All that have the tag, at least one, in the order of their zones.
    Tag(String, String),
}

impl Subnets {
    /// Finds one subnet for each name, by its `Name` tag.
    pub fn named<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { by: SubnetsBy::Each(names.into_iter().map(|name| By::Name(name.into())).collect()), vpc: None }
    }

    /// Takes subnets by their ids, and makes sure that they exist.
    pub fn ids(ids: impl IntoIterator<Item = SubnetId>) -> Self {
        Self { by: SubnetsBy::Each(ids.into_iter().map(|id| By::Id(id.into())).collect()), vpc: None }
    }

    /// Finds all subnets with a tag, at least one, in the order of their Availability Zones.
    pub fn tagged(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { by: SubnetsBy::Tag(key.into(), value.into()), vpc: None }
    }

    /// Looks only in one VPC.
    #[must_use]
    pub fn in_vpc(mut self, vpc: impl IntoInput<VpcId>) -> Self {
        self.vpc = Some(vpc.into_input());
        self
    }
}

/// What is known of subnets that were found, in the order in which they were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubnetsOutputs {
    /// The ids.
    pub ids: Vec<SubnetId>,
    /// The Availability Zones.
    pub zones: Vec<String>,
    /// The VPC of each.
    pub vpcs: Vec<VpcId>,
    /// How many addresses each has left.
    pub free_addresses: Vec<u32>,
    /// Whether each has a route to an internet gateway; empty where nothing in the stack depends
    /// on it.
    pub internet: Vec<bool>,
}

/// A machine image that exists, owned by the account unless said otherwise.
///
/// ```
/// use purlin::{Image, Stack};
///
/// let mut stack = Stack::new("web");
/// let image = stack.add("web", Image::named("Web Server v1"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub(crate) by: By,
    pub(crate) owner: Option<String>,
    pub(crate) newest: bool,
}
by!(Image { by, owner: None, newest: false }, ImageId, "an image", "its name");

impl Image {
    /// Sets the owner: an account id, `amazon` or `aws-marketplace`. Default: the account itself.
    #[must_use]
    pub fn owned_by(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Takes the newest of several matches; the name may then contain `*` and `?`.
    #[must_use]
    pub fn newest(mut self) -> Self {
        self.newest = true;
        self
    }
}

/// What is known of an image that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageOutputs {
    /// The id.
    pub id: ImageId,
    /// The name.
    pub name: String,
    /// The architecture, such as `x86_64`.
    pub architecture: String,
    /// The devices that it has volumes for.
    pub devices: Vec<String>,
    /// Whether it is an image of Windows.
    pub windows: bool,
}

/// A security group that exists and that this stack does not manage.
///
/// ```
/// use purlin::{ExistingSecurityGroup, Stack, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let bastion = stack.add("bastion", ExistingSecurityGroup::named("Bastion-SG").in_vpc(vpc));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ExistingSecurityGroup {
    pub(crate) by: By,
    pub(crate) vpc: Option<Input<VpcId>>,
}
by!(ExistingSecurityGroup { by, vpc: None }, SecurityGroupId, "a security group", "its name");

impl ExistingSecurityGroup {
    /// Looks only in one VPC.
    #[must_use]
    pub fn in_vpc(mut self, vpc: impl IntoInput<VpcId>) -> Self {
        self.vpc = Some(vpc.into_input());
        self
    }
}

/// What is known of a security group that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExistingSecurityGroupOutputs {
    /// The id.
    pub id: SecurityGroupId,
    /// The name.
    pub name: String,
    /// The VPC.
    pub vpc: VpcId,
}

/// A target group that exists and that this stack does not manage.
///
/// ```
/// use purlin::{ExistingTargetGroup, Stack};
///
/// let mut stack = Stack::new("web");
/// let shared = stack.add("shared", ExistingTargetGroup::named("Shared-TG"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingTargetGroup {
    pub(crate) by: By,
}
by!(ExistingTargetGroup { by }, TargetGroupArn, "a target group", "its name");

/// What is known of a target group that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExistingTargetGroupOutputs {
    /// The ARN.
    pub arn: TargetGroupArn,
    /// The name.
    pub name: String,
}

sources! {
    Vpc => "id": VpcId;
    Subnets => "ids": Vec<SubnetId>;
    Image => "id": ImageId;
    ExistingSecurityGroup => "id": SecurityGroupId;
    ExistingTargetGroup => "arn": TargetGroupArn;
}

macro_rules! lookups {
    ($($name:ident, $outputs:ident, $attr:literal, $field:ident, |$found:ident| $id:expr;)+) => {
        /// A lookup of any kind.
        #[doc(hidden)]
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum AnyLookup {
            $($name($name),)+
        }

        /// What a lookup of any kind found.
        #[doc(hidden)]
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Found {
            $($name($outputs),)+
        }

        $(
            impl sealed::Sealed for $name {}

            impl Declare for $name {
                type Outputs = $outputs;
                const KIND: &'static str = stringify!($name);

                fn into_item(self) -> Item {
                    Item::Lookup(AnyLookup::$name(self))
                }

                fn outputs(any: &AnyOutputs) -> Option<&$outputs> {
                    match any {
                        AnyOutputs::Found(Found::$name(outputs)) => Some(outputs),
                        _ => None,
                    }
                }
            }
        )+

        impl Found {
            pub(crate) fn output(&self, name: &str) -> Value {
                match self {
                    $(Self::$name(found) => if name == $attr { Value::of(&found.$field) } else { Value::Unset },)+
                }
            }

            /// The id, or the first of several.
            pub(crate) fn id(&self) -> &str {
                match self {
                    $(Self::$name($found) => $id,)+
                }
            }
        }
    };
}

lookups! {
    Vpc, VpcOutputs, "id", id, |found| found.id.as_str();
    Subnets, SubnetsOutputs, "ids", ids, |found| found.ids.first().map_or("", SubnetId::as_str);
    Image, ImageOutputs, "id", id, |found| found.id.as_str();
    ExistingSecurityGroup, ExistingSecurityGroupOutputs, "id", id, |found| found.id.as_str();
    ExistingTargetGroup, ExistingTargetGroupOutputs, "arn", arn, |found| found.arn.as_str();
}
