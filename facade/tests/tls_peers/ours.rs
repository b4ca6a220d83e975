//! Our side, and the certificates of both.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{or, poll_once},
};
use socketry_connection::Connection;
use socketry_connection_socket::TcpConnection;
use socketry_connection_tls::{
    HandshakeFailed, TlsConnection, TlsInfo, TlsOptions, Truncation, default_provider,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName},
        server::{ClientHello, WebPkiClientVerifier},
        version::{TLS12, TLS13},
    },
};
use socketry_connector::Connect;
use socketry_connector_tcp::TcpConnector;
use socketry_server::{Accept, AcceptExt};
use socketry_server_tcp::TcpServer;
use socketry_testing::{IdentityFiles, RunningProgram, TestAuthority, TestDir, TestIdentity};

pub(crate) type Tls = TlsConnection<TcpConnection>;

/// A version, as openssl and GnuTLS call it and as we do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Version {
    pub(crate) openssl: &'static str,
    pub(crate) gnutls: &'static str,
    pub(crate) ours: &'static SupportedProtocolVersion,
}

pub(crate) const V12: Version = Version {
    openssl: "-tls1_2",
    gnutls: "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.2",
    ours: &TLS12,
};

pub(crate) const V13: Version = Version {
    openssl: "-tls1_3",
    gnutls: "--priority=NORMAL:-VERS-ALL:+VERS-TLS1.3",
    ours: &TLS13,
};

pub(crate) const BOTH: [Version; 2] = [V12, V13];

/// How much goes there and back where much does.
pub(crate) const MUCH: usize = 10 * 1024 * 1024;

/// An authority that everybody trusts, and the files of those who need them in files.
pub(crate) struct House {
    pub(crate) authority: TestAuthority,
    pub(crate) dir: TestDir,
    pub(crate) roots: PathBuf,
}

impl House {
    pub(crate) fn new() -> Self {
        let (authority, dir) = (TestAuthority::new(), TestDir::new());
        let roots = dir.write("roots.pem", authority.certificate_pem());
        Self { authority, dir, roots }
    }

    pub(crate) fn files(&self, identity: &TestIdentity) -> IdentityFiles {
        identity.write_to(&self.dir, "identity")
    }

    /// The files of a server called localhost.
    pub(crate) fn server_files(&self) -> IdentityFiles {
        self.files(&self.authority.certificate(["localhost"]).for_servers().issue())
    }

    /// A server called localhost, which asks no client for a certificate.
    pub(crate) fn server(&self, version: Version) -> ServerConfig {
        self.server_with(version, &self.authority.issue(["localhost"]))
    }

    pub(crate) fn server_with(&self, version: Version, identity: &TestIdentity) -> ServerConfig {
        let builder = ServerConfig::builder_with_provider(default_provider().unwrap());
        let builder = builder.with_protocol_versions(&[version.ours]).unwrap();
        let (chain, key) = in_der(identity);
        builder.with_no_client_auth().with_single_cert(chain, key).unwrap()
    }

    /// A server called localhost, which wants a certificate of every client.
    pub(crate) fn server_for_the_known(&self, version: Version) -> ServerConfig {
        let provider = default_provider().unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(self.trusted().into(), provider.clone());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_protocol_versions(&[version.ours]).unwrap();
        let (chain, key) = in_der(&self.authority.issue(["localhost"]));
        let builder = builder.with_client_cert_verifier(verifier.build().unwrap());
        builder.with_single_cert(chain, key).unwrap()
    }

    /// A client without a certificate.
    pub(crate) fn client(&self, version: Version) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(default_provider().unwrap());
        let builder = builder.with_protocol_versions(&[version.ours]).unwrap();
        builder.with_root_certificates(self.trusted()).with_no_client_auth()
    }

    pub(crate) fn client_with(&self, version: Version, identity: &TestIdentity) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(default_provider().unwrap());
        let builder = builder.with_protocol_versions(&[version.ours]).unwrap();
        let (chain, key) = in_der(identity);
        builder.with_root_certificates(self.trusted()).with_client_auth_cert(chain, key).unwrap()
    }

    fn trusted(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.certificate_der().into()).unwrap();
        roots
    }
}

fn in_der(identity: &TestIdentity) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = identity.chain_der().iter().cloned().map(Into::into).collect();
    (chain, identity.key_der().to_vec().try_into().unwrap())
}

/// No deadlines: a program that hangs is killed, and that ends the connection.
fn options() -> TlsOptions {
    TlsOptions::new().handshake_within(None)
}

/// Our server.
pub(crate) struct Ours {
    tcp: TcpServer,
    options: TlsOptions,
}

impl Ours {
    pub(crate) fn listen() -> Self {
        let tcp = TcpServer::bind(([127, 0, 0, 1], 0).into()).unwrap();
        Self { tcp, options: options() }
    }

    pub(crate) fn truncation(mut self, truncation: Truncation) -> Self {
        self.options = self.options.truncation(truncation);
        self
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.tcp.local_address().unwrap().socket_address().unwrap()
    }

    /// Secures the connection that `client` makes.
    pub(crate) async fn accept(
        &mut self,
        client: &RunningProgram,
        config: &Arc<ServerConfig>,
    ) -> Result<Tls, HandshakeFailed> {
        self.accept_as(client, |_| Ok(config.clone())).await
    }

    pub(crate) async fn accept_as(
        &mut self,
        client: &RunningProgram,
        choose: impl FnOnce(&ClientHello<'_>) -> io::Result<Arc<ServerConfig>>,
    ) -> Result<Tls, HandshakeFailed> {
        let tcp = self.connection_of(client).await;
        self.options.accept(tcp, choose).await
    }

    /// Fails if the client ends without having come, where one would wait for ever.
    async fn connection_of(&mut self, client: &RunningProgram) -> TcpConnection {
        let ended = async {
            client.ended().await;
            None
        };
        let accepted = or(async { Some(self.tcp.accept().await) }, ended).await;
        let accepted = match accepted {
            Some(accepted) => Some(accepted),
            None => poll_once(self.tcp.accept()).await, // it may have come and gone
        };
        let Some(accepted) = accepted else { panic!("nobody has come: {}", client.said()) };
        accepted.unwrap().unwrap()
    }
}

/// Our client, of the server at `address`, which is to be `name`.
pub(crate) async fn connect(
    address: SocketAddr,
    name: &'static str,
    config: &Arc<ClientConfig>,
) -> Result<Tls, HandshakeFailed> {
    let tcp = TcpConnector::new().connect(address).await.unwrap();
    options().connect(tcp, ServerName::try_from(name).unwrap(), config.clone()).await
}

pub(crate) fn info(connection: &Tls) -> &TlsInfo {
    connection.attributes().get().unwrap()
}

pub(crate) async fn send(connection: &mut Tls, words: &str) {
    connection.write_all(words.as_bytes()).await.unwrap();
    connection.flush().await.unwrap();
}

/// The next line, without the line feed.
pub(crate) async fn line(connection: &mut Tls) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    loop {
        connection.read_exact(&mut byte).await.unwrap();
        match byte {
            [b'\n'] => return String::from_utf8(line).unwrap(),
            [byte] => line.push(byte),
        }
    }
}

/// Much that does not repeat with the size of a record or a buffer. No byte is a letter, which could
/// be a command.
pub(crate) fn much() -> Vec<u8> {
    (0..MUCH as u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80).collect()
}
