//! Following the decisions of a race, once it has become one.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use socketry_connection::Sleep;
use socketry_connector::{Candidates, EventKind, Trace};

use crate::{
    Race, Route, Step,
    failures::Failures,
    in_flight::{Flight, InFlight},
    settings::Settings,
};

/// After so many attempts in a row that failed at once others have a turn.
const WITHOUT_WAITING: usize = 32;

/// A race under way: does what [`Race`] says, and tells it what happens.
pub(crate) struct Driver<'a, 'p, F, S> {
    race: Race,
    candidates: &'a mut Candidates,
    settings: &'a Settings,
    trace: Trace<'a>,
    in_flight: InFlight<'p, F>,
    /// Makes an attempt.
    start: S,
    failures: Failures,
    timer: Option<(Instant, Sleep)>,
}

impl<'a, 'p, F, S, T> Driver<'a, 'p, F, S>
where
    F: Future<Output = io::Result<T>>,
    S: FnMut(Route) -> F,
{
    /// Goes on with a race in which nothing is in flight and attempts may live in `place`.
    pub(crate) fn new(
        race: Race,
        candidates: &'a mut Candidates,
        settings: &'a Settings,
        trace: Trace<'a>,
        place: Pin<&'p mut F>,
        start: S,
    ) -> Self {
        let in_flight = InFlight::in_place_of(place);
        let failures = Failures::default();
        Self { race, candidates, settings, trace, in_flight, start, failures, timer: None }
    }

    /// Takes over the first attempt, which was begun in its place and has failed or waits.
    pub(crate) fn begin_with(&mut self, route: Route, failed: Option<io::Error>) {
        match failed {
            Some(error) => self.note_failure(route, error, Duration::ZERO),
            None => self.in_flight.keep(Flight { route, since: self.settings.now() }),
        }
    }

    /// The attempts that have failed.
    pub(crate) fn into_failures(self) -> Failures {
        self.failures
    }

    /// Ready with the winner, or without one when the race is lost.
    #[cold]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Route, T)>> {
        if let Some(winner) = self.poll_attempts(cx) {
            return Poll::Ready(Some(winner));
        }
        take_arrivals(&mut self.race, self.candidates, cx);
        let mut reached = None;
        for _ in 0..WITHOUT_WAITING {
            match self.race.next(|| reached.take().unwrap_or_else(|| self.settings.now())) {
                Step::Dial(route) => {
                    if let Some(connection) = self.dial(route, cx) {
                        return Poll::Ready(Some((route, connection)));
                    }
                }
                Step::Wait(until) => match self.poll_timer(until, cx) {
                    Poll::Ready(at) => reached = Some(at),
                    Poll::Pending => return Poll::Pending,
                },
                Step::Lost => return Poll::Ready(None),
            }
        }
        self.trace.tell(|| EventKind::Yielded);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_attempts(&mut self, cx: &mut Context<'_>) -> Option<(Route, T)> {
        let mut failed = Vec::new();
        let winner = self.in_flight.poll(cx, |flight, error| failed.push((flight, error)));
        for (flight, error) in failed {
            let elapsed = self.settings.since(flight.since);
            self.note_failure(flight.route, error, elapsed);
        }
        winner
    }

    fn dial(&mut self, route: Route, cx: &mut Context<'_>) -> Option<T> {
        self.timer = None;
        let attempt = (self.start)(route);
        match self.in_flight.begin(route, attempt, || self.settings.now(), cx) {
            Poll::Ready(Ok(connection)) => return Some(connection),
            Poll::Ready(Err(error)) => self.note_failure(route, error, Duration::ZERO),
            Poll::Pending => {}
        }
        None
    }

    fn note_failure(&mut self, route: Route, error: io::Error, elapsed: Duration) {
        self.race.failed();
        self.settings.forget(self.candidates.host(), route.remote());
        self.failures.push(route, error, elapsed);
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
}

/// Hands the race what has arrived.
pub(crate) fn take_arrivals(race: &mut Race, candidates: &mut Candidates, cx: &mut Context<'_>) {
    while let Poll::Ready(arrived) = candidates.poll_next(cx) {
        let Some(remote) = arrived else {
            return race.settle();
        };
        race.push(remote);
    }
}
