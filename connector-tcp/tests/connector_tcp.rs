//! Connecting over TCP, on real sockets of this machine.
//!
//! A target is a `SocketAddr`, so what is no address, has no port or has a scheme cannot be asked
//! for. Cancelling is dropping the future, which gives no error to look at: what it leaves behind
//! is looked at in `leaks.rs`, and what happens without descriptors in `exhaustion.rs`.

mod connecting;
mod errors;
mod fairness;
mod hook;
mod invalid_input;
mod itself;
mod local_address;
mod options;
mod support;
mod trace;
