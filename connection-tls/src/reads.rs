//! Which reads of a handshake are worth their way down.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What is known of the reads within one poll of a handshake.
///
/// futures-rustls reads until it is told to wait, and once more when it has written. A read behind one
/// that has not filled its buffer is put off, and is made only if the handshake cannot end without
/// it. One behind a read that waits would find nothing else. Each of them spared is a system call or
/// two.
///
/// It is shared by the handshake and whoever polls it, in turns and never at the same time.
#[derive(Debug, Default)]
pub(crate) struct Reads(AtomicU8);

/// Nothing is known: ask.
const UNKNOWN: u8 = 0;
/// The last read did not fill its buffer.
const DRAINED: u8 = 1;
/// A read was put off, and nobody will wake for it.
const PUT_OFF: u8 = 2;
/// The connection below has the waker.
const WAITS: u8 = 3;

impl Reads {
    /// Before each poll: what was known is no longer true.
    pub(crate) fn begin_poll(&self) {
        self.0.store(UNKNOWN, Relaxed);
    }

    /// After a poll that has ended with waiting: whether a read was put off, which is due now.
    pub(crate) fn are_due(&self) -> bool {
        self.0.load(Relaxed) == PUT_OFF
    }

    /// Whether a read has to wait without being made.
    pub(crate) fn wait(&self) -> bool {
        match self.0.load(Relaxed) {
            UNKNOWN => false,
            DRAINED => {
                self.0.store(PUT_OFF, Relaxed);
                true
            }
            _ => true,
        }
    }

    /// A read waits below.
    pub(crate) fn waits(&self) {
        self.0.store(WAITS, Relaxed);
    }

    /// A read has brought something, and has filled its buffer or not.
    pub(crate) fn brought(&self, is_full: bool) {
        self.0.store(if is_full { UNKNOWN } else { DRAINED }, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_behind_one_that_was_short_is_put_off_and_due_when_the_poll_has_ended() {
        let reads = Reads::default();
        assert!(!reads.wait());
        reads.brought(false);
        assert!(!reads.are_due(), "nobody has asked for more");
        assert!(reads.wait());
        assert!(reads.are_due());
        reads.begin_poll();
        assert!(!reads.wait());
    }

    #[test]
    fn a_read_behind_one_that_waits_waits_too_and_is_not_due() {
        let reads = Reads::default();
        reads.waits();
        assert!(reads.wait());
        assert!(!reads.are_due());
    }

    #[test]
    fn a_read_behind_one_that_has_filled_its_buffer_is_made() {
        let reads = Reads::default();
        reads.brought(true);
        assert!(!reads.wait());
    }
}
