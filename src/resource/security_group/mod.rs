//! Security groups and what they let in and out.

mod protocol;
mod rule;

use typed_builder::TypedBuilder;

use crate::id::{SecurityGroupId, VpcId};
use crate::input::{Input, IntoInput, sources};
use crate::problem::Problems;
use crate::value::Value;

use super::tags::VPCS;
use super::{Describe, Operation, Property, ResourceType, Rights, Tags, Visit};

pub use protocol::Protocol;
use rule::DESCRIPTION;
pub use rule::{Egress, EgressPorts, Ingress, IngressPorts, Rule};
pub(crate) use rule::{Peer, is_description};

/// A security group: a firewall around network interfaces.
///
/// Its rules are exactly those declared here and in [`SecurityGroupRule`](crate::SecurityGroupRule)s
/// of the same stack; others that appear on it are drift. Without an egress rule it keeps AWS's
/// default, which lets everything out. Name, description and VPC cannot change on an existing
/// group: changing one replaces it.
///
/// Follows `CreateSecurityGroup` of the EC2 API. Rules are added before others are taken away, and
/// a change never opens a gap.
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
    /// Lets something in; may be repeated. Without any, nothing is let in. Sets
    /// `AuthorizeSecurityGroupIngress.IpPermissions`.
    pub fn ingress(&mut self, rule: Ingress) {
        self.ingress.push(rule.0);
    }
    /// Lets something out; may be repeated. Without any, AWS lets everything out. Sets
    /// `AuthorizeSecurityGroupEgress.IpPermissions`.
    pub fn egress(&mut self, rule: Egress) {
        self.egress.get_or_insert_default().push(rule.0);
    }
    /// Lets nothing out, except what `egress` adds.
    pub fn no_egress(&mut self) {
        self.egress.get_or_insert_default();
    }
    /// Lets network interfaces in another VPC have the group, too; may be repeated. The VPC is in
    /// the same region, is not a default VPC, and belongs to this account or is shared with it. A
    /// group for which none is declared is left with what it has. Sets
    /// `AssociateSecurityGroupVpc.VpcId`.
    pub fn associated_vpc(&mut self, vpc: impl IntoInput<VpcId>) {
        self.associated_vpcs.push(vpc.into_input());
    }
    /// Sets a tag; may be repeated. Sets `TagSpecifications`.
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
    pub(crate) associated_vpcs: Vec<Input<VpcId>>,
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

fn validate_name(name: &str, problems: &mut Problems<'_>) {
    let lower = name.to_lowercase();
    let shown = format!("{name:?}");
    if !(1..=255).contains(&name.chars().count()) {
        problems.report("V103", "name", shown, "must have 1 to 255 characters");
    } else if lower.starts_with("sg-") {
        problems.report("V103", "name", shown, "must not begin with `sg-`");
    } else if lower == "default" {
        problems.report("V103", "name", shown, "is the name of the group that AWS makes with the VPC");
    } else if name.ends_with(' ') {
        problems.report("V103", "name", shown, "must not end with a space: AWS takes it away, and has another name");
    } else {
        problems.text("V104", "name", name, 1..=255, is_description, DESCRIPTION);
    }
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
        // After the tags, one of which records that the associations are the stack's.
        Property::<Self>::new("associated_vpcs", "AssociateSecurityGroupVpc.VpcId", |r| {
            Value::of(&r.associated_vpcs).unless_empty()
        })
        .elements(Operation::AssociateSecurityGroupVpc, Operation::DisassociateSecurityGroupVpc)
        .after_create(),
    ];
    const CREATE: Operation = Operation::CreateSecurityGroup;
    const DELETE: Operation = Operation::DeleteSecurityGroup;
    const SAME: &'static str = "V103";
    const TYPE: ResourceType = ResourceType::SecurityGroup;
    const FOUND_BY: &'static [&'static str] = &["ec2:DescribeTags"];
    const RELEASE: Option<Operation> = Some(Operation::RevokeSecurityGroupIngress);

    fn deletes_by(&self) -> &'static [Operation] {
        if self.associated_vpcs.is_empty() { &[] } else { &[Operation::DisassociateSecurityGroupVpc] }
    }

    fn rights(&self, rights: &mut Rights) {
        rights.reads(&["ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules"]);
        if !self.associated_vpcs.is_empty() {
            rights.reads(&["ec2:DescribeSecurityGroupVpcAssociations"]);
        }
    }

    fn natural_key(&self) -> Vec<Value> {
        // AWS compares the names of security groups without regard to case.
        vec![Value::of(&self.vpc), Value::Text(self.name.to_lowercase())]
    }

    fn unique_name(&mut self) -> Option<(&mut String, usize)> {
        Some((&mut self.name, 255))
    }

    fn notes(&self, address: &str) -> Vec<(String, String)> {
        if self.associated_vpcs.is_empty() { Vec::new() } else { vec![(VPCS.to_owned(), address.to_owned())] }
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
        visit(&mut self.vpc);
        self.associated_vpcs.iter_mut().for_each(|vpc| visit(vpc));
        self.ingress.iter_mut().for_each(|rule| rule.visit(visit));
        self.egress.iter_mut().flatten().for_each(|rule| rule.visit(visit));
    }

    fn validate(&self, problems: &mut Problems<'_>) {
        validate_name(&self.name, problems);
        problems.text("V106", "description", &self.description, 1..=255, is_description, DESCRIPTION);
        for (path, rules) in [("ingress", &self.ingress), ("egress", self.egress.as_ref().unwrap_or(&Vec::new()))] {
            for (index, rule) in rules.iter().enumerate() {
                let path = format!("{path}[{index}]");
                rule.validate(&path, problems);
                if let Some(first) = rules[..index].iter().position(|earlier| earlier.is_same(rule)) {
                    problems.report("V118", path, Value::of(rule), format!("is the same rule as [{first}]"));
                }
            }
        }
        for (index, vpc) in self.associated_vpcs.iter().enumerate() {
            let path = format!("associated_vpcs[{index}]");
            if *vpc == self.vpc {
                problems.report("D6", path, Value::of(vpc), "is the VPC in which the group is");
            } else if self.associated_vpcs[..index].contains(vpc) {
                problems.report("D6", path, Value::of(vpc), "is associated already");
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
