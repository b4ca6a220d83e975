//! Work that may take only so long.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use socketry_connection::{Clock, Sleep};

/// What `work` comes to; `None` if the time is up before.
pub(super) async fn in_time<R>(
    work: impl Future<Output = R>,
    timeout: Option<Duration>,
    clock: Option<&Arc<dyn Clock>>,
) -> Option<R> {
    let (mut work, mut sleep) = (pin!(work), None);
    poll_fn(|cx| {
        if let Poll::Ready(result) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        let Some(after) = timeout else { return Poll::Pending };
        let sleep = sleep.get_or_insert_with(|| Sleep::after(clock, after));
        Pin::new(sleep).poll(cx).map(|()| None)
    })
    .await
}
