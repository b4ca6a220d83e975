//! Taking newcomers, and handing out those whose handshake has ended.

use std::{
    convert::Infallible,
    io,
    task::{Context, Poll, ready},
};

use socketry_connection::{Address, Connection};
use socketry_connection_tls::TlsConnection;
use socketry_server::{Accept, Control, LimitReached, State};

use crate::{
    TlsServer, WhenFull,
    handshakes::{Ended, Job},
    origin::Origin,
    turn::IN_A_ROW,
};

/// # Errors
///
/// - A handshake that has failed: a [`HandshakeFailed`](socketry_connection_tls::HandshakeFailed)
///   with the kind of its reason, among them [`ConnectionReset`](io::ErrorKind::ConnectionReset) for
///   a client that has gone and [`TimedOut`](io::ErrorKind::TimedOut) for one that was too slow.
/// - A newcomer that was refused: a [`LimitReached`] of kind
///   [`QuotaExceeded`](io::ErrorKind::QuotaExceeded).
/// - Certificates that could not be reloaded: a [`ReloadFailed`](crate::ReloadFailed).
/// - Those of the server inside, unchanged.
///
/// # Cancel safety
///
/// Handshakes belong to the server and not to a poll: a poll that is given up loses nobody.
impl<A: Accept> Accept for TlsServer<A> {
    type Connection = TlsConnection<A::Connection>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Self::Connection>>> {
        if self.in_a_row >= IN_A_ROW {
            cx.waker().wake_by_ref();
            self.end_turn();
            return Poll::Pending;
        }
        let next = self.poll_next(cx);
        match next {
            Poll::Ready(_) => self.in_a_row += 1,
            Poll::Pending => self.end_turn(),
        }
        next
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        self.end_turn(); // of before
        self.reload_failed = self.poll_watcher(cx);
        for _ in 0..IN_A_ROW {
            let Poll::Ready(Some(ended)) = self.handshakes.poll_ended(cx) else {
                if !self.inner_has_ended {
                    self.poll_inner_progress(cx);
                }
                return Poll::Pending;
            };
            self.ended.push_back(ended);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn local_address(&self) -> Option<Address> {
        self.inner.local_address().map(Address::with_tls)
    }

    fn control(&self) -> Control {
        self.inner.control()
    }
}

impl<A: Accept> TlsServer<A> {
    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<TlsConnection<A::Connection>>>> {
        if let Some(error) = self.poll_watcher(cx) {
            return Poll::Ready(Some(Err(error)));
        }
        for _ in 0..IN_A_ROW {
            if let Some(ended) = self.poll_ended(cx) {
                return Poll::Ready(Some(ended.result));
            }
            match ready!(self.poll_newcomer(cx)) {
                Some(Ok(newcomer)) => {
                    if let Err(limit) = self.admit(newcomer) {
                        return Poll::Ready(Some(Err(limit.into())));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn end_turn(&mut self) {
        self.in_a_row = 0;
        self.turn.end();
    }

    /// The last reload that has failed and was not told.
    fn poll_watcher(&mut self, cx: &mut Context<'_>) -> Option<io::Error> {
        if let Some(watcher) = &mut self.watcher {
            if let Poll::Ready(error) = watcher.poll(cx, &self.tls, self.clock.as_ref()) {
                return Some(error);
            }
        }
        self.reload_failed.take()
    }

    /// A handshake that has ended, whose place is free then.
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Option<Ended<A::Connection>> {
        let ended = match self.ended.pop_front() {
            Some(ended) => ended,
            None => match self.handshakes.poll_ended(cx) {
                Poll::Ready(Some(ended)) => ended,
                Poll::Ready(None) | Poll::Pending => return None,
            },
        };
        if self.waiting.len() > 0 {
            self.poll_state(cx); // the server may have been closed since the last poll
        }
        match ended.origin.and_then(|origin| self.waiting.pop(origin)) {
            Some(next) => self.begin(ended.origin, next), // in the same place
            None => self.places.give_back(ended.origin),
        }
        Some(ended)
    }

    /// Takes somebody from the server inside; `None` once all is at its end.
    fn poll_newcomer(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<A::Connection>>> {
        if self.inner_has_ended {
            return match self.places.taken() {
                0 => Poll::Ready(None),
                _ => Poll::Pending,
            };
        }
        if self.places.are_all_taken() && self.when_full == WhenFull::Wait {
            self.poll_inner_progress(cx);
            return Poll::Pending;
        }
        if self.inner_is_due.take(cx) {
            match self.inner.poll_accept(&mut self.inner_is_due.context()) {
                Poll::Ready(Some(result)) => {
                    self.inner_is_due.set();
                    return Poll::Ready(Some(result));
                }
                Poll::Ready(None) => {
                    self.inner_has_ended = true;
                    self.waiting.clear();
                    self.watcher = None;
                    return self.poll_newcomer(cx);
                }
                Poll::Pending => {}
            }
        }
        self.poll_state(cx);
        Poll::Pending
    }

    /// Lets the server inside go on without taking anybody, and sees to it that it is asked again.
    fn poll_inner_progress(&mut self, cx: &mut Context<'_>) {
        self.inner_is_due.take(cx);
        let Poll::Pending = self.inner.poll_progress(&mut self.inner_is_due.context());
        self.inner_is_due.set();
        self.poll_state(cx);
    }

    /// Waits for a change of state. Who waits when the server is closed was as good as in the
    /// backlog.
    fn poll_state(&mut self, cx: &mut Context<'_>) {
        if self.watch.poll_state(cx) == State::Closed {
            self.waiting.clear();
        }
    }

    /// Begins the handshake with a newcomer, lets it wait, or turns it away.
    fn admit(&mut self, newcomer: A::Connection) -> Result<(), LimitReached> {
        let remote = newcomer.remote_address();
        let origin = Origin::of(remote.as_ref());
        if self.places.are_all_taken() && self.when_full == WhenFull::Refuse {
            let most = self.places.most as u64;
            return Err(LimitReached::new(remote, most, "TLS handshakes"));
        }
        if self.places.take(origin) {
            self.begin(origin, newcomer);
            return Ok(());
        }
        let most = self.places.most_per_origin;
        match origin {
            Some(origin) if self.may_wait(origin) => {
                self.waiting.push(origin, newcomer);
                Ok(())
            }
            _ => Err(LimitReached::new(remote, most as u64, "TLS handshakes with one address")),
        }
    }

    /// As many may wait as may be served, in all and of one origin.
    fn may_wait(&self, origin: Origin) -> bool {
        self.when_full == WhenFull::Wait
            && self.waiting.len() < self.places.most
            && self.waiting.count(origin) < self.places.most_per_origin
    }

    /// Begins the handshake with a newcomer who has a place.
    fn begin(&mut self, origin: Option<Origin>, connection: A::Connection) {
        let (tls, options) = (self.tls.clone(), self.options.clone());
        self.handshakes.begin(Job { connection, origin, tls, options });
    }
}
