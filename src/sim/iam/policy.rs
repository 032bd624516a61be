//! IAM policies: read from JSON, and asked whether they allow something.
//!
//! The part of the policy language that identity-based policies for the three services need: effects,
//! (not) actions, (not) resources with wildcards, and conditions by text, ARN, truth value and absence.
//! What is not understood is refused when the policy is read, never passed over (IAM User Guide, "IAM
//! JSON policy element reference").

use std::collections::BTreeMap;
use std::str::Chars;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use super::check::Check;

/// Why a policy cannot be used on the simulated AWS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a policy that the simulated AWS can check: {0}")]
pub struct InvalidPolicy(String);

/// An identity-based policy.
#[derive(Debug)]
pub(crate) struct Policy(Vec<Statement>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    version: String,
    #[serde(default, rename = "Id")]
    _id: Option<String>,
    statement: OneOrMore<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(default, rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: Option<OneOrMore<String>>,
    not_action: Option<OneOrMore<String>>,
    resource: Option<OneOrMore<String>>,
    not_resource: Option<OneOrMore<String>>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMore<Text>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

/// What may stand by itself or in a list.
#[derive(Debug)]
struct OneOrMore<T>(Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not as an untagged enum: that would not say what is wrong with the one or the other.
        let all = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Array(all) => all,
            one => vec![one],
        };
        let all: Result<_, _> = all.into_iter().map(serde_json::from_value).collect();
        all.map(Self).map_err(D::Error::custom)
    }
}

/// The value of a condition; truth values may stand without quotes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Bool(bool),
}

impl Text {
    fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
        }
    }
}

impl Policy {
    pub(crate) fn read(json: &str) -> Result<Self, InvalidPolicy> {
        let document: Document = serde_json::from_str(json).map_err(|error| InvalidPolicy(error.to_string()))?;
        if document.version != "2012-10-17" {
            return Err(InvalidPolicy(format!("its version is {:?} and not \"2012-10-17\"", document.version)));
        }
        let OneOrMore(mut statements) = document.statement;
        for statement in &mut statements {
            statement.check()?;
            statement.in_small_letters();
        }
        Ok(Self(statements))
    }

    /// Whether a statement allows it, and none denies it.
    pub(super) fn allows(&self, check: &Check) -> bool {
        let applies = |effect| self.0.iter().any(|statement| statement.effect == effect && statement.covers(check));
        applies(Effect::Allow) && !applies(Effect::Deny)
    }
}

impl Statement {
    /// Refuses what AWS would refuse, and what is not simulated.
    fn check(&self) -> Result<(), InvalidPolicy> {
        if self.action.is_some() == self.not_action.is_some() {
            return Err(InvalidPolicy("a statement has one of Action and NotAction".to_owned()));
        }
        if self.resource.is_some() == self.not_resource.is_some() {
            return Err(InvalidPolicy("a statement has one of Resource and NotResource".to_owned()));
        }
        let resources = self.resource.iter().chain(&self.not_resource).flat_map(|all| &all.0);
        let values = self.condition.values().flat_map(BTreeMap::values).flat_map(|all| &all.0);
        for text in resources.map(String::as_str).chain(values.map(Text::as_str)) {
            if text.contains("${") {
                return Err(InvalidPolicy(format!("policy variables, as in {text:?}, are not simulated")));
            }
        }
        match self.condition.keys().find(|operator| Operator::read(operator).is_none()) {
            Some(unknown) => Err(InvalidPolicy(format!("the condition operator {unknown:?} is not simulated"))),
            None => Ok(()),
        }
    }

    /// Names of actions are compared whatever their letters.
    fn in_small_letters(&mut self) {
        for patterns in self.action.iter_mut().chain(&mut self.not_action) {
            patterns.0.iter_mut().for_each(|pattern| pattern.make_ascii_lowercase());
        }
    }

    fn covers(&self, check: &Check) -> bool {
        let action = |patterns: &OneOrMore<String>| {
            patterns.0.iter().any(|pattern| is_like(pattern, &check.action_in_small_letters))
        };
        let resource =
            |patterns: &OneOrMore<String>| patterns.0.iter().any(|pattern| is_like(pattern, &check.resource));
        self.action.as_ref().is_none_or(action)
            && !self.not_action.as_ref().is_some_and(action)
            && self.resource.as_ref().is_none_or(resource)
            && !self.not_resource.as_ref().is_some_and(resource)
            && self.condition.iter().all(|(operator, keys)| {
                Operator::read(operator).is_some_and(|operator| {
                    keys.iter().all(|(key, wanted)| operator.holds(check.context(key), &wanted.0))
                })
            })
    }
}

/// How a condition compares, with what AWS writes around it.
#[derive(Debug, Clone, Copy)]
struct Operator {
    compares: Compares,
    negated: bool,
    if_exists: bool,
    set: Option<Set>,
}

#[derive(Debug, Clone, Copy)]
enum Compares {
    Equal,
    EqualIgnoringCase,
    Like,
    Absent,
}

#[derive(Debug, Clone, Copy)]
enum Set {
    AllValues,
    AnyValue,
}

impl Operator {
    fn read(text: &str) -> Option<Self> {
        let (set, text) = match text.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Set::AllValues), rest),
            Some(("ForAnyValue", rest)) => (Some(Set::AnyValue), rest),
            Some(_) => return None,
            None => (None, text),
        };
        let (text, if_exists) = text.strip_suffix("IfExists").map_or((text, false), |text| (text, true));
        let (compares, negated) = match text {
            "StringEquals" => (Compares::Equal, false),
            "StringNotEquals" => (Compares::Equal, true),
            "StringEqualsIgnoreCase" | "Bool" => (Compares::EqualIgnoringCase, false),
            "StringNotEqualsIgnoreCase" => (Compares::EqualIgnoringCase, true),
            // The two for ARNs behave alike.
            "StringLike" | "ArnLike" | "ArnEquals" => (Compares::Like, false),
            "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => (Compares::Like, true),
            "Null" if !if_exists && set.is_none() => (Compares::Absent, false),
            _ => return None,
        };
        Some(Self { compares, negated, if_exists, set })
    }

    fn holds(self, given: &[String], wanted: &[Text]) -> bool {
        if let Compares::Absent = self.compares {
            return wanted.iter().all(|wanted| (wanted.as_str() == "true") == given.is_empty());
        }
        if given.is_empty() {
            // A key that a request does not have equals nothing; no value at all is all of them.
            return self.if_exists || self.negated || matches!(self.set, Some(Set::AllValues));
        }
        let one =
            |given: &String| wanted.iter().any(|wanted| self.compares.fits(given, wanted.as_str())) != self.negated;
        match self.set {
            Some(Set::AllValues) => given.iter().all(one),
            Some(Set::AnyValue) | None => given.iter().any(one),
        }
    }
}

impl Compares {
    fn fits(self, given: &str, wanted: &str) -> bool {
        match self {
            Self::Equal => given == wanted,
            Self::EqualIgnoringCase => given.eq_ignore_ascii_case(wanted),
            Self::Like => is_like(wanted, given),
            Self::Absent => false,
        }
    }
}

/// Whether a text is as a pattern says, in which `*` stands for any text and `?` for any character.
fn is_like(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Behind the last star, and behind the text that it takes so far.
    let mut star: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let from = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                text = from;
                star = Some((pattern.clone(), text.clone()));
            }
            (Some(wanted), Some(given)) if wanted == '?' || wanted == given => {}
            // What a star takes beside that makes the text no longer.
            (_, None) => return false,
            _ => {
                let Some((behind, taken)) = &mut star else { return false };
                taken.next();
                (pattern, text) = (behind.clone(), taken.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(statement: &str) -> Policy {
        Policy::read(&format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#)).expect("a policy")
    }

    fn tagged(action: &str, value: &str) -> Check {
        let arn = "arn:aws:ec2:ap-northeast-2:123456789012:security-group/sg-1".to_owned();
        Check::on(action, arn).tagged("ec2", [("purlin:stack", value)])
    }

    #[test]
    fn stars_and_question_marks_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("ec2:Describe*", "ec2:DescribeVpcs", true),
            ("ec2:Describe*", "ec2:CreateVpc", false),
            ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "a1b2b3", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("abc", "abcd", false),
            ("", "a", false),
        ] {
            assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_allowed_is_refused_and_a_denial_wins() {
        let allowed = policy(r#"{"Effect": "Allow", "Action": "ec2:*SecurityGroup", "Resource": "*"}"#);
        assert!(allowed.allows(&tagged("ec2:DeleteSecurityGroup", "web")));
        assert!(!allowed.allows(&tagged("ec2:DeleteLaunchTemplate", "web")));
        let denied = policy(
            r#"[{"Effect": "Allow", "Action": ["ec2:*"], "Resource": ["*"]},
                {"Effect": "Deny", "NotAction": "ec2:Describe*", "NotResource": "arn:aws:ec2:*:*:vpc/*"}]"#,
        );
        assert!(!denied.allows(&tagged("ec2:DeleteSecurityGroup", "web")));
        assert!(denied.allows(&tagged("ec2:DescribeSecurityGroups", "web")));
    }

    #[test]
    fn conditions_compare_what_the_request_has() {
        for (condition, expected) in [
            (r#"{"StringEquals": {"aws:ResourceTag/purlin:stack": "web"}}"#, true),
            (r#"{"StringEquals": {"ec2:ResourceTag/purlin:stack": ["api", "web"]}}"#, true),
            (r#"{"StringEquals": {"aws:ResourceTag/purlin:stack": "WEB"}}"#, false),
            (r#"{"StringEqualsIgnoreCase": {"AWS:resourcetag/purlin:stack": "WEB"}}"#, true),
            (r#"{"StringLike": {"aws:ResourceTag/purlin:stack": "w*"}}"#, true),
            (r#"{"StringNotLike": {"aws:ResourceTag/purlin:stack": "w*"}}"#, false),
            (r#"{"StringNotEquals": {"aws:ResourceTag/purlin:stack": "api"}}"#, true),
            (r#"{"StringEquals": {"aws:ResourceTag/other": "web"}}"#, false),
            (r#"{"StringEqualsIfExists": {"aws:ResourceTag/other": "web"}}"#, true),
            (r#"{"StringNotEquals": {"aws:ResourceTag/other": "web"}}"#, true),
            (r#"{"Null": {"aws:ResourceTag/other": "true"}}"#, true),
            (r#"{"Null": {"aws:ResourceTag/purlin:stack": true}}"#, false),
            (r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "purlin:stack"}}"#, true),
            (r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": "purlin:stack"}}"#, false),
            (r#"{"StringEquals": {"aws:ResourceTag/purlin:stack": "web"}, "Null": {"aws:TagKeys": "false"}}"#, false),
        ] {
            let text = format!(r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}"#);
            assert_eq!(policy(&text).allows(&tagged("ec2:DeleteSecurityGroup", "web")), expected, "{condition}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (statement, part) in [
            (r#"{"Effect": "Maybe", "Action": "*", "Resource": "*"}"#, "Maybe"),
            (r#"{"Effect": "Allow", "Resource": "*"}"#, "NotAction"),
            (r#"{"Effect": "Allow", "Action": "*"}"#, "NotResource"),
            (r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}"#, "Principal"),
            (r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}"}"#, "variables"),
            (
                r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "::/0"}}}"#,
                "IpAddress",
            ),
        ] {
            let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
            let error = Policy::read(&text).expect_err(statement).to_string();
            assert!(error.contains(part), "{error}");
        }
        let old = r#"{"Version": "2008-10-17", "Statement": []}"#;
        assert!(Policy::read(old).expect_err("too old").to_string().contains("2008"));
    }
}
