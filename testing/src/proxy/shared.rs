//! What the test and the thread of the proxy share.

use std::{
    io,
    net::SocketAddr,
    sync::{Condvar, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use super::fault::{Break, Fault, ProxyCounts};
use crate::{
    bell::Bell,
    sync::{lock, wake},
};

/// What the test wants of the thread.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Target(SocketAddr),
    Push(Fault),
    Default(Fault),
    Refuse,
    Listen,
    Break(Break),
    /// Nothing but to tell the counts.
    Count,
}

/// The orders, what is counted, and a bell that wakes the thread when there are orders.
pub(super) struct Shared {
    state: Mutex<State>,
    carried_out: Condvar,
    bell: Bell,
}

#[derive(Default)]
struct State {
    orders: Vec<Order>,
    /// How many orders were given, and how many of them were carried out.
    given: u64,
    done: u64,
    counts: ProxyCounts,
    /// The test has had enough.
    stopped: bool,
    /// The thread is gone.
    ended: bool,
    waiting: Vec<Waker>,
}

impl Shared {
    pub(super) fn new() -> io::Result<Self> {
        let (state, carried_out) = (Mutex::default(), Condvar::new());
        Ok(Self { state, carried_out, bell: Bell::new()? })
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Waits until the thread has carried out the order; what is counted then.
    #[track_caller]
    pub(super) fn order(&self, order: Order) -> ProxyCounts {
        let mut state = lock(&self.state);
        state.orders.push(order);
        state.given += 1;
        let number = state.given;
        self.bell.ring();
        let waits = |state: &mut State| state.done < number && !state.ended;
        let changed = self.carried_out.wait_while(state, waits);
        let state = changed.unwrap_or_else(PoisonError::into_inner);
        let (is_done, counts) = (state.done >= number, state.counts);
        drop(state);
        assert!(is_done, "the thread of the proxy has ended");
        counts
    }

    /// What is counted, if that is as the test wants it. Otherwise its task is woken later.
    pub(super) fn poll_counts(
        &self,
        cx: &Context<'_>,
        condition: impl FnOnce(&ProxyCounts) -> bool,
    ) -> Poll<ProxyCounts> {
        let (counts, ended) = {
            let mut state = lock(&self.state);
            // Remembered before it is known whether it has to wait: the condition is the test's, and
            // does not run under the lock.
            state.remember(cx);
            (state.counts, state.ended)
        };
        if condition(&counts) {
            return Poll::Ready(counts);
        }
        assert!(!ended, "the thread of the proxy has ended");
        Poll::Pending
    }

    pub(super) fn stop(&self) {
        lock(&self.state).stopped = true;
        self.bell.ring();
    }

    /// The orders that were given since; `None` if the test has had enough.
    pub(super) fn take_orders(&self) -> Option<Vec<Order>> {
        let mut state = lock(&self.state);
        (!state.stopped).then(|| std::mem::take(&mut state.orders))
    }

    /// Tells the counts, and that so many orders were carried out.
    pub(super) fn report(&self, counts: ProxyCounts, orders: usize) {
        let mut state = lock(&self.state);
        state.done += orders as u64;
        let waiting = match state.counts == counts {
            true => Vec::new(),
            false => std::mem::take(&mut state.waiting),
        };
        state.counts = counts;
        drop(state);
        self.carried_out.notify_all();
        wake(waiting);
    }

    /// Lets nobody wait for a thread that is gone.
    pub(super) fn end(&self) {
        let mut state = lock(&self.state);
        state.ended = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.carried_out.notify_all();
        wake(waiting);
    }
}

impl State {
    fn remember(&mut self, cx: &Context<'_>) {
        if !self.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
    }
}
