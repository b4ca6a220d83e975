//! A connection that would reach nobody but itself.

use std::net::{SocketAddr, TcpListener};

use futures_lite::future::block_on;
use socketry_connection::os_error;
use socketry_connector::Connect;
use socketry_connector_tcp::TcpConnector;

/// An address at which nobody listens, and whose port the system may choose as a source.
fn nobody(host: &str) -> SocketAddr {
    TcpListener::bind(format!("{host}:0")).unwrap().local_addr().unwrap()
}

#[test]
fn a_connection_that_reaches_itself_is_refused() {
    for address in [nobody("127.0.0.3"), nobody("[::1]")] {
        // The port that the system would choose once in a while.
        let connector = TcpConnector::new().local_address(address);
        let error = block_on(connector.connect(address)).unwrap_err();
        assert_eq!(os_error(&error), Some(111), "{error}");
    }
}

#[test]
fn a_connection_that_reached_itself_leaves_the_port_to_its_server() {
    let address = nobody("127.0.0.4");
    block_on(TcpConnector::new().local_address(address).connect(address)).unwrap_err();
    assert_eq!(TcpListener::bind(address).unwrap().local_addr().unwrap(), address);
}

#[test]
fn a_server_at_a_port_that_the_system_may_choose_is_reached() {
    let listener = TcpListener::bind("127.0.0.3:0").unwrap();
    let address = listener.local_addr().unwrap();
    assert!(block_on(TcpConnector::new().connect(address)).is_ok());
}
