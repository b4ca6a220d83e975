//! How a pool ends.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use socketry_connection::Sleep;
use socketry_connector::Connect;

use crate::{
    pool::Pool,
    shared::{Disconnected, Ending, Shared, end_all},
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
        let links = shared.lock().seats.links();
        stop(&links)
    }

    /// Ends it without disturbing those who use a connection: nobody is served any more, idle connections
    /// and those that are being made close, and it waits until those in use are returned. What is not after
    /// `deadline` is ended both ways. What is made after a [`connect`](Self::connect) is another's.
    ///
    /// # Cancel safety
    ///
    /// As [`disconnect`](Self::disconnect).
    pub async fn drain(&self, deadline: Duration) -> Disconnected {
        let shared = self.shared();
        let epoch = shared.close();
        let unused = shared.lock().seats.links_before(epoch, false);
        drop(stop(&unused));
        let mut sleep = pin!(Sleep::after(shared.clock(), deadline));
        loop {
            let mut changed = pin!(shared.changed.listen());
            if shared.lock().seats.is_empty_before(epoch) {
                return Disconnected::Gracefully;
            }
            let is_up = poll_fn(|cx| match changed.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(false),
                Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| true),
            });
            if is_up.await {
                let left = shared.lock().seats.links_before(epoch, true);
                return end_all(stop(&left), Duration::ZERO).await;
            }
        }
    }
}

/// Asks these to end, without the lock of the pool; what is left of them.
fn stop(links: &[Arc<Shared>]) -> Vec<Ending> {
    links.iter().map(Shared::stop).collect()
}
