//! So long, and no longer.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_lite::future::or;
use futures_util::FutureExt;
use socketry_connection::{Clock, Sleep};

/// What `future` comes to within this time, or `None`. Zero is no limit, and costs no timer.
///
/// This is no `async fn`, whose future would have room for the given one twice.
pub(crate) fn within<F: Future>(
    clock: Option<&Arc<dyn Clock>>,
    limit: Duration,
    future: F,
) -> impl Future<Output = Option<F::Output>> {
    let expiry = Expiry { clock, limit, sleep: None };
    or(future.map(Some), expiry.map(|()| None))
}

/// Ready when a time has passed since it was first polled.
struct Expiry<'a> {
    clock: Option<&'a Arc<dyn Clock>>,
    limit: Duration,
    sleep: Option<Sleep>,
}

impl Future for Expiry<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.limit.is_zero() {
            return Poll::Pending;
        }
        let (clock, limit) = (self.clock, self.limit);
        let sleep = self.sleep.get_or_insert_with(|| Sleep::after(clock, limit));
        Pin::new(sleep).poll(cx)
    }
}
