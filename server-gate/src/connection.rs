//! The connection this crate is about.

use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

use crate::place::Place;

/// A connection that a [`GateServer`](crate::GateServer) has let in, and its place.
///
/// It is the connection inside in every respect. Dropping it frees the place, once the connection
/// inside has been dropped; whatever wraps it keeps the place for as long as it lives.
///
/// # Examples
///
/// ```
/// use futures_lite::future::block_on;
/// use socketry_server::AcceptExt;
/// use socketry_server_gate::{Gate, GateServer};
/// use socketry_testing::{pair, scripted_server};
///
/// let (inside, handle) = scripted_server(); // any server
/// let gate = Gate::default();
/// let mut server = GateServer::new(inside, gate.clone());
/// # let (_client, accepted) = pair();
/// # handle.push(accepted);
/// let connection = block_on(server.accept()).unwrap()?;
/// assert_eq!(gate.counts().open, 1);
/// drop(connection);
/// assert_eq!(gate.counts().open, 0);
/// # std::io::Result::Ok(())
/// ```
pub struct GatedConnection<C> {
    inner: C,
    place: Place, // after the connection: who takes the place finds its descriptor free
}

impl<C: Connection> GatedConnection<C> {
    pub(crate) fn new(inner: C, place: Place) -> Self {
        Self { inner, place }
    }

    /// The connection inside.
    pub fn get_ref(&self) -> &C {
        &self.inner
    }

    /// The connection inside, to change it.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connection out, and gives up its place: the gate does not count it from now on.
    pub fn into_inner(self) -> C {
        drop(self.place);
        self.inner
    }
}

impl<C: Connection> Connection for GatedConnection<C> {
    fn local_address(&self) -> Option<Address> {
        self.inner.local_address()
    }

    fn remote_address(&self) -> Option<Address> {
        self.inner.remote_address()
    }

    fn attributes(&self) -> &Attributes {
        self.inner.attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        self.inner.attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        self.inner.abort_handle()
    }
}

impl<C: Connection> AsyncRead for GatedConnection<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read_vectored(cx, bufs)
    }
}

impl<C: Connection> AsyncWrite for GatedConnection<C> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

impl<C: Connection> fmt::Debug for GatedConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GatedConnection").field(&self.inner).finish()
    }
}
