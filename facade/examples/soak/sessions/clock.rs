//! The clock of the system, which counts who waits for it.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use smol::Timer;
use socketry::connection::Clock;

/// Counts its timers. A clone is the same clock.
#[derive(Clone, Debug, Default)]
pub(super) struct CountedClock {
    timers: Arc<AtomicUsize>,
}

impl CountedClock {
    /// How many there are now.
    pub(super) fn timers(&self) -> usize {
        self.timers.load(Ordering::SeqCst)
    }
}

impl Clock for CountedClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        self.timers.fetch_add(1, Ordering::SeqCst);
        Box::pin(Counted { timer: Timer::at(deadline), timers: self.timers.clone() })
    }
}

/// One timer, as long as it lives.
struct Counted {
    timer: Timer,
    timers: Arc<AtomicUsize>,
}

impl Future for Counted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.timer).poll(cx).map(drop)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.timers.fetch_sub(1, Ordering::SeqCst);
    }
}
