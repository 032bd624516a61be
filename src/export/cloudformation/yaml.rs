//! YAML as CloudFormation reads it.
//!
//! CloudFormation reads YAML 1.1, where `on`, `no` and dates are no texts. Of the libraries that
//! write YAML, the ones that know of it change features of crates that the SDK is built with; so
//! texts are quoted here as JSON quotes them, which YAML takes, unless they are beyond doubt.

use std::fmt::Write;

use crate::value::Value;

use super::template::Node;

/// What YAML 1.1 takes for a truth value or for nothing.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Writes a document.
pub(super) fn write(node: &Node) -> String {
    let mut text = String::new();
    block(node, 0, &mut text);
    text
}

fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:-".contains(c);
    let sure = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !text.ends_with(':')
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    // A text as JSON; that cannot fail.
    if sure { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Writes a node after a key or a dash, whose line goes on with what fits into one line.
fn after(node: &Node, depth: usize, text: &mut String) {
    match node.entries() {
        Some(entries) if !entries.is_empty() => {
            text.push('\n');
            block(node, depth, text);
        }
        Some(_) => text.push_str(" {}\n"),
        None => match node.items() {
            Some(items) if !items.is_empty() => {
                text.push('\n');
                block(node, depth, text);
            }
            Some(_) => text.push_str(" []\n"),
            None => {
                // Writing to a text cannot fail.
                let _ = writeln!(text, " {}", leaf(node));
            }
        },
    }
}

fn leaf(node: &Node) -> String {
    match node {
        Node::Leaf(Value::Text(value)) => scalar(value),
        Node::Leaf(value) => serde_json::to_value(value).map_or_else(|_| String::new(), |value| value.to_string()),
        Node::Object(_) => String::new(),
    }
}

fn block(node: &Node, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    for (key, value) in node.entries().unwrap_or_default() {
        let _ = write!(text, "{indent}{}:", scalar(&key));
        after(&value, depth + 1, text);
    }
    for item in node.items().unwrap_or_default() {
        let mut inner = String::new();
        match (item.entries(), item.items()) {
            // The first line of what is inside stands behind the dash.
            (Some(entries), _) if !entries.is_empty() => block(&item, depth + 1, &mut inner),
            (_, Some(items)) if !items.is_empty() => block(&item, depth + 1, &mut inner),
            _ => after(&item, depth + 1, &mut inner),
        }
        let _ = write!(text, "{indent}- {}", inner.trim_start());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_yaml_would_take_them_for_something_else() {
        for plain in ["AWS::EC2::VPC", "Web-ALB", "t2.micro", "Fn::GetAtt", "arn:aws:iam::1:role/x"] {
            assert_eq!(scalar(plain), plain);
        }
        for quoted in ["on", "Off", "no", "", "010", "2027-01-01", "12:30", "a: b", "a#b", "x:", "-1", "*", "Null"] {
            assert_eq!(scalar(quoted), format!("\"{quoted}\""));
        }
    }

    #[test]
    fn lists_and_objects_are_inside_each_other() {
        let value = Value::map([
            ("Empty", Value::List(Vec::new())),
            (
                "List",
                Value::List(vec![
                    Value::map([("A", Value::Integer(1)), ("B", Value::List(vec![Value::of("on")]))]),
                    Value::List(vec![Value::Bool(true)]),
                    Value::Float(30.0),
                ]),
            ),
        ]);
        let text = "Empty: []\nList:\n  - A: 1\n    B:\n      - \"on\"\n  - - true\n  - 30.0\n";
        assert_eq!(write(&Node::Leaf(value)), text);
    }
}
