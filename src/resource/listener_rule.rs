//! Listener rules: what happens to requests that meet conditions.

use typed_builder::TypedBuilder;

use crate::id::{ListenerArn, ListenerRuleArn};
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::value::{ToValue, Value};

use super::{Action, Describe, Operation, Property, Tags, Visit};

/// A rule of an HTTP or HTTPS listener: conditions, all of which a request must meet, and an action.
///
/// Follows `CreateRule` of the Elastic Load Balancing API. Everything but the listener changes in
/// place.
///
/// ```
/// # use purlin::{Listener, Ref, TargetGroup, Stack};
/// use purlin::{Action, Condition, ListenerRule};
///
/// # fn declare(stack: &mut Stack, http: Ref<Listener>, api: Ref<TargetGroup>) {
/// stack.add(
///     "api",
///     ListenerRule::builder()
///         .listener(http)
///         .priority(10)
///         .condition(Condition::path(["/api/*"]))
///         .action(Action::forward(api))
///         .build(),
/// );
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, TypedBuilder)]
#[builder(doc, mutators(
    /// Adds a condition; at least one, and together at most 5 values.
    pub fn condition(&mut self, condition: Condition) {
        self.conditions.push(condition);
    }
    /// Sets a tag; may be repeated.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key, value);
    }
))]
#[non_exhaustive]
pub struct ListenerRule {
    /// The listener. Sets `ListenerArn`.
    #[builder(setter(transform = |listener: impl IntoInput<ListenerArn>| listener.into_input()))]
    pub(crate) listener: Input<ListenerArn>,
    /// The place among the rules of the listener: 1 to 50000, the lowest first. Sets `Priority`.
    pub(crate) priority: u16,
    /// What happens to a request that meets all conditions. Sets `Actions`.
    pub(crate) action: Action,
    #[builder(via_mutators)]
    pub(crate) conditions: Vec<Condition>,
    #[builder(via_mutators)]
    pub(crate) tags: Tags,
}

/// What AWS hands out for a listener rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerRuleOutputs {
    /// The ARN of the rule.
    pub arn: ListenerRuleArn,
}

/// A condition on a request; it is met when one of its values matches.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The host, with `*` and `?` as wildcards.
    Host(Vec<String>),
    /// The path, with `*` and `?` as wildcards.
    Path(Vec<String>),
    /// A header by its name, with `*` and `?` as wildcards in the values.
    Header {
        /// The name of the header, whatever its case; not `host`.
        name: String,
        /// The values.
        values: Vec<String>,
    },
    /// The request method.
    Method(Vec<String>),
    /// Pairs in the query; a pair without a key matches any.
    Query(Vec<(Option<String>, String)>),
    /// The network that the request comes from.
    SourceIp(Vec<String>),
}

fn texts<I: IntoIterator<Item = S>, S: Into<String>>(values: I) -> Vec<String> {
    values.into_iter().map(Into::into).collect()
}

impl Condition {
    /// The host is one of these; `*` and `?` are wildcards.
    pub fn host<S: Into<String>>(hosts: impl IntoIterator<Item = S>) -> Self {
        Self::Host(texts(hosts))
    }

    /// The path is one of these; `*` and `?` are wildcards.
    pub fn path<S: Into<String>>(paths: impl IntoIterator<Item = S>) -> Self {
        Self::Path(texts(paths))
    }

    /// A header has one of these values; `*` and `?` are wildcards.
    pub fn header<S: Into<String>>(name: impl Into<String>, values: impl IntoIterator<Item = S>) -> Self {
        Self::Header { name: name.into(), values: texts(values) }
    }

    /// The request method is one of these, in upper case.
    pub fn method<S: Into<String>>(methods: impl IntoIterator<Item = S>) -> Self {
        Self::Method(texts(methods))
    }

    /// The query has one of these pairs of key and value.
    pub fn query<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self::Query(pairs.into_iter().map(|(key, value)| (Some(key.into()), value.into())).collect())
    }

    /// The request comes from one of these networks, such as `10.0.0.0/8`.
    pub fn source_ip<S: Into<String>>(networks: impl IntoIterator<Item = S>) -> Self {
        Self::SourceIp(texts(networks))
    }

    fn count(&self) -> usize {
        match self {
            Self::Host(values) | Self::Path(values) | Self::Method(values) | Self::SourceIp(values) => values.len(),
            Self::Header { values, .. } => values.len(),
            Self::Query(pairs) => pairs.len(),
        }
    }

    fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        let lengths = |values: &[String], most: usize, problems: &mut Problems<'_>| {
            for value in values {
                problems.range("V98", path, Some(value.chars().count()), 1..=most);
            }
        };
        match self {
            Self::Host(values) => {
                lengths(values, 128, problems);
                for value in values.iter().filter(|value| !value.contains('.')) {
                    problems.report("V99", path, format!("{value:?}"), "a host must contain a `.`");
                }
            }
            Self::Path(values) => lengths(values, 128, problems),
            Self::Header { name, values } => {
                problems.text(
                    "V98",
                    path,
                    name,
                    1..=40,
                    |c| c.is_ascii_alphanumeric() || "_!#$%&'*+,.^`|~-".contains(c),
                    "the characters of header names",
                );
                if name.eq_ignore_ascii_case("host") {
                    problems.report("V99", path, name, "must not be `host`; use a host condition");
                }
                lengths(values, 128, problems);
            }
            Self::Method(values) => {
                for value in values {
                    problems.text(
                        "V98",
                        path,
                        value,
                        1..=40,
                        |c| c.is_ascii_uppercase() || "-_".contains(c),
                        "upper-case letters, `-` and `_`",
                    );
                }
            }
            Self::Query(pairs) => {
                for (key, value) in pairs {
                    problems.range("V98", path, key.as_ref().map(|key| key.chars().count()), 1..=128);
                    problems.range("V98", path, Some(value.chars().count()), 1..=128);
                }
            }
            Self::SourceIp(values) => {
                for value in values.iter().filter(|value| value.parse::<ipnet::IpNet>().is_err()) {
                    problems.report("V100", path, format!("{value:?}"), "must be a network such as 10.0.0.0/8");
                }
            }
        }
        if self.count() == 0 {
            problems.report("V96", path, "", "must have a value");
        }
    }
}

impl ToValue for Condition {
    fn to_value(&self) -> Value {
        let (kind, values) = match self {
            Self::Host(values) => ("host", Value::of(values)),
            Self::Path(values) => ("path", Value::of(values)),
            Self::Header { name, values } => {
                return Value::map([
                    ("header", Value::Text(name.to_lowercase())),
                    ("values", Value::of(values).sorted()),
                ]);
            }
            Self::Method(values) => ("method", Value::of(values)),
            Self::Query(pairs) => (
                "query",
                Value::List(
                    pairs
                        .iter()
                        .map(|(key, value)| Value::map([("key", Value::of(key)), ("value", Value::of(value))]))
                        .collect(),
                ),
            ),
            Self::SourceIp(values) => ("source_ip", Value::of(values)),
        };
        Value::map([(kind, values.sorted())])
    }
}

impl Describe for ListenerRule {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("listener", "CreateRule.ListenerArn", |r| Value::of(&r.listener)),
        Property::<Self>::new("priority", "CreateRule.Priority", |r| Value::of(&r.priority))
            .updated_by(Operation::SetRulePriorities),
        Property::<Self>::new("conditions", "CreateRule.Conditions", |r| Value::of(&r.conditions))
            .unordered()
            .updated_by(Operation::ModifyRule),
        Property::<Self>::new("action", "CreateRule.Actions", |r| Value::of(&r.action))
            .updated_by(Operation::ModifyRule),
        Property::<Self>::new("tags", "CreateRule.Tags", |r| Value::of(&r.tags))
            .elements(Operation::AddTags, Operation::RemoveTags),
    ];
    const CREATE: Operation = Operation::CreateRule;
    const DELETE: Operation = Operation::DeleteRule;
    const GOES_WITH_PARENT: bool = true;

    fn natural_key(&self) -> Vec<Value> {
        vec![Value::of(&self.listener), Value::of(&self.priority)]
    }

    fn parent(&self) -> Value {
        Value::of(&self.listener)
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key, value);
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.get(key).is_some()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.listener);
        self.action.visit(visit);
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        problems.range("V93", "priority", Some(self.priority), 1..=50000);
        if self.conditions.is_empty() {
            problems.report("V96", "conditions", "", "must have at least one condition");
        }
        let values: usize = self.conditions.iter().map(Condition::count).sum();
        problems.range("V97", "conditions", Some(values), 0..=5);
        for (index, condition) in self.conditions.iter().enumerate() {
            condition.validate(&format!("conditions[{index}]"), problems);
        }
        self.action.validate("action", problems);
        self.tags.validate(problems);
    }

    fn output(outputs: &ListenerRuleOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &ListenerRuleOutputs) -> &str {
        outputs.arn.as_str()
    }
}
