//! Workers that are values of this process.

use std::{
    any::Any,
    fmt,
    future::{self, Future},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_lite::FutureExt;

use crate::{Answer, AskFailed, Employ, Event, Notices, Reply, WorkerId};

/// Answers events, one at a time.
///
/// A pool has several, each of which gets any event of any connection; what concerns one connection
/// belongs into a place that all can reach. While one waits, the others answer.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_server_workers::{Answer, Event, Worker};
///
/// struct Upper;
///
/// impl Worker for Upper {
///     async fn answer(&mut self, event: Event<'_>) -> io::Result<Option<Answer>> {
///         Ok(match event {
///             Event::Connected(_) => Some(Answer::Read),
///             Event::Data(_, b"quit\r\n") => Some(Answer::respond_close("bye\r\n")),
///             Event::Data(_, message) => Some(Answer::respond(message.to_ascii_uppercase())),
///             _ => None,
///         })
///     }
/// }
/// ```
pub trait Worker: Send + 'static {
    /// Answers an event.
    ///
    /// `None` closes the connection, as [`Answer::Close`] does; [`Event::Closed`] needs no answer.
    ///
    /// # Errors
    ///
    /// The connection is closed, without an event that says so, and the error becomes a
    /// [`Notice`](crate::Notice). The worker is asked again. A worker that panics is replaced.
    ///
    /// # Cancel safety
    ///
    /// A worker whose future was dropped is not asked again; it is replaced.
    fn answer(
        &mut self,
        event: Event<'_>,
    ) -> impl Future<Output = io::Result<Option<Answer>>> + Send;
}

/// Workers that are values of this process, made by a function.
///
/// # Examples
///
/// ```
/// use socketry_server_workers::{Employ, InProcess, Pool, PoolOptions, Worker};
///
/// fn pool<W: Worker + Default>() -> Pool<impl Employ> {
///     Pool::new(InProcess::new(W::default), PoolOptions::new().num_workers(64))
/// }
/// ```
pub struct InProcess<F> {
    make: F,
}

impl<F> InProcess<F> {
    /// Makes each worker by calling `make`, at the beginning and when one has to be replaced.
    pub fn new<W: Worker>(make: F) -> Self
    where
        F: Fn() -> W + Send + Sync + 'static,
    {
        Self { make }
    }
}

impl<F, W> Employ for InProcess<F>
where
    F: Fn() -> W + Send + Sync + 'static,
    W: Worker,
{
    type Worker = W;
    type Record = ();

    async fn hire(&self, _id: WorkerId, _notices: &Notices) -> io::Result<(W, ())> {
        let made = catch_unwind(AssertUnwindSafe(&self.make));
        made.map(|worker| (worker, ())).map_err(|panic| panicked("making a worker", &*panic))
    }

    async fn ask(&self, worker: &mut W, event: Event<'_>) -> Result<Reply, AskFailed> {
        // It may panic before it has a future, too.
        let begin = move || {
            let worker = worker; // moved, or what comes of it could not outlive the closure
            worker.answer(event)
        };
        let answered = match catch_unwind(AssertUnwindSafe(begin)) {
            Ok(answer) => AssertUnwindSafe(answer).catch_unwind().await,
            Err(panic) => Err(panic),
        };
        match answered {
            Ok(Ok(answer)) => Ok(answer.into()),
            Ok(Err(error)) => Err(AskFailed::Refused(error)),
            Err(panic) => Err(AskFailed::Broken(panicked("the worker", &*panic))),
        }
    }

    async fn ended(&self, _record: &mut ()) -> String {
        future::pending().await
    }

    async fn dismiss(&self, _worker: W, _record: ()) {}
}

fn panicked(who: &str, panic: &(dyn Any + Send)) -> io::Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    io::Error::other(format!("{who} panicked: {}", text.unwrap_or("(no message)")))
}

impl<F> fmt::Debug for InProcess<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}
