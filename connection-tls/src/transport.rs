//! What stands between a handshake and the connection that carries it.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::{AsyncRead, AsyncWrite};

use crate::{explain::SHOWN, reads::Reads, session::Records};

/// The connection below, as the handshake may see it.
///
/// - The first bytes that come are kept, to be told if they are not TLS.
/// - A write that takes nothing is an error, where futures-rustls would try for ever.
/// - A flush is always ready, where futures-rustls forgets one that is not; it is made up for
///   before the next read.
/// - A read that cannot find anything new is not made: see [`Reads`].
/// - A write to a peer that has gone is good: what the peer has said before it went says why, and
///   futures-rustls would not look for it. If nothing is there to be read, the read fails instead.
pub(crate) struct Transport<'a, C> {
    pub(crate) inner: C,
    reads: &'a Reads,
    /// Where in a record the stream is.
    pub(crate) records: Records,
    /// The stream below has ended.
    pub(crate) is_cut: bool,
    must_flush: bool,
    /// Why nothing more can be written.
    gone: Option<io::Error>,
    first_bytes: [u8; SHOWN],
    kept: usize,
}

impl<'a, C> Transport<'a, C> {
    pub(crate) fn new(inner: C, reads: &'a Reads) -> Self {
        Self {
            inner,
            reads,
            records: Records::default(),
            is_cut: false,
            must_flush: false,
            gone: None,
            first_bytes: [0; SHOWN],
            kept: 0,
        }
    }

    /// The first bytes that have come.
    pub(crate) fn first_bytes(&self) -> &[u8] {
        &self.first_bytes[..self.kept]
    }

    /// Makes up for the flushes and writes that were answered too early.
    pub(crate) async fn flush(&mut self) -> io::Result<()>
    where
        C: AsyncWrite + Unpin,
    {
        poll_fn(|cx| self.poll_due_flush(cx)).await?;
        self.gone.take().map_or(Ok(()), Err)
    }

    fn poll_due_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        C: AsyncWrite + Unpin,
    {
        if self.must_flush {
            let flushed = ready!(Pin::new(&mut self.inner).poll_flush(cx));
            self.must_flush = false;
            self.unless_gone(flushed, ())?;
        }
        Poll::Ready(Ok(()))
    }

    /// `result`, or `instead` if it is only that the peer has gone.
    fn unless_gone<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
                ) =>
            {
                self.gone.get_or_insert(error);
                Ok(instead)
            }
            result => result,
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = &mut self.first_bytes[self.kept..];
        let count = room.len().min(bytes.len());
        room[..count].copy_from_slice(&bytes[..count]);
        self.kept += count;
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> AsyncRead for Transport<'_, C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_due_flush(cx))?;
        // Of a peer that has gone it matters whether anything is there at all.
        if self.gone.is_none() && self.reads.wait() {
            return Poll::Pending;
        }
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if let (Some(_), Poll::Pending | Poll::Ready(Ok(0) | Err(_))) = (&self.gone, &read) {
            return Poll::Ready(self.gone.take().map_or(Ok(0), Err));
        }
        if read.is_pending() {
            self.reads.waits();
        }
        let count = ready!(read)?;
        self.reads.brought(count == 0 || count == buffer.len());
        self.records.follow(&buffer[..count]);
        self.is_cut |= count == 0 && !buffer.is_empty();
        self.keep(&buffer[..count]);
        Poll::Ready(Ok(count))
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Transport<'_, C> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buffer)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = buffers.iter().map(|buffer| buffer.len()).sum();
        if self.gone.is_some() {
            return Poll::Ready(Ok(all));
        }
        self.must_flush = true;
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, buffers));
        Poll::Ready(self.unless_gone(not_nothing(written), all))
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
