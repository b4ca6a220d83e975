//! Connectors, servers and connections that others wrote, in every slot and under every decorator.

use std::{io, net::SocketAddr, time::Duration};

use futures_lite::future::block_on;
use socketry::{
    Accept, AcceptExt, BoxConnector, Connect, Connection, Connector, ConnectorBuilder, Server,
    ServerGroup,
    connector::{FixedConnector, TimeoutConnector},
};
use socketry_testing::check_connection;

use crate::{
    decorators::{LocalOnly, OnlyPort},
    strange::{StrangeConnector, StrangeServer},
};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn without_the_facade_a_strange_connection_keeps_the_contract() {
    check(|server| server, |_, address| block_on(StrangeConnector.connect(address)));
}

#[test]
fn in_the_tcp_slot_as_a_connector_of_addresses() {
    check(
        |server| server,
        |_, address| {
            connect(
                |builder| builder.tcp(BoxConnector::new(StrangeConnector)),
                &address.to_string(),
            )
        },
    );
}

#[test]
fn in_the_tcp_slot_as_a_connector_of_hosts() {
    check(
        |server| server,
        |_, address| {
            connect(
                |builder| builder.tcp(everything_at::<socketry::HostPort>(address)),
                "a.example:80",
            )
        },
    );
}

#[test]
fn in_the_tls_slot() {
    check(
        |server| server,
        |_, address| connect(|builder| builder.tls(everything_at(address)), "tls://a.example:443"),
    );
}

#[test]
fn in_the_unix_slot() {
    check(
        |server| server,
        |_, address| {
            connect(|builder| builder.unix(everything_at(address)), "unix:///run/demo.sock")
        },
    );
}

#[test]
fn without_a_timeout_in_the_facade() {
    check(
        |server| server,
        |_, address| {
            let slot = BoxConnector::new(StrangeConnector);
            connect(|builder| builder.tcp(slot).timeout(None), &address.to_string())
        },
    );
}

#[test]
fn under_every_connector_of_the_house_and_one_of_ones_own() {
    check(
        |server| server,
        |_, address| {
            let timed = TimeoutConnector::new(StrangeConnector, MINUTE);
            let boxed = BoxConnector::<SocketAddr>::new(OnlyPort::new(timed, address.port()));
            let fixed = FixedConnector::new(boxed, address);
            block_on(TimeoutConnector::new(fixed, MINUTE).connect("whatever"))
        },
    );
}

#[test]
fn from_a_strange_server_in_the_facade() {
    check(|server| Server::from(server.boxed()), |server, _| dial(server));
}

#[test]
fn from_a_strange_server_in_a_box() {
    check(StrangeServer::boxed, |server, _| dial(server));
}

#[test]
fn from_a_strange_server_in_a_group() {
    check(|server| ServerGroup::new([server]), |server, _| dial(server));
}

#[test]
fn from_a_strange_server_under_everything_at_once() {
    let nest = |server: StrangeServer| {
        let group = ServerGroup::new([Server::from(LocalOnly::new(server).boxed())]);
        Server::from(LocalOnly::new(group.boxed()).boxed())
    };
    check(nest, |server, _| dial(server));
}

#[test]
fn an_error_of_a_strange_connector_is_handed_out_with_its_number() {
    let refusing = crate::support::bound("127.0.0.1:0");
    let address = refusing.local_addr().unwrap().as_socket().unwrap();
    let error =
        connect(|builder| builder.tcp(BoxConnector::new(StrangeConnector)), &address.to_string())
            .unwrap_err();
    let refused = rustix::io::Errno::CONNREFUSED.raw_os_error();
    assert_eq!(socketry::connection::os_error(&error), Some(refused));
}

/// Runs both ends of a connection through the contract: the one that `connect` makes and the one
/// that a strange server in `nest` yields.
fn check<A: Accept, C: Connection>(
    nest: impl Fn(StrangeServer) -> A,
    connect: impl Fn(&A, SocketAddr) -> io::Result<C>,
) {
    let mut server = nest(StrangeServer::bind().unwrap());
    let address = server.local_address().unwrap().socket_address().unwrap();
    // The client waits in the backlog.
    let client = connect(&server, address).unwrap();
    let accepted = block_on(server.accept()).unwrap().unwrap();
    assert_eq!(client.local_address(), accepted.remote_address());
    block_on(check_connection(client, accepted));
}

/// A client of the facade.
fn dial(server: &impl Accept) -> io::Result<socketry::Socket> {
    block_on(socketry::connect(server.local_address().unwrap()))
}

/// A client of a facade with strange connectors in it.
fn connect(
    wire: impl FnOnce(ConnectorBuilder) -> ConnectorBuilder,
    endpoint: &str,
) -> io::Result<socketry::Socket> {
    let connector = wire(Connector::builder()).build()?;
    block_on(connector.connect(endpoint))
}

/// Takes every target for this address.
fn everything_at<Target: Send + 'static>(address: SocketAddr) -> BoxConnector<Target> {
    BoxConnector::new(FixedConnector::new(StrangeConnector, address))
}
