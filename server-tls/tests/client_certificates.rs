//! What clients prove to the server.

use std::sync::Arc;

use socketry_connection_tls::{
    HandshakeFailure,
    rustls::{
        SupportedProtocolVersion,
        version::{TLS12, TLS13},
    },
};
use socketry_server_tls::{ClientCertificates, ServerTls};
use socketry_testing::{TestAuthority, TestIdentity};

use crate::support::{
    AUTHORITY, Accepted, Roots, ask, client_config_with, failure, identity, info, payload, trusted,
};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

fn roots() -> Roots {
    Roots::none().with_pem(AUTHORITY.certificate_pem())
}

/// What becomes, on the server, of a client that speaks `version`.
fn accept(
    certificates: ClientCertificates,
    version: &'static SupportedProtocolVersion,
    client: Option<&TestIdentity>,
) -> Accepted {
    let tls = ServerTls::builder()
        .identity(identity(["localhost"]))
        .client_certificates(certificates)
        .build()
        .unwrap();
    ask(&tls, "localhost", &Arc::new(client_config_with(trusted(), &[version], client))).1
}

fn proved(accepted: Accepted) -> Vec<Vec<u8>> {
    info(&accepted.unwrap()).peer_certificates().map(Into::into).collect()
}

#[test]
fn a_client_is_not_asked_unless_that_is_wanted() {
    let client = AUTHORITY.issue(["client.test"]);
    for version in VERSIONS {
        let accepted = accept(ClientCertificates::None, version, Some(&client));
        assert!(proved(accepted).is_empty());
    }
}

#[test]
fn who_has_no_certificate_comes_in_if_it_is_optional() {
    for version in VERSIONS {
        let accepted = accept(ClientCertificates::Optional(roots()), version, None);
        assert!(proved(accepted).is_empty());
    }
}

#[test]
fn what_a_client_has_proved_is_told() {
    let client = AUTHORITY.issue(["client.test"]);
    for version in VERSIONS {
        for certificates in
            [ClientCertificates::Optional(roots()), ClientCertificates::Required(roots())]
        {
            let accepted = accept(certificates, version, Some(&client));
            assert_eq!(proved(accepted), client.chain_der());
        }
    }
}

#[test]
fn who_has_no_certificate_is_refused_if_it_is_required() {
    for version in VERSIONS {
        let error = accept(ClientCertificates::Required(roots()), version, None).unwrap_err();
        assert_eq!(failure(&error), HandshakeFailure::NoCertificate);
    }
}

#[test]
fn a_certificate_of_somebody_elses_is_refused_although_none_is_required() {
    let stranger = TestAuthority::new().issue(["client.test"]);
    for version in VERSIONS {
        let certificates = ClientCertificates::Optional(roots());
        let error = accept(certificates, version, Some(&stranger)).unwrap_err();
        assert_eq!(failure(&error), HandshakeFailure::UnknownIssuer);
        let told = payload(&error).info().peer_certificates().next();
        assert_eq!(told, Some(&stranger.chain_der()[0][..]));
    }
}
