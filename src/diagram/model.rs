//! What an architecture consists of, as far as a picture shows it.

/// All that a picture shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) stack: String,
    /// The VPCs, by name or id.
    pub(super) vpcs: Vec<String>,
    /// Who is outside, and what is not the stack's own.
    pub(super) sources: Vec<Node>,
    pub(super) zones: Vec<Zone>,
    pub(super) subnets: Vec<Subnet>,
    /// Load balancers first, then Auto Scaling groups.
    pub(super) bands: Vec<Band>,
    /// Target groups, and what is declared and used by nothing that is shown.
    pub(super) shelf: Vec<Node>,
    pub(super) security: Vec<Security>,
    pub(super) edges: Vec<Edge>,
}

impl Model {
    /// What the frame around everything is called.
    pub(super) fn vpc(&self) -> String {
        let names = self.vpcs.join(", ");
        if names.to_lowercase().starts_with("vpc") { names } else { format!("VPC {names}").trim_end().to_owned() }
    }
}

/// Something that stands in no subnet.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub(super) sort: &'static str,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Zone {
    pub(super) name: String,
    /// Whether that is its name, as opposed to an assumption.
    pub(super) known: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Subnet {
    pub(super) name: String,
    pub(super) id: Option<String>,
    /// By its place among the zones.
    pub(super) zone: usize,
    pub(super) reach: Reach,
}

/// Whether a subnet has a route to the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Public,
    Private,
    /// It was not looked up; its name says so, or nothing does.
    Named(Option<bool>),
}

impl Reach {
    /// Whether it is public, as far as known or named.
    pub(super) fn is_public(self) -> Option<bool> {
        match self {
            Self::Public => Some(true),
            Self::Private => Some(false),
            Self::Named(named) => named,
        }
    }
}

/// Something that stands in several subnets at once.
#[derive(Debug, Clone)]
pub(super) struct Band {
    pub(super) is_balancer: bool,
    pub(super) sort: String,
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    /// By their places among the subnets.
    pub(super) subnets: Vec<usize>,
    /// By their places among the security groups.
    pub(super) security: Vec<usize>,
    /// The instances of each subnet.
    pub(super) instances: Vec<(usize, Instance)>,
}

#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) title: String,
    pub(super) line: String,
}

#[derive(Debug, Clone)]
pub(super) struct Security {
    pub(super) title: String,
    /// Whether its rules are known here.
    pub(super) declared: bool,
    pub(super) rules: Vec<RuleLine>,
}

#[derive(Debug, Clone)]
pub(super) struct RuleLine {
    pub(super) text: String,
    pub(super) ingress: bool,
    /// The group that it is about, if that is shown too.
    pub(super) peer: Option<usize>,
}

/// An end of an edge, by the place in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum End {
    Source(usize),
    Band(usize),
    Shelf(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: End,
    pub(super) to: End,
    /// Whether a security group lets it through and nothing more is known, as opposed to what a
    /// load balancer does.
    pub(super) allowed_only: bool,
}
