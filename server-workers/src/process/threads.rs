//! The two threads that start all worker processes, and reap those that nobody waits for.
//!
//! Linux ties the life of a child to the thread that started it, if it is to die with its parent. The
//! threads of executors and pools come and go; these stay until the process ends. Reaping has its own: a
//! process may take its time to die, and others are to be started meanwhile.

use std::{
    io,
    process::Child,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

use async_task::Runnable;

/// Where the threads take their work from; `None` before the first.
static THREADS: Mutex<Option<Threads>> = Mutex::new(None);

struct Threads {
    start: mpsc::Sender<Runnable>,
    reap: mpsc::Sender<Child>,
}

/// Runs `start` on the thread that starts processes.
///
/// # Cancel safety
///
/// When it is dropped, `start` is not called any more, or what it returns is dropped.
pub(crate) async fn run<T: Send + 'static>(
    start: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let sender = sender()?;
    let schedule = move |runnable| {
        // The thread never ends, so somebody receives it. If nobody did, the task would be cancelled.
        let _ = sender.send(runnable);
    };
    let (runnable, task) = async_task::spawn(async move { start() }, schedule);
    runnable.schedule();
    let gone = || io::Error::other("the thread that starts worker processes is gone");
    task.fallible().await.ok_or_else(gone)
}

/// Reaps a process that was killed, when it has died.
pub(crate) fn reap(process: Child) {
    if let Some(threads) = &*threads() {
        // The thread never ends.
        let _ = threads.reap.send(process);
    }
}

fn threads() -> MutexGuard<'static, Option<Threads>> {
    THREADS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The way to the thread that starts processes. Starts both, if they have not been.
fn sender() -> io::Result<mpsc::Sender<Runnable>> {
    let mut threads = threads();
    if let Some(threads) = &*threads {
        return Ok(threads.start.clone());
    }
    let start = thread("socketry-workers", |runnable: Runnable| {
        runnable.run();
    })?;
    let reap = thread("socketry-reaper", |mut process: Child| {
        // Nobody is there to be told; it is ours, so there is nothing to be told but how it ended.
        let _ = process.wait();
    })?;
    Ok(threads.insert(Threads { start, reap }).start.clone())
}

/// Starts a thread that works as long as somebody has the other end.
fn thread<T: Send + 'static>(
    name: &str,
    work: impl Fn(T) + Send + 'static,
) -> io::Result<mpsc::Sender<T>> {
    let (sender, receiver) = mpsc::channel();
    let work = move || receiver.into_iter().for_each(work);
    thread::Builder::new().name(name.into()).spawn(work).map_err(|error| {
        let reason =
            format!("the thread {name}, which worker processes need, did not start: {error}");
        io::Error::new(error.kind(), reason)
    })?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use futures_lite::future::{block_on, zip};

    use super::*;

    #[test]
    fn everything_runs_on_one_thread() {
        let id = || thread::current().id();
        let (one, other) = block_on(zip(run(id), run(id)));
        assert_eq!(one.unwrap(), other.unwrap());
    }

    #[test]
    fn what_was_started_for_nobody_is_dropped() {
        let (sender, receiver) = mpsc::channel::<()>();
        let (wait, go_on) = mpsc::channel::<()>();
        let start = move || {
            go_on.recv().unwrap();
            sender
        };
        let mut run = Box::pin(run(start));
        block_on(futures_lite::future::poll_once(&mut run));
        drop(run);
        let _ = wait.send(());
        assert_eq!(receiver.recv(), Err(mpsc::RecvError));
    }
}
