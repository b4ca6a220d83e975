//! What TLS does to a connection: in memory, over connections that misbehave, and over sockets.

mod records;
mod support;
