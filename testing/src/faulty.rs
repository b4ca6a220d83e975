//! A connection that misbehaves as the test says.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

pub use self::faults::{Faults, IoCounts, Operation};

mod faults;

/// Wraps a connection into one that misbehaves as the [`Faults`] say; until they say something it
/// only counts.
///
/// # Examples
///
/// What is written arrives in pieces, and nothing leaves before it is flushed:
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
/// use socketry_testing::{faulty, pair};
///
/// let (ours, mut theirs) = pair();
/// let (mut ours, faults) = faulty(ours);
/// faults.at_most_written(2);
/// faults.buffer_writes(true);
///
/// block_on(async {
///     ours.write_all(b"hello").await?;
///     assert_eq!(faults.counts().writes, 3);
///     ours.flush().await?;
///
///     let mut heard = [0; 5];
///     theirs.read_exact(&mut heard).await?;
/// #   std::io::Result::Ok(())
/// })?;
/// # std::io::Result::Ok(())
/// ```
pub fn faulty<C: Connection>(inner: C) -> (FaultyConnection<C>, Faults) {
    let faults = Faults::new();
    (FaultyConnection { inner, faults: faults.clone(), buffer: Vec::new(), closed: false }, faults)
}

/// A connection that misbehaves as the test says; see [`faulty`].
///
/// Dropped, it drops the connection below, and what it has buffered is lost.
#[derive(Debug)]
pub struct FaultyConnection<C> {
    inner: C,
    faults: Faults,
    /// What was written and not flushed.
    buffer: Vec<u8>,
    /// After a close a write is for the connection below to refuse.
    closed: bool,
}

impl<C: Connection> FaultyConnection<C> {
    /// The connection below.
    pub fn get_ref(&self) -> &C {
        &self.inner
    }

    /// The connection below.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connection below out; what is buffered is lost.
    pub fn into_inner(self) -> C {
        self.inner
    }

    /// Hands on what was buffered, in as many writes as it takes.
    fn poll_empty(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.buffer.is_empty() {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, &self.buffer))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(self.buffer.drain(..written)),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_some(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
        vectored: bool,
    ) -> Poll<io::Result<usize>> {
        let faults = self.faults.clone();
        let Some(most) = ready!(faults.judge(Operation::Write, cx))? else {
            return Poll::Ready(Ok(0));
        };
        let bufs = shortened(bufs, most);
        let written = if faults.buffers_writes() && !self.closed {
            let before = self.buffer.len();
            bufs.iter().for_each(|buf| self.buffer.extend_from_slice(buf));
            self.buffer.len() - before
        } else {
            ready!(self.poll_empty(cx))?; // what is left from when it did buffer
            let inner = Pin::new(&mut self.inner);
            match vectored {
                true => ready!(inner.poll_write_vectored(cx, &bufs))?,
                false => ready!(inner.poll_write(cx, bufs.first().map_or(&[], |buf| buf)))?,
            }
        };
        faults.count(|counts| counts.bytes_written += written);
        Poll::Ready(Ok(written))
    }
}

impl<C: Connection> AsyncRead for FaultyConnection<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Self { inner, faults, .. } = self.get_mut();
        faults.count(|counts| counts.reads += 1);
        let Some(most) = ready!(faults.judge(Operation::Read, cx))? else {
            return Poll::Ready(Ok(0));
        };
        let room = buf.len().min(most);
        let read = ready!(Pin::new(inner).poll_read(cx, &mut buf[..room]))?;
        faults.count(|counts| counts.bytes_read += read);
        Poll::Ready(Ok(read))
    }
}

impl<C: Connection> AsyncWrite for FaultyConnection<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.faults.count(|counts| counts.writes += 1);
        self.get_mut().poll_write_some(cx, &[IoSlice::new(buf)], false)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.faults.count(|counts| counts.vectored_writes += 1);
        self.get_mut().poll_write_some(cx, bufs, true)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.faults.count(|counts| counts.flushes += 1);
        if ready!(this.faults.judge(Operation::Flush, cx))?.is_none() {
            return Poll::Ready(Ok(()));
        }
        ready!(this.poll_empty(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.faults.count(|counts| counts.closes += 1);
        if ready!(this.faults.judge(Operation::Close, cx))?.is_none() {
            return Poll::Ready(Ok(()));
        }
        ready!(this.poll_empty(cx))?;
        this.closed = true;
        Pin::new(&mut this.inner).poll_close(cx)
    }
}

impl<C: Connection> Connection for FaultyConnection<C> {
    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }

    fn remote_address(&self) -> Option<Address> {
        self.inner.remote_address()
    }

    fn attributes(&self) -> &Attributes {
        self.inner.attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        self.inner.attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        if self.faults.has_abort_handle() { self.inner.abort_handle() } else { None }
    }
}

/// The first `most` bytes of these buffers.
fn shortened<'a>(bufs: &'a [IoSlice<'_>], mut most: usize) -> Vec<IoSlice<'a>> {
    let mut kept = Vec::with_capacity(bufs.len());
    for buf in bufs {
        let taken = buf.len().min(most);
        most -= taken;
        kept.push(IoSlice::new(&buf[..taken]));
    }
    kept
}
