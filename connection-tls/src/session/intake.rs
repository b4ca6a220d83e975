//! Ciphertext on its way from the connection below to rustls.
//!
//! Between two records it is read in one piece, because nobody knows how much there is. In the middle of
//! one rustls has room for the rest and somewhat more, and it is read to where it is needed: a stream
//! of full records is copied nowhere, and each read brings about one of them.

use std::{
    cell::Cell,
    io::{self, Read},
    pin::Pin,
    task::{Context, Poll},
};

use rustls::Error;
use socketry_connection::Connection;

use super::{Records, Session};

/// How much is read between two records. The plaintext of so much is never too much for rustls.
const BLOCK: usize = 16 * 1024;

thread_local! {
    /// Blocks that nobody uses. A connection has one only while it reads, and two of them read at the
    /// same time if one is over the other.
    static SPARES: [Cell<Option<Box<[u8]>>>; 2] = const { [const { Cell::new(None) }; 2] };
}

impl Session {
    /// Reads once from `inner`, and lets rustls decrypt what has come; says whether anything has, or
    /// the stream has ended.
    ///
    /// All plaintext must have been taken before.
    pub(super) fn poll_take_in<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        match self.records.is_between() {
            true => self.poll_take_records(inner, cx),
            false => self.poll_take_rest(inner, cx),
        }
    }

    fn poll_take_records<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        let mut block = lend();
        let read = Pin::new(inner).poll_read(cx, &mut block);
        if let Poll::Ready(Ok(count)) = read {
            self.decrypt(&block[..count.min(BLOCK)]);
        }
        give_back(block);
        read.map_ok(|count| count > 0)
    }

    /// Decrypts these bytes, up to the end that the peer has said or the first thing that is wrong.
    fn decrypt(&mut self, mut bytes: &[u8]) {
        self.records.follow(bytes);
        while !bytes.is_empty() && self.is_open() {
            let processed = match self.rustls.read_tls(&mut bytes) {
                Ok(count) if count > 0 => self.rustls.process_new_packets(),
                _ => Err(too_long()),
            };
            self.look_at(processed);
        }
    }

    fn poll_take_rest<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        let mut source = Source { inner, cx, records: &mut self.records, read: None };
        let taken = self.rustls.read_tls(&mut source);
        let processed = match (source.read, taken) {
            (Some(read), Err(_)) => return read.map_ok(|_| false),
            (Some(_), Ok(_)) => self.rustls.process_new_packets(),
            (None, _) => Err(too_long()),
        };
        self.look_at(processed);
        Poll::Ready(Ok(true))
    }
}

/// The connection below as rustls reads from it, once.
struct Source<'a, 'b, C> {
    inner: &'a mut C,
    cx: &'a mut Context<'b>,
    records: &'a mut Records,
    /// What came of it. What brings nothing is an error for rustls, which would remember an end.
    read: Option<Poll<io::Result<usize>>>,
}

impl<C: Connection> Read for Source<'_, '_, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = Pin::new(&mut *self.inner).poll_read(self.cx, buffer);
        let read = self.read.insert(read.map_ok(|count| count.min(buffer.len())));
        match read {
            Poll::Ready(Ok(count @ 1..)) => {
                self.records.follow(&buffer[..*count]);
                Ok(*count)
            }
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// A block of this thread, or a new one.
fn lend() -> Box<[u8]> {
    let spare = SPARES.try_with(|spares| spares.iter().find_map(Cell::take));
    spare.ok().flatten().unwrap_or_else(|| vec![0; BLOCK].into())
}

/// Keeps a block for whoever on this thread is next; one too many is freed. A thread that ends has no
/// use for it.
fn give_back(block: Box<[u8]>) {
    let _ = SPARES.try_with(|spares| {
        let mut block = Some(block);
        for spare in spares {
            block = spare.replace(block);
        }
    });
}

/// Only a message longer than any that is allowed leaves rustls without room.
fn too_long() -> Error {
    Error::General("the peer sends a message that is too long".into())
}
