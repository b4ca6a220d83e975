//! One attempt of a race.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use socketry_connection::{Address, Sleep};
use socketry_connector::{Attempt as Failed, Connect, ConnectFailed, Phase, Trace};

use crate::{Route, settings::Settings, telling::Telling};

/// Connects `inner` to where the route goes.
pub(crate) async fn attempt<C: Connect<SocketAddr>>(
    inner: &C,
    route: Route,
    settings: &Settings,
    trace: Trace<'_>,
) -> io::Result<C::Connection> {
    let telling = Telling::new(&route, trace);
    let mut place = pin!(Some(inner.connect_traced(route.remote(), telling.trace(settings))));
    let mut attempt = Attempt::new(place.as_mut(), &telling, settings);
    poll_fn(|cx| attempt.poll(cx)).await
}

/// An attempt that is told, and has its time.
pub(crate) struct Attempt<'a, 't, F: Future> {
    /// Where the call of the connector inside lives.
    place: Pin<&'a mut Option<F>>,
    /// Why that call has failed, or that it waits, if it was polled already.
    polled: Option<Poll<io::Error>>,
    telling: &'a Telling<'t>,
    settings: &'a Settings,
    patience: Option<Sleep>,
    /// Since when it waits in silence.
    silent_since: Option<Instant>,
}

impl<'a, 't, F, T> Attempt<'a, 't, F>
where
    F: Future<Output = io::Result<T>>,
{
    /// An attempt of which the call inside is in `place`.
    pub(crate) fn new(
        place: Pin<&'a mut Option<F>>,
        telling: &'a Telling<'t>,
        settings: &'a Settings,
    ) -> Self {
        Self { place, polled: None, telling, settings, patience: None, silent_since: None }
    }

    /// The call inside was polled already, and this came of it.
    pub(crate) fn polled(mut self, polled: Poll<io::Error>) -> Self {
        self.polled = Some(polled);
        self
    }

    /// Where it goes.
    pub(crate) fn route(&self) -> Route {
        self.telling.route()
    }

    /// Whether it had to wait when it was polled.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.polled, None | Some(Poll::Pending))
    }

    /// Ready when the call inside is, or when its time is up; it is dropped then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let polled = match (self.polled.take(), self.place.as_mut().as_pin_mut()) {
            (Some(polled), _) => polled.map(Err),
            (None, Some(inner)) => inner.poll(cx),
            (None, None) => Poll::Pending,
        };
        let Poll::Ready(result) = polled else {
            ready!(self.poll_patience(cx));
            self.place.set(None);
            return Poll::Ready(Err(self.timed_out()));
        };
        self.place.set(None);
        match &result {
            Ok(_) => self.telling.won(),
            Err(error) => {
                let elapsed = self.silent_since.map(|since| self.settings.since(since));
                self.telling.failed(error, elapsed.unwrap_or_default());
            }
        }
        Poll::Ready(result)
    }

    /// Ready when the time of an attempt that waits is up.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.telling.take_yielded() {
            return Poll::Pending; // it waits for nothing
        }
        if self.telling.waits() {
            self.silent_since = Some(self.settings.now());
        }
        let Some(after) = self.settings.attempt_timeout else {
            return Poll::Pending;
        };
        let clock = self.settings.clock.as_ref();
        let patience = self.patience.get_or_insert_with(|| Sleep::after(clock, after));
        Pin::new(patience).poll(cx)
    }

    /// The error of an attempt whose own time was up.
    #[cold]
    fn timed_out(&self) -> io::Error {
        let (route, after) = (self.route(), self.settings.attempt_timeout.unwrap_or(Duration::MAX));
        let error = io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {after:?}"));
        let failed = Failed::new(route.remote().into(), Phase::Connect, error, after)
            .from_local(route.local().map(Address::Tcp));
        self.telling.given_up(&failed);
        ConnectFailed::from(failed).into()
    }
}
