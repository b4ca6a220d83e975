//! Workers that are processes: scripted ones, and those in other languages.
//!
//! - `end_to_end`, `crashes`, `supervised`: with servers and a pool in front of them, on real sockets.
//! - The others are about one worker, and the test plays the server.

#![cfg(unix)]

mod answers;
mod broken;
mod crashes;
mod end_to_end;
mod ending;
mod handshake;
mod logs;
mod php;
mod relays;
mod settings;
mod stack;
mod strict;
#[cfg(feature = "yaml")]
mod supervised;
mod support;
