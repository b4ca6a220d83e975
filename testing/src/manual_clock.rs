//! Time that passes when the test says so.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use socketry_connection::Clock;

use crate::sync::{lock, remember, wake};

/// A [`Clock`] that stands still until the test moves it.
///
/// A clone is the same clock. It begins at the present moment.
///
/// # Examples
///
/// ```
/// use std::{sync::Arc, time::Duration};
///
/// use futures_lite::future;
/// use socketry_connection::Clock;
/// use socketry_testing::ManualClock;
///
/// let clock = ManualClock::new();
/// let for_the_code_under_test: Arc<dyn Clock> = Arc::new(clock.clone());
///
/// let mut sleep = for_the_code_under_test.sleep_until(clock.now() + Duration::from_secs(3));
/// assert_eq!(clock.sleeping(), 1);
/// assert_eq!(clock.until_next(), Some(Duration::from_secs(3)));
///
/// future::block_on(async {
///     clock.advance(Duration::from_millis(2999));
///     assert!(future::poll_once(&mut sleep).await.is_none());
///     clock.advance(Duration::from_millis(1));
///     sleep.await;
/// });
/// assert_eq!(clock.sleeping(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now: Instant,
    sleeps: BTreeMap<u64, Entry>,
    next_id: u64,
}

#[derive(Debug)]
struct Entry {
    deadline: Instant,
    waker: Option<Waker>,
}

impl ManualClock {
    /// A clock that stands at the present moment.
    pub fn new() -> Self {
        let state = State { now: Instant::now(), sleeps: BTreeMap::new(), next_id: 0 };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Lets `duration` pass and wakes, once each, the sleeps that are due by then.
    ///
    /// # Panics
    ///
    /// If the clock cannot count that far.
    pub fn advance(&self, duration: Duration) {
        let mut state = lock(&self.state);
        state.now = state.now.checked_add(duration).expect("the end of this clock is passed");
        let due: Vec<Waker> = state.due().collect();
        drop(state);
        wake(due);
    }

    /// How many sleeps are alive: made and not yet dropped, be they due or not.
    ///
    /// Zero after a test means that no timer was left behind.
    pub fn sleeping(&self) -> usize {
        lock(&self.state).sleeps.len()
    }

    /// How long until the next sleep is due: zero if one is, `None` if there is none.
    pub fn until_next(&self) -> Option<Duration> {
        let state = lock(&self.state);
        let next = state.sleeps.values().map(|sleep| sleep.deadline).min()?;
        Some(next.saturating_duration_since(state.now))
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        lock(&self.state).now
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        let mut state = lock(&self.state);
        let id = state.next_id;
        state.next_id += 1;
        state.sleeps.insert(id, Entry { deadline, waker: None });
        Box::pin(Sleep { state: self.state.clone(), id })
    }
}

impl State {
    /// Takes the wakers of the sleeps that are due.
    fn due(&mut self) -> impl Iterator<Item = Waker> + '_ {
        let now = self.now;
        self.sleeps
            .values_mut()
            .filter(move |sleep| sleep.deadline <= now)
            .filter_map(|sleep| sleep.waker.take())
    }
}

struct Sleep {
    state: Arc<Mutex<State>>,
    id: u64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        let now = state.now;
        match state.sleeps.get_mut(&self.id) {
            Some(sleep) if sleep.deadline > now => {
                remember(&mut sleep.waker, cx);
                Poll::Pending
            }
            Some(_) | None => Poll::Ready(()),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        lock(&self.state).sleeps.remove(&self.id);
    }
}
