//! The decorator this crate is about.

use std::{io, net::SocketAddr};

use socketry_connection::{Address, Connection};
use socketry_connection_tls::{TlsConnection, rustls::pki_types::ServerName};
use socketry_connector::{Candidates, Connect, EventKind, Host, HostPort, PeerNamed, Trace};

use crate::{ClientTls, tls::place};

/// Secures the connections of the connector inside, once the server has proved who it is.
///
/// The target goes down as it is. The name that the server has to prove comes from the target:
///
/// | target | name |
/// |---|---|
/// | [`HostPort`] | the host, be it a name or an address |
/// | [`SocketAddr`] | the IP address |
/// | [`PeerNamed<T>`](PeerNamed) | its peer name; `T` may be any target |
/// | [`Candidates`] | the host that they belong to |
///
/// unless the [`ClientTls`] has a [name for all](crate::ClientTlsBuilder::server_name). A dot at the
/// end of a name and the zone of an IPv6 address are no part of it.
///
/// - **Setting up comes first**, once for all calls: what cannot be set up opens nothing.
/// - **A handshake that fails is the end of the call**: it is not tried again at another address.
///   A server that answers and cannot prove who it is may be an attacker; more often all servers of
///   that name have the same fault, and trying them would hide which.
/// - **The handshake has a [deadline](socketry_connection_tls::TlsOptions::handshake_within) of its
///   own**, beside that of whoever wraps this.
///
/// # Examples
///
/// To an address that is known, where a certain name has to answer:
///
/// ```
/// use std::{io, net::SocketAddr};
///
/// use socketry_connection::Connection;
/// use socketry_connector::{Connect, PeerNamed};
/// use socketry_connector_tls::{ClientTls, TlsConnector};
///
/// async fn connect(tcp: impl Connect<SocketAddr>) -> io::Result<impl Connection> {
///     let connector = TlsConnector::new(tcp, ClientTls::new());
///     let address: SocketAddr = "192.0.2.1:443".parse().map_err(io::Error::other)?;
///     connector.connect(PeerNamed::new(address, "example.com".parse()?)).await
/// }
/// ```
#[derive(Clone, Debug)]
pub struct TlsConnector<C> {
    inner: C,
    tls: ClientTls,
}

impl<C> TlsConnector<C> {
    /// Secures the connections of `inner`.
    pub fn new(inner: C, tls: ClientTls) -> Self {
        Self { inner, tls }
    }

    /// The connector inside.
    pub fn get_ref(&self) -> &C {
        &self.inner
    }

    /// The connector inside, to change it.
    pub fn get_mut(&mut self) -> &mut C {
        &mut self.inner
    }

    /// Takes the connector out.
    pub fn into_inner(self) -> C {
        self.inner
    }

    /// How connections are secured.
    pub fn tls(&self) -> &ClientTls {
        &self.tls
    }

    /// Connects to `target`, where `name` has to answer. Errors call the target as `place` says it,
    /// which is told where the connection went.
    async fn secure<Target: Send>(
        &self,
        target: Target,
        name: ServerName<'static>,
        place: impl FnOnce(Option<Address>) -> String + Send,
        trace: Trace<'_>,
    ) -> io::Result<TlsConnection<C::Connection>>
    where
        C: Connect<Target>,
    {
        let config = self.tls.config().await?;
        let connection = self.inner.connect_traced(target, trace).await?;
        let remote = connection.remote_address();
        let peer = if trace.is_on() { name.to_str().into_owned() } else { String::new() };
        trace.tell(|| EventKind::handshake_started(&peer));
        let result = self.tls.options().connect(connection, name, config).await;
        let result = result.map_err(|error| io::Error::from(error.with_target(place(remote))));
        trace.tell(|| EventKind::handshake_ended(&peer, result.as_ref().map(drop)));
        result
    }
}

/// # Errors
///
/// - Of kind [`InvalidInput`](io::ErrorKind::InvalidInput), before anything is opened, if the host
///   can have no certificate.
/// - [`SetupFailed`](crate::SetupFailed), before anything is opened, if TLS cannot be set up: the
///   roots are not there, say.
/// - Those of the connector inside, unchanged.
/// - [`HandshakeFailed`](crate::HandshakeFailed), which says how and why:
///
///   ```text
///   connection to tls://example.com:443 failed during TLS handshake: ...
///   ```
///
/// # Cancel safety
///
/// A dropped call drops the call inside, or the connection under the handshake, at once.
impl<C: Connect<HostPort>> Connect<HostPort> for TlsConnector<C> {
    type Connection = TlsConnection<C::Connection>;

    async fn connect_traced(
        &self,
        target: HostPort,
        trace: Trace<'_>,
    ) -> io::Result<Self::Connection> {
        let name = self.tls.name_for(target.host())?;
        let place = target.clone();
        self.secure(target, name, |_| format!("tls://{place}"), trace).await
    }
}

/// The IP address is the name that the server has to prove, and few servers can.
///
/// # Errors
///
/// As for [`HostPort`].
///
/// # Cancel safety
///
/// As for [`HostPort`].
impl<C: Connect<SocketAddr>> Connect<SocketAddr> for TlsConnector<C> {
    type Connection = TlsConnection<C::Connection>;

    async fn connect_traced(
        &self,
        target: SocketAddr,
        trace: Trace<'_>,
    ) -> io::Result<Self::Connection> {
        let name = self.tls.name_for(&Host::from(target.ip()))?;
        self.secure(target, name, |_| format!("tls://{target}"), trace).await
    }
}

/// What is inside need not know of names: any target will do.
///
/// # Errors
///
/// As for [`HostPort`]; a handshake that fails names where the connection went, and whom it wanted
/// there: `connection to tls://192.0.2.1:443 as example.com failed ...`.
///
/// # Cancel safety
///
/// As for [`HostPort`].
impl<Target: Send, C: Connect<Target>> Connect<PeerNamed<Target>> for TlsConnector<C> {
    type Connection = TlsConnection<C::Connection>;

    async fn connect_traced(
        &self,
        target: PeerNamed<Target>,
        trace: Trace<'_>,
    ) -> io::Result<Self::Connection> {
        let (target, peer_name) = target.into_parts();
        let name = self.tls.name_for(&peer_name)?;
        self.secure(target, name, |remote| place(remote, &peer_name), trace).await
    }
}

/// Dials first and asks for the name of the host that the addresses belong to. One handshake is
/// made, at the address that has answered.
///
/// # Errors
///
/// As for [`HostPort`]; addresses that belong to no host are bad input.
///
/// # Cancel safety
///
/// As for [`HostPort`].
impl<C: Connect<Candidates>> Connect<Candidates> for TlsConnector<C> {
    type Connection = TlsConnection<C::Connection>;

    async fn connect_traced(
        &self,
        target: Candidates,
        trace: Trace<'_>,
    ) -> io::Result<Self::Connection> {
        let Some(place) = target.host().cloned() else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "these addresses belong to no host whose name could be checked: say to which by \
                 Candidates::for_host, or who has to answer by PeerNamed",
            ));
        };
        let name = self.tls.name_for(place.host())?;
        self.secure(target, name, |_| format!("tls://{place}"), trace).await
    }
}
