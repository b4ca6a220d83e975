//! Naming the target in the error of a layer that does not know it.

use std::io;

#[cfg(feature = "tls")]
use socketry_connection_tls::HandshakeFailed;
use socketry_connector::{AllAttemptsFailed, ConnectFailed, HostPort, PeerNamed};
use socketry_connector_dns::{PartlyResolved, ResolveFailed};
use socketry_connector_timeout::TimedOut;

/// A target that a timeout, which reads no target, could not name: of an address it hears.
pub(crate) fn named(target: &HostPort) -> Option<HostPort> {
    target.host().name().is_some().then(|| target.clone())
}

/// Says in the error of a timeout where the connection was to go.
#[cold]
pub(crate) fn name_target(error: io::Error, scheme: &str, target: Option<HostPort>) -> io::Error {
    let Some(target) = target else { return error };
    match error.downcast::<TimedOut>() {
        Ok(timed_out) => timed_out.with_target(format_args!("{scheme}://{target}")).into(),
        Err(other) => other,
    }
}

/// Names the target as `tls://` where the error of a layer below says `tcp://`.
#[cold]
pub(crate) fn over_tls(error: io::Error, target: &PeerNamed<HostPort>) -> io::Error {
    in_handshake(below_tls(error), target)
}

#[cfg(feature = "tls")]
fn in_handshake(error: io::Error, target: &PeerNamed<HostPort>) -> io::Error {
    match error.downcast::<HandshakeFailed>() {
        Ok(failed) if target.peer_name() == target.target().host() => {
            failed.with_target(format_args!("tls://{}", target.target())).into()
        }
        Ok(failed) => failed.with_target(format_args!("tls://{target}")).into(),
        Err(other) => other,
    }
}

#[cfg(not(feature = "tls"))]
fn in_handshake(error: io::Error, _target: &PeerNamed<HostPort>) -> io::Error {
    error
}

fn below_tls(error: io::Error) -> io::Error {
    let error = match error.downcast::<ConnectFailed>() {
        Ok(failed) => return failed.over_tls().into(),
        Err(other) => other,
    };
    let error = match error.downcast::<AllAttemptsFailed>() {
        Ok(failed) => return failed.over_tls().into(),
        Err(other) => other,
    };
    let error = match error.downcast::<ResolveFailed>() {
        Ok(failed) => return failed.over_tls().into(),
        Err(other) => other,
    };
    let kind = error.kind();
    match error.downcast::<PartlyResolved>() {
        Ok(failed) => io::Error::new(kind, failed.map_connect_error(below_tls)),
        Err(other) => other,
    }
}
