//! What the program promises besides its work: exit codes, questions, and what it says of mistakes.

use super::emulator::{Emulator, REGION};
use super::program::run;

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn the_place_must_be_named_and_aws_only_by_its_own_word() {
    for arguments in [&["deploy", "--yes"][..], &["plan", "--aws", "--endpoint-url", "http://127.0.0.1:1"]] {
        let run = run(arguments, &[]).await.exits_with(1);
        assert!(run.stderr.contains("--aws"), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    let run = run(&["--help"], &[]).await.exits_with(0);
    assert!(run.stdout.contains("Exit codes: 0 done or no changes; 1 error; 2 changes"), "{}", run.stdout);
}

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn aws_is_found_by_the_environment() {
    let emulator = Emulator::start("environment").await;
    emulator.given().await;
    // What stands for AWS here is the endpoint that the environment names, as it does for the SDK.
    let environment = [("AWS_ENDPOINT_URL", emulator.url()), ("AWS_REGION", REGION)];
    let planned = run(&["plan", "--aws", "--json"], &environment).await.exits_with(2);
    assert_eq!(planned.json()["summary"]["create"], 8);

    let run = run(&["plan", "--aws"], &[("AWS_ENDPOINT_URL", emulator.url())]).await.exits_with(1);
    assert!(run.stderr.contains("could not be sent") && run.stderr.contains("region"), "{}", run.stderr);
    assert!(!run.stderr.contains("again in"), "trying again gives nobody a region:\n{}", run.stderr);
}

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn nothing_changes_without_a_yes() {
    let emulator = Emulator::start("yes").await;
    emulator.given().await;
    let before = emulator.actions().len();
    let run = emulator.example(&["deploy"]).await.exits_with(1);
    assert!(run.stderr.contains("8 to create."), "the plan is shown:\n{}", run.stderr);
    assert!(run.stderr.contains("error: nobody to ask; say --yes to go ahead"), "{}", run.stderr);
    assert!(emulator.actions().len() > before, "it planned");
    assert_eq!(emulator.writes_since(before), Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs the emulator: run .ci/wire"]
async fn a_missing_network_is_a_clear_error() {
    let emulator = Emulator::start("missing").await;
    for command in ["plan", "deploy", "status", "drift"] {
        let run = emulator.example(&[command, "--json"]).await.exits_with(1);
        assert!(run.stderr.starts_with("error: Vpc.vpc: there is no VPC"), "{}", run.stderr);
        assert!(run.stderr.contains("VPC-Lab") && run.stderr.contains("\nhint: "), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    // There is nothing to destroy, and no lookup is needed to see that.
    let before = emulator.actions().len();
    emulator.example(&["destroy"]).await.exits_with(0);
    assert_eq!(emulator.writes_since(before), Vec::<String>::new());
}
