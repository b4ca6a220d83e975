//! A query that waits for the test.

use std::{fmt, future::poll_fn, net::IpAddr, sync::Arc, task::Poll};

use super::{
    reply::DnsReply,
    script::{Key, Shared},
};

/// The queries for one name and family, which wait until the test answers them; see
/// [`DnsServer::hold`](crate::DnsServer::hold).
///
/// Dropped without an answer the nameserver fails (SERVFAIL), so that no test waits for ever.
pub struct HeldQuery {
    shared: Arc<Shared>,
    key: Key,
}

impl HeldQuery {
    pub(super) fn new(shared: Arc<Shared>, key: Key) -> Self {
        shared.lock().hold(&key);
        Self { shared, key }
    }

    /// Waits until the query has come.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called again.
    pub async fn asked(&self) {
        self.asked_times(1).await;
    }

    /// Waits until at least `count` such queries have come, repetitions of one lookup included.
    ///
    /// # Cancel safety
    ///
    /// May be dropped and called again.
    pub async fn asked_times(&self, count: usize) {
        poll_fn(|cx| {
            let mut script = self.shared.lock();
            if script.held(&self.key) >= count {
                return Poll::Ready(());
            }
            script.wait(cx);
            Poll::Pending
        })
        .await;
    }

    /// How many such queries have come so far.
    pub fn count(&self) -> usize {
        self.shared.lock().held(&self.key)
    }

    /// Answers these queries, and every further one, with the addresses.
    pub fn answer(self, ips: impl IntoIterator<Item = IpAddr>) {
        self.reply(DnsReply::addresses(ips));
    }

    /// Answers these queries, and every further one.
    pub fn reply(self, reply: DnsReply) {
        self.release(&reply);
    }

    fn release(&self, reply: &DnsReply) {
        self.shared.lock().release(&self.key, reply);
        self.shared.bell().ring();
    }
}

impl Drop for HeldQuery {
    fn drop(&mut self) {
        if self.shared.lock().is_held(&self.key) {
            self.release(&DnsReply::server_failure());
        }
    }
}

impl fmt::Debug for HeldQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, family) = &self.key;
        f.debug_struct("HeldQuery").field("name", name).field("family", family).finish()
    }
}
