//! `openssl s_client` changes the keys in the middle of a connection (RFC 8446, section 4.6.3).

use futures_lite::future::{block_on, or};
use socketry_testing::{Program, RunningProgram};

use crate::ours::{House, Ours, Tls, V13, line, send};

/// Both ends of a connection; the client tells about every message.
async fn connected() -> (RunningProgram, Tls) {
    let (house, mut ours) = (House::new(), Ours::listen());
    let client = Program::openssl_client(ours.address()).args("-tls1_3 -msg").start();
    let mut connection = ours.accept(&client, &house.server(V13).into()).await.unwrap();
    send(&mut connection, "ready\n").await;
    client.says("ready").await;
    (client, connection)
}

async fn talk(client: &RunningProgram, connection: &mut Tls) {
    client.say("under other keys\n");
    assert_eq!(line(connection).await, "under other keys");
    send(connection, "the same from here\n").await;
    client.says("the same from here").await;
}

#[test]
fn a_client_that_changes_its_keys_is_still_understood() {
    block_on(async {
        let (client, mut connection) = connected().await;
        client.say("k\n");
        client.says("KEYUPDATE").await;
        talk(&client, &mut connection).await;
    });
}

#[test]
fn a_client_that_changes_the_keys_of_both_is_still_understood() {
    block_on(async {
        let (client, mut connection) = connected().await;
        for _ in 0..3 {
            client.say("K\n");
            client.says("KEYUPDATE").await;
            talk(&client, &mut connection).await;
        }
    });
}

#[test]
fn a_change_of_keys_is_answered_by_one_who_only_reads() {
    block_on(async {
        let (client, mut connection) = connected().await;
        client.say("K\n");
        client.says(">>> TLS 1.3, Handshake [length 0005], KeyUpdate").await;
        let reading = async {
            line(&mut connection).await;
            panic!("the client has sent nothing to be read");
        };
        let answered = async {
            client.says("<<< TLS 1.3, Handshake [length 0005], KeyUpdate").await;
        };
        or(reading, answered).await;
    });
}
