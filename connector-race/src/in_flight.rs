//! The attempts that have not ended.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::{Route, attempt::Attempt, settings::Settings};

/// Attempts under way, all in one task.
///
/// The first one lives in the future of the call, so that a call which ends with it allocates
/// nothing for it; the others are in boxes.
pub(crate) struct InFlight<'a, 't, F: Future, G> {
    settings: &'a Settings,
    first: Option<(Flight, Attempt<'a, 't, F>)>,
    more: Vec<(Flight, Pin<Box<G>>)>,
}

/// Which attempt it is, and since when it waits.
#[derive(Clone, Copy, Debug)]
struct Flight {
    route: Route,
    since: Option<Instant>,
}

impl<'a, 't, F, G, T> InFlight<'a, 't, F, G>
where
    F: Future<Output = io::Result<T>>,
    G: Future<Output = io::Result<T>>,
{
    /// The first attempt is in flight.
    pub(crate) fn new(first: Attempt<'a, 't, F>, settings: &'a Settings) -> Self {
        let flight = Flight { route: first.route(), since: None };
        Self { settings, first: Some((flight, first)), more: Vec::new() }
    }

    /// Begins an attempt, which is in flight if it is pending then.
    pub(crate) fn begin(
        &mut self,
        route: Route,
        attempt: G,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let mut attempt = Box::pin(attempt);
        let polled = attempt.as_mut().poll(cx);
        if polled.is_pending() {
            let since = Some(self.settings.now());
            self.more.push((Flight { route, since }, attempt));
        }
        polled
    }

    /// Where those go that are in flight besides `winner`, in the order in which they were begun.
    pub(crate) fn besides(&self, winner: Route) -> impl Iterator<Item = Route> + '_ {
        let first = self.first.iter().map(|(flight, _)| flight);
        let flights = first.chain(self.more.iter().map(|(flight, _)| flight));
        flights.map(|flight| flight.route).filter(move |route| *route != winner)
    }

    /// Polls all of them, hands out those that have failed, and returns the first that has won.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut failed: impl FnMut(Route, io::Error, Duration),
    ) -> Option<(Route, T)> {
        let settings = self.settings;
        if let Some((flight, first)) = &mut self.first {
            match first.poll(cx) {
                Poll::Pending => flight.waits(settings),
                Poll::Ready(Ok(connection)) => return Some((flight.route, connection)),
                Poll::Ready(Err(error)) => {
                    failed(flight.route, error, flight.waited(settings));
                    self.first = None;
                }
            }
        }
        let mut winner = None;
        self.more.retain_mut(|(flight, attempt)| {
            if winner.is_some() {
                return true;
            }
            match attempt.as_mut().poll(cx) {
                Poll::Pending => return true,
                Poll::Ready(Ok(connection)) => winner = Some((flight.route, connection)),
                Poll::Ready(Err(error)) => failed(flight.route, error, flight.waited(settings)),
            }
            false
        });
        winner
    }
}

impl Flight {
    fn waits(&mut self, settings: &Settings) {
        self.since.get_or_insert_with(|| settings.now());
    }

    fn waited(&self, settings: &Settings) -> Duration {
        self.since.map(|since| settings.since(since)).unwrap_or_default()
    }
}
