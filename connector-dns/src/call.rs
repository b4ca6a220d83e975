//! One call by name.

use std::{
    future::{Future, poll_fn},
    io,
    pin::pin,
    task::Poll,
};

use socketry_connector::{Candidates, Connect, EventKind, Feed, HostPort, Trace};
use socketry_resolver::{Answer, Resolve};

use crate::{
    error::{PartlyResolved, ResolveFailed},
    lookup::{Lookup, Lookups},
    options::Options,
    outcome::Outcomes,
};

/// A call that looks a name up, and what it does it with.
pub(crate) struct Call<'a, C, R> {
    pub(crate) inner: &'a C,
    pub(crate) resolver: &'a R,
    pub(crate) options: &'a Options,
    pub(crate) trace: Trace<'a>,
}

impl<C: Connect<Candidates>, R: Resolve> Call<'_, C, R> {
    /// Connects to a target whose host is a name.
    pub(crate) async fn connect(&self, target: HostPort) -> io::Result<C::Connection> {
        let (has_waited, outcomes) = {
            let name = target.host().name().unwrap_or_default(); // only a literal has none
            let (preferred, other) = self.options.families.by_preference();
            let first = pin!(Some(self.resolver.resolve(name, preferred)));
            let second = pin!(other.map(|other| self.resolver.resolve(name, other)));
            let mut lookups = Lookups::new(
                Lookup::new(name, preferred, first, self.trace),
                other.map(|other| Lookup::new(name, other, second, self.trace)),
            );
            let Options { resolution_delay, clock, .. } = self.options;
            let has_waited = lookups.until_enough(*resolution_delay, clock.as_ref()).await;
            if !lookups.is_settled() {
                return self.connect_while_looking_up(lookups, target.clone()).await;
            }
            (has_waited, lookups.into_outcomes())
        };
        let addresses = outcomes.addresses(target.port(), self.options);
        if addresses.is_empty() {
            if !has_waited {
                self.yield_now().await;
            }
            return Err(ResolveFailed::new(target, outcomes).into());
        }
        let candidates = Candidates::from(addresses).for_host(target);
        let result = self.inner.connect_traced(candidates, self.trace).await;
        result.map_err(|error| explain(error, outcomes))
    }

    /// Connects to what has been found, while a lookup is still under way.
    async fn connect_while_looking_up<F>(
        &self,
        mut lookups: Lookups<'_, F>,
        target: HostPort,
    ) -> io::Result<C::Connection>
    where
        F: Future<Output = io::Result<Answer>> + Send,
    {
        let port = target.port();
        let (feed, candidates) = Candidates::fed();
        self.push_settled(&mut lookups, &feed, port);
        let mut feed = Some(feed);
        let mut connecting =
            pin!(self.inner.connect_traced(candidates.for_host(target), self.trace));
        let result = poll_fn(|cx| {
            // The lookup first: what it finds can be dialled in the same poll.
            if let Some(open) = &feed {
                lookups.poll(cx);
                if lookups.is_settled() {
                    self.push_settled(&mut lookups, open, port);
                    feed = None; // nothing more will come
                }
            }
            connecting.as_mut().poll(cx)
        })
        .await;
        result.map_err(|error| explain(error, lookups.into_outcomes()))
    }

    /// Feeds the connector inside what was found since the last time.
    fn push_settled<F>(&self, lookups: &mut Lookups<'_, F>, feed: &Feed, port: u16)
    where
        F: Future<Output = io::Result<Answer>>,
    {
        for outcome in lookups.settled() {
            for address in outcome.take_addresses(port, self.options) {
                feed.push(address);
            }
            feed.settle(outcome.family());
        }
    }

    /// Lets other tasks go first: a loop of calls by a name that is known not to exist would starve
    /// them, since nothing in it ever waits.
    async fn yield_now(&self) {
        self.trace.tell(|| EventKind::Yielded);
        let mut has_yielded = false;
        poll_fn(|cx| {
            if has_yielded {
                return Poll::Ready(());
            }
            has_yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// Adds to the error of a connect why there were not more addresses to dial.
fn explain(error: io::Error, outcomes: Outcomes) -> io::Error {
    for outcome in outcomes {
        let family = outcome.family();
        if let Some(lookup_error) = outcome.into_failure() {
            return PartlyResolved::wrap(error, family, lookup_error);
        }
    }
    error
}
