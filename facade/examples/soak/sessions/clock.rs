//! The clock of the system, which counts who waits for it.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
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
        let counted = Counted::new(self.timers.clone());
        Box::pin(async move {
            let _counted = counted;
            Timer::at(deadline).await;
        })
    }
}

/// One timer, as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(timers: Arc<AtomicUsize>) -> Self {
        timers.fetch_add(1, Ordering::SeqCst);
        Self(timers)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
