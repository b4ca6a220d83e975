//! The record path: what is between the session of rustls and the connection below.

use std::{
    io::{self, IoSlice, Read, Write},
    pin::Pin,
    task::{Context, Poll, ready},
};

use rustls::{CommonState, Connection as Rustls};
use socketry_connection::Connection;

use crate::{TlsOptions, Truncation};

pub(crate) struct Session {
    rustls: Rustls,
    truncation: Truncation,
    ended: bool,
    closed: bool,
}

impl Session {
    pub(crate) fn new(rustls: Rustls, options: &TlsOptions) -> Self {
        Self { rustls, truncation: options.truncation, ended: false, closed: false }
    }

    pub(crate) fn common(&self) -> &CommonState {
        &self.rustls
    }

    pub(crate) fn poll_read<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.rustls.reader().read(buffer) {
                Ok(count) => return Poll::Ready(Ok(count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(match self.truncation {
                        Truncation::Strict => Err(error),
                        Truncation::Allow => Ok(0),
                    });
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
            if self.ended {
                return Poll::Ready(Ok(0));
            }
            let mut block = [0; 4096];
            let count = ready!(Pin::new(&mut *inner).poll_read(cx, &mut block))?;
            self.ended = count == 0;
            let mut rest = &block[..count];
            loop {
                self.rustls.read_tls(&mut rest)?;
                self.rustls
                    .process_new_packets()
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                if rest.is_empty() {
                    break;
                }
            }
        }
    }

    pub(crate) fn poll_write<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        ready!(self.poll_send(inner, cx))?;
        let count = self.rustls.writer().write_vectored(buffers)?;
        let _ = self.poll_send(inner, cx)?;
        Poll::Ready(Ok(count))
    }

    pub(crate) fn poll_flush<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(inner, cx))?;
        Pin::new(inner).poll_flush(cx)
    }

    pub(crate) fn poll_close<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.closed {
            self.closed = true;
            self.rustls.send_close_notify();
        }
        ready!(self.poll_send(inner, cx))?;
        Pin::new(inner).poll_close(cx)
    }

    fn poll_send<C: Connection>(
        &mut self,
        inner: &mut C,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rustls.wants_write() {
            match self.rustls.write_tls(&mut Sink { inner, cx }) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The connection below as rustls writes to it.
struct Sink<'a, 'b, C> {
    inner: &'a mut C,
    cx: &'a mut Context<'b>,
}

impl<C: Connection> Write for Sink<'_, '_, C> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        block(Pin::new(&mut *self.inner).poll_write(self.cx, buffer))
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        block(Pin::new(&mut *self.inner).poll_write_vectored(self.cx, buffers))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
