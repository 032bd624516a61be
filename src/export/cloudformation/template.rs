//! Finished templates.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::problem::Problem;
use crate::stack::Address;
use crate::value::Value;

use super::yaml;

/// A CloudFormation template.
///
/// Made by [`Exporter::export`](super::Exporter::export). The same stack always makes the same text.
/// It contains the user data of launch templates, which AWS needs there and which `Debug` does not
/// show; client secrets are not in it.
#[derive(Clone)]
pub struct Template {
    pub(super) description: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) resources: Vec<Resource>,
    pub(super) outputs: Vec<TemplateOutput>,
    /// The logical ids of resources by address.
    pub(super) ids: BTreeMap<Address, String>,
    pub(super) left_out: Vec<Problem>,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("description", &self.description)
            .field("resources", &self.ids)
            .finish_non_exhaustive()
    }
}

/// A parameter of a template: what a lookup finds, or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// The name: letters and digits.
    pub name: String,
    /// The type, such as `AWS::EC2::VPC::Id`.
    pub type_name: &'static str,
    /// What it is for.
    pub description: String,
    /// The value that it has where none is given; ids of a list have commas between them.
    pub default: Option<String>,
    /// Whether CloudFormation shows its value to nobody.
    pub no_echo: bool,
}

impl Parameter {
    pub(super) fn secret(name: String, description: String) -> Self {
        Self { name, type_name: "String", description, default: None, no_echo: true }
    }

    fn node(&self) -> Node {
        let entries = [
            ("Type", Value::of(self.type_name)),
            ("Description", Value::of(&self.description)),
            ("Default", Value::of(&self.default)),
            ("NoEcho", if self.no_echo { Value::Bool(true) } else { Value::Unset }),
        ];
        Node::object(entries.map(|(key, value)| (key, Node::Leaf(value))))
    }
}

/// A resource of a template.
#[derive(Clone)]
pub(super) struct Resource {
    pub(super) id: String,
    /// None for what is written into another resource.
    pub(super) type_name: Option<&'static str>,
    pub(super) depends_on: BTreeSet<String>,
    pub(super) update_policy: Value,
    pub(super) properties: Value,
}

impl Resource {
    pub(super) fn new(id: String, type_name: Option<&'static str>) -> Self {
        Self { id, type_name, depends_on: BTreeSet::new(), update_policy: Value::Unset, properties: Value::Unset }
    }

    fn node(&self) -> Node {
        let depends_on = Value::List(self.depends_on.iter().map(Value::of).collect());
        let entries = [
            ("Type", Value::of(self.type_name.unwrap_or_default())),
            ("DependsOn", depends_on.unless_empty()),
            ("UpdatePolicy", self.update_policy.clone()),
            ("Properties", self.properties.clone()),
        ];
        Node::object(entries.map(|(key, value)| (key, Node::Leaf(value))))
    }
}

/// An output of a template.
#[derive(Debug, Clone)]
pub(super) struct TemplateOutput {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) value: Value,
}

impl TemplateOutput {
    fn node(&self) -> Node {
        // Names of exports are unique in an account and region, and so are names of stacks.
        let name = Value::Text(format!("${{AWS::StackName}}-{}", self.id));
        let export = Value::map([("Name", Value::map([("Fn::Sub", name)]))]);
        let entries =
            [("Description", Value::of(&self.description)), ("Value", self.value.clone()), ("Export", export)];
        Node::object(entries.map(|(key, value)| (key, Node::Leaf(value))))
    }
}

impl Template {
    /// Returns the template as JSON, over several lines.
    ///
    /// CloudFormation takes up to 51,200 bytes in a call, and up to 1 MB from S3.
    pub fn to_json(&self) -> String {
        // A tree of texts and numbers: writing it cannot fail.
        serde_json::to_string_pretty(&self.node()).unwrap_or_default()
    }

    /// Returns the template as YAML.
    ///
    /// CloudFormation takes up to 51,200 bytes in a call, and up to 1 MB from S3.
    pub fn to_yaml(&self) -> String {
        yaml::write(&self.node())
    }

    /// Returns the parameters in the order of their names: those without a default have to be given
    /// to CloudFormation.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Returns the logical id of a resource by its address, such as `SecurityGroup.alb`.
    ///
    /// It consists of kind and name in letters and digits, `SecurityGroupAlb`, and stays as long as
    /// the address does. Where two addresses come to the same, the one that is declared later has a
    /// digest behind it.
    pub fn logical_id(&self, address: &str) -> Option<&str> {
        self.ids.get(address).map(String::as_str)
    }

    /// Returns what the stack says and the template does not, since it was left out on purpose.
    pub fn left_out(&self) -> &[Problem] {
        &self.left_out
    }

    fn node(&self) -> Node {
        let all = |nodes: Vec<(&str, Node)>| Node::object(nodes);
        let parameters = self.parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.node()));
        let resources = self.resources.iter().map(|resource| (resource.id.as_str(), resource.node()));
        let outputs = self.outputs.iter().map(|output| (output.id.as_str(), output.node()));
        let sections = [
            ("AWSTemplateFormatVersion", Node::Leaf(Value::of("2010-09-09"))),
            ("Description", Node::Leaf(Value::of(&self.description))),
            ("Parameters", all(parameters.collect())),
            ("Resources", all(resources.collect())),
            ("Outputs", all(outputs.collect())),
        ];
        Node::object(sections.into_iter().filter(|(_, node)| !matches!(node, Node::Object(all) if all.is_empty())))
    }
}

/// A part of a template: objects keep their order, which is that in which people read them.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Object(Vec<(String, Self)>),
    Leaf(Value),
}

impl Node {
    fn object<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let set = entries.into_iter().filter(|(_, node)| !matches!(node, Self::Leaf(Value::Unset)));
        Self::Object(set.map(|(key, node)| (key.to_owned(), node)).collect())
    }

    /// The entries, if this is an object.
    pub(super) fn entries(&self) -> Option<Vec<(String, Self)>> {
        match self {
            Self::Object(entries) => Some(entries.clone()),
            Self::Leaf(Value::Map(entries)) => {
                Some(entries.iter().map(|(key, value)| (key.clone(), Self::Leaf(value.clone()))).collect())
            }
            Self::Leaf(_) => None,
        }
    }

    /// The items, if this is a list.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::Leaf(Value::List(values)) => Some(values.iter().cloned().map(Self::Leaf).collect()),
            _ => None,
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, node)| map.serialize_entry(key, node))?;
                map.end()
            }
            Self::Leaf(Value::List(values)) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                values.iter().try_for_each(|value| list.serialize_element(value))?;
                list.end()
            }
            Self::Leaf(value) => value.serialize(serializer),
        }
    }
}
