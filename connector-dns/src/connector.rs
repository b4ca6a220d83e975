//! The connector this crate is about.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use socketry_connection::{Clock, Family};
use socketry_connector::{Candidates, Connect, HostPort, Trace};
use socketry_resolver::Resolve;

use crate::{call::Call, families::Families, options::Options, source::Sources};

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
/// - **Addresses are tried in the order of RFC 6724**, by the rules that Go's `net` has: what cannot
///   be reached last, then by scope, label, precedence and longest prefix. If both families are
///   known before anything is dialled it is one order of all, and the family of the best address
///   leads: IPv6 if it works here, IPv4 if there is no route for IPv6, or nothing but unique local
///   addresses. If one family is dialled while the other is looked up, each is put in order for
///   itself.
/// - **The order is free if it is known.** Where packets to an address would come from is asked for
///   by some system calls, which send nothing, and remembered for 10 s (256 addresses, shared by
///   clones): a connect by a name that is known makes none. Nor does the only address of a name.
///   Of many addresses only 64 are put in order.
/// - **Addresses of the wrong family are left out of an answer**, and an IPv4-mapped IPv6 address
///   (`::ffff:192.0.2.1`) is one: it is dialled over IPv4, and the IPv4 lookup has it. So are
///   link-local IPv6 addresses (`fe80::1`) without a zone, as nameservers give them: they belong to
///   no link, and no system connects to them.
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
    options: Options,
}

impl<C, R> DnsConnector<C, R> {
    /// Looks names up with `resolver`, and has `inner` dial the addresses.
    pub fn new(inner: C, resolver: R) -> Self {
        Self { inner, resolver, options: Options::default() }
    }

    /// Looks names up in these families. By default in [both](Families::Both), IPv6 preferred.
    pub fn families(mut self, families: Families) -> Self {
        self.options.families = families;
        self
    }

    /// Holds addresses of the family that is not preferred back for this long, when they have come
    /// first. By default 50 ms, as RFC 8305 recommends.
    ///
    /// Zero does not hold them back; [`Duration::MAX`] waits until the other lookup has ended.
    pub fn resolution_delay(mut self, delay: Duration) -> Self {
        self.options.resolution_delay = delay;
        self
    }

    /// Takes the time from `clock` instead of the system, for the resolution delay and for how long
    /// a source address is remembered.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.options.sources = self.options.sources.afresh();
        self.options.clock = Some(clock);
        self
    }

    /// Takes the source address of a destination from `source_of` instead of the system: for a
    /// connector inside whose sockets are bound to an address or an interface of their own, and for
    /// tests that are to be the same on every machine.
    ///
    /// `Ok(None)` means that the destination cannot be reached, an error that nobody can tell: then
    /// the order of the answers is kept. An answer is kept for 10 s, an error is not. It is called
    /// within a poll, so it MUST NOT block for long.
    ///
    /// # Examples
    ///
    /// Everything comes from one address, and there is no IPv6:
    ///
    /// ```
    /// use std::net::{Ipv4Addr, SocketAddr};
    ///
    /// use socketry_connector_dns::DnsConnector;
    ///
    /// const OURS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);
    ///
    /// fn from_ours<C, R>(connector: DnsConnector<C, R>) -> DnsConnector<C, R> {
    ///     connector.with_source_of(|destination| match destination {
    ///         SocketAddr::V4(_) => Ok(Some(OURS.into())),
    ///         SocketAddr::V6(_) => Ok(None),
    ///     })
    /// }
    /// ```
    pub fn with_source_of(
        mut self,
        source_of: impl Fn(SocketAddr) -> io::Result<Option<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        self.options.sources = Sources::new(source_of);
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
/// interface, before anything is looked up. [`ResolveFailed`](crate::ResolveFailed) if there was no address to dial.
/// Otherwise those of the connector inside, unchanged unless a lookup has failed, too: then it is
/// [`PartlyResolved`](crate::PartlyResolved), which tells both.
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
        let candidates = match target.literal() {
            Some(address) => Candidates::from(address?),
            None if target.host().is_localhost() => {
                localhost(self.options.families, target.port()).for_host(target)
            }
            None => {
                let Self { inner, resolver, options } = self;
                // In a box: two lookups beside a connect would make every call that large, also to
                // a literal, and whatever wraps a call moves it.
                return Box::pin(Call { inner, resolver, options, trace }.connect(target)).await;
            }
        };
        self.inner.connect_traced(candidates, trace).await
    }
}

impl<C: fmt::Debug, R: fmt::Debug> fmt::Debug for DnsConnector<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DnsConnector")
            .field("inner", &self.inner)
            .field("resolver", &self.resolver)
            .field("families", &self.options.families)
            .field("resolution_delay", &self.options.resolution_delay)
            .field("clock", &self.options.clock)
            .finish_non_exhaustive()
    }
}

/// This machine, in the families that are asked for.
fn localhost(families: Families, port: u16) -> Candidates {
    let (preferred, other) = families.by_preference();
    let address = |family| match family {
        Family::V6 => (Ipv6Addr::LOCALHOST, port).into(),
        Family::V4 => (Ipv4Addr::LOCALHOST, port).into(),
    };
    [Some(preferred), other].into_iter().flatten().map(address).collect()
}

#[cold]
fn refuse_port_0(target: &HostPort) -> io::Error {
    let text = format!("connection to tcp://{target} refused: port 0 cannot be connected to");
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
