//! Ending what takes too long.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use socketry_connection::Sleep;

/// What comes of `future`, or `None` if `sleep` is over first. A result that is ready beats the
/// clock.
pub(crate) async fn before<T>(mut sleep: Sleep, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| None),
    })
    .await
}
