//! Connections that come back, by the same text as others, over real sockets.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::net::UnixListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{self, block_on, poll_once},
};
use socketry::{
    Connection, Connector, Endpoint, InvalidEndpoint, Reconnecting, Server, Session,
    connection::{Family, os_error},
    connector::Timings,
    reconnecting::{
        Backoff, Fatal, GaveUp, LossCause, SessionLost, State, Targets, is_worth_another_attempt,
    },
    resolver::{Answer, from_fn},
};
use socketry_testing::ManualClock;

use crate::support::{TempDir, accept, bind, bound, tcp_server};

/// Waits for nothing.
fn at_once() -> Backoff {
    Backoff::grpc().initial(Duration::ZERO).stable_after(Duration::ZERO)
}

/// Greets each client with its number, and hangs up on it; never ends.
async fn greet_all<T>(server: &mut Server) -> io::Result<T> {
    let mut number = 0;
    loop {
        let mut client = server.accept().await.unwrap()?;
        number += 1;
        client.write_all(&[number]).await?;
    }
}

/// The next session, with what it has heard until it was lost, and why it was.
async fn hear_next(sessions: &mut Reconnecting) -> (Session, Vec<u8>, io::Error) {
    let mut session = sessions.next().await.unwrap().unwrap();
    let mut heard = Vec::new();
    let error = session.read_to_end(&mut heard).await.unwrap_err();
    (session, heard, error)
}

fn gave_up(error: &io::Error) -> &GaveUp {
    GaveUp::of(error).expect("it has given up")
}

#[test]
fn one_session_follows_the_other_over_tcp_and_unix_sockets() {
    let directory = TempDir::new();
    for mut server in [tcp_server(), bind(directory.endpoint())] {
        let address = server.local_address().unwrap();
        let visiting = async {
            let mut sessions = socketry::reconnect(&address)?.backoff(at_once());
            for number in 1..=3 {
                let (session, heard, error) = hear_next(&mut sessions).await;
                assert_eq!((session.generation(), heard), (u64::from(number), vec![number]));
                assert_eq!(session.remote_address(), Some(address.clone()));
                let lost = SessionLost::of(&error).unwrap();
                assert!(matches!(lost.cause(), LossCause::PeerClosed), "{error}");
                assert!(error.to_string().contains(&address.to_string()), "{error}");
            }
            Ok(())
        };
        block_on(future::or(greet_all(&mut server), visiting)).unwrap();
    }
}

#[test]
fn the_facts_of_a_connection_are_those_of_its_session() {
    let mut server = tcp_server();
    let mut sessions = socketry::reconnect(server.local_address().unwrap()).unwrap();
    let session = block_on(sessions.next()).unwrap().unwrap();
    assert!(session.attributes().get::<Timings>().is_some());
    assert!(session.get_ref().as_tcp().is_some());
    assert_eq!(accept(&mut server).remote_address(), session.local_address());
}

#[test]
fn what_is_no_endpoint_of_a_client_is_refused_at_once() {
    for text in ["127.0.0.1:80a", "8080", "127.0.0.1:0", "fd://3", "systemd://web", "*:80"] {
        let error = socketry::reconnect(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
        let payload = error.get_ref().unwrap();
        assert!(payload.is::<InvalidEndpoint>(), "{error}");
        let connector = Connector::new();
        assert!(connector.reconnect_to(["127.0.0.1:80", text]).is_err(), "{text}");
    }
}

#[test]
fn a_list_of_no_endpoints_is_refused_at_once() {
    let error = Connector::new().reconnect_to::<Endpoint>([]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().ends_with("is empty; give one"), "{error}");
}

#[test]
fn nothing_is_opened_before_a_session_is_asked_for() {
    let mut server = tcp_server();
    let sessions = socketry::reconnect(server.local_address().unwrap()).unwrap();
    assert!(block_on(poll_once(server.accept())).is_none());
    drop(sessions);
}

#[test]
fn a_refused_connection_is_tried_again_until_the_attempts_are_used_up() {
    let taken = bound("127.0.0.1:0");
    let address = taken.local_addr().unwrap().as_socket().unwrap();
    let backoff = at_once().max_attempts(Some(3));
    let mut sessions = socketry::reconnect(address).unwrap().backoff(backoff);
    let error = block_on(sessions.next()).unwrap().unwrap_err();
    assert_eq!((gave_up(&error).attempts(), gave_up(&error).is_final()), (3, false), "{error}");
    assert_eq!(os_error(&error), Some(111));
    assert!(error.to_string().contains(&format!("tcp://{address} failed: ")), "{error}");
}

#[test]
fn a_scheme_that_is_switched_off_is_tried_once_and_told_with_the_mend() {
    let connector = Connector::builder().unix(false).build().unwrap();
    let mut sessions = connector.reconnect("unix:///nosuch/s").unwrap().backoff(at_once());
    let error = block_on(sessions.next()).unwrap().unwrap_err();
    assert_eq!((gave_up(&error).attempts(), gave_up(&error).is_final()), (1, true));
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().ends_with("Connector::builder().unix(true)"), "{error}");
}

#[test]
fn a_socket_file_that_is_not_there_yet_is_tried_again() {
    let directory = TempDir::new();
    let path = directory.join("s");
    let mut listeners = Vec::new();
    let mut sessions = socketry::reconnect(directory.endpoint())
        .unwrap()
        .backoff(at_once())
        .on_attempt_failed(move |failed| {
            assert_eq!(failed.error().kind(), ErrorKind::NotFound);
            listeners.push(UnixListener::bind(&path).unwrap());
        });
    let session = block_on(sessions.next()).unwrap().unwrap();
    assert_eq!(session.info().attempts(), 2);
}

#[test]
fn a_name_is_looked_up_anew_for_each_attempt() {
    let mut server = bind("127.0.0.1:0");
    let port = server.local_address().unwrap().port().unwrap();
    // Nobody listens there.
    let elsewhere = bound(&SocketAddr::from(([127, 0, 0, 2], port)).to_string());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let resolver = from_fn(move |name: String, family| {
        let mut asked = log.lock().unwrap();
        let ips: Vec<IpAddr> = match (family, asked.len()) {
            (Family::V6, _) => vec![],
            (Family::V4, 0) => vec![Ipv4Addr::new(127, 0, 0, 2).into()],
            (Family::V4, _) => vec![Ipv4Addr::LOCALHOST.into()],
        };
        if family == Family::V4 {
            asked.push(name);
        }
        future::ready(Ok(Answer::from(ips)))
    });
    let connector = Connector::builder().resolver(resolver).build().unwrap();
    let mut sessions = connector.reconnect(("db.example", port)).unwrap().backoff(at_once());
    let visiting = async {
        let (session, ..) = hear_next(&mut sessions).await;
        assert_eq!(session.info().attempts(), 2);
        hear_next(&mut sessions).await;
        Ok(())
    };
    block_on(future::or(greet_all(&mut server), visiting)).unwrap();
    assert_eq!(*asked.lock().unwrap(), ["db.example"; 3]);
    drop(elsewhere);
}

#[test]
fn the_next_session_begins_where_the_last_one_was_if_that_is_asked_for() {
    let taken = bound("127.0.0.1:0");
    let dead: Endpoint = taken.local_addr().unwrap().as_socket().unwrap().into();
    let mut server = tcp_server();
    let endpoints = [dead, server.local_address().unwrap().into()];
    let visiting = async {
        for (last_good_first, attempts) in [(true, 3), (false, 4)] {
            let targets = Targets::list(endpoints.clone());
            let targets = if last_good_first { targets.last_good_first() } else { targets };
            let sessions = Connector::new().reconnect_among(targets)?.backoff(at_once());
            let (mut sessions, handle) = sessions.with_handle();
            for _ in 0..2 {
                let (session, ..) = hear_next(&mut sessions).await;
                assert_eq!(session.info().target(), 1);
            }
            assert_eq!(handle.statistics().attempts, attempts);
        }
        Ok(())
    };
    block_on(future::or(greet_all(&mut server), visiting)).unwrap();
}

#[test]
fn delays_wait_on_the_clock_of_the_connector() {
    let taken = bound("127.0.0.1:0");
    let address = taken.local_addr().unwrap().as_socket().unwrap();
    let clock = ManualClock::new();
    let connector = Connector::builder().clock(Arc::new(clock.clone())).build().unwrap();
    let (mut sessions, handle) = connector.reconnect(address).unwrap().with_handle();
    let mut states = handle.watch();
    for (next, delay) in [(2, 1.0..=1.0), (3, 1.28..=1.92)] {
        let waiting = async {
            while let Some(state) = states.next().await {
                if matches!(state, State::Waiting { attempt, .. } if attempt == next) {
                    return;
                }
            }
        };
        block_on(future::or(async { drop(sessions.next().await) }, waiting));
        let wait = clock.until_next().unwrap();
        assert!(delay.contains(&wait.as_secs_f64()), "{wait:?}");
        clock.advance(wait);
    }
}

#[test]
fn a_session_that_waits_for_its_peer_is_over_when_it_is_disconnected() {
    let directory = TempDir::new();
    for mut server in [tcp_server(), bind(directory.endpoint())] {
        let address = server.local_address().unwrap();
        let (mut sessions, handle) = socketry::reconnect(address).unwrap().with_handle();
        let mut session = block_on(sessions.next()).unwrap().unwrap();
        let mut accepted = accept(&mut server);
        let (error, _) = block_on(future::zip(
            async { session.read(&mut [0]).await.unwrap_err() },
            handle.disconnect(Duration::ZERO),
        ));
        let lost = SessionLost::of(&error).unwrap();
        assert!(matches!(lost.cause(), LossCause::Disconnected), "{error}");
        assert_eq!(block_on(accepted.read(&mut [0])).unwrap_or(0), 0);
        assert!(block_on(sessions.next()).is_none());
    }
}

#[test]
fn everything_is_worth_another_attempt_but_bad_input_what_is_missing_and_what_is_fatal() {
    for kind in [ErrorKind::InvalidInput, ErrorKind::Unsupported] {
        assert!(!is_worth_another_attempt(&kind.into()), "{kind}");
    }
    for kind in [ErrorKind::ConnectionRefused, ErrorKind::TimedOut, ErrorKind::InvalidData] {
        assert!(is_worth_another_attempt(&kind.into()), "{kind}");
        let fatal = io::Error::other(Fatal::error(kind.into()));
        assert!(!is_worth_another_attempt(&fatal), "{kind}");
    }
}

#[test]
fn an_end_and_a_reset_are_noticed_while_nobody_reads() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut sessions = socketry::reconnect(listener.local_addr().unwrap()).unwrap();
    sessions = sessions.backoff(at_once());
    for (is_reset, expected) in
        [(false, ErrorKind::UnexpectedEof), (true, ErrorKind::ConnectionReset)]
    {
        let mut session = block_on(sessions.next()).unwrap().unwrap();
        let peer = socket2::Socket::from(listener.accept().unwrap().0);
        assert!(block_on(poll_once(session.idle())).is_none());
        if is_reset {
            peer.set_linger(Some(Duration::ZERO)).unwrap();
        }
        drop(peer);
        assert_eq!(block_on(session.idle()).unwrap_err().kind(), expected);
    }
}
