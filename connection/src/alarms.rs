//! Everybody who sleeps on the system's clock, on one timer of the reactor.
//!
//! async-io wakes its reactor for each timer that is set: an event that is written and read, and a wait
//! in vain, some seven system calls. Most of what is set are deadlines that nobody reaches, and behind
//! one that is set already. Here such a one is a place in a list.

use std::{
    collections::BTreeMap,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use async_io::Timer;

/// The end of the list, a year ahead. What lies behind it is looked at when it is reached.
const END: Duration = Duration::from_secs(365 * 24 * 60 * 60);

static ALARMS: LazyLock<Arc<Alarms>> = LazyLock::new(|| {
    let end = Instant::now() + END;
    Arc::new(Alarms(Mutex::new(State { sleepers: Sleepers::new(end), timer: Timer::never() })))
});

/// Wakes those whose time has come. It is the waker of the one timer, and so runs in the reactor, in
/// whatever thread.
struct Alarms(Mutex<State>);

struct State {
    sleepers: Sleepers,
    timer: Timer,
}

impl Alarms {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes who is due, and sets the timer for the next.
    fn ring(self: &Arc<Self>) {
        let mut due = Vec::new();
        {
            let mut state = self.lock();
            let waker = Waker::from(self.clone());
            let mut cx = Context::from_waker(&waker);
            loop {
                let next = state.sleepers.take_due(Instant::now(), &mut due);
                state.timer.set_at(next);
                if Pin::new(&mut state.timer).poll(&mut cx).is_pending() {
                    break;
                }
            }
        }
        for waker in due {
            // One that panics keeps nobody else asleep; async-io does likewise.
            let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }
}

impl Wake for Alarms {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

/// A deadline, and its place in the list from the first poll on.
pub(crate) struct Alarm {
    deadline: Instant,
    id: Option<u64>,
}

impl Alarm {
    pub(crate) fn at(deadline: Instant) -> Self {
        Self { deadline, id: None }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.deadline {
            self.leave();
            return Poll::Ready(());
        }
        let is_there = |state: &State, id| state.sleepers.is_awaited(self.deadline, id, cx.waker());
        if self.id.is_some_and(|id| is_there(&ALARMS.lock(), id)) {
            return Poll::Pending;
        }
        // Wakers are somebody else's code: they are cloned and dropped outside of the lock.
        let waker = cx.waker().clone();
        self.leave();
        let (id, is_first) = ALARMS.lock().sleepers.insert(self.deadline, waker);
        self.id = Some(id);
        if is_first {
            ALARMS.ring();
        }
        Poll::Pending
    }

    fn leave(&mut self) {
        let Some(id) = self.id.take() else { return };
        let waker = ALARMS.lock().sleepers.remove(self.deadline, id);
        drop(waker);
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Who is to be woken when, and for when the timer is set.
struct Sleepers {
    /// Never empty: with its last place the map would give back its memory, and take it again for
    /// the next.
    wakers: BTreeMap<(Instant, u64), Waker>,
    last_id: u64,
    /// Never later than the first of them.
    set_for: Instant,
}

impl Sleepers {
    fn new(end: Instant) -> Self {
        let wakers = BTreeMap::from([((end, 0), Waker::noop().clone())]);
        Self { wakers, last_id: 0, set_for: end }
    }

    /// The place of a new one, and whether the timer is set too late for it.
    fn insert(&mut self, deadline: Instant, waker: Waker) -> (u64, bool) {
        self.last_id += 1;
        self.wakers.insert((deadline, self.last_id), waker);
        (self.last_id, deadline < self.set_for)
    }

    fn remove(&mut self, deadline: Instant, id: u64) -> Option<Waker> {
        self.wakers.remove(&(deadline, id))
    }

    /// Whether this one would wake the same task.
    fn is_awaited(&self, deadline: Instant, id: u64, waker: &Waker) -> bool {
        self.wakers.get(&(deadline, id)).is_some_and(|own| own.will_wake(waker))
    }

    /// Moves those whose time has come, and says when that of the next one will.
    fn take_due(&mut self, now: Instant, due: &mut Vec<Waker>) -> Instant {
        while let Some(first) = self.wakers.first_entry() {
            let (deadline, _) = *first.key();
            if deadline > now {
                self.set_for = deadline;
                return deadline;
            }
            due.push(first.remove());
        }
        // The end of the list has been reached, and moves on.
        *self = Self { last_id: self.last_id, ..Self::new(now + END) };
        self.set_for
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Calls(AtomicUsize);

    impl Wake for Calls {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn sleepers() -> (Sleepers, Instant) {
        let start = Instant::now();
        (Sleepers::new(start + END), start)
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn the_timer_is_set_anew_only_for_a_deadline_before_the_one_that_it_is_set_for() {
        let (mut sleepers, start) = sleepers();
        let mut is_first = |after| sleepers.insert(start + seconds(after), Waker::noop().clone()).1;
        assert!(is_first(10));
        assert!(is_first(5), "the timer was not set yet");
        let next = sleepers.take_due(start, &mut Vec::new());
        assert_eq!(next, start + seconds(5));
        let mut is_first = |after| sleepers.insert(start + seconds(after), Waker::noop().clone()).1;
        assert!(!is_first(5));
        assert!(!is_first(20));
        assert!(is_first(4));
    }

    #[test]
    fn those_whose_time_has_come_are_taken_in_its_order_and_the_next_is_named() {
        let (mut sleepers, start) = sleepers();
        let calls = [(); 3].map(|()| Arc::new(Calls::default()));
        for (after, calls) in [3, 1, 2].into_iter().zip(&calls) {
            sleepers.insert(start + seconds(after), calls.clone().into());
        }
        let mut due = Vec::new();
        assert_eq!(sleepers.take_due(start + seconds(2), &mut due), start + seconds(3));
        due.remove(0).wake();
        assert_eq!(calls.each_ref().map(|calls| calls.0.load(Ordering::SeqCst)), [0, 1, 0]);
        due.remove(0).wake();
        assert_eq!(calls.each_ref().map(|calls| calls.0.load(Ordering::SeqCst)), [0, 1, 1]);
        assert!(due.is_empty());
    }

    #[test]
    fn a_place_that_was_left_holds_no_waker_and_is_due_no_more() {
        let (mut sleepers, start) = sleepers();
        let calls = Arc::new(Calls::default());
        let (id, _) = sleepers.insert(start + seconds(1), calls.clone().into());
        drop(sleepers.remove(start + seconds(1), id));
        assert_eq!(Arc::strong_count(&calls), 1);
        let mut due = Vec::new();
        assert_eq!(sleepers.take_due(start + seconds(1), &mut due), start + END);
        assert!(due.is_empty());
    }

    #[test]
    fn behind_the_end_of_the_list_it_goes_on() {
        let (mut sleepers, start) = sleepers();
        let much_later = start + 2 * END;
        assert_eq!(sleepers.take_due(much_later, &mut Vec::new()), much_later + END);
        assert!(sleepers.insert(much_later + seconds(1), Waker::noop().clone()).1);
    }
}
