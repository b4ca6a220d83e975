//! The Unix server.

use std::{
    convert::Infallible,
    fmt, io,
    os::{fd::OwnedFd, unix::net::UnixListener},
    task::{Context, Poll, ready},
};

use socket2::SockRef;
use socketry_connection::{Address, UnixAddress};
use socketry_connection_socket::{Listener, OptionRefused, SocketOptions, UnixConnection, advice};
use socketry_server::{Accept, AcceptFailed, Control, Slot};

use crate::{UnixServerOptions, socket_file::SocketFile};

/// Yields the connections that come in on one Unix socket.
///
/// # The socket file
///
/// Closing the server, or dropping it, removes its file at once, polled or not, unless another file
/// has taken its place meanwhile. A server that was [adopted](Self::from_fd) or
/// [handed on](Self::into_std) leaves it where it is.
///
/// # Errors
///
/// What it yields as errors are [`AcceptFailed`]s, none of them fatal: a client that went away
/// before it was accepted, or, once an episode, that descriptors have run out. Then it tries again
/// after 5 ms, doubling up to 50 ms, and clients that wait meanwhile see a close, not a hang.
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

    pub(crate) fn new(
        listener: Listener<UnixListener>,
        file: Option<SocketFile>,
        accepted: SocketOptions,
    ) -> Self {
        Self { slot: Slot::new(Bound { file, listener, accepted }) }
    }

    /// Takes the listening socket out, still listening and non-blocking, to hand it on. `None` if
    /// it is closed.
    ///
    /// Its file stays, for the new owner to remove; the lock file goes. Until then another server
    /// finds the path alive.
    pub fn into_std(mut self) -> Option<UnixListener> {
        let Bound { file, listener, .. } = self.slot.take()?;
        if let Some(file) = file {
            file.hand_over();
        }
        Some(listener.into_inner())
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
        self.slot.with(|bound| bound.listener.local_address()).flatten()
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

/// What closing takes away together.
struct Bound {
    // Before the listener: removed while the socket is open, so that the file cannot look dead to
    // others first, and no other file can have its number.
    file: Option<SocketFile>,
    listener: Listener<UnixListener>,
    accepted: SocketOptions,
}

impl Bound {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<UnixConnection>> {
        let accepted = ready!(self.listener.poll_accept(cx));
        let prepared = accepted.and_then(|connection| self.prepare(connection));
        Poll::Ready(prepared.map_err(|error| {
            let advice = advice(&error);
            AcceptFailed::new(self.listener.local_address(), error).with_advice(advice).into()
        }))
    }

    /// Linux hands no option of the listener down to what it accepts.
    fn prepare(&self, connection: UnixConnection) -> io::Result<UnixConnection> {
        if cfg!(any(target_os = "linux", target_os = "android")) {
            self.accepted
                .apply_buffers(&SockRef::from(&connection))
                .map_err(OptionRefused::into_error)?;
        }
        Ok(connection)
    }
}
