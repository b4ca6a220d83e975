//! A flood of clients does not starve those that are in already.

use std::{net::TcpStream, task::Poll};

use socketry_server::Accept;
use socketry_testing::CountingWaker;

use crate::{queue::wait_until_waiting, support::server};

#[test]
fn accepting_yields_after_32_in_a_row_and_wakes_itself() {
    let (mut server, address) = server("127.0.0.1");
    let _clients: Vec<_> = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
    wait_until_waiting(address, 100);

    let waker = CountingWaker::new();
    for burst in [32, 32, 32] {
        for _ in 0..burst {
            let Poll::Ready(next) = server.poll_accept(&mut waker.context()) else {
                panic!("it yielded too early");
            };
            next.unwrap().unwrap();
        }
        assert!(server.poll_accept(&mut waker.context()).is_pending(), "it did not yield");
        assert_eq!(waker.take(), 1, "who yields has to wake its task");
    }
}
