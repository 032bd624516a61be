//! A security group rule as a resource of its own.

use crate::id::{SecurityGroupId, SecurityGroupRuleId};
use crate::input::{Input, IntoInput};
use crate::problem::Problems;
use crate::value::Value;

use super::names::names;
use super::{Describe, Egress, Ingress, Operation, Peer, Property, ResourceType, Rights, Rule, Tags, Update, Visit};

names! {
    /// The direction of a security group rule.
    Direction {
        /// Into the group.
        Ingress = "ingress",
        /// Out of the group.
        Egress = "egress",
    }
}

/// A rule of a security group that is declared apart from the group.
///
/// For what cannot be declared with the group: two groups that allow each other, or a rule on a
/// group that another stack owns. It lives beside the rules declared in a
/// [`SecurityGroup`](crate::SecurityGroup), which leaves it alone. Protocol, ports, description and
/// the network, list or group change in place, and the rule keeps its id; a source of another sort
/// makes another rule of it, which is added before the old one goes.
///
/// Follows `AuthorizeSecurityGroupIngress` and `AuthorizeSecurityGroupEgress` of the EC2 API.
///
/// ```
/// use purlin::{Ingress, SecurityGroup, SecurityGroupRule, Stack, Vpc};
///
/// let mut stack = Stack::new("peers");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// let group = |name: &str| SecurityGroup::builder().name(name).description("peers").vpc(vpc).build();
/// let a = stack.add("a", group("a"));
/// let b = stack.add("b", group("b"));
/// stack.add("a-from-b", SecurityGroupRule::ingress(a, Ingress::tcp(7000).from_group(b)));
/// stack.add("b-from-a", SecurityGroupRule::ingress(b, Ingress::tcp(7000).from_group(a)));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SecurityGroupRule {
    pub(crate) group: Input<SecurityGroupId>,
    pub(crate) direction: Direction,
    pub(crate) rule: Rule,
    pub(crate) tags: Tags,
}

/// What AWS hands out for a security group rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityGroupRuleOutputs {
    /// The id of the rule.
    pub id: SecurityGroupRuleId,
}

impl SecurityGroupRule {
    /// Lets something into a group.
    pub fn ingress(group: impl IntoInput<SecurityGroupId>, rule: Ingress) -> Self {
        Self::new(group.into_input(), Direction::Ingress, rule.0)
    }

    /// Lets something out of a group.
    pub fn egress(group: impl IntoInput<SecurityGroupId>, rule: Egress) -> Self {
        Self::new(group.into_input(), Direction::Egress, rule.0)
    }

    fn new(group: Input<SecurityGroupId>, direction: Direction, mut rule: Rule) -> Self {
        if matches!(&rule.peer, Peer::Group(other) if *other == group) {
            rule.peer = Peer::Itself;
        }
        Self { group, direction, rule, tags: Tags::new() }
    }

    /// Sets a tag; may be repeated. Sets `TagSpecifications`.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key, value);
        self
    }
}

const NEW_RULE: &str = "a rule of another group or direction is another rule; it is added before the old one goes";
const NEW_SORT: &str =
    "AWS cannot turn a rule's source into one of another sort; the new rule is added before the old one goes";

const NEW_GROUP: &str = "the new rule is added before the one about the other group goes";

/// Another network or list is a change in place, unless it is of another sort.
fn by_sort(desired: &SecurityGroupRule, observed: &SecurityGroupRule) -> Update<SecurityGroupRule> {
    // Where a group is replaced, traffic comes from the old one until all has moved.
    let of_group = matches!(observed.rule.peer, Peer::Group(_) | Peer::GroupOf(..));
    if desired.direction != observed.direction {
        Update::Replace(NEW_RULE)
    } else if of_group && desired.rule.peer != observed.rule.peer {
        Update::Replace(NEW_GROUP)
    } else if desired.rule.peer.sort() == observed.rule.peer.sort() {
        Update::Call(Operation::ModifySecurityGroupRules)
    } else {
        Update::Replace(NEW_SORT)
    }
}

impl Describe for SecurityGroupRule {
    const PROPERTIES: &'static [Property<Self>] = &[
        Property::<Self>::new("group", "AuthorizeSecurityGroupIngress.GroupId", |r| Value::of(&r.group))
            .replaces(NEW_RULE),
        Property::<Self>::new("direction", "AuthorizeSecurityGroupIngress", |r| Value::of(&r.direction))
            .replaces(NEW_RULE),
        Property::<Self>::new("rule", "AuthorizeSecurityGroupIngress.IpPermissions", |r| {
            let rule = Value::of(&Rule { description: None, ..r.rule.clone() });
            match r.direction {
                Direction::Ingress => rule,
                Direction::Egress => rule.with("direction", Value::of(&r.direction)),
            }
        })
        .depends(by_sort),
        Property::<Self>::new("description", "SecurityGroupRuleRequest.Description", |r| {
            Value::of(&r.rule.description).unless_empty()
        })
        .updated_by(Operation::ModifySecurityGroupRules),
        Property::<Self>::new("tags", "AuthorizeSecurityGroupIngress.TagSpecifications", |r| Value::of(&r.tags))
            .elements(Operation::CreateTags, Operation::DeleteTags),
    ];
    const CREATE: Operation = Operation::AuthorizeSecurityGroupIngress;
    const DELETE: Operation = Operation::RevokeSecurityGroupIngress;
    const SAME: &'static str = "V118";
    const TYPE: ResourceType = ResourceType::SecurityGroupRule;
    const FOUND_BY: &'static [&'static str] = &["ec2:DescribeTags"];
    const IS_PLACED: bool = true;

    fn create_call(&self) -> Operation {
        match self.direction {
            Direction::Ingress => Operation::AuthorizeSecurityGroupIngress,
            Direction::Egress => Operation::AuthorizeSecurityGroupEgress,
        }
    }

    fn delete_call(&self) -> Operation {
        match self.direction {
            Direction::Ingress => Operation::RevokeSecurityGroupIngress,
            Direction::Egress => Operation::RevokeSecurityGroupEgress,
        }
    }

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["ec2:DescribeSecurityGroupRules"]);
    }

    fn natural_key(&self) -> Vec<Value> {
        let rule = Rule { description: None, ..self.rule.clone() };
        vec![Value::of(&self.group), Value::of(&self.direction), Value::of(&rule)]
    }

    fn parent(&self) -> Value {
        Value::of(&self.group)
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
        visit(&mut self.group);
        self.rule.visit(visit);
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        self.rule.validate("rule", problems);
        self.tags.validate(problems);
    }

    fn output(outputs: &SecurityGroupRuleOutputs, name: &str) -> Value {
        if name == "id" { Value::of(&outputs.id) } else { Value::Unset }
    }

    fn id(outputs: &SecurityGroupRuleOutputs) -> &str {
        outputs.id.as_str()
    }
}
