//! The driver: runs steps as soon as what they need is done.
//!
//! One task owns the whole run; there are no locks and no spawned tasks, so steps may borrow. A
//! step that failed holds back what needs it, and nothing else. Limits on calls in flight are not
//! its business: a permit belongs to a call, not to a step that waits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended<E> {
    Done,
    Failed(E),
    /// It was not begun: something that it needs failed or was skipped.
    Skipped,
    /// It was not begun: the run was ended before.
    Held,
    /// It was under way when the run was aborted.
    Left,
}

/// How a run is ended before it is done.
pub(crate) struct Brake<A, S> {
    /// Whether another step may begin.
    pub(crate) admits: A,
    /// Completes when those under way are to be left, too.
    pub(crate) abort: S,
}

/// Runs steps, each after those that it names, the longest way to the end first.
///
/// `after[step]` are the steps before it; the graph must have no cycle. `weight` is what a step is
/// thought to cost.
pub(crate) async fn drive<E, F, S>(
    after: &[Vec<usize>],
    weight: impl Fn(usize) -> u64,
    run: impl Fn(usize) -> F,
    skipped: impl Fn(usize),
    brake: Brake<impl Fn() -> bool, S>,
) -> Vec<Ended<E>>
where
    F: Future<Output = Result<(), E>>,
    S: Future<Output = ()>,
{
    let mut abort = pin!(brake.abort);
    let mut begun = vec![false; after.len()];
    let mut dependents = vec![Vec::new(); after.len()];
    for (step, before) in after.iter().enumerate() {
        for earlier in before {
            dependents[*earlier].push(step);
        }
    }
    let remaining = remaining(&dependents, after, weight);
    let mut missing: Vec<usize> = after.iter().map(Vec::len).collect();
    let mut ended: Vec<Option<Ended<E>>> = after.iter().map(|_| None).collect();
    let mut ready: BinaryHeap<(u64, Reverse<usize>)> =
        (0..after.len()).filter(|step| missing[*step] == 0).map(|step| (remaining[step], Reverse(step))).collect();
    let mut running = FuturesUnordered::new();
    loop {
        while let Some((_, Reverse(step))) = ready.pop() {
            if !(brake.admits)() {
                continue;
            }
            begun[step] = true;
            let future = run(step);
            running.push(async move { (step, future.await) });
        }
        let next = tokio::select! {
            biased;
            () = &mut abort => break,
            next = running.next() => next,
        };
        let Some((step, result)) = next else { break };
        let failed = result.is_err();
        ended[step] = Some(result.map_or_else(Ended::Failed, |()| Ended::Done));
        if failed {
            skip(step, &dependents, &mut ended, &skipped);
            continue;
        }
        for next in &dependents[step] {
            missing[*next] -= 1;
            if missing[*next] == 0 && ended[*next].is_none() {
                ready.push((remaining[*next], Reverse(*next)));
            }
        }
    }
    drop(running);
    let left = |(step, ended): (usize, Option<Ended<E>>)| match ended {
        Some(ended) => ended,
        None if begun[step] => Ended::Left,
        None => {
            skipped(step);
            Ended::Held
        }
    };
    ended.into_iter().enumerate().map(left).collect()
}

/// Marks everything that needs a failed step.
fn skip<E>(failed: usize, dependents: &[Vec<usize>], ended: &mut [Option<Ended<E>>], skipped: &impl Fn(usize)) {
    let mut path = vec![failed];
    while let Some(step) = path.pop() {
        for next in &dependents[step] {
            if ended[*next].is_none() {
                ended[*next] = Some(Ended::Skipped);
                skipped(*next);
                path.push(*next);
            }
        }
    }
}

/// The cost of the longest way from the beginning of each step to the end.
fn remaining(dependents: &[Vec<usize>], after: &[Vec<usize>], weight: impl Fn(usize) -> u64) -> Vec<u64> {
    let mut open: Vec<usize> = dependents.iter().map(Vec::len).collect();
    let mut remaining: Vec<u64> = (0..after.len()).map(&weight).collect();
    let mut path: Vec<usize> = (0..after.len()).filter(|step| open[*step] == 0).collect();
    while let Some(step) = path.pop() {
        for earlier in &after[step] {
            remaining[*earlier] = remaining[*earlier].max(weight(*earlier) + remaining[step]);
            open[*earlier] -= 1;
            if open[*earlier] == 0 {
                path.push(*earlier);
            }
        }
    }
    remaining
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use proptest::prelude::*;
    use tokio::time::Instant;

    use super::{Brake, Ended, drive};

    /// A graph whose steps name only earlier ones, with a duration and a fate for each.
    fn graphs() -> impl Strategy<Value = Vec<(Vec<prop::sample::Index>, u64, bool)>> {
        prop::collection::vec(
            (prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..50u64, prop::bool::weighted(0.1)),
            1..40,
        )
    }

    fn edges(graph: &[(Vec<prop::sample::Index>, u64, bool)]) -> Vec<Vec<usize>> {
        graph
            .iter()
            .enumerate()
            .map(|(step, (before, _, _))| {
                let mut before: Vec<_> =
                    if step == 0 { Vec::new() } else { before.iter().map(|index| index.index(step)).collect() };
                before.sort_unstable();
                before.dedup();
                before
            })
            .collect()
    }

    proptest! {
        #[test]
        fn steps_run_after_what_they_need_and_take_no_longer_than_the_longest_way(graph in graphs()) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
            let after = edges(&graph);
            let times = Mutex::new(vec![None; graph.len()]);
            let (ended, elapsed) = runtime.block_on(async {
                let began = Instant::now();
                let ended = drive(
                    &after,
                    |step| graph[step].1,
                    |step| {
                        let (graph, times) = (&graph, &times);
                        async move {
                            let start = began.elapsed();
                            tokio::time::sleep(Duration::from_secs(graph[step].1)).await;
                            times.lock().expect("a lock")[step] = Some((start, began.elapsed()));
                            if graph[step].2 { Err(step) } else { Ok(()) }
                        }
                    },
                    |_| {},
                    Brake { admits: || true, abort: std::future::pending() },
                )
                .await;
                (ended, began.elapsed())
            });
            let times = times.into_inner().expect("a lock");
            let mut finish = vec![0u64; graph.len()];
            for step in 0..graph.len() {
                let blocked = after[step].iter().any(|before| !matches!(ended[*before], Ended::Done));
                prop_assert_eq!(matches!(ended[step], Ended::Skipped), blocked);
                if blocked {
                    prop_assert!(times[step].is_none());
                    continue;
                }
                prop_assert_eq!(matches!(ended[step], Ended::Failed(_)), graph[step].2);
                let (start, end) = times[step].expect("it ran");
                let ready = after[step].iter().map(|before| finish[*before]).max().unwrap_or(0);
                prop_assert_eq!(start.as_secs(), ready);
                finish[step] = end.as_secs();
            }
            prop_assert_eq!(elapsed.as_secs(), finish.iter().copied().max().unwrap_or(0));
        }
    }
}
