//! Errors: what failed, on which resource, why AWS refused, and what to do next.

use std::fmt;
use std::sync::Arc;

use crate::blocker::Blocker;
use crate::problem::Problem;
use crate::stack::Address;

/// The error of every operation of this crate.
///
/// Ask it with the predicates instead of reading its text; [`Error::hint`] says what to do next.
///
/// ```
/// use purlin::{Plan, SecurityGroup, Stack, VpcId};
///
/// let mut stack = Stack::new("web");
/// let vpc: VpcId = "vpc-0123456789abcdef0".parse()?;
/// stack.add("web", SecurityGroup::builder().name("sg-web").description("").vpc(vpc).build());
///
/// let error = Plan::preview(&stack).expect_err("a name and a description that AWS refuses");
/// assert!(error.is_invalid());
/// assert_eq!(error.problems().len(), 2, "all of them at once");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    address: Option<Address>,
    operation: Option<&'static str>,
    code: Option<String>,
    request_id: Option<String>,
    hint: Option<String>,
    problems: Vec<Problem>,
    blockers: Vec<Blocker>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What sort of failure an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The stack breaks rules; [`Error::problems`] lists them.
    Invalid,
    /// Something that must exist does not.
    NotFound,
    /// A lookup has several matches.
    Ambiguous,
    /// Something is in the way that this stack does not own, or it changed in the meantime.
    Conflict,
    /// The plan interrupts something, and nobody has said yes to that.
    NeedsApproval,
    /// The credentials may not do this.
    PermissionDenied,
    /// AWS asks to slow down, and did so for too long.
    Throttled,
    /// AWS could not launch or provide what was asked for.
    Capacity,
    /// Something else still uses it.
    InUse,
    /// It did not come about in time.
    Deadline,
    /// It was interrupted.
    Cancelled,
    /// AWS answered with another refusal, or did not answer.
    Service,
    /// A fault of this crate.
    Internal,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            address: None,
            operation: None,
            code: None,
            request_id: None,
            hint: None,
            problems: Vec::new(),
            blockers: Vec::new(),
            source: None,
        }))
    }

    /// A fault of this crate: what should have been impossible.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message).with_hint("this is a fault of purlin; please report it with this text")
    }

    pub(crate) fn invalid(problems: Vec<Problem>) -> Self {
        let count = problems.len();
        let mut error = Self::new(
            ErrorKind::Invalid,
            format!("the stack has {count} problem{}", if count == 1 { "" } else { "s" }),
        );
        error.0.problems = problems;
        error
    }

    #[must_use]
    pub(crate) fn at(mut self, address: &Address) -> Self {
        self.0.address.get_or_insert_with(|| address.clone());
        self
    }

    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Says more about why: put after what is said already.
    #[must_use]
    pub(crate) fn because(mut self, reason: impl fmt::Display) -> Self {
        use fmt::Write;
        // Writing to a String cannot fail.
        let _ = write!(self.0.message, "; {reason}");
        self
    }

    /// Names what holds what was to go or to change.
    #[cfg(feature = "aws")]
    #[must_use]
    pub(crate) fn blocked_by(self, blockers: Vec<Blocker>) -> Self {
        let words: Vec<_> = blockers.iter().map(Blocker::to_string).collect();
        let mut error = self.because(words.join("; "));
        error.0.blockers = blockers;
        error
    }

    #[must_use]
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    #[cfg(feature = "aws")]
    #[must_use]
    pub(crate) fn refused_by(
        mut self,
        operation: &'static str,
        code: Option<String>,
        request_id: Option<String>,
        source: Arc<dyn std::error::Error + Send + Sync>,
    ) -> Self {
        self.0.operation = Some(operation);
        self.0.code = code;
        self.0.request_id = request_id;
        self.0.source = Some(source);
        self
    }

    /// Returns what sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the resource that it is about.
    pub fn address(&self) -> Option<&Address> {
        self.0.address.as_ref()
    }

    /// Returns the API operation that AWS refused, such as `CreateLoadBalancer`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns AWS's error code, such as `DependencyViolation`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns the id of the request, which AWS support asks for.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns what to do next, where there is advice.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Returns all that is wrong with the stack, if that is what failed.
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// Returns what holds what was to be deleted or changed, if that is why AWS refused, and as far as
    /// it was found; the text names them, too.
    ///
    /// ```
    /// # #[cfg(feature = "sim")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use purlin::{Deployer, SecurityGroup, Stack, Vpc, sim::SimAws};
    /// # let sim = SimAws::new();
    /// # let vpc = sim.add_vpc("VPC-Lab", "10.0.0.0/16");
    /// # let subnet = sim.add_subnet(&vpc, "Private A", "ap-northeast-2a", "10.0.2.0/24");
    /// # let mut stack = Stack::new("web");
    /// # let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// # let group = SecurityGroup::builder().name("Web-SG").description("Web").vpc(vpc);
    /// # let group = stack.add("web", group.build());
    /// # let deployer = Deployer::new(sim.aws());
    /// # let live = deployer.apply(deployer.plan(&stack).await?).await?;
    /// // Somebody gives the group to an interface of theirs.
    /// let interface = sim.add_interface(&subnet, &[live.get(group).id.as_str()]);
    ///
    /// let plan = deployer.plan_destroy(&stack).await?;
    /// let failure = deployer.apply(plan).await.expect_err("the group is in use");
    /// assert_eq!(failure.errors()[0].blockers()[0].id, interface);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sim"))]
    /// # fn main() {}
    /// ```
    pub fn blockers(&self) -> &[Blocker] {
        &self.0.blockers
    }

    /// Tells whether the stack breaks rules.
    pub fn is_invalid(&self) -> bool {
        self.0.kind == ErrorKind::Invalid
    }

    /// Tells whether something that must exist does not.
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// Tells whether a lookup has several matches.
    pub fn is_ambiguous(&self) -> bool {
        self.0.kind == ErrorKind::Ambiguous
    }

    /// Tells whether something is in the way that this stack does not own, or that changed since
    /// it was planned.
    pub fn is_conflict(&self) -> bool {
        self.0.kind == ErrorKind::Conflict
    }

    /// Tells whether the plan interrupts something, and nobody has said yes to that.
    pub fn needs_approval(&self) -> bool {
        self.0.kind == ErrorKind::NeedsApproval
    }

    /// Tells whether the credentials may not do this.
    pub fn is_permission_denied(&self) -> bool {
        self.0.kind == ErrorKind::PermissionDenied
    }

    /// Tells whether AWS asked to slow down for longer than the deadline.
    pub fn is_throttled(&self) -> bool {
        self.0.kind == ErrorKind::Throttled
    }

    /// Tells whether AWS could not launch or provide what was asked for.
    pub fn is_capacity(&self) -> bool {
        self.0.kind == ErrorKind::Capacity
    }

    /// Tells whether something else still uses what was to go.
    pub fn is_in_use(&self) -> bool {
        self.0.kind == ErrorKind::InUse
    }

    /// Tells whether something did not come about in time.
    pub fn is_deadline(&self) -> bool {
        self.0.kind == ErrorKind::Deadline
    }

    /// Tells whether it was given up because of an interrupt.
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == ErrorKind::Cancelled
    }
}

impl Error {
    /// What is said before the problems, if there are any.
    pub(crate) fn headline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(address) = &inner.address {
            write!(f, "{address}: ")?;
        }
        f.write_str(&inner.message)?;
        match &inner.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.headline(f)?;
        self.0.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What `main` prints when it returns the error: text for people, advice included.
        fmt::Display::fmt(self, f)?;
        if let Some(hint) = self.hint() {
            write!(f, "\nhint: {hint}")?;
        }
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(f, "\ncaused by: {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
