//! Certificates of clients of all kinds: which are accepted, and how the others are refused.

use std::sync::Arc;

use socketry_connection_tls::{HandshakeFailure, rustls::DEFAULT_VERSIONS};
use socketry_server_tls::{ClientCertificates, ServerTls};
use socketry_testing::{TestAuthority, TestCertificate, TestIdentity};

use crate::support::{
    AUTHORITY, Roots, ask, client_config_with, failure, identity, payload, trusted,
};

fn roots() -> Roots {
    Roots::none().with_pem(AUTHORITY.certificate_pem())
}

fn client() -> TestCertificate<'static> {
    AUTHORITY.certificate(["client.test"])
}

/// What a server that trusts `roots` says of a client that shows this.
fn show(roots: Roots, client: &TestIdentity) -> Result<(), (HandshakeFailure, String)> {
    let tls = ServerTls::builder()
        .identity(identity(["localhost"]))
        .client_certificates(ClientCertificates::Required(roots))
        .build()
        .unwrap();
    let config = client_config_with(trusted(), DEFAULT_VERSIONS, Some(client));
    let (_client, accepted) = ask(&tls, "localhost", &Arc::new(config));
    let Err(error) = accepted else {
        return Ok(());
    };
    let text = payload(&error).to_string();
    let (_who, why) = text.split_once("failed during TLS handshake: ").unwrap();
    Err((failure(&error), why.to_string()))
}

/// That it is refused in this way, with words that start like this.
#[track_caller]
fn assert_refused(
    shown: Result<(), (HandshakeFailure, String)>,
    expected: HandshakeFailure,
    start: &str,
) {
    let (failure, why) = shown.unwrap_err();
    assert_eq!(failure, expected, "{why}");
    assert!(why.starts_with(start), "{why}");
}

#[test]
fn a_certificate_that_says_nothing_of_its_use_is_accepted() {
    assert_eq!(show(roots(), &client().issue()), Ok(()));
}

#[test]
fn a_certificate_for_clients_is_accepted_also_if_it_is_for_servers_too() {
    assert_eq!(show(roots(), &client().for_clients().issue()), Ok(()));
    assert_eq!(show(roots(), &client().for_clients().for_servers().issue()), Ok(()));
}

#[test]
fn a_certificate_for_servers_only_is_refused() {
    assert_refused(
        show(roots(), &client().for_servers().issue()),
        HandshakeFailure::BadCertificate,
        "certificate is not for clients (extended key usage)",
    );
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    assert_refused(
        show(roots(), &client().expired().issue()),
        HandshakeFailure::Expired,
        "certificate has expired: it was valid until ",
    );
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_refused() {
    assert_refused(
        show(roots(), &client().not_valid_yet().issue()),
        HandshakeFailure::NotYetValid,
        "certificate is not valid yet: it will be from ",
    );
}

#[test]
fn a_strangers_certificate_is_refused() {
    assert_refused(
        show(roots(), &TestAuthority::new().issue(["client.test"])),
        HandshakeFailure::UnknownIssuer,
        "certificate is signed by CN=authority ",
    );
}

#[test]
fn a_certificate_of_a_stranger_with_a_trusted_name_is_refused() {
    assert_refused(
        show(roots(), &AUTHORITY.impostor().issue(["client.test"])),
        HandshakeFailure::BadCertificate,
        "certificate has a signature that is not its issuer's",
    );
}

#[test]
fn a_self_signed_certificate_is_refused_unless_it_is_a_root_itself() {
    let own = TestCertificate::self_signed(["client.test"]).issue();
    assert_refused(
        show(roots(), &own),
        HandshakeFailure::SelfSigned,
        "certificate is signed by itself, and is not among those that are trusted",
    );
    assert_eq!(show(roots().with_pem(own.chain_pem()), &own), Ok(()));
}

#[test]
fn a_revoked_certificate_is_refused_and_another_one_is_not() {
    let (stolen, good) = (client().issue(), client().issue());
    let revocations = AUTHORITY.revocations([&stolen]);
    let roots = || roots().with_revocations(revocations.der());
    let why = "certificate has been revoked";
    assert_refused(show(roots(), &stolen), HandshakeFailure::Revoked, why);
    assert_eq!(show(roots(), &good), Ok(()));
}
