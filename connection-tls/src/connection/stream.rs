//! Reading and writing a TLS connection, as futures-io has it.

use std::{
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::Connection;

use super::TlsConnection;

/// See [`TlsConnection`] for what the errors mean.
impl<C: Connection> AsyncRead for TlsConnection<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_vectored(cx, &mut [IoSliceMut::new(buffer)])
    }

    /// Fills one buffer after the other.
    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { inner, session, aborts } = self.get_mut();
        aborts.check()?;
        session.poll_read(inner, cx, buffers)
    }
}

/// See [`TlsConnection`] for what the errors mean.
impl<C: Connection> AsyncWrite for TlsConnection<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buffer)])
    }

    /// Makes as few records of the buffers as of one.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { inner, session, aborts } = self.get_mut();
        aborts.check()?;
        session.poll_write(inner, cx, buffers)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { inner, session, aborts } = self.get_mut();
        aborts.check()?;
        session.poll_flush(inner, cx)
    }

    /// Ends the writing side, in the time that
    /// [`close_within`](crate::TlsOptions::close_within) gives; after
    /// [`TimedOut`](io::ErrorKind::TimedOut) drop the connection.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { inner, session, aborts } = self.get_mut();
        aborts.check()?;
        session.poll_close(inner, cx)
    }
}
