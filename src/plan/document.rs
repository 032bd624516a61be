//! Plans as JSON: the document, its version, and its schema.

use serde::{Serialize, Serializer};

use super::{Advisory, Goal, Interruption, Plan, ResourceChange, Step, Summary};

/// The plan of a stack, as `Plan::to_json` of purlin writes it.
///
/// Within a version of the format, members are added and never taken away or given another meaning,
/// and words are added to the lists of actions, effects and steps: a reader leaves out of account
/// the members that it does not know, and takes a word that it does not know for one that it cannot
/// judge.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "Plan"))]
struct Document<'a> {
    /// The version of the format.
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    format_version: u32,
    /// The name of the stack.
    stack: &'a str,
    /// Whether the plan deploys or destroys.
    goal: Goal,
    /// How many resources are created, changed and so on.
    summary: Summary,
    /// What happens to each resource, in the order of declaration; what goes comes last.
    changes: &'a [ResourceChange],
    /// The calls and waits, each after those that it needs.
    steps: &'a [Step],
    /// The steps that nothing can be faster than, by their index.
    critical_path: Vec<usize>,
    /// What is legal and probably unwise.
    advisories: &'a [Advisory],
    /// What runs and is interrupted; the plan is applied only with a yes to each.
    interruptions: &'a [Interruption],
}

impl Plan {
    /// The version of the format that [`Plan::to_json`] writes.
    pub const FORMAT_VERSION: u32 = 1;

    /// The JSON Schema (draft 2020-12) of what [`Plan::to_json`] writes. The repository has it as
    /// `schema/plan-1.json`.
    pub const JSON_SCHEMA: &str = include_str!("../../schema/plan-1.json");

    /// Returns the plan as a JSON document, which [`Plan::JSON_SCHEMA`] describes.
    ///
    /// # Stability
    ///
    /// `format_version` is 1. As long as it is, members are only added, and none changes its meaning;
    /// so readers ignore members that they do not know. Lists of words grow too, in minor versions of
    /// the crate: a reader that meets an action, effect or kind of step that it does not know must
    /// not take it for one that changes nothing. Whatever else has to change makes another format
    /// version, which is a major version of the crate. Texts for people (advisories, reasons) may
    /// change at any time; ids and words do not.
    ///
    /// ```
    /// use purlin::{Ingress, Plan, SecurityGroup, Stack, Vpc};
    ///
    /// let mut stack = Stack::new("web");
    /// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
    /// let group = SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc);
    /// stack.add("web", group.ingress(Ingress::http().from_anywhere_ipv4()).build());
    ///
    /// let json = Plan::preview(&stack)?.to_json();
    /// assert_eq!(json["format_version"], Plan::FORMAT_VERSION);
    /// assert_eq!(json["changes"][0]["action"], "create");
    /// # Ok::<(), purlin::Error>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        // Nothing in a plan has keys that are no texts, or numbers that JSON does not know.
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Writes what [`Plan::to_json`] returns.
impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = Document {
            format_version: Self::FORMAT_VERSION,
            stack: &self.stack,
            goal: self.goal,
            summary: self.summary(),
            changes: &self.changes,
            steps: &self.steps,
            critical_path: self.critical_path(),
            advisories: &self.advisories,
            interruptions: &self.interruptions,
        };
        document.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::*;
    use crate::resource::Operation;
    use crate::stack::Address;
    use crate::value::Value;

    impl JsonSchema for Address {
        fn schema_name() -> Cow<'static, str> {
            "Address".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "Where a resource is in the stack: its kind and its name, such as `SecurityGroup.alb`.",
                "type": "string",
                "pattern": "^[A-Za-z]+\\..+$",
            })
        }
    }

    impl JsonSchema for Operation {
        fn schema_name() -> Cow<'static, str> {
            "Operation".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "An operation of the AWS API, such as `CreateSecurityGroup`.",
                "type": "string",
                "pattern": "^[A-Z][A-Za-z0-9]+$",
            })
        }
    }

    impl JsonSchema for Value {
        fn schema_name() -> Cow<'static, str> {
            "Value".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A value; null where there is none. An object whose only member is \
                    `known_after_deploy` names an output that is not known yet, and one whose only member is \
                    `hidden` has the digest of a value that is not shown.",
                "type": ["null", "boolean", "number", "string", "array", "object"],
            })
        }
    }

    /// To write the schema after a change: `UPDATE_SCHEMA=1 cargo test --lib the_published_schema`.
    #[test]
    fn the_published_schema_is_that_of_the_code() {
        let schema = schemars::schema_for!(Document<'static>);
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).expect("JSON"));
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/plan-1.json"), &text).expect("a file");
            return;
        }
        // Members are in an order of their own where a dependency asks serde_json to keep it.
        let published: serde_json::Value = serde_json::from_str(Plan::JSON_SCHEMA).expect("JSON");
        let of_code = serde_json::to_value(&schema).expect("JSON");
        assert!(of_code == published, "schema/plan-1.json is not that of the code; see this test");
    }
}
