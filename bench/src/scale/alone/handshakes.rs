//! Choosing an identity by the name that a client asks for.

use std::{
    future::Future,
    io,
    pin::pin,
    sync::Arc,
    task::{Context, Waker},
};

use socketry::tls::{
    Identity, Protocol, ServerTls,
    rustls::{ClientConfig, ClientConnection, RootCertStore, pki_types::ServerName},
};
use socketry_testing::{EndlessConnection, TestAuthority};

/// How many of the names are asked for, if there are as many.
const ASKED: usize = 256;

/// How far a handshake goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Until the server has said all it has to say at first.
    FirstFlight,
    /// Until it has chosen an identity and finds that the client has no cipher suite of its own.
    Choice,
}

/// Hears the first message of clients who ask for one name after the other, and answers it.
pub(super) fn greetings(size: usize, depth: Depth) -> io::Result<impl FnMut()> {
    let names: Vec<String> = (0..size).map(|number| format!("host-{number}.example")).collect();
    let tls = server(&names)?;
    let step = size.div_ceil(ASKED);
    let hellos = names.iter().step_by(step).map(|name| hello(name, depth));
    let hellos: Vec<&'static [u8]> = hellos.collect::<io::Result<_>>()?;
    let mut next = 0;
    Ok(move || {
        next = (next + 1) % hellos.len();
        let connection = EndlessConnection::new().greeting(hellos[next]);
        let handshake = pin!(tls.upgrade(connection));
        // What comes after the first message is no TLS, and ends it.
        let ended = handshake.poll(&mut Context::from_waker(Waker::noop()));
        assert!(ended.is_ready(), "there is always something to read");
    })
}

/// A server with a key and a certificate of its own for each name.
fn server(names: &[String]) -> io::Result<ServerTls> {
    let authority = TestAuthority::new();
    let mut server = ServerTls::builder().protocol(Protocol::new().suites([SUITE]));
    for name in names {
        let issued = authority.issue([name.as_str()]);
        let identity = Identity::from_der(issued.chain_der().to_vec(), issued.key_der());
        server = server.identity_for(name, identity.load()?);
    }
    server.build()
}

const SUITE: &str = "TLS_AES_128_GCM_SHA256";
const OTHER_SUITE: &str = "TLS_CHACHA20_POLY1305_SHA256";

/// The first message of a client, kept for as long as the process lives.
fn hello(name: &str, depth: Depth) -> io::Result<&'static [u8]> {
    let suite = match depth {
        Depth::FirstFlight => SUITE,
        Depth::Choice => OTHER_SUITE,
    };
    let protocol = Protocol::new().suites([suite]).key_exchange_groups(["X25519"]).resolve()?;
    let config = ClientConfig::builder_with_provider(protocol.provider)
        .with_protocol_versions(&protocol.versions)
        .map_err(io::Error::other)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_string()).map_err(io::Error::other)?;
    let mut client = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut hello = Vec::new();
    client.write_tls(&mut hello)?;
    Ok(hello.leak())
}
