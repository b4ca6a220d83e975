//! Reading the header of one connection.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use socketry_connection::{Address, Clock, Connection, Sleep};

use crate::{
    InvalidHeader, ProxiedConnection, ProxyFailed, ProxyFailure, ProxyHeader, parse::parse,
};

/// How much is read at once: a header and what comes with it in one segment.
const CHUNK: usize = 2048;

/// A header, and what was read behind it.
type Begun = (ProxyHeader, Box<[u8]>);

/// Reads the header, and ends with the connection behind it or with why there is none, in which
/// case the connection is closed. A header that is there always beats the clock.
pub(crate) struct Reading<C> {
    /// `None` once it has ended.
    connection: Option<C>,
    remote: Option<Address>,
    longest: usize,
    /// What has come, if that was not enough.
    received: Vec<u8>,
    within: Option<Duration>,
    clock: Option<Arc<dyn Clock>>,
    /// There once the header was not.
    sleep: Option<Sleep>,
}

impl<C: Connection> Reading<C> {
    /// Begins with a `connection` from `remote`; a header of version 2 has `longest` bytes at most.
    pub(crate) fn new(connection: C, remote: Option<Address>, longest: usize) -> Self {
        Self {
            connection: Some(connection),
            remote,
            longest,
            received: Vec::new(),
            within: None,
            clock: None,
            sleep: None,
        }
    }

    /// Ends it when `time` is up on `clock`, which begins to run at the first poll.
    pub(crate) fn within(mut self, time: Option<Duration>, clock: Option<&Arc<dyn Clock>>) -> Self {
        self.within = time;
        self.clock = clock.cloned();
        self
    }

    fn poll_header(&mut self, cx: &mut Context<'_>) -> Poll<Result<Begun, ProxyFailure>> {
        let Some(connection) = &mut self.connection else {
            return Poll::Pending;
        };
        let mut chunk = [0; CHUNK];
        loop {
            let count = ready!(Pin::new(&mut *connection).poll_read(cx, &mut chunk))?;
            if count == 0 {
                let after = self.received.len();
                return Poll::Ready(Err(ProxyFailure::Ended { after }));
            }
            // What comes in one piece, as it mostly does, is read where it lies.
            let bytes = match self.received.is_empty() {
                true => &chunk[..count],
                false => {
                    self.received.extend_from_slice(&chunk[..count]);
                    &self.received
                }
            };
            if let Some((header, length)) = parse(bytes, self.longest)? {
                return Poll::Ready(Ok((header, bytes[length..].into())));
            }
            if self.received.is_empty() {
                self.received.extend_from_slice(&chunk[..count]);
            }
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<ProxyFailure> {
        let Some(after) = self.within else {
            return Poll::Pending;
        };
        let clock = self.clock.as_ref();
        let sleep = self.sleep.get_or_insert_with(|| Sleep::after(clock, after));
        Pin::new(sleep).poll(cx).map(|()| ProxyFailure::TimedOut { after })
    }
}

impl<C: Connection> Future for Reading<C> {
    type Output = Result<ProxiedConnection<C>, ProxyFailed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let ended = match this.poll_header(cx) {
            Poll::Ready(ended) => ended,
            Poll::Pending => Err(ready!(this.poll_deadline(cx))),
        };
        let Some(connection) = this.connection.take() else {
            return Poll::Pending;
        };
        let remote = this.remote.take();
        Poll::Ready(match ended {
            Ok((header, rest)) => {
                let header = ProxyHeader { proxy: remote, ..header };
                Ok(ProxiedConnection::new(connection, header, rest))
            }
            Err(failure) => Err(ProxyFailed::new(remote, failure)),
        })
    }
}

impl From<io::Error> for ProxyFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<InvalidHeader> for ProxyFailure {
    fn from(error: InvalidHeader) -> Self {
        Self::Invalid(error)
    }
}
