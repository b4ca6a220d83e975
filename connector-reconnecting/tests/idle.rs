//! A loss is noticed while nobody reads, and silent peers are asked.

use std::{io, pin::pin, task::Poll};

use futures_lite::{AsyncReadExt, AsyncWriteExt};
use socketry_connector_reconnecting::{Backoff, Heartbeat, LossCause};
use socketry_testing::{CountingWaker, Operation, faulty, pair, pair_with_capacity};

use super::{Test, TestSession, ms, now, poll_now};

fn with_heartbeat() -> Test {
    Test::with(Backoff::grpc(), 80, |sessions| {
        sessions.heartbeat(Heartbeat::new(ms(1000), ms(300), "PING\r\n"))
    })
}

/// What the peer has heard, once it is told nothing more.
fn heard(peer: &mut (impl futures_lite::AsyncRead + Unpin)) -> String {
    let mut heard = [0; 64];
    match poll_now(peer.read(&mut heard)) {
        Poll::Ready(count) => String::from_utf8_lossy(&heard[..count.unwrap()]).into(),
        Poll::Pending => String::new(),
    }
}

fn waits(session: &mut TestSession) -> bool {
    poll_now(session.idle()).is_pending()
}

#[test]
fn the_end_of_the_peer_is_noticed_while_nobody_reads() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, peer) = test.up();
    let waker = CountingWaker::new();
    assert!(session.poll_idle(&mut waker.context()).is_pending());
    drop(peer);
    assert_eq!(waker.count(), 1);
    assert_eq!(now(session.idle()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    assert!(matches!(session.lost().unwrap().cause(), LossCause::PeerClosed));
}

#[test]
fn a_reset_is_noticed_while_nobody_reads() {
    let mut test = Test::new(Backoff::grpc());
    let (connection, faults) = faulty(pair().0);
    faults.fail(Operation::Read, io::ErrorKind::ConnectionReset);
    test.script.succeed_next(connection);
    let mut session = test.session();
    assert_eq!(now(session.idle()).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn what_the_peer_says_ends_the_wait_and_is_read_whole() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, mut peer) = test.up();
    assert!(waits(&mut session));
    now(peer.write_all(b"news")).unwrap();
    now(session.idle()).unwrap();
    now(session.idle()).unwrap(); // as long as nobody has read it
    assert_eq!(session.read_ahead(), b"n");
    let mut news = [0; 16];
    let count = now(session.read(&mut news)).unwrap();
    assert_eq!(&news[..count], b"news");
    assert_eq!(session.read_ahead(), b"");
    assert!(waits(&mut session));
}

#[test]
fn what_was_read_ahead_comes_first_into_any_buffer() {
    use std::io::IoSliceMut;

    let mut test = Test::new(Backoff::grpc());
    let (mut session, mut peer) = test.up();
    now(peer.write_all(b"news")).unwrap();
    now(session.idle()).unwrap();
    assert_eq!(now(session.read(&mut [])).unwrap(), 0);
    let mut one = [0];
    assert_eq!(now(session.read(&mut one)).unwrap(), 1);
    assert_eq!(&one, b"n");
    now(session.idle()).unwrap();
    let (mut none, mut rest) = ([], [0; 8]);
    let mut bufs = [IoSliceMut::new(&mut none), IoSliceMut::new(&mut rest)];
    let count = now(session.read_vectored(&mut bufs)).unwrap();
    assert_eq!(&rest[..count], b"ews");
}

#[test]
fn an_end_behind_what_was_read_ahead_is_told_after_it() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, mut peer) = test.up();
    now(peer.write_all(b"x")).unwrap();
    drop(peer);
    now(session.idle()).unwrap();
    let mut buf = [0; 8];
    assert_eq!(now(session.read(&mut buf)).unwrap(), 1);
    assert_eq!(now(session.read(&mut buf)).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_byte_that_was_read_ahead_counts_when_its_user_reads_it() {
    let mut test = Test::new(Backoff::grpc());
    let (mut sessions_handle, handle) = {
        let Test { sessions, script, clock } = test;
        let (sessions, handle) = sessions.with_handle();
        test = Test { sessions, script, clock };
        (test.up(), handle)
    };
    let (session, peer) = &mut sessions_handle;
    now(peer.write_all(b"ab")).unwrap();
    now(session.idle()).unwrap();
    assert_eq!(handle.statistics().bytes_read, 0);
    now(session.read(&mut [0; 8])).unwrap();
    assert_eq!(handle.statistics().bytes_read, 2);
}

#[test]
fn a_silent_peer_is_asked_and_its_answer_is_read_by_the_user() {
    let mut test = with_heartbeat();
    let (mut session, mut peer) = test.up();
    assert!(waits(&mut session));
    test.clock.advance(ms(999));
    assert!(waits(&mut session));
    assert_eq!(heard(&mut peer), "");
    test.clock.advance(ms(1));
    assert!(waits(&mut session));
    assert_eq!(heard(&mut peer), "PING\r\n");
    now(peer.write_all(b"+PONG\r\n")).unwrap();
    test.clock.advance(ms(299));
    now(session.idle()).unwrap();
    let mut answer = [0; 7];
    now(session.read_exact(&mut answer)).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
    assert!(waits(&mut session));
    test.clock.advance(ms(300)); // the deadline of before means nothing
    assert!(waits(&mut session));
    assert_eq!(test.clock.until_next(), Some(ms(700)));
}

#[test]
fn a_peer_that_does_not_answer_in_time_is_given_up() {
    let mut test = with_heartbeat();
    let (mut session, _peer) = test.up();
    assert!(waits(&mut session));
    test.clock.advance(ms(1000));
    assert!(waits(&mut session));
    test.clock.advance(ms(300));
    let error = now(session.idle()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(
        error.to_string(),
        "session 1 was lost after 1.3s: nothing was heard for 300ms after a heartbeat"
    );
    drop(session);
    assert_eq!(test.clock.sleeping(), 0);
}

#[test]
fn a_peer_that_talks_is_not_asked() {
    let mut test = with_heartbeat();
    let (mut session, mut peer) = test.up();
    for _ in 0..5 {
        assert!(waits(&mut session));
        test.clock.advance(ms(900));
        now(peer.write_all(b"x")).unwrap();
        now(session.read(&mut [0; 8])).unwrap();
    }
    assert!(waits(&mut session));
    assert_eq!(heard(&mut peer), "");
}

#[test]
fn nothing_is_said_but_in_idle() {
    let mut test = with_heartbeat();
    let (mut session, mut peer) = test.up();
    assert!(waits(&mut session));
    test.clock.advance(ms(5000));
    assert!(poll_now(session.read(&mut [0; 8])).is_pending());
    now(session.write_all(b"a message")).unwrap();
    assert_eq!(heard(&mut peer), "a message");
}

#[test]
fn a_heartbeat_that_was_half_written_is_finished_before_anything_else_is_written() {
    let mut test = with_heartbeat();
    let (ours, mut theirs) = pair_with_capacity(3);
    test.script.succeed_next(ours);
    let mut session = test.session();
    assert!(waits(&mut session));
    test.clock.advance(ms(1000));
    assert!(waits(&mut session));
    let mut writing = pin!(session.write_all(b"message"));
    let mut all = String::new();
    loop {
        let written = poll_now(writing.as_mut());
        all += &heard(&mut theirs);
        if written.is_ready() && all.len() >= 13 {
            break;
        }
    }
    assert_eq!(all, "PING\r\nmessage");
}

#[test]
fn a_heartbeat_that_was_half_written_is_finished_also_when_the_next_one_is_due() {
    let mut test = with_heartbeat();
    let (ours, mut theirs) = pair_with_capacity(3);
    test.script.succeed_next(ours);
    let mut session = test.session();
    assert!(waits(&mut session));
    test.clock.advance(ms(1000));
    assert!(waits(&mut session)); // "PIN" is written
    now(theirs.write_all(b"x")).unwrap();
    now(session.read(&mut [0; 8])).unwrap();
    assert!(waits(&mut session));
    test.clock.advance(ms(1000));
    let mut all = String::new();
    while all.len() < 6 {
        assert!(waits(&mut session));
        all += &heard(&mut theirs);
    }
    assert!(waits(&mut session));
    assert_eq!(all + &heard(&mut theirs), "PING\r\n");
}

#[test]
fn a_peer_that_takes_nothing_is_given_up_too() {
    let mut test = with_heartbeat();
    let (ours, _theirs) = pair_with_capacity(3);
    test.script.succeed_next(ours);
    let mut session = test.session();
    assert!(waits(&mut session));
    test.clock.advance(ms(1000));
    assert!(waits(&mut session));
    test.clock.advance(ms(300));
    assert_eq!(now(session.idle()).unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[test]
fn after_a_close_the_end_is_something_to_read() {
    let mut test = with_heartbeat();
    let (mut session, peer) = test.up();
    now(session.close()).unwrap();
    assert!(waits(&mut session));
    drop(peer);
    now(session.idle()).unwrap();
    assert_eq!(now(session.read(&mut [0])).unwrap(), 0);
}

#[test]
fn a_session_that_is_to_end_says_no_heartbeat_and_hears_what_is_said_last() {
    let Test { sessions, script, clock } = with_heartbeat();
    let (sessions, handle) = sessions.with_handle();
    let mut test = Test { sessions, script, clock };
    let (mut session, mut peer) = test.up();
    assert!(waits(&mut session));
    assert!(poll_now(handle.disconnect(ms(60_000))).is_pending());
    assert!(waits(&mut session));
    test.clock.advance(ms(2000));
    assert!(waits(&mut session));
    now(peer.write_all(b"last words")).unwrap();
    let mut heard = [0; 10];
    now(session.read_exact(&mut heard)).unwrap();
    assert_eq!(&heard, b"last words");
}

#[test]
fn a_session_that_was_given_up_gives_nothing_that_was_read_ahead() {
    let mut test = Test::new(Backoff::grpc());
    let (mut session, mut peer) = test.up();
    now(peer.write_all(b"x")).unwrap();
    now(session.idle()).unwrap();
    session.give_up(io::Error::other("nonsense"));
    assert!(now(session.idle()).is_err() && now(session.read(&mut [0; 8])).is_err());
}

#[test]
fn whether_an_answer_to_a_heartbeat_is_awaited_can_be_asked() {
    let mut test = with_heartbeat();
    let (mut session, mut peer) = test.up();
    assert!(waits(&mut session));
    assert!(!session.awaits_heartbeat());
    test.clock.advance(ms(1000));
    assert!(waits(&mut session));
    assert!(session.awaits_heartbeat());
    now(peer.write_all(b"+PONG\r\n")).unwrap();
    now(session.read(&mut [0; 8])).unwrap();
    assert!(!session.awaits_heartbeat());
}
