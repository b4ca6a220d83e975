//! Waiting.

use std::{future::Future, io, pin::Pin, time::Duration};

use async_io::Timer;
use futures_lite::FutureExt;
use hickory_resolver::net::runtime::Time;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The timers of async-io, for hickory.
#[derive(Clone, Copy, Debug)]
pub struct SmolTimer;

/// Written as `async_trait` would write it.
impl Time for SmolTimer {
    fn delay_for<'a>(duration: Duration) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            Timer::after(duration).await;
        })
    }

    fn timeout<'a, F>(duration: Duration, future: F) -> BoxFuture<'a, io::Result<F::Output>>
    where
        F: Future + Send + 'static + 'a,
        F::Output: 'a,
    {
        Box::pin(within(duration, future))
    }
}

/// The output of `future`, if it is there in time. A result that is ready beats the clock.
pub(super) async fn within<F: Future>(duration: Duration, future: F) -> io::Result<F::Output> {
    let late = async {
        Timer::after(duration).await;
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {duration:?}")))
    };
    async { Ok(future.await) }.or(late).await
}
