//! What the types and futures of the facade can be used for, checked by the compiler.

use std::{
    fmt::Debug,
    panic::{RefUnwindSafe, UnwindSafe},
};

use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use socketry::{
    Accept, Connect, Connection, Connector, ConnectorBuilder, ConnectorConfig, Control, Endpoint,
    InvalidEndpoint, KeepaliveConfig, Reconnecting, Server, ServerBuilder, ServerConfig,
    ServerHandle, Session, Setting, Socket, SocketConfig, TcpOptions, TcpServerConfig, TcpSlot,
    Timeout, TlsSlot, UnixServerConfig, UnixSlot,
};

use crate::support::{pair, tcp_server};

fn assert_send<F: Future + Send>(future: F) -> F {
    future
}

#[test]
fn sockets_and_connectors_can_go_to_and_be_shared_with_other_threads() {
    fn assert<T: Send + Sync + Unpin + Debug + 'static>() {}
    assert::<Socket>();
    assert::<Connector>();
    assert::<ConnectorBuilder>();
    assert::<TcpSlot>();
    assert::<TlsSlot>();
    assert::<UnixSlot>();
    assert::<Control>();
    assert::<ServerHandle>();
    assert::<ServerBuilder>();
    assert::<Reconnecting>();
    assert::<Session>();
}

#[test]
fn plain_data_is_plain_data() {
    fn assert<T>()
    where
        T: Clone + Debug + PartialEq + Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static,
    {
    }
    assert::<Endpoint>();
    assert::<InvalidEndpoint>();
    assert::<ConnectorConfig>();
    assert::<ServerConfig>();
    assert::<TcpOptions>();
    assert::<TcpServerConfig>();
    assert::<UnixServerConfig>();
    assert::<SocketConfig>();
    assert::<KeepaliveConfig>();
    assert::<Setting<Timeout>>();
}

#[test]
fn a_server_can_go_to_another_thread() {
    fn assert<T: Send + Unpin + Debug + 'static>() {}
    assert::<Server>();
}

#[test]
fn the_facade_is_made_of_the_traits_of_the_house() {
    fn is_connection<T: Connection + AsyncRead + AsyncWrite>() {}
    fn is_server<T: Accept<Connection = Socket>>() {}
    fn is_connector<T: Connect<&'static str, Connection = Socket> + Connect<Endpoint> + Clone>() {}
    is_connection::<Socket>();
    is_connection::<Session>();
    is_server::<Server>();
    is_connector::<Connector>();
}

#[test]
fn every_future_can_go_to_another_thread() {
    let connector = Connector::new();
    let (mut client, mut accepted) = pair("127.0.0.1:0");
    let mut server = tcp_server();
    let (address, mut byte) = (server.local_address().unwrap(), [0]);
    let config = ServerConfig::default();
    drop(assert_send(connector.connect("127.0.0.1:80")));
    drop(assert_send(connector.connect(&address)));
    drop(assert_send(socketry::connect(("127.0.0.1", 80))));
    drop(assert_send(socketry::reconnect("127.0.0.1:80").unwrap().next()));
    drop(assert_send(socketry::bind("127.0.0.1:0")));
    drop(assert_send(config.bind(0)));
    drop(assert_send(Server::builder().take_or_bind(0, None)));
    drop(assert_send(server.accept()));
    drop(assert_send(client.write_all(b"x")));
    drop(assert_send(client.close()));
    drop(assert_send(accepted.read(&mut byte)));
    drop(assert_send(accepted.carry_while(client.write_all(b"x"))));
}
