//! One child, and what was counted of it.

use std::{
    collections::HashMap,
    env,
    ffi::OsStr,
    fs,
    io::{self, BufRead, BufReader},
    process::{self, Command, Stdio},
    time::Duration,
};

use crate::{child::Driver, load::Load, other_side};

/// The system calls that are counted, and nothing else is stopped for. The first is the wait.
const TRACED: &str = "trace=epoll_pwait,epoll_pwait2,epoll_wait,futex";

pub(crate) struct Run {
    pub(crate) operations: usize,
    /// Whether the child is kept on core 0.
    pub(crate) is_pinned: bool,
}

/// What a thread has done, or several.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) waits: usize,
    /// The waits that found nothing: looks without waiting.
    pub(crate) in_vain: usize,
    pub(crate) futex: usize,
}

/// What the child has said, line by line: the first word, and the rest.
struct Said(Vec<(String, String)>);

impl Run {
    /// Of the threads that run tasks, and of async-io's own.
    pub(crate) fn count(&self, load: Load, driver: Driver) -> io::Result<[Counts; 2]> {
        let log = env::temp_dir().join(format!("socketry-driver-waits-{}", process::id()));
        let path = log.to_str().ok_or_else(|| io::Error::other("a folder that is not text"))?;
        let strace = ["strace", "-f", "--seccomp-bpf", "-e", TRACED, "-o", path];
        let said = self.run(load, driver, &strace)?;
        let counts = counts(&fs::read_to_string(&log)?, &said);
        fs::remove_file(&log)?;
        Ok(counts)
    }

    /// The processor time of the child, to a hundredth of a second.
    pub(crate) fn time(&self, load: Load, driver: Driver) -> io::Result<Duration> {
        let said = self.run(load, driver, &[])?;
        let ticks = said.find("ticks").and_then(|ticks| ticks.parse().ok());
        Ok(Duration::from_millis(10) * ticks.unwrap_or_default())
    }

    /// Starts the child, with a tool in front, and is its other side.
    fn run(&self, load: Load, driver: Driver, tool: &[&str]) -> io::Result<Said> {
        let this_program = env::current_exe()?;
        let (operations, server) = (self.operations.to_string(), other_side::serve()?.to_string());
        let pin: &[&str] = if self.is_pinned { &["taskset", "-c", "0"] } else { &[] };
        let mut words = pin.iter().chain(tool).map(OsStr::new).chain([this_program.as_os_str()]);
        let program = words.next().ok_or_else(|| io::Error::other("nothing to start"))?;
        let mut command = Command::new(program);
        command.args(words).args(["child", load.name(), driver.name(), &operations, &server]);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        let mut lines = BufReader::new(stdout).lines();
        if load.is_server() {
            let said = Said::read(lines.by_ref().take(1))?;
            let address = said.find("listening").and_then(|address| address.parse().ok());
            let address = address.ok_or_else(|| io::Error::other("the child does not listen"))?;
            let clients = load.connections();
            other_side::talk(address, clients, self.operations / clients)?;
        }
        let said = Said::read(lines)?;
        match child.wait()?.success() {
            true => Ok(said),
            false => Err(io::Error::other("the child has failed")),
        }
    }
}

impl Said {
    fn read(lines: impl Iterator<Item = io::Result<String>>) -> io::Result<Self> {
        let part = |line: String| line.split_once(' ').map(|(a, b)| (a.into(), b.into()));
        Ok(Self(lines.collect::<io::Result<Vec<_>>>()?.into_iter().filter_map(part).collect()))
    }

    fn find(&self, what: &str) -> Option<&str> {
        self.0.iter().find(|(first, _)| first == what).map(|(_, rest)| &**rest)
    }
}

fn counts(log: &str, said: &Said) -> [Counts; 2] {
    let threads = said.0.iter().filter(|(first, _)| first == "thread");
    let names: HashMap<&str, &str> = threads.filter_map(|(_, rest)| rest.split_once(' ')).collect();
    let mut counts = [Counts::default(); 2];
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let of = &mut counts[usize::from(names.get(thread) == Some(&"async-io"))];
        let call = call.trim_start();
        // The second half of a call that others interrupted begins with `<`, and has the result.
        of.waits += usize::from(call.starts_with("epoll"));
        of.in_vain += usize::from(call.contains("epoll") && call.ends_with("= 0"));
        of.futex += usize::from(call.starts_with("futex"));
    }
    counts
}
