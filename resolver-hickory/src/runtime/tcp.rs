//! A TCP connection to a nameserver.

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::{SocketAddr, TcpStream},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};
use hickory_resolver::net::runtime::DnsTcpStream;
use socket2::{Domain, Protocol, Socket, Type};

use super::{SmolTimer, reactor, timer::within};

/// How long a connect may take if hickory does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// After so many reads in a row that did not have to wait, others get a turn.
///
/// That is also what keeps hickory 0.26 going: it stops after 100 messages in a row, two reads
/// each, and has itself woken only if it had counted one more. The rest would lie there until a
/// timer goes off.
const READS_IN_A_ROW: u8 = 64;

/// A TCP connection of async-io.
#[derive(Debug)]
pub struct SmolTcpStream {
    socket: Async<TcpStream>,
    reads_in_a_row: u8,
}

impl SmolTcpStream {
    /// Connects to `server`, from `local` if that is given.
    pub(super) async fn connect(
        server: SocketAddr,
        local: Option<SocketAddr>,
        timeout: Option<Duration>,
    ) -> io::Result<Self> {
        reactor::start()?;
        let socket = start(server, local)?;
        let connected = async {
            socket.writable().await?;
            match socket.get_ref().take_error()? {
                Some(error) => Err(error),
                None => Ok(()),
            }
        };
        within(timeout.unwrap_or(CONNECT_TIMEOUT), connected).await??;
        Ok(Self { socket, reads_in_a_row: 0 })
    }
}

/// A socket whose connect is under way.
fn start(server: SocketAddr, local: Option<SocketAddr>) -> io::Result<Async<TcpStream>> {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if let Some(local) = local {
        socket.bind(&local.into())?;
    }
    match socket.connect(&server.into()) {
        Ok(()) => {}
        Err(error) if is_under_way(&error) => {}
        Err(error) => return Err(error),
    }
    Async::new_nonblocking(TcpStream::from(socket))
}

/// What the system says of a connect that will end later.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) {
        return true;
    }
    error.kind() == io::ErrorKind::WouldBlock
}

impl DnsTcpStream for SmolTcpStream {
    type Time = SmolTimer;
}

impl SmolTcpStream {
    /// Lets others have a turn if there were enough reads in a row.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.reads_in_a_row < READS_IN_A_ROW {
            return Poll::Ready(());
        }
        self.reads_in_a_row = 0;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn count<T>(&mut self, read: Poll<T>) -> Poll<T> {
        self.reads_in_a_row = if read.is_ready() { self.reads_in_a_row + 1 } else { 0 };
        read
    }
}

impl AsyncRead for SmolTcpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(cx));
        let read = Pin::new(&mut self.socket).poll_read(cx, buf);
        self.count(read)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(cx));
        let read = Pin::new(&mut self.socket).poll_read_vectored(cx, bufs);
        self.count(read)
    }
}

impl AsyncWrite for SmolTcpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx)
    }
}
