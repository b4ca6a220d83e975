//! Who uses the reactor while the driver works.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use async_io::Timer;

use crate::bell::is_helper;

/// When it is due. It has to be in the future, or the reactor never hears of it.
const SOON: Duration = Duration::from_micros(50);

/// A timer that is due almost at once. Whoever is in the reactor next wakes what waits for it, on its
/// own thread.
pub(crate) struct Trap {
    timer: Option<Timer>,
    caught: Arc<Caught>,
    /// The same, for the timer.
    waker: Waker,
}

/// Whether async-io's own thread was caught.
struct Caught(AtomicBool);

impl Wake for Caught {
    fn wake(self: Arc<Self>) {
        if is_helper() {
            self.0.store(true, Ordering::Release);
        }
    }
}

impl Trap {
    pub(crate) fn new() -> Self {
        let caught = Arc::new(Caught(AtomicBool::new(false)));
        Self { timer: None, waker: caught.clone().into(), caught }
    }

    /// Sets it; whoever waits in the reactor comes out for a moment.
    pub(crate) fn set(&mut self) {
        self.timer = None;
        self.caught.0.store(false, Ordering::Release);
        // On a busy or slow machine it may be due before it is known.
        let mut soon = SOON;
        while !self.is_set_for(soon) {
            soon *= 2;
        }
    }

    fn is_set_for(&mut self, soon: Duration) -> bool {
        let timer = self.timer.insert(Timer::after(soon));
        Pin::new(timer).poll(&mut Context::from_waker(&self.waker)).is_pending()
    }

    /// Takes it away, and says whether async-io's own thread was caught.
    pub(crate) fn take_away(&mut self) -> bool {
        self.timer = None;
        self.caught.0.swap(false, Ordering::AcqRel)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// A trap that is not due in this test.
    fn far() -> Trap {
        let mut trap = Trap::new();
        assert!(trap.is_set_for(Duration::from_secs(3600)));
        trap
    }

    /// It is sprung by a thread of this name.
    fn spring(trap: &Trap, name: &str) {
        let waker = trap.waker.clone();
        let thread = thread::Builder::new().name(name.into());
        thread.spawn(move || waker.wake()).unwrap().join().unwrap();
    }

    #[test]
    fn the_thread_of_async_io_is_caught_where_nobody_else_uses_the_reactor() {
        let mut trap = Trap::new();
        trap.set();
        while !trap.caught.0.load(Ordering::Acquire) {
            thread::yield_now();
        }
        assert!(trap.take_away());
    }

    #[test]
    fn it_is_told_once_who_was_caught() {
        let mut trap = far();
        spring(&trap, "async-io");
        assert!(trap.take_away());
        assert!(!trap.take_away());
    }

    #[test]
    fn another_thread_that_uses_the_reactor_is_not_meant() {
        let mut trap = far();
        spring(&trap, "async-io-2");
        assert!(!trap.take_away());
    }

    #[test]
    fn a_trap_that_was_taken_away_is_gone() {
        let mut trap = far();
        assert!(!trap.take_away());
        assert!(trap.timer.is_none());
    }
}
