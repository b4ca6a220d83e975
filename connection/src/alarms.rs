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

/// Where the list ends, and where it ends next when that has come.
const END: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A timer is set for no earlier than this after now. One that is over before it has been polled wakes
/// nobody.
const SOON: Duration = Duration::from_micros(100);

static ALARMS: LazyLock<Arc<Alarms>> = LazyLock::new(|| {
    let sleepers = Mutex::new(Sleepers::new(Instant::now()));
    Arc::new(Alarms { timer: Mutex::new(Timer::never()), sleepers })
});

/// Wakes those whose time has come. It is the waker of the one timer, and so runs in the reactor, in
/// whatever thread.
struct Alarms {
    /// Locked first. The reactor may drop wakers of others while it is being told of a timer, and these
    /// may own a sleep: so the list is not locked meanwhile.
    timer: Mutex<Timer>,
    sleepers: Mutex<Sleepers>,
}

impl Alarms {
    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        // Nothing in here panics half way through a change.
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the timer for the first of those who sleep. It wakes nobody: whoever polls a sleep may hold
    /// what others need to be woken.
    fn set(self: &Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut timer = self.timer.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some(first) = self.sleepers().set_for_first() else { return };
            timer.set_at(first.max(Instant::now() + SOON));
            if Pin::new(&mut *timer).poll(&mut Context::from_waker(&waker)).is_pending() {
                return;
            }
        }
    }

    fn ring(self: &Arc<Self>) {
        let due = self.sleepers().take_due(Instant::now());
        self.set();
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
        let now = Instant::now();
        if now >= self.deadline {
            self.leave();
            return Poll::Ready(());
        }
        let is_awaited = |id| {
            let sleepers = ALARMS.sleepers();
            let is_awaited = sleepers.is_awaited(self.deadline, id, cx.waker());
            is_awaited.then(|| sleepers.is_set_for(self.deadline, now))
        };
        let is_set = match self.id.and_then(is_awaited) {
            Some(is_set) => is_set,
            None => {
                // Wakers are somebody else's code: they are cloned and dropped outside of the lock.
                let waker = cx.waker().clone();
                self.leave();
                let mut sleepers = ALARMS.sleepers();
                self.id = Some(sleepers.insert(self.deadline, waker));
                sleepers.is_set_for(self.deadline, now)
            }
        };
        if !is_set {
            ALARMS.set();
        }
        Poll::Pending
    }

    fn leave(&mut self) {
        let Some(id) = self.id.take() else { return };
        let waker = ALARMS.sleepers().remove(self.deadline, id);
        drop(waker);
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The place that is always there: with its last one the map would give back its memory, and take it
/// again for the next.
const NOBODY: u64 = 0;

/// Who is to be woken when, and for when the timer is set.
struct Sleepers {
    wakers: BTreeMap<(Instant, u64), Waker>,
    last_id: u64,
    set_for: Option<Instant>,
}

impl Sleepers {
    fn new(now: Instant) -> Self {
        let wakers = BTreeMap::from([((now + END, NOBODY), Waker::noop().clone())]);
        Self { wakers, last_id: NOBODY, set_for: None }
    }

    /// The place of a new one.
    fn insert(&mut self, deadline: Instant, waker: Waker) -> u64 {
        self.last_id += 1;
        self.wakers.insert((deadline, self.last_id), waker);
        self.last_id
    }

    fn remove(&mut self, deadline: Instant, id: u64) -> Option<Waker> {
        self.wakers.remove(&(deadline, id))
    }

    /// Whether this one would wake the same task.
    fn is_awaited(&self, deadline: Instant, id: u64, waker: &Waker) -> bool {
        self.wakers.get(&(deadline, id)).is_some_and(|own| own.will_wake(waker))
    }

    /// Whether the timer will be heard of in time. One that should have been heard of is not relied on:
    /// the reactor loses those that are due when it fails.
    fn is_set_for(&self, deadline: Instant, now: Instant) -> bool {
        self.set_for.is_some_and(|set_for| now < set_for && set_for <= deadline)
    }

    /// The time of the first one, for which the timer is going to be set.
    fn set_for_first(&mut self) -> Option<Instant> {
        let mut places = self.wakers.keys().filter(|(_, id)| *id != NOBODY);
        self.set_for = places.next().map(|(deadline, _)| *deadline);
        self.set_for
    }

    /// Takes those whose time has come.
    fn take_due(&mut self, now: Instant) -> Vec<Waker> {
        let mut due = Vec::new();
        while let Some(first) = self.wakers.first_entry() {
            let (deadline, id) = *first.key();
            if deadline > now {
                break;
            }
            let waker = first.remove();
            match id {
                NOBODY => drop(self.wakers.insert((now + END, NOBODY), waker)),
                _ => due.push(waker),
            }
        }
        due
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
        (Sleepers::new(start), start)
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn noop() -> Waker {
        Waker::noop().clone()
    }

    #[test]
    fn the_timer_is_set_for_the_first_and_so_for_all_behind_it() {
        let (mut sleepers, start) = sleepers();
        assert!(!sleepers.is_set_for(start + seconds(10), start), "it was never set");
        sleepers.insert(start + seconds(10), noop());
        sleepers.insert(start + seconds(5), noop());
        assert_eq!(sleepers.set_for_first(), Some(start + seconds(5)));
        let is_set = [4, 5, 20].map(|after| sleepers.is_set_for(start + seconds(after), start));
        assert_eq!(is_set, [false, true, true]);
    }

    #[test]
    fn a_timer_that_should_have_been_heard_of_is_not_relied_on() {
        let (mut sleepers, start) = sleepers();
        sleepers.insert(start + seconds(1), noop());
        sleepers.set_for_first();
        assert!(!sleepers.is_set_for(start + seconds(9), start + seconds(1)));
    }

    #[test]
    fn those_whose_time_has_come_are_taken_in_its_order() {
        let (mut sleepers, start) = sleepers();
        let calls = [(); 3].map(|()| Arc::new(Calls::default()));
        for (after, calls) in [3, 1, 2].into_iter().zip(&calls) {
            sleepers.insert(start + seconds(after), calls.clone().into());
        }
        let mut woken = Vec::new();
        for waker in sleepers.take_due(start + seconds(2)) {
            waker.wake();
            woken.push(calls.each_ref().map(|calls| calls.0.load(Ordering::SeqCst)));
        }
        assert_eq!(woken, [[0, 1, 0], [0, 1, 1]]);
        assert_eq!(sleepers.set_for_first(), Some(start + seconds(3)));
    }

    #[test]
    fn a_place_that_was_left_holds_no_waker_and_is_due_no_more() {
        let (mut sleepers, start) = sleepers();
        let calls = Arc::new(Calls::default());
        let id = sleepers.insert(start + seconds(1), calls.clone().into());
        drop(sleepers.remove(start + seconds(1), id));
        assert_eq!(Arc::strong_count(&calls), 1);
        assert!(sleepers.take_due(start + seconds(1)).is_empty());
        assert_eq!(sleepers.set_for_first(), None);
    }

    #[test]
    fn who_sleeps_for_longer_than_the_list_is_woken_too() {
        let (mut sleepers, start) = sleepers();
        let deadline = start + 2 * END;
        sleepers.insert(deadline, noop());
        assert_eq!(sleepers.set_for_first(), Some(deadline));
        assert_eq!(sleepers.take_due(deadline).len(), 1);
        assert!(sleepers.take_due(deadline + 2 * END).is_empty());
    }
}
