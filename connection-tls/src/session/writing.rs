//! Writing: plaintext becomes records, and records leave at once.

use std::{
    io::{self, IoSlice, Write},
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use rustls::Connection as Rustls;
use socketry_connection::Connection;

use super::{FRUITLESS_READS, Reading, Session, With};
use crate::SessionFailed;

/// How the writing side stands.
pub(super) enum Writing {
    Open,
    /// close_notify is queued, behind what was written, or alone.
    Closing {
        alone: bool,
    },
    Closed,
    /// The connection below takes no more. The error is there until a writer was told.
    Failed(Option<io::Error>),
}

impl Session {
    /// Takes plaintext out of `buffers`, once all that was taken before has gone, and sends it as
    /// far as `inner` takes it: one vectored write for all records.
    pub(crate) fn poll_write<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check_writable(inner)?;
        if buffers.iter().all(|buffer| buffer.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_send(inner, cx))?;
        let count = self.rustls.writer().write_vectored(buffers)?;
        if count == 0 {
            // The keys are used up, and TLS 1.2 has no way to change them.
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        let _ = self.poll_send(inner, cx)?;
        Poll::Ready(Ok(count))
    }

    /// Sends all that was taken, and flushes `inner`.
    pub(crate) fn poll_flush<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(inner, cx))?;
        let flushed = Pin::new(inner).poll_flush(&mut self.wakers.for_writer(cx));
        match flushed {
            Poll::Pending => self.wakers.writer_waits(cx),
            Poll::Ready(_) => {
                self.must_flush = false;
                self.wakers.written();
            }
        }
        flushed
    }

    /// Sends what is queued, for the writing task. Its first error is the last one that names a
    /// cause: after that nothing more is written.
    pub(super) fn poll_send<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if let Writing::Failed(error) = &mut self.writing {
            return Poll::Ready(Err(error.take().unwrap_or_else(|| broken_pipe(inner))));
        }
        if !self.rustls.wants_write() {
            return Poll::Ready(Ok(()));
        }
        let sent = send(&mut self.rustls, &self.writing, inner, &mut self.wakers.for_writer(cx));
        match sent {
            Poll::Pending => {
                self.wakers.writer_waits(cx);
                Poll::Pending
            }
            Poll::Ready(Ok(())) => {
                if !self.must_flush {
                    self.wakers.written();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => {
                self.fail_writing(None);
                Poll::Ready(Err(self.explain(inner, cx, error)))
            }
        }
    }

    /// Sends what is queued, for the reading task: answers and alerts, and what a writer has left
    /// behind. What goes wrong with it is the writer's to know, and reading goes on.
    pub(super) fn answer<C: Connection>(&mut self, inner: &mut C, cx: &mut Context<'_>) {
        if !self.rustls.wants_write() && !self.must_flush {
            return;
        }
        if let Writing::Closed | Writing::Failed(_) = self.writing {
            self.forget_queue();
            return;
        }
        let cx = &mut self.wakers.for_reader_that_writes(cx);
        let sent = match send(&mut self.rustls, &self.writing, inner, cx) {
            Poll::Ready(Ok(())) => {
                self.must_flush = true;
                Pin::new(inner).poll_flush(cx)
            }
            unsent => unsent,
        };
        match sent {
            Poll::Pending => {}
            Poll::Ready(Ok(())) => {
                self.must_flush = false;
                self.wakers.written_by_reader();
            }
            Poll::Ready(Err(error)) => {
                self.fail_writing(Some(error));
                self.wakers.written_by_reader();
            }
        }
    }

    /// Nothing more will be written; `error` is what the next writer is told.
    pub(super) fn fail_writing(&mut self, error: Option<io::Error>) {
        self.writing = Writing::Failed(error);
        self.forget_queue();
    }

    /// Asks for new keys in both directions.
    pub(crate) fn refresh_keys<C: Connection>(&mut self, inner: &C) -> io::Result<()> {
        if !matches!(self.writing, Writing::Open) {
            return Err(broken_pipe(inner));
        }
        let refreshed = self.rustls.refresh_traffic_keys();
        refreshed.map_err(|error| io::Error::new(io::ErrorKind::Unsupported, error))
    }

    fn forget_queue(&mut self) {
        self.must_flush = false;
        while self.rustls.wants_write() {
            if !matches!(self.rustls.write_tls(&mut io::sink()), Ok(1..)) {
                break;
            }
        }
    }

    fn check_writable<C: Connection>(&self, inner: &C) -> io::Result<()> {
        match (&self.writing, &self.reading) {
            (Writing::Closing { .. } | Writing::Closed, _) => Err(broken_pipe(inner)),
            (Writing::Open, Reading::Broken(error)) => {
                Err(SessionFailed::new(inner, error.clone()).into())
            }
            _ => Ok(()),
        }
    }

    /// What the peer has said before it left, if that is why a write has failed.
    ///
    /// A server that refuses a client's certificate under TLS 1.3 says so after the handshake, and
    /// closes: to the client that is a write to somebody who has gone, with the reason unread.
    fn explain<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
        error: io::Error,
    ) -> io::Error {
        if !matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) {
            return error;
        }
        for _ in 0..FRUITLESS_READS {
            if !self.is_open() || !self.rustls.wants_read() {
                break;
            }
            match self.poll_take_in(inner, cx) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => self.reading = Reading::Cut,
                Poll::Ready(Err(error)) => self.reading = Reading::Failed(error),
                Poll::Pending => break,
            }
        }
        self.forget_queue();
        self.wakers.wake_reader();
        match &self.reading {
            Reading::Broken(alert) => SessionFailed::new(inner, alert.clone()).into(),
            _ => error,
        }
    }
}

impl Writing {
    /// Lets rustls queue what it owes the peer for what was read: the answer to a KeyUpdate, which
    /// it would hold back until something is written.
    pub(super) fn queue_answer(&self, rustls: &mut Rustls) {
        if let Self::Open = self {
            // Nothing is written, and whatever is wrong with the session is known already.
            let _ = rustls.writer().write(&[]);
        }
    }
}

/// Hands what is queued to `inner`, all of it in one vectored write if it takes that, and then what
/// rustls has kept back.
fn send<C: Connection>(
    rustls: &mut Rustls,
    writing: &Writing,
    inner: &mut C,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let mut sink = Sink { inner, cx, is_pending: false };
    while rustls.wants_write() {
        match rustls.write_tls(&mut sink) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(_) => {}
            Err(_) if mem::take(&mut sink.is_pending) => return Poll::Pending,
            Err(error) => return Poll::Ready(Err(error)),
        }
        if !rustls.wants_write() {
            writing.queue_answer(rustls);
        }
    }
    Poll::Ready(Ok(()))
}

/// The connection below as rustls writes to it.
struct Sink<'a, 'b, C> {
    inner: &'a mut C,
    cx: &'a mut Context<'b>,
    /// The last write was `Pending`.
    is_pending: bool,
}

impl<C: Connection> Write for Sink<'_, '_, C> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buffer)])
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        match Pin::new(&mut *self.inner).poll_write_vectored(self.cx, buffers) {
            Poll::Ready(result) => result,
            Poll::Pending => {
                self.is_pending = true;
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn broken_pipe<C: Connection>(inner: &C) -> io::Error {
    let text = format!("{} is closed for writing", With(inner));
    io::Error::new(io::ErrorKind::BrokenPipe, text)
}
