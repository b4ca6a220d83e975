//! TLS over whatever is in the tcp slot, and connections of one's own under it.

use std::net::SocketAddr;

use futures_lite::future::{self, block_on};
use socketry::{
    AcceptExt, BoxConnector, HostPort, Server,
    tls::{ServerTls, TlsServer},
};
use socketry_testing::{pair_between, scripted_connector, scripted_server};

use crate::support::{Files, client, say};

/// A server of TLS over connections in memory.
fn in_memory(files: &Files) -> (Server, socketry_testing::ServerHandle) {
    let identity = files.authority.issue(["a.example"]);
    let identity = socketry::tls::Identity::from_pem(identity.chain_pem(), identity.key_pem());
    let tls = ServerTls::new(identity.load().unwrap()).unwrap();
    let (server, handle) = scripted_server();
    (TlsServer::new(server, tls).boxed().into(), handle)
}

#[test]
fn a_connector_of_hosts_carries_tls() {
    let files = Files::new();
    let (mut server, arrivals) = in_memory(&files);
    let (hosts, calls) = scripted_connector::<HostPort>();
    let connector = client(files.client_config()).tcp(BoxConnector::new(hosts)).build().unwrap();
    let playing = async {
        let call = calls.next_call().await;
        assert_eq!(call.target().to_string(), "a.example:443");
        let (ours, theirs) = ends();
        arrivals.push(theirs);
        call.succeed(ours);
    };
    let serving = async { server.accept().await.unwrap() };
    let connecting = connector.connect("tls://a.example:443");
    let ((ours, theirs), ()) = block_on(future::zip(future::zip(connecting, serving), playing));
    assert_eq!(say(&mut ours.unwrap(), &mut theirs.unwrap(), "hello"), "hello");
}

#[test]
fn a_connector_of_addresses_carries_tls() {
    let files = Files::new();
    let (mut server, arrivals) = in_memory(&files);
    let (addresses, calls) = scripted_connector::<SocketAddr>();
    let connector =
        client(files.client_config()).tcp(BoxConnector::new(addresses)).build().unwrap();
    let playing = async {
        let call = calls.next_call().await;
        let (ours, theirs) = ends();
        arrivals.push(theirs);
        call.succeed(ours);
    };
    let serving = async { server.accept().await.unwrap() };
    let connecting = connector.connect("tls://192.0.2.1:443?hostname=a.example");
    let ((ours, theirs), ()) = block_on(future::zip(future::zip(connecting, serving), playing));
    let (mut ours, mut theirs) = (ours.unwrap(), theirs.unwrap());
    assert_eq!(ours.remote_address(), "tls://192.0.2.1:443".parse().ok());
    assert_eq!(say(&mut ours, &mut theirs, "hello"), "hello");
}

fn ends() -> (socketry_testing::MemoryConnection, socketry_testing::MemoryConnection) {
    let client = "tcp://192.0.2.9:50000".parse().unwrap();
    pair_between(client, "tcp://192.0.2.1:443".parse().unwrap())
}
