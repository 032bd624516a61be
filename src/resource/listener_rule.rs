//! Listener rules: what happens to requests that meet conditions.

use typed_builder::TypedBuilder;

use crate::id::{ListenerArn, ListenerRuleArn};
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::value::Value;

use super::record::record;
use super::{Actions, Condition, Describe, Operation, Property, ResourceType, Rights, Tags, Visit, condition, tags};

/// A rule of a listener: conditions, all of which a request must meet, and what happens then.
///
/// Follows `CreateRule` of the Elastic Load Balancing API. Everything but the listener changes in
/// place; rules that change places do so in one call (`SetRulePriorities`), so that no request meets
/// them in another order than the old one or the new one. Listeners of application load balancers
/// have rules, and those of dual-stack network load balancers.
///
/// A rule without a priority gets one when it is made: the number after the highest on the listener
/// (or, where that is 50000, after the highest with a free number after it), so that such rules come
/// after all others in the order in which they are declared. It keeps the number as long as it is
/// declared at its address, and no other rule is declared with the same number.
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
    /// Adds a condition; at least one, and together at most 5 values. Sets `Conditions`.
    pub fn condition(&mut self, condition: Condition) {
        self.conditions.push(condition);
    }
    /// Sets a tag; may be repeated. Sets `Tags`.
    pub fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.tags.insert(key, value);
    }
))]
#[non_exhaustive]
pub struct ListenerRule {
    /// The listener. Sets `ListenerArn`.
    #[builder(setter(transform = |listener: impl IntoInput<ListenerArn>| listener.into_input()))]
    pub(crate) listener: Input<ListenerArn>,
    /// The place among the rules of the listener: 1 to 50000, the lowest first. Without one, a new
    /// rule comes after the others. Sets `Priority`.
    #[builder(default, setter(strip_option))]
    pub(crate) priority: Option<u16>,
    /// What happens to a request that meets all conditions. Sets `Actions`.
    #[builder(setter(into))]
    pub(crate) action: Actions,
    /// Rewrites the host of the request before it is forwarded. Sets the transform
    /// `host-header-rewrite`.
    #[builder(default, setter(strip_option))]
    pub(crate) rewrite_host: Option<Rewrite>,
    /// Rewrites the path and query of the request before it is forwarded. Sets the transform
    /// `url-rewrite`.
    #[builder(default, setter(strip_option))]
    pub(crate) rewrite_url: Option<Rewrite>,
    #[builder(via_mutators)]
    pub(crate) conditions: Vec<Condition>,
    #[builder(via_mutators)]
    pub(crate) tags: Tags,
    /// The rules of the listener that change places, and where to: all of them go in the one call
    /// that the first of them makes. Worked out by the planner.
    #[builder(via_mutators)]
    pub(crate) moves: Vec<(String, u16)>,
}

/// What AWS hands out for a listener rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerRuleOutputs {
    /// The ARN of the rule.
    pub arn: ListenerRuleArn,
}

record! {
    /// A rewrite of a part of the request.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Rewrite {
        pub(crate) regex: String,
        pub(crate) replace: String,
    }
}

impl Rewrite {
    /// What the regular expression matches becomes this, where `$1` and so on stand for its groups;
    /// both have up to 1024 characters. Sets `Regex` and `Replace`.
    pub fn new(regex: impl Into<String>, replace: impl Into<String>) -> Self {
        Self { regex: regex.into(), replace: replace.into() }
    }

    fn validate(&self, path: &str, problems: &mut Problems<'_>) {
        problems.text("V102", &format!("{path}.regex"), &self.regex, 1..=1024, |_| true, "");
        problems.text("V102", &format!("{path}.replace"), &self.replace, 0..=1024, |_| true, "");
    }
}

const MODIFY: Operation = Operation::ModifyRule;

impl Describe for ListenerRule {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("listener", "CreateRule.ListenerArn", |r| Value::of(&r.listener))
            .replaces("a rule cannot move to another listener"),
        Property::<Self>::new("priority", "CreateRule.Priority", |r| Value::of(&r.priority))
            .updated_by(Operation::SetRulePriorities),
        Property::<Self>::new("conditions", "CreateRule.Conditions", |r| condition::value(&r.conditions))
            .updated_by(MODIFY),
        Property::<Self>::new("authenticate", "CreateRule.Actions", |r| r.action.checks())
            .or(|r| r.action.check_defaults())
            .updated_by(MODIFY),
        Property::<Self>::new("action", "CreateRule.Actions", |r| Value::of(&r.action.last))
            .or(|r| r.action.last.defaults())
            .updated_by(MODIFY),
        Property::<Self>::new("rewrite_host", "CreateRule.Transforms", |r| Value::of(&r.rewrite_host))
            .updated_by(MODIFY),
        Property::<Self>::new("rewrite_url", "CreateRule.Transforms", |r| Value::of(&r.rewrite_url)).updated_by(MODIFY),
        Property::<Self>::new("tags", "CreateRule.Tags", |r| Value::of(&r.tags))
            .elements(Operation::AddTags, Operation::RemoveTags),
    ];
    const CREATE: Operation = Operation::CreateRule;
    const DELETE: Operation = Operation::DeleteRule;
    const SAME: &'static str = "V94";
    const TYPE: ResourceType = ResourceType::ListenerRule;
    const FOUND_BY: &'static [&'static str] = &[];
    const GOES_WITH_PARENT: bool = true;

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["elasticloadbalancing:DescribeRules"]);
        self.action.user_pools().for_each(|pool| rights.logs_in_by(Some(pool)));
    }

    fn natural_key(&self) -> Vec<Value> {
        // One without a number is found by its address alone.
        let place = match self.priority {
            Some(priority) => Value::of(&priority),
            None => Value::Text(self.tags.get(tags::ADDRESS).unwrap_or_default().to_owned()),
        };
        vec![Value::of(&self.listener), place]
    }

    fn parent(&self) -> Value {
        Value::of(&self.listener)
    }

    fn notes(&self, _address: &str) -> Vec<(String, String)> {
        self.action
            .client_secret()
            .map(|secret| (tags::CLIENT_SECRET.to_owned(), secret.digest()))
            .into_iter()
            .collect()
    }

    fn set_tag(&mut self, key: &str, value: &str) {
        self.tags.insert(key, value);
    }

    fn drop_ownership(&mut self) {
        self.tags.drop_ownership();
    }

    fn has_tag(&self, key: &str) -> bool {
        self.tags.get(key).is_some()
    }

    fn inputs(&mut self, visit: &mut Visit<'_>) {
        visit(&mut self.listener);
        self.action.last.visit(visit);
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        problems.range("V93", "priority", self.priority, 1..=50000);
        if self.conditions.is_empty() {
            problems.report("V96", "conditions", "", "must have at least one condition");
        }
        let values: usize = self.conditions.iter().map(Condition::count).sum();
        let wildcards: usize = self.conditions.iter().map(Condition::wildcards).sum();
        for (count, most, what) in [(values, 5, "values"), (wildcards, 6, "wildcards")] {
            if count > most {
                let rule = format!("all conditions together can have up to {most} {what}; make several rules");
                problems.report("V97", "conditions", format!("{count} {what}"), rule);
            }
        }
        for (index, condition) in self.conditions.iter().enumerate() {
            condition.validate(&format!("conditions[{index}]"), problems);
            let once = !matches!(condition.field(), "http-header" | "query-string");
            if once && self.conditions.iter().take(index).any(|other| other.field() == condition.field()) {
                problems.report(
                    "V95",
                    "conditions",
                    condition.field(),
                    "must be in one condition; give it several values",
                );
            }
        }
        for (path, rewrite) in [("rewrite_host", &self.rewrite_host), ("rewrite_url", &self.rewrite_url)] {
            if let Some(rewrite) = rewrite {
                rewrite.validate(path, problems);
            }
        }
        self.action.validate(problems);
        self.tags.validate(problems);
    }

    fn output(outputs: &ListenerRuleOutputs, name: &str) -> Value {
        if name == "arn" { Value::of(&outputs.arn) } else { Value::Unset }
    }

    fn id(outputs: &ListenerRuleOutputs) -> &str {
        outputs.arn.as_str()
    }
}
