//! One connection for two tasks.

use std::{
    error::Error,
    fmt,
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes};

use crate::{
    PlainSocket, SocketConnection,
    connection::debug_ends,
    direction::Direction,
    reactor::register,
    socket::{Ground, LazySocket, Registration, Shared},
};

/// The reading half of a connection: see [`SocketConnection::into_split`].
///
/// The socket closes when both halves are dropped.
pub struct ReadHalf<S> {
    whole: Arc<Whole<S>>,
    direction: Direction,
}

/// The writing half of a connection: see [`SocketConnection::into_split`].
///
/// Dropping it ends the writing side, as `close().await` does, so that the peer reads to the end
/// although the other half still lives.
pub struct WriteHalf<S: PlainSocket> {
    whole: Arc<Whole<S>>,
    direction: Direction,
}

/// What both halves share.
struct Whole<S> {
    // Before the socket: deregistered first, closed second.
    registration: OnceLock<Registration<S>>,
    /// Held while the socket is registered, because a socket can be registered only once.
    registering: Mutex<()>,
    shared: Arc<Shared<S>>,
    remote: Option<Address>,
    attributes: Attributes,
}

impl<S: PlainSocket> Ground<S> for &Whole<S> {
    fn socket(&self) -> &S {
        &self.shared.socket
    }

    fn registered(&mut self) -> io::Result<&Registration<S>> {
        if let Some(registration) = self.registration.get() {
            return Ok(registration);
        }
        let _turn = self.registering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(registration) = self.registration.get() {
            return Ok(registration);
        }
        let registration = register(self.shared.clone(), || self.shared.socket.duplicate())?;
        Ok(self.registration.get_or_init(|| registration))
    }

    fn unless_aborted(&self) -> io::Result<()> {
        self.shared.unless_aborted()
    }

    fn explain(&self, error: io::Error) -> io::Error {
        self.shared.explain(error)
    }
}

impl<S: PlainSocket> SocketConnection<S> {
    /// One half to read and one to write, for two tasks.
    ///
    /// Together they are the connection again: [`ReadHalf::reunite`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::{TcpListener, TcpStream};
    ///
    /// use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
    /// use socketry_connection_socket::TcpConnection;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let client = TcpConnection::try_from(TcpStream::connect(listener.local_addr()?)?)?;
    /// let (mut from, mut to) = client.into_split();
    /// let (mut peer, _) = listener.accept()?;
    /// std::io::Write::write_all(&mut peer, b"hello")?;
    ///
    /// // each could be a task of its own
    /// let mut heard = [0; 5];
    /// let (reading, writing) = (from.read_exact(&mut heard), to.write_all(b"goodbye"));
    /// future::block_on(future::try_zip(reading, writing))?;
    /// assert_eq!(&heard, b"hello");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_split(self) -> (ReadHalf<S>, WriteHalf<S>) {
        let (socket, read, write, remote, attributes) = self.into_parts();
        let (shared, registration) = socket.into_parts();
        let whole = Arc::new(Whole {
            registration: registration.map_or_else(OnceLock::new, OnceLock::from),
            registering: Mutex::new(()),
            shared,
            remote,
            attributes,
        });
        let read = ReadHalf { whole: whole.clone(), direction: read };
        (read, WriteHalf { whole, direction: write })
    }
}

impl<S: PlainSocket> ReadHalf<S> {
    /// As [`Connection::local_address`](socketry_connection::Connection::local_address).
    pub fn local_address(&self) -> Option<Address> {
        self.whole.shared.socket.local_address()
    }

    /// As [`Connection::remote_address`](socketry_connection::Connection::remote_address).
    pub fn remote_address(&self) -> Option<Address> {
        self.whole.remote.clone()
    }

    /// As [`Connection::attributes`](socketry_connection::Connection::attributes).
    pub fn attributes(&self) -> &Attributes {
        &self.whole.attributes
    }

    /// A handle that ends both halves: as
    /// [`Connection::abort_handle`](socketry_connection::Connection::abort_handle).
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle::new(&self.whole.shared)
    }

    /// Makes one connection of both halves again.
    ///
    /// # Errors
    ///
    /// If they are halves of different connections; both come back.
    pub fn reunite(
        self,
        mut write: WriteHalf<S>,
    ) -> Result<SocketConnection<S>, NotOneConnection<S>> {
        if !Arc::ptr_eq(&self.whole, &write.whole) {
            return Err(NotOneConnection(self, write));
        }
        let written = write.direction.take(); // so that its drop does not close it
        drop(write);
        match Arc::try_unwrap(self.whole) {
            Ok(whole) => {
                let registration = whole.registration.into_inner();
                let socket = LazySocket::from_parts(whole.shared, registration);
                let (remote, attributes) = (whole.remote, whole.attributes);
                Ok(SocketConnection::from_parts(
                    socket,
                    self.direction,
                    written,
                    remote,
                    attributes,
                ))
            }
            Err(_) => unreachable!("a connection has two halves, and both were given"),
        }
    }
}

impl<S: PlainSocket> WriteHalf<S> {
    /// As [`Connection::local_address`](socketry_connection::Connection::local_address).
    pub fn local_address(&self) -> Option<Address> {
        self.whole.shared.socket.local_address()
    }

    /// As [`Connection::remote_address`](socketry_connection::Connection::remote_address).
    pub fn remote_address(&self) -> Option<Address> {
        self.whole.remote.clone()
    }

    /// As [`Connection::attributes`](socketry_connection::Connection::attributes).
    pub fn attributes(&self) -> &Attributes {
        &self.whole.attributes
    }

    /// A handle that ends both halves: as
    /// [`Connection::abort_handle`](socketry_connection::Connection::abort_handle).
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle::new(&self.whole.shared)
    }
}

impl<S: PlainSocket> AsyncRead for ReadHalf<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let capacity = buffer.len();
        this.direction.poll_read(&mut &*this.whole, cx, capacity, |socket| socket.read(buffer))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let capacity = buffers.iter().map(|buffer| buffer.len()).sum();
        this.direction
            .poll_read(&mut &*this.whole, cx, capacity, |socket| socket.read_vectored(buffers))
    }
}

impl<S: PlainSocket> AsyncWrite for WriteHalf<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.direction
            .poll_write(&mut &*this.whole, cx, buffer.len(), |socket| socket.write(buffer))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = buffers.iter().map(|buffer| buffer.len()).sum();
        let this = &mut *self;
        this.direction
            .poll_write(&mut &*this.whole, cx, length, |socket| socket.write_vectored(buffers))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        Poll::Ready(this.direction.close(&this.whole.shared.socket))
    }
}

impl<S: PlainSocket> Drop for WriteHalf<S> {
    fn drop(&mut self) {
        // Fails only if the peer has gone, and then there is nobody to tell.
        let _ = self.direction.close(&self.whole.shared.socket);
    }
}

impl<S: PlainSocket> fmt::Debug for ReadHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_ends(f, "ReadHalf", self.local_address(), self.whole.remote.as_ref())
    }
}

impl<S: PlainSocket> fmt::Debug for WriteHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_ends(f, "WriteHalf", self.local_address(), self.whole.remote.as_ref())
    }
}

/// The error of [`ReadHalf::reunite`]: the halves belong to different connections.
#[allow(clippy::exhaustive_structs, reason = "both halves are to be taken out")]
pub struct NotOneConnection<S: PlainSocket>(pub ReadHalf<S>, pub WriteHalf<S>);

impl<S: PlainSocket> fmt::Debug for NotOneConnection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NotOneConnection").field(&self.0).field(&self.1).finish()
    }
}

impl<S: PlainSocket> fmt::Display for NotOneConnection<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these halves belong to different connections")
    }
}

impl<S: PlainSocket> Error for NotOneConnection<S> {}
