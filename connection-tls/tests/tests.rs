//! What TLS does to a connection: in memory, over connections that misbehave, and over sockets.

mod coalesced;
mod cost;
mod ending;
mod ends;
mod faults;
mod handshakes;
mod identities;
mod keys;
mod pairs;
#[cfg(all(target_os = "linux", feature = "platform-roots"))]
mod platform;
mod protocol;
mod records;
mod roots;
mod sockets;
mod support;
mod two_tasks;
