//! Templates of everything that purlin can express, for `.ci/cfn-lint`.

use std::path::Path;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use purlin::export::cloudformation::Exporter;
use purlin::*;

/// How many generated stacks are exported.
const GENERATED: usize = 100;

/// Stacks by what they are of.
pub fn stacks() -> Vec<(String, Stack)> {
    let mut all = vec![("lab".to_owned(), crate::web_asg::lab("t2.micro").0)];
    all.extend(crate::examples::stacks());
    for case in crate::round_trip::cases() {
        let stacks = case.set().into_iter().zip(["one", "another"]);
        all.extend(stacks.map(|(stack, way)| (format!("{}-{way}", case.name), stack)));
    }
    // The same ones each time: what is found can be looked at.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let numbers = prop::collection::vec(any::<u32>(), 0..600);
    for nth in 0..GENERATED {
        let numbers = numbers.new_tree(&mut runner).expect("numbers").current();
        all.push((format!("generated-{nth}"), crate::generated::declare(numbers)));
    }
    all
}

#[test]
#[ignore = "writes templates for another program: run .ci/cfn-lint"]
fn templates_are_written() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/cfn-lint");
    std::fs::create_dir_all(&directory).expect("a directory");
    let mut written = 0;
    for (name, stack) in stacks() {
        let template = Exporter::new().leave_out_all().export(&stack);
        let template = template.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let path = directory.join(name.replace(['/', ' '], "_"));
        for (extension, text) in [("json", template.to_json()), ("yaml", template.to_yaml())] {
            std::fs::write(format!("{}.{extension}", path.display()), text).expect("a file");
            written += 1;
        }
    }
    println!("wrote {written} templates");
}

/// What is left out is what would have been refused, and nothing else is missing; the other ids have
/// tests of their own.
#[test]
fn every_stack_is_exported_whole_or_says_what_is_missing() {
    let mut ids = std::collections::BTreeSet::new();
    for (name, stack) in stacks() {
        let template = Exporter::new().leave_out_all().export(&stack).expect("a template");
        match Exporter::new().export(&stack) {
            Ok(whole) => assert_eq!((template.left_out().len(), whole.to_yaml()), (0, template.to_yaml()), "{name}"),
            Err(error) => assert_eq!(error.problems(), template.left_out(), "{name}"),
        }
        ids.extend(template.left_out().iter().map(|problem| problem.id));
    }
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["C1", "C2", "C3", "C4", "C6", "C7"]);
}
