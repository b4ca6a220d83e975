//! What is worth a line in a log.

use std::{
    fmt::{self, Write},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{Peer, WorkerId};

/// Something that whoever runs workers may want to know. Its [`Display`](fmt::Display) is one line,
/// whatever workers say: characters that break lines or steer a terminal are written as in source code.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// A worker is ready.
    #[non_exhaustive]
    WorkerReady {
        /// Which one.
        worker: WorkerId,
        /// Its process, if it is one.
        pid: Option<u32>,
    },
    /// A worker could not be started; it is tried again. (If that is one of the first, the pool ends instead,
    /// and [`Pool::run`](crate::Pool::run) says why.)
    #[non_exhaustive]
    WorkerNotStarted {
        /// Why.
        error: &'a io::Error,
    },
    /// A worker has ended, or is being ended, and why. If it was not to end, another one takes its place.
    #[non_exhaustive]
    WorkerEnds {
        /// Which one.
        worker: WorkerId,
        /// Its process, if it is one.
        pid: Option<u32>,
        /// Why.
        reason: &'a str,
    },
    /// A line that a worker has written to its log, which is its standard error.
    #[non_exhaustive]
    WorkerSays {
        /// Which one.
        worker: WorkerId,
        /// Its process.
        pid: u32,
        /// The line, without its end.
        line: &'a str,
    },
    /// A worker said something that has no effect.
    #[non_exhaustive]
    Dropped {
        /// Whose event it was.
        peer: &'a Peer,
        /// What, and why.
        what: &'a str,
    },
    /// A connection is closed because a worker process has said nothing about its event, and waits for the
    /// next one. That may be meant, and is more often forgotten: a worker that means it says `CLOSE`.
    #[non_exhaustive]
    NotAnswered {
        /// Whose connection it is.
        peer: &'a Peer,
    },
    /// A connection is closed because of an error.
    #[non_exhaustive]
    ConnectionFailed {
        /// Whose connection it is.
        peer: &'a Peer,
        /// The error.
        error: &'a io::Error,
    },
    /// A server could not take a connection; it goes on.
    #[non_exhaustive]
    NotAccepted {
        /// The name of the server.
        server: &'a str,
        /// The error.
        error: &'a io::Error,
    },
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = OneLine(f);
        match self {
            Self::WorkerReady { worker, pid } => {
                write!(f, "{} is ready", Named { worker: *worker, pid: *pid })
            }
            Self::WorkerNotStarted { error } => write!(f, "a worker could not be started: {error}"),
            Self::WorkerEnds { worker, pid, reason } => {
                write!(f, "{} ends: {reason}", Named { worker: *worker, pid: *pid })
            }
            Self::WorkerSays { worker, pid, line } => {
                write!(f, "{}: {line}", Named { worker: *worker, pid: Some(*pid) })
            }
            Self::Dropped { peer, what } => write!(f, "{peer}: {what}"),
            Self::NotAnswered { peer } => {
                write!(f, "{peer}: closed, because the worker has not answered")
            }
            Self::ConnectionFailed { peer, error } => write!(f, "{peer}: {error}"),
            Self::NotAccepted { server, error } => write!(f, "server {server}: {error}"),
        }
    }
}

/// Writes on, and what is no part of a line as in source code.
struct OneLine<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain_from = 0;
        for (at, character) in text.char_indices().filter(|(_, character)| steers(*character)) {
            self.0.write_str(&text[plain_from..at])?;
            write!(self.0, "{}", character.escape_default())?;
            plain_from = at + character.len_utf8();
        }
        self.0.write_str(&text[plain_from..])
    }
}

/// Whether a character may end a line, or do something else to where it is shown: controls (but a tab),
/// the separators of lines and paragraphs, and what changes the direction of text.
fn steers(character: char) -> bool {
    let is_control = character.is_control() && character != '\t';
    is_control || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A worker with its process.
struct Named {
    worker: WorkerId,
    pid: Option<u32>,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "worker {} (process {pid})", self.worker),
            None => write!(f, "worker {}", self.worker),
        }
    }
}

/// Whom notices are given to; nobody at first. A clone gives them to the same.
#[derive(Clone, Default)]
pub struct Notices(Option<Arc<Tell>>);

type Tell = dyn Fn(&Notice<'_>) + Send + Sync;

impl Notices {
    /// They are given to this function, in the task of whoever has something to tell. It has to return
    /// soon. Should it panic, that ends nothing but this call of it.
    pub fn new(tell: impl Fn(&Notice<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Tells one.
    pub fn tell(&self, notice: &Notice<'_>) {
        if let Some(tell) = &self.0 {
            // A log that fails is no reason to end what it is about.
            drop(catch_unwind(AssertUnwindSafe(|| tell(notice))));
        }
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").field("heard", &self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_one_line_whatever_a_worker_says() {
        let line = "a\tb \u{1b}[2J\rworker 1 is ready\u{85}\u{2028}\u{202e}Größe \"x\"";
        let notice = Notice::WorkerSays { worker: WorkerId::new(2), pid: 3, line };
        let expected = "worker 2 (process 3): a\tb \\u{1b}[2J\\rworker 1 is ready\
                        \\u{85}\\u{2028}\\u{202e}Größe \"x\"";
        assert_eq!(notice.to_string(), expected);
    }

    #[test]
    fn a_connection_that_failed_is_told_with_the_address_of_its_client() {
        let error = &io::Error::other("it failed");
        let told = |address: Option<&str>| {
            let peer = Peer::new("s", address.map(|address| address.parse().unwrap()));
            (Notice::ConnectionFailed { peer: &peer, error }.to_string(), peer.id())
        };
        let (with, id) = told(Some("tcp://127.0.0.1:4000"));
        assert_eq!(with, format!("server s, connection {id} from tcp://127.0.0.1:4000: it failed"));
        let (without, id) = told(None);
        assert_eq!(without, format!("server s, connection {id}: it failed"));
    }

    #[test]
    fn an_error_of_many_lines_is_told_as_one() {
        let notice = Notice::WorkerNotStarted { error: &io::Error::other("no\ndatabase\n") };
        assert_eq!(notice.to_string(), r"a worker could not be started: no\ndatabase\n");
    }
}
