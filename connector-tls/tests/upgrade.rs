//! Securing a connection that is in use already (STARTTLS).

use std::io::ErrorKind;

use futures_lite::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt,
    future::{block_on, zip},
    io::BufReader,
};
use socketry_connector::Host;
use socketry_connector_tls::UnexpectedPlaintext;
use socketry_testing::{MemoryConnection, TestAuthority, pair};

use crate::support::{accept, server_config, trusting};

fn name() -> Host {
    "mail.example".parse().unwrap()
}

/// A client that has read one line of what the server has said.
fn talk(text: &str) -> (BufReader<MemoryConnection>, MemoryConnection) {
    let (ours, mut theirs) = pair();
    let mut reader = BufReader::new(ours);
    block_on(async {
        theirs.write_all(text.as_bytes()).await.unwrap();
        reader.read_line(&mut String::new()).await.unwrap();
    });
    (reader, theirs)
}

#[test]
fn a_connection_in_use_is_secured() {
    let authority = TestAuthority::new();
    let tls = trusting(&authority);
    let (client, server) = talk("220 go ahead\r\n");
    let server = accept(server, server_config(&authority.issue(["mail.example"])).into());
    let (client, server) = block_on(zip(tls.upgrade(client, name()), server));
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    let mut heard = [0; 5];
    block_on(async {
        client.write_all(b"hello").await.unwrap();
        server.read_exact(&mut heard).await.unwrap();
    });
    assert_eq!(&heard, b"hello");
}

#[test]
fn a_bare_connection_is_secured() {
    let authority = TestAuthority::new();
    let (client, server) = pair();
    let server = accept(server, server_config(&authority.issue(["mail.example"])).into());
    let tls = trusting(&authority);
    assert!(block_on(zip(tls.upgrade(client, name()), server)).0.is_ok());
}

#[test]
fn plain_text_in_the_buffer_is_refused_and_the_connection_is_closed_without_a_word() {
    let tls = trusting(&TestAuthority::new());
    let (client, mut server) = talk("220 go ahead\r\n250 evil\r\n");
    let error = block_on(tls.upgrade(client, name())).unwrap_err();
    let payload = error.get_ref().and_then(|error| error.downcast_ref::<UnexpectedPlaintext>());
    assert_eq!(payload.unwrap().start(), b"250 evil\r\n");
    let mut heard = Vec::new();
    block_on(server.read_to_end(&mut heard)).unwrap();
    assert_eq!(heard, b"");
}

#[test]
fn plain_text_that_has_arrived_is_refused() {
    let tls = trusting(&TestAuthority::new());
    let (client, mut server) = talk("220 go ahead\r\n");
    block_on(server.write_all(b"250 evil\r\n")).unwrap();
    let error = block_on(tls.upgrade(client, name())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().contains(r#""250 evil\r\n""#), "{error}");
}

#[test]
fn the_server_has_to_prove_the_name() {
    let authority = TestAuthority::new();
    let tls = trusting(&authority);
    let (client, server) = talk("220 go ahead\r\n");
    let server = accept(server, server_config(&authority.issue(["other.example"])).into());
    let error = block_on(zip(tls.upgrade(client, name()), server)).0.unwrap_err();
    let start = "connection to tls://mail.example failed during TLS handshake: ";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[test]
fn a_name_that_no_certificate_can_have_is_bad_input() {
    let tls = trusting(&TestAuthority::new());
    let (client, _server) = pair();
    let error = block_on(tls.upgrade(client, "-bad-.example".parse().unwrap())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
