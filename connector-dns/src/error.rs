//! What is said of a call that ended because of a lookup.

use std::{error::Error, fmt, io, sync::Arc};

use socketry_connection::Family;
use socketry_connector::HostPort;
use socketry_resolver::LookupFailed;

use crate::outcome::Outcomes;

/// The error of a call that had no address to dial: of which host, and what became of the lookup
/// of each family.
///
/// ```text
/// connection to tcp://example.invalid:80 failed during DNS lookup: there is no such name (NXDOMAIN)
/// connection to tcp://example.com:80 failed during DNS lookup: IPv6: the nameserver failed (SERVFAIL); IPv4: no nameserver answered in time
/// connection to tcp://example.com:80 failed during DNS lookup: example.com has neither IPv6 nor IPv4 addresses
/// ```
///
/// What went wrong alike in both families is said once. A host whose addresses were all left out of
/// the answers (see [`DnsConnector`](crate::DnsConnector)) has none.
///
/// The [`io::Error`] around it has the kind of the failure that leaves most open: the first one
/// (the preferred family's before the other's) which is not [`NotFound`](io::ErrorKind::NotFound),
/// because a name that exists may be hidden behind it. It is `NotFound` if every nameserver's word
/// is that there are no addresses. Its source is that failure.
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use futures_lite::future::block_on;
/// use socketry_connector::{Candidates, Connect};
/// use socketry_connector_dns::{DnsConnector, ResolveFailed};
/// use socketry_resolver::StaticResolver;
///
/// # let (race, _handle) = socketry_testing::scripted_connector::<Candidates>();
/// let connector = DnsConnector::new(race, StaticResolver::new()); // it knows no names
/// let error = block_on(connector.connect("a.example:80".parse()?)).unwrap_err();
/// assert_eq!(error.kind(), io::ErrorKind::NotFound);
///
/// let failed = error.get_ref().and_then(|payload| payload.downcast_ref::<ResolveFailed>());
/// assert_eq!(failed.map(|failed| failed.host().to_string()), Some("a.example:80".to_string()));
/// # io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct ResolveFailed {
    host: HostPort,
    scheme: &'static str,
    /// Preferred family first; without an error if it has no addresses.
    lookups: Vec<(Family, Option<Arc<io::Error>>)>,
}

impl ResolveFailed {
    pub(crate) fn new(host: HostPort, outcomes: Outcomes) -> Self {
        let lookups = outcomes
            .into_iter()
            .map(|outcome| (outcome.family(), outcome.into_failure().map(Arc::new)))
            .collect();
        Self { host, scheme: "tcp", lookups }
    }

    /// Names the host as `tls://`, which the connection was to become.
    pub fn over_tls(mut self) -> Self {
        self.scheme = "tls";
        self
    }

    /// The host that was to be reached.
    pub fn host(&self) -> &HostPort {
        &self.host
    }

    /// Why the lookup of `family` failed: `None` if it was not asked for, or the host has no
    /// address of it.
    pub fn lookup_error(&self, family: Family) -> Option<&io::Error> {
        let (_, error) = self.lookups.iter().find(|(asked, _)| *asked == family)?;
        error.as_deref()
    }

    /// The failure that leaves most open.
    fn headline(&self) -> Option<&io::Error> {
        let failures = || self.lookups.iter().filter_map(|(_, error)| error.as_deref());
        failures()
            .find(|error| error.kind() != io::ErrorKind::NotFound)
            .or_else(|| failures().next())
    }
}

impl From<ResolveFailed> for io::Error {
    fn from(error: ResolveFailed) -> Self {
        let kind = error.headline().map_or(io::ErrorKind::NotFound, io::Error::kind);
        Self::new(kind, error)
    }
}

impl fmt::Display for ResolveFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.host.host();
        let Self { host, scheme, .. } = self;
        write!(f, "connection to {scheme}://{host} failed during DNS lookup: ")?;
        match &self.lookups[..] {
            [(family, None)] => {
                write!(f, "{name} has no {family} addresses, and others are not asked for")
            }
            [(first, None), (second, None)] => {
                write!(f, "{name} has neither {first} nor {second} addresses")
            }
            [(_, Some(error))] => Reason(error).fmt(f),
            [(_, Some(first)), (_, Some(second))] if Reason(first).is_said_by(second) => {
                Reason(first).fmt(f)
            }
            lookups => {
                for (index, (family, error)) in lookups.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    match error {
                        Some(error) => write!(f, "{separator}{family}: {}", Reason(error))?,
                        None => write!(f, "{separator}{family}: no addresses")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl Error for ResolveFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.headline().map(|error| error as _)
    }
}

/// The error of a call that knew the addresses of one family only, and could not connect to them:
/// why it could not, and why it did not know the others.
///
/// ```text
/// connection to tcp://example.com:80 failed: tcp://[2001:db8::1]:80: Connection refused (os error 111); looking up its IPv4 addresses failed: no nameserver answered in time
/// ```
///
/// The [`io::Error`] around it has the kind of the error of the connect, which is its source; its
/// number is found by [`os_error`](socketry_connection::os_error).
///
/// # Examples
///
/// ```
/// use std::io;
///
/// use socketry_connector::AllAttemptsFailed;
/// use socketry_connector_dns::PartlyResolved;
///
/// /// The attempts of a call, whether or not there could have been more.
/// fn attempts(error: &io::Error) -> Option<&AllAttemptsFailed> {
///     let payload = error.get_ref()?;
///     match payload.downcast_ref::<PartlyResolved>() {
///         Some(partly) => partly.connect_error().get_ref()?.downcast_ref(),
///         None => payload.downcast_ref(),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct PartlyResolved {
    connect_error: Arc<io::Error>,
    unresolved: Family,
    lookup_error: Arc<io::Error>,
}

impl PartlyResolved {
    /// The error to end with after the connect has failed and so had the lookup of `unresolved`.
    ///
    /// What was refused as bad input is told as it is: more addresses would not have helped.
    pub(crate) fn wrap(
        connect_error: io::Error,
        unresolved: Family,
        lookup_error: io::Error,
    ) -> io::Error {
        let kind = connect_error.kind();
        if kind == io::ErrorKind::InvalidInput {
            return connect_error;
        }
        let (connect_error, lookup_error) = (Arc::new(connect_error), Arc::new(lookup_error));
        io::Error::new(kind, Self { connect_error, unresolved, lookup_error })
    }

    /// Has `change` put another word on why the addresses that were known could not be connected to.
    ///
    /// Does nothing to a clone, which shares the error with the others.
    pub fn map_connect_error(self, change: impl FnOnce(io::Error) -> io::Error) -> Self {
        match Arc::try_unwrap(self.connect_error) {
            Ok(error) => Self { connect_error: Arc::new(change(error)), ..self },
            Err(connect_error) => Self { connect_error, ..self },
        }
    }

    /// Why the addresses that were known could not be connected to.
    pub fn connect_error(&self) -> &io::Error {
        &self.connect_error
    }

    /// The family whose lookup failed.
    pub fn unresolved(&self) -> Family {
        self.unresolved
    }

    /// Why it failed.
    pub fn lookup_error(&self) -> &io::Error {
        &self.lookup_error
    }
}

impl fmt::Display for PartlyResolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connect_error, unresolved, lookup_error } = self;
        write!(f, "{connect_error}; looking up its {unresolved} addresses failed: ")?;
        Reason(lookup_error).fmt(f)
    }
}

impl Error for PartlyResolved {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.connect_error)
    }
}

/// Why a lookup failed, without the name and the family, which stand in the sentence already.
struct Reason<'a>(&'a io::Error);

impl Reason<'_> {
    fn is_said_by(&self, other: &io::Error) -> bool {
        self.to_string() == Reason(other).to_string()
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.0.get_ref().and_then(|error| error.downcast_ref::<LookupFailed>());
        let Some(failed) = failed else { return self.0.fmt(f) };
        failed.failure().fmt(f)?;
        match failed.source() {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}
