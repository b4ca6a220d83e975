//! What the facade hands out.

use std::{fmt, io};

use socketry_connection::{AbortHandle, Address, Attributes, BoxConnection, Connection};
use socketry_connection_socket::TcpConnection;
#[cfg(unix)]
use socketry_connection_socket::UnixConnection;
#[cfg(feature = "tls")]
use socketry_connection_tls::TlsConnection;
use socketry_server_gate::GatedConnection;
use socketry_server_limiting::{Tracked, TrackedConnection};
use socketry_server_proxy::ProxiedConnection;

use crate::ending::end;

/// A connection made by a [`Connector`](crate::Connector) or taken by a [`Server`](crate::Server).
///
/// It reads and writes as every [`futures_io`] stream does (see
/// [`futures_lite`](https://docs.rs/futures-lite)'s `AsyncReadExt` and `AsyncWriteExt`), and it is a
/// [`Connection`], whose rules for closing, half-open connections and tasks apply. What it is made
/// of inside may change; its addresses and attributes are methods of its own, so that no trait
/// need be imported for them.
///
/// For a reader and a writer in two tasks use `futures_lite::io::split`.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
/// use socketry::Socket;
///
/// /// Says one thing and hears all that comes back.
/// async fn ask(mut socket: Socket, question: &str) -> std::io::Result<String> {
///     socket.write_all(question.as_bytes()).await?;
///     socket.close().await?; // we have said everything; the peer may go on
///     let mut answer = String::new();
///     socket.read_to_string(&mut answer).await?;
///     Ok(answer)
/// }
/// ```
pub struct Socket(Inner);

enum Inner {
    Tcp(TcpConnection),
    #[cfg(unix)]
    Unix(UnixConnection),
    #[cfg(feature = "tls")]
    Tls(TlsConnection<TcpConnection>),
    #[cfg(feature = "tls")]
    Secured(Box<TlsConnection<Socket>>),
    Proxied(Box<ProxiedConnection<Socket>>),
    Gated(Box<GatedConnection<Socket>>),
    Tracked(Box<TrackedConnection<Socket>>),
    Custom(BoxConnection),
}

/// Calls a method on whatever is inside.
macro_rules! inside {
    ($socket:expr, $connection:ident => $call:expr) => {
        match $socket {
            Inner::Tcp($connection) => $call,
            #[cfg(unix)]
            Inner::Unix($connection) => $call,
            #[cfg(feature = "tls")]
            Inner::Tls($connection) => $call,
            #[cfg(feature = "tls")]
            Inner::Secured($connection) => $call,
            Inner::Proxied($connection) => $call,
            Inner::Gated($connection) => $call,
            Inner::Tracked($connection) => $call,
            Inner::Custom($connection) => $call,
        }
    };
}

mod convert;
mod stream;

impl Socket {
    /// Where this end is: on a server, the interface that the client reached. `None` if it has no
    /// name.
    pub fn local_address(&self) -> Option<Address> {
        inside!(&self.0, connection => connection.local_address())
    }

    /// Where the peer is, also after it has gone. `None` if it has no name.
    pub fn remote_address(&self) -> Option<Address> {
        inside!(&self.0, connection => connection.remote_address())
    }

    /// The facts that layers and users have attached.
    pub fn attributes(&self) -> &Attributes {
        inside!(&self.0, connection => connection.attributes())
    }

    /// The same facts, to add to them or take from them.
    pub fn attributes_mut(&mut self) -> &mut Attributes {
        inside!(&mut self.0, connection => connection.attributes_mut())
    }

    /// The TCP connection at the bottom, for its options; `None` if it is another kind.
    ///
    /// Reading from it or writing to it passes by whatever is above it.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let server = socketry::bind(0).await?;
    /// let socket = socketry::connect(server.local_address().unwrap()).await?;
    /// if let Some(tcp) = socket.as_tcp() {
    ///     tcp.get_ref().set_nodelay(false)?;
    /// }
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn as_tcp(&self) -> Option<&TcpConnection> {
        match &self.0 {
            Inner::Tcp(connection) => Some(connection),
            #[cfg(feature = "tls")]
            Inner::Tls(connection) => Some(connection.get_ref()),
            _ => self.inside()?.as_tcp(),
        }
    }

    /// The connection over a Unix socket at the bottom; `None` if it is another kind.
    ///
    /// Reading from it or writing to it passes by whatever is above it.
    #[cfg(unix)]
    #[cfg_attr(docsrs, doc(cfg(unix)))]
    pub fn as_unix(&self) -> Option<&UnixConnection> {
        match &self.0 {
            Inner::Unix(connection) => Some(connection),
            _ => self.inside()?.as_unix(),
        }
    }

    /// This connection as it stands in the list of its server; `None` unless that has
    /// [`limits`](crate::ServerBuilder::limits).
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{Socket, server::Connections};
    ///
    /// /// Says something to everybody else.
    /// async fn say(from: &mut Socket, all: &Connections, what: &str) {
    ///     let me = from.tracked().cloned();
    ///     for other in all.iter().filter(|other| Some(other) != me.as_ref()) {
    ///         // Whoever has just gone need not hear it.
    ///         let _ = from.carry_while(other.write(what)).await;
    ///     }
    /// }
    /// ```
    pub fn tracked(&self) -> Option<&Tracked> {
        match &self.0 {
            Inner::Tracked(connection) => Some(connection.tracked()),
            _ => self.inside()?.tracked(),
        }
    }

    /// Waits for `future`, and carries meanwhile what others write to this connection through the list
    /// of its server
    /// ([`TrackedConnection::carry_while`](crate::server::TrackedConnection::carry_while)). Without that
    /// list it only waits.
    ///
    /// # Cancel safety
    ///
    /// That of `future`.
    ///
    /// # Examples
    ///
    /// ```
    /// use socketry::{Socket, server::Connections};
    ///
    /// /// Says something to everybody, oneself among them.
    /// async fn say(from: &mut Socket, all: &Connections, what: &str) {
    ///     from.carry_while(all.broadcast(what)).await;
    /// }
    /// ```
    pub async fn carry_while<F: Future>(&mut self, future: F) -> F::Output {
        match &mut self.0 {
            Inner::Tracked(connection) => connection.carry_while(future).await,
            _ => future.await,
        }
    }

    /// The socket that a layer is around.
    fn inside(&self) -> Option<&Socket> {
        match &self.0 {
            #[cfg(feature = "tls")]
            Inner::Secured(connection) => Some(connection.get_ref()),
            Inner::Proxied(connection) => Some(connection.get_ref()),
            Inner::Gated(connection) => Some(connection.get_ref()),
            Inner::Tracked(connection) => Some(connection.get_ref()),
            _ => None,
        }
    }

    /// Ends this connection so that nothing is lost: says that all is said, and then waits until the
    /// peer has ended as well, for 5 seconds at most. What the peer still says is thrown away.
    ///
    /// A socket that is dropped right after its close with something unread resets the connection, and
    /// the peer may lose what it has not read yet. Under TLS there is nearly always something unread.
    ///
    /// # Errors
    ///
    /// - What the system says if the last bytes cannot be sent.
    /// - [`TimedOut`](io::ErrorKind::TimedOut): the peer has not ended in time. Then drop the
    ///   socket.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has said as much as there was time for; call it again.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::AsyncWriteExt;
    /// use socketry::Socket;
    ///
    /// async fn answer(mut socket: Socket) -> std::io::Result<()> {
    ///     socket.write_all(b"the whole answer").await?;
    ///     socket.shutdown().await
    /// }
    /// ```
    pub async fn shutdown(&mut self) -> io::Result<()> {
        match &mut self.0 {
            #[cfg(feature = "tls")]
            Inner::Tls(connection) => connection.shutdown().await,
            #[cfg(feature = "tls")]
            Inner::Secured(connection) => connection.shutdown().await,
            _ => end(self).await,
        }
    }

    /// A handle that ends this connection both ways, from any task.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::AsyncReadExt;
    ///
    /// # futures_lite::future::block_on(async {
    /// # let server = socketry::bind(0).await?;
    /// let mut socket = socketry::connect(server.local_address().unwrap()).await?;
    /// if let Some(handle) = socket.abort_handle() {
    ///     handle.abort(); // from here, or from any other task
    ///     let error = socket.read(&mut [0; 16]).await.unwrap_err();
    ///     assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
    /// }
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn abort_handle(&mut self) -> Option<AbortHandle> {
        inside!(&mut self.0, connection => connection.abort_handle())
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        inside!(&self.0, connection => write!(f, "Socket({connection:?})"))
    }
}
