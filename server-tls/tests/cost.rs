//! What a handshake costs more than it has to.

use std::{
    iter,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use futures_rustls::LazyConfigAcceptor;
use socketry_connection::BoxConnection;
use socketry_connection_tls::{
    TlsOptions, default_provider,
    rustls::{
        ClientConfig, ServerConfig,
        server::{Acceptor, NoServerSessionStorage},
        sign::SingleCertAndKey,
    },
};
use socketry_server::Accept;
use socketry_server_tls::ServerTls;
use socketry_testing::pair;

use crate::support::{client_config, come, identity, secure_as, serving};

/// The allocations of `server`, which is polled in turns with a client until it is ready.
fn allocations<T>(
    client: impl Future,
    mut server: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> (u64, T) {
    let mut client = pin!(client);
    let mut cx = Context::from_waker(Waker::noop());
    let (mut count, mut is_client_done) = (0, false);
    loop {
        if !is_client_done {
            is_client_done = client.as_mut().poll(&mut cx).is_ready();
        }
        let mut poll = Poll::Pending;
        count += measure(|| poll = server(&mut cx)).count_total;
        if let Poll::Ready(output) = poll {
            return (count, output);
        }
    }
}

/// Timers are the reactor's, which allocates for all of them when it likes.
fn untimed() -> TlsOptions {
    TlsOptions::new().handshake_within(None)
}

/// What the handshake allocates if there is only futures-rustls.
fn alone(client: &Arc<ClientConfig>, config: &Arc<ServerConfig>) -> u64 {
    let (ours, theirs) = pair();
    let theirs: BoxConnection = Box::new(theirs);
    let mut accept = pin!(async {
        let start = LazyConfigAcceptor::new(Acceptor::default(), theirs).await.unwrap();
        start.into_stream(config.clone()).await.unwrap()
    });
    let client = secure_as("localhost", ours, client.clone());
    allocations(client, |cx| accept.as_mut().poll(cx)).0
}

/// The least of several, for signatures are of various lengths, and the first handshake makes what
/// is kept.
fn least(count: impl FnMut() -> u64) -> u64 {
    iter::repeat_with(count).take(32).min().unwrap()
}

#[test]
fn a_handshake_allocates_three_times_more_than_futures_rustls_at_most() {
    let client = Arc::new(client_config());
    let provider = default_provider().unwrap();
    let key = identity(["localhost"]).certified_key(&provider).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    config.session_storage = Arc::new(NoServerSessionStorage {}); // it would grow
    let config = Arc::new(config);
    let chosen = config.clone();
    let tls = ServerTls::builder().choose(move |_| Some(chosen.clone())).options(untimed());
    let (mut server, handle) = serving(&tls.build().unwrap());
    let ours = || {
        let client = secure_as("localhost", come(&handle), client.clone());
        allocations(client, |cx| server.poll_accept(cx)).0
    };
    let (ours, alone) = (least(ours), least(|| alone(&client, &config)));
    assert!(ours <= alone + 3, "{ours} allocations, {alone} of futures-rustls alone");
}
