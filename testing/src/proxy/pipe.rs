//! One direction of a connection.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
};

/// How many bytes are read at once. More than a socket takes at once, so that tests see both.
pub(super) const ROOM: usize = 256 << 10;

/// How often one direction is read before the others have their turn.
const TURNS: usize = 16;

/// What is forwarded in one direction, from a source to a sink.
pub(super) struct Pipe {
    /// What was read, and the sink had no room for.
    pending: Vec<u8>,
    /// How many bytes may still be read; `None` if as many as there are.
    left: Option<u64>,
    has_ended: bool,
    /// The end was forwarded.
    is_shut: bool,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Goes,
    SourceFailed,
    SinkFailed,
}

impl Pipe {
    /// A direction of which so many bytes are forwarded.
    pub(super) fn new(left: Option<u64>) -> Self {
        Self { pending: Vec::new(), left, has_ended: false, is_shut: false }
    }

    /// Whether there is room for what the source says next.
    pub(super) fn wants_to_read(&self) -> bool {
        self.pending.is_empty() && !self.has_ended && self.left != Some(0)
    }

    pub(super) fn wants_to_write(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether all the bytes were forwarded that were to be.
    pub(super) fn is_used_up(&self) -> bool {
        self.pending.is_empty() && self.left == Some(0)
    }

    /// Whether the source has said its last.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Whether the sink knows that.
    pub(super) fn is_shut(&self) -> bool {
        self.is_shut
    }

    /// Forwards what there is, and adds to `forwarded` how much that was.
    pub(super) fn forward(
        &mut self,
        source: &TcpStream,
        sink: &TcpStream,
        buffer: &mut [u8],
        forwarded: &mut u64,
    ) -> Flow {
        for _ in 0..TURNS {
            if !self.empty(sink, forwarded) {
                return Flow::SinkFailed;
            }
            if !self.wants_to_read() {
                break;
            }
            match self.fill(source, buffer) {
                Ok(()) => {}
                Err(ErrorKind::WouldBlock) => break,
                Err(_) => return Flow::SourceFailed,
            }
        }
        if self.has_ended && self.pending.is_empty() && !self.is_shut {
            if sink.shutdown(Shutdown::Write).is_err() {
                return Flow::SinkFailed;
            }
            self.is_shut = true;
        }
        Flow::Goes
    }

    /// Reads once.
    fn fill(&mut self, mut source: &TcpStream, buffer: &mut [u8]) -> Result<(), ErrorKind> {
        let room = match self.left {
            Some(left) => buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX)),
            None => buffer.len(),
        };
        match source.read(&mut buffer[..room]) {
            Ok(0) => self.has_ended = true,
            Ok(count) => {
                self.pending.extend_from_slice(&buffer[..count]);
                self.left = self.left.map(|left| left - count as u64);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.kind()),
        }
        Ok(())
    }

    /// Writes what is pending, as far as there is room; false if that fails.
    fn empty(&mut self, mut sink: &TcpStream, forwarded: &mut u64) -> bool {
        while !self.pending.is_empty() {
            match sink.write(&self.pending) {
                Ok(count) => {
                    self.pending.drain(..count);
                    *forwarded += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
        true
    }
}
