//! Reading and writing, and noticing what comes of it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use socketry_connection::Connection;

use crate::{
    loss::{LossCause, SessionLost},
    session::Session,
};

impl<C: Connection> Session<C> {
    /// Reads by `read`, and notices what comes of it.
    pub(super) fn poll_reading(
        &mut self,
        cx: &mut Context<'_>,
        is_wanted: bool,
        mut read: impl FnMut(Pin<&mut C>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let disturbances = self.guard.life().disturbances();
            if disturbances > 0 {
                self.look(cx, Direction::Reading)?;
            }
            match read(Pin::new(&mut self.connection), cx) {
                Poll::Ready(Ok(0)) if is_wanted => return Poll::Ready(self.reads_the_end()),
                Poll::Ready(Ok(count)) => {
                    if count > 0 {
                        self.is_unanswered = false;
                        if let Some(heart) = &mut self.heart {
                            heart.hears();
                        }
                    }
                    return Poll::Ready(Ok(count));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.fails(error))),
                Poll::Pending => self.guard.life().reader_waits(cx.waker()),
            }
            // Who disturbs it wakes whom it finds waiting; this one may have come too late for that.
            if self.guard.life().disturbances() == disturbances {
                return Poll::Pending;
            }
        }
    }

    /// Writes or flushes by `write`, and notices what comes of it.
    pub(super) fn poll_writing<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(Pin<&mut C>, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        loop {
            let disturbances = self.guard.life().disturbances();
            if disturbances > 0 {
                self.look(cx, Direction::Writing)?;
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
            if self.guard.life().disturbances() == disturbances {
                return Poll::Pending;
            }
        }
    }

    /// Writes what is left of a heartbeat.
    pub(super) fn poll_beat(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.heart {
            None => Poll::Ready(Ok(())),
            Some(heart) => heart.poll_say(&mut self.connection, cx),
        }
    }

    /// Something has happened from outside, or to this session. An error if it is lost; if it is to end,
    /// its end is told to the peer, and reads go on.
    #[cold]
    fn look(&mut self, cx: &mut Context<'_>, direction: Direction) -> io::Result<()> {
        let life = self.guard.life();
        match life.lost() {
            Some(lost) if !self.is_closed || life.is_aborted() => Err(lost.clone().into()),
            None if life.should_end() && !self.end_is_told => {
                // Whether it works or not, what the peer has said is read to the end.
                self.end_is_told = Pin::new(&mut self.connection).poll_close(cx).is_ready();
                if let (Direction::Writing, false) = (direction, self.end_is_told) {
                    life.wake_reader(); // who goes on, and whose waker has given way to this one's
                }
                Ok(())
            }
            _ => Ok(()),
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
    pub(super) fn fails(&mut self, error: io::Error) -> io::Error {
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
    pub(super) fn ends(&mut self, cause: LossCause) -> io::Error {
        if let Some(heart) = &mut self.heart {
            heart.stops();
        }
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

/// Who looks.
#[derive(Clone, Copy, Debug)]
enum Direction {
    Reading,
    Writing,
}
