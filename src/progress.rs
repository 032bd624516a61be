//! Progress in a terminal (feature `progress`).

use std::borrow::Cow;
use std::io::{Stderr, Write};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::engine::{Event, Lines, Reporter, line, plural, retry};
use crate::look::{Line, Look, Tone};
use crate::plan::StepKind;
use crate::stack::Address;

/// Shows in a terminal what is going on: how many steps are done, and a line for each resource that
/// something is done about, with what it waits for. What has ended, and warnings, stay above.
///
/// What is shown moves on with the events, and every second; times are those of tokio's clock. When a deploy has ended,
/// however it did, nothing is left but the lines above. What else the program writes goes through
/// [`print`](Self::print) while a deploy runs.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # #[cfg(feature = "sim")] {
/// use purlin::{Deployer, SecurityGroup, Stack, Vpc, progress::Bars, sim::SimAws};
///
/// let sim = SimAws::new();
/// sim.add_vpc("VPC-Lab", "10.0.0.0/16");
/// let mut stack = Stack::new("web");
/// let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
/// stack.add("web", SecurityGroup::builder().name("Web-SG").description("HTTP").vpc(vpc).build());
///
/// let bars = Bars::stderr();
/// // For another deploy that runs at the same time.
/// let _others = bars.beside();
/// let deployer = Deployer::new(sim.aws()).with_reporter(bars);
/// deployer.apply(deployer.plan(&stack).await?).await?;
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Bars {
    terminal: MultiProgress,
    look: Look,
    /// In the place of bars, where there is no terminal.
    lines: Option<Lines<Stderr>>,
    /// Whether it is shown on standard error.
    stderr: bool,
    run: Arc<Mutex<Option<Run>>>,
}

impl Bars {
    /// Shows it on standard error, in colours unless `NO_COLOR` is set. Where that is no terminal,
    /// it writes what [`Lines`] does.
    pub fn stderr() -> Self {
        let bars = Self::within(MultiProgress::new()).look(Look::of(&std::io::stderr()));
        let lines = bars.terminal.is_hidden().then(|| Lines::to(std::io::stderr()));
        Self { lines, stderr: true, ..bars }
    }

    /// Shows it among the bars that the program has, or on what they are drawn on, without colours.
    pub fn within(bars: MultiProgress) -> Self {
        Self { terminal: bars, look: Look::plain(), lines: None, stderr: false, run: Arc::default() }
    }

    /// Sets how lines look.
    pub fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// Makes a reporter in the same terminal for another deploy that runs at the same time.
    pub fn beside(&self) -> Self {
        let lines = self.lines.is_some().then(|| Lines::to(std::io::stderr()));
        Self { lines, stderr: self.stderr, ..Self::within(self.terminal.clone()).look(self.look) }
    }

    /// Writes something above the bars; nothing if there is no terminal.
    pub fn print(&self, text: &str) {
        // Nobody is there to be told that it cannot be written.
        let _ = self.terminal.println(text);
    }

    /// The last line of a deploy. What is printed above bars is filled up with spaces instead of ended:
    /// what the program writes next would have to go without its first line break.
    fn print_last(&self, line: &Line) {
        if self.stderr {
            let text = line.display(self.look).to_string();
            self.terminal.suspend(|| _ = std::io::stderr().write_all(text.as_bytes()));
        } else {
            self.print_line(line);
        }
    }

    fn print_line(&self, line: &Line) {
        self.print(line.display(self.look).to_string().trim_end());
    }
}

impl Reporter for Bars {
    fn report(&self, event: &Event) {
        if let Some(lines) = &self.lines {
            return lines.report(event);
        }
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { stack, steps } => {
                let ticker = tokio::runtime::Handle::try_current().ok();
                let ticker = ticker.map(|runtime| runtime.spawn(tick(Arc::downgrade(&self.run))).abort_handle());
                *run = Some(Run::begin(self.terminal.clone(), self.look, stack.clone(), *steps, ticker));
                return;
            }
            Event::Finished { .. } => {
                // Dropped before the line is written: its bars are gone then.
                drop(run.take());
                self.print_last(&line(event));
                return;
            }
            Event::StepFinished { .. }
            | Event::StepFailed { .. }
            | Event::StepSkipped { .. }
            | Event::Warning { .. } => self.print_line(&line(event)),
            // While planning there is no bar that could show it.
            Event::Retrying { address: None, .. } => self.print_line(&line(event)),
            _ => {}
        }
        if let Some(run) = run.as_mut() {
            run.take_note(event);
        }
    }
}

/// Brings times up to date, also while nothing happens.
async fn tick(run: Weak<Mutex<Option<Run>>>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Some(run) = run.upgrade() else { return };
        if let Some(run) = run.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            run.show();
        }
    }
}

/// What is shown of one deploy.
#[derive(Debug)]
struct Run {
    terminal: MultiProgress,
    look: Look,
    stack: String,
    began: Instant,
    steps: usize,
    done: usize,
    failed: usize,
    skipped: usize,
    totals: ProgressBar,
    running: Vec<Running>,
    /// What brings times up to date; ends with it.
    ticker: Option<AbortHandle>,
}

/// A resource that something is done about.
#[derive(Debug)]
struct Running {
    address: Address,
    /// The steps that run, the latest one last, and when they began.
    steps: Vec<(StepKind, Instant)>,
    /// What is in the way, and how that is to be seen.
    note: (Tone, String),
    bar: ProgressBar,
}

impl Run {
    fn begin(terminal: MultiProgress, look: Look, stack: String, steps: usize, ticker: Option<AbortHandle>) -> Self {
        // The totals come first: of more lines than the terminal has, the last ones are not shown.
        let totals = terminal.add(ProgressBar::new(steps as u64).with_style(style("{bar:20} {wide_msg}")));
        let (began, running) = (Instant::now(), Vec::new());
        let (done, failed, skipped) = (0, 0, 0);
        let run = Self { terminal, look, stack, began, steps, done, failed, skipped, totals, running, ticker };
        run.show_totals();
        run
    }

    fn take_note(&mut self, event: &Event) {
        match event {
            Event::StepStarted { address, step } => self.start(address, *step),
            Event::Waiting { address, what, .. } => self.note(address, Tone::Plain, what.clone()),
            Event::Retrying { address: Some(address), operation, code, attempt, delay } => {
                let text = format!("{operation}: {}", retry(code.as_deref(), *attempt, *delay));
                self.note(address, Tone::Changed, text);
            }
            Event::StepFinished { address, step, .. } => {
                self.done += 1;
                self.end(address, *step);
            }
            Event::StepFailed { address, step, .. } => {
                self.failed += 1;
                self.end(address, *step);
            }
            Event::StepSkipped { address, step } => {
                self.skipped += 1;
                self.end(address, *step);
            }
            _ => {}
        }
        self.show_totals();
    }

    fn show(&self) {
        self.show_totals();
        self.running.iter().for_each(|running| running.show(self.look));
    }

    fn start(&mut self, address: &Address, step: StepKind) {
        let begun = (step, Instant::now());
        let index = self.running.iter().position(|running| running.address == *address).unwrap_or_else(|| {
            let last = self.running.last().map_or(&self.totals, |running| &running.bar);
            let bar = ProgressBar::no_length().with_style(style("  {spinner} {wide_msg}"));
            let bar = self.terminal.insert_after(last, bar);
            let note = (Tone::Plain, String::new());
            self.running.push(Running { address: address.clone(), steps: Vec::new(), note, bar });
            self.running.len() - 1
        });
        let running = &mut self.running[index];
        running.steps.push(begun);
        running.show(self.look);
    }

    fn note(&mut self, address: &Address, tone: Tone, text: String) {
        if let Some(running) = self.running.iter_mut().find(|running| running.address == *address) {
            running.note = (tone, text);
            running.show(self.look);
        }
    }

    fn end(&mut self, address: &Address, step: StepKind) {
        let Some(index) = self.running.iter().position(|running| running.address == *address) else { return };
        let running = &mut self.running[index];
        running.steps.retain(|(other, _)| *other != step);
        running.note = (Tone::Plain, String::new());
        if running.steps.is_empty() {
            clear(&self.terminal, &self.running.remove(index).bar);
        } else {
            running.show(self.look);
        }
    }

    fn show_totals(&self) {
        let ended = self.done + self.failed + self.skipped;
        let line = Line::new(0).add(Tone::Strong, &self.stack);
        let mut line = line.plain(format!("  {} of {} {} done", self.done, self.steps, plural(self.steps)));
        if self.failed > 0 {
            line = line.plain(", ").add(Tone::Wrong, format!("{} failed", self.failed));
        }
        if self.skipped > 0 {
            line = line.plain(format!(", {} not done", self.skipped));
        }
        line = line.plain("  ").add(Tone::Faint, format!("{} s", self.began.elapsed().as_secs()));
        self.totals.set_position(ended as u64);
        self.totals.set_message(one_line(&line, self.look));
    }
}

/// However a deploy ends, even if it is dropped, its lines do.
impl Drop for Run {
    fn drop(&mut self) {
        if let Some(ticker) = &self.ticker {
            ticker.abort();
        }
        let bars = self.running.iter().map(|running| &running.bar);
        bars.chain([&self.totals]).for_each(|bar| clear(&self.terminal, bar));
    }
}

impl Running {
    fn show(&self, look: Look) {
        let Some((step, began)) = self.steps.last() else { return };
        let line = Line::new(0).add(Tone::Strong, self.address.as_str()).plain(format!("  {step}  "));
        let line = line.add(Tone::Faint, format!("{} s", began.elapsed().as_secs()));
        let line = line.plain("  ").add(self.note.0, self.note.1.as_str());
        self.bar.set_message(one_line(&line, look));
        self.bar.tick();
    }
}

/// A line that is cut off where the terminal ends, instead of broken.
fn one_line(line: &Line, look: Look) -> Cow<'static, str> {
    let text = line.display(look.unbroken()).to_string();
    text.trim_end().to_owned().into()
}

fn style(template: &str) -> ProgressStyle {
    // Only the templates above come here.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("━╸ ").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}

fn clear(terminal: &MultiProgress, bar: &ProgressBar) {
    bar.finish_and_clear();
    terminal.remove(bar);
}
