//! What a listener does while descriptors have run out.

use std::{sync::Arc, time::Duration};

use socketry_connection::{Clock, Sleep};

use crate::ListeningSocket;

/// The first and the longest wait before the next try. Nothing tells a program that descriptors
/// were given back, so the longest wait is also how late a server can be in serving again.
const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(50);

/// How many waiting clients are turned away in one go.
const IN_ONE_GO: usize = 1024;

/// One descriptor in reserve, and the waits of the present episode of exhaustion.
///
/// Without the reserve, clients that the kernel has already connected would hang for as long as
/// the episode lasts. With it they can be accepted and closed, and see an end.
#[derive(Debug)]
pub(crate) struct Exhaustion<L> {
    reserve: Option<L>,
    next_wait: Option<Duration>,
}

/// What was found when a listener could not accept.
#[derive(Debug)]
pub(crate) enum Finding {
    /// Nobody was waiting: the system refuses even to look when descriptors are out.
    NobodyThere,
    /// An episode has begun: report it, and try again after the sleep.
    Begins(Sleep),
    /// It still goes on: try again after the sleep.
    GoesOn(Sleep),
}

impl<L: ListeningSocket> Exhaustion<L> {
    /// No episode, and a reserve if the system grants one.
    pub(crate) fn new(listener: &L) -> Self {
        // A duplicate of the listener is the cheapest descriptor there is: no kernel object.
        Self { reserve: listener.duplicate().ok(), next_wait: None }
    }

    /// A descriptor was to be had: the episode, if there was one, is over.
    #[inline]
    pub(crate) fn over(&mut self, listener: &L) {
        self.next_wait = None;
        if self.reserve.is_none() {
            self.reserve = listener.duplicate().ok();
        }
    }

    /// Nothing could be accepted: turns away who waits, and says what to do next.
    pub(crate) fn meet(&mut self, listener: &L, clock: Option<&Arc<dyn Clock>>) -> Finding {
        if self.turn_away(listener) == Some(0) {
            return Finding::NobodyThere;
        }
        let begins = self.next_wait.is_none();
        let sleep = self.next_sleep(clock);
        if begins { Finding::Begins(sleep) } else { Finding::GoesOn(sleep) }
    }

    /// The wait before the next try, longer each time.
    pub(crate) fn next_sleep(&mut self, clock: Option<&Arc<dyn Clock>>) -> Sleep {
        let wait = self.next_wait.unwrap_or(SHORTEST);
        self.next_wait = Some((wait * 2).min(LONGEST));
        Sleep::after(clock, wait)
    }

    /// Accepts and closes who waits, and counts them; `None` without a reserve to do it with.
    fn turn_away(&mut self, listener: &L) -> Option<usize> {
        drop(self.reserve.take()?);
        let mut count = 0;
        let nobody_left = loop {
            match listener.accept() {
                Ok(closed_at_once) => drop(closed_at_once),
                Err(error) => break error.kind() == std::io::ErrorKind::WouldBlock,
            }
            count += 1;
            if count == IN_ONE_GO {
                break false;
            }
        };
        self.reserve = listener.duplicate().ok();
        // Another error than would-block says nothing about who waits.
        (nobody_left || count > 0).then_some(count)
    }
}
