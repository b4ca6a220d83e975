//! TLS for servers, over any server.
//!
//! [`TlsServer`] is a decorator: it takes the connections of the server inside, makes the handshake
//! with each, and yields those that are secure. Handshakes hold up neither accepting nor each other,
//! and no spawner is needed for that; with one they run on all cores. How many there are at once is
//! limited, in all and for one address.
//!
//! [`ServerTls`] is what it proves and asks: identities by name, certificates of clients, the
//! versions and protocols that are spoken. It is a handle, through which certificates are replaced
//! and reloaded while servers run.
//!
//! The connections, identities and roots themselves are those of `socketry-connection-tls`.
//!
//! # Examples
//!
//! ```
//! use std::io;
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
//! use socketry_connection::Connection;
//! use socketry_connection_tls::Identity;
//! use socketry_server::{Accept, AcceptExt};
//! use socketry_server_tls::{ServerTls, TlsServer};
//!
//! async fn greet_one(tcp: impl Accept, identity: Identity) -> io::Result<()> {
//!     let mut server = TlsServer::new(tcp, ServerTls::new(identity)?);
//!     if let Some(accepted) = server.accept().await {
//!         let mut connection = accepted?;
//!         connection.write_all(b"hello").await?;
//!         connection.shutdown().await?;
//!     }
//!     Ok(())
//! }
//! # use socketry_connection_tls::{TlsOptions, default_provider, rustls};
//! # let authority = socketry_testing::TestAuthority::new();
//! # let issued = authority.issue(["localhost"]);
//! # let identity = Identity::from_pem(issued.chain_pem(), issued.key_pem()).load()?;
//! # let mut roots = rustls::RootCertStore::empty();
//! # roots.add(authority.certificate_der().into()).unwrap();
//! # let config = rustls::ClientConfig::builder_with_provider(default_provider()?)
//! #     .with_safe_default_protocol_versions().unwrap()
//! #     .with_root_certificates(roots).with_no_client_auth();
//! # let (tcp, handle) = socketry_testing::scripted_server();
//! # let (ours, theirs) = socketry_testing::pair();
//! # handle.push(theirs);
//! # let client = async {
//! #     let name = "localhost".try_into().unwrap();
//! #     let mut client = TlsOptions::new().connect(ours, name, config.into()).await?;
//! #     let mut heard = String::new();
//! #     client.read_to_string(&mut heard).await?;
//! #     assert_eq!(heard, "hello");
//! #     client.shutdown().await
//! # };
//! # block_on(futures_lite::future::try_zip(greet_one(tcp, identity), client))?;
//! # io::Result::Ok(())
//! ```
//!
//! # Features
//!
//! - `aws-lc-rs` (default), `ring`: the cryptography. With both it is AWS-LC.
//! - `encrypted-keys` (default): private keys that are encrypted. Without it they are refused.
//! - `platform-roots` (default): whom the system trusts.
//! - `mozilla-roots`: whom Mozilla trusts, compiled in.

pub use crate::{
    builder::ServerTlsBuilder,
    reload_failed::ReloadFailed,
    server::{TlsServer, WhenFull},
    sources::ClientCertificates,
    tls::ServerTls,
};

mod accept;
mod builder;
mod handshakes;
mod names;
mod origin;
mod places;
mod reload_failed;
mod resumption;
mod server;
mod sources;
mod spawned;
mod tls;
mod turn;
mod waiting;
mod watcher;
