//! The attempts that have not ended.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use crate::Route;

/// Attempts under way, all in one task.
///
/// The first one lives in the future of the call, so that a race of one allocates nothing. When it
/// has ended its place is used again, so a race of one after the other allocates nothing either.
pub(crate) struct InFlight<'p, F> {
    place: Pin<&'p mut F>,
    /// Which attempt has the place, if one does.
    in_place: Option<Flight>,
    more: Vec<(Flight, Pin<Box<F>>)>,
}

/// Which attempt it is, and since when it waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub(crate) route: Route,
    pub(crate) since: Instant,
}

impl<'p, F, T> InFlight<'p, F>
where
    F: Future<Output = io::Result<T>>,
{
    /// Nothing in flight; the first attempt will live in `place`, where one has ended.
    pub(crate) fn in_place_of(place: Pin<&'p mut F>) -> Self {
        Self { place, in_place: None, more: Vec::new() }
    }

    /// Adds the attempt that has begun in its place.
    pub(crate) fn keep(&mut self, flight: Flight) {
        self.in_place = Some(flight);
    }

    /// Begins an attempt; it is in flight if it is pending then, since `now`.
    pub(crate) fn begin(
        &mut self,
        route: Route,
        attempt: F,
        now: impl FnOnce() -> Instant,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if self.in_place.is_none() {
            self.place.set(attempt);
            let polled = self.place.as_mut().poll(cx);
            self.in_place = polled.is_pending().then(|| Flight { route, since: now() });
            return polled;
        }
        let mut attempt = Box::pin(attempt);
        let polled = attempt.as_mut().poll(cx);
        if polled.is_pending() {
            self.more.push((Flight { route, since: now() }, attempt));
        }
        polled
    }

    /// Polls all of them, hands out those that have failed, and returns the first that has won.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut failed: impl FnMut(Flight, io::Error),
    ) -> Option<(Route, T)> {
        let mut winner = None;
        let mut is_pending = |flight: Flight, attempt: Pin<&mut F>| {
            if winner.is_some() {
                return true;
            }
            match attempt.poll(cx) {
                Poll::Pending => return true,
                Poll::Ready(Ok(connection)) => winner = Some((flight.route, connection)),
                Poll::Ready(Err(error)) => failed(flight, error),
            }
            false
        };
        self.in_place = self.in_place.filter(|flight| is_pending(*flight, self.place.as_mut()));
        self.more.retain_mut(|(flight, attempt)| is_pending(*flight, attempt.as_mut()));
        winner
    }
}
