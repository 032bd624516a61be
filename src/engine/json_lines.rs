//! Progress as lines of JSON for programs.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::{Event, Reporter};

/// Writes a JSON object for each event, each on a line by itself, for programs.
///
/// | `event` | Further fields |
/// |---|---|
/// | `started` | `stack`, `steps` |
/// | `step_started` | `address`, `step` |
/// | `waiting` | `address`, `what`, `elapsed_ms` |
/// | `warning` | `address`, `text` |
/// | `retrying` | `address` or null, `operation`, `code` or null, `attempt`, `delay_ms` |
/// | `step_finished` | `address`, `step`, `elapsed_ms` |
/// | `step_failed` | `address`, `step`, `error`, `code` or null, `request_id` or null |
/// | `step_skipped` | `address`, `step` |
/// | `finished` | `stack`, `elapsed_ms`, `failed`, `skipped` |
///
/// | Field | Type |
/// |---|---|
/// | `address`, `stack`, `what`, `text`, `operation`, `code`, `error`, `request_id` | string |
/// | `step` | as `kind` of a step in [`Plan::to_json`](crate::Plan::to_json) |
/// | `steps`, `failed`, `skipped` | number of steps |
/// | `attempt` | number, from 1 |
/// | `elapsed_ms`, `delay_ms` | whole milliseconds |
///
/// # Stability
///
/// No event and no field is renamed, taken away or given another type without a major version. New
/// events and new fields may come: ignore those that you do not know. Texts (`what`, `text`, `error`)
/// are for people and may change.
///
/// What cannot be written is lost: a deploy does not end because nobody reads along.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use purlin::{Deployer, JsonLines, SecurityGroup, Stack, Vpc, sim::SimAws};
///
/// let sim = SimAws::new();
/// sim.add_vpc("VPC-Lab", "10.0.0.0/16");
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// stack.add("web", SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc).build());
///
/// let (mut reader, writer) = std::io::pipe()?;
/// let deployer = Deployer::new(sim.aws()).with_reporter(JsonLines::to(writer).with("run", "42"));
/// deployer.apply(deployer.plan(&stack).await?).await?;
/// drop(deployer);
///
/// let text = std::io::read_to_string(&mut reader)?;
/// let first = text.lines().next();
/// assert_eq!(first, Some(r#"{"event":"started","stack":"web","steps":1,"run":"42"}"#));
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
#[must_use]
pub struct JsonLines<W> {
    writer: Mutex<W>,
    labels: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Labelled<'a> {
    #[serde(flatten)]
    event: &'a Event,
    #[serde(flatten)]
    labels: &'a serde_json::Map<String, serde_json::Value>,
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes to this.
    pub fn to(writer: W) -> Self {
        Self { writer: Mutex::new(writer), labels: serde_json::Map::new() }
    }

    /// Adds a field to each line, such as the stack or the run, by which lines of several deploys in
    /// one stream are told apart. Choose a name that no event has.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into().into());
        self
    }
}

impl<W: Write + Send> Reporter for JsonLines<W> {
    fn report(&self, event: &Event) {
        let Ok(mut line) = serde_json::to_vec(&Labelled { event, labels: &self.labels }) else { return };
        line.push(b'\n');
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // In one piece, so that lines of several deploys do not mix. Nobody is there to be told that it
        // cannot be written.
        let _ = writer.write_all(&line).and_then(|()| writer.flush());
    }
}
