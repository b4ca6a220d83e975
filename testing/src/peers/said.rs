//! What a program has said so far, and whether it has ended.

use std::{
    mem,
    process::ExitStatus,
    sync::Mutex,
    task::{Context, Poll, Waker},
    time::Duration,
};

use crate::sync::{lock, remember, wake};

/// How long a program may run. It is there for tests that would otherwise hang, and generous.
pub(super) const LONGEST: Duration = Duration::from_secs(120);

/// The most bytes a program may say.
const MOST: usize = 64 * 1024 * 1024;

/// What the threads of a program write and its test reads.
#[derive(Debug, Default)]
pub(super) struct Said(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    out: Heard,
    errors: Heard,
    exit: Option<ExitStatus>,
    /// Why it was killed, if the test has not asked for it.
    overdue: Option<&'static str>,
    waiting: Option<Waker>,
}

/// One of the two streams.
#[derive(Debug, Default)]
struct Heard {
    bytes: Vec<u8>,
    /// How many of them the test has taken.
    taken: usize,
    ended: bool,
}

/// Which of the two streams.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    Out,
    Errors,
}

impl Said {
    /// Adds to a stream, of which nothing new is the end. Whether the program has said too much.
    pub(super) fn hear(&self, stream: Stream, bytes: &[u8]) -> bool {
        let too_much = self.change(|state| {
            let heard = match stream {
                Stream::Out => &mut state.out,
                Stream::Errors => &mut state.errors,
            };
            heard.ended = bytes.is_empty();
            heard.bytes.extend_from_slice(bytes);
            heard.bytes.len() > MOST
        });
        if too_much {
            self.is_overdue("says too much");
        }
        too_much
    }

    /// The program is killed for this reason.
    pub(super) fn is_overdue(&self, why: &'static str) {
        self.change(|state| state.overdue = Some(why));
    }

    /// Does something with the program, unless it has been reaped: until then its number is its own.
    pub(super) fn while_running(&self, act: impl FnOnce()) {
        let state = lock(&self.0);
        if state.exit.is_none() {
            act();
        }
    }

    /// Reaps the program, which has ended.
    pub(super) fn reap(&self, reap: impl FnOnce() -> Option<ExitStatus>) {
        self.change(|state| state.exit = reap());
    }

    /// The next line with `text` in it, of the standard output first.
    ///
    /// `Err` if there will be none, with the reason.
    pub(super) fn poll_line(
        &self,
        text: &str,
        cx: &Context<'_>,
    ) -> Poll<Result<String, &'static str>> {
        self.poll(cx, |state| {
            let line = state.out.take_line(text).or_else(|| state.errors.take_line(text));
            line.map(Ok).or_else(|| state.failure().map(Err))
        })
    }

    /// The next `count` bytes of the standard output.
    pub(super) fn poll_bytes(
        &self,
        count: usize,
        cx: &Context<'_>,
    ) -> Poll<Result<Vec<u8>, &'static str>> {
        self.poll(cx, |state| {
            let bytes = state.out.take_bytes(count);
            bytes.map(Ok).or_else(|| state.failure().map(Err))
        })
    }

    /// How the program has ended, once it has and all it said is heard.
    pub(super) fn poll_exit(&self, cx: &Context<'_>) -> Poll<Result<ExitStatus, &'static str>> {
        self.poll(cx, |state| match (state.overdue, state.exit) {
            (Some(why), _) => Some(Err(why)),
            (None, Some(status)) if state.is_silent() => Some(Ok(status)),
            _ => None,
        })
    }

    /// All that was said, and taken or not.
    pub(super) fn everything(&self) -> String {
        let state = lock(&self.0);
        let text = |heard: &Heard| String::from_utf8_lossy(&heard.bytes).into_owned();
        format!("{}{}", text(&state.out), text(&state.errors))
    }

    fn poll<T>(&self, cx: &Context<'_>, look: impl FnOnce(&mut State) -> Option<T>) -> Poll<T> {
        let mut state = lock(&self.0);
        match look(&mut state) {
            Some(found) => Poll::Ready(found),
            None => {
                remember(&mut state.waiting, cx);
                Poll::Pending
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.0);
        let result = change(&mut state);
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        wake(waiting);
        result
    }
}

impl State {
    /// Why nothing more is to be expected.
    fn failure(&self) -> Option<&'static str> {
        self.overdue.or_else(|| self.is_silent().then_some("has ended"))
    }

    fn is_silent(&self) -> bool {
        self.exit.is_some() && self.out.ended && self.errors.ended
    }
}

impl Heard {
    fn take_line(&mut self, text: &str) -> Option<String> {
        let new = &self.bytes[self.taken..];
        let mut end = self.taken;
        for line in new.split_inclusive(|byte| *byte == b'\n') {
            end += line.len();
            if !line.ends_with(b"\n") && !self.ended {
                break;
            }
            let line = String::from_utf8_lossy(line);
            if line.contains(text) {
                let line = line.trim_end().to_string();
                self.taken = end;
                return Some(line);
            }
        }
        None
    }

    fn take_bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        let bytes = self.bytes.get(self.taken..)?.get(..count)?.to_vec();
        self.taken += count;
        Some(bytes)
    }
}
