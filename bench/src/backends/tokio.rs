//! tokio.

use std::{
    future::{Future, Ready, ready},
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{Builder, Runtime},
    time::timeout,
};

use crate::{
    backend::{Backend, Connects, ConnectsByName, Dial, Listen, Listens, Stream},
    socket::reset_when_dropped,
    tasks::race::{PATIENCE, Races, Target},
};

/// Which of its runtimes.
#[derive(Clone, Copy)]
pub(crate) enum Tokio {
    /// The one of the current thread.
    OneThread,
    /// The one with a pool of threads.
    Threads,
}

impl Tokio {
    fn runtime(self) -> io::Result<Runtime> {
        match self {
            Self::OneThread => Builder::new_current_thread().enable_all().build(),
            Self::Threads => Builder::new_multi_thread().enable_all().build(),
        }
    }
}

impl Backend for Tokio {
    fn run(self, main: impl Future<Output = io::Result<()>> + Send + 'static) -> io::Result<()> {
        let runtime = self.runtime()?;
        match self {
            Self::OneThread => runtime.block_on(main),
            // What is run by `block_on` itself is not on the pool.
            Self::Threads => runtime.block_on(async { tokio::spawn(main).await? }),
        }
    }

    fn spawn(self, task: impl Future<Output = io::Result<()>> + Send + 'static) {
        tokio::spawn(task);
    }
}

impl Connects for Tokio {
    fn dialer(self, address: SocketAddr) -> io::Result<impl Dial> {
        Ok(Tcp(address))
    }
}

#[derive(Clone)]
struct Tcp(SocketAddr);

impl Dial for Tcp {
    type Stream = TcpStream;

    async fn dial(&self) -> io::Result<TcpStream> {
        TcpStream::connect(self.0).await
    }
}

impl ConnectsByName for Tokio {
    fn named_dialer(self, name: &str, port: u16) -> io::Result<impl Dial> {
        Ok(Named(name.into(), port))
    }
}

#[derive(Clone)]
struct Named(Arc<str>, u16);

impl Dial for Named {
    type Stream = TcpStream;

    async fn dial(&self) -> io::Result<TcpStream> {
        TcpStream::connect((&*self.0, self.1)).await
    }
}

impl Races for Tokio {
    fn novice(self, target: &Target) -> io::Result<impl Dial> {
        Ok(OneAfterAnother(target.addresses.clone()))
    }
}

/// A list of addresses.
#[derive(Clone)]
struct OneAfterAnother(Arc<[SocketAddr]>);

impl Dial for OneAfterAnother {
    type Stream = TcpStream;

    async fn dial(&self) -> io::Result<TcpStream> {
        timeout(PATIENCE, TcpStream::connect(&self.0[..])).await?
    }
}

impl Listens for Tokio {
    fn listener(self, socket: TcpListener) -> io::Result<impl Listen> {
        Ok(Listening(tokio::net::TcpListener::from_std(socket)?))
    }
}

struct Listening(tokio::net::TcpListener);

impl Listen for Listening {
    type Accepting = Ready<io::Result<TcpStream>>;
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<Self::Accepting> {
        let (stream, _) = self.0.accept().await?;
        Ok(ready(Ok(stream)))
    }
}

impl Stream for TcpStream {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        AsyncReadExt::read(self, buffer).await
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(self, bytes).await
    }

    fn reset_when_dropped(&self) -> io::Result<()> {
        reset_when_dropped(self)
    }
}
