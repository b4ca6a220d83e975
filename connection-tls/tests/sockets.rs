//! A connection over a real socket, without the crates that stand beside this one.

use std::{
    io,
    net::{Shutdown, TcpListener, TcpStream},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

/// A connection over a socket of async-io, which wakes whom it forgets.
#[derive(Debug)]
pub(crate) struct Socket(async_io::Async<TcpStream>, Attributes);

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buffer)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.get_ref().shutdown(Shutdown::Write))
    }
}

impl Connection for Socket {
    fn local_address(&self) -> Option<Address> {
        None
    }

    fn remote_address(&self) -> Option<Address> {
        None
    }

    fn attributes(&self) -> &Attributes {
        &self.1
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        &mut self.1
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        None
    }
}

/// Two ends over loopback.
pub(crate) fn sockets() -> (Socket, Socket) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (theirs, _) = listener.accept().unwrap();
    let socket = |stream: TcpStream| {
        stream.set_nodelay(true).unwrap();
        Socket(async_io::Async::new(stream).unwrap(), Default::default())
    };
    (socket(ours), socket(theirs))
}
