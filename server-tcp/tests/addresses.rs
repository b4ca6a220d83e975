//! Where a server listens, and both ends of what it accepts.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use socketry_connection::{Address, Connection};
use socketry_server::Accept;
use socketry_server_tcp::{TcpServer, TcpServerOptions};

use crate::support::{accept, address_of, client_of, server};

#[test]
fn port_0_becomes_a_port_of_the_systems_choice() {
    let (server, address) = server("127.0.0.1");
    assert_ne!(address.port(), 0);
    assert_eq!(server.local_address().unwrap().to_string(), format!("tcp://{address}"));
}

#[test]
fn a_client_over_ipv4_is_known_by_both_ends() {
    assert_ends_are_known("127.0.0.1");
}

#[test]
fn a_client_over_ipv6_is_known_by_both_ends() {
    assert_ends_are_known("::1");
}

fn assert_ends_are_known(ip: &str) {
    let (mut server, address) = server(ip);
    let (client, connection) = client_of(&mut server);
    let client_address = client.local_addr().map(Address::Tcp).ok();
    assert_eq!(connection.local_address(), Some(Address::Tcp(address)));
    assert_eq!(connection.remote_address(), client_address);
    drop(client);
    assert_eq!(connection.remote_address(), client_address);
}

#[test]
fn the_local_address_of_a_connection_is_the_interface_that_the_client_reached() {
    let (mut server, address) = server("0.0.0.0");
    let reached = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 5), address.port()));
    let _client = TcpStream::connect(reached).unwrap();
    assert_eq!(accept(&mut server).local_address(), Some(Address::Tcp(reached)));
    assert_eq!(server.local_address(), Some(Address::Tcp(address)));
}

#[test]
fn a_server_on_all_interfaces_takes_ipv4_clients_through_ipv6() {
    let options = TcpServerOptions::new().only_v6(false);
    let mut server = options.bind("[::]:0".parse().unwrap()).unwrap();
    let port = address_of(&server).port();
    let _client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let ip = accept(&mut server).remote_address().unwrap().ip().unwrap();
    assert_eq!(ip.to_string(), "::ffff:127.0.0.1");
}

#[test]
fn debug_says_where_it_listens_and_whether() {
    let (server, address) = server("127.0.0.1");
    let shown = |server: &TcpServer| format!("{server:?}");
    assert_eq!(
        shown(&server),
        format!("TcpServer {{ state: Open, address: Some(Tcp({address})) }}")
    );
    server.control().close();
    assert_eq!(shown(&server), "TcpServer { state: Closed, address: None }");
}
