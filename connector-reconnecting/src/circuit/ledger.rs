//! Who is let through, who waits, and who is to look again: all of it a function of what has happened
//! and when.

use std::{collections::VecDeque, io, sync::Arc, task::Waker, time::Instant};

use crate::circuit::{
    breaker::{Breaker, Gate, Stamp},
    bucket::Bucket,
    options::CircuitOptions,
    state::{CircuitState, CircuitStatistics},
};

/// What stands under the lock of a circuit. It reads no clock, and it neither wakes nor drops what is
/// somebody else's: what there is of that is handed out in an [`Afterwards`].
///
/// Nothing is kept for anybody. Whoever stands so far ahead that there are tokens for all up to there may go
/// when polled, also before others who may go and are not polled. So a waiter that nobody polls holds up the
/// one token that it could have, and no more. Time passes unseen in here: each waiter that waits for a time
/// has its own timer.
#[derive(Debug)]
pub(super) struct Ledger {
    bucket: Bucket,
    breaker: Breaker,
    /// By their tickets.
    queue: VecDeque<Waiter>,
    next_ticket: u64,
    /// What was lent before the last reset is not missed.
    resets: u64,
    statistics: CircuitStatistics,
}

#[derive(Debug)]
struct Waiter {
    ticket: u64,
    /// None once it was woken, until it is polled.
    waker: Option<Waker>,
    /// When its timer has it look again.
    looks_at: Option<Instant>,
}

/// What somebody who asks is told.
#[derive(Debug)]
pub(super) enum Answer {
    Go(Pass),
    /// Ask again then, or when woken.
    At(Instant),
    /// Ask again when woken.
    Woken,
}

/// For one attempt.
#[derive(Debug)]
pub(super) struct Pass {
    resets: u64,
    stamp: Stamp,
}

/// How an attempt has ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Succeeded,
    Failed(Arc<io::Error>),
    Dropped,
}

/// What is left to be done without the lock.
#[derive(Debug, Default)]
#[must_use]
pub(super) struct Afterwards {
    wake: Vec<Waker>,
    /// To be dropped only, as is the error.
    wakers: [Option<Waker>; 2],
    error: Option<Arc<io::Error>>,
}

impl Ledger {
    pub(super) fn new(options: &CircuitOptions, now: Instant) -> Self {
        Self {
            bucket: Bucket::new(options, now),
            breaker: Breaker::new(options),
            queue: VecDeque::new(),
            next_ticket: 0,
            resets: 0,
            statistics: CircuitStatistics::default(),
        }
    }

    pub(super) fn state(&self, now: Instant) -> CircuitState {
        self.breaker.state(now)
    }

    pub(super) fn statistics(&self) -> CircuitStatistics {
        self.statistics
    }

    /// Whether nothing of worth would be lost if it were made anew.
    pub(super) fn is_as_new(&self, now: Instant) -> bool {
        self.breaker.is_as_new(now) && self.bucket.is_full(now) && self.queue.is_empty()
    }

    /// When somebody who asks now is let through if no attempt succeeds before. None if that is now.
    pub(super) fn next_at(&self, now: Instant) -> Option<Instant> {
        let ahead = self.queue.len();
        let at = match self.breaker.gate() {
            Gate::All => self.bucket.expected_at(ahead, now),
            Gate::ProbeAt(from) => self.bucket.expected_at(0, now).max(from),
            Gate::Shut => now, // the probe may end at any time
        };
        let is_now = self.opens_at(ahead, now).is_some_and(|opens| opens <= now);
        (!is_now).then_some(at)
    }

    /// Lets the holder of a ticket through, or keeps it waiting; whoever has none gets one then.
    pub(super) fn ask(
        &mut self,
        ticket: &mut Option<u64>,
        waker: Waker,
        now: Instant,
    ) -> (Answer, Afterwards) {
        let place = ticket.and_then(|ticket| self.place(ticket));
        let opens = self.opens_at(place.unwrap_or(self.queue.len()), now);
        if opens.is_some_and(|opens| opens <= now) {
            let old = place.and_then(|place| self.queue.remove(place)).and_then(|old| old.waker);
            *ticket = None;
            self.bucket.lend();
            self.statistics.attempts += 1;
            let pass = Pass { resets: self.resets, stamp: self.breaker.let_through() };
            // Nobody has to look again: for those behind one less is ahead, and one more is under way.
            return (Answer::Go(pass), Afterwards::of_wakers([old, Some(waker)]));
        }
        let waiter = match place {
            Some(place) => &mut self.queue[place],
            None => {
                *ticket = Some(self.next_ticket);
                let last = self.queue.len();
                let new = Waiter { ticket: self.next_ticket, waker: None, looks_at: None };
                self.queue.push_back(new);
                self.next_ticket += 1;
                &mut self.queue[last]
            }
        };
        waiter.looks_at = opens;
        let old = waiter.waker.replace(waker);
        let answer = opens.map_or(Answer::Woken, Answer::At);
        (answer, Afterwards::of_wakers([old, None]))
    }

    /// The holder of a ticket waits no more.
    pub(super) fn leave(&mut self, ticket: u64, now: Instant) -> Afterwards {
        let place = self.place(ticket);
        let old = place.and_then(|place| self.queue.remove(place)).and_then(|old| old.waker);
        Afterwards { wake: self.call(now), ..Afterwards::of_wakers([old, None]) }
    }

    /// An attempt has ended.
    pub(super) fn ended(&mut self, pass: &Pass, outcome: Outcome, now: Instant) -> Afterwards {
        let is_counted = pass.resets == self.resets;
        let error = match outcome {
            Outcome::Failed(error) => {
                self.statistics.failed_attempts += 1;
                if is_counted {
                    self.bucket.spend(now);
                }
                let (has_opened, error) = self.breaker.failed(&pass.stamp, error, now);
                self.statistics.openings += u64::from(has_opened);
                error
            }
            Outcome::Succeeded | Outcome::Dropped => {
                if is_counted {
                    self.bucket.give_back();
                }
                match outcome {
                    Outcome::Succeeded => self.breaker.succeeded(),
                    _ => {
                        self.breaker.dropped(&pass.stamp);
                        None
                    }
                }
            }
        };
        Afterwards { wake: self.call(now), error, ..Afterwards::default() }
    }

    /// As if nothing had happened so far, but for the queue and the statistics.
    pub(super) fn reset(&mut self, now: Instant) -> Afterwards {
        self.resets += 1;
        self.bucket.fill(now);
        let error = self.breaker.reset();
        Afterwards { wake: self.call(now), error, ..Afterwards::default() }
    }

    fn place(&self, ticket: u64) -> Option<usize> {
        self.queue.binary_search_by_key(&ticket, |waiter| waiter.ticket).ok()
    }

    /// When somebody at this place of the queue may go, unless something happens before. None if something
    /// has to.
    fn opens_at(&self, place: usize, now: Instant) -> Option<Instant> {
        match self.breaker.gate() {
            Gate::All => self.bucket.ready_at(place, now),
            // For whoever is polled first: nobody may poll the first in the queue.
            Gate::ProbeAt(from) => self.bucket.ready_at(0, now).map(|ready| ready.max(from)),
            Gate::Shut => None,
        }
    }

    /// The wakers of those who may go sooner than they know.
    fn call(&mut self, now: Instant) -> Vec<Waker> {
        let mut wake = Vec::new();
        for place in 0..self.queue.len() {
            let Some(opens) = self.opens_at(place, now) else { break }; // nor does it for those behind
            let waiter = &mut self.queue[place];
            if waiter.looks_at.is_none_or(|looks| opens < looks) {
                wake.extend(waiter.waker.take());
            }
        }
        wake
    }
}

impl Afterwards {
    fn of_wakers(wakers: [Option<Waker>; 2]) -> Self {
        Self { wakers, ..Self::default() }
    }

    /// Wakes and drops. No lock may be held.
    pub(super) fn happen(self) {
        let Self { wake, wakers, error } = self;
        for waker in wake {
            waker.wake();
        }
        drop((wakers, error));
    }
}
