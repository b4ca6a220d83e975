//! Dropping a connect is cancelling it, wherever it stands: nothing is left behind.
//!
//! Every test here holds a baseline of the process, so they run one after the other.

use std::{
    io::{self, Read},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Once,
};

use async_io::Async;
use futures_lite::future::{block_on, poll_once};
use socket2::{Domain, Socket, Type};
use socketry_connector::Connect;
use socketry_connector_tcp::TcpConnector;
use socketry_testing::Baseline;

/// A baseline that has the reactor in it.
fn baseline() -> Baseline {
    static REACTOR: Once = Once::new();

    REACTOR.call_once(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        block_on(TcpConnector::new().connect(mapped(address))).unwrap();
    });
    Baseline::take()
}

/// The address in the notation of IPv6, for which a connect has to wait for the reactor.
fn mapped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
        SocketAddr::V6(_) => address,
    }
}

/// A listener whose queue is full: the system ignores whoever wants to come in.
fn full_listener() -> (Async<TcpListener>, SocketAddr, TcpStream) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any_port: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any_port.into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let listener = Async::new(TcpListener::from(socket)).unwrap();
    let in_the_queue = TcpStream::connect(address).unwrap();
    block_on(listener.readable()).unwrap(); // it has arrived there
    (listener, address, in_the_queue)
}

/// Polls a connect to `address` until it waits, and drops it.
async fn cancel(connector: &TcpConnector, address: SocketAddr) {
    let result = poll_once(connector.connect(address)).await;
    assert!(result.is_none(), "it did not have to wait");
}

#[test]
fn a_connect_that_waits_for_the_server_leaves_nothing_when_it_is_dropped() {
    let connector = TcpConnector::new();
    let baseline = baseline();
    let (listener, address, in_the_queue) = full_listener();
    for _ in 0..100 {
        block_on(cancel(&connector, address));
    }
    drop((listener, in_the_queue));
    baseline.assert_unchanged();
}

#[test]
fn a_connect_whose_result_nobody_took_leaves_nothing_when_it_is_dropped() {
    let baseline = baseline();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    block_on(cancel(&TcpConnector::new(), mapped(listener.local_addr().unwrap())));
    drop(listener);
    baseline.assert_unchanged();
}

#[test]
fn a_connect_that_was_never_polled_opens_nothing() {
    let connector = TcpConnector::new();
    let baseline = baseline();
    let connect = connector.connect("127.0.0.1:1".parse().unwrap());
    baseline.assert_unchanged();
    drop(connect);
}

#[test]
fn failed_connects_leave_nothing() {
    let connectors = [
        TcpConnector::new(),
        TcpConnector::new().local_address("203.0.113.9:0".parse().unwrap()),
        TcpConnector::new().before_connect(|_, _| Err(io::ErrorKind::Other.into())),
    ];
    let baseline = baseline();
    let nobody = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    nobody.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    let address = nobody.local_addr().unwrap().as_socket().unwrap();
    for connector in connectors {
        for address in [address, mapped(address)] {
            block_on(connector.connect(address)).unwrap_err();
        }
    }
    drop(nobody);
    baseline.assert_unchanged();
}

#[test]
fn a_connection_that_is_dropped_leaves_nothing() {
    let baseline = baseline();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = block_on(TcpConnector::new().connect(listener.local_addr().unwrap())).unwrap();
    drop((connection, listener));
    baseline.assert_unchanged();
}

#[test]
fn the_server_outlives_a_client_that_was_cancelled() {
    let _baseline = baseline();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    block_on(cancel(&TcpConnector::new(), mapped(address)));
    // It came up and went away again.
    assert_eq!(listener.accept().unwrap().0.read(&mut [0]).unwrap(), 0);
    let next = TcpStream::connect(address).unwrap();
    assert_eq!(listener.accept().unwrap().1, next.local_addr().unwrap());
}

#[test]
fn the_server_serves_on_after_clients_that_gave_up_waiting() {
    let _baseline = baseline();
    let (listener, address, in_the_queue) = full_listener();
    block_on(cancel(&TcpConnector::new(), address));
    let (_, first) = block_on(listener.accept()).unwrap();
    assert_eq!(first, in_the_queue.local_addr().unwrap());
    let next = TcpStream::connect(address).unwrap();
    let (_, second) = block_on(listener.accept()).unwrap();
    assert_eq!(second, next.local_addr().unwrap());
}
