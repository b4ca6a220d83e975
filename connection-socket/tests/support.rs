//! What the tests share: connected sockets, and bytes that tell their place.

use std::{
    io::{ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    sync::Arc,
    time::Duration,
};

use futures_lite::future::{self, block_on};
use socket2::SockRef;
use socketry_connection_socket::{TcpConnection, UnixConnection};

/// A connection, and a blocking socket of the standard library at its other end.
pub(crate) fn tcp_and_peer() -> (TcpConnection, TcpStream) {
    let (stream, peer) = std_pair("127.0.0.1:0");
    (TcpConnection::try_from(stream).unwrap(), peer)
}

/// Two connections, joined.
pub(crate) fn tcp_pair() -> (TcpConnection, TcpConnection) {
    let (stream, peer) = tcp_and_peer();
    (stream, peer.try_into().unwrap())
}

/// A connection over a Unix socket, and a blocking socket at its other end.
///
/// What is written is at the other end at once. Over TCP it moves on in the background, so that a
/// writer that has to wait may find room a moment later although nobody reads.
pub(crate) fn unix_and_peer() -> (UnixConnection, UnixStream) {
    let (stream, peer) = UnixStream::pair().unwrap();
    (stream.try_into().unwrap(), peer)
}

/// Two connections over a Unix socket, joined.
pub(crate) fn unix_pair() -> (UnixConnection, UnixConnection) {
    let (stream, peer) = unix_and_peer();
    (stream, peer.try_into().unwrap())
}

/// Two blocking sockets that collect nothing before they send, joined: the accepted one first.
pub(crate) fn std_pair(listen_on: &str) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(listen_on).unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_nodelay(true).unwrap();
    peer.set_nodelay(true).unwrap();
    (stream, peer)
}

/// Closes `peer` in a way that makes the system reset the connection.
pub(crate) fn reset(peer: TcpStream) {
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
}

/// Everything that `peer` still hears. A connection that ended with bytes unread may end in a reset.
pub(crate) fn hears_to_the_end(mut peer: impl Read) -> Vec<u8> {
    let mut heard = Vec::new();
    match peer.read_to_end(&mut heard) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    heard
}

/// Runs two futures to their ends, each on a thread of its own.
pub(crate) fn on_two_threads<A: Send, B: Send>(
    first: impl Future<Output = A> + Send,
    second: impl Future<Output = B> + Send,
) -> (A, B) {
    std::thread::scope(|scope| {
        let first = scope.spawn(|| block_on(first));
        let second = block_on(second);
        (first.join().unwrap(), second)
    })
}

/// Runs `future` until it waits.
pub(crate) async fn until_it_waits<T: std::fmt::Debug>(future: impl Future<Output = T>) {
    let ended = future::poll_once(future).await;
    assert!(ended.is_none(), "it ended instead: {ended:?}");
}

/// Whether the system answers what `peer` writes with a reset, because nobody is there to read it.
pub(crate) fn is_answered_by_a_reset(mut peer: TcpStream) -> bool {
    // The answer to the first write shows in a later one.
    (0..1_000_000).any(|_| peer.write(b"anybody there?").is_err())
}

/// Endless bytes in which no two places look alike, so that a lost, doubled or moved one shows.
#[derive(Clone)]
pub(crate) struct Noise {
    period: Arc<[u8]>,
    position: usize,
}

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 24) as u8
        };
        // A prime, so that no buffer's size divides it.
        Self { period: (0..65_521).map(|_| next()).collect(), position: 0 }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let rest = &self.period[self.position..];
            let piece = &rest[..rest.len().min(count - bytes.len())];
            bytes.extend_from_slice(piece);
            self.position = (self.position + piece.len()) % self.period.len();
        }
        bytes
    }

    /// A size from 1 to `most`.
    pub(crate) fn size(&mut self, most: usize) -> usize {
        let bytes = self.bytes(4);
        1 + bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)) % most
    }
}
