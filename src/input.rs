//! Values that are known now, or known once another resource of the stack exists.

use std::fmt;
use std::marker::PhantomData;

use crate::value::{FromValue, ToValue, Value};

/// A place in a stack: which stack, and the how-manieth thing declared in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId {
    pub(crate) stack: u64,
    pub(crate) index: usize,
}

/// A reference to something declared in a [`Stack`](crate::Stack), typed by what it refers to.
///
/// Only [`Stack::add`](crate::Stack::add) makes one, so references point backwards: cycles cannot
/// be written, and the order of declaration is an order in which everything can be created.
/// It is `Copy`: pass it around freely. A function from `&mut Stack` to references is a module.
///
/// ```
/// use purlin::{Ingress, Ref, SecurityGroup, Stack, Vpc};
///
/// fn open_to(stack: &mut Stack, name: &str, vpc: Ref<Vpc>, rule: Ingress) -> Ref<SecurityGroup> {
///     let group = SecurityGroup::builder().name(name).description("Web").vpc(vpc).ingress(rule);
///     stack.add(name, group.build())
/// }
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let balancer = open_to(&mut stack, "balancer", vpc, Ingress::http().from_anywhere_ipv4());
/// let instances = open_to(&mut stack, "instances", vpc, Ingress::http().from_group(balancer));
/// ```
pub struct Ref<R> {
    pub(crate) node: NodeId,
    kind: PhantomData<fn() -> R>,
}

impl<R> Ref<R> {
    pub(crate) fn new(node: NodeId) -> Self {
        Self { node, kind: PhantomData }
    }

    /// An output of the resource that others can use before it exists.
    pub(crate) fn attr(self, name: &'static str) -> Attr {
        Attr { node: self.node, name }
    }
}

impl<R> Clone for Ref<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Ref<R> {}

impl<R> fmt::Debug for Ref<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref<{}>({})", std::any::type_name::<R>(), self.node.index)
    }
}

impl<R> PartialEq for Ref<R> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl<R> Eq for Ref<R> {}

/// An output of a resource of the stack, such as its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attr {
    pub(crate) node: NodeId,
    pub(crate) name: &'static str,
}

impl Attr {
    /// Returns the name of the output, such as `id` or `arn`.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// A value that is known now, or known after a named resource exists.
///
/// Builders take anything that is a source of the value ([`IntoInput`]): a [`Ref`] to the matching
/// resource, a lookup, or a literal id.
#[derive(Debug, Clone, PartialEq)]
pub struct Input<T>(pub(crate) Source<T>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source<T> {
    Known(T),
    Pending(Attr),
}

impl<T> Input<T> {
    /// Makes an input whose value is known.
    pub fn known(value: T) -> Self {
        Self(Source::Known(value))
    }

    pub(crate) fn pending(attr: Attr) -> Self {
        Self(Source::Pending(attr))
    }

    /// Returns the value if it is known already.
    pub fn as_known(&self) -> Option<&T> {
        match &self.0 {
            Source::Known(value) => Some(value),
            Source::Pending(_) => None,
        }
    }
}

/// An input of whatever type.
pub(crate) trait Resolve {
    /// The output that it waits for, if it does.
    fn pending(&self) -> Option<Attr>;

    /// Takes the value that is known for the output it waits for, if there is one.
    fn resolve(&mut self, known: &dyn Fn(Attr) -> Option<Value>);
}

impl<T: FromValue> Resolve for Input<T> {
    fn pending(&self) -> Option<Attr> {
        match &self.0 {
            Source::Known(_) => None,
            Source::Pending(attr) => Some(*attr),
        }
    }

    fn resolve(&mut self, known: &dyn Fn(Attr) -> Option<Value>) {
        if let Some(value) = self.pending().and_then(known).as_ref().and_then(T::from_value) {
            self.0 = Source::Known(value);
        }
    }
}

impl<T: ToValue> ToValue for Input<T> {
    fn to_value(&self) -> Value {
        match &self.0 {
            Source::Known(value) => value.to_value(),
            Source::Pending(attr) => Value::Pending(*attr),
        }
    }
}

/// Sources of a value: a [`Ref`] to the matching resource, a lookup, or the value itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used where a `{T}` is expected",
    label = "not a source of `{T}`",
    note = "pass a `Ref` to the matching resource, a lookup of it, or a literal `{T}`"
)]
pub trait IntoInput<T> {
    /// Turns the source into an input.
    fn into_input(self) -> Input<T>;
}

impl<T> IntoInput<T> for Input<T> {
    fn into_input(self) -> Self {
        self
    }
}

/// Declares which outputs of which resources are sources of which values.
macro_rules! sources {
    ($($resource:path => $attr:literal: $value:ty;)+) => {$(
        impl $crate::input::IntoInput<$value> for $crate::Ref<$resource> {
            fn into_input(self) -> $crate::input::Input<$value> {
                $crate::input::Input::pending(self.attr($attr))
            }
        }
    )+};
}
pub(crate) use sources;

macro_rules! literals {
    ($($id:ident),+ $(,)?) => {$(
        impl IntoInput<crate::id::$id> for crate::id::$id {
            fn into_input(self) -> Input<Self> {
                Input::known(self)
            }
        }
    )+};
}
literals!(
    VpcId,
    SubnetId,
    ImageId,
    SecurityGroupId,
    PrefixListId,
    LaunchTemplateId,
    LoadBalancerArn,
    TargetGroupArn,
    ListenerArn,
    CertificateArn,
    TrustStoreArn,
);

impl IntoInput<Self> for Vec<crate::id::SubnetId> {
    fn into_input(self) -> Input<Self> {
        Input::known(self)
    }
}

impl<const N: usize> IntoInput<Vec<crate::id::SubnetId>> for [crate::id::SubnetId; N] {
    fn into_input(self) -> Input<Vec<crate::id::SubnetId>> {
        Input::known(self.into())
    }
}
