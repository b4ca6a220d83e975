//! Headers in pieces, and what comes behind them.

use std::{io::IoSliceMut, task::Poll};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, yield_now, zip},
};
use socketry_server::AcceptExt;
use socketry_testing::{Operation, faulty, pair_between};

use crate::support::{
    CLIENT, OWN, PROXY, Proxied, Server, V1, accept, accept_with, address, come, poll_accept,
    read_exactly, remote, say, server, v2,
};

/// Each header of the tests, with as much behind it as is read with it, and more.
fn streams() -> Vec<(usize, Vec<u8>)> {
    let data: Vec<u8> = (0..5000).map(|n| (n % 251) as u8).collect();
    let lengths = [0, 1, 100, 5000];
    let with_data = |header: Vec<u8>| {
        lengths.map(|length| (header.len(), [&header[..], &data[..length]].concat()))
    };
    [V1.to_vec(), v2()].into_iter().flat_map(with_data).collect()
}

/// A server to which `stream` comes in two pieces, of which the first ends `at` somewhere.
fn in_two(stream: &[u8], at: usize) -> Proxied {
    let (mut server, handle) = server();
    let mut peer = come(&handle);
    say(&mut peer, &stream[..at]);
    let first = poll_accept(&mut server);
    say(&mut peer, &stream[at..]);
    block_on(peer.close()).unwrap();
    match first {
        Poll::Ready(first) => first.unwrap().unwrap(),
        Poll::Pending => accept(&mut server),
    }
}

fn read_to_end(connection: &mut Proxied) -> Vec<u8> {
    let mut bytes = Vec::new();
    block_on(connection.read_to_end(&mut bytes)).unwrap();
    bytes
}

#[test]
fn a_header_that_is_cut_at_any_byte_is_read_and_nothing_behind_it_is_lost() {
    for (header, stream) in streams() {
        for at in 0..=stream.len().min(header + 3) {
            let mut connection = in_two(&stream, at);
            assert_eq!(remote(&connection), CLIENT, "{at}");
            assert!(read_to_end(&mut connection) == stream[header..], "{at}");
        }
    }
}

#[test]
fn a_header_that_comes_byte_by_byte_is_read() {
    for (header, stream) in streams() {
        let (mut server, handle) = server();
        let (mut peer, accepted) = pair_between(address(PROXY), address(OWN));
        let (accepted, faults) = faulty(accepted);
        faults.at_most_read(1);
        handle.push(accepted);
        say(&mut peer, &stream);
        block_on(peer.close()).unwrap();
        let mut connection = accept(&mut server);
        assert_eq!(faults.counts().bytes_read, header);
        assert!(read_to_end(&mut connection) == stream[header..]);
    }
}

#[test]
fn a_server_that_waits_is_woken_by_each_piece() {
    let (mut server, handle) = server();
    let mut peer = come(&handle);
    let pieces = async {
        for byte in v2() {
            peer.write_all(&[byte]).await.unwrap();
            yield_now().await;
        }
    };
    let (accepted, ()) = block_on(zip(server.accept(), pieces));
    assert_eq!(remote(&accepted.unwrap().unwrap()), CLIENT);
}

#[test]
fn what_is_held_is_read_in_as_small_pieces_as_one_likes() {
    let (mut connection, _peer) = accept_with(&[V1, b"hello"].concat());
    for (left, byte) in (0..5).rev().zip(b"hello") {
        assert_eq!(read_exactly(&mut connection, 1), [*byte]);
        assert_eq!(connection.held(), left);
    }
}

#[test]
fn what_is_held_is_read_into_several_buffers() {
    let (mut connection, _peer) = accept_with(&[V1, b"hello"].concat());
    let (mut one, mut two) = ([0; 2], [0; 10]);
    let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut []), IoSliceMut::new(&mut two)];
    assert_eq!(block_on(connection.read_vectored(&mut bufs)).unwrap(), 5);
    assert_eq!((&one, &two[..3], connection.held()), (b"he", &b"llo"[..], 0));
}

#[test]
fn a_read_into_nothing_takes_nothing() {
    let (mut connection, _peer) = accept_with(&[V1, b"hello"].concat());
    assert_eq!(block_on(connection.read(&mut [])).unwrap(), 0);
    assert_eq!(connection.held(), 5);
}

#[test]
fn what_is_held_comes_without_asking_the_connection_inside() {
    let (mut server, handle) = server();
    let (mut peer, accepted) = pair_between(address(PROXY), address(OWN));
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    say(&mut peer, &[V1, b"hello"].concat());
    let mut connection = accept(&mut server);
    faults.hold(Operation::Read);
    assert_eq!(read_exactly(&mut connection, 5), b"hello");
}

#[test]
fn what_comes_later_follows_what_is_held() {
    let (mut connection, mut peer) = accept_with(&[V1, b"hello "].concat());
    say(&mut peer, b"world");
    assert_eq!(read_exactly(&mut connection, 11), b"hello world");
}

#[test]
fn a_second_header_is_data() {
    let (mut connection, _peer) = accept_with(&[V1, V1].concat());
    assert_eq!(read_exactly(&mut connection, V1.len()), V1);
}

#[test]
fn a_client_that_has_ended_behind_its_header_is_accepted() {
    let mut connection = in_two(V1, V1.len());
    assert_eq!(read_to_end(&mut connection), b"");
}

#[test]
fn a_client_that_waits_for_the_server_to_speak_is_accepted() {
    let (mut connection, mut peer): (Proxied, _) = accept_with(V1);
    say(&mut connection, b"220 welcome");
    assert_eq!(read_exactly(&mut peer, 11), b"220 welcome");
}

#[test]
fn results_come_in_the_order_in_which_headers_came() {
    let (mut server, handle): (Server, _) = server();
    let mut peers: Vec<_> = (0..3).map(|_| come(&handle)).collect();
    assert!(poll_accept(&mut server).is_pending());
    for n in [2, 0, 1] {
        let header = format!("PROXY TCP4 192.0.2.{n} 192.0.2.9 1 2\r\n");
        say(&mut peers[n], header.as_bytes());
        assert_eq!(remote(&accept(&mut server)), format!("tcp://192.0.2.{n}:1"));
    }
}
