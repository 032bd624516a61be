//! `AWS::EC2::SecurityGroupIngress` and `AWS::EC2::SecurityGroupEgress`.

use crate::resource::SecurityGroupRule;
use crate::value::Value;

use super::super::draft::Entry;
use super::security_group::{rule, rule_type};
use super::{Export, Output, RULE_TAGS, Reference, Row, by, elsewhere, lost, output, to};

impl Export for SecurityGroupRule {
    const ROWS: &'static [Row<Self>] = &[
        to("group", "GroupId"),
        elsewhere("direction"),
        by("rule", write),
        elsewhere("description"),
        lost("tags", RULE_TAGS, "CloudFormation cannot tag rules of security groups"),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some(rule_type(self.direction))
    }

    fn outputs(&self) -> &'static [Output] {
        const OUTPUTS: &[Output] = &[output("id", Reference::Attribute("Id"), "id")];
        OUTPUTS
    }
}

fn write(resource: &SecurityGroupRule, entry: &mut Entry<'_, '_>) {
    let members = rule(resource.direction, &resource.rule, "rule", Value::of(&resource.group), entry);
    for (member, value) in members.entries() {
        entry.set(member, value.clone());
    }
}
