//! Hosts without a resolver: literals and `localhost`.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use socketry_connection::Connection;
use socketry_connector::{
    AllAttemptsFailed, Attempt, Attempts, Connect, ConnectFailed, HostPort, Phase, Trace,
};

/// Connects to literals through a connector of addresses, and to `localhost`, which always is this
/// machine (RFC 6761): over IPv6 first, then over IPv4.
#[derive(Clone, Debug)]
pub(crate) struct LiteralConnector<C> {
    inner: C,
}

impl<C> LiteralConnector<C> {
    pub(crate) fn new(inner: C) -> Self {
        Self { inner }
    }
}

impl<C: Connect<SocketAddr>> LiteralConnector<C> {
    async fn connect_localhost(
        &self,
        host: HostPort,
        trace: Trace<'_>,
    ) -> io::Result<C::Connection> {
        let port = host.port();
        let mut attempts = Attempts::new();
        for address in [(Ipv6Addr::LOCALHOST, port).into(), (Ipv4Addr::LOCALHOST, port).into()] {
            match self.inner.connect_traced(address, trace).await {
                Ok(mut connection) => {
                    if !attempts.is_empty() {
                        connection.attributes_mut().insert(attempts);
                    }
                    return Ok(connection);
                }
                Err(error) => attempts.push(to_attempt(address, error)),
            }
        }
        Err(AllAttemptsFailed::new(Some(host), attempts).into())
    }
}

impl<C: Connect<SocketAddr>> Connect<HostPort> for LiteralConnector<C> {
    type Connection = C::Connection;

    async fn connect_traced(
        &self,
        target: HostPort,
        trace: Trace<'_>,
    ) -> io::Result<C::Connection> {
        match target.literal() {
            Some(address) => self.inner.connect_traced(address?, trace).await,
            None if target.host().is_localhost() => self.connect_localhost(target, trace).await,
            None => Err(unresolvable(&target)),
        }
    }
}

/// The attempt that failed, as whoever made it tells, or as well as it can be told from outside:
/// without the time that it took, for which every call would have to read the clock.
fn to_attempt(address: SocketAddr, error: io::Error) -> Attempt {
    if let Some(failed) = error.get_ref().and_then(|error| error.downcast_ref::<ConnectFailed>()) {
        return failed.attempt().clone();
    }
    let phase = match error.kind() {
        io::ErrorKind::InvalidInput => Phase::Socket, // refused before anything was opened
        _ => Phase::Connect,
    };
    Attempt::new(address.into(), phase, error, Duration::ZERO)
}

fn unresolvable(target: &HostPort) -> io::Error {
    let text = format!(
        "connection to tcp://{target} refused: looking up names is not built in; write an IP address, or give a connector of host names as the tcp slot"
    );
    io::Error::new(io::ErrorKind::Unsupported, text)
}
