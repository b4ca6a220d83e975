//! A connector, a server and a connection as a stranger would write them: on nothing but the
//! traits of the house, over sockets of another library.

use std::{
    convert::Infallible,
    io::{self, IoSlice, IoSliceMut},
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use futures_lite::{AsyncRead, AsyncWrite};
use smol::{Async, net::TcpStream};
use socketry::{
    Accept, Address, Connect, Connection, Control, Trace,
    connection::{AbortHandle, Attributes},
    server::{State, Watch},
};

/// Connects with somebody else's socket.
#[derive(Clone, Debug)]
pub(crate) struct StrangeConnector;

impl Connect<SocketAddr> for StrangeConnector {
    type Connection = StrangeConnection;

    async fn connect_traced(
        &self,
        target: SocketAddr,
        _trace: Trace<'_>,
    ) -> io::Result<StrangeConnection> {
        StrangeConnection::new(TcpStream::connect(target).await?)
    }
}

/// Listens with somebody else's socket, in a slot of its own that its control empties.
pub(crate) struct StrangeServer {
    listener: Arc<Mutex<Option<Async<TcpListener>>>>,
    control: Control,
    watch: Watch,
}

impl StrangeServer {
    pub(crate) fn bind() -> io::Result<Self> {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0))?;
        let listener = Arc::new(Mutex::new(Some(listener)));
        let weak = Arc::downgrade(&listener);
        let control = Control::new(move |state| {
            if let (State::Closed, Some(listener)) = (state, weak.upgrade()) {
                listener.lock().unwrap().take();
            }
        });
        Ok(Self { listener, watch: control.watch(), control })
    }
}

impl Accept for StrangeServer {
    type Connection = StrangeConnection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<StrangeConnection>>> {
        match self.watch.poll_state(cx) {
            State::Open => {}
            State::Paused => return Poll::Pending,
            State::Closed => return Poll::Ready(None),
        }
        let slot = self.listener.lock().unwrap();
        let Some(listener) = &*slot else { return Poll::Ready(None) };
        loop {
            match listener.get_ref().accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                accepted => {
                    let connection = accepted
                        .and_then(|(stream, _)| Async::new(stream))
                        .and_then(|stream| StrangeConnection::new(stream.into()));
                    return Poll::Ready(Some(connection));
                }
            }
            if let Err(error) = ready!(listener.poll_readable(cx)) {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }

    fn poll_progress(&mut self, _cx: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }

    fn local_address(&self) -> Option<Address> {
        let slot = self.listener.lock().unwrap();
        slot.as_ref()?.get_ref().local_addr().ok().map(Address::Tcp)
    }

    fn control(&self) -> Control {
        self.control.clone()
    }
}

impl Drop for StrangeServer {
    fn drop(&mut self) {
        self.control.close();
    }
}

/// Somebody else's stream, as a connection. Nobody can end it from outside.
#[derive(Debug)]
pub(crate) struct StrangeConnection {
    stream: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    attributes: Attributes,
}

impl StrangeConnection {
    fn new(stream: TcpStream) -> io::Result<Self> {
        let (local, remote) = (stream.local_addr()?, stream.peer_addr()?);
        Ok(Self { stream, local, remote, attributes: Attributes::new() })
    }

    fn stream(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.stream)
    }
}

impl Connection for StrangeConnection {
    fn local_address(&self) -> Option<Address> {
        Some(Address::Tcp(self.local))
    }

    fn remote_address(&self) -> Option<Address> {
        Some(Address::Tcp(self.remote))
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

impl AsyncRead for StrangeConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_read(cx, buffer)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_read_vectored(cx, buffers)
    }
}

impl AsyncWrite for StrangeConnection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, buffer)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(cx, buffers)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(self.stream().poll_close(cx)) {
            // Closed before, and the peer has closed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            closed => Poll::Ready(closed),
        }
    }
}
