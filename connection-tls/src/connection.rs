//! The connection this crate is about.

use std::{
    fmt,
    future::{Future, poll_fn},
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    task::{Context, Poll, ready},
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
        server_name: Option<&str>,
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

    /// Asks the peer for new keys, with which both go on from the next write (TLS 1.3).
    ///
    /// Sessions do so by themselves before their keys have been used too often.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported), if the session speaks TLS 1.2.
    pub fn refresh_keys(&mut self) -> io::Result<()> {
        let refreshed = self.session.rustls().refresh_traffic_keys();
        refreshed.map_err(|error| io::Error::new(io::ErrorKind::Unsupported, error))
    }

    /// Bytes that both ends can make of this session and nobody else can (RFC 5705).
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput), if there are to be more than the session can
    /// make.
    pub fn export_keying_material(
        &self,
        output: &mut [u8],
        label: &[u8],
        context: Option<&[u8]>,
    ) -> io::Result<()> {
        let exported = self.session.export(output, label, context);
        exported.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    /// Ends the connection so that nothing is lost: says goodbye (close_notify, FIN), and then waits
    /// until the peer has ended as well, for as long as
    /// [`close_within`](TlsOptions::close_within) says at most. What the peer still says is thrown
    /// away.
    ///
    /// Who closes and drops at once may lose what was said last: there is nearly always something
    /// unread in a TLS connection, such as the tickets that servers send after the handshake; a
    /// socket that is dropped with something unread resets the connection, and the peer's system
    /// throws away what the peer has not read yet.
    ///
    /// # Errors
    ///
    /// - What the connection below says if the last bytes cannot be sent, or if it breaks before the
    ///   peer has ended. A peer that ends without a goodbye has ended.
    /// - [`TimedOut`](io::ErrorKind::TimedOut): the peer has not ended in time. Then drop the
    ///   connection.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has said as much as there was time for. Called again, it goes on, with the
    /// whole time.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::AsyncWriteExt;
    /// use socketry_connection::Connection;
    /// use socketry_connection_tls::TlsConnection;
    ///
    /// async fn answer<C: Connection>(mut client: TlsConnection<C>) -> std::io::Result<()> {
    ///     client.write_all(b"the whole answer").await?;
    ///     client.shutdown().await
    /// }
    /// ```
    pub async fn shutdown(&mut self) -> io::Result<()> {
        let mut late = self.session.time_to_close();
        poll_fn(|cx| match self.poll_shutdown(cx) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => {
                ready!(Pin::new(&mut late).poll(cx));
                Poll::Ready(Err(self.session.not_closed(&self.inner)))
            }
        })
        .await
    }

    /// Closes, and reads at the same time: the peer may have to write before it can read.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        /// How often in a row there may be something to throw away before others get a turn.
        const IN_A_ROW: usize = 32;

        let is_closed = Pin::new(&mut *self).poll_close(cx)?.is_ready();
        let mut rest = [0; 1024];
        for _ in 0..IN_A_ROW {
            match Pin::new(&mut *self).poll_read(cx, &mut rest) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => return ended(is_closed),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return ended(is_closed);
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The peer has ended; it remains to be closed here.
fn ended(is_closed: bool) -> Poll<io::Result<()>> {
    if is_closed { Poll::Ready(Ok(())) } else { Poll::Pending }
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

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { inner, session } = self.get_mut();
        session.poll_read_vectored(inner, cx, buffers)
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
