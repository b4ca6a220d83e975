//! What a header costs.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use futures_lite::{AsyncRead, AsyncReadExt, future::block_on};
use socketry_connection::{Address, BoxConnection};
use socketry_server::Accept;
use socketry_server_proxy::{ProxyOptions, Untrusted};
use socketry_testing::{Faults, MemoryConnection, ServerHandle, faulty, pair_between};

use crate::support::{
    OWN, PROXY, Proxied, Server, V1, address, come, poll_accept, say, server, serving,
};

/// A connection that begins with `bytes`, and counts how it is read.
fn counted(bytes: &[u8], handle: &ServerHandle) -> (MemoryConnection, Faults) {
    let (mut peer, accepted) = pair_between(address(PROXY), address(OWN));
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    say(&mut peer, bytes);
    (peer, faults)
}

/// How much memory is asked for until a connection that begins with `bytes` was accepted, and the
/// connection.
fn allocations(bytes: &[u8]) -> (u64, Proxied, Faults) {
    let (mut server, handle): (Server, _) = server();
    let (_peer, faults) = counted(bytes, &handle);
    let mut cx = Context::from_waker(Waker::noop());
    let mut accepted = Poll::Pending;
    let count = measure(|| accepted = server.poll_accept(&mut cx)).count_total;
    let Poll::Ready(Some(Ok(connection))) = accepted else { panic!("it is there") };
    (count, connection, faults)
}

#[test]
fn a_header_that_is_there_is_read_at_once() {
    for bytes in [V1, &[V1, b"hello"].concat()] {
        let (_, mut connection, faults) = allocations(bytes);
        assert_eq!(faults.counts().reads, 1);
        let mut data = vec![0; connection.held()];
        block_on(connection.read_exact(&mut data)).unwrap();
        assert_eq!(faults.counts().reads, 1);
    }
}

#[test]
fn a_header_costs_two_allocations_and_what_follows_it_one() {
    // The node of what is being read, and the fact of the connection.
    assert_eq!(allocations(V1).0, 2);
    assert_eq!(allocations(&[V1, b"hello"].concat()).0, 3);
}

#[test]
fn a_stranger_who_is_passed_through_costs_nothing() {
    let options = ProxyOptions::trusting([]).untrusted(Untrusted::PassThrough);
    let (mut server, handle) = serving(options);
    let _peer = come(&handle);
    let count = measure(|| assert!(poll_accept(&mut server).is_ready())).count_total;
    assert_eq!(count, 0);
}

#[test]
fn a_connection_whose_data_was_read_holds_no_memory_of_it() {
    let (_, mut connection, _faults) = allocations(&[V1, b"hello"].concat());
    let mut data = [0; 5];
    let freed = measure(|| {
        let read = Pin::new(&mut connection);
        let mut cx = Context::from_waker(Waker::noop());
        let read = AsyncRead::poll_read(read, &mut cx, &mut data);
        assert!(matches!(read, Poll::Ready(Ok(5))));
    });
    assert_eq!((freed.count_total, freed.bytes_current), (0, -5));
}

#[test]
fn a_header_that_comes_later_does_not_ask_the_server_inside_again() {
    let (mut server, handle) = server();
    let mut peer = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    let before = handle.accept_polls();
    for byte in V1 {
        say(&mut peer, &[*byte]);
        let _ = poll_accept(&mut server).is_ready();
    }
    assert_eq!(handle.accept_polls(), before);
}

#[test]
fn a_connection_is_larger_by_its_addresses_and_what_is_held() {
    let inside = size_of::<BoxConnection>();
    let most = inside + 2 * size_of::<Option<Address>>() + 5 * size_of::<usize>();
    assert!(size_of::<Proxied>() <= most);
}
