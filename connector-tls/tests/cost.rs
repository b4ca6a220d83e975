//! What a call costs beside the handshake.

use std::{
    io,
    sync::{Arc, Mutex},
};

use futures_lite::future::{block_on, zip};
use socketry_connection_tls::rustls::{ClientConfig, ServerConfig, pki_types::ServerName};
use socketry_connector::{Connect, HostPort, Trace};
use socketry_connector_tls::{ClientTls, TlsConnector, TlsOptions};
use socketry_testing::{MemoryConnection, TestAuthority, TestKey, pair};

use crate::support::{accept, client_config, server_config};

/// Has one connection, and allocates nothing to hand it out.
struct Ready(Mutex<Option<MemoryConnection>>);

impl Connect<HostPort> for Ready {
    type Connection = MemoryConnection;

    async fn connect_traced(&self, _: HostPort, _: Trace<'_>) -> io::Result<MemoryConnection> {
        Ok(self.0.lock().unwrap().take().unwrap())
    }
}

/// Without a timer, whose place in the reactor sometimes costs something.
fn options() -> TlsOptions {
    TlsOptions::new().handshake_within(None)
}

/// The allocations of a handshake, both sides together.
fn bare(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> u64 {
    let (ours, theirs) = pair();
    let options = options();
    let counted = allocation_counter::measure(|| {
        let name = ServerName::try_from("example.com").unwrap().to_owned();
        let client = options.connect(ours, name, client);
        let (client, server) = block_on(zip(client, accept(theirs, server)));
        std::mem::forget((client.unwrap(), server.unwrap()));
    });
    counted.count_total
}

/// The same through the connector.
fn through(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> u64 {
    let (ours, theirs) = pair();
    let tls = ClientTls::with_config(client, options());
    let connector = TlsConnector::new(Ready(Mutex::new(Some(ours))), tls);
    let target: HostPort = "example.com:443".parse().unwrap();
    let counted = allocation_counter::measure(|| {
        let client = connector.connect(target);
        let (client, server) = block_on(zip(client, accept(theirs, server)));
        std::mem::forget((client.unwrap(), server.unwrap()));
    });
    counted.count_total
}

#[test]
fn a_call_allocates_nothing_beside_its_handshake() {
    let authority = TestAuthority::new();
    let identity = authority.certificate(["example.com"]).with_key(TestKey::Ed25519).issue();
    let count = |count: fn(_, _) -> u64| {
        count(client_config(&authority), Arc::new(server_config(&identity)))
    };
    // rustls shuffles what a client offers, which may cost one more or less.
    let least = |how: fn(_, _) -> u64| (0..64).map(|_| count(how)).min();
    assert_eq!(least(through), least(bare));
}
