//! `cargo xtask demo`: the main job of this library on real sockets.

use crate::{
    command::{cargo, run as run_command},
    failed::Failed,
};

/// Runs the chat example, which fails unless everything that was said was heard; that of the race,
/// which fails unless each name leads where it should; that of TLS, which fails unless who is to be
/// trusted is, and nobody else; that of a connection that comes back, which fails unless its client
/// goes on where the server has gone and come again; and that of workers, which fails unless clients are
/// answered also when a worker was killed and when all were replaced.
pub(crate) fn run() -> Result<(), Failed> {
    for example in ["chat", "race", "tls", "reconnecting"] {
        run_example("socketry", example)?;
    }
    run_example("socketry-cli", "workers")
}

fn run_example(package: &str, example: &str) -> Result<(), Failed> {
    run_command(&mut cargo(["run", "--package", package, "--example", example]))
}
