//! A stack: what a program declares, in the order in which it declares it.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Serialize, Serializer};

use crate::input::{NodeId, Ref};
use crate::lookup::AnyLookup;
use crate::problem::{Problem, Problems};
use crate::resource::{AnyOutputs, AnyResource, Tags};

pub(crate) mod sealed {
    /// Keeps [`super::Declare`] closed: the engine must know every kind.
    pub trait Sealed {}
}

/// What a [`Stack`] can declare: resources that purlin manages, and lookups of what exists.
///
/// Sealed: the kinds are those of this crate.
#[diagnostic::on_unimplemented(
    message = "this cannot be added to a stack",
    label = "neither a finished resource nor a lookup: is `.build()` missing?",
    note = "a resource is finished by `.build()`; a lookup is made by functions such as `Vpc::named(..)`"
)]
pub trait Declare: sealed::Sealed + Clone + fmt::Debug + Send + Sync + 'static {
    /// What AWS hands out for it: ids, ARNs, DNS names.
    type Outputs: Clone + fmt::Debug + Send + Sync + 'static;

    /// The name of the kind, with which addresses begin.
    const KIND: &'static str;

    #[doc(hidden)]
    fn into_item(self) -> Item;

    #[doc(hidden)]
    fn outputs(any: &AnyOutputs) -> Option<&Self::Outputs>;
}

/// Where a resource is in a stack: its kind and the name given to [`Stack::add`], as in
/// `SecurityGroup.alb`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(String);

impl Address {
    pub(crate) fn new(kind: &str, name: &str) -> Self {
        Self(format!("{kind}.{name}"))
    }

    /// Reads an address back from a tag.
    pub(crate) fn from_tag(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Returns the kind, such as `SecurityGroup`.
    pub fn kind(&self) -> &str {
        self.0.split_once('.').map_or(self.0.as_str(), |(kind, _)| kind)
    }

    /// Returns the name within the kind.
    pub fn name(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, name)| name)
    }

    /// Returns the whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Equal, ordered and hashed as its text, so maps by address can be asked by text.
impl Borrow<str> for Address {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A resource or a lookup.
#[doc(hidden)]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Item {
    Resource(AnyResource),
    Lookup(AnyLookup),
}

/// One declaration.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) address: Address,
    pub(crate) item: Item,
    /// Whether an existing resource that nobody of purlin's owns may be taken over.
    pub(crate) adopt: bool,
    /// Advisories and rules whose ids the user has accepted, with the reason.
    pub(crate) accepted: Vec<(String, String)>,
}

/// What a program declares: resources and lookups, tied together by [`Ref`]s.
///
/// The name of the stack is written into the tags of everything it owns: it says which stack is
/// meant the next time, and must not change. A function from `&mut Stack` to `Ref`s serves as a
/// module.
///
/// ```
/// use purlin::{Ingress, SecurityGroup, Stack, Vpc};
///
/// let mut stack = Stack::new("web-lab");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let group = stack.add(
///     "alb",
///     SecurityGroup::builder()
///         .name("Web-ALB-SG")
///         .description("HTTP from anywhere")
///         .vpc(vpc)
///         .ingress(Ingress::http().from_anywhere_ipv4())
///         .build(),
/// );
/// assert_eq!(stack.address(group).as_str(), "SecurityGroup.alb");
/// ```
#[derive(Debug, Clone)]
pub struct Stack {
    id: u64,
    name: String,
    pub(crate) nodes: Vec<Node>,
    index: HashMap<Address, usize>,
    pub(crate) tags: Tags,
    problems: Vec<Problem>,
    /// Advisories and rules that are accepted on all resources, with the reason.
    accepted: Vec<(String, String)>,
}

/// Tells the stacks of a program apart, so that a reference into another one is noticed.
static NEXT_STACK: AtomicU64 = AtomicU64::new(1);

impl Stack {
    /// Makes an empty stack. The name has 1 to 128 letters, digits, `.`, `_` or `-`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            id: NEXT_STACK.fetch_add(1, Ordering::Relaxed),
            name: name.into(),
            nodes: Vec::new(),
            index: HashMap::new(),
            tags: Tags::new(),
            problems: Vec::new(),
            accepted: Vec::new(),
        }
    }

    /// Returns the name under which the stack owns its resources.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a resource or a lookup under a name that is unique within its kind, and returns the
    /// reference by which others use it.
    ///
    /// Names have 1 to 128 letters, digits, `.`, `_`, `/` or `-`. Whatever is wrong is kept and
    /// reported with everything else when the stack is planned, so that building a stack needs no
    /// error handling.
    pub fn add<D: Declare>(&mut self, name: impl AsRef<str>, item: D) -> Ref<D> {
        let name = name.as_ref();
        let address = Address::new(D::KIND, name);
        let mut problems = Problems::new(&address, &mut self.problems);
        problems.text(
            "P1",
            "(name)",
            name,
            1..=128,
            |c| c.is_ascii_alphanumeric() || "._/-".contains(c),
            "letters, digits and `._/-`",
        );
        let node = NodeId { stack: self.id, index: self.nodes.len() };
        if self.index.insert(address.clone(), node.index).is_some() {
            problems.report("P2", "(name)", format!("{name:?}"), "is taken by another declaration of the same kind");
        }
        let item = item.into_item();
        if let Item::Resource(resource) = &item {
            resource.validate(&mut problems);
            resource.visit_pending(&mut |attr| {
                if attr.node.stack != self.id {
                    problems.report(
                        "P3",
                        "(reference)",
                        attr.name,
                        "refers to another stack; pass a literal id instead",
                    );
                }
            });
        }
        self.nodes.push(Node { address, item, adopt: false, accepted: Vec::new() });
        Ref::new(node)
    }

    /// Sets a tag on every resource of the stack that can have tags and does not set it itself.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) -> &mut Self {
        self.tags.insert(key, value);
        self
    }

    /// Allows taking over an existing resource with the same natural key that nobody of purlin's
    /// owns. It is tagged and brought to what is declared; from then on it is the stack's own, and
    /// destroying the stack deletes it. One that differs in what AWS cannot change is left alone,
    /// and planning ends in a conflict that names the difference.
    pub fn adopt<D: Declare>(&mut self, resource: Ref<D>) -> &mut Self {
        if let Some(node) = self.node_mut(resource) {
            node.adopt = true;
        }
        self
    }

    /// Accepts an advisory, the breach of a rule or an [`Interruption`](crate::Interruption) on a
    /// resource, by its id and with the reason. Plans do not report the first two any more, and are
    /// applied without asking about the last.
    ///
    /// Rules are accepted where AWS allows more than this version of the crate knows of: a bound
    /// that has been raised, a value that is new. What AWS refuses still fails, in the call.
    ///
    /// ```
    /// use purlin::{BlockDevice, LaunchTemplate, Plan, Stack, VolumeType};
    ///
    /// let mut stack = Stack::new("fast");
    /// let disk = BlockDevice::builder().device("/dev/xvdb").size(1000).volume_type(VolumeType::Gp3).iops(90_000);
    /// let template = LaunchTemplate::builder().name("fast").block_device(disk.build());
    /// let template = stack.add("fast", template.build());
    ///
    /// let error = Plan::preview(&stack).expect_err("more than gp3 has");
    /// assert_eq!(error.problems()[0].id, "V141");
    ///
    /// stack.accept(template, "V141", "gp3 has 100,000 operations a second in our region");
    /// assert!(Plan::preview(&stack).is_ok());
    /// ```
    pub fn accept<D: Declare>(
        &mut self,
        resource: Ref<D>,
        id: impl Into<String>,
        reason: impl Into<String>,
    ) -> &mut Self {
        if let Some(node) = self.node_mut(resource) {
            node.accepted.push((id.into(), reason.into()));
        }
        self
    }

    /// Accepts an advisory, the breach of a rule or an interruption on all resources of the stack,
    /// those that are no longer declared included, as [`accept`](Self::accept) does on one.
    pub fn accept_everywhere(&mut self, id: impl Into<String>, reason: impl Into<String>) -> &mut Self {
        self.accepted.push((id.into(), reason.into()));
        self
    }

    /// Whether an advisory or rule is accepted on a declaration.
    pub(crate) fn accepts(&self, node: &Node, id: &str) -> bool {
        self.accepted.iter().chain(&node.accepted).any(|(accepted, _)| accepted == id)
    }

    /// Whether an advisory or rule is accepted on all declarations.
    pub(crate) fn accepts_everywhere(&self, id: &str) -> bool {
        self.accepted.iter().any(|(accepted, _)| accepted == id)
    }

    /// Returns the address of a declaration.
    ///
    /// # Panics
    ///
    /// Panics if the reference belongs to another stack.
    pub fn address<D: Declare>(&self, resource: Ref<D>) -> &Address {
        assert_eq!(resource.node.stack, self.id, "the reference belongs to another stack");
        &self.nodes[resource.node.index].address
    }

    fn node_mut<D>(&mut self, resource: Ref<D>) -> Option<&mut Node> {
        if resource.node.stack == self.id { self.nodes.get_mut(resource.node.index) } else { None }
    }

    /// The problems that the user has not accepted. Those of purlin itself (P) cannot be: it could
    /// not work.
    pub(crate) fn not_accepted(&self, mut problems: Vec<Problem>) -> Vec<Problem> {
        problems.retain(|problem| {
            let node = self.index.get(&problem.address).and_then(|index| self.nodes.get(*index));
            let accepted = match node {
                Some(node) => self.accepts(node, problem.id),
                None => self.accepts_everywhere(problem.id),
            };
            !(accepted && problem.id.starts_with('V'))
        });
        problems
    }

    /// The declaration at an address.
    pub(crate) fn at(&self, address: &str) -> Option<&Node> {
        self.nodes.get(*self.index.get(address)?)
    }

    /// Whether something is declared at an address.
    pub(crate) fn declares(&self, address: &str) -> bool {
        self.index.contains_key(address)
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// What is wrong with the stack as far as one resource or the stack itself tells.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut found = self.problems.clone();
        let address = Address::new("Stack", &self.name);
        let mut problems = Problems::new(&address, &mut found);
        self.tags.validate(&mut problems);
        problems.text(
            "P4",
            "name",
            &self.name,
            1..=128,
            |c| c.is_ascii_alphanumeric() || "._-".contains(c),
            "letters, digits and `._-`",
        );
        found
    }
}
