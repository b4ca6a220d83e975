//! The decorator this crate is about.

use std::{collections::VecDeque, fmt, future::Future, pin::Pin, sync::Arc};

use socketry_connection::Clock;
use socketry_connection_tls::TlsOptions;
use socketry_server::{Accept, Watch};

use crate::{
    ServerTls,
    handshakes::{Ended, Handshakes, in_this_task},
    places::Places,
    signal::Signal,
    spawned,
    waiting::Waiting,
};

/// Takes the connections of the server inside and yields them under TLS.
pub struct TlsServer<A: Accept> {
    pub(crate) inner: A,
    /// Whether the server inside may have something.
    pub(crate) inner_is_due: Signal,
    pub(crate) inner_has_ended: bool,
    pub(crate) watch: Watch,
    pub(crate) tls: ServerTls,
    pub(crate) options: TlsOptions,
    pub(crate) handshakes: Box<dyn Handshakes<A::Connection>>,
    /// What has ended while nobody could take it out.
    pub(crate) ended: VecDeque<Ended<A::Connection>>,
    pub(crate) waiting: Waiting<A::Connection>,
    pub(crate) places: Places,
    pub(crate) when_full: WhenFull,
    pub(crate) in_a_row: usize,
}

/// What becomes of a newcomer when there are as many handshakes as there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenFull {
    /// It waits until a handshake has ended.
    #[default]
    Wait,
    /// It is closed at once, which is one [`LimitReached`] error of the server.
    Refuse,
}

impl<A: Accept> TlsServer<A> {
    /// Secures the connections of `inner` as `tls` says.
    pub fn new(inner: A, tls: ServerTls) -> Self {
        Self {
            watch: inner.control().watch(),
            inner,
            inner_is_due: Signal::new(),
            inner_has_ended: false,
            options: TlsOptions::new(),
            tls,
            handshakes: in_this_task(),
            ended: VecDeque::new(),
            waiting: Waiting::new(),
            places: Places::new(256, 32),
            when_full: WhenFull::default(),
            in_a_row: 0,
        }
    }

    /// How many handshakes there may be at once.
    pub fn most_handshakes(mut self, most: usize) -> Self {
        self.places.most = most.max(1);
        self
    }

    /// How many handshakes with one address there may be at once.
    pub fn most_handshakes_per_address(mut self, most: usize) -> Self {
        self.places.most_per_origin = most.max(1);
        self
    }

    /// What becomes of a newcomer beyond that.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Makes each handshake in a task of its own, on all cores of an executor.
    pub fn spawner(
        mut self,
        spawn: impl Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync + 'static,
    ) -> Self {
        self.handshakes = spawned::by(spawn);
        self
    }

    /// Takes the time from `clock` instead of the system.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.options = self.options.with_clock(clock);
        self
    }

    /// The server inside.
    pub fn get_ref(&self) -> &A {
        &self.inner
    }

    /// The server inside, to change it.
    pub fn get_mut(&mut self) -> &mut A {
        &mut self.inner
    }

    /// Takes the server out. Handshakes under way are dropped.
    pub fn into_inner(self) -> A {
        self.inner
    }

    /// How TLS is spoken.
    pub fn tls(&self) -> &ServerTls {
        &self.tls
    }
}

impl<A: Accept + fmt::Debug> fmt::Debug for TlsServer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsServer")
            .field("inner", &self.inner)
            .field("handshakes", &self.places.taken())
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
