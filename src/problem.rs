//! What is wrong with a declaration: collected, and reported all at once.

use std::fmt;

use crate::stack::Address;

/// One thing that is wrong with a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The resource.
    pub address: Address,
    /// The property, such as `health_check.interval`.
    pub path: String,
    /// The offending value.
    pub value: String,
    /// The rule that it breaks, with its bound.
    pub rule: String,
    /// The stable id of the rule: `V` and a number for a row of `tests/rules.csv`, `D` for what AWS
    /// documents besides, `C` for what CloudFormation cannot express, `P` for what purlin itself
    /// needs, which is the only sort that [`Stack::accept`](crate::Stack::accept) does not accept.
    pub id: &'static str,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.address, self.path)?;
        if !self.value.is_empty() {
            write!(f, " = {}", self.value)?;
        }
        write!(f, ": {} [{}]", self.rule, self.id)
    }
}

/// Collects the problems of one resource.
#[derive(Debug)]
pub(crate) struct Problems<'a> {
    address: &'a Address,
    found: &'a mut Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(crate) fn new(address: &'a Address, found: &'a mut Vec<Problem>) -> Self {
        Self { address, found }
    }

    /// Reports that `path` breaks a rule.
    pub(crate) fn report(
        &mut self,
        id: &'static str,
        path: impl Into<String>,
        value: impl fmt::Display,
        rule: impl Into<String>,
    ) {
        self.found.push(Problem {
            address: self.address.clone(),
            path: path.into(),
            value: value.to_string(),
            rule: rule.into(),
            id,
        });
    }

    /// Reports a number outside its bounds.
    pub(crate) fn range<T: PartialOrd + fmt::Display + Copy>(
        &mut self,
        id: &'static str,
        path: &str,
        value: Option<T>,
        bounds: std::ops::RangeInclusive<T>,
    ) {
        if let Some(value) = value.filter(|value| !bounds.contains(value)) {
            self.report(id, path, value, format!("must be {} to {}", bounds.start(), bounds.end()));
        }
    }

    /// Reports a text whose length or characters are outside their bounds. Lengths count
    /// characters, as AWS does.
    pub(crate) fn text(
        &mut self,
        id: &'static str,
        path: &str,
        value: &str,
        length: std::ops::RangeInclusive<usize>,
        allowed: impl Fn(char) -> bool,
        allowed_words: &str,
    ) {
        if !length.contains(&value.chars().count()) {
            self.report(
                id,
                path,
                format!("{value:?}"),
                format!("must have {} to {} characters", length.start(), length.end()),
            );
        } else if let Some(bad) = value.chars().find(|c| !allowed(*c)) {
            self.report(id, path, format!("{value:?}"), format!("may contain only {allowed_words}, not {bad:?}"));
        }
    }
}
