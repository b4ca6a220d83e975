//! A listening socket that goes from one server under TLS to the next.

use std::io;

use futures_lite::future::{block_on, try_zip};
use socketry::{
    GateConfig, LimitsConfig, Server, ServerBuilder, UnixAddress,
    server::{Handover, Inherited},
    tls::TlsInfo,
};
use socketry_testing::TestDir;

use crate::support::{Files, client, localhost, meet};

const ANY_PORT: &str = "tls://127.0.0.1:0";

/// Hands the sockets of `first` on to what `next` makes of them.
fn hand_on<T>(first: &Server, next: impl AsyncFnOnce(&mut Inherited) -> T) -> T {
    let (directory, handle) = (TestDir::new(), first.handle());
    let handover = Handover::new(UnixAddress::from_path(directory.join("h")).unwrap());
    let mut offer = handover.offer().unwrap();
    let following = async {
        let mut inherited = handover.take().await?.unwrap();
        let outcome = next(&mut inherited).await;
        inherited.ready().await.map(|()| outcome)
    };
    block_on(try_zip(offer.hand_on(|| handle.sockets()), following)).unwrap().1
}

fn follow(first: &Server, builder: &ServerBuilder, endpoint: &str) -> io::Result<Server> {
    hand_on(first, async |inherited| builder.take_or_bind(endpoint, Some(inherited)).await)
}

#[test]
fn the_next_server_secures_what_comes_to_the_socket_of_the_first() {
    let files = Files::new();
    let plain = Server::builder().tls(files.server_config());
    let layered = plain.clone().gate(GateConfig::default()).limits(LimitsConfig::default());
    for builder in [plain, layered] {
        let first = block_on(builder.bind(ANY_PORT)).unwrap();
        assert_eq!(first.handle().sockets().unwrap()[0].name, ANY_PORT);
        let mut next = follow(&first, &builder, ANY_PORT).unwrap();
        assert_eq!(next.local_address(), first.local_address());
        drop(first);
        let connector = client(files.client_config()).build().unwrap();
        let (ours, theirs) = meet(&connector, &localhost(&next), &mut next);
        let (_ours, theirs) = (ours.unwrap(), theirs.unwrap());
        assert!(theirs.attributes().get::<TlsInfo>().is_some());
        assert_eq!(theirs.tracked().is_some(), next.connections().is_some());
        assert_eq!(next.handle().sockets().unwrap()[0].name, ANY_PORT);
    }
}

#[test]
fn a_closed_server_has_nothing_to_hand_on() {
    let files = Files::new();
    let server = files.server();
    let handle = server.handle();
    server.control().close();
    assert!(handle.sockets().unwrap().is_empty());
}

#[test]
fn what_was_plain_becomes_secure_under_the_same_name() {
    let files = Files::new();
    let builder = Server::builder().name("web").tls(files.server_config());
    let first = block_on(builder.bind("tcp://127.0.0.1:0")).unwrap();
    let mut next = follow(&first, &builder, ANY_PORT).unwrap();
    drop(first);
    let connector = client(files.client_config()).build().unwrap();
    let (ours, theirs) = meet(&connector, &localhost(&next), &mut next);
    assert!(ours.is_ok() && theirs.unwrap().attributes().get::<TlsInfo>().is_some());
}

#[test]
fn without_its_files_nothing_is_taken() {
    let files = Files::new();
    let mut broken = files.server_config();
    broken.identity.as_mut().unwrap().certificate = files.path("missing.pem");
    hand_on(&files.server(), async |inherited| {
        for builder in [Server::builder(), Server::builder().tls(broken)] {
            let error = builder.take_or_bind(ANY_PORT, Some(&mut *inherited)).await.unwrap_err();
            assert!(error.to_string().starts_with("listening on tls://127.0.0.1:0 failed: "));
            assert_eq!(Vec::from_iter(inherited.names()), [ANY_PORT]);
        }
    });
}

#[test]
fn a_unix_socket_under_the_name_of_a_tls_endpoint_is_refused_and_both_are_named() {
    let (files, directory) = (Files::new(), TestDir::new());
    let builder = Server::builder().name("web").tls(files.server_config());
    let endpoint = format!("unix://{}", directory.join("s").display());
    let first = block_on(builder.bind(&endpoint)).unwrap();
    let error = follow(&first, &builder, ANY_PORT).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(
        error.to_string(),
        format!(
            "listening on {ANY_PORT} failed: the inherited socket \"web\" listens on {endpoint}; give this endpoint another name, or write one of unix://"
        )
    );
}
