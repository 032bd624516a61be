//! A template in the making: what is written of one resource, and what all of them share.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::input::Attr;
use crate::lookup::AnyLookup;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::resource::{AnyResource, with_resource};
use crate::stack::{Address, Item, Stack};
use crate::value::Value;

use super::kind::{self, Export, Output};
use super::lookup;
use super::shape::put;
use super::template::{Parameter, Resource, TemplateOutput};

/// What all resources of a template share.
pub(super) struct Draft<'a> {
    pub(super) stack: &'a Stack,
    pub(super) plan: &'a Plan,
    /// The logical ids of declarations, by their index in the stack.
    ids: Vec<String>,
    taken: HashSet<String>,
    pub(super) parameters: BTreeMap<String, Parameter>,
    pub(super) resources: Vec<Resource>,
    pub(super) outputs: Vec<TemplateOutput>,
    pub(super) findings: Vec<Problem>,
    /// What a resource needs before others can use it, by its index in the stack.
    needed_first: HashMap<usize, Vec<String>>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(stack: &'a Stack, plan: &'a Plan) -> Self {
        let mut draft = Self {
            stack,
            plan,
            ids: Vec::new(),
            taken: HashSet::new(),
            parameters: BTreeMap::new(),
            resources: Vec::new(),
            outputs: Vec::new(),
            findings: Vec::new(),
            needed_first: HashMap::new(),
        };
        for node in &stack.nodes {
            let id = draft.unique(logical_id(&node.address), node.address.as_str());
            draft.ids.push(id);
        }
        draft
    }

    /// The id, or where another has it, the id with a digest of what it stands for.
    fn unique(&mut self, id: String, of: &str) -> String {
        if self.taken.insert(id.clone()) {
            return id;
        }
        let digest = Sha256::digest(of);
        let digest: String = digest.iter().take(4).map(|byte| format!("{byte:02X}")).collect();
        let id = format!("{id}{digest}");
        self.taken.insert(id.clone());
        id
    }

    /// The logical id of a declaration.
    pub(super) fn id(&self, node: usize) -> &str {
        self.ids.get(node).map_or("", String::as_str)
    }

    /// All resources as the plan has them.
    pub(super) fn declared(&self) -> impl Iterator<Item = (usize, &'a AnyResource)> + use<'a> {
        self.plan.subjects.iter().filter_map(|subject| Some((subject.node?, subject.desired.as_ref()?)))
    }

    /// Writes all resources, in the order of declaration.
    pub(super) fn write(&mut self) {
        for (node, resource) in self.declared() {
            with_resource!(resource, resource => self.resource(node, &**resource));
        }
    }

    fn resource<R: Export>(&mut self, node: usize, resource: &R) {
        let address = self.stack.nodes[node].address.clone();
        let id = self.id(node).to_owned();
        // What it brings along comes behind it.
        let place = self.resources.len();
        let mut entry = Entry { draft: self, address: &address, node, body: Resource::new(id, resource.type_name()) };
        kind::write(resource, &mut entry);
        let body = entry.finish();
        let Some(body) = body else { return };
        for Output { name, value, what } in resource.outputs().iter().filter(|output| !output.what.is_empty()) {
            let value = value.of(&body.id);
            let id = format!("{}{}", body.id, camel(name));
            self.outputs.push(TemplateOutput { id, description: format!("The {what} of {address}"), value });
        }
        self.resources.insert(place, body);
    }

    /// A template's way to say what another declaration will have.
    fn reference(&mut self, attr: Attr) -> Value {
        let Some(node) = self.stack.nodes.get(attr.node.index) else { return Value::Unset };
        match &node.item {
            Item::Resource(resource) => {
                let id = self.id(attr.node.index);
                with_resource!(resource, resource => kind::refer(&**resource, attr.name).of(id))
            }
            Item::Lookup(found) => self.parameter(attr.node.index, &node.address, found),
        }
    }

    /// A parameter for what a lookup finds.
    fn parameter(&mut self, node: usize, address: &Address, lookup: &AnyLookup) -> Value {
        let name = self.id(node).to_owned();
        let value = Value::map([("Ref", Value::of(&name))]);
        self.parameters.entry(name.clone()).or_insert_with(|| lookup::parameter(name, address, lookup));
        value
    }
}

/// What is written of one resource.
pub(super) struct Entry<'d, 'a> {
    pub(super) draft: &'d mut Draft<'a>,
    pub(super) address: &'d Address,
    pub(super) node: usize,
    body: Resource,
}

impl Entry<'_, '_> {
    /// Sets a member, with dots between those inside each other.
    pub(super) fn set(&mut self, member: &str, value: Value) {
        put(&mut self.body.properties, member, value);
    }

    /// Sets a part of what CloudFormation does with the resource on updates.
    pub(super) fn set_update_policy(&mut self, member: &str, value: Value) {
        put(&mut self.body.update_policy, member, value);
    }

    /// Says that something cannot be written.
    pub(super) fn lose(&mut self, id: &'static str, path: impl Into<String>, value: &Value, why: impl Into<String>) {
        let value = match value {
            Value::Unset => String::new(),
            value => value.clone().labelled(&|attr| attr.name().to_owned()).to_string(),
        };
        let (path, rule) = (path.into(), why.into());
        self.draft.findings.push(Problem { address: self.address.clone(), path, value, rule, id });
    }

    /// Writes nothing of this resource: it cannot do without what is lost.
    pub(super) fn omit(&mut self) {
        self.body.type_name = None;
    }

    /// Makes a resource that CloudFormation has apart from the one that it belongs to.
    pub(super) fn child(&mut self, suffix: &str, type_name: &'static str, properties: Value) -> String {
        let wanted = format!("{}{suffix}", self.body.id);
        let id = self.draft.unique(wanted, &format!("{}.{suffix}", self.address));
        let mut body = Resource::new(id.clone(), Some(type_name));
        body.properties = properties;
        body.complete(self.draft, self.node);
        self.draft.resources.push(body);
        id
    }

    /// A parameter for a secret, which CloudFormation shows to nobody.
    pub(super) fn secret(&mut self, suffix: &str, what: &str) -> Value {
        let name = self.draft.unique(format!("{}{suffix}", self.body.id), &format!("{}.{suffix}", self.address));
        let value = Value::map([("Ref", Value::of(&name))]);
        let description = format!("{what}: {}", self.address);
        self.draft.parameters.insert(name.clone(), Parameter::secret(name, description));
        value
    }

    /// The template's way to say the id of this resource by which others use it.
    pub(super) fn itself<R: Export>(&self, resource: &R, output: &str) -> Value {
        kind::refer(resource, output).of(&self.body.id)
    }

    /// Others can use this resource only once that one is there.
    pub(super) fn needed_first(&mut self, id: String) {
        self.draft.needed_first.entry(self.node).or_default().push(id);
    }

    /// This resource can be made only once that one is there.
    pub(super) fn depends_on(&mut self, node: usize) {
        let id = self.draft.id(node).to_owned();
        self.body.depends_on.insert(id);
    }

    /// Adds to a list of a resource that is written already.
    pub(super) fn add_to(&mut self, node: usize, member: &str, mut value: Value) {
        self.draft.resolve(&mut value, &mut BTreeSet::new());
        let id = self.draft.id(node).to_owned();
        let Some(resource) = self.draft.resources.iter_mut().find(|resource| resource.id == id) else { return };
        if let Value::Map(members) = &mut resource.properties {
            let list = members.entry(member.to_owned()).or_insert_with(|| Value::List(Vec::new()));
            if let Value::List(values) = list {
                values.push(value);
            }
        }
    }

    /// The resource with all references; none if it has no place of its own in a template.
    fn finish(mut self) -> Option<Resource> {
        self.body.type_name?;
        self.body.complete(self.draft, self.node);
        Some(self.body)
    }
}

impl Resource {
    /// Puts references in the place of what is pending, and notes what they need beforehand.
    fn complete(&mut self, draft: &mut Draft<'_>, node: usize) {
        let mut used = BTreeSet::new();
        draft.resolve(&mut self.properties, &mut used);
        used.remove(&node);
        self.depends_on.extend(used.iter().filter_map(|node| draft.needed_first.get(node)).flatten().cloned());
    }
}

impl Draft<'_> {
    fn resolve(&mut self, value: &mut Value, used: &mut BTreeSet<usize>) {
        match value {
            Value::Pending(attr) => {
                used.insert(attr.node.index);
                *value = self.reference(*attr);
            }
            Value::List(values) => values.iter_mut().for_each(|value| self.resolve(value, used)),
            Value::Map(entries) => entries.values_mut().for_each(|value| self.resolve(value, used)),
            _ => {}
        }
    }
}

/// An address in letters and digits: all that logical ids may have.
fn logical_id(address: &Address) -> String {
    format!("{}{}", address.kind(), camel(address.name()))
}

/// Words without what is between them, each with a capital.
pub(super) fn camel(words: &str) -> String {
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    words.fold(String::new(), |mut all, word| {
        let mut characters = word.chars();
        all.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        all.push_str(characters.as_str());
        all
    })
}
