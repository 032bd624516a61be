//! Reads of the whole account that several operations share.
//!
//! Elastic Load Balancing has no filter by tag: to see what a stack owns, all load balancers and
//! target groups are listed and their tags read. Many operations at once would each do that over
//! again, and the cost would grow with the square of their number.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use crate::error::Result;

/// A read on its way, and what it will have found. Whoever waits for it moves it on, so that nobody
/// hangs because the one that began it is no longer polled.
type Reading<T> = Shared<BoxFuture<'static, Result<Arc<T>>>>;

/// One sort of read, of which one is on its way at a time.
///
/// Who asks while a read is on its way waits for the next one, together with all others who have
/// asked by then: an answer is never older than the question.
#[derive(Debug)]
pub(crate) struct SharedRead<T>(Arc<Mutex<State<T>>>);

#[derive(Debug)]
struct State<T> {
    /// The read that was begun last; gone if nobody waits for it any more.
    begun: Option<WeakShared<BoxFuture<'static, Result<Arc<T>>>>>,
    /// The read after that.
    next: Option<Reading<T>>,
}

impl<T> Default for SharedRead<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { begun: None, next: None })))
    }
}

impl<T: Send + Sync + 'static> SharedRead<T> {
    /// Waits for a read that begins from now on; `read` makes it if nobody else has asked for one.
    ///
    /// # Cancel safety
    ///
    /// Those who wait for the same read are not affected by one who stops.
    pub(crate) async fn get<F>(&self, read: impl FnOnce() -> F + Send + 'static) -> Result<Arc<T>>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let reading = self.join(read);
        reading.await
    }

    fn join<F>(&self, read: impl FnOnce() -> F + Send + 'static) -> Reading<T>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let mut state = lock(&self.0);
        if let Some(next) = &state.next {
            return next.clone();
        }
        let before = state.begun.as_ref().and_then(WeakShared::upgrade);
        let shared = Arc::downgrade(&self.0);
        let reading = async move {
            if let Some(before) = before {
                // Whether it succeeded concerns those who asked for it.
                drop(before.await);
            }
            begin(&shared);
            read().await.map(Arc::new)
        };
        let reading = reading.boxed().shared();
        state.next = Some(reading.clone());
        reading
    }
}

/// From here on, who asks asks for another read.
fn begin<T>(shared: &Weak<Mutex<State<T>>>) {
    if let Some(shared) = shared.upgrade() {
        let mut state = lock(&shared);
        state.begun = state.next.take().and_then(|reading| reading.downgrade());
    }
}

fn lock<T>(shared: &Mutex<State<T>>) -> std::sync::MutexGuard<'_, State<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;
    use tokio::time::sleep;

    use super::*;
    use crate::error::{Error, ErrorKind};

    /// Counts the reads and takes ten seconds for each.
    #[derive(Default)]
    struct Account {
        reads: Arc<AtomicUsize>,
        shared: SharedRead<usize>,
    }

    impl Account {
        async fn ask(&self) -> usize {
            let reads = Arc::clone(&self.reads);
            let read = move || async move {
                let number = reads.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_secs(10)).await;
                Ok(number)
            };
            *self.shared.get(read).await.expect("a read")
        }

        fn reads(&self) -> usize {
            self.reads.load(Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_while_one_is_read_share_the_next_read() {
        let account = Account::default();
        let late = async {
            sleep(Duration::from_secs(15)).await;
            account.ask().await
        };
        let (together, late) = tokio::join!(join_all((0..50).map(|_| account.ask())), late);
        assert_eq!(together[0], 0);
        assert!(together[1..].iter().all(|read| *read == 1), "{together:?}");
        assert_eq!(late, 2, "the second read had begun when this one asked");
        assert_eq!(account.ask().await, 3, "what was read before is not handed out again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_goes_on_without_the_one_who_began_it() {
        let account = Account::default();
        let mut first = Box::pin(account.ask());
        assert!((&mut first).now_or_never().is_none());
        // Begun, and not polled any more: the next one still gets its own read.
        assert_eq!(account.ask().await, 1);
        assert_eq!(first.await, 0);
        let dropped = Box::pin(account.ask());
        drop(tokio::time::timeout(Duration::from_secs(1), dropped).await);
        assert_eq!(account.ask().await, 3);
        assert_eq!(account.reads(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_told_to_those_who_waited_for_it_and_to_nobody_else() {
        let account = Account::default();
        let failing = account.shared.get(|| async { Err(Error::new(ErrorKind::Service, "no")) });
        assert!(failing.await.is_err());
        assert_eq!(account.ask().await, 0);
    }
}
