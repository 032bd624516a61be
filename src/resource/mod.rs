//! The resources that a stack can declare: one file a kind.
//!
//! Each file holds what the user writes (a builder), the checks that need no network, the outputs,
//! and the table of its properties. Nothing here does I/O or knows the SDK.

#![expect(
    unreachable_pub,
    reason = "mutators of builders are reachable; the lint looks at the attribute that declares them"
)]
#![expect(
    missing_debug_implementations,
    reason = "the lint means the builders of records, which typed-builder makes without it"
)]

mod accept;
mod action;
mod attributes;
mod authenticate;
mod auto_scaling_group;
mod condition;
mod instance_requirements;
mod launch_template;
mod listener;
mod listener_rule;
mod load_balancer;
mod names;
mod notification;
mod operation;
mod property;
mod record;
mod rights;
mod scaling_policy;
mod scheduled_action;
mod secret;
mod security_group;
mod security_group_rule;
pub(crate) mod tags;
mod target_group;

use std::collections::BTreeSet;
use std::fmt::Debug;

pub use accept::*;
pub use action::*;
#[doc(hidden)]
pub use attributes::Attributes;
pub(crate) use authenticate::Check;
pub use authenticate::{ClaimFormat, Cognito, JwtClaim, JwtValidation, Oidc, OnUnauthenticated};
pub use auto_scaling_group::*;
pub use condition::{Condition, SourceAddressType};
pub use instance_requirements::*;
pub use launch_template::*;
pub use listener::*;
pub use listener_rule::*;
pub(crate) use load_balancer::SourceNatPrefix;
pub use load_balancer::*;
pub use notification::*;
pub use operation::Operation;
pub(crate) use property::{Property, Unset, Update};
pub(crate) use rights::{Object, On, ResourceType, Right, Rights, When};
pub use scaling_policy::*;
pub use scheduled_action::*;
pub use secret::Secret;
pub use security_group::*;
pub use security_group_rule::*;
pub use tags::Tags;
pub use target_group::*;
pub(crate) use target_group::{Forwarder, GroupTargetType, HostId, Received, Recorded};

use crate::input::{Attr, Resolve};
use crate::lookup::Found;
use crate::problem::Problems;
use crate::stack::{Declare, Item, sealed};
use crate::value::Value;

/// Receives the inputs of a resource.
pub(crate) type Visit<'a> = dyn FnMut(&mut dyn Resolve) + 'a;

/// What the planner and the engine need to know of a kind.
pub(crate) trait Describe: Declare {
    const PROPERTIES: &'static [Property<Self>];
    /// The call that creates one, and the call that deletes one.
    const CREATE: Operation;
    const DELETE: Operation;
    /// The rule that two of one natural key break.
    const SAME: &'static str;
    /// Whether AWS goes on working after the create call has answered.
    const SETTLES: bool = false;
    /// Whether AWS goes on working after the delete call has answered.
    const LINGERS: bool = false;
    /// Whether deleting the parent deletes this too, so that a delete of its own is a wasted call.
    const GOES_WITH_PARENT: bool = false;
    /// The call that takes away what others may still use: it comes once they have moved on.
    const AFTER_USERS: Option<Operation> = None;
    /// The call by which several that refer to each other let go, before any of them is deleted.
    const RELEASE: Option<Operation> = None;
    /// Whether the natural key is a place in its parent: whatever of the stack is there is taken for
    /// what is declared there, and is not moved elsewhere.
    const IS_PLACED: bool = false;

    /// What IAM takes it for.
    const TYPE: ResourceType;
    /// The reads by which those of a stack are found, whatever it declares.
    const FOUND_BY: &'static [&'static str];

    /// Reports what IAM has to allow besides the calls that change it: reads of what the stack has of the
    /// kind, and what AWS asks for because of its settings.
    fn rights(&self, rights: &mut Rights);

    /// What leaving out a property means for this resource, by the property table.
    fn default_of(&self, path: &str) -> Value {
        Self::PROPERTIES
            .iter()
            .find(|property| property.path == path)
            .map_or(Value::Unset, |property| property.default(self))
    }

    /// The call that makes it, where that is not the same for all of the kind.
    fn create_call(&self) -> Operation {
        Self::CREATE
    }

    /// The call that deletes it, where that is not the same for all of the kind.
    fn delete_call(&self) -> Operation {
        Self::DELETE
    }

    /// What tells this resource from all others of its kind, as AWS sees it: names, or the parent
    /// and a number.
    fn natural_key(&self) -> Vec<Value>;

    /// What the resource belongs to, where it cannot exist by itself.
    fn parent(&self) -> Value {
        Value::Unset
    }

    /// The name that must be unique, and its greatest length, where a successor needs another one.
    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        None
    }

    /// The tag of the parent that records this resource, for kinds that AWS cannot tag.
    fn recorded_as(&self) -> Option<String> {
        None
    }

    /// Tags that this resource, which is at `address`, carries for purlin beside those of its owner:
    /// which of its parts are the stack's, for parts that AWS cannot tag and that others may add to,
    /// such as lifecycle hooks; and digests of what AWS never answers, such as secrets.
    fn notes(&self, address: &str) -> Vec<(String, String)> {
        let _ = address;
        Vec::new()
    }

    /// What else has to be done where these properties differ from what is observed, each with the
    /// call that changes it; or where something was left undone.
    fn consequences(&self, observed: &Self, changed: &[(&str, Option<Operation>)]) -> Vec<Consequence> {
        let _ = (observed, changed);
        Vec::new()
    }

    /// Why an observed one must not be deleted, if it must not.
    fn protected(&self) -> Option<String> {
        None
    }

    /// Sets a tag; does nothing on kinds that AWS cannot tag.
    fn set_tag(&mut self, key: &str, value: &str);

    /// Whether the declaration sets a tag.
    fn has_tag(&self, key: &str) -> bool;

    /// Takes off the tags that purlin keeps for itself; does nothing on kinds that AWS cannot tag.
    fn drop_ownership(&mut self) {}

    /// Reports what is wrong with the declaration.
    fn validate(&self, problems: &mut Problems<'_>);

    /// Whether AWS knows the call for such a resource.
    fn takes(&self, call: Operation) -> bool {
        let _ = call;
        true
    }

    /// Other calls that deleting it takes.
    fn deletes_by(&self) -> &'static [Operation] {
        &[]
    }

    /// Calls `visit` on every input, so that what is known can be put in its place.
    fn inputs(&mut self, visit: &mut Visit<'_>);

    /// An output as a value, by the name under which others refer to it.
    fn output(outputs: &Self::Outputs, name: &str) -> Value;

    /// The output that identifies the resource in other resources and in errors.
    fn id(outputs: &Self::Outputs) -> &str;

    /// Outputs that `operation` changes.
    fn changed_by(operation: Operation) -> &'static [&'static str] {
        let _ = operation;
        &[]
    }
}

/// A change that no property of its own stands for: it follows from others.
#[derive(Debug)]
pub(crate) struct Consequence {
    pub(crate) path: &'static str,
    pub(crate) before: Value,
    pub(crate) after: Value,
    pub(crate) call: Operation,
}

/// A resource as AWS has it: every value known, and what AWS handed out.
#[derive(Debug, Clone)]
pub(crate) struct Observed<R: Declare> {
    pub(crate) spec: R,
    pub(crate) outputs: R::Outputs,
    pub(crate) owner: Option<tags::Owner>,
    /// The name that AWS has for it, which is a derived one on a successor; the spec holds the
    /// declared one.
    pub(crate) name: Option<String>,
}

/// Kinds whose declaration can be taken out of an observed resource.
pub(crate) trait FromObserved: Sized {
    fn of(any: &AnyObserved) -> Option<&Self>;
}

/// The list of kinds. A new kind is a line here; the compiler then names what is missing.
macro_rules! kinds {
    ($macro:ident) => {
        $macro! {
            SecurityGroup, SecurityGroupOutputs;
            SecurityGroupRule, SecurityGroupRuleOutputs;
            TargetGroup, TargetGroupOutputs;
            LoadBalancer, LoadBalancerOutputs;
            Listener, ListenerOutputs;
            ListenerRule, ListenerRuleOutputs;
            LaunchTemplate, LaunchTemplateOutputs;
            AutoScalingGroup, AutoScalingGroupOutputs;
            ScalingPolicy, ScalingPolicyOutputs;
            Notification, NotificationOutputs;
            ScheduledAction, ScheduledActionOutputs;
        }
    };
}

macro_rules! any {
    ($($kind:ident, $outputs:ident;)+) => {
        /// A resource of any kind.
        #[doc(hidden)]
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum AnyResource {
            $($kind(Box<$kind>),)+
        }

        /// The outputs of a resource of any kind.
        #[doc(hidden)]
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum AnyOutputs {
            $($kind($outputs),)+
            Found(Found),
        }

        /// An observed resource of any kind.
        #[derive(Debug, Clone)]
        pub(crate) enum AnyObserved {
            $($kind(Box<Observed<$kind>>),)+
        }

        $(
            impl sealed::Sealed for $kind {}

            impl Declare for $kind {
                type Outputs = $outputs;
                const KIND: &'static str = stringify!($kind);

                fn into_item(self) -> Item {
                    Item::Resource(AnyResource::$kind(Box::new(self)))
                }

                fn outputs(any: &AnyOutputs) -> Option<&$outputs> {
                    match any {
                        AnyOutputs::$kind(outputs) => Some(outputs),
                        _ => None,
                    }
                }
            }

            impl From<$outputs> for AnyOutputs {
                fn from(outputs: $outputs) -> Self {
                    Self::$kind(outputs)
                }
            }

            impl FromObserved for $kind {
                fn of(any: &AnyObserved) -> Option<&Self> {
                    match any {
                        AnyObserved::$kind(observed) => Some(&observed.spec),
                        _ => None,
                    }
                }
            }

            impl From<Observed<$kind>> for AnyObserved {
                fn from(observed: Observed<$kind>) -> Self {
                    Self::$kind(Box::new(observed))
                }
            }
        )+

        /// Runs the same code on a resource of whichever kind.
        macro_rules! with_resource {
            ($any:expr, $resource:ident => $body:expr) => {
                match $any {
                    $($crate::resource::AnyResource::$kind($resource) => $body,)+
                }
            };
        }

        /// Runs the same code on an observed resource of whichever kind.
        macro_rules! with_observed {
            ($any:expr, $observed:ident => $body:expr) => {
                match $any {
                    $($crate::resource::AnyObserved::$kind($observed) => $body,)+
                }
            };
        }

        /// Runs the same code on a declared and an observed resource of the same kind.
        macro_rules! with_both {
            ($declared:expr, $seen:expr, ($resource:ident, $observed:ident) => $body:expr, _ => $other:expr) => {
                match ($declared, $seen) {
                    $((
                        $crate::resource::AnyResource::$kind($resource),
                        $crate::resource::AnyObserved::$kind($observed),
                    ) => $body,)+
                    _ => $other,
                }
            };
        }

        /// The reads by which what a stack owns is found, whatever it declares.
        pub(crate) fn found_by() -> impl Iterator<Item = &'static str> {
            [$(<$kind as Describe>::FOUND_BY,)+].into_iter().flatten().copied()
        }

        impl AnyOutputs {
            pub(crate) fn output(&self, name: &str) -> Value {
                match self {
                    $(Self::$kind(outputs) => <$kind as Describe>::output(outputs, name),)+
                    Self::Found(found) => found.output(name),
                }
            }

            pub(crate) fn id(&self) -> &str {
                match self {
                    $(Self::$kind(outputs) => <$kind as Describe>::id(outputs),)+
                    Self::Found(found) => found.id(),
                }
            }
        }

        impl AnyObserved {
            pub(crate) fn outputs(&self) -> AnyOutputs {
                match self {
                    $(Self::$kind(observed) => AnyOutputs::$kind(observed.outputs.clone()),)+
                }
            }

            /// What it is, as a declaration, without the tags that purlin keeps for itself.
            pub(crate) fn without_ownership(&self) -> AnyResource {
                match self {
                    $(Self::$kind(observed) => {
                        let mut spec = observed.spec.clone();
                        Describe::drop_ownership(&mut spec);
                        AnyResource::$kind(Box::new(spec))
                    })+
                }
            }
        }
    };
}
kinds!(any);
#[cfg(test)]
pub(crate) use kinds;
#[expect(clippy::single_component_path_imports, reason = "makes the macros known by path to the other modules")]
pub(crate) use {with_both, with_observed, with_resource};

fn kind_of<R: Declare>(_: &R) -> &'static str {
    R::KIND
}

impl AnyResource {
    /// Calls `visit` for every output of another resource that this one needs.
    pub(crate) fn visit_pending(&self, visit: &mut impl FnMut(Attr)) {
        let mut copy = self.clone();
        with_resource!(&mut copy, resource => resource.inputs(&mut |input| visit_input(input, visit)));
    }

    /// Puts what is known in the place of what is pending.
    pub(crate) fn resolve(&mut self, known: &dyn Fn(Attr) -> Option<Value>) {
        with_resource!(self, resource => resource.inputs(&mut |input| input.resolve(known)));
    }

    pub(crate) fn kind(&self) -> &'static str {
        with_resource!(self, resource => kind_of(&**resource))
    }

    pub(crate) fn set_tag(&mut self, key: &str, value: &str) {
        with_resource!(self, resource => resource.set_tag(key, value));
    }

    pub(crate) fn has_tag(&self, key: &str) -> bool {
        with_resource!(self, resource => resource.has_tag(key))
    }

    /// Outputs that `operation` changes.
    pub(crate) fn changed_by(&self, operation: Operation) -> &'static [&'static str] {
        with_resource!(self, resource => changed_by(&**resource, operation))
    }

    /// What a property means: its value, or AWS's default.
    pub(crate) fn effective(&self, path: &str) -> Value {
        with_resource!(self, resource => effective(&**resource, path))
    }

    /// What the planner needs to know of the kind.
    pub(crate) fn traits(&self) -> Traits {
        with_resource!(self, resource => Traits::of(&**resource))
    }

    pub(crate) fn validate(&self, problems: &mut Problems<'_>) {
        with_resource!(self, resource => resource.validate(problems));
    }

    pub(crate) fn natural_key(&self) -> Vec<Value> {
        with_resource!(self, resource => resource.natural_key())
    }

    pub(crate) fn parent(&self) -> Value {
        with_resource!(self, resource => resource.parent())
    }

    pub(crate) fn recorded_as(&self) -> Option<String> {
        with_resource!(self, resource => resource.recorded_as())
    }

    pub(crate) fn notes(&self, address: &str) -> Vec<(String, String)> {
        with_resource!(self, resource => resource.notes(address))
    }

    pub(crate) fn rights(&self, rights: &mut Rights) {
        with_resource!(self, resource => resource.rights(rights));
    }

    /// The calls that deleting it takes.
    pub(crate) fn delete_calls(&self) -> Vec<Operation> {
        with_resource!(self, resource => [&[resource.delete_call()], resource.deletes_by()].concat())
    }

    /// The calls that a change in place, an addition or a removal may take.
    pub(crate) fn update_calls(&self) -> BTreeSet<Operation> {
        with_resource!(self, resource => update_calls(&**resource))
    }
}

/// What the planner needs to know of a kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    pub(crate) create: Operation,
    pub(crate) delete: Operation,
    pub(crate) same: &'static str,
    pub(crate) settles: bool,
    pub(crate) lingers: bool,
    pub(crate) goes_with_parent: bool,
    pub(crate) after_users: Option<Operation>,
    pub(crate) release: Option<Operation>,
    pub(crate) is_placed: bool,
    pub(crate) kind: ResourceType,
}

impl Traits {
    fn of<R: Describe>(resource: &R) -> Self {
        Self {
            create: resource.create_call(),
            delete: resource.delete_call(),
            same: R::SAME,
            settles: R::SETTLES,
            lingers: R::LINGERS,
            goes_with_parent: R::GOES_WITH_PARENT,
            after_users: R::AFTER_USERS,
            release: R::RELEASE,
            is_placed: R::IS_PLACED,
            kind: R::TYPE,
        }
    }
}

fn effective<R: Describe>(resource: &R, path: &str) -> Value {
    let property = R::PROPERTIES.iter().find(|property| property.path == path);
    property.map_or(Value::Unset, |property| property.read(resource).or_defaults(&property.default(resource)))
}

fn update_calls<R: Describe>(resource: &R) -> BTreeSet<Operation> {
    let mut calls: BTreeSet<Operation> = R::AFTER_USERS.into_iter().chain(R::RELEASE).collect();
    calls.extend([resource.create_call(), resource.delete_call()]);
    for property in R::PROPERTIES {
        let update = match property.update {
            Update::Depends(decide) => decide(resource, resource),
            other => other,
        };
        match update {
            Update::Call(call) => calls.extend([call]),
            Update::Elements { add, remove, modify } => calls.extend([add, remove].into_iter().chain(modify)),
            Update::Replace(_) | Update::Initial | Update::Depends(_) => {}
        }
    }
    calls.retain(|call| resource.takes(*call));
    calls
}

fn changed_by<R: Describe>(_: &R, operation: Operation) -> &'static [&'static str] {
    R::changed_by(operation)
}

impl AnyObserved {
    pub(crate) fn traits(&self) -> Traits {
        with_observed!(self, observed => Traits::of(&observed.spec))
    }

    pub(crate) fn recorded_as(&self) -> Option<String> {
        with_observed!(self, observed => observed.spec.recorded_as())
    }

    /// The calls that deleting it takes.
    pub(crate) fn delete_calls(&self) -> Vec<Operation> {
        with_observed!(self, observed => [&[observed.spec.delete_call()], observed.spec.deletes_by()].concat())
    }

    pub(crate) fn rights(&self, rights: &mut Rights) {
        with_observed!(self, observed => observed.spec.rights(rights));
    }

    /// Calls `visit` for every text in the properties: ids of what it uses are among them.
    pub(crate) fn visit_texts(&self, visit: &mut impl FnMut(&str)) {
        with_observed!(self, observed => visit_texts(&observed.spec, visit));
    }

    pub(crate) fn kind(&self) -> &'static str {
        with_observed!(self, observed => kind_of(&observed.spec))
    }

    /// Why it must not be deleted, if it must not.
    pub(crate) fn protected(&self) -> Option<String> {
        with_observed!(self, observed => observed.spec.protected())
    }

    pub(crate) fn owner(&self) -> Option<&tags::Owner> {
        with_observed!(self, observed => observed.owner.as_ref())
    }

    pub(crate) fn natural_key(&self) -> Vec<Value> {
        with_observed!(self, observed => observed.spec.natural_key())
    }

    pub(crate) fn parent(&self) -> Value {
        with_observed!(self, observed => observed.spec.parent())
    }
}

fn visit_input(input: &mut dyn Resolve, visit: &mut impl FnMut(Attr)) {
    if let Some(attr) = input.pending() {
        visit(attr);
    }
}

fn visit_texts<R: Describe>(spec: &R, visit: &mut impl FnMut(&str)) {
    for property in R::PROPERTIES {
        property.read(spec).walk(&mut |value| {
            if let Some(text) = value.as_text() {
                visit(text);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check_table<R: Describe>() {
        let mut paths = BTreeSet::new();
        assert!(!R::PROPERTIES.is_empty(), "{} has no properties", R::KIND);
        for property in R::PROPERTIES {
            assert!(paths.insert(property.path), "{}.{} is declared twice", R::KIND, property.path);
            let member = property.api.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_uppercase()));
            assert!(member, "{}.{} names no member of the API: {:?}", R::KIND, property.path, property.api);
        }
    }

    macro_rules! check_tables {
        ($($kind:ident, $outputs:ident;)+) => {
            $(check_table::<$kind>();)+
        };
    }

    #[test]
    fn every_property_is_declared_once_and_names_what_it_sets() {
        kinds!(check_tables);
    }
}
