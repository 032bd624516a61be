//! What an operation ends with.

use std::collections::HashSet;
use std::fmt;

use crate::error::Error;
use crate::input::Ref;
use crate::look::{Line, Look, Tone, write_text};
use crate::resource::AnyOutputs;
use crate::stack::{Address, Declare};

/// What exists after a deploy: the outputs of everything that the stack declares.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use purlin::{Deployer, Ingress, SecurityGroup, Stack, Vpc, sim::SimAws};
/// # let sim = SimAws::new();
/// # sim.add_vpc("VPC-Lab", "10.0.0.0/16");
/// # let mut stack = Stack::new("web");
/// # let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// # let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
/// # let group = stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
/// # let deployer = Deployer::new(sim.aws());
/// let live = deployer.apply(deployer.plan(&stack).await?).await?;
/// println!("{}", live.get(group).id);
/// for (address, id) in live.ids() {
///     println!("{address} is {id}");
/// }
/// # assert_eq!(live.ids().count(), 2);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Live {
    pub(crate) stack_id: u64,
    pub(crate) outputs: Vec<Option<AnyOutputs>>,
    pub(super) addresses: Vec<Address>,
    /// The declarations that were made, by index.
    pub(super) made: HashSet<usize>,
}

impl Live {
    /// Returns the outputs of a resource or lookup.
    ///
    /// # Panics
    ///
    /// Panics if the reference belongs to another stack, or if this comes from a [`Failure`] and
    /// the resource does not exist; ask [`find`](Self::find) there.
    pub fn get<D: Declare>(&self, resource: Ref<D>) -> &D::Outputs {
        match self.find(resource) {
            Some(outputs) => outputs,
            None => panic!("the reference belongs to another stack, or the resource does not exist"),
        }
    }

    /// Returns the outputs of a resource or lookup, if it exists.
    pub fn find<D: Declare>(&self, resource: Ref<D>) -> Option<&D::Outputs> {
        if resource.node.stack != self.stack_id {
            return None;
        }
        D::outputs(self.outputs.get(resource.node.index)?.as_ref()?)
    }

    /// The resources among what exists, without what lookups found.
    pub(super) fn resources(&self) -> Vec<(&Address, &str)> {
        let outputs = self.addresses.iter().zip(&self.outputs);
        let resources = outputs.filter_map(|(address, outputs)| match outputs.as_ref()? {
            AnyOutputs::Found(_) => None,
            outputs => Some((address, outputs.id())),
        });
        resources.collect()
    }

    /// Iterates over everything that exists: its address, and the id or ARN that AWS has for it.
    pub fn ids(&self) -> impl Iterator<Item = (&Address, &str)> {
        self.addresses
            .iter()
            .zip(&self.outputs)
            .filter_map(|(address, outputs)| Some((address, outputs.as_ref()?.id())))
    }
}

/// An operation that could not be finished: every failure, what was not begun, and what exists.
///
/// Running again goes on where this ended.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use purlin::{Deployer, Ingress, SecurityGroup, Stack, Vpc, sim::SimAws};
/// # let sim = SimAws::new();
/// # sim.add_vpc("VPC-Lab", "10.0.0.0/16");
/// # let mut stack = Stack::new("web");
/// # let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// # let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
/// # let group = stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
/// # let deployer = Deployer::new(sim.aws());
/// use purlin::sim::Fault;
///
/// sim.inject(Fault::on("AuthorizeSecurityGroupIngress").code("UnauthorizedOperation"));
/// let plan = deployer.plan(&stack).await?;
/// let failure = deployer.apply(plan).await.expect_err("a permission is missing");
/// assert!(failure.errors()[0].is_permission_denied());
/// assert!(failure.live().find(group).is_some(), "the group itself was made");
///
/// sim.clear_faults();
/// deployer.apply(deployer.plan(&stack).await?).await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
pub struct Failure(Box<Inner>);

struct Inner {
    errors: Vec<Error>,
    skipped: Vec<Address>,
    unfinished: Vec<Address>,
    live: Live,
}

impl Failure {
    pub(super) fn new(errors: Vec<Error>, skipped: Vec<Address>, unfinished: Vec<Address>, live: Live) -> Self {
        Self(Box::new(Inner { errors, skipped, unfinished, live }))
    }

    /// Puts the cause of all before the others.
    pub(super) fn because_of(mut self, error: Error) -> Self {
        self.0.errors.insert(0, error);
        self
    }

    /// A failure before anything was changed.
    pub(super) fn before(error: Error) -> Self {
        let nothing = Live { stack_id: 0, outputs: Vec::new(), addresses: Vec::new(), made: HashSet::new() };
        Self::new(vec![error], Vec::new(), Vec::new(), nothing)
    }

    /// Returns what failed: causes only, not what was not begun because of them.
    pub fn errors(&self) -> &[Error] {
        &self.0.errors
    }

    /// Returns what was not begun because something that it needs failed, or because the operation was
    /// interrupted or out of time.
    pub fn skipped(&self) -> &[Address] {
        &self.0.skipped
    }

    /// Returns what was begun and not brought to its end: made or changed in part, or not waited for.
    pub fn unfinished(&self) -> &[Address] {
        &self.0.unfinished
    }

    /// Tells whether the operation ended because of an [`Interrupt`](crate::Interrupt).
    pub fn is_cancelled(&self) -> bool {
        self.0.errors.iter().any(Error::is_cancelled)
    }

    /// Returns what exists.
    pub fn live(&self) -> &Live {
        &self.0.live
    }
}

impl Failure {
    /// Returns all that failed as text that looks as asked for, with what to do about it.
    pub fn display(&self, look: Look) -> impl fmt::Display + '_ {
        fmt::from_fn(move |f| {
            for error in &self.0.errors {
                write_text(&error.to_string(), Tone::Wrong, look, f)?;
                if let Some(hint) = error.hint() {
                    Line::new(8).plain("  ").add(Tone::Strong, "hint: ").plain(hint).write(look, f)?;
                }
            }
            for (what, addresses) in self.not_done() {
                Line::new(2).add(Tone::Faint, format!("{what}: ")).plain(addresses).write(look, f)?;
            }
            Ok(())
        })
    }

    /// What was not done although nothing of it failed, in words, with the addresses.
    fn not_done(&self) -> impl Iterator<Item = (&'static str, String)> {
        let lists = [("not begun because of that", &self.0.skipped), ("begun and not finished", &self.0.unfinished)];
        lists.into_iter().filter(|(_, addresses)| !addresses.is_empty()).map(|(what, addresses)| {
            let addresses: Vec<_> = addresses.iter().map(Address::as_str).collect();
            (what, addresses.join(", "))
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.errors.iter().enumerate() {
            write!(f, "{}{error}", if index > 0 { "\n" } else { "" })?;
            if let Some(hint) = error.hint() {
                write!(f, "\n  hint: {hint}")?;
            }
        }
        for (what, addresses) in self.not_done() {
            write!(f, "\n{what}: {addresses}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.errors.first().map(|error| error as _)
    }
}
