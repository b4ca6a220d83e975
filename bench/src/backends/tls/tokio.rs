//! tokio-rustls.

use std::{
    future::IntoFuture,
    io,
    net::{SocketAddr, TcpListener},
};

use futures_util::{FutureExt, future::Map};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{Accept, TlsAcceptor, TlsConnector, client, server};

use crate::{
    backend::{ConnectsTls, Dial, Listen, ListensTls, Stream},
    backends::tokio::Tokio,
    socket::reset_when_dropped,
    tls::{Layer, client_config, count_handshake, identity::NAME, server_config},
};

impl ConnectsTls for Tokio {
    fn tls_dialer(self, address: SocketAddr, layer: Layer) -> io::Result<impl Dial> {
        let name = NAME.try_into().map_err(io::Error::other)?;
        Ok(Tls { address, connector: client_config(layer)?.into(), name })
    }
}

#[derive(Clone)]
struct Tls {
    address: SocketAddr,
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Dial for Tls {
    type Stream = client::TlsStream<TcpStream>;

    async fn dial(&self) -> io::Result<Self::Stream> {
        let plain = TcpStream::connect(self.address).await?;
        let stream = self.connector.connect(self.name.clone(), plain).await?;
        count_handshake(stream.get_ref().1);
        Ok(stream)
    }
}

impl ListensTls for Tokio {
    fn tls_listener(self, socket: TcpListener, _layer: Layer) -> io::Result<impl Listen> {
        let plain = tokio::net::TcpListener::from_std(socket)?;
        Ok(Listening { plain, acceptor: server_config()?.into() })
    }
}

struct Listening {
    plain: tokio::net::TcpListener,
    acceptor: TlsAcceptor,
}

impl Listen for Listening {
    type Accepting = Handshake;
    type Stream = server::TlsStream<TcpStream>;

    async fn accept(&mut self) -> io::Result<Self::Accepting> {
        let (plain, _) = self.plain.accept().await?;
        Ok(Handshake { plain, acceptor: self.acceptor.clone() })
    }
}

/// A handshake that is to be made.
struct Handshake {
    plain: TcpStream,
    acceptor: TlsAcceptor,
}

/// What comes of a handshake.
type Accepted = io::Result<server::TlsStream<TcpStream>>;

impl IntoFuture for Handshake {
    type Output = Accepted;
    type IntoFuture = Map<Accept<TcpStream>, fn(Accepted) -> Accepted>;

    fn into_future(self) -> Self::IntoFuture {
        let accept = self.acceptor.accept(self.plain);
        accept.map(|stream| stream.inspect(|stream| count_handshake(stream.get_ref().1)))
    }
}

impl Stream for client::TlsStream<TcpStream> {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        AsyncReadExt::read(self, buffer).await
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(self, bytes).await
    }

    fn reset_when_dropped(&self) -> io::Result<()> {
        reset_when_dropped(self.get_ref().0)
    }
}

impl Stream for server::TlsStream<TcpStream> {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        AsyncReadExt::read(self, buffer).await
    }

    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        AsyncWriteExt::write_all(self, bytes).await
    }

    fn reset_when_dropped(&self) -> io::Result<()> {
        reset_when_dropped(self.get_ref().0)
    }
}
