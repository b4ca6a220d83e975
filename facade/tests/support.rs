//! Endpoints of a test's own, clients from outside, and what servers and clients do again and
//! again.

use std::{
    io::{self, Read},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::PathBuf,
};

use futures_lite::future::{self, block_on};
use socket2::{Domain, Socket as RawSocket, Type};
use socketry::{Address, Endpoint, InvalidEndpoint, Server, Socket};
use socketry_testing::TestDir;

/// A directory of its own for one test, which goes away with it.
pub(crate) struct TempDir(TestDir);

impl TempDir {
    pub(crate) fn new() -> Self {
        Self(TestDir::new())
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A Unix socket in it.
    pub(crate) fn endpoint(&self) -> String {
        format!("unix://{}", self.join("s").display())
    }
}

/// A server on loopback.
pub(crate) fn tcp_server() -> Server {
    bind("127.0.0.1:0")
}

pub(crate) fn bind<E>(endpoint: E) -> Server
where
    E: TryInto<Endpoint>,
    E::Error: Into<InvalidEndpoint>,
{
    block_on(socketry::bind(endpoint)).unwrap()
}

/// The error of a server that cannot be.
pub(crate) fn bind_error(endpoint: &str) -> io::Error {
    block_on(socketry::bind(endpoint)).unwrap_err()
}

pub(crate) fn accept(server: &mut Server) -> Socket {
    block_on(server.accept()).unwrap().unwrap()
}

/// Both ends of a connection through the facade: the client's, then the server's.
pub(crate) fn pair(endpoint: &str) -> (Socket, Socket) {
    let mut server = bind(endpoint);
    let address = server.local_address().unwrap();
    let accepting = async { server.accept().await.unwrap() };
    block_on(future::try_zip(socketry::connect(address), accepting)).unwrap()
}

/// A bound TCP socket, where nobody listens as long as it lives.
pub(crate) fn bound(address: &str) -> RawSocket {
    let address: std::net::SocketAddr = address.parse().unwrap();
    let socket = RawSocket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.bind(&address.into()).unwrap();
    socket
}

/// A client that knows nothing of this library.
#[derive(Debug)]
pub(crate) enum Client {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Client {
    /// Comes up to a server and waits in its backlog.
    pub(crate) fn connect(address: &Address) -> io::Result<Self> {
        match address.path() {
            Some(path) => UnixStream::connect(path).map(Self::Unix),
            None => TcpStream::connect(address.socket_address().unwrap()).map(Self::Tcp),
        }
    }

    /// Whether the connection has ended, in whatever way. Waits until something comes.
    pub(crate) fn sees_the_end(&mut self) -> bool {
        let read = match self {
            Self::Tcp(stream) => stream.read(&mut [0]),
            Self::Unix(stream) => stream.read(&mut [0]),
        };
        matches!(read, Ok(0) | Err(_))
    }
}
