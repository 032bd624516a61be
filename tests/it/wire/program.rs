//! The example's program, run as its users run it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use super::emulator::{Emulator, REGION};

/// How a run of the program ended.
pub(super) struct Run {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Run {
    /// Asserts the exit code; what was printed says why it is another one.
    #[track_caller]
    pub(super) fn exits_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output, which must be one JSON document.
    #[track_caller]
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }
}

/// The program, which `cargo test` and `cargo build --example web_asg` put beside the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("the path of this program");
    let directory = tests.parent().and_then(|deps| deps.parent()).expect("the build directory");
    let program = directory.join("examples/web_asg");
    assert!(program.exists(), "there is no {}: run cargo build --example web_asg", program.display());
    program
}

/// Runs the program with nothing of this process's environment, and nobody at its terminal.
pub(super) async fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Run {
    let output = tokio::process::Command::new(program())
        .args(arguments)
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "wire"), ("AWS_SECRET_ACCESS_KEY", "wire"), ("AWS_EC2_METADATA_DISABLED", "true")])
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    // A guard against hanging only.
    let output = tokio::time::timeout(Duration::from_secs(300), output).await.expect("it ends").expect("it runs");
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("text on standard output"),
        stderr: String::from_utf8(output.stderr).expect("text on standard error"),
    }
}

impl Emulator {
    /// Runs the program on this emulator.
    pub(super) async fn example(&self, arguments: &[&str]) -> Run {
        let mut all = arguments.to_vec();
        all.extend(["--endpoint-url", self.url()]);
        run(&all, &[("AWS_REGION", REGION)]).await
    }
}
