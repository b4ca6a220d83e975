//! The trait this crate is about.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use socketry_connection::{Address, Connection};

use crate::{BoxServer, BoxedConnections, Control};

/// Takes connections, one after the other.
///
/// It is polled, so it is object-safe without a box and cancel-safe by its shape. Programs use the
/// futures of [`AcceptExt`].
///
/// # Implementing it
///
/// - **No error is fatal.** An `Err` concerns one connection that did not come to be, or a moment
///   in which none could be taken; the server goes on, and MUST NOT spin while it does. Only
///   `None` ends it, and `None` MUST stay.
/// - `None` means closed: by [`Control::close`], or because the server will never yield again.
///   After a close only what was under way MAY still come.
/// - While paused a server MUST take nothing new; what was under way MAY still come. Newcomers
///   wait where they are (the kernel's backlog).
/// - A change of the control's [`State`](crate::State) MUST wake a task that waits in
///   `poll_accept`: every server and every decorator holds a [`Watch`](crate::Watch). (A decorator
///   that is full does not poll its inner server, so it cannot leave that to it.)
/// - After 32 results in a row `poll_accept` SHOULD yield, so that a flood of clients cannot starve
///   the clients already in.
/// - Dropping the server MUST close it. A kept [`Control`] keeps nothing open.
///
/// A server with a listener of its own gets all of this from a [`Slot`](crate::Slot). A decorator
/// takes the inner server first and its one parameter second, has `get_ref`, `get_mut` and
/// `into_inner`, and forwards what it does not change.
///
/// # Order of decorators
///
/// Outermost last: `listener -> proxy -> gate -> tls -> limiting -> your code`. Swap the last two,
/// and handshakes that may never end hold the places of finished connections; swap gate and tls,
/// and a flood is refused only after each client has cost a handshake.
///
/// # Examples
///
/// A decorator that turns away whoever is not on this machine:
///
/// ```
/// use std::{convert::Infallible, io, task::{Context, Poll, ready}};
///
/// use socketry_connection::{Address, Connection};
/// use socketry_server::{Accept, Control};
///
/// struct LocalOnly<A> {
///     inner: A,
/// }
///
/// impl<A: Accept> Accept for LocalOnly<A> {
///     type Connection = A::Connection;
///
///     fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<A::Connection>>> {
///         let next = ready!(self.inner.poll_accept(cx));
///         Poll::Ready(next.map(|result| {
///             let connection = result?;
///             let ip = connection.remote_address().and_then(|address| address.ip());
///             match ip.is_none_or(|ip| ip.is_loopback()) {
///                 true => Ok(connection),
///                 false => Err(io::Error::new(io::ErrorKind::PermissionDenied, "not from this machine")),
///             }
///         }))
///     }
///     fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
///         self.inner.poll_progress(cx)
///     }
///     fn local_address(&self) -> Option<Address> {
///         self.inner.local_address()
///     }
///     fn control(&self) -> Control {
///         self.inner.control()
///     }
/// }
/// ```
pub trait Accept: Send + Unpin {
    /// What the server yields.
    type Connection: Connection;

    /// Takes the next connection.
    ///
    /// - `Ready(Some(Ok(connection)))`: here is one.
    /// - `Ready(Some(Err(error)))`: one did not come to be, or none could be taken. Poll again.
    /// - `Ready(None)`: closed, for good.
    /// - `Pending`: nobody is there. The task will be woken.
    ///
    /// # Cancel safety
    ///
    /// `Pending` has taken nothing: the poll may be given up and repeated without losing anybody.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Self::Connection>>>;

    /// Lets work that is under way go on without taking anything new; never ready.
    ///
    /// Handshakes, headers and deadlines live in the task that polls the server. A decorator that
    /// can take no more (it is full) calls this instead of [`poll_accept`](Self::poll_accept), so
    /// that they do not freeze. A decorator hands it down; a server with nothing under way returns
    /// `Pending`.
    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible>;

    /// Where the server listens; `None` once it is closed, or if it has no address.
    fn local_address(&self) -> Option<Address>;

    /// The handle that pauses, resumes and closes this server from any task.
    fn control(&self) -> Control;
}

/// Futures and adapters for every [`Accept`].
pub trait AcceptExt: Accept {
    /// The next connection; `None` once the server is closed.
    ///
    /// # Errors
    ///
    /// None of them is fatal: call it again.
    ///
    /// # Cancel safety
    ///
    /// A dropped future has taken no connection; nobody is lost.
    fn accept(&mut self) -> Accepting<'_, Self> {
        Accepting { server: self }
    }

    /// The connections as a [`Stream`], which ends when the server is closed.
    ///
    /// # Cancel safety
    ///
    /// That of [`accept`](Self::accept).
    fn incoming(&mut self) -> Incoming<'_, Self> {
        Incoming { server: self }
    }

    /// Erases the type of the server and of its connections, as run-time wiring needs it.
    fn boxed(self) -> BoxServer
    where
        Self: Sized + 'static,
    {
        Box::new(BoxedConnections::new(self))
    }
}

impl<A: Accept + ?Sized> AcceptExt for A {}

impl<A: Accept + ?Sized> Accept for &mut A {
    type Connection = A::Connection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<A::Connection>>> {
        (**self).poll_accept(cx)
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        (**self).poll_progress(cx)
    }

    fn local_address(&self) -> Option<Address> {
        (**self).local_address()
    }

    fn control(&self) -> Control {
        (**self).control()
    }
}

impl<A: Accept + ?Sized> Accept for Box<A> {
    type Connection = A::Connection;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<A::Connection>>> {
        (**self).poll_accept(cx)
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Infallible> {
        (**self).poll_progress(cx)
    }

    fn local_address(&self) -> Option<Address> {
        (**self).local_address()
    }

    fn control(&self) -> Control {
        (**self).control()
    }
}

/// The future of [`AcceptExt::accept`].
#[must_use = "futures do nothing unless polled"]
pub struct Accepting<'a, A: ?Sized> {
    server: &'a mut A,
}

impl<A: Accept + ?Sized> Future for Accepting<'_, A> {
    type Output = Option<io::Result<A::Connection>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.server.poll_accept(cx)
    }
}

impl<A: ?Sized> fmt::Debug for Accepting<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepting").finish_non_exhaustive()
    }
}

/// The stream of [`AcceptExt::incoming`].
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<'a, A: ?Sized> {
    server: &'a mut A,
}

impl<A: Accept + ?Sized> Stream for Incoming<'_, A> {
    type Item = io::Result<A::Connection>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.server.poll_accept(cx)
    }
}

impl<A: ?Sized> fmt::Debug for Incoming<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").finish_non_exhaustive()
    }
}
