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
mod signal;
mod sources;
mod spawned;
mod tls;
mod turn;
mod waiting;
mod watcher;
