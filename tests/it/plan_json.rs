//! What plans write as JSON is what the published schema says.

use purlin::*;
use serde_json::Value;

use crate::generated;
use crate::support::{LAB, Variant, deploy, given};

/// Checks a value against a schema; knows the keywords that the published one has, and refuses all
/// others, so that none is passed over.
fn validate(value: &Value, schema: &Value, root: &Value, path: &str) -> Result<(), String> {
    if schema == &Value::Bool(true) {
        return Ok(());
    }
    let fail = |what: &str| Err(format!("{path}: {value} {what}"));
    for (keyword, rule) in schema.as_object().expect("a schema") {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "format" | "$defs" => {}
            "$ref" => {
                let pointer = rule.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference");
                validate(value, root.pointer(pointer).expect("a definition"), root, path)?;
            }
            "type" => {
                let is = |name: &Value| match name.as_str().expect("a type") {
                    "null" => value.is_null(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "number" => value.is_number(),
                    "string" => value.is_string(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    other => panic!("the type {other} is not known here"),
                };
                let fits = rule.as_array().map_or_else(|| is(rule), |types| types.iter().any(is));
                if !fits {
                    return fail(&format!("is not of type {rule}"));
                }
            }
            "const" if value != rule => return fail(&format!("is not {rule}")),
            "const" => {}
            "enum" if !rule.as_array().expect("words").contains(value) => return fail(&format!("is none of {rule}")),
            "enum" => {}
            "minimum" => {
                if value.as_f64().is_some_and(|number| number < rule.as_f64().expect("a number")) {
                    return fail(&format!("is less than {rule}"));
                }
            }
            "pattern" => match (rule.as_str().expect("a pattern"), value.as_str()) {
                ("^[A-Za-z]+\\..+$", Some(text)) if text.split_once('.').is_some_and(|(_, name)| !name.is_empty()) => {}
                ("^[A-Z][A-Za-z0-9]+$", Some(text)) if text.starts_with(|c: char| c.is_ascii_uppercase()) => {}
                (pattern, _) => return fail(&format!("does not match {pattern}")),
            },
            "properties" => {
                for (name, rule) in rule.as_object().expect("properties") {
                    if let Some(member) = value.get(name) {
                        validate(member, rule, root, &format!("{path}.{name}"))?;
                    }
                }
            }
            "required" => {
                for name in rule.as_array().expect("names") {
                    if value.get(name.as_str().expect("a name")).is_none() {
                        return fail(&format!("has no {name}"));
                    }
                }
            }
            "additionalProperties" if rule == &Value::Bool(false) => {
                let known = schema["properties"].as_object().expect("properties");
                if value.as_object().is_some_and(|members| members.keys().any(|name| !known.contains_key(name))) {
                    return fail("has a member more");
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(item, rule, root, &format!("{path}[{index}]"))?;
                }
            }
            "oneOf" => {
                let options = rule.as_array().expect("schemas");
                let fitting = options.iter().filter(|option| validate(value, option, root, path).is_ok()).count();
                if fitting != 1 {
                    return fail(&format!("fits {fitting} of {} alternatives", options.len()));
                }
            }
            "anyOf" => {
                let options = rule.as_array().expect("schemas");
                if !options.iter().any(|option| validate(value, option, root, path).is_ok()) {
                    return fail("fits none of the alternatives");
                }
            }
            other => panic!("the keyword {other} is not known here"),
        }
    }
    Ok(())
}

fn schema() -> Value {
    serde_json::from_str(Plan::JSON_SCHEMA).expect("JSON")
}

#[track_caller]
fn check(plan: &Plan) -> Value {
    let (document, schema) = (plan.to_json(), schema());
    validate(&document, &schema, &schema, "plan").unwrap_or_else(|error| panic!("{error}\n{document:#}"));
    assert_eq!(document, serde_json::to_value(plan).expect("JSON"), "a plan is written as its document");
    assert_eq!(document["steps"].as_array().map(Vec::len), Some(plan.steps().len()));
    document
}

fn actions(document: &Value) -> Vec<&str> {
    document["changes"].as_array().expect("changes").iter().filter_map(|change| change["action"].as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn plans_of_the_lab_are_as_the_schema_says() {
    let sim = given(&[80, 8080]);
    let deployer = Deployer::new(sim.aws());
    let (stack, refs) = LAB.stack();
    let create = check(&deployer.plan(&stack).await.expect("a plan"));
    assert!(actions(&create).iter().all(|action| *action == "create"));
    let live = deploy(&sim, &stack).await.expect("a deploy");

    let keep = check(&deployer.plan(&stack).await.expect("a plan"));
    assert!(actions(&keep).iter().all(|action| *action == "keep"));
    assert!(keep["steps"].as_array().expect("steps").iter().all(|step| step["kind"] == "settle"), "{keep:#}");

    let changed = Variant { instance_type: "t3.micro", user_data: Some("#!/bin/sh"), ..LAB };
    let update = check(&deployer.plan(&changed.stack().0).await.expect("a plan"));
    assert!(actions(&update).contains(&"update"));

    let replaced = Variant { instances: "Other-SG", port: 8080, open: &[8080], ..LAB };
    let replace = check(&deployer.plan(&replaced.stack().0).await.expect("a plan"));
    assert!(actions(&replace).contains(&"replace") && actions(&replace).contains(&"delete_replaced"));

    // Somebody takes a rule away.
    let group = live.get(refs.balancer_group).id.to_string();
    let rules = sim.ec2().describe_security_group_rules().send().await.expect("rules");
    let rule = rules.security_group_rules().iter();
    let rule = rule.filter(|rule| rule.group_id() == Some(&group) && rule.is_egress() == Some(false));
    let ids: Vec<_> = rule.filter_map(|rule| rule.security_group_rule_id()).collect();
    let revoke = sim.ec2().revoke_security_group_ingress().group_id(&group);
    revoke.security_group_rule_ids(ids[0]).send().await.expect("a rule gone");
    let drift = check(&deployer.plan(&stack).await.expect("a plan"));
    assert_eq!(drift["summary"]["update"], 1);

    let destroy = check(&deployer.plan_destroy(&stack).await.expect("a plan"));
    assert_eq!(destroy["goal"], "destroy");
    assert!(actions(&destroy).contains(&"delete_with_parent"));
}

#[test]
fn plans_of_generated_stacks_are_as_the_schema_says() {
    let mut seed = 1u32;
    for _ in 0..40 {
        let numbers = (0..400).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed
        });
        check(&Plan::preview(&generated::declare(numbers.collect())).expect("a plan"));
    }
}

#[test]
fn the_schema_refuses_what_is_wrong_and_takes_what_is_new() {
    let schema = schema();
    let (stack, _) = LAB.stack();
    let good = Plan::preview(&stack).expect("a plan").to_json();
    let with = |pointer: &str, value: Value| {
        let mut document = good.clone();
        *document.pointer_mut(pointer).expect("a place") = value;
        validate(&document, &schema, &schema, "plan")
    };
    for (pointer, value) in [
        ("/format_version", Value::from(2)),
        ("/goal", Value::from("explode")),
        ("/changes/0/action", Value::from(1)),
        ("/changes/0/address", Value::from("nameless")),
        ("/changes/0/properties/0/effect", Value::from("by_magic")),
        ("/steps/0/after", Value::from("before")),
        ("/summary/create", Value::from(-1)),
    ] {
        assert!(with(pointer, value).is_err(), "{pointer}");
    }
    let mut more = good.clone();
    more["since_tomorrow"] = Value::from(true);
    more["changes"][0]["since_tomorrow"] = Value::from(true);
    validate(&more, &schema, &schema, "plan").expect("members may be added");
}
