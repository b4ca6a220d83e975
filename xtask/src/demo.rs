//! `cargo xtask demo`: the main job of this library on real sockets.

use crate::{
    command::{cargo, run as run_command},
    failed::Failed,
};

/// Runs the chat example, which fails unless everything that was said was heard, and that of the
/// race, which fails unless each name leads where it should.
pub(crate) fn run() -> Result<(), Failed> {
    for example in ["chat", "race"] {
        let run = ["run", "--package", "socketry", "--example", example];
        run_command(&mut cargo(run))?;
    }
    Ok(())
}
