//! What is done when a session begins, and what is told when it ends.

use std::{io, task::Poll};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connector_reconnecting::{Backoff, Fatal, GaveUp, NextStart, Prologue};
use socketry_testing::{Operation, faulty, pair};

use super::{Log, Sessions, Test, ms, now, refused};

/// Writes this on each connection.
fn says<C: socketry_connection::Connection>(what: &'static str) -> Prologue<C> {
    Prologue::new(move |connection: &mut C, _| {
        Box::pin(async move { connection.write_all(what.as_bytes()).await })
    })
}

fn test(choose: impl FnOnce(Sessions) -> Sessions) -> Test {
    Test::with(Backoff::grpc().jitter(0.0).stable_after(ms(0)), 80, choose)
}

/// What the peer of a fresh session has heard so far.
fn greeting(test: &mut Test) -> String {
    let (session, mut peer) = test.up();
    drop(session);
    let mut heard = String::new();
    now(peer.read_to_string(&mut heard)).unwrap();
    heard
}

#[test]
fn the_prologue_comes_before_the_user_has_the_session() {
    let mut test = test(|sessions| {
        sessions.on_connect(|connection, session| {
            Box::pin(async move {
                connection
                    .write_all(format!("hello {}\n", session.generation()).as_bytes())
                    .await?;
                connection.read_exact(&mut [0; 3]).await
            })
        })
    });
    let (ours, mut theirs) = pair();
    test.script.succeed_next(ours);
    assert!(test.poll().is_pending());
    now(theirs.write_all(b"ok\nmore")).unwrap();
    let mut session = test.session();
    let mut heard = [0; 8];
    now(theirs.read_exact(&mut heard)).unwrap();
    assert_eq!(&heard, b"hello 1\n");
    let mut rest = [0; 4];
    now(session.read_exact(&mut rest)).unwrap();
    assert_eq!(&rest, b"more");
}

#[test]
fn a_prologue_that_fails_is_a_failed_attempt_and_its_connection_is_closed() {
    let log = Log::default();
    let told = log.clone();
    let mut test = test(|sessions| {
        sessions
            .on_connect(|_, _| Box::pin(async { Err(io::Error::other("not today")) }))
            .on_attempt_failed(move |failed| {
                told.add(format!(
                    "{} {} {:?}",
                    failed.error(),
                    failed.in_prologue(),
                    failed.next_in()
                ));
            })
    });
    let (ours, mut theirs) = pair();
    test.script.succeed_next(ours);
    assert_eq!(test.waits(), Some(ms(1000)));
    assert_eq!(now(theirs.read(&mut [0])).unwrap(), 0);
    assert_eq!(log.take(), ["connection failed during its prologue: not today true Some(1s)"]);
}

#[test]
fn a_prologue_that_says_fatal_ends_everything() {
    let mut test = test(|sessions| {
        sessions.on_connect(|_, _| {
            Box::pin(async { Err(Fatal::error(io::Error::other("the password is wrong"))) })
        })
    });
    test.script.succeed_next(pair().0);
    let error = test.end();
    assert_eq!(
        error.to_string(),
        "gave up after 1 attempt in 0.0ns: connection failed during its prologue: the password is wrong"
    );
    assert!(GaveUp::of(&error).unwrap().is_final());
    assert!(now(test.sessions.next()).is_none());
}

#[test]
fn the_time_of_a_prologue_is_that_of_its_attempt() {
    let mut test = test(|sessions| {
        sessions.on_connect(|connection, _| {
            Box::pin(async move { connection.read_exact(&mut [0]).await })
        })
    });
    let (ours, mut theirs) = pair();
    test.script.succeed_next(ours);
    assert_eq!(test.waits(), Some(ms(20_000)));
    test.clock.advance(ms(20_000));
    assert!(test.poll().is_pending());
    assert_eq!(now(theirs.read(&mut [0])).unwrap(), 0); // dropped
    let error = test.sessions.with_handle().1.state().last_error().map(ToString::to_string);
    assert_eq!(error, None); // the next attempt is under way
}

#[test]
fn a_reset_is_told_once_for_each_session_and_with_what_it_has_done() {
    let log = Log::default();
    let told = log.clone();
    let mut test = test(|sessions| {
        sessions.on_reset(move |reset| {
            told.add(format!(
                "{} {} {:?} read {} written {} attempts {}",
                reset.generation(),
                reset.cause(),
                reset.uptime(),
                reset.bytes_read(),
                reset.bytes_written(),
                reset.attempts(),
            ));
        })
    });
    test.delays(2);
    assert_eq!(log.take(), [""; 0]); // failed attempts are no resets
    let (mut session, mut peer) = test.up();
    now(session.write_all(b"12345")).unwrap();
    now(peer.write_all(b"123")).unwrap();
    now(session.read(&mut [0; 8])).unwrap();
    test.clock.advance(ms(1500));
    drop(peer);
    assert!(now(session.read(&mut [0; 8])).is_err());
    assert!(now(session.read(&mut [0; 8])).is_err());
    drop(session);
    test.delays(2);
    assert_eq!(log.take(), ["1 the peer has closed it 1.5s read 3 written 5 attempts 3"]);
}

#[test]
fn without_a_new_start_each_session_begins_with_on_connect() {
    let mut test = test(|sessions| {
        sessions
            .on_connect(|connection, _| {
                Box::pin(async move { connection.write_all(b"usual").await })
            })
            .on_reset(|_| {})
    });
    let greetings: Vec<_> = (0..3).map(|_| greeting(&mut test)).collect();
    assert_eq!(greetings, ["usual", "usual", "usual"]);
}

#[test]
fn a_start_for_once_is_for_one_session() {
    let mut test = test(|sessions| {
        sessions
            .on_connect(|connection, _| {
                Box::pin(async move { connection.write_all(b"usual").await })
            })
            .on_reset(|reset| match reset.generation() {
                1 => NextStart::Once(says("other")),
                _ => NextStart::Same,
            })
    });
    let greetings: Vec<_> = (0..3).map(|_| greeting(&mut test)).collect();
    assert_eq!(greetings, ["usual", "other", "usual"]);
}

#[test]
fn a_start_for_once_is_kept_through_attempts_that_fail() {
    let mut test = test(|sessions| sessions.on_reset(|_| NextStart::Once(says("other"))));
    assert_eq!(greeting(&mut test), "");
    test.delays(2);
    assert_eq!(greeting(&mut test), "other");
}

#[test]
fn a_start_for_always_stays() {
    let mut test = test(|sessions| {
        sessions
            .on_connect(|connection, _| {
                Box::pin(async move { connection.write_all(b"usual").await })
            })
            .on_reset(|reset| match reset.generation() {
                1 => NextStart::Always(says("other")),
                _ => NextStart::Same,
            })
    });
    let greetings: Vec<_> = (0..4).map(|_| greeting(&mut test)).collect();
    assert_eq!(greetings, ["usual", "other", "other", "other"]);
}

#[test]
fn errors_that_are_not_worth_it_end_everything_by_default() {
    use io::ErrorKind::*;

    for (kind, is_worth) in [
        (InvalidInput, false),
        (InvalidData, false), // what TLS says of a certificate
        (Unsupported, false),
        (ConnectionRefused, true),
        (TimedOut, true),
        (NotFound, true),
        (PermissionDenied, true),
        (Other, true),
    ] {
        let mut test = test(|sessions| sessions);
        test.script.fail_next(kind.into());
        match is_worth {
            true => assert_eq!(test.waits(), Some(ms(1000)), "{kind}"),
            false => assert_eq!(test.end().kind(), kind),
        }
    }
}

#[test]
fn which_errors_are_worth_it_is_a_matter_of_choice() {
    let mut test =
        test(|sessions| sessions.retry_if(|error| error.kind() == io::ErrorKind::InvalidInput));
    test.script.fail_next(io::ErrorKind::InvalidInput.into());
    assert_eq!(test.waits(), Some(ms(1000)));
    test.clock.advance(ms(1000));
    test.script.fail_next(refused());
    test.end();
}

#[test]
fn a_fatal_error_of_a_connector_is_not_asked_about() {
    let mut test = test(|sessions| sessions.retry_if(|_| true));
    test.script.fail_next(Fatal::error(refused()));
    let error = test.end();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn every_failed_attempt_is_told_with_its_number_and_target() {
    let log = Log::default();
    let told = log.clone();
    let mut test = Test::with(
        Backoff::grpc().jitter(0.0).max_attempts(Some(3)),
        socketry_connector_reconnecting::Targets::list([1, 2]),
        |sessions| {
            sessions.on_attempt_failed(move |failed| {
                let (attempt, target) = (failed.attempt(), failed.target());
                told.add(format!("{attempt} {target} {:?}", failed.next_in()));
            })
        },
    );
    for _ in 0..3 {
        test.script.fail_next(refused());
    }
    test.waits();
    test.clock.advance(ms(1000));
    test.end();
    assert_eq!(log.take(), ["1 0 Some(0ns)", "2 1 Some(1s)", "3 0 None"]);
}

#[test]
fn an_observer_hears_every_attempt() {
    use std::sync::Arc;

    use socketry_connector::{Event, EventKind, Observe};

    struct Heard(Log);
    impl Observe for Heard {
        fn observe(&self, event: &Event<'_>) {
            self.0.add(event.to_string());
        }
    }
    let log = Log::default();
    let observer = Arc::new(Heard(log.clone()));
    let mut test = test(|sessions| sessions.observer(observer));
    for _ in 0..2 {
        test.script.answer_next(|port, trace| {
            let remote = format!("tcp://127.0.0.1:{port}").parse().unwrap();
            trace.tell(|| EventKind::attempt_started(&remote, None));
            Err(refused())
        });
    }
    test.waits();
    test.clock.advance(ms(1000));
    test.waits();
    assert_eq!(log.take(), ["trying tcp://127.0.0.1:80"; 2]);
}

#[test]
fn an_error_that_is_not_worth_it_ends_everything_also_behind_the_beginning_of_a_session() {
    for (uptime, is_final) in [(4999, true), (5000, false)] {
        let mut test = Test::with(Backoff::grpc(), 80, |sessions| sessions);
        let (connection, faults) = faulty(pair().0);
        test.script.succeed_next(connection);
        let mut session = test.session();
        test.clock.advance(ms(uptime));
        faults.fail(Operation::Read, io::ErrorKind::InvalidData); // what TLS says of an alert
        assert!(now(session.read(&mut [0])).is_err());
        match test.poll() {
            Poll::Ready(Some(Err(error))) => {
                assert!(GaveUp::of(&error).unwrap().is_final() && is_final);
            }
            _ => assert!(!is_final),
        }
    }
}

#[test]
fn a_session_that_is_given_up_ends_everything_only_if_that_is_fatal() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, _peer) = test.up();
    session.give_up(io::ErrorKind::InvalidData.into());
    let (mut session, _peer) = test.up();
    session.give_up(Fatal::error(io::Error::other("we are not wanted")));
    assert!(test.end().to_string().ends_with(": we are not wanted"));
}
