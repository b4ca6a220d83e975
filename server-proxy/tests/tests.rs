//! The PROXY protocol, over servers and connections in memory, and over TCP.
//!
//! The form of headers is tested beside the code that reads them. What is known to go wrong around
//! it, and where it is tested:
//!
//! - `contract`: pausing, resuming and closing reach the server inside; a change wakes also a server
//!   that is full, or waits for a header.
//! - `reading`: a header that comes in pieces of any size, alone or with what follows; not a byte
//!   too many or too few is taken.
//! - `connection`: the connection behind it is as good as the one inside.
//! - `facts`: what is told of the client, the proxy, and the TLS between them.
//! - `trust`: who is not trusted is refused or left alone, before a byte is read.
//! - `failing`: what is no header, too long, cut off or too late is one error, which tells who it was.
//! - `limits`, `ending`: headers that never come are limited, hold up nobody, and end with their
//!   deadline, with a closed server's last deadline, or with the server.
//! - `progress`: all of that while nobody is accepted.
//! - `sockets`: all of that on sockets.
//! - `cost`: what is counted.

mod connection;
mod contract;
mod cost;
mod ending;
mod facts;
mod failing;
mod limits;
mod progress;
mod reading;
mod sockets;
mod support;
mod trust;
