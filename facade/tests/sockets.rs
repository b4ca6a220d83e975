//! What the facade hands out is a connection, whatever it is made of inside.

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry::{BoxConnection, Socket};
use socketry_testing::{check_abort, check_connection, pair as memory_pair};

use crate::support::{TempDir, pair};

#[test]
fn sockets_over_tcp_keep_the_contract_of_a_connection() {
    let (client, accepted) = pair("127.0.0.1:0");
    block_on(check_connection(client, accepted));
}

#[test]
fn sockets_over_unix_keep_the_contract_of_a_connection() {
    let directory = TempDir::new();
    let (client, accepted) = pair(&directory.endpoint());
    block_on(check_connection(client, accepted));
}

#[test]
fn sockets_over_something_else_keep_the_contract_of_a_connection() {
    let (client, accepted) = custom_pair();
    block_on(check_connection(client, accepted));
}

#[test]
fn an_abort_ends_sockets_of_every_kind_at_either_end() {
    let directory = TempDir::new();
    for make in [|| pair("127.0.0.1:0"), custom_pair] {
        let (client, accepted) = make();
        block_on(check_abort(client, accepted));
        let (client, accepted) = make();
        block_on(check_abort(accepted, client));
    }
    let (client, accepted) = pair(&directory.endpoint());
    block_on(check_abort(client, accepted));
}

#[test]
fn the_addresses_of_a_tcp_socket_are_uris_and_outlive_the_peer() {
    let (client, accepted) = pair("127.0.0.1:0");
    let remote = accepted.remote_address().unwrap();
    assert!(remote.to_string().starts_with("tcp://127.0.0.1:"), "{remote}");
    assert_eq!(client.local_address().as_ref(), Some(&remote));
    drop(client);
    assert_eq!(accepted.remote_address(), Some(remote));
}

#[test]
fn the_client_of_a_unix_server_has_no_name() {
    let directory = TempDir::new();
    let (client, accepted) = pair(&directory.endpoint());
    assert_eq!((client.local_address(), accepted.remote_address()), (None, None));
}

#[test]
fn who_has_said_everything_still_hears_the_answer() {
    let (mut client, mut accepted) = pair("127.0.0.1:0");
    block_on(async {
        client.write_all(b"hi").await.unwrap();
        client.close().await.unwrap();
        accepted.read_to_end(&mut Vec::new()).await.unwrap();
        accepted.write_all(b"you said hi").await.unwrap();
        drop(accepted);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "you said hi");
    });
}

#[test]
fn debug_names_both_ends_in_one_line() {
    let (client, accepted) = pair("127.0.0.1:0");
    let debug = format!("{client:?}");
    for address in [client.local_address(), accepted.local_address()] {
        assert!(debug.contains(&address.unwrap().to_string()), "{debug}");
    }
    assert_eq!(debug.lines().count(), 1);
}

fn custom_pair() -> (Socket, Socket) {
    let (client, accepted) = memory_pair();
    let (client, accepted): (BoxConnection, BoxConnection) = (Box::new(client), Box::new(accepted));
    (client.into(), accepted.into())
}
