//! The server on which there is always somebody.

use futures_lite::{
    AsyncReadExt,
    future::{block_on, poll_once},
};
use socketry_connection::Connection;
use socketry_server::{Accept, AcceptExt};
use socketry_testing::{EndlessConnection, EndlessServer};

#[test]
fn newcomers_come_from_so_many_addresses_and_over_again() {
    let mut server = EndlessServer::new().addresses(2);
    let mut next = || block_on(server.accept()).unwrap().unwrap().remote_address();
    let (first, second, third) = (next(), next(), next());
    assert!(first != second && first == third, "{first:?} {second:?} {third:?}");
}

#[test]
fn a_server_that_is_closed_has_nobody_any_more() {
    let mut server = EndlessServer::new();
    server.control().close();
    assert!(block_on(poll_once(server.accept())).unwrap().is_none());
}

#[test]
fn a_greeting_comes_before_the_first_message_also_in_parts() {
    let mut connection = EndlessConnection::new().greeting(b"hello");
    let mut heard = [0; 3];
    let mut counts = [0; 3];
    for count in &mut counts {
        *count = block_on(connection.read(&mut heard)).unwrap();
    }
    assert_eq!((counts, &heard), ([3, 2, 3], b"..."));
}
