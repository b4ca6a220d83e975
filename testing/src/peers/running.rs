//! A program that runs.

use std::{
    fmt,
    future::poll_fn,
    io::{Read, Write},
    net::SocketAddr,
    os::fd::OwnedFd,
    process::{Child, ChildStdin, ExitStatus},
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};

use crate::{
    TestDir,
    peers::{
        program::Listens,
        said::{LONGEST, Said, Stream},
    },
};

/// A program that runs, until it ends or the value is dropped: then it and all it has started are
/// killed, and waited for.
///
/// What it says is read by threads of its own, so that it never waits for the test; so is what it
/// is told written. A program that is still there after two minutes, or says more than 64 MiB, is
/// killed, and whatever waits for it fails: that is for tests that would hang, and no measure.
pub struct RunningProgram {
    name: &'static str,
    group: Pid,
    said: Arc<Said>,
    input: Option<Sender<Vec<u8>>>,
    threads: Vec<JoinHandle<()>>,
    listens: Option<Listens>,
    address: Option<SocketAddr>,
    _dir: Option<TestDir>,
}

impl RunningProgram {
    pub(super) fn new(
        name: &'static str,
        mut child: Child,
        listens: Option<Listens>,
        dir: Option<TestDir>,
    ) -> Self {
        let group = Pid::from_child(&child);
        let watched = pidfd_open(group, PidfdFlags::empty()).expect("Linux 5.3 watches processes");
        let said = Arc::<Said>::default();
        let (input, told) = mpsc::channel();
        let mut threads = Vec::new();
        if let Some(stdin) = child.stdin.take() {
            threads.push(thread::spawn(move || tell(stdin, &told)));
        }
        if let Some(stdout) = child.stdout.take() {
            let said = said.clone();
            threads.push(thread::spawn(move || hear(stdout, Stream::Out, group, &said)));
        }
        if let Some(stderr) = child.stderr.take() {
            let said = said.clone();
            threads.push(thread::spawn(move || hear(stderr, Stream::Errors, group, &said)));
        }
        let watcher = said.clone();
        threads.push(thread::spawn(move || watch(child, &watched, group, &watcher)));
        Self { name, group, said, input: Some(input), threads, listens, address: None, _dir: dir }
    }

    /// Writes to its standard input, sooner or later; nothing after [`end_input`](Self::end_input).
    pub fn say(&self, words: impl Into<Vec<u8>>) {
        if let Some(input) = &self.input {
            let _ = input.send(words.into()); // a program that has ended hears nothing
        }
    }

    /// Ends its standard input after all that was written to it.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits for the next line with `text` in it, on standard output or else standard error, and
    /// returns it without the line feed. The lines before it, on the same of the two, are skipped.
    ///
    /// # Panics
    ///
    /// If the program ends without saying it; the message has all that it has said.
    pub async fn says(&self, text: &str) -> String {
        let line = poll_fn(|cx| self.said.poll_line(text, cx)).await;
        line.unwrap_or_else(|why| self.fail(why, &format!("and has not said {text:?}")))
    }

    /// Waits for the next `count` bytes of its standard output, be they lines or not.
    ///
    /// # Panics
    ///
    /// If the program ends without saying so much.
    pub async fn says_bytes(&self, count: usize) -> Vec<u8> {
        let bytes = poll_fn(|cx| self.said.poll_bytes(count, cx)).await;
        bytes.unwrap_or_else(|why| self.fail(why, &format!("and has not said {count} bytes more")))
    }

    /// Waits until it has ended and all that it has said is heard.
    ///
    /// # Panics
    ///
    /// If it has to be killed because it does not.
    pub async fn ended(&self) -> ExitStatus {
        let status = poll_fn(|cx| self.said.poll_exit(cx)).await;
        status.unwrap_or_else(|why| self.fail(why, "and was killed"))
    }

    /// Waits until it listens, if it is a server, and returns where.
    ///
    /// # Panics
    ///
    /// If it is no server that is [known](crate::Program), or ends before.
    pub async fn address(&mut self) -> SocketAddr {
        if let Some(address) = self.address {
            return address;
        }
        let address = match &self.listens {
            Some(Listens::WhereItSays(before)) => {
                let line = self.says(before).await;
                let address = line.split_once(before).map(|(_, address)| address.parse());
                address.and_then(Result::ok).unwrap_or_else(|| self.fail("says no address", &line))
            }
            Some(Listens::On(port, ready)) => {
                self.says(ready).await;
                port.address()
            }
            None => self.fail("is no server", "that is known"),
        };
        *self.address.insert(address)
    }

    /// All that it has said so far, on standard output first.
    pub fn said(&self) -> String {
        self.said.everything()
    }

    /// Kills it as `kill -9` does: it cannot say anything any more, nor close a connection.
    pub fn kill(&self) {
        kill(self.group, &self.said);
    }

    fn fail(&self, why: &str, more: &str) -> ! {
        panic!("{} {why} {more}; it has said:\n{}", self.name, self.said())
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        self.end_input();
        self.kill();
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // none of them panics
        }
        if thread::panicking() {
            eprintln!("{} has said:\n{}", self.name, self.said());
        }
    }
}

impl fmt::Debug for RunningProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, group, .. } = self;
        f.debug_struct("RunningProgram").field("name", name).field("group", group).finish()
    }
}

fn tell(mut stdin: ChildStdin, told: &Receiver<Vec<u8>>) {
    for words in told {
        if stdin.write_all(&words).is_err() {
            return; // it has ended, or has closed its input
        }
    }
}

fn hear(mut stream: impl Read, which: Stream, group: Pid, said: &Said) {
    let mut block = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut block).unwrap_or(0);
        if said.hear(which, &block[..read]) {
            kill(group, said);
        }
        if read == 0 {
            return;
        }
    }
}

/// Waits until the program has ended, or ends it when its time is up.
fn watch(mut child: Child, watched: &OwnedFd, group: Pid, said: &Said) {
    let longest = Timespec::try_from(LONGEST).ok();
    let is_over = |longest: Option<&Timespec>| {
        let mut fds = [PollFd::new(watched, PollFlags::IN)];
        poll(&mut fds, longest) != Ok(0)
    };
    if !is_over(longest.as_ref()) {
        said.is_overdue("takes longer than it may");
        kill(group, said);
        is_over(None);
    }
    said.reap(|| child.wait().ok());
}

fn kill(group: Pid, said: &Said) {
    said.while_running(|| {
        let _ = kill_process_group(group, Signal::KILL); // it may be about to end by itself
    });
}
