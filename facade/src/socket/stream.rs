//! A socket is a connection.

use std::{
    io::{self, IoSlice, IoSliceMut},
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::{AbortHandle, Address, Attributes, Connection};

use super::{Inner, Socket};

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        inside!(&mut self.0, connection => Pin::new(connection).poll_read(cx, buffer))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        inside!(&mut self.0, connection => Pin::new(connection).poll_read_vectored(cx, buffers))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        inside!(&mut self.0, connection => Pin::new(connection).poll_write(cx, buffer))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        inside!(&mut self.0, connection => Pin::new(connection).poll_write_vectored(cx, buffers))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(&mut self.0, connection => Pin::new(connection).poll_flush(cx))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(&mut self.0, connection => Pin::new(connection).poll_close(cx))
    }
}

impl Connection for Socket {
    fn local_address(&self) -> Option<Address> {
        self.local_address()
    }

    fn remote_address(&self) -> Option<Address> {
        self.remote_address()
    }

    fn attributes(&self) -> &Attributes {
        self.attributes()
    }

    fn attributes_mut(&mut self) -> &mut Attributes {
        self.attributes_mut()
    }

    fn abort_handle(&mut self) -> Option<AbortHandle> {
        self.abort_handle()
    }
}
