//! `cargo xtask demo`: the main job of this library on real sockets.

use crate::{
    command::{cargo, run as run_command},
    failed::Failed,
};

/// Runs the chat example; it fails unless everything that was said was heard.
pub(crate) fn run() -> Result<(), Failed> {
    run_command(&mut cargo(["run", "--quiet", "--package", "socketry", "--example", "chat"]))
}
