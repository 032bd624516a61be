//! Security groups and what they let in and out.

use std::fmt;

use ipnet::{Ipv4Net, Ipv6Net};
use typed_builder::TypedBuilder;

use crate::id::{PrefixListId, SecurityGroupId, VpcId};
use crate::input::{Input, IntoInput, sources};
use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::names::names;
use super::{Describe, Operation, Property, Tags, Visit};

/// A security group: a firewall around network interfaces.
///
/// Its rules are exactly those declared here and in [`SecurityGroupRule`](crate::SecurityGroupRule)s
/// of the same stack; others that appear on it are drift. Without an egress rule it keeps AWS's
/// default, which lets everything out. Name, description and VPC cannot change on an existing
/// group: changing one replaces it.
///
/// Follows `CreateSecurityGroup` of the EC2 API.
///
/// ```
/// use purlin::{Ingress, SecurityGroup, Stack, Vpc};
///
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let balancer = stack.add(
///     "alb",
///     SecurityGroup::builder()
///         .name("Web-ALB-SG")
///         .description("HTTP from anywhere")
///         .vpc(vpc)
///         .ingress(Ingress::http().from_anywhere_ipv4())
///         .build(),
/// );
/// stack.add(
///     "instances",
///     SecurityGroup::builder()
///         .name("ASG-Web-Inst-SG")
///         .description("HTTP Allow")
///         .vpc(vpc)
///         .ingress(Ingress::http().from_group(balancer))
///         .build(),
/// );
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, mutators(
    /// Lets something in; may be repeated. Without any, nothing is let in.
    pub fn ingress(&mut self, rule: Ingress) {
        self.ingress.push(rule.0);
    }
    /// Lets something out; may be repeated. Without any, AWS lets everything out.
    pub fn egress(&mut self, rule: Egress) {
        self.egress.get_or_insert_default().push(rule.0);
    }
    /// Lets nothing out, except what `egress` adds.
    pub fn no_egress(&mut self) {
        self.egress.get_or_insert_default();
    }
    /// Sets a tag; may be repeated.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key, value);
    }
))]
#[non_exhaustive]
pub struct SecurityGroup {
    /// The name: 1 to 255 characters, unique in the VPC whatever its case, not beginning with
    /// `sg-`. Sets `GroupName`.
    #[builder(setter(into))]
    pub(crate) name: String,
    /// What the group is for: 1 to 255 characters. AWS requires it. Sets `Description`.
    #[builder(setter(into))]
    pub(crate) description: String,
    /// The VPC. Sets `VpcId`.
    #[builder(setter(transform = |vpc: impl IntoInput<VpcId>| vpc.into_input()))]
    pub(crate) vpc: Input<VpcId>,
    #[builder(via_mutators)]
    pub(crate) ingress: Vec<Rule>,
    #[builder(via_mutators)]
    pub(crate) egress: Option<Vec<Rule>>,
    #[builder(via_mutators)]
    pub(crate) tags: Tags,
}

/// What AWS hands out for a security group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityGroupOutputs {
    /// The id of the group.
    pub id: SecurityGroupId,
}

sources! {
    SecurityGroup => "id": SecurityGroupId;
}

names! {
    /// The protocol of a security group rule.
    Protocol {
        /// Every protocol and port.
        All = "-1",
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
        /// ICMP for IPv4.
        Icmp = "icmp",
        /// ICMP for IPv6.
        Icmpv6 = "icmpv6",
    }
}

/// Who a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Peer {
    Ipv4(String),
    Ipv6(String),
    PrefixList(Input<PrefixListId>),
    Group(Input<SecurityGroupId>),
    /// The group that has the rule.
    Itself,
}

/// A rule in either direction; builders name the type in their own.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(crate) protocol: Protocol,
    /// First and last port; for ICMP, type and code.
    pub(crate) ports: Option<(i32, i32)>,
    pub(crate) peer: Peer,
    pub(crate) description: Option<String>,
}

impl Rule {
    pub(crate) fn everything_out() -> Self {
        Self { protocol: Protocol::All, ports: None, peer: Peer::Ipv4("0.0.0.0/0".to_owned()), description: None }
    }

    /// Whether AWS takes both for the same rule: the description does not count.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.protocol, self.ports, &self.peer) == (other.protocol, other.ports, &other.peer)
    }

    pub(crate) fn visit(&mut self, visit: &mut Visit<'_>) {
        match &mut self.peer {
            Peer::PrefixList(input) => visit(input),
            Peer::Group(input) => visit(input),
            Peer::Ipv4(_) | Peer::Ipv6(_) | Peer::Itself => {}
        }
    }

    pub(crate) fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        if let Some((from, to)) = self.ports {
            match self.protocol {
                Protocol::Tcp | Protocol::Udp => {
                    problems.range("V109", path, Some(from), 0..=65535);
                    problems.range("V109", path, Some(to), 0..=65535);
                    if from > to {
                        problems.report(
                            "V110",
                            path,
                            format!("{from}-{to}"),
                            "the first port must not be above the last",
                        );
                    }
                }
                _ => {
                    problems.range("V109", path, Some(from), -1..=255);
                    problems.range("V109", path, Some(to), -1..=255);
                    if from == -1 && to != -1 {
                        problems.report("V114", path, format!("{from}-{to}"), "type -1 (all) goes with code -1 (all)");
                    }
                }
            }
        }
        let network = match &self.peer {
            Peer::Ipv4(cidr) => {
                cidr.parse::<Ipv4Net>().map(|net| (cidr, net.trunc().to_string(), net.trunc() == net)).map_err(|_| cidr)
            }
            Peer::Ipv6(cidr) => {
                cidr.parse::<Ipv6Net>().map(|net| (cidr, net.trunc().to_string(), net.trunc() == net)).map_err(|_| cidr)
            }
            _ => return self.validate_description(path, problems),
        };
        match network {
            Err(cidr) => problems.report(
                "V115",
                path,
                format!("{cidr:?}"),
                "must be a network with its prefix length, such as 10.0.0.0/16",
            ),
            Ok((cidr, network, false)) => problems.report(
                "V115",
                path,
                format!("{cidr:?}"),
                format!("must be a network address: the bits after the prefix are not zero; did you mean {network}?"),
            ),
            Ok(_) => {}
        }
        self.validate_description(path, problems);
    }

    fn validate_description(&self, path: &str, problems: &mut Problems<'_>) {
        if let Some(text) = &self.description {
            problems.text(
                "V107",
                path,
                text,
                0..=255,
                is_description,
                "letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`",
            );
        }
    }
}

fn is_description(c: char) -> bool {
    c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c)
}

impl ToValue for Rule {
    fn to_value(&self) -> Value {
        let ports = match (self.protocol, self.ports) {
            (Protocol::All, _) | (_, None) => Value::Unset,
            (_, Some((from, to))) if from == to => Value::Text(from.to_string()),
            (_, Some((from, to))) => Value::Text(format!("{from}-{to}")),
        };
        let peer = match &self.peer {
            Peer::Ipv4(cidr) | Peer::Ipv6(cidr) => Value::of(cidr),
            Peer::PrefixList(id) => Value::of(id),
            Peer::Group(id) => Value::of(id),
            Peer::Itself => Value::of("self"),
        };
        let protocol = if self.protocol == Protocol::All { Value::of("all") } else { Value::of(&self.protocol) };
        let description = self.description.as_ref().filter(|text| !text.is_empty());
        Value::map([
            ("protocol", protocol),
            ("ports", ports),
            ("peer", peer),
            ("description", description.map_or(Value::Unset, Value::of)),
        ])
    }
}

/// Declares the stages of one direction: ports first, then the peer.
macro_rules! direction {
    (
        $(#[$doc:meta])* $name:ident, $(#[$ports_doc:meta])* $ports:ident, $word:literal:
        $anywhere_ipv4:ident $anywhere_ipv6:ident $cidr_ipv4:ident $cidr_ipv6:ident $prefix_list:ident $group:ident $itself:ident
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name(pub(crate) Rule);

        $(#[$ports_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[must_use]
        pub struct $ports {
            protocol: Protocol,
            ports: Option<(i32, i32)>,
        }

        impl $name {
            /// HTTP: TCP port 80.
            pub fn http() -> $ports {
                Self::tcp(80)
            }

            /// HTTPS: TCP port 443.
            pub fn https() -> $ports {
                Self::tcp(443)
            }

            /// One TCP port, 0 to 65535.
            pub fn tcp(port: u16) -> $ports {
                $ports { protocol: Protocol::Tcp, ports: Some((port.into(), port.into())) }
            }

            /// A range of TCP ports, first to last.
            pub fn tcp_range(ports: std::ops::RangeInclusive<u16>) -> $ports {
                $ports { protocol: Protocol::Tcp, ports: Some(((*ports.start()).into(), (*ports.end()).into())) }
            }

            /// One UDP port, 0 to 65535.
            pub fn udp(port: u16) -> $ports {
                $ports { protocol: Protocol::Udp, ports: Some((port.into(), port.into())) }
            }

            /// A range of UDP ports, first to last.
            pub fn udp_range(ports: std::ops::RangeInclusive<u16>) -> $ports {
                $ports { protocol: Protocol::Udp, ports: Some(((*ports.start()).into(), (*ports.end()).into())) }
            }

            /// An ICMP type and code, 0 to 255 each; -1 means all.
            pub fn icmp(kind: i16, code: i16) -> $ports {
                $ports { protocol: Protocol::Icmp, ports: Some((kind.into(), code.into())) }
            }

            /// An ICMPv6 type and code, 0 to 255 each; -1 means all.
            pub fn icmpv6(kind: i16, code: i16) -> $ports {
                $ports { protocol: Protocol::Icmpv6, ports: Some((kind.into(), code.into())) }
            }

            /// Every protocol and port.
            pub fn all_traffic() -> $ports {
                $ports { protocol: Protocol::All, ports: None }
            }

            /// Describes the rule: up to 255 characters.
            #[must_use]
            pub fn description(mut self, text: impl Into<String>) -> Self {
                self.0.description = Some(text.into());
                self
            }
        }

        impl $ports {
            fn peer(self, peer: Peer) -> $name {
                $name(Rule { protocol: self.protocol, ports: self.ports, peer, description: None })
            }

            #[doc = concat!("Traffic ", $word, " any IPv4 address.")]
            #[must_use]
            pub fn $anywhere_ipv4(self) -> $name {
                self.peer(Peer::Ipv4("0.0.0.0/0".to_owned()))
            }

            #[doc = concat!("Traffic ", $word, " any IPv6 address.")]
            #[must_use]
            pub fn $anywhere_ipv6(self) -> $name {
                self.peer(Peer::Ipv6("::/0".to_owned()))
            }

            #[doc = concat!("Traffic ", $word, " an IPv4 network, such as `10.0.0.0/16`. Checked when the stack is planned.")]
            #[must_use]
            pub fn $cidr_ipv4(self, network: impl fmt::Display) -> $name {
                self.peer(Peer::Ipv4(network.to_string()))
            }

            #[doc = concat!("Traffic ", $word, " an IPv6 network, such as `2001:db8::/32`. Checked when the stack is planned.")]
            #[must_use]
            pub fn $cidr_ipv6(self, network: impl fmt::Display) -> $name {
                self.peer(Peer::Ipv6(network.to_string()))
            }

            #[doc = concat!("Traffic ", $word, " the networks of a managed prefix list.")]
            #[must_use]
            pub fn $prefix_list(self, list: impl IntoInput<PrefixListId>) -> $name {
                self.peer(Peer::PrefixList(list.into_input()))
            }

            #[doc = concat!("Traffic ", $word, " the network interfaces that have another security group.")]
            #[must_use]
            pub fn $group(self, group: impl IntoInput<SecurityGroupId>) -> $name {
                self.peer(Peer::Group(group.into_input()))
            }

            #[doc = concat!("Traffic ", $word, " the network interfaces that have this same security group.")]
            #[must_use]
            pub fn $itself(self) -> $name {
                self.peer(Peer::Itself)
            }
        }
    };
}

direction! {
    /// A rule that lets traffic in.
    ///
    /// ```
    /// use purlin::Ingress;
    ///
    /// let rule = Ingress::tcp(8080).from_ipv4("10.0.0.0/16").description("from the office");
    /// ```
    Ingress,
    /// What an [`Ingress`] rule lets in; say next where it may come from.
    IngressPorts, "from":
    from_anywhere_ipv4 from_anywhere_ipv6 from_ipv4 from_ipv6 from_prefix_list from_group from_self
}

direction! {
    /// A rule that lets traffic out.
    ///
    /// ```
    /// use purlin::Egress;
    ///
    /// let rule = Egress::https().to_anywhere_ipv4();
    /// ```
    Egress,
    /// What an [`Egress`] rule lets out; say next where it may go.
    EgressPorts, "to":
    to_anywhere_ipv4 to_anywhere_ipv6 to_ipv4 to_ipv6 to_prefix_list to_group to_self
}

impl Describe for SecurityGroup {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("name", "CreateSecurityGroup.GroupName", |r| Value::of(&r.name)),
        Property::<Self>::new("description", "CreateSecurityGroup.Description", |r| Value::of(&r.description)),
        Property::<Self>::new("vpc", "CreateSecurityGroup.VpcId", |r| Value::of(&r.vpc)),
        Property::<Self>::new("ingress", "AuthorizeSecurityGroupIngress.IpPermissions", |r| Value::of(&r.ingress))
            .elements(Operation::AuthorizeSecurityGroupIngress, Operation::RevokeSecurityGroupIngress)
            .modified_by(Operation::ModifySecurityGroupRules)
            .after_create(),
        Property::<Self>::new("egress", "AuthorizeSecurityGroupEgress.IpPermissions", |r| Value::of(&r.egress))
            .elements(Operation::AuthorizeSecurityGroupEgress, Operation::RevokeSecurityGroupEgress)
            .modified_by(Operation::ModifySecurityGroupRules)
            .or(|_| Value::List(vec![Value::of(&Rule::everything_out())]))
            .after_create(),
        Property::<Self>::new("tags", "CreateSecurityGroup.TagSpecifications", |r| Value::of(&r.tags))
            .elements(Operation::CreateTags, Operation::DeleteTags),
    ];
    const CREATE: Operation = Operation::CreateSecurityGroup;
    const DELETE: Operation = Operation::DeleteSecurityGroup;

    fn natural_key(&self) -> Vec<Value> {
        // AWS compares the names of security groups without regard to case.
        vec![Value::of(&self.vpc), Value::Text(self.name.to_lowercase())]
    }

    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        Some((&mut self.name, 255))
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key, value);
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.get(key).is_some()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.vpc);
        self.ingress.iter_mut().for_each(|rule| rule.visit(visit));
        self.egress.iter_mut().flatten().for_each(|rule| rule.visit(visit));
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        problems.text(
            "V104",
            "name",
            &self.name,
            1..=255,
            is_description,
            "letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`",
        );
        if self.name.to_lowercase().starts_with("sg-") {
            problems.report("V103", "name", format!("{:?}", self.name), "must not begin with `sg-`");
        }
        problems.text(
            "V106",
            "description",
            &self.description,
            1..=255,
            is_description,
            "letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`",
        );
        for (path, rules) in [("ingress", &self.ingress), ("egress", self.egress.as_ref().unwrap_or(&Vec::new()))] {
            for (index, rule) in rules.iter().enumerate() {
                let path = format!("{path}[{index}]");
                rule.validate(&path, problems);
                if let Some(first) = rules[..index].iter().position(|earlier| earlier.is_same(rule)) {
                    problems.report("V118", path, Value::of(rule), format!("is the same rule as [{first}]"));
                }
            }
        }
        self.tags.validate(problems);
    }

    fn output(outputs: &SecurityGroupOutputs, name: &str) -> Value {
        if name == "id" { Value::of(&outputs.id) } else { Value::Unset }
    }

    fn id(outputs: &SecurityGroupOutputs) -> &str {
        outputs.id.as_str()
    }
}
