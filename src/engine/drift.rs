//! Drift: how what AWS has differs from what is declared.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;

use crate::look::{Line, Look, Tone};
use crate::plan::{Action, Plan, PropertyChange, ResourceChange, Shown};
use crate::stack::Address;
use crate::value::Value;

/// How what AWS has differs from what a stack declares.
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
/// use purlin::DriftKind;
///
/// let drift = deployer.drift(&stack).await?;
/// assert_eq!(drift.resources[0].kind, DriftKind::Missing);
///
/// deployer.apply(deployer.plan(&stack).await?).await?;
/// assert!(deployer.drift(&stack).await?.is_empty());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Drift {
    /// The resources that differ.
    pub resources: Vec<Drifted>,
}

/// A resource that differs from its declaration.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Drifted {
    /// The address in the stack.
    pub address: Address,
    /// How it differs.
    pub kind: DriftKind,
    /// The properties that differ; `before` is what AWS has, `after` what is declared.
    pub properties: Vec<PropertyChange>,
}

/// How a resource differs from its declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DriftKind {
    /// It is declared and does not exist.
    Missing,
    /// It exists and is not as declared.
    Changed,
    /// The stack owns it and does not declare it.
    Undeclared,
}

impl Drift {
    pub(super) fn new(plan: Plan) -> Self {
        let kind = |change: &ResourceChange| match change.action {
            Action::Keep => None,
            Action::Create => Some(DriftKind::Missing),
            Action::Update | Action::Adopt | Action::Replace => Some(DriftKind::Changed),
            Action::Delete | Action::DeleteReplaced | Action::DeleteWithParent | Action::Release => {
                Some(DriftKind::Undeclared)
            }
        };
        // What would be replaced is one difference, not a second one for its going.
        let replaced: HashSet<_> =
            plan.changes.iter().filter(|c| c.action == Action::Replace).filter_map(|c| c.id.as_ref()).collect();
        let goes = |change: &ResourceChange| {
            change.action == Action::DeleteReplaced && change.id.as_ref().is_some_and(|id| replaced.contains(id))
        };
        let drifted = plan.changes.iter().filter(|change| !goes(change)).filter_map(|change| {
            let kind = kind(change)?;
            let properties = if kind == DriftKind::Changed { change.properties.clone() } else { Vec::new() };
            Some(Drifted { address: change.address.clone(), kind, properties })
        });
        Self { resources: drifted.collect() }
    }

    /// Tells whether everything is as declared.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// Returns the report as text that looks as asked for: what differs, with what AWS has and what
    /// is declared.
    pub fn display(&self, look: Look) -> impl fmt::Display + '_ {
        fmt::from_fn(move |f| self.write(look, f))
    }

    fn write(&self, look: Look, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Line::new(0).add(Tone::Strong, "No drift: everything is as declared.").write(look, f);
        }
        for drifted in &self.resources {
            let (tone, what) = match drifted.kind {
                DriftKind::Missing => (Tone::Old, " is declared and does not exist"),
                DriftKind::Undeclared => (Tone::Replaced, " exists and is not declared any more"),
                DriftKind::Changed => (Tone::Changed, " is not as declared"),
            };
            Line::new(4).add(Tone::Strong, drifted.address.as_str()).add(tone, what).write(look, f)?;
            for change in &drifted.properties {
                let before = Shown(&change.before, &change.path).to_string();
                let after = Shown(&change.after, &change.path).to_string();
                let line = Line::new(8).plain(format!("    {}: ", change.path));
                let line = match (&change.before, &change.after) {
                    (Value::Unset, _) => line.plain("missing ").add(Tone::New, after),
                    (_, Value::Unset) => line.plain("found ").add(Tone::Old, before).plain(", which is not declared"),
                    _ => line.plain("found ").add(Tone::Old, before).plain(", declared ").add(Tone::New, after),
                };
                line.write(look, f)?;
            }
        }
        Ok(())
    }
}

/// As [`Drift::display`] shows it, without colours.
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Look::plain(), f)
    }
}
