//! A session is a connection.

use std::{
    io,
    io::{IoSlice, IoSliceMut},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

use crate::{loss::LossCause, session::Session};

impl<C: Connection> Session<C> {
    /// What was read ahead, and as much behind it as is there already.
    #[cold]
    fn poll_read_ahead(
        &mut self,
        cx: &mut Context<'_>,
        byte: u8,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(lost) = self.lost().filter(|_| !self.is_closed) {
            return Poll::Ready(Err(lost.clone().into()));
        }
        let Some((first, rest)) = buf.split_first_mut() else { return Poll::Ready(Ok(0)) };
        *first = byte;
        self.ahead = None;
        let more = match rest.is_empty() {
            true => Poll::Pending,
            // An end or an error is noted, and told by the next read.
            false => self.poll_reading(cx, true, |connection, cx| connection.poll_read(cx, rest)),
        };
        let count = match more {
            Poll::Ready(Ok(more)) => 1 + more,
            Poll::Ready(Err(_)) | Poll::Pending => 1,
        };
        self.guard.life().has_read(count);
        Poll::Ready(Ok(count))
    }
}

/// # Errors
///
/// Those of the connection inside; as soon as the session is lost
/// [`SessionLost`](crate::SessionLost), also in place of the end of the stream. Only after a `close` of
/// one's own the end is read as one.
impl<C: Connection> AsyncRead for Session<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(byte) = this.ahead {
            return this.poll_read_ahead(cx, byte, buf);
        }
        let is_wanted = !buf.is_empty();
        let read = |connection: Pin<&mut C>, cx: &mut Context<'_>| connection.poll_read(cx, buf);
        let count = ready!(this.poll_reading(cx, is_wanted, read))?;
        this.guard.life().has_read(count);
        Poll::Ready(Ok(count))
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(byte) = this.ahead {
            let first = bufs.iter_mut().find(|buf| !buf.is_empty());
            return this.poll_read_ahead(cx, byte, first.map_or(&mut [], |buf| buf));
        }
        let is_wanted = bufs.iter().any(|buf| !buf.is_empty());
        let read =
            |connection: Pin<&mut C>, cx: &mut Context<'_>| connection.poll_read_vectored(cx, bufs);
        let count = ready!(this.poll_reading(cx, is_wanted, read))?;
        this.guard.life().has_read(count);
        Poll::Ready(Ok(count))
    }
}

/// # Errors
///
/// Those of the connection inside; as soon as the session is lost, or is to end,
/// [`SessionLost`](crate::SessionLost).
impl<C: Connection> AsyncWrite for Session<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let write = |connection: Pin<&mut C>, cx: &mut Context<'_>| connection.poll_write(cx, buf);
        this.is_unanswered = true; // also if it is dropped while it waits
        let count = ready!(this.poll_writing(cx, write))?;
        this.guard.life().has_written(count);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let write = |connection: Pin<&mut C>, cx: &mut Context<'_>| {
            connection.poll_write_vectored(cx, bufs)
        };
        this.is_unanswered = true; // also if it is dropped while it waits
        let count = ready!(this.poll_writing(cx, write))?;
        this.guard.life().has_written(count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_writing(cx, |connection, cx| connection.poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_closed && !this.is_ending() && this.lost().is_none() {
            match this.poll_writing(cx, |connection, cx| connection.poll_close(cx)) {
                Poll::Ready(Ok(())) => {
                    this.is_closed = true;
                    this.guard.shared().session_lost(this.guard.life(), LossCause::ClosedByUser);
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(Err(error)) if !this.is_ending() => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_)) => {} // it was asked to end meanwhile
            }
        }
        // It is no error to close what is lost, or is being closed.
        let disturbances = this.guard.life().disturbances();
        let closed = Pin::new(&mut this.connection).poll_close(cx);
        this.guard.life().writer_waits(cx.waker());
        let is_over = this.guard.life().is_over() || this.lost().is_some();
        match closed.is_pending() && !is_over {
            false => Poll::Ready(Ok(())),
            true if this.guard.life().disturbances() == disturbances => Poll::Pending,
            true => Poll::Ready(Ok(())), // it was ended in this moment
        }
    }
}

impl<C: Connection> Connection for Session<C> {
    fn local_address(&self) -> Option<Address> {
        self.connection.local_address()
    }

    fn remote_address(&self) -> Option<Address> {
        self.connection.remote_address()
    }

    fn attributes(&self) -> &Attributes {
        self.connection.attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        self.connection.attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        self.connection.abort_handle()
    }
}
