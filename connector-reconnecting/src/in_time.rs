//! Work that may take only so long.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use socketry_connection::Sleep;

/// What `work` comes to; `None` if the time is up before. A result that is ready beats the clock, and `timer`
/// is asked when the work first waits: there is no limit if it makes none.
pub(crate) async fn in_time<R>(
    work: impl Future<Output = R>,
    timer: impl Fn() -> Option<Sleep>,
) -> Option<R> {
    let (mut work, mut sleep) = (pin!(work), None);
    poll_fn(|cx| {
        if let Poll::Ready(result) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(result));
        }
        match sleep.get_or_insert_with(&timer) {
            Some(sleep) => Pin::new(sleep).poll(cx).map(|()| None),
            None => Poll::Pending,
        }
    })
    .await
}
