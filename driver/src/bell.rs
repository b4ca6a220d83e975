//! Who has been woken, and whether the driver has to be woken for it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Wake, Waker},
    thread,
};

/// The main future has been woken.
const MAIN: u8 = 1;
/// The executor has, while it had nothing to run.
const TASKS: u8 = 2;
/// async-io's own thread has ended the driver's sleep.
const HELPER: u8 = 4;
/// The driver waits inside async-io, and has to be woken there.
const ASLEEP: u8 = 8;

/// What the wakers of one call ring.
///
/// While the driver works it looks here by itself, and nobody else is woken: async-io would take
/// that for a reason to look at the reactor. Everything that matters is in one atomic, so whoever
/// rings either is seen before the driver falls asleep or sees that it does.
pub(crate) struct Bell {
    state: AtomicU8,
    /// Wakes the driver where it sleeps.
    bed: Mutex<Waker>,
}

impl Bell {
    /// One that has been rung for the main future, which has to be polled at the beginning.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: AtomicU8::new(MAIN), bed: Mutex::new(Waker::noop().clone()) })
    }

    /// The waker of the main future.
    pub(crate) fn of_main(self: &Arc<Self>) -> Waker {
        Arc::new(MainBell(self.clone())).into()
    }

    /// The waker of the executor.
    pub(crate) fn of_tasks(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }

    pub(crate) fn is_main_woken(&self) -> bool {
        self.state.load(Ordering::Acquire) & MAIN != 0
    }

    /// Whether the main future has been woken since this was last asked.
    pub(crate) fn take_main(&self) -> bool {
        // The load first: this is asked before every task, and the answer mostly is no.
        self.is_main_woken() && self.state.fetch_and(!MAIN, Ordering::AcqRel) & MAIN != 0
    }

    /// Ends the driver's sleep; says whether async-io's own thread has done so.
    pub(crate) fn get_up(&self) -> bool {
        self.state.fetch_and(!(ASLEEP | TASKS | HELPER), Ordering::AcqRel) & HELPER != 0
    }

    /// Whether the driver may fall asleep. If so, whoever rings from now on wakes it by `waker`.
    pub(crate) fn lie_down(&self, waker: &Waker) -> bool {
        self.bed.lock().unwrap_or_else(PoisonError::into_inner).clone_from(waker);
        let is_quiet = self.state.fetch_or(ASLEEP, Ordering::AcqRel) & (MAIN | TASKS) == 0;
        if !is_quiet {
            self.get_up();
        }
        is_quiet
    }

    fn ring(&self, whom: u8) {
        let before = self.state.fetch_or(whom, Ordering::AcqRel);
        if before & (ASLEEP | whom) != ASLEEP {
            return; // it is awake, or the one before has woken it
        }
        if is_helper() {
            self.state.fetch_or(HELPER, Ordering::AcqRel);
        }
        let waker = self.bed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        waker.wake();
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring(TASKS);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring(TASKS);
    }
}

/// The same bell, rung for the main future.
struct MainBell(Arc<Bell>);

impl Wake for MainBell {
    fn wake(self: Arc<Self>) {
        self.0.ring(MAIN);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.ring(MAIN);
    }
}

/// Whether this is async-io's own thread. Its name is all there is to know it by; if it is called
/// otherwise one day, some waits are dearer, it is never led away, and nothing else changes.
pub(crate) fn is_helper() -> bool {
    thread::current().name() == Some("async-io")
}

#[cfg(test)]
mod tests {
    use std::{hint, sync::atomic::AtomicUsize};

    use super::*;

    /// Counts how often the driver is woken in its sleep.
    #[derive(Default)]
    struct Calls(AtomicUsize);

    impl Wake for Calls {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A bell that nobody has rung, a waker for the sleep, and how often that was used.
    fn quiet() -> (Arc<Bell>, Waker, Arc<Calls>) {
        let bell = Bell::new();
        assert!(bell.take_main());
        let calls = Arc::new(Calls::default());
        (bell, calls.clone().into(), calls)
    }

    #[test]
    fn the_main_future_has_to_be_polled_at_the_beginning_and_then_when_woken() {
        let bell = Bell::new();
        assert!(bell.take_main());
        assert!(!bell.take_main());
        bell.of_tasks().wake();
        assert!(!bell.take_main());
        bell.of_main().wake();
        assert!(bell.take_main());
    }

    #[test]
    fn a_driver_that_is_awake_is_not_called() {
        let (bell, waker, calls) = quiet();
        assert!(bell.lie_down(&waker));
        bell.get_up();
        bell.of_main().wake();
        bell.of_tasks().wake();
        assert_eq!(calls.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_driver_that_sleeps_is_called_once_however_often_the_bell_is_rung() {
        for of in [Bell::of_main, Bell::of_tasks] {
            let (bell, waker, calls) = quiet();
            assert!(bell.lie_down(&waker));
            for _ in 0..3 {
                of(&bell).wake();
            }
            assert_eq!(calls.0.load(Ordering::SeqCst), 1);
        }
    }

    #[test]
    fn nobody_falls_asleep_over_a_bell_that_was_rung_just_before() {
        for of in [Bell::of_main, Bell::of_tasks] {
            let (bell, waker, calls) = quiet();
            of(&bell).wake();
            assert!(!bell.lie_down(&waker));
            of(&bell).wake();
            assert_eq!(calls.0.load(Ordering::SeqCst), 0, "it is awake");
        }
    }

    /// Waits without leaving the processor, or hardly ever: threads that sleep take turns on one.
    fn until(is_so: impl Fn() -> bool) {
        for looks in 1.. {
            if is_so() {
                return;
            }
            if looks % 1000 == 0 { thread::yield_now() } else { hint::spin_loop() }
        }
    }

    /// If one were lost, it would never end. Each time the driver falls asleep a little later, so that
    /// the bell is rung at every moment of that.
    #[test]
    fn of_many_rings_from_another_thread_none_is_lost() {
        const ROUNDS: usize = 20_000;
        let (bell, waker, calls) = quiet();
        let (of_main, heard) = (bell.of_main(), AtomicUsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    of_main.wake_by_ref();
                    until(|| heard.load(Ordering::SeqCst) > round);
                }
            });
            let (mut sleeps, mut tries) = (0, 0_usize);
            while heard.load(Ordering::SeqCst) < ROUNDS {
                tries += 1;
                (0..tries % 100).for_each(|_| hint::spin_loop());
                if bell.take_main() {
                    heard.fetch_add(1, Ordering::SeqCst);
                } else if bell.lie_down(&waker) {
                    sleeps += 1;
                    until(|| calls.0.load(Ordering::SeqCst) == sleeps);
                    bell.get_up();
                }
            }
        });
    }

    #[test]
    fn the_waker_of_the_last_sleep_is_the_one_that_is_used() {
        let (bell, old, calls_of_old) = quiet();
        let calls = Arc::new(Calls::default());
        assert!(bell.lie_down(&old));
        bell.get_up();
        assert!(bell.lie_down(&calls.clone().into()));
        bell.of_main().wake();
        assert_eq!(calls_of_old.0.load(Ordering::SeqCst), 0);
        assert_eq!(calls.0.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn the_thread_of_async_io_is_told_from_all_others() {
        for (name, is_helper) in [("async-io", true), ("async-io-2", false)] {
            let (bell, waker, _) = quiet();
            assert!(bell.lie_down(&waker));
            let of_tasks = bell.of_tasks();
            let thread = thread::Builder::new().name(name.into());
            thread.spawn(move || of_tasks.wake()).unwrap().join().unwrap();
            assert_eq!(bell.get_up(), is_helper, "{name}");
            assert!(!bell.get_up(), "it is said once");
        }
    }
}
