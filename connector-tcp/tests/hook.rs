//! The hook over the socket before it is bound and connected.

use std::{
    io::{self, ErrorKind},
    sync::{Arc, Mutex},
};

use futures_lite::future::block_on;
use socket2::SockRef;
use socketry_connector::{Connect, Phase};
use socketry_connector_tcp::TcpConnector;

use crate::support::{error_of, failure, listener};

#[test]
fn the_hook_sees_a_socket_with_its_options_that_is_not_bound_yet_and_the_target() {
    let (_listener, address) = listener("127.0.0.1:0");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = seen.clone();
    let connector = TcpConnector::new()
        .local_address("127.0.0.2:0".parse().unwrap())
        .before_connect(move |socket, target| {
            let port = socket.local_addr()?.as_socket().map(|local| local.port());
            notes.lock().unwrap().push((target, socket.tcp_nodelay()?, port));
            Ok(())
        });
    block_on(connector.connect(address)).unwrap();
    assert_eq!(*seen.lock().unwrap(), [(address, true, Some(0))]);
}

#[test]
fn what_the_hook_sets_holds() {
    let (_listener, address) = listener("127.0.0.1:0");
    let connector = TcpConnector::new().before_connect(|socket, _| socket.set_ttl_v4(9));
    let connection = block_on(connector.connect(address)).unwrap();
    assert_eq!(SockRef::from(&connection).ttl_v4().unwrap(), 9);
}

#[test]
fn an_error_of_the_hook_fails_the_attempt_and_names_the_hook() {
    let (_listener, address) = listener("127.0.0.1:0");
    let connector = TcpConnector::new()
        .before_connect(|_, _| Err(io::Error::new(ErrorKind::PermissionDenied, "not today")));
    let error = error_of(&connector, address);
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(failure(&error).attempt().phase(), Phase::Option("before_connect"));
    assert_eq!(
        error.to_string(),
        format!("connection to tcp://{address} failed during option before_connect: not today")
    );
}

#[test]
fn a_clone_of_a_connector_has_the_same_hook() {
    let (_listener, address) = listener("127.0.0.1:0");
    let connector = TcpConnector::new().before_connect(|_, _| Err(ErrorKind::Other.into()));
    for connector in [connector.clone(), connector] {
        assert_eq!(error_of(&connector, address).kind(), ErrorKind::Other);
    }
}
