//! The connector this crate is about.

use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use socketry_connection::{Clock, Family};
use socketry_connector::{Candidates, Connect, EventKind, Feed, HostPort, Trace};
use socketry_resolver::{Answer, Resolve};

use crate::{
    error::{PartlyResolved, ResolveFailed},
    families::Families,
    lookup::{Lookup, Lookups},
    outcome::Outcomes,
    source::{SourceOf, ask_system},
};

/// Connects to a host by name: looks its addresses up, and has them dialled by the connector inside
/// as they arrive (RFC 8305).
///
/// - **IP addresses are not looked up**; those of IPv6 keep their zone. Neither are `localhost` and
///   names below it, which always mean this machine (RFC 6761): `::1`, then `127.0.0.1`.
/// - **Both families are looked up together**, IPv6 first. Its addresses are dialled at once. If
///   IPv4 answers first it is held back for the [resolution delay](Self::resolution_delay), unless
///   the other lookup has come to its end before. What comes later is dialled as well, as long as
///   no connection is up. [`Families`] is for those who want it otherwise.
/// - **The connector inside is called when there is something to dial**, and gets
///   [`Candidates`]: a list if all is known by then, or else fed ones. It also knows the host.
/// - **The addresses of a family are tried in the order of RFC 6724**, by the rules that Go's `net`
///   has: what cannot be reached last, then by scope, label, precedence and longest prefix. Several
///   addresses cost a few system calls each (where would a packet come from? none is sent), and
///   only the first 64 are put in order; one address costs none.
/// - **IPv6 goes before IPv4**, or the other way round if both are known before anything is dialled
///   and the best IPv6 address is one that RFC 6724 ranks below IPv4: 6to4, Teredo, unique local or
///   a deprecated kind. That an IPv6 address has no route is not asked beforehand: an attempt finds
///   it out as fast, and the next one begins at once.
/// - **Addresses of the wrong family are left out of an answer**, and an IPv4-mapped IPv6 address
///   (`::ffff:192.0.2.1`) is one: it is dialled over IPv4, and the IPv4 lookup has it.
///
/// One lookup that fails is no error while the other has addresses. Nothing is done in the
/// background: the lookups go on while the call is polled, beside the connector inside.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::future::{block_on, zip};
/// use socketry_connector::{Candidates, Connect};
/// use socketry_connector_dns::DnsConnector;
/// use socketry_resolver::StaticResolver;
/// # use socketry_testing::scripted_connector;
///
/// # fn main() -> io::Result<()> {
/// # let (race, handle) = scripted_connector::<Candidates>();
/// # let (ours, _theirs) = socketry_testing::pair();
/// # handle.answer_next(move |candidates, _| {
/// #     assert_eq!(block_on(futures_lite::StreamExt::collect::<Vec<_>>(candidates)).len(), 2);
/// #     Ok(Box::new(ours))
/// # });
/// let resolver = StaticResolver::new()
///     .with("db.example", ["2001:db8::7".parse().unwrap(), [192, 0, 2, 7].into()]);
/// let connector = DnsConnector::new(race, resolver); // `race` connects to `Candidates`
/// let connection = block_on(connector.connect("db.example:5432".parse()?))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DnsConnector<C, R> {
    inner: C,
    resolver: R,
    families: Families,
    resolution_delay: Duration,
    clock: Option<Arc<dyn Clock>>,
    source_of: SourceOf,
}

impl<C, R> DnsConnector<C, R> {
    /// Looks names up with `resolver`, and has `inner` dial the addresses.
    pub fn new(inner: C, resolver: R) -> Self {
        Self {
            inner,
            resolver,
            families: Families::default(),
            resolution_delay: RESOLUTION_DELAY,
            clock: None,
            source_of: ask_system,
        }
    }

    /// Looks names up in these families. By default in [both](Families::Both), IPv6 preferred.
    pub fn families(mut self, families: Families) -> Self {
        self.families = families;
        self
    }

    /// Holds addresses of the family that is not preferred back for this long, when they have come
    /// first. By default 50 ms, as RFC 8305 recommends.
    ///
    /// Zero does not hold them back; [`Duration::MAX`] waits until the other lookup has ended.
    pub fn resolution_delay(mut self, delay: Duration) -> Self {
        self.resolution_delay = delay;
        self
    }

    /// Takes the time for the resolution delay from `clock` instead of the system.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
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

    /// The resolver.
    pub fn resolver(&self) -> &R {
        &self.resolver
    }
}

/// # Errors
///
/// [`InvalidInput`](io::ErrorKind::InvalidInput) for port 0 and for a zone that is no network
/// interface, before anything is looked up. [`ResolveFailed`] if there was no address to dial.
/// Otherwise those of the connector inside, unchanged unless a lookup has failed, too: then it is
/// [`PartlyResolved`], which tells both.
///
/// # Cancel safety
///
/// A dropped call drops the lookups, the resolution delay and the call inside, and leaves nothing
/// behind. A lookup that is still under way when the call inside has ended is dropped as well.
impl<C: Connect<Candidates>, R: Resolve> Connect<HostPort> for DnsConnector<C, R> {
    type Connection = C::Connection;

    async fn connect_traced(
        &self,
        target: HostPort,
        trace: Trace<'_>,
    ) -> io::Result<C::Connection> {
        if target.port() == 0 {
            return Err(refuse_port_0(&target));
        }
        match target.literal() {
            Some(address) => self.inner.connect_traced(Candidates::from(address?), trace).await,
            None if target.host().is_localhost() => {
                let addresses = localhost(self.families, target.port());
                self.connect_to(addresses, target, trace).await
            }
            None => self.connect_by_name(target, trace).await,
        }
    }
}

impl<C: Connect<Candidates>, R: Resolve> DnsConnector<C, R> {
    async fn connect_by_name(
        &self,
        target: HostPort,
        trace: Trace<'_>,
    ) -> io::Result<C::Connection> {
        let outcomes = {
            let name = target.host().name().unwrap_or_default(); // a literal has none
            let (preferred, other) = self.families.by_preference();
            let first = pin!(Some(self.look_up(name, preferred, trace)));
            let second = pin!(other.map(|other| self.look_up(name, other, trace)));
            let mut lookups = Lookups::new(
                Lookup::new(name, preferred, first, trace),
                other.map(|other| Lookup::new(name, other, second, trace)),
            );
            lookups.until_enough(self.resolution_delay, self.clock.as_ref()).await;
            if !lookups.is_settled() {
                return self.connect_while_looking_up(lookups, target.clone(), trace).await;
            }
            lookups.into_outcomes()
        };
        self.connect_to_outcomes(outcomes, target, trace).await
    }

    /// Begins the lookup of one family.
    fn look_up<'a>(
        &'a self,
        name: &'a str,
        family: Family,
        trace: Trace<'_>,
    ) -> impl Future<Output = io::Result<Answer>> + Send + use<'a, C, R> {
        trace.tell(|| EventKind::lookup_started(name, family));
        self.resolver.resolve(name, family)
    }

    /// Connects while a lookup is still under way.
    async fn connect_while_looking_up<F>(
        &self,
        mut lookups: Lookups<'_, F>,
        target: HostPort,
        trace: Trace<'_>,
    ) -> io::Result<C::Connection>
    where
        F: Future<Output = io::Result<Answer>> + Send,
    {
        let port = target.port();
        let (feed, candidates) = Candidates::fed();
        self.push_settled(&mut lookups, &feed, port);
        let mut feed = Some(feed);
        let mut connecting = pin!(self.inner.connect_traced(candidates.for_host(target), trace));
        let result = poll_fn(|cx| {
            // The lookup first: what it finds can be dialled in the same poll.
            if let Some(open) = &feed {
                lookups.poll(cx);
                if lookups.is_settled() {
                    self.push_settled(&mut lookups, open, port);
                    feed = None; // nothing more will come
                }
            }
            connecting.as_mut().poll(cx)
        })
        .await;
        result.map_err(|error| explain(error, lookups.into_outcomes()))
    }

    /// Feeds the connector inside what has been found so far.
    fn push_settled<F>(&self, lookups: &mut Lookups<'_, F>, feed: &Feed, port: u16)
    where
        F: Future<Output = io::Result<Answer>>,
    {
        for outcome in lookups.settled() {
            for address in outcome.take_addresses(port, self.source_of) {
                feed.push(address);
            }
            feed.settle(outcome.family());
        }
    }

    /// Connects when all lookups are over.
    async fn connect_to_outcomes(
        &self,
        outcomes: Outcomes,
        target: HostPort,
        trace: Trace<'_>,
    ) -> io::Result<C::Connection> {
        let addresses = outcomes.addresses(self.families, target.port(), self.source_of);
        if addresses.is_empty() {
            return Err(ResolveFailed::new(target, outcomes).into());
        }
        let result = self.connect_to(addresses, target, trace).await;
        result.map_err(|error| explain(error, outcomes))
    }

    fn connect_to(
        &self,
        addresses: Vec<SocketAddr>,
        target: HostPort,
        trace: Trace<'_>,
    ) -> impl Future<Output = io::Result<C::Connection>> + Send {
        self.inner.connect_traced(Candidates::from(addresses).for_host(target), trace)
    }
}

impl<C: fmt::Debug, R: fmt::Debug> fmt::Debug for DnsConnector<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DnsConnector")
            .field("inner", &self.inner)
            .field("resolver", &self.resolver)
            .field("families", &self.families)
            .field("resolution_delay", &self.resolution_delay)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// RFC 8305, section 8.
const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// This machine, in the families that are asked for.
fn localhost(families: Families, port: u16) -> Vec<SocketAddr> {
    let (preferred, other) = families.by_preference();
    let address = |family| match family {
        Family::V6 => (Ipv6Addr::LOCALHOST, port).into(),
        Family::V4 => (Ipv4Addr::LOCALHOST, port).into(),
    };
    [Some(preferred), other].into_iter().flatten().map(address).collect()
}

/// Adds to the error of a connect why it did not have more addresses to dial.
fn explain(error: io::Error, outcomes: Outcomes) -> io::Error {
    for outcome in outcomes {
        let family = outcome.family();
        if let Some(lookup_error) = outcome.into_failure() {
            return PartlyResolved::wrap(error, family, lookup_error);
        }
    }
    error
}

#[cold]
fn refuse_port_0(target: &HostPort) -> io::Error {
    let text = format!("connection to tcp://{target} refused: port 0 cannot be connected to");
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
