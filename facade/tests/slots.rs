//! What the connectors in a slot are given, and what becomes of what they return.

use std::{
    error::Error,
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_lite::future::block_on;
use socketry::{
    BoxConnector, Connect, Connection, Connector, HostPort, PeerNamed, TcpSlot, Trace, UnixAddress,
    connector::{Event, EventKind, Observe, TcpConnector},
};
use socketry_testing::{ConnectorHandle, pair, scripted_connector};

use crate::support::tcp_server;

/// A connector for a slot, and the test's side of it.
pub(crate) fn slot<Target: Send + 'static>() -> (BoxConnector<Target>, ConnectorHandle<Target>) {
    let (connector, handle) = scripted_connector();
    (BoxConnector::new(connector), handle)
}

#[test]
fn a_connector_of_hosts_gets_them_as_they_are_written() {
    let (hosts, handle) = slot::<HostPort>();
    let connector = Connector::builder().tcp(hosts).build().unwrap();
    for (endpoint, target) in [
        ("google.com:80", "google.com:80"),
        ("tcp://google.com:80", "google.com:80"),
        ("TCP://google.com:80/path?query#fragment", "google.com:80"),
        ("localhost:80", "localhost:80"),
        ("127.0.0.1:80", "127.0.0.1:80"),
        ("[fe80::1%25eth0]:80", "[fe80::1%eth0]:80"),
    ] {
        assert_eq!(asked_for(&connector, &handle, endpoint), target.parse().unwrap(), "{endpoint}");
    }
}

#[test]
fn a_connector_of_addresses_gets_literals_as_addresses() {
    let (addresses, handle) = slot::<SocketAddr>();
    let connector = Connector::builder().tcp(addresses).build().unwrap();
    for (endpoint, target) in [
        ("127.0.0.1:80", "127.0.0.1:80"),
        ("tcp://[::1]:80", "[::1]:80"),
        ("[fe80::1%7]:80", "[fe80::1%7]:80"),
        ("[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80"),
        ("0.0.0.0:80", "127.0.0.1:80"),
    ] {
        assert_eq!(asked_for(&connector, &handle, endpoint), target.parse().unwrap(), "{endpoint}");
    }
}

#[test]
fn the_tls_slot_gets_the_host_and_who_has_to_answer_there() {
    let (tls, handle) = slot::<PeerNamed<HostPort>>();
    let connector = Connector::builder().tls(tls).build().unwrap();
    for (endpoint, host, peer_name) in [
        ("tls://example.org:443", "example.org:443", "example.org"),
        ("TLS://127.0.0.1:443", "127.0.0.1:443", "127.0.0.1"),
        ("tls://192.0.2.1:443?hostname=example.org", "192.0.2.1:443", "example.org"),
        ("tls://a.example:443/p?q=1&hostname=b.example#f", "a.example:443", "b.example"),
    ] {
        let expected = PeerNamed::new(host.parse().unwrap(), peer_name.parse().unwrap());
        assert_eq!(asked_for(&connector, &handle, endpoint), expected, "{endpoint}");
    }
}

#[test]
fn the_unix_slot_gets_the_name_of_the_socket_as_it_is_written() {
    let (unix, handle) = slot::<UnixAddress>();
    let connector = Connector::builder().unix(unix).build().unwrap();
    for (endpoint, name) in [
        ("unix://demo.sock", "demo.sock"),
        ("Unix:///run/a b?c=d#e%20f", "/run/a b?c=d#e%20f"),
        ("unix://google.com:80", "google.com:80"),
        ("unix://@demo", "@demo"),
    ] {
        let expected = UnixAddress::from_text(name).unwrap();
        assert_eq!(asked_for(&connector, &handle, endpoint), expected, "{endpoint}");
    }
}

#[test]
fn what_a_slot_returns_is_handed_out_with_its_facts() {
    let (hosts, handle) = slot::<HostPort>();
    let connector = Connector::builder().tcp(hosts).build().unwrap();
    let (mut ours, _theirs) = pair();
    ours.attributes_mut().insert("a fact");
    handle.succeed_next(ours);
    let socket = block_on(connector.connect("example.org:80")).unwrap();
    assert_eq!(socket.attributes().get(), Some(&"a fact"));
}

#[test]
fn the_error_of_a_slot_is_handed_out_as_it_is() {
    #[derive(Debug, PartialEq)]
    struct Strange(u8);
    impl Error for Strange {}
    impl fmt::Display for Strange {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("strange")
        }
    }

    let (addresses, handle) = slot::<SocketAddr>();
    let connector = Connector::builder().tcp(addresses).build().unwrap();
    handle.fail_next(io::Error::new(io::ErrorKind::HostUnreachable, Strange(7)));
    let error = block_on(connector.connect("127.0.0.1:80")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::HostUnreachable);
    assert_eq!(error.get_ref().unwrap().downcast_ref(), Some(&Strange(7)));
}

#[test]
fn a_tcp_connector_of_ones_own_is_used() {
    let server = tcp_server();
    let refusing = TcpConnector::new().before_connect(|_, _| Err(io::Error::other("not today")));
    let connector = Connector::builder().tcp(refusing).build().unwrap();
    let error = block_on(connector.connect(server.local_address().unwrap())).unwrap_err();
    assert!(error.to_string().contains("not today"), "{error}");
}

#[test]
fn the_last_choice_for_a_slot_counts() {
    let (hosts, handle) = slot::<HostPort>();
    let connector = Connector::builder().tcp(false).tcp(hosts).build().unwrap();
    assert_eq!(asked_for(&connector, &handle, "a:80").to_string(), "a:80");
    let builder = Connector::builder().tcp(TcpSlot::from(true)).tcp(false);
    let error = block_on(builder.build().unwrap().connect("127.0.0.1:80")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_clone_shares_the_slots() {
    let (hosts, handle) = slot::<HostPort>();
    let connector = Connector::builder().tcp(hosts).build().unwrap();
    let clone = connector.clone();
    assert_eq!(asked_for(&connector, &handle, "a:80").to_string(), "a:80");
    drop(connector);
    assert_eq!(asked_for(&clone, &handle, "b:80").to_string(), "b:80");
}

#[test]
fn a_slot_can_tell_the_trace_of_the_caller_with_and_without_a_timeout() {
    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);
    impl Observe for Log {
        fn observe(&self, event: &Event<'_>) {
            self.0.lock().unwrap().push(event.to_string());
        }
    }

    for timeout in [None, Some(Duration::from_secs(60))] {
        let (hosts, handle) = slot::<HostPort>();
        let connector = Connector::builder().tcp(hosts).timeout(timeout).build().unwrap();
        handle.answer_next(|_, trace| {
            let remote = "tcp://192.0.2.1:80".parse().unwrap();
            trace.tell(|| EventKind::attempt_started(&remote, None));
            Err(io::ErrorKind::ConnectionRefused.into())
        });
        let log = Log::default();
        block_on(connector.connect_traced("a:80", Trace::to(&log))).unwrap_err();
        assert_eq!(*log.0.lock().unwrap(), ["trying tcp://192.0.2.1:80"], "{timeout:?}");
    }
}

/// What the slot is asked for when the connector is asked for `endpoint`.
fn asked_for<Target: Clone + Send + 'static>(
    connector: &Connector,
    handle: &ConnectorHandle<Target>,
    endpoint: &str,
) -> Target {
    let asked = Arc::new(Mutex::new(None));
    let note = asked.clone();
    handle.answer_next(move |target, _| {
        *note.lock().unwrap() = Some(target);
        Err(io::ErrorKind::ConnectionRefused.into())
    });
    let _ = block_on(connector.connect(endpoint));
    let target = asked.lock().unwrap().take();
    target.expect("the slot is asked")
}
