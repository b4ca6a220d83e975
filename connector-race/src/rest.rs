//! What a call becomes when its first attempt waits or has failed.

use std::{
    future::Future,
    io,
    task::{Context, Poll},
    time::Instant,
};

use socketry_connection::Connection;
use socketry_connector::Candidates;

use crate::{Route, attempt::Attempt, driver::Driver, failures::Failures, settings::Settings};

/// The rest of a call.
#[allow(clippy::large_enum_variant, reason = "a literal that waits allocates nothing")]
pub(crate) enum Rest<'a, 't, F: Future, G> {
    /// The first attempt is the only one: there is nothing to decide.
    Alone(Alone<'a, 't, F>),
    /// In a box, to keep the future of the many calls small that never come this far.
    Race(Box<Driver<'a, 't, F, G>>),
}

/// An attempt without another.
pub(crate) struct Alone<'a, 't, F: Future> {
    attempt: Attempt<'a, 't, F>,
    candidates: Candidates,
    settings: &'a Settings,
    /// Since when it waits, if that may have to be told.
    since: Option<Instant>,
}

impl<F, G, T> Rest<'_, '_, F, G>
where
    F: Future<Output = io::Result<T>>,
    G: Future<Output = io::Result<T>>,
    T: Connection,
{
    /// Ready with the connection, or with why there is none. `start` makes another attempt.
    pub(crate) fn poll(
        &mut self,
        start: impl FnMut(Route) -> G,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match self {
            Self::Alone(alone) => alone.poll(cx),
            Self::Race(driver) => driver.poll(start, cx),
        }
    }
}

impl<'a, 't, F, T> Alone<'a, 't, F>
where
    F: Future<Output = io::Result<T>>,
{
    pub(crate) fn new(
        attempt: Attempt<'a, 't, F>,
        candidates: Candidates,
        settings: &'a Settings,
    ) -> Self {
        // Only an error that names the host also tells the time.
        let tells_time = attempt.is_pending() && candidates.host().is_some();
        let since = tells_time.then(|| settings.now());
        Self { attempt, candidates, settings, since }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.attempt.poll(cx).map_err(|error| {
            let elapsed = self.since.map(|since| self.settings.since(since)).unwrap_or_default();
            let host = self.candidates.host().cloned();
            Failures::of_one(self.attempt.route(), error, elapsed).into_error(host)
        })
    }
}
