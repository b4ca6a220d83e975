//! Waiting on a given clock, or on the system's without a box.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{Clock, alarms::Alarm};

/// The present moment on `clock`, or on the system's clock if there is none.
pub fn now(clock: Option<&Arc<dyn Clock>>) -> Instant {
    clock.map_or_else(Instant::now, |clock| clock.now())
}

/// A future that is ready once a time has passed on a [`Clock`], or on the system's.
///
/// On the system's clock all sleeps share one timer of the reactor, which is set anew for one whose
/// time comes before that of all others; another one costs no system call. No box, and nothing at all
/// if it is never polled. Dropping it frees its place and its waker.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use futures_lite::future::block_on;
/// use socketry_connection::Sleep;
///
/// block_on(Sleep::after(None, Duration::from_millis(1)));
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct Sleep(Inner);

enum Inner {
    /// `None` means never.
    System(Option<Alarm>),
    Clock(Pin<Box<dyn Future<Output = ()> + Send + Sync>>),
}

impl Sleep {
    /// Ready once `duration` has passed from now.
    ///
    /// A duration that reaches past the end of the clock, such as [`Duration::MAX`], means never.
    pub fn after(clock: Option<&Arc<dyn Clock>>, duration: Duration) -> Self {
        match now(clock).checked_add(duration) {
            Some(deadline) => Self::until(clock, deadline),
            None => Self(Inner::System(None)),
        }
    }

    /// Ready at `deadline`.
    pub fn until(clock: Option<&Arc<dyn Clock>>, deadline: Instant) -> Self {
        Self(match clock {
            None => Inner::System(Some(Alarm::at(deadline))),
            Some(clock) => Inner::Clock(clock.sleep_until(deadline)),
        })
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Inner::System(Some(alarm)) => alarm.poll(cx),
            Inner::System(None) => Poll::Pending,
            Inner::Clock(sleep) => sleep.as_mut().poll(cx),
        }
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").finish_non_exhaustive()
    }
}
