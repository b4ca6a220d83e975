//! The command `socketry`: serves what a configuration file says.
//!
//! `arguments` is what can be said on the command line, and each task has a file of its own. A task
//! that fails says so in one line, and its exit code tells whose fault it was (`failed`).

use std::process::ExitCode;

use clap::Parser;

use crate::{
    arguments::{Arguments, Task},
    failed::Failed,
    say::say,
};

mod arguments;
mod check;
mod failed;
#[cfg(unix)]
mod log;
mod say;
#[cfg(unix)]
mod serve;
#[cfg(unix)]
mod signals;

fn main() -> ExitCode {
    match run(&Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            say(format_args!("socketry: {failed}"));
            failed.exit_code()
        }
    }
}

fn run(task: &Task) -> Result<(), Failed> {
    match task {
        #[cfg(unix)]
        Task::Serve { configuration, grace } => serve::run(configuration, *grace),
        #[cfg(not(unix))]
        Task::Serve { .. } => Err(std::io::Error::from(std::io::ErrorKind::Unsupported).into()),
        Task::Check { configuration } => check::run(configuration),
    }
}
