//! Hosts without a resolver: literals and `localhost`.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use socketry_connector::{AllAttemptsFailed, Attempts, Connect, ConnectFailed, HostPort, Trace};

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
                Ok(connection) => return Ok(connection),
                Err(error) => match failed_attempt(&error) {
                    Some(failed) => attempts.push(failed.attempt().clone()),
                    None => return Err(error),
                },
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

fn failed_attempt(error: &io::Error) -> Option<&ConnectFailed> {
    error.get_ref()?.downcast_ref()
}

fn unresolvable(target: &HostPort) -> io::Error {
    let text = format!(
        "connection to tcp://{target} refused: looking up names is not built in; write an IP address, or give a connector of host names as the tcp slot"
    );
    io::Error::new(io::ErrorKind::Unsupported, text)
}
