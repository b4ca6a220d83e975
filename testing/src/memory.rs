//! Two connections joined in memory.

use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{Abort, AbortHandle, Address, Attributes, Connection};

use crate::{
    link::Link,
    sync::{lock, wake},
};

/// How many bytes are on the way in one direction at most, unless said otherwise.
const CAPACITY: usize = 64 * 1024;

/// Two connections joined in memory, with room for 64 KiB on the way in each direction.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
/// use socketry_testing::pair;
///
/// block_on(async {
///     let (mut client, mut server) = pair();
///     client.write_all(b"request").await?;
///     client.close().await?; // the client may still read
///
///     let mut request = String::new();
///     server.read_to_string(&mut request).await?;
///     server.write_all(b"answer").await?;
///     drop(server);
///
///     let mut answer = String::new();
///     client.read_to_string(&mut answer).await?;
///     assert_eq!((&*request, &*answer), ("request", "answer"));
/// #   std::io::Result::Ok(())
/// })?;
/// # std::io::Result::Ok(())
/// ```
pub fn pair() -> (MemoryConnection, MemoryConnection) {
    pair_with_capacity(CAPACITY)
}

/// Two connections joined in memory, with room for `bytes` on the way in each direction.
///
/// Zero counts as one: over a link without any room nothing could ever be said.
///
/// # Examples
///
/// ```
/// use futures_lite::{AsyncWriteExt, future::{block_on, poll_once}};
/// use socketry_testing::pair_with_capacity;
///
/// block_on(async {
///     let (mut client, _server) = pair_with_capacity(4);
///     assert_eq!(client.write(b"hello").await.unwrap(), 4);
///     assert!(poll_once(client.write(b"o")).await.is_none()); // until the server reads
/// });
/// ```
pub fn pair_with_capacity(bytes: usize) -> (MemoryConnection, MemoryConnection) {
    let link = Arc::new(Mutex::new(Link::new(bytes)));
    let connection = |number| {
        let end = Arc::new(End { link: link.clone(), number });
        MemoryConnection { end, local: None, remote: None, attributes: Attributes::new() }
    };
    (connection(0), connection(1))
}

/// Two connections joined in memory: the first stands at `first`, the second at `second`.
///
/// # Examples
///
/// ```
/// use socketry_connection::Connection;
/// use socketry_testing::pair_between;
///
/// let client = "tcp://192.0.2.1:50000".parse().unwrap();
/// let server = "tcp://192.0.2.2:80".parse().unwrap();
/// let (ours, theirs) = pair_between(client, server);
/// assert_eq!(ours.remote_address(), theirs.local_address());
/// ```
pub fn pair_between(first: Address, second: Address) -> (MemoryConnection, MemoryConnection) {
    let (ours, theirs) = pair();
    (
        ours.with_local_address(first.clone()).with_remote_address(second.clone()),
        theirs.with_local_address(second).with_remote_address(first),
    )
}

/// One of two connections joined in memory; see [`pair`].
///
/// It behaves as a socket does:
///
/// - a write takes what there is room for, and waits when there is none;
/// - `close` ends one direction: the peer reads what is on the way, then the end, and may go on
///   writing; a write after it is [`BrokenPipe`](io::ErrorKind::BrokenPipe);
/// - dropped, it is gone both ways: the peer reads what is on the way, then the end, and its writes
///   are `BrokenPipe`; what the peer had sent is lost;
/// - aborted, its own reads, writes and `close` fail with
///   [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), and the peer sees what it would see
///   after a drop.
///
/// It has no addresses until it is given some, and allocates no file descriptor.
pub struct MemoryConnection {
    end: Arc<End>,
    local: Option<Address>,
    remote: Option<Address>,
    attributes: Attributes,
}

impl MemoryConnection {
    /// Says where this end is.
    pub fn with_local_address(mut self, address: Address) -> Self {
        self.local = Some(address);
        self
    }

    /// Says where the peer is.
    pub fn with_remote_address(mut self, address: Address) -> Self {
        self.remote = Some(address);
        self
    }
}

impl Connection for MemoryConnection {
    fn local_address(&self) -> Option<Address> {
        self.local.clone()
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
        Some(AbortHandle::new(&self.end))
    }
}

impl AsyncRead for MemoryConnection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_read_vectored(cx, &mut [IoSliceMut::new(buf)])
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let End { link, number } = &*self.end;
        let (read, writer) = ready!(lock(link).poll_read(*number, cx, bufs))?;
        wake(writer);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for MemoryConnection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let End { link, number } = &*self.end;
        let (written, reader) = ready!(lock(link).poll_write(*number, cx, bufs))?;
        wake(reader);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(lock(&self.end.link).check_not_aborted(self.end.number))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let End { link, number } = &*self.end;
        lock(link).check_not_aborted(*number)?;
        let waiting = lock(link).finish(*number);
        wake(waiting);
        Poll::Ready(Ok(()))
    }
}

impl Drop for MemoryConnection {
    fn drop(&mut self) {
        let waiting = lock(&self.end.link).leave(self.end.number);
        wake(waiting);
    }
}

impl fmt::Debug for MemoryConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryConnection")
            .field("local", &self.local)
            .field("remote", &self.remote)
            .finish()
    }
}

/// What a connection shares with its abort handles.
struct End {
    link: Arc<Mutex<Link>>,
    number: usize,
}

impl Abort for End {
    fn abort(&self) {
        let waiting = lock(&self.link).abort(self.number);
        wake(waiting);
    }
}
