//! What the errors of the package mean.

use std::{
    io::{self, ErrorKind},
    time::{Duration, Instant},
};

use async_std_resolver::proto::{error::ProtoErrorKind, op::ResponseCode};
use hickory_resolver_0_24::error::{ResolveError, ResolveErrorKind};
use socketry_resolver::{Answer, LookupFailure};

/// An empty answer, or why there is none. `now` is when the answer came.
pub(crate) fn tell(error: &ResolveError, now: Instant) -> Result<Answer, LookupFailure> {
    Err(match error.kind() {
        ResolveErrorKind::NoRecordsFound {
            response_code: ResponseCode::NoError,
            negative_ttl,
            ..
        } => return Ok(nothing(*negative_ttl, now)),
        ResolveErrorKind::NoRecordsFound { response_code, .. } => of_code(*response_code),
        ResolveErrorKind::Timeout => LookupFailure::TimedOut,
        ResolveErrorKind::NoConnections => LookupFailure::Unreachable,
        ResolveErrorKind::Io(error) => of_io(error),
        ResolveErrorKind::Proto(error) => match error.kind() {
            ProtoErrorKind::Timeout => LookupFailure::TimedOut,
            ProtoErrorKind::Io(error) => of_io(error),
            _ => LookupFailure::Other,
        },
        _ => LookupFailure::Other,
    })
}

fn nothing(ttl: Option<u32>, now: Instant) -> Answer {
    let expires = ttl.and_then(|ttl| now.checked_add(Duration::from_secs(ttl.into())));
    match expires {
        Some(expires) => Answer::default().expiring(expires),
        None => Answer::default(),
    }
}

fn of_code(code: ResponseCode) -> LookupFailure {
    match code {
        ResponseCode::NXDomain => LookupFailure::NoSuchName,
        ResponseCode::ServFail => LookupFailure::ServerFailed,
        ResponseCode::Refused => LookupFailure::Refused,
        _ => LookupFailure::Other,
    }
}

fn of_io(error: &io::Error) -> LookupFailure {
    match error.kind() {
        ErrorKind::TimedOut => LookupFailure::TimedOut,
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable => LookupFailure::Unreachable,
        _ => LookupFailure::Other,
    }
}
