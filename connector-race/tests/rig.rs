//! A race over a scripted connector, on a clock that is moved by hand.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use socketry_connection::BoxConnection;
use socketry_connector::{Candidates, Connect, Feed, Trace};
use socketry_connector_race::RaceConnector;
use socketry_testing::{
    Call, ConnectorHandle, ManualClock, MemoryConnection, ScriptedConnector, pair,
    scripted_connector,
};

/// The attempt delay of RFC 8305.
pub(crate) const DELAY: Duration = Duration::from_millis(250);
pub(crate) const MS: Duration = Duration::from_millis(1);

pub(crate) type Connector = RaceConnector<ScriptedConnector<SocketAddr>>;

pub(crate) struct Rig {
    pub(crate) connector: Connector,
    pub(crate) handle: ConnectorHandle<SocketAddr>,
    pub(crate) clock: ManualClock,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(|connector| connector)
    }

    /// With these settings.
    pub(crate) fn with(settings: impl FnOnce(Connector) -> Connector) -> Self {
        let (inner, handle) = scripted_connector();
        let clock = ManualClock::new();
        let connector = RaceConnector::new(inner).with_clock(Arc::new(clock.clone()));
        Self { connector: settings(connector), handle, clock }
    }

    /// A call that was polled once.
    pub(crate) fn race(&self, candidates: Candidates) -> Racing<'_> {
        self.race_traced(candidates, Trace::off())
    }

    pub(crate) fn race_traced<'a>(
        &'a self,
        candidates: Candidates,
        trace: Trace<'a>,
    ) -> Racing<'a> {
        let future = Box::pin(self.connector.connect_traced(candidates, trace));
        let mut racing = Racing { rig: self, future: Some(future), result: None };
        racing.poll();
        racing
    }

    /// The calls that the connector inside has received since this was last asked.
    pub(crate) fn calls(&self) -> Vec<Call<SocketAddr>> {
        std::iter::from_fn(|| self.handle.try_next_call()).collect()
    }

    /// The one call that it has received.
    pub(crate) fn call(&self) -> Call<SocketAddr> {
        let mut calls = self.calls();
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls.remove(0)
    }

    /// Nothing that a call has begun is left.
    pub(crate) fn assert_nothing_left(&self) {
        assert_eq!((self.handle.pending(), self.clock.sleeping()), (0, 0));
    }
}

/// A call under way. It is polled for a task that is never woken.
pub(crate) struct Racing<'a> {
    rig: &'a Rig,
    future: Option<Pin<Box<dyn Future<Output = io::Result<BoxConnection>> + Send + 'a>>>,
    result: Option<io::Result<BoxConnection>>,
}

impl Racing<'_> {
    pub(crate) fn poll(&mut self) {
        let Some(future) = &mut self.future else { return };
        if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            self.result = Some(result);
        }
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.result.is_none()
    }

    /// Lets time pass, and polls.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.rig.clock.advance(time);
        self.poll();
    }

    /// Lets an attempt fail, and polls.
    pub(crate) fn refuse(&mut self, call: Call<SocketAddr>) {
        call.fail(refused());
        self.poll();
    }

    /// Lets an attempt succeed, and polls; returns the peer of the connection.
    pub(crate) fn accept(&mut self, call: Call<SocketAddr>) -> MemoryConnection {
        let (ours, theirs) = pair();
        call.succeed(ours);
        self.poll();
        theirs
    }

    /// How it ended; the future still lives.
    pub(crate) fn result(&mut self) -> io::Result<BoxConnection> {
        self.result.take().expect("the race has not ended")
    }

    pub(crate) fn connection(&mut self) -> BoxConnection {
        self.result().unwrap()
    }

    pub(crate) fn error(&mut self) -> io::Error {
        self.result().unwrap_err()
    }

    /// Drops the future.
    pub(crate) fn cancel(&mut self) {
        self.future = None;
    }
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// All that there is, at once.
pub(crate) fn list(addresses: &[&str]) -> Candidates {
    addresses.iter().map(|text| address(text)).collect()
}

/// The same, for a host.
pub(crate) fn host(addresses: &[&str]) -> Candidates {
    list(addresses).for_host("example.org:80".parse().unwrap())
}

/// Candidates of which these have arrived.
pub(crate) fn fed(addresses: &[&str]) -> (Feed, Candidates) {
    let (feed, candidates) = Candidates::fed();
    push(&feed, addresses);
    (feed, candidates)
}

pub(crate) fn push(feed: &Feed, addresses: &[&str]) {
    addresses.iter().for_each(|text| feed.push(address(text)));
}

pub(crate) fn targets(calls: &[Call<SocketAddr>]) -> Vec<String> {
    calls.iter().map(|call| call.target().to_string()).collect()
}

pub(crate) fn refused() -> io::Error {
    io::Error::from_raw_os_error(111)
}
