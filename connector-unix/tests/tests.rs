//! What the Unix connector does, on real sockets.
//!
//! That a target is a Unix socket and no other is a fact of its type, as are that no path is empty
//! or longer than the system can take: there is no text to refuse here.

#![cfg(unix)]

#[cfg(target_os = "linux")]
mod backlog;
mod connects;
mod refused;
mod support;
