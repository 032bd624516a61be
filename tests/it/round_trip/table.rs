//! The coverage table, held against what the cases did.

use std::collections::{BTreeMap, BTreeSet};

use super::case::Seen;

/// A row: an input of the API (an operation, or a structure that operations share), a member of it
/// (or the key of an attribute), and the property that sets it or the reason why none does.
struct Row<'a> {
    service: &'a str,
    input: &'a str,
    member: &'a str,
    property: &'a str,
    reason: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let table = include_str!("../../coverage.csv");
    let (header, rows) = table.split_once('\n').expect("a header");
    assert_eq!(header, "service,input,member,property,reason");
    rows.lines()
        .map(|line| {
            // Only the last field may contain commas.
            let fields: Vec<_> = line.splitn(5, ',').collect();
            let [service, input, member, property, reason] = fields[..] else { panic!("five fields: {line}") };
            Row { service, input, member, property, reason }
        })
        .collect()
}

/// Checks the rows whose property contains `only`; returns the counts for people.
pub(super) fn check(seen: &BTreeMap<&str, Seen>, only: &str) -> String {
    let (mut set, mut left_out, mut wrong) = (0, 0, Vec::new());
    let mut used = BTreeSet::new();
    for row in rows().into_iter().filter(|row| row.property.contains(only)) {
        let Row { input, member, property, reason, .. } = row;
        match (property.is_empty(), reason.is_empty()) {
            (true, false) => left_out += 1,
            (false, true) => match seen.get(property) {
                None => wrong.push(format!("{input}.{member}: there is no case {property}")),
                Some(seen) if seen.requests.iter().any(|(service, text)| row.is_in(service, text)) => {
                    set += 1;
                    used.insert(property);
                }
                Some(_) => wrong.push(format!("{input}.{member}: the case {property} never sends it")),
            },
            _ => wrong.push(format!("{input}.{member}: either a property or a reason")),
        }
    }
    wrong.extend(
        seen.keys()
            .filter(|name| !used.contains(*name))
            .map(|name| format!("the case {name} is in no row of the table")),
    );
    assert!(wrong.is_empty(), "tests/coverage.csv, {} problems:\n{}", wrong.len(), wrong.join("\n"));
    format!("{set} rows of the coverage table took part, {left_out} are left out, each with its reason")
}

impl Row<'_> {
    /// Whether a request sets the member. Attributes are values of `Key`; a structure may be
    /// anywhere in the input.
    fn is_in(&self, service: &str, text: &str) -> bool {
        let Self { input, member, .. } = self;
        if member.contains('.') {
            return text.contains(&format!("key: Some({member:?})"));
        }
        // The SDK writes `Gb` where the service says `GB`.
        let (text_lower, input) = (text.to_lowercase(), input.to_lowercase());
        let is_its_own = text_lower.starts_with(&format!("{input}input {{"));
        let is_within = [' ', '(', '['].iter().any(|before| text_lower.contains(&format!("{before}{input} {{")));
        service == self.service && (is_its_own || is_within) && has(text, member)
    }
}

/// Whether the text of an input has a field of this name that is not `None`.
fn has(text: &str, member: &str) -> bool {
    let wanted = member.to_lowercase();
    text.match_indices(": ").any(|(at, _)| {
        let name = text[..at].rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
        name.replace('_', "") == wanted && !text[at + 2..].starts_with("None")
    })
}
