//! Identities in files, servers and clients that trust them, and a round trip.

use std::{fs, io, path::PathBuf};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{self, block_on},
};
use socketry::{
    Connector, ConnectorBuilder, IdentityConfig, Server, ServerConfig, Socket, TlsConfig,
    TlsServerConfig,
};
use socketry_testing::{TestAuthority, TestDir, TestIdentity};

/// An authority with its certificate in a file, and identities in files, which go away with it.
pub(crate) struct Files {
    folder: TestDir,
    pub(crate) authority: TestAuthority,
}

impl Files {
    pub(crate) fn new() -> Self {
        let files = Self { folder: TestDir::new(), authority: TestAuthority::new() };
        files.write("ca.pem", files.authority.certificate_pem());
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// An identity of the authority for one name.
    pub(crate) fn identity(&self, name: &str) -> IdentityConfig {
        self.save(name, &self.authority.issue([name]))
    }

    pub(crate) fn save(&self, name: &str, identity: &TestIdentity) -> IdentityConfig {
        let certificate = self.write(&format!("{name}.pem"), identity.chain_pem());
        let key = self.write(&format!("{name}.key"), identity.key_pem());
        IdentityConfig::new(certificate, key)
    }

    /// A server that is `localhost`.
    pub(crate) fn server_config(&self) -> TlsServerConfig {
        let mut config = TlsServerConfig::default();
        config.identity = Some(self.identity("localhost"));
        config
    }

    /// A client that trusts the authority.
    pub(crate) fn client_config(&self) -> TlsConfig {
        let mut config = TlsConfig::default();
        config.ca_files = vec![self.path("ca.pem")];
        config
    }

    pub(crate) fn server(&self) -> Server {
        bind(self.server_config()).unwrap()
    }
}

pub(crate) fn bind(tls: TlsServerConfig) -> io::Result<Server> {
    let mut config = ServerConfig::default();
    config.tls = tls;
    block_on(config.bind("tls://127.0.0.1:0"))
}

pub(crate) fn client(tls: TlsConfig) -> ConnectorBuilder {
    Connector::builder().tls(tls)
}

/// `tls://localhost` and the port of `server`.
pub(crate) fn localhost(server: &Server) -> String {
    format!("tls://localhost:{}", server.local_address().unwrap().port().unwrap())
}

/// Connects to `endpoint` and takes the connection at `server`: what came of it on both sides.
pub(crate) fn meet(
    connector: &Connector,
    endpoint: &str,
    server: &mut Server,
) -> (io::Result<Socket>, io::Result<Socket>) {
    block_on(future::zip(connector.connect(endpoint), async { server.accept().await.unwrap() }))
}

/// The same as `localhost`; both sides are there.
pub(crate) fn met(tls: TlsConfig, server: &mut Server) -> (Socket, Socket) {
    let connector = client(tls).build().unwrap();
    let (ours, theirs) = meet(&connector, &localhost(server), server);
    (ours.unwrap(), theirs.unwrap())
}

/// The client's error at `localhost`.
pub(crate) fn refused(tls: TlsConfig, server: &mut Server) -> io::Error {
    let connector = client(tls).build().unwrap();
    meet(&connector, &localhost(server), server).0.unwrap_err()
}

/// Says `text` at one end and hears it at the other.
pub(crate) fn say(from: &mut Socket, to: &mut Socket, text: &str) -> String {
    let mut heard = vec![0; text.len()];
    block_on(async {
        from.write_all(text.as_bytes()).await.unwrap();
        to.read_exact(&mut heard).await.unwrap();
    });
    String::from_utf8(heard).unwrap()
}
