//! The system calls of a process, counted by strace between two looks at its totals.

use std::{
    env, fs, io, mem,
    path::PathBuf,
    process::{self, Command, Stdio},
};

use crate::measure::sample::Calls;

/// What the process calls at each look.
const LOOK: &str = "getppid";

/// Whether strace can be started at all.
pub(crate) fn is_installed() -> bool {
    let version = Command::new("strace")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

/// Where strace writes, removed when it is dropped.
pub(crate) struct Trace(PathBuf);

impl Trace {
    pub(crate) fn new() -> Self {
        Self(env::temp_dir().join(format!("socketry-bench-{}.strace", process::id())))
    }

    /// What stands before the program that is watched.
    pub(crate) fn command(&self) -> Vec<&str> {
        vec!["strace", "-f", "-qq", "-o", self.0.to_str().unwrap_or("strace.out"), "--"]
    }

    /// The calls between the last two looks, for each of so many operations, by the thread that
    /// looks only if it works as well. To be asked when the process has ended.
    pub(crate) fn calls(&self, operations: u64, looker_works: bool) -> io::Result<Calls> {
        Ok(between_looks(&fs::read_to_string(&self.0)?, operations, looker_works))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn between_looks(trace: &str, operations: u64, looker_works: bool) -> Calls {
    let mut calls = Calls::new();
    let mut since = Calls::new();
    let mut looker = "";
    for (thread, call) in trace.lines().filter_map(begun) {
        if call == LOOK {
            calls = mem::take(&mut since);
            looker = thread;
        } else if looker_works || thread != looker {
            *since.entry(call.to_string()).or_default() += 1.0;
        }
    }
    calls.values_mut().for_each(|count| *count /= operations as f64);
    calls
}

/// The thread and the name of a call that begins on this line.
fn begun(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (call, _) = rest.trim_start().split_once('(')?;
    let is_name = call.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some((thread, call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_count_once_between_the_last_looks_without_those_of_the_one_who_looks() {
        let trace = "\
2  getppid() = 1
1  socket(AF_INET, SOCK_STREAM, 0) = 5
2  getppid() = 1
1  connect(5, {sa_family=AF_INET}, 16 <unfinished ...>
2  write(1, \"{}\", 2) = 2
1  <... connect resumed>) = 0
1  --- SIGCHLD {si_signo=SIGCHLD} ---
1  close(5) = 0
1  close(6) = 0
2  getppid() = 1
1  close(7) = 0
";
        let expected = Calls::from([("connect".into(), 0.5), ("close".into(), 1.0)]);
        assert_eq!(between_looks(trace, 2, false), expected);
    }
    #[test]
    fn calls_of_the_one_who_looks_count_if_it_works_as_well() {
        let trace = "\
1  getppid() = 1
1  write(1, \"{}\", 2) = 2
1  getppid() = 1
";
        assert_eq!(between_looks(trace, 1, true), Calls::from([("write".into(), 1.0)]));
    }
}
