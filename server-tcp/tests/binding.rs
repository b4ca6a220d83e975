//! Beginning to listen, and why it can fail.

use std::{
    io::{ErrorKind, Read},
    net::{SocketAddr, TcpListener, TcpStream},
};

use futures_lite::future::{self, block_on};
use socketry_connection::os_error;
use socketry_server::{AcceptExt, ListenFailed};
use socketry_server_tcp::{SocketOptions, TcpServer, TcpServerOptions};

use crate::{
    queue::wait_until_waiting,
    support::{accept, address_of, client_of, is_refused, own_ip, server, server_alone},
};

#[test]
fn a_port_that_is_taken_is_an_error_with_its_number_and_the_address() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = TcpServer::bind(address).unwrap_err();
    assert_eq!((error.kind(), os_error(&error)), (ErrorKind::AddrInUse, Some(98)));
    assert_eq!(
        error.to_string(),
        format!("listening on tcp://{address} failed: Address already in use (os error 98)")
    );
}

#[test]
fn a_foreign_address_is_an_error_with_its_number() {
    let error = TcpServer::bind("203.0.113.9:0".parse().unwrap()).unwrap_err();
    assert_eq!((error.kind(), os_error(&error)), (ErrorKind::AddrNotAvailable, Some(99)));
    assert_eq!(
        error.to_string(),
        "listening on tcp://203.0.113.9:0 failed: Cannot assign requested address (os error 99)"
    );
}

#[test]
fn the_error_says_what_was_to_be_listened_on() {
    let error = TcpServer::bind("203.0.113.9:0".parse().unwrap()).unwrap_err();
    let failed = error.get_ref().unwrap().downcast_ref::<ListenFailed>().unwrap();
    assert_eq!(failed.on(), "tcp://203.0.113.9:0");
    assert_eq!(failed.error().raw_os_error(), Some(99));
}

#[test]
fn an_option_that_the_system_refuses_is_an_error_with_its_name() {
    let options = TcpServerOptions::new().accepted(SocketOptions::new().ttl(0));
    let error = options.bind("127.0.0.1:0".parse().unwrap()).unwrap_err();
    assert_eq!(os_error(&error), Some(22));
    assert_eq!(
        error.to_string(),
        "listening on tcp://127.0.0.1:0 failed during option ttl: Invalid argument (os error 22)"
    );
}

#[test]
fn two_servers_share_an_address_when_both_ask_for_it_and_both_get_clients() {
    let options = TcpServerOptions::new().reuse_port(true);
    let mut first = options.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = address_of(&first);
    let mut second = options.bind(address).unwrap();
    // The system spreads them by their ports: 2 to the power of -63 that one gets none.
    let _clients: Vec<_> = (0..64).map(|_| TcpStream::connect(address).unwrap()).collect();
    let (mut by_first, mut by_second) = (0, 0);
    block_on(async {
        while by_first + by_second < 64 {
            let first = async { (first.accept().await.unwrap().unwrap(), &mut by_first).1 };
            let second = async { (second.accept().await.unwrap().unwrap(), &mut by_second).1 };
            *future::or(first, second).await += 1;
        }
    });
    assert!(by_first > 0 && by_second > 0, "{by_first} and {by_second}");
}

#[test]
fn a_server_that_does_not_ask_for_it_does_not_share_its_address() {
    let (_server, address) = server("127.0.0.1");
    let error = TcpServerOptions::new().reuse_port(true).bind(address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[test]
fn an_address_is_not_reused_when_that_is_switched_off() {
    let (mut server, address) = server_alone();
    let (mut client, connection) = client_of(&mut server);
    // Who closes first keeps the address for a while.
    drop((server, connection));
    client.read_exact(&mut [0]).unwrap_err();
    drop(client);
    let error = TcpServerOptions::new().reuse_address(false).bind(address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    TcpServer::bind(address).unwrap();
}

#[test]
fn a_server_for_ipv6_only_refuses_ipv4() {
    let options = TcpServerOptions::new().only_v6(true);
    let server = options.bind("[::]:0".parse().unwrap()).unwrap();
    let port = address_of(&server).port();
    assert!(is_refused((own_ip(), port).into()));
    TcpStream::connect(SocketAddr::new("::1".parse().unwrap(), port)).unwrap();
}

#[test]
fn ipv6_only_has_no_effect_on_an_ipv4_address() {
    let options = TcpServerOptions::new().only_v6(true);
    let mut server = options.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    client_of(&mut server);
}

#[test]
fn options_can_open_several_servers() {
    let options = TcpServerOptions::default();
    let servers = ["127.0.0.1:0", "[::1]:0"].map(|on| options.bind(on.parse().unwrap()).unwrap());
    for mut server in servers {
        client_of(&mut server);
    }
}

#[test]
fn a_server_that_could_not_be_opened_leaves_the_address_alone() {
    let (mut server, address) = server("127.0.0.1");
    TcpServer::bind(address).unwrap_err();
    let _client = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    accept(&mut server);
}
