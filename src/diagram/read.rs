//! Reads the model of a picture out of what is declared, and what is known of it.

use std::collections::{BTreeMap, HashMap};

use crate::input::{Attr, NodeId};
use crate::lookup::AnyLookup;
use crate::resource::{
    Action, Actions, AnyOutputs, AnyResource, AutoScalingGroup, Check, Direction, LaunchTemplate, Listener,
    ListenerRule, LoadBalancer, LoadBalancerKind, Peer, Rule, Scheme, TargetGroup, Targets,
};
use crate::stack::{Item, Stack};
use crate::value::Value;

use super::model::{Band, Edge, End, Model, Node, RuleLine, Security};
use super::{launch, places};

/// Reads what a stack declares; `known` is what is known of each declaration, if anything is.
pub(super) fn read(stack: &Stack, known: &[Option<AnyOutputs>]) -> Model {
    let mut reader = Reader {
        stack,
        known,
        model: Model { stack: stack.name().to_owned(), ..Model::default() },
        bands: HashMap::new(),
        shelf: HashMap::new(),
        security: HashMap::new(),
        templates_used: Vec::new(),
        places: HashMap::new(),
    };
    reader.read();
    reader.model
}

pub(super) struct Reader<'a> {
    pub(super) stack: &'a Stack,
    pub(super) known: &'a [Option<AnyOutputs>],
    pub(super) model: Model,
    /// What is shown of the declarations, by their index.
    bands: HashMap<usize, usize>,
    /// Target groups, by what refers to them.
    shelf: HashMap<String, usize>,
    security: HashMap<String, usize>,
    pub(super) templates_used: Vec<usize>,
    /// The subnets, by what tells them apart.
    pub(super) places: HashMap<String, usize>,
}

/// How many lines of a box are shown: a listener can have a hundred rules.
const LINES: usize = 12;
/// How many networks have a box of their own.
const NETWORKS: usize = 4;
const NETWORK: &str = "Network";
const EXISTING: &str = "Existing load balancer";

pub(super) const INTERNET: &str = "Internet";
const INSIDE: &str = "Clients inside";

impl<'a> Reader<'a> {
    fn resources(&self) -> impl Iterator<Item = (usize, &'a AnyResource)> + use<'a> {
        let nodes = self.stack.nodes.iter().enumerate();
        nodes.filter_map(|(index, node)| match &node.item {
            Item::Resource(resource) => Some((index, resource)),
            Item::Lookup(_) => None,
        })
    }

    fn read(&mut self) {
        self.vpcs();
        places::read(self);
        for (index, resource) in self.resources() {
            match resource {
                AnyResource::SecurityGroup(group) => {
                    let place = self.security_of(&pending(index), Some(&group.name));
                    self.model.security[place].declared = true;
                }
                AnyResource::LoadBalancer(balancer) => self.balancer(index, balancer),
                _ => {}
            }
        }
        for (index, resource) in self.resources() {
            match resource {
                AnyResource::TargetGroup(group) => self.target_group(index, group),
                AnyResource::AutoScalingGroup(group) => self.group(index, group),
                _ => {}
            }
        }
        let mut rules = self.listener_rules();
        for (index, resource) in self.resources() {
            match resource {
                AnyResource::Listener(listener) => {
                    let end = self.listener(listener);
                    for rule in rules.remove(&key(&pending(index))).unwrap_or_default() {
                        self.listener_rule(end, rule);
                    }
                }
                AnyResource::SecurityGroup(group) => self.rules(index, group.ingress.iter(), group.egress.as_deref()),
                AnyResource::SecurityGroupRule(rule) => {
                    let place = self.security_of(&Value::of(&rule.group), None);
                    self.rule(place, &rule.rule, rule.direction == Direction::Ingress);
                }
                AnyResource::ScalingPolicy(policy) => {
                    let line = launch::scaling(&policy.scaling);
                    self.line_of_group(&Value::of(&policy.group), line);
                }
                AnyResource::ScheduledAction(action) => {
                    let line = launch::scheduled(action);
                    self.line_of_group(&Value::of(&action.group), line);
                }
                _ => {}
            }
        }
        // Those of listeners that the stack does not have.
        for rule in rules.into_values().flatten() {
            let balancer = name_in_arn(&Value::of(&rule.listener));
            let end = End::Source(self.source(&balancer, EXISTING));
            self.listener_rule(end, rule);
        }
        self.unused_templates();
        self.access();
        let nodes = self.model.sources.iter_mut().chain(&mut self.model.shelf).map(|node| &mut node.lines);
        for lines in nodes.chain(self.model.bands.iter_mut().map(|band| &mut band.lines)) {
            shorten(lines);
        }
    }

    fn vpcs(&mut self) {
        for node in &self.stack.nodes {
            let value = match &node.item {
                Item::Resource(AnyResource::SecurityGroup(group)) => Value::of(&group.vpc),
                Item::Resource(AnyResource::TargetGroup(group)) => Value::of(&group.vpc),
                _ => continue,
            };
            let name = match self.declared(&value) {
                Some((_, Item::Lookup(AnyLookup::Vpc(vpc)))) => places::by_name(&vpc.by),
                _ => value.as_text().unwrap_or_default().to_owned(),
            };
            if !name.is_empty() && !self.model.vpcs.contains(&name) {
                self.model.vpcs.push(name);
            }
        }
    }

    /// What AWS has handed out for a declaration.
    pub(super) fn outputs(&self, index: usize) -> Option<&'a AnyOutputs> {
        self.known.get(index)?.as_ref()
    }

    /// What a value refers to, if that is declared.
    pub(super) fn declared(&self, value: &Value) -> Option<(usize, &'a Item)> {
        let Value::Pending(attr) = value else { return None };
        Some((attr.node.index, &self.stack.nodes.get(attr.node.index)?.item))
    }

    pub(super) fn template(&self, value: &Value) -> Option<(usize, &'a LaunchTemplate)> {
        match self.declared(value)? {
            (index, Item::Resource(AnyResource::LaunchTemplate(template))) => Some((index, template)),
            _ => None,
        }
    }

    fn balancer(&mut self, index: usize, balancer: &LoadBalancer) {
        let kind = match balancer.kind {
            LoadBalancerKind::Application => "Application Load Balancer",
            LoadBalancerKind::Network => "Network Load Balancer",
            LoadBalancerKind::Gateway => "Gateway Load Balancer",
        };
        let mut sort = kind.to_owned();
        if balancer.kind != LoadBalancerKind::Gateway {
            sort = format!("{sort}, {}", balancer.scheme.unwrap_or(Scheme::InternetFacing));
        }
        let mut title = balancer.name.clone();
        let mut lines = Vec::new();
        if let Some(AnyOutputs::LoadBalancer(outputs)) = self.outputs(index) {
            title.clone_from(&outputs.name);
            lines.extend(Some(outputs.dns_name.clone()).filter(|name| !name.is_empty()));
        }
        let subnets = places::of(self, &Value::of(&balancer.subnets));
        let security = self.security_list(balancer.security_groups.iter().map(Value::of));
        self.bands.insert(index, self.model.bands.len());
        let band = Band { is_balancer: true, sort, title, lines, subnets, security, instances: Vec::new() };
        self.model.bands.push(band);
    }

    fn group(&mut self, index: usize, group: &AutoScalingGroup) {
        let band = launch::group(self, index, group);
        let place = self.model.bands.len();
        self.bands.insert(index, place);
        self.model.bands.push(band);
        for targets in &group.target_groups {
            let from = self.target_group_of(&Value::of(targets));
            self.edge(End::Shelf(from), End::Band(place), false);
        }
    }

    fn line_of_group(&mut self, group: &Value, line: String) {
        let place = self.declared(group).and_then(|(index, _)| self.bands.get(&index));
        if let Some(band) = place.and_then(|place| self.model.bands.get_mut(*place)) {
            band.lines.push(line);
        }
    }

    fn target_group(&mut self, index: usize, group: &TargetGroup) {
        let place = self.target_group_of(&pending(index));
        let mut title = group.name.clone();
        if let Some(AnyOutputs::TargetGroup(outputs)) = self.outputs(index) {
            title.clone_from(&outputs.name);
        }
        let mut lines = Vec::new();
        if let Some(traffic) = group.traffic {
            lines.push(format!("{} {}", traffic.protocol, traffic.port));
            if traffic.is_http() {
                lines.extend(group.health_check.path.as_ref().map(|path| format!("health check {path}")));
            }
        }
        let target = match &group.targets {
            Targets::Hosts(hosts) if hosts.is_empty() => None,
            Targets::Hosts(hosts) if hosts.len() == 1 => Some("1 target by hand".to_owned()),
            Targets::Hosts(hosts) => Some(format!("{} targets by hand", hosts.len())),
            Targets::Function(function) => Some(format!("Lambda function {}", last_part(function.as_str(), ':'))),
            Targets::LoadBalancer(balancer) => {
                let balancer = Value::of(balancer);
                let band = self.declared(&balancer).and_then(|(index, _)| self.bands.get(&index).copied());
                if let Some(band) = band {
                    self.edge(End::Shelf(place), End::Band(band), false);
                }
                band.is_none().then(|| format!("load balancer {}", name_in_arn(&balancer)))
            }
        };
        lines.extend(target);
        self.model.shelf[place] = Node { sort: "Target group", title, lines };
    }

    /// The place of a target group on the shelf.
    fn target_group_of(&mut self, value: &Value) -> usize {
        let title = match self.declared(value) {
            Some((_, Item::Lookup(AnyLookup::ExistingTargetGroup(group)))) => places::by_name(&group.by),
            _ => name_in_arn(value),
        };
        let shelf = &mut self.model.shelf;
        *self.shelf.entry(key(value)).or_insert_with(|| {
            shelf.push(Node { sort: "Existing target group", title, lines: Vec::new() });
            shelf.len() - 1
        })
    }

    fn listener(&mut self, listener: &Listener) -> End {
        let value = Value::of(&listener.load_balancer);
        let end = match self.declared(&value).and_then(|(index, _)| self.bands.get(&index)) {
            Some(band) => End::Band(*band),
            None => End::Source(self.source(&name_in_arn(&value), EXISTING)),
        };
        let accepts = match (listener.accept.protocol, listener.accept.port) {
            (Some(protocol), Some(port)) => format!("{protocol} {port}"),
            _ => "all traffic".to_owned(),
        };
        self.action(end, &accepts, &listener.action);
        end
    }

    /// The rules of each listener, in the order in which they are asked.
    fn listener_rules(&self) -> BTreeMap<String, Vec<&'a ListenerRule>> {
        let mut rules: BTreeMap<String, Vec<&ListenerRule>> = BTreeMap::new();
        for (_, resource) in self.resources() {
            if let AnyResource::ListenerRule(rule) = resource {
                rules.entry(key(&Value::of(&rule.listener))).or_default().push(rule);
            }
        }
        for rules in rules.values_mut() {
            rules.sort_by_key(|rule| rule.priority.unwrap_or(u16::MAX));
        }
        rules
    }

    fn listener_rule(&mut self, end: End, rule: &ListenerRule) {
        let conditions: Vec<_> = rule.conditions.iter().map(launch::condition).collect();
        self.action(end, &format!("    {}", conditions.join(" and ")), &rule.action);
    }

    /// A line of what answers for a listener, and where it sends what arrives.
    fn action(&mut self, end: End, what: &str, actions: &Actions) {
        let first = actions.first.iter().map(|check| match check {
            Check::Oidc(_) => "log in, ",
            Check::Cognito(_) => "log in with Cognito, ",
            Check::Jwt(_) => "check the token, ",
        });
        let first: String = first.collect();
        let last = match &actions.last {
            Action::Forward(forward) => {
                let mut names = Vec::new();
                for weighted in &forward.groups {
                    let place = self.target_group_of(&Value::of(&weighted.group));
                    self.edge(end, End::Shelf(place), false);
                    let name = &self.model.shelf[place].title;
                    names.push(match weighted.weight {
                        Some(weight) if forward.groups.len() > 1 => format!("{name} ({weight})"),
                        _ => name.clone(),
                    });
                }
                names.join(", ")
            }
            Action::Redirect(redirect) => {
                let to = |part: &Option<String>| part.clone().filter(|part| !part.starts_with("#{"));
                let parts = [to(&redirect.protocol), to(&redirect.host), to(&redirect.port), to(&redirect.path)];
                let parts: Vec<_> = parts.into_iter().flatten().collect();
                format!("redirect to {}", parts.join(" "))
            }
            Action::FixedResponse(response) => format!("answer {}", response.status),
        };
        let line = format!("{what} → {first}{last}");
        match end {
            End::Band(band) => self.model.bands[band].lines.push(line),
            End::Source(source) => self.model.sources[source].lines.push(line),
            End::Shelf(_) => {}
        }
    }

    fn unused_templates(&mut self) {
        for (index, resource) in self.resources() {
            let AnyResource::LaunchTemplate(template) = resource else { continue };
            if !self.templates_used.contains(&index) {
                let lines = vec![launch::template(self, template)];
                self.model.shelf.push(Node { sort: "Launch template", title: template.name.clone(), lines });
            }
        }
    }

    fn edge(&mut self, from: End, to: End, allowed_only: bool) {
        let edge = Edge { from, to, allowed_only };
        if !self.model.edges.contains(&edge) {
            self.model.edges.push(edge);
        }
    }

    fn source(&mut self, title: &str, sort: &'static str) -> usize {
        let sources = &mut self.model.sources;
        if let Some(place) = sources.iter().position(|source| source.title == title && source.sort == sort) {
            return place;
        }
        let same = sources.iter().filter(|source| source.sort == sort).count();
        if sort == NETWORK && same >= NETWORKS {
            let others = "Other networks";
            let place = sources.iter().position(|source| source.title == others).unwrap_or_else(|| {
                sources.push(Node { sort: "", title: others.to_owned(), lines: Vec::new() });
                sources.len() - 1
            });
            if !sources[place].lines.iter().any(|line| line == title) {
                sources[place].lines.push(title.to_owned());
            }
            return place;
        }
        sources.push(Node { sort, title: title.to_owned(), lines: Vec::new() });
        sources.len() - 1
    }

    // Who may talk to whom.

    pub(super) fn security_list(&mut self, groups: impl Iterator<Item = Value>) -> Vec<usize> {
        let mut places = Vec::new();
        for group in groups {
            let place = self.security_of(&group, None);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    fn security_of(&mut self, value: &Value, name: Option<&str>) -> usize {
        let title = match (name, self.declared(value)) {
            (Some(name), _) => name.to_owned(),
            (_, Some((_, Item::Resource(AnyResource::SecurityGroup(group))))) => group.name.clone(),
            (_, Some((_, Item::Lookup(AnyLookup::ExistingSecurityGroup(group))))) => places::by_name(&group.by),
            _ => value.as_text().unwrap_or("?").to_owned(),
        };
        let security = &mut self.model.security;
        *self.security.entry(key(value)).or_insert_with(|| {
            security.push(Security { title, declared: false, rules: Vec::new() });
            security.len() - 1
        })
    }

    fn rules<'r>(&mut self, index: usize, ingress: impl Iterator<Item = &'r Rule>, egress: Option<&[Rule]>) {
        let place = self.security_of(&pending(index), None);
        for rule in ingress {
            self.rule(place, rule, true);
        }
        let everything = [Rule::everything_out()];
        let egress = egress.unwrap_or(&everything);
        for rule in egress {
            self.rule(place, rule, false);
        }
        if egress.is_empty() {
            let line = RuleLine { text: "nothing".to_owned(), ingress: false, peer: None };
            self.model.security[place].rules.push(line);
        }
    }

    fn rule(&mut self, place: usize, rule: &Rule, ingress: bool) {
        let (peer, group) = match &rule.peer {
            Peer::Ipv4(network) if network == "0.0.0.0/0" => ("anywhere (IPv4)".to_owned(), None),
            Peer::Ipv6(network) if network == "::/0" => ("anywhere (IPv6)".to_owned(), None),
            Peer::Ipv4(network) | Peer::Ipv6(network) => (network.clone(), None),
            Peer::PrefixList(list) => (format!("prefix list {}", Value::of(list).as_text().unwrap_or("?")), None),
            Peer::Group(group) => {
                let peer = self.security_of(&Value::of(group), None);
                (self.model.security[peer].title.clone(), Some(peer))
            }
            Peer::GroupOf(account, group) => (format!("{group} of account {account}"), None),
            Peer::Itself => ("itself".to_owned(), None),
        };
        let word = if ingress { "from" } else { "to" };
        let text = format!("{} {word} {peer}", launch::traffic(rule));
        self.model.security[place].rules.push(RuleLine { text, ingress, peer: group.filter(|peer| *peer != place) });
    }

    /// Where what reaches load balancers and instances comes from, by the rules of their groups.
    fn access(&mut self) {
        let peers: Vec<(usize, Peer)> = self.peers();
        for place in 0..self.model.bands.len() {
            let band = &self.model.bands[place];
            let groups = band.security.clone();
            let gateway = band.is_balancer && band.sort.starts_with("Gateway");
            let internal = band.is_balancer && band.sort.ends_with("internal");
            let (is_balancer, told) = (
                band.is_balancer,
                !groups.is_empty() && groups.iter().all(|group| self.model.security[*group].declared),
            );
            let anyone = if internal { (INSIDE, "of the VPC") } else { (INTERNET, "") };
            if is_balancer && !told {
                let (title, sort) = if gateway { ("Endpoints", "of the Gateway Load Balancer") } else { anyone };
                let source = self.source(title, sort);
                self.edge(End::Source(source), End::Band(place), false);
                continue;
            }
            for (_, peer) in peers.iter().filter(|(group, _)| groups.contains(group)) {
                let source = match peer {
                    Peer::Ipv4(network) | Peer::Ipv6(network) => match network.as_str() {
                        "0.0.0.0/0" | "::/0" => self.source(anyone.0, anyone.1),
                        network => self.source(network, NETWORK),
                    },
                    Peer::PrefixList(list) => self.source(Value::of(list).as_text().unwrap_or("?"), "Prefix list"),
                    Peer::GroupOf(account, group) => self.source(&format!("{group} of {account}"), "Security group"),
                    // Those that are shown say by themselves who may talk to them.
                    Peer::Group(_) | Peer::Itself => continue,
                };
                self.edge(End::Source(source), End::Band(place), !is_balancer);
            }
        }
    }

    fn peers(&mut self) -> Vec<(usize, Peer)> {
        let mut peers = Vec::new();
        for (index, resource) in self.resources() {
            match resource {
                AnyResource::SecurityGroup(group) => {
                    let place = self.security_of(&pending(index), None);
                    peers.extend(group.ingress.iter().map(|rule| (place, rule.peer.clone())));
                }
                AnyResource::SecurityGroupRule(rule) if rule.direction == Direction::Ingress => {
                    let place = self.security_of(&Value::of(&rule.group), None);
                    peers.push((place, rule.rule.peer.clone()));
                }
                _ => {}
            }
        }
        peers
    }
}

/// A reference to a declaration, by its index.
fn pending(index: usize) -> Value {
    Value::Pending(Attr { node: NodeId { stack: 0, index }, name: "" })
}

/// What tells apart what values refer to.
fn key(value: &Value) -> String {
    match value {
        Value::Pending(attr) => format!("#{}", attr.node.index),
        other => other.to_string(),
    }
}

fn shorten(lines: &mut Vec<String>) {
    let more = lines.len().saturating_sub(LINES);
    if more > 1 {
        lines.truncate(LINES);
        lines.push(format!("and {more} more"));
    }
}

fn last_part(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or(text)
}

/// The name in the ARN of a load balancer, target group or listener: after the resource type, and
/// for load balancers and listeners after their type.
fn name_in_arn(value: &Value) -> String {
    let text = value.as_text().unwrap_or("?");
    let parts: Vec<_> = last_part(text, ':').split('/').collect();
    let name = match parts.as_slice() {
        ["loadbalancer" | "listener" | "listener-rule", _, name, ..] | ["targetgroup", name, ..] => name,
        _ => text,
    };
    name.to_owned()
}
