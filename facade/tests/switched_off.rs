//! Schemes that are switched off, not built in, or unknown: nothing is opened for them.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use futures_lite::future::block_on;
use socketry::{Connector, HostPort, InvalidEndpoint, PeerNamed, UnixAddress};
use socketry_testing::pair;

use crate::{
    slots::slot,
    support::{bind_error, tcp_server},
};

#[test]
fn a_scheme_that_is_switched_off_is_refused_by_its_name_with_the_mend() {
    let off = Connector::builder().tcp(false).tls(false).unix(false).build().unwrap();
    for (endpoint, scheme) in [
        ("google.com:80", "tcp"),
        ("tcp://google.com:80", "tcp"),
        ("TCP://127.0.0.1:80", "tcp"),
        ("tls://google.com:443", "tls"),
        ("unix://demo.sock", "unix"),
    ] {
        let error = block_on(off.connect(endpoint)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{endpoint}");
        let (headline, mend) =
            (format!("the scheme {scheme} is switched off"), format!(".{scheme}(true)"));
        let text = error.to_string();
        assert!(text.contains(&headline) && text.contains(&mend), "{text}");
    }
}

#[test]
fn the_error_names_the_whole_target() {
    let off = Connector::builder().tcp(false).build().unwrap();
    let error = block_on(off.connect("google.com:80")).unwrap_err().to_string();
    assert!(error.starts_with("connection to tcp://google.com:80 refused: "), "{error}");
}

#[test]
fn one_that_is_switched_off_leaves_the_others_on() {
    let server = tcp_server();
    let off = Connector::builder().tls(false).unix(false).build().unwrap();
    assert!(block_on(off.connect(server.local_address().unwrap())).is_ok());
}

#[test]
fn no_slot_is_asked_for_the_scheme_of_another() {
    let ((hosts, tcp), (peers, tls)) = (slot::<HostPort>(), slot::<PeerNamed<HostPort>>());
    let (names, unix) = slot::<UnixAddress>();
    let builder = || Connector::builder().tcp(hosts.clone()).tls(peers.clone()).unix(names.clone());
    for (connector, endpoint) in [
        (builder().tcp(false), "a:80"),
        (builder().tls(false), "tls://a:80"),
        (builder().unix(false), "unix://a"),
        (builder(), "unknown://a:80"),
        (builder(), "a:0"),
        (builder(), "a"),
    ] {
        block_on(connector.build().unwrap().connect(endpoint)).unwrap_err();
    }
    assert_eq!((tcp.begun(), tls.begun(), unix.begun()), (0, 0, 0));
}

#[test]
fn an_unknown_scheme_is_refused_by_its_name_to_both_sides() {
    let client = block_on(socketry::connect("unknown://google.com:80")).unwrap_err();
    let server = bind_error("unknown://127.0.0.1:0");
    for error in [client, server] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(payload(&error).reason().contains(r#"the scheme "unknown" is unknown"#), "{error}");
    }
}

#[test]
fn what_is_no_endpoint_is_invalid_input_that_says_why_to_both_sides() {
    for (endpoint, reason) in [
        ("invalid URI", "white space"),
        ("127.0.0.1", "the port is missing"),
        ("255.255.255.255:12345678", "the port"),
        ("////", "unix://"),
    ] {
        let client = block_on(socketry::connect(endpoint)).unwrap_err();
        for error in [client, bind_error(endpoint)] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(payload(&error).reason().contains(reason), "{error}");
        }
    }
}

#[test]
fn what_is_for_servers_only_is_refused_to_a_client() {
    for endpoint in ["8080", "127.0.0.1:0", "fd://3", "php://fd/3", "systemd://", "systemd://web"] {
        let error = block_on(socketry::connect(endpoint)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{endpoint}");
        assert!(payload(&error).reason().contains("for servers"), "{error}");
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_that_is_not_in_this_build_is_named_with_its_feature_on_both_sides() {
    let client = block_on(socketry::connect("tls://127.0.0.1:443")).unwrap_err();
    assert_eq!(
        client.to_string(),
        "connection to tls://127.0.0.1:443 refused: TLS is not in this build; switch on the feature `tls` of socketry"
    );
    let server = bind_error("tls://127.0.0.1:0");
    assert_eq!(
        server.to_string(),
        "listening on tls://127.0.0.1:0 refused: TLS is not in this build; switch on the feature `tls` of socketry"
    );
    assert_eq!([client.kind(), server.kind()], [ErrorKind::Unsupported; 2]);
}

#[test]
fn a_bare_port_under_tls_is_one_of_this_machine() {
    let error = bind_error("tls://8443");
    assert!(error.to_string().contains("tls://127.0.0.1:8443"), "{error}");
}

#[test]
fn a_tls_connector_of_ones_own_works_although_tcp_is_switched_off() {
    let (tls, handle) = slot::<PeerNamed<HostPort>>();
    let connector = Connector::builder().tcp(false).tls(tls).build().unwrap();
    let (ours, _theirs) = pair();
    handle.succeed_next(ours);
    assert!(block_on(connector.connect("tls://example.org:443")).is_ok());
}

#[test]
fn a_name_is_refused_if_looking_up_is_switched_off_and_the_error_says_what_to_do() {
    let (addresses, handle) = slot::<SocketAddr>();
    let builder = || Connector::builder().dns(false);
    for connector in [builder(), builder().tcp(addresses)] {
        let error = block_on(connector.build().unwrap().connect("www.example.org:80")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let text = error.to_string();
        assert!(text.starts_with("connection to tcp://www.example.org:80 refused: "), "{text}");
        assert!(text.contains("write an IP address") && text.contains(".dns(true)"), "{text}");
    }
    assert_eq!(handle.begun(), 0);
}

#[test]
fn a_server_on_a_name_is_refused_and_told_what_to_write() {
    let error = bind_error("localhost:8080");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(payload(&error).reason().contains("write 127.0.0.1:8080 or [::1]:8080"), "{error}");
}

fn payload(error: &io::Error) -> &InvalidEndpoint {
    error.get_ref().unwrap().downcast_ref().unwrap()
}
