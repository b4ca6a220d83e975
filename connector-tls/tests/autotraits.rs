//! Which threads may have what.

use std::net::SocketAddr;

use socketry_connector::{Candidates, Connect, HostPort, PeerNamed};
use socketry_connector_tls::{
    CertificatePin, ClientTls, ClientTlsBuilder, DangerousClientTls, InvalidPin, SetupFailed,
    TlsConnector, UnexpectedPlaintext,
};
use socketry_testing::{MemoryConnection, ScriptedConnector};

fn is_send_and_sync<T: Send + Sync + Unpin + 'static>() {}

fn is_send<T: Send>(_: &T) {}

#[test]
fn types_may_be_anywhere() {
    is_send_and_sync::<TlsConnector<ScriptedConnector<HostPort>>>();
    is_send_and_sync::<ClientTls>();
    is_send_and_sync::<ClientTlsBuilder>();
    is_send_and_sync::<DangerousClientTls>();
    is_send_and_sync::<CertificatePin>();
    is_send_and_sync::<InvalidPin>();
    is_send_and_sync::<SetupFailed>();
    is_send_and_sync::<UnexpectedPlaintext>();
}

/// Compiles, if calls can be spawned.
#[allow(dead_code)]
fn calls_may_be_anywhere<C>(connector: &TlsConnector<C>, tls: &ClientTls, plain: MemoryConnection)
where
    C: Connect<HostPort> + Connect<SocketAddr> + Connect<Candidates> + Connect<u16>,
{
    let host = || "example.com".parse().unwrap();
    is_send(&Connect::<HostPort>::connect(connector, HostPort::new(host(), 443)));
    is_send(&Connect::<SocketAddr>::connect(connector, ([127, 0, 0, 1], 443).into()));
    is_send(&Connect::<Candidates>::connect(connector, Candidates::fed().1));
    is_send(&Connect::<PeerNamed<u16>>::connect(connector, PeerNamed::new(443, host())));
    is_send(&tls.config());
    is_send(&tls.upgrade(plain, host()));
}
