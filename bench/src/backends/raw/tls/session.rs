//! A TLS session and its socket.

use std::{
    io::{self, BufRead, ErrorKind, Read, Write},
    net::TcpStream,
};

use rustls::Connection;

use crate::{tls::count_handshake, work::CHUNK};

/// How much is read at a time: what the kernel has, as a rule.
const BLOCK: usize = 256 * 1024;

/// How many chunks whoever is eager sends at once. With one at a time two sides of a stream wait for one
/// another, at a pace that changes from run to run, and what is measured are the waits.
const AT_ONCE: usize = 16;

/// What all sessions of this thread read into.
pub(super) struct Block(Vec<u8>);

impl Block {
    pub(super) fn new() -> Self {
        Self(vec![0; BLOCK])
    }
}

/// A session and its socket.
pub(super) struct Session {
    pub(super) stream: TcpStream,
    /// In a box, so that a list of sessions that has room for more does not cost their memory.
    tls: Box<Connection>,
    /// Whether the end of the handshake was told.
    established: bool,
}

/// What a read has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// There is more to be read, perhaps.
    Some,
    /// There is nothing more, and it will be told when there is.
    All,
    /// The other side has ended.
    End,
}

impl Session {
    pub(super) fn new(stream: TcpStream, tls: Connection) -> Self {
        Self { stream, tls: Box::new(tls), established: false }
    }

    /// Reads once, and lets `hear` have what was said, piece by piece. What there is to answer to the
    /// bytes of TLS itself is left for the next [`flush`](Self::flush).
    pub(super) fn read(
        &mut self,
        block: &mut Block,
        mut hear: impl FnMut(&[u8]),
    ) -> io::Result<Heard> {
        let count = match self.stream.read(&mut block.0) {
            Ok(0) => return Ok(Heard::End),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Heard::All),
            Err(error) => return Err(error),
        };
        let mut rest = &block.0[..count];
        while !rest.is_empty() {
            self.tls.read_tls(&mut rest)?;
            let state = self.tls.process_new_packets().map_err(io::Error::other)?;
            let mut left = state.plaintext_bytes_to_read();
            while left > 0 {
                let mut reader = self.tls.reader();
                let piece = reader.fill_buf()?;
                let length = piece.len();
                hear(piece);
                reader.consume(length);
                left -= length;
            }
            if state.peer_has_closed() {
                return Ok(Heard::End);
            }
        }
        // A short read has emptied the socket; what comes later is told.
        Ok(if count < block.0.len() { Heard::All } else { Heard::Some })
    }

    /// Whether the handshake has come to its end just now; true once.
    pub(super) fn is_established_now(&mut self) -> bool {
        if self.established || self.tls.is_handshaking() {
            return false;
        }
        self.established = true;
        count_handshake(&self.tls);
        true
    }

    pub(super) fn is_established(&self) -> bool {
        self.established
    }

    /// Encrypts what is to be said. It leaves with the next [`flush`](Self::flush), together with
    /// what TLS itself has to say.
    pub(super) fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tls.writer().write_all(bytes)
    }

    /// Sends all there is, in one vectored write as a rule. `false` if some of it has to wait.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.stream) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Sends as much as the socket takes, one chunk at a time or many, and tells of each of them.
    pub(super) fn fill(
        &mut self,
        chunk: &[u8],
        eager: bool,
        mut sent: impl FnMut(),
    ) -> io::Result<()> {
        debug_assert_eq!(chunk.len(), CHUNK);
        let at_once = if eager { AT_ONCE } else { 1 };
        if eager {
            self.tls.set_buffer_limit(None);
        }
        while self.flush()? {
            for _ in 0..at_once {
                self.say(chunk)?;
                sent();
            }
        }
        Ok(())
    }

    /// Gives back what the handshake has taken and nothing needs any more.
    pub(super) fn shrink(&mut self) {
        let _ = self.tls.read_tls(&mut Nothing);
    }
}

/// There is nothing to read.
struct Nothing;

impl Read for Nothing {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}
