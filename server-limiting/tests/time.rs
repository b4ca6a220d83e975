//! Connections that are idle or old.

use std::{io, sync::Arc, time::Duration};

use futures_lite::{AsyncReadExt, AsyncWriteExt, future::block_on};
use socketry_server::{Accept, AtLimit};
use socketry_server_limiting::{ConnectionEnded, EndReason};
use socketry_testing::{CountingWaker, ManualClock, ServerHandle};

use crate::support::{Limiting, accept, come, has_ended, limiting, meet, poll_accept, poll_read};

const MINUTE: Duration = Duration::from_secs(60);

fn on_a_clock(limit: impl Into<Option<usize>>) -> (Limiting, ServerHandle, ManualClock) {
    let clock = ManualClock::new();
    let (server, handle) = limiting(limit);
    (server.with_clock(Arc::new(clock.clone())), handle, clock)
}

#[test]
fn a_connection_on_which_nothing_happens_is_ended_to_the_millisecond_and_told_why() {
    let (server, handle, clock) = on_a_clock(None);
    let mut server = server.idle_timeout(MINUTE);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    clock.advance(MINUTE - Duration::from_millis(1));
    assert_eq!(waker.count(), 0);
    clock.advance(Duration::from_millis(1));
    assert_eq!(waker.count(), 1);
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    assert!(has_ended(&mut client));
    let error = block_on(accepted.read(&mut [0; 8])).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(
        error.to_string(),
        "connection from tcp://192.0.2.1:50000 ended: nothing was read or written for too long (60s)"
    );
    let payload = error.get_ref().unwrap().downcast_ref::<ConnectionEnded>().unwrap();
    assert_eq!(payload.reason(), EndReason::Idle);
}

#[test]
fn whatever_is_read_or_written_puts_the_end_off() {
    let (server, handle, clock) = on_a_clock(None);
    let mut server = server.idle_timeout(MINUTE);
    let (mut client, mut accepted) = meet(&mut server, &handle);
    for step in 0..6 {
        clock.advance(MINUTE / 2);
        assert!(poll_accept(&mut server).is_pending());
        block_on(async {
            match step % 3 {
                0 => accepted.write_all(b"own").await.unwrap(),
                1 => {
                    client.write_all(b"theirs").await.unwrap();
                    accepted.read(&mut [0; 8]).await.unwrap();
                }
                _ => {
                    accepted.tracked().write("another's").await.unwrap();
                    assert!(poll_read(&mut accepted).is_pending());
                }
            }
        });
    }
    assert!(accepted.tracked().is_open());
    clock.advance(MINUTE);
    assert!(poll_accept(&mut server).is_pending());
    assert!(!accepted.tracked().is_open());
}

#[test]
fn a_connection_ends_at_its_age_whatever_happens_on_it() {
    let (server, handle, clock) = on_a_clock(None);
    let mut server = server.max_lifetime(MINUTE);
    let (_client, mut accepted) = meet(&mut server, &handle);
    for _ in 0..59 {
        clock.advance(Duration::from_secs(1));
        assert!(poll_accept(&mut server).is_pending());
        block_on(accepted.write_all(b"x")).unwrap();
    }
    clock.advance(Duration::from_secs(1));
    assert!(poll_accept(&mut server).is_pending());
    let error = block_on(accepted.write_all(b"x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "connection from tcp://192.0.2.1:50000 ended: it has lived as long as it may (60s)"
    );
}

#[test]
fn time_is_also_kept_while_the_server_is_full_or_only_lets_work_go_on() {
    let (server, handle, clock) = on_a_clock(1);
    let mut server = server.at_limit(AtLimit::Pause).idle_timeout(MINUTE);
    let (_client, accepted) = meet(&mut server, &handle);
    let waker = CountingWaker::new();
    assert!(server.poll_accept(&mut waker.context()).is_pending());
    clock.advance(MINUTE);
    assert_eq!(waker.take(), 1);
    assert!(server.poll_progress(&mut waker.context()).is_pending());
    assert!(!accepted.tracked().is_open());
}

#[test]
fn with_zero_or_nothing_said_a_connection_may_be_idle_for_ever() {
    let (server, handle, clock) = on_a_clock(None);
    let mut server = server.idle_timeout(Duration::ZERO).max_lifetime(Duration::ZERO);
    let (_client, accepted) = meet(&mut server, &handle);
    clock.advance(MINUTE * 1_000_000);
    assert!(poll_accept(&mut server).is_pending());
    assert!(accepted.tracked().is_open());
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn there_is_one_timer_for_all_and_none_when_nobody_is_there() {
    let (server, handle, clock) = on_a_clock(None);
    let mut server = server.idle_timeout(MINUTE);
    let inside: Vec<_> = (0..100).map(|_| meet(&mut server, &handle)).collect();
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!(clock.sleeping(), 1);
    drop(inside);
    clock.advance(MINUTE);
    assert!(poll_accept(&mut server).is_pending());
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn those_who_have_left_are_not_kept_until_their_time_would_be_up() {
    let (server, handle, clock) = on_a_clock(None);
    let mut server = server.idle_timeout(MINUTE);
    let (_client, stays) = meet(&mut server, &handle);
    let before = allocation_counter::measure(|| {
        for _ in 0..10_000 {
            let _client = come(&handle);
            drop(accept(&mut server));
        }
    });
    assert!(before.bytes_current < 16 * 1024, "{before:?}");
    clock.advance(MINUTE);
    assert!(poll_accept(&mut server).is_pending());
    assert!(!stays.tracked().is_open());
}

#[test]
fn what_many_have_needed_is_given_back_when_few_are_left() {
    let (server, handle, _clock) = on_a_clock(None);
    let mut server = server.idle_timeout(MINUTE);
    let kept = allocation_counter::measure(|| {
        let inside: Vec<_> = (0..4000).map(|_| meet(&mut server, &handle)).collect();
        drop(inside);
    });
    assert!(kept.bytes_current < 16 * 1024, "{kept:?}");
}
