//! From plain text to TLS on a connection that is there already.

use std::io::ErrorKind;

use futures_lite::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt,
    future::{block_on, zip},
    io::BufReader,
};
use socketry_connection_tls::UnexpectedPlaintext;
use socketry_server_tls::ServerTls;
use socketry_testing::pair;

use crate::support::{client_config, identity, secure_as};

fn tls() -> ServerTls {
    ServerTls::new(identity(["localhost"])).unwrap()
}

#[test]
fn a_connection_that_has_begun_in_plain_text_is_secured() {
    let (mut ours, theirs) = pair();
    let tls = tls();
    let serving = async {
        let mut theirs = BufReader::new(theirs);
        let mut command = String::new();
        theirs.read_line(&mut command).await.unwrap();
        theirs.get_mut().write_all(b"go ahead\n").await.unwrap();
        let mut secured = tls.upgrade(theirs).await.unwrap();
        secured.write_all(b"in confidence").await.unwrap();
        (command, secured)
    };
    let asking = async {
        ours.write_all(b"STARTTLS\n").await.unwrap();
        ours.read_exact(&mut [0; 9]).await.unwrap();
        let mut secured = secure_as("localhost", ours, client_config().into()).await.unwrap();
        let mut heard = [0; 13];
        secured.read_exact(&mut heard).await.unwrap();
        heard
    };
    let ((command, _), heard) = block_on(zip(serving, asking));
    assert_eq!((command.as_str(), &heard), ("STARTTLS\n", b"in confidence"));
}

#[test]
fn what_was_said_in_plain_text_before_it_is_refused_and_never_heard() {
    let (mut ours, theirs) = pair();
    let tls = tls();
    let error = block_on(async {
        ours.write_all(b"STARTTLS\nMAIL FROM:<mallory>\n").await.unwrap();
        let mut theirs = BufReader::new(theirs);
        theirs.read_line(&mut String::new()).await.unwrap();
        tls.upgrade(theirs).await.unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let payload = error.get_ref().unwrap().downcast_ref::<UnexpectedPlaintext>().unwrap();
    assert_eq!(payload.start(), b"MAIL FROM:<mallory>\n");
    assert_eq!(block_on(ours.read(&mut [0; 8])).unwrap(), 0, "it is closed");
}
