//! One connection, from its prologue to its loss.

use std::{fmt, io, sync::Arc, time::Duration};

use socketry_connection::{Address, Connection};

use crate::{
    heartbeat::Heartbeat,
    hooks::SessionInfo,
    life::Life,
    loss::{LossCause, SessionLost},
    session::{guard::Guard, heart::Heart},
    shared::Shared,
};

mod guard;
mod heart;
mod idle;
mod noticing;
mod stream;

/// A fresh connection whose loss is noticed: what [`Reconnecting`](crate::Reconnecting) yields.
///
/// It reads and writes as the connection inside, without a system call, an allocation or a lock more. The
/// break in the stream is explicit: as soon as the session is lost, every read and write ends in an error
/// whose payload is [`SessionLost`], and the next session is another value. So no byte of one comes
/// after a byte of the other, and nothing is continued that was half written.
///
/// | what happens | what its user gets | the [cause](LossCause) |
/// |---|---|---|
/// | the peer finishes writing (FIN) | an error in place of the end | `PeerClosed` |
/// | a read or write fails | that error inside | `Failed` |
/// | its user [gives it up](Session::give_up) | the reason inside | `GivenUp` |
/// | no answer to a [`Heartbeat`] | an error of `idle` | `NoHeartbeat` |
/// | its user closes or drops it | reads go on to the end after a `close` | `ClosedByUser` |
/// | [`disconnect`](crate::Handle::disconnect) | writes are refused, reads go on to the end, then an error | `Disconnected` |
///
/// All but the last are followed by the next session.
///
/// # Noticing a loss
///
/// A read or write notices it. Who does neither, but waits for something to do, waits in
/// [`idle`](Self::idle) meanwhile. That is also where a [`Heartbeat`] is said, between two messages: a peer
/// that dies in the middle of one is noticed by a deadline around the read, as in any protocol. Behind a
/// buffered reader its buffer has to be empty before one is idle.
///
/// The end of the stream is an error, so what reads to an end gets one: `read_to_end` has put what came
/// before it into its buffer. (`read_line` and `lines` of futures-lite 2 panic in debug builds if an error
/// comes in the middle of a line; `read_until` does not.)
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use socketry_connection::{Address, Connection};
/// use socketry_connector_reconnecting::Session;
///
/// async fn ask<C: Connection>(session: &mut Session<C>) -> io::Result<[u8; 7]> {
///     session.write_all(b"PING\r\n").await?;
///     let mut answer = [0; 7];
///     session.read_exact(&mut answer).await?; // of this connection, whole, or an error
///     Ok(answer)
/// }
/// ```
pub struct Session<C> {
    // Dropped first: when its loss is told, the connection is closed.
    connection: C,
    guard: Guard,
    info: SessionInfo,
    /// A byte that was read by `idle`, and not by its user yet.
    ahead: Option<u8>,
    /// Its user has closed it.
    is_closed: bool,
    /// The peer was told that it is to end, as far as it can be.
    end_is_told: bool,
    /// Something was written, and nothing read since.
    is_unanswered: bool,
    heart: Option<Box<Heart>>,
}

impl<C: Connection> Session<C> {
    pub(crate) fn new(
        connection: C,
        info: SessionInfo,
        shared: Arc<Shared>,
        life: Arc<Life>,
        heartbeat: Option<&Heartbeat>,
    ) -> Self {
        let heart = heartbeat.map(|heartbeat| Box::new(Heart::new(heartbeat.clone())));
        let guard = Guard::new(shared, life);
        Self {
            connection,
            guard,
            info,
            ahead: None,
            is_closed: false,
            end_is_told: false,
            is_unanswered: false,
            heart,
        }
    }

    /// The connection inside.
    pub fn get_ref(&self) -> &C {
        &self.connection
    }

    /// The connection inside, to change it. Bytes that are read and written there are not counted, and
    /// what happens is not noticed; [`read_ahead`](Self::read_ahead) comes before what is read there.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Takes the connection out, for good: the session is over, as if it were dropped, and the next one
    /// is made. [`read_ahead`](Self::read_ahead) comes before what is read there, and a heartbeat that is
    /// half written stays so: [`flush`](futures_io::AsyncWrite::poll_flush) before.
    pub fn into_inner(self) -> C {
        self.connection
    }

    /// What [`idle`](Self::idle) has read, and its user has not yet: nothing, or one byte.
    pub fn read_ahead(&self) -> &[u8] {
        self.ahead.as_slice()
    }

    /// Which session it is, and what has come before it.
    pub fn info(&self) -> &SessionInfo {
        &self.info
    }

    /// The number of the session: 1 is the first.
    pub fn generation(&self) -> u64 {
        self.info.generation
    }

    /// This end of the connection.
    pub fn local_address(&self) -> Option<Address> {
        self.connection.local_address()
    }

    /// The peer.
    pub fn remote_address(&self) -> Option<Address> {
        self.connection.remote_address()
    }

    /// How long the session has been up, or was until it was lost.
    pub fn uptime(&self) -> Duration {
        match self.guard.life().lost() {
            Some(lost) => lost.uptime(),
            None => {
                let now = self.guard.shared().now();
                now.saturating_duration_since(self.guard.life().began())
            }
        }
    }

    /// Whether it is lost, as far as anybody has noticed, and how.
    pub fn lost(&self) -> Option<&SessionLost> {
        self.guard.life().lost()
    }

    /// Gives the session up for a reason of one's own: an answer that makes no sense, say. Reads and
    /// writes fail from now on, and the next session is made; none is if the error is
    /// [`Fatal`](crate::Fatal).
    ///
    /// Nothing happens if it is lost already.
    pub fn give_up(&mut self, error: io::Error) {
        self.ends(LossCause::GivenUp(Arc::new(error)));
    }

    /// Whether a heartbeat was said, and nothing was heard since: what comes next may be its answer.
    pub fn awaits_heartbeat(&self) -> bool {
        self.heart.as_ref().is_some_and(|heart| heart.has_asked())
    }

    /// Whether it was asked to end: nothing can be written any more.
    pub(crate) fn is_ending(&self) -> bool {
        self.guard.life().should_end()
    }

    /// Whether something was written, and nothing read since.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.is_unanswered
    }

    /// Its pool closes it; if that `is_excused` no delay follows.
    pub(crate) fn retire(&mut self, is_excused: bool) {
        if is_excused {
            self.guard.life().excuse();
        }
        self.ends(LossCause::ClosedByPool);
    }
}

/// One line that says which session it is, and with whom.
impl<C: Connection> fmt::Debug for Session<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("generation", &self.info.generation)
            .field("connection", &self.connection)
            .field("lost", &self.lost().is_some())
            .finish_non_exhaustive()
    }
}
