//! What is checked of a certificate, and what is not if somebody wants it so.

use std::{io, sync::Arc};

use socketry_connection_tls::{
    default_provider,
    rustls::{
        RootCertStore,
        client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    },
};
use socketry_connector::HostPort;
use socketry_connector_tls::{
    CertificatePin, ClientTls, ClientTlsBuilder, HandshakeFailure, Roots,
};
use socketry_testing::{TestAuthority, TestCertificate, TestIdentity};

use crate::support::{connect, failure, server_config, with_key_of};

fn target() -> HostPort {
    "example.com:443".parse().unwrap()
}

fn trusting(authority: &TestAuthority) -> ClientTlsBuilder {
    ClientTls::builder().roots(Roots::none().with_pem(authority.certificate_pem()))
}

/// Connects to a server with this identity.
fn outcome(tls: ClientTlsBuilder, identity: &TestIdentity) -> io::Result<()> {
    connect(&tls.build().unwrap(), target(), server_config(identity)).0.map(drop)
}

fn refused(tls: ClientTlsBuilder, identity: &TestIdentity) -> HandshakeFailure {
    failure(&outcome(tls, identity).unwrap_err()).clone()
}

fn key_of(identity: &TestIdentity) -> CertificatePin {
    CertificatePin::key_of(&identity.chain_der()[0]).unwrap()
}

fn certificate_of(identity: &TestIdentity) -> CertificatePin {
    CertificatePin::certificate_of(&identity.chain_der()[0]).unwrap()
}

/// The verifier of rustls.
fn verifier(authority: &TestAuthority) -> Arc<dyn ServerCertVerifier> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate_der().into()).unwrap();
    let provider = default_provider().unwrap();
    WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build().unwrap()
}

#[test]
fn a_pinned_key_or_certificate_is_accepted() {
    let authority = TestAuthority::new();
    let identity = authority.issue(["example.com"]);
    let other = key_of(&authority.issue(["example.com"]));
    for pin in [key_of(&identity), certificate_of(&identity)] {
        outcome(trusting(&authority).pins([other, pin]), &identity).unwrap();
    }
}

#[test]
fn a_certificate_that_is_not_pinned_is_refused_and_the_error_says_what_to_pin() {
    let authority = TestAuthority::new();
    let [identity, other] = [(); 2].map(|()| authority.issue(["example.com"]));
    let pins = [key_of(&other), certificate_of(&other)];
    let error = outcome(trusting(&authority).pins(pins), &identity).unwrap_err();
    assert_eq!(failure(&error), &HandshakeFailure::NotPinned);
    let text = error.to_string();
    assert!(text.contains(&key_of(&identity).to_string()), "{text}");
    assert!(text.contains(&certificate_of(&identity).to_string()), "{text}");
}

#[test]
fn the_key_of_an_authority_above_is_no_pin() {
    let authority = TestAuthority::new();
    let pin = CertificatePin::key_of(&authority.certificate_der()).unwrap();
    let identity = authority.issue(["example.com"]);
    let refused = refused(trusting(&authority).pins([pin]), &identity);
    assert_eq!(refused, HandshakeFailure::NotPinned);
}

#[test]
fn a_pin_stands_for_no_other_check() {
    let authority = TestAuthority::new();
    let expired = authority.certificate(["example.com"]).expired().issue();
    let refused = refused(trusting(&authority).pins([key_of(&expired)]), &expired);
    assert_eq!(refused, HandshakeFailure::Expired);
}

#[test]
fn any_certificate_is_accepted_if_that_is_wanted() {
    let stranger = TestAuthority::new();
    let tls = || ClientTls::builder().roots(Roots::none()).dangerous().accept_any_certificate();
    outcome(tls(), &stranger.issue(["example.com"])).unwrap();
    outcome(tls(), &stranger.certificate(["example.com"]).expired().issue()).unwrap();
    let by_openssl = TestCertificate::self_signed(["example.com"]).as_authority().issue();
    outcome(tls(), &by_openssl).unwrap();
}

#[test]
fn any_certificate_still_has_to_be_for_the_name() {
    let tls = ClientTls::builder().dangerous().accept_any_certificate();
    let refused = refused(tls, &TestAuthority::new().issue(["example.org"]));
    assert!(matches!(refused, HandshakeFailure::WrongName { .. }), "{refused:?}");
}

#[test]
fn any_certificate_for_any_name_is_accepted_if_both_are_wanted() {
    let tls = ClientTls::builder().dangerous().accept_any_certificate();
    let tls = tls.dangerous().accept_any_name();
    outcome(tls, &TestAuthority::new().issue(["example.org"])).unwrap();
}

#[test]
fn pins_hold_when_any_certificate_is_accepted() {
    let [identity, other] =
        [(); 2].map(|()| TestCertificate::self_signed(["example.com"]).as_authority().issue());
    let tls = || {
        let tls = ClientTls::builder().pins([key_of(&identity)]);
        tls.dangerous().accept_any_certificate()
    };
    outcome(tls(), &identity).unwrap();
    assert_eq!(refused(tls(), &other), HandshakeFailure::NotPinned);
}

#[test]
fn any_name_is_accepted_if_that_is_wanted_and_all_else_is_checked() {
    let authority = TestAuthority::new();
    let tls = || trusting(&authority).dangerous().accept_any_name();
    outcome(tls(), &authority.issue(["example.org"])).unwrap();
    let expired = authority.certificate(["example.org"]).expired().issue();
    assert_eq!(refused(tls(), &expired), HandshakeFailure::Expired);
    let stranger = TestAuthority::new().issue(["example.org"]);
    assert_eq!(refused(tls(), &stranger), HandshakeFailure::UnknownIssuer);
}

#[test]
fn a_server_without_the_key_to_its_certificate_is_refused_even_if_any_is_accepted() {
    let authority = TestAuthority::new();
    let [identity, other] = [(); 2].map(|()| authority.issue(["example.com"]));
    let tls = ClientTls::builder().dangerous().accept_any_certificate();
    let tls = tls.dangerous().accept_any_name().build().unwrap();
    let thief = with_key_of(&identity, &other);
    assert!(connect(&tls, target(), thief).0.is_err());
}

#[test]
fn a_verifier_of_ones_own_decides_alone() {
    let authority = TestAuthority::new();
    let verifier = verifier(&authority);
    let tls = || ClientTls::builder().dangerous().verifier(verifier.clone());
    outcome(tls(), &authority.issue(["example.com"])).unwrap();
    let stranger = TestAuthority::new().issue(["example.com"]);
    assert_eq!(refused(tls(), &stranger), HandshakeFailure::UnknownIssuer);
    let pinned = tls().pins([key_of(&stranger)]);
    assert_eq!(refused(pinned, &authority.issue(["example.com"])), HandshakeFailure::NotPinned);
}

#[test]
fn a_verifier_of_ones_own_is_not_told_to_accept_any_name() {
    let tls = ClientTls::builder().dangerous().verifier(verifier(&TestAuthority::new()));
    let error = tls.dangerous().accept_any_name().build().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}
