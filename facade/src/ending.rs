//! Ending a connection so that nothing is lost.

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use futures_io::{AsyncRead, AsyncWrite};
use socketry_connection::Sleep;

use crate::Socket;

/// How long a peer may take to end.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Closes, and reads to the end.
pub(crate) async fn end(socket: &mut Socket) -> io::Result<()> {
    let mut late = pin!(Sleep::after(None, END_WITHIN));
    let mut rest = [0; 1024];
    let mut closed = false;
    poll_fn(|cx| {
        loop {
            let next = match closed {
                false => Pin::new(&mut *socket).poll_close(cx).map_ok(|()| 1),
                true => Pin::new(&mut *socket).poll_read(cx, &mut rest),
            };
            match next {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => closed = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        late.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    })
    .await
}
