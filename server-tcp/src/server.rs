//! The TCP server.

use std::{
    convert::Infallible,
    fmt, io,
    net::{SocketAddr, TcpListener},
    task::{Context, Poll, ready},
};

use socket2::{Domain, SockRef};
use socketry_connection::Address;
use socketry_connection_socket::{Listener, OptionRefused, SocketOptions, TcpConnection, advice};
use socketry_server::{Accept, AcceptFailed, Control, Slot, SlotHandle};

use crate::TcpServerOptions;

/// Yields the connections that come in on one TCP socket.
///
/// # Errors
///
/// What it yields as errors are [`AcceptFailed`]s, none of them fatal: a client that went away
/// before it was accepted, or, once an episode, that descriptors have run out. Then it tries again
/// after 5 ms, doubling up to 50 ms, and clients that wait meanwhile see a close, not a hang.
///
/// # Addresses
///
/// A connection's remote address comes with it and costs no system call; its local address is
/// looked up when asked for, and is the interface that the client reached.
///
/// # Examples
///
/// ```
/// use std::net::TcpStream;
///
/// use futures_lite::future::block_on;
/// use socketry_connection::Connection;
/// use socketry_server::{Accept, AcceptExt};
/// use socketry_server_tcp::TcpServer;
///
/// let mut server = TcpServer::bind("127.0.0.1:0".parse().unwrap())?;
/// let address = server.local_address().and_then(|address| address.socket_address()).unwrap();
/// let client = TcpStream::connect(address)?;
///
/// let connection = block_on(server.accept()).unwrap()?;
/// assert_eq!(connection.remote_address(), Some(client.local_addr()?.into()));
///
/// server.control().close(); // from here, or from any other task
/// assert!(block_on(server.accept()).is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TcpServer {
    slot: Slot<Listener<TcpListener>>,
    accepted: SocketOptions,
}

impl TcpServer {
    /// Listens on `address` with the default [options](TcpServerOptions); port 0 lets the system
    /// choose one.
    ///
    /// # Errors
    ///
    /// Those of [`TcpServerOptions::bind`].
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpServerOptions::new().bind(address)
    }

    /// Takes over a listening TCP socket: [`TcpServerOptions::from_fd`].
    ///
    /// # Errors
    ///
    /// Those of [`TcpServerOptions::from_fd`].
    #[cfg(unix)]
    #[cfg_attr(docsrs, doc(cfg(unix)))]
    pub fn from_fd(descriptor: std::os::fd::OwnedFd) -> io::Result<Self> {
        TcpServerOptions::new().from_fd(descriptor)
    }

    pub(crate) fn new(listener: Listener<TcpListener>, accepted: SocketOptions) -> Self {
        Self { slot: Slot::new(listener), accepted }
    }

    /// Takes the listening socket out, still listening and non-blocking, to hand it on. `None` if
    /// it is closed.
    pub fn into_std(mut self) -> Option<TcpListener> {
        self.slot.take().map(Listener::into_inner)
    }

    /// Duplicates the listening socket from any task, whether this server is being polled or not.
    pub fn handle(&self) -> TcpServerHandle {
        TcpServerHandle(self.slot.handle())
    }
}

/// Duplicates the listening socket of a [`TcpServer`], from any task: for another process that is
/// to take clients as well, or from now on.
///
/// A clone belongs to the same server. It keeps no port open.
///
/// # Examples
///
/// ```
/// use socketry_server::Accept;
/// use socketry_server_tcp::TcpServer;
///
/// let server = TcpServer::bind("127.0.0.1:0".parse().unwrap())?;
/// let handle = server.handle(); // also when the server is in another task by now
///
/// let duplicate = handle.duplicate()?.unwrap();
/// assert_eq!(server.local_address(), Some(duplicate.local_addr()?.into()));
///
/// server.control().close(); // the duplicate listens on
/// assert!(handle.duplicate()?.is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct TcpServerHandle(SlotHandle<Listener<TcpListener>>);

impl TcpServerHandle {
    /// A duplicate of the listening socket, non-blocking and closed on exec; `None` if the server is
    /// closed.
    ///
    /// Both take clients out of one backlog, each client once. The server goes on as before; after
    /// it is closed the duplicate goes on listening, and no client who waits is lost.
    ///
    /// # Errors
    ///
    /// That descriptors have run out.
    pub fn duplicate(&self) -> io::Result<Option<TcpListener>> {
        self.0.with(|listener| listener.get_ref().try_clone()).transpose()
    }
}

impl fmt::Debug for TcpServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpServerHandle").finish_non_exhaustive()
    }
}

impl Accept for TcpServer {
    type Connection = TcpConnection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<TcpConnection>>> {
        let accepted = &self.accepted;
        self.slot.poll_with(cx, |listener, cx| {
            let connection = ready!(listener.poll_accept(cx));
            let prepared = connection.and_then(|connection| prepare(connection, accepted));
            Poll::Ready(prepared.map_err(|error| failed(listener.local_address(), error)))
        })
    }

    /// Nothing is ever under way.
    fn poll_progress(&mut self, _cx: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }

    fn local_address(&self) -> Option<Address> {
        self.slot.with(Listener::local_address).flatten()
    }

    fn control(&self) -> Control {
        self.slot.control()
    }
}

impl fmt::Debug for TcpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, address) = (self.slot.control().state(), self.local_address());
        f.debug_struct("TcpServer").field("state", &state).field("address", &address).finish()
    }
}

/// Linux hands the options of the listener down to what it accepts.
fn prepare(connection: TcpConnection, accepted: &SocketOptions) -> io::Result<TcpConnection> {
    if cfg!(not(any(target_os = "linux", target_os = "android"))) {
        let socket = SockRef::from(&connection);
        let domain = match socket.local_addr()?.is_ipv6() {
            true => Domain::IPV6,
            false => Domain::IPV4,
        };
        accepted.apply(&socket, domain).map_err(OptionRefused::into_error)?;
    }
    Ok(connection)
}

fn failed(on: Option<Address>, error: io::Error) -> io::Error {
    let advice = advice(&error);
    AcceptFailed::new(on, error).with_advice(advice).into()
}
