//! A stack: what a program declares, in the order in which it declares it.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Serialize, Serializer};

use crate::input::{NodeId, Ref};
use crate::lookup::AnyLookup;
use crate::problem::{Problem, Problems};
use crate::resource::{AnyOutputs, AnyResource, Tags};
use crate::value::Value;

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
    /// Addresses that declarations had before, each with the index of the declaration.
    moved: Vec<(Address, usize)>,
    /// Addresses of what is let go instead of deleted.
    released: Vec<Address>,
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
            moved: Vec::new(),
            released: Vec::new(),
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
    /// owns: made in the console, by a script, by another tool. It is tagged and brought to what is
    /// declared; from then on it is the stack's own, and destroying the stack deletes it. One that
    /// differs in what AWS cannot change is left alone, and planning ends in a conflict that names the
    /// difference. Once it is taken over, this changes nothing.
    ///
    /// A rule that stands in a security group is taken out of the group's own rules where it is
    /// declared by itself.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::{Deployer, PlannedAction, Stack, TargetGroup, Traffic, Vpc, sim::SimAws};
    ///
    /// let sim = SimAws::new();
    /// let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// sim.add_target_group("Web-TG", &vpc, 80); // somebody's, by hand
    ///
    /// let mut stack = Stack::new("web");
    /// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// let group = TargetGroup::builder().name("Web-TG").vpc(vpc).traffic(Traffic::http(80)).build();
    /// let group = stack.add("web", group);
    /// stack.adopt(group);
    ///
    /// let deployer = Deployer::new(sim.aws());
    /// let plan = deployer.plan(&stack).await?;
    /// assert_eq!(plan.changes()[0].action, PlannedAction::Adopt);
    /// assert_eq!(plan.steps().len(), 1, "AddTags and nothing else");
    /// deployer.apply(plan).await?;
    /// assert!(deployer.plan(&stack).await?.is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn adopt<D: Declare>(&mut self, resource: Ref<D>) -> &mut Self {
        if let Some(node) = self.node_mut(resource) {
            node.adopt = true;
        }
        self
    }

    /// Says that a declaration had another name before: what the stack owns there becomes the
    /// declaration's, by new owner tags, instead of being deleted and made again. May be repeated
    /// where the name has changed more than once. It can stay in the program for good: where nothing
    /// has the old address any more, it changes nothing.
    ///
    /// The names that AWS has stay as they are: a successor that had to take a derived name keeps it.
    /// Where a resource has the new address already, nothing is renamed; what is at the old one is no
    /// longer declared, so it is deleted, and the plan says so.
    ///
    /// A resource whose natural key stays the same (its name, its port, its priority) is recognized
    /// without this.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use purlin::{Accept, Action, Deployer, Listener, LoadBalancer, Subnets, Vpc, sim::SimAws};
    /// use purlin::Stack;
    /// # let sim = SimAws::new();
    /// # let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// # sim.add_public_subnet(&vpc, "A", "ap-northeast-2a", "10.0.0.0/24");
    /// # sim.add_public_subnet(&vpc, "C", "ap-northeast-2c", "10.0.1.0/24");
    ///
    /// fn web(name: &str, port: u16) -> Stack {
    ///     let mut stack = Stack::new("web");
    /// #   let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// #   let subnets = stack.add("public", Subnets::named(["A", "C"]).in_vpc(vpc));
    ///     // ... with a load balancer
    /// #   let balancer = stack.add("web", LoadBalancer::application().name("web").subnets(subnets).build());
    ///     let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(port));
    ///     let listener = stack.add(name, listener.action(Action::fixed_response(404)).build());
    ///     stack.moved("http", listener);
    ///     stack
    /// }
    ///
    /// let deployer = Deployer::new(sim.aws());
    /// # let before = {
    /// #   let mut stack = Stack::new("web");
    /// #   let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// #   let subnets = stack.add("public", Subnets::named(["A", "C"]).in_vpc(vpc));
    /// #   let balancer = stack.add("web", LoadBalancer::application().name("web").subnets(subnets).build());
    /// #   let listener = Listener::builder().load_balancer(balancer).accept(Accept::http(80));
    /// #   stack.add("http", listener.action(Action::fixed_response(404)).build());
    /// #   stack
    /// # };
    /// # deployer.apply(deployer.plan(&before).await?).await?;
    /// // Deployed before as `Listener.http`, on port 80.
    /// let plan = deployer.plan(&web("main", 8080)).await?;
    /// let change = plan.change("Listener.main").expect("a change");
    /// assert_eq!(change.moved_from.as_ref().map(|old| old.as_str()), Some("Listener.http"));
    /// assert_eq!(plan.summary().delete, 0, "it changes its port in place");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn moved<D: Declare>(&mut self, from: impl AsRef<str>, to: Ref<D>) -> &mut Self {
        let from = Address::new(D::KIND, from.as_ref());
        if self.node_mut(to).is_some() {
            self.moved.push((from, to.node.index));
        } else {
            let mut problems = Problems::new(&from, &mut self.problems);
            problems.report("P3", "(moved)", D::KIND, "refers to another stack; give a reference of this one");
        }
        self
    }

    /// Lets go of what the stack owns under this name of the kind and no longer declares, instead of
    /// deleting it: purlin's tags are taken off, and nothing else is changed. From then on nobody of
    /// purlin's owns it. It can stay in the program for good: once done, it changes nothing. Holds
    /// when the stack is destroyed, too.
    ///
    /// What it needs must stay: where that would be deleted, planning ends in a conflict. What needs
    /// it can stay the stack's own, by the literal id in the place of the reference.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use purlin::{Deployer, PlannedAction, Stack, TargetGroup, Traffic, Vpc, sim::SimAws};
    ///
    /// # let sim = SimAws::new();
    /// # sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// # let mut before = Stack::new("web");
    /// # let vpc = before.add("vpc", Vpc::named("VPC-Lab"));
    /// # before.add("api", TargetGroup::builder().name("api").vpc(vpc).traffic(Traffic::http(80)).build());
    /// # let deployer = Deployer::new(sim.aws());
    /// # deployer.apply(deployer.plan(&before).await?).await?;
    /// // `TargetGroup.api` was declared here.
    /// let mut stack = Stack::new("web");
    /// stack.release::<TargetGroup>("api");
    ///
    /// let plan = deployer.plan(&stack).await?;
    /// assert_eq!(plan.changes()[0].action, PlannedAction::Release);
    /// deployer.apply(plan).await?;
    /// assert!(deployer.plan(&stack).await?.is_empty());
    /// let groups = sim.elbv2().describe_target_groups().names("api").send().await?;
    /// assert_eq!(groups.target_groups().len(), 1, "it is still there");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn release<D: Declare>(&mut self, name: impl AsRef<str>) -> &mut Self {
        self.released.push(Address::new(D::KIND, name.as_ref()));
        self
    }

    /// The addresses that a declaration had before.
    pub(crate) fn former(&self, index: usize) -> impl Iterator<Item = &Address> {
        self.moved.iter().filter(move |(_, to)| *to == index).map(|(from, _)| from)
    }

    /// The declaration that had an address before.
    pub(crate) fn successor(&self, address: &str) -> Option<&Node> {
        let (_, to) = self.moved.iter().find(|(from, _)| from.as_str() == address)?;
        self.nodes.get(*to)
    }

    /// The address that what is tagged with another one has now.
    pub(crate) fn present<'a>(&'a self, address: &'a str) -> &'a str {
        self.successor(address).map_or(address, |node| node.address.as_str())
    }

    /// Whether what is at an address is let go.
    pub(crate) fn releases(&self, address: &str) -> bool {
        self.released.iter().any(|released| released.as_str() == address)
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
            !accepted || problem.id.starts_with('P')
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
        for (place, (from, _)) in self.moved.iter().enumerate() {
            let mut problems = Problems::new(from, &mut found);
            if self.declares(from.as_str()) {
                problems.report("P63", "(moved)", from.name(), "is still declared; what is declared cannot move away");
            }
            if self.moved[..place].iter().any(|(other, _)| other == from) {
                problems.report("P64", "(moved)", from.name(), "moves to two declarations; one can have it");
            }
        }
        for address in &self.released {
            let mut problems = Problems::new(address, &mut found);
            let moves = self.moved.iter().any(|(from, _)| from == address);
            if moves || self.declares(address.as_str()) {
                problems.report("P65", "(released)", address.name(), "is declared; take the declaration away first");
            }
        }
        found
    }

    /// The lookups whose subnets an internet-facing load balancer uses.
    pub(crate) fn facing_the_internet(&self) -> HashSet<usize> {
        let mut lookups = HashSet::new();
        for node in &self.nodes {
            if let Item::Resource(balancer @ AnyResource::LoadBalancer(_)) = &node.item
                && balancer.effective("scheme") == Value::of("internet-facing")
            {
                balancer.visit_pending(&mut |attr| {
                    lookups.insert(attr.node.index);
                });
            }
        }
        lookups
    }
}
