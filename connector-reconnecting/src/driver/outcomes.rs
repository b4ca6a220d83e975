//! What comes of attempts, and of sessions.

use std::{io, sync::Arc, task::Poll};

use socketry_connection::Connection;
use socketry_connector::Connect;

use crate::{
    attempt::Failed,
    circuit::Permit,
    driver::{Driver, Phase, Step},
    error::{Fatal, GaveUp},
    hooks::{AttemptFailed, NextStart, Reset, SessionInfo},
    life::Life,
    loss::{LossCause, SessionLost},
    schedule::Next,
    session::Session,
    state::Reason,
};

impl<C, T> Driver<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    pub(super) fn session_begins(
        &mut self,
        mut connection: C::Connection,
        target: usize,
        mut session: SessionInfo,
        permit: Option<Permit>,
    ) -> Step<C::Connection> {
        if let Some(permit) = permit {
            permit.succeeded();
        }
        let now = self.shared.now();
        session.outage = now.saturating_duration_since(self.down_since);
        let (local, remote) = (connection.local_address(), connection.remote_address());
        let life = Arc::new(Life::new(
            session.generation,
            self.epoch,
            session.attempts,
            now,
            local,
            remote,
        ));
        let abort = connection.abort_handle();
        if !self.shared.session_begins(life.clone(), abort) {
            return Poll::Ready(None); // it was disconnected meanwhile
        }
        self.generation = session.generation;
        self.tour.is_good(target);
        (self.once, self.last_error) = (None, None);
        self.phase = Phase::Up;
        let heartbeat = self.settings.heartbeat.as_ref();
        let session = Session::new(connection, session, self.shared.clone(), life, heartbeat);
        Poll::Ready(Some(Ok(session)))
    }

    pub(super) fn attempt_failed(
        &mut self,
        target: usize,
        failed: Failed,
        permit: Option<Permit>,
    ) -> Step<C::Connection> {
        let Failed { error, in_prologue } = failed;
        let (now, error) = (self.shared.now(), Arc::new(error));
        if let Some(permit) = permit {
            permit.failed(&error);
        }
        self.shared.attempt_failed(error.clone());
        self.last_error = Some(error.clone());
        self.tour.failed(target);
        let is_worth = in_prologue || (self.settings.hooks.retry_if)(&error);
        self.is_hopeful |= is_worth;
        let has_more =
            self.tour.has_more() && !self.schedule.is_used_up() && !self.schedule.is_over(now);
        let is_final = Fatal::is(&error) || !(has_more || self.is_hopeful);
        let next = match (is_final, has_more) {
            (true, _) => Next::GiveUp,
            (false, true) => Next::At(now),
            (false, false) => self.schedule.failed(now, Some(&error)),
        };
        if let Some(hook) = &mut self.settings.hooks.on_attempt_failed {
            let next_in = match next {
                Next::At(at) => Some(at.saturating_duration_since(now)),
                Next::GiveUp => None,
            };
            let attempt = self.schedule.attempts();
            hook(&AttemptFailed { attempt, target, error: &error, in_prologue, next_in });
        }
        match next {
            Next::GiveUp => self.give_up(error, is_final),
            Next::At(_) if has_more => {
                self.next_target();
                Poll::Ready(None)
            }
            Next::At(at) => self.wait(at, now, Reason::Failed(error)),
        }
    }

    pub(super) fn session_lost(&mut self, life: &Life) -> Step<C::Connection> {
        self.phase = Phase::New; // should the hook panic, it begins anew
        self.tell_reset(life);
        let Some(lost) = life.lost() else { return Poll::Ready(None) }; // its loss was just taken
        let lost_at = life.began() + lost.uptime();
        self.down_since = lost_at;
        self.cause = Some(lost.cause().clone());
        let next = self.schedule.lost(lost_at, lost.uptime(), life.is_excused());
        if let Some(error) = self.final_error(lost) {
            return self.give_up(error, true);
        }
        match next {
            Next::GiveUp => self.give_up(Arc::new(lost.clone().into()), false),
            Next::At(at) => self.wait(at, self.shared.now(), Reason::Lost(lost.cause().clone())),
        }
    }

    /// Tells what a session has come to, and takes the start of the next ones.
    pub(super) fn tell_reset(&mut self, life: &Life) {
        let (Some(lost), Some(hook)) = (life.lost(), &mut self.settings.hooks.on_reset) else {
            return;
        };
        let reset = Reset {
            generation: life.generation(),
            cause: lost.cause().clone(),
            uptime: lost.uptime(),
            bytes_read: life.bytes_read(),
            bytes_written: life.bytes_written(),
            attempts: life.attempts(),
        };
        match hook(&reset) {
            NextStart::Same => {}
            NextStart::Once(prologue) => self.once = Some(prologue),
            NextStart::Always(prologue) => {
                (self.once, self.settings.hooks.on_connect) = (None, Some(prologue));
            }
        }
    }

    /// Why no session follows one that was lost. One that has not lasted may have failed for what an
    /// attempt could have failed for: a certificate that the peer refuses behind the handshake.
    fn final_error(&self, lost: &SessionLost) -> Option<Arc<io::Error>> {
        let has_lasted = lost.uptime() >= self.settings.backoff.stable_after;
        let error = match lost.cause() {
            LossCause::GivenUp(error) => Some(error).filter(|error| Fatal::is(error)),
            LossCause::Failed(error) => Some(error).filter(|error| {
                Fatal::is(error) || !(has_lasted || (self.settings.hooks.retry_if)(error))
            }),
            _ => None,
        };
        error.cloned()
    }

    pub(super) fn give_up(&mut self, last: Arc<io::Error>, is_final: bool) -> Step<C::Connection> {
        let outage = self.schedule.outage(self.shared.now());
        let attempts = self.schedule.attempts();
        let told = GaveUp::new(attempts, outage, last.clone(), is_final).into();
        match self.shared.end_by(self.epoch, Arc::new(told)) {
            true => Poll::Ready(Some(Err(GaveUp::new(attempts, outage, last, is_final).into()))),
            false => Poll::Ready(None), // it was disconnected, and perhaps connected again
        }
    }

    /// The outage has lasted as long as it may, before another attempt could begin.
    pub(super) fn out_of_time(&mut self, asks: Option<usize>) -> Step<C::Connection> {
        let of_circuit =
            asks.zip(self.settings.circuits.as_ref()).and_then(|(target, circuit_of)| {
                circuit_of(&self.settings.targets.as_slice()[target]).last_error()
            });
        let last = self.last_error.clone().or(of_circuit).unwrap_or_else(|| {
            let text = "no attempt could be made in the time that an outage may last";
            Arc::new(io::Error::new(io::ErrorKind::TimedOut, text))
        });
        self.give_up(last, false)
    }
}
