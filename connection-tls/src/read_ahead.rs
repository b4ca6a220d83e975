//! Ciphertext that was read and has not been taken by the session.

use std::{
    cell::Cell,
    io::{self, Read},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::AsyncRead;

/// The most that is read at once: eight records of the largest size. Fewer leave the system with a
/// call for each, and more are no faster.
const LARGEST: usize = 128 * 1024;

/// What is read at once to begin with: a record of the largest size, with its head and its tag.
const SMALLEST: usize = 16 * 1024 + 512;

/// What is left over and is at most so long goes into a block of its own length, so that no large
/// one is kept for it.
const SMALL_REST: usize = 16 * 1024;

thread_local! {
    /// One block for all connections that are read in this thread: each has it for a moment.
    static SPARE: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Reads ahead of the session, as far as the peer sends.
///
/// There is a block only while there is something in it, so that a connection which waits holds
/// none.
#[derive(Default)]
pub(crate) struct ReadAhead {
    block: Option<Box<[u8]>>,
    start: usize,
    end: usize,
    /// How often in a row a read has filled what it was given.
    filled: u8,
}

impl ReadAhead {
    /// What is there.
    pub(crate) fn rest(&self) -> &[u8] {
        self.block.as_deref().map_or(&[], |block| &block[self.start..self.end])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Reads from `inner` once; there must be nothing left. Returns how much has come.
    pub(crate) fn poll_fill(
        &mut self,
        inner: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut block = SPARE.take().unwrap_or_else(|| vec![0; LARGEST].into());
        let length = (SMALLEST << self.filled).min(LARGEST);
        let poll = Pin::new(inner).poll_read(cx, &mut block[..length]);
        let Poll::Ready(Ok(count @ 1..)) = poll else {
            self.filled = 0;
            SPARE.set(Some(block));
            return poll;
        };
        self.filled = if count < length { 0 } else { (self.filled + 1).min(3) };
        (self.block, self.start, self.end) = (Some(block), 0, count);
        Poll::Ready(Ok(count))
    }

    /// Gives the block back if nothing is left in it, and keeps no large one for a small rest.
    pub(crate) fn settle(&mut self) {
        let rest = self.end - self.start;
        let is_large = self.block.as_ref().is_some_and(|block| block.len() == LARGEST);
        if !is_large {
            if rest == 0 {
                self.block = None;
            }
            return;
        }
        if rest > SMALL_REST {
            return;
        }
        let small = (rest > 0).then(|| self.rest().into());
        SPARE.set(self.block.take());
        (self.block, self.start, self.end) = (small, 0, rest);
    }
}

/// The session takes what it wants.
impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.rest().read(buffer)?;
        self.start += count;
        Ok(count)
    }
}

impl std::fmt::Debug for ReadAhead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadAhead").field("bytes", &(self.end - self.start)).finish()
    }
}
