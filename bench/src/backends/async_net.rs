//! async-net, on smol's executor.

use std::{
    future::{Future, Ready, ready},
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use async_net::TcpStream;
use smol::Async;

use crate::{
    backend::{Backend, Connects, ConnectsByName, Dial, Listen, Listens},
    backends::{
        futures_io::{FuturesIo, Resets},
        runner::{Runner, Smol, spawn},
    },
    socket::reset_when_dropped,
};

/// As its examples use it.
#[derive(Clone, Copy)]
pub(crate) struct AsyncNet;

impl Backend for AsyncNet {
    fn run(self, main: impl Future<Output = io::Result<()>> + Send + 'static) -> io::Result<()> {
        Smol.run(main)
    }

    fn spawn(self, task: impl Future<Output = io::Result<()>> + Send + 'static) {
        spawn(task);
    }
}

impl Connects for AsyncNet {
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

impl ConnectsByName for AsyncNet {
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

impl Listens for AsyncNet {
    fn listener(self, socket: TcpListener) -> io::Result<impl Listen> {
        Listening::new(socket)
    }
}

pub(super) struct Listening(async_net::TcpListener);

impl Listening {
    pub(super) fn new(socket: TcpListener) -> io::Result<Self> {
        Ok(Self(Async::new(socket)?.into()))
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
