//! Ending a connection, in bounded time.

use std::{
    io::{self, IoSliceMut},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use socketry_connection::{Clock, Connection, Sleep};

use super::{
    FRUITLESS_READS, Reading, Session, With,
    writing::{Writing, broken_pipe},
};
use crate::TlsOptions;

const DOES_NOT_READ: &str = "the peer does not read";

/// How long closing may take, and how long it has still got.
pub(super) struct Closing {
    within: Duration,
    clock: Option<Arc<dyn Clock>>,
    /// There is one only while closing has to wait.
    deadline: Option<Box<Sleep>>,
}

impl Closing {
    pub(super) fn new(options: &TlsOptions) -> Self {
        Self { within: options.close_within, clock: options.clock.clone(), deadline: None }
    }

    /// Whether the time of what is `Pending` is up. It begins when this is first asked.
    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { within, clock, deadline } = self;
        let sleep = deadline.get_or_insert_with(|| Box::new(Sleep::after(clock.as_ref(), *within)));
        Pin::new(&mut **sleep).poll(cx)
    }
}

impl Session {
    /// Sends what was written, close_notify, and the end of the stream below.
    pub(crate) fn poll_close<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let closed = self.poll_end_writing(inner, cx);
        self.in_time(inner, cx, closed, DOES_NOT_READ)
    }

    /// Closes, and reads until the peer has ended too. Both at once: a peer that cannot get rid of
    /// what it writes may not read either.
    pub(crate) fn poll_shutdown<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let drained = self.poll_drain(inner, cx);
        let closed = self.poll_end_writing(inner, cx);
        let why_not = match closed {
            Poll::Pending => DOES_NOT_READ,
            Poll::Ready(_) => "the peer does not end the connection",
        };
        let ended = match (closed, drained) {
            (Poll::Ready(Ok(())), drained) => drained,
            (failed @ Poll::Ready(Err(_)), _) => failed,
            (Poll::Pending, failed @ Poll::Ready(Err(_))) => failed,
            (Poll::Pending, _) => Poll::Pending,
        };
        self.in_time(inner, cx, ended, why_not)
    }

    fn in_time<C: Connection>(
        &mut self,
        inner: &C,
        cx: &mut Context<'_>,
        ended: Poll<io::Result<()>>,
        why_not: &str,
    ) -> Poll<io::Result<()>> {
        if ended.is_pending() {
            ready!(self.closing.poll_expired(cx));
        }
        self.closing.deadline = None;
        let Poll::Ready(result) = ended else {
            self.fail_writing(None);
            let within = self.closing.within;
            let text = format!("{} could not be closed within {within:?}: {why_not}", With(inner));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, text)));
        };
        Poll::Ready(result)
    }

    fn poll_end_writing<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if let Writing::Open = self.writing {
            self.writing = Writing::Closing { alone: !self.rustls.wants_write() };
            self.rustls.send_close_notify();
        }
        if let Writing::Closing { alone } = self.writing {
            match ready!(self.poll_send(inner, cx)) {
                // The peer has ended before us, and will not miss that we have, too.
                Err(_) if alone && matches!(self.reading, Reading::Ended | Reading::Cut) => {}
                sent => sent?,
            }
            ready!(self.poll_close_inner(inner, cx))?;
            self.writing = Writing::Closed;
            return Poll::Ready(Ok(()));
        }
        let closed = ready!(self.poll_close_inner(inner, cx));
        match &mut self.writing {
            // Something was lost, which a second close does not make good.
            Writing::Failed(error) => {
                let error = error.take().unwrap_or_else(|| broken_pipe(inner));
                Poll::Ready(Err(error))
            }
            _ => Poll::Ready(closed),
        }
    }

    fn poll_close_inner<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let closed = Pin::new(inner).poll_close(&mut self.wakers.for_writer(cx));
        match closed {
            Poll::Pending => self.wakers.writer_waits(cx),
            Poll::Ready(_) => {
                self.must_flush = false;
                self.wakers.written();
            }
        }
        closed.map(|result| match result {
            // The peer has reset the connection: there is nobody left to tell.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        })
    }

    /// Reads what still comes and lets it go, until the peer has ended.
    fn poll_drain<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut rest = [0; 4096];
        for _ in 0..FRUITLESS_READS {
            match ready!(self.poll_read(inner, cx, &mut [IoSliceMut::new(&mut rest)])) {
                Ok(0) => return Poll::Ready(Ok(())),
                Ok(_) => {}
                // The peer has ended all the same, and what is missing nobody wanted.
                Err(_) if matches!(self.reading, Reading::Cut) => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
