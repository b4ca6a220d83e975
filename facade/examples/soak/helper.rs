//! This program once more, as the other side: in a process of its own.

use std::{
    env, io,
    io::Write,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    str::FromStr,
    time::Duration,
};

use futures_lite::{
    AsyncBufReadExt, StreamExt, future,
    io::{BufReader, Lines},
};
use smol::{Async, Timer};

/// How long a helper may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A helper, which lives as long as this.
pub(crate) struct Helper {
    child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<Async<ChildStdout>>>,
}

impl Helper {
    /// Starts this program in a role.
    pub(crate) fn start(role: &str) -> io::Result<Self> {
        Self::spawn(&mut Command::new(env::current_exe()?), role)
    }

    /// Starts this program in a role and in a network namespace of its own, in which there is
    /// nothing yet.
    pub(crate) fn start_apart(role: &str) -> io::Result<Self> {
        let mut command = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        Self::spawn(command.arg("--net").arg("--").arg(env::current_exe()?), role)
    }

    fn spawn(command: &mut Command, role: &str) -> io::Result<Self> {
        let mut child =
            command.args(["helper", role]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(commands), Some(answers)) => {
                let answers = BufReader::new(Async::new(answers)?).lines();
                Ok(Self { child, commands, answers })
            }
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells it to do something.
    pub(crate) fn say(&mut self, command: &str) -> io::Result<()> {
        writeln!(self.commands, "{command}")
    }

    /// Waits until it says `word`, and returns what it says with it.
    pub(crate) async fn hear<T: FromStr>(&mut self, word: &str) -> io::Result<T> {
        let gives_up = async {
            Timer::after(PATIENCE).await;
            None
        };
        let line = future::or(self.answers.next(), gives_up).await.transpose()?;
        let value = line.as_deref().and_then(|line| line.strip_prefix(word)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).ok_or_else(|| {
            io::Error::other(format!("the helper was to say {word:?}, and said {line:?}"))
        })
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the helper is told, on its side.
pub(crate) fn commands() -> io::Result<Lines<BufReader<Async<io::Stdin>>>> {
    Ok(BufReader::new(Async::new(io::stdin())?).lines())
}

/// What the helper says, on its side.
pub(crate) fn answer(word: &str, value: impl std::fmt::Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{word} {value}")?;
    stdout.flush()
}
