//! Who looks names up.

use std::{io, sync::Arc};

use socketry_connection::{Clock, Family};
use socketry_connector::HostPort;
use socketry_resolver::{Answer, BoxResolver, LookupFailed, LookupFailure, Resolve};
#[cfg(feature = "hickory")]
use {
    socketry_resolver_caching::CachingResolver,
    socketry_resolver_hickory::{HickoryResolver, Nameserver},
};

use crate::{DnsConfig, slots::DnsChoice};

/// The dns slot at work. An enum, so that the usual costs no box a lookup.
pub(crate) enum Names {
    Off,
    #[cfg(feature = "hickory")]
    Usual(CachingResolver<HickoryResolver>),
    #[cfg(not(feature = "hickory"))]
    Missing,
    Custom(BoxResolver),
}

impl Names {
    pub(crate) fn new(choice: DnsChoice, clock: Option<&Arc<dyn Clock>>) -> io::Result<Self> {
        match choice {
            DnsChoice::Off => Ok(Self::Off),
            DnsChoice::Usual(config) => Self::configured(&config, clock),
            DnsChoice::Custom(resolver) => Ok(Self::Custom(resolver)),
        }
    }

    /// As the system is configured, which is found out when the first name is looked up.
    #[cfg(feature = "hickory")]
    pub(crate) fn usual() -> Self {
        // What could be wrong is not chosen here.
        Self::configured(&DnsConfig::default(), None).unwrap_or(Self::Off)
    }

    #[cfg(not(feature = "hickory"))]
    pub(crate) fn usual() -> Self {
        Self::Missing
    }

    #[cfg(feature = "hickory")]
    fn configured(config: &DnsConfig, clock: Option<&Arc<dyn Clock>>) -> io::Result<Self> {
        // One cache is enough: that of `CachingResolver`, in which a hit allocates nothing.
        let mut builder = HickoryResolver::builder().cache_size(0).deadline(config.timeout);
        if !config.nameservers.is_empty() {
            let nameservers: Result<Vec<Nameserver>, _> =
                config.nameservers.iter().map(|text| text.parse()).collect();
            builder = builder.nameservers(nameservers?);
        }
        if let Some(clock) = clock {
            builder = builder.with_clock(clock.clone());
        }
        let mut cached = CachingResolver::new(builder.build()?).most_names(config.most_names);
        if let Some(clock) = clock {
            cached = cached.with_clock(clock.clone());
        }
        Ok(Self::Usual(cached))
    }

    #[cfg(not(feature = "hickory"))]
    fn configured(config: &DnsConfig, _clock: Option<&Arc<dyn Clock>>) -> io::Result<Self> {
        if *config == DnsConfig::default() {
            return Ok(Self::Missing);
        }
        let text = "nameservers cannot be asked: this build has no DNS client; switch on the feature `hickory` of socketry, or give a resolver with Connector::builder().resolver(..)";
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }

    /// Refuses a host that would have to be looked up, if nobody does that.
    pub(crate) fn check(&self, scheme: &str, target: &HostPort) -> io::Result<()> {
        let (kind, reason) = match self {
            Self::Off => (
                io::ErrorKind::InvalidInput,
                "looking names up is switched off in this connector; write an IP address, or switch it on with Connector::builder().dns(true)",
            ),
            #[cfg(not(feature = "hickory"))]
            Self::Missing => (
                io::ErrorKind::Unsupported,
                "this build looks no names up; write an IP address, give a resolver with Connector::builder().resolver(..), or switch on the feature `hickory` of socketry",
            ),
            _ => return Ok(()),
        };
        if target.host().ip().is_some() || target.host().is_localhost() {
            return Ok(());
        }
        Err(io::Error::new(kind, format!("connection to {scheme}://{target} refused: {reason}")))
    }
}

impl Resolve for Names {
    async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
        match self {
            #[cfg(feature = "hickory")]
            Self::Usual(resolver) => resolver.resolve(name, family).await,
            Self::Custom(resolver) => resolver.resolve(name, family).await,
            _ => Err(LookupFailed::new(name, family, LookupFailure::NoServer).into()),
        }
    }
}
