//! The connector this crate is about.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use socketry_connection::Clock;

use crate::{Rules, memory::Memory, settings::Settings};

/// Dials the addresses of a host as they arrive, and the first connection wins.
///
/// Happy Eyeballs (RFC 8305) over any connector of addresses:
///
/// - **Families take turns**, beginning with that of the first address, so that neither a broken
///   IPv6 nor a broken IPv4 is waited for long.
/// - **The next attempt starts when one fails, at once**, or beside the last one when that has had
///   the [attempt delay](Self::attempt_delay) (250 ms) for itself. Slow attempts are kept.
/// - **Dialling begins with the first address that arrives**; later ones join in, also when all
///   others have failed.
/// - **The first connection wins.** All other attempts are dropped, and their sockets closed,
///   before it is handed out. What failed before is its attribute
///   [`Attempts`](socketry_connector::Attempts).
///
/// A literal ([`Candidates`](socketry_connector::Candidates) of one address) costs no allocation, no timer and no look at the
/// clock, and neither does the first of many addresses if it connects at once.
///
/// The decisions are made by [`Race`](crate::Race); the settings say what its [`Rules`] are.
///
/// # Examples
///
/// ```
/// use std::{net::SocketAddr, time::Duration};
///
/// use socketry_connector::{Candidates, Connect};
/// use socketry_connector_race::RaceConnector;
///
/// fn racing(tcp: impl Connect<SocketAddr>) -> impl Connect<Candidates> {
///     RaceConnector::new(tcp)
///         .attempt_delay(Duration::from_millis(100))
///         .attempt_timeout(Duration::from_secs(10))
/// }
/// ```
pub struct RaceConnector<C> {
    pub(crate) inner: C,
    pub(crate) settings: Settings,
    pub(crate) bind: Option<Arc<Bind<C>>>,
}

/// Makes the connector for a local address.
pub(crate) type Bind<C> = dyn Fn(&C, SocketAddr) -> C + Send + Sync;

impl<C> RaceConnector<C> {
    /// Dials through `inner`, with the settings that RFC 8305 recommends.
    pub fn new(inner: C) -> Self {
        Self { inner, settings: Settings::default(), bind: None }
    }

    /// Takes the time from `clock` instead of the system.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = Some(clock);
        self
    }

    /// How long an attempt has for itself before the next one starts beside it. By default 250 ms;
    /// less than 10 ms, zero included, counts as 10 ms; [`Duration::MAX`] is
    /// [`sequential`](Self::sequential).
    ///
    /// See [`Rules::attempt_delay`].
    pub fn attempt_delay(self, delay: Duration) -> Self {
        self.with_rules(|rules| rules.attempt_delay(delay))
    }

    /// Dials one address after the other: the next one when one fails, and only then. By default
    /// off.
    ///
    /// It takes an [`attempt_timeout`](Self::attempt_timeout) to get past an address that never
    /// answers.
    pub fn sequential(self) -> Self {
        self.with_rules(Rules::sequential)
    }

    /// How many addresses of the first family are dialled before the other family has its turn. By
    /// default 1; zero counts as 1.
    ///
    /// See [`Rules::first_family_count`].
    pub fn first_family_count(self, count: usize) -> Self {
        self.with_rules(|rules| rules.first_family_count(count))
    }

    /// How many attempts may be in flight at the same time. By default, and with zero, any number.
    ///
    /// When that many are, the next one starts as soon as one of them fails.
    pub fn most_in_flight(self, most: usize) -> Self {
        self.with_rules(|rules| rules.most_in_flight(most))
    }

    /// How much time each attempt has, from when it first waits. By default as much as it takes.
    ///
    /// It is never divided by the number of addresses. An attempt whose time is up is dropped and
    /// counts as failed ([`TimedOut`](std::io::ErrorKind::TimedOut)). Zero means: unless it is ready at
    /// once. [`Duration::MAX`] means never.
    ///
    /// This is no limit for the call, which may take this long for each address, or wait for
    /// addresses. For that put a timeout around the whole.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attempt_timeout = Some(timeout);
        self
    }

    /// Remembers where each of the last `hosts` hosts was reached. By default, and with zero,
    /// nothing is remembered.
    ///
    /// The next call for the same host and port dials that address first, if it is among those
    /// that have arrived when dialling starts, and its family goes first in any case. An address
    /// that fails is forgotten. Clones share what is remembered; candidates without a
    /// [host](socketry_connector::Candidates::host) are not remembered.
    pub fn remembering(mut self, hosts: usize) -> Self {
        self.settings.memory = (hosts > 0).then(|| Arc::new(Memory::new(hosts)));
        self
    }

    /// Dials from these local addresses, each with each candidate of its family. By default, and
    /// if there are none, the connector inside decides.
    ///
    /// `bind` makes the connector for one of them. Within a family all pairs of the first local
    /// address are dialled before those of the second; see [`Rules::local_addresses`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use socketry_connector_race::RaceConnector;
    /// # #[derive(Clone)]
    /// # struct TcpConnector;
    /// # impl TcpConnector {
    /// #     fn new() -> Self { Self }
    /// #     fn local_address(self, _: SocketAddr) -> Self { self }
    /// # }
    ///
    /// let locals: [SocketAddr; 2] = ["192.0.2.7:0".parse()?, "[2001:db8::7]:0".parse()?];
    /// let connector = RaceConnector::new(TcpConnector::new())
    ///     .local_addresses(locals, |tcp, local| tcp.clone().local_address(local));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn local_addresses(
        self,
        locals: impl IntoIterator<Item = SocketAddr>,
        bind: impl Fn(&C, SocketAddr) -> C + Send + Sync + 'static,
    ) -> Self {
        let mut this = self.with_rules(|rules| rules.local_addresses(locals));
        let has_some = !this.settings.rules.locals.is_empty();
        this.bind = has_some.then(|| Arc::new(bind) as Arc<Bind<C>>);
        this
    }

    /// The connector inside.
    pub fn get_ref(&self) -> &C {
        &self.inner
    }

    /// The connector inside, to change it.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connector out.
    pub fn into_inner(self) -> C {
        self.inner
    }

    fn with_rules(mut self, change: impl FnOnce(Rules) -> Rules) -> Self {
        self.settings.rules = change(self.settings.rules);
        self
    }
}

impl<C: Clone> Clone for RaceConnector<C> {
    fn clone(&self) -> Self {
        let Self { inner, settings, bind } = self;
        Self { inner: inner.clone(), settings: settings.clone(), bind: bind.clone() }
    }
}

impl<C: fmt::Debug> fmt::Debug for RaceConnector<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RaceConnector")
            .field("inner", &self.inner)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
