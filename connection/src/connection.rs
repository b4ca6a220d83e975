//! The trait this crate is about.

use std::fmt;

use futures_io::{AsyncRead, AsyncWrite};

use crate::{AbortHandle, Address, Attributes};

/// A byte stream both ways between two ends, with what is known about it.
///
/// Connectors return one, servers yield them, and every layer in between wraps one in another.
/// Reading and writing are those of [`futures_io`], so that everything written for smol,
/// async-std or `futures` works on it; what this trait adds is what a plain stream does not tell:
/// addresses, attributes, and a way to end it from outside.
///
/// # Implementing it
///
/// A wrapper forwards what it does not change. These rules make wrappers nest in any order:
///
/// - `attributes` and `attributes_mut` MUST be forwarded to the wrapped connection (or, at the
///   bottom, refer to an own [`Attributes`]), so that a fact put in by one layer is found above
///   every other.
/// - `local_address` and `remote_address` MUST stay the same for the life of the value, whatever
///   happens to the peer. A wrapper SHOULD forward them; one that secures the stream shows
///   [`Address::Tls`] in place of [`Address::Tcp`].
/// - `abort_handle` MUST be forwarded by a wrapper that owns exactly one connection.
/// - [`Debug`](fmt::Debug) SHOULD be one line that names the two ends.
///
/// # Reading and writing
///
/// - A read of zero bytes into a buffer that is not empty is the end of the stream: the peer has
///   finished writing. **Writing goes on working** after it (half-open connections are allowed).
/// - [`poll_close`](AsyncWrite::poll_close) ends the writing side: whatever is buffered is
///   flushed, then the peer is told (close_notify, FIN). Reading goes on working after it. Closing
///   twice is no error. A write after it MUST fail with
///   [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) and never be lost in silence.
/// - **Drop ends the connection at once**, both ways; what was not flushed is gone. To end it
///   politely: write, `close().await`, read to the end, drop.
/// - One task may read while another writes, each through a half of the connection. Two tasks in
///   one direction are not supported, by this trait or by the reactor under it.
///
/// # Cancel safety
///
/// A poll that returned `Pending` has taken nothing out of the stream and put nothing into it, so
/// a read or write future may be dropped between polls and a new one started.
///
/// # Examples
///
/// The smallest wrapper, one that counts the bytes read:
///
/// ```
/// use std::{io, pin::Pin, task::{Context, Poll, ready}};
///
/// use futures_io::{AsyncRead, AsyncWrite};
/// use socketry_connection::{AbortHandle, Address, Attributes, Connection};
///
/// #[derive(Debug)]
/// struct Counting<C> {
///     inner: C,
///     read: u64,
/// }
///
/// impl<C: Connection> AsyncRead for Counting<C> {
///     fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
///         let count = ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
///         self.read += count as u64;
///         Poll::Ready(Ok(count))
///     }
/// }
///
/// impl<C: Connection> AsyncWrite for Counting<C> {
///     fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
///         Pin::new(&mut self.inner).poll_write(cx, buf)
///     }
///     // poll_write_vectored SHOULD be forwarded too: its default writes the first buffer only.
///     fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Pin::new(&mut self.inner).poll_flush(cx)
///     }
///     fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
///         Pin::new(&mut self.inner).poll_close(cx)
///     }
/// }
///
/// impl<C: Connection> Connection for Counting<C> {
///     fn local_address(&self) -> Option<Address> {
///         self.inner.local_address()
///     }
///     fn remote_address(&self) -> Option<Address> {
///         self.inner.remote_address()
///     }
///     fn attributes(&self) -> &Attributes {
///         self.inner.attributes()
///     }
///     fn attributes_mut(&mut self) -> &mut Attributes {
///         self.inner.attributes_mut()
///     }
///     fn abort_handle(&mut self) -> Option<AbortHandle> {
///         self.inner.abort_handle()
///     }
/// }
/// ```
pub trait Connection: AsyncRead + AsyncWrite + fmt::Debug + Send + Sync + Unpin + 'static {
    /// Where this end of the connection is.
    ///
    /// On a server that listens on all interfaces this is the address that the client really
    /// reached. `None` if the end has no name, such as the client's end of a Unix socket or an
    /// in-memory pair.
    fn local_address(&self) -> Option<Address>;

    /// Where the peer is.
    ///
    /// Known from the moment the connection was made or taken, and still known after the peer has
    /// gone. `None` if the peer has no name.
    fn remote_address(&self) -> Option<Address>;

    /// The facts that layers and users have attached to this connection.
    fn attributes(&self) -> &Attributes;

    /// The same facts, to add to them or take from them.
    fn attributes_mut(&mut self) -> &mut Attributes;

    /// A handle that ends this connection both ways, from any task, whether its owner polls it or
    /// not.
    ///
    /// `None` if the transport at the bottom cannot be ended from outside. Every call may return
    /// another handle to the same connection. The handle holds the connection weakly: it keeps
    /// neither the value nor its file descriptor alive.
    ///
    /// The first call may make the connection shareable, which can cost one small allocation;
    /// a connection that is never asked pays nothing. It costs no system call.
    fn abort_handle(&mut self) -> Option<AbortHandle>;
}

/// A connection whose type was erased, as run-time wiring needs it.
///
/// It is a [`Connection`] itself, and so are boxes of it.
///
/// ```
/// use socketry_connection::{BoxConnection, Connection};
///
/// fn assert_connection<C: Connection>() {}
/// assert_connection::<BoxConnection>();
/// ```
pub type BoxConnection = Box<dyn Connection>;

impl<C: Connection + ?Sized> Connection for Box<C> {
    fn local_address(&self) -> Option<Address> {
        (**self).local_address()
    }

    fn remote_address(&self) -> Option<Address> {
        (**self).remote_address()
    }

    fn attributes(&self) -> &Attributes {
        (**self).attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        (**self).attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        (**self).abort_handle()
    }
}
