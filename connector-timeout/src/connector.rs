//! The decorator this crate is about.

use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use socketry_connection::Clock;
use socketry_connector::{Connect, Trace};

use crate::{expiry::Expiry, recorder::Recorder};

/// Gives the connector inside a certain time for each call, whatever the target.
///
/// - **A ready result beats the clock.** The connector inside is asked first, at every poll; a
///   connection that comes up in the moment of the deadline is handed out.
/// - **The clock starts when the call has to wait**, at the end of its first poll, and costs one
///   timer then. A call that is ready at once costs none, and no allocation if it reached the one
///   TCP address that it went to.
/// - **On expiry the call inside is dropped**, which closes every socket and frees every lookup
///   and timer under it, and only then is the error made.
/// - **Zero** means: unless it is ready at the first poll. [`Duration::MAX`] means never, as does
///   any time past the end of the clock.
///
/// What it hears through the [`Trace`] on the way, to say in the error, it also passes on to the
/// caller's trace. Timeouts may be nested: the first to expire makes the error, the others hand it
/// on.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use socketry_connector::{Connect, HostPort};
/// use socketry_connector_timeout::TimeoutConnector;
///
/// fn impatient(inner: impl Connect<HostPort>) -> impl Connect<HostPort> {
///     TimeoutConnector::new(inner, Duration::from_secs(3))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct TimeoutConnector<C> {
    inner: C,
    after: Duration,
    clock: Option<Arc<dyn Clock>>,
}

impl<C> TimeoutConnector<C> {
    /// Gives each call of `inner` the time `after`, on the system's clock.
    pub fn new(inner: C, after: Duration) -> Self {
        Self { inner, after, clock: None }
    }

    /// Takes the time from `clock` instead of the system.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{sync::Arc, time::Duration};
    ///
    /// use futures_lite::future::{block_on, poll_once};
    /// use socketry_connector::Connect;
    /// use socketry_connector_timeout::TimeoutConnector;
    /// use socketry_testing::{ManualClock, scripted_connector};
    ///
    /// let (inner, _never_answers) = scripted_connector::<u16>();
    /// let clock = ManualClock::new();
    /// let connector = TimeoutConnector::new(inner, Duration::from_secs(60))
    ///     .with_clock(Arc::new(clock.clone()));
    ///
    /// block_on(async {
    ///     let mut connecting = Box::pin(connector.connect(80));
    ///     assert!(poll_once(&mut connecting).await.is_none());
    ///     clock.advance(Duration::from_secs(60));
    ///     assert!(connecting.await.is_err());
    /// });
    /// ```
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The connector inside.
    pub fn get_ref(&self) -> &C {
        &self.inner
    }

    /// The connector inside, to change it.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connector out.
    pub fn into_inner(self) -> C {
        self.inner
    }

    /// How much time each call has.
    pub fn after(&self) -> Duration {
        self.after
    }
}

/// # Errors
///
/// Those of the connector inside, unchanged; on expiry one of kind
/// [`TimedOut`](io::ErrorKind::TimedOut), whose payload is a [`TimedOut`](crate::TimedOut).
///
/// # Cancel safety
///
/// A dropped call drops the call inside and its timer, and leaves nothing behind.
impl<Target: Send, C: Connect<Target>> Connect<Target> for TimeoutConnector<C> {
    type Connection = C::Connection;

    async fn connect_traced(&self, target: Target, trace: Trace<'_>) -> io::Result<C::Connection> {
        let recorder = Recorder::new(trace);
        {
            let mut connecting = pin!(self.inner.connect_traced(target, recorder.trace()));
            let mut expiry = None;
            let in_time = poll_fn(|cx| {
                if let Poll::Ready(result) = connecting.as_mut().poll(cx) {
                    return Poll::Ready(Some(result));
                }
                let yielded = recorder.take_yielded();
                let expiry = expiry.get_or_insert_with(Expiry::default);
                expiry.poll(yielded, self.after, self.clock.as_ref(), cx).map(|()| None)
            });
            if let Some(result) = in_time.await {
                return result;
            }
        } // the call inside is dropped
        Err(recorder.take_timed_out(self.after).into())
    }
}
