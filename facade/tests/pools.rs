//! Pools and registries, by the same texts as connectors, over real sockets.

use std::{io::ErrorKind, pin::pin, sync::Arc, time::Duration};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once, zip},
};
use socketry::{
    Connector, Endpoint, PoolConfig, PoolOrderConfig, Registry, Setting,
    reconnecting::{CircuitOptions, Disconnected, GaveUp, PoolOptions, PoolOrder},
};

use socketry_testing::ManualClock;

use crate::support::{TempDir, accept, bind, bound, tcp_server};

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn a_connection_is_handed_out_again_over_tcp_and_unix_sockets() {
    let directory = TempDir::new();
    for mut server in [tcp_server(), bind(directory.endpoint())] {
        let pool = Connector::new().pool([server.local_address().unwrap()]).unwrap().build();
        let mut connection = block_on(pool.checkout()).unwrap();
        let mut client = accept(&mut server);
        block_on(connection.write_all(b"ping")).unwrap();
        let mut heard = [0; 4];
        block_on(client.read_exact(&mut heard)).unwrap();
        block_on(client.write_all(b"!")).unwrap();
        block_on(connection.read_exact(&mut [0])).unwrap();
        drop(connection);
        let mut connection = block_on(pool.checkout()).unwrap();
        block_on(connection.write_all(b"pong")).unwrap();
        block_on(client.read_exact(&mut heard)).unwrap(); // of the same connection
        assert_eq!((&heard, pool.statistics().size), (b"pong", 1));
    }
}

#[test]
fn one_whose_server_has_hung_up_is_replaced() {
    let mut server = tcp_server();
    let connector = Connector::new();
    let pool = connector.pool([server.local_address().unwrap()]).unwrap();
    let at_once = |sessions: socketry::Reconnecting| {
        let backoff = socketry::reconnecting::Backoff::grpc();
        sessions.backoff(backoff.stable_after(Duration::ZERO))
    };
    let pool = pool.connections(at_once).build();
    drop(block_on(pool.checkout()).unwrap());
    drop(accept(&mut server));
    let connection = block_on(async {
        loop {
            // The end of the first may take a moment to arrive.
            let connection = pool.checkout().await.unwrap();
            if connection.generation() == 2 {
                return connection;
            }
        }
    });
    accept(&mut server);
    assert_eq!(connection.generation(), 2);
    assert_eq!(pool.statistics().closed_broken, 1);
}

#[test]
fn what_is_no_endpoint_is_refused_when_the_pool_is_made() {
    let connector = Connector::new();
    for endpoint in ["nonsense", "fd://3"] {
        assert_eq!(connector.pool([endpoint]).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let none: [&str; 0] = [];
    assert_eq!(connector.pool(none).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_scheme_that_is_off_is_told_at_once_to_who_asks_for_a_connection() {
    let connector = Connector::builder().tcp(false).build().unwrap();
    let pool = connector.pool(["tcp://127.0.0.1:1"]).unwrap().build();
    let error = block_on(pool.checkout()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(GaveUp::of(&error).unwrap().is_final());
}

#[test]
fn a_pool_is_as_its_configuration_says() {
    let mut config = PoolConfig::default();
    (config.max_size, config.min_idle) = (3, 1);
    config.wait_timeout = Duration::from_secs(2).into();
    config.idle_timeout = Setting::Off;
    config.check_timeout = Setting::On;
    config.check_every = Duration::from_secs(30).into();
    config.order = PoolOrderConfig::Fifo;
    config.keep_unread = true;
    let pool = Connector::new().pool_with(["127.0.0.1:1"], &config).unwrap().build();
    let expected = PoolOptions::new()
        .max_size(3)
        .min_idle(1)
        .wait_timeout(Some(Duration::from_secs(2)))
        .idle_timeout(None)
        .check_every(Some(Duration::from_secs(30)))
        .order(PoolOrder::Fifo)
        .keep_unread(true);
    assert_eq!(pool.options(), expected);
    assert_eq!(PoolConfig::default().to_options(), PoolOptions::new());
}

#[test]
fn a_number_that_makes_no_sense_is_refused_when_the_pool_is_made() {
    let mut config = PoolConfig::default();
    config.connections.backoff.factor = Some(0.5);
    let error = Connector::new().pool_with(["127.0.0.1:1"], &config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn connections_are_found_again_by_host_and_port_path_and_list() {
    let registry = Registry::default();
    let _tcp = registry.connect(("127.0.0.1", 7)).unwrap();
    let _again = registry.connect("tcp://127.0.0.1:7").unwrap();
    let _unix = registry.connect("unix:///run/demo.sock").unwrap();
    let _list = registry.connect_to(["tcp://a.example:1", "tls://b.example:2"]).unwrap();
    assert_eq!(registry.get_connections(("127.0.0.1", 7)).unwrap().len(), 2);
    assert!(registry.get_connection("unix:///run/demo.sock").unwrap().is_some());
    assert!(registry.get_connection("tls://b.example:2").unwrap().is_some());
    assert!(registry.get_connection("tcp://b.example:2").unwrap().is_none());
    assert_eq!(registry.get_connection("nonsense").unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(registry.connections().len(), 4);
}

#[test]
fn a_registry_takes_the_configurations_that_a_connector_takes() {
    let clock = Arc::new(ManualClock::new());
    let options = CircuitOptions::default().failures_to_open(Some(1));
    let registry = Registry::new(Connector::builder().clock(clock).build().unwrap());
    let registry = registry.with_circuits(options);
    let mut config = PoolConfig::default();
    config.max_size = 3;
    let dead = bound("127.0.0.1:0");
    let endpoint = dead.local_addr().unwrap().as_socket().unwrap();
    let pool = registry.create_pool_with("pool", [endpoint], &config).unwrap();
    assert_eq!(pool.options(), config.to_options());
    let mut one = registry.connect_with([endpoint], &config.connections).unwrap();
    let mut two = registry.connect_with([endpoint], &config.connections).unwrap();
    assert!(block_on(poll_once(one.next())).is_none() && block_on(poll_once(two.next())).is_none());
    let all = registry.connections();
    let attempts: Vec<_> = all.iter().map(|handle| handle.statistics().attempts).collect();
    assert_eq!(attempts, [1, 0]); // the circuit has opened
    let none: [&str; 0] = [];
    assert!(registry.create_pool_with("none", none, &config).is_err());
}

#[test]
fn disconnect_all_closes_every_socket_and_nothing_comes_back() {
    let mut server = tcp_server();
    let address = server.local_address().unwrap();
    let registry = Registry::default();
    let mut sessions = registry.connect(&address).unwrap();
    let session = block_on(sessions.next()).unwrap().unwrap();
    let pool = registry.create_pool("pool", |pool| pool).unwrap();
    pool.add_connection(Endpoint::from(&address), |sessions| sessions);
    let guard = block_on(pool.checkout()).unwrap();
    let mut clients = [accept(&mut server), accept(&mut server)];

    assert_eq!(block_on(registry.disconnect_all(Duration::ZERO)), Disconnected::Aborted);
    for client in &mut clients {
        assert_eq!(block_on(client.read(&mut [0])).unwrap_or(0), 0);
    }
    assert!(block_on(sessions.next()).is_none());
    assert!(block_on(pool.checkout()).is_err());
    assert!(block_on(poll_once(pin!(server.accept()))).is_none());
    drop((session, guard));
}

#[test]
fn disconnect_all_is_polite_as_long_as_it_may_be() {
    let mut server = tcp_server();
    let registry = Registry::default();
    let mut sessions = registry.connect(server.local_address().unwrap()).unwrap();
    let mut session = block_on(sessions.next()).unwrap().unwrap();
    let mut client = accept(&mut server);
    let reading = async {
        let mut last = Vec::new();
        let error = session.read_to_end(&mut last).await.unwrap_err();
        (last, error.to_string())
    };
    let serving = async {
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0); // it is told first
        client.write_all(b"farewell").await.unwrap();
        drop(client);
    };
    let ending = registry.disconnect_all(LONG);
    let (((last, error), ()), ended) = block_on(zip(zip(reading, serving), ending));
    assert_eq!((last, ended), (b"farewell".to_vec(), Disconnected::Gracefully));
    assert!(error.ends_with("it was disconnected"), "{error}");
}

#[test]
fn the_registry_of_the_process_is_one() {
    assert!(std::ptr::eq(Registry::global(), Registry::global()));
}

#[test]
fn a_dead_endpoint_is_asked_no_more_often_by_many_than_is_let_through() {
    let dead = bound("127.0.0.1:0"); // and does not listen
    let endpoint = dead.local_addr().unwrap().as_socket().unwrap();
    let clock = Arc::new(ManualClock::new());
    let registry = Registry::new(Connector::builder().clock(clock).build().unwrap());
    let mut all: Vec<_> = (0..100)
        .map(|_| {
            let backoff = socketry::reconnecting::Backoff::immediate_then(Duration::ZERO);
            registry.connect(endpoint).unwrap().backoff(backoff)
        })
        .collect();
    for sessions in &mut all {
        for _ in 0..3 {
            assert!(block_on(poll_once(sessions.next())).is_none());
        }
    }
    let attempts: u64 =
        registry.connections().iter().map(|handle| handle.statistics().failed_attempts).sum();
    assert_eq!(attempts, 5); // then it is known to be dead, and time stands still
}

#[cfg(feature = "serde")]
#[test]
fn every_key_of_a_pool_is_read() {
    use serde_json::{from_value, json};

    let config: PoolConfig = from_value(json!({
        "max_size": 50,
        "min_idle": 2,
        "wait_timeout": "2s",
        "idle_timeout": false,
        "max_lifetime": true,
        "check_timeout": "250ms",
        "check_after": "1m",
        "check_every": "30s",
        "order": "fifo",
        "keep_unread": true,
        "keep_unanswered": true,
        "connections": {"backoff": {"cap": "30s"}},
    }))
    .unwrap();
    let mut expected = PoolConfig::default();
    (expected.max_size, expected.min_idle) = (50, 2);
    expected.wait_timeout = Duration::from_secs(2).into();
    (expected.idle_timeout, expected.max_lifetime) = (Setting::Off, Setting::On);
    expected.check_timeout = Duration::from_millis(250).into();
    expected.check_after = Duration::from_secs(60);
    expected.check_every = Duration::from_secs(30).into();
    expected.order = PoolOrderConfig::Fifo;
    (expected.keep_unread, expected.keep_unanswered) = (true, true);
    expected.connections.backoff.cap = Some(Duration::from_secs(30));
    assert_eq!(config, expected);
    assert_eq!(from_value::<PoolConfig>(json!({})).unwrap(), PoolConfig::default());
    for unknown in [json!({"size": 1}), json!({"connections": {"bogus": 1}})] {
        assert!(from_value::<PoolConfig>(unknown).is_err());
    }
}
