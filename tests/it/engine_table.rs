//! The table of what breaks deploys elsewhere, `tests/engine.csv`, held against the tests: each row names
//! the tests that show how purlin survives it, and each of those tests names the row in the beginning of
//! its comment; or it says why it does not apply.
//!
//! The rows are what other tools wait for and try again (R), and what their users suffer from (I).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

struct Row<'a> {
    row: &'a str,
    /// `test`, or `none`: it does not apply.
    how: &'a str,
    /// Paths of tests.
    by: Vec<&'a str>,
    reason: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let (header, rows) = include_str!("../engine.csv").split_once('\n').expect("a header");
    assert_eq!(header, "row,how,by,reason");
    rows.lines()
        .map(|line| {
            // Only the last field may contain commas.
            let fields: Vec<_> = line.splitn(4, ',').collect();
            let [row, how, by, reason] = fields[..] else { panic!("four fields: {line}") };
            Row { row, how, by: by.split_whitespace().collect(), reason }
        })
        .collect()
}

fn is_row(word: &str) -> bool {
    word.strip_prefix(['R', 'I']).is_some_and(|number| number.parse::<u32>().is_ok())
}

/// The rows in the beginning of a line of a comment: `R10, R24: what holds`.
fn named(line: &str) -> Vec<String> {
    let Some((rows, _)) = line.split_once(':') else { return Vec::new() };
    let rows: Vec<_> = rows.split(',').map(|row| row.trim().to_owned()).collect();
    if rows.iter().all(|row| is_row(row)) { rows } else { Vec::new() }
}

/// The tests of a file by name, each with the rows that its comment names.
fn tests_in(file: &Path) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let (mut rows, mut is_test) = (Vec::new(), false);
    let mut tests = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if let Some(more) = line.strip_prefix("///") {
            rows.extend(named(more));
        } else if line.starts_with("#[") {
            is_test |= line.contains("test");
        } else {
            let function = line.trim_start_matches("async ").strip_prefix("fn ");
            if let Some(name) = function.and_then(|rest| rest.split(['(', '<']).next())
                && is_test
            {
                tests.insert(name.to_owned(), rows.clone());
            }
            rows.clear();
            is_test = false;
        }
    }
    tests
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// All tests by their paths: of the crate's units with `src` in front.
fn all_tests() -> BTreeMap<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeMap::new();
    for (folder, front, inner) in [("tests/it", "", ""), ("src", "src::", "tests::")] {
        let mut found = Vec::new();
        files(&root.join(folder), &mut found);
        for file in found {
            let module = file.strip_prefix(root.join(folder)).expect("inside").with_extension("");
            let module: Vec<_> =
                module.iter().map(|part| part.to_string_lossy()).filter(|part| part != "mod").collect();
            let module = module.join("::");
            // Unit tests are in a module of that name, or in a file of their own.
            let inner = if module.ends_with("tests") { "" } else { inner };
            for (name, rows) in tests_in(&file) {
                tests.insert(format!("{front}{module}::{inner}{name}"), rows);
            }
        }
    }
    tests
}

#[test]
fn every_row_is_covered_by_tests_that_name_it() {
    let tests = all_tests();
    assert!(tests.len() > 300, "{}", tests.len());
    let mut wrong = Vec::new();
    let mut covered: BTreeSet<(String, String)> = BTreeSet::new();
    for Row { row, how, by, reason } in rows() {
        match how {
            "test" => {
                if by.is_empty() {
                    wrong.push(format!("{row}: names no test"));
                }
                for test in by {
                    match tests.get(test) {
                        None => wrong.push(format!("{row}: there is no test {test}")),
                        Some(rows) if !rows.iter().any(|named| named == row) => {
                            wrong.push(format!("{row}: {test} does not name it in the beginning of its comment"));
                        }
                        Some(_) => drop(covered.insert((row.to_owned(), test.to_owned()))),
                    }
                }
            }
            "none" if by.is_empty() && !reason.is_empty() => {}
            _ => wrong.push(format!("{row}: {how} without a reason, or with tests")),
        }
    }
    for (test, rows) in &tests {
        for row in rows {
            if !covered.contains(&(row.clone(), test.clone())) {
                wrong.push(format!("{test} names {row}, and the row does not name the test"));
            }
        }
    }
    assert!(wrong.is_empty(), "tests/engine.csv:\n{}", wrong.join("\n"));
}

#[test]
fn every_row_is_there_once() {
    let rows: Vec<_> = rows().iter().map(|row| row.row.to_owned()).collect();
    let all = (1..=60).map(|number| format!("R{number}")).chain((1..=38).map(|number| format!("I{number}")));
    assert_eq!(rows, all.collect::<Vec<_>>());
}
