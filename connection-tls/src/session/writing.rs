//! From whoever writes to the connection below, and closing.

use std::{
    future::Future,
    io::{self, IoSlice, Write},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use socketry_connection::{Connection, Sleep};

use super::{Session, With, Writing};
use crate::outgoing::Sender;

impl Session {
    pub(crate) fn poll_write<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_open(inner)?;
        ready!(self.poll_send(inner, cx))?;
        let count = self.rustls.writer().write_vectored(buffers)?;
        // What cannot go now goes with the next write, flush, close or read.
        self.reader_sends |= self.poll_send(inner, cx)?.is_pending();
        Poll::Ready(Ok(count))
    }

    pub(crate) fn poll_flush<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.writing == Writing::Failed {
            return Poll::Ready(Err(broken_pipe(inner)));
        }
        ready!(self.poll_send(inner, cx))?;
        Pin::new(inner).poll_flush(cx)
    }

    pub(crate) fn poll_close<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match self.writing {
            Writing::Open => {
                self.rustls.send_close_notify();
                self.writing = Writing::Closing;
            }
            Writing::Closing => {}
            Writing::Closed => return Poll::Ready(Ok(())),
            Writing::Failed => return Pin::new(inner).poll_close(cx),
        }
        let result = match self.poll_finish(inner, cx) {
            Poll::Ready(result) => result,
            Poll::Pending => {
                let (clock, within) = (self.clock.as_ref(), self.close_within);
                let closing =
                    self.closing.get_or_insert_with(|| Box::new(Sleep::after(clock, within)));
                ready!(Pin::new(closing).poll(cx));
                Err(not_closed(inner, within))
            }
        };
        self.closing = None;
        self.writing = if result.is_ok() { Writing::Closed } else { Writing::Failed };
        Poll::Ready(result)
    }

    /// Everything that is queued, then the end.
    fn poll_finish<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(inner, cx))?;
        ready!(Pin::new(&mut *inner).poll_flush(cx))?;
        Pin::new(inner).poll_close(cx)
    }

    fn poll_send<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = self.outgoing.poll_send(&mut self.rustls, inner, cx, Sender::Writer);
        if let Poll::Ready(Err(_)) = &poll {
            self.writing = Writing::Failed;
        }
        poll
    }

    fn check_open(&self, inner: &impl Connection) -> io::Result<()> {
        match self.writing {
            Writing::Open => Ok(()),
            Writing::Closing | Writing::Closed | Writing::Failed => Err(broken_pipe(inner)),
        }
    }
}

fn broken_pipe(inner: &impl Connection) -> io::Error {
    let words = "is closed for writing";
    io::Error::new(io::ErrorKind::BrokenPipe, format!("{} {words}", With(inner)))
}

pub(super) fn not_closed(inner: &impl Connection, within: Duration) -> io::Error {
    let words = "could not be closed in an orderly way within";
    io::Error::new(io::ErrorKind::TimedOut, format!("{} {words} {within:?}", With(inner)))
}
