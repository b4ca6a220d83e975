//! Connections from and to the sockets of other crates.

use std::{io, net::TcpStream};

use async_io::Async;
use socket2::Socket;

use crate::{PlainSocket, SocketConnection, TcpConnection};

fn connected<S: PlainSocket>(socket: S) -> io::Result<SocketConnection<S>> {
    socket.set_nonblocking()?;
    let remote = socket.remote_address();
    Ok(SocketConnection::new(socket, remote))
}

/// A connected stream of the standard library; it is made non-blocking.
impl TryFrom<TcpStream> for TcpConnection {
    type Error = io::Error;

    fn try_from(stream: TcpStream) -> io::Result<Self> {
        connected(stream)
    }
}

/// A connected TCP socket; it is made non-blocking.
impl TryFrom<Socket> for TcpConnection {
    type Error = io::Error;

    fn try_from(socket: Socket) -> io::Result<Self> {
        connected(socket.into())
    }
}

/// A connected stream, out of the reactor.
impl TryFrom<Async<TcpStream>> for TcpConnection {
    type Error = io::Error;

    fn try_from(stream: Async<TcpStream>) -> io::Result<Self> {
        connected(stream.into_inner()?)
    }
}

/// As [`TcpConnection::into_std`].
impl TryFrom<TcpConnection> for TcpStream {
    type Error = io::Error;

    fn try_from(connection: TcpConnection) -> io::Result<Self> {
        connection.into_std()
    }
}

impl TryFrom<TcpConnection> for Socket {
    type Error = io::Error;

    fn try_from(connection: TcpConnection) -> io::Result<Self> {
        connection.into_std().map(Self::from)
    }
}

impl TryFrom<TcpConnection> for Async<TcpStream> {
    type Error = io::Error;

    fn try_from(connection: TcpConnection) -> io::Result<Self> {
        Self::new_nonblocking(connection.into_std()?)
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::UnixConnection;

    /// A connected stream of the standard library; it is made non-blocking.
    impl TryFrom<UnixStream> for UnixConnection {
        type Error = io::Error;

        fn try_from(stream: UnixStream) -> io::Result<Self> {
            connected(stream)
        }
    }

    /// A connected Unix socket; it is made non-blocking.
    impl TryFrom<Socket> for UnixConnection {
        type Error = io::Error;

        fn try_from(socket: Socket) -> io::Result<Self> {
            connected(socket.into())
        }
    }

    /// A connected stream, out of the reactor.
    impl TryFrom<Async<UnixStream>> for UnixConnection {
        type Error = io::Error;

        fn try_from(stream: Async<UnixStream>) -> io::Result<Self> {
            connected(stream.into_inner()?)
        }
    }

    /// As [`UnixConnection::into_std`].
    impl TryFrom<UnixConnection> for UnixStream {
        type Error = io::Error;

        fn try_from(connection: UnixConnection) -> io::Result<Self> {
            connection.into_std()
        }
    }

    impl TryFrom<UnixConnection> for Socket {
        type Error = io::Error;

        fn try_from(connection: UnixConnection) -> io::Result<Self> {
            connection.into_std().map(Self::from)
        }
    }

    impl TryFrom<UnixConnection> for Async<UnixStream> {
        type Error = io::Error;

        fn try_from(connection: UnixConnection) -> io::Result<Self> {
            Self::new_nonblocking(connection.into_std()?)
        }
    }
}

#[cfg(feature = "async-net")]
mod async_net {
    use std::sync::Arc;

    use super::*;

    /// Fails if the stream has other clones: they would go on using the socket.
    impl TryFrom<::async_net::TcpStream> for TcpConnection {
        type Error = io::Error;

        fn try_from(stream: ::async_net::TcpStream) -> io::Result<Self> {
            sole(stream.into())?.try_into()
        }
    }

    impl TryFrom<TcpConnection> for ::async_net::TcpStream {
        type Error = io::Error;

        fn try_from(connection: TcpConnection) -> io::Result<Self> {
            Ok(Async::try_from(connection)?.into())
        }
    }

    /// Fails if the stream has other clones: they would go on using the socket.
    #[cfg(unix)]
    impl TryFrom<::async_net::unix::UnixStream> for crate::UnixConnection {
        type Error = io::Error;

        fn try_from(stream: ::async_net::unix::UnixStream) -> io::Result<Self> {
            sole(stream.into())?.try_into()
        }
    }

    #[cfg(unix)]
    impl TryFrom<crate::UnixConnection> for ::async_net::unix::UnixStream {
        type Error = io::Error;

        fn try_from(connection: crate::UnixConnection) -> io::Result<Self> {
            Ok(Async::try_from(connection)?.into())
        }
    }

    fn sole<S>(stream: Arc<Async<S>>) -> io::Result<Async<S>> {
        Arc::try_unwrap(stream).map_err(|_| {
            let reason =
                "this stream has clones, which would go on using its socket: drop them first";
            io::Error::new(io::ErrorKind::InvalidInput, reason)
        })
    }
}
