//! `cargo xtask demo`: the main job of this library on real sockets.

use crate::{
    command::{cargo, run as run_command},
    failed::Failed,
};

/// Runs the chat example, which fails unless everything that was said was heard; that of the race,
/// which fails unless each name leads where it should; that of TLS, which fails unless who is to be
/// trusted is, and nobody else; and that of a connection that comes back, which fails unless its client
/// goes on where the server has gone and come again.
pub(crate) fn run() -> Result<(), Failed> {
    for example in ["chat", "race", "tls", "reconnecting"] {
        let run = ["run", "--package", "socketry", "--example", example];
        run_command(&mut cargo(run))?;
    }
    Ok(())
}
