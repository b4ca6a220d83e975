//! A connection in the list.

use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

use crate::{
    Draining, Tracked,
    carrier::{Side, poll_carry},
    entry::Entry,
    settings::Settings,
};

/// A connection that has a place in a [`LimitingServer`](crate::LimitingServer), which is free again
/// when this is dropped.
///
/// It reads and writes as the connection inside does. Beside that its owner carries what others
/// write to it ([`Tracked::write`]), whenever it reads, writes, flushes or closes: a message goes out
/// whole, and never inside a write of the owner's that was not taken whole. Whoever has written half
/// of something is expected to write the rest (as `write_all` does); messages wait until then.
///
/// If somebody ends it from outside, its owner finds a [`ConnectionEnded`](crate::ConnectionEnded)
/// when it reads, writes, flushes or closes the next time.
///
/// # Closing
///
/// A close takes no more messages, carries those that were taken before, and then closes the
/// connection inside. If the owner has written half of something they are lost.
pub struct TrackedConnection<C> {
    /// First, so that it is closed before its place is free.
    connection: C,
    place: Place,
}

/// The place of a connection. Dropped, it is free.
struct Place {
    tracked: Tracked,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.tracked.shared.leave(&self.tracked.entry);
    }
}

impl<C: Connection> TrackedConnection<C> {
    pub(crate) fn new(connection: C, tracked: Tracked) -> Self {
        Self { connection, place: Place { tracked } }
    }

    /// This connection as it stands in the list.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_connection::Connection;
    /// use socketry_server_limiting::{Connections, TrackedConnection};
    ///
    /// /// Says something to everybody else.
    /// async fn say<C: Connection>(from: &TrackedConnection<C>, all: &Connections, what: &str) {
    ///     for other in all.iter().filter(|other| other != from.tracked()) {
    ///         let _ = other.write(what).await; // whoever has just gone need not hear it
    ///     }
    /// }
    /// ```
    pub fn tracked(&self) -> &Tracked {
        &self.place.tracked
    }

    /// Waits until the server is drained: from then on this connection should come to its end.
    ///
    /// The future does not borrow the connection.
    pub fn draining(&self) -> Draining {
        self.tracked().draining()
    }

    /// The connection inside.
    pub fn get_ref(&self) -> &C {
        &self.connection
    }

    /// The connection inside, to change it. What is written to it directly is not counted, and may
    /// come in the middle of a message.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Takes the connection out. Its place is free then, and messages that were not carried are lost,
    /// the rest of one that was being written among them.
    pub fn into_inner(self) -> C {
        self.connection
    }

    fn entry(&self) -> &Entry {
        &self.place.tracked.entry
    }

    fn settings(&self) -> &Settings {
        &self.place.tracked.shared.settings
    }

    /// Fails if it was ended from outside.
    fn check(&self) -> io::Result<()> {
        match self.entry().flags.now().ended() {
            Some(reason) => Err(self.place.tracked.shared.ended(self.entry(), reason).into()),
            None => Ok(()),
        }
    }

    /// If somebody has ended it meanwhile, that is why it fails.
    fn explain<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| self.check().err().unwrap_or(error))
    }

    /// Carries what others have written, as far as it goes: not before the owner's own write is whole.
    fn poll_carry(&mut self, cx: &mut Context<'_>, side: Side) -> Poll<()> {
        let Tracked { shared, entry } = &self.place.tracked;
        if !entry.flags.now().is_carriable() {
            return Poll::Ready(());
        }
        poll_carry(&mut self.connection, entry, &shared.settings, cx, side)
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
            if self.poll_carry(cx, Side::Writer).is_pending() {
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
        entry.has_written(count, self.settings());
        let now = entry.flags.now();
        let was_half_done = now.is_half_done();
        if now.has_writer() {
            entry.writer_goes_on();
        }
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
                self.entry().has_read(count, self.settings());
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
        if self.poll_carry(cx, Side::Writer).is_pending() {
            return self.check_before_waiting();
        }
        let Poll::Ready(flushed) = Pin::new(&mut self.connection).poll_flush(cx) else {
            self.entry().writer_waits(cx);
            return self.check_before_waiting();
        };
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
        self.entry().lose_mail(); // what half a write was in the way of
        Poll::Ready(closed)
    }
}

impl<C: Connection> Connection for TrackedConnection<C> {
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

impl<C: Connection> fmt::Debug for TrackedConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrackedConnection({:?}, {:?})", self.entry().serial, self.connection)
    }
}
