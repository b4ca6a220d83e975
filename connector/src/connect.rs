//! The trait this crate is about.

use std::{future::Future, io, sync::Arc};

use socketry_connection::Connection;

use crate::Trace;

/// Makes connections to targets of one type.
///
/// # Implementing it
///
/// Write [`connect_traced`](Self::connect_traced), as an `async fn` if you like; `connect` comes
/// with it.
///
/// - **Drop is cancel.** Dropping the future MUST close every socket and free every timer, lookup
///   and task that the call has started, at once. Nothing may be left to finish in the background.
/// - A connector MUST be usable for many calls at the same time, through `&self`.
/// - Bad input MUST be refused with [`InvalidInput`](io::ErrorKind::InvalidInput) before anything
///   is opened.
/// - A failure MUST keep its [`kind`](io::Error::kind), and its error number where the system gave
///   one (see [`os_error`](socketry_connection::os_error)). Its text SHOULD be one line that says
///   what failed, from where to where, in which phase, and why.
/// - The trace MUST be handed on to every connector that is called inside. Whoever opens a socket
///   tells the attempt; a layer tells what it does itself and nothing that it only passes on.
/// - An attempt SHOULD be told through [`Trace::attempt`] and a lookup through [`Trace::lookup`],
///   [`waits`](crate::AttemptTrace::waits) included: a timeout hears only of what waits or fails.
/// - A call that never had to wait SHOULD yield to the executor now and then (these crates do so
///   after 32 calls in a row), so that a loop of connects cannot starve other tasks. A call that
///   yields without waiting tells [`Yielded`](crate::EventKind::Yielded) and wakes itself, so that
///   no timer is made for it.
///
/// A decorator takes the inner connector first and its one parameter second, and has `get_ref`,
/// `get_mut` and `into_inner`.
///
/// # Errors
///
/// [`io::Error`] throughout, so that nesting never changes a signature. For what the system or the
/// clock refused the payload is a small public struct, found by downcast; what these crates refuse
/// for another reason before anything is opened carries only its text.
///
/// ```
/// use std::io;
///
/// use socketry_connector::ConnectFailed;
///
/// fn was_refused_by(error: &io::Error) -> Option<String> {
///     let failed = error.get_ref()?.downcast_ref::<ConnectFailed>()?;
///     Some(failed.attempt().remote().to_string())
/// }
/// ```
///
/// # Cancel safety
///
/// A dropped call leaves nothing behind. A peer may nevertheless see a connection that came up and
/// went away again: the system may have finished the handshake already.
///
/// # Examples
///
/// A decorator that refuses all but one port:
///
/// ```
/// use std::io;
///
/// use socketry_connector::{Connect, HostPort, Trace};
///
/// #[derive(Debug)]
/// struct OnlyPort<C> {
///     inner: C,
///     port: u16,
/// }
///
/// impl<C: Connect<HostPort>> Connect<HostPort> for OnlyPort<C> {
///     type Connection = C::Connection;
///
///     async fn connect_traced(&self, target: HostPort, trace: Trace<'_>) -> io::Result<C::Connection> {
///         if target.port() != self.port {
///             let reason = format!("connection to {target} refused: only port {} is allowed", self.port);
///             return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
///         }
///         self.inner.connect_traced(target, trace).await
///     }
/// }
/// ```
pub trait Connect<Target: Send>: Send + Sync {
    /// What a call makes.
    type Connection: Connection;

    /// Connects to `target` and tells `trace` what happens on the way.
    ///
    /// This is the one required method. The trace observes this call only and is free when off.
    fn connect_traced(
        &self,
        target: Target,
        trace: Trace<'_>,
    ) -> impl Future<Output = io::Result<Self::Connection>> + Send;

    /// Connects to `target`.
    fn connect(&self, target: Target) -> impl Future<Output = io::Result<Self::Connection>> + Send {
        self.connect_traced(target, Trace::off())
    }
}

impl<Target: Send, C: Connect<Target> + ?Sized> Connect<Target> for &C {
    type Connection = C::Connection;

    fn connect_traced(
        &self,
        target: Target,
        trace: Trace<'_>,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        (**self).connect_traced(target, trace)
    }
}

impl<Target: Send, C: Connect<Target> + ?Sized> Connect<Target> for Box<C> {
    type Connection = C::Connection;

    fn connect_traced(
        &self,
        target: Target,
        trace: Trace<'_>,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        (**self).connect_traced(target, trace)
    }
}

impl<Target: Send, C: Connect<Target> + ?Sized> Connect<Target> for Arc<C> {
    type Connection = C::Connection;

    fn connect_traced(
        &self,
        target: Target,
        trace: Trace<'_>,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        (**self).connect_traced(target, trace)
    }
}
