//! A process that is listened to until it has ended.

use std::{
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, ChildStdin},
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

use crate::peers::said::{LONGEST, Said, Stream};

/// A process and the threads that hear it, tell it and watch it.
pub(super) struct Process {
    /// Its number, which is that of its group too.
    pub(super) group: Pid,
    pub(super) said: Arc<Said>,
    input: Option<Sender<Vec<u8>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Process {
    pub(super) fn new(mut child: Child) -> Self {
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
        Self { group, said, input: Some(input), threads }
    }

    /// Writes to its standard input, unless that was ended.
    pub(super) fn tell(&self, words: Vec<u8>) {
        if let Some(input) = &self.input {
            let _ = input.send(words); // a program that has ended hears nothing
        }
    }

    pub(super) fn end_input(&mut self) {
        self.input = None;
    }

    pub(super) fn kill(&self) {
        kill(self.group, &self.said);
    }

    /// Kills it and waits until it is gone, with all that it held.
    pub(super) fn end(&mut self) {
        self.end_input();
        self.kill();
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // none of them panics
        }
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
