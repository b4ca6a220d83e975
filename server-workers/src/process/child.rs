//! A process of ours, from its start until it is reaped.

use std::{io, process::ExitStatus, time::Duration};

use async_io::Async;
use rustix::{
    fd::OwnedFd,
    process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid},
};
use socketry_connection::Sleep;

use crate::process::threads;

/// How often a process is looked at where the system has no better way.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The leader of a process group. Nobody but this reaps it, so that its number stays its own for as long
/// as signals may be sent to it.
///
/// Drop kills the whole group, and reaps its leader elsewhere.
#[derive(Debug)]
pub(crate) struct Child {
    // `None` once it is reaped.
    process: Option<std::process::Child>,
    pid: Pid,
    // A descriptor that is readable when the process has ended, where there is such a thing.
    end: Option<Async<OwnedFd>>,
    status: Option<Result<ExitStatus, String>>,
}

impl Child {
    pub(crate) fn new(process: std::process::Child) -> Self {
        let pid = Pid::from_child(&process);
        Self { process: Some(process), pid, end: end_of(pid), status: None }
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Sends a signal to the process and all that it has started, unless it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.process.is_some() {
            // Whoever of the group has ended or changed its user does not get it.
            let _ = kill_process_group(self.pid, signal);
        }
    }

    /// Ready when the process has ended: how, as in `exit status: 1`. What it has started is killed.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped and called again, also after it was ready.
    pub(crate) async fn ended(&mut self) -> String {
        while self.status.is_none() {
            if !self.has_ended() {
                self.look_again().await;
            }
            if self.has_ended() {
                self.reap();
            }
        }
        match &self.status {
            Some(Ok(status)) => status.to_string(),
            Some(Err(error)) => format!("it could not be waited for: {error}"),
            None => String::new(),
        }
    }

    async fn look_again(&self) {
        let readable = match &self.end {
            Some(end) => end.readable().await,
            None => Err(io::ErrorKind::Unsupported.into()),
        };
        if readable.is_err() && !self.has_ended() {
            Sleep::after(None, LOOK_EVERY).await;
        }
    }

    /// Whether it has ended; it is not reaped by this. Whoever cannot be waited for has.
    fn has_ended(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.pid), look), Ok(None))
    }

    /// The group is killed before its leader is reaped: afterwards its number may be another's.
    fn reap(&mut self) {
        self.signal(Signal::KILL);
        if let Some(mut process) = self.process.take() {
            self.status = Some(process.wait().map_err(|error| error.to_string()));
        }
        self.end = None;
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        if let Some(process) = self.process.take() {
            threads::reap(process);
        }
    }
}

/// A descriptor that tells of the end of a process; `None` from systems that have none.
#[cfg(target_os = "linux")]
fn end_of(pid: Pid) -> Option<Async<OwnedFd>> {
    use rustix::process::{PidfdFlags, pidfd_open};

    let end = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    Async::new_nonblocking(end).ok()
}

#[cfg(not(target_os = "linux"))]
fn end_of(_pid: Pid) -> Option<Async<OwnedFd>> {
    None
}

#[cfg(test)]
mod tests {
    use std::{os::unix::process::CommandExt, process::Command};

    use futures_lite::future::{block_on, poll_once};

    use super::*;

    #[test]
    fn the_end_of_a_process_that_has_ended_is_known_at_once() {
        let mut command = Command::new("sh");
        let mut child =
            Child::new(command.args(["-c", "exit 3"]).process_group(0).spawn().unwrap());
        waitid(WaitId::Pid(child.pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        assert_eq!(block_on(poll_once(child.ended())).as_deref(), Some("exit status: 3"));
    }

    #[test]
    fn the_end_of_a_process_is_noticed_where_nothing_tells_of_it() {
        let mut command = Command::new("sh");
        let process = command.args(["-c", "exit 3"]).process_group(0).spawn().unwrap();
        let mut child = Child::new(process);
        child.end = None;
        assert_eq!(block_on(child.ended()), "exit status: 3");
    }
}
