//! TLS for servers, over any server.
//!
//! [`TlsServer`] is a decorator: it takes the connections of the server inside, makes the handshake
//! with each, and yields those that are secure. Handshakes hold up neither accepting nor each other,
//! and no spawner is needed for that; with one they run on all cores.

pub use crate::{
    server::{TlsServer, WhenFull},
    tls::ServerTls,
};

mod accept;
mod handshakes;
mod origin;
mod places;
mod server;
mod signal;
mod spawned;
mod tls;
mod waiting;
