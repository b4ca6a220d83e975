//! A connection over one plain socket.

#[cfg(windows)]
use std::os::windows::io::{AsSocket, BorrowedSocket};
#[cfg(unix)]
use std::os::{
    fd::{AsFd, BorrowedFd},
    unix::net::UnixStream,
};
use std::{
    fmt,
    future::poll_fn,
    io::{self, IoSlice, IoSliceMut},
    net::TcpStream,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::{AsyncRead, AsyncWrite};
use socket2::SockRef;
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

use crate::{
    PlainSocket,
    connecting::Connecting,
    direction::Direction,
    open::socket_address,
    readiness::Readiness,
    socket::{Ground as _, LazySocket},
};

/// A plaintext TCP connection.
pub type TcpConnection = SocketConnection<TcpStream>;

/// A connection over a Unix stream socket.
#[cfg(unix)]
#[cfg_attr(docsrs, doc(cfg(unix)))]
pub type UnixConnection = SocketConnection<UnixStream>;

/// A connection over one plain stream socket, TCP or Unix.
///
/// Connectors and servers make it; `TryFrom` makes one of a socket that somebody else has
/// connected (of the standard library, [`socket2`], or, with the feature `async-net`, async-net).
/// [`into_std`](Self::into_std) gives the socket back, and [`get_ref`](Self::get_ref) reaches it
/// for whatever this type has no method for.
///
/// # Half-open connections
///
/// After the peer has finished writing one can still write, and after `close().await` one can
/// still read. Dropping it closes both ways at once; what the peer has sent and nobody has read
/// makes the system reset the connection, so read to the end first where the last bytes matter.
///
/// # Two tasks
///
/// [`into_split`](Self::into_split) makes a reader and a writer of it, for two tasks.
///
/// # Errors
///
/// Those of the system, unwrapped, with their kind and number. After an abort: of kind
/// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted). After a `close().await`, writes fail
/// with [`BrokenPipe`](io::ErrorKind::BrokenPipe).
pub struct SocketConnection<S: PlainSocket> {
    socket: LazySocket<S>,
    read: Direction,
    write: Direction,
    remote: Option<Address>,
    attributes: Attributes,
}

impl<S: PlainSocket> SocketConnection<S> {
    /// A connection over `socket`, which is connected, non-blocking and close-on-exec already.
    ///
    /// `remote` is what is known of the peer. No system call is made.
    pub fn new(socket: S, remote: Option<Address>) -> Self {
        Self {
            socket: LazySocket::new(socket),
            read: Direction::default(),
            write: Direction::default(),
            remote,
            attributes: Attributes::new(),
        }
    }

    /// Waits until the connect to `remote` that is under way on `socket` has ended.
    ///
    /// `socket` is non-blocking and close-on-exec.
    ///
    /// # Errors
    ///
    /// Why the system could not connect it.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the socket.
    pub async fn when_connected(socket: S, remote: Address) -> io::Result<Self> {
        let mut connection = Self::new(socket, None);
        let mut readiness = Readiness::default();
        readiness.would_block();
        poll_fn(|cx| {
            loop {
                let registration = connection.socket.registered()?;
                ready!(readiness.poll(|| registration.poll_writable(cx)))?;
                let socket = SockRef::from(connection.get_ref());
                match Connecting::ask(&socket, &socket_address(&remote)?)? {
                    Connecting::Done => return Poll::Ready(io::Result::Ok(())),
                    Connecting::UnderWay => readiness.would_block(),
                }
            }
        })
        .await?;
        connection.remote = Some(remote);
        Ok(connection)
    }

    /// The socket, for its own options.
    ///
    /// It has to stay non-blocking.
    pub fn get_ref(&self) -> &S {
        self.socket.socket()
    }

    /// Takes the socket out. It is still non-blocking.
    ///
    /// # Errors
    ///
    /// Only if it is being aborted at this very moment, and the system has no descriptor left for
    /// a duplicate.
    pub fn into_std(self) -> io::Result<S> {
        self.socket.into_inner()
    }

    pub(crate) fn into_parts(
        self,
    ) -> (LazySocket<S>, Direction, Direction, Option<Address>, Attributes) {
        (self.socket, self.read, self.write, self.remote, self.attributes)
    }

    pub(crate) fn from_parts(
        socket: LazySocket<S>,
        read: Direction,
        write: Direction,
        remote: Option<Address>,
        attributes: Attributes,
    ) -> Self {
        Self { socket, read, write, remote, attributes }
    }
}

impl<S: PlainSocket> AsyncRead for SocketConnection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let capacity = buffer.len();
        this.read.poll_read(&mut this.socket, cx, capacity, |socket| socket.read(buffer))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let capacity = buffers.iter().map(|buffer| buffer.len()).sum();
        this.read.poll_read(&mut this.socket, cx, capacity, |socket| socket.read_vectored(buffers))
    }
}

impl<S: PlainSocket> AsyncWrite for SocketConnection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.write.poll_write(&mut this.socket, cx, buffer.len(), |socket| socket.write(buffer))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = buffers.iter().map(|buffer| buffer.len()).sum();
        let this = &mut *self;
        this.write.poll_write(&mut this.socket, cx, length, |socket| socket.write_vectored(buffers))
    }

    /// Ready at once: nothing is buffered above the kernel.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Sends FIN. Ready at once.
    fn poll_close(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        Poll::Ready(this.write.close(this.socket.socket()))
    }
}

impl<S: PlainSocket> Connection for SocketConnection<S> {
    fn local_address(&self) -> Option<Address> {
        self.get_ref().local_address()
    }

    fn remote_address(&self) -> Option<Address> {
        self.remote.clone()
    }

    fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        Some(AbortHandle::new(self.socket.share()))
    }
}

impl<S: PlainSocket> fmt::Debug for SocketConnection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_ends(f, "SocketConnection", self.local_address(), self.remote.as_ref())
    }
}

#[cfg(unix)]
impl<S: PlainSocket> AsFd for SocketConnection<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().as_fd()
    }
}

#[cfg(windows)]
impl<S: PlainSocket> AsSocket for SocketConnection<S> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.get_ref().as_socket()
    }
}

/// `TcpConnection(tcp://127.0.0.1:80 -> tcp://127.0.0.1:5678)`.
pub(crate) fn debug_ends(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    local: Option<Address>,
    remote: Option<&Address>,
) -> fmt::Result {
    let end = |address: Option<&Address>| address.map_or("unnamed".into(), Address::to_string);
    write!(f, "{name}({} -> {})", end(local.as_ref()), end(remote))
}
