//! A waker that counts.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
};

/// A task that only counts how often it is woken.
///
/// # Examples
///
/// ```
/// use std::{future::Future, pin::pin, time::Duration};
///
/// use socketry_connection::Clock;
/// use socketry_testing::{CountingWaker, ManualClock};
///
/// let clock = ManualClock::new();
/// let waker = CountingWaker::new();
/// let mut sleep = clock.sleep_until(clock.now() + Duration::from_secs(1));
///
/// assert!(sleep.as_mut().poll(&mut waker.context()).is_pending());
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(waker.count(), 1);
/// ```
#[derive(Clone)]
pub struct CountingWaker {
    wakes: Arc<Wakes>,
    waker: Waker,
}

impl CountingWaker {
    /// A waker that was never woken.
    pub fn new() -> Self {
        let wakes = Arc::new(Wakes::default());
        Self { waker: wakes.clone().into(), wakes }
    }

    /// The waker to wait with.
    pub fn waker(&self) -> &Waker {
        &self.waker
    }

    /// A context to poll with.
    pub fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }

    /// How often it was woken.
    pub fn count(&self) -> usize {
        self.wakes.0.load(Ordering::SeqCst)
    }

    /// How often it was woken since this was last asked.
    pub fn take(&self) -> usize {
        self.wakes.0.swap(0, Ordering::SeqCst)
    }
}

impl Default for CountingWaker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CountingWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountingWaker").field("count", &self.count()).finish()
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
