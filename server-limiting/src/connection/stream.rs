//! How its owner reads and writes.

use std::{
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::Connection;

use super::TrackedConnection;
use crate::carrier::Side;

impl<C: Connection> AsyncRead for TrackedConnection<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_with(cx, |connection, cx| connection.poll_read(cx, buffer))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_with(cx, |connection, cx| connection.poll_read_vectored(cx, buffers))
    }
}

impl<C: Connection> AsyncWrite for TrackedConnection<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, buffer.len(), |connection, cx| connection.poll_write(cx, buffer))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wanted = buffers.iter().map(|buffer| buffer.len()).sum();
        self.poll_write_with(cx, wanted, |connection, cx| {
            connection.poll_write_vectored(cx, buffers)
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        if self.poll_carry_all(cx).is_pending() {
            return self.check_before_waiting();
        }
        let Poll::Ready(flushed) = Pin::new(&mut self.connection).poll_flush(cx) else {
            self.entry().writer_waits(cx);
            return self.check_before_waiting();
        };
        self.goes_on();
        Poll::Ready(self.explain(flushed))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        self.entry().refuse();
        // Nothing new comes, so that this comes to its end; one turn carries what one look has found.
        while self.entry().flags.now().is_carriable() {
            if self.poll_carry(cx, Side::Writer).is_pending() {
                return self.check_before_waiting();
            }
        }
        let Poll::Ready(closed) = Pin::new(&mut self.connection).poll_close(cx) else {
            self.entry().writer_waits(cx);
            return self.check_before_waiting();
        };
        let closed = self.explain(closed);
        self.goes_on();
        self.entry().lose_mail(); // what half a write was in the way of
        Poll::Ready(closed)
    }
}

impl<C: Connection> TrackedConnection<C> {
    /// Carries all that is there, as far as it goes: the rest of what is under way, and then what has come
    /// since.
    fn poll_carry_all(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..2 {
            ready!(self.poll_carry(cx, Side::Writer));
        }
        Poll::Ready(())
    }

    /// The owner has done what it has waited for.
    fn goes_on(&self) {
        if self.entry().flags.now().has_writer() {
            self.entry().writer_goes_on();
        }
    }

    /// Lets one side do its own, after what others have written.
    fn poll_write_with(
        &mut self,
        cx: &mut Context<'_>,
        wanted: usize,
        write: impl FnOnce(Pin<&mut C>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if !self.entry().flags.now().is_quiet() {
            self.check()?;
            if self.poll_carry_all(cx).is_pending() {
                return self.check_before_waiting();
            }
        }
        let Poll::Ready(result) = write(Pin::new(&mut self.connection), cx) else {
            self.entry().writer_waits(cx);
            return self.check_before_waiting();
        };
        let count = self.explain(result)?;
        self.has_written(count, wanted, cx);
        Poll::Ready(Ok(count))
    }

    /// So much was taken of what the owner wanted to write.
    fn has_written(&mut self, count: usize, wanted: usize, cx: &mut Context<'_>) {
        let entry = self.entry();
        entry.traffic.has_written(count, self.settings());
        let was_half_done = entry.flags.now().is_half_done();
        self.goes_on();
        let entry = self.entry();
        if count > 0 {
            entry.flags.set_half_done(count < wanted);
        }
        if was_half_done && count == wanted {
            // What had to wait for this goes now, as far as it goes.
            let _ = self.poll_carry(cx, Side::Writer);
        }
    }

    fn poll_read_with(
        &mut self,
        cx: &mut Context<'_>,
        mut read: impl FnMut(Pin<&mut C>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut is_stuck = false;
            let now = self.entry().flags.now();
            if !now.is_quiet() {
                self.check()?;
                is_stuck = now.is_half_done() || self.poll_carry(cx, Side::Reader).is_pending();
            }
            if let Poll::Ready(result) = read(Pin::new(&mut self.connection), cx) {
                let count = self.explain(result)?;
                self.entry().traffic.has_read(count, self.settings());
                return Poll::Ready(Ok(count));
            }
            if self.entry().reader_waits(cx) || is_stuck {
                return self.check_before_waiting();
            }
        }
    }

    /// Whoever has ended the connection before its owner waited could wake nobody.
    fn check_before_waiting<T>(&self) -> Poll<io::Result<T>> {
        match self.check() {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}
