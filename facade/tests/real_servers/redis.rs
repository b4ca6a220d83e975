//! The subscriber of Redis.

use std::{io, net::SocketAddr, time::Duration};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, or},
};
use socketry::reconnecting::GaveUp;
use socketry_testing::Program;

use crate::said::{Said, hearing};

#[path = "../../examples/redis_subscriber.rs"]
#[allow(dead_code, unreachable_pub, reason = "an example is a program of its own")]
mod example;

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// Runs the example with a server at this address as long as the script takes.
fn run(address: SocketAddr, every: Duration, script: impl AsyncFnOnce(Said) -> io::Result<()>) {
    let (say, said) = hearing();
    let channels = vec!["news".to_string(), "weather".to_string()];
    let sessions = example::subscriber(&address.to_string(), channels, every).unwrap();
    block_on(or(example::listen(sessions, say), script(said))).unwrap();
}

/// Publishes a text on a connection of its own, and says how many have heard it.
async fn publish(server: SocketAddr, channel: &str, text: &str) -> io::Result<String> {
    let mut connection = socketry::connect(server).await?;
    connection.write_all(format!("PUBLISH {channel} {text}\r\n").as_bytes()).await?;
    let mut count = [0; 4];
    connection.read_exact(&mut count).await?;
    Ok(String::from_utf8_lossy(&count).trim_end().to_string())
}

#[test]
fn it_is_subscribed_again_each_time_that_the_server_was_killed_and_is_back() {
    let mut server = Program::redis_server().start();
    let address = block_on(server.address());
    run(address, NEVER, async |said| {
        for session in 1..=3 {
            assert_eq!(said.next().await, format!("session {session}: subscribed"));
            for (channel, text) in [("news", "hello"), ("weather", "rain")] {
                assert_eq!(publish(address, channel, text).await?, ":1");
                assert_eq!(said.next().await, format!("{channel}: {text}"));
            }
            server.kill();
            server.ended().await;
            let lost = said.next().await;
            let expected = format!("session {session} with tcp://{address} was lost after ");
            assert!(lost.starts_with(&expected), "{lost}");
            server.restart();
            server.address().await;
        }
        Ok(())
    });
}

#[test]
fn a_silent_server_is_asked_whether_it_is_still_there_and_says_so() {
    let mut server = Program::redis_server().start();
    let address = block_on(server.address());
    run(address, Duration::ZERO, async |said| {
        assert_eq!(said.next().await, "session 1: subscribed");
        for _ in 0..3 {
            assert_eq!(said.next().await, "the server is still there");
        }
        Ok(())
    });
}

#[test]
fn a_server_that_wants_a_password_is_not_asked_again() {
    let mut server = Program::redis_server().args("--requirepass secret").start();
    let address = block_on(server.address()).to_string();
    let sessions = example::subscriber(&address, vec!["news".into()], NEVER).unwrap();
    let (say, _said) = hearing();
    let error = block_on(example::listen(sessions, say)).unwrap_err();
    let given_up = GaveUp::of(&error).unwrap();
    assert_eq!((given_up.attempts(), given_up.is_final()), (1, true), "{error}");
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("NOAUTH"), "{error}");
}
