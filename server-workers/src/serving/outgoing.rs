//! What goes to a client: answers, and what others send.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_lite::AsyncWrite;
use socketry_connection::{BoxConnection, Sleep};

use super::{entry::Entry, failed::writing, terms::Terms};

/// How far writing has come.
#[derive(Default)]
pub(super) struct Outgoing {
    /// A message of others that is being written, and how much of it is.
    under_way: Option<(Arc<[u8]>, usize)>,
    /// Whether something was written that has not been flushed.
    is_unflushed: bool,
    /// Since when the client has taken nothing.
    timer: Option<Sleep>,
}

impl Outgoing {
    /// Writes what others have sent, and is ready when nothing of it is left, or when `most` messages more
    /// are written, which is zero then.
    pub(super) fn poll_mail(
        &mut self,
        connection: &mut BoxConnection,
        entry: &Entry,
        terms: &Terms,
        most: &mut usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.under_way.is_none() && *most > 0 {
                self.under_way = entry.take().map(|message| (message, 0));
                *most -= usize::from(self.under_way.is_some());
            }
            let Some((message, from)) = &self.under_way else { return Poll::Ready(Ok(())) };
            let (message, from) = (message.clone(), *from);
            let written = ready!(self.poll_write(connection, &message[from..], terms, cx))?;
            entry.sent(written);
            let to = from + written;
            self.under_way = (to < message.len()).then_some((message, to));
        }
    }

    pub(super) fn poll_write(
        &mut self,
        connection: &mut BoxConnection,
        bytes: &[u8],
        terms: &Terms,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match Pin::new(connection).poll_write(cx, bytes) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(result) => {
                self.timer = None;
                self.is_unflushed = true;
                Poll::Ready(result.map_err(writing))
            }
            Poll::Pending => self.poll_not_taken(terms, cx).map(Err),
        }
    }

    pub(super) fn poll_flush(
        &mut self,
        connection: &mut BoxConnection,
        terms: &Terms,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.is_unflushed {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(connection).poll_flush(cx) {
            Poll::Ready(result) => {
                self.timer = None;
                self.is_unflushed = false;
                Poll::Ready(result.map_err(writing))
            }
            Poll::Pending => self.poll_not_taken(terms, cx).map(Err),
        }
    }

    /// Ready when the client has taken nothing for too long.
    fn poll_not_taken(&mut self, terms: &Terms, cx: &mut Context<'_>) -> Poll<io::Error> {
        let limit = terms.options.write_timeout;
        ready!(terms.poll_late(&mut self.timer, limit, cx));
        let text = format!("the client has taken nothing for {limit:?} (write_timeout)");
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, text))
    }
}
