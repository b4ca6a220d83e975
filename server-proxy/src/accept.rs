//! Taking newcomers, and handing out those whose header was read.

use std::{
    convert::Infallible,
    io,
    task::{Context, Poll, ready},
};

use futures_util::StreamExt;
use socketry_connection::{Address, Connection};
use socketry_server::{Accept, Control};

use crate::{
    ProxiedConnection, ProxyFailed, ProxyFailure, ProxyServer, Untrusted, reading::Reading,
};

/// How much is done in a row before other tasks get a turn: results and newcomers.
const IN_A_ROW: usize = 32;

/// What a server over `C` accepts.
type Accepted<C> = io::Result<ProxiedConnection<C>>;

/// # Errors
///
/// - A [`ProxyFailed`] for each connection that does not begin with the header of a proxy that is
///   trusted.
/// - Those of the server inside, unchanged.
///
/// # Cancel safety
///
/// Headers that are being read belong to the server and not to a poll: a poll that is given up
/// loses nobody.
impl<A: Accept> Accept for ProxyServer<A> {
    type Connection = ProxiedConnection<A::Connection>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<Accepted<A::Connection>>> {
        if self.in_a_row >= IN_A_ROW {
            self.in_a_row = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.poll_next(cx);
        match next {
            Poll::Ready(_) => self.in_a_row += 1,
            Poll::Pending => self.in_a_row = 0,
        }
        next
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        for _ in 0..IN_A_ROW {
            let Some(ended) = self.poll_reading(cx) else {
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
        self.inner.local_address()
    }

    fn control(&self) -> Control {
        self.inner.control()
    }
}

impl<A: Accept> ProxyServer<A> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Accepted<A::Connection>>> {
        for _ in 0..IN_A_ROW {
            if let Some(ended) = self.ended.pop_front().or_else(|| self.poll_reading(cx)) {
                return Poll::Ready(Some(ended));
            }
            match ready!(self.poll_newcomer(cx)) {
                Some(Ok(newcomer)) => {
                    if let Some(result) = self.admit(newcomer) {
                        return Poll::Ready(Some(result));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// A header that was read, or that there will not be.
    fn poll_reading(&mut self, cx: &mut Context<'_>) -> Option<Accepted<A::Connection>> {
        match self.readings.poll_next_unpin(cx) {
            Poll::Ready(ended) => ended.map(|result| result.map_err(io::Error::from)),
            Poll::Pending => None,
        }
    }

    /// Takes somebody from the server inside, after all that has ended was taken out; `None` once
    /// all is at its end.
    fn poll_newcomer(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<A::Connection>>> {
        if !self.inner_has_ended {
            if self.readings.len() >= self.options.most_headers {
                self.poll_inner_progress(cx);
                return Poll::Pending;
            }
            if !self.inner_is_due.take(cx) {
                self.watch.poll_state(cx);
                return Poll::Pending;
            }
            match self.inner.poll_accept(&mut self.inner_is_due.context()) {
                Poll::Ready(None) => self.inner_has_ended = true,
                Poll::Ready(result) => {
                    self.inner_is_due.set();
                    return Poll::Ready(result);
                }
                Poll::Pending => {
                    self.watch.poll_state(cx);
                    return Poll::Pending;
                }
            }
        }
        match self.readings.is_empty() {
            true => Poll::Ready(None),
            false => Poll::Pending,
        }
    }

    /// Lets the server inside go on without taking anybody, and sees to it that it is asked again.
    fn poll_inner_progress(&mut self, cx: &mut Context<'_>) {
        self.inner_is_due.take(cx);
        let Poll::Pending = self.inner.poll_progress(&mut self.inner_is_due.context());
        self.inner_is_due.set();
        self.watch.poll_state(cx);
    }

    /// Begins to read the header of somebody who is trusted, and decides about everybody else.
    fn admit(&mut self, newcomer: A::Connection) -> Option<Accepted<A::Connection>> {
        let remote = newcomer.remote_address();
        if self.options.trusts(remote.as_ref()) {
            let reading = Reading::new(newcomer, remote, self.options.longest_header);
            let reading = reading.within(self.options.header_within, self.clock.as_ref());
            self.readings.push(reading);
            return None;
        }
        Some(match self.options.untrusted {
            Untrusted::PassThrough => Ok(ProxiedConnection::untouched(newcomer)),
            Untrusted::Refuse => Err(ProxyFailed::new(remote, ProxyFailure::NotTrusted).into()),
        })
    }
}
