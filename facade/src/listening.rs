//! Listening on whatever a URI says.

#[cfg(unix)]
use std::sync::Arc;
use std::{
    convert::Infallible,
    fmt, io,
    task::{Context, Poll},
};

use socketry_connection::Address;
use socketry_server::{Accept, AcceptExt, Accepting, BoxServer, Control, Incoming, ServerGroup};
use socketry_server_gate::{Gate, GateServer};
use socketry_server_limiting::{Connections, LimitingServer};
use socketry_server_proxy::ProxyServer;
use socketry_server_tcp::TcpServer;
#[cfg(feature = "tls")]
use socketry_server_tls::{ServerTls, TlsServer};
#[cfg(unix)]
use socketry_server_unix::UnixServer;

use crate::{Endpoint, InvalidEndpoint, ServerBuilder, Socket};

/// Takes connections on whatever an [`Endpoint`] says: TCP, with TLS or without, a Unix socket, or a
/// socket that was inherited.
///
/// It is an [`Accept`], so that decorators fit around it; what is needed daily are methods of its
/// own, so that no trait need be imported.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
/// use socketry::Server;
///
/// future::block_on(async {
///     let mut server = Server::bind("127.0.0.1:0").await?;
///     let address = server.local_address().unwrap();
///     let control = server.control();
///
///     let serving = async {
///         while let Some(client) = server.accept().await {
///             let greeted = match client {
///                 Ok(mut socket) => socket.write_all(b"hello").await,
///                 Err(error) => Err(error),
///             };
///             if let Err(error) = greeted {
///                 eprintln!("{error}"); // the server goes on
///             }
///         } // closed
///     };
///     let asking = async {
///         let mut heard = String::new();
///         socketry::connect(address).await?.read_to_string(&mut heard).await?;
///         control.close();
///         std::io::Result::Ok(heard)
///     };
///     let ((), heard) = future::zip(serving, asking).await;
///     assert_eq!(heard?, "hello");
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Two endpoints in one server:
///
/// ```
/// use socketry::{Server, ServerGroup};
///
/// # futures_lite::future::block_on(async {
/// let a = Server::bind("127.0.0.1:0").await?;
/// let b = Server::bind("127.0.0.1:0").await?;
/// let server: Server = ServerGroup::new([a, b]).into();
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// A server of one's own:
///
/// ```
/// use socketry::{Accept, AcceptExt, Server};
///
/// fn serve(mine: impl Accept + 'static) -> Server {
///     mine.boxed().into()
/// }
/// ```
pub struct Server {
    inner: Inner,
    /// What its socket is called, if it was made from an endpoint and no layer is around it.
    #[cfg(unix)]
    name: Option<Arc<str>>,
}

enum Inner {
    Tcp(TcpServer),
    #[cfg(unix)]
    Unix(UnixServer),
    #[cfg(feature = "tls")]
    Tls(Box<TlsServer<TcpServer>>),
    #[cfg(feature = "tls")]
    Secured(Box<TlsServer<Server>>),
    Proxied(Box<ProxyServer<Server>>),
    Gated(Box<GateServer<Server>>),
    Limited(Box<LimitingServer<Server>>),
    Group(Box<ServerGroup<Server>>),
    Custom(BoxServer),
}

/// Calls a method on whatever is inside.
macro_rules! inside {
    ($server:expr, $inner:ident => $call:expr) => {
        match $server {
            Inner::Tcp($inner) => $call,
            #[cfg(unix)]
            Inner::Unix($inner) => $call,
            #[cfg(feature = "tls")]
            Inner::Tls($inner) => $call,
            #[cfg(feature = "tls")]
            Inner::Secured($inner) => $call,
            Inner::Proxied($inner) => $call,
            Inner::Gated($inner) => $call,
            Inner::Limited($inner) => $call,
            Inner::Group($inner) => $call,
            Inner::Custom($inner) => $call,
        }
    };
}

#[cfg(unix)]
pub use self::handle::ServerHandle;

mod convert;
#[cfg(unix)]
mod handle;

impl Server {
    /// Listens on `endpoint` with default options: a text, a port of 127.0.0.1, a `SocketAddr`, a
    /// `(host, port)`, an [`Address`], or whatever else is an [`Endpoint`].
    ///
    /// It listens when this returns: clients that come before the first accept wait in the backlog.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput), before anything is opened: this is no
    ///   endpoint for a server ([`InvalidEndpoint`] says why).
    /// - [`Unsupported`](io::ErrorKind::Unsupported): this build or system lacks what it needs.
    /// - [`ListenFailed`](socketry_server::ListenFailed) with the system's kind and number.
    ///
    /// # Cancel safety
    ///
    /// It does not wait.
    pub async fn bind<E>(endpoint: E) -> io::Result<Self>
    where
        E: TryInto<Endpoint>,
        E::Error: Into<InvalidEndpoint>,
    {
        Self::builder().bind(endpoint).await
    }

    /// A server with options of its own.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::new()
    }

    /// The next connection; `None` once the server is closed. No error is fatal: call it again.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no connection; nobody is lost.
    pub fn accept(&mut self) -> Accepting<'_, Self> {
        AcceptExt::accept(self)
    }

    /// The connections as a stream, which ends when the server is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::StreamExt;
    ///
    /// # futures_lite::future::block_on(async {
    /// let mut server = socketry::bind(0).await?;
    /// let client = socketry::connect(server.local_address().unwrap()).await?;
    /// let mut incoming = server.incoming();
    /// let socket = incoming.next().await.unwrap()?;
    /// assert_eq!(socket.remote_address(), client.local_address());
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn incoming(&mut self) -> Incoming<'_, Self> {
        AcceptExt::incoming(self)
    }

    /// Where the server listens; `None` once it is closed.
    pub fn local_address(&self) -> Option<Address> {
        inside!(&self.inner, server => server.local_address())
    }

    /// The list of open connections: to count them, write to them, close and drain them. `None` unless
    /// the server has [`limits`](crate::ServerBuilder::limits).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use socketry::{LimitsConfig, Server, WhenBehindConfig};
    ///
    /// # futures_lite::future::block_on(async {
    /// let mut limits = LimitsConfig::default();
    /// limits.when_behind = WhenBehindConfig::Close; // who does not read cannot hold up a goodbye
    /// let server = Server::builder().limits(limits).bind("127.0.0.1:0").await?;
    /// let connections = server.connections().unwrap();
    /// connections.broadcast("Goodbye.\n").await;
    /// println!("{}", connections.drain(Duration::from_secs(10)).await);
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn connections(&self) -> Option<Connections> {
        match &self.inner {
            Inner::Limited(server) => Some(server.connections()),
            _ => self.inside()?.connections(),
        }
    }

    /// The handle on who may come in, through which that is changed while the server runs. `None` unless
    /// the server has a [`gate`](crate::ServerBuilder::gate).
    pub fn gate(&self) -> Option<Gate> {
        match &self.inner {
            Inner::Gated(server) => Some(server.gate().clone()),
            _ => self.inside()?.gate(),
        }
    }

    /// The server that a layer is around.
    fn inside(&self) -> Option<&Server> {
        match &self.inner {
            #[cfg(feature = "tls")]
            Inner::Secured(server) => Some(server.get_ref()),
            Inner::Proxied(server) => Some(server.get_ref()),
            Inner::Gated(server) => Some(server.get_ref()),
            Inner::Limited(server) => Some(server.get_ref()),
            _ => None,
        }
    }

    /// Secures it. Around a TCP listener there is no box between.
    #[cfg(feature = "tls")]
    pub(crate) fn secured(mut self, builder: &ServerBuilder, tls: ServerTls) -> Self {
        self.inner = match self.inner {
            Inner::Tcp(tcp) => Inner::Tls(Box::new(builder.secure(tcp, tls))),
            _ => return builder.secure(self, tls).into(),
        };
        self
    }

    /// The handle that pauses, resumes and closes this server from any task.
    pub fn control(&self) -> Control {
        inside!(&self.inner, server => server.control())
    }
}

impl Accept for Server {
    type Connection = Socket;

    #[allow(clippy::useless_conversion, reason = "what a group hands out is converted already")]
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Socket>>> {
        inside!(&mut self.inner, server => {
            server.poll_accept(cx).map(|next| next.map(|result| result.map(Into::into)))
        })
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        inside!(&mut self.inner, server => server.poll_progress(cx))
    }

    fn local_address(&self) -> Option<Address> {
        self.local_address()
    }

    fn control(&self) -> Control {
        self.control()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, address) = (self.control().state(), self.local_address());
        f.debug_struct("Server").field("state", &state).field("address", &address).finish()
    }
}
