//! The connection behind a header.

use std::io::{ErrorKind, IoSlice};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::{BoxConnection, Connection};
use socketry_server_proxy::{ProxyHeader, Untrusted};
use socketry_testing::{check_abort, check_connection, faulty, pair_between};

use crate::support::{
    CLIENT, OWN, PROXY, V1, accept, accept_with, address, come_from, header, options, remote, say,
    server, serving, v2,
};

#[test]
fn it_is_a_connection_on_either_side() {
    for begin in [V1, &v2()] {
        let (connection, peer) = accept_with(begin);
        block_on(check_connection(connection, peer));
        let (connection, peer) = accept_with(begin);
        block_on(check_connection(peer, connection));
    }
}

#[test]
fn in_a_box_it_is_one_too() {
    let (connection, peer) = accept_with(V1);
    let connection: BoxConnection = Box::new(connection);
    block_on(check_connection(connection, peer));
}

#[test]
fn one_that_was_passed_through_is_one_too() {
    let (mut server, handle) = serving(options().untrusted(Untrusted::PassThrough));
    let peer = come_from(CLIENT, &handle);
    block_on(check_connection(accept(&mut server), peer));
}

#[test]
fn it_can_be_aborted() {
    let (connection, peer) = accept_with(V1);
    block_on(check_abort(connection, peer));
}

#[test]
fn a_read_fails_after_an_abort_although_something_is_held() {
    let (mut connection, _peer) = accept_with(&[V1, b"hello"].concat());
    let handle = connection.abort_handle().unwrap();
    assert!(handle.abort());
    let error = block_on(connection.read(&mut [0; 9])).unwrap_err();
    assert_eq!((error.kind(), connection.held()), (ErrorKind::ConnectionAborted, 0));
}

#[test]
fn a_handle_that_was_given_out_while_something_was_held_is_as_good_as_any() {
    let (mut connection, mut peer) = accept_with(&[V1, b"hello"].concat());
    let handle = connection.abort_handle().unwrap();
    assert_eq!(block_on(connection.read(&mut [0; 9])).unwrap(), 5);
    say(&mut peer, b"more");
    assert_eq!(block_on(connection.read(&mut [0; 9])).unwrap(), 4);
    block_on(async {
        assert!(handle.abort() && connection.abort_handle().unwrap().abort());
        assert!(connection.read(&mut [0; 9]).await.is_err());
    });
    drop(connection);
    assert!(!handle.abort());
}

#[test]
fn its_debug_output_is_one_line_with_both_ends() {
    let (connection, _peer) = accept_with(V1);
    let text = format!("{connection:?}");
    assert!(text.contains("192.0.2.1:4711") && text.contains("10.0.0.1:5678"), "{text}");
    assert!(!text.contains('\n'));
}

#[test]
fn several_buffers_are_written_at_once_and_closing_reaches_the_connection_inside() {
    let (mut server, handle) = server();
    let (mut peer, accepted) = pair_between(address(PROXY), address(OWN));
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    say(&mut peer, V1);
    let mut connection = accept(&mut server);
    block_on(async {
        connection.write_vectored(&[IoSlice::new(b"one "), IoSlice::new(b"two")]).await.unwrap();
        connection.flush().await.unwrap();
        connection.close().await.unwrap();
    });
    let counts = faults.counts();
    assert_eq!((counts.vectored_writes, counts.writes), (1, 0));
    assert_eq!((counts.flushes, counts.closes, counts.bytes_written), (1, 1, 7));
}

#[test]
fn facts_of_layers_below_are_kept() {
    #[derive(Debug, PartialEq)]
    struct Fact(u8);

    let (mut server, handle) = server();
    let (mut peer, mut accepted) = pair_between(address(PROXY), address(OWN));
    accepted.attributes_mut().insert(Fact(7));
    handle.push(accepted);
    say(&mut peer, V1);
    let mut connection = accept(&mut server);
    assert_eq!(connection.attributes().get(), Some(&Fact(7)));
    connection.attributes_mut().remove::<ProxyHeader>();
    assert_eq!((header(&connection), &*remote(&connection)), (None, CLIENT));
}

#[test]
fn the_connection_inside_comes_out() {
    let (mut connection, _peer) = accept_with(&[V1, b"hello"].concat());
    assert_eq!(remote(connection.get_ref()), PROXY);
    assert_eq!(remote(connection.get_mut()), PROXY);
    assert_eq!(remote(&connection.into_inner()), PROXY);
}
