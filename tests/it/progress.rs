//! What is told of a deploy while it runs: lines for people, JSON for programs, and bars in a
//! terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use purlin::sim::{Fault, SimAws};
use purlin::*;

use crate::support::{LAB, given};

/// A place to write to that can be read.
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

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a lock").clone()).expect("text")
    }
}

fn refuse_balancer(sim: &SimAws) {
    sim.inject(Fault::on("CreateLoadBalancer").code("AccessDenied").message("not allowed").times(1));
}

/// A deploy that fails, and one that goes on where it ended.
async fn twice(sim: &SimAws, deployer: &Deployer) {
    refuse_balancer(sim);
    let (stack, _) = LAB.stack();
    deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect_err("a refusal");
    deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect("a deploy");
}

/// Request ids differ from run to run.
fn without_request_ids(text: &str) -> String {
    let mut parts = text.split("(request ");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        all.push_str("(request …)");
        all.push_str(part.split_once(')').expect("the end of an id").1);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn lines_tell_what_was_done_and_what_was_not() {
    let (sim, kept) = (given(&[80]), Kept::default());
    twice(&sim, &Deployer::new(sim.aws()).with_reporter(Lines::to(kept.clone()))).await;
    insta::assert_snapshot!("lines", without_request_ids(&kept.text()));
}

/// The rows of a table in the documentation of `JsonLines`, by their first cell.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let source = include_str!("../../src/engine/json_lines.rs");
    let rows = source.lines().skip_while(|line| *line != "/// | `event` | Further fields |").skip(2);
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect::<BTreeSet<_>>();
    let rows = rows.map_while(|line| line.strip_prefix("/// | "));
    rows.map(|row| {
        let (event, fields) = row.split_once('|').expect("two cells");
        (names(event).into_iter().next().expect("an event"), names(fields))
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn json_lines_have_the_documented_fields_and_no_others() {
    let (sim, kept) = (given(&[80]), Kept::default());
    sim.inject(Fault::on("CreateTargetGroup").throttle().times(1));
    let deployer = Deployer::new(sim.aws()).with_reporter(JsonLines::to(kept.clone()).with("run", "42"));
    let impairing = async {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        sim.impair_load_balancer("Web-ALB", true);
    };
    refuse_balancer(&sim);
    let (stack, _) = LAB.stack();
    deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect_err("a refusal");
    let plan = deployer.plan(&stack).await.expect("a plan");
    let kinds = plan.to_json()["steps"].as_array().expect("steps").clone();
    tokio::join!(deployer.apply(plan), impairing).0.expect("a deploy");

    let mut seen = BTreeMap::<_, BTreeSet<String>>::new();
    for line in kept.text().lines() {
        let mut line: serde_json::Map<_, _> = serde_json::from_str(line).expect("an object");
        assert_eq!(line.remove("run"), Some("42".into()));
        if line["event"] == "step_finished" && line["address"] == "LoadBalancer.web" {
            assert!(line["elapsed_ms"].is_u64(), "{line:?}");
            assert!(kinds.iter().any(|step| step["kind"] == line["step"]), "{line:?} is no step of {kinds:?}");
        }
        if line["event"] == "step_failed" {
            assert_eq!((&line["code"], &line["address"]), (&"AccessDenied".into(), &"LoadBalancer.web".into()));
        }
        let event = line.remove("event").expect("an event");
        seen.entry(event.as_str().expect("a name").to_owned())
            .or_default()
            .extend(line.into_iter().map(|(name, _)| name));
    }
    assert_eq!(seen, documented());
}

#[cfg(feature = "progress")]
mod bars {
    use std::time::Duration;

    use indicatif::{InMemoryTerm, MultiProgress, ProgressDrawTarget, TermLike};
    use purlin::progress::Bars;
    use tokio::time::sleep;

    use super::*;

    struct Screen {
        terminal: InMemoryTerm,
        bars: MultiProgress,
    }

    impl Screen {
        fn new(columns: u16) -> Self {
            let terminal = InMemoryTerm::new(40, columns);
            let bars = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
            Self { terminal, bars }
        }

        /// What is to be seen; drawn at once, however short ago it was drawn before.
        fn contents(&self) -> String {
            self.bars.suspend(|| ());
            without_request_ids(&self.terminal.contents())
        }

        fn assert_clean(&self) {
            let contents = self.contents();
            assert!(!contents.contains('━') && !contents.contains('⠋'), "{contents}");
            self.terminal.write_line("$ ").expect("it can be written");
            let contents = self.terminal.contents();
            assert!(
                contents.lines().last().is_some_and(|line| line.trim() == "$"),
                "the next line is free: {contents}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_for_each_resource_moves_and_is_gone_at_the_end() {
        for columns in [80, 120] {
            let (sim, screen) = (given(&[80]), Screen::new(columns));
            let deployer = Deployer::new(sim.aws()).with_reporter(Bars::within(screen.bars.clone()));
            let (stack, _) = LAB.stack();
            let plan = deployer.plan(&stack).await.expect("a plan");
            let looking = async {
                let mut seen = Vec::new();
                for seconds in [5, 60] {
                    sleep(Duration::from_secs(seconds)).await;
                    seen.push(screen.contents());
                }
                seen
            };
            let (ended, mut seen) = tokio::join!(deployer.apply(plan), looking);
            ended.expect("a deploy");
            seen.push(screen.contents());
            for (index, contents) in seen.into_iter().enumerate() {
                for line in contents.lines() {
                    assert!(line.chars().count() <= columns.into(), "{line}");
                }
                insta::assert_snapshot!(format!("bars_{columns}_{index}"), contents);
            }
            screen.assert_clean();
        }
    }

    /// Who watches sees why nothing happens.
    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_tried_again_says_so_and_warnings_stay_above() {
        let (sim, screen) = (given(&[80]), Screen::new(120));
        let deployer = Deployer::new(sim.aws()).with_reporter(Bars::within(screen.bars.clone()));
        let (stack, _) = LAB.stack();
        sim.inject(Fault::on("CreateTargetGroup").code("Throttling").times(1));
        let plan = deployer.plan(&stack).await.expect("a plan");
        let looking = async {
            let mut retrying = String::new();
            for _ in 0..50 {
                sleep(Duration::from_millis(100)).await;
                let contents = screen.contents();
                let line = contents.lines().find(|line| line.contains("again in")).map(ToOwned::to_owned);
                retrying = line.unwrap_or(retrying);
            }
            sim.impair_load_balancer("Web-ALB", true);
            sleep(Duration::from_secs(155)).await;
            (retrying, screen.contents())
        };
        let (ended, (retrying, contents)) = tokio::join!(deployer.apply(plan), looking);
        ended.expect("a deploy");
        assert!(retrying.contains("TargetGroup.web  CreateTargetGroup"), "{retrying}");
        assert!(retrying.contains("Throttling at attempt 1, again in"), "{retrying}");
        let at = |text: &str| contents.lines().position(|line| line.contains(text)).expect(text);
        assert!(at("! LoadBalancer.web") < at("━"), "{contents}");
        assert!(at("━") < at("AutoScalingGroup.web  ready"), "{contents}");
    }

    #[tokio::test(start_paused = true)]
    async fn several_deploys_share_a_terminal() {
        let (sims, screen) = ([given(&[80]), given(&[80])], Screen::new(80));
        let bars = Bars::within(screen.bars.clone());
        let (beside, (stack, _)) = (bars.beside(), LAB.stack());
        let mut other = Stack::new("other");
        let vpc = other.add("vpc", Vpc::named("VPC-Lab"));
        let targets = TargetGroup::builder().name("Other-TG").vpc(vpc).traffic(Traffic::http(80));
        other.add("other", targets.build());
        sims[1].inject(Fault::on("CreateTargetGroup").slow(Duration::from_secs(20)).times(1));
        let [one, two] =
            [(&sims[0], bars), (&sims[1], beside)].map(|(sim, bars)| Deployer::new(sim.aws()).with_reporter(bars));
        let plans = (one.plan(&stack).await.expect("a plan"), two.plan(&other).await.expect("a plan"));
        let looking = async {
            sleep(Duration::from_secs(10)).await;
            screen.contents()
        };
        let (one, two, seen) = tokio::join!(one.apply(plans.0), two.apply(plans.1), looking);
        one.and(two).expect("deploys");
        insta::assert_snapshot!("bars_of_two", seen);
        screen.assert_clean();
    }

    /// A failure, an interrupt and a deploy that is dropped leave nothing that looks as if it ran.
    #[tokio::test(start_paused = true)]
    async fn however_a_deploy_ends_its_lines_do() {
        let (stack, _) = LAB.stack();

        let (sim, screen) = (given(&[80]), Screen::new(100));
        let deployer = Deployer::new(sim.aws()).with_reporter(Bars::within(screen.bars.clone()));
        refuse_balancer(&sim);
        deployer.apply(deployer.plan(&stack).await.expect("a plan")).await.expect_err("a refusal");
        insta::assert_snapshot!("bars_failed", screen.contents());
        screen.assert_clean();

        let (sim, screen, interrupt) = (given(&[80]), Screen::new(100), Interrupt::new());
        let deployer = Deployer::new(sim.aws()).with_reporter(Bars::within(screen.bars.clone()));
        let deployer = deployer.with_interrupt(&interrupt);
        let plan = deployer.plan(&stack).await.expect("a plan");
        let raising = async {
            sleep(Duration::from_secs(20)).await;
            interrupt.drain();
        };
        tokio::join!(deployer.apply(plan), raising).0.expect_err("interrupted");
        let contents = screen.contents();
        let mut lines: Vec<_> = contents.lines().collect();
        // Of two waits that are given up at once, either may be told first.
        let last = lines.len() - 1;
        lines[last - 2..last].sort_unstable();
        insta::assert_snapshot!("bars_interrupted", lines.join("\n"));
        screen.assert_clean();

        let (sim, screen) = (given(&[80]), Screen::new(100));
        let deployer = Deployer::new(sim.aws()).with_reporter(Bars::within(screen.bars.clone()));
        let plan = deployer.plan(&stack).await.expect("a plan");
        tokio::time::timeout(Duration::from_secs(20), deployer.apply(plan)).await.expect_err("it takes longer");
        assert!(screen.contents().contains('━'), "as long as the reporter is there, so are its lines");
        drop(deployer);
        screen.assert_clean();
    }
}
