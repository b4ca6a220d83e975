//! Pools: who is served when and by which connection, and how they end.

use std::{future::Future, io, pin::Pin, sync::Arc, task::Poll};

use socketry_connector_reconnecting::{Backoff, Pool, PoolBuilder, PoolOptions, Pooled};
use socketry_testing::{
    ConnectorHandle, CountingWaker, ManualClock, MemoryConnection, ScriptedConnector, pair,
    scripted_connector,
};

use super::{now, poll_now};

mod ageing;
mod asking;
mod checking;
mod ending;
mod keeping;
mod leaving;
mod limits;
mod panicking;
mod reopening;
mod serving;
mod swapping;
mod waking;

type TestPool = Pool<ScriptedConnector<u16>, u16>;
type Guard = Pooled<ScriptedConnector<u16>, u16>;
type CheckingOut<'a> = Pin<Box<dyn Future<Output = io::Result<Guard>> + Send + 'a>>;

struct PoolTest {
    pool: TestPool,
    script: ConnectorHandle<u16>,
    clock: ManualClock,
}

impl PoolTest {
    fn new(options: PoolOptions) -> Self {
        Self::with(options, |builder| builder)
    }

    fn with(
        options: PoolOptions,
        choose: impl FnOnce(
            PoolBuilder<ScriptedConnector<u16>, u16>,
        ) -> PoolBuilder<ScriptedConnector<u16>, u16>,
    ) -> Self {
        let (connector, script) = scripted_connector();
        let clock = ManualClock::new();
        let builder = Pool::builder(connector)
            .name("test")
            .to(80)
            .options(options)
            .connections(|sessions| sessions.backoff(Backoff::connman()))
            .with_clock(Arc::new(clock.clone()));
        Self { pool: choose(builder).build(), script, clock }
    }

    /// Without a target.
    fn bare(options: PoolOptions) -> Self {
        let (connector, script) = scripted_connector();
        let clock = ManualClock::new();
        let builder = Pool::builder(connector).options(options);
        Self { pool: builder.with_clock(Arc::new(clock.clone())).build(), script, clock }
    }

    /// A connection that is made for it at once, and its peer.
    fn fresh(&self) -> (Guard, MemoryConnection) {
        let theirs = self.prepared();
        (self.served(), theirs)
    }

    /// The next connection succeeds; this is its peer.
    fn prepared(&self) -> MemoryConnection {
        let (ours, theirs) = pair();
        self.script.succeed_next(ours);
        theirs
    }

    /// A connection that is there.
    fn served(&self) -> Guard {
        now(self.pool.checkout()).unwrap()
    }

    /// A check-out that waits.
    fn waiting(&self) -> CheckingOut<'_> {
        let mut waiting: CheckingOut<'_> = Box::pin(self.pool.checkout());
        assert!(poll_now(&mut waiting).is_pending());
        waiting
    }

    /// In use, idle, waiting.
    fn counts(&self) -> (usize, usize, usize) {
        let statistics = self.pool.statistics();
        (statistics.in_use, statistics.idle, statistics.waiting)
    }
}

fn small(size: usize) -> PoolOptions {
    PoolOptions::new().max_size(size)
}

fn poll(waiting: &mut CheckingOut<'_>) -> Poll<io::Result<Guard>> {
    poll_now(waiting)
}

fn counting() -> CountingWaker {
    CountingWaker::new()
}
