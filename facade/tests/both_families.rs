//! Every interface of both families, on one port, as one server.

use futures_lite::future::{block_on, zip};
use socketry::{AcceptExt, Connector, Server, ServerConfig, ServerGroup};

/// A server on `[::]` and one on `0.0.0.0`, on the same port.
async fn both() -> (ServerGroup<Server>, u16) {
    let mut only_v6 = ServerConfig::default();
    only_v6.tcp.only_v6 = Some(true);
    for _ in 0..100 {
        let v6 = only_v6.bind("[::]:0").await.unwrap();
        let port = v6.local_address().unwrap().port().unwrap();
        // Taken already, once in a while, on the other family.
        if let Ok(v4) = Server::bind(("0.0.0.0", port)).await {
            return (ServerGroup::new([v6, v4]), port);
        }
    }
    panic!("no port is free on both");
}

#[test]
fn clients_of_both_families_reach_it_and_are_known_by_their_own() {
    block_on(async {
        let (mut group, port) = both().await;
        let connector = Connector::new();
        for host in ["127.0.0.1", "::1"] {
            let (client, taken) = zip(connector.connect((host, port)), group.accept()).await;
            let taken = taken.unwrap().unwrap();
            assert_eq!(taken.remote_address(), client.unwrap().local_address());
            assert_eq!(taken.remote_address().unwrap().ip(), host.parse().ok());
        }
    });
}
