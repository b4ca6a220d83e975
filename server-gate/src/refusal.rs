//! Why somebody does not come in.

use std::{io, time::Instant};

use socketry_connection::Address;
use socketry_server::{LimitReached, Network};

use crate::{AccessRule, GateCounts, NotAdmitted, Rate};

/// Why somebody does not come in. Made under a lock, so it is told in words by whoever has let go
/// of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Access(AccessRule),
    /// As many are open as may be, in all or with one prefix.
    MostOpen {
        most: usize,
        prefix: Option<Network>,
    },
    /// There is no token, of all or of one prefix.
    Rate {
        rate: Rate,
        prefix: Option<Network>,
        until: Option<Instant>,
    },
}

impl Refusal {
    /// Whether it would concern everybody else as well.
    pub(crate) fn concerns_all(&self) -> bool {
        matches!(self, Self::MostOpen { prefix: None, .. } | Self::Rate { prefix: None, .. })
    }

    /// When it ends of its own accord, if it does.
    pub(crate) fn until(&self) -> Option<Instant> {
        match self {
            Self::Rate { until, .. } => *until,
            Self::Access(_) | Self::MostOpen { .. } => None,
        }
    }

    pub(crate) fn count(&self, counts: &mut GateCounts) {
        let count = match self {
            Self::Access(AccessRule::Deny(_)) => &mut counts.denied,
            Self::Access(AccessRule::Allow) => &mut counts.not_allowed,
            Self::MostOpen { prefix: None, .. } => &mut counts.over_most_open,
            Self::MostOpen { prefix: Some(_), .. } => &mut counts.over_most_open_per_prefix,
            Self::Rate { prefix: None, .. } => &mut counts.over_rate,
            Self::Rate { prefix: Some(_), .. } => &mut counts.over_rate_per_prefix,
        };
        *count += 1;
    }

    /// What is said of it.
    pub(crate) fn into_error(self, remote: Option<Address>) -> io::Error {
        let (limit, of_what, prefix) = match self {
            Self::Access(rule) => return access_error(remote, rule),
            Self::MostOpen { most, prefix } => (most as u64, "open connections", prefix),
            Self::Rate { rate, prefix, .. } => (rate.count().into(), rate.of_what(), prefix),
        };
        match prefix {
            None => LimitReached::new(remote, limit, of_what),
            Some(prefix) => LimitReached::new(remote, limit, format!("{of_what} from {prefix}")),
        }
        .into()
    }
}

fn access_error(remote: Option<Address>, rule: AccessRule) -> io::Error {
    match remote {
        Some(remote) => NotAdmitted::new(remote, rule).into(),
        None => io::ErrorKind::PermissionDenied.into(), // rules are about addresses only
    }
}
