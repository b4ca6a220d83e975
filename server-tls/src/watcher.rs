//! Seeing that certificate files have changed.

use std::{
    fs::{self, Metadata},
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};

use blocking::{Task, unblock};
use socketry_connection::{Clock, Sleep};

use crate::ServerTls;

/// Looks at the files of a [`ServerTls`] once in an interval, on a thread that may block.
#[derive(Debug)]
pub(crate) struct Watcher {
    interval: Duration,
    state: State,
}

#[derive(Debug)]
enum State {
    Looking(Task<(Seen, io::Result<()>)>),
    Waiting(Sleep, Seen),
    /// It has not begun.
    New,
}

impl Watcher {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, state: State::New }
    }

    /// Goes on; ready when a reload has failed.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        tls: &ServerTls,
        clock: Option<&Arc<dyn Clock>>,
    ) -> Poll<io::Error> {
        loop {
            match &mut self.state {
                State::New => self.look(tls, Seen::default()),
                State::Waiting(sleep, seen) => {
                    ready!(Pin::new(sleep).poll(cx));
                    let seen = std::mem::take(seen);
                    self.look(tls, seen);
                }
                State::Looking(task) => {
                    let (seen, reload) = ready!(Pin::new(task).poll(cx));
                    self.state = State::Waiting(Sleep::after(clock, self.interval), seen);
                    if let Err(error) = reload {
                        return Poll::Ready(error);
                    }
                }
            }
        }
    }

    fn look(&mut self, tls: &ServerTls, mut seen: Seen) {
        let tls = tls.clone();
        self.state = State::Looking(unblock(move || {
            let reload = match seen.is_reload_due(tls.files()) {
                true => tls.reload(),
                false => Ok(()),
            };
            (seen, reload)
        }));
    }
}

/// A path, and what is in it if it is a folder.
fn with_entries(path: PathBuf) -> Vec<PathBuf> {
    let entries = fs::read_dir(&path).into_iter().flatten();
    let mut paths = Vec::from_iter(entries.filter_map(|entry| Some(entry.ok()?.path())));
    paths.sort();
    paths.push(path);
    paths
}

fn stamped(file: PathBuf) -> (PathBuf, Option<Stamp>) {
    let stamp = Stamp::of(&file);
    (file, stamp)
}

/// How files were when they were looked at.
#[derive(Debug, Default)]
struct Seen {
    /// The last time.
    last: Option<Vec<(PathBuf, Option<Stamp>)>>,
    /// When they were read, or found to be bad; `None` until they were read once, because they may
    /// have changed since they were loaded.
    read: Option<Vec<(PathBuf, Option<Stamp>)>>,
}

impl Seen {
    /// Whether files have changed since they were read, and not any more since the last look: who
    /// writes them may be in the middle of it.
    fn is_reload_due(&mut self, files: Vec<PathBuf>) -> bool {
        let now = Some(Vec::from_iter(files.into_iter().flat_map(with_entries).map(stamped)));
        let is_due = now != self.read && now == self.last;
        if is_due {
            self.read.clone_from(&now);
        }
        self.last = now;
        is_due
    }
}

/// What tells one content of a file from another without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    identity: Identity,
}

impl Stamp {
    /// `None` if there is no such file. Links are followed, since what they lead to is read.
    fn of(file: &Path) -> Option<Self> {
        let metadata = fs::metadata(file).ok()?;
        let (modified, length) = (metadata.modified().ok(), metadata.len());
        Some(Self { modified, length, identity: identity(&metadata) })
    }
}

/// The file behind a name, and when it was changed in any way.
#[cfg(unix)]
type Identity = (u64, u64, i64, i64);

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;

    (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(_metadata: &Metadata) -> Identity {}

#[cfg(test)]
mod tests {
    use socketry_testing::TestDir;

    use super::*;

    /// A file of a test.
    struct File {
        dir: TestDir,
        path: PathBuf,
    }

    impl File {
        fn new() -> Self {
            let dir = TestDir::new();
            Self { path: dir.write("file", "first"), dir }
        }

        fn is_due(&self, seen: &mut Seen) -> bool {
            seen.is_reload_due(vec![self.path.clone()])
        }

        /// Something that has read the file as it is.
        fn read(&self) -> Seen {
            let mut seen = Seen::default();
            assert!(!self.is_due(&mut seen) && self.is_due(&mut seen));
            seen
        }
    }

    #[test]
    fn files_are_read_once_when_they_are_seen_first() {
        let file = File::new();
        let mut seen = file.read();
        assert!(!file.is_due(&mut seen));
    }

    #[test]
    fn a_change_is_read_at_the_next_look_that_finds_it_unchanged() {
        let file = File::new();
        let mut seen = file.read();
        file.dir.write("file", "other");
        assert!(!file.is_due(&mut seen));
        assert!(file.is_due(&mut seen));
        assert!(!file.is_due(&mut seen));
    }

    #[test]
    fn a_file_that_changes_at_every_look_is_not_read() {
        let file = File::new();
        let mut seen = file.read();
        for length in 10..20 {
            file.dir.write("file", "x".repeat(length));
            assert!(!file.is_due(&mut seen));
        }
    }

    #[test]
    fn a_file_in_a_folder_that_changes_is_a_change() {
        let file = File::new();
        let folder = file.dir.path();
        let mut seen = Seen::default();
        seen.is_reload_due(vec![folder.into()]);
        assert!(seen.is_reload_due(vec![folder.into()]));
        file.dir.write("file", "other content");
        seen.is_reload_due(vec![folder.into()]);
        assert!(seen.is_reload_due(vec![folder.into()]));
    }

    #[test]
    fn a_file_that_is_gone_has_changed() {
        let file = File::new();
        let mut seen = file.read();
        fs::remove_file(&file.path).unwrap();
        assert!(!file.is_due(&mut seen));
        assert!(file.is_due(&mut seen));
    }

    #[test]
    fn another_file_of_the_same_name_and_length_is_a_change() {
        let file = File::new();
        let mut seen = file.read();
        fs::rename(file.dir.write("other", "other"), &file.path).unwrap();
        assert!(!file.is_due(&mut seen));
        assert!(file.is_due(&mut seen));
    }
}
