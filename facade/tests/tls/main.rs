//! What the facade does under `tls://`, on real sockets.

#![cfg(unix)]

mod both_sides;
mod errors;
mod handing_on;
mod limits;
mod options;
mod reconnecting;
mod server_options;
mod slots;
mod support;
mod table;
