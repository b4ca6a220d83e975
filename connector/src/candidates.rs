//! The addresses of a host, while they are still arriving.

use std::{
    collections::VecDeque,
    fmt,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    vec,
};

use futures_core::Stream;
use socketry_connection::Family;

use crate::HostPort;

/// The addresses that a host may be reached at: one, a list, or fed while others are being dialled.
///
/// A receiver. Who races addresses takes from it what has come so far and starts dialling; who
/// looks names up feeds it through a [`Feed`], one family before the other, without either knowing
/// the other's type. It also tells which families are still being looked up, because RFC 8305
/// waits a moment for IPv6 when IPv4 has answered first.
///
/// One address and a list need no lock; one address allocates nothing.
///
/// # Examples
///
/// ```
/// use futures_lite::{StreamExt, future::block_on};
/// use socketry_connection::Family;
/// use socketry_connector::Candidates;
///
/// let (feed, mut candidates) = Candidates::fed();
/// feed.push("[::1]:80".parse().unwrap());
/// feed.settle(Family::V6);
/// assert!(candidates.is_settled(Family::V6) && !candidates.is_settled(Family::V4));
///
/// block_on(async {
///     assert_eq!(candidates.next().await, Some("[::1]:80".parse().unwrap()));
///     drop(feed); // nothing more will come
///     assert_eq!(candidates.next().await, None);
/// });
/// ```
pub struct Candidates {
    host: Option<HostPort>,
    source: Source,
}

enum Source {
    One(Option<SocketAddr>),
    List(vec::IntoIter<SocketAddr>),
    Fed(Arc<Shared>),
}

impl Candidates {
    /// Addresses that arrive through the [`Feed`], in the order in which they are pushed.
    pub fn fed() -> (Feed, Self) {
        let shared = Arc::new(Shared::default());
        let candidates = Self { host: None, source: Source::Fed(shared.clone()) };
        (Feed { shared }, candidates)
    }

    /// Notes the host that these addresses belong to, for messages.
    pub fn for_host(mut self, host: HostPort) -> Self {
        self.host = Some(host);
        self
    }

    /// The host that these addresses belong to, if somebody said so.
    pub fn host(&self) -> Option<&HostPort> {
        self.host.as_ref()
    }

    /// Takes the next address that has arrived.
    ///
    /// - `Ready(Some(address))`: dial this one.
    /// - `Ready(None)`: nothing is left and nothing more will come.
    /// - `Pending`: more may come. The task is woken by the next address, by the end of a family's
    ///   lookup, and by the end of all.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<SocketAddr>> {
        match &mut self.source {
            Source::One(address) => Poll::Ready(address.take()),
            Source::List(addresses) => Poll::Ready(addresses.next()),
            Source::Fed(shared) => shared.poll_next(cx),
        }
    }

    /// Whether all addresses of this family have arrived, be they taken already or not.
    pub fn is_settled(&self, family: Family) -> bool {
        match &self.source {
            Source::One(_) | Source::List(_) => true,
            Source::Fed(shared) => *shared.lock().settled(family),
        }
    }
}

impl Stream for Candidates {
    type Item = SocketAddr;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SocketAddr>> {
        Self::poll_next(self.get_mut(), cx)
    }
}

impl From<SocketAddr> for Candidates {
    fn from(address: SocketAddr) -> Self {
        Self { host: None, source: Source::One(Some(address)) }
    }
}

impl From<Vec<SocketAddr>> for Candidates {
    fn from(addresses: Vec<SocketAddr>) -> Self {
        Self { host: None, source: Source::List(addresses.into_iter()) }
    }
}

impl FromIterator<SocketAddr> for Candidates {
    fn from_iter<I: IntoIterator<Item = SocketAddr>>(addresses: I) -> Self {
        Vec::from_iter(addresses).into()
    }
}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidates").field("host", &self.host).finish_non_exhaustive()
    }
}

/// The other half of fed [`Candidates`]: where whoever looks names up puts the answers.
///
/// Dropping it ends the lookup of both families.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<Shared>,
}

impl Feed {
    /// Adds an address behind those that were pushed before. One that comes after the receiver was
    /// told that nothing more will come is ignored.
    pub fn push(&self, address: SocketAddr) {
        self.change(|state| {
            if !state.ended {
                state.addresses.push_back(address);
            }
        });
    }

    /// Says that no more addresses of this family will come, after an answer or a failed lookup.
    pub fn settle(&self, family: Family) {
        self.change(|state| *state.settled(family) = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.shared.lock();
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.change(|state| (state.v4_settled, state.v6_settled, state.ended) = (true, true, true));
    }
}

#[derive(Debug, Default)]
struct Shared(Mutex<State>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here can panic half way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<SocketAddr>> {
        let mut state = self.lock();
        if let Some(next) = state.next() {
            return Poll::Ready(next);
        }
        let is_there = state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        let replaced = if is_there { None } else { state.waker.replace(cx.waker().clone()) };
        drop(state);
        drop(replaced); // after the lock: it may be the last of a task that holds the feed
        Poll::Pending
    }
}

#[derive(Debug, Default)]
struct State {
    addresses: VecDeque<SocketAddr>,
    v4_settled: bool,
    v6_settled: bool,
    ended: bool,
    waker: Option<Waker>,
}

impl State {
    /// The next address, or the end; `None` if neither is known.
    fn next(&mut self) -> Option<Option<SocketAddr>> {
        if let Some(address) = self.addresses.pop_front() {
            return Some(Some(address));
        }
        self.ended |= self.v4_settled && self.v6_settled;
        self.ended.then_some(None)
    }

    fn settled(&mut self, family: Family) -> &mut bool {
        match family {
            Family::V4 => &mut self.v4_settled,
            Family::V6 => &mut self.v6_settled,
        }
    }
}
