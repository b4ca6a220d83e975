//! Following the decisions of a race, once it has become one.

use std::{
    future::Future,
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use socketry_connection::{Connection, Sleep};
use socketry_connector::{Candidates, EventKind, Trace};

use crate::{Race, Route, Step, failures::Failures, in_flight::InFlight, settings::Settings};

/// After so many attempts in a row that failed at once others have a turn.
const WITHOUT_WAITING: usize = 32;

/// A race under way: does what [`Race`] says, and tells it what happens.
pub(crate) struct Driver<'a, 't, F: Future, G> {
    race: Race,
    candidates: Candidates,
    settings: &'a Settings,
    trace: Trace<'t>,
    in_flight: InFlight<'a, 't, F, G>,
    failures: Failures,
    timer: Option<(Instant, Sleep)>,
}

impl<'a, 't, F, G, T> Driver<'a, 't, F, G>
where
    F: Future<Output = io::Result<T>>,
    G: Future<Output = io::Result<T>>,
    T: Connection,
{
    /// Goes on with a race that has dialled the first attempt, and nothing else.
    pub(crate) fn new(
        race: Race,
        candidates: Candidates,
        settings: &'a Settings,
        trace: Trace<'t>,
        in_flight: InFlight<'a, 't, F, G>,
    ) -> Self {
        let failures = Failures::default();
        Self { race, candidates, settings, trace, in_flight, failures, timer: None }
    }

    /// Ready with the winner, or with why there is none. `start` makes an attempt.
    pub(crate) fn poll(
        &mut self,
        mut start: impl FnMut(Route) -> G,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if let Some((route, connection)) = self.poll_attempts(cx) {
            return Poll::Ready(Ok(self.win(route, connection)));
        }
        take_arrivals(&mut self.race, &mut self.candidates, cx);
        let mut reached = None;
        for _ in 0..WITHOUT_WAITING {
            match self.race.next(|| reached.take().unwrap_or_else(|| self.settings.now())) {
                Step::Dial(route) => {
                    if let Some(connection) = self.dial(route, start(route), cx) {
                        return Poll::Ready(Ok(self.win(route, connection)));
                    }
                }
                Step::Wait(until) => reached = Some(ready!(self.poll_timer(until, cx))),
                Step::Lost => return Poll::Ready(Err(self.lose())),
            }
        }
        self.trace.tell(|| EventKind::Yielded);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Option<(Route, T)> {
        let host = self.candidates.host();
        self.in_flight.poll(cx, |route, error, elapsed| {
            self.race.failed();
            self.settings.forget(host, route.remote());
            self.failures.push(route, error, elapsed);
        })
    }

    fn dial(&mut self, route: Route, attempt: G, cx: &mut Context<'_>) -> Option<T> {
        match self.in_flight.begin(route, attempt, cx) {
            Poll::Ready(Ok(connection)) => return Some(connection),
            Poll::Ready(Err(error)) => {
                self.race.failed();
                self.settings.forget(self.candidates.host(), route.remote());
                self.failures.push(route, error, Duration::ZERO);
            }
            Poll::Pending => {}
        }
        None
    }

    /// Ready with the time that was to be waited for; without one there is no timer.
    ///
    /// That time counts, and not what the clock says then: it may be a little behind its timers.
    fn poll_timer(&mut self, until: Option<Instant>, cx: &mut Context<'_>) -> Poll<Instant> {
        let Some(until) = until else {
            self.timer = None;
            return Poll::Pending;
        };
        let (_, sleep) = match &mut self.timer {
            Some(timer) if timer.0 == until => timer,
            timer => timer.insert((until, Sleep::until(self.settings.clock.as_ref(), until))),
        };
        ready!(Pin::new(sleep).poll(cx));
        self.timer = None;
        Poll::Ready(until)
    }

    /// The connection, with what was tried besides.
    fn win(&mut self, route: Route, mut connection: T) -> T {
        self.settings.note(self.candidates.host(), route.remote());
        let unanswered = self.in_flight.besides(route);
        if let Some(attempts) = mem::take(&mut self.failures).into_attribute(unanswered) {
            connection.attributes_mut().insert(attempts);
        }
        connection
    }

    /// Why there is no connection.
    fn lose(&mut self) -> io::Error {
        mem::take(&mut self.failures).into_error(self.candidates.host().cloned())
    }
}

/// Hands the race what has arrived.
pub(crate) fn take_arrivals(race: &mut Race, candidates: &mut Candidates, cx: &mut Context<'_>) {
    while let Poll::Ready(arrived) = candidates.poll_next(cx) {
        match arrived {
            Some(remote) => race.push(remote),
            None => return race.settle(),
        }
    }
}
