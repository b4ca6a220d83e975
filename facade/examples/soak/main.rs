//! The soak: what is timed or large, and so has no place among the tests.
//!
//! `cargo run --release --example soak -- [--full] [PART...]`, or `cargo xtask soak`. Each part
//! prints what it measured beside its limits; the program fails if one of them is broken. It
//! starts itself as a helper, so that each side has its own descriptors, memory and time. Linux
//! only, because it reads `/proc`.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod backlog;
#[cfg(target_os = "linux")]
mod broadcast;
#[cfg(target_os = "linux")]
mod broadcasting;
#[cfg(target_os = "linux")]
mod cancel;
#[cfg(target_os = "linux")]
mod churn;
#[cfg(target_os = "linux")]
mod connections;
#[cfg(target_os = "linux")]
mod echo;
#[cfg(target_os = "linux")]
mod exhaustion;
#[cfg(target_os = "linux")]
mod far;
#[cfg(target_os = "linux")]
mod following;
#[cfg(target_os = "linux")]
mod handover;
#[cfg(target_os = "linux")]
mod handshakes;
#[cfg(target_os = "linux")]
mod helper;
#[cfg(target_os = "linux")]
mod keeper;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod nameserver;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod parts;
#[cfg(target_os = "linux")]
mod random;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod secure;
#[cfg(target_os = "linux")]
mod sessions;
#[cfg(target_os = "linux")]
mod size;
#[cfg(target_os = "linux")]
mod stack;
#[cfg(target_os = "linux")]
mod system;
#[cfg(target_os = "linux")]
mod workers;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    parts::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("soak: this needs Linux, because it reads /proc");
    ExitCode::FAILURE
}
