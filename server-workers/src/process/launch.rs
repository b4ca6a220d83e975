//! Starting a worker process.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    sync::Arc,
};

use async_io::Async;
use rustix::fd::OwnedFd;

use crate::{
    Relay,
    process::{child::Child, link::Channel, settings::Settings, threads},
};

/// A process that has been started, and our ends of its pipes.
#[derive(Debug)]
pub(crate) struct Launched {
    pub(crate) child: Child,
    /// The way on which frames go, if that is its standard input and output.
    pub(crate) channel: Option<Channel>,
    /// Its standard output, if that carries no frames.
    pub(crate) output: Option<Async<OwnedFd>>,
    pub(crate) error: Async<OwnedFd>,
}

/// Starts a process that finds its server at `relay`.
///
/// # Cancel safety
///
/// When it is dropped, there is no process, or it is killed.
pub(crate) async fn launch(settings: &Arc<Settings>, relay: String) -> io::Result<Launched> {
    let settings = settings.clone();
    threads::run(move || start(&settings, &relay)).await?
}

fn start(settings: &Settings, relay: &str) -> io::Result<Launched> {
    let uses_pipes = settings.relay == Relay::Pipes;
    let mut command = command(settings, relay);
    command.stdin(if uses_pipes { Stdio::piped() } else { Stdio::null() });
    let mut process = command.spawn().map_err(|error| not_started(settings, error))?;
    let (input, output) = (process.stdin.take(), process.stdout.take());
    let error = process.stderr.take();
    // From here on it is killed if anything fails.
    let child = Child::new(process);
    let output = end(output)?;
    let (channel, output) = match uses_pipes {
        true => (Some(Channel { to: Arc::new(end(input)?), from: Arc::new(output) }), None),
        false => (None, Some(output)),
    };
    Ok(Launched { child, channel, output, error: end(error)? })
}

fn command(settings: &Settings, relay: &str) -> Command {
    let mut command = Command::new(settings.command.program());
    command.args(settings.command.arguments());
    command.env("RR_RELAY", relay);
    command.env("RR_MODE", "tcp");
    command.env("RR_VERSION", env!("CARGO_PKG_VERSION"));
    command.envs(settings.variables.iter().map(|(name, value)| (name, value)));
    if let Some(directory) = &settings.working_directory {
        command.current_dir(directory);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // Signals for the server, as from a terminal, are not for its workers; and whatever they start can
    // be ended with them.
    command.process_group(0);
    #[cfg(target_os = "linux")]
    super::parent_death::die_with_parent(&mut command);
    command
}

/// Our end of a pipe to or from the process.
fn end(pipe: Option<impl Into<OwnedFd>>) -> io::Result<Async<OwnedFd>> {
    let missing = || io::Error::other("a worker process was started without one of its pipes");
    Async::new(pipe.ok_or_else(missing)?.into())
}

fn not_started(settings: &Settings, error: io::Error) -> io::Error {
    let command = &settings.command;
    let directory = settings.working_directory.as_ref().filter(|directory| !directory.is_dir());
    let reason = match (error.kind(), directory) {
        (_, Some(directory)) => {
            let directory = directory.display();
            format!("the working directory {directory} of the command `{command}` is none: {error}")
        }
        (io::ErrorKind::NotFound, None) => {
            let program = command.program().to_string_lossy();
            format!(
                "the command `{command}` cannot be started: there is no program `{program}`: \
                 install it, or give its whole path: {error}"
            )
        }
        _ => format!("the command `{command}` cannot be started: {error}"),
    };
    io::Error::new(error.kind(), reason)
}
