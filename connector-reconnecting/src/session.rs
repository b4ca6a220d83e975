//! One connection, from its prologue to its loss.

use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use socketry_connection::Connection;

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
/// use socketry_connection::Connection;
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
        Self { connection, guard, info, ahead: None, is_closed: false, heart }
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
    /// is made. [`read_ahead`](Self::read_ahead) comes before what is read there.
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

    /// Reads by `read`, and notices what comes of it.
    fn poll_reading(
        &mut self,
        cx: &mut Context<'_>,
        is_wanted: bool,
        mut read: impl FnMut(Pin<&mut C>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let was_disturbed = self.guard.life().is_disturbed();
            if was_disturbed {
                self.look(cx)?;
            }
            match read(Pin::new(&mut self.connection), cx) {
                Poll::Ready(Ok(0)) if is_wanted => return Poll::Ready(self.reads_the_end()),
                Poll::Ready(Ok(count)) => {
                    if let Some(heart) = &mut self.heart {
                        heart.hears();
                    }
                    return Poll::Ready(Ok(count));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.fails(error))),
                Poll::Pending => self.guard.life().reader_waits(cx.waker()),
            }
            // Who disturbs it wakes whom it finds waiting; this one may have come too late for that.
            if self.guard.life().is_disturbed() == was_disturbed {
                return Poll::Pending;
            }
        }
    }

    /// Writes or flushes by `write`, and notices what comes of it.
    fn poll_writing<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(Pin<&mut C>, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        loop {
            let was_disturbed = self.guard.life().is_disturbed();
            if was_disturbed {
                self.look(cx)?;
                self.refuse_to_write()?;
            }
            let said = self.poll_beat(cx); // a heartbeat that was begun goes first
            let written = match said {
                Poll::Ready(Ok(())) => write(Pin::new(&mut self.connection), cx),
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            };
            match written {
                Poll::Ready(Ok(result)) => return Poll::Ready(Ok(result)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.fails(error))),
                Poll::Pending => self.guard.life().writer_waits(cx.waker()),
            }
            if self.guard.life().is_disturbed() == was_disturbed {
                return Poll::Pending;
            }
        }
    }

    /// Writes what is left of a heartbeat.
    fn poll_beat(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.heart {
            None => Poll::Ready(Ok(())),
            Some(heart) => heart.poll_say(&mut self.connection, cx),
        }
    }

    /// Something has happened from outside, or to this session. An error if it is lost; if it is to end,
    /// its end is told to the peer, and reads go on.
    #[cold]
    fn look(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let life = self.guard.life();
        match life.lost() {
            Some(lost) => Err(lost.clone().into()),
            None if life.should_end() => {
                // Whether it works or not, what the peer has said is read to the end.
                let _ = Pin::new(&mut self.connection).poll_close(cx);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Nothing is written to a session that is to end.
    #[cold]
    fn refuse_to_write(&self) -> io::Result<()> {
        let life = self.guard.life();
        if self.is_closed || !life.should_end() {
            return Ok(()); // after a close the connection refuses it
        }
        let (remote, cause) = (life.remote_address().cloned(), LossCause::Disconnected);
        Err(SessionLost::new(life.generation(), remote, self.uptime(), cause).into())
    }

    /// The peer has finished writing.
    #[cold]
    fn reads_the_end(&mut self) -> io::Result<usize> {
        if self.is_closed {
            self.guard.shared().session_over(self.guard.life());
            return Ok(0); // this side has finished too, and knows of it
        }
        Err(self.ends(LossCause::PeerClosed))
    }

    /// The connection has returned this error.
    #[cold]
    fn fails(&mut self, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => error,
            _ if self.is_closed => {
                self.guard.shared().session_over(self.guard.life());
                error
            }
            _ => self.ends(LossCause::Failed(Arc::new(error))),
        }
    }

    /// Nothing more will be read or written.
    fn ends(&mut self, cause: LossCause) -> io::Error {
        let (shared, life) = (self.guard.shared(), self.guard.life());
        // Whatever ends a session that is to end does what was asked for.
        let cause = if life.should_end() { LossCause::Disconnected } else { cause };
        shared.session_lost(life, cause.clone());
        shared.session_over(life);
        match life.lost() {
            Some(lost) => lost.clone().into(),
            None => io::Error::other(cause.to_string()), // it was just noted
        }
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
