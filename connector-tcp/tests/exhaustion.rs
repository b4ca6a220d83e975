//! Connecting while the process is out of file descriptors.
//!
//! A program without the test harness, whose own threads would want descriptors, too.

use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
};

use futures_lite::future::block_on;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socketry_connection::os_error;
use socketry_connector::{Connect, ConnectFailed, Phase};
use socketry_connector_tcp::TcpConnector;

const EMFILE: i32 = 24;

fn main() {
    let limit = Rlimit { current: Some(64), maximum: getrlimit(Resource::Nofile).maximum };
    setrlimit(Resource::Nofile, limit).unwrap();
    let tests: &[(&str, fn())] = &[
        // First: the descriptors of the reactor are opened once, at its first use.
        (
            "a_first_wait_without_descriptors_for_the_reactor_is_an_error_and_not_a_panic",
            a_first_wait_without_descriptors_for_the_reactor_is_an_error_and_not_a_panic,
        ),
        ("running_out_is_an_error_with_its_number", running_out_is_an_error_with_its_number),
        ("connecting_works_again_when_one_is_free", connecting_works_again_when_one_is_free),
        (
            "a_connect_that_waits_needs_no_more_than_one",
            a_connect_that_waits_needs_no_more_than_one,
        ),
        ("what_was_cancelled_is_free_at_once", what_was_cancelled_is_free_at_once),
    ];
    for (name, test) in tests {
        test();
        println!("test {name} ... ok");
    }
}

fn a_first_wait_without_descriptors_for_the_reactor_is_an_error_and_not_a_panic() {
    let (_listener, address) = listener();
    let connector = TcpConnector::new();
    let mut all = take_all();
    for _ in 0..3 {
        all.pop();
        let error = block_on(connector.connect(mapped(address))).unwrap_err();
        assert_eq!(os_error(&error), Some(EMFILE));
    }
    drop(all);
    block_on(connector.connect(mapped(address))).unwrap();
}

fn running_out_is_an_error_with_its_number() {
    let (_listener, address) = listener();
    let _all = take_all();
    let error = block_on(TcpConnector::new().connect(address)).unwrap_err();
    assert_eq!(os_error(&error), Some(EMFILE));
    let failed = error.get_ref().unwrap().downcast_ref::<ConnectFailed>().unwrap();
    assert_eq!(failed.attempt().phase(), Phase::Socket);
    assert_eq!(
        error.to_string(),
        format!(
            "connection to tcp://{address} failed during socket: Too many open files (os error 24)"
        )
    );
}

fn connecting_works_again_when_one_is_free() {
    let (_listener, address) = listener();
    let connector = TcpConnector::new();
    let mut all = take_all();
    block_on(connector.connect(address)).unwrap_err();
    all.pop();
    for _ in 0..100 {
        block_on(connector.connect(address)).unwrap();
    }
}

fn a_connect_that_waits_needs_no_more_than_one() {
    let (_listener, address) = listener();
    let mut all = take_all();
    all.pop();
    let connection = block_on(TcpConnector::new().connect(mapped(address))).unwrap();
    let error = block_on(TcpConnector::new().connect(mapped(address))).unwrap_err();
    assert_eq!(os_error(&error), Some(EMFILE));
    drop(connection);
    block_on(TcpConnector::new().connect(mapped(address))).unwrap();
}

fn what_was_cancelled_is_free_at_once() {
    let (_listener, address) = listener();
    let connector = TcpConnector::new();
    let mut all = take_all();
    all.pop();
    for _ in 0..100 {
        let connect = connector.connect(mapped(address));
        assert!(block_on(futures_lite::future::poll_once(connect)).is_none());
    }
}

/// Every descriptor that the process can still have, until they are dropped.
fn take_all() -> Vec<File> {
    let all: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(!all.is_empty());
    all
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The address in the notation of IPv6, for which a connect has to wait for the reactor.
fn mapped(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
        SocketAddr::V6(_) => address,
    }
}
