//! The table of the rules, held against the cases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::case::{Case, Found};

/// A row: a rule, how it is enforced, by what (an advisory, a case of the compile-fail tests), and
/// why, where it does not apply.
struct Row<'a> {
    rule: &'a str,
    how: &'a str,
    by: &'a str,
    reason: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let (header, rows) = include_str!("../../rules.csv").split_once('\n').expect("a header");
    assert_eq!(header, "rule,how,by,reason");
    rows.lines()
        .map(|line| {
            // Only the last field may contain commas.
            let fields: Vec<_> = line.splitn(4, ',').collect();
            let [rule, how, by, reason] = fields[..] else { panic!("four fields: {line}") };
            Row { rule, how, by, reason }
        })
        .collect()
}

/// The rules that are numbered (aws.md, section 4).
const RULES: std::ops::RangeInclusive<usize> = 1..=194;

/// Checks every row against the cases; returns the counts for people.
pub(super) fn check(cases: &[Case], only: &str, wrong: &mut Vec<String>) -> String {
    let rows: Vec<_> = rows().into_iter().filter(|row| only.is_empty() || row.rule == only).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for Row { rule, how, by, reason } in &rows {
        *counts.entry(how).or_default() += 1;
        let found = |found: Found, id: &str| cases.iter().any(|case| case.id == id && case.found == found);
        let holds = match *how {
            "offline" => found(Found::Offline, rule),
            "planning" => found(Found::Planning, rule),
            "advisory" => found(Found::Advisory, by),
            // By tests/ui, which says in which file what does not compile.
            "type" => {
                by.split(' ').all(|case| Path::new("tests/ui/cases").join(case).with_extension("stderr").exists())
            }
            "parsed" => found(Found::Parsing, rule),
            "none" => !reason.is_empty(),
            _ => false,
        };
        if !holds {
            wrong.push(format!("tests/rules.csv {rule}: nothing shows that it is enforced as {how} {by}"));
        }
    }
    if only.is_empty() {
        let present: BTreeSet<_> = rows.iter().map(|row| row.rule.to_owned()).collect();
        let all: BTreeSet<_> = RULES.map(|number| format!("V{number}")).collect();
        wrong.extend(
            all.symmetric_difference(&present).map(|rule| format!("tests/rules.csv: {rule} once and only once")),
        );
        // There are more advisories than rules.
        let known = |id: &str| !id.starts_with('V') || rows.iter().any(|row| row.rule == id);
        wrong.extend(cases.iter().filter(|case| !known(case.id)).map(|case| format!("{} is in no row", case.id)));
    }
    counts.iter().map(|(how, count)| format!("{count} {how}")).collect::<Vec<_>>().join(", ")
}
