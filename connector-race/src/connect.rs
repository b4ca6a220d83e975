//! A call of the connector: as short as one attempt, if that is all it takes.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    task::Poll,
};

use socketry_connection::Connection;
use socketry_connector::{AllAttemptsFailed, Attempts, Candidates, Connect, Trace};

use crate::{
    Race, RaceConnector, Route, Step,
    attempt::attempt,
    driver::{Driver, take_arrivals},
    failures::Failures,
};

/// # Errors
///
/// If every attempt has failed,
/// [`AllAttemptsFailed`](socketry_connector::AllAttemptsFailed) with the host, if there is one, and
/// each attempt; its kind is that of the most telling one. Without any candidate it holds no
/// attempt and is of kind [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable).
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

    async fn connect_traced(
        &self,
        mut candidates: Candidates,
        trace: Trace<'_>,
    ) -> io::Result<C::Connection> {
        let mut race = None;
        let first = match self.dials_what_comes_first() {
            true => poll_fn(|cx| candidates.poll_next(cx)).await.map(Route::to),
            false => {
                self.choose(race.insert(Race::new(&self.settings.rules)), &mut candidates).await
            }
        };
        let Some(first) = first else {
            return Err(self.nothing_to_dial(race, &candidates));
        };
        let mut place = pin!(self.attempt(first, trace));
        let failed = match poll_fn(|cx| Poll::Ready(place.as_mut().poll(cx))).await {
            Poll::Ready(Ok(connection)) => {
                self.settings.note(candidates.host(), first.remote());
                return Ok(connection);
            }
            Poll::Ready(Err(error)) => Some(error),
            Poll::Pending => None,
        };
        let race = match race {
            Some(race) => race,
            None => match poll_fn(|cx| Poll::Ready(candidates.poll_next(cx))).await {
                Poll::Ready(None) => return self.alone(first, failed, place, &candidates).await,
                second => self.catch_up(first, second),
            },
        };
        let attempt = |route| self.attempt(route, trace);
        let mut driver = Driver::new(race, &mut candidates, &self.settings, trace, place, attempt);
        driver.begin_with(first, failed);
        let winner = poll_fn(|cx| driver.poll(cx)).await;
        let failures = driver.into_failures();
        let Some((route, mut connection)) = winner else {
            return Err(failures.into_error(candidates.host().cloned()));
        };
        self.settings.note(candidates.host(), route.remote());
        if let Some(attempts) = failures.into_attribute() {
            connection.attributes_mut().insert(attempts);
        }
        Ok(connection)
    }
}

impl<C: Connect<SocketAddr>> RaceConnector<C> {
    /// Whether the first address to come is the first to be dialled, without a choice.
    #[inline]
    fn dials_what_comes_first(&self) -> bool {
        self.bind.is_none() && self.settings.memory.is_none()
    }

    /// Lets the rules choose among what has arrived by the time that there is something to dial;
    /// `None` if nothing ever is.
    async fn choose(&self, race: &mut Race, candidates: &mut Candidates) -> Option<Route> {
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

    /// The race of which the first attempt was begun without asking, and then something has come
    /// or not.
    fn catch_up(&self, first: Route, then: Poll<Option<SocketAddr>>) -> Race {
        let mut race = Race::new(&self.settings.rules);
        race.push(first.remote());
        let _begun = race.next(|| self.settings.now());
        match then {
            Poll::Ready(Some(second)) => race.push(second),
            Poll::Ready(None) => race.settle(),
            Poll::Pending => {}
        }
        race
    }

    /// One attempt, from the local address of the route if it has one.
    #[inline]
    async fn attempt(&self, route: Route, trace: Trace<'_>) -> io::Result<C::Connection> {
        let bound = match (&self.bind, route.local()) {
            (Some(bind), Some(local)) => Some(Box::new(bind(&self.inner, local))),
            _ => None,
        };
        let inner = bound.as_deref().unwrap_or(&self.inner);
        attempt(inner, route, &self.settings, trace).await
    }

    /// The end of a call with a single address: there is nothing to decide.
    async fn alone(
        &self,
        route: Route,
        failed: Option<io::Error>,
        attempt: Pin<&mut impl Future<Output = io::Result<C::Connection>>>,
        candidates: &Candidates,
    ) -> io::Result<C::Connection> {
        // Only an error that names the host tells the time.
        let tells_time = failed.is_none() && candidates.host().is_some();
        let since = tells_time.then(|| self.settings.now());
        let error = match failed {
            Some(error) => error,
            None => match attempt.await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            },
        };
        let elapsed = since.map(|since| self.settings.since(since)).unwrap_or_default();
        let mut failures = Failures::default();
        failures.push(route, error, elapsed);
        Err(failures.into_error(candidates.host().cloned()))
    }

    /// The error of a call in which there was nothing to dial.
    #[cold]
    fn nothing_to_dial(&self, race: Option<Race>, candidates: &Candidates) -> io::Error {
        let mut remotes: Vec<SocketAddr> = race.iter().flat_map(Race::known).collect();
        if remotes.is_empty() {
            return AllAttemptsFailed::new(candidates.host().cloned(), Attempts::new()).into();
        }
        remotes.sort_unstable();
        let to = candidates.host().map(|host| format!(" to tcp://{host}")).unwrap_or_default();
        let text = format!(
            "connection{to} refused: no local address ({}) is of the family of any address to connect to ({}); add one of that family",
            list(&self.settings.rules.locals),
            list(&remotes),
        );
        io::Error::new(io::ErrorKind::InvalidInput, text)
    }
}

fn list(addresses: &[SocketAddr]) -> String {
    Vec::from_iter(addresses.iter().map(SocketAddr::to_string)).join(", ")
}
