//! Ciphertext that was read from the connection below and not yet decrypted.

use std::{
    cell::Cell,
    fmt, io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::AsyncRead;

/// How long a block is. Two of them hold what a thread of bulk reads needs: 64 KiB of plaintext
/// for every half of a read.
const BLOCK: usize = 128 * 1024;

/// How much is asked for at once as long as reads bring little.
const LEAST: usize = 16 * 1024;

thread_local! {
    /// Blocks that nobody uses. A connection has one only while data moves.
    static SPARES: [Cell<Option<Box<[u8]>>>; 2] = const { [const { Cell::new(None) }; 2] };
}

/// Ciphertext that was read ahead. Empty, it holds no memory.
pub(crate) struct Ahead {
    block: Box<[u8]>,
    start: usize,
    end: usize,
    /// How much the next read asks for: as much as the last ones brought.
    length: usize,
}

impl Ahead {
    /// Nothing.
    pub(crate) fn new() -> Self {
        Self { block: Box::default(), start: 0, end: 0, length: LEAST }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// What was read and not yet consumed.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.block[self.start..self.end]
    }

    /// Takes `count` bytes off the front. Whoever takes the last one gives the block back.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
        if self.is_empty() {
            self.clear();
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        give_back(mem::take(&mut self.block));
    }

    /// Keeps little in little: a reader that takes its time must not hold a whole block for it.
    pub(crate) fn settle(&mut self) {
        let left = self.end - self.start;
        if self.block.len() == BLOCK && left <= LEAST {
            let rest = self.bytes().into();
            self.clear();
            (self.block, self.end) = (rest, left);
        }
    }

    /// Reads once from `inner`; there must be nothing left. Zero is the end of its stream.
    ///
    /// Only a read that has brought something leaves a block behind.
    pub(crate) fn poll_fill<R: AsyncRead + Unpin>(
        &mut self,
        inner: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut block = lend();
        let asked = self.length.min(block.len());
        let read = Pin::new(inner).poll_read(cx, &mut block[..asked]);
        match read {
            Poll::Ready(Ok(count)) if count > 0 => {
                self.learn(count);
                (self.block, self.start, self.end) = (block, 0, count.min(asked));
            }
            _ => give_back(block),
        }
        Poll::Ready(Ok(ready!(read)?))
    }

    /// Asks for more after a read that was filled, and for less after one that was far from it, so
    /// that small talk touches little memory.
    fn learn(&mut self, count: usize) {
        if count >= self.length {
            self.length = BLOCK.min(self.length * 2);
        } else if count < self.length / 4 {
            self.length = LEAST.max(self.length / 2);
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.clear();
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ahead").field("bytes", &(self.end - self.start)).finish()
    }
}

/// A block of this thread, or a new one.
fn lend() -> Box<[u8]> {
    let spare = SPARES.try_with(|spares| spares.iter().find_map(Cell::take));
    spare.ok().flatten().unwrap_or_else(|| vec![0; BLOCK].into())
}

/// Keeps a block for whoever on this thread is next; one too many is freed.
fn give_back(block: Box<[u8]>) {
    if block.len() != BLOCK {
        return;
    }
    // A thread that ends has no use for it.
    let _ = SPARES.try_with(|spares| {
        let mut block = Some(block);
        for spare in spares {
            block = spare.replace(block.take());
            if block.is_none() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that fills whatever it is given, so often.
    struct Source(Vec<usize>);

    impl AsyncRead for Source {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            match self.0.pop() {
                Some(count) => Poll::Ready(Ok(count.min(buffer.len()))),
                None => Poll::Pending,
            }
        }
    }

    fn fill(ahead: &mut Ahead, source: &mut Source) -> Poll<usize> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        ahead.poll_fill(source, &mut cx).map(Result::unwrap)
    }

    #[test]
    fn reads_grow_while_they_are_filled_and_shrink_again() {
        let mut source = Source(vec![1, 1, 1, usize::MAX, usize::MAX, usize::MAX, usize::MAX]);
        let mut ahead = Ahead::new();
        let mut lengths = Vec::new();
        while fill(&mut ahead, &mut source).is_ready() {
            lengths.push(ahead.length);
            ahead.clear();
        }
        assert_eq!(lengths, [32, 64, 128, 128, 64, 32, 16].map(|kib| kib * 1024));
    }

    #[test]
    fn nothing_is_held_before_data_comes_and_after_it_is_gone() {
        let mut ahead = Ahead::new();
        assert!(fill(&mut ahead, &mut Source(vec![])).is_pending());
        assert_eq!(ahead.block.len(), 0);
        assert!(fill(&mut ahead, &mut Source(vec![3])).is_ready());
        ahead.consume(3);
        assert_eq!(ahead.block.len(), 0);
    }

    #[test]
    fn a_small_rest_gives_the_block_back_and_keeps_its_bytes() {
        let mut ahead = Ahead::new();
        assert!(fill(&mut ahead, &mut Source(vec![100])).is_ready());
        ahead.block[99] = 7;
        ahead.consume(98);
        ahead.settle();
        assert_eq!((ahead.block.len(), ahead.bytes()), (2, &[0, 7][..]));
    }
}
