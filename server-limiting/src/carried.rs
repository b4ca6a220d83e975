//! Messages on their way out.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use socketry_connection::Connection;

/// A message, of which every connection that it goes to has a share.
pub(crate) type Message = Arc<[u8]>;

/// How many messages leave in one write.
const IN_ONE_WRITE: usize = 16;

/// Messages that have begun to leave, or are next.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    pub(crate) messages: VecDeque<Message>,
    /// How much of the first one has left.
    written: usize,
}

impl Carried {
    /// Writes as many of them as go into one call. Returns how many bytes that were, which is never
    /// zero, and how many messages are whole with that.
    pub(crate) fn poll_write(
        &mut self,
        connection: &mut impl Connection,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(usize, usize)>> {
        let mut slices = [IoSlice::new(&[]); IN_ONE_WRITE];
        let mut used = 0;
        for (slice, message) in slices.iter_mut().zip(&self.messages) {
            let begin = if used == 0 { self.written } else { 0 };
            *slice = IoSlice::new(message.get(begin..).unwrap_or_default());
            used += 1;
        }
        let connection = Pin::new(connection);
        let count = ready!(match &slices[..used] {
            [one] => connection.poll_write(cx, one),
            several => connection.poll_write_vectored(cx, several),
        })?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        Poll::Ready(Ok((count, self.advance(count))))
    }

    fn advance(&mut self, count: usize) -> usize {
        let before = self.messages.len();
        self.written += count;
        while let Some(first) = self.messages.front() {
            if self.written < first.len() {
                break;
            }
            self.written -= first.len();
            self.messages.pop_front();
        }
        before - self.messages.len()
    }
}
