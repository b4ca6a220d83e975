//! The connection this crate is about.

use std::{
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use rustls::CommonState;
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

use crate::{TlsInfo, TlsOptions, session::Session};

/// A connection under TLS: what is written is encrypted, what is read is decrypted.
pub struct TlsConnection<C> {
    inner: C,
    session: Box<Session>,
}

impl<C: Connection> TlsConnection<C> {
    pub(crate) fn new(
        mut inner: C,
        session: rustls::Connection,
        server_name: Option<String>,
        options: &TlsOptions,
    ) -> Self {
        inner.attributes_mut().insert(TlsInfo::of(&session, server_name));
        Self { inner, session: Box::new(Session::new(session, options)) }
    }

    /// The connection below.
    pub fn get_ref(&self) -> &C {
        &self.inner
    }

    /// The connection below. Whoever reads from it or writes to it breaks the stream above.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connection below out; what is on the way between the two is lost.
    pub fn into_inner(self) -> C {
        self.inner
    }

    /// The session as rustls has it.
    pub fn session(&self) -> &CommonState {
        self.session.common()
    }

    /// Ends the connection so that nothing is lost: close_notify and FIN, then reads until the peer
    /// has ended too, for as long as [`TlsOptions::close_within`] says at most.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_close(cx)).await?;
        let mut rest = [0; 4096];
        loop {
            let read = std::future::poll_fn(|cx| Pin::new(&mut *self).poll_read(cx, &mut rest));
            if read.await? == 0 {
                return Ok(());
            }
        }
    }
}

impl<C: Connection> AsyncRead for TlsConnection<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Self { inner, session } = self.get_mut();
        session.poll_read(inner, cx, buffer)
    }
}

impl<C: Connection> AsyncWrite for TlsConnection<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buffer)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { inner, session } = self.get_mut();
        session.poll_write(inner, cx, buffers)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { inner, session } = self.get_mut();
        session.poll_flush(inner, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { inner, session } = self.get_mut();
        session.poll_close(inner, cx)
    }
}

impl<C: Connection> Connection for TlsConnection<C> {
    fn local_address(&self) -> Option<Address> {
        self.inner.local_address().map(Address::with_tls)
    }

    fn remote_address(&self) -> Option<Address> {
        self.inner.remote_address().map(Address::with_tls)
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

impl<C: fmt::Debug> fmt::Debug for TlsConnection<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnection").field("inner", &self.inner).finish_non_exhaustive()
    }
}
