//! The time that waiting things can be given.

use std::{fmt, future::Future, pin::Pin, time::Instant};

/// A source of time: what it is now, and how to wait until later.
///
/// Everything in these crates that waits for a time can be given one. Without it it waits on the
/// system's clock, without a box; a test gives a clock that it moves by hand and sees every schedule
/// to the millisecond.
///
/// # Implementing it
///
/// `now` MUST never go back. The future of `sleep_until` MUST be ready once `now() >= deadline`
/// (at once, if that is so already) and MUST free everything when it is dropped.
///
/// # Examples
///
/// The system's clock, written out:
///
/// ```
/// use std::{future::Future, pin::Pin, time::Instant};
///
/// use socketry_connection::Clock;
///
/// #[derive(Debug)]
/// struct SystemClock;
///
/// impl Clock for SystemClock {
///     fn now(&self) -> Instant {
///         Instant::now()
///     }
///     fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
/// #       struct Timer; impl Timer { async fn at(_: Instant) {} } // async_io::Timer
///         Box::pin(async move {
///             Timer::at(deadline).await;
///         })
///     }
/// }
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Instant;

    /// Ready once the clock has reached `deadline`.
    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>>;
}
