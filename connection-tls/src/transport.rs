//! What stands between a handshake and the connection that carries it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};

/// The connection below, as the handshake may see it.
///
/// - A write that takes nothing is an error, where futures-rustls would try for ever.
/// - A flush is always ready, where futures-rustls forgets one that is not; it is made up for
///   before the next read.
pub(crate) struct Transport<C> {
    pub(crate) inner: C,
    must_flush: bool,
}

impl<C> Transport<C> {
    pub(crate) fn new(inner: C) -> Self {
        Self { inner, must_flush: false }
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> AsyncRead for Transport<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.must_flush {
            match Pin::new(&mut self.inner).poll_flush(cx)? {
                Poll::Ready(()) => self.must_flush = false,
                Poll::Pending => return Poll::Pending,
            }
        }
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Transport<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.must_flush = true;
        Pin::new(&mut self.inner).poll_write(cx, buffer).map(not_nothing)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.must_flush = true;
        Pin::new(&mut self.inner).poll_write_vectored(cx, buffers).map(not_nothing)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

fn not_nothing(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        other => other,
    }
}
