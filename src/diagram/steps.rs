//! The steps of a plan as a graph.

use std::collections::HashSet;
use std::fmt::Write;
use std::time::Duration;

use crate::plan::{Plan, StepKind};

use super::mermaid;
use super::text::printable;

/// The steps of a plan and what each waits for, as a graph for Graphviz or Mermaid, with the
/// critical path marked: the longest way by [`Step::typical_duration`](crate::Step::typical_duration).
///
/// What a step waits for only because one that it waits for does so, too, has no line of its own.
///
/// ```
/// use purlin::{DeployGraph, Ingress, Plan, SecurityGroup, Stack, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
/// stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
/// let plan = Plan::preview(&stack)?;
/// let graph = DeployGraph::of(&plan);
/// assert!(graph.to_dot().starts_with("digraph"));
/// assert!(graph.to_mermaid().starts_with("flowchart"));
/// # Ok::<(), purlin::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DeployGraph {
    title: String,
    steps: Vec<Node>,
    /// From an earlier to a later step.
    edges: Vec<(usize, usize)>,
    critical: HashSet<usize>,
    critical_edges: HashSet<(usize, usize)>,
}

#[derive(Debug, Clone)]
struct Node {
    address: String,
    what: String,
    sort: Sort,
}

/// What a step does, as far as its colour tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Create,
    Change,
    Delete,
    Wait,
}

impl Sort {
    const ALL: [(Self, &'static str, &'static str, &'static str); 4] = [
        (Self::Create, "create", "#e3f4e1", "#3f7d38"),
        (Self::Change, "change", "#e1effa", "#33658a"),
        (Self::Delete, "delete", "#fde8e8", "#a33a3a"),
        (Self::Wait, "wait", "#f5f5f4", "#78716c"),
    ];

    fn of(kind: StepKind) -> Self {
        match kind {
            StepKind::Create(_) => Self::Create,
            StepKind::Prepare(_) | StepKind::Call(_) | StepKind::Release(_) => Self::Change,
            StepKind::Delete(_) => Self::Delete,
            StepKind::Settle | StepKind::Gone => Self::Wait,
        }
    }

    fn look(self) -> (&'static str, &'static str, &'static str) {
        let found = Self::ALL.iter().find(|(sort, ..)| *sort == self);
        found.map_or(("", "", ""), |(_, name, fill, stroke)| (name, fill, stroke))
    }
}

const CRITICAL: &str = "#c2410c";

impl DeployGraph {
    /// Reads the steps of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let path = plan.critical_path();
        let took: Duration = path.iter().map(|step| plan.steps()[*step].typical_duration()).sum();
        let steps = plan.steps().iter().map(|step| {
            let took = step.typical_duration().as_secs();
            let what = match step.kind {
                kind if kind.is_mutation() => kind.to_string(),
                kind => format!("{kind}, about {took} s"),
            };
            Node { address: step.address.to_string(), what, sort: Sort::of(step.kind) }
        });
        let mut edges = Vec::new();
        for (index, step) in plan.steps().iter().enumerate() {
            // What another one of them waits for itself goes without saying.
            let waits = |earlier: &usize| step.after.iter().any(|other| plan.steps()[*other].after.contains(earlier));
            edges.extend(step.after.iter().filter(|earlier| !waits(earlier)).map(|earlier| (*earlier, index)));
        }
        let title = match path.len() {
            0 => format!("{}: nothing to do", plan.stack()),
            count => format!(
                "{}: {} steps, of which {count} on the critical path, about {} s",
                plan.stack(),
                plan.steps().len(),
                took.as_secs()
            ),
        };
        Self {
            title,
            steps: steps.collect(),
            edges,
            critical_edges: path.windows(2).map(|pair| (pair[0], pair[1])).collect(),
            critical: path.into_iter().collect(),
        }
    }

    /// Returns the graph in the DOT language of Graphviz.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph deploy {\n");
        let title = quoted(&self.title);
        let _ = writeln!(text, "    graph [rankdir=LR, labelloc=t, label={title}, fontname=\"Helvetica\"];");
        text.push_str("    node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11];\n");
        text.push_str("    edge [color=\"#52606d\"];\n");
        for (index, node) in self.steps.iter().enumerate() {
            let (_, fill, stroke) = node.sort.look();
            let label = quoted(&format!("{}\n{}", node.address, node.what));
            let line = if self.critical.contains(&index) {
                format!("color=\"{CRITICAL}\", penwidth=3")
            } else {
                format!("color=\"{stroke}\"")
            };
            let dashed = if node.sort == Sort::Wait { ", style=\"rounded,filled,dashed\"" } else { "" };
            let _ = writeln!(text, "    s{index} [label={label}, fillcolor=\"{fill}\", {line}{dashed}];");
        }
        for (from, to) in &self.edges {
            let critical = self.critical_edges.contains(&(*from, *to));
            let look = if critical { format!(" [color=\"{CRITICAL}\", penwidth=3]") } else { String::new() };
            let _ = writeln!(text, "    s{from} -> s{to}{look};");
        }
        text.push_str("}\n");
        text
    }

    /// Returns the graph as a Mermaid flowchart.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        let _ = writeln!(text, "    accTitle: {}", mermaid::plain(&self.title));
        for (index, node) in self.steps.iter().enumerate() {
            let (class, ..) = node.sort.look();
            let critical = if self.critical.contains(&index) { "Critical" } else { "" };
            let label = mermaid::label(&node.address, [node.what.as_str()]);
            let _ = writeln!(text, "    s{index}[\"{label}\"]:::{class}{critical}");
        }
        let mut marked = Vec::new();
        for (nth, (from, to)) in self.edges.iter().enumerate() {
            let _ = writeln!(text, "    s{from} --> s{to}");
            if self.critical_edges.contains(&(*from, *to)) {
                marked.push(nth.to_string());
            }
        }
        for (_, name, fill, stroke) in Sort::ALL {
            let dashed = if name == "wait" { ",stroke-dasharray:5 4" } else { "" };
            let _ = writeln!(text, "    classDef {name} fill:{fill},stroke:{stroke},color:#1f2933{dashed}");
            let critical = format!("fill:{fill},stroke:{CRITICAL},stroke-width:3px,color:#1f2933{dashed}");
            let _ = writeln!(text, "    classDef {name}Critical {critical}");
        }
        if !marked.is_empty() {
            let _ = writeln!(text, "    linkStyle {} stroke:{CRITICAL},stroke-width:3px", marked.join(","));
        }
        text
    }
}

#[cfg(test)]
impl DeployGraph {
    /// Gives the graph a title that no valid stack has.
    pub(super) fn rename(&mut self, title: &str) {
        title.clone_into(&mut self.title);
    }
}

/// A text as DOT quotes it.
fn quoted(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(printable).collect();
    let escaped: Vec<_> = lines.iter().map(|line| line.replace('\\', "\\\\").replace('"', "\\\"")).collect();
    format!("\"{}\"", escaped.join("\\n"))
}
