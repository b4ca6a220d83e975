//! What the test has said, and what it is told.

use std::{
    io,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use crate::sync::{lock, remember, wake};

/// What a connection does wrong, said by the test while it is used, from any thread.
///
/// Each of the four operations works, until it is told otherwise, and again after
/// [`release`](Self::release). Whoever waits for one is woken when it is told anything.
///
/// An operation that is held or fails never reaches the connection below; so it is not ended by an
/// abort of that one either.
///
/// # Examples
///
/// A flush that does not end before the test says so:
///
/// ```
/// use futures_lite::{AsyncWriteExt, future::{block_on, poll_once}};
/// use socketry_testing::{Operation, faulty, pair};
///
/// let (ours, _theirs) = pair();
/// let (mut ours, faults) = faulty(ours);
/// faults.hold(Operation::Flush);
/// let mut flush = Box::pin(ours.flush());
/// assert!(block_on(poll_once(&mut flush)).is_none());
///
/// faults.release(Operation::Flush);
/// block_on(flush)?;
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Faults {
    state: Arc<Mutex<State>>,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Reading.
    Read,
    /// Writing, be it of one buffer or of several.
    Write,
    /// Flushing.
    Flush,
    /// Closing the direction in which one writes.
    Close,
}

/// How often a connection was asked, whatever came of it, and how much went through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IoCounts {
    /// How often it was asked to read, the attempts that had to wait included.
    pub reads: usize,
    /// How often it was asked to write one buffer.
    pub writes: usize,
    /// How often it was asked to write several buffers at once.
    pub vectored_writes: usize,
    /// How often it was asked to flush.
    pub flushes: usize,
    /// How often it was asked to close.
    pub closes: usize,
    /// How many bytes were read.
    pub bytes_read: usize,
    /// How many bytes were taken, be they buffered or handed on.
    pub bytes_written: usize,
}

#[derive(Debug)]
struct State {
    reads: Behaviour,
    writes: Behaviour,
    flushes: Behaviour,
    closes: Behaviour,
    buffer_writes: bool,
    has_abort_handle: bool,
    counts: IoCounts,
}

#[derive(Debug)]
struct Behaviour {
    mode: Mode,
    /// How often it has to wait before it does what the mode says.
    delays: usize,
    /// How many bytes go at once.
    most: usize,
    waiting: Option<Waker>,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    Works,
    Held,
    Fails(io::ErrorKind),
    Nothing,
}

/// How many bytes may go through at most, or `None` if the call is over without doing anything.
pub(super) type Verdict = Poll<io::Result<Option<usize>>>;

impl Faults {
    pub(super) fn new() -> Self {
        let works = || Behaviour { mode: Mode::Works, delays: 0, most: usize::MAX, waiting: None };
        let state = State {
            reads: works(),
            writes: works(),
            flushes: works(),
            closes: works(),
            buffer_writes: false,
            has_abort_handle: true,
            counts: IoCounts::default(),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Lets an operation wait until it is released, and then for what has come together by then.
    pub fn hold(&self, operation: Operation) {
        self.set(operation, Mode::Held);
    }

    /// Lets an operation fail, until it is released.
    pub fn fail(&self, operation: Operation, kind: io::ErrorKind) {
        self.set(operation, Mode::Fails(kind));
    }

    /// Lets an operation do nothing and say that it was done, until it is released: a read is the
    /// end of the stream, a write takes no byte, nothing is flushed or closed.
    pub fn do_nothing(&self, operation: Operation) {
        self.set(operation, Mode::Nothing);
    }

    /// Lets an operation work again.
    pub fn release(&self, operation: Operation) {
        self.set(operation, Mode::Works);
    }

    /// Lets an operation wait the next `times` it is asked for; each time its task is woken at
    /// once.
    pub fn delay(&self, operation: Operation, times: usize) {
        self.change(operation, |behaviour| behaviour.delays = times);
    }

    /// Reads bring so many bytes at most. Zero counts as one: no bytes would be the end.
    pub fn at_most_read(&self, bytes: usize) {
        self.change(Operation::Read, |behaviour| behaviour.most = bytes.max(1));
    }

    /// Writes take so many bytes at most. Zero counts as one; see [`do_nothing`](Self::do_nothing).
    pub fn at_most_written(&self, bytes: usize) {
        self.change(Operation::Write, |behaviour| behaviour.most = bytes.max(1));
    }

    /// Whether what is written stays here until it is flushed, or the connection is closed.
    pub fn buffer_writes(&self, on: bool) {
        lock(&self.state).buffer_writes = on;
    }

    /// Lets it give no abort handle from now on, as a connection that nobody can end from outside.
    pub fn hide_abort_handle(&self) {
        lock(&self.state).has_abort_handle = false;
    }

    pub(super) fn has_abort_handle(&self) -> bool {
        lock(&self.state).has_abort_handle
    }

    /// What was asked of the connection so far.
    pub fn counts(&self) -> IoCounts {
        lock(&self.state).counts
    }

    /// Counts from zero again, and returns what was counted.
    pub fn take_counts(&self) -> IoCounts {
        std::mem::take(&mut lock(&self.state).counts)
    }

    pub(super) fn count(&self, count: impl FnOnce(&mut IoCounts)) {
        count(&mut lock(&self.state).counts);
    }

    pub(super) fn buffers_writes(&self) -> bool {
        lock(&self.state).buffer_writes
    }

    /// What becomes of one call, whose task is remembered if it has to wait.
    pub(super) fn judge(&self, operation: Operation, cx: &Context<'_>) -> Verdict {
        let mut state = lock(&self.state);
        let behaviour = state.behaviour(operation);
        if behaviour.delays > 0 {
            behaviour.delays -= 1;
            drop(state);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match behaviour.mode {
            Mode::Works => Poll::Ready(Ok(Some(behaviour.most))),
            Mode::Held => {
                remember(&mut behaviour.waiting, cx);
                Poll::Pending
            }
            Mode::Fails(kind) => Poll::Ready(Err(kind.into())),
            Mode::Nothing => Poll::Ready(Ok(None)),
        }
    }

    fn set(&self, operation: Operation, mode: Mode) {
        self.change(operation, |behaviour| behaviour.mode = mode);
    }

    fn change(&self, operation: Operation, change: impl FnOnce(&mut Behaviour)) {
        let mut state = lock(&self.state);
        let behaviour = state.behaviour(operation);
        change(behaviour);
        let waiting = behaviour.waiting.take();
        drop(state);
        wake(waiting);
    }
}

impl State {
    fn behaviour(&mut self, operation: Operation) -> &mut Behaviour {
        match operation {
            Operation::Read => &mut self.reads,
            Operation::Write => &mut self.writes,
            Operation::Flush => &mut self.flushes,
            Operation::Close => &mut self.closes,
        }
    }
}
