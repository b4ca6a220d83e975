//! Clients who come again.

use std::sync::Arc;

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_connection_tls::rustls::{
    ClientConfig, SupportedProtocolVersion,
    version::{TLS12, TLS13},
};
use socketry_server_tls::{ClientCertificates, ServerTls, ServerTlsBuilder};

use crate::support::{AUTHORITY, Roots, ask, client_config_with, identity, info, trusted};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

fn builder() -> ServerTlsBuilder {
    ServerTls::builder().identity(identity(["localhost"]))
}

/// A client that remembers its sessions.
fn client(version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let identity = AUTHORITY.issue(["client.test"]);
    Arc::new(client_config_with(trusted(), &[version], Some(&identity)))
}

/// Comes once; how many certificates the client has proved, and whether it was known.
fn come(tls: &ServerTls, client: &Arc<ClientConfig>) -> (usize, bool) {
    let (client, accepted) = ask(tls, "localhost", client);
    let (mut client, mut accepted) = (client.unwrap(), accepted.unwrap());
    block_on(async {
        accepted.write_all(b"!").await.unwrap();
        client.read_exact(&mut [0]).await.unwrap(); // and the tickets before
    });
    let info = info(&accepted);
    (info.peer_certificates().count(), info.is_resumed())
}

#[test]
fn a_session_is_resumed() {
    for version in VERSIONS {
        let (tls, client) = (builder().build().unwrap(), client(version));
        assert_eq!(come(&tls, &client), (0, false));
        assert_eq!(come(&tls, &client), (0, true));
    }
}

#[test]
fn a_session_is_resumed_that_only_the_client_has_kept() {
    for version in VERSIONS {
        let (tls, client) = (builder().sessions(0).tickets(true).build().unwrap(), client(version));
        come(&tls, &client);
        assert!(come(&tls, &client).1);
    }
}

#[test]
fn no_session_is_resumed_if_none_is_kept() {
    for version in VERSIONS {
        let (tls, client) = (builder().sessions(0).build().unwrap(), client(version));
        come(&tls, &client);
        assert!(!come(&tls, &client).1);
    }
}

#[test]
fn a_session_outlives_a_reload() {
    for version in VERSIONS {
        for tickets in [false, true] {
            let (tls, client) = (builder().tickets(tickets).build().unwrap(), client(version));
            come(&tls, &client);
            tls.reload().unwrap();
            assert!(come(&tls, &client).1);
        }
    }
}

fn with_client_certificates() -> ServerTlsBuilder {
    let roots = Roots::none().with_pem(AUTHORITY.certificate_pem());
    builder().client_certificates(ClientCertificates::Required(roots))
}

#[test]
fn what_a_client_has_proved_is_known_in_a_resumed_session() {
    for version in VERSIONS {
        let (tls, client) = (with_client_certificates().build().unwrap(), client(version));
        assert_eq!(come(&tls, &client), (1, false));
        assert_eq!(come(&tls, &client), (1, true));
    }
}

#[test]
fn what_a_client_has_proved_is_proved_anew_after_a_reload() {
    for version in VERSIONS {
        for tickets in [false, true] {
            let tls = with_client_certificates().tickets(tickets).build().unwrap();
            let client = client(version);
            come(&tls, &client);
            tls.reload().unwrap();
            assert_eq!(come(&tls, &client), (1, false));
        }
    }
}
