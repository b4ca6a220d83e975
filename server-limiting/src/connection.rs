//! A connection in the list.

mod stream;

use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    pin::pin,
    task::{Context, Poll},
};

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
    /// async fn say<C: Connection>(from: &mut TrackedConnection<C>, all: &Connections, what: &str) {
    ///     let me = from.tracked().clone();
    ///     for other in all.iter().filter(|other| *other != me) {
    ///         // Whoever has just gone need not hear it.
    ///         let _ = from.carry_while(other.write(what)).await;
    ///     }
    /// }
    /// ```
    pub fn tracked(&self) -> &Tracked {
        &self.place.tracked
    }

    /// Waits for `future`, and carries meanwhile what others write to this connection.
    ///
    /// For an owner that waits for something else than its peer: for room at other connections, for
    /// example, whose owners may wait for room at this one.
    ///
    /// # Cancel safety
    ///
    /// That of `future`; what was carried is carried.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry_connection::Connection;
    /// use socketry_server_limiting::{Connections, TrackedConnection};
    ///
    /// /// Says something to everybody, oneself among them.
    /// async fn say<C: Connection>(from: &mut TrackedConnection<C>, all: &Connections, what: &str) {
    ///     from.carry_while(all.broadcast(what)).await;
    /// }
    /// ```
    pub async fn carry_while<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| {
            let output = future.as_mut().poll(cx);
            while output.is_pending() {
                let is_stuck = self.entry().flags.now().is_half_done()
                    || self.poll_carry(cx, Side::Reader).is_pending();
                if self.entry().reader_waits(cx) || is_stuck {
                    break;
                }
            }
            output
        })
        .await
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
