//! What a test says to a proxy while it runs.

use std::{
    io::{ErrorKind, Write},
    net::{TcpListener, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use futures_lite::future::{block_on, poll_once, zip};
use socketry_testing::{Baseline, Break, Fault, FaultProxy};

use crate::{RESET, hear, hear_all, with_proxy};

#[test]
fn a_port_that_refuses_is_nobody_elses_and_comes_back() {
    with_proxy(|ends| {
        let refused = || TcpStream::connect(ends.proxy.address()).unwrap_err().kind();
        let (mut client, mut server) = ends.join();
        for _ in 0..3 {
            ends.proxy.refuse();
            ends.proxy.refuse();
            assert_eq!(refused(), ErrorKind::ConnectionRefused);
            // Who was connected stays so.
            server.write_all(b"x").unwrap();
            assert_eq!(hear(&mut client, 1), b"x");
            ends.proxy.listen();
            ends.proxy.listen();
            let (_client, _server) = ends.join();
        }
        ends.proxy.refuse();
        let others: Vec<_> = (0..100).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let is_taken = |other: &TcpListener| other.local_addr().unwrap() == ends.proxy.address();
        assert!(!others.iter().any(is_taken));
    });
}

#[test]
fn whoever_has_connected_before_an_order_is_not_concerned_by_it() {
    with_proxy(|ends| {
        let clients: Vec<_> = (0..20).map(|_| ends.connect()).collect();
        ends.proxy.push(Fault::ResetAfter(0));
        let mut client = ends.connect();
        ends.proxy.refuse();
        assert_eq!(hear_all(&mut client), (Vec::new(), RESET));
        for _ in &clients {
            ends.server.accept().unwrap();
        }
        assert_eq!(ends.proxy.counts().accepted, 21);
    });
}

#[test]
fn what_came_before_a_call_is_forwarded_before_it_returns_whoever_else_calls() {
    with_proxy(|ends| {
        let (mut client, mut server) = ends.join();
        client.write_all(b"x").unwrap();
        assert_eq!(hear(&mut server, 1), b"x");
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    ends.proxy.counts();
                }
            });
            let counted = (2..1000).find(|count| {
                client.write_all(b"x").unwrap();
                ends.proxy.counts().to_server != *count
            });
            is_over.store(true, Ordering::SeqCst);
            other.join().unwrap();
            assert_eq!(counted, None);
        });
    });
}

#[test]
fn what_was_pushed_is_used_up_before_the_default() {
    with_proxy(|ends| {
        ends.proxy.set_default(Fault::AcceptThenClose);
        ends.proxy.push(Fault::ResetAfter(0));
        ends.proxy.push(Fault::Pass);
        assert_eq!(hear_all(&mut ends.connect()).1, RESET);
        let (mut client, mut server) = ends.join();
        server.write_all(b"x").unwrap();
        assert_eq!(hear(&mut client, 1), b"x");
        for _ in 0..2 {
            assert_eq!(hear_all(&mut ends.connect()), (Vec::new(), Ok(())));
        }
    });
}

#[test]
fn all_connections_are_broken_whatever_has_become_of_them() {
    with_proxy(|ends| {
        for (how, end) in [(Break::Reset, RESET), (Break::Close, Ok(()))] {
            ends.proxy.push(Fault::BlackHole);
            let mut clients = vec![ends.connect()];
            let (client, mut server) = ends.join();
            clients.push(client);
            ends.proxy.break_all(how);
            clients.iter_mut().for_each(|client| assert_eq!(hear_all(client), (Vec::new(), end)));
            assert_eq!(hear_all(&mut server), (Vec::new(), end));
            // Only those who were there.
            let (mut client, mut server) = ends.join();
            server.write_all(b"x").unwrap();
            assert_eq!(hear(&mut client, 1), b"x");
        }
    });
}

#[test]
fn connections_go_to_the_server_of_their_time() {
    with_proxy(|ends| {
        let (mut client, mut server) = ends.join();
        let other = TcpListener::bind("[::1]:0").unwrap();
        ends.proxy.set_target(other.local_addr().unwrap());
        let mut second = ends.connect();
        other.accept().unwrap().0.write_all(b"other").unwrap();
        assert_eq!(hear_all(&mut second).0, b"other");
        server.write_all(b"first").unwrap();
        assert_eq!(hear(&mut client, 5), b"first");
    });
}

#[test]
fn so_many_connections_are_awaited() {
    with_proxy(|ends| {
        let _first = ends.connect();
        let both = async {
            assert!(poll_once(ends.proxy.accepted(2)).await.is_none());
            let come = async { ends.connect() };
            zip(zip(ends.proxy.accepted(2), ends.proxy.accepted(1)), come).await.1
        };
        let _second = block_on(both);
        assert_eq!(ends.proxy.counts().accepted, 2);
    });
}

#[test]
fn a_dropped_proxy_resets_its_connections_and_is_gone() {
    let baseline = Baseline::take();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = FaultProxy::start(server.local_addr().unwrap()).unwrap();
    proxy.push(Fault::BlackHole);
    let address = proxy.address();
    let mut sockets = vec![TcpStream::connect(address).unwrap()];
    sockets.push(TcpStream::connect(address).unwrap());
    sockets.push(server.accept().unwrap().0);
    drop(proxy);
    sockets.iter_mut().for_each(|socket| assert_eq!(hear_all(socket), (Vec::new(), RESET)));
    assert!(TcpStream::connect(address).is_err());
    drop((sockets, server));
    baseline.assert_unchanged();
}

#[test]
fn a_proxy_can_be_steered_from_any_thread() {
    fn assert_send_sync_unpin<T: Send + Sync + Unpin>() {}
    let _baseline = Baseline::take();
    assert_send_sync_unpin::<FaultProxy>();
}
