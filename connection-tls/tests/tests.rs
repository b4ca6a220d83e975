//! What TLS does to a connection: in memory, over connections that misbehave, and over sockets.

mod cost;
mod handshakes;
mod identities;
mod keys;
mod pairs;
mod protocol;
mod records;
mod roots;
mod support;
