//! What comes from a client, and the messages in it.

use std::{
    io, mem,
    ops::Range,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_lite::AsyncRead;
use socketry_connection::{BoxConnection, Sleep};

use super::{
    failed::reading,
    scratch::{SPARE_SIZE, give_back, spare, with_scratch},
    terms::Terms,
};
use crate::framing::{Rest, Splitter};

/// After so many messages and reads in a row others have their turn.
const TURNS: u8 = 32;

/// What has come from a client and is in no message yet.
pub(super) struct Incoming {
    splitter: Splitter,
    gathered: Vec<u8>,
    /// So many bytes at the front were in messages before.
    start: usize,
    has_ended: bool,
    turns: u8,
    timer: Option<Sleep>,
}

/// A message, in the bytes that were gathered.
pub(super) struct Message {
    gathered: Vec<u8>,
    range: Range<usize>,
}

impl Message {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.gathered[self.range.clone()]
    }
}

impl Incoming {
    pub(super) fn new(terms: &Terms) -> Self {
        let options = &terms.options;
        Self {
            splitter: Splitter::new(options.framing.clone(), options.max_message_size),
            gathered: Vec::new(),
            start: 0,
            has_ended: false,
            turns: 0,
            timer: None,
        }
    }

    /// The next message, or `None` if there will be none.
    pub(super) fn poll_message(
        &mut self,
        connection: &mut BoxConnection,
        terms: &Terms,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Message>>> {
        ready!(self.poll_turn(cx));
        loop {
            if let Some(length) = self.next_length()? {
                self.timer = None;
                let range = self.start..self.start + length;
                self.start = range.end;
                let gathered = mem::take(&mut self.gathered);
                return Poll::Ready(Ok(Some(Message { gathered, range })));
            }
            if self.has_ended {
                return Poll::Ready(Ok(None));
            }
            match self.poll_read(connection, cx)? {
                Poll::Ready(()) => ready!(self.poll_turn(cx)),
                Poll::Pending => {
                    self.turns = 0;
                    return self.poll_late(terms, cx).map(Err);
                }
            }
        }
    }

    fn next_length(&mut self) -> io::Result<Option<usize>> {
        let fresh = &self.gathered[self.start..];
        let next = self.splitter.next(fresh)?;
        if next.is_some() || !self.has_ended {
            return Ok(next);
        }
        match self.splitter.at_end(fresh) {
            Rest::Nothing => Ok(None),
            Rest::Message => Ok(Some(fresh.len())),
            Rest::Incomplete(incomplete) => Err(incomplete.into()),
        }
    }

    /// Gives a message back that is answered.
    pub(super) fn put_back(&mut self, message: Message) {
        self.gathered = message.gathered;
        if self.start == self.gathered.len() {
            self.start = 0;
            give_back(mem::take(&mut self.gathered));
        } else if self.is_mostly_gone() {
            self.gathered.drain(..mem::take(&mut self.start));
            self.gathered.shrink_to(SPARE_SIZE);
        }
    }

    /// Whether a big buffer holds little, so that moving that costs less than what it took to come here.
    fn is_mostly_gone(&self) -> bool {
        let capacity = self.gathered.capacity();
        capacity > SPARE_SIZE && self.gathered.len() - self.start < capacity / 4
    }

    fn poll_read(
        &mut self,
        connection: &mut BoxConnection,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        with_scratch(|scratch| {
            let length = ready!(Pin::new(connection).poll_read(cx, scratch)).map_err(reading)?;
            self.gathered.drain(..mem::take(&mut self.start));
            if self.gathered.is_empty() {
                self.timer = None; // that of a client which is silent
            }
            if self.gathered.capacity() == 0 {
                self.gathered = spare();
            }
            self.gathered.extend_from_slice(&scratch[..length]);
            self.has_ended = length == 0;
            Poll::Ready(Ok(()))
        })
    }

    /// Reads what comes and drops it, and is ready when the client has ended its side.
    pub(super) fn poll_drop(
        &mut self,
        connection: &mut BoxConnection,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        self.gathered = Vec::new();
        while !self.has_ended {
            ready!(self.poll_turn(cx));
            let read = |scratch: &mut [u8]| Pin::new(&mut *connection).poll_read(cx, scratch);
            self.has_ended = !matches!(ready!(with_scratch(read)), Ok(1..));
        }
        Poll::Ready(())
    }

    /// Lets others have their turn, if this client has had many.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.turns += 1;
        if self.turns <= TURNS {
            return Poll::Ready(());
        }
        self.turns = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ready when the client has been silent, or at its message, for too long.
    fn poll_late(&mut self, terms: &Terms, cx: &mut Context<'_>) -> Poll<io::Error> {
        let is_silent = self.gathered.is_empty();
        let limit = match is_silent {
            true => terms.options.idle_timeout,
            false => terms.options.read_timeout,
        };
        ready!(terms.poll_late(&mut self.timer, limit, cx));
        let text = match is_silent {
            true => format!("the client has sent nothing for {limit:?} (idle_timeout)"),
            false => format!("the client's message has not come whole in {limit:?} (read_timeout)"),
        };
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, text))
    }
}
