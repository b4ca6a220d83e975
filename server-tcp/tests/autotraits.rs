//! What the types can be used for, checked by the compiler.

use socketry_connection_socket::TcpConnection;
use socketry_server::{Accept, AcceptExt};
use socketry_server_tcp::{TcpServer, TcpServerOptions};

use crate::support::server;

#[test]
fn every_type_can_go_to_and_be_shared_with_other_threads() {
    fn assert<T: Send + Sync + Unpin + 'static>() {}
    assert::<TcpServer>();
    assert::<TcpServerOptions>();
}

#[test]
fn the_futures_of_a_server_can_go_to_other_threads() {
    fn assert_send<T: Send>(_: T) {}
    let (mut server, _) = server("127.0.0.1");
    assert_send(server.accept());
    assert_send(server.incoming());
}

#[test]
fn a_tcp_server_yields_tcp_connections() {
    fn assert<T: Accept<Connection = TcpConnection>>() {}
    assert::<TcpServer>();
}
