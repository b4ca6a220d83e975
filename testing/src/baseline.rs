//! What this process holds before a test, and whether it still does afterwards.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard},
    thread,
};

use crate::sync::lock;

/// The file descriptors and threads that this process holds, to be compared after a test.
///
/// Tests with a baseline run one after the other: each holds a lock of the process until it drops
/// the value. They belong into a test binary of their own, in which **every** test takes a
/// baseline first; any other test beside them would open and close under their feet.
///
/// Some things open once, at first use, and stay: async-io's reactor opens its epoll, event and
/// timer descriptors and starts a thread. Use them once before taking the baseline (make and drop
/// one connection of the kind under test). Threads that come and go with load, as those of the
/// `blocking` crate do, are no leak but look like one.
///
/// Timers hold neither: assert that [`ManualClock::sleeping`](crate::ManualClock::sleeping) is
/// zero beside it.
///
/// Linux only (`/proc/self`). Elsewhere it keeps the order of the tests and compares nothing.
///
/// # Examples
///
/// ```
/// use std::net::TcpListener;
///
/// use socketry_testing::Baseline;
///
/// let baseline = Baseline::take();
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// drop(listener);
/// baseline.assert_unchanged();
/// # std::io::Result::Ok(())
/// ```
#[must_use = "a baseline that is not compared asserts nothing"]
pub struct Baseline {
    descriptors: BTreeMap<String, String>,
    threads: BTreeMap<String, String>,
    _one_at_a_time: MutexGuard<'static, ()>,
}

/// Held by the test whose baseline is taken.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The threads of tests that wait for their turn. They are no concern of the test whose turn it is.
static WAITING: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// How often threads are looked at again before one counts as left behind: one that was joined stays
/// visible for a moment, and that of a test which waits for its turn is seen before it says so. The
/// system does not say when a thread is gone, and a look takes some 50 microseconds.
const CHANCES: usize = 20_000;

impl Baseline {
    /// Waits for its turn, then notes what the process holds.
    pub fn take() -> Self {
        let own = system::this_thread();
        lock(&WAITING).push(own.clone());
        let turn = lock(&ONE_AT_A_TIME);
        lock(&WAITING).retain(|thread| *thread != own);
        Self { descriptors: system::descriptors(), threads: threads_before(), _one_at_a_time: turn }
    }

    /// Asserts that the process holds the same file descriptors as before, and no more threads.
    ///
    /// Descriptors are compared at once: what is dropped is to be closed by then. If a thread of
    /// the test closes something, join it first. Threads alone get a few chances to end.
    ///
    /// # Panics
    ///
    /// If it does not, with a list of what came, went or was replaced.
    #[track_caller]
    pub fn assert_unchanged(&self) {
        let mut changes = self.changed_descriptors();
        changes.extend(self.threads_left());
        assert!(changes.is_empty(), "the test left something behind:\n  {}", changes.join("\n  "));
    }

    fn changed_descriptors(&self) -> Vec<String> {
        let descriptors = system::descriptors();
        let appeared = difference(&descriptors, &self.descriptors);
        let disappeared = difference(&self.descriptors, &descriptors);
        let appeared =
            appeared.map(|(number, what)| format!("opened: descriptor {number}, {what}"));
        let disappeared =
            disappeared.map(|(number, what)| format!("closed: descriptor {number}, {what}"));
        appeared.chain(disappeared).collect()
    }

    /// The threads that are still there after all chances.
    fn threads_left(&self) -> Vec<String> {
        let mut left = self.started_threads();
        for _ in 0..CHANCES {
            if left.is_empty() {
                break;
            }
            thread::yield_now();
            left = self.started_threads();
        }
        left
    }

    fn started_threads(&self) -> Vec<String> {
        let threads = system::threads();
        let waiting = lock(&WAITING);
        let started = threads
            .iter()
            .filter(|(id, _)| !self.threads.contains_key(*id) && !waiting.contains(id));
        started.map(|(id, name)| format!("started: thread {id}, {name}")).collect()
    }
}

/// The threads that there are, this one among them.
///
/// While threads end, a look may pass over others that go on (those of tests that were the last to
/// have their turn end just now), and whoever is passed over would count as started later. So it
/// looks until a look finds what the one before has found, and keeps whomever any of them has seen.
fn threads_before() -> BTreeMap<String, String> {
    let mut last = system::threads();
    let mut seen = last.clone();
    for _ in 0..CHANCES {
        let now = system::threads();
        seen.extend(now.clone());
        if now == last {
            break;
        }
        last = now;
    }
    seen.insert(system::this_thread(), "this one".into());
    seen
}

impl fmt::Debug for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Baseline")
            .field("descriptors", &self.descriptors)
            .field("threads", &self.threads)
            .finish()
    }
}

/// What is in `these` and not, or with another meaning, in `those`.
fn difference<'a>(
    these: &'a BTreeMap<String, String>,
    those: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (&'a String, &'a String)> {
    these.iter().filter(|(key, value)| those.get(*key) != Some(value))
}

#[cfg(target_os = "linux")]
mod system {
    use std::{collections::BTreeMap, fs, path::Path};

    /// What glibc's allocator looks into at moments of its own, in whatever thread.
    const OF_THE_ALLOCATOR: &str = "/proc/sys/vm/overcommit_memory";

    /// The open file descriptors, by number, and what they are.
    pub(super) fn descriptors() -> BTreeMap<String, String> {
        let link = |path: &Path| Some(fs::read_link(path).ok()?.to_string_lossy().into_owned());
        let of_the_tests = |path: &Path| link(path).filter(|what| what != OF_THE_ALLOCATOR);
        entries("/proc/self/fd", of_the_tests)
    }

    /// The threads, by id, and their names.
    pub(super) fn threads() -> BTreeMap<String, String> {
        let name = |path: &Path| Some(fs::read_to_string(path.join("comm")).ok()?.trim().into());
        entries("/proc/self/task", name)
    }

    /// The id of the calling thread.
    pub(super) fn this_thread() -> String {
        let link = fs::read_link("/proc/thread-self").unwrap_or_default();
        link.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Reads the names first and what they stand for second, so that the directory that is being
    /// read is closed by then and falls out.
    fn entries(
        directory: &str,
        describe: impl Fn(&Path) -> Option<String>,
    ) -> BTreeMap<String, String> {
        let paths: Vec<_> = fs::read_dir(directory)
            .expect("Linux has /proc mounted")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        paths
            .iter()
            .filter_map(|path| {
                Some((path.file_name()?.to_string_lossy().into_owned(), describe(path)?))
            })
            .collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::collections::BTreeMap;

    pub(super) fn descriptors() -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    pub(super) fn threads() -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    pub(super) fn this_thread() -> String {
        String::new()
    }
}
