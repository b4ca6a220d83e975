//! Clients that never stop coming.

use std::{
    fmt, io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use crate::sync::lock;

/// How many clients come at the same time.
const THREADS: usize = 4;

/// Clients on threads of their own, each of which comes again and again until it is told to stop:
/// for tests in which nobody may be turned away meanwhile.
///
/// # Examples
///
/// ```
/// use std::{io::Read, net::{TcpListener, TcpStream}};
///
/// use socketry_testing::ClientLoad;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let load = ClientLoad::start(move || {
///     // The end, and no reset.
///     TcpStream::connect(address)?.read_to_end(&mut Vec::new()).map(drop)
/// });
/// # std::thread::spawn(move || while listener.accept().is_ok() {});
///
/// load.wait_for(100);
/// assert!(load.end() >= 100);
/// # std::io::Result::Ok(())
/// ```
#[must_use = "clients come until `end` is called, and only that says how it went"]
pub struct ClientLoad {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    served: usize,
    is_over: bool,
    error: Option<io::Error>,
}

impl ClientLoad {
    /// Lets clients come, four at a time. `client` is one of them from beginning to end: `Ok` if it
    /// was served. After the first error nobody comes any more.
    pub fn start(client: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> Self {
        let (shared, client) = (Arc::new(Shared::default()), Arc::new(client));
        let threads = (0..THREADS).map(|_| {
            let (shared, client) = (shared.clone(), client.clone());
            thread::spawn(move || while shared.note(client()) {})
        });
        Self { threads: threads.collect(), shared }
    }

    /// Waits until so many clients more were served, or one was not.
    pub fn wait_for(&self, clients: usize) {
        let state = lock(&self.shared.state);
        let enough = state.served.saturating_add(clients);
        let waits = |state: &mut State| state.served < enough && state.error.is_none();
        let changed = self.shared.changed.wait_while(state, waits);
        drop::<MutexGuard<'_, State>>(changed.unwrap_or_else(PoisonError::into_inner));
    }

    /// Lets those who are under way finish; how many were served in all.
    ///
    /// # Panics
    ///
    /// If one was not, with its error.
    #[track_caller]
    pub fn end(self) -> usize {
        lock(&self.shared.state).is_over = true;
        for thread in self.threads {
            assert!(thread.join().is_ok(), "a client has panicked");
        }
        let mut state = lock(&self.shared.state);
        match state.error.take() {
            None => state.served,
            Some(error) => panic!("client number {} was not served: {error}", state.served + 1),
        }
    }
}

impl Shared {
    /// Notes how it went with one client; whether another may come.
    fn note(&self, outcome: io::Result<()>) -> bool {
        let mut state = lock(&self.state);
        match outcome {
            Ok(()) => state.served += 1,
            Err(error) => state.error = state.error.take().or(Some(error)),
        }
        self.changed.notify_all();
        !state.is_over && state.error.is_none()
    }
}

impl fmt::Debug for ClientLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientLoad").field("served", &lock(&self.shared.state).served).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_client_is_counted_once() {
        let came = Arc::new(AtomicUsize::new(0));
        let coming = came.clone();
        let load = ClientLoad::start(move || {
            coming.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        load.wait_for(1000);
        assert_eq!(load.end(), came.load(Ordering::SeqCst));
    }

    #[test]
    #[should_panic(expected = "was not served: connection refused")]
    fn a_client_that_is_not_served_ends_the_wait_and_is_told() {
        let load = ClientLoad::start(|| Err(io::ErrorKind::ConnectionRefused.into()));
        load.wait_for(usize::MAX);
        load.end();
    }
}
