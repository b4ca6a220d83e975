//! What a handshake costs more than futures-rustls alone, and what an idle connection holds.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use allocation_counter::measure;
use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once, zip},
};
use futures_rustls::{LazyConfigAcceptor, TlsConnector};
use socketry_connection_tls::{
    TlsOptions, default_provider,
    rustls::{
        CipherSuite, ClientConfig, RootCertStore, ServerConfig,
        client::Resumption,
        server::{Acceptor, NoServerSessionStorage},
    },
};
use socketry_testing::{IoCounts, TestAuthority, TestKey, faulty, pair};

use crate::support::{localhost, secure, secured, server_config};

/// What one side of a handshake has cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    allocations: u64,
    reads: usize,
    writes: usize,
}

impl Cost {
    fn new(allocations: u64, counts: IoCounts) -> Self {
        let writes = counts.writes + counts.vectored_writes;
        Self { allocations, reads: counts.reads, writes }
    }
}

/// Polls two sides in turns until both are done, and counts the allocations of the first.
fn allocations(first: impl Future, second: impl Future) -> u64 {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let mut cx = Context::from_waker(Waker::noop());
    let (mut count, mut is_first, mut is_second) = (0, false, false);
    while !(is_first && is_second) {
        if !is_first {
            let mut poll = Poll::Pending;
            // What has come of it is kept: to drop it is not part of the handshake.
            count += measure(|| poll = first.as_mut().poll(&mut cx)).count_total;
            is_first = poll.map(std::mem::forget).is_ready();
        }
        if !is_second {
            is_second = second.as_mut().poll(&mut cx).map(std::mem::forget).is_ready();
        }
    }
    count
}

/// Configurations in which nothing is different from handshake to handshake: keys whose signatures
/// have one length, and nothing that is kept.
fn configs() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let authority = TestAuthority::new();
    let identity = authority.certificate(["localhost"]).with_key(TestKey::Ed25519).issue();
    let mut server = server_config(&identity);
    server.session_storage = Arc::new(NoServerSessionStorage {});
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate_der().into()).unwrap();
    let mut client = ClientConfig::builder_with_provider(default_provider().unwrap())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.resumption = Resumption::disabled();
    (client.into(), server.into())
}

/// Timers are the reactor's, which allocates for all of them when it likes.
fn untimed() -> TlsOptions {
    TlsOptions::new().handshake_within(None)
}

/// The least of several: rustls shuffles what a client offers, which may cost one more or less.
fn least(cost: impl Fn() -> Cost) -> Cost {
    (0..32).map(|_| cost()).min().unwrap()
}

#[test]
fn a_client_costs_at_most_three_allocations_and_two_reads_fewer_than_futures_rustls() {
    let (client, server) = configs();
    let options = untimed();
    let cost = |is_ours: bool| {
        let (ours, theirs) = pair();
        let (ours, counts) = faulty(ours);
        let accepting = options.accept(theirs, |_| Ok(server.clone()));
        let (name, client) = (localhost(), client.clone());
        let allocations = match is_ours {
            true => allocations(options.connect(ours, name, client), accepting),
            false => {
                let alone = async { TlsConnector::from(client).connect(name, ours).await };
                allocations(alone, accepting)
            }
        };
        Cost::new(allocations, counts.counts())
    };
    let (ours, alone) = (least(|| cost(true)), least(|| cost(false)));
    assert!(ours.allocations <= alone.allocations + 3, "{ours:?}, alone {alone:?}");
    assert_eq!((ours.reads + 2, ours.writes), (alone.reads, alone.writes));
}

#[test]
fn a_server_costs_at_most_two_allocations_and_two_reads_fewer_than_futures_rustls() {
    let (client, server) = configs();
    let options = untimed();
    let cost = |is_ours: bool| {
        let (ours, theirs) = pair();
        let (theirs, counts) = faulty(theirs);
        let connecting = options.connect(ours, localhost(), client.clone());
        let alone = async |theirs| {
            let start = LazyConfigAcceptor::new(Acceptor::default(), theirs).await?;
            start.into_stream(server.clone()).await
        };
        let allocations = match is_ours {
            true => allocations(options.accept(theirs, |_| Ok(server.clone())), connecting),
            false => allocations(alone(theirs), connecting),
        };
        Cost::new(allocations, counts.counts())
    };
    let (ours, alone) = (least(|| cost(true)), least(|| cost(false)));
    assert!(ours.allocations <= alone.allocations + 2, "{ours:?}, alone {alone:?}");
    assert_eq!((ours.reads + 2, ours.writes), (alone.reads, alone.writes));
}

#[test]
fn an_idle_connection_holds_no_more_after_a_talk_than_before() {
    let (client, server) = configs();
    // The bytes on the way are the pair's; they shall have their room before.
    let (mut ours, mut theirs) = pair();
    block_on(async {
        {
            let (from, to) = (&mut ours, &mut theirs);
            from.write_all(&[0; 64 * 1024]).await.unwrap();
            to.read_exact(&mut [0; 64 * 1024]).await.unwrap();
            to.write_all(&[0; 64 * 1024]).await.unwrap();
            from.read_exact(&mut [0; 64 * 1024]).await.unwrap();
        }
    });
    let options = untimed();
    let connecting = options.connect(ours, localhost(), client);
    let (client, server) =
        block_on(zip(connecting, options.accept(theirs, |_| Ok(server.clone()))));
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    let mut talk = |bytes: usize| {
        block_on(async {
            let said = async {
                server.write_all(&vec![1; bytes]).await?;
                server.flush().await
            };
            zip(said, client.read_exact(&mut vec![0; bytes])).await.1.unwrap();
            assert!(poll_once(client.read(&mut [0])).await.is_none());
        });
    };
    talk(1);
    let counted = measure(|| talk(1_000_000));
    let kept_by_the_thread = 16 * 1024;
    assert!(
        counted.bytes_current <= kept_by_the_thread + 1024,
        "{} bytes more after a talk",
        counted.bytes_current
    );
}

#[test]
fn a_connection_over_another_one_takes_no_new_block_for_each_read() {
    const BLOCK: u64 = 16 * 1024;
    let (mut client, mut server) = secure(secured());
    let mut talk = |rounds: u64| {
        for _ in 0..rounds {
            block_on(client.write_all(b"hello")).unwrap();
            block_on(server.read_exact(&mut [0; 5])).unwrap();
        }
    };
    talk(2);
    let bytes = measure(|| talk(10)).bytes_total;
    assert!(bytes < 10 * BLOCK, "{bytes} bytes for ten messages");
}

#[test]
fn the_suite_of_the_house_is_one_that_is_spoken() {
    // So that the counts above are those of what is usual.
    let (client, _server) = secured();
    let suite = client.session().negotiated_cipher_suite().unwrap().suite();
    assert_eq!(suite, CipherSuite::TLS13_AES_256_GCM_SHA384);
}
