//! TLS for clients, over any connector.
//!
//! [`TlsConnector`] wraps a [`Connect`](socketry_connector::Connect) of a host, an address or what
//! else; [`ClientTls`] says whom it trusts and how it speaks, and secures connections that are in
//! use already (STARTTLS), too. It opens no connection and looks no name up. Which certificates
//! are accepted is on a [page of its own](certificates).
//!
//! # Examples
//!
//! ```
//! use std::io;
//!
//! use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
//! use socketry_connection::Connection;
//! use socketry_connector::{Connect, HostPort};
//! use socketry_connector_tls::{ClientTls, Roots, TlsConnector, TlsInfo};
//!
//! async fn greet(tcp: impl Connect<HostPort>, authority: String) -> io::Result<()> {
//!     let tls = ClientTls::builder().roots(Roots::none().with_pem(authority)).build()?;
//!     let connector = TlsConnector::new(tcp, tls);
//!
//!     let target: HostPort = "example.com:443".parse()?;
//!     let mut connection = connector.connect(target).await?;
//!     connection.write_all(b"hello").await?;
//!
//!     let info = connection.attributes().get::<TlsInfo>();
//!     println!("{:?}", info.and_then(TlsInfo::version)); // Some(TLSv1_3)
//!     connection.shutdown().await
//! }
//! # use socketry_connector_tls::TlsOptions;
//! # use socketry_connection_tls::{default_provider, rustls::{ServerConfig, pki_types::PrivateKeyDer}};
//! # let authority = socketry_testing::TestAuthority::new();
//! # let identity = authority.issue(["example.com"]);
//! # let chain = identity.chain_der().iter().cloned().map(Into::into).collect();
//! # let key = PrivateKeyDer::try_from(identity.key_der().to_vec()).unwrap();
//! # let server = ServerConfig::builder_with_provider(default_provider()?)
//! #     .with_safe_default_protocol_versions().unwrap()
//! #     .with_no_client_auth().with_single_cert(chain, key).unwrap();
//! # let (tcp, handle) = socketry_testing::scripted_connector();
//! # let (ours, theirs) = socketry_testing::pair();
//! # handle.succeed_next(ours);
//! # let serving = async {
//! #     let mut server = TlsOptions::new().accept(theirs, |_| Ok(server.into())).await?;
//! #     let mut heard = [0; 5];
//! #     server.read_exact(&mut heard).await?;
//! #     assert_eq!(&heard, b"hello");
//! #     server.shutdown().await
//! # };
//! # block_on(futures_lite::future::try_zip(greet(tcp, authority.certificate_pem()), serving))?;
//! # io::Result::Ok(())
//! ```
//!
//! # Features
//!
//! - `aws-lc-rs` (default), `ring`: the cryptography. With both it is AWS-LC.
//! - `idn` (default): names that are not ASCII, by the crate `idna`. Without it they are refused.
//! - `encrypted-keys` (default): private keys that are encrypted. Without it they are refused.
//! - `platform-roots` (default): whom the system trusts.
//! - `mozilla-roots`: whom Mozilla trusts, compiled in.

#[doc(no_inline)]
pub use socketry_connection_tls::{
    HandshakeFailed, HandshakeFailure, Identity, NotPinned, Plain, Protocol, Roots, TlsConnection,
    TlsInfo, TlsOptions, TlsVersion, Truncation, UnexpectedPlaintext,
};

pub use crate::{
    builder::ClientTlsBuilder,
    connector::TlsConnector,
    dangerous::DangerousClientTls,
    pin::{CertificatePin, InvalidPin},
    setup::SetupFailed,
    tls::ClientTls,
};

pub mod certificates;

mod base64;
mod builder;
mod connector;
mod dangerous;
mod fingerprint;
mod name;
mod pin;
mod pins;
mod settings;
mod setup;
mod tls;
mod verifier;
