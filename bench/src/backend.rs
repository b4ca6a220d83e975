//! What a library under test has to offer, so that all of them do the same work.

use std::{
    future::{Future, IntoFuture},
    io,
    net::{SocketAddr, TcpListener},
};

use crate::tls::Layer;

/// A library, and the executor that it is run on.
///
/// Everything is generic over it and nothing is boxed, so that a library costs here what it costs in
/// a program that is written for it.
pub(crate) trait Backend: Copy + Send + Sync + 'static {
    /// Runs `main`, and what is spawned meanwhile, on the calling thread.
    fn run(self, main: impl Future<Output = io::Result<()>> + Send + 'static) -> io::Result<()>;

    /// Runs a task beside the others. Its error is of no interest: the other side is a program of
    /// ours, and what it does not get is missed in what is counted.
    fn spawn(self, task: impl Future<Output = io::Result<()>> + Send + 'static);
}

/// A backend that connects.
pub(crate) trait Connects: Backend {
    fn dialer(self, address: SocketAddr) -> io::Result<impl Dial>;
}

/// A backend that connects to a name.
pub(crate) trait ConnectsByName: Backend {
    fn named_dialer(self, name: &str, port: u16) -> io::Result<impl Dial>;
}

/// A backend that listens.
pub(crate) trait Listens: Backend {
    /// Accepts from a socket that listens already, so that all have the same backlog. Called on the
    /// executor.
    fn listener(self, socket: TcpListener) -> io::Result<impl Listen>;
}

/// A backend that connects over TLS.
pub(crate) trait ConnectsTls: Backend {
    fn tls_dialer(self, address: SocketAddr, layer: Layer) -> io::Result<impl Dial>;
}

/// A backend that listens for TLS.
pub(crate) trait ListensTls: Backend {
    /// As [`Listens::listener`].
    fn tls_listener(self, socket: TcpListener, layer: Layer) -> io::Result<impl Listen>;
}

/// What makes connections to one target.
pub(crate) trait Dial: Clone + Send + Sync + 'static {
    type Stream: Stream;

    fn dial(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// What accepts connections.
pub(crate) trait Listen: Send + 'static {
    /// What is accepted becomes a stream; with TLS that takes a handshake, which is begun in the
    /// task of the connection.
    type Accepting: IntoFuture<Output = io::Result<Self::Stream>, IntoFuture: Send> + Send + 'static;
    type Stream: Stream;

    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Accepting>> + Send;
}

/// A connection.
pub(crate) trait Stream: Send + 'static {
    /// Zero is the end.
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;

    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;

    /// Makes the drop reset the connection, so that no port stays behind in `TIME_WAIT`.
    fn reset_when_dropped(&self) -> io::Result<()>;
}
