//! The Unix server.

use std::{
    convert::Infallible,
    fmt, io,
    os::{fd::OwnedFd, unix::net::UnixListener},
    task::{Context, Poll},
};

use socketry_connection::{Address, UnixAddress};
use socketry_connection_socket::{Listener, SocketOptions, UnixConnection};
use socketry_server::{Accept, Control, Slot};

use crate::{UnixServerHandle, UnixServerOptions, bound::Bound, socket_file::SocketFile};

/// Yields the connections that come in on one Unix socket.
///
/// # The socket file
///
/// Closing the server, or dropping it, removes its file at once, polled or not, unless another file
/// has taken its place meanwhile. A server that was [adopted](Self::from_fd) or
/// [taken apart](Self::into_std) leaves it where it is. If the lock was duplicated with the socket
/// ([`UnixServerHandle::duplicate`]), whoever is the last to close removes both files.
///
/// # Errors
///
/// What it yields as errors are [`AcceptFailed`](socketry_server::AcceptFailed)s, none of them
/// fatal: a client that went away before it was accepted, or, once an episode, that descriptors have
/// run out. Then it tries again after 5 ms, doubling up to 50 ms, and clients that wait meanwhile
/// see a close, not a hang.
///
/// # Addresses
///
/// A connection's remote address is `None` unless the client has bound its socket to a name, which
/// hardly any does; its local address is that of the server.
///
/// # Examples
///
/// ```
/// use std::os::unix::net::UnixStream;
///
/// use futures_lite::future::block_on;
/// use socketry_server::{Accept, AcceptExt};
/// use socketry_server_unix::{UnixAddress, UnixServer};
///
/// # let directory = std::env::temp_dir().join(format!("socketry-server-type-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// let path = directory.join("demo.sock");
/// let mut server = UnixServer::bind(&UnixAddress::from_path(&path)?)?;
/// let client = UnixStream::connect(&path)?;
/// let connection = block_on(server.accept()).unwrap()?;
///
/// server.control().close(); // from here, or from any other task
/// assert!(!path.exists());
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct UnixServer {
    slot: Slot<Bound>,
}

impl UnixServer {
    /// Listens on `address` with the default [options](UnixServerOptions).
    ///
    /// # Errors
    ///
    /// Those of [`UnixServerOptions::bind`].
    pub fn bind(address: &UnixAddress) -> io::Result<Self> {
        UnixServerOptions::new().bind(address)
    }

    /// Takes over a listening Unix socket: [`UnixServerOptions::from_fd`].
    ///
    /// # Errors
    ///
    /// Those of [`UnixServerOptions::from_fd`].
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<Self> {
        UnixServerOptions::new().from_fd(descriptor)
    }

    /// Takes over a listening Unix socket and its files:
    /// [`UnixServerOptions::from_fd_with_lock`].
    ///
    /// # Errors
    ///
    /// Those of [`UnixServerOptions::from_fd_with_lock`].
    pub fn from_fd_with_lock(descriptor: OwnedFd, lock: OwnedFd) -> io::Result<Self> {
        UnixServerOptions::new().from_fd_with_lock(descriptor, lock)
    }

    pub(crate) fn new(
        listener: Listener<UnixListener>,
        file: Option<SocketFile>,
        accepted: SocketOptions,
    ) -> Self {
        Self { slot: Slot::new(Bound::new(listener, file, accepted)) }
    }

    /// Takes the listening socket out, still listening and non-blocking, to hand it on. `None` if
    /// it is closed.
    ///
    /// Its file stays, for the new owner to remove; the lock file goes. Until then another server
    /// finds the path alive.
    pub fn into_std(mut self) -> Option<UnixListener> {
        self.slot.take().map(Bound::into_listener)
    }

    /// Duplicates the listening socket and its lock from any task, whether this server is being
    /// polled or not.
    pub fn handle(&self) -> UnixServerHandle {
        UnixServerHandle::new(self.slot.handle())
    }
}

impl Accept for UnixServer {
    type Connection = UnixConnection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<UnixConnection>>> {
        self.slot.poll_with(cx, Bound::poll_accept)
    }

    /// Nothing is ever under way.
    fn poll_progress(&mut self, _cx: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }

    fn local_address(&self) -> Option<Address> {
        self.slot.with(Bound::local_address).flatten()
    }

    fn control(&self) -> Control {
        self.slot.control()
    }
}

impl fmt::Debug for UnixServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, address) = (self.slot.control().state(), self.local_address());
        f.debug_struct("UnixServer").field("state", &state).field("address", &address).finish()
    }
}
