//! What is said on standard error.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Says one line, if anybody listens. Where nobody reads the log any more, serving goes on without.
/// (`eprintln!` would panic, and write each part of the line by itself, so that others may write between.)
pub(crate) fn say(line: impl Display) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}
