//! What scripted fakes have in common: a script that the fake follows and the test writes.

use std::{
    collections::VecDeque,
    future::poll_fn,
    io, mem,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use crate::{
    exchange::{Asked, Caller, Exchange},
    sync::{lock, remember, wake},
};

/// A script, as the two sides that share it.
pub(crate) fn script<A: Asked>() -> (Script<A>, Writer<A>) {
    let shared = Arc::new(Mutex::new(Shared::default()));
    (Script { shared: shared.clone() }, Writer { shared })
}

/// The fake's side of a script. A clone follows the same one.
pub(crate) struct Script<A: Asked> {
    shared: Arc<Mutex<Shared<A>>>,
}

impl<A: Asked> Script<A> {
    /// Asks: takes the answer that was prepared for this question, or else waits for the test.
    pub(crate) async fn ask(
        &self,
        question: A::Question,
        use_prepared: impl FnOnce(A::Prepared, A::Question) -> io::Result<A::Answer>,
        mut hear: impl FnMut(A::Telling),
    ) -> io::Result<A::Answer> {
        let _alive = Alive::new(&self.shared);
        let caller = match self.begin(question) {
            Begun::Prepared(prepared, question) => return use_prepared(prepared, question),
            Begun::Waits(caller) => caller,
        };
        poll_fn(|cx| caller.poll_answer(cx, &mut hear)).await
    }

    pub(crate) fn pending(&self) -> usize {
        lock(&self.shared).pending
    }

    fn begin(&self, question: A::Question) -> Begun<A> {
        let mut shared = lock(&self.shared);
        if let Some(prepared) = shared.prepared.pop_front() {
            return Begun::Prepared(prepared, question);
        }
        let (exchange, caller) = Exchange::new(question);
        let waiting = match shared.writer_dropped {
            true => None,
            false => {
                shared.exchanges.push_back(exchange);
                shared.tester.take()
            }
        };
        drop(shared);
        wake(waiting);
        Begun::Waits(caller)
    }
}

impl<A: Asked> Clone for Script<A> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

/// The test's side of a script. Once it is dropped, whatever is asked fails.
pub(crate) struct Writer<A: Asked> {
    shared: Arc<Mutex<Shared<A>>>,
}

impl<A: Asked> Writer<A> {
    pub(crate) async fn next(&self) -> Exchange<A> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    pub(crate) fn try_next(&self) -> Option<Exchange<A>> {
        lock(&self.shared).exchanges.pop_front()
    }

    pub(crate) fn pending(&self) -> usize {
        lock(&self.shared).pending
    }

    pub(crate) fn begun(&self) -> usize {
        lock(&self.shared).begun
    }

    pub(crate) fn prepare(&self, prepared: A::Prepared) {
        lock(&self.shared).prepared.push_back(prepared);
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<Exchange<A>> {
        let mut shared = lock(&self.shared);
        match shared.exchanges.pop_front() {
            Some(exchange) => Poll::Ready(exchange),
            None => {
                remember(&mut shared.tester, cx);
                Poll::Pending
            }
        }
    }
}

impl<A: Asked> Drop for Writer<A> {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.writer_dropped = true;
        let exchanges = mem::take(&mut shared.exchanges);
        drop(shared);
        drop(exchanges); // after the lock: it wakes the callers
    }
}

struct Shared<A: Asked> {
    prepared: VecDeque<A::Prepared>,
    exchanges: VecDeque<Exchange<A>>,
    pending: usize,
    begun: usize,
    writer_dropped: bool,
    tester: Option<Waker>,
}

impl<A: Asked> Default for Shared<A> {
    fn default() -> Self {
        Self {
            prepared: VecDeque::new(),
            exchanges: VecDeque::new(),
            pending: 0,
            begun: 0,
            writer_dropped: false,
            tester: None,
        }
    }
}

enum Begun<A: Asked> {
    Prepared(A::Prepared, A::Question),
    Waits(Caller<A>),
}

/// Counts a question while somebody waits for its answer.
struct Alive<'a, A: Asked> {
    shared: &'a Mutex<Shared<A>>,
}

impl<'a, A: Asked> Alive<'a, A> {
    fn new(shared: &'a Mutex<Shared<A>>) -> Self {
        let mut counts = lock(shared);
        counts.pending += 1;
        counts.begun += 1;
        drop(counts);
        Self { shared }
    }
}

impl<A: Asked> Drop for Alive<'_, A> {
    fn drop(&mut self) {
        lock(self.shared).pending -= 1;
    }
}
