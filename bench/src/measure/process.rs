//! A process that does its work and can be asked for its totals.

use std::{
    env,
    ffi::OsString,
    io::{self, BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::de::DeserializeOwned;

use crate::{
    job::Job,
    measure::{programs, sample::Sample},
    scale::alone::AloneJob,
    tls,
    totals::Totals,
};

/// The processor of the process under test, among those that there are for us.
pub(crate) const UNDER_TEST: usize = 0;

/// That of the other one; the same if there is only one.
pub(crate) const COUNTERPART: usize = 1;

/// How often operations are waited for, and how long in between.
const LOOKS: u32 = 3000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// It ends when it is dropped.
pub(crate) struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
    asks: Option<ChildStdin>,
    /// What it has said first.
    pub(crate) greeting: String,
    /// Where it listens, if that was it.
    pub(crate) address: Option<SocketAddr>,
}

impl Process {
    /// Starts the program of a job, on one processor, with what stands `before` it (a program that
    /// watches it, or lets it into a namespace).
    pub(crate) fn start(before: &[&str], job: &Job, processor: usize) -> io::Result<Self> {
        let program = programs::words(job.library)?;
        let mut command = command(before.iter().map(OsString::from).chain(program));
        command.args(job.arguments()).envs(tls::identity::environment(job.layer)?);
        Self::spawn(command, processor)
    }

    /// Starts this program again for work that it does by itself, when it is asked to.
    pub(crate) fn alone(job: &AloneJob, processor: usize) -> io::Result<Self> {
        let words = [vec!["alone".to_string()], job.arguments()].concat();
        Self::spawn(this_program(&[], &words)?, processor)
    }

    /// Starts a program that says something first.
    pub(super) fn spawn(mut command: Command, processor: usize) -> io::Result<Self> {
        // What it says when it fails is a part of our error, and of no interest if the other side
        // has ended before it.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = on(processor, || command.spawn())?;
        let asks = child.stdin.take();
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let lines = BufReader::new(stdout);
        let mut process = Self { child, lines, asks, greeting: String::new(), address: None };
        process.greeting = process.line()?;
        process.address = process.greeting.parse().ok();
        Ok(process)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has done and used until now.
    pub(crate) fn totals(&mut self) -> io::Result<Totals> {
        self.ask("totals")
    }

    /// The totals when so many operations are done, or after the last look.
    pub(crate) fn done(&mut self, operations: u64) -> io::Result<Totals> {
        let mut totals = self.totals()?;
        for _ in 0..LOOKS {
            if totals.operations >= operations {
                break;
            }
            thread::sleep(BETWEEN_LOOKS);
            totals = self.totals()?;
        }
        Ok(totals)
    }

    /// Lets one that works by itself do so for a while; what each operation has cost.
    pub(crate) fn work(&mut self, duration: Duration) -> io::Result<Option<Sample>> {
        self.ask(&duration.as_millis().to_string())
    }

    fn ask<T: DeserializeOwned>(&mut self, line: &str) -> io::Result<T> {
        let asks = self.asks.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        if asks.write_all(format!("{line}\n").as_bytes()).is_err() {
            return Err(self.ended());
        }
        Ok(serde_json::from_str(&self.line()?)?)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.lines.read_line(&mut line)? {
            0 => Err(self.ended()),
            _ => Ok(line.trim().to_string()),
        }
    }

    fn ended(&mut self) -> io::Error {
        let mut why = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            // Without it the error says less.
            let _ = stderr.read_to_string(&mut why);
        }
        io::Error::other(format!("a process that was started has ended: {}", why.trim()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input is the end of its work, also behind a program that watches it.
        self.asks = None;
        let _ = self.child.wait();
    }
}

/// This program with these words, and with what stands `before` it.
pub(crate) fn this_program(before: &[&str], words: &[String]) -> io::Result<Command> {
    let this_program = env::current_exe()?.into();
    let mut command = command(before.iter().map(OsString::from).chain([this_program]));
    command.args(words);
    Ok(command)
}

/// The first word is the program.
fn command(words: impl IntoIterator<Item = OsString>) -> Command {
    let mut words = words.into_iter();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// Does something on one processor, which what it starts is kept to as well.
fn on<T: Send>(processor: usize, act: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    let pinned = || {
        let ours = processors()?;
        let mut set = CpuSet::new();
        set.set(ours[processor % ours.len()]);
        sched_setaffinity(None, &set)?;
        act()
    };
    thread::scope(|scope| scope.spawn(pinned).join())
        .unwrap_or_else(|_| Err(io::Error::other("starting a process has panicked")))
}

/// Whether the two sides have a processor each.
pub(crate) fn are_apart() -> io::Result<bool> {
    Ok(processors()?.len() > 1)
}

/// The processors that this thread may run on: one at least, or it would not.
fn processors() -> io::Result<Vec<usize>> {
    let allowed = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|processor| allowed.is_set(*processor)).collect())
}
