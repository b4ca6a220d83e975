//! Which name the server has to prove, and what goes down.

use std::{io, net::SocketAddr};

use futures_lite::future::{block_on, zip};
use socketry_connection::Connection;
use socketry_connector::{BoxConnector, Candidates, Connect, HostPort, PeerNamed};
use socketry_connector_tls::{HandshakeFailure, TlsConnector, TlsInfo};
use socketry_testing::{TestAuthority, pair, scripted_connector};

use crate::support::{accept, connect, connector, failure, server_config, trusting};

fn target(text: &str) -> HostPort {
    text.parse().unwrap()
}

#[test]
fn the_target_goes_down_as_it_is() {
    let authority = TestAuthority::new();
    let (connector, handle) = connector::<HostPort>(&trusting(&authority));
    handle.answer_next(|target, _| {
        assert_eq!(target.to_string(), "example.com.:443");
        Err(io::ErrorKind::ConnectionRefused.into())
    });
    assert!(block_on(connector.connect(target("example.com.:443"))).is_err());
}

#[test]
fn a_host_has_to_prove_its_name() {
    let authority = TestAuthority::new();
    let server = || server_config(&authority.issue(["example.com"]));
    let tls = trusting(&authority);
    assert!(connect(&tls, target("example.com:443"), server()).0.is_ok());
    let error = connect(&tls, target("example.org:443"), server()).0.unwrap_err();
    assert!(matches!(failure(&error), HandshakeFailure::WrongName { .. }), "{error}");
}

#[test]
fn a_dot_at_the_end_of_a_host_is_no_part_of_its_name() {
    let authority = TestAuthority::new();
    let server = server_config(&authority.issue(["example.com"]));
    let (client, server) = connect(&trusting(&authority), target("example.com.:443"), server);
    client.unwrap();
    assert_eq!(server_name(&server.unwrap()), Some("example.com".into()));
}

#[test]
fn a_host_that_is_an_address_has_to_prove_the_address() {
    let authority = TestAuthority::new();
    let tls = trusting(&authority);
    for text in ["192.0.2.1:443", "[2001:db8::1]:443", "[2001:db8::1%1]:443"] {
        let server = server_config(&authority.issue(["192.0.2.1", "2001:db8::1"]));
        let (client, server) = connect(&tls, target(text), server);
        client.unwrap();
        assert_eq!(server_name(&server.unwrap()), None, "an address is sent to nobody (SNI)");
    }
}

#[test]
fn a_socket_address_has_to_prove_the_address() {
    let authority = TestAuthority::new();
    let tls = trusting(&authority);
    let address: SocketAddr = "192.0.2.1:443".parse().unwrap();
    let server = |name| server_config(&authority.issue([name]));
    assert!(connect(&tls, address, server("192.0.2.1")).0.is_ok());
    let error = connect(&tls, address, server("192.0.2.2")).0.unwrap_err();
    assert!(matches!(failure(&error), HandshakeFailure::WrongName { .. }), "{error}");
}

#[test]
fn a_target_with_a_peer_name_has_to_prove_that() {
    let authority = TestAuthority::new();
    let named = PeerNamed::new(80_u16, "example.com".parse().unwrap());
    let (inner, handle) = scripted_connector::<u16>();
    let connector = TlsConnector::new(inner, trusting(&authority));
    let (ours, theirs) = pair();
    handle.answer_next(|target, _| {
        assert_eq!(target, 80);
        Ok(Box::new(ours))
    });
    let server = server_config(&authority.issue(["example.com"]));
    let (client, server) = block_on(zip(connector.connect(named), accept(theirs, server.into())));
    client.unwrap();
    assert_eq!(server_name(&server.unwrap()), Some("example.com".into()));
}

#[test]
fn candidates_have_to_prove_the_name_of_their_host() {
    let authority = TestAuthority::new();
    let tls = trusting(&authority);
    let address: SocketAddr = "192.0.2.1:443".parse().unwrap();
    let candidates = Candidates::from(address).for_host(target("example.com:443"));
    let server = server_config(&authority.issue(["example.com"]));
    assert!(connect(&tls, candidates, server).0.is_ok());
}

#[test]
fn candidates_of_no_host_are_bad_input_and_open_nothing() {
    let (connector, handle) = connector::<Candidates>(&trusting(&TestAuthority::new()));
    let address: SocketAddr = "192.0.2.1:443".parse().unwrap();
    let error = block_on(connector.connect(Candidates::from(address))).unwrap_err();
    assert_eq!((error.kind(), handle.begun()), (io::ErrorKind::InvalidInput, 0));
}

#[test]
fn a_host_that_can_have_no_certificate_is_bad_input_and_opens_nothing() {
    let (connector, handle) = connector::<HostPort>(&trusting(&TestAuthority::new()));
    let error = block_on(connector.connect(target("-bad-.example:443"))).unwrap_err();
    assert_eq!((error.kind(), handle.begun()), (io::ErrorKind::InvalidInput, 0));
    assert!(error.to_string().contains("-bad-.example"), "{error}");
}

#[test]
#[cfg(feature = "idn")]
fn a_host_beyond_ascii_has_to_prove_its_encoded_name() {
    let authority = TestAuthority::new();
    let server = server_config(&authority.issue(["xn--bcher-kva.example"]));
    let (client, _) = connect(&trusting(&authority), target("bücher.example:443"), server);
    client.unwrap();
}

#[test]
fn the_connector_can_be_boxed() {
    let (connector, handle) = connector::<HostPort>(&trusting(&TestAuthority::new()));
    let connector = BoxConnector::<HostPort>::new(connector);
    handle.fail_next(io::ErrorKind::ConnectionRefused.into());
    assert!(block_on(connector.connect(target("example.com:443"))).is_err());
}

/// The name that the client has asked for.
fn server_name(connection: &impl Connection) -> Option<String> {
    connection.attributes().get::<TlsInfo>()?.server_name().map(Into::into)
}
