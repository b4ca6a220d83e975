//! Clients who do everything right.

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, zip},
};
use socketry_connection::Connection;
use socketry_connection_tls::TlsInfo;
use socketry_server::AcceptExt;

use crate::support::{come, meet, poll_accept, secure, server};

#[test]
fn what_a_client_writes_arrives() {
    let (mut server, handle) = server();
    let client = come(&handle);
    block_on(async {
        let (mut client, mut accepted) = meet(&mut server, client).await;
        client.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        accepted.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    });
}

#[test]
fn what_the_server_writes_before_it_closes_arrives_whole() {
    let (mut server, handle) = server();
    let client = come(&handle);
    block_on(async {
        let (mut client, mut accepted) = meet(&mut server, client).await;
        let send = async {
            accepted.write_all(&[b'b'; 100_000]).await.unwrap();
            accepted.close().await.unwrap();
        };
        let mut received = Vec::new();
        zip(send, async { client.read_to_end(&mut received).await.unwrap() }).await;
        assert_eq!(received, [b'b'; 100_000]);
    });
}

#[test]
fn four_hundred_thousand_bytes_come_back_as_they_went() {
    let (mut server, handle) = server();
    let client = come(&handle);
    let bytes: Vec<u8> = (0..400_000_u32).map(|n| n as u8).collect();
    block_on(async {
        let (client, accepted) = meet(&mut server, client).await;
        let (mut read, mut write) = futures_lite::io::split(client);
        let (echo_read, mut echo_write) = futures_lite::io::split(accepted);
        let echo = async {
            futures_lite::io::copy(echo_read, &mut echo_write).await.unwrap();
            echo_write.close().await.unwrap();
        };
        let send = async {
            write.write_all(&bytes).await.unwrap();
            write.close().await.unwrap();
        };
        let mut back = Vec::new();
        zip(echo, zip(send, async { read.read_to_end(&mut back).await.unwrap() })).await;
        assert!(back == bytes);
    });
}

#[test]
fn a_client_that_comes_later_is_not_held_up_by_one_that_is_slow() {
    let (mut server, handle) = server();
    let _slow = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    let quick = come(&handle);
    block_on(meet(&mut server, quick));
}

#[test]
fn clients_come_out_in_the_order_in_which_they_have_finished() {
    let (mut server, handle) = server();
    let (first, second) = (come(&handle), come(&handle));
    assert!(poll_accept(&mut server).is_pending());
    block_on(async {
        let (mut second, mut accepted) = meet(&mut server, second).await;
        let first = zip(secure(first), server.accept()).await;
        assert!(first.0.is_ok() && first.1.unwrap().is_ok());
        second.write_all(b"2").await.unwrap();
        let mut heard = [0];
        accepted.read_exact(&mut heard).await.unwrap();
    });
}

#[test]
fn a_connection_says_what_was_agreed_upon() {
    let (mut server, handle) = server();
    let client = come(&handle);
    let (_client, accepted) = block_on(meet(&mut server, client));
    let info = accepted.attributes().get::<TlsInfo>().unwrap();
    assert_eq!(info.server_name(), Some("localhost"));
    assert!(info.version().is_some() && !info.is_resumed());
}

#[test]
fn the_errors_of_the_server_inside_come_through() {
    let (mut server, handle) = server();
    handle.push_error(std::io::ErrorKind::OutOfMemory.into());
    let error = block_on(server.accept()).unwrap().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
}

#[test]
fn a_handshake_that_goes_on_does_not_ask_the_server_inside() {
    let (mut server, handle) = server();
    let client = come(&handle);
    assert!(poll_accept(&mut server).is_pending());
    let asked = handle.accept_polls();
    block_on(meet(&mut server, client));
    assert_eq!(handle.accept_polls(), asked);
}
