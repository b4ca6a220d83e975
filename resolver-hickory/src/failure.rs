//! Why a lookup has no answer, in our words.

use std::{error::Error, fmt, io, sync::Arc, time::Instant};

use hickory_resolver::{
    net::{DnsError, NetError},
    proto::op::ResponseCode,
};
use socketry_resolver::{Family, LookupFailed, LookupFailure};

use crate::{Nameserver, shortage::is_shortage};

/// A failure and what is known about it, before the name is added.
#[derive(Debug)]
pub(crate) struct Failure {
    what: LookupFailure,
    source: Option<io::Error>,
    /// Until when it is so, if that is known.
    expires: Option<Instant>,
}

impl Failure {
    fn new(what: LookupFailure) -> Self {
        Self { what, source: None, expires: None }
    }

    /// There is no such name, which is so until `expires`.
    pub(crate) fn no_such_name(expires: Option<Instant>) -> Self {
        Self { expires, ..Self::new(LookupFailure::NoSuchName) }
    }

    fn with_source(what: LookupFailure, source: io::Error) -> Self {
        Self { source: Some(source), ..Self::new(what) }
    }

    pub(crate) fn because(
        what: LookupFailure,
        reason: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::with_source(what, io::Error::other(reason))
    }

    /// What the system has said.
    pub(crate) fn of_system(error: io::Error) -> Self {
        Self::with_source(LookupFailure::Other, error)
    }

    pub(crate) fn into_error(self, name: &str, family: Family) -> io::Error {
        let mut failed = LookupFailed::new(name, family, self.what);
        if let Some(source) = self.source {
            failed = failed.because_of(source);
        }
        if let Some(at) = self.expires {
            failed = failed.expiring(at);
        }
        failed.into()
    }
}

impl From<Unanswered> for Failure {
    /// The kind of the source is that of what the system has said.
    fn from(unanswered: Unanswered) -> Self {
        let kind = unanswered.system.as_ref().map_or(io::ErrorKind::Other, |error| error.kind());
        Self::with_source(unanswered.what, io::Error::new(kind, unanswered))
    }
}

/// What one nameserver's failure means.
fn failure_of(error: &NetError) -> LookupFailure {
    match error {
        NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail)) => {
            LookupFailure::ServerFailed
        }
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => LookupFailure::Refused,
        NetError::Io(_) if is_shortage(error) => LookupFailure::Other,
        NetError::Io(_) | NetError::NoConnections => LookupFailure::Unreachable,
        NetError::Timeout => LookupFailure::TimedOut,
        _ => LookupFailure::Other,
    }
}

/// Every try at every nameserver has failed: which, and how. A clone tells another caller of it.
#[derive(Clone, Debug)]
pub(crate) struct Unanswered {
    /// The failure that tells the most.
    what: LookupFailure,
    /// What the system said of it, or else of the first that it failed.
    system: Option<Arc<io::Error>>,
    text: Arc<str>,
}

/// What a nameserver has said tells more than that it has said nothing.
const MOST_TELLING_FIRST: [LookupFailure; 5] = [
    LookupFailure::ServerFailed,
    LookupFailure::Refused,
    LookupFailure::Other,
    LookupFailure::TimedOut,
    LookupFailure::Unreachable,
];

impl Unanswered {
    pub(crate) fn new(tries: &[(Nameserver, NetError)]) -> Self {
        let has = |what: &LookupFailure| tries.iter().any(|(_, error)| failure_of(error) == *what);
        let system = |(_, error): &(Nameserver, NetError)| match error {
            NetError::Io(error) => Some(error.clone()),
            _ => None,
        };
        let what = MOST_TELLING_FIRST.into_iter().find(has).unwrap_or(LookupFailure::Other);
        let mut telling = tries.iter().filter(|(_, error)| failure_of(error) == what);
        let words =
            tries.iter().map(|(nameserver, error)| format!("{nameserver}: {}", words(error)));
        Self {
            what,
            system: telling.find_map(system).or_else(|| tries.iter().find_map(system)),
            text: words.collect::<Vec<_>>().join("; ").into(),
        }
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Unanswered {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&**self.system.as_ref()?)
    }
}

/// hickory's error of one nameserver in our words.
fn words(error: &NetError) -> String {
    match error {
        NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail)) => "SERVFAIL".to_string(),
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => "REFUSED".to_string(),
        NetError::Dns(DnsError::ResponseCode(code)) => code.to_string(),
        NetError::Io(error) => error.to_string(),
        NetError::Timeout => "no answer in time".to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_machine_lacks_comes_before_who_is_not_there_and_has_its_kind() {
        let nameserver: Nameserver = "192.0.2.1".parse().unwrap();
        let of = |kind: io::ErrorKind| (nameserver, NetError::from(io::Error::from(kind)));
        let tries = [of(io::ErrorKind::ConnectionRefused), of(io::ErrorKind::OutOfMemory)];
        let error = Failure::from(Unanswered::new(&tries)).into_error("a.example", Family::V4);
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        let failed = error.get_ref().unwrap().downcast_ref::<LookupFailed>().unwrap();
        assert_eq!(failed.failure(), LookupFailure::Other);
    }

    #[test]
    fn what_a_nameserver_has_said_comes_before_silence() {
        let nameserver: Nameserver = "192.0.2.1".parse().unwrap();
        let failed = NetError::from(DnsError::ResponseCode(ResponseCode::ServFail));
        let tries = [(nameserver, NetError::Timeout), (nameserver, failed)];
        assert_eq!(Unanswered::new(&tries).what, LookupFailure::ServerFailed);
    }
}
