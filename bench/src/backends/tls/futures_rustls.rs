//! futures-rustls, over the libraries that have the traits of futures-io.

use std::{
    future::IntoFuture,
    io,
    net::{SocketAddr, TcpListener},
};

use ::futures_rustls::{Accept, TlsAcceptor, TlsConnector, client, server};
use futures_lite::{AsyncRead, AsyncWrite};
use futures_util::{FutureExt, future::Map};
use rustls::pki_types::ServerName;

use crate::{
    backend::{ConnectsTls, Dial, Listen, ListensTls},
    backends::{
        async_net::{self, AsyncNet},
        async_std::{self, AsyncStd},
        futures_io::{FuturesIo, Resets},
    },
    tls::{Layer, client_config, count_handshake, identity::NAME, server_config},
};

impl ConnectsTls for AsyncNet {
    fn tls_dialer(self, address: SocketAddr, layer: Layer) -> io::Result<impl Dial> {
        Tls::new(async_net::Tcp(address), layer)
    }
}

impl ListensTls for AsyncNet {
    fn tls_listener(self, socket: TcpListener, _layer: Layer) -> io::Result<impl Listen> {
        Listening::new(async_net::Listening::new(socket)?)
    }
}

impl ConnectsTls for AsyncStd {
    fn tls_dialer(self, address: SocketAddr, layer: Layer) -> io::Result<impl Dial> {
        Tls::new(async_std::Tcp(address), layer)
    }
}

impl ListensTls for AsyncStd {
    fn tls_listener(self, socket: TcpListener, _layer: Layer) -> io::Result<impl Listen> {
        Listening::new(async_std::Listening::new(socket))
    }
}

/// What a stream has to be.
trait Plain: AsyncRead + AsyncWrite + Resets + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Resets + Unpin + Send + 'static> Plain for S {}

#[derive(Clone)]
struct Tls<D> {
    plain: D,
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl<D> Tls<D> {
    fn new(plain: D, layer: Layer) -> io::Result<Self> {
        let connector = client_config(layer)?.into();
        Ok(Self { plain, connector, name: NAME.try_into().map_err(io::Error::other)? })
    }
}

impl<D: Dial<Stream = FuturesIo<S>>, S: Plain> Dial for Tls<D> {
    type Stream = FuturesIo<client::TlsStream<S>>;

    async fn dial(&self) -> io::Result<Self::Stream> {
        let FuturesIo(plain) = self.plain.dial().await?;
        let stream = self.connector.connect(self.name.clone(), plain).await?;
        count_handshake(stream.get_ref().1);
        Ok(FuturesIo(stream))
    }
}

struct Listening<L> {
    plain: L,
    acceptor: TlsAcceptor,
}

impl<L> Listening<L> {
    fn new(plain: L) -> io::Result<Self> {
        Ok(Self { plain, acceptor: server_config()?.into() })
    }
}

impl<L: Listen<Stream = FuturesIo<S>>, S: Plain> Listen for Listening<L> {
    type Accepting = Handshake<S>;
    type Stream = FuturesIo<server::TlsStream<S>>;

    async fn accept(&mut self) -> io::Result<Self::Accepting> {
        let FuturesIo(plain) = self.plain.accept().await?.await?;
        Ok(Handshake { plain, acceptor: self.acceptor.clone() })
    }
}

/// A handshake that is to be made.
struct Handshake<S> {
    plain: S,
    acceptor: TlsAcceptor,
}

impl<S: Plain> IntoFuture for Handshake<S> {
    type Output = io::Result<FuturesIo<server::TlsStream<S>>>;
    type IntoFuture = Map<Accept<S>, fn(io::Result<server::TlsStream<S>>) -> Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.acceptor.accept(self.plain).map(|stream| {
            let stream = stream?;
            count_handshake(stream.get_ref().1);
            Ok(FuturesIo(stream))
        })
    }
}

impl<S: Resets> Resets for client::TlsStream<S> {
    fn reset_when_dropped(&self) -> io::Result<()> {
        self.get_ref().0.reset_when_dropped()
    }
}

impl<S: Resets> Resets for server::TlsStream<S> {
    fn reset_when_dropped(&self) -> io::Result<()> {
        self.get_ref().0.reset_when_dropped()
    }
}
