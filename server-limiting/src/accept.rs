//! Taking newcomers, as many as there are places.

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use socketry_connection::{Address, Connection, Sleep};
use socketry_server::{Accept, AtLimit, Control, LimitReached, State};

use crate::{
    ConnectionEnded, EndReason, LimitingServer, Tracked, TrackedConnection, entry::Newcomer,
};

/// # Errors
///
/// - A newcomer for whom there was no place: a [`LimitReached`] of kind
///   [`QuotaExceeded`](io::ErrorKind::QuotaExceeded).
/// - One who came when the server was drained: a [`ConnectionEnded`] of kind
///   [`ConnectionAborted`](io::ErrorKind::ConnectionAborted).
/// - Those of the server inside, unchanged.
///
/// # Cancel safety
///
/// A poll that is given up loses nobody.
impl<A: Accept> Accept for LimitingServer<A> {
    type Connection = TrackedConnection<A::Connection>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Self::Connection>>> {
        self.poll_deadlines(cx);
        let waits = self.at_limit == AtLimit::Pause && !self.shared.is_drained();
        match waits && !self.shared.poll_place(cx) {
            true => self.poll_full(cx),
            false => self.poll_next(cx),
        }
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        self.poll_deadlines(cx);
        self.inner.poll_progress(cx)
    }

    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }

    fn control(&self) -> Control {
        self.inner.control()
    }
}

impl<A: Accept> LimitingServer<A> {
    /// Nobody new is taken, and what is under way goes on.
    fn poll_full(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<TrackedConnection<A::Connection>>>> {
        // Once it is closed nobody new comes, and only this tells when all have come who were under
        // way. One that comes waits here for a place; there are as many as the server inside has.
        if self.watch.poll_state(cx) == State::Closed && self.held.is_none() {
            match ready!(self.inner.poll_accept(cx)) {
                Some(Ok(connection)) => self.held = Some(connection),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
            if self.shared.poll_place(cx) || self.shared.is_drained() {
                return self.poll_next(cx);
            }
        }
        let Poll::Pending = self.inner.poll_progress(cx);
        Poll::Pending
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<TrackedConnection<A::Connection>>>> {
        if let Some(connection) = self.held.take() {
            return Poll::Ready(Some(self.admit(connection)));
        }
        let next = ready!(self.inner.poll_accept(cx));
        Poll::Ready(next.map(|accepted| self.admit(accepted?)))
    }

    /// Gives a newcomer a place, or turns it away.
    fn admit(
        &mut self,
        mut connection: A::Connection,
    ) -> io::Result<TrackedConnection<A::Connection>> {
        let remote = connection.remote_address();
        if self.shared.is_drained() {
            return Err(ConnectionEnded::new(remote, EndReason::Drained).into());
        }
        if self.shared.is_full() {
            self.shared.reject();
            let limit = self.shared.limit() as u64;
            return Err(LimitReached::new(remote, limit, "open connections").into());
        }
        let local = self.local_address_of(&connection);
        let newcomer = Newcomer { remote, local, abort: connection.abort_handle() };
        let entry = self.shared.enter(newcomer)?;
        let tracked = Tracked { shared: self.shared.clone(), entry };
        let connection = TrackedConnection::new(connection, tracked);
        self.shared.look_at_alarms(); // which may panic, and then the place is free again
        Ok(connection)
    }

    fn local_address_of(&mut self, connection: &A::Connection) -> Option<Arc<Address>> {
        if !self.has_local_addresses {
            return None; // not even asked for: with TCP that is a system call
        }
        let local = connection.local_address()?;
        if self.local.as_deref() != Some(&local) {
            self.local = Some(Arc::new(local));
        }
        self.local.clone()
    }

    /// Ends connections whose time is up.
    fn poll_deadlines(&mut self, cx: &mut Context<'_>) {
        while let Some(next) = self.shared.end_those_due() {
            let clock = self.shared.settings.time().clock();
            let due = || self.shared.settings.time().instant(next);
            let (_, sleep) = match &mut self.sleep {
                Some(sleep) if sleep.0 == next => sleep,
                place => place.insert((next, Sleep::until(clock, due()))),
            };
            if Pin::new(sleep).poll(cx).is_pending() {
                return;
            }
            self.sleep = None;
        }
        self.sleep = None;
    }
}
