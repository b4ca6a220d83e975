//! The client of memcached.

use std::io;

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, or},
};
use socketry::Socket;
use socketry_testing::Program;

use crate::said::{Said, hearing};

#[path = "../../examples/memcached.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
mod example;

/// Runs the example with a server at this address as long as the script takes.
fn run(address: &str, script: impl AsyncFnOnce(Said) -> io::Result<()>) {
    let (say, said) = hearing();
    block_on(or(example::run(address, say), script(said))).unwrap();
}

async fn assert_business(said: &Said, session: u32) {
    assert_eq!(said.next().await, format!("session {session}, set: stored"));
    let value = format!("hello in session {session}");
    assert_eq!(said.next().await, format!("session {session}, get: {value:?}"));
}

#[test]
fn it_does_its_business_again_each_time_that_the_server_was_killed_and_is_back() {
    let mut server = Program::memcached().start();
    let address = block_on(server.address()).to_string();
    run(&address, async |said| {
        assert_business(&said, 1).await;
        for session in 2..=3 {
            server.kill();
            server.ended().await;
            let lost = said.next().await;
            assert!(lost.starts_with(&format!("session {} is lost: ", session - 1)), "{lost}");
            assert!(lost.ends_with("; 0 callbacks dropped"), "{lost}");
            server.restart();
            server.address().await;
            assert_business(&said, session).await;
        }
        Ok(())
    });
}

/// Hears all that the example asks on one connection.
async fn hear(client: &mut Socket) -> io::Result<()> {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\nget greeting\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).await?;
        heard.extend(byte);
    }
    Ok(())
}

#[test]
fn whoever_waits_for_an_answer_is_dropped_with_the_connection_and_the_next_one_hears_its_own() {
    let mut server = block_on(socketry::bind(0)).unwrap();
    let address = server.local_address().unwrap().to_string();
    run(&address, async |said| {
        let mut client = server.accept().await.unwrap()?;
        hear(&mut client).await?;
        drop(client);
        let lost = "session 1 is lost: the peer has closed it; 2 callbacks dropped";
        assert_eq!(said.next().await, lost);

        let mut client = server.accept().await.unwrap()?;
        hear(&mut client).await?;
        client.write_all(b"STORED\r\nVALUE greeting 0 18\r\nhello in session 2\r\nEND\r\n").await?;
        assert_business(&said, 2).await;
        Ok(())
    });
}

#[test]
fn an_answer_that_makes_no_sense_ends_the_connection_and_not_the_client() {
    let mut server = block_on(socketry::bind(0)).unwrap();
    let address = server.local_address().unwrap().to_string();
    run(&address, async |said| {
        for (session, answer, expected) in [
            (1, "ERROR\r\n", "not understood: ERROR"),
            (2, "VALUE greeting 0 99999999\r\n", "not understood: VALUE greeting 0 99999999"),
            (3, "STORED", "the peer has closed it"),
            (4, &"a".repeat(9999), "not understood: the line is too long"),
        ] {
            let mut client = server.accept().await.unwrap()?;
            hear(&mut client).await?;
            client.write_all(answer.as_bytes()).await?;
            client.close().await?;
            let lost = format!("session {session} is lost: {expected}; 2 callbacks dropped");
            assert_eq!(said.next().await, lost);
        }
        Ok(())
    });
}
