//! The resolver this crate is about.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use async_std_resolver::config::{
    LookupIpStrategy, NameServerConfigGroup, ResolverConfig, ResolverOpts,
};
use futures_lite::future;
use hickory_resolver_0_24::{error::ResolveError, system_conf::read_system_conf};
use socketry_connection::{Clock, Sleep};
use socketry_resolver::{Answer, Family, LookupFailed, LookupFailure, Resolve};

use crate::{
    failure,
    hosts::{self, Hosts},
    name,
};

/// How much time a lookup has by default.
const DEADLINE: Duration = Duration::from_secs(15);

/// How many names each family remembers by default.
const CACHED_NAMES: usize = 256;

/// Looks names up with the package async-std-resolver; read the advisories of [the crate](crate)
/// first.
///
/// - **One family a call.** Neither waits for the other.
/// - **A deadline over the whole lookup**, 15 s by default, whatever the nameservers do. A try ends
///   after a third of it at the latest.
/// - **`localhost` and names below it** are loopback and ask nobody (RFC 6761). What the hosts file
///   has asks nobody either, also without a dot and whatever the search domains are. It is read
///   once, when the resolver is made.
/// - **Answers are cached** for as long as they say, up to 256 names in each family.
///
/// A clone shares the cache and the connections.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
///
/// use socketry_resolver_async_std::AsyncStdResolver;
///
/// let resolver = AsyncStdResolver::from_system()?.deadline(Duration::from_secs(5)).cached_names(0);
/// # drop(resolver);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct AsyncStdResolver {
    config: ResolverConfig,
    options: ResolverOpts,
    hosts: Arc<Hosts>,
    deadline: Duration,
    clock: Option<Arc<dyn Clock>>,
    inner: Inner,
}

/// The package looks one family up only if it was told so when it was made.
#[derive(Clone)]
struct Inner {
    v4: async_std_resolver::AsyncStdResolver,
    v6: async_std_resolver::AsyncStdResolver,
}

impl AsyncStdResolver {
    /// Asks the nameservers of the system, with its search domains and options
    /// (`/etc/resolv.conf`), after its hosts file.
    ///
    /// # Errors
    ///
    /// If the configuration or the hosts file cannot be read. That no nameserver is configured is
    /// an error of each lookup that needs one.
    pub fn from_system() -> io::Result<Self> {
        let (config, options) = read_system_conf().map_err(|error| {
            let text = format!("reading the system's configuration of nameservers failed: {error}");
            io::Error::other(text)
        })?;
        Self::new(config, options).hosts_file(hosts::system_path())
    }

    /// Asks these nameservers, by UDP, and by TCP where that is not enough. It has no search
    /// domains, and no hosts file unless one is [given](Self::hosts_file).
    pub fn asking(nameservers: impl IntoIterator<Item = SocketAddr>) -> Self {
        let mut group = NameServerConfigGroup::new();
        for nameserver in nameservers {
            let ips = [nameserver.ip()];
            group.merge(NameServerConfigGroup::from_ips_clear(&ips, nameserver.port(), false));
        }
        let config = ResolverConfig::from_parts(None, Vec::new(), group);
        Self::new(config, ResolverOpts::default())
    }

    fn new(config: ResolverConfig, mut options: ResolverOpts) -> Self {
        options.cache_size = CACHED_NAMES;
        options.use_hosts_file = false; // it is ours to read
        let inner = Inner::new(&config, &options, DEADLINE);
        let hosts = Arc::default();
        Self { config, options, hosts, deadline: DEADLINE, clock: None, inner }
    }

    /// Knows the names of this hosts file, and asks nobody for them. A file that is not there has
    /// no names.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn hosts_file(mut self, path: impl AsRef<Path>) -> io::Result<Self> {
        self.hosts = Arc::new(Hosts::read(path.as_ref())?);
        Ok(self)
    }

    /// How much time a lookup has, 15 s by default; a try has at most a third of it.
    /// [`Duration::MAX`] means as much as the tries take. Zero means: unless it is ready at once,
    /// from the cache or the hosts file.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self.rebuild()
    }

    /// How long one try waits for a nameserver, 5 s by default or what the system says; at most a
    /// third of the [`deadline`](Self::deadline), whichever of the two is set first.
    pub fn try_timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self.rebuild()
    }

    /// How many names are remembered in each family, 256 by default; 0 means none.
    pub fn cached_names(mut self, names: usize) -> Self {
        self.options.cache_size = names;
        self.rebuild()
    }

    /// Takes the time of the deadline from `clock` instead of the system. The tries and the cache
    /// are the package's own, and stay with the system's clock.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    fn rebuild(mut self) -> Self {
        self.inner = Inner::new(&self.config, &self.options, self.deadline);
        self
    }

    async fn look_up(&self, name: &str, family: Family) -> Result<Answer, (LookupFailure, Reason)> {
        let read = name::read(name).map_err(|why| (LookupFailure::InvalidName, Some(why)))?;
        if let Some(known) = localhost(name, family).or_else(|| self.hosts.find(name, family)) {
            return Ok(known);
        }
        if self.config.name_servers().is_empty() {
            return Err((LookupFailure::NoServer, None));
        }
        let found = async { Some(self.inner.of(family).lookup_ip(read).await) };
        let too_late = async {
            Sleep::after(self.clock.as_ref(), self.deadline).await;
            None
        };
        match future::or(found, too_late).await {
            Some(Ok(found)) => {
                let answer: Answer = found.iter().collect();
                Ok(answer.expiring(found.valid_until()))
            }
            Some(Err(error)) => {
                let told = failure::tell(&error, Instant::now());
                told.map_err(|failure| (failure, reason(failure, error)))
            }
            None => Err((LookupFailure::TimedOut, None)),
        }
    }
}

/// The error beneath, if there is one.
type Reason = Option<io::Error>;

/// The package's own words, where ours do not say it all.
fn reason(failure: LookupFailure, error: ResolveError) -> Reason {
    match failure {
        LookupFailure::Other | LookupFailure::Unreachable => Some(error.into()),
        _ => None,
    }
}

/// # Errors
///
/// A [`LookupFailed`] that tells apart: [`NoSuchName`](LookupFailure::NoSuchName),
/// [`ServerFailed`](LookupFailure::ServerFailed), [`Refused`](LookupFailure::Refused),
/// [`TimedOut`](LookupFailure::TimedOut), [`Unreachable`](LookupFailure::Unreachable),
/// [`NoServer`](LookupFailure::NoServer), [`InvalidName`](LookupFailure::InvalidName). A name
/// without addresses of the family has an empty [`Answer`].
///
/// # Cancel safety
///
/// A dropped lookup asks no more. What it had under way is ended by tasks of the package on the
/// executor of async-std, shortly after.
impl Resolve for AsyncStdResolver {
    async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
        self.look_up(name, family).await.map_err(|(failure, reason)| {
            let failed = LookupFailed::new(name, family, failure);
            match reason {
                Some(reason) => failed.because_of(reason).into(),
                None => failed.into(),
            }
        })
    }
}

impl fmt::Debug for AsyncStdResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nameservers = self.config.name_servers().iter().map(|server| server.socket_addr);
        f.debug_struct("AsyncStdResolver")
            .field("nameservers", &nameservers.collect::<Vec<_>>())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn new(config: &ResolverConfig, options: &ResolverOpts, deadline: Duration) -> Self {
        let make = |ip_strategy| {
            let mut options = options.clone();
            options.ip_strategy = ip_strategy;
            options.timeout = longest_try(&options, deadline);
            // It is ready at once: nothing in there waits.
            future::block_on(async_std_resolver::resolver(config.clone(), options))
        };
        Self { v4: make(LookupIpStrategy::Ipv4Only), v6: make(LookupIpStrategy::Ipv6Only) }
    }

    fn of(&self, family: Family) -> &async_std_resolver::AsyncStdResolver {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }
}

/// How long a try may take of a lookup with this deadline.
fn longest_try(options: &ResolverOpts, deadline: Duration) -> Duration {
    options.timeout.min(deadline / 3)
}

/// The loopback address, if the name is `localhost` or below it (RFC 6761, 6.3).
fn localhost(name: &str, family: Family) -> Option<Answer> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let last = bare.rsplit('.').next()?;
    last.eq_ignore_ascii_case("localhost").then(|| {
        let ip: IpAddr = match family {
            Family::V4 => Ipv4Addr::LOCALHOST.into(),
            Family::V6 => Ipv6Addr::LOCALHOST.into(),
        };
        Answer::from(vec![ip])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn longest_try_of(resolver: &AsyncStdResolver) -> Duration {
        longest_try(&resolver.options, resolver.deadline)
    }

    #[test]
    fn a_try_takes_at_most_a_third_of_the_deadline_in_whichever_order_they_are_set() {
        let resolver = AsyncStdResolver::asking([]);
        let deadline_first = resolver.clone().deadline(seconds(3)).try_timeout(seconds(10));
        assert_eq!(longest_try_of(&deadline_first), seconds(1));
        let try_first = resolver.try_timeout(seconds(10)).deadline(seconds(3));
        assert_eq!(longest_try_of(&try_first), seconds(1));
    }

    #[test]
    fn a_later_deadline_leaves_a_try_the_time_it_was_given() {
        let resolver = AsyncStdResolver::asking([]).try_timeout(seconds(10));
        assert_eq!(longest_try_of(&resolver), seconds(5));
        assert_eq!(longest_try_of(&resolver.deadline(Duration::MAX)), seconds(10));
    }
}
