//! The call itself, and what the system means by its errors.

use std::{io, net::SocketAddr};

use dns_lookup::{AddrFamily, AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};
use socketry_resolver::{Answer, Family, LookupFailure};

/// Asks the system, and waits for its answer.
pub(crate) fn look_up(name: &str, family: Family) -> Result<Answer, (LookupFailure, io::Error)> {
    let family = match family {
        Family::V4 => AddrFamily::Inet,
        Family::V6 => AddrFamily::Inet6,
    };
    // One kind of socket: else each address comes once for each.
    let socktype = SockType::Stream.into();
    let hints = AddrInfoHints { address: family.into(), socktype, ..AddrInfoHints::default() };
    let found = match getaddrinfo(Some(name), None, Some(hints)) {
        Ok(found) => found,
        Err(error) => {
            return match failure(error.kind()) {
                Some(failure) => Err((failure, error.into())),
                None => Ok(Answer::default()),
            };
        }
    };
    // glibc takes the ::1 of a hosts file for a second 127.0.0.1.
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for found in found {
        match found {
            Ok(found) if addresses.contains(&found.sockaddr) => {}
            Ok(found) => addresses.push(found.sockaddr),
            Err(error) => return Err((LookupFailure::Other, error)),
        }
    }
    Ok(addresses.into_iter().collect())
}

/// What an error means; nothing if there is only no address.
fn failure(kind: LookupErrorKind) -> Option<LookupFailure> {
    match kind {
        LookupErrorKind::NoData => None,
        LookupErrorKind::NoName => Some(LookupFailure::NoSuchName),
        LookupErrorKind::Again => Some(LookupFailure::TimedOut),
        LookupErrorKind::Fail => Some(LookupFailure::ServerFailed),
        _ => Some(LookupFailure::Other),
    }
}
