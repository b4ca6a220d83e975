//! What a connection behind a gate hands on.

use std::{
    future::poll_fn,
    io::{IoSlice, IoSliceMut},
    pin::Pin,
};

use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection::Connection;
use socketry_testing::{MemoryConnection, check_abort, check_connection, faulty};

use crate::support::{Gated, address, admitted, come_from, server};

/// A connection that was let in, and its client.
fn gated() -> (MemoryConnection, Gated) {
    let (mut server, handle, _gate) = server(|_| ());
    let client = come_from(1, &handle);
    (client, admitted(&mut server))
}

#[test]
fn it_is_a_connection_as_good_as_the_one_inside() {
    let (client, open) = gated();
    block_on(check_connection(open, client));
}

#[test]
fn its_abort_handle_ends_it() {
    let (client, open) = gated();
    block_on(check_abort(open, client));
}

#[test]
fn it_has_the_addresses_of_the_one_inside() {
    let (client, open) = gated();
    assert_eq!(open.remote_address(), Some(address("tcp://192.0.2.1:50000")));
    assert_eq!(open.local_address(), client.remote_address());
}

#[test]
fn its_attributes_are_those_of_the_one_inside() {
    let (_client, mut open) = gated();
    open.attributes_mut().insert(7_u8);
    assert_eq!(open.attributes().get(), Some(&7_u8));
    assert_eq!(open.get_ref().attributes().get(), Some(&7_u8));
    assert_eq!(open.into_inner().attributes().get(), Some(&7_u8));
}

#[test]
fn several_buffers_are_written_at_once() {
    let (mut server, handle, _gate) = server(|_| ());
    let (mut client, accepted) = socketry_testing::pair();
    let (accepted, faults) = faulty(accepted);
    handle.push(accepted);
    let mut open = admitted(&mut server);
    let written = block_on(poll_fn(|cx| {
        let bufs = [IoSlice::new(b"two "), IoSlice::new(b"halves")];
        Pin::new(&mut open).poll_write_vectored(cx, &bufs)
    }));
    assert_eq!((written.unwrap(), faults.counts().vectored_writes), (10, 1));
    let mut heard = [0; 10];
    block_on(client.read_exact(&mut heard)).unwrap();
    assert_eq!(&heard, b"two halves");
}

#[test]
fn several_buffers_are_read_into_at_once() {
    let (mut client, mut open) = gated();
    block_on(client.write_all(b"two halves")).unwrap();
    let (mut first, mut second) = ([0; 4], [0; 6]);
    let read = block_on(poll_fn(|cx| {
        let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        Pin::new(&mut open).poll_read_vectored(cx, &mut bufs)
    }));
    assert_eq!((read.unwrap(), &second), (10, b"halves"));
}
