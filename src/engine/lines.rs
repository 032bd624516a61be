//! Progress as lines for people.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::look::{Line, Look, Tone};
use crate::stack::Address;

use super::{Event, Reporter};

/// How long a wait goes on until it is told of, and until it is told of again.
const QUIET: Duration = Duration::from_secs(30);

/// Writes a line for each event, for people who read along: in a log, or where there is no terminal.
///
/// That a step begins is left out, because its end is told; a wait is told of every 30 s. What cannot
/// be written is lost: a deploy does not end because nobody reads along.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use purlin::{Deployer, Lines, Look, SecurityGroup, Stack, Vpc, sim::SimAws};
///
/// let sim = SimAws::new();
/// sim.add_vpc("VPC-Lab", "10.0.0.0/16");
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// stack.add("web", SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc).build());
///
/// let lines = Lines::to(std::io::stderr()).look(Look::of(&std::io::stderr()));
/// let deployer = Deployer::new(sim.aws()).with_reporter(lines);
/// deployer.apply(deployer.plan(&stack).await?).await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
#[derive(Debug)]
#[must_use]
pub struct Lines<W> {
    look: Look,
    state: Mutex<State<W>>,
}

#[derive(Debug)]
struct State<W> {
    writer: W,
    /// When each wait was told of, by how long it had lasted.
    told: HashMap<Address, Duration>,
}

impl<W: Write + Send> Lines<W> {
    /// Writes to this, without colours and in lines as long as they are.
    pub fn to(writer: W) -> Self {
        Self { look: Look::plain(), state: Mutex::new(State { writer, told: HashMap::new() }) }
    }

    /// Sets how the lines look.
    pub fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }
}

impl<W: Write + Send> Reporter for Lines<W> {
    fn report(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { writer, told } = &mut *state;
        match event {
            Event::StepStarted { address, .. } => {
                told.remove(address);
                return;
            }
            Event::Waiting { address, elapsed, .. } => {
                let last = told.entry(address.clone()).or_default();
                // One step may wait for one thing after another, each from the beginning.
                *last = (*last).min(*elapsed);
                if *elapsed - *last < QUIET {
                    return;
                }
                *last = *elapsed;
            }
            _ => {}
        }
        let text = line(event).display(self.look).to_string();
        // Nobody is there to be told that it cannot be written.
        let _ = writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(line(self).display(Look::plain()).to_string().trim())
    }
}

/// The line of an event. What is about a step is set in.
pub(crate) fn line(event: &Event) -> Line {
    let marked = |tone, mark: &str, address: &Address| {
        Line::new(4).plain("  ").add(tone, mark).plain(" ").add(Tone::Strong, address.as_str()).plain("  ")
    };
    let seconds = |time: &Duration| format!("{:.1} s", time.as_secs_f64());
    match event {
        Event::Started { stack, steps } => {
            Line::new(2).add(Tone::Strong, stack).plain(format!(": {steps} {}", plural(*steps)))
        }
        Event::StepStarted { address, step } => marked(Tone::Faint, "→", address).plain(step.to_string()),
        Event::Waiting { address, what, elapsed } => {
            marked(Tone::Faint, "…", address).plain(format!("{} s  {what}", elapsed.as_secs()))
        }
        Event::Warning { address, text } => marked(Tone::Changed, "!", address).plain(text),
        Event::Retrying { address, operation, code, attempt, delay } => {
            let line = match address {
                Some(address) => marked(Tone::Changed, "↻", address),
                None => Line::new(4).plain("  ").add(Tone::Changed, "↻").plain(" "),
            };
            let note = retry(code.as_deref(), *attempt, *delay);
            line.plain(format!("{operation}  {note}"))
        }
        Event::StepFinished { address, step, elapsed } => {
            marked(Tone::New, "✓", address).plain(format!("{step}  ")).add(Tone::Faint, seconds(elapsed))
        }
        Event::StepFailed { address, step, error, .. } => {
            // The address is there already; a stack's problems each have a line.
            let error = error.strip_prefix(&format!("{address}: ")).unwrap_or(error);
            let error: Vec<_> = error.lines().map(str::trim).collect();
            marked(Tone::Wrong, "✗", address).plain(format!("{step}  ")).add(Tone::Wrong, error.join("; "))
        }
        Event::StepSkipped { address, step } => {
            marked(Tone::Faint, "-", address).plain(format!("{step}  ")).add(Tone::Faint, "not done")
        }
        Event::Finished { stack, elapsed, failed, skipped } => {
            let line = Line::new(2).add(Tone::Strong, stack).plain(": ");
            let after = format!(" after {:.0} s", elapsed.as_secs_f64());
            match (failed, skipped) {
                (0, 0) => line.add(Tone::New, "done").plain(after),
                _ => line.add(Tone::Wrong, "ended").plain(format!("{after}, {failed} failed, {skipped} not done")),
            }
        }
    }
}

pub(crate) fn plural(steps: usize) -> &'static str {
    if steps == 1 { "step" } else { "steps" }
}

/// Why and when a call is tried again.
pub(crate) fn retry(code: Option<&str>, attempt: u32, delay: Duration) -> String {
    let code = code.unwrap_or("no answer");
    format!("{code} at attempt {attempt}, again in {:.1} s", delay.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("a lock").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_wait_is_told_of_every_half_minute() {
        let kept = Kept::default();
        let lines = Lines::to(kept.clone());
        let address = Address::new("LoadBalancer", "web");
        let wait = |seconds: &[u64]| {
            for seconds in seconds {
                let elapsed = Duration::from_secs(*seconds);
                lines.report(&Event::Waiting { address: address.clone(), what: "it is new".to_owned(), elapsed });
            }
        };
        wait(&[1, 29, 31, 45, 60, 62]);
        // Another wait of the same resource.
        wait(&[2, 31, 33]);
        let text = String::from_utf8(kept.0.lock().expect("a lock").clone()).expect("text");
        let expected = [31, 62, 33].map(|seconds| format!("  … LoadBalancer.web  {seconds} s  it is new\n"));
        assert_eq!(text, expected.concat());
    }
}
