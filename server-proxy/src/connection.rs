//! The connection behind a header.

use std::{
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

use crate::{ProxyHeader, rest::Rest};

/// A connection from which the header was taken; or one of a peer that is not trusted, which has
/// none.
///
/// Its addresses are those of the header, with the scheme `tcp` or `unix`, if the header
/// [has](ProxyHeader::has_addresses) some. The header is among its attributes. What has come behind
/// the header is read first. All else is the connection inside.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
/// use socketry_connection::Connection;
/// use socketry_server::AcceptExt;
/// use socketry_server_proxy::{ProxyOptions, ProxyServer};
/// use socketry_testing::{pair_between, scripted_server};
///
/// let [proxy, own] = ["tcp://10.0.0.1:5678", "tcp://10.0.0.2:80"].map(|end| end.parse().unwrap());
/// let (mut client, accepted) = pair_between(proxy, own);
/// let (inner, handle) = scripted_server();
/// handle.push(accepted);
///
/// block_on(async {
///     client.write_all(b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 443\r\nhello").await?;
///     client.close().await?;
///
///     let options = ProxyOptions::trusting(["10.0.0.0/24".parse().unwrap()]);
///     let mut connection = ProxyServer::new(inner, options).accept().await.unwrap()?;
///     let mut heard = String::new();
///     connection.read_to_string(&mut heard).await?;
///     assert_eq!(heard, "hello");
///     assert_eq!(connection.remote_address().unwrap().to_string(), "tcp://192.0.2.1:4711");
///     let inside = connection.get_ref().remote_address();
///     assert_eq!(inside.unwrap().to_string(), "tcp://10.0.0.1:5678");
///     # std::io::Result::Ok(())
/// })?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct ProxiedConnection<C> {
    inner: C,
    /// Those of the header.
    ends: Option<Ends>,
    rest: Rest,
}

#[derive(Debug)]
struct Ends {
    local: Option<Address>,
    remote: Option<Address>,
}

impl<C: Connection> ProxiedConnection<C> {
    /// `inner` as it is.
    pub(crate) fn untouched(inner: C) -> Self {
        Self { inner, ends: None, rest: Rest::default() }
    }

    /// `inner`, of which `header` was read, and `rest` behind it.
    pub(crate) fn new(mut inner: C, header: ProxyHeader, rest: Box<[u8]>) -> Self {
        let ends = header.has_addresses().then(|| Ends {
            local: header.destination().cloned(),
            remote: header.source().cloned(),
        });
        inner.attributes_mut().insert(header);
        Self { inner, ends, rest: Rest::new(rest) }
    }
}

impl<C> ProxiedConnection<C> {
    /// The connection inside, whose addresses are those of the socket.
    pub fn get_ref(&self) -> &C {
        &self.inner
    }

    /// The connection inside, to change it. Who reads from it passes over what is
    /// [held](Self::held).
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connection out. What is [held](Self::held) is lost.
    pub fn into_inner(self) -> C {
        self.inner
    }

    /// How many bytes have come behind the header and were not yet read from here. Zero once they
    /// were: then nothing is held in memory.
    pub fn held(&self) -> usize {
        self.rest.len()
    }
}

impl<C: Connection> Connection for ProxiedConnection<C> {
    fn local_address(&self) -> Option<Address> {
        match &self.ends {
            Some(ends) => ends.local.clone(),
            None => self.inner.local_address(),
        }
    }

    fn remote_address(&self) -> Option<Address> {
        match &self.ends {
            Some(ends) => ends.remote.clone(),
            None => self.inner.remote_address(),
        }
    }

    fn attributes(&self) -> &Attributes {
        self.inner.attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        self.inner.attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        let below = self.inner.abort_handle()?;
        Some(self.rest.abort_handle(below))
    }
}

impl<C: Connection> AsyncRead for ProxiedConnection<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.rest.read(&mut [IoSliceMut::new(buf)]) {
            Some(count) => Poll::Ready(Ok(count)),
            None => Pin::new(&mut self.inner).poll_read(cx, buf),
        }
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.rest.read(bufs) {
            Some(count) => Poll::Ready(Ok(count)),
            None => Pin::new(&mut self.inner).poll_read_vectored(cx, bufs),
        }
    }
}

impl<C: Connection> AsyncWrite for ProxiedConnection<C> {
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
