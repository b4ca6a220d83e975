//! The log of a worker process: what it writes to its standard error.

use std::{fmt, future::pending};

use async_io::Async;
use rustix::{
    fd::OwnedFd,
    io::{Errno, read},
};

use crate::{Notice, Notices, WorkerId, process::text::MOST_TEXT};

/// A longer line is told in pieces.
const LONGEST_LINE: usize = 8 * 1024;

/// How much is read after the process has ended: more than a pipe holds, and not for ever, if somebody
/// else goes on writing.
const MOST_AFTER_END: usize = 1024 * 1024;

/// Whom lines are told to, and whose they are.
#[derive(Clone, Debug)]
pub(crate) struct Teller {
    pub(crate) notices: Notices,
    pub(crate) worker: WorkerId,
    pub(crate) pid: u32,
}

/// A pipe on which lines come.
pub(crate) struct Log {
    // `None` once it is closed.
    pipe: Option<Async<OwnedFd>>,
    lines: Lines,
}

/// Cuts bytes into lines, and tells them.
struct Lines {
    teller: Teller,
    begun: Vec<u8>,
    last: Vec<u8>,
}

impl Log {
    pub(crate) fn new(pipe: Async<OwnedFd>, teller: Teller) -> Self {
        let lines = Lines { teller, begun: Vec::new(), last: Vec::new() };
        Self { pipe: Some(pipe), lines }
    }

    /// Tells line after line, for ever.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped and called again.
    pub(crate) async fn tell(&mut self) {
        while let Some(pipe) = &self.pipe {
            match pipe.readable().await {
                Ok(()) => drop(self.read()),
                Err(_) => self.pipe = None,
            }
        }
        pending::<()>().await;
    }

    /// Tells what there is, and a line that has no end. For a process that has ended.
    pub(crate) fn finish(&mut self) {
        let mut count = 0;
        while self.pipe.is_some() && count < MOST_AFTER_END {
            match self.read() {
                Some(read) => count += read,
                None => break,
            }
        }
        self.pipe = None;
        self.lines.finish();
    }

    /// The last that it said, at most 1 KiB.
    pub(crate) fn last(&self) -> &[u8] {
        &self.lines.last
    }

    /// Reads once; `None` if there is nothing at the moment.
    fn read(&mut self) -> Option<usize> {
        let pipe = self.pipe.as_ref()?;
        let mut bytes = [0; LONGEST_LINE];
        match read(pipe, &mut bytes) {
            Ok(0) => self.pipe = None,
            Ok(count) => {
                self.lines.add(&bytes[..count]);
                return Some(count);
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => self.pipe = None,
        }
        None
    }
}

impl Lines {
    fn add(&mut self, bytes: &[u8]) {
        for mut piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            while !piece.is_empty() {
                // There is always room: a line that fills it is told at once.
                let room = LONGEST_LINE - self.begun.len();
                let (fits, rest) = piece.split_at(piece.len().min(room));
                self.begun.extend_from_slice(fits);
                if self.begun.len() == LONGEST_LINE || fits.ends_with(b"\n") {
                    self.finish();
                }
                piece = rest;
            }
        }
    }

    /// Tells the line that has begun.
    fn finish(&mut self) {
        let line = self.begun.strip_suffix(b"\n").unwrap_or(&self.begun);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.is_empty() {
            let Teller { notices, worker, pid } = &self.teller;
            let line = String::from_utf8_lossy(line);
            notices.tell(&Notice::WorkerSays { worker: *worker, pid: *pid, line: &line });
        }
        self.last.extend_from_slice(&self.begun);
        self.last.drain(..self.last.len().saturating_sub(MOST_TEXT));
        self.begun.clear();
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("is_open", &self.pipe.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The lines that are told of bytes which come in these pieces.
    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = told.clone();
        let notices = Notices::new(move |notice| {
            let Notice::WorkerSays { line, .. } = notice else { return };
            telling.lock().unwrap().push(line.to_string());
        });
        let teller = Teller { notices, worker: WorkerId::new(1), pid: 2 };
        let mut lines = Lines { teller, begun: Vec::new(), last: Vec::new() };
        pieces.iter().for_each(|piece| lines.add(piece));
        lines.finish();
        let told = told.lock().unwrap();
        told.clone()
    }

    #[test]
    fn lines_are_told_without_their_ends() {
        assert_eq!(lines(&[b"one\r\ntwo\n\nthr", b"ee"]), ["one", "two", "three"]);
    }

    #[test]
    fn a_long_line_is_told_in_pieces() {
        let long = vec![b'x'; LONGEST_LINE + 5];
        let lengths: Vec<_> =
            lines(&[&long[..100], &long[100..], b"\nnext"]).iter().map(String::len).collect();
        assert_eq!(lengths, [LONGEST_LINE, 5, 4]);
    }

    #[test]
    fn what_is_not_utf_8_is_told_all_the_same() {
        assert_eq!(lines(&[b"caf\xe9\n"]), ["caf\u{fffd}"]);
    }
}
