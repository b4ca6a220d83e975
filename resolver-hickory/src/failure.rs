//! Why a lookup has no answer, in our words.

use std::{error::Error, fmt, io};

use hickory_resolver::{
    net::{DnsError, NetError},
    proto::op::ResponseCode,
};
use socketry_connection::os_error;
use socketry_resolver::{Family, LookupFailed, LookupFailure};

use crate::Nameserver;

/// A failure and what is known about it, before the name is added.
#[derive(Debug)]
pub(crate) struct Failure {
    what: LookupFailure,
    source: Option<io::Error>,
}

impl Failure {
    pub(crate) fn new(what: LookupFailure) -> Self {
        Self { what, source: None }
    }

    pub(crate) fn because(
        what: LookupFailure,
        reason: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { what, source: Some(io::Error::other(reason)) }
    }

    /// What hickory says of a lookup that was not answered by a nameserver.
    pub(crate) fn of(error: NetError) -> Self {
        match Unanswered::from_net_error(&error) {
            Some(unanswered) => Self::because(unanswered.what, unanswered),
            None => Self::because(failure_of(&error), error),
        }
    }

    pub(crate) fn into_error(self, name: &str, family: Family) -> io::Error {
        let failed = LookupFailed::new(name, family, self.what);
        match self.source {
            Some(source) => failed.because_of(source).into(),
            None => failed.into(),
        }
    }
}

/// What one nameserver's failure means.
fn failure_of(error: &NetError) -> LookupFailure {
    match error {
        NetError::Dns(DnsError::ResponseCode(ResponseCode::ServFail)) => {
            LookupFailure::ServerFailed
        }
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => LookupFailure::Refused,
        NetError::Io(_) | NetError::NoConnections => LookupFailure::Unreachable,
        NetError::Timeout => LookupFailure::TimedOut,
        _ => LookupFailure::Other,
    }
}

/// Every try at every nameserver has failed: which, and how.
#[derive(Debug)]
pub(crate) struct Unanswered {
    /// The failure that tells the most.
    what: LookupFailure,
    /// What the system said to the first that it failed.
    system: Option<io::Error>,
    text: String,
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
        let number = |(_, error): &(Nameserver, NetError)| match error {
            NetError::Io(error) => os_error(error),
            _ => None,
        };
        let words =
            tries.iter().map(|(nameserver, error)| format!("{nameserver}: {}", words(error)));
        Self {
            what: MOST_TELLING_FIRST.into_iter().find(has).unwrap_or(LookupFailure::Other),
            system: tries.iter().find_map(number).map(io::Error::from_raw_os_error),
            text: words.collect::<Vec<_>>().join("; "),
        }
    }

    /// Packs it for the way up through hickory, which lets text through, but no error of ours.
    pub(crate) fn into_net_error(self) -> NetError {
        let rank =
            MOST_TELLING_FIRST.iter().position(|what| *what == self.what).unwrap_or_default();
        let number = self.system.as_ref().and_then(io::Error::raw_os_error).unwrap_or_default();
        NetError::Msg(format!("{rank} {number} {}", self.text))
    }

    /// Unpacks it.
    fn from_net_error(error: &NetError) -> Option<Self> {
        let NetError::Msg(text) = error else {
            return None;
        };
        let mut parts = text.splitn(3, ' ');
        let what = *MOST_TELLING_FIRST.get(parts.next()?.parse::<usize>().ok()?)?;
        let number = parts.next()?.parse::<i32>().ok()?;
        let system = (number != 0).then(|| io::Error::from_raw_os_error(number));
        Some(Self { what, system, text: parts.next()?.to_string() })
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Unanswered {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.system.as_ref()?)
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
    fn what_is_packed_for_hickory_is_unpacked_as_it_was() {
        let refused = io::Error::from_raw_os_error(111);
        let tries = [
            ("192.0.2.1".parse().unwrap(), NetError::Timeout),
            ("192.0.2.2".parse().unwrap(), NetError::from(refused)),
        ];
        let packed = Unanswered::new(&tries);
        let text = packed.to_string();
        let unpacked = Unanswered::from_net_error(&packed.into_net_error()).unwrap();
        assert_eq!(unpacked.what, LookupFailure::TimedOut);
        assert_eq!(unpacked.system.as_ref().and_then(io::Error::raw_os_error), Some(111));
        assert_eq!(unpacked.to_string(), text);
    }

    #[test]
    fn what_hickory_says_itself_is_left_as_it_is() {
        for text in ["", "no tasks successful", "9 9 9", "1 x y"] {
            assert!(
                Unanswered::from_net_error(&NetError::Msg(text.to_string())).is_none(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_a_nameserver_has_said_comes_before_silence() {
        let nameserver: Nameserver = "192.0.2.1".parse().unwrap();
        let failed = NetError::from(DnsError::ResponseCode(ResponseCode::ServFail));
        let tries = [(nameserver, NetError::Timeout), (nameserver, failed)];
        assert_eq!(Unanswered::new(&tries).what, LookupFailure::ServerFailed);
    }
}
