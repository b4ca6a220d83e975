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

/// A timer has to be in the future, or the reactor never hears of it.
const SOON: Duration = Duration::from_micros(10);

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

    pub(crate) fn set(&mut self) {
        self.caught.0.store(false, Ordering::Release);
        let timer = self.timer.insert(Timer::after(SOON));
        let _ = Pin::new(timer).poll(&mut Context::from_waker(&self.waker));
    }

    /// Takes it away, and says whether async-io's own thread was caught.
    pub(crate) fn take_away(&mut self) -> bool {
        self.timer = None;
        self.caught.0.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

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
    fn nobody_is_caught_in_a_trap_that_was_taken_away_at_once() {
        let mut trap = Trap::new();
        trap.timer = Some(Timer::never());
        assert!(!trap.take_away());
    }

    #[test]
    fn another_thread_that_uses_the_reactor_is_not_meant() {
        let mut trap = Trap::new();
        let of_trap = trap.waker.clone();
        thread::spawn(move || of_trap.wake()).join().unwrap();
        assert!(!trap.take_away());
    }
}
