//! A task that makes one connection after the other lets others have a turn.

use std::{future::Future, pin::pin, thread};

use socketry_connector::Connect;
use socketry_connector_tcp::TcpConnector;
use socketry_testing::CountingWaker;

use crate::support::listener;

/// How many of 100 connects in a row yield before they are done. Each has to wake its task.
fn yields(connector: &TcpConnector) -> usize {
    let (_listener, address) = listener("127.0.0.1:0");
    let waker = CountingWaker::new();
    let mut yields = 0;
    for _ in 0..100 {
        let mut connect = pin!(connector.connect(address));
        while connect.as_mut().poll(&mut waker.context()).is_pending() {
            yields += 1;
            assert_eq!(waker.count(), yields, "it yields and wakes itself, or it waits");
        }
    }
    yields
}

#[test]
fn a_loop_of_connects_yields_after_every_32nd() {
    // On a thread of its own, because turns are counted by thread.
    let yields = thread::spawn(|| yields(&TcpConnector::new())).join().unwrap();
    assert_eq!(yields, 3);
}

#[test]
fn a_loop_of_connects_that_fail_yields_too() {
    let refusing = TcpConnector::new().before_connect(|_, _| Err(std::io::ErrorKind::Other.into()));
    let yields = thread::spawn(move || yields(&refusing)).join().unwrap();
    assert_eq!(yields, 3);
}
