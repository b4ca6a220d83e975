//! async-std, on its pool of threads.

use std::{
    future::{Future, Ready, ready},
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use ::async_std::net::TcpStream;

use crate::{
    backend::{Backend, Connects, ConnectsByName, Dial, Listen, Listens},
    backends::futures_io::{FuturesIo, Resets},
    socket::reset_when_dropped,
};

/// As its examples use it.
#[derive(Clone, Copy)]
pub(crate) struct AsyncStd;

impl Backend for AsyncStd {
    fn run(self, main: impl Future<Output = io::Result<()>> + Send + 'static) -> io::Result<()> {
        ::async_std::task::block_on(main)
    }

    fn spawn(self, task: impl Future<Output = io::Result<()>> + Send + 'static) {
        ::async_std::task::spawn(task);
    }
}

impl Connects for AsyncStd {
    fn dialer(self, address: SocketAddr) -> io::Result<impl Dial> {
        Ok(Tcp(address))
    }
}

#[derive(Clone)]
pub(super) struct Tcp(pub(super) SocketAddr);

impl Dial for Tcp {
    type Stream = FuturesIo<TcpStream>;

    async fn dial(&self) -> io::Result<Self::Stream> {
        Ok(FuturesIo(TcpStream::connect(self.0).await?))
    }
}

impl ConnectsByName for AsyncStd {
    fn named_dialer(self, name: &str, port: u16) -> io::Result<impl Dial> {
        Ok(Named(name.into(), port))
    }
}

#[derive(Clone)]
struct Named(Arc<str>, u16);

impl Dial for Named {
    type Stream = FuturesIo<TcpStream>;

    async fn dial(&self) -> io::Result<Self::Stream> {
        Ok(FuturesIo(TcpStream::connect((&*self.0, self.1)).await?))
    }
}

impl Listens for AsyncStd {
    fn listener(self, socket: TcpListener) -> io::Result<impl Listen> {
        Ok(Listening::new(socket))
    }
}

pub(super) struct Listening(::async_std::net::TcpListener);

impl Listening {
    pub(super) fn new(socket: TcpListener) -> Self {
        Self(socket.into())
    }
}

impl Listen for Listening {
    type Accepting = Ready<io::Result<Self::Stream>>;
    type Stream = FuturesIo<TcpStream>;

    async fn accept(&mut self) -> io::Result<Self::Accepting> {
        let (stream, _) = self.0.accept().await?;
        Ok(ready(Ok(FuturesIo(stream))))
    }
}

impl Resets for TcpStream {
    fn reset_when_dropped(&self) -> io::Result<()> {
        reset_when_dropped(self)
    }
}
