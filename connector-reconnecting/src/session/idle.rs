//! Waiting for something to do, without missing the loss of the session.

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll},
};

use socketry_connection::Connection;

use crate::{
    loss::LossCause,
    session::{Session, heart::Beat},
};

impl<C: Connection> Session<C> {
    /// Waits until the peer says something, or the session is lost: for who has nothing to read or write
    /// now, and wants to know.
    ///
    /// A peer that closes or resets the connection is noticed here while nobody reads, and a
    /// [`Heartbeat`](crate::Heartbeat) is said here and nowhere else: between two messages, that is. To
    /// notice an end, one byte is read; it comes first with the next read.
    ///
    /// # Errors
    ///
    /// [`SessionLost`](crate::SessionLost), with what has happened.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped and called again: a byte that was read is kept, and a heartbeat that was half
    /// written is finished before anything else is.
    ///
    /// # Examples
    ///
    /// Requests come from a channel, and a loss is noticed between them:
    ///
    /// (The session is asked first: a request that is taken and then finds it lost would have to be put back.
    /// With a heartbeat the peer says something unasked; see
    /// [`awaits_heartbeat`](Self::awaits_heartbeat).)
    ///
    /// ```
    /// use std::io;
    ///
    /// use futures_lite::{AsyncWriteExt, Stream, StreamExt, future};
    /// use socketry_connection::Connection;
    /// use socketry_connector_reconnecting::Session;
    ///
    /// async fn forward<C: Connection>(
    ///     mut session: Session<C>,
    ///     requests: &mut (impl Stream<Item = String> + Unpin),
    /// ) -> io::Result<()> {
    ///     loop {
    ///         let request = async { io::Result::Ok(requests.next().await) };
    ///         let loss = async {
    ///             session.idle().await?; // it has said something, though nothing was asked
    ///             Err(io::ErrorKind::InvalidData.into())
    ///         };
    ///         match future::or(loss, request).await? {
    ///             Some(request) => session.write_all(request.as_bytes()).await?, // and reads the answer
    ///             None => return Ok(()),
    ///         }
    ///     }
    /// }
    /// ```
    pub async fn idle(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_idle(cx)).await
    }

    /// See [`idle`](Self::idle).
    ///
    /// # Errors
    ///
    /// Those of [`idle`](Self::idle).
    pub fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(lost) = self.lost().filter(|_| !self.is_closed) {
            return Poll::Ready(Err(lost.clone().into()));
        }
        if self.ahead.is_some() {
            return Poll::Ready(Ok(()));
        }
        let mut byte = [0];
        let read =
            self.poll_reading(cx, true, |connection, cx| connection.poll_read(cx, &mut byte));
        match read {
            Poll::Ready(Ok(count)) => {
                self.ahead = (count > 0).then_some(byte[0]);
                return Poll::Ready(Ok(())); // the end, after a close, is something to read too
            }
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => {}
        }
        self.poll_heart(cx)
    }

    /// Says a heartbeat when it is due, and gives the session up when none is answered.
    fn poll_heart(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_closed || self.is_ending() {
            return Poll::Pending;
        }
        loop {
            match self.poll_beat(cx) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.fails(error))),
                // A writer in another task may have waited behind it, or have lost its waker to this one.
                Poll::Ready(Ok(())) if self.heart.is_some() => self.guard.life().wake_writer(),
                _ => {}
            }
            let Some(heart) = &mut self.heart else { return Poll::Pending };
            match heart.poll_time(self.guard.shared().clock(), cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Beat::Due) => {}
                Poll::Ready(Beat::Missed) => {
                    let within = heart.heartbeat().within();
                    return Poll::Ready(Err(self.ends(LossCause::NoHeartbeat { within })));
                }
            }
        }
    }
}
