//! A program that is about to be started.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

use crate::{ReservedPort, RunningProgram, TestDir};

/// A program of somebody else that is to play the other side.
///
/// It runs without the environment of the test, but for `PATH`, and with `LC_ALL=C`, so that it says
/// the same everywhere. Servers are looked for in `/usr/sbin` too.
///
/// # Examples
///
/// ```
/// use futures_lite::future::block_on;
/// use socketry_testing::Program;
///
/// block_on(async {
///     let mut cat = Program::new("cat", "coreutils").start();
///     cat.say("hello\n");
///     assert_eq!(cat.says("hell").await, "hello");
///     cat.end_input();
///     assert!(cat.ended().await.success());
/// });
/// ```
#[derive(Debug)]
pub struct Program {
    pub(super) name: &'static str,
    package: &'static str,
    command: Command,
    pub(super) listens: Option<Listens>,
    /// What it needs as long as it runs.
    pub(super) dir: Option<TestDir>,
}

/// How one knows that a program listens, and where.
#[derive(Debug)]
pub(super) enum Listens {
    /// This stands before the address, in a line of what it says.
    WhereItSays(&'static str),
    /// On a port that it was given, once it says this.
    On(ReservedPort, &'static str),
}

impl Program {
    /// The program of that name, which is in Debian's package of that name.
    pub fn new(name: &'static str, package: &'static str) -> Self {
        let mut command = Command::new(name);
        command.env_clear().env("LC_ALL", "C").env("PATH", path()).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { name, package, command, listens: None, dir: None }
    }

    /// Adds an argument as it is, such as a path.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments with white space between them, as in `-tls1_3 -alpn h2`.
    pub fn args(mut self, arguments: &str) -> Self {
        self.command.args(arguments.split_whitespace());
        self
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// If it cannot be started. If it is not there, the message names the package that has it; no
    /// test goes on without.
    pub fn start(self) -> RunningProgram {
        RunningProgram::new(self)
    }

    pub(super) fn spawn(&mut self) -> Child {
        self.command.spawn().unwrap_or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                panic!("there is no {}: install Debian's package {}", self.name, self.package)
            }
            _ => panic!("{} cannot be started: {error}", self.name),
        })
    }
}

/// Where programs are looked for. Not every user has the place of the servers among them.
fn path() -> OsString {
    let mut path = env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin");
    path
}
