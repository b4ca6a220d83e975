//! How many clients may wait to be accepted.

use std::net::{SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};
use socketry_server_tcp::TcpServerOptions;

use crate::{
    queue::wait_until_waiting,
    support::{accept, address_of, server},
};

/// Whether the system is still busy with a connect to `address` that was just begun.
///
/// Over loopback it is done at once, unless the queue is full.
fn has_to_wait(address: SocketAddr) -> bool {
    const EALREADY: i32 = 114;

    let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    client.set_nonblocking(true).unwrap();
    // In progress; the second call says how far it is.
    client.connect(&address.into()).unwrap_err();
    let asked = client.connect(&address.into());
    asked.is_err_and(|error| error.raw_os_error() == Some(EALREADY))
}

#[test]
fn more_clients_than_the_backlog_have_to_wait() {
    let options = TcpServerOptions::new().backlog(2);
    let mut server = options.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = address_of(&server);
    // The system allows one more than it was asked for.
    let _clients = [0; 3].map(|_| TcpStream::connect(address).unwrap());
    wait_until_waiting(address, 3);
    assert!(has_to_wait(address));

    accept(&mut server);
    let _next = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 3);
}

#[test]
fn by_default_hundreds_of_clients_can_wait_while_nobody_polls() {
    let (_server, address) = server("127.0.0.1");
    let clients: Vec<_> = (0..300).map(|_| TcpStream::connect(address).unwrap()).collect();
    wait_until_waiting(address, clients.len());
}

#[test]
fn a_backlog_of_zero_lets_one_client_wait() {
    let options = TcpServerOptions::new().backlog(0);
    let mut server = options.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = address_of(&server);
    let _client = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    assert!(has_to_wait(address));
    accept(&mut server);
}

#[test]
fn a_backlog_larger_than_the_system_knows_is_as_much_as_it_allows() {
    let options = TcpServerOptions::new().backlog(u32::MAX);
    let mut server = options.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = address_of(&server);
    // More than the 128 that the standard library asks for.
    let _clients: Vec<_> = (0..300).map(|_| TcpStream::connect(address).unwrap()).collect();
    wait_until_waiting(address, 300);
    accept(&mut server);
}
