//! The lookups of one configuration.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use hickory_resolver::{
    Resolver,
    config::{ResolveHosts, ResolverConfig, ResolverOpts, ServerOrderingStrategy},
    lookup::Lookup,
    net::{DnsError, NetError, NoRecords},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
};
use socketry_connection::Clock;
use socketry_resolver::{Answer, Family, LookupFailure};

use crate::{
    Nameserver, config::Config, failure::Failure, name::Host, nameservers::Nameservers,
    runtime::Driver, settings::Caching, upstream::Upstream,
};

/// hickory's resolver, what it asks, and what drives it. Dropping it closes every socket.
#[derive(Debug)]
pub(crate) struct Engine {
    resolver: Resolver<Upstream>,
    nameservers: Vec<Nameserver>,
    search: Vec<Name>,
    ndots: usize,
    caching: Caching,
    driver: Driver,
}

impl Engine {
    pub(crate) fn new(
        config: &Config,
        caching: Caching,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Self, NetError> {
        let driver = Driver::new();
        let nameservers = Nameservers::new(config, &driver.runtime(), clock);
        let upstream = Upstream::new(nameservers, driver.runtime());
        let the_only_one = Upstream::as_nameserver();
        let hickory_config = ResolverConfig::from_parts(None, Vec::new(), vec![the_only_one]);
        let mut builder = Resolver::builder_with_config(hickory_config, upstream);
        *builder.options_mut() = options(caching);
        Ok(Self {
            resolver: builder.build()?,
            nameservers: config.nameservers.clone(),
            search: config.search.clone(),
            ndots: config.ndots,
            caching,
            driver,
        })
    }

    /// Whom it may ask, for an error.
    pub(crate) fn nameservers(&self) -> String {
        self.nameservers.iter().map(Nameserver::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Looks `host` up under each name that it may stand for, until one of them exists.
    ///
    /// A name that exists without an address of this family ends the search: the name after it is
    /// another host, whose addresses must not be mixed with those of the other family.
    pub(crate) async fn lookup(&self, host: Host, family: Family) -> Result<Answer, Failure> {
        for name in host.expand(&self.search, self.ndots) {
            match self.driver.run(self.resolver.lookup(name, record_type(family))).await {
                Ok(lookup) => return Ok(answer(&lookup, family)),
                Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                    ResponseCode::NXDomain => {}
                    ResponseCode::NoError => return Ok(self.no_address(&none)),
                    code => return Err(Failure::because(LookupFailure::Other, code.to_string())),
                },
                Err(error) => return Err(Failure::of(error)),
            }
        }
        Err(Failure::new(LookupFailure::NoSuchName))
    }

    /// The name is there and has no address (NODATA), which is good for as long as its zone says.
    fn no_address(&self, none: &NoRecords) -> Answer {
        let Some(seconds) = none.negative_ttl else {
            return Answer::default();
        };
        let ttl = Duration::from_secs(seconds.into());
        let ttl = ttl.clamp(self.caching.min_ttl, self.caching.max_ttl);
        match Instant::now().checked_add(ttl) {
            Some(at) => Answer::default().expiring(at),
            None => Answer::default(),
        }
    }
}

/// Longer than any lookup; hickory adds it to the present moment.
const FOREVER: Duration = Duration::from_secs(60 * 60 * 24 * 365);

fn options(caching: Caching) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.attempts = 0; // those of the configuration are made beneath, and so are its timeouts
    options.timeout = FOREVER;
    options.edns0 = true; // answers of 1232 bytes over UDP; a nameserver may say that it cannot
    options.cache_size = caching.names;
    options.positive_min_ttl = Some(caching.min_ttl);
    options.negative_min_ttl = Some(caching.min_ttl);
    options.positive_max_ttl = Some(caching.max_ttl);
    options.negative_max_ttl = Some(caching.max_ttl);
    options.use_hosts_file = ResolveHosts::Never; // it is read here, before any search
    options.num_concurrent_reqs = 1;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    options.preserve_intermediates = false;
    options
}

fn record_type(family: Family) -> RecordType {
    match family {
        Family::V4 => RecordType::A,
        Family::V6 => RecordType::AAAA,
    }
}

fn answer(lookup: &Lookup, family: Family) -> Answer {
    let address = |data: &RData| -> Option<IpAddr> {
        match (family, data) {
            (Family::V4, RData::A(address)) => Some(address.0.into()),
            (Family::V6, RData::AAAA(address)) => Some(address.0.into()),
            _ => None, // the way to it, as aliases are
        }
    };
    let found = lookup.answers().iter().filter_map(|record| address(&record.data));
    let answer: Answer = found.map(|ip| SocketAddr::new(ip, 0)).collect();
    answer.expiring(lookup.valid_until())
}
