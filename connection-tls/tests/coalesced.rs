//! What comes in one piece with the last message of the handshake, and answers that cannot leave.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use allocation_counter::measure;
use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, poll_once, zip},
};
use socketry_connection_tls::{
    TlsConnection, TlsOptions,
    rustls::{Connection, ServerConnection, version::TLS12},
};
use socketry_testing::{ManualClock, MemoryConnection, Operation, faulty};

use crate::support::{Configs, ends, kind, localhost, secure, secured_configs, shake};

/// A client that is done, and a server that has not looked since: whatever the client does next,
/// the server finds with the end of the handshake.
async fn quick_client(
    then: impl AsyncFnOnce(&mut TlsConnection<MemoryConnection>),
) -> (TlsConnection<MemoryConnection>, TlsConnection<MemoryConnection>) {
    let configs = Configs::new();
    let (ours, theirs) = ends();
    let options = TlsOptions::new();
    let mut accepting = Box::pin(options.accept(theirs, |_| Ok(configs.server.clone())));
    let mut connecting = Box::pin(options.connect(ours, localhost(), configs.client.clone()));
    assert!(poll_once(&mut connecting).await.is_none());
    assert!(poll_once(&mut accepting).await.is_none());
    let mut client = poll_once(&mut connecting).await.expect("the client is done first").unwrap();
    then(&mut client).await;
    (client, accepting.await.unwrap())
}

#[test]
fn a_request_and_a_goodbye_that_come_with_the_handshake_are_both_heard() {
    block_on(async {
        let (_client, mut server) = quick_client(async |client| {
            client.write_all(b"request").await.unwrap();
            client.close().await.unwrap();
        })
        .await;
        let mut heard = String::new();
        poll_once(server.read_to_string(&mut heard)).await.expect("all is there").unwrap();
        assert_eq!(heard, "request");
    });
}

#[test]
fn a_goodbye_that_comes_with_the_handshake_is_enough_for_a_shutdown() {
    block_on(async {
        let (_client, mut server) =
            quick_client(async |client| client.close().await.unwrap()).await;
        poll_once(server.shutdown()).await.expect("the peer has ended").unwrap();
    });
}

#[test]
fn new_keys_that_come_with_the_handshake_are_answered_by_who_only_reads() {
    block_on(async {
        let (mut client, mut server) = quick_client(async |client| {
            client.refresh_keys().unwrap();
            client.flush().await.unwrap();
        })
        .await;
        assert!(poll_once(client.read(&mut [0])).await.is_none()); // takes the tickets
        assert!(poll_once(server.read(&mut [0])).await.is_none());
        let answer = poll_once(client.get_mut().read(&mut [0; 256])).await;
        assert!(matches!(answer, Some(Ok(1..))), "{answer:?}");
    });
}

/// The server speaks and ends in the same piece in which its handshake does.
#[test]
fn a_banner_and_a_goodbye_that_come_with_a_handshake_of_tls_1_2_are_both_heard() {
    let configs = secured_configs(&[&TLS12]);
    let (ours, mut peer) = ends();
    let options = TlsOptions::new();
    let connecting = options.connect(ours, localhost(), configs.client.clone());
    let serving = async {
        let mut session: Connection = ServerConnection::new(configs.server).unwrap().into();
        let mut block = vec![0; 65536];
        while session.is_handshaking() {
            let count = peer.read(&mut block).await.unwrap();
            let mut rest = &block[..count];
            while !rest.is_empty() {
                session.read_tls(&mut rest).unwrap();
                session.process_new_packets().unwrap();
            }
            if !session.is_handshaking() {
                std::io::Write::write_all(&mut session.writer(), b"banner").unwrap();
                session.send_close_notify();
            }
            let mut flight = Vec::new();
            while session.wants_write() {
                session.write_tls(&mut flight).unwrap();
            }
            peer.write_all(&flight).await.unwrap();
        }
        peer
    };
    block_on(async {
        let (client, _peer) = zip(connecting, serving).await;
        let mut heard = String::new();
        let mut client = client.unwrap();
        poll_once(client.read_to_string(&mut heard)).await.expect("all is there").unwrap();
        assert_eq!(heard, "banner");
    });
}

#[test]
fn answers_to_new_keys_do_not_pile_up_while_the_peer_does_not_read() {
    let (ours, theirs) = ends();
    let (theirs, faults) = faulty(theirs);
    let (mut client, mut server) = secure((ours, theirs));
    let mut ask = |times: usize| {
        block_on(async {
            for _ in 0..times {
                client.refresh_keys().unwrap();
                client.write_all(b"x").await.unwrap();
                client.flush().await.unwrap();
                server.read_exact(&mut [0]).await.unwrap();
            }
        });
    };
    ask(1);
    faults.hold(Operation::Write);
    ask(10);
    let kept = measure(|| ask(1000)).bytes_current;
    assert!(kept <= 1024, "{kept} bytes are kept of answers that nobody takes");
}

#[test]
fn a_close_after_one_that_has_failed_does_not_say_that_all_is_well() {
    let clock = ManualClock::new();
    let options = TlsOptions::new().with_clock(Arc::new(clock.clone()));
    let (ours, theirs) = ends();
    let (ours, faults) = faulty(ours);
    let (client, _server) = shake(&Configs::new(), &options, (ours, theirs));
    let mut client = client.unwrap();
    faults.hold(Operation::Write);
    let _ = block_on(poll_once(client.write(b"never heard")));
    {
        let mut closing = Box::pin(client.close());
        assert!(block_on(poll_once(&mut closing)).is_none());
        clock.advance(Duration::from_secs(5));
        assert_eq!(kind(block_on(closing)), Some(ErrorKind::TimedOut));
    }
    assert_eq!(kind(block_on(client.close())), Some(ErrorKind::BrokenPipe));
}
