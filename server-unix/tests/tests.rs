//! What the Unix server does, on real sockets and files.
//!
//! That an address is a Unix socket and no other, and that no path is empty or too long, are facts
//! of its type: there is no text to refuse here.

#![cfg(unix)]

mod accepting;
mod adopting;
mod closing;
#[cfg(target_os = "linux")]
mod denied;
mod names;
mod owning;
mod race;
mod sharing;
mod support;
mod taken;
