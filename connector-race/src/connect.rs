//! The connector connects.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    task::Poll,
};

use socketry_connector::{AllAttemptsFailed, Attempts, Candidates, Connect, Trace};

use crate::{
    Race, RaceConnector, Route, Step,
    attempt::{Attempt, attempt},
    driver::{Driver, take_arrivals},
    in_flight::InFlight,
    rest::{Alone, Rest},
    telling::Telling,
};

/// # Errors
///
/// If every attempt has failed, [`AllAttemptsFailed`] with the host, if there is one, and each
/// attempt; its kind is that of the most telling one. Without any candidate it holds no attempt and
/// is of kind [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable).
///
/// The error of the connector inside is handed on unchanged if it is that of the only address and
/// there is no host (a literal), or if every attempt was refused as
/// [`InvalidInput`](io::ErrorKind::InvalidInput); then it is the first of these. One address that
/// is refused as such does not hide others that can be reached.
///
/// If there are [local addresses](RaceConnector::local_addresses) and none is of the family of any
/// candidate, `InvalidInput`, which names both.
///
/// # Cancel safety
///
/// A dropped call drops every attempt and its timer at once, and leaves nothing behind.
impl<C: Connect<SocketAddr>> Connect<Candidates> for RaceConnector<C> {
    type Connection = C::Connection;

    #[allow(clippy::manual_async_fn, reason = "a block does not move the candidates once more")]
    fn connect_traced(
        &self,
        mut candidates: Candidates,
        trace: Trace<'_>,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        async move {
            let mut race = None;
            let first = if self.settings.has_choice() {
                match self.choose(&mut race, &mut candidates).await {
                    Some(first) => first,
                    None => return Err(self.nothing_to_dial(race, &candidates)),
                }
            } else {
                match poll_fn(|cx| candidates.poll_next(cx)).await {
                    Some(remote) => Route::to(remote),
                    None => return Err(self.nothing_to_dial(race, &candidates)),
                }
            };
            let bound = self.bound(first);
            let inner = bound.as_deref().unwrap_or(&self.inner);
            let telling = Telling::new(&first, trace);
            let trace_inside = telling.trace(&self.settings);
            let mut place = pin!(Some(inner.connect_traced(first.remote(), trace_inside)));
            let polled = poll_fn(|cx| {
                let inner = place.as_mut().as_pin_mut();
                Poll::Ready(match inner.map_or(Poll::Pending, |inner| inner.poll(cx)) {
                    Poll::Ready(Ok(connection)) => Ok(connection),
                    Poll::Ready(Err(error)) => Err(Poll::Ready(error)),
                    Poll::Pending => Err(Poll::Pending),
                })
            });
            let polled = match polled.await {
                Err(polled) => polled,
                Ok(connection) => {
                    telling.won();
                    self.settings.note(candidates.host(), first.remote());
                    return Ok(connection);
                }
            };
            let attempt = Attempt::new(place, &telling, &self.settings).polled(polled);
            let arrived = match race {
                Some(_) => Poll::Pending,
                None => poll_fn(|cx| Poll::Ready(candidates.poll_next(cx))).await,
            };
            let mut rest = self.rest(race, candidates, attempt, arrived, trace);
            poll_fn(|cx| rest.poll(|route| self.attempt(route, trace), cx)).await
        }
    }
}

impl<C: Connect<SocketAddr>> RaceConnector<C> {
    /// Lets the rules choose among what has arrived by the time that there is something to dial;
    /// `None` if nothing ever is.
    async fn choose(
        &self,
        race: &mut Option<Box<Race>>,
        candidates: &mut Candidates,
    ) -> Option<Route> {
        let race = race.insert(Box::new(Race::new(&self.settings.rules)));
        poll_fn(|cx| {
            take_arrivals(race, candidates, cx);
            if let Some(remote) = self.settings.recall(candidates.host()) {
                race.prefer(remote);
            }
            match race.next(|| self.settings.now()) {
                Step::Dial(route) => Poll::Ready(Some(route)),
                Step::Wait(_) => Poll::Pending,
                Step::Lost => Poll::Ready(None),
            }
        })
        .await
    }

    /// The connector for the local address of a route, if it has one.
    #[inline]
    fn bound(&self, route: Route) -> Option<Box<C>> {
        let (bind, local) = (self.bind.as_ref()?, route.local()?);
        Some(Box::new(bind(&self.inner, local)))
    }

    /// An attempt that is not the first one.
    async fn attempt(&self, route: Route, trace: Trace<'_>) -> io::Result<C::Connection> {
        let bound = self.bound(route);
        let inner = bound.as_deref().unwrap_or(&self.inner);
        attempt(inner, route, &self.settings, trace).await
    }

    /// What there is to do when the first attempt was polled, and waits or has failed; since then
    /// something has `arrived` or not.
    #[cold]
    fn rest<'a, 't, F, G>(
        &'a self,
        race: Option<Box<Race>>,
        candidates: Candidates,
        first: Attempt<'a, 't, F>,
        arrived: Poll<Option<SocketAddr>>,
        trace: Trace<'t>,
    ) -> Rest<'a, 't, F, G>
    where
        F: Future<Output = io::Result<C::Connection>>,
        G: Future<Output = io::Result<C::Connection>>,
    {
        let race = match race {
            Some(race) => *race,
            None if arrived == Poll::Ready(None) => {
                return Rest::Alone(Alone::new(first, candidates, &self.settings));
            }
            None => self.catch_up(first.route(), arrived),
        };
        let in_flight = InFlight::new(first, &self.settings);
        let driver = Driver::new(race, candidates, &self.settings, trace, in_flight);
        Rest::Race(Box::new(driver))
    }

    /// The race of which the first attempt was begun without asking, when something has arrived
    /// since or not.
    fn catch_up(&self, first: Route, arrived: Poll<Option<SocketAddr>>) -> Race {
        let mut race = Race::new(&self.settings.rules);
        race.push(first.remote());
        let _begun = race.next(|| self.settings.now());
        if let Poll::Ready(Some(second)) = arrived {
            race.push(second);
        }
        race
    }

    /// The error of a call in which there was nothing to dial.
    #[cold]
    fn nothing_to_dial(&self, race: Option<Box<Race>>, candidates: &Candidates) -> io::Error {
        let mut remotes: Vec<SocketAddr> = race.iter().flat_map(|race| race.known()).collect();
        if remotes.is_empty() {
            return AllAttemptsFailed::new(candidates.host().cloned(), Attempts::new()).into();
        }
        remotes.sort_unstable();
        let (locals, remotes) = (list(&self.settings.rules.locals), list(&remotes));
        let to = candidates.host().map_or(remotes.clone(), |host| format!("tcp://{host}"));
        let text = format!(
            "connection to {to} refused: no local address ({locals}) is of the family of any address to connect to ({remotes}); add one of that family"
        );
        io::Error::new(io::ErrorKind::InvalidInput, text)
    }
}

/// The first addresses, and how many more there are.
fn list(addresses: &[SocketAddr]) -> String {
    const MOST: usize = 8;
    let mut shown = Vec::from_iter(addresses.iter().take(MOST).map(SocketAddr::to_string));
    if let more @ 1.. = addresses.len().saturating_sub(MOST) {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}
