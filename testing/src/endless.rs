//! A server on which there is always somebody, who always says something.

use std::{
    convert::Infallible,
    fmt, io, mem,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};
use socketry_server::{Accept, Control};

/// A server that has a newcomer whenever it is asked, for counting what layers around it cost.
///
/// It needs no system, allocates nothing, and its calls and those of its connections are not inlined,
/// as little as calls of the system are. So what two runs with different layers differ by is the
/// layers.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, future::block_on};
/// use socketry_server::AcceptExt;
/// use socketry_testing::EndlessServer;
///
/// let mut server = EndlessServer::new().greeting(b"hello");
/// block_on(async {
///     let mut connection = server.accept().await.unwrap()?;
///     let mut heard = [0; 1024];
///     assert_eq!(connection.read(&mut heard).await?, 5); // the greeting
///     assert_eq!(connection.read(&mut heard).await?, 64); // a message, and so on
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct EndlessServer {
    control: Control,
    greeting: &'static [u8],
    addresses: u32,
    accepted: u32,
}

impl EndlessServer {
    /// A server whose newcomers all come from one address, and begin with a message.
    pub fn new() -> Self {
        Self { control: Control::new(|_| ()), greeting: b"", addresses: 1, accepted: 0 }
    }

    /// What newcomers say before their first message. By default that is nothing.
    pub fn greeting(mut self, greeting: &'static [u8]) -> Self {
        self.greeting = greeting;
        self
    }

    /// From how many addresses newcomers come, one after the other and over again. By default, and
    /// with zero, it is one.
    pub fn addresses(mut self, addresses: u32) -> Self {
        self.addresses = addresses.max(1);
        self
    }
}

impl Default for EndlessServer {
    fn default() -> Self {
        Self::new()
    }
}

impl Accept for EndlessServer {
    type Connection = EndlessConnection;

    #[inline(never)]
    fn poll_accept(&mut self, _: &mut Context<'_>) -> Poll<Option<io::Result<EndlessConnection>>> {
        if self.control.is_closed() {
            return Poll::Ready(None);
        }
        let host = self.accepted % self.addresses;
        self.accepted = self.accepted.wrapping_add(1);
        let mut connection = EndlessConnection::new().greeting(self.greeting);
        connection.ip = Ipv4Addr::from(u32::from(FIRST).wrapping_add(host));
        Poll::Ready(Some(Ok(connection)))
    }

    fn poll_progress(&mut self, _: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }

    fn local_address(&self) -> Option<Address> {
        None
    }

    fn control(&self) -> Control {
        self.control.clone()
    }
}

impl fmt::Debug for EndlessServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndlessServer").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}

/// A connection on which there is always a message of 64 bytes, and room for any answer.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
/// use socketry_testing::EndlessConnection;
///
/// let mut connection = EndlessConnection::new();
/// block_on(async {
///     for _ in 0..1000 {
///         assert_eq!(connection.read(&mut [0; 1024]).await?, 64);
///         assert_eq!(connection.write(b"answer").await?, 6);
///     }
///     std::io::Result::Ok(())
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct EndlessConnection {
    greeting: &'static [u8],
    ip: Ipv4Addr,
    attributes: Attributes,
}

impl EndlessConnection {
    /// A connection that begins with a message.
    pub fn new() -> Self {
        Self { greeting: b"", ip: FIRST, attributes: Attributes::new() }
    }

    /// What comes before the first message, in a read of its own. By default that is nothing.
    pub fn greeting(mut self, greeting: &'static [u8]) -> Self {
        self.greeting = greeting;
        self
    }
}

impl Default for EndlessConnection {
    fn default() -> Self {
        Self::new()
    }
}

impl AsyncRead for EndlessConnection {
    #[inline(never)]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.greeting.is_empty() {
            let count = buf.len().min(MESSAGE);
            buf[..count].fill(b'.');
            return Poll::Ready(Ok(count));
        }
        let greeting = mem::take(&mut self.greeting);
        let (now, later) = greeting.split_at(greeting.len().min(buf.len()));
        buf[..now.len()].copy_from_slice(now);
        self.greeting = later;
        Poll::Ready(Ok(now.len()))
    }
}

impl AsyncWrite for EndlessConnection {
    #[inline(never)]
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connection for EndlessConnection {
    fn local_address(&self) -> Option<Address> {
        None
    }

    fn remote_address(&self) -> Option<Address> {
        Some(SocketAddr::from((self.ip, PORT)).into())
    }

    fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.attributes
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        None
    }
}

const MESSAGE: usize = 64;

/// Where newcomers come from; the next addresses follow it.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);
const PORT: u16 = 50_000;
