//! What is made once, off the executor, and shared by all who need it.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt,
    future::{Future, poll_fn},
    io, mem,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    task::{Context, Poll, Waker},
};

use blocking::Task;

/// A value that takes files and time to make. The first who needs it has it made, on a thread of
/// [`blocking`]; all who come meanwhile wait for the same.
///
/// Nobody's progress depends on somebody else's being polled: the thread itself tells all who wait.
/// If nobody waits any more before a thread was free for it, it is not made. A failure is told to
/// those who wait, and the next call tries again.
pub(crate) struct Setup<T>(Arc<Shared<T>>);

struct Shared<T> {
    value: OnceLock<T>,
    make: Box<dyn Fn() -> io::Result<T> + Send + Sync>,
    /// Held by those who wait for it, and by nobody else.
    making: Mutex<Weak<Making<T>>>,
}

/// The error of a TLS configuration that could not be made: roots that cannot be read, say.
///
/// ```text
/// TLS cannot be set up: /etc/ssl/own.pem: No such file or directory (os error 2)
/// ```
///
/// The [`io::Error`] around it keeps the kind. Nothing was opened.
#[derive(Clone, Debug)]
pub struct SetupFailed(Arc<io::Error>);

impl<T: Clone + Send + Sync + 'static> Setup<T> {
    pub(crate) fn new(make: impl Fn() -> io::Result<T> + Send + Sync + 'static) -> Self {
        let making = Mutex::new(Weak::new());
        Self(Arc::new(Shared { value: OnceLock::new(), make: Box::new(make), making }))
    }

    /// One that need not be made.
    pub(crate) fn done(value: T) -> Self {
        let setup = Self::new(|| Err(io::ErrorKind::Unsupported.into())); // never called
        let _ = setup.0.value.set(value);
        setup
    }

    pub(crate) async fn get(&self) -> Result<T, SetupFailed> {
        match self.0.value.get() {
            Some(value) => Ok(value.clone()),
            None => self.join().wait().await,
        }
    }

    /// What is under way, or a new beginning.
    fn join(&self) -> Arc<Making<T>> {
        let mut current = lock(&self.0.making);
        if let Some(making) = current.upgrade().filter(|making| !making.progress.has_ended()) {
            return making;
        }
        let making = Arc::new(Making::default());
        *current = Arc::downgrade(&making);
        drop(current);
        making.begin(self.0.clone());
        making
    }
}

impl<T: Clone> Shared<T> {
    /// The value, which somebody else may have made since it was looked for.
    fn value_or_make(&self) -> Result<T, SetupFailed> {
        if let Some(value) = self.value.get() {
            return Ok(value.clone());
        }
        let made = (self.make)().map_err(|error| SetupFailed(Arc::new(error)))?;
        Ok(self.value.get_or_init(|| made).clone())
    }
}

/// One try to make it.
struct Making<T> {
    progress: Arc<Progress<T>>,
    /// Dropping it takes it back, unless a thread has begun.
    task: OnceLock<Task<()>>,
}

struct Progress<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    outcome: Option<Result<T, SetupFailed>>,
    waiting: BTreeMap<u64, Waker>,
    next: u64,
}

impl<T: Clone + Send + Sync + 'static> Making<T> {
    fn begin(&self, shared: Arc<Shared<T>>) {
        let progress = self.progress.clone();
        let task = blocking::unblock(move || {
            let mut ending = Ending { progress, outcome: None };
            ending.outcome = Some(shared.value_or_make());
        });
        let _ = self.task.set(task);
    }

    fn wait(self: Arc<Self>) -> impl Future<Output = Result<T, SetupFailed>> + Send {
        let mut place = Place { making: self, number: None };
        poll_fn(move |cx| place.poll(cx))
    }
}

impl<T> Default for Making<T> {
    fn default() -> Self {
        let state = State { outcome: None, waiting: BTreeMap::new(), next: 0 };
        let progress = Arc::new(Progress { state: Mutex::new(state) });
        Self { progress, task: OnceLock::new() }
    }
}

impl<T> Progress<T> {
    fn has_ended(&self) -> bool {
        lock(&self.state).outcome.is_some()
    }
}

/// One who waits.
struct Place<T> {
    making: Arc<Making<T>>,
    number: Option<u64>,
}

impl<T: Clone> Place<T> {
    fn poll(&mut self, cx: &Context<'_>) -> Poll<Result<T, SetupFailed>> {
        let mut state = lock(&self.making.progress.state);
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        let number = *self.number.get_or_insert(state.next);
        state.next = state.next.max(number + 1);
        let replaced = state.waiting.insert(number, cx.waker().clone());
        drop(state);
        drop(replaced); // after the lock
        Poll::Pending
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let left = lock(&self.making.progress.state).waiting.remove(&number);
            drop(left); // after the lock
        }
    }
}

/// Tells all who wait when it is dropped, also by a panic of whoever makes the value.
struct Ending<T> {
    progress: Arc<Progress<T>>,
    outcome: Option<Result<T, SetupFailed>>,
}

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        let panicked = || Err(SetupFailed(Arc::new(io::Error::other("setting up has panicked"))));
        let outcome = self.outcome.take().unwrap_or_else(panicked);
        let mut state = lock(&self.progress.state);
        state.outcome = Some(outcome);
        let woken = mem::take(&mut state.waiting);
        drop(state);
        woken.into_values().for_each(Waker::wake);
    }
}

impl SetupFailed {
    /// Why it failed.
    pub fn error(&self) -> &io::Error {
        &self.0
    }
}

impl fmt::Display for SetupFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLS cannot be set up: {}", self.0)
    }
}

impl Error for SetupFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// Keeps the kind.
impl From<SetupFailed> for io::Error {
    fn from(error: SetupFailed) -> Self {
        Self::new(error.0.kind(), error)
    }
}

/// Locks. What is changed under these locks is whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    };

    use futures_lite::future::{block_on, poll_once, zip};

    use super::*;

    /// Makes the number of the try, once the test lets it, or fails if the test says so.
    fn gated() -> (Setup<usize>, Sender<bool>) {
        let (sender, gate) = channel();
        let (gate, tries) = (Mutex::new(gate), AtomicUsize::new(0));
        let setup = Setup::new(move || {
            let number = tries.fetch_add(1, Ordering::SeqCst) + 1;
            match lock(&gate).recv() {
                Ok(true) => Ok(number),
                Ok(false) => Err(io::ErrorKind::NotFound.into()),
                Err(_) => panic!("the test is over"),
            }
        });
        (setup, sender)
    }

    #[test]
    fn what_is_made_is_made_once_for_all() {
        let (setup, gate) = gated();
        gate.send(true).unwrap();
        let (first, second) = block_on(zip(setup.get(), setup.get()));
        let third = block_on(setup.get());
        assert_eq!([first, second, third].map(Result::unwrap), [1, 1, 1]);
    }

    #[test]
    fn who_is_kept_unpolled_holds_up_nobody() {
        let (setup, gate) = gated();
        let mut kept = Box::pin(setup.get());
        assert!(block_on(poll_once(&mut kept)).is_none());
        let mut other = Box::pin(setup.get());
        assert!(block_on(poll_once(&mut other)).is_none());
        gate.send(true).unwrap();
        assert_eq!(block_on(other).unwrap(), 1);
        assert_eq!(block_on(kept).unwrap(), 1);
    }

    #[test]
    fn what_the_first_began_goes_on_for_others_when_the_first_leaves() {
        let (setup, gate) = gated();
        let mut first = Box::pin(setup.get());
        assert!(block_on(poll_once(&mut first)).is_none());
        let mut other = Box::pin(setup.get());
        assert!(block_on(poll_once(&mut other)).is_none());
        drop(first);
        gate.send(true).unwrap();
        assert_eq!(block_on(other).unwrap(), 1);
    }

    #[test]
    fn a_failure_is_told_to_all_who_wait_and_the_next_tries_again() {
        let (setup, gate) = gated();
        let mut waiting = [setup.get(), setup.get()].map(Box::pin);
        for waiting in &mut waiting {
            assert!(block_on(poll_once(waiting)).is_none());
        }
        gate.send(false).unwrap();
        for error in waiting.map(|waiting| block_on(waiting).unwrap_err()) {
            assert_eq!(error.error().kind(), io::ErrorKind::NotFound);
        }
        gate.send(true).unwrap();
        assert_eq!(block_on(setup.get()).unwrap(), 2);
    }

    #[test]
    fn who_has_not_heard_of_a_failure_yet_keeps_nobody_from_trying_again() {
        let (setup, gate) = gated();
        let mut kept = Box::pin(setup.get());
        assert!(block_on(poll_once(&mut kept)).is_none());
        let mut other = Box::pin(setup.get());
        assert!(block_on(poll_once(&mut other)).is_none());
        gate.send(false).unwrap();
        assert!(block_on(other).is_err());
        gate.send(true).unwrap();
        assert_eq!(block_on(setup.get()).unwrap(), 2);
        assert!(block_on(kept).is_err());
    }

    #[test]
    fn a_panic_is_an_error_for_those_who_wait() {
        let (setup, gate) = gated();
        drop(gate);
        let error = io::Error::from(block_on(setup.get()).unwrap_err());
        assert_eq!(error.to_string(), "TLS cannot be set up: setting up has panicked");
    }

    #[test]
    fn who_leaves_leaves_no_waker_behind() {
        let (setup, gate) = gated();
        let mut kept = Box::pin(setup.get());
        assert!(block_on(poll_once(&mut kept)).is_none());
        let mut left = Box::pin(setup.get());
        assert!(block_on(poll_once(&mut left)).is_none());
        drop(left);
        let making = lock(&setup.0.making).upgrade().unwrap();
        assert_eq!(lock(&making.progress.state).waiting.len(), 1);
        gate.send(true).unwrap();
    }
}
