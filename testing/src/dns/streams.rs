//! The connections of a nameserver.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

/// Further connections are closed at once.
const MOST_STREAMS: usize = 256;

/// The connections, and what has been read of their next queries.
#[derive(Default)]
pub(super) struct Streams {
    streams: Vec<Stream>,
    next_id: u64,
}

pub(super) struct Stream {
    id: u64,
    pub(super) socket: TcpStream,
    read: Vec<u8>,
}

impl Streams {
    pub(super) fn len(&self) -> usize {
        self.streams.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter()
    }

    /// Takes a connection in, unless there are too many.
    pub(super) fn add(&mut self, socket: TcpStream) {
        if self.len() < MOST_STREAMS
            && socket.set_nonblocking(true).is_ok()
            && socket.set_nodelay(true).is_ok()
        {
            self.streams.push(Stream { id: self.next_id, socket, read: Vec::new() });
            self.next_id += 1;
        }
    }

    /// Reads what has come, and forgets the connections that have ended. Returns whole messages.
    pub(super) fn read(&mut self) -> Vec<(u64, Vec<u8>)> {
        let mut messages = Vec::new();
        self.streams.retain_mut(|stream| {
            let lives = stream.fill();
            messages.extend(stream.take_messages().into_iter().map(|message| (stream.id, message)));
            lives
        });
        messages
    }

    /// Sends a message to a connection that is still there. One that does not take it all at once
    /// is closed: nobody reads.
    pub(super) fn send(&mut self, id: u64, message: &[u8]) {
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) else { return };
        let length = u16::try_from(message.len()).expect("a message has 65,535 bytes at most");
        let framed = [&length.to_be_bytes(), message].concat();
        if stream.socket.write_all(&framed).is_err() {
            self.close(id);
        }
    }

    pub(super) fn close(&mut self, id: u64) {
        self.streams.retain(|stream| stream.id != id);
    }
}

impl Stream {
    /// Reads until nothing is there; false at the end.
    fn fill(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => return false,
                Ok(count) => self.read.extend(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
    }

    /// Each message has its length in front (RFC 1035, 4.2.2).
    fn take_messages(&mut self) -> Vec<Vec<u8>> {
        let mut messages = Vec::new();
        while let [high, low, rest @ ..] = &self.read[..] {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let Some(message) = rest.get(..length) else { break };
            messages.push(message.to_vec());
            self.read.drain(..2 + length);
        }
        messages
    }
}
