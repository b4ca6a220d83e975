//! Setting up, which reads files, and what is said if that fails.

use std::io::ErrorKind;

use futures_lite::future::{block_on, poll_once};
use socketry_connector::{Connect, HostPort};
use socketry_connector_tls::{ClientTls, Roots, SetupFailed};
use socketry_testing::{TestAuthority, TestDir};

use crate::support::{connect, connector, server_config};

fn target() -> HostPort {
    "example.com:443".parse().unwrap()
}

#[test]
fn roots_are_not_read_before_they_are_needed() {
    let dir = TestDir::new();
    let authority = TestAuthority::new();
    let roots = Roots::none().with_pem_file(dir.join("ca.pem"));
    let tls = ClientTls::builder().roots(roots).build().unwrap();
    dir.write("ca.pem", authority.certificate_pem());
    let server = server_config(&authority.issue(["example.com"]));
    assert!(connect(&tls, target(), server).0.is_ok());
}

#[test]
fn roots_that_cannot_be_read_open_nothing_and_are_told_with_their_reason() {
    let dir = TestDir::new();
    let roots = Roots::none().with_pem_file(dir.join("missing.pem"));
    let tls = ClientTls::builder().roots(roots).build().unwrap();
    let (connector, handle) = connector::<HostPort>(&tls);
    let error = block_on(connector.connect(target())).unwrap_err();
    assert_eq!((error.kind(), handle.begun()), (ErrorKind::NotFound, 0));
    assert!(error.get_ref().unwrap().is::<SetupFailed>());
    assert!(error.to_string().starts_with("TLS cannot be set up: "), "{error}");
}

#[test]
fn what_could_not_be_read_is_tried_again_by_the_next_call() {
    let dir = TestDir::new();
    let authority = TestAuthority::new();
    let roots = Roots::none().with_pem_file(dir.join("ca.pem"));
    let tls = ClientTls::builder().roots(roots).build().unwrap();
    assert!(block_on(tls.config()).is_err());
    dir.write("ca.pem", authority.certificate_pem());
    let server = server_config(&authority.issue(["example.com"]));
    assert!(connect(&tls, target(), server).0.is_ok());
}

#[test]
fn a_call_that_is_dropped_while_roots_are_read_has_opened_nothing() {
    let roots = Roots::none().with_pem(TestAuthority::new().certificate_pem());
    let tls = ClientTls::builder().roots(roots).build().unwrap();
    let (connector, handle) = connector::<HostPort>(&tls);
    let mut connecting = Box::pin(connector.connect(target()));
    let _ = block_on(poll_once(&mut connecting)); // it may be set up by then, or not
    drop(connecting);
    assert_eq!(handle.pending(), 0);
}

#[test]
fn a_client_that_trusts_whom_the_system_trusts_never_fails_before_it_connects() {
    assert!(format!("{:?}", ClientTls::new()).starts_with("ClientTls"));
}
