//! The contract that every server keeps, and its decorators with it.

use std::net::{SocketAddr, TcpStream};

use futures_lite::future::block_on;
use socketry_server::{AcceptExt, ServerGroup};
use socketry_testing::{check_control, check_drop};

use crate::{queue::wait_until_waiting, support::server};

/// Connects a client and waits until it has arrived.
fn client(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    wait_until_waiting(address, 1);
    client
}

#[test]
fn a_tcp_server_keeps_the_contract() {
    let (server, address) = server("127.0.0.1");
    block_on(check_control(server, || client(address)));
}

#[test]
fn a_boxed_tcp_server_keeps_the_contract() {
    let (server, address) = server("127.0.0.1");
    block_on(check_control(server.boxed(), || client(address)));
}

#[test]
fn several_tcp_servers_as_one_keep_the_contract() {
    let (first, address) = server("127.0.0.1");
    let (second, _) = server("::1");
    block_on(check_control(ServerGroup::new([first, second]), || client(address)));
}

#[test]
fn a_dropped_tcp_server_is_closed() {
    block_on(check_drop(server("127.0.0.1").0));
}

#[test]
fn a_dropped_group_of_tcp_servers_is_closed() {
    let servers = ["127.0.0.1", "::1"].map(|ip| server(ip).0);
    block_on(check_drop(ServerGroup::new(servers)));
}
