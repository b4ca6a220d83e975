//! Endpoints of a test's own, clients from outside, and what servers and clients do again and
//! again.

use std::{
    env, fs,
    io::{self, Read},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::PathBuf,
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures_lite::future::{self, block_on};
use socket2::{Domain, Socket as RawSocket, Type};
use socketry::{Address, Endpoint, InvalidEndpoint, Server, Socket};

/// A directory of its own for one test, which goes away with it.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        let path = env::temp_dir().join(unique_name());
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A Unix socket in it.
    pub(crate) fn endpoint(&self) -> String {
        format!("unix://{}", self.join("s").display())
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A name that no other test uses.
pub(crate) fn unique_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("socketry-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
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
