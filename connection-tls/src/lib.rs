//! TLS over any connection, for both sides.
//!
//! [`TlsConnection`] is a [`Connection`](socketry_connection::Connection) around another one.
//! [`TlsOptions`] makes one, by a handshake as client or as server. [`Identity`] is who one is,
//! [`Roots`] are whom one trusts, and [`Protocol`] is what is spoken.
//!
//! # Examples
//!
//! Both ends of a connection:
//!
//! ```
//! use std::{io, sync::Arc};
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future::{block_on, try_zip}};
//! use socketry_connection::Connection;
//! use socketry_connection_tls::{
//!     TlsInfo, TlsOptions,
//!     rustls::{ClientConfig, ServerConfig, pki_types::ServerName},
//! };
//!
//! async fn greet(connection: impl Connection, config: Arc<ServerConfig>) -> io::Result<()> {
//!     let mut connection = TlsOptions::new().accept(connection, |_hello| Ok(config)).await?;
//!     connection.write_all(b"hello").await?;
//!
//!     let info = connection.attributes().get::<TlsInfo>();
//!     assert_eq!(info.and_then(TlsInfo::server_name), Some("example.com"));
//!     connection.shutdown().await
//! }
//!
//! async fn listen(connection: impl Connection, config: Arc<ClientConfig>) -> io::Result<String> {
//!     let name = ServerName::try_from("example.com").map_err(io::Error::other)?;
//!     let mut connection = TlsOptions::new().connect(connection, name, config).await?;
//!     let mut heard = String::new();
//!     connection.read_to_string(&mut heard).await?;
//!     connection.shutdown().await?;
//!     Ok(heard)
//! }
//! # use socketry_connection_tls::{default_provider, rustls::{RootCertStore, pki_types::PrivateKeyDer}};
//! # let authority = socketry_testing::TestAuthority::new();
//! # let identity = authority.issue(["example.com"]);
//! # let mut roots = RootCertStore::empty();
//! # roots.add(authority.certificate_der().into()).unwrap();
//! # let client = ClientConfig::builder_with_provider(default_provider()?)
//! #     .with_safe_default_protocol_versions().unwrap()
//! #     .with_root_certificates(roots).with_no_client_auth();
//! # let chain = identity.chain_der().iter().cloned().map(Into::into).collect();
//! # let key = PrivateKeyDer::try_from(identity.key_der().to_vec()).unwrap();
//! # let server = ServerConfig::builder_with_provider(default_provider()?)
//! #     .with_safe_default_protocol_versions().unwrap()
//! #     .with_no_client_auth().with_single_cert(chain, key).unwrap();
//! # let (ours, theirs) = socketry_testing::pair();
//! # let both = try_zip(greet(ours, server.into()), listen(theirs, client.into()));
//! # let ((), heard) = block_on(both)?;
//! # assert_eq!(heard, "hello");
//! # io::Result::Ok(())
//! ```
//!
//! # Features
//!
//! - `aws-lc-rs` (default), `ring`: the cryptography. With both it is AWS-LC.
//! - `encrypted-keys` (default): private keys that are encrypted. Without it they are refused.
//! - `platform-roots` (default): whom the system trusts, as [`Roots::platform`].
//! - `mozilla-roots`: whom Mozilla trusts, compiled in, as `Roots::mozilla`.

#[doc(no_inline)]
pub use rustls;

pub use crate::{
    connection::TlsConnection,
    failed::{HandshakeFailed, HandshakeFailure, NotPinned},
    identity::{Identity, IdentityLoader},
    info::TlsInfo,
    load_failed::LoadFailed,
    options::{TlsOptions, Truncation},
    plain::{Plain, UnexpectedPlaintext},
    protocol::{Protocol, ResolvedProtocol, TlsVersion},
    provider::default_provider,
    remembered::{remembering, remembering_clients},
    roots::Roots,
    session_failed::SessionFailed,
};

mod abort;
mod certificates;
mod connection;
mod details;
mod document;
mod explain;
mod failed;
mod handshake;
mod identity;
mod info;
mod key;
mod load_failed;
mod options;
mod pem;
mod plain;
mod protocol;
mod provider;
mod reads;
mod remembered;
mod roots;
mod session;
mod session_failed;
mod transport;
