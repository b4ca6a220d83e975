//! Saying how to look up.

use std::{io, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use hickory_resolver::proto::rr::Name;
use socketry_connection::Clock;

use crate::{HickoryResolver, Nameserver, settings::Settings};

/// Makes a [`HickoryResolver`] that is not, or not in everything, as the system says.
///
/// # Examples
///
/// ```
/// use std::{io, time::Duration};
///
/// use socketry_resolver_hickory::{HickoryResolver, Nameserver};
///
/// # fn main() -> io::Result<()> {
/// let resolver = HickoryResolver::builder()
///     .nameservers(["127.0.0.1:5353".parse::<Nameserver>()?])
///     .search(["dc1.example", "example"])
///     .deadline(Duration::from_secs(3))
///     .use_hosts(false)
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it builds"]
pub struct HickoryBuilder {
    settings: Settings,
    search: Option<Vec<String>>,
}

impl HickoryResolver {
    /// Begins with the configuration of the system, to change it.
    pub fn builder() -> HickoryBuilder {
        HickoryBuilder { settings: Settings::default(), search: None }
    }
}

impl HickoryBuilder {
    /// Asks these nameservers, in this order. The system's resolv.conf is not read then.
    ///
    /// By default, those of the system. If there are none, every lookup that needs one fails.
    pub fn nameservers<N: Into<Nameserver>>(
        mut self,
        nameservers: impl IntoIterator<Item = N>,
    ) -> Self {
        self.settings.nameservers = Some(nameservers.into_iter().map(Into::into).collect());
        self
    }

    /// Looks names up in these domains, too: before a name with fewer dots than
    /// [`ndots`](Self::ndots), after any other, and not for one with a dot at its end.
    ///
    /// By default, those of the system; none if the nameservers are given.
    pub fn search<D: Into<String>>(mut self, domains: impl IntoIterator<Item = D>) -> Self {
        self.search = Some(domains.into_iter().map(Into::into).collect());
        self
    }

    /// A name with so many dots is looked up as it is first. By default, as the system says, or 1.
    pub fn ndots(mut self, ndots: usize) -> Self {
        self.settings.ndots = Some(ndots);
        self
    }

    /// How often a nameserver is asked that keeps silent. By default, as the system says, or twice;
    /// 0 means once.
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.settings.attempts = Some(attempts);
        self
    }

    /// How long one nameserver may take for one try. By default, as the system says, or 5 s; at
    /// most a third of the [`deadline`](Self::deadline).
    ///
    /// Within a try over UDP the question is repeated, after 333 ms and once more after as many,
    /// for packets get lost.
    pub fn try_timeout(mut self, timeout: Duration) -> Self {
        self.settings.patience = Some(timeout);
        self
    }

    /// How long a lookup may take as a whole. By default, 15 s. Zero means that only answers which
    /// are kept are found; [`Duration::MAX`] that the tries alone end it.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// Asks at most so many questions at once: 128 by default; zero counts as one. Others wait in
    /// line, in the order in which they came, and their time is running.
    ///
    /// A question over UDP has one socket for each nameserver that is being asked: one as a rule,
    /// and another for each one that keeps silent. So this bounds the descriptors that lookups take.
    /// A lookup that its owner keeps and does not poll keeps its place.
    pub fn most_at_once(mut self, most: usize) -> Self {
        self.settings.most_at_once = most.max(1);
        self
    }

    /// How many answers are kept, one for each name and family. By default, 256; 0 means none.
    pub fn cache_size(mut self, names: u64) -> Self {
        self.settings.caching.names = names;
        self
    }

    /// Keeps answers at least and at most so long, whatever their zone says. By default, 0 and a
    /// day. They are counted in whole seconds.
    pub fn ttl_bounds(mut self, least: Duration, most: Duration) -> Self {
        self.settings.caching.min_ttl = least;
        self.settings.caching.max_ttl = most;
        self
    }

    /// Whether the hosts file is asked first. By default, it is.
    pub fn use_hosts(mut self, use_hosts: bool) -> Self {
        self.settings.hosts = if use_hosts { Settings::default().hosts } else { None };
        self
    }

    /// Reads this hosts file instead of the system's.
    pub fn hosts_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.hosts = Some(path.into());
        self
    }

    /// Reads this resolv.conf instead of the system's configuration, unless the nameservers are
    /// given.
    pub fn resolv_conf_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.resolv_conf = Some(path.into());
        self
    }

    /// Takes the time of the deadline, of the tries, of repeating a question, and of looking at the
    /// files from `clock` instead of the system.
    ///
    /// How long answers are kept stays with the system, and so does the time of a TCP connect.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = Some(clock);
        self
    }

    /// Makes the resolver. Nothing is read or opened before its first lookup.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a search domain that is no name, and for
    /// bounds of which the lower one is above the upper one.
    pub fn build(mut self) -> io::Result<HickoryResolver> {
        let caching = self.settings.caching;
        if caching.min_ttl > caching.max_ttl {
            return Err(invalid(format!(
                "answers cannot be kept at least {:?} and at most {:?}: give the lower bound first",
                caching.min_ttl, caching.max_ttl
            )));
        }
        if let Some(search) = self.search {
            self.settings.search =
                Some(search.iter().map(|name| domain(name)).collect::<io::Result<_>>()?);
        }
        Ok(HickoryResolver::with_settings(self.settings))
    }
}

fn domain(text: &str) -> io::Result<Name> {
    let is_domain = !text.is_empty() && text.parse::<IpAddr>().is_err();
    let name = if is_domain { Name::from_str_relaxed(text).ok() } else { None };
    name.ok_or_else(|| {
        invalid(format!("invalid search domain {text:?}: write a name, as in dc1.example"))
    })
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}
