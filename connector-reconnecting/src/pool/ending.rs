//! How a pool ends.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use socketry_connection::Sleep;
use socketry_connector::Connect;

use crate::{
    pool::Pool,
    shared::{Disconnected, Ending, end_all},
};

impl<C, T> Pool<C, T>
where
    C: Connect<T> + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Ends it: nobody is served any more, idle connections close, and those in use are asked to end, as
    /// with [`Handle::disconnect`](crate::Handle::disconnect); what is not over after `deadline` is ended
    /// both ways. Check-outs that wait fail. It always ends.
    ///
    /// # Cancel safety
    ///
    /// Once it was polled, all of this is asked for. If it is dropped then, nobody ends what is not over
    /// at the deadline.
    pub async fn disconnect(&self, deadline: Duration) -> Disconnected {
        end_all(self.begin_to_end(), deadline).await
    }

    /// Closes, and asks all to end; what is left of them.
    pub(crate) fn begin_to_end(&self) -> Vec<Ending> {
        let shared = self.shared();
        shared.close();
        let links = shared.lock().links();
        links.iter().map(|link| link.stop()).collect()
    }

    /// Ends it without disturbing those who use a connection: nobody is served any more, idle connections
    /// close, and it waits until those in use are returned. What is not after `deadline` is ended both ways.
    ///
    /// # Cancel safety
    ///
    /// As [`disconnect`](Self::disconnect).
    pub async fn drain(&self, deadline: Duration) -> Disconnected {
        let shared = self.shared();
        shared.close();
        let mut sleep = pin!(Sleep::after(shared.clock(), deadline));
        loop {
            let mut changed = pin!(shared.changed.listen());
            if shared.lock().size() == 0 {
                return Disconnected::Gracefully;
            }
            let is_up = poll_fn(|cx| match changed.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(false),
                Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| true),
            });
            if is_up.await {
                return end_all(self.begin_to_end(), Duration::ZERO).await;
            }
        }
    }
}
