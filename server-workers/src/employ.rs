//! How workers of a kind are hired, asked and let go.

use std::{fmt, future::Future, io};

use crate::{Event, Notices, Reply};

/// How workers of one kind come to be, answer and end: [`InProcess`](crate::InProcess) and
/// [`Processes`](crate::Processes).
///
/// A pool decides when and how many; this decides how. A worker is two things: the half that is asked,
/// which whoever asks holds alone for so long, and its record, which the pool keeps from the beginning to
/// the end.
pub trait Employ: Send + Sync + 'static {
    /// The half that is asked.
    type Worker: Send + 'static;
    /// The half that is kept. Dropping it MUST end the worker at once, and leave nothing behind.
    type Record: Send + 'static;

    /// Starts a worker, and waits until it is ready to be asked.
    ///
    /// # Errors
    ///
    /// Why there is none. The pool tells it and tries again later.
    ///
    /// # Cancel safety
    ///
    /// A dropped future MUST leave nothing behind. (The pool drops it after its `allocate_timeout`.)
    fn hire(
        &self,
        id: WorkerId,
        notices: &Notices,
    ) -> impl Future<Output = io::Result<(Self::Worker, Self::Record)>> + Send;

    /// Asks a worker about an event.
    ///
    /// # Errors
    ///
    /// What it says instead of an answer, and whether it can be asked again.
    ///
    /// # Cancel safety
    ///
    /// After a dropped future the worker is not asked again; the pool lets it go.
    fn ask(
        &self,
        worker: &mut Self::Worker,
        event: Event<'_>,
    ) -> impl Future<Output = Result<Reply, AskFailed>> + Send;

    /// Ready when a worker has ended by itself, with how; never for workers that cannot.
    ///
    /// Whatever the worker needs besides (that its log is read) is done while this is polled.
    ///
    /// # Cancel safety
    ///
    /// It MAY be dropped and called again.
    fn ended(&self, record: &mut Self::Record) -> impl Future<Output = String> + Send;

    /// Lets a worker go: asks it to end, makes it after a while, and waits until it has. (One that must
    /// not be asked anything any more is dropped instead, both halves.)
    ///
    /// # Cancel safety
    ///
    /// A dropped future MUST end it at once.
    fn dismiss(
        &self,
        worker: Self::Worker,
        record: Self::Record,
    ) -> impl Future<Output = ()> + Send;

    /// The number of its process, if it is one.
    fn pid(&self, _record: &Self::Record) -> Option<u32> {
        None
    }

    /// How many bytes of memory are its own, if that is known.
    fn memory(&self, _record: &Self::Record) -> Option<u64> {
        None
    }
}

/// Why a worker has not answered.
#[derive(Debug)]
#[non_exhaustive]
pub enum AskFailed {
    /// It says that it failed; it can be asked again.
    Refused(io::Error),
    /// It asks to be replaced, and that another one be asked about the same event.
    ReplaceMe,
    /// It is gone, and cannot have heard the event: another one is asked.
    NotAsked(io::Error),
    /// It is gone, or must not be trusted any longer.
    Broken(io::Error),
}

/// The number of a worker, which no other of its pool has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(u64);

impl WorkerId {
    /// A number; pools give their own.
    pub fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
