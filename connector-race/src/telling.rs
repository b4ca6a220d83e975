//! Telling the attempts of a connector that does not tell them itself.

use std::{
    io,
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use socketry_connection::Address;
use socketry_connector::{Attempt, Event, EventKind, Observe, Trace};

use crate::{Route, failures::copy_attempt, settings::Settings};

/// The connector inside has told the start of an attempt, or its end.
const STARTED: u8 = 1;
const ENDED: u8 = 2;
/// It only lets others go first.
const YIELDED: u8 = 4;
/// It began to wait in silence, and so the start was told for it.
const TOLD_FOR_IT: u8 = 8;

/// Stands between a connector and the trace of its caller, passes on what it hears, and tells the
/// attempt if the connector stays silent.
///
/// Silent is who has told no attempt when it first waits or ends.
pub(crate) struct Telling<'a> {
    trace: Trace<'a>,
    route: &'a Route,
    heard: AtomicU8,
}

impl<'a> Telling<'a> {
    #[inline]
    pub(crate) fn new(route: &'a Route, trace: Trace<'a>) -> Self {
        Self { trace, route, heard: AtomicU8::new(0) }
    }

    /// What the connector inside tells: nothing, if nobody listens and it has no time of its own.
    #[inline]
    pub(crate) fn trace(&self, settings: &Settings) -> Trace<'_> {
        match self.trace.is_on() || settings.attempt_timeout.is_some() {
            true => self.trace.through(self),
            false => Trace::off(),
        }
    }

    /// Where the attempt goes.
    pub(crate) fn route(&self) -> Route {
        *self.route
    }

    /// Whether the connector inside is pending only because it lets others go first. Forgets it.
    pub(crate) fn take_yielded(&self) -> bool {
        self.heard.fetch_and(!YIELDED, Ordering::Relaxed) & YIELDED != 0
    }

    /// The attempt waits. Tells its start if the connector inside has not, and says whether it had
    /// to.
    pub(crate) fn waits(&self) -> bool {
        let is_untold = self.heard() & (STARTED | ENDED | TOLD_FOR_IT) == 0;
        let is_silent = is_untold && self.trace.is_on();
        if is_silent {
            self.heard.fetch_or(TOLD_FOR_IT, Ordering::Relaxed);
            self.tell_start();
        }
        is_silent
    }

    /// The attempt has won.
    #[inline]
    pub(crate) fn won(&self) {
        if self.trace.is_on() {
            self.tell_win();
        }
    }

    #[inline(never)]
    fn tell_win(&self) {
        let heard = self.heard();
        if heard & (STARTED | ENDED | TOLD_FOR_IT) == 0 {
            // Nothing had to be waited for, and not everybody wants to hear of that.
            self.tell_win_at_once();
        } else if heard & (ENDED | TOLD_FOR_IT) == TOLD_FOR_IT {
            let remote = self.remote();
            self.trace.tell(|| EventKind::attempt_won(&remote));
        }
    }

    /// The attempt has failed, `elapsed` after it began to wait in silence.
    #[cold]
    pub(crate) fn failed(&self, error: &io::Error, elapsed: Duration) {
        if !self.trace.is_on() {
            return;
        }
        let heard = self.heard();
        let is_untold = heard & (STARTED | ENDED | TOLD_FOR_IT) == 0;
        if is_untold && error.kind() == io::ErrorKind::InvalidInput {
            return; // nothing was opened
        }
        if is_untold {
            self.tell_start();
        }
        if is_untold || heard & (ENDED | TOLD_FOR_IT) == TOLD_FOR_IT {
            let attempt = copy_attempt(*self.route, error, elapsed);
            self.trace.tell(|| EventKind::AttemptFailed(&attempt));
        }
    }

    /// The attempt was given up by us, which nobody else can tell.
    #[cold]
    pub(crate) fn given_up(&self, attempt: &Attempt) {
        self.trace.tell(|| EventKind::AttemptFailed(attempt));
    }

    #[cold]
    fn tell_start(&self) {
        let (remote, local) = (self.remote(), self.local());
        self.trace.tell(|| EventKind::attempt_started(&remote, local.as_ref()));
    }

    fn tell_win_at_once(&self) {
        let (remote, local) = (self.remote(), self.local());
        self.trace.attempt(&remote, local.as_ref()).won();
    }

    fn remote(&self) -> Address {
        self.route.remote().into()
    }

    fn local(&self) -> Option<Address> {
        self.route.local().map(Address::Tcp)
    }

    fn heard(&self) -> u8 {
        self.heard.load(Ordering::Relaxed)
    }
}

impl Observe for Telling<'_> {
    fn observe(&self, event: &Event<'_>) {
        let mark = match event.kind() {
            EventKind::AttemptStarted { .. } => STARTED,
            EventKind::AttemptFailed(_) | EventKind::AttemptWon { .. } => ENDED,
            EventKind::Yielded => YIELDED,
            _ => 0,
        };
        let heard = self.heard.fetch_or(mark, Ordering::Relaxed);
        let is_told_already = mark == STARTED && heard & (STARTED | TOLD_FOR_IT) == TOLD_FOR_IT;
        if !is_told_already {
            self.trace.pass(event);
        }
    }
}
