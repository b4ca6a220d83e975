//! TLS of this house.

use std::{
    future::{Ready, ready},
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use socketry::{AcceptExt, Connect, Connection, PeerNamed, connection::TcpConnection};
use socketry_connector_tcp::TcpConnector;
use socketry_connector_tls::{
    ClientTls, Identity, Protocol, Roots, TlsConnection, TlsConnector, TlsVersion,
};
use socketry_server_tcp::TcpServer;
use socketry_server_tls::{ServerTls, TlsServer};

use crate::{
    backend::{ConnectsTls, Dial, Listen, ListensTls},
    backends::{
        futures_io::{FuturesIo, Resets},
        ours::Ours,
        runner::Runner,
    },
    tls::{
        Layer, count_handshake,
        identity::{self, NAME},
    },
};

impl<R: Runner> ConnectsTls for Ours<R> {
    fn tls_dialer(self, address: SocketAddr, layer: Layer) -> io::Result<impl Dial> {
        let roots = Roots::none().with_pem(identity::Identity::of_environment()?.certificate);
        let mut builder = ClientTls::builder().roots(roots).protocol(only_tls_13());
        if layer != Layer::TlsResumed {
            builder = builder.sessions(0);
        }
        let connector = Arc::new(TlsConnector::new(TcpConnector::new(), builder.build()?));
        let name = NAME.parse().map_err(io::Error::other)?;
        Ok(Tls { connector, target: PeerNamed::new(address, name) })
    }
}

#[derive(Clone)]
struct Tls {
    connector: Arc<TlsConnector<TcpConnector>>,
    target: PeerNamed<SocketAddr>,
}

impl Dial for Tls {
    type Stream = FuturesIo<TlsConnection<TcpConnection>>;

    async fn dial(&self) -> io::Result<Self::Stream> {
        let connection = self.connector.connect(self.target.clone()).await?;
        count_handshake(connection.session());
        Ok(FuturesIo(connection))
    }
}

impl<R: Runner> ListensTls for Ours<R> {
    fn tls_listener(self, socket: TcpListener, _layer: Layer) -> io::Result<impl Listen> {
        let pem = identity::Identity::of_environment()?;
        let identity = Identity::from_pem(pem.certificate, pem.key).load()?;
        let tls = ServerTls::builder().identity(identity).protocol(only_tls_13()).build()?;
        Ok(Listening(TlsServer::new(TcpServer::from_fd(socket.into())?, tls)))
    }
}

struct Listening(TlsServer<TcpServer>);

impl Listen for Listening {
    type Accepting = Ready<io::Result<Self::Stream>>;
    type Stream = FuturesIo<TlsConnection<TcpConnection>>;

    async fn accept(&mut self) -> io::Result<Self::Accepting> {
        let accepted = self.0.accept().await.ok_or(io::ErrorKind::NotConnected)?;
        Ok(ready(accepted.map(|connection| {
            count_handshake(connection.session());
            FuturesIo(connection)
        })))
    }
}

fn only_tls_13() -> Protocol {
    Protocol::new().min_version(TlsVersion::Tls13)
}

impl<C: Resets + Connection> Resets for TlsConnection<C> {
    fn reset_when_dropped(&self) -> io::Result<()> {
        self.get_ref().reset_when_dropped()
    }
}
