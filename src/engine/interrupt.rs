//! Interrupts: how an operation is told to end before it is done.

use tokio::sync::watch;

use crate::error::{Error, ErrorKind};

/// A handle by which an operation is told to end before it is done: first by draining, then by
/// aborting.
///
/// Cheap to clone; all clones are the same interrupt. It stays raised: give the next operation a new
/// one. The crate itself listens to no signal.
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
/// # let ctrl_c = async || tokio::time::sleep(std::time::Duration::from_millis(300)).await;
/// use purlin::Interrupt;
///
/// let interrupt = Interrupt::new();
/// tokio::spawn({
///     let interrupt = interrupt.clone();
///     // In a program: `tokio::signal::ctrl_c()`.
///     async move {
///         ctrl_c().await;
///         interrupt.drain();
///         ctrl_c().await;
///         interrupt.abort();
///     }
/// });
///
/// let deployer = Deployer::new(sim.aws()).with_interrupt(&interrupt);
/// let failure = deployer.apply(deployer.plan(&stack).await?).await.expect_err("it was interrupted");
/// assert!(failure.is_cancelled());
/// assert!(failure.live().find(group).is_some(), "its creation was under way, and was waited for");
/// assert_eq!(failure.unfinished()[0].as_str(), "SecurityGroup.web", "its rule is missing");
///
/// // Running again goes on where this ended.
/// let deployer = Deployer::new(sim.aws());
/// deployer.apply(deployer.plan(&stack).await?).await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Default)]
pub struct Interrupt(watch::Sender<Level>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    #[default]
    None,
    Drain,
    Abort,
}

impl Interrupt {
    /// Makes an interrupt that is not raised.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the calls end that are in flight, and nothing else begin: no step, no further call that
    /// changes something, no further try of one that was refused. Waits are given up.
    pub fn drain(&self) {
        self.raise(Level::Drain);
    }

    /// Ends at once, without waiting for the calls that are in flight: they may or may not have
    /// happened.
    pub fn abort(&self) {
        self.raise(Level::Abort);
    }

    /// Tells whether it was raised, by [`drain`](Self::drain) or [`abort`](Self::abort).
    pub fn is_raised(&self) -> bool {
        *self.0.borrow() > Level::None
    }

    fn raise(&self, to: Level) {
        self.0.send_if_modified(|level| {
            let higher = *level < to;
            *level = to.max(*level);
            higher
        });
    }

    /// Completes when it is raised.
    pub(crate) async fn raised(&self) {
        self.reached(Level::Drain).await;
    }

    /// Completes when it is raised to the second level.
    pub(crate) async fn aborted(&self) {
        self.reached(Level::Abort).await;
    }

    async fn reached(&self, wanted: Level) {
        // It cannot fail: the sender lives as long as this handle.
        let _ = self.0.subscribe().wait_for(|level| *level >= wanted).await;
    }

    /// What was not done because of it.
    pub(crate) fn error(what: &str) -> Error {
        Error::new(ErrorKind::Cancelled, format!("interrupted: {what}"))
            .with_hint("what was done stays done; run again to go on where this ended")
    }
}
